//! Incidents of registered prefixes: one beginning and one end, whatever happens in between.

use peerage_domain::{
    Timestamp,
    access::Role,
    incident::{Family, Incident, Kind, LINGER_S, Replay},
    sighting::Hop,
};
use peerage_service::{
    Error,
    lookout::{ChannelForm, ExceptionForm},
};
use peerage_storage::{Page, incidents::IncidentFilter};
use std::collections::BTreeMap;

mod demo_world;
mod sightings;

use demo_world::{NOW, World, demo_world};
use sightings::{VICTIM, all, hijack, sighting};

fn told(it: &Incident) -> (Family, Option<u32>, String, bool) {
    (it.family, it.by.map(|asn| asn.0), it.worst.prefix.to_string(), it.closed.is_some())
}

#[tokio::test]
async fn the_demo_world_looks_back_at_recorded_incidents() {
    let world = demo_world().await;
    let customer = world.actor("customer@demo.example").await;
    let found = all(&world.service, &customer).await;
    let told: Vec<_> = found.iter().map(told).collect();
    assert_eq!(
        told,
        [
            (Family::Hijack, Some(40861), "209.16.0.0/18".to_owned(), true),
            (Family::Hijack, Some(17557), "208.65.153.0/24".to_owned(), true),
            (Family::Announcement, Some(36561), "208.65.153.0/24".to_owned(), true),
        ]
    );
    assert!(found.iter().all(|it| it.replay.is_some()), "they say that they are replays");
    assert!(found[0].vantages > 10, "{}", found[0].vantages);
    let detail = world.service.incident(&customer, &found[0].id, None).await.expect("detail");
    let lanes = detail.scene.course.lanes.len();
    assert!(lanes > 20, "{lanes} lanes, {:?}", detail.scene.part);
    assert!(detail.scene.before.is_some());
    assert!(!detail.effects.is_empty() && detail.effects[0].before.count() > 0);
    let detail = world.service.incident(&customer, &found[1].id, None).await.expect("detail");
    assert_eq!(detail.scene.before, Some(Hop::path("36561")), "what covered the part before");
    let partner = world.actor("partner@demo.example").await;
    let partners: Vec<_> = all(&world.service, &partner).await.iter().map(|it| it.worst.prefix.to_string()).collect();
    assert_eq!(partners, ["209.16.0.0/18"], "a partner sees what happens to what it registered");
    let second = world.actor("second.partner@demo.example").await;
    let foreign = world.service.incident(&second, &found[0].id, None).await;
    assert!(matches!(foreign, Err(Error::NotFound(..))));
    let (from, to) = (Timestamp::from_secs(NOW - 86_400 * 2), Timestamp::from_secs(NOW));
    let events = world.service.route_events(&customer, "Critical", from, to, true, Page { offset: 0, limit: 100 }).await.expect("events");
    assert!(events.items.iter().any(|(_, event)| event.prefix.to_string() == "208.65.153.0/24"));
}

#[tokio::test]
async fn what_comes_and_goes_is_one_incident_and_ends_when_it_was_quiet() {
    let world = demo_world().await;
    let customer = world.actor("customer@demo.example").await;
    let before = all(&world.service, &customer).await.len();
    for it in hijack(NOW) {
        world.clock.set(it.at);
        world.service.sight(None, vec![it]).await.expect("taken");
        world.service.tend_lookout().await.expect("tended");
    }
    let open = |found: &[Incident]| found[before..].iter().map(told).collect::<Vec<_>>();
    let part = "208.65.153.0/24".to_owned();
    assert_eq!(open(&all(&world.service, &customer).await), [(Family::Hijack, Some(17557), part.clone(), false)]);
    world.wait(LINGER_S - 1);
    world.service.tend_lookout().await.expect("tended");
    assert!(!open(&all(&world.service, &customer).await)[0].3, "it may come again");
    world.wait(2);
    world.service.tend_lookout().await.expect("tended");
    let found = all(&world.service, &customer).await;
    assert_eq!(open(&found), [(Family::Hijack, Some(17557), part, true)]);
    let detail = world.service.incident(&customer, &found[before].id, None).await.expect("detail");
    assert_eq!((detail.incident.opened.secs(), detail.incident.closed.map(Timestamp::secs)), (NOW + 10, Some(NOW + 91)));
    assert_eq!(detail.parts.len(), 1);
    assert_eq!(detail.incident.vantages, 2);
    assert!(detail.scene.before.is_some_and(|path| path.ends_with(&Hop::path("6939 36561"))), "what covered the part before");
}

