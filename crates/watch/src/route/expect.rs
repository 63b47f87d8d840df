//! What is expected of prefixes.

use super::keyed::{ByPrefix, Keyed};
use foldhash::fast::RandomState;
use peerage_domain::{
    Asn, Prefix,
    incident::{Expected, Kind},
};
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, net::IpAddr, ops::Deref, sync::Arc};

/// What is expected of a prefix and its parts; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Expectation {
    /// The prefix.
    pub prefix: Prefix,
    /// What is expected of it: many prefixes share that.
    pub(super) terms: Arc<Terms>,
}

/// What may be expected of any prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Who may originate it.
    pub origins: Asns,
    /// Who may stand next to the origin; not known when absent.
    pub upstreams: Option<Asns>,
    /// Longest part that is expected, in bits; the prefix itself when absent.
    pub max_length: Option<u8>,
    /// Learned from a quiet period, not declared.
    pub learned: bool,
    /// What is not looked for.
    pub ignored: Kinds,
    /// Origins of which it is not known who stands next to them.
    pub guests: Asns,
}

/// An expectation as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    prefix: Prefix,
    origins: Asns,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstreams: Option<Asns>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_length: Option<u8>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    learned: bool,
}

impl From<Written> for Expectation {
    fn from(Written { prefix, origins, upstreams, max_length, learned }: Written) -> Self {
        Expectation::of(prefix, Terms { origins, upstreams, max_length, learned, ..Terms::default() })
    }
}

impl From<Expectation> for Written {
    fn from(it: Expectation) -> Self {
        let Terms { origins, upstreams, max_length, learned, .. } = Terms::clone(&it.terms);
        Written { prefix: it.prefix, origins, upstreams, max_length, learned }
    }
}

impl Deref for Expectation {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.terms
    }
}

/// A set of kinds, in one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kinds(u16);

impl Kinds {
    /// Adds a kind.
    pub fn insert(&mut self, kind: Kind) {
        self.0 |= 1 << kind as u16;
    }

    /// Whether a kind is in it.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 >> kind as u16 & 1 == 1
    }
}

impl Expectation {
    /// These terms for a prefix.
    pub fn of(prefix: Prefix, terms: Terms) -> Expectation {
        Expectation { prefix, terms: terms.into() }
    }

    /// Longest part that is expected, in bits.
    pub fn longest(&self) -> u8 {
        self.max_length.unwrap_or(self.prefix.length())
    }
}

impl From<&Expectation> for Expected {
    fn from(it: &Expectation) -> Self {
        let (origins, upstreams) = (it.origins.clone().into(), it.upstreams.clone().map(Into::into));
        Expected { prefix: it.prefix, origins, upstreams, longest: it.longest() }
    }
}

impl From<&Expected> for Expectation {
    fn from(it: &Expected) -> Self {
        let terms = Terms {
            origins: it.origins.clone().into(),
            upstreams: it.upstreams.clone().map(Into::into),
            max_length: (it.longest > it.prefix.length()).then_some(it.longest),
            ..Terms::default()
        };
        Expectation::of(it.prefix, terms)
    }
}

/// Some ASNs, each once and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Asn>", into = "Vec<Asn>")]
pub struct Asns(Box<[Asn]>);

impl Asns {
    /// Whether one is among them.
    pub fn contains(&self, asn: &Asn) -> bool {
        self.0.binary_search(asn).is_ok()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Asn> {
        self.0.iter()
    }
}

impl From<Vec<Asn>> for Asns {
    fn from(mut all: Vec<Asn>) -> Self {
        all.sort_unstable();
        all.dedup();
        Asns(all.into())
    }
}

impl FromIterator<Asn> for Asns {
    fn from_iter<T: IntoIterator<Item = Asn>>(all: T) -> Self {
        all.into_iter().collect::<Vec<_>>().into()
    }
}

impl From<Asns> for Vec<Asn> {
    fn from(all: Asns) -> Self {
        all.0.into()
    }
}

/// Why a list of expectations cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExpectError {
    /// The JSON parser's words.
    #[error("it is not {{\"prefixes\":[{{\"prefix\",\"origins\":[asn],\"upstreams\":[asn]?,\"max_length\":n?}}]}}: {0}")]
    Json(#[from] serde_json::Error),
    /// Nobody may originate it.
    #[error("{0}: name at least one origin")]
    NoOrigin(Prefix),
    /// A length that no part of the prefix has.
    #[error("{0}: max_length {1} must be from {min} to {max}", min = .0.length(), max = longest(*.0))]
    Length(Prefix, u8),
    /// The same prefix again.
    #[error("{0} is there twice; name all its origins in one entry")]
    Twice(Prefix),
    /// Nothing is expected.
    #[error("it names no prefix")]
    Empty,
}

fn longest(prefix: Prefix) -> u8 {
    if prefix.is_ipv4() { 32 } else { 128 }
}

impl Keyed for Expectation {
    fn prefix(&self) -> Prefix {
        self.prefix
    }
}

/// What is expected of many prefixes, to look up by prefix: a table, asked once for each length
/// that something is expected of there. A tree of a million prefixes takes three times as much.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    by_prefix: ByPrefix<Expectation>,
    /// Which lengths there are, as bits: of IPv4 by the first 16 bits of the address. Empty while
    /// there is no IPv4 prefix.
    v4: Vec<u64>,
    /// Which lengths there are of IPv6, longest first.
    v6: Vec<u8>,
    /// One of each: many prefixes have the same.
    terms: HashSet<Arc<Terms>, RandomState>,
}

