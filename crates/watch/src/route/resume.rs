//! A watch is put together again from what was written down of one that ended.

use super::{Evidence, Expectation, Open, Watch};
use peerage_domain::{
    Prefix, Timestamp,
    incident::Part,
    sighting::{Had, RouteChange, SeenRoute, Vantage},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The last route that a vantage point had, where it is known, and whether it still has it.
#[derive(Default)]
pub(super) struct Last {
    route: Option<Arc<SeenRoute>>,
    pub(super) here: bool,
    pub(super) shortest: Option<u8>,
    pub(super) at: Timestamp,
}

impl Watch {
    /// Takes over what was written down, in the order of time: the last two changes of each vantage
    /// point and prefix. Nothing is told of it before the next [`Watch::settle`].
    pub fn restore(&mut self, changes: impl IntoIterator<Item = RouteChange>) {
        let mut vantages: HashMap<Vantage, Arc<Vantage>> = HashMap::new();
        let mut all: BTreeMap<(Prefix, Arc<Vantage>), Last> = BTreeMap::new();
        for it in changes {
            let vantage = vantages.entry(it.vantage).or_insert_with_key(|it| Arc::new(it.clone())).clone();
            let last = all.entry((it.prefix, vantage)).or_default();
            *last = match it.had {
                Had::Route(route) => Last { route: Some(Arc::new(route)), here: true, shortest: it.shortest, at: it.at },
                // What it had before is what it lost.
                Had::Nothing => Last { route: last.route.take(), here: false, shortest: it.shortest, at: it.at },
                Had::Unknown => Last::default(),
            };
        }
        for ((prefix, vantage), last) in all {
            let Some(route) = last.route.clone() else { continue };
            self.put(prefix, &vantage, route, |held, number, shown| (held.restore(number, shown, &last), true));
        }
    }

    /// Takes over what had been told and was not over then: it is not told as new again.
    pub fn resume(&mut self, part: &Part) {
        let seen = part.seen.iter().map(|seen| {
            let route = SeenRoute { path: seen.path.clone(), only_to_customer: None };
            (Arc::new(seen.vantage()), Arc::new(route))
        });
        let evidence = Evidence { origin: part.origin, seen: seen.collect(), reasons: part.reasons.clone() };
        let expected = Expectation::from(&part.expected);
        let open = Open { since: part.since, expected, evidence: Arc::new(evidence) };
        self.open.entry(part.prefix).or_default().insert((part.kind, part.by), open);
        if let Some(held) = self.table.get_mut(part.prefix) {
            held.told = true;
        } else if self.expectations.governing(part.prefix).is_none() {
            self.touched.push(part.prefix);
        }
    }
}
