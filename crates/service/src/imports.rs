//! Latency from elsewhere: files of samples, results of RIPE Atlas, pages of a smokeping_prober.

use crate::{
    Error, Service,
    telemetry::{BATCH, Changes, Receipt, Sender, check_batch, merge},
};
use peerage_domain::{Timestamp, say, telemetry::Sample};
use peerage_feeds::samples::{
    self,
    prometheus::{self, Counters},
};
use peerage_latency::Step;
use peerage_storage::Tx;
use serde::{Deserialize, Serialize};

/// Most bytes of a file when it is unpacked: a small one may hold very much.
const UNPACKED: u64 = 16 << 20;
/// Counters that were told longer ago say too little of when something happened, in seconds.
const STALE_S: i64 = 900;

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReceipt {
    /// Its samples, and the first lines that are refused.
    pub receipt: Receipt,
    /// How many lines are refused beyond those.
    pub unread: usize,
    /// Samples that count although series, time and value are the same as on a line before.
    pub alike: u64,
    /// The line of the first of them.
    pub first_alike: Option<u64>,
}

/// What a prober had counted when it was told last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Told {
    requests: u64,
    /// Upper ends in microseconds (the last one without an end: nothing), cumulative.
    buckets: Vec<(Option<u64>, u64)>,
}

impl From<&Counters> for Told {
    fn from(it: &Counters) -> Self {
        let end = |seconds: f64| seconds.is_finite().then(|| (seconds * 1e6).round() as u64);
        Told { requests: it.requests, buckets: it.buckets.iter().map(|(seconds, count)| (end(*seconds), *count)).collect() }
    }
}

/// What came on top since something was told.
#[derive(Clone, Debug, Default, PartialEq)]
struct Grown {
    /// Milliseconds, and how often.
    answers: Vec<(f64, u64)>,
    lost: u64,
}

/// The difference of two tellings. A prober that began anew counts from nothing.
fn grown(before: &Told, now: &Told) -> Grown {
    let same = before.buckets.iter().map(|it| it.0).eq(now.buckets.iter().map(|it| it.0));
    let began = now.requests < before.requests || now.buckets.iter().zip(&before.buckets).any(|(now, before)| now.1 < before.1);
    let nothing = Told { requests: 0, buckets: now.buckets.iter().map(|it| (it.0, 0)).collect() };
    let before = if began || !same { &nothing } else { before };
    let (mut answers, mut below, mut lower_us, mut all) = (vec![], 0, 0u64, 0);
    for (now, before) in now.buckets.iter().zip(&before.buckets) {
        let up_to = now.1 - before.1;
        let count = up_to.saturating_sub(below);
        below = below.max(up_to);
        // The geometric middle; of the first bucket its half, of the last one its beginning.
        let ms = match (lower_us, now.0) {
            (0, Some(end)) => end as f64 / 2000.0,
            (lower, Some(end)) => (lower as f64 * end as f64).sqrt() / 1000.0,
            (lower, None) => lower.max(1) as f64 / 1000.0,
        };
        if count > 0 {
            answers.push((ms, count));
            all += count;
        }
        lower_us = now.0.unwrap_or(lower_us);
    }
    Grown { answers, lost: (now.requests - before.requests).saturating_sub(all) }
}

/// The series of a host: a slash would part it.
fn series(connection: &str, host: &str) -> String {
    let host: String = host.chars().map(|c| if c == '/' || c.is_control() { '_' } else { c }).take(80).collect();
    format!("{connection}/{host}")
}

