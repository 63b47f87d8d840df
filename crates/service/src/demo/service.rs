//! Peering Service in the demo world: two providers at two locations each, with the prefixes of
//! the customer. Their routers are in memory, so their peers announce what is said here.

use super::link_pools;
use crate::{Actor, Clock, Error, Service, peerings::StepRequest, requests::Keys};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    peering::{DirectType, Kind, Peering, Verb},
    registration::PeeringDraft,
    service::{Community, Key, KeyRecord, RegisteredPrefix},
    session::{AddressProvider, ConnectionAsk},
};
use peerage_edge::state::{Hop, Route};
use std::collections::BTreeSet;

/// Who provides the service: ASN, and the facilities (PeeringDB's ids) at which it does.
const PROVIDERS: [(&str, [u32; 2]); 2] = [("AS6453", [1, 6]), ("AS6939", [6, 5])];
/// What they registered for the customer.
const REGISTERED: [(&str, &str); 2] = [
    ("AS6453", "193.0.16.0/24, , Fjordbank\n193.0.17.0/24, , Fjordbank\n209.16.0.0/18, AS13347, Fjordbank\n2a00:d0c0:10::/48, , Fjordbank"),
    ("AS6939", "208.65.152.0/22, AS36561, Fjordbank\n2620:f1::/48, , Fjordbank"),
];
/// A key of the first prefix that has ended: to see what is said of it.
const ENDED_KEY: &str = "0badcafe-2026-4000-8000-0123456789ab";
/// The prefix that loses its community at the backup location two hours ago.
const UNTAGGED: &str = "193.0.17.0/24";

impl Service {
    /// Peerings for the service, requested and provisioned, with what is registered under them.
    /// Gives the keys by prefix.
    pub(super) async fn demo_service(
        &self,
        partner: &Actor,
        second: &Actor,
        operator: &Actor,
        held: &Clock,
        now: Timestamp,
    ) -> Result<Vec<(Prefix, String)>, Error> {
        let mut links = 0;
        let mut keys = vec![];
        for (asn, facilities) in PROVIDERS {
            let actor = if asn == "AS6453" { partner } else { second };
            let mut first = None;
            for facility in facilities {
                held.set(now.plus_secs(-14 * 86_400));
                let id = self.demo_direct(actor, asn, facility).await?;
                held.set(now.plus_secs(-13 * 86_400));
                self.demo_provision(actor, operator, &id, &mut links, held).await?;
                first.get_or_insert(id);
            }
            let lines = REGISTERED.iter().find(|(of, _)| *of == asn).map_or("", |(_, lines)| lines);
            let made = self.register_prefixes(actor, &first.unwrap_or_default(), lines).await?;
            keys.extend(made.into_iter().filter_map(|key| Some((key.what.parse().ok()?, key.key))));
        }
        self.demo_ended_key(now).await?;
        Ok(keys)
    }

    async fn demo_ended_key(&self, now: Timestamp) -> Result<(), Error> {
        let Some((first, _)) = self.store.registrations(None).await?.into_iter().next() else { return Ok(()) };
        let record = KeyRecord {
            id: "K-0".into(),
            subject: first.id,
            hint: ENDED_KEY.parse::<Key>().map_err(|error| Error::Refused(error.text()))?.hint(),
            created: now.plus_secs(-86_400),
            expires: Some(now.plus_secs(-3600)),
            replaced: None,
            revoked: None,
        };
        let mut tx = self.store.begin().await?;
        tx.save_key(&crate::secrets::token_hash(ENDED_KEY), &record).await?;
        Ok(tx.commit().await?)
    }

    async fn demo_direct(&self, actor: &Actor, asn: &str, facility: u32) -> Result<String, Error> {
        let directory = self.directory().await?;
        let location = directory.all_locations().iter().find(|l| l.kind == Kind::Direct && l.source_id == facility);
        let location = location.ok_or_else(|| Error::Fault(format!("the demo directory lacks facility {facility}")))?.id.clone();
        let ask = ConnectionAsk {
            address_provider: AddressProvider::Operator,
            max_prefixes_ipv4: "1000".into(),
            max_prefixes_ipv6: "200".into(),
            bandwidth_mbps: "100000".into(),
            direct_type: DirectType::Edge,
            peering_service: true,
            ..ConnectionAsk::default()
        };
        let draft = PeeringDraft {
            asn: asn.into(),
            kind: Some(Kind::Direct),
            location,
            connections: vec![ask.clone(), ask],
            ..PeeringDraft::default()
        };
        let id = self.new_peering_draft(actor, draft.clone()).await?;
        self.save_peering_draft(actor, &id, draft, Keys::Typed { keys: vec![], cleared: vec![], removed: None }).await?;
        Ok(self.submit_peering(actor, &id).await?.id)
    }

