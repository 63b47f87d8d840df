//! Before and after: what became of latency and loss since a connection got the service.

use crate::{Actor, Error, Service, telemetry::Interval, verdicts::subject};
use peerage_domain::{Timestamp, service::ValidationState};
use peerage_latency::{
    Histogram, Step,
    compare::{Difference, Share, rise, shift},
};
use std::collections::BTreeMap;

/// Longest span that is compared on each side, and the shortest, in seconds.
const LONGEST_S: i64 = 7 * 86_400;
const SHORTEST_S: i64 = 12 * 3600;
const DAY: i64 = 86_400;

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
    /// Since when: the first prefix was verified.
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
        let age = self.clock.now().since(since).min(LONGEST_S);
        if age < SHORTEST_S {
            return Ok(None);
        }
        let span = if age >= DAY { age / DAY * DAY } else { age / 3600 * 3600 };
        let series = self.store.series(Some(&found.organisation), connection).await?;
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
        Ok(rtt_ms.is_some().then_some(Proof { since, span_s: span, series: both.len(), before, after, rtt_ms, loss }))
    }
}
