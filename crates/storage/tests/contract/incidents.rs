//! The contract of incidents, deliveries and routes.

use super::at;
use peerage_domain::{
    Asn,
    incident::{Expected, Family, Incident, Kind, Part},
    sighting::{Had, Hop, RouteChange, SeenRoute, Vantage},
};
use peerage_storage::{
    Page, Store,
    deliveries::{Delivery, DeliveryState, Outcome, Phase},
    incidents::IncidentFilter,
};

fn part(prefix: &str, since: i64, until: Option<i64>) -> Part {
    let prefix = prefix.parse().expect("prefix");
    Part {
        prefix,
        kind: Kind::SubPrefix,
        by: Some(Asn(17557)),
        origin: Some(Asn(17557)),
        expected: Expected { prefix, origins: vec![Asn(36561)], upstreams: None, longest: 24 },
        since: at(since),
        last: at(until.unwrap_or(since)),
        until: until.map(at),
        reasons: vec![],
        peak: 62,
        lately: 62,
        seen: vec![],
        vantages: 3,
        measured: None,
    }
}

pub async fn incidents_have_one_open_story_a_cause(store: &Store) {
    let mut tx = store.begin().await.expect("begin");
    let first = part("208.65.153.0/24", 10, None);
    let mut incident = Incident::begun(tx.next_id("IN").await.expect("id"), &first, None);
    tx.add_incident(&incident, "cause", &["ORG-1".into(), "ORG-2".into()]).await.expect("added");
    tx.save_incident(&incident, std::slice::from_ref(&first), [&first].into_iter()).await.expect("saved");
    assert_eq!(tx.open_incident("cause").await.expect("read").map(|it| it.id), Some(incident.id.clone()));
    let with = tx.incidents_with("", first.prefix, first.kind, first.by).await.expect("read");
    assert_eq!(with.len(), 1);
    assert_eq!(tx.parties(&incident.id).await.expect("read"), ["ORG-1", "ORG-2"]);
    tx.commit().await.expect("commit");
    let mut tx = store.begin().await.expect("begin");
    let twin = Incident { id: "IN-twin".into(), ..incident.clone() };
    assert!(tx.add_incident(&twin, "cause", &[]).await.is_err(), "a cause has one open incident");
    drop(tx);
    let page = Page { offset: 0, limit: 10 };
    let count = async |filter: IncidentFilter| store.incidents(&filter, &page).await.expect("read").1;
    let of = |organisation: &str| IncidentFilter::of(Some(organisation));
    assert_eq!((count(of("ORG-1")).await, count(of("ORG-3")).await), (1, 0));
    assert_eq!(count(IncidentFilter { search: "as17557".into(), ..of("ORG-1") }).await, 1);
    assert_eq!(
        count(IncidentFilter { search: "208.65".into(), state: "open".into(), family: Family::Hijack.word().into(), ..of("ORG-1") }).await,
        1
    );
    assert_eq!(count(IncidentFilter { search: "%".into(), ..of("ORG-1") }).await, 0, "a search is no pattern");
    assert_eq!(count(IncidentFilter { to: at(10).millis(), ..of("ORG-1") }).await, 0);
    assert_eq!(store.open_parts("").await.expect("read"), std::slice::from_ref(&first));
    assert!(store.incidents_over(at(1000)).await.expect("read").is_empty());
    let ended = part("208.65.153.0/24", 10, Some(90));
    let mut tx = store.begin().await.expect("begin");
    tx.save_incident(&incident, std::slice::from_ref(&ended), [&ended].into_iter()).await.expect("saved");
    tx.commit().await.expect("commit");
    assert_eq!(store.incidents_over(at(89)).await.expect("read").len(), 0);
    assert_eq!(store.incidents_over(at(90)).await.expect("read"), std::slice::from_ref(&incident.id));
    incident.closed = Some(at(90));
    let mut tx = store.begin().await.expect("begin");
    tx.save_incident(&incident, std::slice::from_ref(&ended), std::iter::empty()).await.expect("saved");
    tx.add_incident(&twin, "cause", &[]).await.expect("another story of the same cause");
    tx.commit().await.expect("commit");
    let (found, parts) = store.incident(&incident.id, Some("ORG-2")).await.expect("read").expect("found");
    assert_eq!((found, parts), (incident.clone(), vec![ended]));
    assert!(store.incident(&incident.id, Some("ORG-3")).await.expect("read").is_none());
    let mut tx = store.begin().await.expect("begin");
    tx.record(&incident.id, at(10), "Peerage", &"told").await.expect("recorded");
    tx.forget_incidents(at(91)).await.expect("forgotten");
    tx.commit().await.expect("commit");
    assert_eq!(count(IncidentFilter::of(None)).await, 1, "the open one stays");
    assert!(store.history::<String>(&incident.id).await.expect("read").is_empty());
}

