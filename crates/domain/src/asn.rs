//! Autonomous system numbers: 32 bit, written as `AS64500` (asplain, RFC 5396).

use crate::{Text, say, text::said_error};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A four-octet autonomous system number (RFC 6793).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Asn(pub u32);

/// What the IANA registries say about a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsnClass {
    /// Can be assigned to a network and seen on the Internet.
    Public,
    /// 64512-65534 and 4200000000-4294967294 (RFC 6996).
    Private,
    /// 64496-64511 and 65536-65551 (RFC 5398).
    Documentation,
    /// AS_TRANS, 23456 (RFC 6793).
    Trans,
    /// 0 (RFC 7607), 65535 and 4294967295 (RFC 7300), 65552-131071 (IANA).
    Reserved,
}

impl AsnClass {
    /// The registry entry or RFC behind the class, for messages.
    pub fn source(self) -> &'static str {
        match self {
            AsnClass::Public => "IANA",
            AsnClass::Private => "RFC 6996",
            AsnClass::Documentation => "RFC 5398",
            AsnClass::Trans => "RFC 6793",
            AsnClass::Reserved => "RFC 7607, RFC 7300",
        }
    }
}

/// The text is not an AS number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsnError(pub String);

impl AsnError {
    /// What is wrong.
    pub fn text(&self) -> Text {
        say!("asn.syntax", "“{input}” is not an AS number. Write it like AS64500 or 64500.", input = self.0)
    }
}
said_error!(AsnError);

impl Asn {
    /// Which IANA range the number lies in.
    pub fn class(self) -> AsnClass {
        match self.0 {
            23456 => AsnClass::Trans,
            0 | 65535 | 65552..=131071 | u32::MAX => AsnClass::Reserved,
            64512..=65534 | 4_200_000_000..=4_294_967_294 => AsnClass::Private,
            64496..=64511 | 65536..=65551 => AsnClass::Documentation,
            _ => AsnClass::Public,
        }
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AS{}", self.0)
    }
}

impl FromStr for Asn {
    type Err = AsnError;

    /// Accepts asplain with or without `AS`, and asdot such as `1.10` (RFC 5396).
    fn from_str(text: &str) -> Result<Self, AsnError> {
        let bad = || AsnError(text.trim().chars().take(40).collect());
        let trimmed = text.trim();
        let digits = match trimmed.get(..2) {
            Some(head) if head.eq_ignore_ascii_case("as") => &trimmed[2..],
            _ => trimmed,
        };
        let number = |part: &str| -> Option<u32> {
            (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok()).flatten()
        };
        match digits.split_once('.') {
            None => number(digits).map(Asn).ok_or_else(bad),
            Some((high, low)) => match (number(high), number(low)) {
                (Some(h @ 0..=65535), Some(l @ 0..=65535)) => Ok(Asn(h << 16 | l)),
                _ => Err(bad()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u32>) {
        assert_eq!(text.parse::<Asn>().ok().map(|a| a.0), expected, "{text}");
    }

    #[test]
    fn reads_every_notation_of_rfc_5396() {
        check("AS64500", Some(64500));
        check(" as64500 ", Some(64500));
        check("64500", Some(64500));
        check("1.10", Some(65546));
        check("AS0.64500", Some(64500));
        check("4294967295", Some(u32::MAX));
        check("4294967296", None);
        check("1.65536", None);
        check("AS", None);
        check("+5", None);
        check("AS-SET", None);
        check("é", None);
        check("", None);
    }

    #[test]
    fn knows_the_iana_ranges() {
        let class = |n| Asn(n).class();
        assert_eq!(class(8075), AsnClass::Public);
        assert_eq!(class(64511), AsnClass::Documentation);
        assert_eq!(class(64512), AsnClass::Private);
        assert_eq!(class(65534), AsnClass::Private);
        assert_eq!(class(65535), AsnClass::Reserved);
        assert_eq!(class(65551), AsnClass::Documentation);
        assert_eq!(class(131_072), AsnClass::Public);
        assert_eq!(class(23456), AsnClass::Trans);
        assert_eq!(class(4_294_967_294), AsnClass::Private);
    }
}
