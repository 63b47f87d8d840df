//! What is to be told to whom: one beginning and one end of each incident a channel, whatever
//! happens in between.

use crate::engine::{Error, Row, Store, Tx, Value, json, params};
use peerage_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Of what is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It begins.
    Open,
    /// It is over.
    Close,
    /// Somebody tries the channel.
    Test,
    /// A week or month is over.
    Report,
}

impl Phase {
    /// The word in the table and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Open => "open",
            Phase::Close => "close",
            Phase::Test => "test",
            Phase::Report => "report",
        }
    }

    fn of(word: &str) -> Option<Phase> {
        [Phase::Open, Phase::Close, Phase::Test, Phase::Report].into_iter().find(|phase| phase.word() == word)
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It is sent when it is due, or again after a failure.
    Waiting,
    /// The receiver took it.
    Sent,
    /// It failed too often.
    Failed,
    /// It was over before it was due, or nobody was told of its beginning.
    Cancelled,
    /// Somebody muted it.
    Muted,
}

impl DeliveryState {
    const ALL: [DeliveryState; 5] =
        [DeliveryState::Waiting, DeliveryState::Sent, DeliveryState::Failed, DeliveryState::Cancelled, DeliveryState::Muted];

    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Sent => "sent",
            DeliveryState::Failed => "failed",
            DeliveryState::Cancelled => "cancelled",
            DeliveryState::Muted => "muted",
        }
    }
}

/// What came of it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Id of the alert that asked for it.
    pub alert: String,
    /// When it was written.
    pub created: Timestamp,
    /// When it was tried last.
    pub tried: Option<Timestamp>,
    /// What the receiver said, or why it could not be reached.
    pub answer: String,
}

/// Something to be told to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Such as `DE-7`; the receiver knows by it what it had already.
    pub id: String,
    /// To which channel.
    pub channel: String,
    /// Of which incident; for a test its own id, for a report its week or month, such as `week 2026-11-16`.
    pub incident: String,
    /// Beginning, end, or another occasion.
    pub phase: Phase,
    /// Whose.
    pub organisation: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is to be sent.
    pub due: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// What came of it.
    pub outcome: Outcome,
}

impl Delivery {
    /// What is to be told at once, of an incident and a phase of it.
    pub fn new(id: String, channel: &str, organisation: &str, (incident, phase): (&str, Phase), now: Timestamp) -> Delivery {
        Delivery {
            id,
            channel: channel.to_owned(),
            incident: incident.to_owned(),
            phase,
            organisation: organisation.to_owned(),
            state: DeliveryState::Waiting,
            due: now,
            attempts: 0,
            outcome: Outcome { created: now, ..Outcome::default() },
        }
    }

    /// The same, to be told later.
    pub fn due(self, due: Timestamp) -> Delivery {
        Delivery { due, ..self }
    }

    /// The same, because of an alert.
    pub fn for_alert(self, alert: &str) -> Delivery {
        Delivery { outcome: Outcome { alert: alert.to_owned(), ..self.outcome }, ..self }
    }
}

const DELIVERY: &str = "SELECT id, channel, incident, phase, organisation, state, due, attempts, body FROM delivery";

fn delivery(row: &Row) -> Result<Delivery, Error> {
    let damaged =
        |column| Error::Damaged { table: "delivery", row: row.text(0, "id").unwrap_or_default(), column, message: "unknown word".into() };
    let state = row.text(5, "state")?;
    Ok(Delivery {
        id: row.text(0, "id")?,
        channel: row.text(1, "channel")?,
        incident: row.text(2, "incident")?,
        phase: Phase::of(&row.text(3, "phase")?).ok_or_else(|| damaged("phase"))?,
        organisation: row.text(4, "organisation")?,
        state: DeliveryState::ALL.into_iter().find(|known| known.word() == state).ok_or_else(|| damaged("state"))?,
        due: row.time(6, "due")?,
        attempts: row.int(7, "attempts")?,
        outcome: row.json(8, "body")?,
    })
}

impl Tx {
    /// Adds a delivery; false when the channel has one of this phase of the incident already.
    #[allow(missing_docs)]
    pub async fn add_delivery(&mut self, it: &Delivery) -> Result<bool, Error> {
        let sql = "INSERT INTO delivery (id, channel, incident, phase, organisation, state, due, attempts, lease_until, body) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9) ON CONFLICT DO NOTHING";
        let values = params![
            it.id.as_str(),
            it.channel.as_str(),
            it.incident.as_str(),
            it.phase.word(),
            it.organisation.as_str(),
            it.state.word(),
            it.due.millis(),
            it.attempts,
            json(&it.outcome)?
        ];
        Ok(self.run(sql, values).await? > 0)
    }

