//! What is expected of prefixes.

use ipnet::IpNet;
use peerage_domain::{Asn, Prefix};
use prefix_trie::joint::JointPrefixMap;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};

/// What is expected of a prefix and its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The prefix.
    pub prefix: Prefix,
    /// Who may originate it.
    pub origins: BTreeSet<Asn>,
    /// Who may stand next to the origin; not known when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstreams: Option<BTreeSet<Asn>>,
    /// Longest part that is expected, in bits; the prefix itself when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u8>,
    /// Learned from a quiet period, not declared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub learned: bool,
}

impl Expectation {
    /// Longest part that is expected, in bits.
    pub fn longest(&self) -> u8 {
        self.max_length.unwrap_or(self.prefix.length())
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

/// What is expected of many prefixes, to look up by prefix.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    by_prefix: JointPrefixMap<IpNet, Arc<Expectation>>,
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
    pub fn insert(&mut self, entry: Expectation) -> Option<Arc<Expectation>> {
        self.by_prefix.insert(entry.prefix.net(), Arc::new(entry))
    }

    /// The expectation of the longest prefix that covers this one.
    pub fn governing(&self, prefix: Prefix) -> Option<&Arc<Expectation>> {
        self.by_prefix.get_lpm(&prefix.net()).map(|(_, entry)| entry)
    }

    /// All of them, in the order of their prefixes.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Expectation>> {
        self.by_prefix.iter().map(|(_, entry)| entry)
    }

    /// How many prefixes something is expected of.
    pub fn len(&self) -> usize {
        self.by_prefix.len()
    }

    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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
            assert_eq!(governing.and_then(|entry| entry.origins.first().map(|asn| asn.0)), origin, "{prefix}");
        };
        check("10.1.2.0/24", Some(2));
        check("10.1.0.0/16", Some(2));
        check("10.2.0.0/16", Some(1));
        check("10.0.0.0/7", None);
        check("2001:db8::/32", None);
    }
}
