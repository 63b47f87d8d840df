//! The routes that vantage points have, by prefix.

use super::{Expectation, Key};
use peerage_domain::sighting::{SeenRoute, Vantage};
use std::{collections::HashMap, sync::Arc};

/// Vantage points by number.
#[derive(Default)]
pub(super) struct Vantages {
    numbers: HashMap<Arc<Vantage>, u32, foldhash::fast::RandomState>,
    all: Vec<Arc<Vantage>>,
    /// The same by address: sources keep one of each. What is here stays, so addresses are not used again.
    known: HashMap<usize, (u32, Arc<Vantage>), foldhash::fast::RandomState>,
}

impl Vantages {
    pub(super) fn number(&mut self, vantage: Arc<Vantage>) -> u32 {
        let address = Arc::as_ptr(&vantage) as usize;
        if let Some((number, _)) = self.known.get(&address) {
            return *number;
        }
        let number = *self.numbers.entry(vantage.clone()).or_insert_with(|| {
            self.all.push(vantage.clone());
            self.all.len() as u32 - 1
        });
        self.known.insert(address, (number, vantage));
        number
    }

    pub(super) fn get(&self, number: u32) -> &Arc<Vantage> {
        &self.all[number as usize]
    }
}

/// What is wrong with a route.
#[derive(Clone, Debug)]
pub(super) struct Faults(pub(super) Vec<Key>);

/// What came and went within an instant.
#[derive(Debug, Default)]
struct Brief(Vec<Entry>);

/// A route, and what it shows by itself.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) route: Arc<SeenRoute>,
    /// Whether its origin is expected.
    pub(super) rightful: bool,
    /// What is wrong with it; mostly nothing, which takes one word.
    pub(super) keys: Option<Box<Faults>>,
}

impl Shown {
    /// How long its path is, in ASNs, where its origin is expected.
    fn length(&self) -> u16 {
        if self.rightful { u16::try_from(self.route.path.len()).unwrap_or(u16::MAX) } else { u16::MAX }
    }
}

/// What a vantage point has, or had, of a prefix.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) vantage: u32,
    /// The shortest path that it ever had with an origin that is expected, in ASNs.
    pub(super) shortest: u16,
    /// Whether it has a route now; if not, `shown` is what it had.
    pub(super) here: bool,
    /// Whether it was told in the instant that is not judged yet.
    fresh: bool,
    /// Whether it ever had a route with an origin that is expected.
    pub(super) rightful: bool,
    pub(super) shown: Shown,
}

impl Entry {
    /// By how many ASNs its path is longer than it was.
    pub(super) fn growth(&self) -> usize {
        let counts = self.here && self.rightful && self.shown.rightful;
        if counts { self.shown.route.path.len().saturating_sub(usize::from(self.shortest)) } else { 0 }
    }
}

/// What all vantage points have of a prefix, by their number.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) expected: Arc<Expectation>,
    all: Vec<Entry>,
    /// What came and went within the instant that is not judged yet; mostly nothing, which takes one word.
    brief: Option<Box<Brief>>,
    /// Whether it waits for being judged.
    pub(super) touched: bool,
}

impl Held {
    pub(super) fn new(expected: Arc<Expectation>) -> Self {
        Held { expected, all: vec![], brief: None, touched: false }
    }

    fn find(&self, vantage: u32) -> Result<usize, usize> {
        self.all.binary_search_by_key(&vantage, |entry| entry.vantage)
    }

    /// Keeps what is about to go if nobody has judged it.
    fn part(&mut self, at: usize) {
        if self.all[at].fresh && self.all[at].here {
            self.brief.get_or_insert_default().0.push(self.all[at].clone());
        }
    }

    /// Tells whether that is another route than before.
    pub(super) fn announce(&mut self, vantage: u32, shown: Shown) -> bool {
        let rightful = shown.rightful;
        let length = shown.length();
        match self.find(vantage) {
            Ok(at) => {
                self.part(at);
                let entry = &mut self.all[at];
                let is_new = !entry.here || entry.shown.route != shown.route;
                entry.here = true;
                entry.fresh = true;
                entry.rightful |= rightful;
                entry.shortest = entry.shortest.min(length);
                entry.shown = shown;
                is_new
            }
            Err(at) => {
                // A prefix has as many entries for long: room for one more is enough.
                self.all.reserve_exact(1);
                self.all.insert(at, Entry { vantage, here: true, fresh: true, rightful, shortest: length, shown });
                true
            }
        }
    }

    /// Puts in what was known, as if it had been judged.
    pub(super) fn restore(&mut self, vantage: u32, shown: Shown, here: bool) {
        let entry = Entry { vantage, here, fresh: false, rightful: shown.rightful, shortest: shown.length(), shown };
        match self.find(vantage) {
            Ok(at) => self.all[at] = entry,
            Err(at) => self.all.insert(at, entry),
        }
    }

    /// A withdrawal that is not believed leaves nothing known. Tells whether there was a route.
    pub(super) fn withdraw(&mut self, vantage: u32, believed: bool) -> bool {
        let Ok(at) = self.find(vantage) else { return false };
        self.part(at);
        let here = self.all[at].here;
        if believed {
            self.all[at].here = false;
        } else {
            self.all.remove(at);
        }
        here
    }

    /// Gives those that had a route.
    pub(super) fn withdraw_all(&mut self) -> Vec<u32> {
        let mut had = vec![];
        for at in 0..self.all.len() {
            self.part(at);
            if std::mem::replace(&mut self.all[at].here, false) {
                had.push(self.all[at].vantage);
            }
        }
        had
    }

    /// Whether there was a route, where there was something to forget.
    pub(super) fn forget(&mut self, vantage: u32) -> Option<bool> {
        let at = self.find(vantage).ok()?;
        self.part(at);
        Some(self.all.remove(at).here)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.all.iter()
    }

    /// Each route, and whether its vantage point ever had one with an origin that is expected.
    pub(super) fn shown(&mut self) -> impl Iterator<Item = (&mut Shown, &mut bool)> {
        self.all.iter_mut().map(|entry| (&mut entry.shown, &mut entry.rightful))
    }

    /// What came and went within the instant.
    pub(super) fn brief(&self) -> &[Entry] {
        self.brief.as_ref().map_or(&[], |brief| &brief.0)
    }

    /// The instant is judged.
    pub(super) fn settle(&mut self) {
        self.touched = false;
        self.brief = None;
        self.all.iter_mut().for_each(|entry| entry.fresh = false);
    }
}
