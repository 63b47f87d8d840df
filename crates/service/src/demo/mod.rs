//! A world to look at: real PeeringDB rows, invented people, recorded facts.
//!
//! Everything here goes through the same use cases as in production, with a held
//! clock that moves from three weeks ago to now. Latency is a replay of recorded RIPE
//! Atlas pings, incidents are replays of recorded ones; pages say so.

mod incidents;
mod service;

use crate::{
    Actor, Clock, Error, Service, Settings, objectives::ObjectiveForm, peerings::StepRequest, requests::suggested, telemetry::Sender,
};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    access::Role,
    contact::{Contact, ContactRole},
    peering::{Kind, Verb},
    policy::Policy,
    registration::PeeringDraft,
    router::{EngineKind, RouterForm},
    telemetry::Sample,
};
use peerage_feeds::atlas;

/// The network whose rows the demo world's operator has.
pub const OPERATOR: Asn = Asn(8075);
/// Its organisation.
pub const OPERATOR_NAME: &str = "Demo operator AS8075";
/// Password of everybody in the demo world.
pub const PASSWORD: &str = "peerage demo world";
/// Who can sign in: role, address, name, organisation.
pub const PEOPLE: [(Role, &str, &str, &str); 5] = [
    (Role::Customer, "customer@demo.example", "Ingrid Solberg", "Fjordbank"),
    (Role::Manager, "manager@demo.example", "Karin Berg", "Fjordbank"),
    (Role::Partner, "partner@demo.example", "Urs Keller", "Partner desk AS13030"),
    (Role::Operator, "operator@demo.example", "Ada Novak", OPERATOR_NAME),
    (Role::Partner, "second.partner@demo.example", "Noor de Vries", "Partner desk AS6939"),
];
/// The customer's prefix whose key has not come yet.
const KEYLESS: &str = "2620:f1::/48";
/// How often the replay adds samples, in seconds.
pub const BEAT_S: i64 = 60;
/// How far back the demo world begins.
const AGE_S: i64 = 21 * 86_400;

const FILES: [(&str, &[u8]); 6] = [
    ("fac.json", include_bytes!("../../demo/fac.json")),
    ("ix.json", include_bytes!("../../demo/ix.json")),
    ("ixpfx.json", include_bytes!("../../demo/ixpfx.json")),
    ("net.json", include_bytes!("../../demo/net.json")),
    ("netfac.json", include_bytes!("../../demo/netfac.json")),
    ("netixlan.json", include_bytes!("../../demo/netixlan.json")),
];
const PINGS: &str = include_str!("../../demo/atlas-ping.jsonl");

/// The PeeringDB files of the demo world.
pub fn files() -> Vec<(String, Vec<u8>)> {
    FILES.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect()
}

/// Settings of the demo world at its quickest, for tests.
pub fn settings() -> Settings {
    Settings {
        operator_asn: OPERATOR,
        operator_name: OPERATOR_NAME.into(),
        policy: Policy::default(),
        cloud_interconnect: vec![],
        step_pause_s: 1,
        settle_s: 0,
        patience_s: 0,
        removal_pause_s: 60,
        rpki: crate::rpki::RpkiSettings::default(),
        irr: crate::irr::IrrSettings::default(),
        requirements: peerage_domain::service::requirements::Requirements::default(),
        service_community: None,
        link_pools: link_pools(),
        lookout: crate::lookout::LookoutSettings::default(),
        demo: true,
    }
}

/// Space for links; invented for the demo.
const LINK_POOLS: [&str; 2] = ["104.44.200.0/24", "2a01:111:2000:6::/64"];

/// The operator's space for links.
pub fn link_pools() -> Vec<Prefix> {
    LINK_POOLS.iter().filter_map(|pool| pool.parse().ok()).collect()
}

