//! The forms that grow over several pages: registering a connection, requesting a peering.
//!
//! A draft keeps the text as it was typed, so nothing is lost when it is wrong.

use crate::{
    Asn, Finding,
    peering::{DirectType, Kind},
    say,
    session::ConnectionAsk,
};
use serde::{Deserialize, Serialize};

/// A customer's Peering Service connection before it is registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionDraft {
    /// Logical name.
    pub name: String,
    /// ISO 3166-1 alpha-2 code of the site.
    pub country: String,
    /// State or province.
    pub subdivision: String,
    /// ASN of the provider, as text.
    pub provider: String,
    /// Location by which traffic should enter.
    pub primary: String,
    /// Location for when the primary fails; empty for "any".
    pub backup: String,
    /// Prefixes as typed.
    pub prefixes: String,
}

/// A partner's peering before it is requested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeeringDraft {
    /// The network, as text.
    pub asn: String,
    /// Direct or Exchange.
    pub kind: Option<Kind>,
    /// What a Direct peering is for.
    pub direct_type: DirectType,
    /// Id of the operator's location.
    pub location: String,
    /// The connections as typed.
    pub connections: Vec<ConnectionAsk>,
    /// Taken over from before the portal.
    pub legacy: bool,
    /// Whether the connections were sent by the form once: before, nothing is held against them.
    pub tried: bool,
    /// The peering that is being changed, when the operator asked for changes.
    pub changes: String,
    /// The sessions from before the portal that are converted, such as `LG-3`.
    pub converts: String,
}

impl PeeringDraft {
    /// The network.
    pub fn asn(&self) -> Option<Asn> {
        self.asn.parse().ok()
    }
}

/// Judges a name that people give to their connection.
pub fn judge_name(name: &str) -> Finding {
    let length = name.trim().chars().count();
    if length == 0 {
        return Finding::fail(say!("name.missing", "Give the connection a name, such as the site's."));
    }
    if length > 80 || name.chars().any(crate::is_invisible) {
        return Finding::fail(say!("name.length", "A name has at most 80 printable characters."));
    }
    Finding::pass(say!("name.ok", "{name}", name = name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_printable() {
        assert_eq!(judge_name("  ").code, "name.missing");
        assert_eq!(judge_name("Göteborg HQ").code, "name.ok");
        assert_eq!(judge_name(&"x".repeat(81)).code, "name.length");
        assert_eq!(judge_name("a\u{7}").code, "name.length");
    }
}
