//! Why a step was refused, in words that say what to do instead.

use super::{Party, StateName, Verb};
use crate::{Text, say, text::said_error};

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such connection.
    NoConnection {
        /// The peering.
        peering: String,
        /// The number asked for.
        connection: u16,
    },
    /// The table has no such step.
    State {
        /// The peering.
        peering: String,
        /// The connection.
        connection: u16,
        /// Its state.
        state: StateName,
        /// What was asked.
        verb: Verb,
    },
    /// Somebody else has to do it.
    Party {
        /// What was asked.
        verb: Verb,
        /// Who may do it.
        party: Party,
    },
    /// The verb needs words.
    NoNote,
    /// A letter of authorization needs a place.
    NoDemarcation,
    /// The peer has not said yet that its side is configured.
    PeerNotReady {
        /// The peering.
        peering: String,
        /// The connection.
        connection: u16,
    },
    /// Only Direct peerings have types.
    NoType,
    /// The connection cannot be changed to this type.
    OtherType {
        /// What was asked for.
        asked: String,
        /// What it is.
        is: super::DirectType,
    },
    /// Another connection of the peering is being changed or set up.
    OneAtATime {
        /// The peering.
        peering: String,
        /// The other connection.
        other: u16,
    },
    /// The letter of authorization was not acknowledged.
    LoaUnread {
        /// The peering.
        peering: String,
        /// The connection.
        connection: u16,
    },
    /// The operator wanted to assign the session's addresses and has not yet.
    NoAddresses {
        /// The peering.
        peering: String,
        /// The connection.
        connection: u16,
    },
    /// Voice always carries the service.
    VoiceService,
    /// A step that changes the connection came without the change.
    NoChange,
}

impl Refusal {
    /// What is wrong, and what to do instead.
    pub fn text(&self) -> Text {
        match self {
            Refusal::NoConnection { peering, connection } => {
                say!("peering.no_connection", "{peering} has no connection {connection}.", peering = peering, connection = connection)
            }
            Refusal::State { peering, connection, state, verb } => not_now(&format!("{peering}/{connection}"), *state, *verb),
            Refusal::Party { verb, party } => {
                say!("peering.party", "{verb}: only {party} can do that.", verb = verb.word(), party = party.word())
            }
            Refusal::NoDemarcation => say!("peering.no_demarcation", "Say where the cross-connect ends: cage, rack, panel, port."),
            Refusal::NoNote => say!("peering.no_note", "Say why, in words that help the other side."),
            Refusal::PeerNotReady { peering, connection } => say!(
                "peering.peer_not_ready",
                "{peering}/{connection}: the peer has not reported its side as configured yet.",
                peering = peering,
                connection = connection
            ),
            Refusal::OtherType { asked, is } => say!(
                "peering.other_type",
                "A connection of type {is} cannot become “{asked}”. Choose one of the types that the page offers.",
                is = is.word(),
                asked = asked
            ),
            Refusal::OneAtATime { peering, other } => say!(
                "peering.one_at_a_time",
                "{peering}/{other} is being changed or set up. One link at a time: the other one carries the traffic meanwhile.",
                peering = peering,
                other = other
            ),
            Refusal::LoaUnread { peering, connection } => say!(
                "peering.loa_unread",
                "{peering}/{connection}: read and acknowledge the letter of authorization first.",
                peering = peering,
                connection = connection
            ),
            Refusal::NoType => say!("peering.no_type", "An Exchange peering has no type to change."),
            Refusal::NoAddresses { peering, connection } => say!(
                "peering.no_addresses",
                "{peering}/{connection} has no session addresses yet. The operator assigns them first.",
                peering = peering,
                connection = connection
            ),
            Refusal::VoiceService => {
                say!("peering.voice_service", "A voice connection always carries Peering Service. Ask for another type first.")
            }
            Refusal::NoChange => say!("peering.no_change", "Give what is to be changed."),
        }
    }
}
said_error!(Refusal);

/// A step that the table does not have in this state, with what to do instead.
fn not_now(id: &str, state: StateName, verb: Verb) -> Text {
    match (verb, state) {
        (Verb::RequestRemoval, StateName::ProvisioningStarted | StateName::ProvisioningCompleted) => say!(
            "peering.removal_while_provisioning",
            "{id} is {state}: provisioning cannot be interrupted. Wait until it has ended, or ask the operator.",
            id = id,
            state = state.word()
        ),
        (Verb::RequestRemoval, StateName::PendingApproval | StateName::ChangesRequested | StateName::Approved) => say!(
            "peering.removal_before_provisioning",
            "{id} is {state}: nothing is on a router yet. Withdraw the request instead.",
            id = id,
            state = state.word()
        ),
        (_, state) if state.is_final() => {
            say!("peering.closed", "{id} is {state}, and that is final. Make a new request.", id = id, state = state.word())
        }
        _ => say!(
            "peering.not_now",
            "{id} is {state} by now: “{verb}” is not possible. The page shows what can be done.",
            id = id,
            state = state.word(),
            verb = verb.word()
        ),
    }
}
