//! What people read about incidents, and say about them.

use super::record::AUTHOR;
use crate::{Actor, Error, Service};
use peerage_domain::{
    Prefix, Timestamp,
    access::Action,
    catalogue::Paged,
    incident::{Acknowledged, Course, Family, Incident, Kind, Part, Turn},
    say,
    sighting::{Had, Hop},
};
use peerage_latency::{Histogram, Step};
use peerage_storage::{Page, asns::Event, deliveries::Delivery, incidents::IncidentFilter};
use std::collections::BTreeMap;

/// Most changes of routes that a chart is made of.
const CHANGES_MOST: u32 = 20_000;
/// How long before an incident its charts begin, and behind it they end: at least and at most, in seconds.
const MARGIN_S: (i64, i64) = (60, 6 * 3600);
/// For how long before an incident latency is compared, in seconds.
const CALM_S: i64 = 6 * 3600;

/// How the latency of a connection was before an incident, and in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The connection's id and name.
    pub connection: (String, String),
    /// What was measured in the hours before.
    pub before: Histogram,
    /// What was measured while it lasted.
    pub during: Histogram,
}

/// What was seen of one prefix of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The part.
    pub part: Part,
    /// What each vantage point had.
    pub course: Course,
    /// The path that there was before, by one of those that saw it.
    pub before: Option<Vec<Hop>>,
}

/// An incident with everything that its page shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// The incident.
    pub incident: Incident,
    /// Its parts, worst first.
    pub parts: Vec<Part>,
    /// The part that is looked at.
    pub scene: Scene,
    /// Its history, oldest first.
    pub history: Vec<Event<Turn>>,
    /// What was told of it to the channels of the actor's organisation.
    pub deliveries: Vec<Delivery>,
    /// What latency says.
    pub effects: Vec<Effect>,
}

/// Incidents of some time, counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// The incidents, oldest first.
    pub incidents: Vec<Incident>,
    /// How many there are, also where not all are given.
    pub total: u64,
    /// Half of those that are over lasted no longer, in seconds.
    pub median_s: Option<i64>,
    /// How many of each family.
    pub families: BTreeMap<Family, usize>,
}

/// Whether a path shows what happened, whoever has it.
fn is_of(part: &Part, path: &[Hop]) -> bool {
    let mut ases: Vec<_> = path.iter().filter_map(Hop::asn).collect();
    ases.dedup();
    let does = |at: Option<usize>| at.and_then(|at| ases.get(at)).is_some_and(|asn| Some(*asn) == part.by);
    match part.kind {
        Kind::OriginChange | Kind::SubPrefix => does(ases.len().checked_sub(1)),
        Kind::ForgedOrigin => does(ases.len().checked_sub(2)),
        Kind::RouteLeak => part.by.is_some_and(|by| ases.contains(&by)),
        Kind::Withdrawal | Kind::VisibilityLoss | Kind::PacketLoss | Kind::LatencyRise => false,
        Kind::RpkiInvalid | Kind::MoreSpecific | Kind::PathChange | Kind::Suboptimal => part.seen.iter().any(|seen| seen.path == path),
    }
}

/// Most incidents that statistics look at.
const STATISTICS_MOST: u32 = 2000;

