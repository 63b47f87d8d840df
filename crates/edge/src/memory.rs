//! A router in this process, for tests and for the demo world: it touches no network.

use crate::{
    Engine, Fault, Files, Reveal, bird,
    intent::{RouterIntent, Session},
    judge,
    state::{Route, SessionReport, Table},
};
use peerage_domain::{Timestamp, peering::SessionState};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// An engine in memory. Its sessions come up as soon as they are configured, and its peers
/// announce what [`Engine::announce`] says.
#[derive(Default)]
pub struct Memory(Mutex<World>);

#[derive(Default)]
struct World {
    running: Option<RouterIntent>,
    /// What to go back to, and when.
    before: Option<(Option<RouterIntent>, Instant)>,
    written: Option<RouterIntent>,
    up: BTreeMap<String, Timestamp>,
    announced: BTreeMap<String, Vec<Route>>,
    updates: BTreeMap<String, u64>,
}

impl Memory {
    fn world(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere leaves the maps whole: each change is one assignment.
        let mut world = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, until)) = world.before.take() {
            if until <= Instant::now() {
                world.running = before;
            } else {
                world.before = Some((before, until));
            }
        }
        world
    }
}

impl World {
    fn session(&self, symbol: &str) -> Option<&Session> {
        self.running.iter().flat_map(|it| &it.sessions).find(|session| session.symbol() == symbol)
    }

    fn routes(&self, symbol: &str, table: Table) -> Vec<Route> {
        let Some(session) = self.session(symbol) else { return vec![] };
        let all = self.announced.get(symbol).cloned().unwrap_or_default();
        all.into_iter()
            .filter(|route| match table {
                Table::Received => true,
                Table::Refused => !judge(session, route, None).is_empty(),
                Table::Accepted => judge(session, route, None).is_empty(),
            })
            .collect()
    }
}

impl Engine for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn is_real(&self) -> bool {
        false
    }

    fn render(&self, intent: &RouterIntent, reveal: Reveal) -> Files {
        bird::render(intent, bird::Dialect::V2, reveal)
    }

    fn written(&self) -> Result<Files, Fault> {
        Ok(self.world().written.as_ref().map(|it| self.render(it, Reveal::Shown)).unwrap_or_default())
    }

    fn session_text(&self, files: &Files, symbol: &str) -> Option<String> {
        bird::session_text(files, symbol)
    }

    fn check(&self, intent: &RouterIntent) -> Result<(), Fault> {
        Ok(intent.check()?)
    }

    fn apply(&self, intent: &RouterIntent, undo_after: Duration) -> Result<(), Fault> {
        intent.check()?;
        let mut world = self.world();
        let before = world.before.take().map_or_else(|| world.running.clone(), |(before, _)| before);
        world.before = Some((before, Instant::now() + undo_after));
        world.running = Some(intent.clone());
        Ok(())
    }

    fn confirm(&self, _intent: &RouterIntent) -> Result<bool, Fault> {
        let mut world = self.world();
        let waited = world.before.take().is_some();
        if waited {
            world.written = world.running.clone();
        }
        Ok(waited)
    }

    fn roll_back(&self) -> Result<(), Fault> {
        let mut world = self.world();
        if let Some((before, _)) = world.before.take() {
            world.running = before;
        }
        Ok(())
    }

    fn sessions(&self, now: Timestamp) -> Result<Vec<SessionReport>, Fault> {
        let mut world = self.world();
        let sessions: Vec<Session> = world.running.iter().flat_map(|it| it.sessions.clone()).collect();
        world.up.retain(|symbol, _| sessions.iter().any(|s| s.symbol() == *symbol));
        let report = |session: Session| {
            let symbol = session.symbol();
            let since = *world.up.entry(symbol.clone()).or_insert(now);
            let count = |table| world.routes(&symbol, table).len() as u64;
            SessionReport {
                peer: Some(session.peer),
                local: Some(session.local),
                peer_asn: Some(session.peer_asn),
                limit: Some(session.max_prefixes),
                state: SessionState::Established,
                since: Some(since),
                last_error: None,
                trouble: None,
                flaps: Some(0),
                accepted: count(Table::Accepted),
                refused: count(Table::Refused),
                updates: Some(world.updates.get(&symbol).copied().unwrap_or_default()),
                disabled: false,
                filter: Some(format!("{symbol}_in")),
                symbol,
            }
        };
        Ok(sessions.into_iter().map(report).collect())
    }

    fn announce(&self, symbol: &str, routes: Vec<Route>) {
        let mut world = self.world();
        *world.updates.entry(symbol.to_owned()).or_default() += 1;
        world.announced.insert(symbol.to_owned(), routes);
    }

    fn routes(&self, session: &Session, table: Table) -> Result<Vec<Route>, Fault> {
        let world = self.world();
        match world.session(&session.symbol()) {
            Some(_) => Ok(world.routes(&session.symbol(), table)),
            None => Err(Fault::Strange(format!("there is no session {}", session.symbol()))),
        }
    }
}
