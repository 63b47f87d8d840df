//! The directory: imported PeeringDB objects, the operator's locations, and who is there.
//!
//! Rows live in the database; searching happens in a snapshot of them in memory,
//! which is built anew when the stored version changes.

mod import;
mod search;

pub use import::Imported;

use crate::providers::{Provider, Providers};
use crate::{Actor, Error, Service};
use peerage_domain::{
    Asn, Prefix,
    access::Action,
    catalogue::{Location, Partner, PartnerKind, PartnerLocation},
    peering::Kind,
    place::Point,
    policy::{OnRecord, Presence, Profile},
    say,
    session::Site,
};
use peerage_feeds::peeringdb::{Net, Netfac, Netixlan, Object};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

/// Rows of a list.
pub const PAGE: u32 = 25;
const VERSION: &str = "directory";

/// A snapshot of the directory.
#[derive(Default)]
pub struct Directory {
    version: String,
    nets: HashMap<u32, Net>,
    lans: HashMap<u32, Vec<Prefix>>,
    at_fac: HashMap<u32, Vec<Netfac>>,
    at_ix: HashMap<u32, Vec<Netixlan>>,
    locations: Vec<Location>,
    partners: Vec<Partner>,
}

/// The current snapshot.
#[derive(Clone, Default)]
pub(crate) struct Cache(Arc<RwLock<Arc<Directory>>>);

