//! The one place where pages get their sentences: typed keys, in the language of who reads.

/// A sentence by its key: `tr!(queue.title)`, `tr!(queue.late, age = "3 h")`. A key that
/// `locales/en.json` does not have does not compile; a test compares the gaps.
macro_rules! tr {
    ($page:ident.$key:ident $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::text::sentence(
            $crate::text::keys::$page::$key,
            &[$((stringify!($name), &$value as &dyn std::fmt::Display)),*],
        )
    };
}

use peerage_domain::{
    Language, Next, Text,
    access::Role,
    peering::{Party, StateName, Verb},
};
use std::fmt::{Display, Write};

/// The language of the page that is made, or of the program that asked.
pub fn language() -> Language {
    crate::browser::language()
}

/// The number of a sentence.
#[derive(Clone, Copy)]
pub(crate) struct Key(u16);

// Some sentences are said by the server only; that each is said somewhere is a test.
#[allow(non_upper_case_globals, dead_code, clippy::module_inception)]
mod texts {
    use super::Key;
    include!(concat!(env!("OUT_DIR"), "/texts.rs"));

    /// A sentence with its gaps.
    pub(super) fn template(language: peerage_domain::Language, key: Key) -> &'static str {
        SENTENCES[language as usize][usize::from(key.0)]
    }

    /// The sentence of a rule.
    pub(super) fn rule(key: &str) -> Option<Key> {
        RULES.binary_search_by_key(&key, |(known, _)| known).ok().map(|at| Key(RULES[at].1))
    }
}

pub(crate) use texts::keys;

/// A sentence with its gaps filled, in the language of the page. Use `tr!`.
pub(crate) fn sentence(key: Key, values: &[(&str, &dyn Display)]) -> String {
    fill(texts::template(language(), key), |gap, text| {
        if let Some((_, value)) = values.iter().find(|(name, _)| *name == gap) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{value}");
        }
    })
}

/// A template with `put` called for each of its gaps, `{{ name }}`.
fn fill(template: &str, put: impl Fn(&str, &mut String)) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, (gap, after))) = rest.split_once("{{").and_then(|(before, rest)| Some((before, rest.split_once("}}")?))) {
        text.push_str(before);
        put(gap.trim(), &mut text);
        rest = after;
    }
    text.push_str(rest);
    text
}

/// A sentence of a rule or refusal in the reader's language.
pub fn say(text: &Text) -> String {
    match texts::rule(text.key()) {
        Some(key) => fill(texts::template(language(), key), |gap, said| {
            said.push_str(&text.sentence(gap).map_or_else(|| word(gap, text.value(gap)), say));
        }),
        None => text.english().to_owned(),
    }
}

/// Whether a value is a number with a decimal point: not an address, and not a version of three parts.
fn is_decimal(value: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    value.trim_start_matches(['-', '+']).split_once('.').is_some_and(|(whole, part)| digits(whole) && digits(part))
}

/// Machine words that stand in a gap are shown as the pages show them, and numbers as their readers write them.
fn word(gap: &str, value: &str) -> String {
    if is_decimal(value) {
        return language().marked(value.to_owned());
    }
    let shown = match gap {
        _ if value == Next::Nobody.word() => Some(tr!(next.nobody)),
        "state" => StateName::ALL.iter().find(|s| s.word() == value).map(|&s| crate::components::state_name(s)),
        "verb" => Verb::ALL.iter().find(|v| v.word() == value).map(|&v| crate::pages::public::verb_name(v)),
        "party" => Party::ALL.iter().find(|p| p.word() == value).map(|&p| party_name(p)),
        "asn_state" => asn_state_word(value),
        "roles" => Some(value.split(", ").map(role_word).collect::<Vec<_>>().join(", ")),
        "thing" => thing(value),
        _ => None,
    };
    shown.unwrap_or_else(|| value.to_owned())
}

