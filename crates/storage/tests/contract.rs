//! One contract, run on SQLite and on a throw-away PostgreSQL cluster.

use peerage_domain::{
    Asn, Timestamp,
    access::Role,
    legacy::LegacySessions,
    peer_asn::PeerAsn,
    peering::{Connection, Kind, Peering, State},
    service::{KeyRecord, LearnedType, RegisteredPrefix, ValidationState, verdict::Judgement},
    session::{ConnectionSpec, Occupant},
    telemetry::{RouteEvent, RouteEventKind},
};
use peerage_storage::{
    Error, Page, Sort, Store,
    connections::{ConnectionColumn, CustomerPrefix, ServiceConnection},
    peerings::{PeeringColumn, PeeringFilter},
    service::StoredVerdict,
};
mod cluster;
#[path = "contract/incidents.rs"]
mod incidents;

use cluster::Cluster;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + seconds)
}

async fn contract(store: &Store, url: &str) {
    opening_again_changes_nothing(url).await;
    people_and_roles(store).await;
    drafts_belong_to_an_organisation(store).await;
    changes_name_the_version_they_saw(store).await;
    peerings_are_filtered_sorted_and_paged(store).await;
    a_prefix_has_one_connection(store).await;
    registered_prefixes_and_their_verdicts(store).await;
    jobs_are_leased_once(store).await;
    a_log_keeps_its_last_lines(store).await;
    customers_of_route_servers_are_registered_once(store).await;
    sessions_from_before_are_one_a_network_and_location(store).await;
    telemetry_is_kept_once(store).await;
    latency_goes_with_its_table(store).await;
    incidents::incidents_have_one_open_story_a_cause(store).await;
    incidents::deliveries_are_written_once_and_leased_once(store).await;
    incidents::the_last_routes_outlive_their_history(store).await;
    nothing_happens_without_commit(store).await;
}

async fn opening_again_changes_nothing(url: &str) {
    let again = Store::open(url).await.expect("opens again");
    again.ping().await.expect("answers");
}

async fn people_and_roles(store: &Store) {
    let mut tx = store.begin().await.expect("begin");
    let organisation = tx.add_organisation("Fjordbank", at(0)).await.expect("organisation");
    let person = tx.add_person(&"ingrid@example.net".parse().expect("mail"), "Ingrid", at(0)).await.expect("person");
    for role in [Role::Customer, Role::Manager, Role::Customer] {
        tx.add_role(&person.id, &organisation.id, role, Timestamp::from_secs(1)).await.expect("role");
    }
    tx.add_link("hash", &person.id, at(100)).await.expect("link");
    assert!(tx.link("hash", at(99)).await.expect("read").is_some());
    assert!(tx.link("hash", at(100)).await.expect("read").is_none(), "a link expires");
    tx.set_password(&person.id, "phc").await.expect("password");
    assert!(tx.link("hash", at(0)).await.expect("read").is_none(), "a link is used up");
    tx.commit().await.expect("commit");
    let found = store.person_by_email("ingrid@example.net").await.expect("read").expect("found");
    assert_eq!(found.password_hash.as_deref(), Some("phc"));
    let memberships = store.memberships(&found.id).await.expect("read");
    assert_eq!(memberships[0].roles, [Role::Customer, Role::Manager]);
    assert_eq!(store.count_people().await.expect("read"), 1);
}

async fn drafts_belong_to_an_organisation(store: &Store) {
    let mut tx = store.begin().await.expect("begin");
    let id = tx.next_id("D").await.expect("id");
    for text in ["first", "Zürich '; DROP TABLE draft; --"] {
        tx.save_draft(&id, "ORG-1", "kind", &text, at(1)).await.expect("saved");
    }
    tx.commit().await.expect("commit");
    let found = store.draft::<String>(&id, "ORG-1", "kind").await.expect("read").expect("found");
    assert_eq!(found.body, "Zürich '; DROP TABLE draft; --");
    assert_eq!(store.draft::<String>(&id, "ORG-2", "kind").await.expect("read"), None);
    assert!(matches!(store.draft::<u8>(&id, "ORG-1", "kind").await, Err(Error::Damaged { table: "draft", column: "body", .. })));
}

fn peering(id: &str, name: &str, kind: Kind) -> Peering {
    let connection = Connection { number: 1, spec: ConnectionSpec::example(kind), state: State::PendingApproval, since: at(5), loa: None };
    Peering {
        id: id.into(),
        organisation: "ORG-1".into(),
        asn: Asn(6667),
        peer_name: name.into(),
        kind,
        legacy: false,
        location: format!("LO-{id}"),
        connections: vec![connection],
    }
}

