//! Which batches of telemetry were received, and route events.

use crate::engine::{Error, Page, Store, Tx, json, params};
use peerage_domain::{Timestamp, telemetry::RouteEvent};

impl Tx {
    /// Remembers a batch; false when it was received before.
    #[allow(missing_docs)]
    pub async fn add_batch(&mut self, id: &str, now: Timestamp) -> Result<bool, Error> {
        let sql = "INSERT INTO telemetry_batch (id, received) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        Ok(self.run(sql, params![id, now.millis()]).await? > 0)
    }

    /// Adds a route event; false when the same one is there already.
    pub async fn add_route_event(&mut self, id: &str, organisation: &str, it: &RouteEvent) -> Result<bool, Error> {
        let sql = "INSERT INTO route_event (id, organisation, at, kind, level, prefix, body) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        let kind = format!("{:?}", it.kind);
        let level = format!("{:?}", it.kind.level());
        let values = params![id, organisation, it.time.millis(), kind, level, it.prefix.to_string(), json(it)?];
        Ok(self.run(sql, values).await? > 0)
    }

    /// Forgets which batches were received before a moment.
    #[allow(missing_docs)]
    pub async fn forget_batches(&mut self, before: Timestamp) -> Result<(), Error> {
        self.run("DELETE FROM telemetry_batch WHERE received < $1", params![before.millis()]).await.map(|_| ())
    }
}

impl Store {
    /// Route events of an organisation (`None`: of everybody) in a span, latest first, and how many there are.
    pub async fn route_events(
        &self,
        organisation: Option<&str>,
        level: &str,
        from: Timestamp,
        to: Timestamp,
        oldest_first: bool,
        page: &Page,
    ) -> Result<(Vec<(String, RouteEvent)>, i64), Error> {
        let organisation = organisation.unwrap_or_default();
        let wheres = "($1 = '' OR organisation = $1) AND ($2 = '' OR level = $2) AND at >= $3 AND at <= $4";
        let values = params![organisation, level, from.millis(), to.millis(), i64::from(page.limit), i64::from(page.offset)];
        let count = self.fetch("route_event", &format!("SELECT COUNT(*) FROM route_event WHERE {wheres}"), &values[..4]).await?;
        let total = count.first().map_or(Ok(0), |row| row.int(0, "count"))?;
        let order = if oldest_first { "at, id" } else { "at DESC, id" };
        let sql = format!("SELECT id, body FROM route_event WHERE {wheres} ORDER BY {order} LIMIT $5 OFFSET $6");
        let rows = self.fetch("route_event", &sql, values).await?;
        let events = rows.iter().map(|row| Ok((row.text(0, "id")?, row.json(1, "body")?))).collect::<Result<_, Error>>()?;
        Ok((events, total))
    }
}
