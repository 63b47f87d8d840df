//! The job that moves connections through the edge: deny all, validate, open; drain, remove.
//!
//! A job looks at the state of its connection, drives the router to what that state asks for,
//! and stores the step with the next job in one transaction. The router is never driven
//! inside of a transaction, and every call of it may be repeated: a crash at any point runs
//! the same step again.

use crate::{
    Error, Service,
    intents::{Change, Wanted, running_policy},
    irr::Declaration,
    peerings::command,
};
use peerage_domain::{
    Finding, Next, Text, Timestamp, Verdict,
    irr::Declared,
    peering::{Connection, Party, Peering, PeeringEvent, State, Verb},
    router::Router,
    say,
};
use peerage_edge::{
    Evidence, Fault, Reveal, differences,
    intent::{RoutePolicy, Session, is_session},
    rollout::{Outcome, Pace, roll_out},
    state::{Dropped, SessionReport, Table},
    validate,
};
use peerage_storage::{Tx, jobs::Job};
use std::{net::IpAddr, sync::Arc, time::Duration};

pub(crate) const ADVANCE: &str = "advance";
const AUTHOR: &str = "Peerage";
/// How long a step may take before another worker tries it; a roll-out takes less.
const LEASE_S: i64 = 180;
/// How soon a session that is not ready yet is looked at again.
const LOOK_AGAIN_S: i64 = 5;
/// How long the kernel's counters are watched to tell a wrong key from silence.
const WATCH: Duration = Duration::from_secs(2);

/// What a job came to.
enum Progress {
    /// The connection takes this step, with these words.
    Step(Verb, String),
    /// Look again in so many seconds.
    Again(i64),
    /// Nothing more to do in this state.
    Done,
}

/// What a job came to, and what was seen on the way.
struct Report {
    progress: Progress,
    findings: Option<Vec<Finding>>,
    router: Option<Router>,
    /// What was done, for the operator.
    log: Vec<Text>,
}

impl From<Progress> for Report {
    fn from(progress: Progress) -> Self {
        Report { progress, findings: None, router: None, log: vec![] }
    }
}

impl Service {
    /// Adds the job that an event calls for.
    pub(crate) async fn follow_up(&self, tx: &mut Tx, peering: &Peering, event: &PeeringEvent, now: Timestamp) -> Result<(), Error> {
        let Some(connection) = peering.connection(event.connection) else { return Ok(()) };
        let pause = match &connection.state {
            // What is taken back is closed at once.
            State::Validating { held: Some(_), .. } => 0,
            State::ProvisioningStarted { peer_ready: true } | State::ProvisioningCompleted | State::Validating { .. } => {
                self.settings.step_pause_s
            }
            // At once: traffic is asked to go elsewhere; the removal itself comes later.
            State::PendingRemove { .. } => 0,
            // Nothing of what failed stays on the router.
            State::ProvisioningFailed { .. } => 0,
            // A legacy session is taken over as it is; one that stays after all is opened again.
            State::Active if matches!(event.verb, Verb::Approve | Verb::UndoRemoval | Verb::Adopt) => 0,
            _ => return Ok(()),
        };
        Ok(tx.add_job(ADVANCE, &subject(peering, event.connection), now.plus_secs(pause)).await?)
    }

    /// Does every job that is due; tells how many there were.
    ///
    /// # Errors
    /// When storage fails; the job is due again later.
    pub async fn run_due_jobs(&self) -> Result<usize, Error> {
        let mut done = 0;
        while let Some(job) = self.store.lease_job(self.clock.now(), LEASE_S).await? {
            self.advance(&job).await?;
            done += 1;
        }
        Ok(done)
    }

    async fn advance(&self, job: &Job) -> Result<(), Error> {
        let (id, number) = job.subject.split_once('/').unwrap_or((&job.subject, "0"));
        let number: u16 = number.parse().unwrap_or(0);
        let before = self.store.peering(id).await?.map(|v| v.body);
        let connection = before.as_ref().and_then(|p| p.connection(number).cloned());
        let report = match (&before, &connection) {
            (Some(peering), Some(connection)) => self.drive(peering, connection).await?,
            _ => Progress::Done.into(),
        };
        let mut tx = self.store.begin().await?;
        let after = tx.peering(id).await?;
        let organisation = after.as_ref().map(|v| v.body.organisation.clone());
        if let (Some(mut found), Some(connection)) = (after, connection) {
            let now = self.clock.now();
            // What somebody did in the meantime has a job of its own.
            if found.body.connection(number) == Some(&connection) {
                if let Some(router) = &report.router {
                    tx.place(id, number, &router.id).await?;
                }
                if let Some(findings) = &report.findings {
                    tx.save_evidence(&job.subject, now, findings).await?;
                }
                for line in &report.log {
                    tx.add_log(&job.subject, now, line).await?;
                }
                match report.progress {
                    Progress::Step(verb, note) => {
                        self.step(&mut tx, &mut found.body, &command(number, verb, Party::Portal, &note), AUTHOR).await?;
                        tx.save_peering(&found.body, found.version, now).await?;
                        if verb == Verb::CompleteRemoval {
                            self.forget_converted(&mut tx, &found.body).await?;
                        }
                    }
                    Progress::Again(pause) => tx.add_job(ADVANCE, &job.subject, now.plus_secs(pause)).await?,
                    Progress::Done => {}
                }
            }
        }
        tx.finish_job(&job.id).await?;
        tx.commit().await?;
        organisation.into_iter().for_each(|organisation| self.live.tell(id, &organisation));
        Ok(())
    }

