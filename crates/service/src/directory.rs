//! The directory: imported PeeringDB objects, the operator's locations, and who is there.
//!
//! Rows live in the database; searching happens in a snapshot of them in memory,
//! which is built anew when the stored version changes.

use crate::{Actor, Error, Service};
use peerage_domain::{
    Asn, Prefix,
    access::Action,
    catalogue::{Location, Paged, Partner, PartnerKind, PartnerLocation, Query},
    peering::Kind,
    place::Point,
    policy::{OnRecord, Presence, Profile},
    say,
    session::Site,
};
use peerage_feeds::peeringdb::{self, Dump, Fac, Ix, Net, Netfac, Netixlan, Object, ObjectKind};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

/// Rows of a list.
pub const PAGE: u32 = 25;
const VERSION: &str = "directory";
/// Bandwidths on offer at a facility until the operator says otherwise, Mb/s.
const OFFERS: [u32; 2] = [10_000, 100_000];

/// What an import did, kind by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Rows that are new.
    pub added: usize,
    /// Rows that are different now.
    pub changed: usize,
    /// Rows that are gone.
    pub removed: usize,
    /// Rows that are as they were.
    pub unchanged: usize,
}

/// A snapshot of the directory.
#[derive(Default)]
pub struct Directory {
    version: String,
    nets: HashMap<u32, Net>,
    facs: HashMap<u32, Fac>,
    ixs: HashMap<u32, Ix>,
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
                Object::Fac(fac) => drop(directory.facs.insert(fac.id, fac)),
                Object::Ix(ix) => drop(directory.ixs.insert(ix.id, ix)),
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

    /// Imports files, for operators; see [`Service::import`].
    ///
    /// # Errors
    /// When the actor may not, a file is wrong, or storage fails.
    pub async fn import_as(&self, actor: &Actor, files: &[(String, Vec<u8>)]) -> Result<BTreeMap<ObjectKind, Imported>, Error> {
        actor.may(Action::EditDirectory)?;
        self.import(files).await
    }

