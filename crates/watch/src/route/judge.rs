//! What the routes of one prefix show.

use super::{
    Evidence, Expectation, Key, Kind,
    path::{self, Leak},
    table::{Entry, Held, Vantages},
    weigh,
};
use peerage_domain::{
    Asn, Prefix,
    rpki::{OriginState, Vrps},
};
use std::collections::BTreeMap;

/// By how many ASNs a path has to grow to be worth telling.
const GROWTH: usize = 2;
/// Fewer vantage points say nothing about shares.
pub(super) const FEW: usize = 4;

/// A prefix at the end of an instant.
pub(super) struct Scene<'a> {
    pub(super) prefix: Prefix,
    pub(super) expected: &'a Expectation,
    pub(super) held: &'a Held,
    pub(super) vantages: &'a Vantages,
    pub(super) vrps: &'a Vrps,
}

impl<'a> Scene<'a> {
    /// Everything that is found at the end of the instant.
    pub(super) fn judge(&self) -> BTreeMap<Key, Evidence> {
        let mut found = self.of_routes(self.held.iter().filter(|entry| entry.here));
        let taken = found.keys().any(|(kind, _)| matches!(kind, Kind::OriginChange | Kind::SubPrefix));
        // Where somebody else has taken the prefix, that is why it is seen less or further away.
        if self.prefix == self.expected.prefix && !taken {
            found.extend(self.lost().or_else(|| self.grown()));
        }
        found
    }

    /// What was there within the instant, though not at its end.
    pub(super) fn judge_brief(&self) -> BTreeMap<Key, Evidence> {
        match self.held.brief() {
            [] => BTreeMap::new(),
            brief => self.of_routes(self.held.iter().filter(|entry| entry.here).chain(brief)),
        }
    }

    fn of_routes(&self, entries: impl Iterator<Item = &'a Entry>) -> BTreeMap<Key, Evidence> {
        let mut groups: BTreeMap<Key, (Option<Asn>, Vec<&Entry>)> = BTreeMap::new();
        for entry in entries {
            let origin = entry.route.origin();
            for key in self.of_route(entry) {
                groups.entry(key).or_insert((origin, vec![])).1.push(entry);
            }
        }
        let evident = |((kind, by), (origin, entries)): (Key, (Option<Asn>, Vec<&Entry>))| {
            let reasons = weigh::Weigh { scene: self, by, origin, entries: &entries }.reasons(kind);
            ((kind, by), self.evidence(origin, &entries, reasons))
        };
        groups.into_iter().map(evident).collect()
    }

    fn evidence(&self, origin: Option<Asn>, entries: &[&Entry], reasons: Vec<super::Reason>) -> Evidence {
        let mut seen: Vec<_> = entries.iter().map(|entry| (self.vantages.get(entry.vantage).clone(), entry.route.clone())).collect();
        seen.sort();
        seen.dedup();
        Evidence { origin, seen, reasons }
    }

    /// What a single route shows.
    fn of_route(&self, entry: &Entry) -> Vec<Key> {
        let (route, expected) = (&entry.route, self.expected);
        let origin = route.origin();
        if !origin.is_some_and(|origin| expected.origins.contains(&origin)) {
            let kind = if self.prefix == expected.prefix { Kind::OriginChange } else { Kind::SubPrefix };
            return vec![(kind, origin)];
        }
        let mut keys = vec![];
        let longer = self.prefix.length() > expected.longest();
        if longer {
            keys.push((Kind::MoreSpecific, origin));
        }
        if self.vrps.validate(self.prefix, origin) == OriginState::Invalid {
            keys.push((Kind::RpkiInvalid, origin));
        }
        let neighbour = path::neighbour(route);
        let strange = self.strange(neighbour);
        match path::leak(route).map(Leak::by).or_else(|| self.detour(entry, longer)) {
            Some(by) => keys.push((Kind::RouteLeak, Some(by))),
            None if strange => keys.push((Kind::ForgedOrigin, neighbour)),
            None => {}
        }
        keys
    }

    /// Whether an AS is not among those that are known to stand next to the origin. Learned ones
    /// are not all: a new provider that buys from nobody is believed.
    fn strange(&self, neighbour: Option<Asn>) -> bool {
        let (Some(known), Some(neighbour)) = (&self.expected.upstreams, neighbour) else { return false };
        let believed = self.expected.learned && path::transit_free(neighbour);
        !believed && !known.contains(&neighbour)
    }

    /// A part that is longer than expected and comes by a detour over networks that are not known
    /// to be next to the origin: what a leaking customer of two providers, or a route optimiser
    /// behind one, looks like from outside.
    fn detour(&self, entry: &Entry, longer: bool) -> Option<Asn> {
        let known = self.expected.upstreams.as_ref();
        let neighbour = path::neighbour(&entry.route)?;
        let unknown = known.is_none_or(|known| !known.contains(&neighbour));
        (longer && unknown).then(|| path::detour(&entry.route)).flatten().map(|(by, _)| by)
    }

    fn rightful(&self) -> Vec<&'a Entry> {
        self.held.iter().filter(|entry| entry.rightful).collect()
    }

    /// Gone everywhere, or at more than half.
    fn lost(&self) -> Option<(Key, Evidence)> {
        let had = self.rightful();
        let gone: Vec<&Entry> = had.iter().copied().filter(|entry| !entry.here).collect();
        let kind = match (had.len() - gone.len(), had.len()) {
            (_, 0) => return None,
            (0, _) => Kind::Withdrawal,
            (left, all) if all >= FEW && left * 2 < all => Kind::VisibilityLoss,
            _ => return None,
        };
        let reasons = weigh::lost(kind, gone.len(), had.len());
        Some(((kind, None), self.evidence(None, &gone, reasons)))
    }

    /// Longer than it was, at half of the vantage points or more.
    fn grown(&self) -> Option<(Key, Evidence)> {
        let here: Vec<&Entry> = self.rightful().into_iter().filter(|entry| entry.here).collect();
        let longer = |entry: &&Entry| entry.route.path.len() >= usize::from(entry.shortest) + GROWTH;
        let grown: Vec<&Entry> = here.iter().copied().filter(longer).collect();
        let enough = grown.len() * 2 >= here.len() && grown.len() >= if here.len() >= FEW { 2 } else { 1 };
        enough.then(|| {
            let reasons = weigh::grown(&grown, here.len());
            ((Kind::PathChange, None), self.evidence(grown[0].route.origin(), &grown, reasons))
        })
    }
}
