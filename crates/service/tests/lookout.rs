//! Incidents of registered prefixes: one beginning and one end, whatever happens in between.

use peerage_domain::{
    Asn, Prefix, Timestamp,
    access::Role,
    incident::{AlertForm, Family, Incident, Kind, LINGER_S, Replay},
    sighting::{Hop, SeenRoute, Sight, Sighting, Vantage},
};
use peerage_service::{
    Actor, Clock, Error, Service, Settings, demo,
    lookout::{ChannelForm, ExceptionForm, LookoutSettings, MailSettings, MuteForm},
    secrets::Vault,
};
use peerage_storage::{
    Page, Store,
    deliveries::{DeliveryState, Phase},
    incidents::IncidentFilter,
};
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    sync::{Arc, Mutex},
};

mod demo_world;
mod smtp;

use demo_world::{NOW, World, demo_world};

const VICTIM: &str = "208.65.152.0/22";

async fn all(service: &Service, actor: &Actor) -> Vec<Incident> {
    let filter = IncidentFilter { oldest_first: true, ..IncidentFilter::of(None) };
    service.incidents(actor, filter, Page { offset: 0, limit: 100 }).await.expect("incidents").items
}

fn sighting(at: i64, who: u32, prefix: &str, path: Option<&str>) -> Sighting {
    let vantage = Arc::new(Vantage { source: "rrc00".into(), asn: Asn(who), peer: String::new(), tells_withdrawals: true });
    let prefix: Prefix = prefix.parse().expect("prefix");
    let sight = match path {
        Some(path) => Sight::Announced(prefix, Arc::new(SeenRoute { path: Hop::path(path), only_to_customer: None })),
        None => Sight::Withdrawn(prefix),
    };
    Sighting { at: Timestamp::from_secs(at), vantage, sight }
}

/// A hijack of a part that three vantage points see one after the other, flapping once.
fn hijack(at: i64) -> Vec<Sighting> {
    let part = "208.65.153.0/24";
    vec![
        sighting(at, 3356, VICTIM, Some("3356 6939 36561")),
        sighting(at, 1299, VICTIM, Some("1299 6939 36561")),
        sighting(at + 10, 3491, part, Some("3491 17557")),
        sighting(at + 12, 3356, part, Some("3356 3491 17557")),
        sighting(at + 30, 3356, part, None),
        sighting(at + 31, 3491, part, None),
        sighting(at + 40, 3491, part, Some("3491 17557")),
        sighting(at + 50, 1299, part, Some("1299 3491 17557")),
        sighting(at + 90, 3491, part, None),
        sighting(at + 91, 1299, part, None),
    ]
}

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
    let day = |at: i64| Timestamp::from_secs(at).to_string()[..10].to_owned();
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

/// Takes webhooks, one connection at a time, until the test ends: ids by what they told.
type Received = Arc<Mutex<Vec<(String, serde_json::Value)>>>;

/// `status` answers all of them.
fn receiver(status: &'static str) -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("address"));
    let received: Received = Arc::default();
    let kept = received.clone();
    std::thread::spawn(move || {
        for tcp in listener.incoming() {
            let Ok(mut tcp) = tcp else { return };
            let (mut all, mut buffer) = (vec![], [0; 16_384]);
            let body = loop {
                let Ok(read @ 1..) = tcp.read(&mut buffer) else { break None };
                all.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&all).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                if let Ok(json) = serde_json::from_str::<serde_json::Value>(body) {
                    let id = head.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap_or_default().to_owned();
                    break Some((id, json));
                }
            };
            let _ = tcp.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
            kept.lock().expect("received").extend(body);
        }
    });
    (url, received)
}

/// A portal of its own on a database that outlives it, as over crashes.
struct Lasting {
    dir: tempfile::TempDir,
    clock: Clock,
}

impl Lasting {
    fn settings() -> Settings {
        let allow = ["127.0.0.0/8".parse().expect("prefix")].to_vec();
        Settings { lookout: LookoutSettings { webhook_allow: allow, ..LookoutSettings::default() }, ..demo::settings() }
    }

    async fn new() -> Self {
        let it = Lasting { dir: tempfile::tempdir().expect("directory"), clock: Clock::held(Timestamp::from_secs(NOW)) };
        it.open().await.build_demo(&it.clock, Timestamp::from_secs(NOW)).await.expect("demo world");
        it
    }

    async fn open(&self) -> Service {
        let path = |name: &str| -> PathBuf { self.dir.path().join(name) };
        let store = Store::open(&format!("sqlite:{}", path("test.db").display())).await.expect("opens");
        Service::new(store, self.clock.clone(), Self::settings(), Vault::open(&path("secret.key")).expect("key"))
    }
}

async fn actor(service: &Service, email: &str) -> Actor {
    let person = service.store().person_by_email(email).await.expect("read").expect("known");
    service.actor(&person.id, None).await.expect("member")
}