    /// Drives the router to what the state of a connection asks for.
    async fn drive(&self, peering: &Peering, connection: &Connection) -> Result<Report, Error> {
        let accept = self.accept(peering, connection).await?;
        let wanted = match &connection.state {
            State::ProvisioningStarted { peer_ready: true } => Wanted::Run(RoutePolicy::DenyAll),
            State::ProvisioningCompleted => return Ok(Progress::Step(Verb::StartValidation, String::new()).into()),
            State::Validating { held: Some(_), .. } => Wanted::Run(RoutePolicy::DenyAll),
            State::Validating { waived, held: None } => return self.validate(peering, connection, waived.as_deref()).await,
            State::PendingRemove { .. } if self.removal_left(connection) == 0 => Wanted::Gone,
            State::PendingRemove { .. } => running_policy(&connection.state, &accept).map_or(Wanted::Gone, Wanted::Run),
            State::ProvisioningFailed { .. } => Wanted::Gone,
            State::Active => Wanted::Run(RoutePolicy::Open(accept)),
            _ => return Ok(Progress::Done.into()),
        };
        let router = match self.router_for(peering, connection.number).await? {
            Ok(router) => router,
            Err(why) => return Ok(without_router(connection, &why)),
        };
        if let Some(why) = self.runs_elsewhere(peering, connection).await? {
            let findings = Some(vec![Finding::new(Verdict::Warn, why.clone(), Next::Operator)]);
            return Ok(Report { progress: Progress::Again(LOOK_AGAIN_S), findings, router: None, log: vec![why] });
        }
        let by_hand = self.by_hand(&router, peering).await?;
        let outcome = self.bring(&router, peering, connection, &wanted).await?;
        let log = by_hand.into_iter().chain([brought(&router, &wanted, &outcome)]).collect();
        let (findings, failed) = match outcome {
            Ok(outcome) => (outcome.findings.clone(), (!outcome.kept).then(|| sentences(&outcome.findings))),
            Err(why) => (vec![Finding::new(Verdict::Fail, why.clone(), Next::Operator)], Some(for_history(&why))),
        };
        let progress = match (&connection.state, failed) {
            (State::ProvisioningStarted { .. }, None) => Progress::Step(Verb::CompleteProvisioning, String::new()),
            (State::ProvisioningStarted { .. }, Some(why)) => Progress::Step(Verb::FailProvisioning, why),
            (State::PendingRemove { .. }, None) if self.removal_left(connection) == 0 => {
                Progress::Step(Verb::CompleteRemoval, String::new())
            }
            (State::PendingRemove { .. }, None) => Progress::Again(self.removal_left(connection)),
            // The router cannot be reached or refuses: it is tried until it is done.
            (_, Some(_)) => Progress::Again(LOOK_AGAIN_S * 6),
            (_, None) => Progress::Done,
        };
        Ok(Report { progress, findings: Some(findings), router: Some(router), log })
    }

    /// Why a session from before the portal cannot be taken over yet: a router's own
    /// configuration still has it, and two sessions with one peer are in each other's way. Every
    /// router of the location is asked; one that does not answer may have it, too.
    async fn runs_elsewhere(&self, peering: &Peering, connection: &Connection) -> Result<Option<Text>, Error> {
        if !peering.legacy || self.store.placement(&peering.id, connection.number).await?.is_some() {
            return Ok(None);
        }
        let now = self.clock.now();
        for router in self.store.routers().await?.into_iter().filter(|router| router.serves(&peering.location)) {
            let seen = match self.fleet.look(&router, move |engine| engine.sessions(now)).await? {
                Ok(seen) => seen,
                Err(fault) => return Ok(Some(trouble(&router, &fault))),
            };
            let peers = connection.spec.endpoint.peer_addresses();
            let foreign = |report: &&SessionReport| !is_session(&report.symbol) && report.peer.is_some_and(|peer| peers.contains(&peer));
            let left: Vec<String> =
                seen.iter().filter(foreign).filter_map(|report| Some(format!("{} ({})", report.symbol, report.peer?))).collect();
            if !left.is_empty() {
                return Ok(Some(say!(
                    "legacy.still_there",
                    "{router} still runs {sessions} in its own configuration. Take out all of it there; Peerage then takes over within a minute.",
                    router = router.name,
                    sessions = left.join(", ")
                )));
            }
        }
        Ok(None)
    }

