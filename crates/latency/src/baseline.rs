//! What is usual for a series at an hour of the day, and what is not.
//!
//! All of it is made of medians, so that a few odd hours, or an outage of some, change little.

use crate::{
    Histogram,
    change::{self, median},
    compare::{Difference, Share, rise, rise_within},
};

/// Fewest hours that say what is usual: a day.
pub const LEAST_HOURS: usize = 24;
/// Fewest answers of the last minutes that are judged.
pub const LEAST_ANSWERS: u64 = 10;
/// Fewest packets of the last minutes whose loss is judged.
pub const LEAST_SENT: u64 = 20;
/// A median absolute deviation of a normal distribution, times this, is its standard deviation.
const MAD: f64 = 1.4826;
/// Relative error of what is stored: a smaller spread cannot be known.
const ERROR: f64 = 0.01;
/// By how much a median has to be above what is usual, to be told: in spreads, as a share, and in ms.
const MARGIN: (f64, f64, f64) = (5.0, 0.1, 1.0);
/// Share of packets by which loss has to be above what is usual beyond doubt, to be told; and how
/// many standard deviations are no doubt: it is looked again and again, so chance has many tries.
const LOSS_MARGIN: f64 = 0.01;
const DOUBT: f64 = 4.0;

/// What was measured in an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hour {
    /// Its beginning, in seconds since 1970.
    pub at: i64,
    /// Median in ms.
    pub median_ms: f64,
    /// 75th percentile in ms.
    pub upper_ms: f64,
}

impl Hour {
    /// Of a histogram; nothing where nothing answered.
    pub fn of(at: i64, histogram: &Histogram) -> Option<Hour> {
        Some(Hour { at, median_ms: histogram.quantile(0.5)?, upper_ms: histogram.quantile(0.75)? })
    }
}

/// What is usual for the median and the 75th percentile of an hour, by hour of the day.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    medians: [f64; 24],
    uppers: [f64; 24],
    spread_ms: f64,
}

/// A median that is not usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slower {
    /// What is usual at this hour, in ms.
    pub usual_ms: f64,
    /// How much around it is usual, in ms.
    pub spread_ms: f64,
    /// What it is, in ms.
    pub now_ms: f64,
    /// How many times it is above what is borne.
    pub times: f64,
}

impl Baseline {
    /// From hours in order. Where the level changed for good, from what came then. Nothing where
    /// there are fewer than [`LEAST_HOURS`].
    pub fn of(all: &[Hour]) -> Option<Baseline> {
        let medians: Vec<(i64, f64)> = all.iter().map(|hour| (hour.at, hour.median_ms)).collect();
        // Of what came behind the changes, the latest that is long enough.
        let points = change::points(&medians);
        let mut tails = points.iter().rev().map(|point| &all[all.partition_point(|hour| hour.at < point.at)..]);
        let known = tails.find(|tail| tail.len() >= LEAST_HOURS).unwrap_or(all);
        if known.len() < LEAST_HOURS {
            return None;
        }
        let medians = by_hour(known, |hour| hour.median_ms)?;
        let off = median(known.iter().map(|hour| (hour.median_ms - medians[hour_of(hour.at) as usize]).abs()))?;
        let level = median(known.iter().map(|hour| hour.median_ms))?;
        Some(Baseline { medians, uppers: by_hour(known, |hour| hour.upper_ms)?, spread_ms: (off * MAD).max(level * ERROR) })
    }

    /// What is usual at a moment, in ms.
    pub fn at(&self, secs: i64) -> f64 {
        self.medians[hour_of(secs) as usize]
    }

    /// How much around it is usual, in ms: like a standard deviation.
    pub fn spread_ms(&self) -> f64 {
        self.spread_ms
    }

    /// Whether what was measured in the last minutes is slower than usual: its median by a margin,
    /// and three quarters of it slower than three quarters of what is usual, so that series that
    /// jump between two values are left in peace. What was told before is over when its median is
    /// not even half the margin above.
    pub fn slower(&self, secs: i64, lately: &Histogram, told: bool) -> Option<Slower> {
        let now_ms = lately.quantile(0.5).filter(|_| lately.count() >= LEAST_ANSWERS)?;
        let usual_ms = self.at(secs);
        let margin = (MARGIN.0 * self.spread_ms).max(MARGIN.1 * usual_ms).max(MARGIN.2);
        let times = (now_ms - usual_ms) / margin;
        let apart = lately.quantile(0.25)? > self.uppers[hour_of(secs) as usize];
        (if told { times > 0.5 } else { times > 1.0 && apart }).then_some(Slower { usual_ms, spread_ms: self.spread_ms, now_ms, times })
    }
}

/// Whether more is lost than usual; what was told before is over when it may be chance.
pub fn lossier(usual: Share, lately: Share, told: bool) -> Option<Difference> {
    let more = if told { rise(usual, lately) } else { rise_within(usual, lately, DOUBT) }?;
    (lately.all >= LEAST_SENT && more.low > if told { 0.0 } else { LOSS_MARGIN }).then_some(more)
}

