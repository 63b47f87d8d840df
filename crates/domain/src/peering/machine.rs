//! The states of a connection and every allowed step, as one table.
//!
//! The table is what `decide` obeys, what `GET /api/v1/states` publishes and what
//! the diagram on the help page is drawn from. Names of states follow the reference
//! API (2025-05-01); `ChangesRequested`, `Rejected`, `PendingRemove` and `Removed`
//! are ours, because the reference leaves denial and removal to e-mail.

use crate::Next;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$inner])* $variant,)* }
        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];
            /// The wire name.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => stringify!($variant),)* }
            }
        }
    };
}

words! {
    /// Where a connection stands.
    StateName {
        /// Written down, not yet asked for.
        None,
        /// Waits for the operator's review.
        PendingApproval,
        /// The operator wants something changed first.
        ChangesRequested,
        /// The operator said no; final.
        Rejected,
        /// Approved; the peer configures its side.
        Approved,
        /// The session is being set up with a deny-all policy.
        ProvisioningStarted,
        /// Setting up failed.
        ProvisioningFailed,
        /// The session is set up, deny-all.
        ProvisioningCompleted,
        /// Received routes are judged, nothing is accepted yet.
        Validating,
        /// Traffic flows.
        Active,
        /// A change of the type of peering was asked for.
        TypeChangeRequested,
        /// The change of type is under way.
        TypeChangeInProgress,
        /// Waits for something outside of both parties, such as a cross-connect.
        ExternalBlocker,
        /// Being drained, then removed.
        PendingRemove,
        /// Gone; final.
        Removed,
    }
}

words! {
    /// What somebody does to a connection.
    Verb {
        /// Ask for review.
        Submit,
        /// Say yes.
        Approve,
        /// Ask for changes.
        RequestChanges,
        /// Ask for review again, with changes.
        Resubmit,
        /// Give the addresses of a Direct session, where the operator provides them.
        AssignAddresses,
        /// Give the letter with which the peer orders its cross-connect.
        IssueLoa,
        /// Say that the letter was read.
        AcknowledgeLoa,
        /// Say no.
        Reject,
        /// Take the request back.
        Withdraw,
        /// The peer says that its side is configured.
        ReportConfigured,
        /// The deny-all session is on the router.
        CompleteProvisioning,
        /// It could not be set up.
        FailProvisioning,
        /// Try again.
        Retry,
        /// Begin to judge what is received.
        StartValidation,
        /// All is well: open.
        PassValidation,
        /// Something received is wrong.
        FailValidation,
        /// Open although something received is wrong, for a reason.
        SkipValidation,
        /// Go back a step, for a reason: to deny-all, held until the operator goes on; or to the peer.
        StepBack,
        /// Ask for another type of peering.
        RequestTypeChange,
        /// Agree to the change.
        AcceptTypeChange,
        /// Refuse the change.
        DeclineTypeChange,
        /// Take over into the record what was changed by hand on the router.
        Adopt,
        /// Use the connection for Peering Service.
        EnableService,
        /// Use it for Peering Service no longer.
        DisableService,
        /// Wait for something outside.
        Block,
        /// It came.
        Unblock,
        /// Ask for removal.
        RequestRemoval,
        /// Take that back.
        UndoRemoval,
        /// The session is gone from the router.
        CompleteRemoval,
    }
}

words! {
    /// Who may do a step.
    Party {
        /// The organisation whose peering it is.
        Requester,
        /// The network that runs the portal.
        Operator,
        /// A job of the portal, driving the router.
        Portal,
    }
}

words! {
    /// Which connections a step is for.
    Flow {
        /// Every connection.
        Any,
        /// Exchange connections.
        Exchange,
        /// Direct connections.
        Direct,
        /// Sessions that existed before the portal and are taken over.
        Legacy,
    }
}

impl Verb {
    /// Whether the step has to be explained to the other side.
    pub fn needs_note(self) -> bool {
        matches!(
            self,
            Verb::RequestChanges
                | Verb::Reject
                | Verb::IssueLoa
                | Verb::FailProvisioning
                | Verb::FailValidation
                | Verb::SkipValidation
                | Verb::StepBack
                | Verb::Block
                | Verb::RequestTypeChange
                | Verb::DeclineTypeChange
        )
    }

