//! Incidents, their parts, who may see them, and what people say about them.

use crate::{
    connections::like,
    engine::{Error, Page, Row, Store, Tx, json, params},
};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    incident::{Incident, Kind, Part},
};
use serde::{Serialize, de::DeserializeOwned};

/// Which incidents are wanted; empty text means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Those that this organisation may see; everybody's when absent.
    pub organisation: Option<String>,
    /// `open` or `closed`.
    pub state: String,
    /// A family's word.
    pub family: String,
    /// A level's word.
    pub level: String,
    /// Part of a prefix, an ASN or an id.
    pub search: String,
    /// Those that did not end before, in milliseconds since 1970.
    pub from: i64,
    /// Those that began before, in milliseconds since 1970.
    pub to: i64,
    /// The first one first; else the latest.
    pub oldest_first: bool,
}

impl IncidentFilter {
    /// Everything that an organisation may see.
    pub fn of(organisation: Option<&str>) -> Self {
        IncidentFilter { organisation: organisation.map(str::to_owned), to: i64::MAX, ..IncidentFilter::default() }
    }
}

/// What tells a part from others of its incident.
fn by(part: &Part) -> i64 {
    part.by.map_or(-1, |asn| i64::from(asn.0))
}

/// What an incident can be found by.
fn words(incident: &Incident, parts: &[Part]) -> String {
    let asn = |asn: Asn| format!("as{}", asn.0);
    let mut words = vec![incident.id.to_lowercase()];
    words.extend(incident.by.map(asn));
    for part in parts.iter().take(500) {
        words.push(part.prefix.to_string());
        words.push(part.expected.prefix.to_string());
        words.extend(part.expected.origins.iter().copied().map(asn));
    }
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

const INCIDENT: &str = "SELECT id, body FROM incident";
const PARTS: &str = "SELECT incident, body FROM incident_part WHERE incident = $1 ORDER BY prefix, kind, by_asn";

fn incident(row: &Row) -> Result<Incident, Error> {
    row.json(1, "body")
}

impl Tx {
    /// The open incident of a cause: what tells it from all others that are open.
    #[allow(missing_docs)]
    pub async fn open_incident(&mut self, cause: &str) -> Result<Option<Incident>, Error> {
        let sql = format!("{INCIDENT} WHERE cause = $1 AND closed IS NULL");
        self.fetch("incident", &sql, params![cause]).await?.first().map(incident).transpose()
    }

    /// How many incidents are open whose cause begins like this.
    pub async fn count_open(&mut self, beginning: &str) -> Result<i64, Error> {
        let sql = "SELECT COUNT(*) FROM incident WHERE closed IS NULL AND LOWER(cause) LIKE $1 ESCAPE '\\'";
        let like = crate::connections::like(beginning);
        let rows = self.fetch("incident", sql, params![like.trim_start_matches('%')]).await?;
        rows.first().map_or(Ok(0), |row| row.int(0, "count"))
    }

    /// The open incidents of a recording (empty: of what is live) that have such a part.
    pub async fn incidents_with(&mut self, replay: &str, prefix: Prefix, kind: Kind, by: Option<Asn>) -> Result<Vec<Incident>, Error> {
        let sql = format!(
            "{INCIDENT} WHERE replay = $1 AND closed IS NULL AND EXISTS \
             (SELECT 1 FROM incident_part p WHERE p.incident = incident.id AND p.prefix = $2 AND p.kind = $3 AND p.by_asn = $4)"
        );
        let by = by.map_or(-1, |asn| i64::from(asn.0));
        self.fetch("incident", &sql, params![replay, prefix.to_string(), kind.word(), by]).await?.iter().map(incident).collect()
    }

    /// An incident by its id.
    pub async fn incident(&mut self, id: &str) -> Result<Option<Incident>, Error> {
        self.fetch("incident", &format!("{INCIDENT} WHERE id = $1"), params![id]).await?.first().map(incident).transpose()
    }

    /// The parts of an incident, by prefix.
    pub async fn parts(&mut self, id: &str) -> Result<Vec<Part>, Error> {
        self.fetch("incident_part", PARTS, params![id]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// Adds an incident, for organisations to see.
    pub async fn add_incident(&mut self, it: &Incident, cause: &str, organisations: &[String]) -> Result<(), Error> {
        let sql = "INSERT INTO incident (id, cause, family, level, opened, ended, closed, peak, search, replay, body) \
                   VALUES ($1, $2, $3, $4, $5, NULL, NULL, $6, '', $7, $8)";
        let level = format!("{:?}", it.level());
        let replay = it.replay.as_ref().map(|replay| replay.name.as_str()).unwrap_or_default();
        let values = params![it.id.as_str(), cause, it.family.word(), level, it.opened.millis(), i64::from(it.peak), replay, json(it)?];
        self.run(sql, values).await?;
        for organisation in organisations {
            let sql = "INSERT INTO incident_party (incident, organisation) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            self.run(sql, params![it.id.as_str(), organisation.as_str()]).await?;
        }
        Ok(())
    }

    /// Keeps an incident and those of its parts that changed.
    pub async fn save_incident(&mut self, it: &Incident, parts: &[Part], changed: impl Iterator<Item = &Part>) -> Result<(), Error> {
        for part in changed {
            let sql = "INSERT INTO incident_part (incident, prefix, kind, by_asn, until, body) VALUES ($1, $2, $3, $4, $5, $6) \
                       ON CONFLICT (incident, prefix, kind, by_asn) DO UPDATE SET until = excluded.until, body = excluded.body";
            let until = crate::engine::Value::Int(part.until.map(Timestamp::millis));
            self.run(sql, params![it.id.as_str(), part.prefix.to_string(), part.kind.word(), by(part), until, json(part)?]).await?;
        }
        let sql = "UPDATE incident SET level = $2, opened = $3, ended = $4, closed = $5, peak = $6, search = $7, body = $8 WHERE id = $1";
        let moment = |at: Option<Timestamp>| crate::engine::Value::Int(at.map(Timestamp::millis));
        let level = format!("{:?}", it.level());
        let values = params![
            it.id.as_str(),
            level,
            it.opened.millis(),
            moment(Incident::ended(parts)),
            moment(it.closed),
            i64::from(it.peak),
            words(it, parts),
            json(it)?
        ];
        self.run(sql, values).await.map(|_| ())
    }

    /// Who may see an incident.
    pub async fn parties(&mut self, id: &str) -> Result<Vec<String>, Error> {
        let sql = "SELECT organisation FROM incident_party WHERE incident = $1 ORDER BY organisation";
        self.fetch("incident_party", sql, params![id]).await?.iter().map(|row| row.text(0, "organisation")).collect()
    }

    /// Keeps a thing of an organisation, such as an alert or a channel, new or changed.
    pub async fn save_item<T: Serialize>(&mut self, kind: &str, id: &str, organisation: &str, it: &T) -> Result<(), Error> {
        let sql = "INSERT INTO lookout_item (id, kind, organisation, body) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (id) DO UPDATE SET body = excluded.body";
        self.run(sql, params![id, kind, organisation, json(it)?]).await.map(|_| ())
    }

    /// Takes a thing of an organisation off; tells whether it was there.
    pub async fn delete_item(&mut self, kind: &str, id: &str, organisation: &str) -> Result<bool, Error> {
        let sql = "DELETE FROM lookout_item WHERE id = $1 AND kind = $2 AND organisation = $3";
        Ok(self.run(sql, params![id, kind, organisation]).await? > 0)
    }

    /// Things of an organisation, or of everybody, in the order in which they were made.
    pub async fn items<T: DeserializeOwned>(&mut self, kind: &str, organisation: Option<&str>) -> Result<Vec<T>, Error> {
        let rows = self.fetch("lookout_item", ITEMS, params![kind, organisation.unwrap_or_default()]).await?;
        rows.iter().map(|row| row.json(1, "body")).collect()
    }

    /// Forgets incidents that were over before a moment, with everything about them.
    pub async fn forget_incidents(&mut self, before: Timestamp) -> Result<(), Error> {
        let gone = "SELECT id FROM incident WHERE closed < $1";
        for table in ["incident_part", "incident_party", "delivery"] {
            self.run(&format!("DELETE FROM {table} WHERE incident IN ({gone})"), params![before.millis()]).await?;
        }
        self.run(&format!("DELETE FROM event WHERE stream IN ({gone})"), params![before.millis()]).await?;
        self.run("DELETE FROM incident WHERE closed < $1", params![before.millis()]).await.map(|_| ())
    }
}

const ITEMS: &str = "SELECT id, body FROM lookout_item WHERE kind = $1 AND ($2 = '' OR organisation = $2) ORDER BY LENGTH(id), id";

impl Store {
    /// A part of the incidents, and how many there are.
    pub async fn incidents(&self, filter: &IncidentFilter, page: &Page) -> Result<(Vec<Incident>, i64), Error> {
        let wheres = "($1 = '' OR EXISTS (SELECT 1 FROM incident_party p WHERE p.incident = incident.id AND p.organisation = $1)) \
            AND ($2 = '' OR ($2 = 'open' AND closed IS NULL) OR ($2 = 'closed' AND closed IS NOT NULL)) \
            AND ($3 = '' OR family = $3) AND ($4 = '' OR level = $4) AND search LIKE $5 ESCAPE '\\' \
            AND (closed IS NULL OR closed >= $6) AND opened < $7";
        let values = params![
            filter.organisation.as_deref().unwrap_or_default(),
            filter.state.as_str(),
            filter.family.as_str(),
            filter.level.as_str(),
            like(&filter.search),
            filter.from,
            filter.to,
            i64::from(page.limit),
            i64::from(page.offset),
        ];
        let count = self.fetch("incident", &format!("SELECT COUNT(*) FROM incident WHERE {wheres}"), &values[..7]).await?;
        let total = count.first().map_or(Ok(0), |row| row.int(0, "count"))?;
        let order = if filter.oldest_first { "opened, LENGTH(id), id" } else { "opened DESC, LENGTH(id) DESC, id DESC" };
        let sql = format!("{INCIDENT} WHERE {wheres} ORDER BY {order} LIMIT $8 OFFSET $9");
        let rows = self.fetch("incident", &sql, values).await?;
        Ok((rows.iter().map(incident).collect::<Result<_, _>>()?, total))
    }

    /// An incident that an organisation (`None`: anybody) may see, with its parts.
    pub async fn incident(&self, id: &str, organisation: Option<&str>) -> Result<Option<(Incident, Vec<Part>)>, Error> {
        let sql = format!(
            "{INCIDENT} WHERE id = $1 AND ($2 = '' OR EXISTS \
             (SELECT 1 FROM incident_party p WHERE p.incident = incident.id AND p.organisation = $2))"
        );
        let rows = self.fetch("incident", &sql, params![id, organisation.unwrap_or_default()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let parts = self.fetch("incident_part", PARTS, params![id]).await?;
        Ok(Some((incident(row)?, parts.iter().map(|row| row.json(1, "body")).collect::<Result<_, _>>()?)))
    }

    /// The parts that are not over of what is live, or of a recording.
    pub async fn open_parts(&self, replay: &str) -> Result<Vec<Part>, Error> {
        let sql = "SELECT p.incident, p.body FROM incident_part p JOIN incident i ON i.id = p.incident \
                   WHERE i.closed IS NULL AND p.until IS NULL AND i.replay = $1";
        self.fetch("incident_part", sql, params![replay]).await?.iter().map(|row| row.json(1, "body")).collect()
    }

    /// The recordings that have incidents that are not over.
    pub async fn open_replays(&self) -> Result<Vec<String>, Error> {
        let sql = "SELECT DISTINCT replay FROM incident WHERE closed IS NULL AND replay <> ''";
        self.fetch("incident", sql, &[]).await?.iter().map(|row| row.text(0, "replay")).collect()
    }

    /// Whether something is known of a replay of this name.
    pub async fn knows_replay(&self, name: &str) -> Result<bool, Error> {
        let sql = "SELECT replay FROM incident WHERE replay = $1 UNION SELECT replay FROM route_change WHERE replay = $1 LIMIT 1";
        Ok(!self.fetch("incident", sql, params![name]).await?.is_empty())
    }

    /// The open incidents of an organisation.
    pub async fn open_incidents_of(&self, organisation: &str) -> Result<Vec<Incident>, Error> {
        let sql = format!(
            "{INCIDENT} WHERE closed IS NULL AND EXISTS (SELECT 1 FROM incident_party p WHERE p.incident = incident.id AND p.organisation = $1)"
        );
        self.fetch("incident", &sql, params![organisation]).await?.iter().map(incident).collect()
    }

    /// The open incidents of which everything was over at a moment.
    pub async fn incidents_over(&self, at: Timestamp) -> Result<Vec<String>, Error> {
        let sql = "SELECT id FROM incident WHERE closed IS NULL AND ended <= $1 ORDER BY ended, id";
        self.fetch("incident", sql, params![at.millis()]).await?.iter().map(|row| row.text(0, "id")).collect()
    }

    /// Things of an organisation, or of everybody, in the order in which they were made.
    pub async fn items<T: DeserializeOwned>(&self, kind: &str, organisation: Option<&str>) -> Result<Vec<T>, Error> {
        let rows = self.fetch("lookout_item", ITEMS, params![kind, organisation.unwrap_or_default()]).await?;
        rows.iter().map(|row| row.json(1, "body")).collect()
    }
}
