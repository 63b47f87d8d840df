//! The operator's peering policy as data, and its answer to one request.
//!
//! Each criterion compares what is asked with what is on record and gives one of
//! four verdicts. What is not on record is unknown, never a failure.

use crate::{
    Asn, Finding, Next, Text, Verdict,
    contact::Contact,
    peering::Kind,
    say,
    session::{ConnectionSpec, Endpoint, MAX_PREFIXES, gigabits},
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What an operator wants of a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Version, shown with each review.
    pub version: u32,
    /// Least port speed at an exchange, Mb/s.
    pub min_port_mbps: u32,
    /// The peer must be known in PeeringDB.
    pub require_peeringdb: bool,
    /// The peer must register an AS-SET.
    pub require_as_set: bool,
    /// How much lower than its PeeringDB entry a prefix limit may be, in percent.
    pub max_prefix_slack_percent: u32,
    /// Hours in which a request is answered.
    pub answer_hours: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            version: 1,
            min_port_mbps: 10_000,
            require_peeringdb: true,
            require_as_set: true,
            max_prefix_slack_percent: 20,
            answer_hours: 24,
        }
    }
}

/// What the directory knows about a network at a location.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OnRecord {
    /// The network's profile; absent when the directory does not have it.
    pub profile: Option<Profile>,
    /// Its ports at the exchange, or one entry without addresses at the facility.
    pub presence: Vec<Presence>,
    /// Whether the directory lists anybody at the location: without, absence says nothing.
    pub location_listed: bool,
}

/// A network's profile (PeeringDB `net`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Its kind, such as NSP.
    pub info_type: String,
    /// Its AS-SET; empty when not given.
    pub as_set: String,
    /// Prefixes it says it announces, IPv4 and IPv6.
    pub prefixes: (Option<u32>, Option<u32>),
    /// Its own policy, such as Selective.
    pub policy: String,
}

/// A network's port (PeeringDB `netixlan` or `netfac`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Addresses on the LAN.
    pub addresses: Vec<IpAddr>,
    /// Mb/s.
    pub speed_mbps: u32,
}

/// One row of a review: asked, on record, verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// What is compared, as a word for the first column.
    pub subject: Text,
    /// What is asked.
    pub asked: Text,
    /// What is on record.
    pub record: Text,
    /// Whether the two are the same, where that can be said.
    pub same: Option<bool>,
    /// The policy's answer.
    pub finding: Finding,
}

/// Names of the networks are compared without case, blanks and punctuation.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn row(subject: Text, asked: Text, record: Text, same: Option<bool>, finding: Finding) -> Criterion {
    Criterion { subject, asked, record, same, finding }
}

fn unknown(sentence: Text) -> Finding {
    Finding::new(Verdict::Unknown, sentence, Next::Operator)
}

/// A value from the request or the record, the same in every language.
fn data(value: impl std::fmt::Display) -> Text {
    say!("policy.value", "{value}", value = value)
}

fn nothing() -> Text {
    say!("policy.nothing", "–")
}

fn no_profile() -> Text {
    say!("policy.no_profile", "no profile")
}

fn not_listed() -> Text {
    say!("policy.not_listed", "not listed")
}

fn profile_unknown() -> Finding {
    unknown(say!("policy.profile_unknown", "The profile is not known."))
}

/// Judges who asks: the network and its contacts.
pub fn judge_network(policy: &Policy, asn: Asn, peer_name: &str, contacts: &[Contact], record: &OnRecord) -> Vec<Criterion> {
    let noc = crate::contact::judge_noc(contacts);
    let noc_asked = contacts.first().map_or_else(String::new, |c| c.email.to_string());
    vec![
        known(policy, asn, peer_name, record),
        as_set(policy, record),
        row(say!("policy.noc", "NOC"), data(noc_asked), data(""), None, noc),
    ]
}

fn known(policy: &Policy, asn: Asn, peer_name: &str, record: &OnRecord) -> Criterion {
    let (subject, asked) = (say!("policy.network", "Network"), data(format!("{peer_name}, {asn}")));
    match &record.profile {
        Some(profile) => {
            let (a, b) = (plain(peer_name), plain(&profile.name));
            let same = !a.is_empty() && (a.contains(&b) || b.contains(&a));
            let finding = if same {
                Finding::pass(say!("network.known", "Same name in PeeringDB"))
            } else {
                Finding::warn(say!("network.name", "PeeringDB calls {asn} “{name}”. Ask which is right.", asn = asn, name = profile.name))
            };
            row(subject, asked, data(format!("{}, {}", profile.name, profile.info_type)), Some(same), finding)
        }
        None if policy.require_peeringdb => {
            let finding = unknown(say!("network.unknown", "Not in the imported directory. Import a newer one, or ask for the profile."));
            row(subject, asked, no_profile(), None, finding)
        }
        None => row(subject, asked, no_profile(), None, Finding::pass(say!("network.not_required", "A profile is not required"))),
    }
}

