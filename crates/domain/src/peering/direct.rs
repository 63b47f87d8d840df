//! What Direct peerings are for; the wire names are those of the reference API (2025-05-01).

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What a Direct connection is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DirectType {
    /// The traffic of two networks.
    #[default]
    Edge,
    /// Voice of a communications provider: the operator's addresses, always with BFD.
    Voice,
    /// The route server of an exchange: routes of its customers, by their ASNs.
    IxRs,
}

impl DirectType {
    /// Every type.
    pub const ALL: [DirectType; 3] = [DirectType::Edge, DirectType::Voice, DirectType::IxRs];

    /// The wire name.
    pub fn word(self) -> &'static str {
        match self {
            DirectType::Edge => "Edge",
            DirectType::Voice => "Voice",
            DirectType::IxRs => "IxRs",
        }
    }

    /// The types that a connection of this type can be changed to. A route server is another
    /// thing than a network, so it needs another peering.
    pub fn others(self) -> &'static [DirectType] {
        match self {
            DirectType::Edge => &[DirectType::Voice],
            DirectType::Voice => &[DirectType::Edge],
            DirectType::IxRs => &[],
        }
    }
}

impl FromStr for DirectType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = DirectType::ALL.into_iter().find(|it| it.word() == text);
        found.ok_or_else(|| format!("“{text}” is not a type of Direct peering. Choose Edge, Voice or IxRs."))
    }
}
