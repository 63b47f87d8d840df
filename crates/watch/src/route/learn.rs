//! What is expected, learned from a quiet period.
//!
//! Who announces something forged while it is learned wants it believed later. So an origin or a
//! neighbour is learned only when it was there for a tenth of the time in which the prefix was
//! seen, in all and, where four vantage points see the prefix, at two of them by themselves; and a
//! prefix only when it was there for a tenth of the period. Neighbours of an origin that prefixes
//! with four vantage points tell are those of all its prefixes.

use super::{Asns, Expectation, Expectations, Relations, Terms, path, relations::Votes, table::Vantages};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    sighting::{SeenRoute, Sight, Sighting},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// Share of the time that something has to be there: one part in so many.
const SHARE: i64 = 10;
/// From so many vantage points on, one alone is not believed.
const FEW: usize = 4;

/// For how long something was seen, in milliseconds, by vantage point.
#[derive(Default)]
struct Presence(BTreeMap<u32, i64>);

impl Presence {
    fn add(&mut self, vantage: u32, ms: i64) {
        *self.0.entry(vantage).or_default() += ms;
    }

    fn total(&self) -> i64 {
        self.0.values().sum()
    }

    /// Whether this is enough of a whole to be believed: in all, and at vantage points by themselves.
    fn is_share_of(&self, whole: &Presence) -> bool {
        let share = |part: i64, of: i64| part * SHARE >= of;
        let lasting = self.0.iter().filter(|(vantage, ms)| whole.0.get(vantage).is_some_and(|of| share(**ms, *of))).count();
        share(self.total(), whole.total()) && lasting >= if whole.0.len() < FEW { 1 } else { 2 }
    }
}

#[derive(Default)]
struct Past {
    now: HashMap<u32, (Timestamp, Arc<SeenRoute>)>,
    origins: BTreeMap<Asn, Presence>,
    neighbours: BTreeMap<Asn, Presence>,
    whole: Presence,
}

impl Past {
    /// What a vantage point has ends, or is told again.
    fn end(&mut self, vantage: u32, at: Timestamp) {
        let Some((since, route)) = self.now.remove(&vantage) else { return };
        // What is gone within the instant was there all the same.
        let ms = (at.millis() - since.millis()).max(1);
        self.whole.add(vantage, ms);
        for origin in route.origins() {
            self.origins.entry(*origin).or_default().add(vantage, ms);
        }
        if let Some(neighbour) = path::neighbour(&route) {
            self.neighbours.entry(neighbour).or_default().add(vantage, ms);
        }
    }

    fn end_all(&mut self, at: Timestamp) {
        let all: Vec<u32> = self.now.keys().copied().collect();
        all.into_iter().for_each(|vantage| self.end(vantage, at));
    }

    fn believed(&self, of: &BTreeMap<Asn, Presence>) -> impl Iterator<Item = Asn> {
        of.iter().filter(|(_, presence)| presence.is_share_of(&self.whole)).map(|(asn, _)| *asn)
    }
}

/// Learns from sightings, in the order of time.
#[derive(Default)]
pub struct Learner {
    vantages: Vantages,
    past: BTreeMap<Prefix, Past>,
    votes: Votes,
    period: Option<(Timestamp, Timestamp)>,
}

impl Learner {
    /// Takes a sighting.
    pub fn take(&mut self, sighting: Sighting) {
        let at = sighting.at;
        let period = self.period.get_or_insert((at, at));
        period.1 = period.1.max(at);
        let vantage = self.vantages.number(&sighting.vantage);
        match sighting.sight {
            Sight::Announced(prefix, route) => {
                let past = self.past.entry(prefix).or_default();
                past.end(vantage, at);
                let route = route.told_by(&sighting.vantage);
                self.votes.take(vantage, &route);
                past.now.insert(vantage, (at, route));
            }
            Sight::Withdrawn(prefix) => {
                if let Some(past) = self.past.get_mut(&prefix) {
                    past.end(vantage, at);
                }
            }
            Sight::WithdrawnEverywhere(prefix) => {
                if let Some(past) = self.past.get_mut(&prefix) {
                    past.end_all(at);
                }
            }
            Sight::Lost => self.past.values_mut().for_each(|past| past.end(vantage, at)),
            Sight::Silent(_) => {}
        }
    }

    /// What was learned: what is expected of prefixes, and who buys transit from whom.
    pub fn finish(self) -> (Expectations, Relations) {
        let relations = self.votes.finish();
        let mut all = Expectations::default();
        let Some((from, to)) = self.period else { return (all, relations) };
        let period = to.millis() - from.millis();
        let mut learned = vec![];
        // Who stands next to an origin does so for any of its prefixes.
        let mut around: BTreeMap<Asn, BTreeSet<Asn>> = BTreeMap::new();
        for (prefix, mut past) in self.past {
            past.end_all(to);
            let longest = past.whole.0.values().copied().max().unwrap_or_default();
            let origins: Vec<Asn> = past.believed(&past.origins).collect();
            if longest * SHARE < period || origins.is_empty() {
                continue;
            }
            let neighbours: Vec<Asn> = past.believed(&past.neighbours).collect();
            if past.whole.0.len() >= FEW {
                origins.iter().for_each(|origin| around.entry(*origin).or_default().extend(&neighbours));
            }
            learned.push((prefix, origins, neighbours));
        }
        for (prefix, origins, neighbours) in learned {
            let around = origins.iter().filter_map(|origin| around.get(origin)).flatten().copied();
            let upstreams = Some(around.chain(neighbours).collect::<Asns>()).filter(|all| !all.is_empty());
            all.insert(Expectation::of(prefix, Terms { origins: origins.into(), upstreams, learned: true, ..Terms::default() }));
        }
        (all, relations)
    }
}
