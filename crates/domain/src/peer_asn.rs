//! The association of an ASN with an organisation: may these people speak for this network?
//!
//! ```text
//! None ──submit──▶ Pending ──approve──▶ Approved
//!                   ▲   └────fail─────▶ Failed
//!                   └──────submit────────┘
//! ```

use crate::{Asn, AsnClass, Finding, Next, Text, Timestamp, contact::Contact, say, text::said_error};
use serde::{Deserialize, Serialize};

/// Where the association stands; the reference API calls it `validationState`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum AsnState {
    /// Written down, not yet asked for.
    None,
    /// Waits for the operator's review.
    Pending {
        /// When it was submitted.
        since: Timestamp,
    },
    /// The organisation may request peerings for this ASN.
    Approved {
        /// When it was approved.
        since: Timestamp,
        /// Who approved it.
        by: String,
    },
    /// The operator could not confirm it.
    Failed {
        /// When it failed.
        since: Timestamp,
        /// Why, in words for the requester.
        reason: String,
    },
}

impl AsnState {
    /// The wire name.
    pub fn name(&self) -> &'static str {
        match self {
            AsnState::None => "None",
            AsnState::Pending { .. } => "Pending",
            AsnState::Approved { .. } => "Approved",
            AsnState::Failed { .. } => "Failed",
        }
    }

    /// Who acts next.
    pub fn next(&self) -> Next {
        match self {
            AsnState::None | AsnState::Failed { .. } => Next::Requester,
            AsnState::Pending { .. } => Next::Operator,
            AsnState::Approved { .. } => Next::Nobody,
        }
    }

    /// Since when, once it was submitted.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            AsnState::None => None,
            AsnState::Pending { since } | AsnState::Approved { since, .. } | AsnState::Failed { since, .. } => Some(*since),
        }
    }
}

/// An ASN, the organisation that says it is theirs, and the operator's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerAsn {
    /// Short id such as `PA-12`.
    pub id: String,
    /// The organisation's id.
    pub organisation: String,
    /// The number.
    pub asn: Asn,
    /// The network's name, as close as possible to PeeringDB.
    pub peer_name: String,
    /// Whom to reach.
    pub contacts: Vec<Contact>,
    /// Where it stands.
    pub state: AsnState,
}

/// What can be done with an association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsnCommand {
    /// The partner asks for review, the first time or again.
    Submit {
        /// The network's name.
        peer_name: String,
        /// Whom to reach.
        contacts: Vec<Contact>,
    },
    /// The operator confirms.
    Approve {
        /// Who confirms.
        by: String,
    },
    /// The operator cannot confirm.
    Fail {
        /// Why.
        reason: String,
    },
}

/// What happened to an association.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum AsnEvent {
    /// Review was asked for.
    Submitted {
        /// The network's name.
        peer_name: String,
        /// Whom to reach.
        contacts: Vec<Contact>,
    },
    /// The operator confirmed.
    Approved {
        /// Who confirmed.
        by: String,
    },
    /// The operator could not confirm.
    Failed {
        /// Why.
        reason: String,
    },
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsnRefusal {
    /// The number cannot belong to a network on the Internet.
    NotPublic {
        /// The number.
        asn: Asn,
        /// Its range.
        class: AsnClass,
    },
    /// A contact is missing or unusable.
    Contact(Text),
    /// The name has characters that do not belong there or is empty.
    Name,
    /// The command does not fit the state.
    State {
        /// Which association.
        id: String,
        /// Its state.
        state: &'static str,
    },
    /// A failure without a reason helps nobody.
    NoReason,
}

impl AsnRefusal {
    /// What is wrong.
    pub fn text(&self) -> Text {
        match self {
            AsnRefusal::NotPublic { asn, class } => say!(
                "asn.not_public",
                "{asn} is not a public ASN ({source}). Give the ASN that you announce on the Internet.",
                asn = asn,
                source = class.source()
            ),
            AsnRefusal::Contact(text) => text.clone(),
            AsnRefusal::Name => say!("asn.peer_name", "The peer name must have 1 to 100 printable characters."),
            AsnRefusal::State { id, state } => say!(
                "asn.decided_before",
                "{id} is {asn_state} by now, so this is not possible. Reload the page: it shows what can be done.",
                id = id,
                asn_state = state
            ),
            AsnRefusal::NoReason => say!("asn.no_reason", "Say why, in words for the requester."),
        }
    }
}
said_error!(AsnRefusal);

impl PeerAsn {
    /// A new association that nobody has submitted yet.
    pub fn new(id: &str, organisation: &str, asn: Asn) -> Self {
        PeerAsn { id: id.into(), organisation: organisation.into(), asn, peer_name: String::new(), contacts: vec![], state: AsnState::None }
    }

    /// Judges a command; changes nothing.
    ///
    /// # Errors
    /// The reason in words for the person who asked.
    pub fn decide(&self, command: AsnCommand) -> Result<AsnEvent, AsnRefusal> {
        let refuse = || AsnRefusal::State { id: self.id.clone(), state: self.state.name() };
        match (command, &self.state) {
            (AsnCommand::Submit { peer_name, contacts }, AsnState::None | AsnState::Failed { .. }) => {
                judge_submission(self.asn, &peer_name, &contacts)?;
                Ok(AsnEvent::Submitted { peer_name: peer_name.trim().into(), contacts })
            }
            (AsnCommand::Approve { by }, AsnState::Pending { .. }) => Ok(AsnEvent::Approved { by }),
            (AsnCommand::Fail { reason }, AsnState::Pending { .. }) => match reason.trim() {
                "" => Err(AsnRefusal::NoReason),
                reason => Ok(AsnEvent::Failed { reason: reason.into() }),
            },
            (AsnCommand::Submit { .. } | AsnCommand::Approve { .. } | AsnCommand::Fail { .. }, _) => Err(refuse()),
        }
    }

