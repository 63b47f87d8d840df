//! The letter of authorization with which a peer orders its cross-connect.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a letter holds, in days.
pub const VALID_DAYS: i64 = 90;

/// A letter of authorization (LOA-CFA) for one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loa {
    /// Where the cross-connect ends on the operator's side: cage, rack, panel, port.
    pub demarcation: String,
    /// When it was issued.
    pub issued: Timestamp,
    /// When the peer said that it has read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Timestamp>,
}

impl Loa {
    /// Until when the cross-connect has to be ordered.
    pub fn valid_until(&self) -> Timestamp {
        self.issued.plus_secs(VALID_DAYS * 86_400)
    }
}
