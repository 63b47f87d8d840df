//! Peerings, and the address space that their sessions occupy.

use crate::{
    asns::Versioned,
    engine::{Error, Page, Row, Sort, Store, Tx, Value, json, params},
};
use peerage_domain::{
    Asn, Next, Timestamp,
    peering::{Peering, StateName},
    session::{Occupant, Taken},
};

/// Columns that a list of peerings can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeeringColumn {
    /// Id.
    Id,
    /// The network's name.
    Peer,
    /// State of the connection that needs somebody most.
    State,
    /// How long it is in that state.
    Since,
}

/// Which peerings a list shows; empty text means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeeringFilter {
    /// Only of this organisation.
    pub organisation: Option<String>,
    /// Only with this state.
    pub state: String,
    /// Only where this party acts next.
    pub next: String,
    /// Direct or Exchange.
    pub kind: String,
    /// Part of the id, the name or the ASN.
    pub search: String,
}

/// What a list shows of the connections together: the one that waits for somebody, else the first.
fn summary(peering: &Peering) -> (StateName, Next, Timestamp) {
    let all = || peering.connections.iter().map(|c| (c.state.name(), c.next(peering.kind), c.since));
    all()
        .filter(|(_, next, _)| *next != Next::Nobody)
        .min_by_key(|(_, next, since)| (*next == Next::Portal, *since))
        .or_else(|| all().find(|(state, ..)| *state == StateName::Active))
        .or_else(|| all().next())
        .unwrap_or((StateName::None, Next::Nobody, Timestamp::default()))
}

impl Tx {
    /// Stores a peering; `version` is the one that was read, 0 for a new one.
    #[allow(missing_docs)]
    pub async fn save_peering(&mut self, it: &Peering, version: i64, now: Timestamp) -> Result<(), Error> {
        let (state, next, since) = summary(it);
        let changed = if version == 0 {
            let sql = "INSERT INTO peering (id, organisation, asn, peer_name, kind, location, state, next, since, created, version, body) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)";
            let values = params![
                it.id.as_str(),
                it.organisation.as_str(),
                i64::from(it.asn.0),
                it.peer_name.as_str(),
                it.kind.word(),
                it.location.as_str(),
                state.word(),
                next.word(),
                since.millis(),
                now.millis(),
                json(it)?,
            ];
            self.run(sql, values).await?
        } else {
            let sql =
                "UPDATE peering SET state = $3, next = $4, since = $5, body = $6, version = version + 1 WHERE id = $1 AND version = $2";
            self.run(sql, params![it.id.as_str(), version, state.word(), next.word(), since.millis(), json(it)?]).await?
        };
        if changed == 0 {
            return Err(Error::Conflict(it.id.clone()));
        }
        self.save_space(it).await
    }

    /// The addresses of every connection that is not over belong to the peering.
    async fn save_space(&mut self, it: &Peering) -> Result<(), Error> {
        self.run("DELETE FROM session_space WHERE peering = $1", params![it.id.as_str()]).await?;
        for connection in it.connections.iter().filter(|c| !c.state.name().is_final()) {
            let mut spaces = connection.spec.space();
            spaces.extend(connection.coming().space());
            spaces.sort();
            spaces.dedup();
            for space in spaces {
                let sql = "INSERT INTO session_space (space, location, asn, peering, connection) VALUES ($1, $2, $3, $4, $5)";
                let values =
                    params![space.to_string(), it.location.as_str(), i64::from(it.asn.0), it.id.as_str(), i64::from(connection.number),];
                self.run(sql, values).await?;
            }
        }
        Ok(())
    }

    /// The peering with this id.
    pub async fn peering(&mut self, id: &str) -> Result<Option<Versioned<Peering>>, Error> {
        let rows = self.fetch("peering", &format!("{PEERING} WHERE id = $1"), params![id]).await?;
        rows.first().map(peering_row).transpose()
    }

