//! Route origin validation: what the RPKI says about who may originate a prefix (RFC 6811), and who
//! an AS's providers are (ASPA).

use crate::{Asn, Prefix};
use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// A validated ROA payload: this ASN may originate this prefix and its parts down to a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vrp {
    /// The prefix.
    pub prefix: Prefix,
    /// Longest part, in bits.
    pub max_length: u8,
    /// Who may originate it; AS0 says that nobody may (RFC 6483 §4).
    pub asn: Asn,
}

/// What origin validation finds (RFC 6811 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginState {
    /// A VRP allows it.
    Valid,
    /// VRPs cover it, and none allows it.
    Invalid,
    /// No VRP covers it.
    NotFound,
}

impl OriginState {
    /// The word of RFC 6811.
    pub fn word(self) -> &'static str {
        match self {
            OriginState::Valid => "valid",
            OriginState::Invalid => "invalid",
            OriginState::NotFound => "not found",
        }
    }
}

/// A set of VRPs, to look up by prefix, and the ASPAs beside them.
#[derive(Clone, Debug, Default)]
pub struct Vrps {
    by_prefix: JointPrefixMap<IpNet, Vec<(u8, Asn)>>,
    count: usize,
    aspas: BTreeMap<Asn, Vec<Asn>>,
}

/// What an AS attests of its providers (draft-ietf-sidrops-aspa-profile): all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aspa {
    /// Who attests.
    pub customer: Asn,
    /// Its providers; AS 0 alone when it has none.
    pub providers: Vec<Asn>,
}

impl Vrps {
    /// The same, with ASPAs; several of one AS count together.
    pub fn with_aspas(mut self, all: impl IntoIterator<Item = Aspa>) -> Vrps {
        for aspa in all {
            self.aspas.entry(aspa.customer).or_default().extend(aspa.providers);
        }
        self
    }

    /// Whether an AS attests that another one is its provider; nothing where it attests nothing
    /// (the hop check of draft-ietf-sidrops-aspa-verification).
    pub fn attests(&self, customer: Asn, provider: Asn) -> Option<bool> {
        self.aspas.get(&customer).map(|providers| providers.contains(&provider))
    }

    /// How many ASes attest their providers.
    pub fn attesting(&self) -> usize {
        self.aspas.len()
    }

    /// How many there are, each once.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The VRPs whose prefix covers a prefix, shortest first.
    pub fn covering(&self, prefix: Prefix) -> impl Iterator<Item = Vrp> {
        let net = prefix.net();
        self.by_prefix.cover(&net).flat_map(|(net, all)| {
            all.iter().map(move |(max_length, asn)| Vrp { prefix: Prefix::covering(net), max_length: *max_length, asn: *asn })
        })
    }

    /// The VRPs of an ASN, in no order.
    pub fn of(&self, asn: Asn) -> impl Iterator<Item = Vrp> {
        self.by_prefix.iter().flat_map(move |(net, all)| {
            let of = move |(max_length, origin): &(u8, Asn)| {
                (*origin == asn).then(|| Vrp { prefix: Prefix::covering(net), max_length: *max_length, asn })
            };
            all.iter().filter_map(of)
        })
    }

    /// Validates a route. A route without a single origin (an empty path, or an AS_SET at its
    /// end) matches no VRP (RFC 6811 §2).
    pub fn validate(&self, prefix: Prefix, origin: Option<Asn>) -> OriginState {
        let mut covered = false;
        for vrp in self.covering(prefix) {
            covered = true;
            if prefix.length() <= vrp.max_length && vrp.asn.0 != 0 && Some(vrp.asn) == origin {
                return OriginState::Valid;
            }
        }
        if covered { OriginState::Invalid } else { OriginState::NotFound }
    }
}

impl FromIterator<Vrp> for Vrps {
    fn from_iter<I: IntoIterator<Item = Vrp>>(all: I) -> Self {
        let mut vrps = Vrps::default();
        for vrp in all {
            let same = vrps.by_prefix.entry(vrp.prefix.net()).or_default();
            if !same.contains(&(vrp.max_length, vrp.asn)) {
                same.push((vrp.max_length, vrp.asn));
                vrps.count += 1;
            }
        }
        vrps
    }
}

/// Where a cache of the RPKI-to-Router protocol (RFC 8210) listens: a host and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RtrCache {
    /// An address or a name.
    pub host: String,
    /// TCP port; 323 is registered, 3323 and 8282 are common.
    pub port: u16,
}

/// The text does not say where a cache listens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a cache. Write its host and port, such as rpki.example.net:3323 or [2001:db8::1]:3323")]
pub struct RtrCacheError(String);

