//! SQLite and PostgreSQL behind one door.

use sqlx::{
    AssertSqlSafe, Column, Row as _, TypeInfo, ValueRef,
    postgres::{PgPool, PgPoolOptions, PgRow},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use std::{str::FromStr, time::Duration};

/// What can go wrong with storage; the operator has to look.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database said no.
    #[error("database: {}", reason(.0))]
    Database(#[from] sqlx::Error),
    /// A stored value cannot be.
    #[error("stored data: {table} row {row}, column {column}: {message}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// The column.
        column: &'static str,
        /// What is wrong.
        message: String,
    },
    /// Somebody else changed the row in between.
    #[error("{0} was changed by somebody else in the meantime")]
    Conflict(String),
    /// The URL is of no known database.
    #[error("“{0}” is not a database URL. Use sqlite:PATH or postgres://USER@HOST/NAME.")]
    Url(String),
    /// The database is newer than this program.
    #[error("the database has schema version {found}, this program knows {known}: start a newer peerage")]
    Newer {
        /// Version in the database.
        found: i64,
        /// Version of the program.
        known: i64,
    },
}

/// A pool that finds no connection in time says nothing of why; nearly always nobody answers.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => "no answer in time. Does the database server run, and does DATABASE_URL name it? \
             Peerage goes on by itself when it answers again."
            .to_owned(),
        other => other.to_string(),
    }
}

/// A parameter or a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text or null.
    Text(Option<String>),
    /// A 64-bit integer or null.
    Int(Option<i64>),
    /// A floating point number.
    Real(f64),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(Some(text.to_owned()))
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(Some(text))
    }
}
impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Value::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(Some(number))
    }
}
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Real(number)
    }
}
impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Value::Bytes(bytes)
    }
}

/// Builds a list of parameters.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::engine::Value::from($value)),*] };
}
pub(crate) use params;

/// One row of an answer. `table` is for messages.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    table: &'static str,
    cells: Vec<Value>,
}

impl Row {
    fn damaged(&self, column: &'static str, message: impl Into<String>) -> Error {
        let row = match self.cells.first() {
            Some(Value::Text(Some(key))) => key.clone(),
            other => format!("{other:?}"),
        };
        Error::Damaged { table: self.table, row, column, message: message.into() }
    }

    pub(crate) fn text(&self, at: usize, column: &'static str) -> Result<String, Error> {
        self.maybe_text(at, column)?.ok_or_else(|| self.damaged(column, "is null"))
    }

    pub(crate) fn maybe_text(&self, at: usize, column: &'static str) -> Result<Option<String>, Error> {
        match self.cells.get(at) {
            Some(Value::Text(text)) => Ok(text.clone()),
            other => Err(self.damaged(column, format!("{other:?} is not text"))),
        }
    }

    pub(crate) fn int(&self, at: usize, column: &'static str) -> Result<i64, Error> {
        match self.cells.get(at) {
            Some(Value::Int(Some(number))) => Ok(*number),
            other => Err(self.damaged(column, format!("{other:?} is not an integer"))),
        }
    }

    pub(crate) fn bytes(&self, at: usize, column: &'static str) -> Result<Vec<u8>, Error> {
        match self.cells.get(at) {
            Some(Value::Bytes(bytes)) => Ok(bytes.clone()),
            other => Err(self.damaged(column, format!("{other:?} is not bytes"))),
        }
    }

    /// A cell that holds the text form of a value.
    pub(crate) fn parsed<T: FromStr>(&self, at: usize, column: &'static str) -> Result<T, Error>
    where
        T::Err: std::fmt::Display,
    {
        self.text(at, column)?.parse().map_err(|error: T::Err| self.damaged(column, error.to_string()))
    }

    /// A cell that holds JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, at: usize, column: &'static str) -> Result<T, Error> {
        serde_json::from_str(&self.text(at, column)?).map_err(|error| self.damaged(column, error.to_string()))
    }

    pub(crate) fn time(&self, at: usize, column: &'static str) -> Result<peerage_domain::Timestamp, Error> {
        self.int(at, column).map(peerage_domain::Timestamp::from_millis)
    }
}

/// JSON text of a value that serde can always write.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Database(sqlx::Error::Encode(Box::new(error))))
}

/// Which part of a list, in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows to skip.
    pub offset: u32,
    /// Most rows to give.
    pub limit: u32,
}

/// A column to sort by and the direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort<C> {
    /// The column.
    pub by: C,
    /// Largest first.
    pub descending: bool,
}

impl<C> Sort<C> {
    pub(crate) fn direction(&self) -> &'static str {
        if self.descending { "DESC" } else { "ASC" }
    }
}

/// The database.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
}

#[derive(Clone)]
enum Pools {
    /// One connection writes, several read: SQLite has one writer anyway, and
    /// waiting here is fairer than its busy handler.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
    },
    Postgres(PgPool),
}

/// An open transaction; dropped without [`Tx::commit`], nothing of it happens.
pub struct Tx {
    inner: TxInner,
}

enum TxInner {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

/// Anything that runs SQL: the store for single reads, a transaction for the rest.
macro_rules! bind {
    ($sql:expr, $params:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql.to_owned()));
        for value in $params {
            query = match value.clone() {
                Value::Text(text) => query.bind(text),
                Value::Int(number) => query.bind(number),
                Value::Real(number) => query.bind(number),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        query
    }};
}

