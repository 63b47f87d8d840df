//! Before and after: what became of latency, loss and the length of paths since a connection got the
//! service, or a peering became active.

use crate::{Actor, Error, Service, lookout::ROUTE_DAYS, telemetry::Interval, verdicts::subject};
use peerage_domain::{Timestamp, peering::StateName, service::ValidationState, sighting::Had};
use peerage_latency::{
    Histogram, Step,
    compare::{Difference, Share, middle, rise, shift},
};
use std::collections::BTreeMap;

/// Longest span that is compared on each side, and the shortest, in seconds.
const LONGEST_S: i64 = 7 * 86_400;
const SHORTEST_S: i64 = 12 * 3600;
const DAY: i64 = 86_400;
/// So many prefixes and vantage points are looked at for the length of paths.
const PREFIXES: usize = 50;
const VANTAGES: u32 = 2000;

/// Lengths of the paths of vantage points.
type Lengths = BTreeMap<String, Vec<f64>>;

/// One side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// Hours with an answer.
    pub hours: usize,
    /// Median in milliseconds over all of it.
    pub median_ms: Option<f64>,
    /// Lost and sent packets.
    pub loss: Share,
}

/// What became of latency and loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// Since when: the first prefix was verified, or the peering became active.
    pub since: Timestamp,
    /// How long each side is, in seconds.
    pub span_s: i64,
    /// How many series there are on both sides.
    pub series: usize,
    /// The time before.
    pub before: Side,
    /// The time after.
    pub after: Side,
    /// By how many milliseconds the median of an hour became larger.
    pub rtt_ms: Option<Difference>,
    /// By how much the share of lost packets became larger.
    pub loss: Option<Difference>,
    /// What became of the paths to its prefixes, where vantage points tell of them.
    pub paths: Option<Paths>,
}

/// Lengths of the paths of vantage points, in ASNs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paths {
    /// Medians before and after.
    pub median: (f64, f64),
    /// By how many ASNs they became longer, where enough vantage points tell.
    pub change: Option<Difference>,
    /// How many had a path before and after.
    pub vantages: (usize, usize),
}

/// A side of the series that are on both.
fn side(hours: &BTreeMap<i64, Histogram>) -> (Side, Vec<f64>) {
    let mut whole = Histogram::default();
    hours.values().for_each(|hour| whole.merge(hour));
    let medians: Vec<f64> = hours.values().filter_map(|hour| hour.quantile(0.5)).collect();
    let loss = Share { some: whole.lost(), all: whole.lost() + whole.count() };
    (Side { hours: medians.len(), median_ms: whole.quantile(0.5), loss }, medians)
}

/// The hours of several series as one.
fn merged<'a>(all: impl Iterator<Item = &'a Vec<Interval>>) -> BTreeMap<i64, Histogram> {
    let mut hours: BTreeMap<i64, Histogram> = BTreeMap::new();
    for interval in all.flatten() {
        hours.entry(interval.start).or_default().merge(&interval.histogram);
    }
    hours
}

impl Service {
    /// What became of latency since the first prefix of a connection was verified: as long before as
    /// after, in whole days where there is one, so that hours of the day do not matter. Nothing while no prefix is
    /// verified, or too little was measured on one of the sides.
    ///
    /// # Errors
    /// When the actor may not see the connection, or storage fails.
    pub async fn proof(&self, actor: &Actor, connection: &str) -> Result<Option<Proof>, Error> {
        let (found, _) = self.connection(actor, connection).await?;
        let mut since: Option<Timestamp> = None;
        for prefix in self.store.prefixes_of(connection).await? {
            let changes = self.store.verdict_changes(&subject(connection, prefix.prefix)).await?;
            let first = changes.iter().filter(|(_, judged)| judged.state == ValidationState::Verified).map(|(at, _)| *at).min();
            since = [since, first].into_iter().flatten().min();
        }
        let Some(since) = since else { return Ok(None) };
        let Some(mut proof) = self.compared(Some(&found.organisation), connection, since).await? else { return Ok(None) };
        proof.paths = self.paths_compared(connection, since, proof.span_s).await?;
        Ok(Some(proof))
    }

    /// The same since a peering became active for the first time.
    ///
    /// # Errors
    /// When the actor may not see the peering, or storage fails.
    pub async fn peering_proof(&self, actor: &Actor, peering: &str) -> Result<Option<Proof>, Error> {
        let found = self.peering(actor, peering).await?;
        let active = found.history.iter().filter(|it| it.event.to == StateName::Active).map(|it| it.at).min();
        match active {
            Some(since) => self.compared(None, peering, since).await,
            None => Ok(None),
        }
    }

    /// Lengths of the paths that vantage points had to a connection's prefixes just before, and have
    /// as long after.
    async fn paths_compared(&self, connection: &str, since: Timestamp, span_s: i64) -> Result<Option<Paths>, Error> {
        // Later, only what never changed is still on record from before.
        if self.clock.now().since(since) >= ROUTE_DAYS * DAY {
            return Ok(None);
        }
        let (mut before, mut after) = (Lengths::new(), Lengths::new());
        for prefix in self.store.prefixes_of(connection).await?.into_iter().take(PREFIXES) {
            for (moment, lengths) in [(since.plus_secs(-1), &mut before), (since.plus_secs(span_s), &mut after)] {
                let had = self.store.route_changes("", prefix.prefix, moment, moment, VANTAGES).await?;
                for it in had {
                    if let Had::Route(route) = &it.had {
                        lengths.entry(it.vantage.to_string()).or_default().push(route.path.len() as f64);
                    }
                }
            }
        }
        // One value a vantage point: its prefixes mostly go the same way.
        let each = |lengths: Lengths| lengths.into_values().filter_map(|all| middle(&all)).collect::<Vec<f64>>();
        let (before, after) = (each(before), each(after));
        let (Some(early), Some(late)) = (middle(&before), middle(&after)) else { return Ok(None) };
        Ok(Some(Paths { median: (early, late), change: shift(&before, &after), vantages: (before.len(), after.len()) }))
    }

    /// What became of the series of a connection or peering since a moment.
    async fn compared(&self, organisation: Option<&str>, subject: &str, since: Timestamp) -> Result<Option<Proof>, Error> {
        let age = self.clock.now().since(since).min(LONGEST_S);
        if age < SHORTEST_S {
            return Ok(None);
        }
        let span = if age >= DAY { age / DAY * DAY } else { age / 3600 * 3600 };
        let series = self.store.series(organisation, subject).await?;
        let ids: Vec<&str> = series.iter().map(|it| it.id.as_str()).collect();
        let hour = Step::Hour.start_of(since.secs());
        // The hour in which it changed belongs to neither.
        let before = self.intervals_of(&ids, Step::Hour, hour - span, hour).await?;
        let after = self.intervals_of(&ids, Step::Hour, hour + 3600, hour + 3600 + span).await?;
        // What was measured on one side only would be compared with something else.
        let both: Vec<&str> = ids.iter().copied().filter(|id| before.contains_key(*id) && after.contains_key(*id)).collect();
        let of = |side: &BTreeMap<String, Vec<Interval>>| merged(both.iter().filter_map(|id| side.get(*id)));
        let ((before, early), (after, late)) = (side(&of(&before)), side(&of(&after)));
        let (rtt_ms, loss) = (shift(&early, &late), rise(before.loss, after.loss));
        Ok(rtt_ms.is_some().then_some(Proof { since, span_s: span, series: both.len(), before, after, rtt_ms, loss, paths: None }))
    }
}
