//! What is meant although it is not registered: an exception, with a reason and an end.

use super::Kind;
use crate::{Asn, AsnClass, Prefix, Text, Timestamp, say, text::said_error};
use serde::{Deserialize, Serialize};

/// An exception lasts at most so long, in days; whoever still means it then says so again.
pub const LONGEST_DAYS: i64 = 366;

/// What is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Allow {
    /// This AS originates it, too.
    Origin(Asn),
    /// This AS stands next to the origin, too.
    Upstream(Asn),
    /// Parts of up to this length are announced, in bits.
    Length(u8),
    /// This kind of thing is not looked for.
    Kind(Kind),
}

/// An exception for a prefix and its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Such as `EX-3`.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// For which prefix.
    pub prefix: Prefix,
    /// What is allowed.
    pub allow: Allow,
    /// Why.
    pub reason: String,
    /// Until when.
    pub expires: Timestamp,
    /// Since when.
    pub created: Timestamp,
    /// By whom.
    pub author: String,
}

/// Why an exception cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExceptionError {
    /// Without a reason nobody knows later whether it still holds.
    NoReason,
    /// Too long a reason.
    LongReason,
    /// Not between tomorrow and a year.
    Expiry,
    /// A length that no part of the prefix has.
    Length(Prefix),
    /// There is no such allowance.
    Unknown,
}

impl ExceptionError {
    /// What is wrong.
    pub fn text(&self) -> Text {
        match self {
            ExceptionError::NoReason => say!("exception.no_reason", "Say why it is meant: others read it later."),
            ExceptionError::LongReason => say!("exception.long_reason", "The reason has at most 500 characters, none of them invisible."),
            ExceptionError::Expiry => {
                say!("exception.expiry", "Give a last day from today on, at most {days} days away, like 2027-01-31.", days = LONGEST_DAYS)
            }
            ExceptionError::Length(prefix) => say!(
                "exception.length",
                "Parts of {prefix} have a length from {shortest} to {longest} bits.",
                prefix = prefix,
                shortest = prefix.length(),
                longest = if prefix.is_ipv4() { 32 } else { 128 }
            ),
            ExceptionError::Unknown => {
                say!("exception.unknown", "Choose what is meant: another origin, a neighbour, longer parts, or a kind.")
            }
        }
    }
}
said_error!(ExceptionError);

impl Allow {
    /// Reads a choice of a form and its value.
    ///
    /// # Errors
    /// When there is no such choice, or its value cannot be used for the prefix.
    pub fn read(what: &str, value: &str, prefix: Prefix) -> Result<Allow, Text> {
        let asn = || {
            let asn = value.trim().parse::<Asn>().map_err(|error| error.text())?;
            match asn.class() {
                AsnClass::Reserved | AsnClass::Trans => {
                    Err(say!("exception.asn", "{asn} is nobody's ({source}).", asn = asn, source = asn.class().source()))
                }
                _ => Ok(asn),
            }
        };
        match what {
            "origin" => asn().map(Allow::Origin),
            "upstream" => asn().map(Allow::Upstream),
            "length" => {
                let longest = if prefix.is_ipv4() { 32 } else { 128 };
                let length = value.trim().trim_start_matches('/').parse::<u8>().ok();
                let fine = length.filter(|length| (prefix.length()..=longest).contains(length));
                fine.map(Allow::Length).ok_or_else(|| ExceptionError::Length(prefix).text())
            }
            "kind" => Kind::of(value.trim()).map(Allow::Kind).ok_or_else(|| ExceptionError::Unknown.text()),
            _ => Err(ExceptionError::Unknown.text()),
        }
    }
}

impl Exception {
    /// Refuses what cannot be kept.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), ExceptionError> {
        let days = self.expires.since(self.created);
        match self.reason.trim().chars().count() {
            0 => return Err(ExceptionError::NoReason),
            501.. => return Err(ExceptionError::LongReason),
            _ if self.reason.chars().any(crate::is_invisible) => return Err(ExceptionError::LongReason),
            _ => {}
        }
        if !(0..=LONGEST_DAYS * 86_400).contains(&days) {
            return Err(ExceptionError::Expiry);
        }
        Ok(())
    }

    /// Whether it holds at a moment.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.created <= now && now < self.expires
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_kept_is_refused() {
        let now = Timestamp::from_secs(1_800_000_000);
        let check = |reason: &str, days: i64| {
            let exception = Exception {
                id: String::new(),
                organisation: String::new(),
                prefix: "10.0.0.0/8".parse().expect("prefix"),
                allow: Allow::Length(9),
                reason: reason.into(),
                expires: now.plus_secs(days * 86_400),
                created: now,
                author: String::new(),
            };
            (exception.check().err(), exception.holds(now.plus_secs(10)), exception.holds(now.plus_secs(days * 86_400)))
        };
        assert_eq!(check("an anycast provider", 30), (None, true, false));
        assert_eq!(check(" ", 30).0, Some(ExceptionError::NoReason));
        assert_eq!(check(&"x".repeat(501), 30).0, Some(ExceptionError::LongReason));
        assert_eq!(check("x", -1).0, Some(ExceptionError::Expiry));
        assert_eq!(check("x", 400).0, Some(ExceptionError::Expiry));
    }

    #[test]
    fn choices_are_read_with_their_values() {
        let prefix = "10.0.0.0/8".parse().expect("prefix");
        let check = |what: &str, value: &str| Allow::read(what, value, prefix).ok();
        assert_eq!(check("origin", "AS64500"), Some(Allow::Origin(Asn(64500))));
        assert_eq!(check("upstream", "64500"), Some(Allow::Upstream(Asn(64500))));
        assert_eq!(check("length", "/24"), Some(Allow::Length(24)));
        assert_eq!(check("kind", "path-change"), Some(Allow::Kind(Kind::PathChange)));
        for (what, value) in [("origin", "x"), ("length", "7"), ("length", "33"), ("kind", "x"), ("", "1")] {
            assert_eq!(check(what, value), None, "{what} {value}");
        }
    }
}
