//! Customers' Peering Service connections and their prefixes.

use crate::engine::{Error, Page, Row, Sort, Store, Tx, json, params};
use peerage_domain::{Prefix, Timestamp};
use serde::{Deserialize, Serialize};

/// A registered connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceConnection {
    /// Such as `CN-12`.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// Logical name; unique in the organisation.
    pub name: String,
    /// ISO 3166-1 alpha-2 code of the site's country.
    pub country: String,
    /// State or province; may be empty.
    pub subdivision: String,
    /// ASN of the connectivity provider.
    pub provider_asn: peerage_domain::Asn,
    /// Its name.
    pub provider: String,
    /// The operator's location that traffic should enter by.
    pub primary: String,
    /// Where it enters when the primary fails; absent for "any".
    pub backup: Option<String>,
    /// When it was registered.
    pub created: Timestamp,
}

/// A prefix of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerPrefix {
    /// The prefix.
    pub prefix: Prefix,
    /// The connection that holds it.
    pub connection: String,
    /// Whose.
    pub organisation: String,
    /// Name of the connection's provider.
    pub provider: String,
    /// Since when.
    pub added: Timestamp,
    /// Id of the key that binds it to the provider's registration, once there is one.
    pub key: Option<String>,
    /// How often it was changed, from 1.
    pub version: i64,
}

/// Columns that a list of connections can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionColumn {
    /// Name.
    Name,
    /// Provider.
    Provider,
    /// Registration.
    Created,
}

/// Text that `LIKE … ESCAPE '\'` finds anywhere.
pub(crate) fn like(text: &str) -> String {
    let escaped = text.trim().to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

const CONNECTION: &str = "SELECT id, body FROM connection";
const PREFIX: &str = "SELECT prefix, connection, organisation, provider, added, key, version FROM prefix";

fn prefix_row(row: &Row) -> Result<CustomerPrefix, Error> {
    Ok(CustomerPrefix {
        prefix: row.parsed(0, "prefix")?,
        connection: row.text(1, "connection")?,
        organisation: row.text(2, "organisation")?,
        provider: row.text(3, "provider")?,
        added: row.time(4, "added")?,
        key: row.maybe_text(5, "key")?,
        version: row.int(6, "version")?,
    })
}

impl Tx {
    /// Adds a connection.
    #[allow(missing_docs)]
    pub async fn add_connection(&mut self, it: &ServiceConnection) -> Result<(), Error> {
        let sql = "INSERT INTO connection (id, organisation, name, provider, created, body) VALUES ($1, $2, $3, $4, $5, $6)";
        let values =
            params![it.id.as_str(), it.organisation.as_str(), it.name.as_str(), it.provider.as_str(), it.created.millis(), json(it)?];
        self.run(sql, values).await.map(|_| ())
    }

    /// The connection with this id.
    pub async fn connection(&mut self, id: &str) -> Result<Option<ServiceConnection>, Error> {
        let rows = self.fetch("connection", &format!("{CONNECTION} WHERE id = $1"), params![id]).await?;
        rows.first().map(|row| row.json(1, "body")).transpose()
    }

    /// Whether the organisation has a connection of this name.
    pub async fn has_connection_named(&mut self, organisation: &str, name: &str) -> Result<bool, Error> {
        let sql = "SELECT id FROM connection WHERE organisation = $1 AND LOWER(name) = LOWER($2)";
        Ok(!self.fetch("connection", sql, params![organisation, name]).await?.is_empty())
    }

    /// Removes a connection and its prefixes.
    pub async fn delete_connection(&mut self, id: &str) -> Result<(), Error> {
        self.run("DELETE FROM prefix WHERE connection = $1", params![id]).await?;
        self.run("DELETE FROM connection WHERE id = $1", params![id]).await.map(|_| ())
    }

    /// Adds a prefix.
    pub async fn add_prefix(&mut self, it: &CustomerPrefix) -> Result<(), Error> {
        let sql =
            "INSERT INTO prefix (prefix, connection, organisation, provider, added, key, version) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = params![
            it.prefix.to_string(),
            it.connection.as_str(),
            it.organisation.as_str(),
            it.provider.as_str(),
            it.added.millis(),
            it.key.clone(),
            it.version
        ];
        self.run(sql, values).await.map(|_| ())
    }

    /// Removes a prefix of a connection; tells whether it was there.
    pub async fn delete_prefix(&mut self, connection: &str, prefix: Prefix) -> Result<bool, Error> {
        let sql = "DELETE FROM prefix WHERE connection = $1 AND prefix = $2";
        Ok(self.run(sql, params![connection, prefix.to_string()]).await? > 0)
    }

    /// Changes the key of a prefix; tells whether it is still the version that was looked at.
    pub async fn set_prefix_key(&mut self, prefix: Prefix, key: Option<&str>, version: i64) -> Result<bool, Error> {
        let sql = "UPDATE prefix SET key = $2, version = version + 1 WHERE prefix = $1 AND version = $3";
        Ok(self.run(sql, params![prefix.to_string(), key.map(str::to_owned), version]).await? > 0)
    }

    /// Takes over another provider, primary or backup location of a connection.
    pub async fn change_connection(&mut self, it: &ServiceConnection) -> Result<(), Error> {
        let sql = "UPDATE connection SET provider = $2, body = $3 WHERE id = $1";
        self.run(sql, params![it.id.as_str(), it.provider.as_str(), json(it)?]).await?;
        self.run("UPDATE prefix SET provider = $2 WHERE connection = $1", params![it.id.as_str(), it.provider.as_str()]).await.map(|_| ())
    }

    /// Forgets the keys of a connection's prefixes: they are another provider's.
    pub async fn forget_keys(&mut self, connection: &str) -> Result<(), Error> {
        self.run("UPDATE prefix SET key = NULL, version = version + 1 WHERE connection = $1", params![connection]).await.map(|_| ())
    }

    /// Every registered prefix of everybody.
    pub async fn all_prefixes(&mut self) -> Result<Vec<CustomerPrefix>, Error> {
        self.fetch("prefix", PREFIX, &[]).await?.iter().map(prefix_row).collect()
    }
}

