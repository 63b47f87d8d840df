//! The routes that vantage points have, by prefix.

use super::{
    Expectation, Key, Kind, Terms,
    judge::GROWTH,
    keyed::{ByPrefix, Keyed},
    resume::Last,
};
use peerage_domain::{
    Prefix, Timestamp,
    sighting::{SeenRoute, Vantage},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// Vantage points by number.
#[derive(Default)]
pub(super) struct Vantages {
    numbers: HashMap<Arc<Vantage>, u32, foldhash::fast::RandomState>,
    all: Vec<Arc<Vantage>>,
    /// Those of which nothing was heard for long.
    silent: BTreeSet<u32>,
    /// The same by address: sources keep one of each. What is here stays, so addresses are not used again.
    known: HashMap<usize, (u32, Arc<Vantage>), foldhash::fast::RandomState>,
}

impl Vantages {
    pub(super) fn number(&mut self, vantage: &Arc<Vantage>) -> u32 {
        let address = Arc::as_ptr(vantage) as usize;
        if let Some((number, _)) = self.known.get(&address) {
            return *number;
        }
        let number = *self.numbers.entry(vantage.clone()).or_insert_with(|| {
            self.all.push(vantage.clone());
            // Behind sixteen million all count as one: a feed has some thousands.
            (self.all.len() as u32 - 1).min((1 << (32 - VANTAGE)) - 1)
        });
        self.known.insert(address, (number, vantage.clone()));
        number
    }

    pub(super) fn get(&self, number: u32) -> &Arc<Vantage> {
        &self.all[number as usize]
    }

    /// Says whether one is silent; tells whether that is new.
    pub(super) fn silence(&mut self, number: u32, silent: bool) -> bool {
        if silent { self.silent.insert(number) } else { self.silent.remove(&number) }
    }

    /// Whether nothing was heard of it for long.
    pub(super) fn is_silent(&self, number: u32) -> bool {
        self.silent.contains(&number)
    }
}

/// What is wrong with a route. Behind one word where it is kept, since mostly nothing is.
#[derive(Clone, Debug)]
pub(super) struct Faults(pub(super) Vec<Key>);

/// A route, and what it shows by itself.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) route: Arc<SeenRoute>,
    pub(super) faults: Option<Box<Faults>>,
}

/// No route with an origin that is expected was seen; paths count as shorter than this.
const NEVER: u8 = 63;

/// What a vantage point has, or had, of a prefix. There are as many of these as routes, so it takes
/// three words: flags stand beside the number of the vantage point.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) route: Arc<SeenRoute>,
    faults: Option<Box<Faults>>,
    /// 24 bits: number of the vantage point; 6: the shortest path that it ever had with an origin
    /// that is expected, in ASNs, or [`NEVER`]; then [`HERE`] and [`FRESH`].
    packed: u32,
    /// When it was told, in seconds since 1970.
    told_s: u32,
}

/// It has the route now; if not, it is what it had.
const HERE: u32 = 1;
/// It was told in the instant that is not judged yet.
const FRESH: u32 = 2;
const SHORTEST: u32 = 2;
const VANTAGE: u32 = 8;

/// Seconds since 1970, as an [`Entry`] keeps them.
fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.secs()).unwrap_or(if at.secs() < 0 { 0 } else { u32::MAX })
}

impl Entry {
    fn new(vantage: u32, shown: Shown, flags: u32, at: Timestamp) -> Self {
        let Shown { route, faults } = shown;
        let packed = vantage << VANTAGE | u32::from(NEVER) << SHORTEST | flags;
        let mut entry = Entry { route, faults, packed, told_s: seconds(at) };
        entry.measure();
        entry
    }

    /// Number of the vantage point.
    pub(super) fn vantage(&self) -> u32 {
        self.packed >> VANTAGE
    }

    /// Whether it has the route now; if not, it is what it had.
    pub(super) fn is_here(&self) -> bool {
        self.packed & HERE != 0
    }

    fn is_fresh(&self) -> bool {
        self.packed & FRESH != 0
    }

