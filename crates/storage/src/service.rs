//! What partners registered for the service, its keys, and how each prefix was judged.

use crate::engine::{Error, Row, Store, Tx, json, params};
use peerage_domain::{
    Prefix, Timestamp,
    service::{KeyRecord, RegisteredPrefix, ValidationState, verdict::Judgement},
};

/// How many changes of a verdict are kept.
pub const CHANGES: i64 = 200;
/// Counts every change of what is registered.
const COUNTER: &str = "SV";

/// How a prefix was judged last.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredVerdict {
    /// `CN-1 193.10.0.0/24` for a customer's prefix, `RP-3` for a registered one.
    pub subject: String,
    /// Since when it is judged so.
    pub at: Timestamp,
    /// The answer.
    pub judgement: Judgement,
}

/// A registered prefix and when it was registered.
pub type Registered = (RegisteredPrefix, Timestamp);

impl Tx {
    /// Says that something that verdicts depend on was changed.
    #[allow(missing_docs)]
    pub async fn touch_service(&mut self) -> Result<(), Error> {
        self.next_id(COUNTER).await.map(|_| ())
    }

    /// Adds a registered prefix.
    pub async fn add_registration(&mut self, it: &RegisteredPrefix, now: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO registered_prefix (id, prefix, organisation, peering, added, body) VALUES ($1, $2, $3, $4, $5, $6)";
        let values = params![it.id.as_str(), it.prefix.to_string(), it.organisation.as_str(), it.peering.as_str(), now.millis(), json(it)?];
        self.run(sql, values).await.map(|_| ())
    }

    /// Takes a registered prefix off, with its verdict; tells whether it was there.
    pub async fn delete_registration(&mut self, id: &str) -> Result<bool, Error> {
        self.delete_verdict(id).await?;
        Ok(self.run("DELETE FROM registered_prefix WHERE id = $1", params![id]).await? > 0)
    }

    /// A registered prefix.
    pub async fn registration(&mut self, id: &str) -> Result<Option<Registered>, Error> {
        let sql = format!("{REGISTRATIONS} WHERE id = $1");
        self.fetch("registered_prefix", &sql, params![id]).await?.first().map(registered).transpose()
    }

    /// Every registered prefix of everybody.
    pub async fn all_registrations(&mut self) -> Result<Vec<Registered>, Error> {
        self.fetch("registered_prefix", REGISTRATIONS, &[]).await?.iter().map(registered).collect()
    }

    /// Stores a key under the hash of it, new or changed.
    pub async fn save_key(&mut self, hash: &str, key: &KeyRecord) -> Result<(), Error> {
        let sql = "INSERT INTO prefix_key (id, hash, subject, body) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (id) DO UPDATE SET body = excluded.body";
        self.run(sql, params![key.id.as_str(), hash, key.subject.as_str(), json(key)?]).await.map(|_| ())
    }

    /// Stores what changed of a key.
    pub async fn change_key(&mut self, key: &KeyRecord) -> Result<(), Error> {
        self.run("UPDATE prefix_key SET body = $2 WHERE id = $1", params![key.id.as_str(), json(key)?]).await.map(|_| ())
    }

    /// The key with this hash.
    pub async fn key_by_hash(&mut self, hash: &str) -> Result<Option<KeyRecord>, Error> {
        let sql = "SELECT id, body FROM prefix_key WHERE hash = $1";
        self.fetch("prefix_key", sql, params![hash]).await?.first().map(|row| row.json(1, "body")).transpose()
    }

