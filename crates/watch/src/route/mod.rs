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
mod keyed;
mod learn;
mod path;
mod relations;
mod resume;
mod table;
mod weigh;

pub use expect::{Asns, ExpectError, Expectation, Expectations, Kinds, Terms};
pub use finding::{Change, Evidence, Finding, Kind, Reason};
pub use learn::Learner;
pub use relations::Relations;

use judge::Scene;
use path::Facts;
use peerage_domain::{
    Asn, Prefix, Timestamp,
    interest::Interest,
    route_objects::RouteObjects,
    rpki::Vrps,
    sighting::{Had, RouteChange, SeenRoute, Sight, Sighting, Vantage},
};
use relations::Votes;
use std::{collections::BTreeMap, sync::Arc};
use table::{Entry, Held, Table, Vantages};

/// What is told apart: the same thing done to the same prefix by the same AS is one finding.
type Key = (Kind, Option<Asn>);

struct Open {
    since: Timestamp,
    expected: Expectation,
    evidence: Arc<Evidence>,
}

/// What a vantage point has of a prefix changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// When.
    pub at: Timestamp,
    /// Of which prefix.
    pub prefix: Prefix,
    /// Which one.
    pub vantage: Arc<Vantage>,
    /// What it has now.
    pub now: Has,
    /// The shortest path that it ever had with an origin that is expected, in ASNs.
    pub shortest: Option<u8>,
}

impl From<Move> for RouteChange {
    fn from(it: Move) -> Self {
        let had = match it.now {
            Has::Route(route) => Had::Route((*route).clone()),
            Has::Nothing => Had::Nothing,
            Has::Unknown => Had::Unknown,
        };
        RouteChange { prefix: it.prefix, vantage: (*it.vantage).clone(), at: it.at, had, shortest: it.shortest }
    }
}

/// What a vantage point has of a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Has {
    /// This route.
    Route(Arc<SeenRoute>),
    /// None.
    Nothing,
    /// It is not known: its session ended.
    Unknown,
}

/// Watches prefixes.
pub struct Watch {
    expectations: Expectations,
    vrps: Vrps,
    objects: Arc<RouteObjects>,
    relations: Relations,
    vantages: Vantages,
    table: Table,
    touched: Vec<Prefix>,
    now: Timestamp,
    /// The last route and what it says: prefixes of one UPDATE come in a row.
    last: Option<(Arc<SeenRoute>, Facts)>,
    open: BTreeMap<Prefix, BTreeMap<Key, Open>>,
    /// What changed since it was asked for; not kept when nobody asks.
    moves: Option<Vec<Move>>,
    /// What routes say of who buys from whom, where that is to be learned.
    votes: Option<Votes>,
    /// Whether a prefix is judged even where nothing else can be found than before.
    thorough: bool,
}

impl Watch {
    /// Watches what is expected, with what the RPKI says (empty where it is not known).
    pub fn new(expectations: Expectations, vrps: Vrps) -> Watch {
        let mut table = Table::default();
        table.reserve(expectations.len());
        Watch {
            expectations,
            vrps,
            objects: Arc::default(),
            relations: Relations::default(),
            vantages: Vantages::default(),
            table,
            touched: vec![],
            now: Timestamp::default(),
            last: None,
            open: BTreeMap::new(),
            moves: None,
            votes: None,
            thorough: false,
        }
    }

    /// The same, keeping what changes of what vantage points have, for [`Watch::moves`].
    pub fn with_moves(self) -> Watch {
        Watch { moves: Some(vec![]), ..self }
    }

    /// The same, learning who buys transit from whom from the routes that it takes; believed with
    /// [`Watch::relearn`].
    pub fn learning(self) -> Watch {
        Watch { votes: Some(Votes::default()), ..self }
    }

    /// The same, judging all that is told; to compare with.
    #[cfg(test)]
    fn thorough(self) -> Watch {
        Watch { thorough: true, ..self }
    }

    /// Believes what was learned of who buys from whom: routes are judged by it from now on.
    pub fn relearn(&mut self) {
        if let Some(votes) = &self.votes {
            self.relations = votes.finish();
            self.last = None;
        }
    }

