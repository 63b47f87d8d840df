//! The life of sessions on a real BIRD and a real FRR, with a real partner at the other end of a cable.

mod lab;

use lab::{Daemon, EDGE, LAN, Lab, PARTNER, any, intent, now, pace, session, wait, with};
use peerage_domain::{
    Asn, Finding, Verdict,
    rpki::{Vrp, Vrps},
};
use peerage_edge::{
    Evidence, Fault, Reveal, Told, differences,
    intent::{Accept, Registered, RoutePolicy, Session},
    judge,
    reason::{FUNCTION, Reason},
    rollout::roll_out,
    state::{Dropped, Table},
    validate,
};
use std::{collections::BTreeSet, fs, time::Duration};

/// Brings the edge to these sessions, and looks at all of them.
fn run(lab: &Lab, sessions: &[&Session]) -> bool {
    let it = intent(sessions.iter().map(|s| (*s).clone()).collect());
    let outcome = roll_out(&*lab.edge, &it, sessions, None, pace(), now()).expect("the edge takes it");
    assert!(outcome.kept, "{:?}", outcome.findings);
    // What runs is what was rendered, also in the words of the router itself.
    let left = differences(&lab.edge.written().expect("files"), &lab.edge.render(&it, Reveal::Shown));
    assert_eq!(left, [], "nothing is left to do");
    assert_eq!(lab.own_reload(), "", "the router's own reload changes nothing");
    outcome.kept
}

fn accepted(lab: &Lab, session: &Session) -> Vec<String> {
    lab.edge.routes(session, Table::Accepted).expect("routes").iter().map(|r| r.prefix.to_string()).collect()
}

/// What validation finds, when the session was watched for a second.
fn judged(lab: &Lab, session: &Session) -> Vec<Finding> {
    let before = lab.edge.dropped().expect("the kernel's counters");
    std::thread::sleep(Duration::from_secs(3));
    let after = lab.edge.dropped().expect("the kernel's counters");
    let evidence = Evidence {
        report: lab.report(session),
        received: lab.edge.routes(session, Table::Received).expect("routes"),
        dropped: Some(Dropped {
            md5: after.md5 - before.md5,
            unexpected: after.unexpected - before.unexpected,
            ttl: after.ttl - before.ttl,
        }),
        vrps: None,
        declared: None,
        bfd: None,
    };
    validate(session, &RoutePolicy::Open(any()), &evidence, 0, now())
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|f| f.code.as_str()).collect()
}

on_each_daemon! {
    deny_all_then_open_then_drain_then_gone
    a_wrong_asn_a_wrong_key_and_silence_are_told_apart
    more_prefixes_than_allowed_are_not_let_in
    what_is_not_confirmed_is_undone_and_what_is_wrong_never_runs
    an_opening_that_lets_in_something_else_is_taken_back
    what_the_rpki_or_the_registration_refuses_is_not_let_in
}

