//! A calendar: a column a week, a row a weekday, a shade a count.

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Pixels from one cell to the next.
pub const STEP: f64 = 16.0;
/// Pixels of a cell.
pub const CELL: f64 = 13.0;

/// One day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Its first second since 1970.
    pub start: i64,
    /// Column: weeks since the first one.
    pub week: usize,
    /// Row: 0 is Monday (ISO 8601).
    pub weekday: usize,
    /// How often something happened.
    pub count: usize,
}

/// The days from the one of `from` to the one of `to`, with how many of `moments` lie in each; all
/// in seconds since 1970, days in UTC.
pub fn days(from: i64, to: i64, moments: &[i64]) -> Vec<Day> {
    let first = from.div_euclid(DAY);
    let last = to.div_euclid(DAY).max(first);
    // The first of January 1970 was a Thursday.
    let weekday = |day: i64| (day + 3).rem_euclid(7);
    let monday = first - weekday(first);
    let one = |day: i64| Day {
        start: day * DAY,
        week: usize::try_from((day - monday) / 7).unwrap_or(0),
        weekday: usize::try_from(weekday(day)).unwrap_or(0),
        count: moments.iter().filter(|at| at.div_euclid(DAY) == day).count(),
    };
    (first..=last).take(400).map(one).collect()
}

/// The shade of a count: 0 for none, then 1, 2, 3 for a few, 4 for many.
pub fn shade(count: usize) -> usize {
    match count {
        0 => 0,
        1 => 1,
        2 => 2,
        3..=5 => 3,
        _ => 4,
    }
}

/// One path a shade that occurs.
pub fn cells(days: &[Day]) -> Vec<(usize, String)> {
    let mut drawn: std::collections::BTreeMap<usize, String> = std::collections::BTreeMap::new();
    for day in days {
        let (x, y) = (day.week as f64 * STEP, day.weekday as f64 * STEP);
        let path = format!("M{} {}h{CELL}v{CELL}h-{CELL}z", crate::coordinate(x), crate::coordinate(y));
        drawn.entry(shade(day.count)).or_default().push_str(&path);
    }
    drawn.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn weeks_begin_on_monday() {
        // 2026-11-20 was a Friday, 2026-11-23 a Monday.
        let friday = 1_795_132_800;
        let found = days(friday + 5, friday + 3 * DAY, &[friday, friday + 7, friday + DAY]);
        let told: Vec<_> = found.iter().map(|day| (day.week, day.weekday, day.count)).collect();
        assert_eq!(told, [(0, 4, 2), (0, 5, 1), (0, 6, 0), (1, 0, 0)]);
        assert_eq!(cells(&found).len(), 3);
    }

    proptest! {
        #[test]
        fn every_moment_is_counted_once(from in 0i64..2_000_000_000, span in 0i64..(90 * DAY), shares in prop::collection::vec(0.0f64..1.0, 0..30)) {
            let moments: Vec<i64> = shares.iter().map(|share| from + (share * span as f64) as i64).collect();
            let found = days(from, from + span, &moments);
            prop_assert_eq!(found.iter().map(|day| day.count).sum::<usize>(), moments.len());
            prop_assert!(found.windows(2).all(|pair| pair[1].start - pair[0].start == DAY));
        }
    }
}