    fn set(&mut self, flag: u32, set: bool) {
        self.packed = if set { self.packed | flag } else { self.packed & !flag };
    }

    fn least(&self) -> u8 {
        (self.packed >> SHORTEST) as u8 & NEVER
    }

    fn shorten(&mut self, length: u8) {
        let least = self.least().min(length);
        self.packed = self.packed & !(u32::from(NEVER) << SHORTEST) | u32::from(least) << SHORTEST;
    }

    /// Takes over another route, or what the same one shows now.
    fn show(&mut self, shown: Shown) {
        (self.route, self.faults) = (shown.route, shown.faults);
        self.measure();
    }

    fn measure(&mut self) {
        if self.is_rightful() {
            self.shorten(u8::try_from(self.route.path.len()).unwrap_or(NEVER).min(NEVER - 1));
        }
    }

    /// What is wrong with its route.
    pub(super) fn faults(&self) -> impl Iterator<Item = &Key> {
        self.faults.iter().flat_map(|faults| &faults.0)
    }

    /// Whether the route's origin is expected.
    fn is_rightful(&self) -> bool {
        !self.faults().any(|(kind, _)| matches!(kind, Kind::OriginChange | Kind::SubPrefix))
    }

    /// Whether it ever had a route with an origin that is expected.
    pub(super) fn ever_rightful(&self) -> bool {
        self.least() != NEVER
    }

    /// The shortest path that it ever had with an origin that is expected, in ASNs; at most 62.
    pub(super) fn shortest(&self) -> Option<u8> {
        self.ever_rightful().then_some(self.least())
    }

    /// By how many ASNs its path is longer than it was.
    pub(super) fn growth(&self) -> usize {
        let counts = self.is_here() && self.is_rightful();
        if counts { self.route.path.len().saturating_sub(usize::from(self.least())) } else { 0 }
    }
}

/// What came and went within an instant.
#[derive(Debug, Default)]
struct Brief(Vec<Entry>);

/// What all vantage points have of a prefix, by their number.
#[derive(Debug)]
pub(super) struct Held {
    terms: Arc<Terms>,
    all: Box<[Entry]>,
    /// What came and went within the instant that is not judged yet; mostly nothing, which takes one word.
    brief: Option<Box<Brief>>,
    pub(super) prefix: Prefix,
    /// Length of the prefix that the terms are of.
    expected: u8,
    /// Whether it waits for being judged.
    pub(super) touched: bool,
    /// Whether something was told of it and is not over.
    pub(super) told: bool,
}

impl Keyed for Box<Held> {
    fn prefix(&self) -> Prefix {
        self.prefix
    }
}

/// All that is held, by prefix.
pub(super) type Table = ByPrefix<Box<Held>>;

impl Held {
    pub(super) fn new(prefix: Prefix, expected: &Expectation, told: bool) -> Box<Self> {
        let (terms, length) = (expected.terms.clone(), expected.prefix.length());
        Box::new(Held { terms, all: [].into(), brief: None, prefix, expected: length, touched: false, told })
    }

    /// The terms, and the length of the prefix that they are of.
    pub(super) fn terms(&self) -> (&Terms, u8) {
        (&self.terms, self.expected)
    }

    /// What is expected of it.
    pub(super) fn expected(&self) -> Expectation {
        Expectation { prefix: self.prefix.shortened_to(self.expected), terms: self.terms.clone() }
    }

    pub(super) fn expect(&mut self, expected: &Expectation) {
        (self.terms, self.expected) = (expected.terms.clone(), expected.prefix.length());
    }

    fn find(&self, vantage: u32) -> Result<usize, usize> {
        self.all.binary_search_by_key(&vantage, Entry::vantage)
    }

    /// Changes the list itself. A prefix has as many entries for long: it takes no more room than that.
    fn with_list<T>(&mut self, change: impl FnOnce(&mut Vec<Entry>) -> T) -> T {
        let mut all = std::mem::take(&mut self.all).into_vec();
        let outcome = change(&mut all);
        self.all = all.into();
        outcome
    }

