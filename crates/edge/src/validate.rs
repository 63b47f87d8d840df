//! What the operator wants to see on a session under deny-all before routes are let in.

use crate::{
    intent::{RoutePolicy, Session},
    judge,
    reason::Reason,
    state::{Dropped, Route, SessionReport, Trouble},
};
use peerage_domain::{Finding, Next, Prefix, Text, Timestamp, Verdict, irr::Declared, peering::SessionState, rpki::Vrps, say};
use std::{collections::BTreeMap, sync::Arc};

/// What was seen of one session.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What the router says; nothing when it runs no such session.
    pub report: Option<SessionReport>,
    /// Everything that the peer sent.
    pub received: Vec<Route>,
    /// What the kernel dropped while the session was watched, where that is known.
    pub dropped: Option<Dropped>,
    /// What the RPKI says; nothing where it is not asked.
    pub vrps: Option<Arc<Vrps>>,
    /// What the peer's AS-SET declares in the IRR, or why that is not known; nothing where it is
    /// not asked.
    pub declared: Option<Result<Arc<Declared>, String>>,
    /// Whether BFD hears the peer, where that is known.
    pub bfd: Option<bool>,
}

/// Judges a session as it would be under `open`, the policy that it is to get. `settle_s` is
/// how long it has to be up without a break.
pub fn validate(session: &Session, open: &RoutePolicy, seen: &Evidence, settle_s: i64, now: Timestamp) -> Vec<Finding> {
    let Some(report) = &seen.report else {
        let text = say!("validate.absent", "The router does not run the session with {peer}.", peer = session.peer);
        return vec![Finding::new(Verdict::Fail, text, Next::Operator)];
    };
    if report.state != SessionState::Established {
        return vec![down(session, report, seen.dropped)];
    }
    let mut findings = vec![up(session, report, settle_s, now)];
    if session.bfd && seen.bfd == Some(false) {
        findings.push(Finding::fail(say!(
            "validate.bfd",
            "BFD was agreed, and the router does not hear {peer} by it. Configure BFD for the session on your router (RFC 5880).",
            peer = session.peer
        )));
    }
    let opened = Session { policy: open.clone(), ..session.clone() };
    findings.extend(received(&opened, &seen.received, seen.vrps.as_deref()));
    let let_in: Vec<&Route> = seen.received.iter().filter(|route| judge(&opened, route, seen.vrps.as_deref()).is_empty()).collect();
    if let (Some(declared), false) = (&seen.declared, let_in.is_empty()) {
        findings.push(against_the_irr(session, &let_in, declared.as_deref().map_err(String::as_str)));
    }
    findings
}

/// Compares what can be let in with what the peer has declared. Registries are often behind,
/// so a difference is told and refuses nothing.
fn against_the_irr(session: &Session, routes: &[&Route], declared: Result<&Declared, &str>) -> Finding {
    let (peer, count) = (session.peer, routes.len());
    let declared = match declared {
        Ok(declared) => declared,
        Err(why) => {
            let text = say!("validate.irr_silent", "{peer}: what is declared in the IRR is not known ({why}).", peer = peer, why = why);
            return Finding::new(Verdict::Warn, text, Next::Operator);
        }
    };
    let mut others: Vec<Prefix> = routes
        .iter()
        .filter(|route| !route.origin().is_some_and(|asn| declared.has(route.prefix, asn)))
        .map(|route| route.prefix)
        .collect();
    if others.is_empty() {
        return Finding::pass(say!(
            "validate.declared",
            "{peer}: all {count} routes are declared by {set} in the IRR.",
            peer = peer,
            count = count,
            set = declared.set
        ));
    }
    others.sort();
    let text = say!(
        "validate.undeclared",
        "{peer}: {set} declares all in the IRR but {count}: {list}. Add route objects for what is missing.",
        peer = peer,
        count = others.len(),
        set = declared.set,
        list = listed(&others)
    );
    Finding::new(Verdict::Warn, text, Next::Requester)
}

