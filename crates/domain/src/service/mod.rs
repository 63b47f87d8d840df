//! Peering Service: what a partner needs to carry it, which prefixes get it, and why not.
//!
//! * [`Community`] tags the routes that are for the service; [`Key`] binds a customer's prefix to
//!   the partner that registered it
//! * [`requirements`] is what a partner has to have at a location, with a checklist
//! * [`verdict`] judges one prefix by what the routers received; [`events`] tells what changed
//!   between two looks
//! * [`registration`] reads the prefixes that a partner types, pastes or uploads

mod availability;
mod community;
pub mod events;
mod key;
pub mod registration;
pub mod requirements;
pub mod verdict;

pub use availability::{any_up, availability};
pub use community::{Community, CommunityError};
pub use key::{Key, KeyError, KeyRecord, KeyStanding};

use crate::{Asn, Prefix, Text};
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

/// A route of one prefix on one session, as far as it matters for the service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Announcement {
    /// The AS path, nearest first; members of sets are left out.
    pub path: Vec<Asn>,
    /// Who originates it; nothing for an empty path and for one that ends in a set.
    pub origin: Option<Asn>,
    /// Whether it carries the service community; nothing where the router does not tell.
    pub community: Option<bool>,
    /// Whether the router lets it in, or why not: codes of refusals with their words.
    pub refused: Vec<Text>,
}

impl Announcement {
    /// The path as it is written, with repeated ASNs counted: `64501 64502 x3`.
    pub fn path_text(&self) -> String {
        let mut parts: Vec<(Asn, usize)> = vec![];
        for asn in &self.path {
            match parts.last_mut() {
                Some((last, count)) if last == asn => *count += 1,
                _ => parts.push((*asn, 1)),
            }
        }
        let word = |(asn, count): &(Asn, usize)| if *count == 1 { asn.0.to_string() } else { format!("{} x{count}", asn.0) };
        parts.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

/// Where a session counts: by it traffic enters, or it stands by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// At the primary location, or any session of a registered prefix's peering.
    Primary,
    /// At the backup location.
    Backup,
}

/// A BGP session of a partner that carries the service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Session {
    /// Such as `PR-88/1/v4`.
    pub id: String,
    /// The partner's address.
    pub address: IpAddr,
    /// Name of the operator's router.
    pub router: String,
    /// Id of the operator's location.
    pub location: String,
    /// Whether it is Established; nothing while the router does not tell.
    pub up: Option<bool>,
}

/// The states of the reference API (2025-05-01).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ValidationState {
    /// Not judged yet.
    #[default]
    Pending,
    /// Every rule holds: the prefix gets the service.
    Verified,
    /// It gets the service, and somebody should look at something.
    Warning,
    /// A rule is broken: somebody has to act.
    Failed,
    /// It can never get the service as it stands, such as a prefix of nobody's provider.
    Invalid,
    /// A source of facts does not answer: neither good nor bad.
    Unknown,
}

impl ValidationState {
    /// Every state.
    pub const ALL: [ValidationState; 6] = [
        ValidationState::Pending,
        ValidationState::Verified,
        ValidationState::Warning,
        ValidationState::Failed,
        ValidationState::Invalid,
        ValidationState::Unknown,
    ];

    /// The word of the API.
    pub fn word(self) -> &'static str {
        match self {
            ValidationState::Pending => "Pending",
            ValidationState::Verified => "Verified",
            ValidationState::Warning => "Warning",
            ValidationState::Failed => "Failed",
            ValidationState::Invalid => "Invalid",
            ValidationState::Unknown => "Unknown",
        }
    }

    /// The state of a word.
    pub fn of(word: &str) -> Option<Self> {
        ValidationState::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for ValidationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a customer's prefix was learned; the words of the reference API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LearnedType {
    /// Not at all.
    #[default]
    None,
    /// A customer's prefix, from its provider.
    ViaServiceProvider,
    /// On a session of the network that registered it.
    ViaSession,
}

impl LearnedType {
    /// The word of the API.
    pub fn word(self) -> &'static str {
        match self {
            LearnedType::None => "None",
            LearnedType::ViaServiceProvider => "ViaServiceProvider",
            LearnedType::ViaSession => "ViaSession",
        }
    }
}

/// A prefix that a partner registered under a peering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredPrefix {
    /// Such as `RP-3`.
    pub id: String,
    /// The prefix.
    pub prefix: Prefix,
    /// What the partner calls it, such as its customer's name.
    pub name: String,
    /// The partner's organisation.
    pub organisation: String,
    /// The peering that it is registered under.
    pub peering: String,
    /// The ASN that originates it.
    pub origin: Asn,
}