impl Store {
    /// Opens `sqlite:PATH` (made when missing) or `postgres://…` and brings the schema up to date.
    ///
    /// # Errors
    /// When the URL, the database or its schema version cannot be used.
    pub async fn open(url: &str) -> Result<Self, Error> {
        let pools = if let Some(path) = url.strip_prefix("sqlite:") {
            Self::open_sqlite(path.trim_start_matches("//")).await?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(10));
            Pools::Postgres(options.connect(url).await?)
        } else {
            return Err(Error::Url(url.chars().take(60).collect()));
        };
        let store = Store { pools };
        crate::schema::migrate(&store).await?;
        Ok(store)
    }

    async fn open_sqlite(path: &str) -> Result<Pools, Error> {
        // What is in it is nobody else's, whatever folder it is in; its companions get the same mode.
        // A path that cannot be used is told by SQLite.
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            let _ = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged write survives a power cut, too.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        let read = SqlitePoolOptions::new().max_connections(8).connect_with(options).await?;
        Ok(Pools::Sqlite { write, read })
    }

    /// One word for pages and logs.
    pub fn engine(&self) -> &'static str {
        match self.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres(_) => "PostgreSQL",
        }
    }

    /// Begins a transaction. Writers wait for each other, so what a transaction has
    /// read stays true until it commits.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let mut tx = self.begin_shared().await?;
        if matches!(tx.inner, TxInner::Postgres(_)) {
            // 0x5045 is "PE"; any number that nobody else uses would do.
            tx.fetch("", "SELECT CAST(pg_advisory_xact_lock(20549) AS TEXT)", &[]).await?;
        }
        Ok(tx)
    }

    /// Begins a transaction that only adds rows and does not depend on others.
    pub(crate) async fn begin_shared(&self) -> Result<Tx, Error> {
        let inner = match &self.pools {
            Pools::Sqlite { write, .. } => TxInner::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => TxInner::Postgres(pool.begin().await?),
        };
        Ok(Tx { inner })
    }

    pub(crate) async fn fetch(&self, table: &'static str, sql: &str, params: &[Value]) -> Result<Vec<Row>, Error> {
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                let rows = bind!(sql, params).fetch_all(read).await?;
                rows.iter().map(|row| sqlite_row(table, row)).collect()
            }
            Pools::Postgres(pool) => {
                let rows = bind!(sql, params).fetch_all(pool).await?;
                rows.iter().map(|row| postgres_row(table, row)).collect()
            }
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.fetch("", "SELECT CAST(1 AS BIGINT)", &[]).await.map(|_| ())
    }
}

impl Tx {
    /// Makes everything durable.
    ///
    /// # Errors
    /// When it could not be written; nothing happened then.
    pub async fn commit(self) -> Result<(), Error> {
        match self.inner {
            TxInner::Sqlite(tx) => tx.commit().await?,
            TxInner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.inner, TxInner::Sqlite(_))
    }

    pub(crate) async fn fetch(&mut self, table: &'static str, sql: &str, params: &[Value]) -> Result<Vec<Row>, Error> {
        match &mut self.inner {
            TxInner::Sqlite(tx) => {
                let rows = bind!(sql, params).fetch_all(&mut **tx).await?;
                rows.iter().map(|row| sqlite_row(table, row)).collect()
            }
            TxInner::Postgres(tx) => {
                let rows = bind!(sql, params).fetch_all(&mut **tx).await?;
                rows.iter().map(|row| postgres_row(table, row)).collect()
            }
        }
    }

    /// Runs a statement and tells how many rows it changed.
    pub(crate) async fn run(&mut self, sql: &str, params: &[Value]) -> Result<u64, Error> {
        Ok(match &mut self.inner {
            TxInner::Sqlite(tx) => bind!(sql, params).execute(&mut **tx).await?.rows_affected(),
            TxInner::Postgres(tx) => bind!(sql, params).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// The next number of a named sequence, from 1: ids such as `PR-88`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn next_id(&mut self, prefix: &str) -> Result<String, Error> {
        let sql = "INSERT INTO sequence (name, last) VALUES ($1, 1) \
                   ON CONFLICT (name) DO UPDATE SET last = sequence.last + 1 RETURNING last";
        let rows = self.fetch("sequence", sql, params![prefix]).await?;
        let number = rows.first().map_or(Ok(1), |row| row.int(0, "last"))?;
        Ok(format!("{prefix}-{number}"))
    }
}

fn sqlite_row(table: &'static str, row: &SqliteRow) -> Result<Row, Error> {
    let cells = (0..row.len()).map(|at| {
        let raw = row.try_get_raw(at)?;
        // The declared type tells what a null would have been.
        let declared = row.column(at).type_info().name().to_owned();
        let found = raw.type_info().name().to_owned();
        Ok(match (raw.is_null(), found.as_str()) {
            (true, _) if declared == "INTEGER" => Value::Int(None),
            (true, _) => Value::Text(None),
            (_, "INTEGER") => Value::Int(Some(row.try_get(at)?)),
            (_, "REAL") => Value::Real(row.try_get(at)?),
            (_, "BLOB") => Value::Bytes(row.try_get(at)?),
            _ => Value::Text(Some(row.try_get(at)?)),
        })
    });
    Ok(Row { table, cells: cells.collect::<Result<_, sqlx::Error>>()? })
}

fn postgres_row(table: &'static str, row: &PgRow) -> Result<Row, Error> {
    let cells = (0..row.len()).map(|at| {
        Ok(match row.column(at).type_info().name() {
            "INT8" => Value::Int(row.try_get(at)?),
            "FLOAT8" => Value::Real(row.try_get(at)?),
            "BYTEA" => Value::Bytes(row.try_get(at)?),
            _ => Value::Text(row.try_get(at)?),
        })
    });
    Ok(Row { table, cells: cells.collect::<Result<_, sqlx::Error>>()? })
}