    /// Seconds until a connection that is to be removed is removed.
    fn removal_left(&self, connection: &Connection) -> i64 {
        (self.settings.removal_pause_s - self.clock.now().since(connection.since)).max(0)
    }

    /// Looks at the sessions under deny-all, and opens them when all is well, or when the
    /// operator waived what is not.
    async fn validate(&self, peering: &Peering, connection: &Connection, waived: Option<&str>) -> Result<Report, Error> {
        let router = match self.router_for(peering, connection.number).await? {
            Ok(router) => router,
            Err(why) => return Ok(without_router(connection, &why)),
        };
        let open = RoutePolicy::Open(self.accept(peering, connection).await?);
        let sessions = match self.sessions_of(&router, peering, connection, &RoutePolicy::DenyAll).await? {
            Ok(sessions) => sessions,
            Err(why) => return Ok(without_router(connection, &why)),
        };
        let declaration = self.declared(peering.asn).await?;
        let asking = matches!(declaration, Declaration::Asking).then(|| {
            let text = say!("validate.irr_asking", "The IRR is being asked what {asn} declares.", asn = peering.asn);
            Finding::new(Verdict::Unknown, text, Next::Portal)
        });
        let declared = if let Declaration::Heard(heard) = declaration { Some(heard) } else { None };
        let mut findings = self.look(&router, sessions, &open, declared).await?;
        findings.extend(asking);
        let any = |verdict| findings.iter().any(|f: &Finding| f.verdict == verdict);
        let (failed, unknown) = (any(Verdict::Fail), any(Verdict::Unknown));
        let waited = self.clock.now().since(connection.since);
        let patience = self.settings.patience_s;
        let mut log = vec![looked(&router, &findings)];
        let progress = if waived.is_some() || !failed && !unknown {
            let wanted = Wanted::Run(open);
            log.extend(self.by_hand(&router, peering).await?);
            let outcome = self.bring(&router, peering, connection, &wanted).await?;
            log.push(brought(&router, &wanted, &outcome));
            match outcome {
                Ok(Outcome { kept: true, findings: seen }) => {
                    findings.extend(seen);
                    Progress::Step(Verb::PassValidation, String::new())
                }
                Ok(Outcome { kept: false, findings: seen }) => {
                    let why = sentences(&seen);
                    findings.extend(seen);
                    Progress::Step(Verb::FailValidation, why)
                }
                Err(why) => {
                    findings.push(Finding::new(Verdict::Fail, why.clone(), Next::Operator));
                    Progress::Step(Verb::FailValidation, for_history(&why))
                }
            }
        } else if failed && waited >= patience {
            Progress::Step(Verb::FailValidation, sentences(&findings))
        } else {
            Progress::Again(LOOK_AGAIN_S.min(patience.max(1)))
        };
        Ok(Report { progress, findings: Some(findings), router: Some(router), log })
    }

