//! The community that tags routes for the service.

use crate::{Asn, Text, say, text::said_error};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What the reference service's number is: `ASN:8007`.
const NUMBER: u16 = 8007;

/// The community that a partner adds to what it announces for the service: a standard one (RFC
/// 1997), or a large one (RFC 8092) where the operator's ASN does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Community {
    /// Two numbers.
    Standard(u16, u16),
    /// Three numbers.
    Large(u32, u32, u32),
}

impl Community {
    /// The operator's `ASN:8007`; `ASN:0:8007` for an ASN above 65535.
    pub fn of(operator: Asn) -> Self {
        match u16::try_from(operator.0) {
            Ok(asn) => Community::Standard(asn, NUMBER),
            Err(_) => Community::Large(operator.0, 0, u32::from(NUMBER)),
        }
    }
}

/// The text is not a community.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommunityError(String);

impl CommunityError {
    /// What is wrong.
    pub fn text(&self) -> Text {
        say!("community.syntax", "“{input}” is not a community. Write it like 64500:8007 or 4200000000:0:8007.", input = self.0)
    }
}
said_error!(CommunityError);

impl FromStr for Community {
    type Err = CommunityError;

    fn from_str(text: &str) -> Result<Self, CommunityError> {
        let error = || CommunityError(text.chars().take(40).collect());
        let parts: Vec<&str> = text.trim().split(':').collect();
        let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !parts.iter().all(digits) {
            return Err(error());
        }
        match parts.as_slice() {
            [a, b] => Ok(Community::Standard(a.parse().map_err(|_| error())?, b.parse().map_err(|_| error())?)),
            [a, b, c] => {
                Ok(Community::Large(a.parse().map_err(|_| error())?, b.parse().map_err(|_| error())?, c.parse().map_err(|_| error())?))
            }
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Community::Standard(a, b) => write!(f, "{a}:{b}"),
            Community::Large(a, b, c) => write!(f, "{a}:{b}:{c}"),
        }
    }
}

impl TryFrom<String> for Community {
    type Error = CommunityError;

    fn try_from(text: String) -> Result<Self, CommunityError> {
        text.parse()
    }
}

impl From<Community> for String {
    fn from(community: Community) -> String {
        community.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_community_has_two_or_three_numbers_that_fit() {
        let check = |text: &str, shown: Option<&str>| {
            assert_eq!(text.parse::<Community>().ok().map(|it| it.to_string()).as_deref(), shown, "{text}");
        };
        check("8075:8007", Some("8075:8007"));
        check(" 4200000000:0:8007 ", Some("4200000000:0:8007"));
        for bad in ["", "8075", "70000:1", "1:70000", "1:2:3:4", "+1:2", "a:b", "1:", "5000000000:0:1"] {
            check(bad, None);
        }
        assert_eq!(Community::of(Asn(8075)).to_string(), "8075:8007");
        assert_eq!(Community::of(Asn(4_200_000_000)).to_string(), "4200000000:0:8007");
    }
}