impl Service {
    /// Fills an empty database. `held` is this service's clock; at the end it stands at `now`.
    ///
    /// # Errors
    /// When the recorded facts or storage fail.
    pub async fn build_demo(&self, held: &Clock, now: Timestamp) -> Result<(), Error> {
        held.set(now.plus_secs(-AGE_S));
        self.import(&files()).await?;
        let mut actors = vec![];
        for (role, email, name, organisation) in PEOPLE {
            let link = self.add_person(organisation, email, name, role).await?;
            let person = self.set_password(&link, PASSWORD).await?;
            actors.push(self.actor(&person.id, None).await?);
        }
        let [customer, _, partner, operator, second] = actors.as_slice() else {
            return Err(Error::Fault("the demo world lacks people".into()));
        };
        self.demo_routers(operator).await?;
        self.demo_asns(partner, second, operator, held, now).await?;
        self.demo_peerings(partner, second, operator, held, now).await?;
        let keys = self.demo_service(partner, second, operator, held, now).await?;
        held.set(now.plus_secs(-10 * 86_400));
        self.demo_connections(customer, &keys).await?;
        self.demo_verdicts(held, now).await?;
        self.demo_incidents(customer, held, now).await?;
        held.set(now);
        self.demo_telemetry(customer, now).await
    }

    /// A router in memory at each exchange, two at each facility: the demo world drives no real ones.
    async fn demo_routers(&self, operator: &Actor) -> Result<(), Error> {
        let directory = self.directory().await?;
        let at = |location: &peerage_domain::catalogue::Location| if location.kind == Kind::Direct { 1..=2 } else { 1..=1 };
        let all = directory.all_locations().iter().flat_map(|location| at(location).map(move |n| (location, n)));
        for (number, (location, turn)) in all.enumerate() {
            let lan = directory.lan(location);
            let here = location.addresses.iter().filter(|a| lan.iter().any(|lan| lan.contains_address(**a)));
            let form = RouterForm {
                name: format!(
                    "edge{}.{}",
                    if location.kind == Kind::Direct { turn.to_string() } else { String::new() },
                    location.id.to_lowercase()
                ),
                location: location.id.clone(),
                engine: EngineKind::Memory.word().into(),
                router_id: std::net::Ipv4Addr::from(0x0a00_0001 + number as u32).to_string(),
                addresses: here.map(ToString::to_string).collect::<Vec<_>>().join(" "),
                ..RouterForm::default()
            };
            self.register_router(operator, &form).await?;
        }
        Ok(())
    }

    async fn demo_asns(&self, partner: &Actor, second: &Actor, operator: &Actor, held: &Clock, now: Timestamp) -> Result<(), Error> {
        let noc = |mail: &str| -> Result<Vec<Contact>, Error> {
            Ok(vec![Contact { role: ContactRole::Noc, email: mail.parse()?, phone: Some("+1 555 010 0199".parse()?) }])
        };
        let init7 = self.associate_asn(partner, Asn(13030), "Init7", noc("noc@as13030.example")?).await?;
        let hurricane = self.associate_asn(second, Asn(6939), "Hurricane Electric", noc("noc@as6939.example")?).await?;
        held.set(now.plus_secs(-AGE_S + 5 * 3600));
        self.decide_asn(operator, &init7.id, None).await?;
        self.decide_asn(operator, &hurricane.id, None).await?;
        let tata = self.associate_asn(partner, Asn(6453), "TATA Communications", noc("noc@as6453.example")?).await?;
        self.decide_asn(operator, &tata.id, None).await?;
        held.set(now.plus_secs(-3 * 3600));
        self.associate_asn(second, Asn(9002), "RETN", noc("noc@as9002.example")?).await?;
        held.set(now.plus_secs(-20 * 86_400));
        Ok(())
    }