/// What is usual at each hour of the day: the median of the hour and its neighbours, of all days.
fn by_hour(known: &[Hour], value: impl Fn(&Hour) -> f64) -> Option<[f64; 24]> {
    let level = median(known.iter().map(&value))?;
    let at = |hour: i64| {
        let near = known.iter().filter(|it| (hour_of(it.at) - hour + 25).rem_euclid(24) <= 2);
        let values: Vec<f64> = near.map(&value).collect();
        if values.len() < 3 { level } else { median(values.into_iter()).unwrap_or(level) }
    };
    Some(std::array::from_fn(|hour| at(hour as i64)))
}

/// The hour of the day in UTC.
fn hour_of(secs: i64) -> i64 {
    secs.rem_euclid(86_400) / 3600
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Days with a slow evening: 10 ms, and 14 ms from 18 to 22 hours, with a little of everything.
    fn days(count: i64) -> Vec<Hour> {
        let hour = |n: i64| if (18..22).contains(&(n % 24)) { 14.0 } else { 10.0 };
        (0..count * 24).map(|n| of(n * 3600, hour(n) + (n * 7 % 5) as f64 * 0.05)).collect()
    }

    fn of(at: i64, ms: f64) -> Hour {
        Hour { at, median_ms: ms, upper_ms: ms + 0.2 }
    }

    fn lately(ms: f64, lost: u64) -> Histogram {
        let mut all = Histogram::default();
        all.record_many(ms, 60);
        all.record_losses(lost);
        all
    }

    #[test]
    fn an_evening_is_usual_in_the_evening_only() {
        let usual = Baseline::of(&days(7)).expect("a week");
        let check = |hour: i64, ms: f64, told: bool, expected: bool| {
            assert_eq!(usual.slower(7 * 86_400 + hour * 3600, &lately(ms, 0), told).is_some(), expected, "{hour} {ms}");
        };
        check(20, 14.2, false, false);
        check(8, 14.2, false, true);
        check(8, 10.9, false, false);
        check(8, 10.9, true, true);
        check(8, 10.3, true, false);
        check(20, 16.0, false, true);
    }

    #[test]
    fn too_little_says_nothing() {
        assert_eq!(Baseline::of(&days(1)[..23]), None);
        let usual = Baseline::of(&days(2)).expect("two days");
        let mut few = Histogram::default();
        few.record_many(90.0, 9);
        assert_eq!(usual.slower(3600, &few, false), None);
    }

    #[test]
    fn a_day_of_trouble_changes_nothing_and_a_new_level_becomes_usual_after_a_day() {
        let mut all = days(7);
        all[60..70].iter_mut().for_each(|hour| *hour = of(hour.at, 80.0));
        let usual = Baseline::of(&all).expect("a week");
        assert!((usual.at(8 * 3600) - 10.1).abs() < 0.3, "{usual:?}");
        let moved = |hours: usize| {
            let mut all = days(9);
            let from = all.len() - hours;
            all[from..].iter_mut().for_each(|hour| *hour = of(hour.at, hour.median_ms + 20.0));
            Baseline::of(&all).expect("more than a week").at(8 * 3600)
        };
        assert!(moved(12) < 11.0 && moved(36) > 29.0, "{} {}", moved(12), moved(36));
        // Behind two changes, what came between them is usual while the last one is young.
        let mut twice = days(12);
        let from = twice.len() - 90;
        twice[from..].iter_mut().for_each(|hour| *hour = of(hour.at, hour.median_ms + 20.0));
        twice[from + 72..].iter_mut().for_each(|hour| *hour = of(hour.at, hour.median_ms + 30.0));
        let usual = Baseline::of(&twice).expect("twelve days").at(8 * 3600);
        assert!((29.0..32.0).contains(&usual), "{usual}");
    }

    #[test]
    fn what_jumps_between_two_values_is_usual() {
        let two = |n: i64| Hour { at: n * 3600, median_ms: if n % 5 < 3 { 30.0 } else { 35.0 }, upper_ms: 35.0 };
        let usual = Baseline::of(&(0..168).map(two).collect::<Vec<_>>()).expect("a week");
        let mut some = Histogram::default();
        some.record_many(30.0, 14);
        some.record_many(35.0, 31);
        assert_eq!(usual.slower(0, &some, false), None);
        assert!(usual.slower(0, &lately(60.0, 0), false).is_some());
    }

    #[test]
    fn loss_is_told_beyond_doubt_and_is_over_when_it_may_be_chance() {
        let usual = Share { some: 10, all: 10_000 };
        let check = |some: u64, all: u64, told: bool, expected: bool| {
            assert_eq!(lossier(usual, Share { some, all }, told).is_some(), expected, "{some} of {all}");
        };
        check(1, 60, false, false);
        check(3, 60, false, false);
        check(15, 60, false, true);
        check(2, 60, true, true);
        check(0, 60, true, false);
        check(10, 10, false, false);
        check(60, 60, false, true);
    }

    proptest! {
        #[test]
        fn no_number_is_usual_that_was_never_measured(values in prop::collection::vec(0.1f64..500.0, 24..200)) {
            let all: Vec<Hour> = values.iter().enumerate().map(|(n, ms)| of(n as i64 * 3600, *ms)).collect();
            let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), ms| (low.min(*ms), high.max(*ms)));
            let usual = Baseline::of(&all).expect("enough");
            for hour in 0..24 {
                prop_assert!((low..=high).contains(&usual.at(hour * 3600)));
            }
            prop_assert!(usual.spread_ms() > 0.0);
        }
    }
}