    /// Imports PeeringDB files. The files of one kind together replace what is stored
    /// of that kind; importing the same files again changes nothing. Either every file
    /// is taken over or none. The operator's locations follow.
    ///
    /// # Errors
    /// The first file and row that is wrong, or storage's error.
    pub async fn import(&self, files: &[(String, Vec<u8>)]) -> Result<BTreeMap<ObjectKind, Imported>, Error> {
        let mut wanted: BTreeMap<ObjectKind, BTreeMap<i64, Object>> = BTreeMap::new();
        for (name, content) in files {
            let Dump { kind, objects } = peeringdb::read(name, content)?;
            let rows = wanted.entry(kind).or_default();
            rows.extend(objects.into_iter().map(|o| (i64::from(o.id()), o)));
        }
        let mut report = BTreeMap::new();
        let mut tx = self.store.begin().await?;
        for (kind, objects) in wanted {
            let mut before = tx.objects(kind.word()).await?;
            let mut done = Imported::default();
            for (id, object) in objects {
                let body = serde_json::to_string(&object).map_err(|error| Error::Fault(error.to_string()))?;
                let old = before.remove(&id);
                match &old {
                    None => done.added += 1,
                    Some(old) if *old == body => done.unchanged += 1,
                    Some(_) => done.changed += 1,
                }
                if old.as_deref() != Some(&body) {
                    tx.put_object(kind.word(), id, &body).await?;
                }
            }
            done.removed = before.len();
            for id in before.into_keys() {
                tx.remove_object(kind.word(), id).await?;
            }
            report.insert(kind, done);
        }
        let touched = report.values().any(|r| r.added + r.changed + r.removed > 0);
        if touched {
            self.derive_locations(&mut tx).await?;
            self.new_version(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(report)
    }

    async fn new_version(&self, tx: &mut peerage_storage::Tx) -> Result<(), Error> {
        let version = tx.next_id("directory").await?;
        Ok(tx.set_meta(VERSION, &version).await?)
    }

    /// Makes a location for each facility and exchange at which the operator is listed.
    /// What the operator edited (offers, note, published) stays; a location that is no
    /// longer listed is unpublished, not deleted: peerings may stand there.
    async fn derive_locations(&self, tx: &mut peerage_storage::Tx) -> Result<(), Error> {
        let mut rows: Vec<Object> = vec![];
        for kind in [ObjectKind::Fac, ObjectKind::Ix, ObjectKind::Netfac, ObjectKind::Netixlan] {
            let parsed: Result<Vec<Object>, _> = tx.objects(kind.word()).await?.values().map(|body| serde_json::from_str(body)).collect();
            rows.extend(parsed.map_err(|error| Error::Fault(error.to_string()))?);
        }
        let derived = derive(self.settings.operator_asn, &rows);
        let stored = tx.locations::<Location>().await?;
        let mut by_origin: HashMap<String, Location> = stored.into_iter().map(|(_, origin, location)| (origin, location)).collect();
        for (origin, fresh) in derived {
            let location = match by_origin.remove(&origin) {
                Some(old) => Location { id: old.id, offers_mbps: old.offers_mbps, published: old.published, note: old.note, ..fresh },
                None => Location { id: tx.next_id("LO").await?, ..fresh },
            };
            tx.put_location(&location.id, &origin, &location).await?;
        }
        for (origin, gone) in by_origin {
            let location = Location { published: false, ..gone };
            tx.put_location(&location.id, &origin, &location).await?;
        }
        Ok(())
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

fn derive(operator: Asn, rows: &[Object]) -> BTreeMap<String, Location> {
    let facs: HashMap<u32, &Fac> = rows.iter().filter_map(|o| if let Object::Fac(f) = o { Some((f.id, f)) } else { None }).collect();
    let ixs: HashMap<u32, &Ix> = rows.iter().filter_map(|o| if let Object::Ix(x) = o { Some((x.id, x)) } else { None }).collect();
    let mut found: BTreeMap<String, Location> = BTreeMap::new();
    for row in rows {
        let location = match row {
            Object::Netfac(n) if n.local_asn == operator => facs.get(&n.fac_id).map(|fac| at_facility(fac)),
            Object::Netixlan(n) if n.asn == operator => ixs.get(&n.ix_id).map(|ix| at_exchange(ix, &facs)),
            _ => None,
        };
        let Some(location) = location else { continue };
        let entry = found.entry(location.origin()).or_insert(location);
        if let Object::Netixlan(port) = row {
            entry.addresses.extend(port.ipaddr4.map(std::net::IpAddr::from));
            entry.addresses.extend(port.ipaddr6.map(std::net::IpAddr::from));
            entry.port_mbps += port.speed;
        }
    }
    found
}

fn at_facility(fac: &Fac) -> Location {
    Location {
        id: String::new(),
        kind: Kind::Direct,
        source_id: fac.id,
        name: fac.name.clone(),
        city: fac.city.clone(),
        country: fac.country.clone(),
        point: fac.latitude.zip(fac.longitude).and_then(|(lat, lon)| Point::new(lat, lon)),
        addresses: vec![],
        port_mbps: 0,
        offers_mbps: OFFERS.to_vec(),
        published: true,
        note: String::new(),
        partners: 0,
    }
}

fn at_exchange(ix: &Ix, facs: &HashMap<u32, &Fac>) -> Location {
    // An exchange has no coordinates of its own: a facility in its city stands for it.
    let mut near: Vec<&&Fac> = facs.values().filter(|f| f.country == ix.country && f.city.eq_ignore_ascii_case(&ix.city)).collect();
    near.sort_by_key(|f| f.id);
    let point = near.iter().find_map(|f| f.latitude.zip(f.longitude)).and_then(|(lat, lon)| Point::new(lat, lon));
    Location {
        id: String::new(),
        kind: Kind::Exchange,
        source_id: ix.id,
        name: ix.name.clone(),
        city: ix.city.clone(),
        country: ix.country.clone(),
        point,
        addresses: vec![],
        port_mbps: 0,
        offers_mbps: vec![],
        published: true,
        note: String::new(),
        partners: 0,
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

    /// The partners at a location.
    pub fn partners_at(&self, location: &str) -> Vec<Partner> {
        let here = |p: &&Partner| p.locations.iter().any(|l| l.id == location);
        self.partners.iter().filter(here).cloned().collect()
    }

    /// The networks that can be a customer's provider, by name; nearest location first in each.
    pub fn providers(&self, from: Point) -> Vec<Partner> {
        let mut found: Vec<Partner> = self.partners.iter().filter(|p| p.asn.is_some()).cloned().collect();
        for partner in &mut found {
            self.sort_by_distance(partner, from);
        }
        let nearest = |p: &Partner| p.locations.first().and_then(|l| l.distance_km).unwrap_or(f64::MAX);
        found.sort_by(|a, b| nearest(a).total_cmp(&nearest(b)).then(a.name.cmp(&b.name)));
        found
    }

    fn sort_by_distance(&self, partner: &mut Partner, from: Point) {
        for served in &mut partner.locations {
            let point = self.location(&served.id).and_then(|l| l.point);
            served.distance_km = point.map(|point| from.distance_km(point));
        }
        let key = |l: &PartnerLocation| l.distance_km.unwrap_or(f64::MAX);
        partner.locations.sort_by(|a, b| key(a).total_cmp(&key(b)).then(a.name.cmp(&b.name)));
    }

    /// A part of the operator's locations, published or not, for editing.
    pub fn own_locations(&self, query: &Query) -> Paged<Location> {
        let fits = |l: &&Location| {
            (query.kind.is_empty() || query.kind == l.kind.word()) && query.finds(&[&l.name, &l.city, &country_name(&l.country), &l.id])
        };
        let mut found: Vec<Location> = self.locations.iter().filter(fits).cloned().collect();
        found.sort_by(|a, b| a.city.cmp(&b.city).then(a.name.cmp(&b.name)));
        Paged::of(found, query.offset, PAGE)
    }

    /// Published locations that the query finds.
    pub fn search_locations(&self, query: &Query) -> Paged<Location> {
        let mut found: Vec<Location> = self
            .locations
            .iter()
            .filter(|l| l.published && fits(query, l.kind, &l.country, &l.city))
            .filter(|l| query.finds(&[&l.name, &l.city, &l.country, country_name(&l.country).as_str()]) || self.finds_partner_at(query, l))
            .cloned()
            .collect();
        match query.sort.as_str() {
            "name" => found.sort_by(|a, b| a.name.cmp(&b.name)),
            "country" => found.sort_by(|a, b| a.country.cmp(&b.country).then(a.city.cmp(&b.city))),
            "metro" => found.sort_by(|a, b| a.city.cmp(&b.city)),
            _ => found.sort_by(|a, b| b.partners.cmp(&a.partners).then(a.city.cmp(&b.city))),
        }
        if query.descending {
            found.reverse();
        }
        Paged::of(found, query.offset, PAGE)
    }

    fn finds_partner_at(&self, query: &Query, location: &Location) -> bool {
        let here = self.partners.iter().filter(|p| p.asn.is_some() && p.locations.iter().any(|l| l.id == location.id));
        here.into_iter().any(|p| query.finds(&[&p.name, &p.key]))
    }

    /// Partners that the query finds.
    pub fn search_partners(&self, query: &Query) -> Paged<Partner> {
        let mut found: Vec<Partner> = self
            .partners
            .iter()
            .filter(|p| matches!(query.partner.as_str(), "" | "any") || p.kind.word() == query.partner)
            .filter(|p| p.locations.iter().any(|l| fits(query, l.kind, &l.country, &l.city)))
            .filter(|p| {
                let names: Vec<&str> = p.locations.iter().flat_map(|l| [l.name.as_str(), l.city.as_str()]).collect();
                query.finds(&[&p.name, &p.key, &names.join(" ")])
            })
            .cloned()
            .collect();
        match query.sort.as_str() {
            "name" => found.sort_by_key(|p| p.name.to_lowercase()),
            "asn" => found.sort_by_key(|p| p.asn),
            _ => found.sort_by(|a, b| b.locations.len().cmp(&a.locations.len()).then(a.name.cmp(&b.name))),
        }
        if query.descending {
            found.reverse();
        }
        Paged::of(found, query.offset, PAGE)
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

    /// The network's profile.
    pub fn net(&self, asn: Asn) -> Option<&Net> {
        self.nets.values().find(|net| net.asn == asn)
    }

    /// What is known of a location for the rules of a session; nothing when it is unknown.
    pub fn site(&self, id: &str) -> Site {
        let Some(location) = self.location(id) else { return Site::default() };
        Site { lan: self.lan(location), operator: location.addresses.clone(), taken: vec![], offers_mbps: location.offers_mbps.clone() }
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

fn fits(query: &Query, kind: Kind, country: &str, city: &str) -> bool {
    (query.kind.is_empty() || query.kind == kind.word())
        && (query.country.is_empty() || query.country == country)
        && (query.metro.is_empty() || query.metro.eq_ignore_ascii_case(city))
}

/// The English name of a country; its code when it is not known.
pub fn country_name(code: &str) -> String {
    peerage_domain::place::country(code).map_or_else(|| code.to_owned(), |place| place.name)
}