impl FromStr for RtrCache {
    type Err = RtrCacheError;

    fn from_str(text: &str) -> Result<Self, RtrCacheError> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(RtrCache { host: address.ip().to_string(), port: address.port() });
        }
        let is_name = |host: &str| {
            (1..=253).contains(&host.len())
                && host.starts_with(|c: char| c.is_ascii_alphanumeric())
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
        };
        let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        match parts {
            Some((host, port)) if is_name(host) && port != 0 => Ok(RtrCache { host: host.to_owned(), port }),
            _ => Err(RtrCacheError(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for RtrCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(host)) => write!(f, "[{host}]:{}", self.port),
            _ => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl TryFrom<String> for RtrCache {
    type Error = RtrCacheError;

    fn try_from(text: String) -> Result<Self, RtrCacheError> {
        text.parse()
    }
}

impl From<RtrCache> for String {
    fn from(cache: RtrCache) -> String {
        cache.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vrp(prefix: &str, max_length: u8, asn: u32) -> Vrp {
        Vrp { prefix: prefix.parse().expect(prefix), max_length, asn: Asn(asn) }
    }

    #[test]
    fn a_route_is_valid_invalid_or_not_found() {
        let vrps: Vrps = [
            vrp("203.0.113.0/24", 24, 64501),
            vrp("198.51.0.0/16", 20, 64501),
            vrp("198.51.100.0/24", 24, 64502),
            vrp("192.0.2.0/24", 24, 0),
            vrp("2001:db8::/32", 48, 64501),
            vrp("2001:db8::/32", 48, 64501),
        ]
        .into_iter()
        .collect();
        assert_eq!(vrps.len(), 5, "one that is there twice counts once");
        let check = |prefix: &str, origin: Option<u32>, state: OriginState| {
            assert_eq!(vrps.validate(prefix.parse().expect(prefix), origin.map(Asn)), state, "{prefix} by {origin:?}");
        };
        check("203.0.113.0/24", Some(64501), OriginState::Valid);
        check("203.0.113.0/25", Some(64501), OriginState::Invalid);
        check("203.0.113.0/24", Some(64502), OriginState::Invalid);
        check("203.0.113.0/24", None, OriginState::Invalid);
        check("198.51.16.0/20", Some(64501), OriginState::Valid);
        check("198.51.100.0/24", Some(64502), OriginState::Valid);
        check("198.51.100.0/24", Some(64501), OriginState::Invalid);
        check("198.50.0.0/15", Some(64501), OriginState::NotFound);
        check("192.0.2.0/24", Some(0), OriginState::Invalid);
        check("2001:db8:7::/48", Some(64501), OriginState::Valid);
        check("2001:db9::/32", Some(64501), OriginState::NotFound);
    }

    #[test]
    fn a_cache_is_a_host_and_a_port() {
        let check = |text: &str, shown: Option<&str>| {
            assert_eq!(text.parse::<RtrCache>().ok().map(|it| it.to_string()).as_deref(), shown, "{text}");
        };
        check("127.0.0.1:8282", Some("127.0.0.1:8282"));
        check("[2001:db8::1]:3323", Some("[2001:db8::1]:3323"));
        check("rpki.example.net:323", Some("rpki.example.net:323"));
        check("rpki.example.net", None);
        check("rpki example:323", None);
        check("\"x\":323", None);
        check("host:0", None);
        check("host:70000", None);
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_a_plain_search_finds(all in prop::collection::vec((0u32..16, 4u8..12, 0u8..4, 0u32..3), 0..30), at in 0u32..16, length in 4u8..14, origin in 0u32..3) {
            let net = |at: u32, length: u8| Prefix::covering(format!("{}.0.0.0/{length}", at << 4).parse().expect("prefix"));
            let all: Vec<Vrp> = all.into_iter().map(|(at, length, more, asn)| Vrp { prefix: net(at, length), max_length: length + more, asn: Asn(asn) }).collect();
            let (prefix, origin) = (net(at, length), Asn(origin));
            let covering: Vec<&Vrp> = all.iter().filter(|vrp| vrp.prefix.contains(prefix)).collect();
            let wanted = if covering.iter().any(|vrp| vrp.asn == origin && origin.0 != 0 && length <= vrp.max_length) {
                OriginState::Valid
            } else if covering.is_empty() { OriginState::NotFound } else { OriginState::Invalid };
            prop_assert_eq!(all.iter().copied().collect::<Vrps>().validate(prefix, Some(origin)), wanted);
        }
    }
}