    /// Keeps what came of a delivery.
    pub async fn save_delivery(&mut self, it: &Delivery) -> Result<(), Error> {
        let sql = "UPDATE delivery SET state = $2, due = $3, attempts = $4, lease_until = 0, body = $5 WHERE id = $1";
        self.run(sql, params![it.id.as_str(), it.state.word(), it.due.millis(), it.attempts, json(&it.outcome)?]).await.map(|_| ())
    }

    /// What channels are told of an incident.
    pub async fn deliveries_of(&mut self, incident: &str) -> Result<Vec<Delivery>, Error> {
        let sql = format!("{DELIVERY} WHERE incident = $1 ORDER BY LENGTH(id), id");
        self.fetch("delivery", &sql, params![incident]).await?.iter().map(delivery).collect()
    }

    /// What waits for being told to a channel will not be, for this reason.
    pub async fn cancel_deliveries(&mut self, channel: &str, why: &str) -> Result<(), Error> {
        let sql = format!("{DELIVERY} WHERE channel = $1 AND state = $2");
        for row in self.fetch("delivery", &sql, params![channel, DeliveryState::Waiting.word()]).await? {
            let mut waiting = delivery(&row)?;
            waiting.state = DeliveryState::Cancelled;
            waiting.outcome.answer = why.to_owned();
            self.save_delivery(&waiting).await?;
        }
        Ok(())
    }

    /// A delivery by its id.
    pub async fn delivery(&mut self, id: &str) -> Result<Option<Delivery>, Error> {
        self.fetch("delivery", &format!("{DELIVERY} WHERE id = $1"), params![id]).await?.first().map(delivery).transpose()
    }
}

impl Store {
    /// Leases the delivery that is due longest, for `lease_s` seconds; after that it is due again.
    /// Those of some organisations wait.
    pub async fn lease_delivery(&self, now: Timestamp, lease_s: i64, without: &[&str]) -> Result<Option<Delivery>, Error> {
        let mut values: Vec<Value> = params![now.millis()].to_vec();
        values.extend(without.iter().map(|id| Value::from(*id)));
        let others: String = (2..=values.len()).map(|at| format!(" AND organisation <> ${at}")).collect();
        self.lease(&format!("due <= $1{others}"), &values, now, lease_s).await
    }

    /// Leases one delivery that waits, whenever it is due.
    pub async fn lease_one(&self, id: &str, now: Timestamp, lease_s: i64) -> Result<Option<Delivery>, Error> {
        self.lease("id = $2", params![now.millis(), id], now, lease_s).await
    }

    async fn lease(&self, which: &str, values: &[Value], now: Timestamp, lease_s: i64) -> Result<Option<Delivery>, Error> {
        // Mostly nothing is due: looking takes no turn among those who write.
        let wheres = format!("WHERE state = 'waiting' AND lease_until <= $1 AND {which} ORDER BY due, LENGTH(id), id LIMIT 1");
        if self.fetch("delivery", &format!("SELECT id FROM delivery {wheres}"), values).await?.is_empty() {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        let rows = tx.fetch("delivery", &format!("{DELIVERY} {wheres}"), values).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let found = delivery(row)?;
        tx.run("UPDATE delivery SET lease_until = $2 WHERE id = $1", params![found.id.as_str(), now.plus_secs(lease_s).millis()]).await?;
        tx.commit().await?;
        Ok(Some(found))
    }

    /// Beginnings that were muted, of incidents that go on.
    pub async fn muted_of_open(&self) -> Result<Vec<Delivery>, Error> {
        let sql = format!(
            "{DELIVERY} WHERE state = 'muted' AND EXISTS (SELECT 1 FROM incident i WHERE i.id = delivery.incident AND i.closed IS NULL)"
        );
        self.fetch("delivery", &sql, &[]).await?.iter().map(delivery).collect()
    }

    /// What was told to the channels of an organisation, latest first.
    pub async fn deliveries(&self, organisation: &str, most: u32) -> Result<Vec<Delivery>, Error> {
        let sql = format!("{DELIVERY} WHERE organisation = $1 ORDER BY LENGTH(id) DESC, id DESC LIMIT $2");
        self.fetch("delivery", &sql, params![organisation, i64::from(most)]).await?.iter().map(delivery).collect()
    }

    /// What was told of an incident to the channels of an organisation.
    pub async fn deliveries_about(&self, organisation: &str, incident: &str) -> Result<Vec<Delivery>, Error> {
        let sql = format!("{DELIVERY} WHERE organisation = $1 AND incident = $2 ORDER BY LENGTH(id), id");
        self.fetch("delivery", &sql, params![organisation, incident]).await?.iter().map(delivery).collect()
    }
}
