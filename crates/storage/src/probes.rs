//! Probes, what they measure because somebody named it, and the paths that somebody asked for.

use crate::engine::{Error, Row, Store, Tx, json, params};
use peerage_domain::{
    Timestamp,
    probe::{NamedTarget, Probe, Trace},
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A path that somebody asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AskedTrace {
    /// Such as `TR-3`.
    pub id: String,
    /// The probe that looks for it.
    pub probe: String,
    /// Whose target it leads to.
    pub organisation: String,
    /// What the target is called.
    pub name: String,
    /// Where to.
    pub address: IpAddr,
    /// When it was asked for.
    pub asked: Timestamp,
    /// What was found; nothing yet while it is looked for.
    pub found: Option<Trace>,
}

const PROBES: &str = "SELECT id, body FROM probe";
const TARGETS: &str = "SELECT id, body FROM probe_target";
const TRACES: &str = "SELECT id, body FROM probe_trace";

fn probe(row: &Row) -> Result<Probe, Error> {
    row.json(1, "body")
}

impl Tx {
    /// Adds a probe, or takes over what changed of it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn save_probe(&mut self, it: &Probe) -> Result<(), Error> {
        let sql = "INSERT INTO probe (id, organisation, name, secret, expires, body) VALUES ($1, $2, $3, $1, 0, $4) \
                   ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body";
        self.run(sql, params![it.id.as_str(), it.organisation.as_str(), it.name.as_str(), json(it)?]).await.map(|_| ())
    }

    /// By what a probe's agent is known from now on: the hash of a code that is good until a moment, or
    /// of a token that is good for ever.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_probe_secret(&mut self, id: &str, hash: &str, expires: Option<Timestamp>) -> Result<(), Error> {
        let sql = "UPDATE probe SET secret = $2, expires = $3 WHERE id = $1";
        self.run(sql, params![id, hash, expires.map_or(0, Timestamp::millis)]).await.map(|_| ())
    }

    /// The probe that is known by this hash: of a token, or of a code that is still good.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn probe_by(&mut self, hash: &str, is_code: bool, now: Timestamp) -> Result<Option<Probe>, Error> {
        let good = if is_code { "expires > $2" } else { "expires = 0 AND $2 > 0" };
        let sql = format!("{PROBES} WHERE secret = $1 AND {good}");
        self.fetch("probe", &sql, params![hash, now.millis()]).await?.first().map(probe).transpose()
    }

    /// A probe by its id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn probe(&mut self, id: &str) -> Result<Option<Probe>, Error> {
        self.fetch("probe", &format!("{PROBES} WHERE id = $1"), params![id]).await?.first().map(probe).transpose()
    }

    /// Whether the organisation has a probe of this name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_probe_named(&mut self, organisation: &str, name: &str) -> Result<bool, Error> {
        let sql = "SELECT id FROM probe WHERE organisation = $1 AND LOWER(name) = LOWER($2)";
        Ok(!self.fetch("probe", sql, params![organisation, name]).await?.is_empty())
    }

    /// The probes that stand at the site of a connection.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn probes_at(&mut self, connection: &str) -> Result<Vec<Probe>, Error> {
        let all: Result<Vec<Probe>, Error> = self.fetch("probe", PROBES, &[]).await?.iter().map(probe).collect();
        Ok(all?.into_iter().filter(|probe| probe.connection == connection).collect())
    }

    /// Forgets a probe and the paths that it looked for.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn delete_probe(&mut self, id: &str) -> Result<(), Error> {
        self.run("DELETE FROM probe_trace WHERE probe = $1", params![id]).await?;
        self.run("DELETE FROM probe WHERE id = $1", params![id]).await.map(|_| ())
    }

    /// Adds a target.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn add_target(&mut self, it: &NamedTarget) -> Result<(), Error> {
        let sql = "INSERT INTO probe_target (id, organisation, subject, body) VALUES ($1, $2, $3, $4)";
        self.run(sql, params![it.id.as_str(), it.organisation.as_str(), it.subject.as_str(), json(it)?]).await.map(|_| ())
    }

    /// Every target that somebody named.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn targets(&mut self) -> Result<Vec<NamedTarget>, Error> {
        self.fetch("probe_target", TARGETS, &[]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// Forgets a target; tells whether it was there.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn delete_target(&mut self, id: &str) -> Result<bool, Error> {
        Ok(self.run("DELETE FROM probe_target WHERE id = $1", params![id]).await? > 0)
    }

    /// Forgets what was named for a connection or peering that is gone, and the probes at its site.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn delete_targets_of(&mut self, subject: &str) -> Result<(), Error> {
        self.run("DELETE FROM probe_target WHERE subject = $1", params![subject]).await.map(|_| ())
    }

    /// Keeps a path that is asked for, or what was found.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn save_trace(&mut self, it: &AskedTrace) -> Result<(), Error> {
        let sql = "INSERT INTO probe_trace (id, probe, organisation, at, done, body) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (id) DO UPDATE SET done = excluded.done, body = excluded.body";
        let done = i64::from(it.found.is_some());
        self.run(sql, params![it.id.as_str(), it.probe.as_str(), it.organisation.as_str(), it.asked.millis(), done, json(it)?])
            .await
            .map(|_| ())
    }

    /// A path that was asked for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn trace(&mut self, id: &str) -> Result<Option<AskedTrace>, Error> {
        let rows = self.fetch("probe_trace", &format!("{TRACES} WHERE id = $1"), params![id]).await?;
        rows.first().map(|row| row.json(1, "body")).transpose()
    }

    /// The paths that a probe still has to look for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_traces(&mut self, probe: &str, since: Timestamp) -> Result<Vec<AskedTrace>, Error> {
        let sql = format!("{TRACES} WHERE probe = $1 AND done = 0 AND at >= $2 ORDER BY at");
        self.fetch("probe_trace", &sql, params![probe, since.millis()]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// Forgets paths that were asked for before a moment.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_traces(&mut self, before: Timestamp) -> Result<(), Error> {
        self.run("DELETE FROM probe_trace WHERE at < $1", params![before.millis()]).await.map(|_| ())
    }
}

impl Store {
    /// Every probe, or those of one organisation.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn probes(&self, organisation: Option<&str>) -> Result<Vec<Probe>, Error> {
        let sql = format!("{PROBES} WHERE ($1 = '' OR organisation = $1) ORDER BY LENGTH(id), id");
        self.fetch("probe", &sql, params![organisation.unwrap_or_default()]).await?.iter().map(probe).collect()
    }

    /// Every target that somebody named, or those of one organisation.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn targets(&self, organisation: Option<&str>) -> Result<Vec<NamedTarget>, Error> {
        let sql = format!("{TARGETS} WHERE ($1 = '' OR organisation = $1) ORDER BY LENGTH(id), id");
        self.fetch("probe_target", &sql, params![organisation.unwrap_or_default()]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// The latest paths that were asked for, of one organisation or of all, last first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn traces(&self, organisation: Option<&str>, most: u32) -> Result<Vec<AskedTrace>, Error> {
        let sql = format!("{TRACES} WHERE ($1 = '' OR organisation = $1) ORDER BY at DESC, id DESC LIMIT {most}");
        self.fetch("probe_trace", &sql, params![organisation.unwrap_or_default()]).await?.iter().map(|row| row.json(1, "body")).collect()
    }
}
