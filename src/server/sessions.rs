//! Sessions of browsers, stored in our database.

use async_trait::async_trait;
use peerage_domain::Timestamp;
use peerage_service::Service;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// Keeps sessions beside everything else, so that they survive a restart.
#[derive(Clone)]
pub struct Sessions(pub Service);

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

fn backend(error: peerage_storage::Error) -> Error {
    Error::Backend(error.to_string())
}

/// The id is a bearer secret: only its hash is stored.
fn key(id: &Id) -> String {
    peerage_service::secrets::token_hash(&id.to_string())
}

impl Sessions {
    async fn put(&self, record: &Record, created: bool) -> Result<bool> {
        let body = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        let expires = Timestamp::from_secs(record.expiry_date.unix_timestamp());
        let mut tx = self.0.store().begin().await.map_err(backend)?;
        let saved = tx.save_session(&key(&record.id), &body, expires, created).await.map_err(backend)?;
        tx.commit().await.map_err(backend)?;
        Ok(saved)
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self.put(record, true).await? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.put(record, false).await.map(|_| ())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = peerage_service::Clock::System.now();
        let Some(body) = self.0.store().session(&key(id), now).await.map_err(backend)? else { return Ok(None) };
        let data = serde_json::from_str(&body).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date =
            time::OffsetDateTime::from_unix_timestamp(now.secs() + SESSION_LIFE_S).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let now = peerage_service::Clock::System.now();
        let mut tx = self.0.store().begin().await.map_err(backend)?;
        tx.delete_session(&key(id), now).await.map_err(backend)?;
        tx.commit().await.map_err(backend)
    }
}

/// Seconds without a visit after which a session ends.
pub const SESSION_LIFE_S: i64 = 7 * 86_400;
