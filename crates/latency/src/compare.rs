//! What changed between two spans of time, with how sure one can be.
//!
//! Round-trip times are compared by the medians of hours, since packets of one hour say much the
//! same: the shift is the median of all differences between an hour after and an hour before
//! (Hodges and Lehmann 1963), its interval follows from the distribution of Mann and Whitney's
//! statistic (Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods", 3rd ed., §4.2
//! and §4.3). Neither minds a few hours that were odd. Shares of lost packets are compared by
//! Newcombe's interval (Statistics in Medicine 17, 1998, method 10), which holds near nothing and
//! near all, too.

use crate::{Histogram, Step};
use std::{collections::BTreeSet, iter::Sum};

/// The half-width of 95 % of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A difference, after less before, and the interval in which it lies with a confidence of 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The best guess.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Difference {
    /// Whether it can be told from chance.
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// How much of two times was measured: in so many intervals of one length is something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// Of the earlier time.
    pub earlier: usize,
    /// Of the later one.
    pub later: usize,
}

impl Covered {
    /// By the beginnings of intervals that have something, which may be shorter than `step`.
    pub fn of(earlier: impl Iterator<Item = i64>, later: impl Iterator<Item = i64>, step: Step) -> Covered {
        let count = |starts: BTreeSet<i64>| starts.len();
        Covered { earlier: count(earlier.map(|at| step.start_of(at)).collect()), later: count(later.map(|at| step.start_of(at)).collect()) }
    }

    /// The median of the earlier time, to compare the later one with. Nothing where less than half as much
    /// was measured: of a sliver nothing follows for all of it.
    pub fn median_before(self, earlier: &Histogram) -> Option<f64> {
        (2 * self.earlier >= self.later).then(|| earlier.quantile(0.5)).flatten()
    }
}

impl Sum for Covered {
    fn sum<I: Iterator<Item = Covered>>(all: I) -> Covered {
        all.fold(Covered::default(), |a, b| Covered { earlier: a.earlier + b.earlier, later: a.later + b.later })
    }
}

/// Fewest values on each side: below, no interval has a confidence of 95 %.
pub const LEAST: usize = 6;

/// By how much values became larger. Nothing where one side has fewer than [`LEAST`].
pub fn shift(before: &[f64], after: &[f64]) -> Option<Difference> {
    let (n, m) = (before.len(), after.len());
    if n < LEAST || m < LEAST || before.iter().chain(after).any(|value| !value.is_finite()) {
        return None;
    }
    let (before, after) = (thinned(before), thinned(after));
    let (n, m) = (before.len(), after.len());
    let mut all: Vec<f64> = after.iter().flat_map(|late| before.iter().map(move |early| late - early)).collect();
    all.sort_unstable_by(f64::total_cmp);
    let (pairs, both) = ((n * m) as f64, (n + m + 1) as f64);
    let rank = (pairs / 2.0 - Z * (pairs * both / 12.0).sqrt()).floor().max(0.0) as usize;
    Some(Difference { estimate: middle_of(&all), low: all[rank], high: all[all.len() - 1 - rank] })
}

/// Most values of a side: all pairs are looked at.
const MOST: usize = 1000;

/// The same distribution by at most [`MOST`] values: evenly many of each part of it.
fn thinned(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    if sorted.len() <= MOST {
        return sorted;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    (0..MOST).map(|n| sorted[n * (sorted.len() - 1) / (MOST - 1)]).collect()
}

/// The median of values; nothing of none, or where one is no number.
pub fn middle(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(middle_of(&sorted))
}

/// The median of sorted values.
fn middle_of(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { (sorted[half - 1] + sorted[half]) / 2.0 }
}

/// Some of all: how many were lost, and how many were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Lost.
    pub some: u64,
    /// Sent.
    pub all: u64,
}

impl Share {
    /// Between 0 and 1; nothing of nothing.
    pub fn value(self) -> Option<f64> {
        (self.all > 0).then(|| self.some as f64 / self.all as f64)
    }

    /// The score interval of Wilson (1927), for so many standard deviations.
    fn interval(self, z: f64) -> Option<(f64, f64)> {
        let (p, n) = (self.value()?, self.all as f64);
        let (centre, width) = (p + z * z / (2.0 * n), z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt());
        let whole = 1.0 + z * z / n;
        Some((((centre - width) / whole).max(0.0), ((centre + width) / whole).min(1.0)))
    }
}

/// By how much a share became larger. Nothing where one side is empty.
pub fn rise(before: Share, after: Share) -> Option<Difference> {
    rise_within(before, after, Z)
}

