//! When the level of a series changed for good.
//!
//! Pettitt's test ("A non-parametric approach to the change-point problem", Applied Statistics 28,
//! 1979) finds the moment at which ranks part best; what lies on both sides is searched again.
//! Ranks do not mind a few odd hours, and what returns every day is taken out first.

use crate::compare::{Difference, LEAST, shift};

/// How improbable it has to be that nothing changed.
const P: f64 = 0.001;
/// Smallest change that is told: as a share of the level, and in ms.
const SMALLEST: (f64, f64) = (0.03, 0.3);
/// Days from which on what returns daily can be told from what changed.
const DAYS: i64 = 4;
/// Most changes that are told.
const MOST: usize = 12;
const HOUR: i64 = 3600;

/// The level changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// Beginning of the first hour of the new level, in seconds since 1970.
    pub at: i64,
    /// By how many ms, up to the next change.
    pub by: Difference,
}

/// The changes in medians of hours, by their beginnings in seconds since 1970, in order.
pub fn points(hours: &[(i64, f64)]) -> Vec<ChangePoint> {
    let known: Vec<(i64, f64)> = hours.iter().copied().filter(|(_, ms)| ms.is_finite()).collect();
    let values = without_days(&known);
    let mut cuts = vec![];
    search(&values, 0, &mut cuts);
    cuts.sort_unstable();
    // A cut that was good for the whole may be none beside its neighbours.
    loop {
        let levels: Vec<Option<Difference>> = (0..cuts.len()).map(|n| by(&values, &cuts, n)).collect();
        let Some(bad) = levels.iter().position(Option::is_none) else {
            let found = cuts.iter().zip(levels).filter_map(|(cut, by)| Some(ChangePoint { at: known[*cut].0, by: by? }));
            return found.collect();
        };
        cuts.remove(bad);
    }
}

/// By how much the level changed at a cut, up to its neighbours; nothing where that may be chance or does not matter.
fn by(values: &[f64], cuts: &[usize], n: usize) -> Option<Difference> {
    let from = n.checked_sub(1).map_or(0, |before| cuts[before]);
    let to = cuts.get(n + 1).copied().unwrap_or(values.len());
    matters(&values[from..cuts[n]], &values[cuts[n]..to])
}

fn matters(before: &[f64], after: &[f64]) -> Option<Difference> {
    let level = median(before.iter().copied())?.abs();
    let smallest = (level * SMALLEST.0).max(SMALLEST.1);
    shift(before, after).filter(|by| by.is_clear() && by.estimate.abs() >= smallest)
}

/// Looks for a cut, and for others on both of its sides.
fn search(values: &[f64], offset: usize, cuts: &mut Vec<usize>) {
    if cuts.len() >= MOST {
        return;
    }
    let Some(cut) = pettitt(values).filter(|cut| matters(&values[..*cut], &values[*cut..]).is_some()) else { return };
    cuts.push(offset + cut);
    search(&values[..cut], offset, cuts);
    search(&values[cut..], offset + cut, cuts);
}

/// Where the ranks part best, when that can hardly be chance: index of the first value behind it.
fn pettitt(values: &[f64]) -> Option<usize> {
    let n = values.len();
    if n < 2 * LEAST {
        return None;
    }
    let ranks = ranks(values);
    let mut sum = 0.0;
    let mut best = (0.0, 0);
    for (index, rank) in ranks.iter().enumerate().take(n - LEAST) {
        sum += rank;
        let count = index + 1;
        let parted = (2.0 * sum - count as f64 * (n as f64 + 1.0)).abs();
        if count >= LEAST && parted > best.0 {
            best = (parted, count);
        }
    }
    let size = n as f64;
    let p = 2.0 * (-6.0 * best.0 * best.0 / (size.powi(3) + size.powi(2))).exp();
    (p < P).then_some(best.1)
}

/// Ranks from 1; equal values share theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for group in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = first as f64 + (group.len() as f64 + 1.0) / 2.0;
        group.iter().for_each(|index| ranks[*index] = rank);
        first += group.len();
    }
    ranks
}

