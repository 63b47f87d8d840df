//! The demo world, built through the use cases on a throw-away database.

use peerage_domain::{
    Asn, Timestamp,
    access::{Action, Role},
    peering::{Kind, StateName, Verb},
    registration::PeeringDraft,
    session::{AddressProvider, ConnectionAsk},
    sighting::{Had, Hop, RouteChange, SeenRoute, Vantage},
    telemetry::Sample,
};
use peerage_latency::{View, Window};
use peerage_service::{Actor, Error, Service, demo, peerings::StepRequest, requests::Keys, telemetry::Sender};
use peerage_storage::{Page, Sort, connections::ConnectionColumn};

mod demo_world;

use demo_world::{NOW, demo_world, world};

#[tokio::test]
async fn the_demo_world_has_something_for_everybody() {
    let world = demo_world().await;
    let operator = world.actor("operator@demo.example").await;
    let states: Vec<StateName> = world.list(&operator).await.iter().map(|p| p.connections[0].state.name()).collect();
    use StateName::{Active, Approved, PendingApproval};
    assert_eq!(states, [Active, Active, Approved, PendingApproval, Active, Active, Active, Active]);
    assert_eq!(world.service.pending_asns(&operator).await.expect("queue").total, 1);
    for peering in world.list(&operator).await {
        assert!(world.service.is_replay(&peering.id).await.expect("read"), "{} is the replay of its events", peering.id);
    }
    let customer = world.actor("customer@demo.example").await;
    let sort = Sort { by: ConnectionColumn::Name, descending: false };
    let connections = world.service.connections(&customer, "", sort, Page { offset: 0, limit: 10 }).await.expect("list");
    assert_eq!(connections.total, 2);
    for window in Window::ALL {
        let courses = world.service.latency(&customer, "CN-1", View::Last(window)).await.expect("latency");
        assert_eq!(courses.len(), 2);
        assert!(courses.iter().all(|c| !c.intervals.is_empty()), "{window:?} has samples");
    }
}

