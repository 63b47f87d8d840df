//! Where routes of registered prefixes come in, for those who judge that.

use super::Watch;
use peerage_domain::{
    Prefix,
    service::{Announcement, Session},
};
use std::collections::BTreeMap;

/// The routes of a prefix at one location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// Id of the location.
    pub location: String,
    /// Its sessions that announce it, and what.
    pub sessions: Vec<(Session, Announcement)>,
}

impl Watch {
    /// What is registered, each with its organisation, and whether that is a customer.
    pub(crate) fn each_entry(&self, mut give: impl FnMut(&peerage_watch::Entry, &str, bool)) {
        let world = self.world();
        for id in world.book.ids() {
            if let (Some(entry), Some(owner)) = (world.book.entry(id), world.owners.get(id)) {
                give(entry, &owner.organisation, owner.customer);
            }
        }
    }

    /// Customers' prefixes of which the routes changed since this was asked.
    pub(crate) fn moved(&self) -> Vec<String> {
        let mut world = self.world();
        let moved = std::mem::take(&mut world.moved);
        moved.into_iter().filter(|id| world.owners.get(id).is_some_and(|owner| owner.customer)).collect()
    }

    /// Has the entrances of all customers' prefixes judged again: what is expected changed.
    pub(crate) fn all_moved(&self) {
        let mut world = self.world();
        let all = world.book.ids().cloned().collect::<Vec<_>>();
        world.moved.extend(all);
    }

    /// Where a prefix is announced, by location; locations where nobody announces it are left out.
    pub(crate) fn entrances(&self, prefix: Prefix) -> Vec<Entrance> {
        let world = self.world();
        let mut found: BTreeMap<&str, Entrance> = BTreeMap::new();
        for session in world.sessions.values().filter(|session| session.up == Some(true) && world.view.is_heard(&session.id)) {
            let Some(route) = world.view.route(&session.id, prefix) else { continue };
            let slot = found.entry(&session.location).or_insert_with(|| Entrance { location: session.location.clone(), sessions: vec![] });
            slot.sessions.push((session.clone(), route.clone()));
        }
        let mut all: Vec<Entrance> = found.into_values().collect();
        all.iter_mut().for_each(|entrance| entrance.sessions.sort_by(|a, b| a.0.id.cmp(&b.0.id)));
        all
    }

    /// Whether a router of some session of a customer's prefix does not tell.
    pub(crate) fn is_silent(&self, subject: &str) -> bool {
        let world = self.world();
        let Some(entry) = world.book.entry(subject) else { return false };
        entry.coverage.sessions.iter().any(|(id, _)| world.sessions.get(id).is_none_or(|session| session.up.is_none()))
    }
}