impl Service {
    /// The directory as it is stored now.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn directory(&self) -> Result<Arc<Directory>, Error> {
        let version = self.store.meta(VERSION).await?.unwrap_or_default();
        let current = self.directory.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if current.version == version {
            return Ok(current);
        }
        let fresh = Arc::new(self.load(version).await?);
        *self.directory.0.write().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        Ok(fresh)
    }

    async fn load(&self, version: String) -> Result<Directory, Error> {
        let mut directory = Directory { version, ..Directory::default() };
        let mut lan_to_ix: HashMap<u32, u32> = HashMap::new();
        let mut prefixes = vec![];
        for (kind, body) in self.store.all_objects().await? {
            let object: Object =
                serde_json::from_str(&body).map_err(|error| Error::Fault(format!("stored directory row of kind {kind}: {error}")))?;
            match object {
                Object::Net(net) => drop(directory.nets.insert(net.id, net)),
                // What counts of these is in the locations that were derived from them.
                Object::Fac(_) | Object::Ix(_) => {}
                Object::Ixlan(lan) => drop(lan_to_ix.insert(lan.id, lan.ix_id)),
                Object::Ixpfx(pfx) => prefixes.push(pfx),
                Object::Netfac(row) => directory.at_fac.entry(row.fac_id).or_default().push(row),
                Object::Netixlan(row) => directory.at_ix.entry(row.ix_id).or_default().push(row),
            }
        }
        // A port names both its exchange and its LAN: that joins LANs to exchanges
        // even where the ixlan objects were not imported.
        for port in directory.at_ix.values().flatten() {
            lan_to_ix.entry(port.ixlan_id).or_insert(port.ix_id);
        }
        for pfx in prefixes {
            let ix = lan_to_ix.get(&pfx.ixlan_id).copied().unwrap_or(pfx.ixlan_id);
            directory.lans.entry(ix).or_default().push(pfx.prefix);
        }
        let stored = self.store.locations::<Location>().await?;
        directory.locations = stored.into_iter().map(|(_, _, location)| location).collect();
        directory.locations.sort_by(|a, b| a.city.cmp(&b.city).then(a.name.cmp(&b.name)));
        directory.partners = directory.find_partners(self.settings.operator_asn, &self.settings.cloud_interconnect);
        directory.count_partners();
        Ok(directory)
    }

    /// Changes what the operator may change of a location.
    ///
    /// # Errors
    /// When the actor may not, the location is unknown, or storage fails.
    pub async fn edit_location(&self, actor: &Actor, id: &str, published: bool, offers_mbps: Vec<u32>, note: &str) -> Result<(), Error> {
        actor.may(Action::EditDirectory)?;
        if note.chars().count() > 200 || note.chars().any(char::is_control) {
            return Err(Error::Refused(say!("location.note", "The note has at most 200 printable characters.")));
        }
        if offers_mbps.iter().any(|&mbps| mbps == 0 || mbps > peerage_domain::session::BANDWIDTH_MAX_MBPS) {
            return Err(Error::Refused(say!("location.offers", "Bandwidth offers are in Mb/s, such as 10000, 100000.")));
        }
        let offers_mbps = BTreeSet::from_iter(offers_mbps).into_iter().collect();
        let mut tx = self.store.begin().await?;
        let all = tx.locations::<Location>().await?;
        let found = all.into_iter().find(|(found, ..)| found == id);
        let (_, origin, old) = found.ok_or_else(|| Error::NotFound("location", id.to_string()))?;
        let location = Location { published, offers_mbps, note: note.trim().into(), ..old };
        tx.put_location(id, &origin, &location).await?;
        self.new_version(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Directory {
    fn find_partners(&self, operator: Asn, cloud: &[Asn]) -> Vec<Partner> {
        let by_asn: HashMap<Asn, &Net> = self.nets.values().map(|net| (net.asn, net)).collect();
        let mut partners: BTreeMap<String, Partner> = BTreeMap::new();
        for location in self.locations.iter().filter(|l| l.published) {
            let present: BTreeMap<Asn, u32> = match location.kind {
                Kind::Direct => self.at_fac.get(&location.source_id).into_iter().flatten().map(|n| (n.local_asn, 0)).collect(),
                Kind::Exchange => {
                    let mut ports = BTreeMap::new();
                    for port in self.at_ix.get(&location.source_id).into_iter().flatten() {
                        *ports.entry(port.asn).or_insert(0) += port.speed;
                    }
                    ports
                }
            };
            for (asn, port_mbps) in present.into_iter().filter(|(asn, _)| *asn != operator) {
                let Some(net) = by_asn.get(&asn) else { continue };
                let Some(kind) = partner_kind(net, cloud) else { continue };
                let partner = partners.entry(asn.to_string()).or_insert_with(|| Partner {
                    key: asn.to_string(),
                    asn: Some(asn),
                    name: net.name.clone(),
                    kind,
                    policy: net.policy_general.clone(),
                    locations: vec![],
                });
                partner.locations.push(served(location, port_mbps));
            }
            if location.kind == Kind::Exchange {
                let key = format!("ix-{}", location.source_id);
                partners.insert(
                    key.clone(),
                    Partner {
                        key,
                        asn: None,
                        name: location.name.clone(),
                        kind: PartnerKind::Exchange,
                        policy: String::new(),
                        locations: vec![served(location, location.port_mbps)],
                    },
                );
            }
        }
        partners.into_values().collect()
    }

    fn count_partners(&mut self) {
        let mut counts: HashMap<String, u32> = HashMap::new();
        for partner in self.partners.iter().filter(|p| p.kind != PartnerKind::Exchange) {
            for location in &partner.locations {
                *counts.entry(location.id.clone()).or_default() += 1;
            }
        }
        for location in &mut self.locations {
            location.partners = counts.get(&location.id).copied().unwrap_or(0);
        }
    }

    /// A location of the operator, published or not.
    pub fn location(&self, id: &str) -> Option<&Location> {
        self.locations.iter().find(|l| l.id == id)
    }

    /// Every location, published or not.
    pub fn all_locations(&self) -> &[Location] {
        &self.locations
    }

    /// A partner by its key.
    pub fn partner(&self, key: &str) -> Option<&Partner> {
        self.partners.iter().find(|p| p.key == key)
    }

    /// Everybody who provides the service, the nearest one first; of each the locations at which it
    /// does, by distance.
    pub fn providers(&self, from: Point, serving: &Providers) -> Vec<Partner> {
        let mut found: Vec<Partner> = serving.iter().map(|(asn, provider)| self.provider(*asn, provider)).collect();
        for partner in &mut found {
            self.sort_by_distance(partner, from);
        }
        found.retain(|partner| !partner.locations.is_empty());
        let nearest = |p: &Partner| p.locations.first().and_then(|l| l.distance_km).unwrap_or(f64::MAX);
        found.sort_by(|a, b| nearest(a).total_cmp(&nearest(b)).then(a.name.cmp(&b.name)));
        found
    }

    /// A provider with the locations at which it provides the service, whether PeeringDB lists it
    /// there or not.
    pub fn provider(&self, asn: Asn, provider: &Provider) -> Partner {
        let known = self.partners.iter().find(|p| p.asn == Some(asn));
        let port = |id: &str| known.and_then(|p| p.locations.iter().find(|l| l.id == id)).map_or(0, |l| l.port_mbps);
        let at = provider.locations.iter().filter_map(|id| self.location(id)).map(|l| served(l, port(&l.id)));
        Partner {
            key: asn.to_string(),
            asn: Some(asn),
            name: known.map_or_else(|| provider.name.clone(), |p| p.name.clone()),
            kind: known.map_or(PartnerKind::Isp, |p| p.kind),
            policy: known.map(|p| p.policy.clone()).unwrap_or_default(),
            locations: at.collect(),
        }
    }

    fn sort_by_distance(&self, partner: &mut Partner, from: Point) {
        for served in &mut partner.locations {
            let point = self.location(&served.id).and_then(|l| l.point);
            served.distance_km = point.map(|point| from.distance_km(point));
        }
        let key = |l: &PartnerLocation| l.distance_km.unwrap_or(f64::MAX);
        partner.locations.sort_by(|a, b| key(a).total_cmp(&key(b)).then(a.name.cmp(&b.name)));
    }

    /// Countries and cities of the published locations, for the filters.
    pub fn facets(&self) -> (Vec<(String, String)>, Vec<String>) {
        let published = || self.locations.iter().filter(|l| l.published);
        let countries: BTreeSet<(String, String)> = published().map(|l| (country_name(&l.country), l.country.clone())).collect();
        let cities: BTreeSet<String> = published().map(|l| l.city.clone()).collect();
        (countries.into_iter().map(|(name, code)| (code, name)).collect(), cities.into_iter().collect())
    }

    /// The prefixes of an exchange's LAN.
    pub fn lan(&self, location: &Location) -> Vec<Prefix> {
        match location.kind {
            Kind::Direct => vec![],
            Kind::Exchange => self.lans.get(&location.source_id).cloned().unwrap_or_default(),
        }
    }

    /// A network's ports at an exchange.
    pub fn ports(&self, location: &Location, asn: Asn) -> Vec<&Netixlan> {
        self.at_ix.get(&location.source_id).into_iter().flatten().filter(|n| n.asn == asn).collect()
    }

    /// The network that PeeringDB lists with an address at an exchange.
    pub fn owner_of(&self, location: &Location, address: std::net::IpAddr) -> Option<Asn> {
        let all = self.at_ix.get(&location.source_id).into_iter().flatten();
        let of = |n: &&Netixlan| {
            n.ipaddr4.map(std::net::IpAddr::from) == Some(address) || n.ipaddr6.map(std::net::IpAddr::from) == Some(address)
        };
        all.filter(|_| location.kind == Kind::Exchange).find(of).map(|n| n.asn)
    }

    /// The network's profile.
    pub fn net(&self, asn: Asn) -> Option<&Net> {
        self.nets.values().find(|net| net.asn == asn)
    }

    /// What is known of a location for the rules of a session; nothing when it is unknown.
    pub fn site(&self, id: &str) -> Site {
        let Some(location) = self.location(id) else { return Site::default() };
        // Only Direct links are compared with all of them.
        let all_lans = if location.kind == Kind::Direct { self.lans.values().flatten().copied().collect() } else { vec![] };
        let (lan, operator) = (self.lan(location), location.addresses.clone());
        Site { lan, operator, taken: vec![], offers_mbps: location.offers_mbps.clone(), all_lans, own: vec![] }
    }

    /// What the directory has on record of a network at a location.
    pub fn on_record(&self, asn: Asn, location: Option<&Location>) -> OnRecord {
        let profile = self.net(asn).map(|net| Profile {
            name: net.name.clone(),
            info_type: net.info_type.clone(),
            as_set: net.irr_as_set.clone(),
            prefixes: (net.info_prefixes4, net.info_prefixes6),
            policy: net.policy_general.clone(),
        });
        let Some(location) = location else { return OnRecord { profile, ..OnRecord::default() } };
        let presence = match location.kind {
            Kind::Exchange => self
                .ports(location, asn)
                .iter()
                .map(|n| Presence {
                    addresses: n.ipaddr4.map(Into::into).into_iter().chain(n.ipaddr6.map(Into::into)).collect(),
                    speed_mbps: n.speed,
                })
                .collect(),
            Kind::Direct => {
                let rows = self.at_fac.get(&location.source_id).into_iter().flatten();
                rows.filter(|n| n.local_asn == asn).map(|_| Presence::default()).collect()
            }
        };
        let location_listed = match location.kind {
            Kind::Exchange => self.at_ix.get(&location.source_id).is_some_and(|all| all.len() > 1),
            Kind::Direct => self.at_fac.get(&location.source_id).is_some_and(|all| all.len() > 1),
        };
        OnRecord { profile, presence, location_listed }
    }
}

fn served(location: &Location, port_mbps: u32) -> PartnerLocation {
    PartnerLocation {
        id: location.id.clone(),
        kind: location.kind,
        name: location.name.clone(),
        city: location.city.clone(),
        country: location.country.clone(),
        distance_km: None,
        port_mbps,
    }
}

fn partner_kind(net: &Net, cloud: &[Asn]) -> Option<PartnerKind> {
    if cloud.contains(&net.asn) {
        return Some(PartnerKind::CloudInterconnect);
    }
    matches!(net.info_type.as_str(), "NSP" | "Cable/DSL/ISP").then_some(PartnerKind::Isp)
}

/// The English name of a country; its code when it is not known.
pub fn country_name(code: &str) -> String {
    peerage_domain::place::country(code).map_or_else(|| code.to_owned(), |place| place.name)
}