#[tokio::test]
async fn what_is_meant_is_no_incident_until_the_exception_ends() {
    let world = demo_world().await;
    let customer = world.actor("customer@demo.example").await;
    let part = "208.65.153.0/24";
    let open = async || {
        let filter = IncidentFilter { state: "open".into(), ..IncidentFilter::of(None) };
        let found = world.service.incidents(&customer, filter, Page { offset: 0, limit: 10 }).await.expect("incidents");
        found.items.iter().filter(|it| !it.quiet).map(|it| it.worst.kind).collect::<Vec<_>>()
    };
    let see = async |at: i64| {
        world.service.sight(None, vec![sighting(at, 3491, part, Some("3491 6939 13335"))]).await.expect("taken");
    };
    see(NOW).await;
    assert_eq!(open().await, [Kind::SubPrefix]);
    let day = |at: i64| Timestamp::from_secs(at).iso_date();
    let form = |what: &str, value: &str| ExceptionForm {
        prefix: part.into(),
        what: what.into(),
        value: value.into(),
        reason: "our DDoS provider".into(),
        until: day(NOW + 86_400),
        incident: String::new(),
    };
    world.service.add_exception(&customer, &form("origin", "AS13335")).await.expect("kept");
    assert_eq!(open().await, [], "its parts are fine, too");
    world.service.add_exception(&customer, &form("length", "24")).await.expect("kept");
    assert_eq!(open().await, []);
    let twice = world.service.add_exception(&customer, &form("length", "24")).await.expect_err("it is said already").to_string();
    assert!(twice.contains("says so until"), "{twice}");
    let foreign = ExceptionForm { prefix: "8.8.8.0/24".into(), ..form("origin", "AS13335") };
    assert!(matches!(world.service.add_exception(&customer, &foreign).await, Err(Error::Refused(_))));
    world.wait(3 * 86_400);
    world.service.tend_lookout().await.expect("tended");
    assert_eq!(open().await, [Kind::SubPrefix], "the exceptions ended");
}

#[tokio::test]
async fn what_is_meant_of_a_part_holds_for_that_part_alone() {
    let world = demo_world().await;
    let customer = world.actor("customer@demo.example").await;
    let form = |prefix: &str, value: &str| ExceptionForm {
        prefix: prefix.into(),
        what: "origin".into(),
        value: value.into(),
        reason: "our DDoS provider".into(),
        until: Timestamp::from_secs(NOW + 86_400).iso_date(),
        incident: String::new(),
    };
    for nobody in ["0", "23456", "65535", "4294967295"] {
        assert!(matches!(world.service.add_exception(&customer, &form(VICTIM, nobody)).await, Err(Error::Refused(_))), "AS{nobody}");
    }
    let kept = world.service.add_exception(&customer, &form("208.65.153.0/24", "13335")).await.expect("kept");
    assert_eq!(kept.prefix.to_string(), "208.65.153.0/24");
    let before = all(&world.service, &customer).await.len();
    for (prefix, expected) in [("208.65.153.0/24", 0), ("208.65.153.128/25", 0), ("208.65.154.0/24", 1), (VICTIM, 1)] {
        world.service.sight(None, vec![sighting(NOW, 3491, prefix, Some("3491 6939 13335"))]).await.expect("taken");
        let found = all(&world.service, &customer).await;
        assert_eq!(found.len() - before, expected, "{prefix}: {:?}", found.last().map(told));
    }
}

