//! A provider with four sessions at two locations, on three BIRDs and one FRR, and a customer with
//! twenty prefixes: each documented error is provoked on the real daemon, appears with its code,
//! and is gone when it is mended.

mod portal;

use peerage_domain::{
    access::Role,
    peering::{DirectType, Kind, StateName, Verb},
    registration::PeeringDraft,
    router::{EngineKind, RouterForm},
    session::ConnectionAsk,
};
use peerage_service::{Actor, peerings::StepRequest, requests::Keys};
use portal::{
    Portal,
    lab::{Cable, Daemon, EDGE, Lab, PARTNER},
    portal,
};

/// The links of the four connections; the peer has the first address.
const LINKS: [Cable; 4] = [
    Cable { v4: ("193.0.13.1", "193.0.13.0", 31), v6: ("2a00:1450:13::1", "2a00:1450:13::", 127) },
    Cable { v4: ("193.0.13.3", "193.0.13.2", 31), v6: ("2a00:1450:13::3", "2a00:1450:13::2", 127) },
    Cable { v4: ("193.0.13.5", "193.0.13.4", 31), v6: ("2a00:1450:13::5", "2a00:1450:13::4", 127) },
    Cable { v4: ("193.0.13.7", "193.0.13.6", 31), v6: ("2a00:1450:13::7", "2a00:1450:13::6", 127) },
];
const DAEMONS: [Daemon; 4] = [Daemon::Bird, Daemon::Bird, Daemon::Bird, Daemon::Frr];
const COMMUNITY: &str = "bgp_community.add((8075,8007));";

/// The twenty prefixes, ten of each family.
fn prefixes() -> Vec<String> {
    (0..10).map(|n| format!("193.20.{n}.0/24")).chain((0..10).map(|n| format!("2a00:1450:2{n}::/48"))).collect()
}

/// The provider's side of one link: announces the prefixes that `leave` does not name, and does
/// `more` with what it announces.
fn side(cable: Cable, leave: &str, more: &str) -> String {
    let routes = |v4: bool| -> String {
        let own = prefixes().into_iter().filter(|prefix| prefix.contains(':') != v4 && prefix != leave);
        own.map(|prefix| format!("route {prefix} blackhole; ")).collect()
    };
    let session = |family: u8, (edge, partner): (&str, &str)| {
        format!(
            "protocol static svc{family} {{ ipv{family}; {} }}\nprotocol bgp up{family} {{ local {partner} as {}; neighbor {edge} as {}; hold time 9; \
             connect delay time 1; connect retry time 2; error wait time 1,2; ipv{family} {{ import all; \
             export filter {{ if proto != \"svc{family}\" then reject; {more} accept; }}; }}; }}\n",
            routes(family == 4),
            PARTNER.0,
            EDGE.0
        )
    };
    session(4, (cable.v4.0, cable.v4.1)) + &session(6, (cable.v6.0, cable.v6.1))
}

struct World {
    portal: Portal,
    customer: Actor,
    labs: Vec<Lab>,
    /// Ids of the two locations.
    places: [String; 2],
}

impl World {
    async fn new() -> Option<World> {
        let mut labs = vec![];
        for (daemon, cable) in DAEMONS.into_iter().zip(LINKS) {
            labs.push(Lab::new(daemon, cable, &side(cable, "", COMMUNITY))?);
        }
        let portal = portal(60).await;
        let link = portal.service.add_person("Fjordbank", "net@fjordbank.example", "Ingrid", Role::Customer).await.expect("person");
        let person = portal.service.set_password(&link, "a long enough password").await.expect("password");
        let customer = portal.service.actor(&person.id, None).await.expect("member");
        let directory = portal.service.directory().await.expect("directory");
        let place =
            |city: &str| directory.all_locations().iter().find(|l| l.kind == Kind::Direct && l.city == city).expect(city).id.clone();
        let world = World { portal, customer, labs, places: [place("Zurich"), place("Frankfurt")] };
        for (number, lab) in world.labs.iter().enumerate() {
            world.register_router(number, lab).await;
        }
        for turn in 0..2 {
            world.peering(turn).await;
        }
        Some(world)
    }