    /// The keys of a registration, last one first.
    pub async fn keys_of(&mut self, subject: &str) -> Result<Vec<KeyRecord>, Error> {
        self.fetch("prefix_key", KEYS_OF, params![subject]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// How a prefix was judged last.
    pub async fn verdict(&mut self, subject: &str) -> Result<Option<StoredVerdict>, Error> {
        self.fetch("verdict", VERDICT, params![subject]).await?.first().map(verdict).transpose()
    }

    /// Keeps a verdict that differs from the last one; as a line of its history, too, when more than
    /// the evidence differs.
    pub async fn save_verdict(&mut self, owner: &str, prefix: Prefix, it: &StoredVerdict, is_change: bool) -> Result<(), Error> {
        let body = json(&it.judgement)?;
        let sql = "INSERT INTO verdict (subject, owner, prefix, state, at, body) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (subject) DO UPDATE SET state = excluded.state, at = excluded.at, body = excluded.body, owner = excluded.owner";
        let (subject, state) = (it.subject.as_str(), it.judgement.state.word());
        self.run(sql, params![subject, owner, prefix.to_string(), state, it.at.millis(), body.clone()]).await?;
        if !is_change {
            return Ok(());
        }
        let last =
            self.fetch("verdict_change", "SELECT COALESCE(MAX(line), 0) FROM verdict_change WHERE subject = $1", params![subject]).await?;
        let line = last.first().and_then(|row| row.int(0, "line").ok()).unwrap_or(0) + 1;
        let sql = "INSERT INTO verdict_change (subject, line, at, state, body) VALUES ($1, $2, $3, $4, $5)";
        self.run(sql, params![subject, line, it.at.millis(), state, body]).await?;
        let sql = "DELETE FROM verdict_change WHERE subject = $1 AND line <= $2";
        self.run(sql, params![subject, line - CHANGES]).await.map(|_| ())
    }

    /// Forgets what was seen of everything of an owner; how it was judged stays.
    pub async fn forget_evidence(&mut self, owner: &str) -> Result<(), Error> {
        let rows = self.fetch("verdict", "SELECT subject, body FROM verdict WHERE owner = $1", params![owner]).await?;
        for row in rows {
            let mut judgement: Judgement = row.json(1, "body")?;
            judgement.evidence.clear();
            self.run("UPDATE verdict SET body = $2 WHERE subject = $1", params![row.text(0, "subject")?, json(&judgement)?]).await?;
        }
        Ok(())
    }

    /// A key by its id.
    pub async fn key(&mut self, id: &str) -> Result<Option<KeyRecord>, Error> {
        self.fetch("prefix_key", KEY, params![id]).await?.first().map(|row| row.json(1, "body")).transpose()
    }

    /// Forgets how a prefix was judged.
    pub async fn delete_verdict(&mut self, subject: &str) -> Result<(), Error> {
        self.run("DELETE FROM verdict_change WHERE subject = $1", params![subject]).await?;
        self.run("DELETE FROM verdict WHERE subject = $1", params![subject]).await.map(|_| ())
    }

    /// Forgets how everything of an owner was judged.
    pub async fn delete_verdicts_of(&mut self, owner: &str) -> Result<(), Error> {
        let sql = "DELETE FROM verdict_change WHERE subject IN (SELECT subject FROM verdict WHERE owner = $1)";
        self.run(sql, params![owner]).await?;
        self.run("DELETE FROM verdict WHERE owner = $1", params![owner]).await.map(|_| ())
    }

    /// Keeps that a session changed its state.
    pub async fn add_session_change(&mut self, session: &str, at: Timestamp, state: &str) -> Result<(), Error> {
        let sql = "INSERT INTO session_change (session, at, state) VALUES ($1, $2, $3) \
                   ON CONFLICT (session, at) DO UPDATE SET state = excluded.state";
        self.run(sql, params![session, at.millis(), state]).await.map(|_| ())
    }

    /// Forgets changes of sessions from before a moment; the last one of each stays.
    pub async fn forget_session_changes(&mut self, before: Timestamp) -> Result<(), Error> {
        let sql = "DELETE FROM session_change WHERE at < $1 AND EXISTS \
                   (SELECT 1 FROM session_change later WHERE later.session = session_change.session AND later.at > session_change.at \
                    AND later.at <= $1)";
        self.run(sql, params![before.millis()]).await.map(|_| ())
    }
}

const REGISTRATIONS: &str = "SELECT id, body, added FROM registered_prefix";
const KEY: &str = "SELECT id, body FROM prefix_key WHERE id = $1";
const KEYS_OF: &str = "SELECT id, body FROM prefix_key WHERE subject = $1 ORDER BY LENGTH(id) DESC, id DESC";
const VERDICT: &str = "SELECT subject, at, body FROM verdict WHERE subject = $1";

fn registered(row: &Row) -> Result<Registered, Error> {
    Ok((row.json(1, "body")?, row.time(2, "added")?))
}

fn verdict(row: &Row) -> Result<StoredVerdict, Error> {
    Ok(StoredVerdict { subject: row.text(0, "subject")?, at: row.time(1, "at")?, judgement: row.json(2, "body")? })
}

impl Store {
    /// Changes whenever something that verdicts depend on is written: registrations, connections,
    /// peerings, ASNs, routers.
    pub async fn service_version(&self) -> Result<String, Error> {
        let sql = "SELECT COALESCE((SELECT last FROM sequence WHERE name = $1), 0), \
                   (SELECT COUNT(*) FROM peering), CAST((SELECT COALESCE(SUM(version), 0) FROM peering) AS BIGINT), \
                   CAST((SELECT COALESCE(SUM(version), 0) FROM peer_asn) AS BIGINT), (SELECT COUNT(*) FROM placement), \
                   (SELECT COUNT(*) FROM router), (SELECT COUNT(*) FROM registered_asn)";
        let rows = self.fetch("sequence", sql, params![COUNTER]).await?;
        let Some(row) = rows.first() else { return Ok(String::new()) };
        let parts = (0..7).map(|at| row.int(at, "count").map(|n| n.to_string())).collect::<Result<Vec<_>, _>>()?;
        Ok(parts.join("/"))
    }

    /// The registered prefixes of an organisation, or of everybody.
    pub async fn registrations(&self, organisation: Option<&str>) -> Result<Vec<Registered>, Error> {
        let sql = format!("{REGISTRATIONS} WHERE ($1 = '' OR organisation = $1)");
        self.fetch("registered_prefix", &sql, params![organisation.unwrap_or_default()]).await?.iter().map(registered).collect()
    }

    /// A registered prefix.
    pub async fn registration(&self, id: &str) -> Result<Option<Registered>, Error> {
        let sql = format!("{REGISTRATIONS} WHERE id = $1");
        self.fetch("registered_prefix", &sql, params![id]).await?.first().map(registered).transpose()
    }

    /// The keys of a registration, last one first.
    pub async fn keys_of(&self, subject: &str) -> Result<Vec<KeyRecord>, Error> {
        self.fetch("prefix_key", KEYS_OF, params![subject]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// A key by its id.
    pub async fn key(&self, id: &str) -> Result<Option<KeyRecord>, Error> {
        self.fetch("prefix_key", KEY, params![id]).await?.first().map(|row| row.json(1, "body")).transpose()
    }

    /// Every key of everybody.
    pub async fn all_keys(&self) -> Result<Vec<KeyRecord>, Error> {
        self.fetch("prefix_key", "SELECT id, body FROM prefix_key", &[]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// How a prefix was judged last.
    pub async fn verdict(&self, subject: &str) -> Result<Option<StoredVerdict>, Error> {
        self.fetch("verdict", VERDICT, params![subject]).await?.first().map(verdict).transpose()
    }

    /// The state of everything of an owner, by subject: of a customer's connection or a peering.
    pub async fn verdict_states(&self, owner: &str) -> Result<Vec<(String, ValidationState)>, Error> {
        let rows = self.fetch("verdict", "SELECT subject, state FROM verdict WHERE owner = $1", params![owner]).await?;
        rows.iter().map(|row| Ok((row.text(0, "subject")?, ValidationState::of(&row.text(1, "state")?).unwrap_or_default()))).collect()
    }

    /// How many prefixes are in each state.
    pub async fn verdict_counts(&self) -> Result<Vec<(ValidationState, i64)>, Error> {
        let rows = self.fetch("verdict", "SELECT state, COUNT(*) FROM verdict GROUP BY state ORDER BY state", &[]).await?;
        rows.iter().map(|row| Ok((ValidationState::of(&row.text(0, "state")?).unwrap_or_default(), row.int(1, "count")?))).collect()
    }

    /// The connections and prefixes that are bound by a key.
    pub async fn bound_by(&self, key: &str) -> Result<Vec<(String, Prefix)>, Error> {
        let sql = "SELECT connection, prefix FROM prefix WHERE key = $1 ORDER BY prefix";
        let rows = self.fetch("prefix", sql, params![key]).await?;
        rows.iter().map(|row| Ok((row.text(0, "connection")?, row.parsed(1, "prefix")?))).collect()
    }

    /// How a prefix was judged over time, last first.
    pub async fn verdict_changes(&self, subject: &str) -> Result<Vec<(Timestamp, Judgement)>, Error> {
        let sql = "SELECT subject, at, body FROM verdict_change WHERE subject = $1 ORDER BY line DESC";
        let rows = self.fetch("verdict_change", sql, params![subject]).await?;
        rows.iter().map(|row| Ok((row.time(1, "at")?, row.json(2, "body")?))).collect()
    }

    /// The states of the sessions whose ids begin so, in order: session, since when, state.
    pub async fn session_changes(&self, beginning: &str) -> Result<Vec<(String, Timestamp, String)>, Error> {
        let sql = "SELECT session, at, state FROM session_change WHERE session LIKE $1 ESCAPE '\\' ORDER BY session, at";
        let pattern = format!("{}%", beginning.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        let rows = self.fetch("session_change", sql, params![pattern]).await?;
        rows.iter().map(|row| Ok((row.text(0, "session")?, row.time(1, "at")?, row.text(2, "state")?))).collect()
    }
}