/// The same with an interval of so many standard deviations: 1.96 are 95 %, 4 leave three in
/// a hundred thousand on either side.
pub fn rise_within(before: Share, after: Share, z: f64) -> Option<Difference> {
    let (p, q) = (after.value()?, before.value()?);
    let ((low, high), (other_low, other_high)) = (after.interval(z)?, before.interval(z)?);
    let estimate = p - q;
    let down = ((p - low).powi(2) + (other_high - q).powi(2)).sqrt();
    let up = ((high - p).powi(2) + (q - other_low).powi(2)).sqrt();
    Some(Difference { estimate, low: (estimate - down).max(-1.0), high: (estimate + up).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_compared_with_a_sliver() {
        let mut packets = Histogram::default();
        packets.record(10.0);
        let check = |earlier: usize, later: usize, is_told: bool| {
            assert_eq!(Covered { earlier, later }.median_before(&packets).is_some(), is_told, "{earlier} {later}");
        };
        check(12, 24, true);
        check(11, 24, false);
        check(24, 1, true);
        check(0, 24, false);
        assert_eq!(Covered { earlier: 1, later: 1 }.median_before(&Histogram::default()), None);
        // Ten minutes now and hours before cover as much.
        let found = Covered::of((0..24).map(|n| n * 3600), (0..144).map(|n| n * 600), Step::Hour);
        assert_eq!(found, Covered { earlier: 24, later: 24 });
        assert_eq!([found, found].into_iter().sum::<Covered>(), Covered { earlier: 48, later: 48 });
    }

    #[test]
    fn the_examples_of_the_sources() {
        // Newcombe 1998, table II, (a) 56/70 against 48/80 and (h) 10/10 against 0/10.
        let check = |some: u64, all: u64, other: u64, of: u64, low: f64, high: f64| {
            let found = rise(Share { some: other, all: of }, Share { some, all }).expect("both have some");
            assert!((found.low - low).abs() < 5e-4 && (found.high - high).abs() < 5e-4, "{found:?}");
        };
        check(56, 70, 48, 80, 0.0524, 0.3339);
        check(9, 10, 3, 10, 0.1705, 0.8090);
        check(5, 56, 0, 29, -0.0381, 0.1926);
        check(10, 10, 0, 10, 0.6075, 1.0);
        assert_eq!(rise(Share::default(), Share { some: 1, all: 2 }), None);
    }

    #[test]
    fn a_shift_is_found_with_its_interval() {
        let before: Vec<f64> = (0..24).map(|n| 12.0 + f64::from(n % 5) * 0.1).collect();
        let after: Vec<f64> = before.iter().map(|value| value - 1.1).collect();
        let found = shift(&before, &after).expect("enough");
        assert!((found.estimate + 1.1).abs() < 1e-9 && found.low <= -1.1 && found.high >= -1.1 && found.is_clear(), "{found:?}");
        let same = shift(&before, &before).expect("enough");
        assert!(same.estimate.abs() < 1e-9 && !same.is_clear());
        assert_eq!(shift(&before[..5], &after), None, "too few");
        assert_eq!(shift(&before, &[f64::NAN; 8]), None);
    }

    #[test]
    fn very_many_values_are_compared_by_some_of_them() {
        let before: Vec<f64> = (0..50_000).map(|n| 10.0 + f64::from(n % 1000) / 1000.0).collect();
        let after: Vec<f64> = before.iter().map(|value| value + 2.0).collect();
        let found = shift(&before, &after).expect("enough");
        assert!((found.estimate - 2.0).abs() < 0.01 && found.low > 1.9 && found.high < 2.1, "{found:?}");
    }

    #[test]
    fn a_few_odd_hours_change_little() {
        let before = [10.0; 48];
        let mut after = [9.0; 48];
        after[..6].fill(900.0);
        let found = shift(&before, &after).expect("enough");
        assert_eq!((found.estimate, found.low), (-1.0, -1.0));
    }

    /// An even draw from a number, in `0..1`.
    fn draw(seed: &mut u64) -> f64 {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        (*seed >> 11) as f64 / (1u64 << 53) as f64
    }

    #[test]
    fn intervals_cover_the_truth_as_often_as_they_say() {
        let (mut seed, runs) = (0x9e37_79b9_7f4a_7c15u64, 2000);
        let mut covered = [0, 0];
        for _ in 0..runs {
            // Skewed like round-trip times: a floor and a tail.
            let mut hour = |floor: f64| floor - (1.0 - draw(&mut seed)).ln() * 2.0;
            let (before, after): (Vec<f64>, Vec<f64>) = ((0..40).map(|_| hour(10.0)).collect(), (0..40).map(|_| hour(9.0)).collect());
            let found = shift(&before, &after).expect("enough");
            covered[0] += u32::from(found.low <= -1.0 && -1.0 <= found.high);
            let mut lost = |p: f64| Share { some: (0..300).filter(|_| draw(&mut seed) < p).count() as u64, all: 300 };
            let found = rise(lost(0.02), lost(0.05)).expect("both have some");
            covered[1] += u32::from(found.low <= 0.03 && 0.03 <= found.high);
        }
        // 95 % within five standard deviations of 2,000 draws.
        for count in covered {
            assert!((0.925..=0.98).contains(&(f64::from(count) / f64::from(runs))), "{covered:?}");
        }
    }

    proptest! {
        #[test]
        fn the_other_way_round_is_the_same_with_another_sign(
            before in prop::collection::vec(0.1f64..500.0, 6..40), after in prop::collection::vec(0.1f64..500.0, 6..40),
            lost in 0u64..50, sent in 50u64..1000, lost_after in 0u64..50, sent_after in 50u64..1000,
        ) {
            let (there, back) = (shift(&before, &after).expect("enough"), shift(&after, &before).expect("enough"));
            prop_assert!((there.estimate + back.estimate).abs() < 1e-9 && (there.low + back.high).abs() < 1e-9);
            prop_assert!(there.low <= there.estimate && there.estimate <= there.high);
            let (a, b) = (Share { some: lost, all: sent }, Share { some: lost_after, all: sent_after });
            let (there, back) = (rise(a, b).expect("some"), rise(b, a).expect("some"));
            prop_assert!((there.low + back.high).abs() < 1e-9 && there.low <= there.estimate && there.estimate <= there.high);
        }
    }
}
