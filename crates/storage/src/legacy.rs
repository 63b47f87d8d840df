//! Sessions from before the portal, and the customers of route servers.

use crate::{
    asns::Versioned,
    engine::{Error, Page, Row, Store, Tx, json, params},
};
use peerage_domain::{Asn, Timestamp, legacy::LegacySessions, peering::Peering};

/// A customer of an organisation's route servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredAsn {
    /// Its ASN.
    pub asn: Asn,
    /// What the partner calls it.
    pub name: String,
    /// When it was registered.
    pub added: Timestamp,
}

impl Tx {
    /// Stores sessions from before the portal. Those that are on record for the same network
    /// and location are replaced.
    pub async fn save_legacy(&mut self, it: &LegacySessions) -> Result<(), Error> {
        let sql = "INSERT INTO legacy (id, location, asn, peering, body) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (location, asn) DO UPDATE SET peering = excluded.peering, body = excluded.body";
        let values = params![it.id.as_str(), it.location.as_str(), i64::from(it.asn.0), it.peering.clone(), json(it)?];
        self.run(sql, values).await.map(|_| ())
    }

    /// Forgets sessions from before the portal; tells whether there were any.
    pub async fn delete_legacy(&mut self, id: &str) -> Result<bool, Error> {
        Ok(self.run("DELETE FROM legacy WHERE id = $1", params![id]).await? > 0)
    }

    /// All of them, by number.
    pub async fn legacies(&mut self) -> Result<Vec<LegacySessions>, Error> {
        self.fetch("legacy", LEGACY, &[]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// Registers a customer of an organisation; false when it is registered already.
    pub async fn register_asn(&mut self, organisation: &str, asn: Asn, name: &str, now: Timestamp) -> Result<bool, Error> {
        let sql = "INSERT INTO registered_asn (organisation, asn, name, added) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        Ok(self.run(sql, params![organisation, i64::from(asn.0), name, now.millis()]).await? > 0)
    }

    /// What a registered customer is called; nothing when it is not registered.
    pub async fn registered_asn(&mut self, organisation: &str, asn: Asn) -> Result<Option<String>, Error> {
        let sql = "SELECT name FROM registered_asn WHERE organisation = $1 AND asn = $2";
        let rows = self.fetch("registered_asn", sql, params![organisation, i64::from(asn.0)]).await?;
        rows.first().map(|row| row.text(0, "name")).transpose()
    }

    /// Takes a customer off; false when it was not registered.
    pub async fn unregister_asn(&mut self, organisation: &str, asn: Asn) -> Result<bool, Error> {
        let sql = "DELETE FROM registered_asn WHERE organisation = $1 AND asn = $2";
        Ok(self.run(sql, params![organisation, i64::from(asn.0)]).await? > 0)
    }

    /// Every peering of an organisation.
    pub async fn peerings_of(&mut self, organisation: &str) -> Result<Vec<Versioned<Peering>>, Error> {
        self.fetch("peering", PEERINGS, params![organisation]).await?.iter().map(peering).collect()
    }

    /// The ASNs of all of an organisation's registered customers.
    pub async fn customers_of(&mut self, organisation: &str) -> Result<Vec<Asn>, Error> {
        self.fetch("registered_asn", CUSTOMERS, params![organisation]).await?.iter().map(customer).collect()
    }
}

const LEGACY: &str = "SELECT id, body FROM legacy ORDER BY LENGTH(id), id";

const CUSTOMERS: &str = "SELECT asn FROM registered_asn WHERE organisation = $1 ORDER BY asn";
const PEERINGS: &str = "SELECT id, body, version FROM peering WHERE organisation = $1 ORDER BY id";

fn peering(row: &Row) -> Result<Versioned<Peering>, Error> {
    Ok(Versioned { body: row.json(1, "body")?, version: row.int(2, "version")? })
}

fn customer(row: &Row) -> Result<Asn, Error> {
    Ok(Asn(u32::try_from(row.int(0, "asn")?).unwrap_or(0)))
}

fn registered(row: &Row) -> Result<RegisteredAsn, Error> {
    Ok(RegisteredAsn { asn: customer(row)?, name: row.text(1, "name")?, added: row.time(2, "added")? })
}

impl Store {
    /// All sessions from before the portal, by number.
    pub async fn legacies(&self) -> Result<Vec<LegacySessions>, Error> {
        self.fetch("legacy", LEGACY, &[]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// A part of an organisation's registered customers, by ASN, and how many there are.
    /// `search` is a part of the name or the number.
    pub async fn registered_asns(&self, organisation: &str, search: &str, page: &Page) -> Result<(Vec<RegisteredAsn>, i64), Error> {
        let wheres = "organisation = $1 AND (LOWER(name) LIKE $2 ESCAPE '\\' OR CAST(asn AS TEXT) LIKE $2 ESCAPE '\\')";
        let like = crate::connections::like(search);
        let sql = format!("SELECT COUNT(*) FROM registered_asn WHERE {wheres}");
        let count = self.fetch("registered_asn", &sql, params![organisation, like.clone()]).await?;
        let total = count.first().map_or(Ok(0), |row| row.int(0, "count"))?;
        let sql = format!("SELECT asn, name, added FROM registered_asn WHERE {wheres} ORDER BY asn LIMIT $3 OFFSET $4");
        let rows = self.fetch("registered_asn", &sql, params![organisation, like, i64::from(page.limit), i64::from(page.offset)]).await?;
        Ok((rows.iter().map(registered).collect::<Result<_, _>>()?, total))
    }

    /// The ASNs of all of an organisation's registered customers.
    pub async fn customers_of(&self, organisation: &str) -> Result<Vec<Asn>, Error> {
        self.fetch("registered_asn", CUSTOMERS, params![organisation]).await?.iter().map(customer).collect()
    }

    /// Every registered customer with the organisation that registered it.
    pub async fn all_registered_asns(&self) -> Result<Vec<(String, Asn)>, Error> {
        let rows = self.fetch("registered_asn", "SELECT asn, organisation FROM registered_asn", &[]).await?;
        rows.iter().map(|row| Ok((row.text(1, "organisation")?, customer(row)?))).collect()
    }

    /// Every peering of an organisation.
    pub async fn peerings_of(&self, organisation: &str) -> Result<Vec<Versioned<Peering>>, Error> {
        self.fetch("peering", PEERINGS, params![organisation]).await?.iter().map(peering).collect()
    }
}
