//! What is rendered for BIRD is read by BIRD itself.

use peerage_domain::{Asn, Prefix};
use peerage_edge::{
    Files, Reveal,
    bird::{self, Dialect, ParseError, render},
    intent::{Accept, BgpRole, Registered, RoutePolicy, Router, RouterIntent, Session},
    reason::Reason,
};
use proptest::prelude::*;

fn prefix(text: &str) -> Prefix {
    text.parse().expect(text)
}

fn session(number: u16, v4: bool, policy: RoutePolicy) -> Session {
    let address = |last: u16| if v4 { format!("80.81.192.{last}") } else { format!("2001:7f8::{last:x}") };
    Session {
        peering: "PR-88".parse().expect("name"),
        connection: number,
        peer_asn: Asn(6667),
        peer_name: "Elisa\nprotocol bgp evil {}".into(),
        approved_by: "Ada Novak".into(),
        approved_on: "2026-11-20".into(),
        local: address(1).parse().expect("address"),
        peer: address(number + 1).parse().expect("address"),
        network: prefix(if v4 { "80.81.192.0/21" } else { "2001:7f8::/64" }),
        protect: vec![prefix("13.64.0.0/11"), prefix("2a01:110::/31")],
        md5: Some("s3cret-key".to_owned().try_into().expect("key")),
        gtsm: true,
        bfd: true,
        hold_time_s: 90,
        max_prefixes: 1000,
        route_server: number.is_multiple_of(2),
        role: Some(BgpRole::Peer),
        policy,
    }
}

fn accept(v4: bool) -> Accept {
    let registered = if v4 {
        vec![
            Registered { prefix: prefix("193.10.0.0/16"), max_length: Some(24) },
            Registered { prefix: prefix("195.0.0.0/24"), max_length: None },
        ]
    } else {
        vec![Registered { prefix: prefix("2a00:1450::/32"), max_length: Some(48) }]
    };
    Accept {
        any: false,
        only_origins: false,
        prefixes: registered,
        origins: [Asn(6667), Asn(719)].into(),
        local_pref: Some(300),
        communities: vec![(64500, 1001)],
    }
}

fn intent(sessions: Vec<Session>) -> RouterIntent {
    let router = Router {
        name: "edge1.fra".parse().expect("name"),
        asn: Asn(8075),
        router_id: "80.81.192.1".parse().expect("id"),
        announce: vec![prefix("13.64.0.0/11"), prefix("2a01:110::/31")],
        rpki: vec!["127.0.0.1:3323".parse().expect("cache"), "rpki.example.net:323".parse().expect("cache")],
    };
    RouterIntent { router, sessions }
}

/// Has BIRD read the files; says so where it is not installed.
fn parse(files: &Files) -> Result<(), String> {
    match bird::parse(files) {
        Err(ParseError::NoDaemon(error)) => {
            println!("SKIPPED: bird is not here ({error}); apt-get install bird2");
            Ok(())
        }
        answer => answer.map_err(|error| error.to_string()),
    }
}

#[test]
fn every_policy_and_family_is_read_by_the_daemon() {
    let policies = |v4: bool| {
        [
            RoutePolicy::DenyAll,
            RoutePolicy::Open(accept(v4)),
            RoutePolicy::Drain(accept(v4)),
            RoutePolicy::Open(Accept::default()),
            RoutePolicy::Open(Accept { any: true, only_origins: true, ..accept(v4) }),
        ]
    };
    let of = |v4: bool| policies(v4).into_iter().enumerate().map(move |(n, policy)| session(n as u16 + 1, v4, policy));
    let it = intent(of(true).chain(of(false)).collect());
    it.check().expect("a sound intent");
    let files = render(&it, Dialect::V2, Reveal::Shown);
    assert_eq!(files.keys().map(String::as_str).collect::<Vec<_>>(), ["PR-88.conf", "peerage.conf"]);
    parse(&files).expect("BIRD reads it");
    parse(&render(&intent(vec![]), Dialect::V2, Reveal::Shown)).expect("nothing is a configuration, too");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let mut files = render(&intent(vec![session(1, true, RoutePolicy::DenyAll)]), Dialect::V2, Reveal::Shown);
    files.insert("PR-88.conf".into(), "protocol bgp x { neighbour 1.2.3.4; }\n".into());
    match bird::parse(&files) {
        Err(ParseError::Refused(words)) => assert!(words.contains("PR-88.conf:1"), "{words}"),
        Err(ParseError::NoDaemon(error)) => println!("SKIPPED: bird is not here ({error}); apt-get install bird2"),
        other => panic!("BIRD should refuse it, not {other:?}"),
    }
}