impl Service {
    /// Keeps what a file has: samples as CSV or JSON, results of RIPE Atlas, or the page of a
    /// smokeping_prober. With a connection, series are put below it. A batch of the same id is kept once. What is
    /// refused is told by its line.
    ///
    /// # Errors
    /// When nothing of it can be read, the connection is not the sender's, or storage fails.
    pub async fn import_latency(&self, sender: &Sender, batch: &str, connection: &str, bytes: &[u8]) -> Result<FileReceipt, Error> {
        check_batch(batch, 0)?;
        let bad = |why: String| Error::Refused(say!("import.refused", "{reason}", reason = why));
        if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| prometheus::is_metrics(text)) {
            let counters = prometheus::read(text).map_err(|error| bad(error.to_string()))?;
            let receipt = self.take_counters(sender, connection, &counters).await?;
            return Ok(FileReceipt { receipt, ..FileReceipt::default() });
        }
        if !connection.is_empty() {
            let mut tx = self.store.begin().await?;
            self.owned(&mut tx, sender, connection).await?;
        }
        let line_of = |line: u64| usize::try_from(line).unwrap_or(usize::MAX);
        let (mut all, mut lines): (Vec<Sample>, Vec<usize>) = (vec![], vec![]);
        let mut take = |line: u64, sample: Sample| {
            let series = if connection.is_empty() { sample.series } else { format!("{connection}/{}", sample.series) };
            all.push(Sample { series, ..sample });
            lines.push(line_of(line));
        };
        let large =
            || Error::Refused(say!("import.large", "Unpacked it has more than {most} MB; send it in parts.", most = UNPACKED >> 20));
        let bytes = samples::unpacked(bytes, UNPACKED).ok_or_else(large)?;
        let tally = samples::read(&*bytes, &mut take).map_err(|error| bad(error.to_string()))?;
        let mut whole = Receipt::default();
        for (part, samples) in all.chunks(BATCH).enumerate() {
            let kept = self.take_samples(sender, &format!("{batch}/{part}"), samples).await?;
            whole.accepted += kept.accepted;
            whole.refused.extend(kept.refused.into_iter().map(|(index, why)| (lines[part * BATCH + index], why)));
            whole.repeated |= kept.repeated;
        }
        // A part of which nothing can be kept is no new one.
        whole.repeated &= whole.accepted == 0;
        whole.refused.extend(tally.reasons.iter().map(|remark| (line_of(remark.line), remark.why.clone())));
        whole.refused.sort_by_key(|it| it.0);
        if let Some((line, why)) = whole.refused.first().filter(|_| whole.accepted == 0 && !whole.repeated) {
            return Err(bad(format!("nothing of it can be kept; line {line}: {why}")));
        }
        let unread = line_of(tally.refused) - tally.reasons.len();
        Ok(FileReceipt { receipt: whole, unread, alike: tally.repeated, first_alike: tally.first_repeated })
    }

    /// Refuses a connection that is not the sender's.
    async fn owned(&self, tx: &mut Tx, sender: &Sender, connection: &str) -> Result<(), Error> {
        let own = tx.connection(connection).await?.is_some_and(|it| it.organisation == sender.organisation);
        let other = || say!("import.connection", "Say with connection=CN-1 to which connection of your organisation it belongs.");
        if own { Ok(()) } else { Err(Error::Refused(other())) }
    }

    /// Keeps what a prober counted since it told last; of what it tells for the first time, or after a
    /// quarter of an hour of silence, only from then on: when the rest happened is not known.
    async fn take_counters(&self, sender: &Sender, connection: &str, counters: &[Counters]) -> Result<Receipt, Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        self.owned(&mut tx, sender, connection).await?;
        let names: Vec<String> = counters.iter().map(|it| series(connection, &it.host)).collect();
        let mut changes = Changes::new();
        let mut receipt = Receipt::default();
        for (name, counters) in names.iter().zip(counters) {
            let subject = format!("prober {} {name}", sender.organisation);
            let told = Told::from(counters);
            let before: Option<(Timestamp, Told)> = self.store.evidence(&subject).await?;
            tx.save_evidence(&subject, now, &told).await?;
            let Some((_, before)) = before.filter(|(at, _)| now.since(*at) <= STALE_S) else { continue };
            let grown = grown(&before, &told);
            for step in Step::LADDER {
                let slot = changes.entry((step, name.as_str(), step.start_of(now.secs()))).or_default();
                grown.answers.iter().for_each(|(ms, count)| slot.record_many(*ms, *count));
                slot.record_losses(grown.lost);
            }
            receipt.accepted += usize::try_from(grown.lost + grown.answers.iter().map(|it| it.1).sum::<u64>()).unwrap_or(usize::MAX);
        }
        changes.retain(|_, slot| slot.count() + slot.lost() > 0);
        merge(&mut tx, &sender.organisation, &changes).await?;
        tx.commit().await?;
        self.groups.touch(&sender.organisation, &changes);
        self.live.tell(connection, &sender.organisation);
        Ok(receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(requests: u64, counts: &[u64]) -> Told {
        let ends = [Some(5_000), Some(10_000), Some(20_000), None];
        Told { requests, buckets: ends.into_iter().zip(counts.iter().copied()).collect() }
    }

    #[test]
    fn what_came_on_top_is_what_is_kept() {
        let found = grown(&told(100, &[10, 50, 90, 95]), &told(160, &[10, 70, 120, 150]));
        let counts: Vec<u64> = found.answers.iter().map(|it| it.1).collect();
        assert_eq!((counts, found.lost), (vec![20, 10, 25], 5));
        assert!((found.answers[0].0 - 7.071).abs() < 0.001, "between 5 and 10 ms: {:?}", found.answers);
        assert_eq!(grown(&told(100, &[10, 50, 90, 95]), &told(100, &[10, 50, 90, 95])), Grown::default(), "the same twice adds nothing");
        let again = grown(&told(100, &[10, 50, 90, 95]), &told(7, &[0, 2, 4, 6]));
        assert_eq!((again.answers.iter().map(|it| it.1).sum::<u64>(), again.lost), (6, 1), "it began anew");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_two_tellings(
            first in prop::collection::vec(0u64..1000, 4), more in prop::collection::vec(0u64..1000, 4), lost in 0u64..100,
        ) {
            let cumulative = |parts: &[u64]| parts.iter().scan(0, |sum, part| { *sum += part; Some(*sum) }).collect::<Vec<u64>>();
            let before = cumulative(&first);
            let both: Vec<u64> = first.iter().zip(&more).map(|(a, b)| a + b).collect();
            let after = cumulative(&both);
            let found = grown(&told(before[3] + 5, &before), &told(after[3] + 5 + lost, &after));
            prop_assert_eq!(found.answers.iter().map(|it| it.1).sum::<u64>(), more.iter().sum::<u64>());
            prop_assert_eq!(found.lost, lost);
        }
    }
}
