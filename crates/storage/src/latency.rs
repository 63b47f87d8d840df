//! Latency histograms by series and interval: a table for each length of interval and span of
//! time, so that what is too old goes with its table, at once and without a trace.

use crate::engine::{Error, Row, Store, Tx, Value, params};
use peerage_domain::Timestamp;
use std::collections::BTreeMap;

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

/// A series' id and the beginning of an interval, in seconds since 1970.
pub type Slot = (String, i64);

const SERIES: &str = "SELECT id, organisation, name, connection FROM series";
/// So many rows go into one statement.
const ROWS: usize = 100;
/// What the ids of series begin with, before their number.
const PREFIX: &str = "S-";
const DAY: i64 = 86_400;

fn series_row(row: &Row) -> Result<Series, Error> {
    Ok(Series {
        id: row.text(0, "id")?,
        organisation: row.text(1, "organisation")?,
        name: row.text(2, "name")?,
        connection: row.text(3, "connection")?,
    })
}

/// The number of a series: a row is as long as its histogram and little more.
fn number(series: &str) -> Result<i64, Error> {
    series.strip_prefix(PREFIX).and_then(|number| number.parse().ok()).ok_or_else(|| Error::Damaged {
        table: "series",
        row: series.to_owned(),
        column: "id",
        message: format!("it is no {PREFIX} and a number"),
    })
}

/// Span of a table with intervals of this length, in seconds.
fn span_s(step_s: i64) -> i64 {
    match step_s {
        ..600 => DAY,
        600..3600 => 7 * DAY,
        3600..DAY => 30 * DAY,
        _ => 400 * DAY,
    }
}

/// The table for intervals of this length that begin in its span.
fn table(step_s: i64, start: i64) -> (String, i64) {
    let number = start.div_euclid(span_s(step_s));
    (format!("latency_{step_s}_{number}"), number * span_s(step_s))
}

/// `($1, $2), ($3, $4)` for so many rows of so many columns.
fn places(rows: usize, columns: usize) -> String {
    let row = |at: usize| (0..columns).map(|column| format!("${}", at * columns + column + 1)).collect::<Vec<_>>().join(", ");
    (0..rows).map(|at| format!("({})", row(at))).collect::<Vec<_>>().join(", ")
}

impl Tx {
    /// The series of this name, made when it is new.
    ///
    /// # Errors
    /// When the database cannot be written.
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

