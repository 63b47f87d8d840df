//! A histogram with logarithmic buckets and a bounded relative error of one percent.
//!
//! Bucket `i` holds values in `(γ^(i-1), γ^i]` milliseconds with γ = 1.02; a value is
//! given back as the bucket's geometric middle, at most 1 % off (the construction of
//! DDSketch, Masson, Rim and Lee, VLDB 2019).

use std::cmp::Ordering;

/// Ratio of two neighbouring bucket borders.
const GAMMA: f64 = 1.02;
/// Buckets between a value and e times the value: 1 / ln γ.
const PER_E: f64 = 50.4983497918439;
/// Stored first, so that the layout can change one day.
const VERSION: u8 = 1;

/// Counts of round-trip times and of lost packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Number and count of each bucket that has something, in order.
    buckets: Vec<(i32, u64)>,
    lost: u64,
}

/// Stored bytes that are not a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored histogram is damaged at byte {0}")]
pub struct DecodeError(pub usize);

impl Histogram {
    /// Adds one round-trip time in milliseconds. Values that are not finite and
    /// positive are not round-trip times and are not counted.
    pub fn record(&mut self, rtt_ms: f64) {
        self.record_many(rtt_ms, 1);
    }

    /// Adds a round-trip time so many times.
    pub fn record_many(&mut self, rtt_ms: f64, count: u64) {
        if rtt_ms.is_finite() && rtt_ms > 0.0 && count > 0 {
            let index = index(rtt_ms);
            match self.buckets.binary_search_by_key(&index, |bucket| bucket.0) {
                Ok(at) => self.buckets[at].1 = self.buckets[at].1.saturating_add(count),
                Err(at) => self.buckets.insert(at, (index, count)),
            }
        }
    }

    /// Adds one lost packet.
    pub fn record_loss(&mut self) {
        self.record_losses(1);
    }

    /// Adds so many lost packets.
    pub fn record_losses(&mut self, count: u64) {
        self.lost = self.lost.saturating_add(count);
    }

    /// Adds everything of `other`; the order of merging does not matter.
    pub fn merge(&mut self, other: &Histogram) {
        let mut merged = Vec::with_capacity(self.buckets.len().max(other.buckets.len()));
        let (mut mine, mut theirs) = (self.buckets.iter().peekable(), other.buckets.iter().peekable());
        loop {
            let order = match (mine.peek(), theirs.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => a.0.cmp(&b.0),
            };
            let a = mine.next_if(|_| order.is_le());
            let b = theirs.next_if(|_| order.is_ge());
            let index = a.or(b).map_or(0, |bucket| bucket.0);
            merged.push((index, a.map_or(0, |it| it.1).saturating_add(b.map_or(0, |it| it.1))));
        }
        self.buckets = merged;
        self.lost = self.lost.saturating_add(other.lost);
    }

    /// How many round-trip times.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, bucket| sum.saturating_add(bucket.1))
    }

    /// How many lost packets.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Share of lost packets, 0 to 1; absent without any packet.
    pub fn loss(&self) -> Option<f64> {
        let sent = self.count() + self.lost;
        (sent > 0).then(|| self.lost as f64 / sent as f64)
    }

    /// How many round-trip times were at most so many milliseconds; what is within 2 % above it may
    /// be counted, too.
    pub fn within(&self, ms: f64) -> u64 {
        if !(ms.is_finite() && ms > 0.0) {
            return 0;
        }
        let border = index(ms);
        self.buckets.iter().take_while(|bucket| bucket.0 <= border).fold(0, |sum, bucket| sum.saturating_add(bucket.1))
    }

    /// The value below which the share `q` (0 to 1) of all values lies, in
    /// milliseconds; nearest rank, at most 1 % off.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let count = self.count();
        let rank = ((q.clamp(0.0, 1.0) * count as f64).ceil() as u64).max(1);
        let mut seen = 0u64;
        self.buckets.iter().find_map(|&(index, n)| {
            seen = seen.saturating_add(n);
            (seen >= rank).then(|| GAMMA.powf(f64::from(index) - 0.5))
        })
    }

    /// Compact bytes: version, lost, then buckets as differences, all varints.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        varint(&mut out, self.lost);
        let mut last = 0;
        for &(index, count) in &self.buckets {
            let step = i64::from(index) - i64::from(last);
            varint(&mut out, ((step << 1) ^ (step >> 63)) as u64);
            varint(&mut out, count);
            last = index;
        }
        out
    }

    /// Reads what [`Histogram::encode`] wrote.
    ///
    /// # Errors
    /// The position of the first byte that makes no sense.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.first() != Some(&VERSION) {
            return Err(DecodeError(0));
        }
        let mut at = 1;
        let next = |at: &mut usize| read_varint(bytes, at).ok_or(DecodeError(*at));
        let lost = next(&mut at)?;
        let mut buckets: Vec<(i32, u64)> = Vec::with_capacity(bytes.len() / 2);
        let mut index = 0i64;
        while at < bytes.len() {
            let zigzag = next(&mut at)?;
            let step = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
            // Buckets stand in order, each once; the first may have any number.
            if step <= 0 && !buckets.is_empty() {
                return Err(DecodeError(at));
            }
            index = index.checked_add(step).ok_or(DecodeError(at))?;
            let key = i32::try_from(index).map_err(|_| DecodeError(at))?;
            buckets.push((key, next(&mut at)?));
        }
        Ok(Histogram { buckets, lost })
    }
}

