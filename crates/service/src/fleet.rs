//! The routers that the portal drives, as engines: one change at a time on each, and what was
//! last heard from it.

use crate::{Error, Service};
use peerage_domain::{
    Timestamp,
    peering::SessionState,
    router::{EngineKind, Router},
};
use peerage_edge::{
    Engine, Memory,
    bird::{Bird, Dialect},
    frr::Frr,
    state::SessionReport,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long a router has to tell its sessions before the others are looked at without it.
const PATIENCE: Duration = Duration::from_secs(5);
/// What was last heard from a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When it was asked.
    pub at: Timestamp,
    /// Its sessions, or why it did not tell.
    pub sessions: Result<Vec<SessionReport>, String>,
}

/// The engines by router. Cheap to clone.
#[derive(Clone, Default)]
pub struct Fleet(Arc<Mutex<HashMap<String, Member>>>);

struct Member {
    router: Router,
    engine: Arc<dyn Engine>,
    busy: Arc<tokio::sync::Mutex<()>>,
    heard: Option<Heard>,
    /// Whether it is being asked for its sessions.
    asked: bool,
}

impl Fleet {
    fn members(&self) -> MutexGuard<'_, HashMap<String, Member>> {
        // A panic elsewhere leaves the map whole: each change is one insertion or assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, router: &Router, work: impl FnOnce(&mut Member) -> T) -> T {
        let mut members = self.members();
        let member = members.entry(router.id.clone()).or_insert_with(|| Member::new(router));
        if member.router != *router {
            // It is reached in another way now; a router in memory stays the one it is.
            if router.engine != EngineKind::Memory || member.router.engine != EngineKind::Memory {
                member.engine = engine(router);
            }
            member.router = router.clone();
        }
        work(member)
    }

    /// The engine of a router.
    pub fn engine(&self, router: &Router) -> Arc<dyn Engine> {
        self.with(router, |member| member.engine.clone())
    }

    /// Runs something that blocks on a router's engine, alone.
    ///
    /// # Errors
    /// When the work panicked.
    pub async fn drive<T: Send + 'static>(
        &self,
        router: &Router,
        work: impl FnOnce(&dyn Engine) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (engine, busy) = self.with(router, |member| (member.engine.clone(), member.busy.clone()));
        let _alone = busy.lock().await;
        let done = tokio::task::spawn_blocking(move || work(&*engine)).await;
        done.map_err(|error| Error::Fault(format!("driving {}: {error}", router.name)))
    }

    /// Runs something that only looks; it does not wait for a change that is under way.
    ///
    /// # Errors
    /// When the work panicked.
    pub async fn look<T: Send + 'static>(&self, router: &Router, work: impl FnOnce(&dyn Engine) -> T + Send + 'static) -> Result<T, Error> {
        let engine = self.engine(router);
        let done = tokio::task::spawn_blocking(move || work(&*engine)).await;
        done.map_err(|error| Error::Fault(format!("asking {}: {error}", router.name)))
    }

    /// Asks a router for its sessions, and remembers what it says. Tells whether anything but
    /// counters changed.
    ///
    /// # Errors
    /// When the work panicked.
    pub async fn listen(&self, router: &Router, now: Timestamp) -> Result<bool, Error> {
        // One that does not answer is asked once, not once more with every look.
        if self.with(router, |member| std::mem::replace(&mut member.asked, true)) {
            return Ok(false);
        }
        let sessions = self.look(router, move |engine| engine.sessions(now)).await;
        self.with(router, |member| member.asked = false);
        let sessions = sessions?;
        let mut heard = Heard { at: now, sessions: sessions.map_err(|fault| fault.to_string()) };
        Ok(self.with(router, |member| {
            count_flaps(member.heard.as_ref(), &mut heard);
            let changed = member.heard.as_ref().is_none_or(|before| differ(before, &heard));
            member.heard = Some(heard);
            changed
        }))
    }

    /// What was last heard from a router.
    pub fn heard(&self, router: &Router) -> Option<Heard> {
        self.with(router, |member| member.heard.clone())
    }

    /// Forgets a router.
    pub fn forget(&self, id: &str) {
        self.members().remove(id);
    }
}

