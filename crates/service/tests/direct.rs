//! What only some peerings have, through the use cases, on a real router: route servers, voice,
//! letters, link tests, sessions from before the portal, changes that are adopted.

mod portal;

use peerage_domain::{
    Asn, Finding, Verdict,
    peering::{DirectType, Kind, Refusal, SessionState, StateName, Verb},
    router::RouterForm,
    session::{AddressProvider, ConnectionAsk},
};
use peerage_edge::intent::{RoutePolicy, Session, is_session};
use peerage_service::{Error, Settings, glass::Ask, irr::IrrSettings, legacy::Source, peerings::StepRequest, requests::Keys};
use portal::{
    Portal, exchange,
    lab::{self, Daemon, EDGE, LAN, LINK, Lab, PARTNER, any, intent, wait},
    link, portal, portal_set, settings,
};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
};

/// A route server that does not add its own ASN, with routes of two customers.
fn route_server() -> String {
    format!(
        "protocol bgp up4 {{ local {} as {}; neighbor {} as {}; hold time 9; connect delay time 1; connect retry time 2; error wait time 1,2; \
         rs client; local role rs_server; ipv4 {{ import all; export filter {{ if source != RTS_STATIC then reject; \
         if net = 193.10.0.0/24 then {{ bgp_path.prepend(719); accept; }} if net = 193.10.1.0/24 then {{ bgp_path.prepend(3303); accept; }} \
         reject; }}; }}; }}\n",
        LAN.v4.1, PARTNER.0, LAN.v4.0, EDGE.0
    )
}