    async fn demo_connections(&self, customer: &Actor, keys: &[(Prefix, String)]) -> Result<(), Error> {
        let (directory, serving) = (self.directory().await?, self.service_providers().await?);
        let sites = [
            ("Zürich HQ", "CH", "Zürich", "AS6453", "193.0.16.0/24\n193.0.17.0/24\n209.16.0.0/18\n2a00:d0c0:10::/48"),
            ("Seattle office", "US", "WA", "AS6939", "208.65.152.0/22\n2620:f1::/48"),
        ];
        for (name, country, subdivision, provider, prefixes) in sites {
            let id = self.new_connection_draft(customer).await?;
            let place = peerage_domain::place::locate(country, subdivision).map(|p| p.centre);
            let nearest = place.map(|from| directory.providers(from, &serving)).unwrap_or_default();
            let at = nearest.iter().find(|p| p.key == provider).map(|p| p.locations.clone()).unwrap_or_default();
            self.change_connection_draft(customer, &id, |draft| {
                draft.name = name.into();
                draft.country = country.into();
                draft.subdivision = subdivision.into();
                draft.provider = provider.into();
                draft.primary = at.first().map(|l| l.id.clone()).unwrap_or_default();
                draft.backup = at.get(1).map(|l| l.id.clone()).unwrap_or_default();
                draft.prefixes = prefixes.into();
            })
            .await?;
            let connection = self.register_connection(customer, &id).await?;
            // One key has not come yet.
            let own = |prefix: &Prefix| prefixes.lines().any(|line| line.parse() == Ok(*prefix)) && prefix.to_string() != KEYLESS;
            let lines: Vec<String> =
                keys.iter().filter(|(prefix, _)| own(prefix)).map(|(prefix, key)| format!("{prefix}, {key}")).collect();
            self.activate(customer, &connection.id, &lines.join("\n")).await?;
        }
        let wanted = ObjectiveForm { within_ms: "70".into(), percent: "95".into() };
        self.set_objective(customer, "CN-1", &wanted).await
    }

    async fn demo_peerings(&self, partner: &Actor, second: &Actor, operator: &Actor, held: &Clock, now: Timestamp) -> Result<(), Error> {
        let request = StepRequest { connection: 1, note: String::new() };
        for (actor, asn, skip, days_ago, way) in [
            (partner, "AS13030", 1, 18, &[Verb::Approve, Verb::ReportConfigured][..]),
            (second, "AS6939", 0, 15, &[Verb::Approve, Verb::ReportConfigured][..]),
            (partner, "AS13030", 0, 2, &[Verb::Approve][..]),
            (second, "AS6939", 1, 1, &[][..]),
        ] {
            held.set(now.plus_secs(-days_ago * 86_400));
            let id = self.demo_request(actor, asn, skip).await?;
            for verb in way {
                held.set(held.now().plus_secs(4 * 3600));
                let by = if *verb == Verb::Approve { operator } else { actor };
                self.act(by, &id, *verb, &request).await?;
            }
            for _ in 0..4 {
                held.set(held.now().plus_secs(self.settings.step_pause_s.max(1) * 60));
                self.run_due_jobs().await?;
            }
        }
        Ok(())
    }

    async fn demo_request(&self, actor: &Actor, asn: &str, skip: usize) -> Result<String, Error> {
        let directory = self.directory().await?;
        let network: Asn = asn.parse()?;
        let mine = |id: &str| directory.location(id).is_some_and(|l| l.kind == Kind::Exchange && directory.ports(l, network).len() == 1);
        let partner = directory.partner(asn).map(|p| p.locations.clone()).unwrap_or_default();
        let at = partner.iter().filter(|l| mine(&l.id)).nth(skip).and_then(|l| directory.location(&l.id));
        let at = at.ok_or_else(|| Error::Fault(format!("{asn} has no port in the demo directory")))?;
        let mut connections = suggested(&directory, at, network);
        // The sample of PeeringDB lacks the LAN of some exchanges in one family.
        let lan = directory.lan(at);
        let on_lan = |text: &str| text.parse().is_ok_and(|address| lan.iter().any(|lan| lan.contains_address(address)));
        for address in connections.iter_mut().flat_map(|c| [&mut c.peer_ipv4, &mut c.peer_ipv6]).filter(|a| !on_lan(a)) {
            address.clear();
        }
        let draft = PeeringDraft { asn: asn.into(), kind: Some(at.kind), location: at.id.clone(), connections, ..PeeringDraft::default() };
        let id = self.new_peering_draft(actor, draft).await?;
        Ok(self.submit_peering(actor, &id).await?.id)
    }

