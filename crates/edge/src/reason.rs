//! Why a route is refused, as large communities (RFC 8092) that stand on the refused route
//! on the router itself: `(operator's ASN):1101:code`.
//!
//! Codes 1 to 13 are those that exchanges use for the same purpose (IXP Manager's looking
//! glass); the others are ours.

use peerage_domain::{Text, say};
use serde::{Deserialize, Serialize};

/// The function part of the large community.
pub const FUNCTION: u32 = 1101;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        /// Why a route is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason { $($(#[$doc])* $name,)* }
        impl Reason {
            /// Every reason, by code.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)*];
            /// The number in the large community.
            pub fn code(self) -> u32 {
                match self { $(Reason::$name => $code,)* }
            }
        }
    };
}

reasons! {
    /// Longer than /24 or /48.
    TooLong = 1;
    /// Shorter than /8 or /16.
    TooShort = 2;
    /// In the IANA special-purpose registries.
    BogonPrefix = 3;
    /// A private, documentation or reserved ASN in the path.
    BogonAsn = 4;
    /// More ASNs in the path than any real one has.
    LongPath = 5;
    /// No ASN in the path.
    EmptyPath = 6;
    /// The first ASN is not the peer's (RFC 4271 §6.3).
    FirstAsn = 7;
    /// The next hop lies outside of the session's network.
    NextHop = 8;
    /// Not registered.
    NotRegistered = 9;
    /// Originated by an ASN that is not registered.
    Origin = 10;
    /// Invalid by RPKI origin validation (RFC 6811).
    RpkiInvalid = 13;
    /// The path holds an AS_SET (RFC 9774).
    AsSet = 20;
    /// The session is under deny-all.
    DenyAll = 21;
    /// The session's own network or a prefix of the operator, or a part of one.
    Protected = 22;
}

impl Reason {
    /// In a few words, for pages.
    pub fn text(self) -> Text {
        match self {
            Reason::TooLong => say!("refused.too_long", "prefix too long"),
            Reason::TooShort => say!("refused.too_short", "prefix too short"),
            Reason::BogonPrefix => say!("refused.bogon_prefix", "bogon prefix"),
            Reason::BogonAsn => say!("refused.bogon_asn", "bogon ASN in the path"),
            Reason::LongPath => say!("refused.long_path", "AS path too long"),
            Reason::EmptyPath => say!("refused.empty_path", "AS path empty"),
            Reason::FirstAsn => say!("refused.first_asn", "first ASN is not the peer"),
            Reason::NextHop => say!("refused.next_hop", "next hop outside of the session's network"),
            Reason::NotRegistered => say!("refused.not_registered", "prefix not registered"),
            Reason::Origin => say!("refused.origin", "origin not registered"),
            Reason::RpkiInvalid => say!("refused.rpki_invalid", "RPKI invalid"),
            Reason::AsSet => say!("refused.as_set", "AS_SET in the path"),
            Reason::DenyAll => say!("refused.deny_all", "deny all"),
            Reason::Protected => say!("refused.protected", "the session's network or the operator's own prefix"),
        }
    }

    /// The reason of a code.
    pub fn of(code: u32) -> Option<Self> {
        Reason::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}