    /// Whether the step changes what is known of a connection, and not where it stands.
    pub fn stays(self) -> bool {
        matches!(
            self,
            Verb::AssignAddresses | Verb::IssueLoa | Verb::AcknowledgeLoa | Verb::Adopt | Verb::EnableService | Verb::DisableService
        )
    }

    /// Whether the step comes with a changed connection.
    pub fn needs_spec(self) -> bool {
        matches!(self, Verb::AssignAddresses | Verb::AcceptTypeChange | Verb::Adopt)
    }
}

/// One allowed step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// From this state,
    pub from: StateName,
    /// by doing this,
    pub verb: Verb,
    /// to this state,
    pub to: StateName,
    /// by one of these.
    pub by: Party,
    /// For these connections.
    pub flow: Flow,
    /// Whether the step lies on the way from request to Active.
    pub main: bool,
}

/// Every allowed step. What is not here is refused.
pub const MACHINE: &[Step] = {
    use Flow::{Any, Direct, Exchange, Legacy};
    use Party::{Operator, Portal, Requester};
    use StateName as S;
    use Verb as V;
    const fn main(from: S, verb: V, to: S, by: Party, flow: Flow) -> Step {
        Step { from, verb, to, by, flow, main: true }
    }
    const fn side(from: S, verb: V, to: S, by: Party, flow: Flow) -> Step {
        Step { from, verb, to, by, flow, main: false }
    }
    &[
        main(S::None, V::Submit, S::PendingApproval, Requester, Any),
        main(S::PendingApproval, V::Approve, S::Approved, Operator, Exchange),
        main(S::PendingApproval, V::Approve, S::ProvisioningStarted, Operator, Direct),
        main(S::PendingApproval, V::Approve, S::Active, Operator, Legacy),
        side(S::PendingApproval, V::AssignAddresses, S::PendingApproval, Operator, Any),
        side(S::PendingApproval, V::RequestChanges, S::ChangesRequested, Operator, Any),
        side(S::PendingApproval, V::Reject, S::Rejected, Operator, Any),
        side(S::PendingApproval, V::Withdraw, S::Removed, Requester, Any),
        side(S::ChangesRequested, V::Resubmit, S::PendingApproval, Requester, Any),
        side(S::ChangesRequested, V::Reject, S::Rejected, Operator, Any),
        side(S::ChangesRequested, V::Withdraw, S::Removed, Requester, Any),
        main(S::Approved, V::ReportConfigured, S::ProvisioningStarted, Requester, Exchange),
        side(S::Approved, V::Withdraw, S::Removed, Requester, Any),
        side(S::ProvisioningStarted, V::ReportConfigured, S::ProvisioningStarted, Requester, Direct),
        side(S::ProvisioningStarted, V::AssignAddresses, S::ProvisioningStarted, Operator, Direct),
        side(S::ProvisioningStarted, V::IssueLoa, S::ProvisioningStarted, Operator, Direct),
        side(S::ProvisioningStarted, V::AcknowledgeLoa, S::ProvisioningStarted, Requester, Direct),
        main(S::ProvisioningStarted, V::CompleteProvisioning, S::ProvisioningCompleted, Portal, Any),
        side(S::ProvisioningStarted, V::FailProvisioning, S::ProvisioningFailed, Portal, Any),
        side(S::ProvisioningStarted, V::Block, S::ExternalBlocker, Operator, Any),
        side(S::ExternalBlocker, V::Unblock, S::ProvisioningStarted, Operator, Any),
        side(S::ExternalBlocker, V::RequestRemoval, S::PendingRemove, Requester, Any),
        side(S::ProvisioningFailed, V::Retry, S::ProvisioningStarted, Operator, Any),
        side(S::ProvisioningFailed, V::StepBack, S::Approved, Operator, Exchange),
        side(S::ProvisioningFailed, V::StepBack, S::ProvisioningStarted, Operator, Direct),
        side(S::ProvisioningFailed, V::RequestRemoval, S::PendingRemove, Requester, Any),
        main(S::ProvisioningCompleted, V::StartValidation, S::Validating, Portal, Any),
        main(S::Validating, V::PassValidation, S::Active, Portal, Any),
        side(S::Validating, V::SkipValidation, S::Validating, Operator, Any),
        side(S::Validating, V::StepBack, S::Validating, Operator, Any),
        side(S::Validating, V::Retry, S::Validating, Operator, Any),
        side(S::Validating, V::FailValidation, S::ProvisioningFailed, Portal, Any),
        side(S::Validating, V::RequestRemoval, S::PendingRemove, Requester, Any),
        side(S::Active, V::StepBack, S::Validating, Operator, Any),
        side(S::Active, V::EnableService, S::Active, Requester, Direct),
        side(S::Active, V::DisableService, S::Active, Requester, Direct),
        side(S::Active, V::RequestTypeChange, S::TypeChangeRequested, Requester, Any),
        side(S::TypeChangeRequested, V::AcceptTypeChange, S::TypeChangeInProgress, Operator, Any),
        side(S::TypeChangeRequested, V::DeclineTypeChange, S::Active, Operator, Any),
        side(S::TypeChangeRequested, V::Withdraw, S::Active, Requester, Any),
        side(S::TypeChangeInProgress, V::Withdraw, S::Active, Requester, Any),
        side(S::TypeChangeInProgress, V::DeclineTypeChange, S::Active, Operator, Any),
        side(S::TypeChangeInProgress, V::ReportConfigured, S::ProvisioningStarted, Requester, Any),
        side(S::Active, V::Adopt, S::Active, Operator, Any),
        side(S::Validating, V::Adopt, S::Validating, Operator, Any),
        side(S::Active, V::RequestRemoval, S::PendingRemove, Requester, Any),
        side(S::PendingRemove, V::UndoRemoval, S::Active, Requester, Any),
        side(S::PendingRemove, V::UndoRemoval, S::Validating, Requester, Any),
        side(S::PendingRemove, V::UndoRemoval, S::ProvisioningFailed, Requester, Any),
        side(S::PendingRemove, V::UndoRemoval, S::ExternalBlocker, Requester, Any),
        side(S::PendingRemove, V::CompleteRemoval, S::Removed, Portal, Any),
    ]
};