/// The values without what returns every day: how far each hour of the day is from the median of
/// the day around it, in the median of all days.
fn without_days(hours: &[(i64, f64)]) -> Vec<f64> {
    let plain = || hours.iter().map(|(_, ms)| *ms).collect::<Vec<_>>();
    let span = hours.last().map_or(0, |(at, _)| *at) - hours.first().map_or(0, |(at, _)| *at);
    if span < DAYS * 24 * HOUR {
        return plain();
    }
    let (mut first, mut behind) = (0, 0);
    let mut off: Vec<Vec<f64>> = vec![vec![]; 24];
    for (at, ms) in hours {
        while hours[first].0 < at - 12 * HOUR {
            first += 1;
        }
        while behind < hours.len() && hours[behind].0 < at + 12 * HOUR {
            behind += 1;
        }
        let around = median(hours[first..behind].iter().map(|(_, ms)| *ms)).unwrap_or(*ms);
        off[hour(*at)].push(ms - around);
    }
    let daily: Vec<f64> = off.into_iter().map(|values| median(values.into_iter()).unwrap_or(0.0)).collect();
    hours.iter().map(|(at, ms)| ms - daily[hour(*at)]).collect()
}

fn hour(at: i64) -> usize {
    (at.rem_euclid(24 * HOUR) / HOUR) as usize
}

/// The median of values.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = values.collect();
    let half = all.len() / 2;
    (!all.is_empty()).then(|| {
        let (_, middle, _) = all.select_nth_unstable_by(half, f64::total_cmp);
        *middle
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An even draw in `0..1`.
    fn draw(seed: &mut u64) -> f64 {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        (*seed >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Hours with a slow evening, a tail, and a level by hour.
    fn hours(count: i64, seed: u64, level: impl Fn(i64) -> f64) -> Vec<(i64, f64)> {
        let mut seed = seed;
        let mut noise = || -(1.0 - draw(&mut seed)).ln() * 0.3;
        let evening = |n: i64| if (18..23).contains(&(n % 24)) { 4.0 } else { 0.0 };
        (0..count).map(|n| (n * HOUR, level(n) + evening(n) + noise())).collect()
    }

    #[test]
    fn a_level_that_changes_is_found_within_two_hours_and_a_tenth() {
        let found = points(&hours(336, 7, |n| if n < 200 { 12.0 } else { 10.5 }));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!((found[0].at - 200 * HOUR).abs() <= 2 * HOUR && (found[0].by.estimate + 1.5).abs() < 0.15, "{found:?}");
        assert!(found[0].by.low <= -1.5 && -1.5 <= found[0].by.high, "{found:?}");
    }

    #[test]
    fn several_levels_are_several_changes() {
        let found = points(&hours(720, 3, |n| [20.0, 24.0, 18.0][(n / 240) as usize]));
        let told: Vec<(i64, f64)> = found.iter().map(|it| ((it.at / HOUR + 2) / 240, it.by.estimate.round())).collect();
        assert_eq!(told, [(1, 4.0), (2, -6.0)], "{found:?}");
    }

    #[test]
    fn evenings_and_a_few_odd_hours_are_no_change() {
        assert_eq!(points(&hours(336, 11, |_| 10.0)), []);
        assert_eq!(points(&hours(336, 11, |n| if (100..105).contains(&n) { 200.0 } else { 10.0 })), []);
        assert_eq!(points(&[]), []);
        assert_eq!(points(&[(0, 1.0), (HOUR, 9.0)]), []);
    }

    #[test]
    fn chance_is_taken_for_a_change_less_than_once_in_a_hundred() {
        let wrong = (1..=300).filter(|seed| !points(&hours(168, *seed * 7919, |_| 10.0)).is_empty()).count();
        assert!(wrong <= 3, "{wrong}");
    }

    proptest! {
        #[test]
        fn changes_stand_in_order_and_can_be_told_from_chance(values in prop::collection::vec(1.0f64..100.0, 0..300)) {
            let all: Vec<(i64, f64)> = values.iter().enumerate().map(|(n, ms)| (n as i64 * HOUR, *ms)).collect();
            let found = points(&all);
            prop_assert!(found.len() <= MOST && found.is_sorted_by_key(|it| it.at));
            prop_assert!(found.iter().all(|it| it.by.is_clear() && all.iter().any(|(at, _)| *at == it.at)));
        }

        #[test]
        fn what_is_added_to_everything_changes_no_moment(seed in 1u64..1000, more in 0.0f64..5.0) {
            let at = |extra: f64| points(&hours(240, seed, |n| if n < 120 { 30.0 } else { 36.0 } + extra)).iter().map(|it| it.at).collect::<Vec<_>>();
            prop_assert_eq!(at(0.0), at(more));
        }
    }
}
