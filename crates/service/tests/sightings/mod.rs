//! What several tests of incidents need: sightings, a receiver of webhooks, a portal that outlives
//! its crashes.
#![allow(dead_code)]

use super::demo_world::NOW;
use peerage_domain::{
    Asn, Prefix, Timestamp,
    incident::{AlertForm, Incident},
    sighting::{Hop, SeenRoute, Sight, Sighting, Vantage},
};
use peerage_service::{
    Actor, Clock, Service, Settings, demo,
    lookout::{ChannelForm, LookoutSettings},
    secrets::Vault,
};
use peerage_storage::{Page, Store, incidents::IncidentFilter};
use std::{
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

pub const VICTIM: &str = "208.65.152.0/22";

pub async fn all(service: &Service, actor: &Actor) -> Vec<Incident> {
    let filter = IncidentFilter { oldest_first: true, ..IncidentFilter::of(None) };
    service.incidents(actor, filter, Page { offset: 0, limit: 100 }).await.expect("incidents").items
}

pub fn sighting(at: i64, who: u32, prefix: &str, path: Option<&str>) -> Sighting {
    let vantage = Arc::new(Vantage { source: "rrc00".into(), asn: Asn(who), peer: String::new(), tells_withdrawals: true });
    let prefix: Prefix = prefix.parse().expect("prefix");
    let sight = match path {
        Some(path) => Sight::Announced(prefix, Arc::new(SeenRoute { path: Hop::path(path), only_to_customer: None })),
        None => Sight::Withdrawn(prefix),
    };
    Sighting { at: Timestamp::from_secs(at), vantage, sight }
}

/// A hijack of a part that three vantage points see one after the other, flapping once.
pub fn hijack(at: i64) -> Vec<Sighting> {
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

/// Takes webhooks, one connection at a time, until the test ends: ids by what they told.
pub type Received = Arc<Mutex<Vec<(String, serde_json::Value)>>>;

/// `status` answers all of them.
pub fn receiver(status: &'static str) -> (String, Received) {
    slow_receiver(status, Duration::ZERO)
}

/// The same, after it has thought about each.
pub fn slow_receiver(status: &'static str, thinks: Duration) -> (String, Received) {
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
            std::thread::sleep(thinks);
            let _ = tcp.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
            kept.lock().expect("received").extend(body);
        }
    });
    (url, received)
}

/// A portal of its own on a database that outlives it, as over crashes.
pub struct Lasting {
    pub dir: tempfile::TempDir,
    pub clock: Clock,
}

impl Lasting {
    fn settings() -> Settings {
        let allow = ["127.0.0.0/8".parse().expect("prefix")].to_vec();
        Settings { lookout: LookoutSettings { webhook_allow: allow, ..LookoutSettings::default() }, ..demo::settings() }
    }

    pub async fn new() -> Self {
        let it = Lasting { dir: tempfile::tempdir().expect("directory"), clock: Clock::held(Timestamp::from_secs(NOW)) };
        it.open().await.build_demo(&it.clock, Timestamp::from_secs(NOW)).await.expect("demo world");
        it
    }

    pub async fn open(&self) -> Service {
        let path = |name: &str| -> PathBuf { self.dir.path().join(name) };
        let store = Store::open(&format!("sqlite:{}", path("test.db").display())).await.expect("opens");
        Service::new(store, self.clock.clone(), Self::settings(), Vault::open(&path("secret.key")).expect("key"))
    }
}

pub async fn actor(service: &Service, email: &str) -> Actor {
    let person = service.store().person_by_email(email).await.expect("read").expect("known");
    service.actor(&person.id, None).await.expect("member")
}

pub async fn webhook(service: &Service, customer: &Actor, url: &str) -> String {
    // Each has a name of its own: that of its address.
    let name = format!("NOC {}", url.rsplit_once(':').map_or(url, |(_, rest)| rest));
    let form = ChannelForm { name, kind: "webhook".into(), target: url.into(), ..ChannelForm::default() };
    let (channel, secret) = service.add_channel(customer, &form).await.expect("channel");
    assert!(secret.is_some_and(|secret| secret.starts_with("whsec_")));
    channel.id
}

pub fn alert(channel: &str) -> AlertForm {
    AlertForm { name: "Hijacks".into(), families: vec!["hijack".into()], channels: vec![channel.to_owned()], ..AlertForm::default() }
}
