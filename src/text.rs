//! The one place where pages get their sentences: typed keys, English for now.

/// A sentence by its key: `tr!(queue.title)`, `tr!(queue.late, age = "3 h")`. A key that
/// `locales/en.json` does not have does not compile.
macro_rules! tr {
    ($($key:ident).+ $(, $name:ident = $value:expr)* $(,)?) => {
        leptos_i18n::td_string!($crate::locales::Locale::en, $($key).+ $(, $name = $value)*).to_string()
    };
}

use peerage_domain::{
    Next, Text,
    access::Role,
    peering::{Party, StateName, Verb},
};

/// A sentence of a rule or refusal in the reader's language.
pub fn say(text: &Text) -> String {
    let value = |gap: &str| word(gap, text.value(gap));
    include!(concat!(env!("OUT_DIR"), "/rules.rs"))
}

/// Machine words that stand in a gap are shown as the pages show them.
fn word(gap: &str, value: &str) -> String {
    let shown = match gap {
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
        _ => return None,
    })
}