#[tokio::test]
async fn somebody_elses_things_are_not_found() {
    let world = demo_world().await;
    let (mine, other) = (world.actor("partner@demo.example").await, world.actor("second.partner@demo.example").await);
    let id = world.list(&mine).await[0].id.clone();
    assert!(matches!(world.service.peering(&other, &id).await, Err(Error::NotFound(..))));
    let request = StepRequest { connection: 1, note: "x".into() };
    assert!(matches!(world.service.act(&other, &id, Verb::RequestRemoval, &request).await, Err(Error::NotFound(..))));
    let customer = world.actor("customer@demo.example").await;
    assert!(matches!(world.service.peering(&customer, &id).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn removal_can_be_undone_until_it_is_done() {
    let world = demo_world().await;
    let partner = world.actor("partner@demo.example").await;
    let id = world.list(&partner).await[0].id.clone();
    let act = async |verb| world.service.act(&partner, &id, verb, &StepRequest { connection: 1, note: String::new() }).await;
    let state = async || world.service.peering(&partner, &id).await.expect("peering").peering.connections[0].state.name();
    act(Verb::RequestRemoval).await.expect("asked");
    world.wait(59);
    world.service.run_due_jobs().await.expect("jobs");
    assert_eq!(state().await, StateName::PendingRemove);
    act(Verb::UndoRemoval).await.expect("undone");
    world.wait(120);
    world.service.run_due_jobs().await.expect("jobs");
    assert_eq!(state().await, StateName::Active, "the old job does nothing");
    act(Verb::RequestRemoval).await.expect("asked");
    world.wait(61);
    world.service.run_due_jobs().await.expect("jobs");
    assert_eq!(state().await, StateName::Removed);
    assert!(world.service.is_replay(&id).await.expect("read"));
}

#[tokio::test]
async fn a_legacy_peering_is_active_on_approval_and_runs() {
    let world = demo_world().await;
    let (partner, operator) = (world.actor("partner@demo.example").await, world.actor("operator@demo.example").await);
    let directory = world.service.directory().await.expect("directory");
    let location = directory.all_locations().iter().find(|l| l.name == "SwissIX").expect("SwissIX");
    let connections = vec![peerage_domain::session::ConnectionAsk {
        peer_ipv4: "91.206.52.250".into(),
        max_prefixes_ipv4: "500".into(),
        ..Default::default()
    }];
    let draft = PeeringDraft {
        asn: "AS13030".into(),
        kind: Some(Kind::Exchange),
        location: location.id.clone(),
        connections,
        legacy: true,
        ..PeeringDraft::default()
    };
    let id = world.service.new_peering_draft(&partner, draft).await.expect("draft");
    let id = world.service.submit_peering(&partner, &id).await.expect("sent").id;
    world.service.act(&operator, &id, Verb::Approve, &StepRequest { connection: 1, note: String::new() }).await.expect("approved");
    world.wait(1);
    world.service.run_due_jobs().await.expect("jobs");
    let detail = world.service.peering(&partner, &id).await.expect("peering");
    assert_eq!(detail.peering.connections[0].state.name(), StateName::Active);
    assert!(!detail.edge[0].1.sessions.is_empty(), "the edge runs it");
}

#[tokio::test]
async fn an_md5_key_stays_with_its_connection_when_another_is_removed() {
    let world = demo_world().await;
    let partner = world.actor("partner@demo.example").await;
    let with = |count: usize| PeeringDraft { connections: vec![Default::default(); count], ..PeeringDraft::default() };
    let id = world.service.new_peering_draft(&partner, with(3)).await.expect("draft");
    let keep = async |draft, keys| {
        let refused = world.service.save_peering_draft(&partner, &id, draft, keys).await.err().map(|e| e.to_string());
        let draft = world.service.peering_draft(&partner, &id).await.expect("draft").draft;
        (draft.connections.iter().map(|c| c.has_md5).collect::<Vec<_>>(), refused)
    };
    let typed = |keys: &[&str], removed| Keys::Typed { keys: keys.iter().map(|&k| k.to_owned()).collect(), cleared: vec![], removed };
    assert_eq!(keep(with(3), typed(&["", "", "s3cret"], None)).await, (vec![false, false, true], None));
    assert_eq!(keep(with(3), Keys::Untouched).await.0, [false, false, true]);
    assert_eq!(keep(with(2), typed(&["", ""], Some(0))).await.0, [false, true]);
    let (kept, refused) = keep(with(3), typed(&["a b", "", "new"], None)).await;
    assert_eq!((kept, refused.is_some()), (vec![false, true, true], true), "the rest is kept when one key is wrong");
    let cleared = Keys::Typed { keys: vec![String::new(); 3], cleared: vec![1], removed: None };
    assert_eq!(keep(with(3), cleared).await.0, [false, false, true], "a key can be taken away");
    assert_eq!(keep(with(1), Keys::Forgotten).await.0, [false], "another network does not inherit a key");
}

#[tokio::test]
async fn the_operator_assigns_addresses_to_a_direct_session() {
    let world = demo_world().await;
    let (partner, operator) = (world.actor("partner@demo.example").await, world.actor("operator@demo.example").await);
    let directory = world.service.directory().await.expect("directory");
    let location = directory.all_locations().iter().find(|l| l.kind == Kind::Direct).expect("a facility");
    let ask = ConnectionAsk {
        address_provider: AddressProvider::Operator,
        max_prefixes_ipv4: "500".into(),
        bandwidth_mbps: "10000".into(),
        ..ConnectionAsk::default()
    };
    let draft = PeeringDraft {
        asn: "AS13030".into(),
        kind: Some(Kind::Direct),
        location: location.id.clone(),
        connections: vec![ask.clone(), ask],
        ..PeeringDraft::default()
    };
    let id = world.service.new_peering_draft(&partner, draft).await.expect("draft");
    let id = world.service.submit_peering(&partner, &id).await.expect("sent").id;
    let act = async |actor, connection, verb| {
        world.service.act(actor, &id, verb, &StepRequest { connection, note: String::new() }).await.map_err(|e| e.to_string())
    };
    for connection in [1, 2] {
        act(&operator, connection, Verb::Approve).await.expect("approved");
    }
    let early = act(&partner, 1, Verb::ReportConfigured).await.expect_err("no addresses");
    assert!(early.contains("no session addresses"), "{early}");
    let assign = async |actor, connection, v4| world.service.assign_addresses(actor, &id, connection, v4, "").await.map(drop);
    assert!(matches!(assign(&partner, 1, "193.0.9.0/31").await, Err(Error::Forbidden(_))));
    for bad in ["", "10.0.0.0/31", "193.0.9.0/24", "193.0.9.1/31", "x"] {
        assert!(matches!(assign(&operator, 1, bad).await, Err(Error::Fields(_))), "{bad}");
    }
    assign(&operator, 1, "193.0.9.0/31").await.expect("assigned");
    assert!(matches!(assign(&operator, 2, "193.0.9.0/31").await, Err(Error::Fields(_))), "the other connection has it");
    assign(&operator, 1, "193.0.9.2/31").await.expect("assigned again");
    assign(&operator, 2, "193.0.9.0/31").await.expect("free now");
    act(&partner, 1, Verb::ReportConfigured).await.expect("configured");
    assert!(assign(&operator, 1, "193.0.9.4/31").await.is_err(), "the peer has configured it");
    for _ in 0..5 {
        world.wait(60);
        world.service.run_due_jobs().await.expect("jobs");
    }
    let detail = world.service.peering(&partner, &id).await.expect("peering");
    assert_eq!(detail.peering.connections[0].state.name(), StateName::Active);
    assert!(world.service.is_replay(&id).await.expect("read"));
}

#[tokio::test]
async fn changes_touch_only_the_connections_that_were_asked_about() {
    let world = demo_world().await;
    let (partner, operator) = (world.actor("partner@demo.example").await, world.actor("operator@demo.example").await);
    let directory = world.service.directory().await.expect("directory");
    let location = directory.all_locations().iter().find(|l| l.name == "SwissIX").expect("SwissIX");
    let ask = |address: &str| ConnectionAsk { peer_ipv4: address.into(), max_prefixes_ipv4: "500".into(), ..ConnectionAsk::default() };
    let draft = PeeringDraft {
        asn: "AS13030".into(),
        kind: Some(Kind::Exchange),
        location: location.id.clone(),
        connections: vec![ask("91.206.52.250"), ask("91.206.52.251")],
        ..PeeringDraft::default()
    };
    let id = world.service.new_peering_draft(&partner, draft).await.expect("draft");
    let id = world.service.submit_peering(&partner, &id).await.expect("sent").id;
    let request = |connection| StepRequest { connection, note: "another limit".into() };
    world.service.act(&operator, &id, Verb::Approve, &request(1)).await.expect("approved");
    world.service.act(&operator, &id, Verb::RequestChanges, &request(2)).await.expect("asked");
    let begun = world.service.change_peering(&partner, &id).await.expect("draft");
    assert_eq!(world.service.change_peering(&partner, &id).await.expect("draft"), begun, "one draft for one change");
    let detail = world.service.peering_draft(&partner, &begun).await.expect("draft");
    assert_eq!(detail.locked, [0]);
}

#[tokio::test]
async fn only_an_approved_asn_may_request() {
    let world = demo_world().await;
    let second = world.actor("second.partner@demo.example").await;
    let directory = world.service.directory().await.expect("directory");
    let location = directory.all_locations().iter().find(|l| l.kind == Kind::Exchange).expect("an exchange");
    let draft =
        |asn: &str| PeeringDraft { asn: asn.into(), kind: Some(Kind::Exchange), location: location.id.clone(), ..PeeringDraft::default() };
    for (asn, words) in [("AS9002", "is Pending"), ("AS3303", "not associated"), ("AS13030", "not associated")] {
        let id = world.service.new_peering_draft(&second, draft(asn)).await.expect("draft");
        let refusal = world.service.submit_peering(&second, &id).await.expect_err("refused").to_string();
        assert!(refusal.contains(words), "{refusal}");
    }
}

#[tokio::test]
async fn importing_again_changes_nothing_and_a_wrong_row_changes_nothing() {
    let world = world().await;
    let first = world.service.import(&demo::files()).await.expect("imported");
    assert!(first.values().all(|r| r.added == 500 && r.changed + r.removed + r.unchanged == 0));
    let again = world.service.import(&demo::files()).await.expect("imported");
    assert!(again.values().all(|r| r.unchanged == 500 && r.added + r.changed + r.removed == 0));
    let one = br#"[{"id":1,"name":"Only","asn":42}]"#.to_vec();
    let wrong = br#"[{"id":1,"latitude":1}]"#.to_vec();
    let refused = world.service.import(&[("net.json".into(), one.clone()), ("fac.json".into(), wrong)]).await;
    assert!(refused.expect_err("refused").to_string().contains("fac.json: fac row 1 (id 1)"));
    assert_eq!(
        world.service.directory().await.expect("directory").net(peerage_domain::Asn(8075)).map(|n| n.name.clone()),
        Some("Microsoft".into())
    );
    let shrunk = world.service.import(&[("net.json".into(), one)]).await.expect("imported");
    let net = shrunk.values().next().expect("net");
    assert_eq!((net.added, net.changed, net.removed), (0, 1, 499));
}

#[tokio::test]
async fn samples_are_kept_once_and_bad_ones_are_named() {
    let world = demo_world().await;
    let customer = world.actor("customer@demo.example").await;
    let sender = Sender { organisation: customer.organisation.clone(), label: "test".into() };
    let sample = |series: &str, rtt| Sample { series: series.into(), time: Timestamp::from_secs(NOW - 30), rtt_ms: rtt };
    let samples = [sample("CN-1/Test", Some(5.0)), sample("CN-1/Test", Some(-5.0)), sample("CN-1/Test", None)];
    let receipt = world.service.take_samples(&sender, "batch-1", &samples).await.expect("taken");
    assert_eq!((receipt.accepted, receipt.refused.len(), receipt.refused[0].0), (2, 1, 1));
    assert!(world.service.take_samples(&sender, "batch-1", &samples).await.expect("again").repeated);
    let stray = [sample("CN-99/Primary", Some(5.0)), sample("nonsense", Some(5.0))];
    assert_eq!(world.service.take_samples(&sender, "batch-2", &stray).await.expect("answered").refused.len(), 2, "no such connection");
    let partner = world.actor("partner@demo.example").await;
    let foreign = Sender { organisation: partner.organisation.clone(), label: "test".into() };
    let receipt = world.service.take_samples(&foreign, "batch-1", &samples[..1]).await.expect("answered");
    assert_eq!((receipt.accepted, receipt.refused.len()), (0, 1), "somebody else's connection");
    let courses = world.service.latency(&customer, "CN-1", View::Last(Window::H6)).await.expect("latency");
    let test = courses.iter().find(|c| c.series.name == "CN-1/Test").expect("new series");
    assert_eq!((test.total.count(), test.total.lost()), (1, 1));
}

#[tokio::test]
async fn sign_in_is_refused_after_too_many_tries() {
    let world = demo_world().await;
    assert!(world.service.sign_in("customer@demo.example", demo::PASSWORD).await.is_ok());
    assert!(world.service.sign_in("CUSTOMER@demo.example ", demo::PASSWORD).await.is_ok());
    for _ in 0..10 {
        assert!(matches!(world.service.sign_in("customer@demo.example", "wrong").await, Err(Error::Unauthenticated(_))));
    }
    assert!(matches!(world.service.sign_in("customer@demo.example", demo::PASSWORD).await, Err(Error::TooMany(_))));
}

/// Every role against every action: what the table allows is not Forbidden, what it
/// does not allow is.
#[tokio::test]
async fn every_role_may_do_what_the_table_says() {
    let world = demo_world().await;
    let base = world.actor("customer@demo.example").await;
    for role in Role::ALL {
        let actor = Actor { roles: vec![role], ..base.clone() };
        for action in Action::ALL {
            let forbidden = matches!(attempt(&world.service, &actor, action).await, Err(Error::Forbidden(_)));
            assert_eq!(!forbidden, action.allowed(&[role]), "{role:?} {action:?}");
        }
    }
}

async fn attempt(service: &Service, actor: &Actor, action: Action) -> Result<(), Error> {
    let step = StepRequest { connection: 1, note: "x".into() };
    match action {
        Action::ReadConnections => service.connection(actor, "CN-9").await.map(drop),
        Action::WriteConnections => service.delete_connection(actor, "CN-9", "x").await,
        Action::ReadPeerings => service.peering(actor, "PR-9").await.map(drop),
        Action::WritePeerings => service.act(actor, "PR-9", Verb::RequestRemoval, &step).await.map(drop),
        Action::ReadQueue => service.pending_asns(actor).await.map(drop),
        Action::Decide => service.act(actor, "PR-9", Verb::Approve, &step).await.map(drop),
        Action::EditDirectory => service.edit_location(actor, "LO-999", true, vec![], "").await,
        Action::ManageRouters => service.routers(actor, &Default::default()).await.map(drop),
        Action::ManageAccounts => service.organisations(actor).await.map(drop),
        Action::ReadInsights => service.insights(actor, View::Last(Window::D1)).await.map(drop),
        Action::SendReports => service.unsubscribe(actor, "RS-99").await,
        Action::ReadIncidents => service.incident(actor, "IN-99", None).await.map(drop),
        Action::WriteIncidents => service.acknowledge(actor, "IN-99", "").await,
        Action::ReadProbes => service.probing(actor).await.map(drop),
        Action::WriteProbes => service.remove_target(actor, "TG-0").await.map(drop),
        Action::ManageSources => service.feeds(actor).map(drop),
    }
}

#[tokio::test]
async fn before_and_after_are_compared_once_both_are_known() {
    let world = demo_world().await;
    let customer = world.actor("customer@demo.example").await;
    let now = world.clock.now();
    let changes = world.service.verdict(&customer, "CN-1 193.0.16.0/24").await.expect("seen").1;
    let since = changes.iter().find(|(_, judged)| judged.state.to_string() == "Verified").expect("it is verified").0;
    let found = world.service.proof(&customer, "CN-1").await.expect("read").expect("both sides are known");
    assert!(found.since <= since && found.span_s >= 86_400 && found.span_s <= now.since(found.since), "{found:?}");
    let rtt = found.rtt_ms.expect("enough hours");
    // The replay draws from the same recorded packets before and after.
    assert!(rtt.low <= 0.0 && rtt.high >= 0.0, "{rtt:?}");
    assert_eq!(found.series, 2);
    assert_eq!(found.paths, None, "nobody tells of paths");
    // Eight vantage points had a longer path before.
    let route = |at: Timestamp, who: u32, path: &str| RouteChange {
        prefix: "193.0.16.0/24".parse().expect("prefix"),
        vantage: Vantage { source: "rrc00".into(), asn: Asn(who), peer: String::new(), tells_withdrawals: true },
        at,
        had: Had::Route(SeenRoute { path: Hop::path(path), only_to_customer: None }),
        shortest: None,
    };
    let early = (1..=8).map(|who| route(found.since.plus_secs(-9 * 3600), 64500 + who, "3356 1299 174 6453"));
    let late = (1..=8).map(|who| route(found.since.plus_secs(3600), 64500 + who, "3356 6453"));
    let mut tx = world.service.store().begin().await.expect("begins");
    tx.add_route_changes("", &early.chain(late).collect::<Vec<_>>()).await.expect("kept");
    tx.commit().await.expect("kept");
    let paths = world.service.proof(&customer, "CN-1").await.expect("read").and_then(|it| it.paths).expect("told");
    assert_eq!((paths.median, paths.vantages), ((4.0, 2.0), (8, 8)));
    assert!(paths.change.is_some_and(|change| change.high < 0.0), "{paths:?}");
    // Another organisation's is not there.
    let second = world.actor("second.partner@demo.example").await;
    assert!(world.service.proof(&second, "CN-1").await.is_err());
}