/// Bits of an IPv4 address that say where to look for lengths.
const V4_HEAD: u8 = 16;

/// Lengths, longest first.
struct Lengths<'a> {
    /// A bit each.
    v4: u64,
    v6: &'a [u8],
}

impl Iterator for Lengths<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if let Some(top) = self.v4.checked_ilog2() {
            self.v4 &= !(1 << top);
            return Some(top as u8);
        }
        let (first, rest) = self.v6.split_first()?;
        self.v6 = rest;
        Some(*first)
    }
}

impl Expectations {
    /// Reads `{"prefixes": [{"prefix", "origins": [asn], "upstreams": [asn]?, "max_length": n?}]}`.
    ///
    /// # Errors
    /// When it is something else, or an entry cannot be used.
    pub fn parse(json: &[u8]) -> Result<Expectations, ExpectError> {
        #[derive(Deserialize)]
        struct Document {
            prefixes: Vec<Expectation>,
        }
        let document: Document = serde_json::from_slice(json)?;
        if document.prefixes.is_empty() {
            return Err(ExpectError::Empty);
        }
        let mut all = Expectations::default();
        for entry in document.prefixes {
            let prefix = entry.prefix;
            if entry.origins.is_empty() {
                return Err(ExpectError::NoOrigin(prefix));
            }
            if let Some(length) = entry.max_length.filter(|length| !(prefix.length()..=longest(prefix)).contains(length)) {
                return Err(ExpectError::Length(prefix, length));
            }
            if all.insert(entry).is_some() {
                return Err(ExpectError::Twice(prefix));
            }
        }
        Ok(all)
    }

    /// Adds what is expected of a prefix, and gives what was before.
    pub fn insert(&mut self, mut entry: Expectation) -> Option<Expectation> {
        match self.terms.get(&entry.terms) {
            Some(known) => entry.terms = known.clone(),
            None => drop(self.terms.insert(entry.terms.clone())),
        }
        let (prefix, length) = (entry.prefix, entry.prefix.length());
        match prefix.network() {
            IpAddr::V4(net) => {
                self.v4.resize(1 << V4_HEAD, 0);
                let first = (net.to_bits() >> (32 - V4_HEAD)) as usize;
                let count = 1 << V4_HEAD.saturating_sub(length);
                self.v4[first..first + count].iter_mut().for_each(|lengths| *lengths |= 1 << length);
            }
            IpAddr::V6(_) => {
                if let Err(at) = self.v6.binary_search_by(|known| length.cmp(known)) {
                    self.v6.insert(at, length);
                }
            }
        }
        self.by_prefix.insert(entry)
    }

    /// The expectation of the longest prefix that covers this one.
    pub fn governing(&self, prefix: Prefix) -> Option<&Expectation> {
        let lengths = match prefix.network() {
            IpAddr::V4(net) => {
                Lengths { v4: self.v4.get((net.to_bits() >> (32 - V4_HEAD)) as usize).copied().unwrap_or_default(), v6: &[] }
            }
            IpAddr::V6(_) => Lengths { v4: 0, v6: &self.v6 },
        };
        let covering = lengths.filter(|length| *length <= prefix.length());
        covering.filter_map(|length| self.by_prefix.get(prefix.shortened_to(length))).next()
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Expectation> {
        self.by_prefix.iter()
    }

    /// How many prefixes something is expected of.
    pub fn len(&self) -> usize {
        self.by_prefix.len()
    }

    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        self.by_prefix.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_named() {
        let check = |json: &str, words: &str| {
            let error = Expectations::parse(json.as_bytes()).expect_err(json).to_string();
            assert!(error.contains(words), "{json}: {error}");
        };
        check("{}", "missing field `prefixes`");
        check(r#"{"prefixes":[]}"#, "names no prefix");
        check(r#"{"prefixes":[{"prefix":"10.0.0.1/8","origins":[1]}]}"#, "10.0.0.0/8");
        check(r#"{"prefixes":[{"prefix":"10.0.0.0/8","origins":[]}]}"#, "at least one origin");
        check(r#"{"prefixes":[{"prefix":"10.0.0.0/8","origins":[1],"max_length":7}]}"#, "from 8 to 32");
        check(r#"{"prefixes":[{"prefix":"10.0.0.0/8","origins":[1],"upstream":[7]}]}"#, "unknown field `upstream`");
        check(r#"{"prefixes":[{"prefix":"10.0.0.0/8","origins":[1]},{"prefix":"10.0.0.0/8","origins":[2]}]}"#, "there twice");
    }

    #[test]
    fn the_longest_covering_prefix_governs() {
        let json = r#"{"prefixes":[{"prefix":"10.0.0.0/8","origins":[1]},{"prefix":"10.1.0.0/16","origins":[2]}]}"#;
        let all = Expectations::parse(json.as_bytes()).expect("expectations");
        let check = |prefix: &str, origin: Option<u32>| {
            let governing = all.governing(prefix.parse().expect("prefix"));
            assert_eq!(governing.and_then(|entry| entry.origins.iter().next().map(|asn| asn.0)), origin, "{prefix}");
        };
        check("10.1.2.0/24", Some(2));
        check("10.1.0.0/16", Some(2));
        check("10.2.0.0/16", Some(1));
        check("10.0.0.0/7", None);
        check("2001:db8::/32", None);
    }
}
