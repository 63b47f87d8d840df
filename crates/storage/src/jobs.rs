//! Work that must be done after a commit, at least once, even after a crash.

use crate::engine::{Error, Store, Tx, params};
use peerage_domain::Timestamp;

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Such as `J-9`.
    pub id: String,
    /// What to do.
    pub kind: String,
    /// With what, such as `PR-88/1`.
    pub subject: String,
    /// How often it was begun.
    pub attempts: i64,
}

impl Tx {
    /// Adds a job that becomes due at `run_at`.
    #[allow(missing_docs)]
    pub async fn add_job(&mut self, kind: &str, subject: &str, run_at: Timestamp) -> Result<(), Error> {
        let id = self.next_id("J").await?;
        let sql = "INSERT INTO job (id, kind, subject, run_at, attempts, lease_until, body) VALUES ($1, $2, $3, $4, 0, 0, '{}')";
        self.run(sql, params![id, kind, subject, run_at.millis()]).await.map(|_| ())
    }

    /// Takes the job off the list: it is done, in this transaction.
    pub async fn finish_job(&mut self, id: &str) -> Result<(), Error> {
        self.run("DELETE FROM job WHERE id = $1", params![id]).await.map(|_| ())
    }
}

impl Store {
    /// Leases the job that is due longest, for `lease_s` seconds; after that it is due again.
    pub async fn lease_job(&self, now: Timestamp, lease_s: i64) -> Result<Option<Job>, Error> {
        let mut tx = self.begin().await?;
        let sql =
            "SELECT id, kind, subject, attempts FROM job WHERE run_at <= $1 AND lease_until <= $1 ORDER BY run_at, LENGTH(id), id LIMIT 1";
        let rows = tx.fetch("job", sql, params![now.millis()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let job = Job {
            id: row.text(0, "id")?,
            kind: row.text(1, "kind")?,
            subject: row.text(2, "subject")?,
            attempts: row.int(3, "attempts")? + 1,
        };
        let sql = "UPDATE job SET lease_until = $2, attempts = attempts + 1 WHERE id = $1";
        tx.run(sql, params![job.id.as_str(), now.plus_secs(lease_s).millis()]).await?;
        tx.commit().await?;
        Ok(Some(job))
    }

    /// When the next job is due.
    pub async fn next_job_at(&self) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT CASE WHEN run_at > lease_until THEN run_at ELSE lease_until END AS due FROM job ORDER BY 1 LIMIT 1";
        let rows = self.fetch("job", sql, &[]).await?;
        rows.first().map(|row| row.time(0, "due")).transpose()
    }
}
