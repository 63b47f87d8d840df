//! What happens to prefixes on the Internet, judged by what is expected of them.
//!
//! * [`Expectations`]: who originates what, through whom, how long; declared, or learned from a
//!   quiet period by a [`Learner`]
//! * [`Watch`]: takes sightings in the order of time and gives findings, each opened once, told
//!   again when what is seen of it changes, and closed once
//!
//! Sightings of one instant are judged together at its end, so the order in which vantage points
//! are heard within it, and the parts in which a recording comes, do not matter.

mod expect;
mod finding;
mod judge;
mod learn;
mod path;
mod relations;
mod table;
mod weigh;

pub use expect::{Asns, ExpectError, Expectation, Expectations};
pub use finding::{Change, Evidence, Finding, Kind, Reason};
pub use learn::Learner;
pub use relations::Relations;

use judge::Scene;
use path::Facts;
use peerage_domain::{
    Asn, Prefix, Timestamp,
    interest::Interest,
    rpki::Vrps,
    sighting::{SeenRoute, Sight, Sighting, Vantage},
};
use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};
use table::{Held, Vantages};

/// What is told apart: the same thing done to the same prefix by the same AS is one finding.
type Key = (Kind, Option<Asn>);

struct Open {
    since: Timestamp,
    evidence: Arc<Evidence>,
}

/// Watches prefixes.
pub struct Watch {
    expectations: Expectations,
    vrps: Vrps,
    relations: Relations,
    vantages: Vantages,
    table: HashMap<Prefix, Held, foldhash::fast::RandomState>,
    touched: Vec<Prefix>,
    now: Timestamp,
    /// The last route and what it says: prefixes of one UPDATE come in a row.
    last: Option<(Arc<SeenRoute>, Facts)>,
    open: BTreeMap<Prefix, BTreeMap<Key, Open>>,
}

impl Watch {
    /// Watches what is expected, with what the RPKI says (empty where it is not known).
    pub fn new(expectations: Expectations, vrps: Vrps) -> Watch {
        Watch {
            expectations,
            vrps,
            relations: Relations::default(),
            vantages: Vantages::default(),
            table: HashMap::default(),
            touched: vec![],
            now: Timestamp::default(),
            last: None,
            open: BTreeMap::new(),
        }
    }

    /// The same, with what is known of who buys transit from whom.
    pub fn with_relations(self, relations: Relations) -> Watch {
        Watch { relations, ..self }
    }

    /// Of which prefixes it wants to hear.
    pub fn interest(&self) -> Interest {
        Interest::of(self.expectations.iter().map(|it| it.prefix))
    }

    /// Whether what a sighting says is looked at.
    pub fn concerns(&self, sighting: &Sighting) -> bool {
        match &sighting.sight {
            Sight::Announced(prefix, _) | Sight::Withdrawn(prefix) | Sight::WithdrawnEverywhere(prefix) => {
                self.expectations.governing(*prefix).is_some()
            }
            Sight::Lost => true,
        }
    }

    /// Takes a sighting. One of a later instant has the instant before it judged; one of an
    /// earlier instant counts as of now.
    pub fn take(&mut self, sighting: Sighting, give: &mut dyn FnMut(Finding)) {
        if sighting.at > self.now {
            self.settle(give);
            self.now = sighting.at;
        }
        match sighting.sight {
            Sight::Announced(prefix, route) => self.announced(prefix, sighting.vantage, route),
            Sight::Withdrawn(prefix) => {
                let Some(held) = self.table.get_mut(&prefix) else { return };
                let believed = sighting.vantage.tells_withdrawals;
                held.withdraw(self.vantages.number(sighting.vantage), believed);
                touch(held, prefix, &mut self.touched);
            }
            Sight::WithdrawnEverywhere(prefix) => {
                let Some(held) = self.table.get_mut(&prefix) else { return };
                held.withdraw_all();
                touch(held, prefix, &mut self.touched);
            }
            Sight::Lost => {
                let vantage = self.vantages.number(sighting.vantage);
                for (prefix, held) in &mut self.table {
                    if held.forget(vantage) {
                        touch(held, *prefix, &mut self.touched);
                    }
                }
            }
        }
    }

