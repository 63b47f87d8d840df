//! From one configuration to the next: apply for a while, look at the router, then confirm or
//! go back.
//!
//! What is looked at: every session of the connection in question runs with its filter and has
//! accepted what its policy lets in, and nothing else; and no session that was up and whose own
//! parameters did not change was reset.

use crate::{
    Engine, Fault, Reveal,
    intent::{RouterIntent, Session},
    judge,
    state::{Route, SessionReport, Table},
};
use peerage_domain::{Finding, Next, Prefix, Timestamp, Verdict, peering::SessionState, rpki::Vrps, say};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// How a roll-out goes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The router goes back by itself after this time.
    pub undo_after: Duration,
    /// How long the router may take to settle.
    pub settle: Duration,
    /// How often it is looked at.
    pub poll: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { undo_after: Duration::from_secs(60), settle: Duration::from_secs(20), poll: Duration::from_millis(100) }
    }
}

/// What came of it, with the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the router keeps the new configuration.
    pub kept: bool,
    /// What was seen.
    pub findings: Vec<Finding>,
}

/// Most prefixes that a sentence lists.
const LISTED: usize = 5;

/// Brings a router to an intent and looks closely at some of its sessions. `vrps` are what
/// its RPKI caches know; without caches the router does not validate origins.
///
/// # Errors
/// When the router cannot be asked or refuses; it then runs on, or goes back, to what it ran before.
pub fn roll_out(
    engine: &dyn Engine,
    intent: &RouterIntent,
    focus: &[&Session],
    vrps: Option<&Vrps>,
    pace: Pace,
    now: Timestamp,
) -> Result<Outcome, Fault> {
    let vrps = vrps.filter(|_| !intent.router.rpki.is_empty());
    let steady = steady(engine, intent, now)?;
    engine.apply(intent, pace.undo_after)?;
    let until = Instant::now() + pace.settle;
    let findings = loop {
        let findings = look(engine, focus, &steady, vrps, now)?;
        if Finding::overall(&findings) != Verdict::Fail || Instant::now() >= until {
            break findings;
        }
        std::thread::sleep(pace.poll);
    };
    if Finding::overall(&findings) == Verdict::Fail {
        engine.roll_back()?;
        return Ok(Outcome { kept: false, findings });
    }
    if engine.confirm(intent)? {
        return Ok(Outcome { kept: true, findings });
    }
    let late = say!("rollout.late", "The router went back by itself before the new configuration was confirmed.");
    Ok(Outcome { kept: false, findings: vec![Finding::new(Verdict::Fail, late, Next::Operator)] })
}

/// The sessions that are up and that the new configuration must not reset, with their since.
fn steady(engine: &dyn Engine, intent: &RouterIntent, now: Timestamp) -> Result<Vec<SessionReport>, Fault> {
    let (old, new) = (engine.written()?, engine.render(intent, Reveal::Shown));
    let stays = |report: &SessionReport| {
        let before = engine.session_text(&old, &report.symbol);
        report.state == SessionState::Established && before.is_some() && before == engine.session_text(&new, &report.symbol)
    };
    Ok(engine.sessions(now)?.into_iter().filter(stays).collect())
}

fn look(
    engine: &dyn Engine,
    focus: &[&Session],
    steady: &[SessionReport],
    vrps: Option<&Vrps>,
    now: Timestamp,
) -> Result<Vec<Finding>, Fault> {
    let reports = engine.sessions(now)?;
    let of = |symbol: &str| reports.iter().find(|report| report.symbol == symbol);
    let mut findings = vec![];
    for before in steady {
        let same = of(&before.symbol).is_some_and(|after| after.state == SessionState::Established && after.is_unbroken_since(before));
        if !same {
            let text = say!("rollout.reset", "The session {session} was up and did not stay up.", session = before.symbol);
            findings.push(Finding::new(Verdict::Fail, text, Next::Operator));
        }
    }
    for session in focus {
        match of(&session.symbol()) {
            None => {
                let text = say!("rollout.absent", "The router does not run the session {session}.", session = session.id());
                findings.push(Finding::new(Verdict::Fail, text, Next::Operator));
            }
            Some(report) => {
                findings.extend(compare(engine, session, vrps)?);
                if session.policy.accept().is_some() && report.state != SessionState::Established {
                    let text = say!(
                        "rollout.down",
                        "The session with {peer} is not up. Compare addresses, ASN and key with the other side.",
                        peer = session.peer
                    );
                    findings.push(Finding::new(Verdict::Warn, text, Next::Operator));
                }
            }
        }
    }
    Ok(findings)
}

/// Compares what the router has accepted with what the policy lets in of what it receives.
///
/// # Errors
/// When the router cannot be asked.
pub fn compare(engine: &dyn Engine, session: &Session, vrps: Option<&Vrps>) -> Result<Vec<Finding>, Fault> {
    let prefixes = |routes: Vec<Route>| routes.into_iter().map(|route| route.prefix).collect::<BTreeSet<Prefix>>();
    let received = engine.routes(session, Table::Received)?;
    let expected = prefixes(received.into_iter().filter(|route| judge(session, route, vrps).is_empty()).collect());
    let accepted = prefixes(engine.routes(session, Table::Accepted)?);
    let list = |all: Vec<&Prefix>| {
        let shown: Vec<String> = all.iter().take(LISTED).map(ToString::to_string).collect();
        if all.len() > LISTED { format!("{}, …", shown.join(", ")) } else { shown.join(", ") }
    };
    let (extra, missing): (Vec<&Prefix>, Vec<&Prefix>) =
        (accepted.difference(&expected).collect(), expected.difference(&accepted).collect());
    let mut findings = vec![];
    if !extra.is_empty() {
        let text = say!(
            "rollout.unexpected",
            "{session} has accepted {count} routes that its policy refuses: {list}.",
            session = session.id(),
            count = extra.len(),
            list = list(extra)
        );
        findings.push(Finding::new(Verdict::Fail, text, Next::Operator));
    }
    if !missing.is_empty() {
        let text = say!(
            "rollout.missing",
            "{session} has not accepted {count} routes that its policy lets in: {list}.",
            session = session.id(),
            count = missing.len(),
            list = list(missing)
        );
        findings.push(Finding::new(Verdict::Fail, text, Next::Operator));
    }
    if findings.is_empty() {
        let text = say!(
            "rollout.accepted",
            "{session}: {count} routes accepted, those that its policy lets in and no other.",
            session = session.id(),
            count = accepted.len()
        );
        findings.push(Finding::pass(text));
    }
    Ok(findings)
}