async fn webhook(service: &Service, customer: &Actor, url: &str) -> String {
    let form = ChannelForm { name: "NOC".into(), kind: "webhook".into(), target: url.into(), quiet: String::new() };
    let (channel, secret) = service.add_channel(customer, &form).await.expect("channel");
    assert!(secret.is_some_and(|secret| secret.starts_with("whsec_")));
    channel.id
}

fn alert(channel: &str) -> AlertForm {
    AlertForm { name: "Hijacks".into(), families: vec!["hijack".into()], channels: vec![channel.to_owned()], ..AlertForm::default() }
}

#[tokio::test]
async fn one_beginning_and_one_end_are_told_across_crashes() {
    let (url, received) = receiver("204 No Content");
    let lasting = Lasting::new().await;
    let mut service = lasting.open().await;
    let customer = actor(&service, "customer@demo.example").await;
    let channel = webhook(&service, &customer, &url).await;
    service.save_alert(&customer, "", &alert(&channel)).await.expect("alert");
    let count = all(&service, &customer).await.len();
    for (turn, it) in hijack(NOW).into_iter().enumerate() {
        lasting.clock.set(it.at);
        service.sight(None, vec![it.clone()]).await.expect("taken");
        // The process dies: sometimes before anything is told, sometimes after.
        if turn % 3 == 0 {
            service.deliver_due().await.expect("told");
        }
        drop(service);
        service = lasting.open().await;
        service.resume_lookout().await.expect("resumed");
        // What came last may come again: who sent it does not know whether it arrived.
        service.sight(None, vec![it]).await.expect("taken again");
    }
    lasting.clock.set(Timestamp::from_secs(NOW + 91 + LINGER_S));
    service.tend_lookout().await.expect("tended");
    service.deliver_due().await.expect("told");
    drop(service);
    service = lasting.open().await;
    service.resume_lookout().await.expect("resumed");
    service.tend_lookout().await.expect("tended");
    service.deliver_due().await.expect("told");
    let found = all(&service, &customer).await;
    assert_eq!(found.len(), count + 1, "one incident");
    assert_eq!((found[count].opened.secs(), found[count].closed.map(Timestamp::secs)), (NOW + 10, Some(NOW + 91)));
    let received = received.lock().expect("received");
    let told: Vec<_> = received.iter().map(|(_, body)| (body["type"].as_str().unwrap_or_default(), &body["data"]["id"])).collect();
    assert_eq!(told, [("incident.opened", &found[count].id.clone().into()), ("incident.closed", &found[count].id.clone().into())]);
    assert_ne!(received[0].0, received[1].0, "each has an id of its own");
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_with_the_same_id() {
    let (url, received) = receiver("503 Busy");
    let lasting = Lasting::new().await;
    let service = lasting.open().await;
    let customer = actor(&service, "customer@demo.example").await;
    let channel = webhook(&service, &customer, &url).await;
    service.save_alert(&customer, "", &alert(&channel)).await.expect("alert");
    service.sight(None, vec![sighting(NOW, 3491, "208.65.153.0/24", Some("3491 17557"))]).await.expect("taken");
    let mut tries = 0;
    for wait in [0, 5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600] {
        lasting.clock.set(lasting.clock.now().plus_secs(wait));
        tries += service.deliver_due().await.expect("tried");
    }
    assert_eq!(tries, 9);
    let delivery = service.deliveries(&customer).await.expect("deliveries").remove(0);
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Failed, 9));
    assert!(delivery.outcome.answer.starts_with("503"), "{}", delivery.outcome.answer);
    let ids: std::collections::BTreeSet<String> = received.lock().expect("received").iter().map(|(id, _)| id.clone()).collect();
    assert!(ids.len() == 1 && ids.contains(&delivery.id), "{ids:?}");
    service.redeliver(&customer, &delivery.id).await.expect("again");
    assert_eq!(received.lock().expect("received").len(), 10);
}

