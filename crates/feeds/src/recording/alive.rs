//! Which vantage points of a feed are still heard of.
//!
//! A session whose peer sends keepalives (RFC 4271 §4.4) and then nothing at all for long is not
//! over as far as anybody said, but what was heard by it may be old.

use super::ris_live::hash;
use peerage_domain::{
    Timestamp,
    sighting::{Sight, Sighting, Vantage},
};
use std::{collections::HashMap, sync::Arc};

/// So long nothing came of a vantage point that is silent, in seconds. Peers send keepalives about every minute.
pub(super) const SILENT_S: i64 = 3600;
/// When nothing came of anybody for so long, it was the feed that was away, in seconds.
const AWAY_S: i64 = 120;
/// How often is looked, in seconds.
const LOOK_S: i64 = 60;

struct State {
    vantage: Arc<Vantage>,
    heard: Timestamp,
    /// Whether its peer sends keepalives.
    keeps: bool,
    silent: bool,
}

/// Vantage points that told something of interest, by what tells sessions apart.
#[derive(Default)]
pub(super) struct Alive {
    all: HashMap<u64, State, foldhash::fast::RandomState>,
    latest: Timestamp,
    looked: Timestamp,
}

impl Alive {
    /// A vantage point told something of interest.
    pub(super) fn told(&mut self, vantage: &Arc<Vantage>, at: Timestamp) {
        let new = || State { vantage: vantage.clone(), heard: at, keeps: false, silent: false };
        self.all.entry(hash(&vantage.source, &vantage.peer)).or_insert_with(new);
    }

    /// Something came of a session, whatever it was; gives what follows for vantage points.
    pub(super) fn heard(&mut self, session: u64, keepalive: bool, at: Timestamp) -> Vec<Sighting> {
        let mut changed = vec![];
        if at.since(self.latest) > AWAY_S {
            self.all.values_mut().for_each(|state| state.heard = state.heard.max(at));
        }
        self.latest = self.latest.max(at);
        let told = |vantage: &Arc<Vantage>, silent| Sighting { at, vantage: vantage.clone(), sight: Sight::Silent(silent) };
        if let Some(state) = self.all.get_mut(&session) {
            state.heard = state.heard.max(at);
            state.keeps |= keepalive;
            if std::mem::take(&mut state.silent) {
                changed.push(told(&state.vantage, false));
            }
        }
        if at.since(self.looked) >= LOOK_S {
            self.looked = at;
            let is_new = |state: &&mut State| state.keeps && !state.silent && at.since(state.heard) > SILENT_S;
            let mut silent: Vec<Sighting> = vec![];
            for state in self.all.values_mut().filter(is_new) {
                state.silent = true;
                silent.push(told(&state.vantage, true));
            }
            silent.sort_by(|a, b| a.vantage.cmp(&b.vantage));
            changed.extend(silent);
        }
        changed
    }
}
