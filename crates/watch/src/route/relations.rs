//! Who buys transit from whom, told from paths.
//!
//! Behind the last network of a path that buys from nobody, everybody buys from the one before;
//! before the first such network, everybody buys from the one behind (the valley-free rule of
//! L. Gao, “On inferring autonomous system relationships in the Internet”, 2001). One forged path
//! would turn this around: so a pair is believed when two vantage points show it, each in paths to
//! two origins, and none shows the opposite as often.

use super::path::transit_free;
use peerage_domain::{Asn, sighting::SeenRoute};
use std::collections::{BTreeSet, HashMap, HashSet};

/// So many vantage points, and origins, have to show it.
const WITNESSES: usize = 2;

/// A provider and its customer.
type Pair = (Asn, Asn);

/// Who is known to buy from whom.
#[derive(Clone, Debug, Default)]
pub struct Relations(HashSet<Pair, foldhash::fast::RandomState>);

impl Relations {
    /// Whether one sells transit to the other.
    pub(super) fn sells(&self, provider: Asn, customer: Asn) -> bool {
        let top = transit_free(provider) && !transit_free(customer);
        top || (!transit_free(customer) && self.0.contains(&(provider, customer)))
    }

    /// How many pairs are known.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What paths say of pairs, by vantage point and origin; a few of each are enough.
#[derive(Default)]
pub(super) struct Votes(HashMap<Pair, BTreeSet<(u32, Asn)>, foldhash::fast::RandomState>);

impl Votes {
    /// Takes the path that a vantage point has.
    pub(super) fn take(&mut self, vantage: u32, route: &SeenRoute) {
        const ENOUGH: usize = 16;
        let ases = route.ases();
        let tops = || (0..ases.len()).filter(|at| transit_free(ases[*at]));
        let (Some(first), Some(last), Some(origin)) = (tops().next(), tops().next_back(), ases.last()) else { return };
        let up = ases[..=first].windows(2).map(|pair| (pair[1], pair[0]));
        let down = ases[last..].windows(2).map(|pair| (pair[0], pair[1]));
        for pair in up.chain(down).filter(|(provider, _)| !transit_free(*provider)) {
            let votes = self.0.entry(pair).or_default();
            if votes.len() < ENOUGH {
                votes.insert((vantage, *origin));
            }
        }
    }

    /// What is believed by now.
    pub(super) fn finish(&self) -> Relations {
        let weight = |pair: &Pair| self.0.get(pair).map_or(0, BTreeSet::len);
        let shown = |votes: &BTreeSet<(u32, Asn)>| {
            let vantages: BTreeSet<u32> = votes.iter().map(|(vantage, _)| *vantage).collect();
            let often = |vantage: &u32| votes.iter().filter(|(who, _)| who == vantage).count() >= WITNESSES;
            vantages.iter().filter(|vantage| often(vantage)).count() >= WITNESSES
        };
        let known = self.0.iter().filter(|((a, b), votes)| shown(votes) && votes.len() > 2 * weight(&(*b, *a)));
        Relations(known.map(|(pair, _)| *pair).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::sighting::Hop;

    fn learned(paths: &[&str]) -> Relations {
        let mut votes = Votes::default();
        for path in paths {
            let path = Hop::path(path);
            let vantage = path.first().and_then(Hop::asn).map_or(0, |asn| asn.0);
            votes.take(vantage, &SeenRoute { path, only_to_customer: None });
        }
        votes.finish()
    }

    #[test]
    fn a_pair_is_believed_when_two_vantage_points_show_it_in_paths_to_two_origins() {
        let shown = ["20 1299 9002 51", "20 1299 9002 9121 52", "20 1299 9002 9121 53", "21 3356 9002 9121 52", "21 3356 9002 9121 53"];
        let check = |paths: &[&str], provider: u32, customer: u32, expected: bool| {
            assert_eq!(learned(paths).sells(Asn(provider), Asn(customer)), expected, "{provider} {customer} {paths:?}");
        };
        check(&shown, 9002, 9121, true);
        check(&shown, 9121, 9002, false);
        check(&shown[..3], 9002, 9121, false);
        check(&shown, 9121, 52, false);
        check(&shown, 1299, 9002, true);
        check(&[], 1299, 3356, false);
        // As many say the opposite.
        let against = ["22 174 9121 9002 60", "22 174 9121 9002 61", "23 174 9121 9002 60", "23 174 9121 9002 61"];
        check(&[&shown[..], &against].concat(), 9002, 9121, false);
    }
}