    /// Takes over what happened; cannot fail.
    pub fn apply(&mut self, event: &AsnEvent, at: Timestamp) {
        match event {
            AsnEvent::Submitted { peer_name, contacts } => {
                self.peer_name.clone_from(peer_name);
                self.contacts.clone_from(contacts);
                self.state = AsnState::Pending { since: at };
            }
            AsnEvent::Approved { by } => self.state = AsnState::Approved { since: at, by: by.clone() },
            AsnEvent::Failed { reason } => self.state = AsnState::Failed { since: at, reason: reason.clone() },
        }
    }

    /// Only an approved ASN may request peerings.
    pub fn is_approved(&self) -> bool {
        matches!(self.state, AsnState::Approved { .. })
    }
}

fn judge_submission(asn: Asn, peer_name: &str, contacts: &[Contact]) -> Result<(), AsnRefusal> {
    let class = asn.class();
    if class != AsnClass::Public {
        return Err(AsnRefusal::NotPublic { asn, class });
    }
    let name = peer_name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(crate::is_invisible) {
        return Err(AsnRefusal::Name);
    }
    let noc = crate::contact::judge_noc(contacts);
    match noc.verdict {
        crate::Verdict::Pass => Ok(()),
        _ => Err(AsnRefusal::Contact(noc.sentence)),
    }
}

/// What a form can show before it is sent.
pub fn judge_asn(text: &str) -> Finding {
    match text.parse::<Asn>() {
        Err(error) => Finding::fail(error),
        Ok(asn) if asn.class() != AsnClass::Public => Finding::fail(AsnRefusal::NotPublic { asn, class: asn.class() }),
        Ok(asn) => Finding::pass(say!("asn.public", "{asn}", asn = asn)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::ContactRole;
    use proptest::prelude::*;

    fn noc() -> Vec<Contact> {
        vec![Contact {
            role: ContactRole::Noc,
            email: "noc@example.net".parse().expect("mail"),
            phone: Some("+46 8 555 0100".parse().expect("phone")),
        }]
    }

    fn submit() -> AsnCommand {
        AsnCommand::Submit { peer_name: "Elisa".into(), contacts: noc() }
    }

    fn run(asn: u32, commands: Vec<AsnCommand>) -> (PeerAsn, Option<AsnRefusal>) {
        let mut it = PeerAsn::new("PA-1", "ORG-1", Asn(asn));
        for command in commands {
            match it.decide(command) {
                Ok(event) => it.apply(&event, Timestamp::from_secs(1)),
                Err(refusal) => return (it, Some(refusal)),
            }
        }
        (it, None)
    }

    #[test]
    fn a_public_asn_with_a_noc_is_reviewed() {
        let approve = AsnCommand::Approve { by: "ada".into() };
        assert!(run(6667, vec![submit(), approve.clone()]).0.is_approved());
        assert!(matches!(run(64512, vec![submit()]).1, Some(AsnRefusal::NotPublic { .. })));
        assert!(matches!(run(6667, vec![approve]).1, Some(AsnRefusal::State { .. })));
        assert!(matches!(run(6667, vec![submit(), submit()]).1, Some(AsnRefusal::State { .. })));
    }

    #[test]
    fn a_failure_has_a_reason_and_a_way_back() {
        let fail = |reason: &str| AsnCommand::Fail { reason: reason.into() };
        assert_eq!(run(6667, vec![submit(), fail(" ")]).1, Some(AsnRefusal::NoReason));
        let (failed, _) = run(6667, vec![submit(), fail("No answer from the NOC.")]);
        assert_eq!(failed.state.name(), "Failed");
        assert_eq!(run(6667, vec![submit(), fail("x"), submit()]).0.state.name(), "Pending");
    }

    #[test]
    fn a_noc_is_required() {
        let without = AsnCommand::Submit { peer_name: "Elisa".into(), contacts: vec![] };
        assert!(matches!(run(6667, vec![without]).1, Some(AsnRefusal::Contact(_))));
    }

    proptest! {
        #[test]
        fn the_state_is_the_replay_of_its_events(choices in proptest::collection::vec(0u8..3, 0..40)) {
            let mut live = PeerAsn::new("PA-1", "ORG-1", Asn(6667));
            let mut events = vec![];
            for (n, choice) in choices.iter().enumerate() {
                let command = match choice { 0 => submit(), 1 => AsnCommand::Approve { by: "ada".into() }, _ => AsnCommand::Fail { reason: "no".into() } };
                let at = Timestamp::from_secs(n as i64);
                if let Ok(event) = live.decide(command) {
                    live.apply(&event, at);
                    events.push((event, at));
                }
            }
            let mut replayed = PeerAsn::new("PA-1", "ORG-1", Asn(6667));
            for (event, at) in &events { replayed.apply(event, *at); }
            prop_assert_eq!(live, replayed);
        }
    }
}
