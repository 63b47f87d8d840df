//! The routes that vantage points have, by prefix.

use peerage_domain::sighting::{SeenRoute, Vantage};
use std::{collections::HashMap, sync::Arc};

/// Vantage points by number.
#[derive(Default)]
pub(super) struct Vantages {
    numbers: HashMap<Arc<Vantage>, u32>,
    all: Vec<Arc<Vantage>>,
}

impl Vantages {
    pub(super) fn number(&mut self, vantage: Arc<Vantage>) -> u32 {
        if let Some(number) = self.numbers.get(&vantage) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.all.push(vantage.clone());
        self.numbers.insert(vantage, number);
        number
    }

    pub(super) fn get(&self, number: u32) -> &Arc<Vantage> {
        &self.all[number as usize]
    }
}

/// What a vantage point has, or had, of a prefix.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) vantage: u32,
    /// Whether it has a route now; if not, `route` is what it had.
    pub(super) here: bool,
    /// Whether it was told in the instant that is not judged yet.
    pub(super) fresh: bool,
    /// Whether it ever had a route with an origin that is expected.
    pub(super) rightful: bool,
    /// The shortest path that it ever had with an origin that is expected, in ASNs.
    pub(super) shortest: u16,
    pub(super) route: Arc<SeenRoute>,
}

/// What all vantage points have of a prefix, by their number.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    all: Vec<Entry>,
    /// What came and went within the instant that is not judged yet.
    brief: Vec<Entry>,
}

impl Held {
    fn find(&self, vantage: u32) -> Result<usize, usize> {
        self.all.binary_search_by_key(&vantage, |entry| entry.vantage)
    }

    /// Keeps what is about to go if nobody has judged it.
    fn part(&mut self, at: usize) {
        if self.all[at].fresh && self.all[at].here {
            self.brief.push(self.all[at].clone());
        }
    }

    pub(super) fn announce(&mut self, vantage: u32, route: Arc<SeenRoute>, rightful: bool) {
        let length = if rightful { u16::try_from(route.path.len()).unwrap_or(u16::MAX) } else { u16::MAX };
        match self.find(vantage) {
            Ok(at) => {
                self.part(at);
                let entry = &mut self.all[at];
                entry.here = true;
                entry.fresh = true;
                entry.rightful |= rightful;
                entry.shortest = entry.shortest.min(length);
                entry.route = route;
            }
            Err(at) => self.all.insert(at, Entry { vantage, here: true, fresh: true, rightful, shortest: length, route }),
        }
    }

    /// A withdrawal that is not believed leaves nothing known.
    pub(super) fn withdraw(&mut self, vantage: u32, believed: bool) {
        if let Ok(at) = self.find(vantage) {
            self.part(at);
            if believed {
                self.all[at].here = false;
            } else {
                self.all.remove(at);
            }
        }
    }

    /// Whether there was something to forget.
    pub(super) fn forget(&mut self, vantage: u32) -> bool {
        self.find(vantage).is_ok_and(|at| {
            self.part(at);
            self.all.remove(at);
            true
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.all.iter()
    }

    /// What came and went within the instant.
    pub(super) fn brief(&self) -> &[Entry] {
        &self.brief
    }

    /// The instant is judged.
    pub(super) fn settle(&mut self) {
        self.brief = vec![];
        self.all.iter_mut().for_each(|entry| entry.fresh = false);
    }
}