impl Service {
    /// Asks every router for its sessions, all at once; pages that show one that changed hear of it.
    /// A router that takes long is not waited for: what it says counts when it comes.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn listen_to_routers(&self) -> Result<(), Error> {
        let mut asked = tokio::task::JoinSet::new();
        for router in self.store.routers().await? {
            let service = self.clone();
            asked.spawn(async move { service.listen_to(&router).await });
        }
        let all = async {
            while let Some(done) = asked.join_next().await {
                done.map_err(|error| Error::Fault(error.to_string()))??;
            }
            Ok(())
        };
        let outcome = tokio::time::timeout(PATIENCE, all).await.unwrap_or(Ok(()));
        asked.detach_all();
        outcome
    }

    async fn listen_to(&self, router: &Router) -> Result<(), Error> {
        if !self.fleet.listen(router, self.clock.now()).await? {
            return Ok(());
        }
        for (id, _) in self.store.placed_on(&router.id).await? {
            if let Some(peering) = self.store.peering(&id).await? {
                self.live.tell(&id, &peering.body.organisation);
            }
        }
        Ok(())
    }
}

/// Counts how often sessions went down, for routers that do not count themselves.
fn count_flaps(before: Option<&Heard>, after: &mut Heard) {
    let (Ok(after), before) = (&mut after.sessions, before.and_then(|heard| heard.sessions.as_ref().ok())) else { return };
    for report in after.iter_mut().filter(|report| report.flaps.is_none()) {
        let earlier = before.and_then(|all| all.iter().find(|it| it.symbol == report.symbol));
        let went_down = earlier.is_some_and(|it| {
            let same = SessionReport { flaps: None, ..it.clone() };
            it.state == SessionState::Established && !(report.state == it.state && report.is_unbroken_since(&same))
        });
        report.flaps = Some(earlier.and_then(|it| it.flaps).unwrap_or(0) + u64::from(went_down));
    }
}

/// Whether two answers differ in more than counters, which alone are no news.
fn differ(before: &Heard, after: &Heard) -> bool {
    let same = |(b, a): (&SessionReport, &SessionReport)| b.symbol == a.symbol && b.state == a.state && a.is_unbroken_since(b);
    match (&before.sessions, &after.sessions) {
        (Ok(before), Ok(after)) => before.len() != after.len() || !before.iter().zip(after).all(same),
        (before, after) => before != after,
    }
}

impl Member {
    fn new(router: &Router) -> Self {
        Member { router: router.clone(), engine: engine(router), busy: Arc::default(), heard: None, asked: false }
    }
}

/// The engine that drives a router; nothing is done yet.
pub(crate) fn engine(router: &Router) -> Arc<dyn Engine> {
    let bird = |dialect| {
        Arc::new(Bird { socket: (&router.socket).into(), config: (&router.config).into(), folder: (&router.folder).into(), dialect })
    };
    match router.engine {
        EngineKind::Bird2 => bird(Dialect::V2),
        EngineKind::Bird3 => bird(Dialect::V3),
        EngineKind::Frr => {
            Arc::new(Frr { sockets: (&router.socket).into(), config: (&router.config).into(), folder: (&router.folder).into() })
        }
        EngineKind::Memory => Arc::new(Memory::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_goes_down_or_starts_anew_is_counted() {
        let report = |state, since| SessionReport {
            symbol: "pr_1_1_v4".into(),
            peer: None,
            local: None,
            peer_asn: None,
            limit: None,
            state,
            since: Some(Timestamp::from_secs(since)),
            last_error: None,
            trouble: None,
            flaps: None,
            accepted: 0,
            refused: 0,
            updates: None,
            disabled: false,
            filter: None,
        };
        let (up, down) = (SessionState::Established, SessionState::Active);
        let mut before: Option<Heard> = None;
        let mut check = |state, since, flaps| {
            let mut heard = Heard { at: Timestamp::from_secs(0), sessions: Ok(vec![report(state, since)]) };
            count_flaps(before.as_ref(), &mut heard);
            assert_eq!(heard.sessions.as_ref().map(|all| all[0].flaps), Ok(Some(flaps)));
            before = Some(heard);
        };
        check(down, 0, 0);
        check(up, 10, 0);
        check(up, 10, 0);
        check(down, 20, 1);
        check(down, 30, 1);
        check(up, 40, 1);
        check(up, 90, 2);
    }
}