fn as_set(policy: &Policy, record: &OnRecord) -> Criterion {
    let (text, finding) = match &record.profile {
        None => (no_profile(), profile_unknown()),
        Some(p) if !p.as_set.is_empty() => (data(&p.as_set), Finding::pass(say!("as_set.present", "Registered"))),
        Some(_) if policy.require_as_set => {
            (say!("policy.none", "none"), Finding::warn(say!("as_set.missing", "The policy wants an AS-SET in PeeringDB.")))
        }
        Some(_) => (nothing(), Finding::pass(say!("as_set.not_required", "Not required"))),
    };
    row(say!("policy.as_set", "AS-SET"), nothing(), text, None, finding)
}

/// Judges what is asked: each connection against the directory.
pub fn judge_connection(policy: &Policy, kind: Kind, spec: &ConnectionSpec, record: &OnRecord) -> Vec<Criterion> {
    let mut rows = vec![presence(kind, record)];
    if let Endpoint::Exchange { ipv4, ipv6 } = &spec.endpoint {
        rows.extend(ipv4.map(|a| address(say!("policy.address4", "Address v4"), a.into(), record)));
        rows.extend(ipv6.map(|a| address(say!("policy.address6", "Address v6"), a.into(), record)));
        rows.push(port(policy, record));
    }
    rows.push(max_prefixes(policy, spec, record));
    rows.push(family(spec));
    rows
}

fn presence(kind: Kind, record: &OnRecord) -> Criterion {
    let subject = say!("policy.presence", "Presence");
    let asked = match kind {
        Kind::Exchange => say!("policy.exchange_peering", "Exchange peering"),
        Kind::Direct => say!("policy.direct_peering", "Direct peering"),
    };
    match (record.presence.len(), record.location_listed) {
        (0, false) => {
            let finding = unknown(say!("presence.unlisted", "The directory lists nobody here."));
            row(subject, asked, say!("policy.no_list", "no list"), None, finding)
        }
        (0, true) => {
            let sentence = say!("presence.missing", "Not listed here. The list may be old: ask when the port will be there.");
            row(subject, asked, not_listed(), Some(false), Finding::warn(sentence))
        }
        (n, _) => {
            let record = say!("policy.listed", "{n} in PeeringDB", n = n);
            row(subject, asked, record, Some(true), Finding::pass(say!("presence.listed", "Listed here")))
        }
    }
}

fn address(subject: Text, address: IpAddr, record: &OnRecord) -> Criterion {
    let asked = data(address);
    let all: Vec<IpAddr> = record.presence.iter().flat_map(|p| p.addresses.clone()).filter(|a| a.is_ipv4() == address.is_ipv4()).collect();
    if all.contains(&address) {
        return row(subject, asked.clone(), asked, Some(true), Finding::pass(say!("address.matches", "Belongs to this ASN")));
    }
    if all.is_empty() {
        return row(subject, asked, not_listed(), None, unknown(say!("address.unlisted", "No address of this ASN is listed here.")));
    }
    let listed: Vec<String> = all.iter().map(ToString::to_string).collect();
    let finding = Finding::warn(say!("address.differs", "PeeringDB lists another address of this ASN here."));
    row(subject, asked, data(listed.join(", ")), Some(false), finding)
}

fn port(policy: &Policy, record: &OnRecord) -> Criterion {
    let (subject, least) = (say!("policy.port", "Port"), gigabits(policy.min_port_mbps));
    match record.presence.iter().map(|p| p.speed_mbps).max() {
        None => row(subject, nothing(), not_listed(), None, unknown(say!("port.unknown", "The port's speed is not known."))),
        Some(speed) if speed >= policy.min_port_mbps => {
            row(subject, nothing(), data(gigabits(speed)), None, Finding::pass(say!("port.speed", "At least {least}", least = least)))
        }
        Some(speed) => {
            let sentence = say!("port.slow", "The policy wants {least}.", least = least);
            row(subject, nothing(), data(gigabits(speed)), None, Finding::warn(sentence))
        }
    }
}

