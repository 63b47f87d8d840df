//! What a network declares in the Internet Routing Registry.

use crate::{Asn, Prefix};
use std::collections::{BTreeMap, BTreeSet};

/// The route objects (RFC 2622 §4, RFC 4012 §3) of the ASNs in a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// The set that was asked for, such as `AS-ELISA`, or an ASN.
    pub set: String,
    /// The origins of each declared prefix.
    pub routes: BTreeMap<Prefix, BTreeSet<Asn>>,
}

impl Declared {
    /// Whether there is a route object of this prefix and origin.
    pub fn has(&self, prefix: Prefix, origin: Asn) -> bool {
        self.routes.get(&prefix).is_some_and(|origins| origins.contains(&origin))
    }
}

/// The names of sets in a PeeringDB profile's `irr_as_set`: several may stand there, some with
/// the registry in front (`RIPE::AS-ELISA`). What cannot be a set's name (RFC 2622 §5) is left out.
pub fn set_names(text: &str) -> Vec<String> {
    let name = |word: &str| {
        let name = word.rsplit("::").next().unwrap_or_default().to_ascii_uppercase();
        let fine = (3..=100).contains(&name.len())
            && name.starts_with("AS")
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(&b));
        fine.then_some(name)
    };
    text.split([' ', ',', ';', '\t', '\n']).filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sets_are_found_in_what_networks_write() {
        let check = |text: &str, expected: &str| assert_eq!(set_names(text).join(" "), expected, "{text}");
        check("AS-ELISA", "AS-ELISA");
        check("RIPE::AS-ELISA, RADB::AS6667:AS-CUST", "AS-ELISA AS6667:AS-CUST");
        check("as3303", "AS3303");
        check("", "");
        check("none; !gAS1 https://example.org", "");
    }
}