    /// Approves both connections, gives them addresses of the pool and brings them to Active.
    async fn demo_provision(&self, actor: &Actor, operator: &Actor, id: &str, links: &mut u32, held: &Clock) -> Result<(), Error> {
        let pools: Vec<String> = link_pools().iter().map(|pool| pool.network().to_string()).collect();
        for connection in [1, 2] {
            let request = StepRequest { connection, note: String::new() };
            self.act(operator, id, Verb::Approve, &request).await?;
            let v4 = pools[0].rsplit_once('.').map_or("", |(head, _)| head);
            let (v4, v6) = (format!("{v4}.{}/31", *links * 2), format!("{}{:x}/127", pools[1], *links * 2));
            *links += 1;
            self.assign_addresses(operator, id, connection, &v4, &v6).await?;
            held.set(held.now().plus_secs(3600));
            self.act(actor, id, Verb::ReportConfigured, &request).await?;
            for _ in 0..4 {
                held.set(held.now().plus_secs(self.settings.step_pause_s.max(1) * 60));
                self.run_due_jobs().await?;
            }
        }
        Ok(())
    }

    /// Has the customer's prefixes judged as they were announced: all is well at first, then one
    /// loses its community at one location.
    pub(super) async fn demo_verdicts(&self, held: &Clock, now: Timestamp) -> Result<(), Error> {
        for (ago_s, all_well) in [(9 * 86_400, true), (2 * 3600, false)] {
            held.set(now.plus_secs(-ago_s));
            self.demo_announce(all_well).await?;
            self.listen_to_routers().await?;
            self.watch_prefixes().await?;
        }
        Ok(())
    }

    /// Has the peers of the demo's routers, which are in memory, announce again what they announced.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn rehearse_demo(&self) -> Result<(), Error> {
        self.demo_announce(false).await
    }

    async fn demo_announce(&self, all_well: bool) -> Result<(), Error> {
        let routers = self.store.routers().await?;
        let registered = self.store.registrations(None).await?;
        for ((id, number), router) in self.store.placements().await? {
            let Some(router) = routers.iter().find(|it| it.id == router) else { continue };
            let Some(peering) = self.store.peering(&id).await?.map(|found| found.body) else { continue };
            let own: Vec<&RegisteredPrefix> = registered.iter().map(|(it, _)| it).filter(|it| is_of(it, &peering)).collect();
            let Some(connection) = peering.connection(number) else { continue };
            let under = own.iter().any(|it| it.peering == peering.id);
            for address in connection.spec.endpoint.peer_addresses() {
                let routes = own.iter().filter(|it| it.prefix.is_ipv4() == address.is_ipv4()).map(|it| Route {
                    prefix: it.prefix,
                    next_hop: Some(address),
                    path: path(peering.asn, it.origin),
                    communities: tags(self.service_community(), all_well || under || it.prefix.to_string() != UNTAGGED),
                    large: BTreeSet::new(),
                    local_pref: None,
                });
                let family = if address.is_ipv4() { "v4" } else { "v6" };
                let symbol = format!("{}_{number}_{family}", id.to_lowercase().replace('-', "_"));
                self.fleet.engine(router).announce(&symbol, routes.collect());
            }
        }
        Ok(())
    }
}

/// Whether a provider announces a registered prefix on a peering: on all of its Direct ones.
fn is_of(it: &RegisteredPrefix, peering: &Peering) -> bool {
    let provides = PROVIDERS.iter().any(|(asn, _)| *asn == peering.asn.to_string());
    peering.kind == Kind::Direct && provides && it.organisation == peering.organisation
}

fn path(provider: Asn, origin: Asn) -> Vec<Hop> {
    let mut path = vec![Hop::Asn(provider)];
    path.extend((origin != provider).then_some(Hop::Asn(origin)));
    path
}

fn tags(community: Community, tagged: bool) -> BTreeSet<(u16, u16)> {
    match community {
        Community::Standard(a, b) if tagged => [(a, b)].into(),
        _ => BTreeSet::new(),
    }
}
