//! What the routes of one prefix show.

use super::{
    Evidence, Expectation, Key, Kind, Reason, Relations, Terms,
    path::{self, Facts},
    table::{Entry, Faults, Held, Shown, Vantages},
    weigh,
};
use peerage_domain::{
    Asn, Prefix,
    route_objects::RouteObjects,
    rpki::{OriginState, Vrps},
    sighting::SeenRoute,
};
use std::{collections::BTreeMap, sync::Arc};

/// By how many ASNs a path has to grow to be worth telling.
pub(super) const GROWTH: usize = 2;
/// Fewer vantage points say nothing about shares.
pub(super) const FEW: usize = 4;

/// What a single route shows by itself; with what is expected of a prefix of some length that
/// covers its own.
pub(super) fn show(prefix: Prefix, (expected, length): (&Terms, u8), vrps: &Vrps, route: Arc<SeenRoute>, facts: &Facts) -> Shown {
    let (origin, origins) = (facts.origin, route.origins());
    if origins.is_empty() || !origins.iter().all(|origin| expected.origins.contains(origin)) {
        let kind = if prefix.length() == length { Kind::OriginChange } else { Kind::SubPrefix };
        return Shown { route, faults: Some(Box::new(Faults(vec![(kind, origin)]))) };
    }
    let mut keys = vec![];
    // Who may originate it by exception may originate parts of any length.
    let guest = origin.is_some_and(|origin| expected.guests.contains(&origin));
    let longer = prefix.length() > expected.max_length.unwrap_or(length) && !guest;
    if longer {
        keys.push((Kind::MoreSpecific, origin));
    }
    if !vrps.is_empty() && vrps.validate(prefix, origin) == OriginState::Invalid {
        keys.push((Kind::RpkiInvalid, origin));
    }
    match facts.leak.map(|leak| leak.by()).or_else(|| detour(expected, &route, facts, longer)) {
        Some(by) => keys.push((Kind::RouteLeak, Some(by))),
        None if is_strange(expected, facts) => keys.push((Kind::ForgedOrigin, facts.neighbour)),
        None => {}
    }
    Shown { route, faults: (!keys.is_empty()).then(|| Box::new(Faults(keys))) }
}

/// Whether an AS is not among those that are known to stand next to the origin. Learned ones are
/// not all: a new provider that buys from nobody is believed. Where one of them originates it
/// itself, who stands next to it is not known.
fn is_strange(expected: &Terms, facts: &Facts) -> bool {
    let (Some(known), Some(neighbour)) = (&expected.upstreams, facts.neighbour) else { return false };
    if facts.origin.is_some_and(|origin| known.contains(&origin) || expected.guests.contains(&origin)) {
        return false;
    }
    let believed = expected.learned && path::transit_free(neighbour);
    !believed && !known.contains(&neighbour)
}

/// A part that is longer than expected and comes by a detour over networks that are not known to
/// be next to the origin: what a leaking customer of two providers, or a route optimiser behind
/// one, looks like from outside.
fn detour(expected: &Terms, route: &SeenRoute, facts: &Facts, longer: bool) -> Option<Asn> {
    let neighbour = facts.neighbour.filter(|_| longer)?;
    let unknown = expected.upstreams.as_ref().is_none_or(|known| !known.contains(&neighbour));
    unknown.then(|| path::detour(route)).flatten().map(|(by, _)| by)
}

/// A prefix at the end of an instant.
pub(super) struct Scene<'a> {
    pub(super) prefix: Prefix,
    pub(super) expected: &'a Expectation,
    pub(super) held: &'a Held,
    pub(super) vantages: &'a Vantages,
    pub(super) vrps: &'a Vrps,
    pub(super) objects: &'a RouteObjects,
    pub(super) relations: &'a Relations,
}

impl<'a> Scene<'a> {
    /// Everything that is found at the end of the instant.
    pub(super) fn judge(&self) -> BTreeMap<Key, Evidence> {
        let mut found = self.of_routes(self.held.iter().filter(|entry| entry.is_here()));
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
            brief => self.of_routes(self.held.iter().filter(|entry| entry.is_here()).chain(brief)),
        }
    }

    fn of_routes(&self, entries: impl Iterator<Item = &'a Entry>) -> BTreeMap<Key, Evidence> {
        let mut groups: BTreeMap<Key, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            for key in entry.faults() {
                groups.entry(*key).or_default().push(entry);
            }
        }
        let evident = |((kind, by), entries): (Key, Vec<&Entry>)| {
            let origin = entries[0].route.origin();
            let reasons = weigh::Weigh { scene: self, by, origin, entries: &entries }.reasons(kind);
            ((kind, by), self.evidence(origin, &entries, reasons))
        };
        groups.into_iter().map(evident).collect()
    }

    fn evidence(&self, origin: Option<Asn>, entries: &[&Entry], reasons: Vec<Reason>) -> Evidence {
        let seen = |entry: &&Entry| (self.vantages.get(entry.vantage()).clone(), entry.route.clone());
        let mut seen: Vec<_> = entries.iter().map(seen).collect();
        seen.sort();
        seen.dedup();
        Evidence { origin, seen, reasons }
    }

    /// What vantage points have or had with an origin that is expected. Silent ones do not count
    /// while there are others.
    fn rightful(&self) -> impl Iterator<Item = &Entry> {
        let heard = |entry: &Entry| !self.vantages.is_silent(entry.vantage());
        let some = self.held.iter().any(|entry| entry.ever_rightful() && heard(entry));
        self.held.iter().filter(move |entry| entry.ever_rightful() && (heard(entry) || !some))
    }

    /// Gone everywhere, or at more than half.
    fn lost(&self) -> Option<(Key, Evidence)> {
        let had = self.rightful();
        let (all, gone) = had.fold((0, 0), |(all, gone), entry| (all + 1, gone + usize::from(!entry.is_here())));
        let kind = match all - gone {
            _ if all == 0 => return None,
            0 => Kind::Withdrawal,
            left if all >= FEW && left * 2 < all => Kind::VisibilityLoss,
            _ => return None,
        };
        let gone: Vec<&Entry> = self.rightful().filter(|entry| !entry.is_here()).collect();
        Some(((kind, None), self.evidence(None, &gone, weigh::lost(kind, gone.len(), all))))
    }

    /// Longer than it was, at half of the vantage points or more. What is longer because it is
    /// leaked or made up is told as that.
    fn grown(&self) -> Option<(Key, Evidence)> {
        let odd = |(kind, _): &Key| matches!(kind, Kind::RouteLeak | Kind::ForgedOrigin);
        let told = |entry: &Entry| entry.faults().any(odd);
        let longer = |entry: &&Entry| entry.growth() >= GROWTH && !told(entry);
        let here = self.rightful().filter(|entry| entry.is_here());
        let (all, grown) = here.fold((0, 0), |(all, grown), entry| (all + 1, grown + usize::from(longer(&entry))));
        let enough = grown * 2 >= all && grown >= if all >= FEW { 2 } else { 1 };
        enough.then(|| {
            let grown: Vec<&Entry> = self.rightful().filter(longer).collect();
            ((Kind::PathChange, None), self.evidence(grown[0].route.origin(), &grown, weigh::grown(&grown, all)))
        })
    }
}
