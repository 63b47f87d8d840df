//! IP prefixes in canonical form: host bits zero, IPv6 written as in RFC 5952.

use crate::{Text, say, text::said_error};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    hash::{Hash, Hasher},
    net::IpAddr,
    str::FromStr,
};

/// An IPv4 or IPv6 prefix without host bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Prefix(IpNet);

/// In one step a number: prefixes are looked up for each route of the Internet.
impl Hash for Prefix {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            IpNet::V4(net) => state.write_u64(u64::from(net.addr().to_bits()) << 8 | u64::from(net.prefix_len())),
            IpNet::V6(net) => {
                state.write_u128(net.addr().to_bits());
                state.write_u8(net.prefix_len());
            }
        }
    }
}

/// Why a text is not a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrefixError {
    /// Neither an IPv4 nor an IPv6 prefix.
    Syntax(String),
    /// A single address without a length.
    NoLength(String, Prefix),
    /// Bits behind the length are set; the second value is the prefix without them.
    HostBits(String, Prefix),
    /// An octet is written with a leading zero, which some systems read as octal.
    LeadingZero(String),
}

impl PrefixError {
    /// What is wrong.
    pub fn text(&self) -> Text {
        match self {
            PrefixError::Syntax(input) => {
                say!("prefix.syntax", "“{input}” is not a prefix. Write it like 192.0.2.0/24 or 2001:db8::/32.", input = input)
            }
            PrefixError::NoLength(input, _) => {
                say!("prefix.length_missing", "“{input}” is one address. Write the prefix, with its length behind a slash.", input = input)
            }
            PrefixError::HostBits(input, fix) => {
                say!("prefix.hostbits", "{input} has host bits set. Did you mean {fix}?", input = input, fix = fix)
            }
            PrefixError::LeadingZero(input) => say!(
                "prefix.leading_zero",
                "“{input}” has an octet with a leading zero, which some systems read as octal. Write the number without it.",
                input = input
            ),
        }
    }

    /// The prefix that was probably meant.
    pub fn fix(&self) -> Option<Prefix> {
        match self {
            PrefixError::NoLength(_, fix) | PrefixError::HostBits(_, fix) => Some(*fix),
            PrefixError::Syntax(_) | PrefixError::LeadingZero(_) => None,
        }
    }
}
said_error!(PrefixError);

impl Prefix {
    /// The prefix that covers `net`, with the host bits cleared.
    pub fn covering(net: IpNet) -> Self {
        Prefix(net.trunc())
    }

    /// The underlying network.
    pub fn net(self) -> IpNet {
        self.0
    }

    /// The first address.
    pub fn network(self) -> IpAddr {
        self.0.network()
    }

    /// Length in bits: 0 to 32 for IPv4, 0 to 128 for IPv6.
    pub fn length(self) -> u8 {
        self.0.prefix_len()
    }

    /// True for an IPv4 prefix.
    pub fn is_ipv4(self) -> bool {
        matches!(self.0, IpNet::V4(_))
    }

    /// True when every address of `other` is inside this prefix.
    pub fn contains(self, other: Prefix) -> bool {
        self.0.contains(&other.0)
    }

    /// True when `address` is inside this prefix.
    pub fn contains_address(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// True when the two share at least one address.
    pub fn overlaps(self, other: Prefix) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The covering prefix of the given length; the prefix itself when it is not longer.
    pub fn shortened_to(self, length: u8) -> Prefix {
        let length = length.min(self.length());
        IpNet::new(self.network(), length).map_or(self, Prefix::covering)
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let text = text.trim();
        let shown = || text.chars().take(60).collect::<String>();
        if let Ok(address) = text.parse::<IpAddr>() {
            return Err(PrefixError::NoLength(shown(), Prefix(address.into())));
        }
        if has_leading_zero(text) {
            return Err(PrefixError::LeadingZero(shown()));
        }
        // A length such as `/024` or `/+8` is a typing error, not a number.
        let tidy_length = text.rsplit_once('/').is_some_and(|(_, length)| length == "0" || !length.starts_with(['0', '+']));
        let net: IpNet = match text.parse() {
            Ok(net) if tidy_length => net,
            _ => return Err(PrefixError::Syntax(shown())),
        };
        if net.addr() != net.network() {
            return Err(PrefixError::HostBits(shown(), Prefix::covering(net)));
        }
        Ok(Prefix(net))
    }
}

/// `010.0.0.0/8` and the like: dotted decimal in which a number has a leading zero
/// (RFC 6943 §3.1.1 on the ambiguity).
fn has_leading_zero(text: &str) -> bool {
    let address = text.split('/').next().unwrap_or_default();
    let octets: Vec<&str> = address.split('.').collect();
    let number = |octet: &&str| !octet.is_empty() && octet.bytes().all(|b| b.is_ascii_digit());
    octets.len() == 4 && octets.iter().all(number) && octets.iter().any(|octet| octet.len() > 1 && octet.starts_with('0'))
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> String {
        prefix.to_string()
    }
}

impl TryFrom<String> for Prefix {
    type Error = PrefixError;

    fn try_from(text: String) -> Result<Self, PrefixError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let read = text.parse::<Prefix>();
        match expected {
            Ok(canonical) => assert_eq!(read.map(|p| p.to_string()), Ok(canonical.into())),
            Err(part) => {
                let message = read.expect_err(text).to_string();
                assert!(message.contains(part), "{message} should mention {part}");
            }
        }
    }

    #[test]
    fn reads_cidr_and_nothing_else() {
        check("192.0.2.0/24", Ok("192.0.2.0/24"));
        check(" 2001:DB8:0:0::/32 ", Ok("2001:db8::/32"));
        check("0.0.0.0/0", Ok("0.0.0.0/0"));
        check("192.0.2.5/24", Err("192.0.2.0/24"));
        check("2001:db8::1/64", Err("2001:db8::/64"));
        check("192.0.2.1", Err("is one address"));
        check("010.0.0.0/16", Err("leading zero"));
        check("10.0.0/24", Err("is not a prefix"));
        check("192.0.2.0/33", Err("is not a prefix"));
        check("192.0.2.0/024", Err("is not a prefix"));
        check("192.0.2.0/+8", Err("is not a prefix"));
        check("192.0.2.0/255.255.255.0", Err("is not a prefix"));
        check("", Err("is not a prefix"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered_without_panic(text in "\\PC{0,60}") {
            let _ = text.parse::<Prefix>();
        }

        #[test]
        fn the_canonical_form_reads_back(bits: u128, length in 0u8..=128) {
            let net = IpNet::new(std::net::Ipv6Addr::from(bits).into(), length).expect("length fits");
            let prefix = Prefix::covering(net);
            prop_assert_eq!(prefix.to_string().parse::<Prefix>(), Ok(prefix));
            prop_assert!(prefix.shortened_to(length / 2).contains(prefix));
        }
    }
}
