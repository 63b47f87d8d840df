//! Imported PeeringDB objects and the operator's locations.

use crate::engine::{Error, Store, Tx, json, params};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

impl Tx {
    /// The stored objects of one kind, by id, as JSON text.
    #[allow(missing_docs)]
    pub async fn objects(&mut self, kind: &str) -> Result<BTreeMap<i64, String>, Error> {
        let sql = "SELECT CAST(id AS BIGINT), body FROM directory_object WHERE kind = $1";
        let rows = self.fetch("directory_object", sql, params![kind]).await?;
        rows.iter().map(|row| Ok((row.int(0, "id")?, row.text(1, "body")?))).collect()
    }

    /// Adds or replaces an object.
    pub async fn put_object(&mut self, kind: &str, id: i64, body: &str) -> Result<(), Error> {
        let sql = "INSERT INTO directory_object (kind, id, body) VALUES ($1, $2, $3) \
                   ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body";
        self.run(sql, params![kind, id, body]).await.map(|_| ())
    }

    /// Removes an object.
    pub async fn remove_object(&mut self, kind: &str, id: i64) -> Result<(), Error> {
        self.run("DELETE FROM directory_object WHERE kind = $1 AND id = $2", params![kind, id]).await.map(|_| ())
    }

    /// Remembers one value under a name.
    pub async fn set_meta(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.run(sql, params![name, value]).await.map(|_| ())
    }

    /// Every location of the operator, as `(id, origin, body)`; `origin` names what it
    /// was derived from, such as `fac/71`.
    pub async fn locations<T: DeserializeOwned>(&mut self) -> Result<Vec<(String, String, T)>, Error> {
        let rows = self.fetch("location", LOCATIONS, &[]).await?;
        rows.iter().map(|row| Ok((row.text(0, "id")?, row.text(1, "origin")?, row.json(2, "body")?))).collect()
    }

    /// Adds or replaces a location.
    pub async fn put_location<T: Serialize>(&mut self, id: &str, origin: &str, body: &T) -> Result<(), Error> {
        let sql = "INSERT INTO location (id, origin, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET body = excluded.body";
        self.run(sql, params![id, origin, json(body)?]).await.map(|_| ())
    }
}

const LOCATIONS: &str = "SELECT id, origin, body FROM location ORDER BY id";

impl Store {
    /// Every object of every kind, as JSON text.
    pub async fn all_objects(&self) -> Result<Vec<(String, String)>, Error> {
        let rows = self.fetch("directory_object", "SELECT kind, body FROM directory_object", &[]).await?;
        rows.iter().map(|row| Ok((row.text(0, "kind")?, row.text(1, "body")?))).collect()
    }

    /// The value that was remembered under a name.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, Error> {
        let rows = self.fetch("meta", "SELECT value FROM meta WHERE name = $1", params![name]).await?;
        rows.first().map(|row| row.text(0, "value")).transpose()
    }

    /// Every location of the operator, as `(id, origin, body)`.
    pub async fn locations<T: DeserializeOwned>(&self) -> Result<Vec<(String, String, T)>, Error> {
        let rows = self.fetch("location", LOCATIONS, &[]).await?;
        rows.iter().map(|row| Ok((row.text(0, "id")?, row.text(1, "origin")?, row.json(2, "body")?))).collect()
    }
}