pub async fn deliveries_are_written_once_and_leased_once(store: &Store) {
    let delivery =
        |id: &str, phase: Phase, due: i64| Delivery::new(id.into(), "CH-1", "ORG-1", ("IN-9", phase), at(0)).due(at(due)).for_alert("AL-1");
    let mut tx = store.begin().await.expect("begin");
    assert!(tx.add_delivery(&delivery("DE-1", Phase::Open, 5)).await.expect("added"));
    assert!(!tx.add_delivery(&delivery("DE-2", Phase::Open, 5)).await.expect("not added"), "one a channel, incident and phase");
    assert!(tx.add_delivery(&delivery("DE-3", Phase::Close, 9)).await.expect("added"));
    tx.commit().await.expect("commit");
    assert!(store.lease_delivery(at(4), 60, &[]).await.expect("read").is_none());
    let leased = store.lease_delivery(at(5), 60, &[]).await.expect("read").expect("due");
    assert_eq!(leased, delivery("DE-1", Phase::Open, 5));
    assert!(store.lease_delivery(at(6), 60, &[]).await.expect("read").is_none(), "somebody has it");
    assert_eq!(store.lease_delivery(at(65), 60, &[]).await.expect("read").map(|it| it.id), Some("DE-1".into()), "who had it is gone");
    let mut tx = store.begin().await.expect("begin");
    let sent = Delivery {
        state: DeliveryState::Sent,
        attempts: 1,
        outcome: Outcome { answer: "200 OK".into(), ..leased.outcome.clone() },
        ..leased
    };
    tx.save_delivery(&sent).await.expect("saved");
    assert_eq!(tx.delivery("DE-1").await.expect("read"), Some(sent.clone()));
    tx.commit().await.expect("commit");
    assert_eq!(store.lease_delivery(at(200), 60, &[]).await.expect("read").map(|it| it.id), Some("DE-3".into()));
    let all = store.deliveries("ORG-1", 10).await.expect("read");
    assert_eq!(all.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["DE-3", "DE-1"]);
    assert_eq!(store.deliveries_about("ORG-1", "IN-9").await.expect("read").len(), 2);
    let mut tx = store.begin().await.expect("begin");
    tx.save_item("channel", "CH-1", "ORG-1", &"one").await.expect("saved");
    tx.save_item("channel", "CH-1", "ORG-1", &"changed").await.expect("saved");
    tx.save_item("alert", "AL-1", "ORG-2", &"other").await.expect("saved");
    assert_eq!(tx.items::<String>("channel", Some("ORG-1")).await.expect("read"), ["changed"]);
    assert!(!tx.delete_item("channel", "CH-1", "ORG-2").await.expect("not theirs"));
    assert!(tx.delete_item("channel", "CH-1", "ORG-1").await.expect("deleted"));
    tx.commit().await.expect("commit");
    assert_eq!(store.items::<String>("alert", None).await.expect("read"), ["other"]);
}

pub async fn the_last_routes_outlive_their_history(store: &Store) {
    let change = |who: u32, seconds: i64, had: Had| RouteChange {
        prefix: "193.0.0.0/21".parse().expect("prefix"),
        vantage: Vantage { source: "rrc00".into(), asn: Asn(who), peer: "2001:db8::1".into(), tells_withdrawals: who != 3 },
        at: at(seconds),
        had,
        shortest: (who != 3).then_some(2),
    };
    let route = |path: &str| Had::Route(SeenRoute { path: Hop::path(path), only_to_customer: path.starts_with('2').then_some(Asn(3)) });
    let all = vec![
        change(1, 10, route("1 2 3")),
        change(2, 10, route("2 {3 4}")),
        change(1, 20, Had::Nothing),
        change(3, 20, Had::Unknown),
        change(1, 30, route("1 3")),
        change(1, 30, route("1 9 3")),
    ];
    let mut tx = store.begin().await.expect("begin");
    tx.add_route_changes("", &all).await.expect("added");
    tx.add_route_changes("", &all).await.expect("added again");
    tx.add_route_changes("a replay", &[change(1, 15, route("1 3"))]).await.expect("added");
    tx.commit().await.expect("commit");
    let span = async |from: i64, to: i64| {
        let found = store.route_changes("", all[0].prefix, at(from), at(to), 100).await.expect("read");
        found.into_iter().map(|it| (it.vantage.asn.0, it.at)).collect::<Vec<_>>()
    };
    assert_eq!(span(25, 40).await, [(2, at(10)), (1, at(20)), (3, at(20)), (1, at(30))], "with what there was at the beginning");
    assert_eq!(span(15, 15).await, [(1, at(10)), (2, at(10))], "what there was at a moment");
    let last = store.last_route_changes("").await.expect("read");
    assert_eq!(
        last.iter().filter(|it| it.vantage.asn == Asn(1)).map(|it| it.had.clone()).collect::<Vec<_>>(),
        [Had::Nothing, route("1 9 3")]
    );
    assert_eq!(last.iter().find(|it| it.vantage.asn == Asn(2)), Some(&all[1]), "sets and addresses read back");
    let mut tx = store.begin().await.expect("begin");
    tx.forget_route_changes(at(1000)).await.expect("forgotten");
    tx.commit().await.expect("commit");
    assert_eq!(span(0, 1000).await, [(2, at(10)), (3, at(20)), (1, at(30))]);
    assert!(store.last_route_changes("a replay").await.expect("read").is_empty());
}
