//! The keys by which a customer shows that its provider registered a prefix.

use crate::{Text, Timestamp, say, text::said_error};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A prefix key: 128 random bits, written as a GUID as in the reference service. It is shown
/// once; only its hash is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(u128);

/// The text is not a prefix key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError;

impl KeyError {
    /// What is wrong.
    pub fn text(&self) -> Text {
        say!("key.syntax", "This is not a prefix key. Copy it whole from your provider, such as 3f0c1c1e-2b7a-4a57-9d0e-5f6c7d8e9a0b.")
    }
}
said_error!(KeyError);

impl Key {
    /// The key with these bits.
    pub fn from_bits(bits: u128) -> Self {
        Key(bits)
    }

    /// The end of the key, by which people tell keys apart.
    pub fn hint(self) -> String {
        format!("…{:04x}", self.0 & 0xffff)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split('-').collect();
        let fits = parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]);
        if !fits || !parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(KeyError);
        }
        u128::from_str_radix(&parts.concat(), 16).map(Key).map_err(|_| KeyError)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

/// A key is a secret: it is not shown in logs.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.hint())
    }
}

/// What is on record of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Such as `K-9`.
    pub id: String,
    /// What it is for: a registered prefix such as `RP-3`, or a registered ASN such as `ORG-2/AS719`.
    pub subject: String,
    /// Its end.
    pub hint: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends to be good for new prefixes, where it does.
    pub expires: Option<Timestamp>,
    /// When another key took its place: it is not good for new prefixes any more.
    pub replaced: Option<Timestamp>,
    /// When it was revoked: what it had activated does not get the service any more.
    pub revoked: Option<Timestamp>,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStanding {
    /// It is good.
    Good,
    /// Its time is over; what it activated stays.
    Expired,
    /// Another took its place; what it activated stays.
    Replaced,
    /// It was revoked, with everything that it activated.
    Revoked,
}

impl KeyRecord {
    /// How the key stands at a moment.
    pub fn standing(&self, now: Timestamp) -> KeyStanding {
        if self.revoked.is_some() {
            KeyStanding::Revoked
        } else if self.replaced.is_some() {
            KeyStanding::Replaced
        } else if self.expires.is_some_and(|expires| now.since(expires) >= 0) {
            KeyStanding::Expired
        } else {
            KeyStanding::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_a_guid() {
        assert!("3f0c1c1e-2b7a-4a57-9d0e-5f6c7d8e9a0b".parse::<Key>().is_ok());
        assert!(" 3F0C1C1E-2B7A-4A57-9D0E-5F6C7D8E9A0B\n".parse::<Key>().is_ok());
        for bad in ["", "3f0c1c1e2b7a4a579d0e5f6c7d8e9a0b", "3f0c1c1e-2b7a-4a57-9d0e-5f6c7d8e9a0", "gf0c1c1e-2b7a-4a57-9d0e-5f6c7d8e9a0b"] {
            assert!(bad.parse::<Key>().is_err(), "{bad}");
        }
        let key = Key::from_bits(0xab);
        assert_eq!(key.to_string(), "00000000-0000-0000-0000-0000000000ab");
        assert_eq!(format!("{key:?}"), "Key(…00ab)", "nothing of it but its end is logged");
    }

    #[test]
    fn a_key_that_was_revoked_stays_so() {
        let at = Timestamp::from_secs;
        let key = KeyRecord {
            id: "K-1".into(),
            subject: "RP-1".into(),
            hint: "…00ab".into(),
            created: at(0),
            expires: Some(at(100)),
            replaced: None,
            revoked: None,
        };
        assert_eq!(key.standing(at(99)), KeyStanding::Good);
        assert_eq!(key.standing(at(100)), KeyStanding::Expired);
        assert_eq!(KeyRecord { replaced: Some(at(5)), ..key.clone() }.standing(at(100)), KeyStanding::Replaced);
        assert_eq!(KeyRecord { revoked: Some(at(5)), replaced: Some(at(4)), ..key }.standing(at(100)), KeyStanding::Revoked);
    }

    proptest! {
        #[test]
        fn every_key_reads_back(bits: u128) {
            let key = Key::from_bits(bits);
            prop_assert_eq!(key.to_string().parse::<Key>(), Ok(key));
        }
    }
}
