//! Where time enters: the system's clock, or one that a test or the demo world holds.

use peerage_domain::Timestamp;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// A clock.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// Stands still until it is set; milliseconds since 1970.
    Held(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn held(now: Timestamp) -> Self {
        Clock::Held(Arc::new(AtomicI64::new(now.millis())))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Clock::Held(ms) => Timestamp::from_millis(ms.load(Ordering::SeqCst)),
        }
    }

    /// Sets a held clock; the system's clock stays as it is.
    pub fn set(&self, now: Timestamp) {
        if let Clock::Held(ms) = self {
            ms.store(now.millis(), Ordering::SeqCst);
        }
    }
}
