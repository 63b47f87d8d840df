//! The operator's routers, which connection runs on which, and what was last seen of it.

use crate::engine::{Error, Row, Store, Tx, json, params};
use peerage_domain::{Timestamp, router::Router};
use serde::{Serialize, de::DeserializeOwned};

impl Tx {
    /// Stores a router, new or changed.
    pub async fn save_router(&mut self, router: &Router) -> Result<(), Error> {
        let sql = "INSERT INTO router (id, name, location, body) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (id) DO UPDATE SET name = excluded.name, location = excluded.location, body = excluded.body";
        self.run(sql, params![router.id.as_str(), router.name.as_str(), router.location.as_str(), json(router)?]).await.map(|_| ())
    }

    /// Forgets which connections ran on a router.
    pub async fn delete_placements(&mut self, router: &str) -> Result<(), Error> {
        self.run("DELETE FROM placement WHERE router = $1", params![router]).await.map(|_| ())
    }

    /// Forgets a router.
    pub async fn delete_router(&mut self, id: &str) -> Result<(), Error> {
        self.run("DELETE FROM router WHERE id = $1", params![id]).await.map(|_| ())
    }

    /// Every router.
    pub async fn routers(&mut self) -> Result<Vec<Router>, Error> {
        self.fetch("router", ROUTERS, &[]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// Which connections run on a router: peering and number.
    pub async fn placed_on(&mut self, router: &str) -> Result<Vec<(String, u16)>, Error> {
        self.fetch("placement", PLACED, params![router]).await?.iter().map(placed).collect()
    }

    /// Puts a connection on a router.
    pub async fn place(&mut self, peering: &str, connection: u16, router: &str) -> Result<(), Error> {
        let sql = "INSERT INTO placement (peering, connection, router) VALUES ($1, $2, $3) \
                   ON CONFLICT (peering, connection) DO UPDATE SET router = excluded.router";
        self.run(sql, params![peering, i64::from(connection), router]).await.map(|_| ())
    }

    /// Keeps what was seen last of a subject, such as `PR-88/1`.
    pub async fn save_evidence<T: Serialize>(&mut self, subject: &str, at: Timestamp, body: &T) -> Result<(), Error> {
        let sql = "INSERT INTO evidence (subject, at, body) VALUES ($1, $2, $3) \
                   ON CONFLICT (subject) DO UPDATE SET at = excluded.at, body = excluded.body";
        self.run(sql, params![subject, at.millis(), json(body)?]).await.map(|_| ())
    }

    /// Adds a line to the log of a subject; a line that says the same as the last one takes
    /// its place, and only the last [`LOG_LINES`] stay.
    pub async fn add_log<T: Serialize>(&mut self, subject: &str, at: Timestamp, body: &T) -> Result<(), Error> {
        let body = json(body)?;
        let sql = "SELECT line, body FROM edge_log WHERE subject = $1 ORDER BY line DESC LIMIT 1";
        let last = self.fetch("edge_log", sql, params![subject]).await?;
        let (line, same) = match last.first() {
            Some(row) => (row.int(0, "line")?, row.text(1, "body")? == body),
            None => (0, false),
        };
        let line = if same { line } else { line + 1 };
        let sql = "INSERT INTO edge_log (subject, at, line, body) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (subject, line) DO UPDATE SET at = excluded.at";
        self.run(sql, params![subject, at.millis(), line, body]).await?;
        self.run("DELETE FROM edge_log WHERE subject = $1 AND line <= $2", params![subject, line - LOG_LINES]).await.map(|_| ())
    }
}

/// How many lines of a log are kept.
pub const LOG_LINES: i64 = 100;

const ROUTERS: &str = "SELECT id, body FROM router ORDER BY LENGTH(id), id";
const PLACED: &str = "SELECT peering, connection FROM placement WHERE router = $1 ORDER BY LENGTH(peering), peering, connection";

fn placed(row: &Row) -> Result<(String, u16), Error> {
    Ok((row.text(0, "peering")?, u16::try_from(row.int(1, "connection")?).unwrap_or(0)))
}

impl Store {
    /// Every router.
    pub async fn routers(&self) -> Result<Vec<Router>, Error> {
        self.fetch("router", ROUTERS, &[]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// Which connections run on a router: peering and number.
    pub async fn placed_on(&self, router: &str) -> Result<Vec<(String, u16)>, Error> {
        self.fetch("placement", PLACED, params![router]).await?.iter().map(placed).collect()
    }

    /// Which connection runs on which router: peering and number, id of the router.
    pub async fn placements(&self) -> Result<Vec<((String, u16), String)>, Error> {
        let rows = self.fetch("placement", "SELECT peering, connection, router FROM placement", &[]).await?;
        rows.iter().map(|row| Ok((placed(row)?, row.text(2, "router")?))).collect()
    }

    /// The id of the router on which a connection runs.
    pub async fn placement(&self, peering: &str, connection: u16) -> Result<Option<String>, Error> {
        let sql = "SELECT router FROM placement WHERE peering = $1 AND connection = $2";
        self.fetch("placement", sql, params![peering, i64::from(connection)]).await?.first().map(|row| row.text(0, "router")).transpose()
    }

    /// The log of a subject, last line first.
    pub async fn log<T: DeserializeOwned>(&self, subject: &str) -> Result<Vec<(Timestamp, T)>, Error> {
        let sql = "SELECT at, body FROM edge_log WHERE subject = $1 ORDER BY line DESC";
        let rows = self.fetch("edge_log", sql, params![subject]).await?;
        rows.iter().map(|row| Ok((row.time(0, "at")?, row.json(1, "body")?))).collect()
    }

    /// What was seen last of a subject, and when.
    pub async fn evidence<T: DeserializeOwned>(&self, subject: &str) -> Result<Option<(Timestamp, T)>, Error> {
        let rows = self.fetch("evidence", "SELECT subject, at, body FROM evidence WHERE subject = $1", params![subject]).await?;
        rows.first().map(|row| Ok((row.time(1, "at")?, row.json(2, "body")?))).transpose()
    }
}
