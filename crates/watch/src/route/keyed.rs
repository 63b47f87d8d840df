//! A table of things by their prefix, which stands in the thing itself: a word a slot, where a
//! map with prefixes beside them takes four. As many as there are prefixes on the Internet go in.

use foldhash::fast::RandomState;
use hashbrown::{HashTable, hash_table::Entry};
use peerage_domain::Prefix;
use std::hash::BuildHasher;

/// What has a prefix.
pub(super) trait Keyed {
    /// The prefix by which it is found; stays the same.
    fn prefix(&self) -> Prefix;
}

/// Things by their prefix.
#[derive(Clone, Debug)]
pub(super) struct ByPrefix<T> {
    all: HashTable<T>,
    state: RandomState,
}

impl<T> Default for ByPrefix<T> {
    fn default() -> Self {
        ByPrefix { all: HashTable::new(), state: RandomState::default() }
    }
}

impl<T: Keyed> ByPrefix<T> {
    /// Makes room for so many in all, so that it need not grow step by step.
    pub(super) fn reserve(&mut self, count: usize) {
        let more = count.saturating_sub(self.all.len());
        self.all.reserve(more, |it| self.state.hash_one(it.prefix()));
    }

    pub(super) fn get(&self, prefix: Prefix) -> Option<&T> {
        self.all.find(self.state.hash_one(prefix), |it| it.prefix() == prefix)
    }

    pub(super) fn get_mut(&mut self, prefix: Prefix) -> Option<&mut T> {
        self.all.find_mut(self.state.hash_one(prefix), |it| it.prefix() == prefix)
    }

    fn entry(&mut self, prefix: Prefix) -> Entry<'_, T> {
        let state = &self.state;
        self.all.entry(state.hash_one(prefix), |it| it.prefix() == prefix, |it| state.hash_one(it.prefix()))
    }

    /// What is there, or what is made now, where something is.
    pub(super) fn get_or_insert(&mut self, prefix: Prefix, make: impl FnOnce() -> Option<T>) -> Option<&mut T> {
        match self.entry(prefix) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(slot) => Some(slot.insert(make()?).into_mut()),
        }
    }

    /// Gives what was there before.
    pub(super) fn insert(&mut self, new: T) -> Option<T> {
        match self.entry(new.prefix()) {
            Entry::Occupied(mut known) => Some(std::mem::replace(known.get_mut(), new)),
            Entry::Vacant(slot) => {
                slot.insert(new);
                None
            }
        }
    }

    pub(super) fn remove(&mut self, prefix: Prefix) {
        if let Ok(known) = self.all.find_entry(self.state.hash_one(prefix), |it| it.prefix() == prefix) {
            known.remove();
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.all.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.all.iter_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
    }
}
