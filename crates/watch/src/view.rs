//! The routes of every session, by prefix.

use ipnet::IpNet;
use peerage_domain::{Prefix, service::Announcement};
use prefix_trie::joint::JointPrefixMap;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// What is known of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    number: u32,
    heard: bool,
}

/// The routes that sessions announce. The same facts make the same view, in whatever order they
/// come.
#[derive(Clone, Default)]
pub struct View {
    slots: HashMap<String, Slot>,
    routes: JointPrefixMap<IpNet, Vec<(u32, Arc<Announcement>)>>,
}

impl View {
    fn slot(&mut self, session: &str) -> &mut Slot {
        let number = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        if !self.slots.contains_key(session) {
            self.slots.insert(session.to_owned(), Slot { number, heard: false });
        }
        self.slots.entry(session.to_owned()).or_insert(Slot { number, heard: false })
    }

    /// Takes over everything that a session announces now; gives the prefixes whose route changed.
    pub fn replace(&mut self, session: &str, routes: impl IntoIterator<Item = (Prefix, Announcement)>) -> Vec<Prefix> {
        let slot = self.slot(session);
        slot.heard = true;
        let number = slot.number;
        let mut same: HashSet<Arc<Announcement>> = HashSet::new();
        let mut now: HashMap<Prefix, Arc<Announcement>> = HashMap::new();
        for (prefix, route) in routes {
            // Most routes of a session differ by their prefix alone.
            let shared = same.get(&route).cloned().unwrap_or_else(|| {
                let shared = Arc::new(route);
                same.insert(shared.clone());
                shared
            });
            now.insert(prefix, shared);
        }
        let mut changed: Vec<Prefix> = self.of(number).filter(|prefix| !now.contains_key(prefix)).collect();
        for prefix in &changed {
            self.remove(number, *prefix);
        }
        for (prefix, route) in now {
            if self.insert(number, prefix, route) {
                changed.push(prefix);
            }
        }
        changed.sort();
        changed
    }

    /// Takes over one route of a session, or that it is gone; tells whether that is news.
    pub fn update(&mut self, session: &str, prefix: Prefix, route: Option<Announcement>) -> bool {
        let number = self.slot(session).number;
        match route {
            Some(route) => self.insert(number, prefix, Arc::new(route)),
            None => self.remove(number, prefix),
        }
    }

    /// The router of a session does not tell any more; what it told last stays.
    pub fn silence(&mut self, session: &str) {
        self.slot(session).heard = false;
    }

    /// Whether it is known what a session announces.
    pub fn is_heard(&self, session: &str) -> bool {
        self.slots.get(session).is_some_and(|slot| slot.heard)
    }

    /// The route of a session to exactly this prefix.
    pub fn route(&self, session: &str, prefix: Prefix) -> Option<&Announcement> {
        let number = self.slots.get(session)?.number;
        find(self.routes.get(&prefix.net())?, number)
    }

    /// How many routes there are, each as often as it is announced.
    pub fn len(&self) -> usize {
        self.routes.values().map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// The prefixes that a session announces with this origin, in order.
    pub fn originated(&self, session: &str, origin: peerage_domain::Asn) -> Vec<Prefix> {
        let Some(slot) = self.slots.get(session) else { return vec![] };
        let by = |(net, all): (IpNet, &Vec<(u32, Arc<Announcement>)>)| {
            (find(all, slot.number)?.origin == Some(origin)).then(|| Prefix::covering(net))
        };
        let mut found: Vec<Prefix> = self.routes.iter().filter_map(by).collect();
        found.sort();
        found
    }

    fn of(&self, number: u32) -> impl Iterator<Item = Prefix> {
        self.routes.iter().filter(move |(_, all)| find(all, number).is_some()).map(|(net, _)| Prefix::covering(net))
    }

    fn insert(&mut self, number: u32, prefix: Prefix, route: Arc<Announcement>) -> bool {
        let all = self.routes.entry(prefix.net()).or_default();
        match all.iter_mut().find(|(other, _)| *other == number) {
            Some((_, known)) if *known == route => false,
            Some((_, known)) => {
                *known = route;
                true
            }
            None => {
                all.push((number, route));
                true
            }
        }
    }

    fn remove(&mut self, number: u32, prefix: Prefix) -> bool {
        let Some(all) = self.routes.get_mut(&prefix.net()) else { return false };
        let before = all.len();
        all.retain(|(other, _)| *other != number);
        let is_news = all.len() != before;
        if all.is_empty() {
            self.routes.remove(&prefix.net());
        }
        is_news
    }
}

fn find(all: &[(u32, Arc<Announcement>)], number: u32) -> Option<&Announcement> {
    all.iter().find(|(other, _)| *other == number).map(|(_, route)| &**route)
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::Asn;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn prefix(n: u8) -> Prefix {
        format!("193.10.{n}.0/24").parse().expect("prefix")
    }

    fn route(origin: u32) -> Announcement {
        Announcement { path: vec![Asn(origin)], origin: Some(Asn(origin)), community: Some(true), refused: vec![] }
    }

    #[test]
    fn only_what_changed_is_told() {
        let mut view = View::default();
        assert!(!view.is_heard("a"));
        assert_eq!(view.replace("a", [(prefix(1), route(719)), (prefix(2), route(719))]), [prefix(1), prefix(2)]);
        assert_eq!(view.replace("b", [(prefix(1), route(719))]), [prefix(1)]);
        assert_eq!(view.replace("a", [(prefix(2), route(3303)), (prefix(3), route(719))]), [prefix(1), prefix(2), prefix(3)]);
        assert!(view.replace("a", [(prefix(3), route(719)), (prefix(2), route(3303))]).is_empty());
        assert_eq!((view.route("a", prefix(1)), view.route("b", prefix(1))), (None, Some(&route(719))));
        assert_eq!(view.originated("a", Asn(3303)), [prefix(2)]);
        view.silence("a");
        assert!(!view.is_heard("a") && view.route("a", prefix(2)).is_some(), "what was told last stays");
    }

    proptest! {
        #[test]
        fn updates_one_by_one_and_a_whole_table_come_to_the_same(updates in prop::collection::vec((0u8..6, prop::option::of(1u32..4)), 0..40)) {
            let mut step = View::default();
            let mut table: BTreeMap<Prefix, Announcement> = BTreeMap::new();
            for (n, origin) in updates {
                let route = origin.map(route);
                let news = step.update("a", prefix(n), route.clone());
                let before = match route {
                    Some(route) => table.insert(prefix(n), route.clone()) != Some(route),
                    None => table.remove(&prefix(n)).is_some(),
                };
                prop_assert_eq!(news, before);
            }
            let mut whole = View::default();
            whole.replace("a", table.clone());
            prop_assert_eq!(step.len(), whole.len());
            for n in 0..6 { prop_assert_eq!(step.route("a", prefix(n)), whole.route("a", prefix(n))); }
            prop_assert!(step.replace("a", table).is_empty());
        }
    }
}
