//! Findings become incidents. What is kept, what is to be told of it, and what open pages hear
//! follows from one transaction.

use crate::{Error, Service};
use peerage_domain::{
    Timestamp,
    incident::{Alert, Hours, Incident, Part, Replay, Turn, sentence},
    say,
    sighting::{Hop, RouteChange},
    telemetry::{RouteEvent, RouteEventKind},
};
use peerage_storage::{
    Tx,
    deliveries::{Delivery, DeliveryState, Phase},
};
use peerage_watch::route::{Change, Finding, Move};
use std::collections::{BTreeMap, BTreeSet};

/// So many open incidents of one family and the same people are a flood: what comes on top goes into one.
const FLOOD: i64 = 50;
/// Who wrote what no person did.
pub(super) const AUTHOR: &str = "Peerage";

/// An incident that is changed by a batch of findings.
struct Story {
    incident: Incident,
    parts: Vec<Part>,
    changed: BTreeSet<usize>,
    organisations: Vec<String>,
}

impl Story {
    /// Takes over what is told of a part; gives what is worth a line in the history.
    fn take(&mut self, change: Change, part: Part) -> Option<Turn> {
        let same = |known: &Part| known.prefix == part.prefix && known.kind == part.kind && known.by == part.by;
        let (prefix, kind, confidence, vantages) = (part.prefix, part.kind, part.confidence(), part.vantages);
        let began = Turn::Began { prefix, kind, confidence, vantages };
        let Some(at) = self.parts.iter().position(same) else {
            self.changed.insert(self.parts.len());
            self.parts.push(part);
            return Some(began);
        };
        self.changed.insert(at);
        let known = &mut self.parts[at];
        let turn = match change {
            Change::Close => known.until.is_none().then_some(Turn::Ended { prefix, kind }),
            _ if known.until.is_some() => Some(began),
            // What spreads is told as it doubles, not at each vantage point.
            _ if known.lately != confidence || vantages >= known.vantages.saturating_mul(2) => {
                Some(Turn::Changed { prefix, kind, confidence, vantages })
            }
            _ => None,
        };
        known.follow(part);
        turn
    }
}

/// What happens to whom, by the family of what it is: the beginning of an incident's cause.
fn beginning(replay: &str, organisations: &[String], part: &Part) -> String {
    format!("{replay}|{}|{}|", organisations.join(","), part.kind.family().word())
}

/// A part of what happens, and whether it begins, goes on or ends.
pub(super) struct Told {
    /// When it was found.
    pub(super) at: Timestamp,
    /// Whether it begins, goes on or ends.
    pub(super) change: Change,
    /// The part.
    pub(super) part: Part,
}

impl From<&Finding> for Told {
    fn from(finding: &Finding) -> Self {
        Told { at: finding.at, change: finding.change, part: Part::from(finding) }
    }
}

/// What tells an incident from all others that are open.
fn cause(beginning: &str, part: &Part) -> String {
    if let Some(it) = &part.measured {
        return format!("{beginning}-|{}", it.connection.0);
    }
    let by = part.by.map_or("-".to_owned(), |asn| asn.0.to_string());
    // Where nobody does it, each prefix is an incident of its own.
    let what = if part.by.is_none() { part.expected.prefix.to_string() } else { String::new() };
    format!("{beginning}{by}|{what}")
}

/// What a finding is told as among the route events.
fn route_event(part: &Part, change: Change, source: &str, replay: bool) -> Option<RouteEvent> {
    let kind = match change {
        Change::Open => part.kind.event(),
        Change::Close => RouteEventKind::PrefixIncidentOverEvent,
        Change::Update => return None,
    };
    let mut text = sentence(part);
    if change == Change::Close {
        text = say!("happened.over", "over: {what}", what = text);
    }
    if replay {
        text = say!("happened.replay", "replay: {what}", what = text);
    }
    let path = if part.kind.is_loss() || part.measured.is_some() { vec![] } else { part.path().iter().filter_map(Hop::asn).collect() };
    Some(RouteEvent {
        time: part.last,
        kind,
        prefix: part.prefix,
        path,
        summary: text.to_string(),
        text: Some(text),
        source: source.to_owned(),
    })
}