#[tokio::test]
async fn a_flood_goes_into_one_incident() {
    let world = demo_world().await;
    let customer = world.actor("customer@demo.example").await;
    let before = all(&world.service, &customer).await.len();
    let flood = (0..300).map(|n| sighting(NOW, 3491, &format!("208.65.153.{n}/32", n = n % 256), Some(&format!("3491 {}", 20_000 + n))));
    world.service.sight(None, flood.collect()).await.expect("taken");
    let found = all(&world.service, &customer).await;
    assert_eq!(found.len() - before, 51, "fifty, and one for all others");
    let last = world.service.incident(&customer, &found[found.len() - 1].id, None).await.expect("detail");
    assert!(last.parts.len() > 100, "{}", last.parts.len());
}

#[tokio::test]
async fn a_replay_that_begins_again_has_another_name() {
    let world = demo_world().await;
    let operator = world.actor("operator@demo.example").await;
    let name = async || world.service.new_replay_as(&operator, "what if").await.expect("a name");
    assert_eq!(name().await, "what if");
    let replay = Some(Replay { name: "what if".into(), moved_s: 0, told: false });
    world.service.sight(replay, vec![sighting(NOW, 3356, VICTIM, Some("3356 17557"))]).await.expect("taken");
    assert_eq!(name().await, "what if (2)");
    world.service.end_replay("what if").await.expect("ended");
    assert_eq!(name().await, "what if (2)", "something is still known of it");
}

#[tokio::test]
async fn a_replay_stays_apart_from_what_is_live() {
    let world = demo_world().await;
    let customer = world.actor("customer@demo.example").await;
    let live = vec![sighting(NOW, 3356, VICTIM, Some("3356 6939 36561"))];
    world.service.sight(None, live).await.expect("taken");
    let replay = |told: bool| Some(Replay { name: "what if".into(), moved_s: 0, told });
    world.service.sight(replay(false), vec![sighting(NOW, 3356, VICTIM, Some("3356 17557"))]).await.expect("taken");
    let found = all(&world.service, &customer).await;
    let last = found.last().expect("an incident");
    assert_eq!(last.replay.as_ref().map(|it| it.name.as_str()), Some("what if"));
    let expects = world.service.expectations(&customer).await.expect("expectations");
    let seen: BTreeMap<String, (usize, usize)> = expects.iter().map(|it| (it.prefix.to_string(), it.visible)).collect();
    assert_eq!(seen[VICTIM], (1, 1), "what is live has its one vantage point");
    world.service.end_replay("what if").await.expect("ended");
    world.wait(LINGER_S + 1);
    world.service.tend_lookout().await.expect("tended");
    assert!(all(&world.service, &customer).await.last().is_some_and(|it| it.closed.is_some()), "the replay's end ends it");
}

#[tokio::test]
async fn nobody_reads_or_changes_what_is_not_theirs() {
    let world: World = demo_world().await;
    let (customer, second) = (world.actor("customer@demo.example").await, world.actor("second.partner@demo.example").await);
    let manager = world.actor("manager@demo.example").await;
    let form = ChannelForm { name: "x".into(), kind: "mail".into(), target: "noc@elsewhere.example".into(), ..ChannelForm::default() };
    assert!(matches!(world.service.add_channel(&customer, &form).await, Err(Error::Refused(_))), "no mail is configured");
    let id = all(&world.service, &customer).await[0].id.clone();
    assert!(matches!(world.service.acknowledge(&second, &id, "mine").await, Err(Error::NotFound(..))));
    assert!(matches!(world.service.acknowledge(&manager, &id, "mine").await, Err(Error::Forbidden(_))));
    world.service.acknowledge(&customer, &id, "on it").await.expect("noted");
    let detail = world.service.incident(&manager, &id, None).await.expect("detail");
    assert_eq!(detail.incident.acknowledged.map(|it| it.note), Some("on it".into()));
    assert!(customer.roles.contains(&Role::Customer));
}