#[tokio::test]
async fn who_is_told_follows_from_alerts_mutes_and_time() {
    let (url, received) = receiver("200 OK");
    let lasting = Lasting::new().await;
    let service = lasting.open().await;
    let customer = actor(&service, "customer@demo.example").await;
    let channel = webhook(&service, &customer, &url).await;
    let waits = AlertForm { minutes: "2".into(), ..alert(&channel) };
    let id = service.save_alert(&customer, "", &waits).await.expect("alert").id;
    // Over before it lasted two minutes.
    let see = async |at: i64, path: Option<&str>| {
        lasting.clock.set(Timestamp::from_secs(at));
        service.sight(None, vec![sighting(at, 3491, "208.65.153.0/24", path)]).await.expect("taken");
        service.tend_lookout().await.expect("tended");
        service.deliver_due().await.expect("told");
    };
    see(NOW, Some("3491 17557")).await;
    see(NOW + 60, None).await;
    see(NOW + 60 + LINGER_S, None).await;
    see(NOW + 600, None).await;
    assert_eq!(received.lock().expect("received").len(), 0);
    // Long enough.
    see(NOW + 1000, Some("3491 17557")).await;
    see(NOW + 1119, Some("3491 17557")).await;
    assert_eq!(received.lock().expect("received").len(), 0);
    see(NOW + 1121, Some("3491 17557")).await;
    assert_eq!(received.lock().expect("received").len(), 1);
    see(NOW + 1200, None).await;
    see(NOW + 1200 + LINGER_S, None).await;
    assert_eq!(received.lock().expect("received").len(), 2);
    // Muted, and what came and went at once is told as well.
    service.save_alert(&customer, &id, &alert(&channel)).await.expect("changed");
    let part = "208.65.153.0/24";
    let brief = vec![sighting(NOW + 1500, 3491, part, Some("3491 17557")), sighting(NOW + 1501, 3491, part, None)];
    lasting.clock.set(Timestamp::from_secs(NOW + 1501));
    service.sight(None, brief).await.expect("taken");
    service.deliver_due().await.expect("told");
    assert_eq!(received.lock().expect("received").len(), 3);
    see(NOW + 1501 + LINGER_S, None).await;
    assert_eq!(received.lock().expect("received").len(), 4);
    let until = Timestamp::from_secs(NOW + 86_400).to_string()[..10].to_owned();
    let mute = MuteForm { reason: "we know".into(), until, ..MuteForm::default() };
    let mute = service.add_mute(&customer, &mute).await.expect("muted");
    see(NOW + 2000, Some("3491 17557")).await;
    assert_eq!(received.lock().expect("received").len(), 4);
    let states: Vec<_> = service.deliveries(&customer).await.expect("deliveries").iter().map(|it| (it.phase, it.state)).collect();
    assert_eq!(states[0], (Phase::Open, DeliveryState::Muted));
    service.remove_mute(&customer, &mute.id).await.expect("ended");
    see(NOW + 2100, None).await;
    see(NOW + 2100 + LINGER_S, None).await;
    assert_eq!(received.lock().expect("received").len(), 4, "nobody heard of its beginning");
    let fired = service.back_test(&customer, &waits, 7).await.expect("tested");
    assert_eq!(fired.len(), 2, "one of the three, and the recorded one that lasted: {fired:?}");
}

#[tokio::test]
async fn mail_goes_to_an_address_of_the_organisation_when_the_quiet_hours_are_over() {
    let (server, said) = smtp::mail_server();
    let lasting = Lasting::new().await;
    let mail = MailSettings { server, from: "Peerage <noc@operator.example>".into() };
    let lookout = LookoutSettings { mail: Some(mail), public_url: "https://peering.example".into(), ..LookoutSettings::default() };
    let path = |name: &str| -> PathBuf { lasting.dir.path().join(name) };
    let store = Store::open(&format!("sqlite:{}", path("test.db").display())).await.expect("opens");
    let settings = Settings { lookout, ..demo::settings() };
    let service = Service::new(store, lasting.clock.clone(), settings, Vault::open(&path("secret.key")).expect("key"));
    let customer = actor(&service, "customer@demo.example").await;
    let form = |target: &str| ChannelForm {
        name: "NOC".into(),
        kind: "mail".into(),
        target: target.into(),
        // NOW is 14:13 UTC.
        quiet: "14:00-15:00".into(),
    };
    assert!(matches!(service.add_channel(&customer, &form("noc@elsewhere.example")).await, Err(Error::Refused(_))), "a stranger");
    let (channel, secret) = service.add_channel(&customer, &form("noc@demo.example")).await.expect("channel");
    assert_eq!(secret, None);
    service.save_alert(&customer, "", &alert(&channel.id)).await.expect("alert");
    service.sight(None, vec![sighting(NOW, 3491, "208.65.153.0/24", Some("3491 17557"))]).await.expect("taken");
    assert_eq!(service.deliver_due().await.expect("nothing"), 0, "it is quiet");
    let due = service.deliveries(&customer).await.expect("deliveries")[0].due;
    assert!(due.to_string().ends_with("T15:00:00Z"), "{due}");
    lasting.clock.set(due);
    assert_eq!(service.deliver_due().await.expect("told"), 1);
    let said = said.lock().expect("said").clone();
    for part in
        ["RCPT TO:<noc@demo.example>", "Subject: AS17557 originates 208.65.153.0/24", "https://peering.example/incidents/IN-", "+57"]
    {
        assert!(said.replace("=\n", "").contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn an_organisation_has_fifty_channels_at_most() {
    let lasting = Lasting::new().await;
    let service = lasting.open().await;
    let customer = actor(&service, "customer@demo.example").await;
    let form =
        ChannelForm { name: "NOC".into(), kind: "webhook".into(), target: "http://127.0.0.1:9/hook".into(), ..ChannelForm::default() };
    for _ in 0..50 {
        service.add_channel(&customer, &form).await.expect("there is room");
    }
    let error = service.add_channel(&customer, &form).await.expect_err("there is none").to_string();
    assert!(error.contains("50 channels"), "{error}");
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