impl Service {
    /// Keeps findings and changes of routes, with what follows from them.
    pub(super) async fn record(&self, name: &str, replay: Option<Replay>, all: Vec<Told>, moves: Vec<Move>) -> Result<(), Error> {
        let mut tx = self.store.begin().await?;
        let moves: Vec<RouteChange> = moves.into_iter().map(RouteChange::from).collect();
        tx.add_route_changes(name, &moves).await?;
        let mut stories: BTreeMap<String, Story> = BTreeMap::new();
        let mut lines: Vec<(String, Timestamp, Turn)> = vec![];
        for Told { at, change, part } in all {
            let Some(id) = self.story_of(&mut tx, name, replay.as_ref(), change, &part, &mut stories).await? else { continue };
            let Some(story) = stories.get_mut(&id) else { continue };
            if let Some(event) = route_event(&part, change, &source(name, &part), !name.is_empty()) {
                for organisation in &story.organisations {
                    let id = crate::verdicts::event_id(organisation, &event);
                    tx.add_route_event(&id, organisation, &event).await?;
                }
            }
            lines.extend(story.take(change, part).map(|turn| (id, at, turn)));
        }
        for story in stories.values_mut() {
            story.incident.follow(&story.parts);
            let changed = story.changed.iter().map(|at| &story.parts[*at]);
            tx.save_incident(&story.incident, &story.parts, changed).await?;
            self.schedule(&mut tx, &story.incident, &story.parts, &story.organisations).await?;
        }
        for (id, at, turn) in lines {
            tx.record(&id, at, AUTHOR, &turn).await?;
        }
        tx.commit().await?;
        for (id, story) in &stories {
            self.tell_incident(id, &story.organisations);
        }
        let prefixes: BTreeSet<_> = moves.iter().map(|it| it.prefix).collect();
        self.tell_prefixes(prefixes.into_iter());
        Ok(())
    }

    /// The story to which a part belongs: one that is open, or a new one. A part that ends and
    /// belongs to none is no story.
    async fn story_of(
        &self,
        tx: &mut Tx,
        name: &str,
        replay: Option<&Replay>,
        change: Change,
        part: &Part,
        stories: &mut BTreeMap<String, Story>,
    ) -> Result<Option<String>, Error> {
        let has = |story: &Story| story.parts.iter().any(|it| it.prefix == part.prefix && it.kind == part.kind && it.by == part.by);
        if let Some((id, _)) = stories.iter().find(|(_, story)| has(story)) {
            return Ok(Some(id.clone()));
        }
        let mut known = tx.incidents_with(name, part.prefix, part.kind, part.by).await?.into_iter().next();
        // What was measured concerns whose connection it is; what is seen of a prefix all who have it.
        let organisations = match &part.measured {
            Some(it) => vec![it.organisation.clone()],
            None => self.lookout.world().owners.of(part.expected.prefix).to_vec(),
        };
        if known.is_none() && (change == Change::Close || organisations.is_empty()) {
            return Ok(None);
        }
        let kind = beginning(name, &organisations, part);
        let mut cause = cause(&kind, part);
        if known.is_none() {
            known = tx.open_incident(&cause).await?;
        }
        // One more of what happens so often tells nobody anything: all that comes on top is one.
        if known.is_none() && tx.count_open(&kind).await? >= FLOOD {
            cause = format!("{kind}many");
            known = tx.open_incident(&cause).await?;
        }
        let incident = match known {
            Some(incident) => incident,
            None => {
                let incident = Incident::begun(tx.next_id("IN").await?, part, replay.cloned());
                tx.add_incident(&incident, &cause, &organisations).await?;
                incident
            }
        };
        let id = incident.id.clone();
        if !stories.contains_key(&id) {
            let (parts, organisations) = (tx.parts(&id).await?, tx.parties(&id).await?);
            stories.insert(id.clone(), Story { incident, parts, changed: BTreeSet::new(), organisations });
        }
        Ok(Some(id))
    }

    /// Ends the incidents of which everything was over for long enough.
    pub(super) async fn close_incidents(&self) -> Result<(), Error> {
        let now = self.clock.now();
        for id in self.store.incidents_over(now.plus_secs(-self.settings.lookout.linger_s)).await? {
            let mut tx = self.store.begin().await?;
            let (Some(mut incident), parts) = (tx.incident(&id).await?, tx.parts(&id).await?) else { continue };
            let Some(ended) = Incident::ended(&parts).filter(|_| incident.closed.is_none()) else { continue };
            incident.closed = Some(ended);
            tx.save_incident(&incident, &parts, std::iter::empty()).await?;
            tx.record(&id, ended, AUTHOR, &Turn::Closed).await?;
            let organisations = tx.parties(&id).await?;
            self.schedule(&mut tx, &incident, &parts, &organisations).await?;
            tx.commit().await?;
            self.tell_incident(&id, &organisations);
        }
        Ok(())
    }