    async fn register_router(&self, number: usize, lab: &Lab) {
        let [socket, config, folder] = lab.paths();
        let form = RouterForm {
            name: format!("edge{number}"),
            location: self.places[number / 2].clone(),
            engine: if lab.daemon == Daemon::Bird { EngineKind::Bird2 } else { EngineKind::Frr }.word().into(),
            router_id: format!("193.0.9.{}", number + 1),
            announce: "13.64.0.0/11".into(),
            socket,
            config,
            folder,
            ..RouterForm::default()
        };
        self.portal.service.register_router(&self.portal.operator, &form).await.expect("registered");
    }

    /// A Direct peering with two connections for the service, brought to Active.
    async fn peering(&self, turn: usize) {
        let ask = |cable: Cable| ConnectionAsk {
            session_ipv4: format!("{}/31", cable.v4.1),
            session_ipv6: format!("{}/127", cable.v6.1),
            max_prefixes_ipv4: "100".into(),
            max_prefixes_ipv6: "100".into(),
            bandwidth_mbps: "10000".into(),
            peering_service: true,
            ..ConnectionAsk::default()
        };
        let draft = PeeringDraft {
            asn: PARTNER.to_string(),
            kind: Some(Kind::Direct),
            direct_type: DirectType::Edge,
            location: self.places[turn].clone(),
            connections: LINKS[turn * 2..turn * 2 + 2].iter().copied().map(ask).collect(),
            ..PeeringDraft::default()
        };
        let Portal { service, operator, partner, .. } = &self.portal;
        let id = service.new_peering_draft(partner, draft.clone()).await.expect("draft");
        service.save_peering_draft(partner, &id, draft, Keys::Typed { keys: vec![], cleared: vec![], removed: None }).await.expect("saved");
        let id = service.submit_peering(partner, &id).await.expect("sent").id;
        for connection in [1, 2] {
            let request = StepRequest { connection, note: String::new() };
            service.act(operator, &id, Verb::Approve, &request).await.expect("approved");
            service.act(partner, &id, Verb::ReportConfigured, &request).await.expect("reported");
        }
        let active = async || {
            let all = service.peering(partner, &id).await.expect("peering").peering.connections;
            all.iter().all(|c| c.state.name() == StateName::Active)
        };
        self.portal.jobs_until("both Active", active).await;
    }