fn deny_all_then_open_then_drain_then_gone(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LAN, &Lab::sessions(LAN, PARTNER, "password \"s3cret-key\"; ttl security on;")) else { return };
    let secured = |v4| Session { md5: Some("s3cret-key".to_owned().try_into().expect("key")), gtsm: true, ..session(v4) };
    let (v4, v6) = (secured(true), secured(false));
    run(&lab, &[&v4, &v6]);
    wait("both sessions", || (lab.is_up(&v4) && lab.is_up(&v6)).then_some(()));
    wait("the routes", || (lab.edge.routes(&v4, Table::Received).ok()?.len() == 5).then_some(()));

    // Deny all: everything is seen, nothing is accepted, and each refused route says why, in
    // the words that the rules here give as well.
    assert_eq!(accepted(&lab, &v4), [""; 0]);
    let refused = lab.edge.routes(&v4, Table::Refused).expect("routes");
    assert_eq!(refused.len(), 5);
    for route in &refused {
        let on_router: BTreeSet<u32> = route.large.iter().filter(|l| (l.0, l.1) == (EDGE.0, FUNCTION)).map(|l| l.2).collect();
        let here: BTreeSet<u32> = judge(&v4, route, None).into_iter().map(Reason::code).collect();
        assert_eq!(on_router, here, "{}", route.prefix);
        assert!(on_router.contains(&Reason::DenyAll.code()));
    }
    assert!(!lab.reaches_customer(), "no traffic under deny-all");
    let findings = judged(&lab, &v4);
    assert_eq!(codes(&findings), ["validate.established", "validate.refused", "validate.refused", "validate.refused", "validate.received"]);
    assert_eq!(Finding::overall(&findings), Verdict::Warn);
    assert_eq!(Finding::overall(&judged(&lab, &v6)), Verdict::Pass);

    // Open: exactly what the rules let in, without a reset of the session.
    let before = lab.report(&v4).expect("report");
    let (open4, open6) = (with(&v4, RoutePolicy::Open(any())), with(&v6, RoutePolicy::Open(any())));
    run(&lab, &[&open4, &open6]);
    assert_eq!(BTreeSet::from_iter(accepted(&lab, &open4)), ["193.10.0.0/24".to_owned(), "193.10.1.0/24".to_owned()].into());
    assert_eq!(accepted(&lab, &open6), ["2a00:1450:7::/48"]);
    assert!(lab.report(&v4).expect("report").is_unbroken_since(&before), "the session stayed up");
    let route = &lab.edge.routes(&open4, Table::Accepted).expect("routes")[0];
    assert_eq!(route.local_pref, Some(300));
    assert!(lab.edge_route("193.10.0.0/24").replace(':', ",").contains("8075,1001"), "the community is set");
    wait("traffic", || lab.reaches_customer().then_some(()));
    let own = wait("the operator's route at the partner", || {
        Some(lab.partner("show route all 13.64.0.0/11")).filter(|t| t.contains("13.64.0.0/11"))
    });
    assert!(!own.contains("65535,0"));

    // Drain: both sides are asked to go elsewhere (RFC 8326), then the session is gone.
    let (drain4, drain6) = (with(&v4, RoutePolicy::Drain(any())), with(&v6, RoutePolicy::Drain(any())));
    run(&lab, &[&drain4, &drain6]);
    assert_eq!(lab.edge.routes(&drain4, Table::Accepted).expect("routes")[0].local_pref, Some(0));
    wait("GRACEFUL_SHUTDOWN at the partner", || lab.partner("show route all 13.64.0.0/11").contains("(65535,0)").then_some(()));
    run(&lab, &[]);
    assert!(lab.report(&v4).is_none() && !lab.reaches_customer());
}

fn a_wrong_asn_a_wrong_key_and_silence_are_told_apart(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LAN, &Lab::sessions(LAN, Asn(719), "")) else { return };
    let v4 = session(true);
    run(&lab, &[&v4]);
    let of = |code: &str| judged(&lab, &v4).iter().any(|f| f.code.starts_with(code) && f.verdict == Verdict::Fail).then_some(());
    wait("the wrong ASN", || of("validate.remote_as"));
    assert_eq!(accepted(&lab, &v4), [""; 0]);

    let other = Lab::sessions(LAN, PARTNER, "password \"another\";");
    fs::write(
        lab.path("partner.conf"),
        fs::read_to_string(lab.path("partner.conf")).expect("file").split("protocol bgp").next().expect("head").to_owned() + &other,
    )
    .expect("written");
    lab.partner("configure");
    wait("the wrong key", || of("validate.md5_unexpected"));

    lab.kill("partner");
    wait("silence", || (!judged(&lab, &v4).iter().any(|f| f.code == "validate.md5_unexpected")).then_some(()));
    assert!(!lab.is_up(&v4) && accepted(&lab, &v4).is_empty());
}

fn more_prefixes_than_allowed_are_not_let_in(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    let v4 = Session { max_prefixes: 2, ..session(true) };
    run(&lab, &[&v4]);
    let says = |f: &Finding| ["validate.max_prefix", "validate.over_limit"].contains(&f.code.as_str()) && f.verdict == Verdict::Fail;
    wait("the limit", || judged(&lab, &v4).iter().any(says).then_some(()));
    assert_eq!(accepted(&lab, &v4), [""; 0]);
}