#[test]
fn a_configuration_does_not_depend_on_the_order_of_the_sessions() {
    let mut sessions =
        vec![session(1, true, RoutePolicy::DenyAll), session(2, true, RoutePolicy::DenyAll), session(1, false, RoutePolicy::DenyAll)];
    let first = render(&intent(sessions.clone()), Dialect::V2, Reveal::Hidden);
    sessions.reverse();
    assert_eq!(first, render(&intent(sessions), Dialect::V2, Reveal::Hidden));
}

#[test]
fn a_secret_is_written_for_the_router_only() {
    let it = intent(vec![session(1, true, RoutePolicy::DenyAll)]);
    let text = |reveal| render(&it, Dialect::V2, reveal).into_values().collect::<String>();
    assert!(text(Reveal::Shown).contains("s3cret-key"));
    assert!(!text(Reveal::Hidden).contains("s3cret-key"));
    assert!(!format!("{it:?}").contains("s3cret-key"));
    assert!(!serde_json::to_string(&it).expect("JSON").contains("s3cret-key"));
}

#[test]
fn under_deny_all_nothing_is_accepted_and_nothing_is_announced() {
    let files = render(&intent(vec![session(1, true, RoutePolicy::DenyAll)]), Dialect::V2, Reveal::Hidden);
    assert!(!files["PR-88.conf"].contains("accept;"), "{}", files["PR-88.conf"]);
    assert!(!files["PR-88.conf"].contains("\nprotocol bgp evil"), "names stay in their comment");
}

#[test]
fn what_no_router_could_run_is_refused() {
    let check = |change: fn(&mut Session), words: &str| {
        let mut it = session(1, true, RoutePolicy::Open(accept(true)));
        change(&mut it);
        let refusal = intent(vec![it]).check().expect_err(words).to_string();
        assert!(refusal.contains(words), "{refusal} should mention {words}");
    };
    check(|s| s.peer = "80.81.200.1".parse().expect("address"), "do not both lie in");
    check(|s| s.peer = s.local, "do not both lie in");
    check(|s| s.max_prefixes = 0, "max_prefixes");
    check(|s| s.hold_time_s = 2, "hold_time_s");
    check(|s| s.policy = RoutePolicy::Open(accept(false)), "cannot be registered");
    let twice = vec![session(1, true, RoutePolicy::DenyAll), session(1, true, RoutePolicy::DenyAll)];
    assert!(intent(twice).check().expect_err("twice").to_string().contains("occurs twice"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_people_type_the_daemon_reads_it(name in "\\PC{0,60}", by in "\\PC{0,60}", key in "[!#-~]{1,80}", most in 1u32..2_000_000, asn in 1u32..4_000_000_000) {
        let mut it = session(1, true, RoutePolicy::Open(accept(true)));
        it.peer_name = name;
        it.approved_by = by;
        it.md5 = Some(key.try_into().expect("a key that the form accepts"));
        it.max_prefixes = most;
        it.peer_asn = Asn(asn);
        prop_assert_eq!(parse(&render(&intent(vec![it]), Dialect::V2, Reveal::Shown)), Ok(()));
    }
}

#[test]
fn the_documented_intent_is_one_and_the_documented_reasons_are_ours() {
    let page = include_str!("../../../docs/edge.md");
    let json = page.split("```json").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let it: RouterIntent = serde_json::from_str(json).expect("the example is an intent");
    it.check().expect("a sound one");
    parse(&render(&it, Dialect::V2, Reveal::Shown)).expect("BIRD reads it");
    for reason in Reason::ALL {
        assert!(page.contains(&format!("| {} | ", reason.code())), "docs/edge.md lacks code {} ({})", reason.code(), reason.text());
        assert_eq!(Reason::of(reason.code()), Some(*reason));
    }
}
