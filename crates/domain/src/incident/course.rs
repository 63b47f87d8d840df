//! What each vantage point had of a prefix over a time: the lanes of a path ribbon, and the share
//! of vantage points that had a route.

use crate::{
    Timestamp,
    sighting::{Had, Hop, RouteChange},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A path that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathSeen {
    /// Nearest AS first.
    pub hops: Vec<Hop>,
    /// Whether it is part of what happened.
    pub bad: bool,
}

/// What a vantage point had for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A path, by its place among the paths.
    Path(usize),
    /// No route.
    Nothing,
    /// It is not known.
    Unknown,
}

/// A part of a lane, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its beginning.
    pub from: i64,
    /// Its end.
    pub to: i64,
    /// What there was.
    pub what: What,
}

/// What one vantage point had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Its name.
    pub vantage: String,
    /// What it had, without gaps, in the order of time.
    pub stretches: Vec<Stretch>,
}

/// How many vantage points had a route from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Those that had one.
    pub here: u32,
    /// Those of which it is known whether they had one.
    pub all: u32,
}

/// What was seen of a prefix over a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// Its beginning, in milliseconds since 1970.
    pub from: i64,
    /// Its end.
    pub to: i64,
    /// The paths, most used first.
    pub paths: Vec<PathSeen>,
    /// A lane a vantage point: first those that had what happened, then by name.
    pub lanes: Vec<Lane>,
    /// Changes of the share, in the order of time.
    pub shares: Vec<Share>,
}

impl Course {
    /// The course between two moments. `changes` are in the order of time; one from before the
    /// beginning says what there was at it. `is_bad` tells paths that are part of what happened.
    pub fn of(changes: &[RouteChange], from: Timestamp, to: Timestamp, is_bad: impl Fn(&[Hop]) -> bool) -> Course {
        let (from, to) = (from.millis(), to.millis().max(from.millis() + 1));
        let mut lanes: BTreeMap<String, Vec<(i64, &Had)>> = BTreeMap::new();
        for change in changes.iter().filter(|change| change.at.millis() < to) {
            lanes.entry(change.vantage.to_string()).or_default().push((change.at.millis().max(from), &change.had));
        }
        let mut used: BTreeMap<&[Hop], i64> = BTreeMap::new();
        for lane in lanes.values() {
            for (at, (begins, had)) in lane.iter().enumerate() {
                let ends = lane.get(at + 1).map_or(to, |next| next.0);
                if let Had::Route(route) = had {
                    *used.entry(&route.path).or_default() += ends - begins;
                }
            }
        }
        let mut order: Vec<(&[Hop], i64)> = used.into_iter().collect();
        order.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let index: BTreeMap<&[Hop], usize> = order.iter().enumerate().map(|(at, (path, _))| (*path, at)).collect();
        let paths: Vec<PathSeen> = order.iter().map(|(path, _)| PathSeen { hops: path.to_vec(), bad: is_bad(path) }).collect();
        let shares = shares(&lanes, from);
        let mut lanes: Vec<Lane> =
            lanes.into_iter().map(|(vantage, lane)| Lane { vantage, stretches: stretches(&lane, from, to, &index) }).collect();
        let is_odd = |lane: &Lane| lane.stretches.iter().any(|it| matches!(it.what, What::Path(at) if paths[at].bad));
        lanes.sort_by_key(|lane| (!is_odd(lane), lane.vantage.clone()));
        Course { from, to, paths, lanes, shares }
    }

    /// What most vantage points had and what fewest did, as shares of those of which it is known.
    pub fn range(&self) -> Option<(f64, f64)> {
        let shares = || self.shares.iter().filter(|it| it.all > 0).map(|it| f64::from(it.here) / f64::from(it.all));
        let (low, high) = (shares().reduce(f64::min)?, shares().reduce(f64::max)?);
        Some((low, high))
    }
}

/// A lane without gaps: what was before the first change is not known.
fn stretches(lane: &[(i64, &Had)], from: i64, to: i64, index: &BTreeMap<&[Hop], usize>) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = vec![];
    let mut add = |begins: i64, ends: i64, what: What| match all.last_mut() {
        _ if ends <= begins => {}
        Some(last) if last.what == what => last.to = ends,
        _ => all.push(Stretch { from: begins, to: ends, what }),
    };
    add(from, lane.first().map_or(to, |first| first.0), What::Unknown);
    for (at, (begins, had)) in lane.iter().enumerate() {
        let what = match had {
            Had::Route(route) => index.get(route.path.as_slice()).map_or(What::Unknown, |at| What::Path(*at)),
            Had::Nothing => What::Nothing,
            Had::Unknown => What::Unknown,
        };
        add(*begins, lane.get(at + 1).map_or(to, |next| next.0), what);
    }
    all
}

