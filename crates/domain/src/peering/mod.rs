//! A peering: one or several connections of one ASN with the operator at one location.
//!
//! * [`machine`] holds the states and every allowed step, as data.
//! * [`Peering::decide`] judges a command and may refuse; [`Peering::apply`] takes
//!   over what happened and cannot fail. Events are the history.
//! * [`timeline`] derives past, current and expected steps.
//!
//! Connection state, BGP session state and the state of an API write are three
//! different things; only the first one lives here.

mod aggregate;
mod connection;
mod direct;
mod loa;
pub mod machine;
mod refusal;
mod state;
pub mod timeline;

pub use aggregate::Peering;
pub use connection::{Command, Connection, PeeringEvent, Recorded};
pub use direct::DirectType;
pub use loa::Loa;
pub use machine::{Flow, MACHINE, Party, StateName, Step, Verb};
pub use refusal::Refusal;
pub use state::State;

use serde::{Deserialize, Serialize};

/// Over what the two networks meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// A private interconnect in a facility.
    Direct,
    /// The peering LAN of an Internet exchange.
    Exchange,
}

impl Kind {
    /// The wire name.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Direct => "Direct",
            Kind::Exchange => "Exchange",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "Direct" | "direct" => Ok(Kind::Direct),
            "Exchange" | "exchange" => Ok(Kind::Exchange),
            other => Err(format!("“{other}” is not a kind of peering. Choose Direct or Exchange.")),
        }
    }
}

/// State of one BGP session; names of RFC 4271 §8.2.2 plus the two ends of its life here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SessionState {
    /// There is no such session.
    None,
    /// To be configured.
    PendingAdd,
    /// To be removed.
    PendingRemove,
    /// Not trying.
    Idle,
    /// Waiting for TCP.
    Connect,
    /// Listening and trying again.
    Active,
    /// OPEN sent.
    OpenSent,
    /// OPEN exchanged.
    OpenConfirm,
    /// Up.
    Established,
}

impl SessionState {
    /// The state that a router's word for it means (RFC 4271 §8.2.2); Idle when it is none of them.
    pub fn of(word: &str) -> Self {
        let fsm =
            [SessionState::Connect, SessionState::Active, SessionState::OpenSent, SessionState::OpenConfirm, SessionState::Established];
        fsm.into_iter().find(|state| state.word() == word).unwrap_or(SessionState::Idle)
    }

    /// The wire name.
    pub fn word(self) -> &'static str {
        match self {
            SessionState::None => "None",
            SessionState::PendingAdd => "PendingAdd",
            SessionState::PendingRemove => "PendingRemove",
            SessionState::Idle => "Idle",
            SessionState::Connect => "Connect",
            SessionState::Active => "Active",
            SessionState::OpenSent => "OpenSent",
            SessionState::OpenConfirm => "OpenConfirm",
            SessionState::Established => "Established",
        }
    }
}

/// What the router says about one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFact {
    /// The peer's address.
    pub peer: std::net::IpAddr,
    /// State of the BGP session.
    pub state: SessionState,
    /// Since when.
    pub since: crate::Timestamp,
    /// What ended or hinders it, in the router's words.
    pub last_error: Option<String>,
    /// How often it went down, as far as the router or the portal counted.
    #[serde(default)]
    pub flaps: Option<u64>,
    /// Routes that are let in.
    pub accepted: u64,
    /// Routes that are refused.
    pub refused: u64,
}

/// One entry of a peering's history; the first one is always the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeeringRecord {
    /// The peering was written down, every connection in state None.
    Requested(Box<Peering>),
    /// A step of one connection.
    Stepped(PeeringEvent),
}

/// The peering that a history leads to.
pub fn replay(history: impl IntoIterator<Item = (crate::Timestamp, PeeringRecord)>) -> Option<Peering> {
    let mut history = history.into_iter();
    let (_, PeeringRecord::Requested(first)) = history.next()? else { return None };
    let mut peering = *first;
    for (at, record) in history {
        if let PeeringRecord::Stepped(event) = record {
            peering.apply(&event, at);
        }
    }
    Some(peering)
}
