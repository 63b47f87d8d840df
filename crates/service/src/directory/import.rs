//! Importing PeeringDB's objects, and deriving the operator's locations from them.

use super::VERSION;
use crate::{Actor, Error, Service};
use peerage_domain::{Asn, access::Action, catalogue::Location, peering::Kind, place::Point};
use peerage_feeds::peeringdb::{self, Dump, Fac, Ix, Object, ObjectKind};
use std::collections::{BTreeMap, HashMap};

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

impl Service {
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
        // Another operator's ASN makes other locations of the same rows.
        self.derive_locations(&mut tx).await?;
        self.new_version(&mut tx).await?;
        tx.commit().await?;
        Ok(report)
    }

    pub(super) async fn new_version(&self, tx: &mut peerage_storage::Tx) -> Result<(), Error> {
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