fn what_is_not_confirmed_is_undone_and_what_is_wrong_never_runs(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    let v4 = session(true);
    run(&lab, &[&v4]);
    wait("the session", || lab.is_up(&v4).then_some(()));
    wait("the routes", || (lab.edge.routes(&v4, Table::Received).ok()?.len() == 5).then_some(()));
    let since = lab.report(&v4).expect("report").since;
    let open = with(&v4, RoutePolicy::Open(any()));

    // A confirmation that never comes.
    lab.edge.apply(&intent(vec![open.clone()]), Duration::from_secs(6)).expect("applied");
    wait("the opening", || (accepted(&lab, &open).len() == 2).then_some(()));
    wait("the router going back by itself", || accepted(&lab, &open).is_empty().then_some(()));
    assert!(!lab.edge.confirm(&intent(vec![open.clone()])).expect("asked"), "it is too late");
    lab.edge.roll_back().expect("nothing to take back");
    assert_eq!(accepted(&lab, &open), [""; 0], "what was confirmed last stays");

    // The daemon is killed in mid-apply: it comes back with what was confirmed last.
    lab.edge.apply(&intent(vec![open.clone()]), Duration::from_secs(30)).expect("applied");
    wait("the opening", || (accepted(&lab, &open).len() == 2).then_some(()));
    lab.kill("edge");
    assert!(matches!(lab.edge.sessions(now()), Err(Fault::Unreachable { .. })));
    assert!(matches!(roll_out(&*lab.edge, &intent(vec![open.clone()]), &[&open], None, pace(), now()), Err(Fault::Unreachable { .. })));
    lab.start_edge();
    wait("the session", || lab.is_up(&v4).then_some(()));
    wait("the routes", || (lab.edge.routes(&v4, Table::Received).ok()?.len() == 5).then_some(()));
    assert_eq!(accepted(&lab, &v4), [""; 0]);
    assert!(lab.report(&v4).expect("report").since >= since);

    // A mistake: the router says what is wrong, and runs on as before.
    let refusal = with_a_mistake(&lab, &open);
    assert!(matches!(&refusal, Err(Fault::Told(Told::Configuration(words))) if words.contains(MISTAKE[daemon as usize])), "{refusal:?}");
    assert!(lab.is_up(&v4) && accepted(&lab, &v4).is_empty());
    // And without it, all is well.
    run(&lab, &[&open]);
    assert_eq!(accepted(&lab, &open).len(), 2);
}

/// What each daemon says about the mistake.
const MISTAKE: [&str; 2] = ["syntax error", "local system as neighbor"];

/// Opens a session with a mistake that no one but the router can find.
fn with_a_mistake(lab: &Lab, open: &Session) -> Result<peerage_edge::rollout::Outcome, Fault> {
    let mut it = intent(vec![open.clone()]);
    let own = fs::read_to_string(lab.config()).expect("file");
    match lab.daemon {
        Daemon::Bird => fs::write(lab.config(), own.clone() + "protocl oops;\n").expect("written"),
        // The peer's address is the router's own.
        Daemon::Frr => {
            let (local, peer) = ("193.0.9.77".parse().expect("address"), open.local);
            it.sessions.push(Session { connection: 2, local, peer, ..open.clone() });
        }
    }
    let outcome = roll_out(&*lab.edge, &it, &[open], None, pace(), now());
    fs::write(lab.config(), own).expect("written");
    outcome
}

fn an_opening_that_lets_in_something_else_is_taken_back(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    let v4 = session(true);
    run(&lab, &[&v4]);
    wait("the routes", || (lab.edge.routes(&v4, Table::Received).ok()?.len() == 5).then_some(()));
    let open = with(&v4, RoutePolicy::Open(any()));
    // What is compared is another policy than what runs: the router accepts more than expected.
    let strict = with(&v4, RoutePolicy::Open(peerage_edge::intent::Accept::default()));
    let outcome = roll_out(
        &*lab.edge,
        &intent(vec![open.clone()]),
        &[&strict],
        None,
        peerage_edge::rollout::Pace { settle: Duration::from_secs(2), ..pace() },
        now(),
    );
    let outcome = outcome.expect("the edge takes it");
    assert!(!outcome.kept && codes(&outcome.findings).contains(&"rollout.unexpected"), "{:?}", outcome.findings);
    wait("the way back", || accepted(&lab, &v4).is_empty().then_some(()));
}