    async fn demo_telemetry(&self, customer: &Actor, now: Timestamp) -> Result<(), Error> {
        let sender = Sender { organisation: customer.organisation.clone(), label: "demo replay".into() };
        // A day in minutes, before that in coarser beats: enough for every window.
        for (from_days, to_days, beat_s) in [(30, 7, 3600), (7, 1, 600), (1, 0, BEAT_S)] {
            let (mut at, end) = (now.secs() - from_days * 86_400, now.secs() - to_days * 86_400);
            while at < end {
                let samples: Vec<Sample> = (0..).map(|n| at + n * beat_s).take_while(|&t| t < end).take(500).flat_map(beat).collect();
                self.take_samples(&sender, &format!("demo-{at}"), &samples).await?;
                at += 500 * beat_s;
            }
        }
        Ok(())
    }

    /// One beat of the replay, for the world that is running.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn beat_demo(&self) -> Result<(), Error> {
        let now = self.clock.now().secs();
        let beat_at = now - now.rem_euclid(BEAT_S);
        let all = self.store.organisations().await?;
        let Some(organisation) = all.into_iter().find(|o| o.name == PEOPLE[0].3) else { return Ok(()) };
        let sender = Sender { organisation: organisation.id, label: "demo replay".into() };
        self.take_samples(&sender, &format!("demo-{beat_at}"), &beat(beat_at)).await?;
        Ok(())
    }
}

/// Which recorded results (line of the file, from 0) stand for which series.
const SERIES: [(&str, &[usize]); 4] =
    [("CN-1/Primary", &[3, 5]), ("CN-1/Backup", &[1, 6, 7, 9]), ("CN-2/Primary", &[6, 1]), ("CN-2/Backup", &[2, 4, 0])];

/// The recorded packets that belong to one moment: three of a series' packets, drawn
/// again and again in an order that looks shuffled but depends on the moment alone.
fn beat(at: i64) -> Vec<Sample> {
    let pings: Vec<_> = PINGS.lines().map(atlas::measured).collect();
    let mut samples = vec![];
    for (number, (series, lines)) in SERIES.iter().enumerate() {
        let packets: Vec<Option<f64>> = lines.iter().filter_map(|&n| pings.get(n)?.as_ref().ok()).flat_map(|p| p.rtt_ms.clone()).collect();
        for draw in 0..packets.len().min(3) {
            let pick = mixed(at as u64 * 16 + number as u64 * 4 + draw as u64) as usize % packets.len();
            samples.push(Sample { series: (*series).to_owned(), time: Timestamp::from_secs(at), rtt_ms: packets[pick] });
        }
    }
    samples
}

/// The finaliser of splitmix64 (Steele, Lea, Flood 2014): neighbours become strangers.
fn mixed(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A demo world on a database of its own, for the tests of this crate.
#[cfg(test)]
pub(crate) struct TestWorld {
    pub(crate) service: Service,
    pub(crate) clock: Clock,
    _dir: tempfile::TempDir,
}

#[cfg(test)]
impl TestWorld {
    pub(crate) async fn new() -> TestWorld {
        let dir = tempfile::tempdir().expect("directory");
        let address = format!("sqlite:{}", dir.path().join("test.db").display());
        let store = peerage_storage::Store::open(&address).await.expect("opens");
        let now = Timestamp::from_secs(1_790_000_000);
        let clock = Clock::held(now);
        let service = Service::new(store, clock.clone(), settings(), crate::secrets::Vault::ephemeral().expect("random"));
        service.build_demo(&clock, now).await.expect("demo world");
        TestWorld { service, clock, _dir: dir }
    }

    pub(crate) async fn actor(&self, email: &str) -> Actor {
        let person = self.service.store.person_by_email(email).await.expect("read").expect("known");
        self.service.actor(&person.id, None).await.expect("member")
    }
}
