//! Associations of ASNs, and the history of everything.

use crate::engine::{Error, Row, Store, Tx, json, params};
use peerage_domain::{Timestamp, peer_asn::PeerAsn};
use serde::{Serialize, de::DeserializeOwned};

/// A row with the version that a change must name.
#[derive(Clone, Debug, PartialEq)]
pub struct Versioned<T> {
    /// The thing.
    pub body: T,
    /// How often it changed.
    pub version: i64,
}

/// One entry of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<T> {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub author: String,
    /// What.
    pub body: T,
}

impl Tx {
    /// Appends to the history of `stream`, such as `PR-88`.
    #[allow(missing_docs)]
    pub async fn record<T: Serialize>(&mut self, stream: &str, at: Timestamp, author: &str, event: &T) -> Result<(), Error> {
        let sql = "INSERT INTO event (stream, version, at, author, body) \
                   SELECT CAST($1 AS TEXT), COALESCE(MAX(version), 0) + 1, CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT) \
                   FROM event WHERE stream = $1";
        self.run(sql, params![stream, at.millis(), author, json(event)?]).await.map(|_| ())
    }

    /// Stores an association; `version` is the one that was read, 0 for a new one.
    pub async fn save_asn(&mut self, it: &PeerAsn, version: i64, now: Timestamp) -> Result<(), Error> {
        let since = it.state.since().unwrap_or(now).millis();
        let changed = if version == 0 {
            let sql = "INSERT INTO peer_asn (id, organisation, asn, state, since, version, body) VALUES ($1, $2, $3, $4, $5, 1, $6)";
            self.run(sql, params![it.id.as_str(), it.organisation.as_str(), i64::from(it.asn.0), it.state.name(), since, json(it)?]).await?
        } else {
            let sql = "UPDATE peer_asn SET state = $3, since = $4, body = $5, version = version + 1 WHERE id = $1 AND version = $2";
            self.run(sql, params![it.id.as_str(), version, it.state.name(), since, json(it)?]).await?
        };
        if changed == 0 { Err(Error::Conflict(it.id.clone())) } else { Ok(()) }
    }

    /// The association with this id.
    pub async fn asn(&mut self, id: &str) -> Result<Option<Versioned<PeerAsn>>, Error> {
        let rows = self.fetch("peer_asn", &format!("{ASN} WHERE id = $1"), params![id]).await?;
        rows.first().map(asn_row).transpose()
    }

    /// The association of this number.
    pub async fn asn_of(&mut self, asn: u32) -> Result<Option<Versioned<PeerAsn>>, Error> {
        let rows = self.fetch("peer_asn", &format!("{ASN} WHERE asn = $1"), params![i64::from(asn)]).await?;
        rows.first().map(asn_row).transpose()
    }
}

const ASN: &str = "SELECT id, body, version FROM peer_asn";

fn asn_row(row: &Row) -> Result<Versioned<PeerAsn>, Error> {
    Ok(Versioned { body: row.json(1, "body")?, version: row.int(2, "version")? })
}

impl Store {
    /// The history of a stream, oldest first.
    pub async fn history<T: DeserializeOwned>(&self, stream: &str) -> Result<Vec<Event<T>>, Error> {
        let sql = "SELECT stream, at, author, body FROM event WHERE stream = $1 ORDER BY version";
        let rows = self.fetch("event", sql, params![stream]).await?;
        rows.iter().map(|row| Ok(Event { at: row.time(1, "at")?, author: row.text(2, "author")?, body: row.json(3, "body")? })).collect()
    }

    /// The association with this id.
    pub async fn asn(&self, id: &str) -> Result<Option<Versioned<PeerAsn>>, Error> {
        let rows = self.fetch("peer_asn", &format!("{ASN} WHERE id = $1"), params![id]).await?;
        rows.first().map(asn_row).transpose()
    }

    /// Every association of an organisation, by number.
    pub async fn asns_of(&self, organisation: &str) -> Result<Vec<PeerAsn>, Error> {
        let sql = format!("{ASN} WHERE organisation = $1 ORDER BY asn");
        let rows = self.fetch("peer_asn", &sql, params![organisation]).await?;
        rows.iter().map(|row| asn_row(row).map(|v| v.body)).collect()
    }

    /// Every association, longest waiting first.
    pub async fn asns(&self) -> Result<Vec<PeerAsn>, Error> {
        let rows = self.fetch("peer_asn", &format!("{ASN} ORDER BY since, id"), &[]).await?;
        rows.iter().map(|row| asn_row(row).map(|v| v.body)).collect()
    }
}
