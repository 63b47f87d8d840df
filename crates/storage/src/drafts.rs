//! Forms that are not sent yet, and secrets that are kept apart from everything else.

use crate::engine::{Error, Store, Tx, json, params};
use peerage_domain::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

/// A form that somebody is filling in.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft<T> {
    /// Such as `D-7`.
    pub id: String,
    /// Last change.
    pub updated: Timestamp,
    /// The form.
    pub body: T,
}

impl Tx {
    /// Stores a draft, new or changed.
    #[allow(missing_docs)]
    pub async fn save_draft<T: Serialize>(
        &mut self,
        id: &str,
        organisation: &str,
        kind: &str,
        body: &T,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO draft (id, organisation, kind, body, updated) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (id) DO UPDATE SET body = excluded.body, updated = excluded.updated";
        self.run(sql, params![id, organisation, kind, json(body)?, now.millis()]).await.map(|_| ())
    }

    /// Forgets a draft.
    pub async fn delete_draft(&mut self, id: &str) -> Result<(), Error> {
        self.run("DELETE FROM draft WHERE id = $1", params![id]).await.map(|_| ())
    }

    /// Forgets every draft of a kind that was last changed before a time.
    pub async fn delete_drafts(&mut self, kind: &str, before: Timestamp) -> Result<(), Error> {
        self.run("DELETE FROM draft WHERE kind = $1 AND updated < $2", params![kind, before.millis()]).await.map(|_| ())
    }

    /// A draft of an organisation.
    pub async fn draft<T: DeserializeOwned>(&mut self, id: &str, organisation: &str, kind: &str) -> Result<Option<Draft<T>>, Error> {
        let sql = "SELECT id, body, updated FROM draft WHERE id = $1 AND organisation = $2 AND kind = $3";
        self.fetch("draft", sql, params![id, organisation, kind]).await?.first().map(draft).transpose()
    }

    /// Stores an encrypted secret for a subject such as `PR-88/1`.
    pub async fn save_secret(&mut self, subject: &str, sealed: &str) -> Result<(), Error> {
        let sql = "INSERT INTO secret (subject, body) VALUES ($1, $2) ON CONFLICT (subject) DO UPDATE SET body = excluded.body";
        self.run(sql, params![subject, sealed]).await.map(|_| ())
    }

    /// The encrypted secret of a subject.
    pub async fn secret(&mut self, subject: &str) -> Result<Option<String>, Error> {
        let rows = self.fetch("secret", "SELECT body FROM secret WHERE subject = $1", params![subject]).await?;
        rows.first().map(|row| row.text(0, "body")).transpose()
    }

    /// Forgets the secret of a subject.
    pub async fn delete_secret(&mut self, subject: &str) -> Result<(), Error> {
        self.run("DELETE FROM secret WHERE subject = $1", params![subject]).await.map(|_| ())
    }
}

fn draft<T: DeserializeOwned>(row: &crate::engine::Row) -> Result<Draft<T>, Error> {
    Ok(Draft { id: row.text(0, "id")?, body: row.json(1, "body")?, updated: row.time(2, "updated")? })
}

impl Store {
    /// A draft of an organisation.
    pub async fn draft<T: DeserializeOwned>(&self, id: &str, organisation: &str, kind: &str) -> Result<Option<Draft<T>>, Error> {
        let sql = "SELECT id, body, updated FROM draft WHERE id = $1 AND organisation = $2 AND kind = $3";
        self.fetch("draft", sql, params![id, organisation, kind]).await?.first().map(draft).transpose()
    }

    /// The encrypted secret of a subject.
    pub async fn secret(&self, subject: &str) -> Result<Option<String>, Error> {
        let rows = self.fetch("secret", "SELECT body FROM secret WHERE subject = $1", params![subject]).await?;
        rows.first().map(|row| row.text(0, "body")).transpose()
    }

    /// Every draft of one kind of an organisation, last changed first.
    pub async fn drafts<T: DeserializeOwned>(&self, organisation: &str, kind: &str) -> Result<Vec<Draft<T>>, Error> {
        let sql = "SELECT id, body, updated FROM draft WHERE organisation = $1 AND kind = $2 ORDER BY updated DESC, id LIMIT 50";
        self.fetch("draft", sql, params![organisation, kind]).await?.iter().map(draft).collect()
    }
}