    /// What is configured or asked for anywhere, except by one peering itself: an address is
    /// one router's in all of the Internet.
    pub async fn taken(&mut self, except: &str) -> Result<Vec<Taken>, Error> {
        let rows = self.fetch("session_space", TAKEN, params![except]).await?;
        rows.iter().map(taken_row).collect()
    }
}

const PEERING: &str = "SELECT id, body, version FROM peering";
const TAKEN: &str = "SELECT space, asn, peering FROM session_space WHERE peering <> $1";

fn peering_row(row: &Row) -> Result<Versioned<Peering>, Error> {
    Ok(Versioned { body: row.json(1, "body")?, version: row.int(2, "version")? })
}

fn taken_row(row: &Row) -> Result<Taken, Error> {
    let asn = u32::try_from(row.int(1, "asn")?).unwrap_or(0);
    Ok(Taken { space: row.parsed(0, "space")?, asn: Asn(asn), by: Occupant::Peering(row.text(2, "peering")?) })
}

impl PeeringFilter {
    fn clause(&self) -> (String, Vec<Value>) {
        let mut wheres = vec!["1 = 1".to_owned()];
        let mut values: Vec<Value> = vec![];
        let mut equal = |column: &str, value: &str| {
            if !value.is_empty() {
                values.push(value.into());
                wheres.push(format!("{column} = ${}", values.len()));
            }
        };
        equal("organisation", self.organisation.as_deref().unwrap_or_default());
        equal("state", &self.state);
        equal("next", &self.next);
        equal("kind", &self.kind);
        if !self.search.is_empty() {
            values.push(crate::connections::like(&self.search).into());
            let n = values.len();
            wheres.push(format!(
                "(LOWER(peer_name) LIKE ${n} ESCAPE '\\' OR LOWER(id) LIKE ${n} ESCAPE '\\' OR CAST(asn AS TEXT) LIKE ${n} ESCAPE '\\')"
            ));
        }
        (wheres.join(" AND "), values)
    }
}

impl Store {
    /// The peering with this id.
    pub async fn peering(&self, id: &str) -> Result<Option<Versioned<Peering>>, Error> {
        let rows = self.fetch("peering", &format!("{PEERING} WHERE id = $1"), params![id]).await?;
        rows.first().map(peering_row).transpose()
    }

    /// A part of the peerings that the filter lets through, and how many there are.
    pub async fn peerings(&self, filter: &PeeringFilter, sort: Sort<PeeringColumn>, page: &Page) -> Result<(Vec<Peering>, i64), Error> {
        let (wheres, mut values) = filter.clause();
        let count = self.fetch("peering", &format!("SELECT COUNT(*) FROM peering WHERE {wheres}"), &values).await?;
        let total = count.first().map_or(Ok(0), |row| row.int(0, "count"))?;
        let column = match sort.by {
            PeeringColumn::Id => "LENGTH(id), id",
            PeeringColumn::Peer => "LOWER(peer_name)",
            PeeringColumn::State => "state",
            PeeringColumn::Since => "since",
        };
        let direction = sort.direction();
        let column = column.replace(", ", &format!(" {direction}, "));
        values.extend([i64::from(page.limit).into(), i64::from(page.offset).into()]);
        let (limit, offset) = (values.len() - 1, values.len());
        let sql = format!("{PEERING} WHERE {wheres} ORDER BY {column} {direction}, id LIMIT ${limit} OFFSET ${offset}");
        let rows = self.fetch("peering", &sql, &values).await?;
        let peerings = rows.iter().map(|row| peering_row(row).map(|v| v.body)).collect::<Result<_, _>>()?;
        Ok((peerings, total))
    }

    /// What is configured or asked for anywhere, except by one peering itself.
    pub async fn taken(&self, except: &str) -> Result<Vec<Taken>, Error> {
        let rows = self.fetch("session_space", TAKEN, params![except]).await?;
        rows.iter().map(taken_row).collect()
    }
}