    /// What is to be seen on the sessions of a connection.
    async fn look(
        &self,
        router: &Router,
        sessions: Vec<Session>,
        open: &RoutePolicy,
        declared: Option<Result<Arc<Declared>, String>>,
    ) -> Result<Vec<Finding>, Error> {
        let (now, settle_s, open, vrps) = (self.clock.now(), self.settings.settle_s, open.clone(), self.vrps());
        let rpki_silent = self.settings.rpki.is_set() && vrps.is_none();
        let seen = self.fleet.drive(router, move |engine| -> Result<Vec<Finding>, Fault> {
            let before = engine.dropped();
            let mut reports = engine.sessions(now)?;
            let is_up = |session: &Session| {
                let of = reports.iter().find(|r| r.symbol == session.symbol());
                of.is_some_and(|r| r.state == peerage_domain::peering::SessionState::Established)
            };
            let mut dropped = None;
            if !sessions.iter().all(is_up) && engine.is_real() {
                std::thread::sleep(WATCH);
                dropped = before.zip(engine.dropped()).map(|(before, after)| Dropped {
                    md5: after.md5.saturating_sub(before.md5),
                    unexpected: after.unexpected.saturating_sub(before.unexpected),
                    ttl: after.ttl.saturating_sub(before.ttl),
                });
                reports = engine.sessions(now)?;
            }
            let watched = sessions.iter().any(|session| session.bfd).then(|| engine.watched()).flatten();
            let mut findings = vec![];
            if rpki_silent && engine.is_real() {
                let text = say!("validate.rpki_silent", "What the RPKI says is not known now; nothing is opened until it is.");
                findings.push(Finding::new(Verdict::Unknown, text, Next::Operator));
            }
            for session in &sessions {
                let report = reports.iter().find(|r| r.symbol == session.symbol()).cloned();
                if !engine.is_real() {
                    findings.push(Finding::pass(say!(
                        "validate.memory",
                        "The session with {peer} is in memory: nothing is received.",
                        peer = session.peer
                    )));
                    continue;
                }
                let received = if report.is_some() { engine.routes(session, Table::Received)? } else { vec![] };
                let hears = |all: &Vec<(IpAddr, bool)>| all.iter().any(|(peer, up)| *peer == session.peer && *up);
                let bfd = watched.as_ref().map(hears);
                let evidence = Evidence { report, received, dropped, vrps: vrps.clone(), declared: declared.clone(), bfd };
                findings.extend(validate(session, &open, &evidence, settle_s, now));
            }
            Ok(findings)
        });
        Ok(match seen.await? {
            Ok(findings) => findings,
            // Nothing is known then: neither good nor bad.
            Err(fault) => vec![Finding::new(Verdict::Unknown, trouble(router, &fault), Next::Operator)],
        })
    }

    /// Brings a router to what it should run, with one connection as wanted.
    async fn bring(
        &self,
        router: &Router,
        peering: &Peering,
        connection: &Connection,
        wanted: &Wanted,
    ) -> Result<Result<Outcome, Text>, Error> {
        let change = Change { peering, connection: connection.number, wanted };
        let intent = match self.router_intent(router, Some(change)).await? {
            Ok(intent) => intent,
            Err(why) => return Ok(Err(why)),
        };
        let (now, number, id, vrps) = (self.clock.now(), connection.number, peering.id.clone(), self.vrps());
        let done = self.fleet.drive(router, move |engine| {
            let mine = |s: &&Session| s.peering.as_str() == id && s.connection == number;
            let focus: Vec<&Session> = intent.sessions.iter().filter(mine).collect();
            roll_out(engine, &intent, &focus, vrps.as_deref(), Pace::default(), now)
        });
        let outcome = done.await?.map_err(|fault| trouble(router, &fault));
        self.fleet.listen(router, now).await?;
        Ok(outcome)
    }

    /// What somebody changed by hand in files of other peerings: the next roll-out writes them
    /// anew, and the log keeps that it did.
    async fn by_hand(&self, router: &Router, peering: &Peering) -> Result<Option<Text>, Error> {
        let Ok(intent) = self.router_intent(router, None).await? else { return Ok(None) };
        let own = format!("{}.conf", peering.id);
        let seen = self.fleet.look(router, move |engine| {
            let (written, wanted) = (engine.written().ok()?, engine.render(&intent, Reveal::Shown));
            let other = |name: &String| name.starts_with("PR-") && *name != own && written.contains_key(name);
            let names = differences(&written, &wanted).into_iter().map(|diff| diff.name).filter(other);
            Some(names.collect::<Vec<_>>().join(", "))
        });
        let files = seen.await?.filter(|files| !files.is_empty());
        Ok(files.map(|files| {
            say!(
                "log.by_hand",
                "{files} on {router} had been changed by hand; this step writes what is on record.",
                files = files,
                router = router.name
            )
        }))
    }

    /// The router on which a connection runs: where it was placed, else one at its location.
    /// The connections of a peering are spread over the routers that stand there.
    pub(crate) async fn router_for(&self, peering: &Peering, number: u16) -> Result<Result<Router, Text>, Error> {
        let routers = self.store.routers().await?;
        let placed = self.store.placement(&peering.id, number).await?;
        if let Some(router) = placed.and_then(|id| routers.iter().find(|r| r.id == id)) {
            return Ok(Ok(router.clone()));
        }
        let here: Vec<&Router> = routers.iter().filter(|r| r.serves(&peering.location)).collect();
        if peering.legacy {
            // A session from before the portal stays on the router that it was read from.
            let read = self.store.legacies().await?.into_iter().find(|it| it.peering.as_ref() == Some(&peering.id));
            if let Some(router) = here.iter().find(|router| read.as_ref().is_some_and(|it| it.router.as_ref() == Some(&router.id))) {
                return Ok(Ok((*router).clone()));
            }
        }
        let turn = usize::from(number.saturating_sub(1)) % here.len().max(1);
        Ok(here.get(turn).map(|router| (*router).clone()).ok_or_else(|| {
            say!("provision.no_router", "No router is registered at {location}. Register one, then try again.", location = peering.location)
        }))
    }