/// The bucket of a value.
fn index(ms: f64) -> i32 {
    (ms.ln() * PER_E).ceil() as i32
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn read_varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// A value with five digits, which is more than a histogram knows.
pub fn five_digits(ms: f64) -> f64 {
    format!("{ms:.4e}").parse().unwrap_or(ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|&v| histogram.record(v));
        histogram
    }

    #[test]
    fn values_are_told_with_five_digits() {
        let check = |ms: f64, text: &str| assert_eq!(five_digits(ms).to_string(), text);
        check(12.345_678, "12.346");
        check(0.028_123_4, "0.028123");
        check(59_999.9, "60000");
        check(1.0, "1");
        check(f64::NAN, "NaN");
    }

    #[test]
    fn an_empty_histogram_says_nothing() {
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert_eq!(Histogram::default().loss(), None);
    }

    #[test]
    fn the_constant_is_that_of_gamma() {
        assert!((PER_E * GAMMA.ln() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn impossible_values_are_not_counted() {
        assert_eq!(of(&[f64::NAN, f64::INFINITY, 0.0, -1.0]).count(), 0);
    }

    proptest! {
        #[test]
        fn what_is_within_is_counted_up_to_two_percent(values in proptest::collection::vec(0.01f64..1000.0, 0..200), ms in 0.01f64..1000.0) {
            let found = of(&values).within(ms);
            let count = |border: f64| values.iter().filter(|v| **v <= border).count() as u64;
            prop_assert!(count(ms) <= found && found <= count(ms * 1.020_001), "{}", found);
        }

        #[test]
        fn quantiles_are_at_most_one_percent_off(mut values in proptest::collection::vec(0.01f64..60_000.0, 1..300), q in 0.0f64..=1.0) {
            let got = of(&values).quantile(q).expect("not empty");
            values.sort_by(f64::total_cmp);
            let rank = ((q * values.len() as f64).ceil() as usize).max(1);
            let exact = values[rank - 1];
            prop_assert!((got - exact).abs() <= exact * 0.010_05, "{} against {}", got, exact);
        }

        #[test]
        fn merging_in_any_grouping_is_the_same(values in proptest::collection::vec((0.01f64..1000.0, 0usize..4), 0..200)) {
            let all = of(&values.iter().map(|v| v.0).collect::<Vec<_>>());
            let mut merged = Histogram::default();
            for group in (0..4).rev() {
                merged.merge(&of(&values.iter().filter(|v| v.1 == group).map(|v| v.0).collect::<Vec<_>>()));
            }
            prop_assert_eq!(all, merged);
        }

        #[test]
        fn bytes_read_back(values in proptest::collection::vec(0.001f64..60_000.0, 0..100), lost in 0u8..9) {
            let mut histogram = of(&values);
            (0..lost).for_each(|_| histogram.record_loss());
            prop_assert_eq!(Histogram::decode(&histogram.encode()), Ok(histogram));
        }

        #[test]
        fn any_bytes_are_answered_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Histogram::decode(&bytes);
        }
    }
}
