//! Service-level objectives: how many packets have to come back, and how soon; and how much of
//! what may fail did.
//!
//! An error budget is what the objective leaves (Beyer et al., "Site Reliability Engineering",
//! 2016, ch. 3 and 4); its burn rate is how many times as fast as it may it is used (the same,
//! "The Site Reliability Workbook", 2018, ch. 5).

use crate::Histogram;
use serde::{Deserialize, Serialize};

/// Over how long an objective holds, in days.
pub const DAYS: i64 = 30;

/// So many packets of the last [`DAYS`] days have to come back within so long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// In milliseconds.
    pub within_ms: f64,
    /// Share of the packets that were sent, above 0 and below 1.
    pub share: f64,
}

/// How an objective is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Packets that were sent.
    pub sent: u64,
    /// Packets that were lost or late.
    pub failed: u64,
    /// Share that came back in time, 0 to 1; nothing when none was sent.
    pub kept: Option<f64>,
    /// Share of what may fail that did; above 1 the objective is missed.
    pub spent: f64,
}

impl Objective {
    /// What became of packets.
    pub fn budget(&self, packets: &Histogram) -> Budget {
        let sent = packets.count().saturating_add(packets.lost());
        let failed = sent.saturating_sub(packets.within(self.within_ms));
        let share = |n: u64| if sent == 0 { 0.0 } else { n as f64 / sent as f64 };
        Budget { sent, failed, kept: (sent > 0).then(|| 1.0 - share(failed)), spent: share(failed) / (1.0 - self.share) }
    }

    /// How much of the budget was spent by the end of each interval: beginnings and shares, of
    /// what may fail in all of them.
    pub fn course<'a>(&self, intervals: impl Iterator<Item = (i64, &'a Histogram)> + Clone) -> Vec<(i64, f64)> {
        let sent: u64 = intervals.clone().map(|(_, it)| it.count().saturating_add(it.lost())).sum();
        let may = sent as f64 * (1.0 - self.share);
        let mut failed = 0;
        let point = |(at, it): (i64, &Histogram)| {
            failed += self.budget(it).failed;
            (at, if may > 0.0 { failed as f64 / may } else { 0.0 })
        };
        intervals.map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OBJECTIVE: Objective = Objective { within_ms: 20.0, share: 0.99 };

    fn packets(fast: u64, slow: u64, lost: u64) -> Histogram {
        let mut all = Histogram::default();
        all.record_many(10.0, fast);
        all.record_many(40.0, slow);
        all.record_losses(lost);
        all
    }

    #[test]
    fn what_is_late_and_what_is_lost_is_spent() {
        let check = |fast: u64, slow: u64, lost: u64, spent: f64| {
            let found = OBJECTIVE.budget(&packets(fast, slow, lost));
            assert!((found.spent - spent).abs() < 1e-9, "{found:?}");
            assert_eq!((found.sent, found.failed), (fast + slow + lost, slow + lost));
        };
        check(1000, 0, 0, 0.0);
        check(995, 3, 2, 0.5);
        check(980, 10, 10, 2.0);
        assert_eq!(OBJECTIVE.budget(&Histogram::default()), Budget::default());
    }

    #[test]
    fn the_course_ends_where_the_budget_is() {
        let (a, b) = (packets(100, 1, 0), packets(99, 0, 0));
        let course = OBJECTIVE.course([(0, &a), (3600, &b)].into_iter());
        let rounded: Vec<(i64, f64)> = course.iter().map(|(at, share)| (*at, (share * 1e9).round() / 1e9)).collect();
        assert_eq!(rounded, [(0, 0.5), (3600, 0.5)]);
        assert_eq!(OBJECTIVE.course(std::iter::empty()), []);
    }

    proptest! {
        #[test]
        fn slower_goals_and_smaller_shares_are_easier(
            values in prop::collection::vec(0.5f64..200.0, 1..100), lost in 0u64..20, within in 1.0f64..100.0, share in 0.5f64..0.999,
        ) {
            let mut all = Histogram::default();
            values.iter().for_each(|ms| all.record(*ms));
            all.record_losses(lost);
            let objective = |within_ms: f64, share: f64| Objective { within_ms, share };
            let hard = objective(within, share).budget(&all);
            prop_assert!(objective(within * 1.5, share).budget(&all).spent <= hard.spent);
            prop_assert!(objective(within, share * 0.9).budget(&all).spent <= hard.spent);
            let course = objective(within, share).course([(0, &all)].into_iter());
            prop_assert!((course[0].1 - hard.spent).abs() < 1e-9);
        }
    }
}