    /// What changed since this was asked last.
    pub fn moves(&mut self) -> Vec<Move> {
        self.moves.as_mut().map(std::mem::take).unwrap_or_default()
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
            Sight::Lost | Sight::Silent(_) => true,
        }
    }

    /// Takes a sighting. One of a later instant has the instant before it judged; one of an
    /// earlier instant counts as of now, unless its vantage point told of the prefix since then:
    /// then it is no news.
    pub fn take(&mut self, sighting: Sighting, give: &mut dyn FnMut(Finding)) {
        if sighting.at > self.now {
            self.settle(give);
            self.now = sighting.at;
        }
        match sighting.sight {
            Sight::Announced(prefix, route) => self.announced(prefix, sighting.vantage, route, sighting.at),
            Sight::Withdrawn(prefix) => {
                let Some(held) = self.table.get_mut(prefix) else { return };
                let believed = sighting.vantage.tells_withdrawals;
                let had = held.withdraw(self.vantages.number(&sighting.vantage), believed, sighting.at);
                touch(held, &mut self.touched);
                if let Some(entry) = had {
                    let now = if believed { Has::Nothing } else { Has::Unknown };
                    self.moved(prefix, sighting.vantage, now, entry.shortest());
                }
            }
            Sight::WithdrawnEverywhere(prefix) => {
                let Some(held) = self.table.get_mut(prefix) else { return };
                let had = held.withdraw_all();
                touch(held, &mut self.touched);
                for entry in had {
                    self.moved(prefix, self.vantages.get(entry.vantage()).clone(), Has::Nothing, entry.shortest());
                }
            }
            Sight::Lost => self.lost(&sighting.vantage),
            Sight::Silent(silent) => self.silent(&sighting.vantage, silent),
        }
    }

    fn lost(&mut self, vantage: &Arc<Vantage>) {
        let number = self.vantages.number(vantage);
        let mut had = vec![];
        for held in self.table.iter_mut() {
            if held.forget(number) {
                had.push(held.prefix);
                touch(held, &mut self.touched);
            }
        }
        for prefix in had {
            self.moved(prefix, vantage.clone(), Has::Unknown, None);
        }
    }

    /// What a vantage point has counts less from now on, or again as much.
    fn silent(&mut self, vantage: &Arc<Vantage>, silent: bool) {
        let number = self.vantages.number(vantage);
        if self.vantages.silence(number, silent) {
            let concerned = self.table.iter_mut().filter(|held| held.iter().any(|entry| entry.vantage() == number));
            concerned.for_each(|held| touch(held, &mut self.touched));
        }
    }

    fn moved(&mut self, prefix: Prefix, vantage: Arc<Vantage>, now: Has, shortest: Option<u8>) {
        if let Some(moves) = &mut self.moves {
            moves.push(Move { at: self.now, prefix, vantage, now, shortest });
        }
    }

    fn announced(&mut self, prefix: Prefix, vantage: Arc<Vantage>, route: Arc<SeenRoute>, at: Timestamp) {
        let new = self.put(prefix, &vantage, route, |held, number, shown| {
            let (entry, matters) = held.announce(number, shown, at);
            (entry.map(|entry| (entry.route.clone(), entry.shortest())), matters)
        });
        if let Some((route, shortest)) = new.flatten() {
            self.moved(prefix, vantage, Has::Route(route), shortest);
        }
    }

    /// Puts a route, with what it shows, where its prefix is held, if that is watched; what is put
    /// there is judged at the end of the instant if `put` says so.
    fn put<T>(
        &mut self,
        prefix: Prefix,
        vantage: &Arc<Vantage>,
        route: Arc<SeenRoute>,
        put: impl FnOnce(&mut Held, u32, table::Shown) -> (T, bool),
    ) -> Option<T> {
        let told = || self.open.contains_key(&prefix);
        let new = || self.expectations.governing(prefix).map(|expected| Held::new(prefix, expected, told()));
        let held = self.table.get_or_insert(prefix, new)?;
        let (number, route) = (self.vantages.number(vantage), route.told_by(vantage));
        if let Some(votes) = &mut self.votes {
            votes.take(number, &route);
        }
        let facts = match &self.last {
            Some((last, facts)) if Arc::ptr_eq(last, &route) => *facts,
            _ => self.last.insert((route.clone(), Facts::of(&route, &self.relations, &self.vrps))).1,
        };
        let shown = judge::show(prefix, held.terms(), &self.vrps, route, &facts);
        let (outcome, matters) = put(held, number, shown);
        if matters || self.thorough {
            touch(held, &mut self.touched);
        }
        Some(outcome)
    }

    /// Nothing is known any more of what vantage points have.
    pub fn forget(&mut self) {
        let had: Vec<(Prefix, Vec<Entry>)> = self.table.iter_mut().map(|held| (held.prefix, held.withdraw_all())).collect();
        for (prefix, entries) in had {
            for entry in entries {
                self.moved(prefix, self.vantages.get(entry.vantage()).clone(), Has::Unknown, None);
            }
        }
        self.table.clear();
        self.touched.clear();
    }

    /// How many vantage points have a route of a prefix, of how many that ever told of it.
    pub fn visibility(&self, prefix: Prefix) -> (usize, usize) {
        let held = self.table.get(prefix);
        held.map_or((0, 0), |held| held.iter().fold((0, 0), |(here, all), entry| (here + usize::from(entry.is_here()), all + 1)))
    }

    /// What is expected.
    pub fn expectations(&self) -> &Expectations {
        &self.expectations
    }

    /// What is now expected: everything is judged by it with the next [`Watch::settle`]. What
    /// nothing is expected of any more is forgotten, and what was told of it is over.
    pub fn set_expectations(&mut self, expectations: Expectations) {
        self.expectations = expectations;
        self.table.reserve(self.expectations.len());
        let held: Vec<Prefix> = self.table.iter().map(|held| held.prefix).collect();
        let all: Vec<Prefix> = held.into_iter().chain(self.open.keys().copied()).collect();
        for prefix in all {
            let governing = self.expectations.governing(prefix).cloned();
            match (self.table.get_mut(prefix), governing) {
                (Some(held), Some(expected)) if held.expected() == expected => {}
                (Some(held), Some(expected)) => {
                    held.expect(&expected);
                    self.look_again(prefix);
                }
                (Some(_), None) => {
                    self.table.remove(prefix);
                    self.touched.push(prefix);
                }
                (None, Some(_)) => {}
                (None, None) => self.touched.push(prefix),
            }
        }
        self.touched.sort_unstable();
        self.touched.dedup();
    }

    /// Shows the routes of a prefix anew, by what is now known.
    fn look_again(&mut self, prefix: Prefix) {
        let Some(held) = self.table.get_mut(prefix) else { return };
        let expected = held.expected();
        held.show_again(|route| {
            let facts = Facts::of(&route, &self.relations, &self.vrps);
            judge::show(prefix, (&expected, expected.prefix.length()), &self.vrps, route, &facts)
        });
        touch(held, &mut self.touched);
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
        let Some(held) = self.table.get_mut(prefix) else { return self.unwatched(prefix, give) };
        let expected = held.expected();
        let scene = Scene {
            prefix,
            expected: &expected,
            held,
            vantages: &self.vantages,
            vrps: &self.vrps,
            objects: &self.objects,
            relations: &self.relations,
        };
        let ignored = expected.ignored;
        let (mut brief, mut found, silent) = (scene.judge_brief(), scene.judge(), held.is_empty());
        brief.retain(|(kind, _), _| !ignored.contains(*kind));
        found.retain(|(kind, _), _| !ignored.contains(*kind));
        held.settle();
        held.told = !found.is_empty();
        if silent {
            self.table.remove(prefix);
        }
        let mut case = Case { at: self.now, prefix, give };
        if found.is_empty() && brief.is_empty() && !self.open.contains_key(&prefix) {
            return;
        }
        let open = self.open.entry(prefix).or_default();
        case.seen(open, brief, &expected);
        // Where nobody is left to tell, a prefix that was gone is still not known to be back.
        let lasts = |(kind, _): &Key| silent && matches!(kind, Kind::Withdrawal | Kind::VisibilityLoss);
        case.over(open, |key| !found.contains_key(key) && !lasts(key));
        case.seen(open, found, &expected);
        if open.is_empty() {
            self.open.remove(&prefix);
        }
    }

    /// Nothing is expected of a prefix any more, or nobody told of it since what was told before.
    fn unwatched(&mut self, prefix: Prefix, give: &mut dyn FnMut(Finding)) {
        if self.expectations.governing(prefix).is_some() {
            return;
        }
        let Some(mut open) = self.open.remove(&prefix) else { return };
        Case { at: self.now, prefix, give }.over(&mut open, |_| true);
    }

    /// What the vantage points are now told to be judged by.
    pub fn set_vrps(&mut self, vrps: Vrps) {
        self.vrps = vrps;
        self.last = None;
        let all: Vec<Prefix> = self.table.iter().map(|held| held.prefix).collect();
        all.into_iter().for_each(|prefix| self.look_again(prefix));
    }

    /// What the routing registry declares: what is told is judged by it with the next [`Watch::settle`].
    pub fn set_route_objects(&mut self, objects: Arc<RouteObjects>) {
        self.objects = objects;
        self.table.iter_mut().filter(|held| held.told).for_each(|held| touch(held, &mut self.touched));
    }

    /// Lets time go on: what is judged from here on happens no earlier.
    pub fn pass(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }
}

fn touch(held: &mut Held, touched: &mut Vec<Prefix>) {
    if !std::mem::replace(&mut held.touched, true) {
        touched.push(held.prefix);
    }
}

/// What is told of a prefix at an instant.
struct Case<'a> {
    at: Timestamp,
    prefix: Prefix,
    give: &'a mut dyn FnMut(Finding),
}

impl Case<'_> {
    fn tell(&mut self, change: Change, (kind, by): Key, known: &Open) {
        let (expected, evidence) = (known.expected.clone(), known.evidence.clone());
        (self.give)(Finding { at: self.at, since: known.since, change, kind, prefix: self.prefix, by, expected, evidence });
    }

    /// Opens what is new, and tells again what changed.
    fn seen(&mut self, open: &mut BTreeMap<Key, Open>, found: BTreeMap<Key, Evidence>, expected: &Expectation) {
        for (key, evidence) in found {
            let (change, since) = match open.get(&key) {
                None => (Change::Open, self.at),
                Some(known) if *known.evidence != evidence => (Change::Update, known.since),
                Some(_) => continue,
            };
            let known = Open { since, expected: expected.clone(), evidence: Arc::new(evidence) };
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
