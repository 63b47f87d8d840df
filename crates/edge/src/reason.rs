//! Why a route is refused, as large communities (RFC 8092) that stand on the refused route
//! on the router itself: `(operator's ASN):1101:code`.
//!
//! Codes 1 to 13 are those that exchanges use for the same purpose (IXP Manager's looking
//! glass); the others are ours.

use serde::{Deserialize, Serialize};

/// The function part of the large community.
pub const FUNCTION: u32 = 1101;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $words:literal;)*) => {
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
            /// In a few words.
            pub fn words(self) -> &'static str {
                match self { $(Reason::$name => $words,)* }
            }
        }
    };
}

reasons! {
    /// Longer than /24 or /48.
    TooLong = 1, "prefix too long";
    /// Shorter than /8 or /16.
    TooShort = 2, "prefix too short";
    /// In the IANA special-purpose registries.
    BogonPrefix = 3, "bogon prefix";
    /// A private, documentation or reserved ASN in the path.
    BogonAsn = 4, "bogon ASN in the path";
    /// More ASNs in the path than any real one has.
    LongPath = 5, "AS path too long";
    /// No ASN in the path.
    EmptyPath = 6, "AS path empty";
    /// The first ASN is not the peer's (RFC 4271 §6.3).
    FirstAsn = 7, "first ASN is not the peer";
    /// The next hop lies outside of the session's network.
    NextHop = 8, "next hop outside of the session's network";
    /// Not registered.
    NotRegistered = 9, "prefix not registered";
    /// Originated by an ASN that is not registered.
    Origin = 10, "origin not registered";
    /// Invalid by RPKI origin validation (RFC 6811).
    RpkiInvalid = 13, "RPKI invalid";
    /// The path holds an AS_SET (RFC 9774).
    AsSet = 20, "AS_SET in the path";
    /// The session is under deny-all.
    DenyAll = 21, "deny all";
}

impl Reason {
    /// The reason of a code.
    pub fn of(code: u32) -> Option<Self> {
        Reason::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}
