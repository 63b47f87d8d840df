//! Peerings from the request to the traffic and back, through the use cases, on a real router.

mod portal;

use peerage_domain::{
    Asn, Verdict,
    peering::{Kind, SessionState, StateName, Verb},
    router::RouterForm,
    rpki::OriginState,
    session::ConnectionAsk,
};
use peerage_edge::intent::Session;
use peerage_service::{Error, glass::Ask, peerings::StepRequest, rpki::RpkiSettings};
use portal::{
    Portal, ask_peer, exchange,
    lab::{self, Cable, Daemon, LAN, LINK, Lab, PARTNER, wait},
    link, open, portal, portal_with,
};

async fn whole_life(daemon: Daemon, kind: Kind, cable: Cable, ask: ConnectionAsk) {
    let Some(lab) = Lab::new(daemon, cable, &Lab::sessions(cable, PARTNER, "password \"s3cret-key\";")) else { return };
    let portal = portal(60).await;
    portal.register(&lab, kind).await;
    let peering = portal.request(kind, ask, "s3cret-key").await;
    portal.until(&peering.id, StateName::ProvisioningCompleted).await;
    assert!(!lab.reaches_customer(), "no traffic under deny-all");
    portal.until(&peering.id, StateName::Active).await;
    assert_eq!(portal.seen(&peering.id).await.iter().map(|(_, verdict)| *verdict).max(), Some(Verdict::Warn), "two routes are refused");
    wait("traffic", || lab.reaches_customer().then_some(()));
    let detail = portal.service.peering(&portal.partner, &peering.id).await.expect("peering");
    let (_, facts) = &detail.edge[0];
    assert!(facts.real && facts.sessions.len() == 2 && facts.sessions.iter().all(|s| s.state == SessionState::Established), "{facts:?}");

    assert_eq!(facts.sessions.iter().map(|s| (s.accepted, s.refused)).collect::<Vec<_>>(), [(2, 3), (1, 0)]);

    // The partner sees what the operator receives, and why not all of it is let in.
    let (_, routes) = portal.service.received_routes(&portal.partner, &peering.id, 1).await.expect("routes");
    let refused: Vec<String> = routes.iter().filter(|it| !it.refused.is_empty()).map(|it| it.route.prefix.to_string()).collect();
    assert_eq!((routes.len(), refused), (6, ["13.64.0.0/12", "192.168.7.0/24", "193.10.2.0/25"].map(str::to_owned).to_vec()));

    // A looking glass on the router, for a while.
    let ask = async |ask, target: &str| portal.service.look_through(&portal.partner, &peering.id, 1, ask, target).await;
    let route = ask(Ask::Route, "193.10.0.1").await.expect("answer");
    assert!(route.contains("193.10.0.0/24") && route.contains("6667"), "{route}");
    assert!(ask(Ask::Route, "198.99.0.0/16").await.expect("answer").contains("Network not"));
    assert!(ask(Ask::Ping, "193.10.0.1").await.expect("answer").contains(" 0% packet loss"));
    assert!(matches!(ask(Ask::Ping, "10.0.0.1").await, Err(Error::Refused(why)) if why.key() == "glass.special"));
    assert!(matches!(ask(Ask::Ping, "193.10.0.0/24").await, Err(Error::Refused(why)) if why.key() == "glass.address"));
    assert!(matches!(ask(Ask::Route, "; reboot").await, Err(Error::Refused(why)) if why.key() == "glass.target"));
    for _ in 0..7 {
        ask(Ask::Route, "193.10.0.1").await.expect("answer");
    }
    assert!(matches!(ask(Ask::Route, "193.10.0.1").await, Err(Error::Refused(why)) if why.key() == "glass.often"));

    // The portal starts again, and nothing changes on the router.
    let again = Portal { service: open(&portal.dir, 60, RpkiSettings::default()).await, ..portal };
    again.service.restore_edge().await.expect("started");
    again.service.listen_to_routers().await.expect("asked");
    assert!(lab.reaches_customer());

    // Somebody edits the router and switches a session off; that is seen and taken back.
    let mine = Session { peering: peering.id.parse().expect("name"), ..lab::session(true) };
    let edit = lab.edit_by_hand(&mine);
    lab.switch_off(&Session { peer: ask_peer(kind), ..mine });
    let drift = again.service.drift(&again.operator, "RT-1").await.expect("compared");
    assert!(drift.files.len() == 1 && drift.files[0].text.contains(edit), "{drift:?}");
    assert!(!format!("{drift:?}").contains("s3cret-key"));
    assert_eq!(drift.findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["drift.disabled"]);
    assert_eq!(again.service.plans("edge1.zrh").await.expect("plan")[0].1, drift);
    again.service.take_back(&again.operator, "RT-1").await.expect("taken back");
    assert_eq!(again.service.drift(&again.operator, "RT-1").await.expect("compared"), Default::default());
    wait("traffic", || lab.reaches_customer().then_some(()));

    // Removal: drained at once, gone after the pause.
    again.act(&again.partner, &peering.id, Verb::RequestRemoval).await;
    again.service.run_due_jobs().await.expect("jobs");
    wait("GRACEFUL_SHUTDOWN", || lab.partner("show route all 13.64.0.0/11").contains("(65535,0)").then_some(()));
    again.until(&peering.id, StateName::Removed).await;
    assert!(!lab.reaches_customer());
    assert!(again.service.is_replay(&peering.id).await.expect("read"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_peering_on_bird() {
    whole_life(Daemon::Bird, Kind::Exchange, LAN, exchange()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_peering_on_bird() {
    whole_life(Daemon::Bird, Kind::Direct, LINK, link()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_peering_on_frr() {
    whole_life(Daemon::Frr, Kind::Exchange, LAN, exchange()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_peering_on_frr() {
    whole_life(Daemon::Frr, Kind::Direct, LINK, link()).await;
}

/// A peering whose partner does something wrong fails with these words, and nothing is let in.
async fn fails(daemon: Daemon, partner: &str, key: &str, code: &str) {
    let Some(lab) = Lab::new(daemon, LAN, partner) else { return };
    let portal = portal(10).await;
    portal.register(&lab, Kind::Exchange).await;
    let peering = portal.request(Kind::Exchange, exchange(), key).await;
    portal.until(&peering.id, StateName::ProvisioningFailed).await;
    assert!(!lab.reaches_customer());
    let seen = {
        let history = portal.service.peering(&portal.partner, &peering.id).await.expect("peering").history;
        history.last().expect("a step").event.note.clone()
    };
    assert!(seen.contains(code), "{seen} should mention {code}");
    // Nothing of it stays on the router.
    portal.service.run_due_jobs().await.expect("jobs");
    assert_eq!(lab.edge_sessions(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_asn_fails_with_words() {
    let partner = Lab::sessions(LAN, Asn(719), "");
    fails(Daemon::Bird, &partner, "", "speaks for another ASN than AS6667").await;
    fails(Daemon::Frr, &partner, "", "speaks for AS719, not for AS6667").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_fails_with_words() {
    let partner = Lab::sessions(LAN, PARTNER, "password \"another\";");
    fails(Daemon::Bird, &partner, "s3cret-key", "wrong or missing MD5 key").await;
    fails(Daemon::Frr, &partner, "s3cret-key", "wrong or missing MD5 key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_fails_with_words() {
    fails(Daemon::Bird, "", "", "the connection fails (Connection refused)").await;
    fails(Daemon::Frr, "", "", "nothing is heard from there").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_that_the_rpki_calls_invalid_fail_with_words() {
    let Some(lab) = Lab::new(Daemon::Bird, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    let dir = tempfile::tempdir().expect("folder");
    let file = dir.path().join("vrps.json");
    let portal = portal_with(10, RpkiSettings { files: vec![file.clone()], ..RpkiSettings::default() }).await;
    portal.register(&lab, Kind::Exchange).await;
    let peering = portal.request(Kind::Exchange, exchange(), "").await;
    // Nothing is known yet: that is no verdict, and nothing is opened.
    portal.until(&peering.id, StateName::Validating).await;
    let silent = ("validate.rpki_silent".to_owned(), Verdict::Unknown);
    portal.until_seen(&peering.id, &silent.0).await;
    assert!(portal.seen(&peering.id).await.contains(&silent));
    assert_eq!(portal.state(&peering.id).await, StateName::Validating);
    // Then it says that somebody else may originate everything.
    std::fs::write(&file, r#"[{"asn":719,"prefix":"193.10.0.0/16","maxLength":24},{"asn":719,"prefix":"2a00:1450::/32","maxLength":48}]"#)
        .expect("written");
    portal.service.read_rpki_files();
    let (_, routes) = portal.service.received_routes(&portal.partner, &peering.id, 1).await.expect("routes");
    let states: Vec<_> = routes.iter().filter(|it| it.origin == Some(OriginState::Invalid)).map(|it| it.route.prefix.to_string()).collect();
    assert_eq!(states, ["193.10.0.0/24", "193.10.1.0/24", "193.10.2.0/25", "2a00:1450:7::/48"]);
    portal.until(&peering.id, StateName::ProvisioningFailed).await;
    // The operator tries again and opens it whatever the RPKI says; the partner reads why.
    portal.act(&portal.operator, &peering.id, Verb::Retry).await;
    portal.until(&peering.id, StateName::Validating).await;
    let skip = StepRequest { connection: 1, note: "The ROA is on its way, ticket 7".into() };
    let refused = portal.service.act(&portal.partner, &peering.id, Verb::SkipValidation, &skip).await;
    assert!(matches!(refused, Err(Error::Forbidden(..))), "{refused:?}");
    portal.service.act(&portal.operator, &peering.id, Verb::SkipValidation, &skip).await.expect("waived");
    portal.until(&peering.id, StateName::Active).await;
    wait("traffic", || lab.reaches_customer().then_some(()));
    // And goes back to deny-all, where it stays until the operator goes on.
    let back = StepRequest { connection: 1, note: "It is not on its way".into() };
    portal.service.act(&portal.operator, &peering.id, Verb::StepBack, &back).await.expect("back");
    portal.jobs_until("deny-all", async || !lab.reaches_customer()).await;
    portal.jobs_until("an end of the work", async || portal.service.store().next_job_at().await.expect("read").is_none()).await;
    let held = portal.service.peering(&portal.operator, &peering.id).await.expect("peering").peering.connections[0].clone();
    assert_eq!((held.state.name(), held.state.note()), (StateName::Validating, Some("It is not on its way")));
    assert_eq!(held.next(Kind::Exchange), peerage_domain::Next::Operator);
    assert!(!lab.reaches_customer(), "nothing is opened meanwhile");
    portal.act(&portal.operator, &peering.id, Verb::Retry).await;
    portal.until(&peering.id, StateName::ProvisioningFailed).await;
    let detail = portal.service.peering(&portal.operator, &peering.id).await.expect("peering");
    let log: Vec<&str> = detail.edge[0].1.log.iter().map(|(_, line)| line.key()).collect();
    assert!(["log.kept", "log.looked"].iter().all(|key| log.contains(key)), "{log:?}");
    assert!(portal.service.peering(&portal.partner, &peering.id).await.expect("peering").edge[0].1.log.is_empty());
    let history = portal.service.peering(&portal.partner, &peering.id).await.expect("peering").history;
    let note = &history.last().expect("a step").event.note;
    assert!(note.contains("RPKI invalid: 193.10.0.0/24, 193.10.1.0/24"), "{note}");
    assert!(!lab.reaches_customer());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_dies_before_it_confirms_goes_on_where_it_was() {
    dies_before_it_confirms(Daemon::Bird).await;
    dies_before_it_confirms(Daemon::Frr).await;
}

async fn dies_before_it_confirms(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LAN, &Lab::sessions(LAN, PARTNER, "")) else { return };
    let portal = portal(60).await;
    portal.register(&lab, Kind::Exchange).await;
    let peering = portal.request(Kind::Exchange, exchange(), "").await;
    portal.until(&peering.id, StateName::Validating).await;
    // What a portal leaves behind that died in the middle: opened, but not confirmed.
    let before = lab.edge_sessions().len();
    lab.open_without_confirming(&peering.id);
    assert_eq!(lab.edge_sessions().len(), before);
    let again = Portal { service: open(&portal.dir, 60, RpkiSettings::default()).await, ..portal };
    again.until(&peering.id, StateName::Active).await;
    wait("traffic", || lab.reaches_customer().then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_cannot_be_used_is_not_registered() {
    let portal = portal(0).await;
    let form = RouterForm {
        name: "edge1".into(),
        location: portal.location(Kind::Exchange).await,
        engine: "bird2".into(),
        router_id: "193.0.9.1".into(),
        addresses: LAN.v4.0.into(),
        socket: "/nowhere/bird.ctl".into(),
        config: "/nowhere/bird.conf".into(),
        folder: "/proc/nowhere".into(),
        ..RouterForm::default()
    };
    let refused = portal.service.register_router(&portal.operator, &form).await;
    assert!(matches!(&refused, Err(Error::Refused(text)) if text.key() == "router.folder"), "{refused:?}");
    let none = portal.service.routers(&portal.operator, &Default::default()).await.expect("list");
    assert_eq!(none.total, 0);
    // Without a router, setting up fails with what to do.
    let peering = portal.request(Kind::Exchange, exchange(), "").await;
    portal.until(&peering.id, StateName::ProvisioningFailed).await;
    assert_eq!(portal.seen(&peering.id).await[0].0, "provision.no_router");
}