fn party_name(party: Party) -> String {
    let next = match party {
        Party::Requester => Next::Requester,
        Party::Operator => Next::Operator,
        Party::Portal => Next::Portal,
    };
    crate::components::next_name(next, Next::Nobody)
}

fn asn_state_word(word: &str) -> Option<String> {
    Some(match word {
        "None" => tr!(asn_state.none),
        "Pending" => tr!(asn_state.pending),
        "Approved" => tr!(asn_state.approved),
        "Failed" => tr!(asn_state.failed),
        _ => return None,
    })
}

/// The state of an ASN association as people call it.
pub fn asn_state_name(state: &peerage_domain::peer_asn::AsnState) -> String {
    asn_state_word(state.name()).unwrap_or_default()
}

fn role_word(word: &str) -> String {
    Role::ALL.iter().find(|role| role.word() == word).map_or_else(|| word.to_owned(), |&role| role_name(role))
}

/// A role as people call it.
pub fn role_name(role: Role) -> String {
    match role {
        Role::Customer => tr!(role.customer),
        Role::Partner => tr!(role.partner),
        Role::Operator => tr!(role.operator),
        Role::Manager => tr!(role.manager),
    }
}

/// A field of a peering request as its form calls it.
pub fn field_name(field: &str) -> String {
    match field {
        "peer_ipv4" => tr!(request.v4),
        "peer_ipv6" => tr!(request.v6),
        "address_provider" => tr!(request.who_addresses),
        "session_ipv4" => tr!(request.link4),
        "session_ipv6" => tr!(request.link6),
        "operator_ipv4" => tr!(request.operator4),
        "operator_ipv6" => tr!(request.operator6),
        "max_prefixes_ipv4" => tr!(request.max4),
        "max_prefixes_ipv6" => tr!(request.max6),
        "bandwidth_mbps" => tr!(request.bandwidth),
        "md5" => tr!(request.md5),
        other => other.to_owned(),
    }
}

fn thing(word: &str) -> Option<String> {
    Some(match word {
        "connection" => tr!(thing.connection),
        "peering" => tr!(thing.peering),
        "ASN association" => tr!(thing.asn),
        "organisation" => tr!(thing.organisation),
        "location" => tr!(thing.location),
        "partner" => tr!(thing.partner),
        "prefix" => tr!(thing.prefix),
        "series" => tr!(thing.series),
        "draft" => tr!(thing.draft),
        "router" => tr!(thing.router),
        "customer" => tr!(thing.customer),
        "legacy" => tr!(thing.legacy),
        "report" => tr!(thing.report),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::say;

    #[test]
    fn gaps_are_filled_wherever_they_stand() {
        let check = |template: &str, expected: &str| {
            assert_eq!(fill(template, |gap, text| text.push_str(&gap.to_uppercase())), expected, "{template}");
        };
        check("{{ a }} and {{b}}", "A and B");
        check("none", "none");
        check("{{ a }}{{ a }}", "AA");
        check("open {{ a", "open {{ a");
        check("", "");
    }

    #[test]
    fn what_stands_in_a_gap_is_no_template() {
        assert_eq!(tr!(queue.late, age = "{{ age }}"), tr!(queue.late, age = "3 h").replace("3 h", "{{ age }}"));
    }

    #[test]
    fn every_language_has_a_table() {
        // They are indexed by it.
        assert_eq!(Language::ALL.map(|language| language as usize), [0, 1, 2, 3]);
        let read = Language::ALL.map(|language| texts::template(language, keys::nav::sign_in));
        assert_eq!(read, ["Sign in", "Logga in", "Aanmelden", "Se connecter"]);
    }

    #[test]
    fn numbers_in_sentences_of_rules_are_written_as_their_readers_do() {
        for (value, is) in [("12.5", true), ("-0.5", true), ("8.4.1", false), ("193.0.16.1", false), ("12", false), ("a.b", false)] {
            assert_eq!(is_decimal(value), is, "{value}");
        }
        assert_eq!(say(&say!("report.nothing", "Nothing was measured.")), "Nothing was measured.");
    }
}
