//! Latency histograms by series and interval, and route events.

use crate::engine::{Error, Page, Row, Store, Tx, json, params};
use peerage_domain::{Timestamp, telemetry::RouteEvent};

/// A series of latency samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Such as `S-1`.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// Unique in the organisation, such as `CN-1/Ashburn`.
    pub name: String,
    /// The connection it belongs to: what stands before the first `/`.
    pub connection: String,
}

/// One stored interval: its start in seconds since 1970 and the histogram's bytes.
pub type Interval = (i64, Vec<u8>);

const SERIES: &str = "SELECT id, organisation, name, connection FROM series";

fn series_row(row: &Row) -> Result<Series, Error> {
    Ok(Series {
        id: row.text(0, "id")?,
        organisation: row.text(1, "organisation")?,
        name: row.text(2, "name")?,
        connection: row.text(3, "connection")?,
    })
}

impl Tx {
    /// Remembers a batch; false when it was received before.
    #[allow(missing_docs)]
    pub async fn add_batch(&mut self, id: &str, now: Timestamp) -> Result<bool, Error> {
        let sql = "INSERT INTO telemetry_batch (id, received) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        Ok(self.run(sql, params![id, now.millis()]).await? > 0)
    }

    /// The series of this name, made when it is new.
    pub async fn series(&mut self, organisation: &str, name: &str) -> Result<Series, Error> {
        let sql = format!("{SERIES} WHERE organisation = $1 AND name = $2");
        if let Some(row) = self.fetch("series", &sql, params![organisation, name]).await?.first() {
            return series_row(row);
        }
        let id = self.next_id("S").await?;
        let connection = name.split('/').next().unwrap_or_default();
        let sql = "INSERT INTO series (id, organisation, name, connection) VALUES ($1, $2, $3, $4)";
        self.run(sql, params![id.as_str(), organisation, name, connection]).await?;
        Ok(Series { id, organisation: organisation.into(), name: name.into(), connection: connection.into() })
    }

    /// The histogram of one interval.
    pub async fn histogram(&mut self, series: &str, step_s: i64, start: i64) -> Result<Option<Vec<u8>>, Error> {
        let sql = "SELECT series, histogram FROM latency WHERE series = $1 AND step = $2 AND start = $3";
        let rows = self.fetch("latency", sql, params![series, step_s, start]).await?;
        rows.first().map(|row| row.bytes(1, "histogram")).transpose()
    }

    /// Replaces the histogram of one interval.
    pub async fn put_histogram(&mut self, series: &str, step_s: i64, start: i64, bytes: Vec<u8>) -> Result<(), Error> {
        let sql = "INSERT INTO latency (series, step, start, histogram) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (series, step, start) DO UPDATE SET histogram = excluded.histogram";
        self.run(sql, params![series, step_s, start, bytes]).await.map(|_| ())
    }

    /// Adds a route event; false when the same one is there already.
    pub async fn add_route_event(&mut self, id: &str, organisation: &str, it: &RouteEvent) -> Result<bool, Error> {
        let sql = "INSERT INTO route_event (id, organisation, at, kind, level, prefix, body) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        let kind = format!("{:?}", it.kind);
        let level = format!("{:?}", it.kind.level());
        let values = params![id, organisation, it.time.millis(), kind, level, it.prefix.to_string(), json(it)?];
        Ok(self.run(sql, values).await? > 0)
    }

    /// Forgets intervals of one length and batches from before a moment.
    pub async fn forget_before(&mut self, step_s: i64, before: Timestamp) -> Result<(), Error> {
        self.run("DELETE FROM latency WHERE step = $1 AND start < $2", params![step_s, before.secs()]).await?;
        self.run("DELETE FROM telemetry_batch WHERE received < $1", params![before.millis()]).await.map(|_| ())
    }
}

impl Store {
    /// The series of an organisation (`None`: of everybody), optionally of one connection.
    pub async fn series(&self, organisation: Option<&str>, connection: &str) -> Result<Vec<Series>, Error> {
        let sql = format!("{SERIES} WHERE ($1 = '' OR organisation = $1) AND ($2 = '' OR connection = $2) ORDER BY name");
        let rows = self.fetch("series", &sql, params![organisation.unwrap_or_default(), connection]).await?;
        rows.iter().map(series_row).collect()
    }

    /// The intervals of a series that begin in `from..to`, seconds since 1970.
    pub async fn intervals(&self, series: &str, step_s: i64, from: i64, to: i64) -> Result<Vec<Interval>, Error> {
        let sql =
            "SELECT series, start, histogram FROM latency WHERE series = $1 AND step = $2 AND start >= $3 AND start < $4 ORDER BY start";
        let rows = self.fetch("latency", sql, params![series, step_s, from, to]).await?;
        rows.iter().map(|row| Ok((row.int(1, "start")?, row.bytes(2, "histogram")?))).collect()
    }

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
