//! How much of a time something was up, of the time that is known.

use crate::Timestamp;

/// The share of the time from `from` to `to` that something was up, from 0 to 1. `changes` are in
/// order, each the state that begins then; nothing stands for a time in which it was not known.
/// Gives nothing when no part of the time is known.
pub fn availability(changes: &[(Timestamp, Option<bool>)], from: Timestamp, to: Timestamp) -> Option<f64> {
    let (mut up, mut known) = (0, 0);
    for (at, (begins, state)) in changes.iter().enumerate() {
        let ends = changes.get(at + 1).map_or(to, |(next, _)| *next);
        let (begins, ends) = ((*begins).max(from), ends.min(to));
        let millis = (ends.millis() - begins.millis()).max(0);
        match state {
            Some(true) => (up, known) = (up + millis, known + millis),
            Some(false) => known += millis,
            None => {}
        }
    }
    (known > 0).then(|| up as f64 / known as f64)
}

/// What holds of several things together, each with its changes in order: up while one of them is,
/// down while one is known and none is up.
pub fn any_up(all: &[Vec<(Timestamp, Option<bool>)>]) -> Vec<(Timestamp, Option<bool>)> {
    let mut moments: Vec<Timestamp> = all.iter().flatten().map(|(at, _)| *at).collect();
    moments.sort_unstable();
    moments.dedup();
    let at = |changes: &[(Timestamp, Option<bool>)], moment: Timestamp| {
        let behind = changes.partition_point(|(begins, _)| *begins <= moment);
        behind.checked_sub(1).and_then(|index| changes[index].1)
    };
    let state = |moment: Timestamp| all.iter().filter_map(|changes| at(changes, moment)).max();
    moments.into_iter().map(|moment| (moment, state(moment))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(changes: &[(i64, Option<bool>)], expected: Option<f64>) {
        let changes: Vec<_> = changes.iter().map(|(at, state)| (Timestamp::from_secs(*at), *state)).collect();
        assert_eq!(availability(&changes, Timestamp::from_secs(100), Timestamp::from_secs(200)), expected, "{changes:?}");
    }

    #[test]
    fn only_known_time_counts() {
        check(&[], None);
        check(&[(0, Some(true))], Some(1.0));
        check(&[(0, Some(true)), (150, Some(false))], Some(0.5));
        check(&[(150, Some(true))], Some(1.0));
        check(&[(0, Some(true)), (150, None), (175, Some(false))], Some(50.0 / 75.0));
        check(&[(0, None)], None);
        check(&[(300, Some(true))], None);
        check(&[(0, Some(false)), (50, Some(true))], Some(1.0));
    }

    #[test]
    fn one_that_is_up_is_enough() {
        let line =
            |changes: &[(i64, Option<bool>)]| changes.iter().map(|(at, state)| (Timestamp::from_secs(*at), *state)).collect::<Vec<_>>();
        let one = line(&[(0, Some(true)), (120, Some(false)), (180, None)]);
        let other = line(&[(130, Some(true)), (150, Some(false))]);
        let together = any_up(&[one, other]);
        assert_eq!(together, line(&[(0, Some(true)), (120, Some(false)), (130, Some(true)), (150, Some(false)), (180, Some(false))]));
        assert_eq!(any_up(&[]), []);
        assert_eq!(any_up(&[line(&[(5, None)])]), line(&[(5, None)]));
    }

    proptest! {
        #[test]
        fn it_is_a_share(mut changes in prop::collection::vec((0i64..300, prop::option::of(any::<bool>())), 0..20)) {
            changes.sort();
            let changes: Vec<_> = changes.into_iter().map(|(at, state)| (Timestamp::from_secs(at), state)).collect();
            if let Some(share) = availability(&changes, Timestamp::from_secs(100), Timestamp::from_secs(200)) {
                prop_assert!((0.0..=1.0).contains(&share));
            }
        }
    }
}
