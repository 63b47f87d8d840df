//! Who is told of incidents, when, and how often: by webhooks and mail, across crashes.

use peerage_domain::{
    Timestamp,
    incident::{AlertForm, LINGER_S},
};
use peerage_service::{
    Error, Service, Settings, demo,
    lookout::{ChannelForm, LookoutSettings, MailSettings, MuteForm},
    secrets::Vault,
};
use peerage_storage::{
    Store,
    deliveries::{DeliveryState, Phase},
};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

mod demo_world;
mod sightings;
mod smtp;

use demo_world::NOW;
use sightings::{Lasting, actor, alert, all, hijack, receiver, sighting, slow_receiver, webhook};

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
    let until = Timestamp::from_secs(NOW + 86_400).iso_date();
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
        ..ChannelForm::default()
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
async fn a_channel_is_told_in_its_readers_language() {
    let (url, received) = receiver("200 OK");
    let lasting = Lasting::new().await;
    let service = lasting.open().await.speaking(|language, text| format!("{} {}", language.code(), text.key()));
    let customer = actor(&service, "customer@demo.example").await;
    let channel = |name: &str, language: &str| ChannelForm {
        name: name.into(),
        kind: "webhook".into(),
        target: url.clone(),
        language: language.into(),
        ..ChannelForm::default()
    };
    let mut channels = vec![];
    for (name, language) in [("NOC", "sv"), ("Desk", "fr")] {
        channels.push(service.add_channel(&customer, &channel(name, language)).await.expect("added").0.id);
    }
    service.save_alert(&customer, "", &AlertForm { channels, ..alert("") }).await.expect("alert");
    service.sight(None, vec![sighting(NOW, 3491, "208.65.153.0/24", Some("3491 17557"))]).await.expect("taken");
    assert_eq!(service.deliver_due().await.expect("told"), 2);
    let received = received.lock().expect("received");
    let mut sentences: Vec<&str> = received.iter().filter_map(|(_, body)| body["data"]["sentence"].as_str()).collect();
    sentences.sort_unstable();
    assert_eq!(sentences, ["fr incident.part", "sv incident.part"]);
    let reasons = received.iter().filter_map(|(_, body)| body["data"]["reasons"][0]["text"].as_str());
    assert!(reasons.clone().count() == 2 && reasons.into_iter().all(|it| it.starts_with("fr ") || it.starts_with("sv ")));
}

#[tokio::test]
async fn an_organisation_has_fifty_channels_at_most() {
    let lasting = Lasting::new().await;
    let service = lasting.open().await;
    let customer = actor(&service, "customer@demo.example").await;
    let form = |name: &str| ChannelForm {
        name: name.into(),
        kind: "webhook".into(),
        target: "http://127.0.0.1:9/hook".into(),
        ..ChannelForm::default()
    };
    for n in 0..50 {
        service.add_channel(&customer, &form(&format!("NOC {n}"))).await.expect("there is room");
    }
    let error = service.add_channel(&customer, &form("NOC")).await.expect_err("there is none").to_string();
    assert!(error.contains("50 channels"), "{error}");
}

#[tokio::test]
async fn slow_receivers_of_one_organisation_delay_nobody_elses() {
    let lasting = Lasting::new().await;
    let service = lasting.open().await;
    let customer = actor(&service, "customer@demo.example").await;
    // The partner registered 209.16.0.0/18, the customer's connection has it, too.
    let partner = actor(&service, "partner@demo.example").await;
    let thinks = Duration::from_secs(4);
    let mut slow = vec![];
    for _ in 0..12 {
        let (url, received) = slow_receiver("200 OK", thinks);
        slow.push((webhook(&service, &customer, &url).await, received));
    }
    let channels = slow.iter().map(|(id, _)| id.clone()).collect();
    service.save_alert(&customer, "", &AlertForm { channels, ..alert("") }).await.expect("alert");
    let (url, fast) = receiver("200 OK");
    let channel = webhook(&service, &partner, &url).await;
    service.save_alert(&partner, "", &alert(&channel)).await.expect("alert");
    service.sight(None, vec![sighting(NOW, 3491, "209.16.0.0/18", Some("3491 64999"))]).await.expect("taken");
    let begun = Instant::now();
    let sending = tokio::spawn({
        let service = service.clone();
        async move { service.deliver_due().await }
    });
    while fast.lock().expect("received").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the partner is told");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(slow.iter().all(|(_, received)| received.lock().expect("received").is_empty()), "before any of the slow ones answered");
    // What becomes due meanwhile does not wait either.
    service.sight(None, vec![sighting(NOW, 3491, "209.16.1.0/24", Some("3491 64998"))]).await.expect("taken");
    while fast.lock().expect("received").len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the partner is told of the second, too");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!sending.is_finished(), "others are still on their way");
    assert_eq!(sending.await.expect("no panic").expect("told"), 26);
}

/// What a channel was told so far.
fn kinds(received: &sightings::Received) -> Vec<String> {
    received.lock().expect("received").iter().map(|(_, body)| body["type"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn what_is_asked_for_or_taken_off_while_it_goes_on_holds_at_once() {
    let (url, received) = receiver("200 OK");
    let lasting = Lasting::new().await;
    let service: Service = lasting.open().await;
    let customer = actor(&service, "customer@demo.example").await;
    let channel = webhook(&service, &customer, &url).await;
    let part = "208.65.153.0/24";
    service.sight(None, vec![sighting(NOW, 3491, part, Some("3491 17557"))]).await.expect("taken");
    // An alert that is made now tells of what goes on; taken off before it is due, it tells nothing.
    let waits = AlertForm { minutes: "1".into(), ..alert(&channel) };
    let early = service.save_alert(&customer, "", &waits).await.expect("alert").id;
    service.remove_alert(&customer, &early).await.expect("taken off");
    lasting.clock.set(Timestamp::from_secs(NOW + 61));
    service.deliver_due().await.expect("told");
    assert_eq!(kinds(&received), [""; 0]);
    service.save_alert(&customer, "", &alert(&channel)).await.expect("alert");
    service.deliver_due().await.expect("told");
    assert_eq!(kinds(&received), ["incident.opened"]);
}

#[tokio::test]
async fn what_goes_on_when_a_mute_ends_is_told_then() {
    let (url, received) = receiver("200 OK");
    let lasting = Lasting::new().await;
    let service = lasting.open().await;
    let customer = actor(&service, "customer@demo.example").await;
    let channel = webhook(&service, &customer, &url).await;
    service.save_alert(&customer, "", &alert(&channel)).await.expect("alert");
    let until = Timestamp::from_secs(NOW).iso_date();
    let mute = MuteForm { reason: "maintenance".into(), until, ..MuteForm::default() };
    service.add_mute(&customer, &mute).await.expect("muted");
    service.sight(None, vec![sighting(NOW, 3491, "208.65.153.0/24", Some("3491 17557"))]).await.expect("taken");
    service.deliver_due().await.expect("told");
    service.tend_lookout().await.expect("tended");
    service.deliver_due().await.expect("told");
    assert_eq!(kinds(&received), [""; 0], "it is muted");
    lasting.clock.set(Timestamp::from_secs(NOW + 86_400));
    service.tend_lookout().await.expect("tended");
    service.deliver_due().await.expect("told");
    assert_eq!(kinds(&received), ["incident.opened"], "the mute has ended, the hijack goes on");
}