fn shares(lanes: &BTreeMap<String, Vec<(i64, &Had)>>, from: i64) -> Vec<Share> {
    let mut steps: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    let weight = |had: Option<&Had>| match had {
        Some(Had::Route(_)) => (1, 1),
        Some(Had::Nothing) => (0, 1),
        Some(Had::Unknown) | None => (0, 0),
    };
    for lane in lanes.values() {
        let mut before = None;
        for (at, had) in lane {
            let (was, is) = (weight(before), weight(Some(had)));
            let step = steps.entry(*at).or_default();
            *step = (step.0 + is.0 - was.0, step.1 + is.1 - was.1);
            before = Some(had);
        }
    }
    let (mut here, mut all) = (0, 0);
    let mut shares: Vec<Share> = vec![];
    for (at, (more, known)) in steps {
        (here, all) = (here + more, all + known);
        let now = Share { at: at.max(from), here: u32::try_from(here).unwrap_or(0), all: u32::try_from(all).unwrap_or(0) };
        if shares.last().is_none_or(|last| (last.here, last.all) != (now.here, now.all)) {
            shares.push(now);
        }
    }
    hush(&mut shares);
    shares
}

/// Once most vantage points are not heard of any more, as at the end of a replay, the few that are
/// left say nothing of all.
fn hush(shares: &mut Vec<Share>) {
    let mut most = 0;
    for share in &mut *shares {
        most = most.max(share.all);
        if share.all * 2 < most {
            (share.here, share.all) = (0, 0);
        }
    }
    shares.dedup_by_key(|share| (share.here, share.all));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Asn,
        sighting::{SeenRoute, Vantage},
    };
    use proptest::prelude::*;

    fn change(at: i64, who: u32, had: Had) -> RouteChange {
        let vantage = Vantage { source: "test".into(), asn: Asn(who), peer: String::new(), tells_withdrawals: true };
        RouteChange { prefix: "193.0.0.0/21".parse().expect("prefix"), vantage, at: Timestamp::from_millis(at), had, shortest: None }
    }

    fn route(path: &str) -> Had {
        Had::Route(SeenRoute { path: Hop::path(path), only_to_customer: None })
    }

    #[test]
    fn lanes_have_no_gaps_and_the_share_counts_who_is_known() {
        let changes = [
            change(5, 1, route("1 2 3")),
            change(8, 2, route("2 3")),
            change(20, 1, route("1 9")),
            change(30, 2, Had::Nothing),
            change(40, 1, Had::Unknown),
        ];
        let course = Course::of(&changes, Timestamp::from_millis(10), Timestamp::from_millis(50), |path| {
            path.len() == 2 && path[1] == Hop::Asn(Asn(9))
        });
        let paths: Vec<(String, bool)> = course.paths.iter().map(|it| (format!("{:?}", it.hops.len()), it.bad)).collect();
        assert_eq!(paths, [("2".to_owned(), true), ("2".to_owned(), false), ("3".to_owned(), false)], "most used first");
        let lane: Vec<_> = course.lanes[0].stretches.iter().map(|it| (it.from, it.to, it.what)).collect();
        assert_eq!(lane, [(10, 20, What::Path(2)), (20, 40, What::Path(0)), (40, 50, What::Unknown)]);
        let shares: Vec<_> = course.shares.iter().map(|it| (it.at, it.here, it.all)).collect();
        assert_eq!(shares, [(10, 2, 2), (30, 1, 2), (40, 0, 1)]);
        assert_eq!(course.range(), Some((0.0, 1.0)));
    }

    #[test]
    fn the_few_that_are_left_when_all_others_are_gone_say_nothing_of_all() {
        let mut changes: Vec<RouteChange> = (1..=5).map(|who| change(0, who, route("1 2"))).collect();
        changes.push(change(10, 1, Had::Nothing));
        changes.extend((2..=5).map(|who| change(20, who, Had::Unknown)));
        let course = Course::of(&changes, Timestamp::from_millis(0), Timestamp::from_millis(50), |_| false);
        let shares: Vec<_> = course.shares.iter().map(|it| (it.at, it.here, it.all)).collect();
        assert_eq!(shares, [(0, 5, 5), (10, 4, 5), (20, 0, 0)]);
        assert_eq!(course.range(), Some((0.8, 1.0)));
    }

    proptest! {
        #[test]
        fn every_lane_fills_the_whole_time(all in prop::collection::vec((0i64..100, 0u32..4, 0u8..4), 0..40), from in 0i64..60, span in 1i64..60) {
            let mut changes: Vec<RouteChange> = all.into_iter().map(|(at, who, what)| change(at, who, match what {
                0 => Had::Nothing,
                1 => Had::Unknown,
                n => route(&format!("{who} {n}")),
            })).collect();
            changes.sort_by_key(|it| it.at);
            let course = Course::of(&changes, Timestamp::from_millis(from), Timestamp::from_millis(from + span), |_| false);
            for lane in &course.lanes {
                prop_assert_eq!(lane.stretches.first().map(|it| it.from), Some(from));
                prop_assert_eq!(lane.stretches.last().map(|it| it.to), Some(from + span));
                prop_assert!(lane.stretches.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].what != pair[1].what));
            }
            prop_assert!(course.shares.iter().all(|it| it.here <= it.all && it.all as usize <= course.lanes.len()));
        }
    }
}