async fn customers_of_a_route_server(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LAN, &route_server()) else { return };
    let portal = portal(60).await;
    portal.register(&lab, Kind::Direct).await;
    let ask = ConnectionAsk {
        session_ipv4: "193.0.9.0/24".into(),
        peer_ipv4: LAN.v4.1.into(),
        operator_ipv4: LAN.v4.0.into(),
        bandwidth_mbps: "10000".into(),
        role: true,
        ..ConnectionAsk::default()
    };
    let early = portal.service.register_asns(&portal.partner, "AS719 Telia").await;
    assert!(matches!(early, Err(Error::Refused(why)) if why.key() == "customers.not_active"));
    let peering = portal.ask(Kind::Direct, DirectType::IxRs, ask, "").await;
    portal.act(&portal.operator, &peering.id, Verb::Approve).await;
    portal.act(&portal.partner, &peering.id, Verb::ReportConfigured).await;
    portal.until(&peering.id, StateName::Active).await;
    assert!(!lab.reaches_customer(), "nobody is registered");
    let accepted = || {
        let session = Session { peering: peering.id.parse().expect("name"), ..lab::session(true) };
        lab.edge
            .routes(&session, peerage_edge::state::Table::Accepted)
            .expect("routes")
            .iter()
            .map(|r| r.prefix.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(accepted(), [""; 0]);
    assert_eq!(portal.service.register_asns(&portal.partner, "AS719 Telia\n6939, HE").await.expect("registered").len(), 2);
    assert!(matches!(portal.service.register_asns(&portal.partner, "719").await, Err(Error::Several(_))), "once");
    portal.service.run_due_jobs().await.expect("jobs");
    assert_eq!(accepted(), ["193.10.0.0/24"], "by its origin, behind a path without the server's ASN");
    wait("traffic", || lab.reaches_customer().then_some(()));
    portal.service.unregister_asn(&portal.partner, Asn(719)).await.expect("taken off");
    portal.service.run_due_jobs().await.expect("jobs");
    assert_eq!(accepted(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_server_on_bird_and_on_frr() {
    customers_of_a_route_server(Daemon::Bird).await;
    customers_of_a_route_server(Daemon::Frr).await;
}

/// The partner's side of a voice connection on its new addresses.
fn voice_side(bfd: bool) -> String {
    let more = if bfd { "bfd on;" } else { "" };
    let text = Lab::sessions(LINK, PARTNER, more).replace("193.0.13.", "193.0.11.").replace("2a00:1450:13::", "2001:7f8:9a::");
    if bfd { format!("protocol bfd {{}}\n{text}") } else { text }
}

async fn a_link_becomes_voice(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LINK, &Lab::sessions(LINK, PARTNER, "")) else { return };
    let pools = vec!["193.0.11.0/29".parse().expect("pool"), "2001:7f8:9a::/64".parse().expect("pool")];
    let portal = portal_set(Settings { link_pools: pools, ..settings() }).await;
    portal.register(&lab, Kind::Direct).await;
    let peering = portal.request(Kind::Direct, link(), "").await;
    portal.until(&peering.id, StateName::Active).await;
    wait("traffic", || lab.reaches_customer().then_some(()));

    let ask = StepRequest { connection: 1, note: "IxRs".into() };
    let refused = portal.service.act(&portal.partner, &peering.id, Verb::RequestTypeChange, &ask).await;
    assert!(matches!(refused, Err(Error::Refused(why)) if why.key() == "peering.other_type"));
    portal.note(&portal.partner, &peering.id, Verb::RequestTypeChange, "Voice").await;
    let detail = portal.service.peering(&portal.operator, &peering.id).await.expect("peering");
    let (v4, v6) = detail.offers;
    let (v4, v6) = (v4.expect("offered").to_string(), v6.expect("offered").to_string());
    assert_eq!((v4.as_str(), v6.as_str()), ("193.0.11.0/31", "2001:7f8:9a::/127"));
    let none = portal.service.accept_type_change(&portal.operator, &peering.id, 1, "", "").await;
    assert!(matches!(none, Err(Error::Fields(_))), "voice has the operator's addresses");
    portal.service.accept_type_change(&portal.operator, &peering.id, 1, &v4, &v6).await.expect("agreed");

    // What runs now runs on, and the partner reads what it has to configure.
    let detail = portal.service.peering(&portal.partner, &peering.id).await.expect("peering");
    assert_eq!(detail.peering.connections[0].state.name(), StateName::TypeChangeInProgress);
    let (_, bird) = &detail.edge[0].1.other_side[0];
    assert!(bird.contains("neighbor 193.0.11.1") && bird.contains("bfd on"), "{bird}");
    assert!(lab.reaches_customer());

    lab.add_addresses("193.0.11.1/31", "193.0.11.0/31");
    lab.add_addresses("2001:7f8:9a::1/127", "2001:7f8:9a::/127");
    lab.reconfigure_partner(&voice_side(daemon == Daemon::Bird));
    portal.act(&portal.partner, &peering.id, Verb::ReportConfigured).await;
    portal.until(&peering.id, StateName::Active).await;
    let detail = portal.service.peering(&portal.partner, &peering.id).await.expect("peering");
    let spec = &detail.peering.connections[0].spec;
    assert!(spec.direct_type == DirectType::Voice && spec.bfd, "{spec:?}");
    let peers: Vec<String> = detail.edge[0].1.sessions.iter().map(|s| s.peer.to_string()).collect();
    assert_eq!(peers, ["193.0.11.0", "2001:7f8:9a::"]);
    wait("traffic", || lab.reaches_customer().then_some(()));
    if daemon == Daemon::Bird {
        wait("BFD", || lab.partner("show bfd sessions").contains("Up").then_some(()));
    }
    assert!(portal.service.is_replay(&peering.id).await.expect("read"));
}

#[tokio::test(flavor = "multi_thread")]
async fn voice_on_bird_and_on_frr() {
    a_link_becomes_voice(Daemon::Bird).await;
    a_link_becomes_voice(Daemon::Frr).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_read_and_a_link_tested_before_the_session() {
    let Some(lab) = Lab::new(Daemon::Bird, LINK, &Lab::sessions(LINK, PARTNER, "")) else { return };
    let pools = vec!["193.0.13.0/30".parse().expect("pool"), "2a00:1450:13::/126".parse().expect("pool")];
    let portal = portal_set(Settings { link_pools: pools, ..settings() }).await;
    portal.register(&lab, Kind::Direct).await;
    let ask = ConnectionAsk {
        address_provider: AddressProvider::Operator,
        bandwidth_mbps: "10000".into(),
        link_test: true,
        ..ConnectionAsk::default()
    };
    let peering = portal.ask(Kind::Direct, DirectType::Edge, ask, "").await;
    assert_eq!(peering.connections[0].spec.link_test, "169.254.1.0/31".parse().ok());
    portal.act(&portal.operator, &peering.id, Verb::Approve).await;
    assert!(matches!(portal.service.loa(&portal.partner, &peering.id, 1).await, Err(Error::Refused(why)) if why.key() == "loa.missing"));
    portal.note(&portal.operator, &peering.id, Verb::IssueLoa, "Cage 12, rack 4, panel A, ports 3 and 4").await;
    let letter = portal.service.loa(&portal.partner, &peering.id, 1).await.expect("letter");
    assert_eq!(
        (letter.place.as_str(), letter.loa.demarcation.as_str()),
        ("Test facility, Zurich", "Cage 12, rack 4, panel A, ports 3 and 4")
    );

    // The addresses come from the pool.
    let (v4, v6) = portal.service.peering(&portal.operator, &peering.id).await.expect("peering").offers;
    let (v4, v6) = (v4.expect("offered").to_string(), v6.expect("offered").to_string());
    portal.service.assign_addresses(&portal.operator, &peering.id, 1, &v4, &v6).await.expect("assigned");
    let ready = StepRequest { connection: 1, note: String::new() };
    let early = portal.service.act(&portal.partner, &peering.id, Verb::ReportConfigured, &ready).await;
    let unread = Refusal::LoaUnread { peering: peering.id.clone(), connection: 1 }.text();
    assert!(matches!(early, Err(Error::Refused(why)) if why == unread));
    portal.act(&portal.partner, &peering.id, Verb::AcknowledgeLoa).await;

    // The link answers, and nothing else of the operator's network is asked.
    let ping = async |target: &str| portal.service.look_through(&portal.partner, &peering.id, 1, Ask::Ping, target).await;
    assert!(!ping("169.254.1.0").await.expect("answer").contains(" 0% packet loss"), "nothing is configured yet");
    lab.add_addresses("169.254.1.1/31", "169.254.1.0/31");
    assert!(ping("169.254.1.0").await.expect("answer").contains(" 0% packet loss"));
    assert!(matches!(ping("169.254.7.7").await, Err(Error::Refused(why)) if why.key() == "glass.special"));
    portal.act(&portal.partner, &peering.id, Verb::ReportConfigured).await;
    portal.until(&peering.id, StateName::Active).await;
    wait("traffic", || lab.reaches_customer().then_some(()));
}

impl Portal {
    async fn verdicts(&self, id: &str) -> Vec<(String, Verdict)> {
        let read = self.service.import_of(&self.operator, id).await.expect("reading");
        read.into_iter().map(|(row, finding): (_, Finding)| (format!("{} {}", row.asn, finding.code), finding.verdict)).collect()
    }
}

async fn a_session_from_before_is_taken_over(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    lab.own_session(true);
    wait("the old session", || {
        let up = |r: &peerage_edge::state::SessionReport| r.state == SessionState::Established;
        lab.edge.sessions(lab::now()).ok()?.iter().any(up).then_some(())
    });
    let portal = portal(60).await;
    // Another router stands there, too: the session stays where it was read.
    let other = RouterForm {
        name: "edge0.zrh".into(),
        location: portal.location(Kind::Exchange).await,
        engine: "memory".into(),
        router_id: "193.0.9.9".into(),
        addresses: "193.0.9.9".into(),
        ..RouterForm::default()
    };
    portal.service.register_router(&portal.operator, &other).await.expect("registered");
    portal.register(&lab, Kind::Exchange).await;
    let router = Source::Router("RT-2".into());
    let id = portal.service.read_import(&portal.operator, &router).await.expect("read");
    assert_eq!(portal.verdicts(&id).await, [("AS6667 legacy.new".to_owned(), Verdict::Pass)]);
    let missing = portal.service.keep_import(&portal.operator, &id, &[0, 7]).await;
    assert!(matches!(missing, Err(Error::Refused(why)) if why.key() == "legacy.no_row"), "all or none");
    assert_eq!(portal.service.keep_import(&portal.operator, &id, &[0]).await.expect("kept"), 1);
    assert!(portal.service.read_import(&portal.partner, &router).await.is_err(), "the operator's");

    // The partner converts what is its own.
    let mine = portal.service.legacies(&portal.partner, false).await.expect("list");
    assert_eq!((mine.len(), mine[0].labels()[0].as_str()), (1, LAN.v4.1));
    let draft_id = portal.service.convert_legacy(&portal.partner, &mine[0].id).await.expect("begun");
    assert_eq!(portal.service.convert_legacy(&portal.partner, &mine[0].id).await.expect("the same"), draft_id);
    let mut draft = portal.service.peering_draft(&portal.partner, &draft_id).await.expect("draft").draft;
    for connection in &mut draft.connections {
        connection.max_prefixes_ipv4 = "100".into();
        connection.max_prefixes_ipv6 = "100".into();
    }
    let mut changed = draft.clone();
    changed.connections[0].peer_ipv4 = "193.0.9.77".into();
    changed.legacy = false;
    portal.service.save_peering_draft(&portal.partner, &draft_id, changed, Keys::Untouched).await.expect("saved");
    let refused = portal.service.submit_peering(&portal.partner, &draft_id).await;
    assert!(matches!(refused, Err(Error::Refused(why)) if why.key() == "legacy.other"), "other addresses are another request");
    portal.service.save_peering_draft(&portal.partner, &draft_id, draft, Keys::Untouched).await.expect("saved");
    let peering = portal.service.submit_peering(&portal.partner, &draft_id).await.expect("sent");
    assert!(portal.service.legacies(&portal.partner, false).await.expect("list").is_empty(), "converted");
    portal.act(&portal.operator, &peering.id, Verb::Approve).await;
    assert_eq!(portal.state(&peering.id).await, StateName::Active);
    // A router that does not answer may still have it.
    lab.kill("edge");
    portal.service.run_due_jobs().await.expect("jobs");
    assert_eq!(portal.seen(&peering.id).await, [("provision.fault".to_owned(), Verdict::Warn)]);
    lab.start_edge();
    lab.own_session(true);
    portal.until_seen(&peering.id, "legacy.still_there").await;
    assert_eq!(portal.seen(&peering.id).await, [("legacy.still_there".to_owned(), Verdict::Warn)]);
    assert!(lab.edge_sessions().iter().all(|symbol| !symbol.starts_with("pr_")), "two sessions would be in each other's way");

    // The operator takes the old session out; the new one takes its place.
    lab.own_session(false);
    portal.jobs_until("the take-over", async || lab.edge_sessions().iter().any(|symbol| is_session(symbol))).await;
    wait("traffic", || lab.reaches_customer().then_some(()));
    let id = portal.service.read_import(&portal.operator, &router).await;
    assert!(matches!(id, Err(Error::Refused(why)) if why.key() == "legacy.empty"), "Peerage's own sessions are no legacy");

    // Once it is removed, nothing is left that could be converted again.
    portal.act(&portal.partner, &peering.id, Verb::RequestRemoval).await;
    portal.until(&peering.id, StateName::Removed).await;
    assert!(portal.service.legacies(&portal.operator, true).await.expect("list").is_empty());
}

/// A peering that is Active on the lab's exchange.
async fn active(lab: &Lab) -> (Portal, String) {
    let portal = portal(60).await;
    portal.register(lab, Kind::Exchange).await;
    let peering = portal.request(Kind::Exchange, exchange(), "").await;
    portal.until(&peering.id, StateName::Active).await;
    (portal, peering.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_was_changed_without_a_trace_shows_in_the_routes() {
    let Some(lab) = Lab::new(Daemon::Bird, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    let (portal, id) = active(&lab).await;
    let session = Session { peering: id.parse().expect("name"), ..lab::session(true) };
    assert_eq!(portal.service.drift(&portal.operator, "RT-1").await.expect("compared"), Default::default());
    lab.open_in_secret(&session, "in");
    let codes = async || {
        let drift = portal.service.drift(&portal.operator, "RT-1").await.expect("compared");
        assert!(drift.files.is_empty(), "{drift:?}");
        drift.findings.iter().map(|f| f.code.clone()).collect::<Vec<_>>()
    };
    assert_eq!(codes().await, ["rollout.unexpected"]);
    portal.service.take_back(&portal.operator, "RT-1").await.expect("taken back");
    assert_eq!(codes().await, [""; 0]);
    // The other way: what should not leave is announced.
    lab.open_in_secret(&session, "out");
    assert_eq!(codes().await, ["drift.announced"]);
    portal.service.take_back(&portal.operator, "RT-1").await.expect("taken back");
    assert_eq!(codes().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbor_that_calls_itself_one_of_peerages_is_taken_away() {
    let Some(lab) = Lab::new(Daemon::Frr, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    let (portal, _) = active(&lab).await;
    lab.pretend();
    let drift = portal.service.drift(&portal.operator, "RT-1").await.expect("compared");
    assert_eq!(drift.findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["drift.extra"]);
    portal.service.take_back(&portal.operator, "RT-1").await.expect("taken back");
    assert_eq!(portal.service.drift(&portal.operator, "RT-1").await.expect("compared"), Default::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_from_before_on_bird_and_on_frr() {
    a_session_from_before_is_taken_over(Daemon::Bird).await;
    a_session_from_before_is_taken_over(Daemon::Frr).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_and_tables_are_read_before_anything_is_kept() {
    let portal = portal(0).await;
    let place = portal.location(Kind::Exchange).await;
    let read = async |source: Source| portal.service.read_import(&portal.operator, &source).await;
    let member = |asn: u32, v4: &str| {
        format!(r#"{{"asnum":{asn},"name":"Net {asn}","connection_list":[{{"vlan_list":[{{"ipv4":{{"address":"{v4}"}}}}]}}]}}"#)
    };
    let export = format!(
        r#"{{"member_list":[{},{},{},{}]}}"#,
        member(719, "193.0.9.7"),
        member(8075, "193.0.9.1"),
        member(3303, "10.0.0.1"),
        member(64512, "193.0.9.8")
    );
    let id = read(Source::Ixf(export.clone(), place.clone())).await.expect("read");
    let seen = portal.verdicts(&id).await;
    assert_eq!(
        seen,
        [("AS719 legacy.new".to_owned(), Verdict::Pass), ("AS64512 legacy.asn".to_owned(), Verdict::Fail)],
        "own ports and other LANs are left out"
    );
    let bad = portal.service.keep_import(&portal.operator, &id, &[0, 1]).await;
    assert!(matches!(bad, Err(Error::Refused(why)) if why.key() == "legacy.cannot"));
    assert!(portal.service.legacies(&portal.operator, true).await.expect("list").is_empty(), "all or none");
    portal.service.keep_import(&portal.operator, &id, &[0]).await.expect("kept");
    let again = read(Source::Ixf(export, place.clone())).await.expect("read");
    assert_eq!(portal.verdicts(&again).await[0].0, "AS719 legacy.same", "importing again changes nothing");

    // A second port of the same network is put beside the first.
    let port = format!("location,asn,peer_ipv4\n{place},719,193.0.9.9\n");
    let id = read(Source::Csv(port.clone())).await.expect("read");
    assert_eq!(portal.verdicts(&id).await, [("AS719 legacy.add".to_owned(), Verdict::Pass)]);
    portal.service.keep_import(&portal.operator, &id, &[0]).await.expect("kept");
    let kept = portal.service.legacies(&portal.operator, true).await.expect("list");
    assert_eq!((kept.len(), kept[0].labels().len()), (1, 2), "{kept:?}");
    let id = read(Source::Csv(port)).await.expect("read");
    assert_eq!(portal.verdicts(&id).await[0].0, "AS719 legacy.same");
    let wrong = format!("location,asn,peer_ipv4,max_prefixes_ipv4\n{place},3303,193.0.9.6/29,\n{place},2603,193.0.9.5,-5\n");
    let id = read(Source::Csv(wrong)).await.expect("read");
    let codes: Vec<String> = portal.verdicts(&id).await.into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["AS3303 legacy.host", "AS2603 legacy.limit"]);

    let table = format!("location,asn,peer_ipv4\n{place},AS6667,193.0.9.2\nTest facility,719,x\nnowhere,719,193.0.9.7\n");
    let id = read(Source::Csv(table)).await.expect("read");
    let codes: Vec<String> = portal.verdicts(&id).await.into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["AS6667 legacy.new", "AS719 legacy.address", "AS719 legacy.location"]);
    for (source, key) in [
        (Source::Csv("asn,oops\n1,2\n".into()), "legacy.csv"),
        (Source::Csv("asn\n".into()), "legacy.empty"),
        (Source::Ixf("{}".into(), place.clone()), "legacy.ixf"),
        (Source::Ixf("{}".into(), "LO-99".into()), "legacy.exchange"),
    ] {
        assert!(matches!(read(source).await, Err(Error::Refused(why)) if why.key() == key), "{key}");
    }
    let all =
        portal.service.import_sessions(&Source::Csv(format!("location,asn,peer_ipv4\n{place},6667,193.0.9.2\n"))).await.expect("kept");
    assert_eq!(all[0].1.verdict, Verdict::Pass);
    assert_eq!(portal.service.legacies(&portal.partner, false).await.expect("list").len(), 1, "the partner's own only");
    assert_eq!(portal.service.legacies(&portal.operator, true).await.expect("list").len(), 2);
}

async fn what_was_changed_by_hand_is_adopted(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    let portal = portal(60).await;
    portal.register(&lab, Kind::Exchange).await;
    let peering = portal.request(Kind::Exchange, exchange(), "").await;
    portal.until(&peering.id, StateName::Active).await;
    let nothing = portal.service.adopt(&portal.operator, "RT-1").await;
    assert!(matches!(nothing, Err(Error::Refused(why)) if why.key() == "drift.nothing"));
    let session = Session { peering: peering.id.parse().expect("name"), ..lab::session(true) };
    lab.limit_by_hand(&session, 250);
    let drift = portal.service.drift(&portal.operator, "RT-1").await.expect("compared");
    assert!(drift.wholly && drift.adoptable.len() == 1 && drift.adoptable[0].key() == "adopt.max_prefixes", "{drift:?}");
    assert!(portal.service.adopt(&portal.partner, "RT-1").await.is_err(), "the operator's");
    portal.service.adopt(&portal.operator, "RT-1").await.expect("adopted");
    portal.service.run_due_jobs().await.expect("jobs");
    let it = portal.service.peering(&portal.partner, &peering.id).await.expect("peering").peering;
    assert_eq!(it.connections[0].spec.max_prefixes_ipv4, Some(250));
    assert_eq!(it.connections[0].spec.max_prefixes_ipv6, Some(100));
    assert_eq!(portal.service.drift(&portal.operator, "RT-1").await.expect("compared"), Default::default());
    // What the families of a connection share is taken over where both have it.
    let (v4, v6) = (session.clone(), Session { peering: session.peering.clone(), ..lab::session(false) });
    lab.bfd_by_hand(&v4);
    let drift = portal.service.drift(&portal.operator, "RT-1").await.expect("compared");
    assert!(drift.adoptable.is_empty() && !drift.wholly && !drift.files.is_empty(), "{drift:?}");
    lab.bfd_by_hand(&v6);
    let drift = portal.service.drift(&portal.operator, "RT-1").await.expect("compared");
    assert!(drift.wholly && drift.adoptable.len() == 2, "{drift:?}");
    portal.service.adopt(&portal.operator, "RT-1").await.expect("adopted");
    portal.service.run_due_jobs().await.expect("jobs");
    let it = portal.service.peering(&portal.partner, &peering.id).await.expect("peering").peering;
    assert!(it.connections[0].spec.bfd && it.connections[0].spec.max_prefixes_ipv4 == Some(250));
    // What has no place on record is left to be taken back.
    lab.edit_by_hand(&session);
    let drift = portal.service.drift(&portal.operator, "RT-1").await.expect("compared");
    assert!(!drift.wholly && drift.adoptable.is_empty() && drift.files.len() == 1, "{drift:?}");
    assert!(portal.service.is_replay(&peering.id).await.expect("read"));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_hand_are_adopted_on_bird_and_on_frr() {
    what_was_changed_by_hand_is_adopted(Daemon::Bird).await;
    what_was_changed_by_hand_is_adopted(Daemon::Frr).await;
}

/// A registry that knows one route of the partner.
fn registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("address").to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            for question in BufReader::new(stream.try_clone().expect("the same")).lines().map_while(Result::ok) {
                let answer = match question.as_str() {
                    "!!" | "!q" => continue,
                    "!gAS6667" => "A14\n193.10.0.0/24\nC\n",
                    _ => "D\n",
                };
                if stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_are_compared_with_what_the_irr_declares() {
    let Some(lab) = Lab::new(Daemon::Bird, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    let irr = IrrSettings { servers: vec!["127.0.0.1:1".into(), registry()], sources: String::new() };
    let portal = portal_set(Settings { irr, ..settings() }).await;
    portal.register(&lab, Kind::Exchange).await;
    let peering = portal.request(Kind::Exchange, exchange(), "").await;
    portal.until(&peering.id, StateName::Active).await;
    let detail = portal.service.peering(&portal.partner, &peering.id).await.expect("peering");
    let (_, findings) = detail.edge[0].1.evidence.clone().expect("evidence");
    let said: Vec<String> = findings.iter().filter(|f| f.code == "validate.undeclared").map(|f| f.sentence.to_string()).collect();
    assert!(said.len() == 2 && said[0].contains("AS6667 declares all in the IRR but 1: 193.10.1.0/24"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_flaps_is_not_opened_before_it_has_settled() {
    for daemon in [Daemon::Bird, Daemon::Frr] {
        let Some(lab) = Lab::new(daemon, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
        let portal = portal_set(Settings { settle_s: 6, ..settings() }).await;
        portal.register(&lab, Kind::Exchange).await;
        let peering = portal.request(Kind::Exchange, exchange(), "").await;
        portal.until(&peering.id, StateName::Validating).await;
        let session = Session { peering: peering.id.parse().expect("name"), ..lab::session(true) };
        for _ in 0..3 {
            wait("the session", || lab.is_up(&session).then_some(()));
            lab.partner("disable up4");
            wait("its end", || (!lab.is_up(&session)).then_some(()));
            portal.service.run_due_jobs().await.expect("jobs");
            assert_eq!(portal.state(&peering.id).await, StateName::Validating);
            assert!(!lab.reaches_customer());
            lab.partner("enable up4");
        }
        portal.until(&peering.id, StateName::Active).await;
        let since = lab.report(&session).expect("report").since.expect("since");
        assert!(lab::now().since(since) >= 6, "it was up without a break for the whole time");
        portal.service.listen_to_routers().await.expect("asked");
        wait("traffic", || lab.reaches_customer().then_some(()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_starts_takes_back_what_was_not_confirmed() {
    for daemon in [Daemon::Bird, Daemon::Frr] {
        let Some(lab) = Lab::new(daemon, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
        let portal = portal(60).await;
        portal.register(&lab, Kind::Exchange).await;
        let peering = portal.request(Kind::Exchange, exchange(), "").await;
        portal.until(&peering.id, StateName::Validating).await;
        let named = |s: Session| Session { peering: peering.id.parse().expect("name"), policy: RoutePolicy::Open(any()), ..s };
        let it = intent(vec![named(lab::session(true)), named(lab::session(false))]);
        let routes = |table| lab.edge.routes(&it.sessions[0], table).map(|all| all.len()).unwrap_or_default();
        wait("the routes", || (routes(peerage_edge::state::Table::Received) == 5).then_some(()));
        // An earlier portal opened it and died; the router alone would wait ten minutes.
        lab.edge.apply(&it, std::time::Duration::from_secs(600)).expect("applied");
        wait("the opening", || (routes(peerage_edge::state::Table::Accepted) == 2).then_some(()));
        portal.service.restore_edge().await.expect("started");
        wait("the way back", || (routes(peerage_edge::state::Table::Accepted) == 0).then_some(()));
        assert!(!lab.reaches_customer());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_router_serves_an_exchange_and_a_facility() {
    let Some(lab) = Lab::new(Daemon::Bird, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    let portal = portal(60).await;
    let facility = portal.location(Kind::Direct).await;
    portal.register_for(&lab, Kind::Exchange, &facility).await;
    let exchange = portal.request(Kind::Exchange, exchange(), "").await;
    portal.until(&exchange.id, StateName::Active).await;
    let ask = ConnectionAsk { session_ipv4: "193.0.11.0/31".into(), bandwidth_mbps: "10000".into(), ..ConnectionAsk::default() };
    let direct = portal.request(Kind::Direct, ask, "").await;
    portal.until(&direct.id, StateName::Validating).await;
    let symbols = lab.edge_sessions();
    assert!(["pr_1_1_v4", "pr_1_1_v6", "pr_2_1_v4"].iter().all(|it| symbols.iter().any(|symbol| symbol == it)), "{symbols:?}");
    wait("traffic over the exchange", || lab.reaches_customer().then_some(()));
}
