//! One connection of a peering, and the steps that it takes.

use super::{Kind, Loa, Party, State, StateName, Verb};
use crate::{Next, Timestamp, session::ConnectionSpec};
use serde::{Deserialize, Serialize};

/// One connection of a peering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Number within the peering, from 1.
    pub number: u16,
    /// What is asked for.
    pub spec: ConnectionSpec,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// The letter with which its cross-connect is ordered; Direct only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loa: Option<Loa>,
}

impl Connection {
    /// Who acts next, where the state alone does not tell.
    pub fn next(&self, kind: Kind) -> Next {
        match (&self.state, kind) {
            (State::ProvisioningStarted { peer_ready: false }, Kind::Direct) if self.lacks_addresses() => Next::Operator,
            (State::ProvisioningStarted { peer_ready: false }, Kind::Direct) => Next::Requester,
            (State::Validating { held: Some(_), .. }, _) => Next::Operator,
            (state, _) => state.name().next(),
        }
    }

    /// Whether the operator still has to assign the session's addresses.
    pub fn lacks_addresses(&self) -> bool {
        self.spec.lacks_addresses()
    }

    /// The connection as it will be once a change of type is done; as it is without one.
    pub fn coming(&self) -> &ConnectionSpec {
        match &self.state {
            State::TypeChangeInProgress { pending: Some(spec), .. } => spec,
            _ => &self.spec,
        }
    }

    /// Whether it is on its way to Active: changed, set up or validated.
    pub(super) fn is_moving(&self) -> bool {
        use StateName as S;
        matches!(self.state.name(), S::TypeChangeInProgress | S::ProvisioningStarted | S::ProvisioningCompleted | S::Validating)
    }
}

/// A command for one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Which connection.
    pub connection: u16,
    /// What to do.
    pub verb: Verb,
    /// Who does it.
    pub by: Party,
    /// Reason, note, error or new type, where the verb needs one.
    pub note: String,
    /// The changed connection, where the verb comes with one.
    pub spec: Option<ConnectionSpec>,
}

/// What happened to one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeeringEvent {
    /// Which connection.
    pub connection: u16,
    /// What was done.
    pub verb: Verb,
    /// The state that it led to.
    pub to: StateName,
    /// Who did it.
    pub by: Party,
    /// Reason, note, error or new type.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The changed connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<ConnectionSpec>,
}

/// An event with its time and author, as history shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// When.
    pub at: Timestamp,
    /// The person or job.
    pub author: String,
    /// What.
    pub event: PeeringEvent,
}