    fn insert(&mut self, at: usize, entry: Entry) {
        self.with_list(|all| {
            all.reserve_exact(1);
            all.insert(at, entry);
        });
    }

    fn remove(&mut self, at: usize) -> Entry {
        self.with_list(|all| all.remove(at))
    }

    /// Keeps what is about to go if nobody has judged it, and something is wrong with it.
    fn part(&mut self, at: usize) {
        let entry = &self.all[at];
        if entry.is_fresh() && entry.is_here() && entry.faults.is_some() {
            self.brief.get_or_insert_default().0.push(self.all[at].clone());
        }
    }

    /// Gives the entry when that is another route than before; and whether something else may be
    /// found by it: not by one more route with which nothing is wrong.
    pub(super) fn announce(&mut self, vantage: u32, shown: Shown, when: Timestamp) -> (Option<&Entry>, bool) {
        let told = self.told;
        match self.find(vantage) {
            // What was told before what is known is no news.
            Ok(at) if seconds(when) < self.all[at].told_s => (None, false),
            Ok(at) => {
                self.part(at);
                let entry = &mut self.all[at];
                entry.told_s = seconds(when);
                let is_new = !entry.is_here() || entry.route != shown.route;
                let was_wrong = entry.faults.is_some();
                entry.set(HERE | FRESH, true);
                entry.show(shown);
                let matters = told || was_wrong || entry.faults.is_some() || entry.growth() >= GROWTH;
                (is_new.then_some(entry), matters)
            }
            Err(at) => {
                let matters = told || shown.faults.is_some();
                self.insert(at, Entry::new(vantage, shown, HERE | FRESH, when));
                (Some(&self.all[at]), matters)
            }
        }
    }

    /// Puts in what was known, as if it had been judged; with the shortest path of before.
    pub(super) fn restore(&mut self, vantage: u32, shown: Shown, last: &Last) {
        let mut entry = Entry::new(vantage, shown, if last.here { HERE } else { 0 }, last.at);
        entry.shorten(last.shortest.map_or(NEVER, |length| length.min(NEVER - 1)));
        match self.find(vantage) {
            Ok(at) => self.all[at] = entry,
            Err(at) => self.insert(at, entry),
        }
    }

    /// A withdrawal that is not believed leaves nothing known. Gives what was there.
    pub(super) fn withdraw(&mut self, vantage: u32, believed: bool, when: Timestamp) -> Option<Entry> {
        let at = self.find(vantage).ok().filter(|at| seconds(when) >= self.all[*at].told_s)?;
        self.part(at);
        self.all[at].told_s = seconds(when);
        let here = self.all[at].is_here();
        let entry = if believed {
            self.all[at].set(HERE, false);
            self.all[at].clone()
        } else {
            self.remove(at)
        };
        (here || !believed).then_some(entry)
    }

    /// Gives those that had a route.
    pub(super) fn withdraw_all(&mut self) -> Vec<Entry> {
        let mut had = vec![];
        for at in 0..self.all.len() {
            self.part(at);
            if self.all[at].is_here() {
                self.all[at].set(HERE, false);
                had.push(self.all[at].clone());
            }
        }
        had
    }

    /// Whether there was something to forget.
    pub(super) fn forget(&mut self, vantage: u32) -> bool {
        let Ok(at) = self.find(vantage) else { return false };
        self.part(at);
        self.remove(at);
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.all.iter()
    }

    /// Shows each route anew.
    pub(super) fn show_again(&mut self, show: impl Fn(Arc<SeenRoute>) -> Shown) {
        self.all.iter_mut().for_each(|entry| entry.show(show(entry.route.clone())));
    }

    /// What came and went within the instant.
    pub(super) fn brief(&self) -> &[Entry] {
        self.brief.as_ref().map_or(&[], |brief| &brief.0)
    }

    /// The instant is judged.
    pub(super) fn settle(&mut self) {
        self.touched = false;
        self.brief = None;
        self.all.iter_mut().for_each(|entry| entry.set(FRESH, false));
    }
}