impl StateName {
    /// Nothing leads out of a final state.
    pub fn is_final(self) -> bool {
        MACHINE.iter().all(|step| step.from != self)
    }

    /// Who acts next in this state. Where it depends on more than the state, see
    /// [`super::Connection::next`].
    pub fn next(self) -> Next {
        match self {
            StateName::None | StateName::ChangesRequested | StateName::Approved | StateName::TypeChangeInProgress => Next::Requester,
            StateName::PendingApproval | StateName::ProvisioningFailed | StateName::TypeChangeRequested | StateName::ExternalBlocker => {
                Next::Operator
            }
            StateName::ProvisioningStarted | StateName::ProvisioningCompleted | StateName::Validating | StateName::PendingRemove => {
                Next::Portal
            }
            StateName::Active | StateName::Rejected | StateName::Removed => Next::Nobody,
        }
    }
}

/// The steps from request to Active for one flow, in order.
pub fn main_line(flow: Flow) -> Vec<StateName> {
    let mut line = vec![StateName::None];
    while let Some(step) =
        line.last().and_then(|&at| MACHINE.iter().find(|s| s.main && s.from == at && (s.flow == Flow::Any || s.flow == flow)))
    {
        line.push(step.to);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flow_leads_to_active() {
        use StateName as S;
        assert_eq!(
            main_line(Flow::Exchange),
            [S::None, S::PendingApproval, S::Approved, S::ProvisioningStarted, S::ProvisioningCompleted, S::Validating, S::Active]
        );
        assert_eq!(
            main_line(Flow::Direct),
            [S::None, S::PendingApproval, S::ProvisioningStarted, S::ProvisioningCompleted, S::Validating, S::Active]
        );
        assert_eq!(main_line(Flow::Legacy), [S::None, S::PendingApproval, S::Active]);
    }

    #[test]
    fn only_rejected_and_removed_are_final() {
        let finals: Vec<_> = StateName::ALL.iter().filter(|s| s.is_final()).collect();
        assert_eq!(finals, [&StateName::Rejected, &StateName::Removed]);
    }

    #[test]
    fn removal_is_refused_while_provisioning() {
        for state in [StateName::ProvisioningStarted, StateName::ProvisioningCompleted] {
            assert!(!MACHINE.iter().any(|s| s.from == state && s.verb == Verb::RequestRemoval));
        }
    }

    #[test]
    fn every_state_is_reached() {
        for &state in &StateName::ALL[1..] {
            assert!(MACHINE.iter().any(|s| s.to == state), "{state:?}");
        }
    }
}
