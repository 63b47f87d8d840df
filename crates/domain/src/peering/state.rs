//! Where a connection stands, with what is known there.

use super::{Kind, PeeringEvent, StateName, Verb};
use crate::session::ConnectionSpec;
use serde::{Deserialize, Serialize};

/// The state of a connection with what is known in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name")]
#[allow(missing_docs)] // the variants are those of `StateName`
pub enum State {
    None,
    PendingApproval,
    ChangesRequested {
        note: String,
    },
    Rejected {
        reason: String,
    },
    Approved,
    ProvisioningStarted {
        peer_ready: bool,
    },
    ProvisioningFailed {
        error: String,
    },
    ProvisioningCompleted,
    Validating {
        /// Why the operator opens whatever is found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waived: Option<String>,
        /// Why the operator keeps it closed; until it goes on, nothing is opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<String>,
    },
    Active,
    TypeChangeRequested {
        to: String,
    },
    TypeChangeInProgress {
        to: String,
        /// The connection as it will be; the one before runs until the peer is ready.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pending: Option<Box<ConnectionSpec>>,
    },
    ExternalBlocker {
        reason: String,
        peer_ready: bool,
    },
    PendingRemove {
        was: Box<State>,
    },
    Removed,
}

impl State {
    /// The name alone.
    pub fn name(&self) -> StateName {
        match self {
            State::None => StateName::None,
            State::PendingApproval => StateName::PendingApproval,
            State::ChangesRequested { .. } => StateName::ChangesRequested,
            State::Rejected { .. } => StateName::Rejected,
            State::Approved => StateName::Approved,
            State::ProvisioningStarted { .. } => StateName::ProvisioningStarted,
            State::ProvisioningFailed { .. } => StateName::ProvisioningFailed,
            State::ProvisioningCompleted => StateName::ProvisioningCompleted,
            State::Validating { .. } => StateName::Validating,
            State::Active => StateName::Active,
            State::TypeChangeRequested { .. } => StateName::TypeChangeRequested,
            State::TypeChangeInProgress { .. } => StateName::TypeChangeInProgress,
            State::ExternalBlocker { .. } => StateName::ExternalBlocker,
            State::PendingRemove { .. } => StateName::PendingRemove,
            State::Removed => StateName::Removed,
        }
    }

    /// What somebody wrote when the connection came into this state.
    pub fn note(&self) -> Option<&str> {
        match self {
            State::ChangesRequested { note: text }
            | State::Rejected { reason: text }
            | State::ProvisioningFailed { error: text }
            | State::ExternalBlocker { reason: text, .. }
            | State::TypeChangeRequested { to: text }
            | State::TypeChangeInProgress { to: text, .. }
            | State::Validating { waived: Some(text), .. }
            | State::Validating { waived: None, held: Some(text) } => Some(text),
            State::None
            | State::PendingApproval
            | State::Approved
            | State::ProvisioningStarted { .. }
            | State::ProvisioningCompleted
            | State::Validating { waived: None, held: None }
            | State::Active
            | State::PendingRemove { .. }
            | State::Removed => None,
        }
    }

    /// The state that an event leads to, with what is known in it.
    pub(super) fn enter(self, event: &PeeringEvent, kind: Kind) -> State {
        let before = self;
        let note = event.note.clone();
        match event.to {
            StateName::None => State::None,
            StateName::PendingApproval => State::PendingApproval,
            StateName::ChangesRequested => State::ChangesRequested { note },
            StateName::Rejected => State::Rejected { reason: note },
            StateName::Approved => State::Approved,
            StateName::ProvisioningStarted => State::ProvisioningStarted {
                peer_ready: match before {
                    State::ExternalBlocker { peer_ready, .. } => peer_ready,
                    // A Direct peering is wired first; an Exchange peer has reported already.
                    State::PendingApproval => kind == Kind::Exchange,
                    State::ProvisioningFailed { .. } if event.verb == Verb::StepBack => false,
                    _ => true,
                },
            },
            StateName::ProvisioningFailed => match before {
                State::PendingRemove { was } => *was,
                _ => State::ProvisioningFailed { error: note },
            },
            StateName::ProvisioningCompleted => State::ProvisioningCompleted,
            StateName::Validating => match (before, event.verb) {
                (State::PendingRemove { was }, _) => *was,
                (_, Verb::SkipValidation) => State::Validating { waived: Some(note), held: None },
                (_, Verb::StepBack) => State::Validating { waived: None, held: Some(note) },
                _ => State::Validating { waived: None, held: None },
            },
            StateName::Active => State::Active,
            StateName::TypeChangeRequested => State::TypeChangeRequested { to: note },
            StateName::TypeChangeInProgress => {
                let pending = event.spec.clone().map(Box::new);
                match before {
                    State::TypeChangeRequested { to } => State::TypeChangeInProgress { to, pending },
                    _ => State::TypeChangeInProgress { to: note, pending },
                }
            }
            StateName::ExternalBlocker => match before {
                State::PendingRemove { was } => *was,
                State::ProvisioningStarted { peer_ready } => State::ExternalBlocker { reason: note, peer_ready },
                _ => State::ExternalBlocker { reason: note, peer_ready: false },
            },
            StateName::PendingRemove => State::PendingRemove { was: Box::new(before) },
            StateName::Removed => State::Removed,
        }
    }
}