fn max_prefixes(policy: &Policy, spec: &ConnectionSpec, record: &OnRecord) -> Criterion {
    let show = |v4: Option<u32>, v6: Option<u32>| {
        let one = |n: Option<u32>| n.map_or_else(|| "–".to_owned(), |n| n.to_string());
        format!("v4 {} · v6 {}", one(v4), one(v6))
    };
    let subject = say!("policy.max_prefixes", "Max prefixes");
    let asked = data(show(spec.max_prefixes_ipv4, spec.max_prefixes_ipv6));
    let Some((v4, v6)) = record.profile.as_ref().map(|p| p.prefixes) else {
        return row(subject, asked, no_profile(), None, profile_unknown());
    };
    // Nobody is told to ask for more than the form accepts.
    let low = |asked: Option<u32>, listed: Option<u32>, most: u32| {
        let least = u64::from(listed.unwrap_or(0)) * u64::from(100 - policy.max_prefix_slack_percent.min(100)) / 100;
        asked.is_some_and(|asked| u64::from(asked) < least.min(u64::from(most)))
    };
    let too_low = low(spec.max_prefixes_ipv4, v4, MAX_PREFIXES.0) || low(spec.max_prefixes_ipv6, v6, MAX_PREFIXES.1);
    let finding = if too_low {
        Finding::warn(say!("max_prefixes.low", "Sessions would drop: PeeringDB says {listed}.", listed = show(v4, v6)))
    } else {
        Finding::pass(say!("max_prefixes.fit", "The limit is high enough"))
    };
    let same = (spec.max_prefixes_ipv4, spec.max_prefixes_ipv6) == (v4, v6);
    row(subject, asked, data(show(v4, v6)), if same || too_low { Some(same) } else { None }, finding)
}

fn family(spec: &ConnectionSpec) -> Criterion {
    let both = spec.max_prefixes_ipv4.is_some() && spec.max_prefixes_ipv6.is_some();
    let finding = if both {
        Finding::pass(say!("family.both", "IPv4 and IPv6"))
    } else {
        Finding::warn(say!("family.one", "The policy wants IPv4 and IPv6 in each location."))
    };
    let asked = if both { say!("policy.families_both", "IPv4 and IPv6") } else { say!("policy.families_one", "one family") };
    row(say!("policy.families", "Families"), asked, nothing(), None, finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn record() -> OnRecord {
        OnRecord {
            profile: Some(Profile {
                name: "Elisa Corporation".into(),
                info_type: "NSP".into(),
                as_set: "RIPE::AS-ELISA".into(),
                prefixes: (Some(1000), Some(400)),
                policy: "Selective".into(),
            }),
            presence: vec![Presence { addresses: vec![Ipv4Addr::new(80, 81, 192, 144).into()], speed_mbps: 80_000 }],
            location_listed: true,
        }
    }

    fn spec(v4: [u8; 4], max: u32) -> ConnectionSpec {
        ConnectionSpec {
            endpoint: Endpoint::Exchange { ipv4: Some(Ipv4Addr::from(v4)), ipv6: None },
            max_prefixes_ipv4: Some(max),
            max_prefixes_ipv6: None,
            bandwidth_mbps: None,
            has_md5: false,
            ..ConnectionSpec::example(Kind::Exchange)
        }
    }

    fn check(spec: &ConnectionSpec, record: &OnRecord, expected: &[&str]) {
        let rows = judge_connection(&Policy::default(), Kind::Exchange, spec, record);
        let codes: Vec<&str> = rows.iter().map(|r| r.finding.code.as_str()).collect();
        assert_eq!(codes, expected);
    }

    #[test]
    fn what_agrees_with_the_directory_passes() {
        check(
            &spec([80, 81, 192, 144], 900),
            &record(),
            &["presence.listed", "address.matches", "port.speed", "max_prefixes.fit", "family.one"],
        );
    }

    #[test]
    fn what_differs_is_marked() {
        check(
            &spec([80, 81, 192, 145], 100),
            &record(),
            &["presence.listed", "address.differs", "port.speed", "max_prefixes.low", "family.one"],
        );
    }

    #[test]
    fn what_is_not_on_record_is_unknown_and_not_a_failure() {
        let nothing = OnRecord::default();
        check(
            &spec([80, 81, 192, 144], 900),
            &nothing,
            &["presence.unlisted", "address.unlisted", "port.unknown", "policy.profile_unknown", "family.one"],
        );
        let rows = judge_network(&Policy::default(), Asn(6667), "Elisa", &[], &nothing);
        assert_eq!(rows[0].finding.verdict, Verdict::Unknown);
    }

    #[test]
    fn names_are_compared_without_punctuation() {
        let code = |name: &str| judge_network(&Policy::default(), Asn(6667), name, &[], &record())[0].finding.code.clone();
        assert_eq!(code("elisa"), "network.known");
        assert_eq!(code("Elisa Corporation"), "network.known");
        assert_eq!(code("Telia"), "network.name");
    }
}