impl Service {
    /// A part of the incidents that the actor may see.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn incidents(&self, actor: &Actor, filter: IncidentFilter, page: Page) -> Result<Paged<Incident>, Error> {
        let permit = actor.may(Action::ReadIncidents)?;
        let filter = IncidentFilter { organisation: permit.scope.organisation().map(str::to_owned), ..filter };
        let (items, total) = self.store.incidents(&filter, &page).await?;
        Ok(Paged { items, total: total.unsigned_abs(), offset: page.offset, limit: page.limit })
    }

    /// The incidents of a span, counted.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn incident_statistics(&self, actor: &Actor, from: Timestamp, to: Timestamp) -> Result<Statistics, Error> {
        let filter = IncidentFilter { from: from.millis(), to: to.millis(), oldest_first: true, ..IncidentFilter::default() };
        let found = self.incidents(actor, filter, Page { offset: 0, limit: STATISTICS_MOST }).await?;
        // What was replayed to look at it did not happen to anybody.
        let mut found = found;
        let before = found.items.len();
        found.items.retain(|it| it.replay.as_ref().is_none_or(|replay| replay.told));
        found.total = found.total.saturating_sub((before - found.items.len()) as u64);
        let mut lasted: Vec<i64> = found.items.iter().filter(|it| it.closed.is_some()).map(|it| it.lasted_s(to)).collect();
        lasted.sort_unstable();
        let mut families = BTreeMap::new();
        for incident in &found.items {
            *families.entry(incident.family).or_default() += 1;
        }
        Ok(Statistics { median_s: lasted.get(lasted.len() / 2).copied(), total: found.total, incidents: found.items, families })
    }

    /// An incident with everything that its page shows; `prefix` names the part to look at.
    ///
    /// # Errors
    /// When there is no such incident that the actor may see, or storage fails.
    pub async fn incident(&self, actor: &Actor, id: &str, prefix: Option<Prefix>) -> Result<Detail, Error> {
        let permit = actor.may(Action::ReadIncidents)?;
        let found = self.store.incident(id, permit.scope.organisation()).await?;
        let (incident, mut parts) = found.ok_or_else(|| Error::NotFound("incident", id.to_string()))?;
        parts.sort_by_key(|part| (part.kind, std::cmp::Reverse(part.peak), part.prefix));
        let part = parts.iter().find(|part| Some(part.prefix) == prefix).unwrap_or(&incident.worst).clone();
        let scene = self.scene(&incident, part).await?;
        Ok(Detail {
            scene,
            history: self.store.history(id).await?,
            deliveries: self.store.deliveries_about(&actor.organisation, id).await?,
            effects: self.effects(actor, &incident).await?,
            parts,
            incident,
        })
    }

    async fn scene(&self, incident: &Incident, part: Part) -> Result<Scene, Error> {
        let replay = incident.replay.as_ref().map(|replay| replay.name.as_str()).unwrap_or_default();
        let end = part.until.unwrap_or_else(|| self.clock.now()).max(part.last);
        let margin = (end.since(part.since) / 3).clamp(MARGIN_S.0, MARGIN_S.1);
        let (from, to) = (part.since.plus_secs(-margin), end.plus_secs(margin).min(self.clock.now().max(end.plus_secs(60))));
        let changes = self.store.route_changes(replay, part.prefix, from, to, CHANGES_MOST).await?;
        let course = Course::of(&changes, from, to, |path| is_of(&part, path));
        let before = self.path_before(replay, &part).await?;
        Ok(Scene { part, course, before })
    }

    /// The path that one of those who saw it had just before: of the prefix, else of what covers it.
    async fn path_before(&self, replay: &str, part: &Part) -> Result<Option<Vec<Hop>>, Error> {
        let moment = Timestamp::from_millis(part.since.millis() - 1);
        let who: Vec<String> = part.seen.iter().filter(|seen| seen.path == part.path()).map(|seen| seen.vantage().to_string()).collect();
        for prefix in [part.prefix, part.expected.prefix] {
            let had = self.store.route_changes(replay, prefix, moment, moment, CHANGES_MOST).await?;
            let fine = |path: &&Vec<Hop>| path.last().and_then(Hop::asn).is_some_and(|origin| part.expected.origins.contains(&origin));
            let path = |it: &peerage_domain::sighting::RouteChange| match &it.had {
                Had::Route(route) => Some(&route.path).filter(fine).cloned(),
                Had::Nothing | Had::Unknown => None,
            };
            let own = had.iter().filter(|it| who.contains(&it.vantage.to_string())).find_map(path);
            if let Some(path) = own.or_else(|| had.iter().find_map(path)) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// What latency says, for the connections to which the incident's prefix belongs.
    async fn effects(&self, actor: &Actor, incident: &Incident) -> Result<Vec<Effect>, Error> {
        if actor.may(Action::ReadConnections).is_err() {
            return Ok(vec![]);
        }
        let prefix = incident.worst.expected.prefix;
        let mut effects = vec![];
        for id in self.store.connections_with(prefix).await? {
            let Ok((connection, _)) = self.connection(actor, &id).await else { continue };
            let end = incident.closed.unwrap_or_else(|| self.clock.now());
            let calm = incident.opened.plus_secs(-CALM_S);
            let before = self.latency_of(&connection.organisation, &id, calm, incident.opened).await?;
            let during = self.latency_of(&connection.organisation, &id, incident.opened, end.max(incident.opened.plus_secs(60))).await?;
            effects.push(Effect { connection: (id, connection.name), before, during });
        }
        Ok(effects)
    }

    pub(super) async fn latency_of(
        &self,
        organisation: &str,
        connection: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Histogram, Error> {
        let step = if to.since(from) > 2 * 86_400 { Step::Hour } else { Step::Minute };
        let mut total = Histogram::default();
        for series in self.store.series(Some(organisation), connection).await? {
            for interval in self.intervals(&series.id, step, step.start_of(from.secs()), to.secs()).await? {
                total.merge(&interval.histogram);
            }
        }
        Ok(total)
    }

    /// Says that somebody looks after an incident.
    ///
    /// # Errors
    /// When there is no such incident that the actor may see, or the note is too long.
    pub async fn acknowledge(&self, actor: &Actor, id: &str, note: &str) -> Result<(), Error> {
        let permit = actor.may(Action::WriteIncidents)?;
        let note = note.trim();
        if note.chars().count() > 500 || note.chars().any(peerage_domain::is_invisible) {
            return Err(Error::Refused(say!("incident.note", "The note has at most 500 characters, none of them invisible.")));
        }
        let mut tx = self.store.begin().await?;
        let unknown = || Error::NotFound("incident", id.to_string());
        let mut incident = tx.incident(id).await?.ok_or_else(unknown)?;
        let parties = tx.parties(id).await?;
        if !parties.iter().any(|organisation| permit.scope.covers(organisation)) {
            return Err(unknown());
        }
        let at = self.clock.now();
        incident.acknowledged = Some(Acknowledged { at, who: actor.name.clone(), note: note.to_owned() });
        let parts = tx.parts(id).await?;
        tx.save_incident(&incident, &parts, std::iter::empty()).await?;
        tx.record(id, at, &actor.name, &Turn::Acknowledged { note: note.to_owned() }).await?;
        tx.commit().await?;
        self.tell_incident(id, &parties);
        Ok(())
    }

    /// What vantage points see of a prefix of the actor's now, and in the hours before.
    ///
    /// # Errors
    /// When the prefix is nothing of the actor's, or storage fails.
    pub async fn prefix_course(&self, actor: &Actor, prefix: Prefix, hours: i64) -> Result<Course, Error> {
        let expects = self.expectations(actor).await?.into_iter().find(|it| it.prefix == prefix);
        let expects = expects.ok_or_else(|| Error::NotFound("prefix", prefix.to_string()))?;
        let to = self.clock.now();
        let from = to.plus_secs(-hours.clamp(1, 24 * 31) * 3600);
        let changes = self.store.route_changes("", prefix, from, to, CHANGES_MOST).await?;
        let foreign = |path: &[Hop]| path.last().and_then(Hop::asn).is_none_or(|origin| !expects.origins.contains(&origin));
        Ok(Course::of(&changes, from, to, foreign))
    }

    /// Who wrote a line of an incident's history, when no person did.
    pub fn incident_author() -> &'static str {
        AUTHOR
    }
}
