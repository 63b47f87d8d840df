//! A portal with two people and a directory of one exchange and one facility, for tests that
//! drive a real router.
#![allow(dead_code)]

#[path = "../../../edge/tests/lab/mod.rs"]
pub mod lab;

use lab::{Daemon, LAN, LINK, Lab, PARTNER};
use peerage_domain::{
    Asn, Verdict,
    access::Role,
    contact::{Contact, ContactRole},
    peering::{DirectType, Kind, Peering, StateName, Verb},
    policy::Policy,
    registration::PeeringDraft,
    router::{EngineKind, RouterForm},
    service::requirements::Requirements,
    session::ConnectionAsk,
};
use peerage_service::{
    Actor, Clock, Service, Settings, irr::IrrSettings, peerings::StepRequest, requests::Keys, rpki::RpkiSettings, secrets::Vault,
};
use peerage_storage::Store;
use std::net::IpAddr;

pub struct Portal {
    pub service: Service,
    pub operator: Actor,
    pub partner: Actor,
    pub dir: tempfile::TempDir,
}

/// A portal with a directory of one exchange and one facility, and two people.
pub async fn portal(patience_s: i64) -> Portal {
    portal_with(patience_s, RpkiSettings::default()).await
}

pub async fn portal_with(patience_s: i64, rpki: RpkiSettings) -> Portal {
    portal_set(Settings { patience_s, rpki, ..settings() }).await
}