async fn changes_name_the_version_they_saw(store: &Store) {
    let mut tx = store.begin().await.expect("begin");
    let mut it = PeerAsn::new("PA-1", "ORG-1", Asn(6667));
    tx.save_asn(&it, 0, at(1)).await.expect("new");
    it.peer_name = "Elisa".into();
    tx.save_asn(&it, 1, at(2)).await.expect("changed");
    assert!(matches!(tx.save_asn(&it, 1, at(3)).await, Err(Error::Conflict(_))));
    for event in ["one", "two"] {
        tx.record("PA-1", at(4), "Ada", &event).await.expect("recorded");
    }
    tx.commit().await.expect("commit");
    let history = store.history::<String>("PA-1").await.expect("read");
    assert_eq!(history.iter().map(|e| e.body.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(store.asn("PA-1").await.expect("read").expect("found").version, 2);
}

async fn peerings_are_filtered_sorted_and_paged(store: &Store) {
    let mut tx = store.begin().await.expect("begin");
    for (n, name) in ["Elisa", "Init7", "100%_sure"].iter().enumerate() {
        let it = peering(&format!("PR-{}", n + 9), name, if n == 1 { Kind::Direct } else { Kind::Exchange });
        tx.save_peering(&it, 0, at(6)).await.expect("saved");
    }
    assert_eq!(tx.taken("").await.expect("read").iter().filter(|t| t.by == Occupant::Peering("PR-9".into())).count(), 1);
    assert_eq!(tx.taken("PR-9").await.expect("read").iter().filter(|t| t.by == Occupant::Peering("PR-9".into())).count(), 0, "not its own");
    tx.commit().await.expect("commit");
    let list = async |filter: PeeringFilter, offset| {
        let sort = Sort { by: PeeringColumn::Id, descending: false };
        let (items, total) = store.peerings(&filter, sort, &Page { offset, limit: 2 }).await.expect("read");
        (items.into_iter().map(|p| p.id).collect::<Vec<_>>().join(" "), total)
    };
    assert_eq!(list(PeeringFilter::default(), 0).await, ("PR-9 PR-10".into(), 3));
    assert_eq!(list(PeeringFilter::default(), 2).await, ("PR-11".into(), 3));
    let search = |text: &str| PeeringFilter { search: text.into(), ..PeeringFilter::default() };
    assert_eq!(list(search("ELISA"), 0).await.1, 1);
    assert_eq!(list(search("0%_s"), 0).await.1, 1);
    assert_eq!(list(search("_"), 0).await.1, 1, "a wildcard is only a character");
    assert_eq!(list(PeeringFilter { kind: "Direct".into(), next: "operator".into(), ..PeeringFilter::default() }, 0).await.1, 1);
    assert_eq!(list(PeeringFilter { organisation: Some("ORG-2".into()), ..PeeringFilter::default() }, 0).await.1, 0);
}

async fn a_prefix_has_one_connection(store: &Store) {
    let mut tx = store.begin().await.expect("begin");
    let connection = ServiceConnection {
        id: "CN-1".into(),
        organisation: "ORG-1".into(),
        name: "HQ".into(),
        country: "CH".into(),
        subdivision: String::new(),
        provider_asn: Asn(13030),
        provider: "Init7".into(),
        primary: "LO-1".into(),
        backup: None,
        created: at(7),
    };
    tx.add_connection(&connection).await.expect("added");
    let row = CustomerPrefix {
        prefix: "193.0.16.0/24".parse().expect("prefix"),
        connection: "CN-1".into(),
        organisation: "ORG-1".into(),
        provider: "Init7".into(),
        added: at(7),
        key: None,
        version: 1,
    };
    tx.add_prefix(&row).await.expect("added");
    assert!(tx.has_connection_named("ORG-1", "hq").await.expect("read"));
    tx.commit().await.expect("commit");
    let mut tx = store.begin().await.expect("begin");
    assert!(tx.add_prefix(&row).await.is_err(), "the same prefix twice");
    drop(tx);
    let sort = Sort { by: ConnectionColumn::Name, descending: true };
    let (found, total) = store.connections(Some("ORG-1"), "init", sort, &Page { offset: 0, limit: 25 }).await.expect("read");
    assert_eq!((found, total), (vec![(connection, 1)], 1));
    assert_eq!(store.prefixes_of("CN-1").await.expect("read"), vec![row]);
}

async fn registered_prefixes_and_their_verdicts(store: &Store) {
    let peering = Peering {
        id: "PR-70".into(),
        organisation: "ORG-1".into(),
        asn: Asn(6453),
        peer_name: "TATA".into(),
        kind: Kind::Direct,
        legacy: false,
        location: "LO-1".into(),
        connections: vec![],
    };
    let before = store.service_version().await.expect("version");
    let mut tx = store.begin().await.expect("begin");
    tx.save_peering(&peering, 0, at(1)).await.expect("peering");
    let it = RegisteredPrefix {
        id: "RP-1".into(),
        prefix: "193.0.16.0/24".parse().expect("prefix"),
        name: "Fjordbank".into(),
        organisation: "ORG-1".into(),
        peering: "PR-70".into(),
        origin: Asn(6453),
    };
    tx.add_registration(&it, at(2)).await.expect("added");
    let key = KeyRecord {
        id: "K-1".into(),
        subject: "RP-1".into(),
        hint: "…00ab".into(),
        created: at(2),
        expires: None,
        replaced: None,
        revoked: None,
    };
    tx.save_key("hash", &key).await.expect("kept");
    tx.touch_service().await.expect("counted");
    tx.commit().await.expect("commit");
    assert_ne!(store.service_version().await.expect("version"), before);
    let mut tx = store.begin().await.expect("begin");
    let again = RegisteredPrefix { id: "RP-2".into(), ..it.clone() };
    assert!(tx.add_registration(&again, at(3)).await.is_err(), "the same prefix twice");
    drop(tx);
    let mut tx = store.begin().await.expect("begin");
    assert_eq!(tx.key_by_hash("hash").await.expect("read"), Some(key.clone()));
    assert_eq!(tx.key_by_hash("other").await.expect("read"), None);
    let revoked = KeyRecord { revoked: Some(at(4)), ..key };
    tx.change_key(&revoked).await.expect("changed");
    assert!(tx.set_prefix_key(it.prefix, Some("K-1"), 1).await.expect("bound"));
    assert!(!tx.set_prefix_key(it.prefix, Some("K-2"), 1).await.expect("asked"), "somebody was quicker");
    let judgement = |state| Judgement { state, learned: LearnedType::None, findings: vec![], evidence: vec![] };
    for (n, state) in [ValidationState::Pending, ValidationState::Verified, ValidationState::Failed].into_iter().enumerate() {
        let verdict = StoredVerdict { subject: "RP-1".into(), at: at(10 + n as i64), judgement: judgement(state) };
        tx.save_verdict("PR-70", it.prefix, &verdict, n != 1).await.expect("kept");
    }
    tx.add_session_change("PR-70/1/v4", at(1), "Established").await.expect("kept");
    tx.add_session_change("PR-70/1/v4", at(5), "Idle").await.expect("kept");
    tx.add_session_change("PR-70/1/v4", at(9), "Established").await.expect("kept");
    tx.forget_session_changes(at(6)).await.expect("forgotten");
    tx.commit().await.expect("commit");
    assert_eq!(store.keys_of("RP-1").await.expect("read"), [revoked]);
    assert_eq!(store.bound_by("K-1").await.expect("read").into_iter().map(|(_, prefix)| prefix).collect::<Vec<_>>(), [it.prefix]);
    assert_eq!(store.bound_by("K-9").await.expect("read"), []);
    assert_eq!(store.registrations(Some("ORG-1")).await.expect("read"), [(it.clone(), at(2))]);
    assert_eq!(store.registrations(Some("ORG-2")).await.expect("read"), []);
    assert_eq!(store.verdict_states("PR-70").await.expect("read"), [("RP-1".to_owned(), ValidationState::Failed)]);
    assert_eq!(store.verdict("RP-1").await.expect("read").map(|it| it.at), Some(at(12)));
    let changes: Vec<i64> = store.verdict_changes("RP-1").await.expect("read").into_iter().map(|(at, _)| at.secs()).collect();
    assert_eq!(changes, [at(12).secs(), at(10).secs()], "what only changed its evidence is no line");
    let sessions: Vec<String> = store.session_changes("PR-70/").await.expect("read").into_iter().map(|(.., state)| state).collect();
    assert_eq!(sessions, ["Idle", "Established"], "the state at the limit is still known");
    let mut tx = store.begin().await.expect("begin");
    assert!(tx.delete_registration("RP-1").await.expect("gone"));
    assert!(!tx.delete_registration("RP-1").await.expect("asked"));
    tx.delete_prefix("CN-1", it.prefix).await.expect("gone");
    tx.commit().await.expect("commit");
    assert_eq!(store.verdict("RP-1").await.expect("read"), None);
}

async fn jobs_are_leased_once(store: &Store) {
    let mut tx = store.begin().await.expect("begin");
    tx.add_job("advance", "PR-9/1", at(10)).await.expect("added");
    tx.commit().await.expect("commit");
    assert_eq!(store.lease_job(at(9), 60).await.expect("read"), None, "not due yet");
    let (a, b) = tokio::join!(store.lease_job(at(10), 60), store.lease_job(at(10), 60));
    let leased = [a.expect("read"), b.expect("read")];
    assert_eq!(leased.iter().flatten().count(), 1, "two workers, one job");
    assert_eq!(store.next_job_at().await.expect("read"), Some(at(70)));
    let again = store.lease_job(at(70), 60).await.expect("read").expect("due again after the lease");
    assert_eq!(again.attempts, 2);
    let mut tx = store.begin().await.expect("begin");
    tx.finish_job(&again.id).await.expect("finished");
    tx.commit().await.expect("commit");
    assert_eq!(store.next_job_at().await.expect("read"), None);
}

async fn a_log_keeps_its_last_lines(store: &Store) {
    let mut tx = store.begin().await.expect("transaction");
    for n in 0..110 {
        tx.add_log("PR-1/1", at(n), &format!("line {n}")).await.expect("added");
    }
    tx.add_log("PR-1/1", at(200), &"line 109").await.expect("added");
    tx.add_log("PR-1/2", at(0), &"another").await.expect("added");
    tx.commit().await.expect("kept");
    let lines: Vec<(Timestamp, String)> = store.log("PR-1/1").await.expect("log");
    assert_eq!((lines.len(), lines[0].clone()), (100, (at(200), "line 109".to_owned())), "what is said again is said once");
    assert_eq!(lines[99].1, "line 10");
}

async fn customers_of_route_servers_are_registered_once(store: &Store) {
    let mut tx = store.begin().await.expect("begin");
    let organisation = tx.add_organisation("Exchange", at(0)).await.expect("organisation").id;
    assert!(tx.register_asn(&organisation, Asn(6667), "Elisa", at(1)).await.expect("written"));
    assert!(!tx.register_asn(&organisation, Asn(6667), "Elisa again", at(2)).await.expect("asked"));
    assert!(tx.register_asn(&organisation, Asn(719), "Other_net", at(3)).await.expect("written"));
    tx.commit().await.expect("commit");
    let page = Page { offset: 0, limit: 1 };
    let found = async |search: &str| {
        let (rows, total) = store.registered_asns(&organisation, search, &page).await.expect("read");
        (rows.into_iter().map(|it| it.name).collect::<Vec<_>>(), total)
    };
    assert_eq!(found("").await, (vec!["Other_net".to_owned()], 2));
    assert_eq!(found("elisa").await, (vec!["Elisa".to_owned()], 1));
    assert_eq!(found("r_n").await.1, 1, "wildcards are letters");
    assert_eq!(store.customers_of(&organisation).await.expect("read"), [Asn(719), Asn(6667)]);
    let mut tx = store.begin().await.expect("begin");
    assert!(tx.unregister_asn(&organisation, Asn(719)).await.expect("written"));
    assert!(!tx.unregister_asn(&organisation, Asn(719)).await.expect("asked"));
    tx.commit().await.expect("commit");
}

async fn sessions_from_before_are_one_a_network_and_location(store: &Store) {
    let it = |id: &str, source: &str| LegacySessions {
        id: id.into(),
        location: "LO-1".into(),
        kind: Kind::Exchange,
        asn: Asn(6667),
        peer_name: "Elisa".into(),
        source: source.into(),
        router: None,
        read: at(0),
        connections: vec![],
        peering: None,
    };
    let mut tx = store.begin().await.expect("begin");
    tx.save_legacy(&it("LG-1", "file")).await.expect("written");
    tx.save_legacy(&LegacySessions { peering: Some("PR-1".into()), ..it("LG-1", "router") }).await.expect("written");
    assert_eq!(tx.legacies().await.expect("read").len(), 1);
    tx.commit().await.expect("commit");
    let found = store.legacies().await.expect("read");
    assert_eq!((found[0].source.as_str(), found[0].peering.as_deref()), ("router", Some("PR-1")));
    let mut tx = store.begin().await.expect("begin");
    assert!(tx.delete_legacy("LG-1").await.expect("written"));
    assert!(!tx.delete_legacy("LG-1").await.expect("asked"));
    tx.commit().await.expect("commit");
}

async fn latency_goes_with_its_table(store: &Store) {
    const DAY: i64 = 86_400;
    let mut tx = store.begin().await.expect("begin");
    let (a, b) = (tx.series("ORG-1", "CN-1/Oslo").await.expect("new").id, tx.series("ORG-1", "CN-1/Bergen").await.expect("new").id);
    let slot = |series: &str, start: i64| (series.to_owned(), start);
    // More than one statement takes, in two tables, one of them put twice.
    let mut all: Vec<_> = (0..250).map(|minute| (slot(&a, DAY - 7200 + minute * 60), vec![minute as u8, 0])).collect();
    all.push((slot(&b, DAY), vec![0, 255]));
    for _ in 0..2 {
        tx.put_histograms(60, &all).await.expect("kept");
    }
    tx.put_histograms(60, &[(slot(&b, DAY), vec![9])]).await.expect("replaced");
    tx.put_histograms(3600, &[(slot(&b, DAY), vec![60])]).await.expect("kept");
    let wanted = [slot(&a, DAY - 7200), slot(&a, DAY + 60), slot(&b, DAY), slot(&b, DAY + 60), slot(&a, 40 * DAY)];
    let found = tx.histograms(60, &wanted).await.expect("read");
    let expected = [(slot(&a, DAY - 7200), vec![0, 0]), (slot(&a, DAY + 60), vec![121, 0]), (slot(&b, DAY), vec![9])];
    assert_eq!(found, expected.into());
    tx.commit().await.expect("commit");
    let both = store.intervals(&[&a, &b], 60, DAY - 60, DAY + 60).await.expect("read");
    let starts: Vec<_> = both.iter().map(|((series, start), _)| (series.as_str(), *start)).collect();
    assert_eq!(starts, [(a.as_str(), DAY - 60), (a.as_str(), DAY), (b.as_str(), DAY)]);
    assert_eq!(store.intervals(&[&b], 3600, 0, 2 * DAY).await.expect("read"), [(slot(&b, DAY), vec![60])]);
    let mut tx = store.begin().await.expect("begin");
    tx.forget_latency(60, Timestamp::from_secs(2 * DAY - 1)).await.expect("forgotten");
    tx.commit().await.expect("commit");
    let left = store.intervals(&[&a, &b], 60, 0, 9 * DAY).await.expect("read");
    assert!(left.iter().all(|((_, start), _)| *start >= DAY) && left.len() == 131, "the second day is not over: {}", left.len());
    assert_eq!(store.intervals(&[&b], 3600, 0, 9 * DAY).await.expect("read").len(), 1, "other lengths stay");
}

async fn telemetry_is_kept_once(store: &Store) {
    let mut tx = store.begin().await.expect("begin");
    assert!(tx.add_batch("b", at(0)).await.expect("new"));
    assert!(!tx.add_batch("b", at(0)).await.expect("known"));
    let series = tx.series("ORG-1", "CN-1/Zürich").await.expect("new");
    assert_eq!(tx.series("ORG-1", "CN-1/Zürich").await.expect("known"), series);
    let event = RouteEvent {
        time: at(1),
        kind: RouteEventKind::PrefixOriginAsChangeEvent,
        prefix: "208.65.153.0/24".parse().expect("prefix"),
        path: vec![Asn(3491), Asn(17557)],
        summary: String::new(),
        text: None,
        source: String::new(),
    };
    assert!(tx.add_route_event("EV-1", "ORG-1", &event).await.expect("new"));
    assert!(!tx.add_route_event("EV-1", "ORG-1", &event).await.expect("known"));
    tx.commit().await.expect("commit");
    let page = Page { offset: 0, limit: 10 };
    let (events, total) = store.route_events(Some("ORG-1"), "Critical", at(0), at(2), false, &page).await.expect("read");
    assert_eq!((events[0].1.clone(), total), (event, 1));
    assert_eq!(store.route_events(Some("ORG-2"), "", at(0), at(2), true, &page).await.expect("read").1, 0);
}

async fn nothing_happens_without_commit(store: &Store) {
    let mut tx = store.begin().await.expect("begin");
    tx.set_meta("half", "written").await.expect("written");
    drop(tx);
    assert_eq!(store.meta("half").await.expect("read"), None);
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let url = format!("sqlite:{}", dir.path().join("test.db").display());
    let store = Store::open(&url).await.expect("opens");
    contract(&store, &url).await;
}

#[tokio::test]
async fn postgresql_keeps_the_contract() {
    let Some(cluster) = Cluster::start("-c fsync=off") else {
        eprintln!("SKIPPED: PostgreSQL is not installed (Debian: apt-get install postgresql)");
        return;
    };
    let store = Store::open(&cluster.url()).await.expect("opens");
    contract(&store, &cluster.url()).await;
}

#[tokio::test]
async fn an_unknown_database_is_refused() {
    assert!(matches!(Store::open("mysql://x").await, Err(Error::Url(_))));
    assert!(Store::open("sqlite:/nowhere/at/all.db").await.is_err());
}