    /// Writes down what channels are to be told of an incident: its beginning when an alert asks
    /// for it, its end where its beginning was told.
    pub(super) async fn schedule(&self, tx: &mut Tx, incident: &Incident, parts: &[Part], organisations: &[String]) -> Result<(), Error> {
        // A replay is news for nobody, unless it was asked for.
        if incident.replay.as_ref().is_some_and(|replay| !replay.told) {
            return Ok(());
        }
        let now = self.clock.now();
        let before = tx.deliveries_of(&incident.id).await?;
        for organisation in organisations {
            let alerts: Vec<Alert> = tx.items(super::alerts::ALERT, Some(organisation)).await?;
            if alerts.is_empty() && before.is_empty() {
                continue;
            }
            let channels: Vec<super::channels::Channel> = tx.items(super::channels::CHANNEL, Some(organisation)).await?;
            let hours = |id: &str| channels.iter().find(|channel| channel.id == id).and_then(|channel| channel.quiet);
            let shifted = |at: Timestamp, hours: Option<Hours>| hours.map_or(at, |hours| hours.shifted(at));
            for alert in &alerts {
                // What was over before somebody asked for it is no news.
                let Some(due) = alert.due(parts).filter(|_| incident.closed.is_none()) else { continue };
                for channel in alert.channels.iter().filter(|id| channels.iter().any(|channel| channel.id == **id)) {
                    let due = shifted(due.max(now), hours(channel));
                    match before.iter().find(|it| it.channel == *channel && it.phase == Phase::Open) {
                        None => {
                            let new = Delivery::new(tx.next_id("DE").await?, channel, organisation, (&incident.id, Phase::Open), now);
                            tx.add_delivery(&new.due(due).for_alert(&alert.id)).await?;
                        }
                        // It was too short, and came again.
                        Some(it) if it.state == DeliveryState::Cancelled => {
                            tx.save_delivery(&Delivery { state: DeliveryState::Waiting, due, ..it.clone() }).await?;
                        }
                        Some(_) => {}
                    }
                }
            }
            if incident.closed.is_none() {
                continue;
            }
            for open in tx.deliveries_of(&incident.id).await?.into_iter().filter(|it| it.organisation == *organisation) {
                let told = matches!(open.state, DeliveryState::Sent | DeliveryState::Waiting);
                let there = channels.iter().any(|channel| channel.id == open.channel);
                if open.phase == Phase::Open && told && there {
                    let due = shifted(now, hours(&open.channel)).max(open.due);
                    let new = Delivery::new(tx.next_id("DE").await?, &open.channel, organisation, (&incident.id, Phase::Close), now);
                    tx.add_delivery(&new.due(due).for_alert(&open.outcome.alert)).await?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn tell_incident(&self, id: &str, organisations: &[String]) {
        for organisation in organisations {
            for subject in [id, "incidents", "events"] {
                self.live.tell(subject, organisation);
            }
        }
    }

    /// Says that what is seen of prefixes changed.
    fn tell_prefixes(&self, prefixes: impl Iterator<Item = peerage_domain::Prefix>) {
        let (owners, expectations) = {
            let world = self.lookout.world();
            (
                world.owners.clone(),
                prefixes.filter_map(|prefix| world.expectations.governing(prefix).map(|it| it.prefix)).collect::<BTreeSet<_>>(),
            )
        };
        for prefix in expectations {
            owners.of(prefix).iter().for_each(|organisation| self.live.tell(&format!("prefix {prefix}"), organisation));
        }
    }
}

/// Where route events come from, in words.
fn source(replay: &str, part: &Part) -> String {
    match (&part.measured, replay) {
        (Some(_), _) => "measurements".into(),
        (None, "") => "vantage points on the Internet".into(),
        (None, replay) => format!("replay of {replay}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::{
        Asn, Prefix,
        incident::{Expected, Kind},
    };

    fn part(prefix: &str, until: Option<i64>) -> Part {
        let prefix: Prefix = prefix.parse().expect("prefix");
        Part {
            prefix,
            kind: Kind::SubPrefix,
            by: Some(Asn(17557)),
            origin: Some(Asn(17557)),
            expected: Expected { prefix, origins: vec![], upstreams: None, longest: 24 },
            since: Timestamp::from_secs(1),
            last: Timestamp::from_secs(1),
            until: until.map(Timestamp::from_secs),
            reasons: vec![],
            peak: 0,
            lately: 0,
            seen: vec![],
            vantages: 1,
            measured: None,
        }
    }

    #[test]
    fn what_spreads_is_told_as_it_doubles() {
        let first = part("10.0.0.0/24", None);
        let incident = Incident::begun("IN-1".into(), &first, None);
        let mut story = Story { incident, parts: vec![], changed: BTreeSet::new(), organisations: vec![] };
        let mut told = |change, vantages, until| story.take(change, Part { vantages, ..part("10.0.0.0/24", until) }).is_some();
        assert!(told(Change::Open, 1, None));
        assert!(told(Change::Update, 2, None));
        assert!(!told(Change::Update, 3, None));
        assert!(told(Change::Update, 6, None));
        assert!(told(Change::Close, 6, Some(9)));
        assert!(!told(Change::Close, 6, Some(9)), "it was over before");
        assert!(told(Change::Open, 1, None), "it begins again");
        assert_eq!(story.parts.len(), 1);
    }

    #[test]
    fn what_nobody_does_is_one_incident_a_prefix() {
        let nobody = |prefix: &str| Part { by: None, ..part(prefix, None) };
        let organisations = ["ORG-1".to_owned()];
        let cause = |replay: &str, part: &Part| cause(&beginning(replay, &organisations, part), part);
        assert_eq!(cause("", &part("10.0.0.0/24", None)), cause("", &part("10.0.1.0/24", None)));
        assert_ne!(cause("", &nobody("10.0.0.0/24")), cause("", &nobody("10.0.1.0/24")));
        assert_ne!(cause("", &nobody("10.0.0.0/24")), cause("x", &nobody("10.0.0.0/24")));
    }
}