/// The first prefixes of a list.
fn listed(prefixes: &[Prefix]) -> String {
    let mut list = prefixes.iter().take(LISTED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if prefixes.len() > LISTED {
        list.push_str(", …");
    }
    list
}

fn up(session: &Session, report: &SessionReport, settle_s: i64, now: Timestamp) -> Finding {
    let (peer, asn) = (session.peer, session.peer_asn);
    let for_s = report.since.map(|since| now.since(since));
    if for_s.is_some_and(|for_s| for_s < settle_s) {
        let text = say!(
            "validate.settling",
            "The session with {peer} is up since less than {settle} seconds; it is watched until then.",
            peer = peer,
            settle = settle_s
        );
        return Finding::new(Verdict::Unknown, text, Next::Portal);
    }
    Finding::pass(say!("validate.established", "The session with {peer}, {asn}, is up.", peer = peer, asn = asn))
}

/// Why a session is not up, as far as the router can tell.
fn down(session: &Session, report: &SessionReport, dropped: Option<Dropped>) -> Finding {
    let (peer, state) = (session.peer, report.state.word());
    let text: Text = match (&report.trouble, dropped) {
        // What is dropped now counts before what was said last: that may be long ago.
        // The counters are the whole router's: only those that fit this session count.
        (_, Some(dropped)) if session.md5.is_some() && dropped.md5 > 0 => say!(
            "validate.md5",
            "The session with {peer} is {bgp}, and the router drops segments with a wrong or missing MD5 key (RFC 2385). Compare the keys.",
            peer = peer,
            bgp = state
        ),
        (_, Some(dropped)) if session.md5.is_none() && dropped.unexpected > 0 => say!(
            "validate.md5_unexpected",
            "The session with {peer} is {bgp}, and the router drops segments with an MD5 key that it does not expect (RFC 2385). Take the key away, or ask for one.",
            peer = peer,
            bgp = state
        ),
        (_, Some(dropped)) if dropped.ttl > 0 => say!(
            "validate.gtsm",
            "The session with {peer} is {bgp}: {count} segments came from too far away. Set TTL security (RFC 5082), or TTL 255.",
            peer = peer,
            bgp = state,
            count = dropped.ttl
        ),
        (Some(Trouble::PeerAsn(Some(told))), _) => say!(
            "validate.remote_as_told",
            "{peer} speaks for {told}, not for {asn}. Correct the local AS of the session on your router.",
            peer = peer,
            told = told,
            asn = session.peer_asn
        ),
        (Some(Trouble::PeerAsn(None)), _) => say!(
            "validate.remote_as",
            "{peer} speaks for another ASN than {asn}. Correct the local AS of the session on your router.",
            peer = peer,
            asn = session.peer_asn
        ),
        (Some(Trouble::PrefixLimit), _) => say!(
            "validate.max_prefix",
            "{peer} announced more than {most} prefixes, and the session was closed. Announce fewer, or ask for a higher limit.",
            peer = peer,
            most = session.max_prefixes
        ),
        (Some(Trouble::Connection(why)), _) => say!(
            "validate.socket",
            "The session with {peer} is {bgp}: the connection fails ({error}). Is the session configured there, with this router's address?",
            peer = peer,
            bgp = state,
            error = why
        ),
        (None, _) if report.last_error.is_some() => say!(
            "validate.error",
            "The session with {peer} is {bgp}. The router says: {error}.",
            peer = peer,
            bgp = state,
            error = report.last_error.clone().unwrap_or_default()
        ),
        (None, _) => say!(
            "validate.silence",
            "The session with {peer} is {bgp}: nothing is heard from there. Is the session configured and the link up?",
            peer = peer,
            bgp = state
        ),
    };
    Finding::fail(text)
}

/// Reasons that show a session to be configured wrongly, not a route to be unwanted.
const WRONG: [Reason; 2] = [Reason::FirstAsn, Reason::NextHop];
/// Most prefixes that a sentence lists.
const LISTED: usize = 5;

fn received(session: &Session, routes: &[Route], vrps: Option<&Vrps>) -> Vec<Finding> {
    let peer = session.peer;
    if routes.is_empty() {
        let text = say!("validate.nothing", "{peer} announces nothing yet. Announce your prefixes on the session.", peer = peer);
        return vec![Finding::fail(text)];
    }
    if routes.len() > session.max_prefixes as usize {
        // FRR counts what it lets in: under deny-all it closes nothing.
        return vec![Finding::fail(say!(
            "validate.over_limit",
            "{peer} announces {count} prefixes, more than the {most} that were agreed. Announce fewer, or ask for a higher limit.",
            peer = peer,
            count = routes.len(),
            most = session.max_prefixes
        ))];
    }
    let mut refused: BTreeMap<Reason, Vec<Prefix>> = BTreeMap::new();
    let mut let_in = 0;
    for route in routes {
        match judge(session, route, vrps).first() {
            None => let_in += 1,
            Some(reason) => refused.entry(*reason).or_default().push(route.prefix),
        }
    }
    let mut findings = vec![];
    for (reason, mut prefixes) in refused {
        let count = prefixes.len();
        prefixes.sort();
        let list = listed(&prefixes);
        let text = say!(
            "validate.refused",
            "{peer}: {count} routes are refused, {reason}: {list}.",
            peer = peer,
            count = count,
            reason = reason.text(),
            list = list
        );
        // With a route server, customers are registered once it is up.
        let early = session.route_server && reason == Reason::Origin;
        let verdict = if !early && let_in == 0 || WRONG.contains(&reason) { Verdict::Fail } else { Verdict::Warn };
        findings.push(Finding::new(verdict, text, Next::Requester));
    }
    if let_in > 0 {
        findings.push(Finding::pass(say!(
            "validate.received",
            "{peer} announces {count} routes that can be let in.",
            peer = peer,
            count = let_in
        )));
    }
    findings
}