    /// Takes back what an earlier run of the portal changed and did not confirm, and gives
    /// routers that forget their sessions at a restart those back that should run.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn restore_edge(&self) -> Result<(), Error> {
        for router in self.store.routers().await? {
            if self.fleet.engine(&router).is_real() {
                if let Err(fault) = self.fleet.drive(&router, |engine| engine.roll_back()).await? {
                    tracing::warn!(router = router.name, %fault, "the router could not be asked at the start");
                }
                continue;
            }
            let Some((id, number)) = self.store.placed_on(&router.id).await?.into_iter().next() else { continue };
            let Some(peering) = self.store.peering(&id).await?.map(|v| v.body) else { continue };
            let Some(connection) = peering.connection(number) else { continue };
            let accept = self.accept(&peering, connection).await?;
            let wanted = running_policy(&connection.state, &accept).map_or(Wanted::Gone, Wanted::Run);
            if let Err(why) = self.bring(&router, &peering, connection, &wanted).await? {
                tracing::warn!(router = router.name, %why, "sessions in memory could not be restored");
            }
        }
        Ok(())
    }
}

fn subject(peering: &Peering, number: u16) -> String {
    format!("{}/{number}", peering.id)
}

/// The key of a fault's sentence, which names the operator's paths.
pub(crate) const FAULT: &str = "provision.fault";

/// What both sides read in the history: faults without the operator's paths.
fn for_history(why: &Text) -> String {
    if why.key() == FAULT { crate::peerings::silent().to_string() } else { why.to_string() }
}

/// A line of the log: what a router was asked to run, and what came of it.
fn brought(router: &Router, wanted: &Wanted, outcome: &Result<Outcome, Text>) -> Text {
    let what = match wanted {
        Wanted::Run(RoutePolicy::DenyAll) => say!("log.deny_all", "deny-all"),
        Wanted::Run(RoutePolicy::Open(_)) => say!("log.open", "the open policy"),
        Wanted::Run(RoutePolicy::Drain(_)) => say!("log.drain", "the drained policy (RFC 8326)"),
        Wanted::Gone => say!("log.gone", "no session"),
    };
    match outcome {
        Ok(Outcome { kept: true, .. }) => say!("log.kept", "{router} runs {what}; confirmed.", router = router.name, what = what),
        Ok(Outcome { kept: false, findings }) => {
            say!("log.undone", "{router} ran {what} and went back: {why}", router = router.name, what = what, why = sentences(findings))
        }
        Err(why) => say!("log.refused", "{router} was asked to run {what}: {why}", router = router.name, what = what, why = why),
    }
}

/// A line of the log: what the sessions showed.
fn looked(router: &Router, findings: &[Finding]) -> Text {
    let first = findings.iter().max_by_key(|finding| finding.verdict);
    let gist = first.map(|finding| finding.sentence.clone()).unwrap_or_else(|| say!("log.nothing", "nothing to see."));
    say!("log.looked", "Looked at {router}: {gist}", router = router.name, gist = gist)
}

/// A fault with the name of its router.
fn trouble(router: &Router, fault: &Fault) -> Text {
    say!("provision.fault", "{router}: {fault}", router = router.name, fault = fault)
}

/// A connection that no router can run yet: setting it up fails, everything else waits.
fn without_router(connection: &Connection, why: &Text) -> Report {
    let progress = match &connection.state {
        State::ProvisioningStarted { .. } => Progress::Step(Verb::FailProvisioning, why.to_string()),
        State::Validating { .. } => Progress::Step(Verb::FailValidation, why.to_string()),
        State::PendingRemove { .. } => Progress::Step(Verb::CompleteRemoval, String::new()),
        _ => Progress::Done,
    };
    Report {
        progress,
        findings: Some(vec![Finding::new(Verdict::Fail, why.clone(), Next::Operator)]),
        router: None,
        log: vec![why.clone()],
    }
}

/// What failed, in one line for the history.
fn sentences(findings: &[Finding]) -> String {
    let failed = findings.iter().filter(|f| f.verdict == Verdict::Fail).map(|f| f.sentence.to_string());
    failed.collect::<Vec<_>>().join(" ")
}