    /// Looks until a prefix is judged so: its state and the codes of what is wrong.
    async fn until(&self, prefix: &str, wanted: &str) {
        let subject = format!("CN-1 {prefix}");
        let mut last = String::new();
        for _ in 0..120 {
            self.portal.service.listen_to_routers().await.expect("asked");
            self.portal.service.watch_prefixes().await.expect("judged");
            if let Some(verdict) = self.portal.service.verdict(&self.customer, &subject).await.expect("seen").0 {
                last = format!("{} {}", verdict.judgement.state, verdict.judgement.codes().join(" ")).trim().to_owned();
            }
            if last == wanted {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
        panic!("{prefix} is {last}, not {wanted}");
    }

    /// Has one side announce otherwise until that is judged so, then as before.
    async fn provoke(&self, side_number: usize, leave: &str, more: &str, prefix: &str, wanted: &str) {
        let (lab, cable) = (&self.labs[side_number], LINKS[side_number]);
        lab.reconfigure_partner(&side(cable, leave, more));
        self.until(prefix, wanted).await;
        lab.reconfigure_partner(&side(cable, "", COMMUNITY));
        self.until(prefix, "Verified").await;
    }

    async fn sentence(&self, prefix: &str) -> String {
        let verdict = self.portal.service.verdict(&self.customer, &format!("CN-1 {prefix}")).await.expect("seen").0.expect("judged");
        verdict.judgement.first().expect("a rule").sentence.to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_documented_error_appears_with_its_code_and_is_gone_when_mended() {
    let Some(world) = World::new().await else { return };
    let service = &world.portal.service;
    let (v4, v6) = ("193.20.3.0/24", "2a00:1450:23::/48");

    // The partner provides the service at both locations, and the customer chooses it.
    let providers = service.service_providers().await.expect("derived");
    assert_eq!(providers.get(&PARTNER).expect("a provider").locations.len(), 2);
    let id = service.new_connection_draft(&world.customer).await.expect("draft");
    let places = world.places.clone();
    service
        .change_connection_draft(&world.customer, &id, |draft| {
            draft.name = "Helsinki".into();
            draft.country = "FI".into();
            draft.provider = PARTNER.to_string();
            (draft.primary, draft.backup) = (places[0].clone(), places[1].clone());
            draft.prefixes = prefixes().join("\n");
        })
        .await
        .expect("filled in");
    service.register_connection(&world.customer, &id).await.expect("registered");
    world.until(v4, "Failed service.key_missing service.origin_unknown").await;
    let peering = service.registrable(&world.portal.partner).await.expect("peerings")[0].id.clone();
    let made = service.register_prefixes(&world.portal.partner, &peering, &prefixes().join("\n")).await.expect("keys");
    let keys: Vec<String> = made.into_iter().map(|key| key.key).collect();
    assert_eq!(service.activate(&world.customer, "CN-1", &keys.join("\n")).await.expect("bound").len(), 20);
    for prefix in prefixes() {
        world.until(&prefix, "Verified").await;
    }

    // One session, one prefix, one mistake after the other; BIRD and FRR, primary and backup.
    for (number, prefix) in [(0, v4), (2, v6), (3, v4), (3, v6)] {
        world.provoke(number, prefix, COMMUNITY, prefix, "Failed service.not_received").await;
        world.provoke(number, "", "", prefix, "Failed service.community").await;
        world.provoke(number, "", &format!("{COMMUNITY} bgp_path.prepend({});", PARTNER.0), prefix, "Failed service.prepended").await;
        world.provoke(number, "", &format!("{COMMUNITY} bgp_path.prepend(719);"), prefix, "Failed service.origin_other").await;
    }
    let long = format!("{COMMUNITY} bgp_path.prepend(6667); bgp_path.prepend(719); bgp_path.prepend(3303);");
    world.provoke(1, "", &long, v4, "Failed service.path_long").await;
    // The router refuses a private ASN, too; FRR does not tell the communities of what it refuses.
    let private = format!("{COMMUNITY} bgp_path.prepend(6667); bgp_path.prepend(64512);");
    world.provoke(1, "", &private, v4, "Failed service.private_asn service.refused").await;
    world.provoke(3, "", &private, v4, "Failed service.private_asn service.refused service.community_untold").await;

    // A router that says by BMP that something changed is asked at once.
    let monitor = world.labs[3].monitor();
    monitor.set_nonblocking(true).expect("a socket");
    let heard = tokio::net::TcpListener::from_std(monitor).expect("a socket");
    drop(tokio::spawn(peerage_service::bmp::accept(service.clone(), heard)));
    let rings = async || tokio::time::timeout(std::time::Duration::from_secs(30), service.nudged()).await;
    rings().await.expect("the sessions as they are");
    while tokio::time::timeout(std::time::Duration::from_secs(1), service.nudged()).await.is_ok() {}
    world.labs[3].reconfigure_partner(&side(LINKS[3], v4, COMMUNITY));
    rings().await.expect("a withdrawal");
    world.until(v4, "Failed service.not_received").await;
    world.labs[3].reconfigure_partner(&side(LINKS[3], "", COMMUNITY));
    rings().await.expect("an announcement");
    world.until(v4, "Verified").await;

    // A session that is down is the partner's; a router that does not answer is nobody's fault.
    world.labs[1].reconfigure_partner("");
    world.until(v4, "Failed service.session_down").await;
    assert!(world.sentence(v4).await.contains("193.0.13.2"), "the session is named");
    world.labs[1].reconfigure_partner(&side(LINKS[1], "", COMMUNITY));
    world.until(v4, "Verified").await;
    world.labs[0].kill("edge");
    world.until(v4, "Unknown service.silent").await;
    world.labs[0].start_edge();
    world.until(v4, "Verified").await;

    // The events that the customer reads, in the words of the reference service.
    let (from, to) = (portal::lab::now().plus_secs(-3600), portal::lab::now().plus_secs(60));
    let page = peerage_storage::Page { offset: 0, limit: 1000 };
    let events = service.route_events(&world.customer, "", from, to, true, page).await.expect("events").items;
    let of = |kind: &str| events.iter().filter(|(_, it)| it.prefix.to_string() == v4 && format!("{:?}", it.kind) == kind).count();
    assert_eq!(of("PrefixAnnouncementEvent"), 1, "one of two sessions is enough");
    assert!(of("PrefixOriginAsChangeEvent") >= 1 && of("PrefixBackupRouteOriginAsChangeEvent") >= 1);
    assert!(of("PrefixActivePath") >= 1);
}