    fn announced(&mut self, prefix: Prefix, vantage: Arc<Vantage>, route: Arc<SeenRoute>) {
        let held = match self.table.entry(prefix) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => match self.expectations.governing(prefix) {
                Some(expected) => new.insert(Held::new(expected.clone())),
                None => return,
            },
        };
        let route = route.told_by(&vantage);
        let facts = match &self.last {
            Some((last, facts)) if Arc::ptr_eq(last, &route) => *facts,
            _ => self.last.insert((route.clone(), Facts::of(&route, &self.relations))).1,
        };
        let shown = judge::show(prefix, &held.expected, &self.vrps, route, &facts);
        held.announce(self.vantages.number(vantage), shown);
        touch(held, prefix, &mut self.touched);
    }

    /// Judges what was taken since the last instant: at the end of a recording, or when nothing
    /// more of this instant can come.
    pub fn settle(&mut self, give: &mut dyn FnMut(Finding)) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        for prefix in touched {
            self.judge(prefix, give);
        }
    }

    fn judge(&mut self, prefix: Prefix, give: &mut dyn FnMut(Finding)) {
        let Some(held) = self.table.get_mut(&prefix) else { return };
        let scene =
            Scene { prefix, expected: &held.expected, held, vantages: &self.vantages, vrps: &self.vrps, relations: &self.relations };
        let (brief, found, silent) = (scene.judge_brief(), scene.judge(), held.is_empty());
        held.settle();
        let expected = held.expected.clone();
        if silent {
            self.table.remove(&prefix);
        }
        let mut case = Case { at: self.now, prefix, expected, give };
        if found.is_empty() && brief.is_empty() && !self.open.contains_key(&prefix) {
            return;
        }
        let open = self.open.entry(prefix).or_default();
        case.seen(open, brief);
        // Where nobody is left to tell, a prefix that was gone is still not known to be back.
        let lasts = |(kind, _): &Key| silent && matches!(kind, Kind::Withdrawal | Kind::VisibilityLoss);
        case.over(open, |key| !found.contains_key(key) && !lasts(key));
        case.seen(open, found);
        if open.is_empty() {
            self.open.remove(&prefix);
        }
    }

    /// What the vantage points are now told to be judged by.
    pub fn set_vrps(&mut self, vrps: Vrps) {
        self.vrps = vrps;
        for (prefix, held) in &mut self.table {
            let expected = held.expected.clone();
            for shown in held.shown() {
                let facts = Facts::of(&shown.route, &self.relations);
                *shown = judge::show(*prefix, &expected, &self.vrps, shown.route.clone(), &facts);
            }
            touch(held, *prefix, &mut self.touched);
        }
    }
}

fn touch(held: &mut Held, prefix: Prefix, touched: &mut Vec<Prefix>) {
    if !std::mem::replace(&mut held.touched, true) {
        touched.push(prefix);
    }
}

/// What is told of a prefix at an instant.
struct Case<'a> {
    at: Timestamp,
    prefix: Prefix,
    expected: Arc<Expectation>,
    give: &'a mut dyn FnMut(Finding),
}

impl Case<'_> {
    fn tell(&mut self, change: Change, (kind, by): Key, known: &Open) {
        let (expected, evidence) = (self.expected.clone(), known.evidence.clone());
        (self.give)(Finding { at: self.at, since: known.since, change, kind, prefix: self.prefix, by, expected, evidence });
    }

    /// Opens what is new, and tells again what changed.
    fn seen(&mut self, open: &mut BTreeMap<Key, Open>, found: BTreeMap<Key, Evidence>) {
        for (key, evidence) in found {
            let (change, since) = match open.get(&key) {
                None => (Change::Open, self.at),
                Some(known) if *known.evidence != evidence => (Change::Update, known.since),
                Some(_) => continue,
            };
            let known = Open { since, evidence: Arc::new(evidence) };
            self.tell(change, key, &known);
            open.insert(key, known);
        }
    }

    fn over(&mut self, open: &mut BTreeMap<Key, Open>, ended: impl Fn(&Key) -> bool) {
        for key in open.keys().copied().filter(ended).collect::<Vec<_>>() {
            if let Some(known) = open.remove(&key) {
                self.tell(Change::Close, key, &known);
            }
        }
    }
}

#[cfg(test)]
mod tests;