/// A portal with these settings.
pub async fn portal_set(settings: Settings) -> Portal {
    let dir = tempfile::tempdir().expect("temporary directory");
    let service = open_set(&dir, settings).await;
    service.follow_rpki();
    let file = |name: &str, rows: &str| (name.to_owned(), format!("{{\"data\":[{rows}]}}").into_bytes());
    let port = |id: u32, asn: u32, v4: &str, v6: &str| {
        format!(
            r#"{{"id":{id},"net_id":{asn},"ix_id":60,"ixlan_id":60,"name":"TestIX","asn":{asn},"speed":10000,"ipaddr4":"{v4}","ipaddr6":"{v6}"}}"#
        )
    };
    let files = [
        file("ix.json", r#"{"id":60,"name":"TestIX","city":"Zurich","country":"CH"}"#),
        file(
            "ixpfx.json",
            r#"{"id":1,"ixlan_id":60,"prefix":"193.0.9.0/24","protocol":"IPv4"},{"id":2,"ixlan_id":60,"prefix":"2001:7f8:99::/64","protocol":"IPv6"}"#,
        ),
        file("netixlan.json", &[port(1, 8075, LAN.v4.0, LAN.v6.0), port(2, 6667, LAN.v4.1, LAN.v6.1)].join(",")),
        file(
            "fac.json",
            r#"{"id":71,"name":"Test facility","city":"Zurich","country":"CH"},{"id":72,"name":"Second facility","city":"Frankfurt","country":"DE"}"#,
        ),
        file(
            "netfac.json",
            r#"{"id":1,"fac_id":71,"net_id":8075,"local_asn":8075},{"id":2,"fac_id":71,"net_id":6667,"local_asn":6667},{"id":3,"fac_id":72,"net_id":8075,"local_asn":8075}"#,
        ),
        file("net.json", r#"{"id":6667,"name":"Elisa","asn":6667,"info_type":"NSP","policy_general":"Open"}"#),
    ];
    service.import(&files).await.expect("directory");
    let mut people = vec![];
    for (organisation, email, role) in [("Operator", "ada@operator.example", Role::Operator), ("Elisa", "noc@elisa.example", Role::Partner)]
    {
        let link = service.add_person(organisation, email, "Somebody", role).await.expect("person");
        let person = service.set_password(&link, "a long enough password").await.expect("password");
        people.push(service.actor(&person.id, None).await.expect("member"));
    }
    let partner = people.pop().expect("partner");
    let operator = people.pop().expect("operator");
    let noc = Contact { role: ContactRole::Noc, email: "noc@elisa.example".parse().expect("mail"), phone: "+358 9 555 0100".parse().ok() };
    let asn = service.associate_asn(&partner, PARTNER, "Elisa", vec![noc]).await.expect("asked");
    service.decide_asn(&operator, &asn.id, None).await.expect("confirmed");
    Portal { service, operator, partner, dir }
}

/// What the operator of the tests configures: short waits.
pub fn settings() -> Settings {
    Settings {
        operator_asn: Asn(8075),
        operator_name: "Operator".into(),
        policy: Policy::default(),
        cloud_interconnect: vec![],
        step_pause_s: 1,
        settle_s: 1,
        patience_s: 60,
        removal_pause_s: 2,
        rpki: RpkiSettings::default(),
        irr: IrrSettings::default(),
        requirements: Requirements::default(),
        service_community: None,
        link_pools: vec![],
        lookout: Default::default(),
        demo: false,
    }
}

/// A portal on the database of another one, as after a restart.
pub async fn open(dir: &tempfile::TempDir, patience_s: i64, rpki: RpkiSettings) -> Service {
    open_set(dir, Settings { patience_s, rpki, ..settings() }).await
}

async fn open_set(dir: &tempfile::TempDir, settings: Settings) -> Service {
    let store = Store::open(&format!("sqlite:{}", dir.path().join("test.db").display())).await.expect("opens");
    Service::new(store, Clock::System, settings, Vault::open(&dir.path().join("secret.key")).expect("key"))
}

impl Portal {
    /// The location where the lab's edge stands.
    pub fn location(&self, kind: Kind) -> impl Future<Output = String> {
        let service = self.service.clone();
        async move {
            let directory = service.directory().await.expect("directory");
            directory.all_locations().iter().find(|l| l.kind == kind && l.name.starts_with("Test")).expect("location").id.clone()
        }
    }

    pub async fn register(&self, lab: &Lab, kind: Kind) {
        self.register_for(lab, kind, "").await;
    }

    /// Registers the lab's edge at one location, and for others.
    pub async fn register_for(&self, lab: &Lab, kind: Kind, others: &str) {
        let [socket, config, folder] = lab.paths();
        let form = RouterForm {
            name: "edge1.zrh".into(),
            location: self.location(kind).await,
            others: others.into(),
            engine: if lab.daemon == Daemon::Bird { EngineKind::Bird2 } else { EngineKind::Frr }.word().into(),
            router_id: "193.0.9.1".into(),
            addresses: if kind == Kind::Exchange { format!("{}, {}", LAN.v4.0, LAN.v6.0) } else { String::new() },
            announce: "13.64.0.0/11".into(),
            socket,
            config,
            folder,
        };
        self.service.register_router(&self.operator, &form).await.expect("registered");
    }

    /// Asks for a peering, has it approved and reported as configured.
    pub async fn request(&self, kind: Kind, ask: ConnectionAsk, key: &str) -> Peering {
        let peering = self.ask(kind, DirectType::Edge, ask, key).await;
        self.act(&self.operator, &peering.id, Verb::Approve).await;
        self.act(&self.partner, &peering.id, Verb::ReportConfigured).await;
        peering
    }

    /// Asks for a peering.
    pub async fn ask(&self, kind: Kind, direct_type: DirectType, ask: ConnectionAsk, key: &str) -> Peering {
        let location = self.location(kind).await;
        let connections = vec![ConnectionAsk { max_prefixes_ipv4: "100".into(), max_prefixes_ipv6: "100".into(), ..ask }];
        let draft =
            PeeringDraft { asn: PARTNER.to_string(), kind: Some(kind), direct_type, location, connections, ..PeeringDraft::default() };
        let id = self.service.new_peering_draft(&self.partner, draft.clone()).await.expect("draft");
        let keys = Keys::Typed { keys: vec![key.into()], cleared: vec![], removed: None };
        self.service.save_peering_draft(&self.partner, &id, draft, keys).await.expect("saved");
        self.service.submit_peering(&self.partner, &id).await.expect("sent")
    }

    pub async fn act(&self, actor: &Actor, id: &str, verb: Verb) {
        self.note(actor, id, verb, "").await;
    }

    /// A step with words.
    pub async fn note(&self, actor: &Actor, id: &str, verb: Verb, note: &str) {
        let request = StepRequest { connection: 1, note: note.into() };
        self.service.act(actor, id, verb, &request).await.expect("step");
    }

    pub async fn state(&self, id: &str) -> StateName {
        self.service.peering(&self.partner, id).await.expect("peering").peering.connections[0].state.name()
    }

    /// Does jobs until something is so, at most half a minute; tells whether it came.
    async fn jobs_bring(&self, probe: impl AsyncFn() -> bool) -> bool {
        for _ in 0..300 {
            self.service.run_due_jobs().await.expect("jobs");
            if probe().await {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        false
    }

    /// Does jobs until something is so, at most half a minute.
    pub async fn jobs_until(&self, what: &str, probe: impl AsyncFn() -> bool) {
        assert!(self.jobs_bring(probe).await, "{what} did not come");
    }

    /// Does jobs until the connection is in a state.
    pub async fn until(&self, id: &str, wanted: StateName) {
        if !self.jobs_bring(async || self.state(id).await == wanted).await {
            let detail = self.service.peering(&self.partner, id).await.expect("peering");
            panic!("{id} is {:?}, not {wanted:?}; seen: {:?}", detail.peering.connections[0].state, detail.edge[0].1.evidence);
        }
    }

    /// Does jobs until something was seen of the connection.
    pub async fn until_seen(&self, id: &str, code: &str) {
        self.jobs_until(code, async || self.seen(id).await.iter().any(|(seen, _)| seen == code)).await;
    }

    pub async fn seen(&self, id: &str) -> Vec<(String, Verdict)> {
        let detail = self.service.peering(&self.partner, id).await.expect("peering");
        let (_, findings) = detail.edge[0].1.evidence.clone().expect("evidence");
        findings.into_iter().map(|f| (f.code, f.verdict)).collect()
    }
}

pub fn exchange() -> ConnectionAsk {
    ConnectionAsk { peer_ipv4: LAN.v4.1.into(), peer_ipv6: LAN.v6.1.into(), ..ConnectionAsk::default() }
}

/// The peer's IPv4 address on the cable of a kind of peering.
pub fn ask_peer(kind: Kind) -> IpAddr {
    if kind == Kind::Exchange { LAN.v4.1 } else { LINK.v4.1 }.parse().expect("address")
}

pub fn link() -> ConnectionAsk {
    ConnectionAsk {
        session_ipv4: "193.0.13.0/31".into(),
        session_ipv6: "2a00:1450:13::/127".into(),
        bandwidth_mbps: "10000".into(),
        ..ConnectionAsk::default()
    }
}