    /// The histograms of slots, as far as there are any.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn histograms(&mut self, step_s: i64, slots: &[Slot]) -> Result<BTreeMap<Slot, Vec<u8>>, Error> {
        let mut found = BTreeMap::new();
        let known = self.fetch("latency_partition", "SELECT name FROM latency_partition WHERE step = $1", params![step_s]).await?;
        let known: Vec<String> = known.iter().map(|row| row.text(0, "name")).collect::<Result<_, _>>()?;
        for (table, slots) in by_table(step_s, slots, |slot| slot.1).into_iter().filter(|(table, _)| known.contains(table)) {
            for part in slots.chunks(ROWS) {
                let mut values = vec![];
                for (series, start) in part {
                    values.extend_from_slice(params![number(series)?, *start]);
                }
                let places = places(part.len(), 2);
                let sql = format!("SELECT series, start, histogram FROM {table} WHERE (series, start) IN (VALUES {places})");
                for row in self.fetch("latency", &sql, &values).await? {
                    let slot = (format!("{PREFIX}{}", row.int(0, "series")?), row.int(1, "start")?);
                    found.insert(slot, row.bytes(2, "histogram")?);
                }
            }
        }
        Ok(found)
    }

    /// Replaces the histograms of slots.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn put_histograms(&mut self, step_s: i64, histograms: &[(Slot, Vec<u8>)]) -> Result<(), Error> {
        for (table, rows) in by_table(step_s, histograms, |it| it.0.1) {
            self.make_table(&table, step_s, rows.first().map_or(0, |it| it.0.1)).await?;
            for part in rows.chunks(ROWS) {
                let mut values: Vec<Value> = vec![];
                for ((series, start), bytes) in part {
                    values.extend_from_slice(params![number(series)?, *start, bytes.clone()]);
                }
                let places = places(part.len(), 3);
                let sql = format!(
                    "INSERT INTO {table} (series, start, histogram) VALUES {places} \
                     ON CONFLICT (series, start) DO UPDATE SET histogram = excluded.histogram"
                );
                self.run(&sql, &values).await?;
            }
        }
        Ok(())
    }

    async fn make_table(&mut self, name: &str, step_s: i64, start: i64) -> Result<(), Error> {
        let (_, first) = table(step_s, start);
        let sql = "INSERT INTO latency_partition (name, step, first) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        if self.run(sql, params![name, step_s, first]).await? == 0 {
            return Ok(());
        }
        let (bytes, layout) = if self.is_sqlite() { ("BLOB", "WITHOUT ROWID") } else { ("BYTEA", "") };
        let columns = format!("series BIGINT NOT NULL, start BIGINT NOT NULL, histogram {bytes} NOT NULL, PRIMARY KEY (series, start)");
        self.run(&format!("CREATE TABLE {name} ({columns}) {layout}"), &[]).await.map(|_| ())
    }

    /// Drops the tables in which every interval of this length began before a moment.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_latency(&mut self, step_s: i64, before: Timestamp) -> Result<(), Error> {
        let sql = "SELECT name FROM latency_partition WHERE step = $1 AND first <= $2";
        for row in self.fetch("latency_partition", sql, params![step_s, before.secs() - span_s(step_s)]).await? {
            let name = row.text(0, "name")?;
            self.run(&format!("DROP TABLE {name}"), &[]).await?;
            self.run("DELETE FROM latency_partition WHERE name = $1", params![name]).await?;
        }
        Ok(())
    }

    /// Takes over what was in one table before, and drops that.
    pub(crate) async fn split_latency(&mut self) -> Result<(), Error> {
        loop {
            let sql = "SELECT series, step, start, histogram FROM latency ORDER BY series, step, start LIMIT 1000";
            let rows = self.fetch("latency", sql, &[]).await?;
            if rows.is_empty() {
                return self.run("DROP TABLE latency", &[]).await.map(|_| ());
            }
            for row in rows {
                let (series, step_s, start) = (row.text(0, "series")?, row.int(1, "step")?, row.int(2, "start")?);
                let sql = "DELETE FROM latency WHERE series = $1 AND step = $2 AND start = $3";
                self.run(sql, params![series.as_str(), step_s, start]).await?;
                self.put_histograms(step_s, &[((series, start), row.bytes(3, "histogram")?)]).await?;
            }
        }
    }
}

/// Which of these are in which table, in the order of the tables' names.
fn by_table<T: Clone>(step_s: i64, all: &[T], start: impl Fn(&T) -> i64) -> BTreeMap<String, Vec<T>> {
    let mut tables: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for it in all {
        tables.entry(table(step_s, start(it)).0).or_default().push(it.clone());
    }
    tables
}

impl Store {
    /// The series of an organisation (`None`: of everybody), optionally of one connection.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn series(&self, organisation: Option<&str>, connection: &str) -> Result<Vec<Series>, Error> {
        let sql = format!("{SERIES} WHERE ($1 = '' OR organisation = $1) AND ($2 = '' OR connection = $2) ORDER BY name");
        let rows = self.fetch("series", &sql, params![organisation.unwrap_or_default(), connection]).await?;
        rows.iter().map(series_row).collect()
    }

    /// The intervals of series that begin in `from..to`, seconds since 1970, by series and time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn intervals(&self, series: &[&str], step_s: i64, from: i64, to: i64) -> Result<Vec<(Slot, Vec<u8>)>, Error> {
        let sql = "SELECT name FROM latency_partition WHERE step = $1 AND first > $2 AND first < $3 ORDER BY first";
        let tables = self.fetch("latency_partition", sql, params![step_s, from - span_s(step_s), to]).await?;
        let mut found = vec![];
        for table in &tables {
            let table = table.text(0, "name")?;
            for part in series.chunks(ROWS) {
                let mut values = params![from, to].to_vec();
                for id in part {
                    values.extend_from_slice(params![number(id)?]);
                }
                let places: Vec<String> = (3..part.len() + 3).map(|at| format!("${at}")).collect();
                let sql = format!(
                    "SELECT series, start, histogram FROM {table} WHERE series IN ({}) AND start >= $1 AND start < $2",
                    places.join(", ")
                );
                for row in self.fetch("latency", &sql, &values).await? {
                    found.push(((format!("{PREFIX}{}", row.int(0, "series")?), row.int(1, "start")?), row.bytes(2, "histogram")?));
                }
            }
        }
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }
}
