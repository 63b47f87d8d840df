//! A heat matrix: a shade for each value of a table.

/// Shades of the sequential scale.
pub const SHADES: u8 = 9;

/// The values of the lightest and of the darkest shade; nothing where there are none.
pub fn ends(values: &[Option<f64>]) -> Option<(f64, f64)> {
    let mut known: Vec<f64> = values.iter().flatten().copied().filter(|value| value.is_finite()).collect();
    known.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| known.get(((known.len() as f64 - 1.0) * share).round().max(0.0) as usize).copied();
    at(0.02).zip(at(0.98))
}

/// The shade of each value: 1 for the least, [`SHADES`] for the most, evenly in between. What is outside
/// of 2 to 98 percent of the values has the shade of the end, so that one odd value does not make
/// all others alike.
pub fn shades(values: &[Option<f64>]) -> Vec<Option<u8>> {
    let (low, high) = ends(values).unwrap_or_default();
    let shade = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        1 + (share.clamp(0.0, 1.0) * f64::from(SHADES - 1)).round() as u8
    };
    values.iter().map(|value| value.filter(|value| value.is_finite()).map(shade)).collect()
}

/// Row (0 is Monday, ISO 8601) and column (hour) of a moment in seconds since 1970, in UTC.
pub fn hour_of_week(secs: i64) -> (usize, usize) {
    // The first of January 1970 was a Thursday.
    let weekday = (secs.div_euclid(86_400) + 3).rem_euclid(7);
    (weekday.unsigned_abs() as usize, (secs.rem_euclid(86_400) / 3600).unsigned_abs() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shades_go_from_the_least_to_the_most() {
        assert_eq!(shades(&[Some(10.0), None, Some(20.0), Some(15.0), Some(f64::NAN)]), [Some(1), None, Some(9), Some(5), None]);
        assert_eq!(shades(&[Some(10.0), Some(10.0)]), [Some(1), Some(1)]);
        assert_eq!(shades(&[]), []);
    }

    #[test]
    fn one_odd_value_does_not_make_all_others_alike() {
        let mut values: Vec<Option<f64>> = (0..100).map(|n| Some(10.0 + f64::from(n) * 0.1)).collect();
        values[50] = Some(5_000.0);
        let all = shades(&values);
        assert_eq!((all[0], all[99], all[50]), (Some(1), Some(9), Some(9)));
    }

    #[test]
    fn a_week_begins_on_monday() {
        let check = |secs: i64, expected: (usize, usize)| assert_eq!(hour_of_week(secs), expected, "{secs}");
        check(0, (3, 0));
        check(-1, (2, 23));
        check(1_763_769_600, (5, 0)); // 2025-11-22, a Saturday
        check(1_763_769_600 + 2 * 86_400 + 13 * 3600 + 59, (0, 13));
    }

    proptest! {
        #[test]
        fn what_is_more_is_never_lighter(values in prop::collection::vec(0.0f64..1e4, 2..60)) {
            let all = shades(&values.iter().copied().map(Some).collect::<Vec<_>>());
            for (a, one) in values.iter().zip(&all) {
                for (b, other) in values.iter().zip(&all) {
                    prop_assert!(a > b || one <= other);
                }
            }
        }
    }
}