/// Allows the partner's /24s to it, and its IPv6 prefix to somebody else.
const VRPS: &str = r#"{"metadata":{"buildtime":"2026-11-20T11:00:00Z"},"roas":[
  {"asn":6667,"prefix":"193.10.0.0/16","maxLength":24},{"asn":719,"prefix":"2a00:1450::/32","maxLength":48}]}"#;

fn what_the_rpki_or_the_registration_refuses_is_not_let_in(daemon: Daemon) {
    // One of the routes has a foreign AS at its end.
    let foreign = "export filter { if source = RTS_STATIC then { if net = 193.10.1.0/24 then bgp_path.prepend(719); accept; } reject; }";
    let partner = Lab::sessions(LAN, PARTNER, "").replace("export where source = RTS_STATIC", foreign);
    let Some(lab) = Lab::new(daemon, LAN, &partner) else { return };
    let Some(cache) = lab.start_cache(VRPS) else { return };
    let vrp = |prefix: &str, max_length, asn| Vrp { prefix: prefix.parse().expect(prefix), max_length, asn: Asn(asn) };
    let vrps: Vrps = [vrp("193.10.0.0/16", 24, 6667), vrp("2a00:1450::/32", 48, 719)].into_iter().collect();
    let run = |sessions: &[&Session]| {
        let mut it = intent(sessions.iter().map(|s| (*s).clone()).collect());
        it.router.rpki = vec![cache.clone()];
        roll_out(&*lab.edge, &it, sessions, Some(&vrps), pace(), now()).expect("the edge takes it")
    };
    let (v4, v6) = (session(true), session(false));
    assert!(run(&[&v4, &v6]).kept);
    wait("the routes", || (lab.edge.routes(&v4, Table::Received).ok()?.len() == 5).then_some(()));
    wait("the routes", || (lab.edge.routes(&v6, Table::Received).ok()?.len() == 1).then_some(()));
    let on_router = |session: &Session, prefix: &str| -> BTreeSet<Reason> {
        let routes = lab.edge.routes(session, Table::Refused).expect("routes");
        let route = routes.into_iter().find(|route| route.prefix.to_string() == prefix);
        route.into_iter().flat_map(|r| r.large).filter_map(|l| Reason::of(l.2)).collect()
    };
    wait("what the cache says", || on_router(&v6, "2a00:1450:7::/48").contains(&Reason::RpkiInvalid).then_some(()));

    let registered = |prefix: &str, max_length| Registered { prefix: prefix.parse().expect(prefix), max_length: Some(max_length) };
    let accept = |prefixes| RoutePolicy::Open(Accept { prefixes, origins: [PARTNER].into(), ..Accept::default() });
    let open4 = with(&v4, accept(vec![registered("193.10.0.0/16", 25), registered("13.64.0.0/11", 12)]));
    let open6 = with(&v6, accept(vec![registered("2a00:1450::/32", 48)]));
    let outcome = run(&[&open4, &open6]);
    assert!(outcome.kept, "{:?}", outcome.findings);
    assert_eq!(accepted(&lab, &open4), ["193.10.0.0/24"]);
    assert_eq!(accepted(&lab, &open6), [""; 0]);
    let check = |session: &Session, prefix: &str, reasons: &[Reason]| {
        assert_eq!(on_router(session, prefix), reasons.iter().copied().collect(), "{prefix}");
        let all = lab.edge.routes(session, Table::Received).expect("routes");
        let route = all.iter().find(|route| route.prefix.to_string() == prefix).expect(prefix);
        assert_eq!(judge(session, route, Some(&vrps)), reasons, "{prefix}");
    };
    check(&open4, "193.10.1.0/24", &[Reason::Origin, Reason::RpkiInvalid]);
    check(&open4, "193.10.2.0/25", &[Reason::TooLong, Reason::RpkiInvalid]);
    check(&open4, "13.64.0.0/12", &[Reason::Protected]);
    check(&open4, "192.168.7.0/24", &[Reason::BogonPrefix, Reason::NotRegistered]);
    check(&open6, "2a00:1450:7::/48", &[Reason::RpkiInvalid]);
}