impl Store {
    /// Every connection of everybody.
    pub async fn all_connections(&self) -> Result<Vec<ServiceConnection>, Error> {
        self.fetch("connection", CONNECTION, &[]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// The connection with this id.
    pub async fn connection(&self, id: &str) -> Result<Option<ServiceConnection>, Error> {
        let rows = self.fetch("connection", &format!("{CONNECTION} WHERE id = $1"), params![id]).await?;
        rows.first().map(|row| row.json(1, "body")).transpose()
    }

    /// A part of an organisation's connections with a count of prefixes, and how many there are.
    /// `organisation` is `None` for everybody's.
    pub async fn connections(
        &self,
        organisation: Option<&str>,
        search: &str,
        sort: Sort<ConnectionColumn>,
        page: &Page,
    ) -> Result<(Vec<(ServiceConnection, i64)>, i64), Error> {
        let wheres = "($1 = '' OR c.organisation = $1) AND (LOWER(c.name) LIKE $2 ESCAPE '\\' OR LOWER(c.id) LIKE $2 ESCAPE '\\' OR LOWER(c.provider) LIKE $2 ESCAPE '\\')";
        let organisation = organisation.unwrap_or_default();
        let pattern = like(search);
        let count = self
            .fetch("connection", &format!("SELECT COUNT(*) FROM connection c WHERE {wheres}"), params![organisation, pattern.as_str()])
            .await?;
        let total = count.first().map_or(Ok(0), |row| row.int(0, "count"))?;
        let column = match sort.by {
            ConnectionColumn::Name => "LOWER(c.name)",
            ConnectionColumn::Provider => "LOWER(c.provider)",
            ConnectionColumn::Created => "c.created",
        };
        let sql = format!(
            "SELECT c.id, c.body, (SELECT COUNT(*) FROM prefix p WHERE p.connection = c.id) FROM connection c WHERE {wheres} \
             ORDER BY {column} {}, c.id LIMIT $3 OFFSET $4",
            sort.direction()
        );
        let rows =
            self.fetch("connection", &sql, params![organisation, pattern.as_str(), i64::from(page.limit), i64::from(page.offset)]).await?;
        let connections = rows.iter().map(|row| Ok((row.json(1, "body")?, row.int(2, "count")?))).collect::<Result<_, Error>>()?;
        Ok((connections, total))
    }

    /// The connections that hold a prefix.
    pub async fn connections_with(&self, prefix: Prefix) -> Result<Vec<String>, Error> {
        let rows = self.fetch("prefix", "SELECT connection FROM prefix WHERE prefix = $1", params![prefix.to_string()]).await?;
        rows.iter().map(|row| row.text(0, "connection")).collect()
    }

    /// Every prefix of a connection; their order is that of addresses, which SQL does not know.
    pub async fn prefixes_of(&self, connection: &str) -> Result<Vec<CustomerPrefix>, Error> {
        self.fetch("prefix", &format!("{PREFIX} WHERE connection = $1"), params![connection]).await?.iter().map(prefix_row).collect()
    }

    /// Every registered prefix of everybody.
    pub async fn all_prefixes(&self) -> Result<Vec<CustomerPrefix>, Error> {
        self.fetch("prefix", PREFIX, &[]).await?.iter().map(prefix_row).collect()
    }
}
