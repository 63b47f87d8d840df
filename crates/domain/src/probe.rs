//! Probes: agents that measure round-trip times, what they measure, and what crosses the line
//! between an agent and the portal.

use crate::{Prefix, Text, Timestamp, say, special::special};
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

/// How an address is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A connection is opened; that it is refused is an answer, too (RFC 9293 §3.10.7.1).
    Tcp(u16),
    /// An echo request (RFC 792, RFC 4443 §4.1).
    Icmp,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Method::Tcp(port) => write!(f, "TCP {port}"),
            Method::Icmp => f.write_str("ICMP"),
        }
    }
}

/// The port that is asked where nobody said which.
pub const PORT: u16 = 443;
/// How often is measured where nobody said how often, in seconds.
pub const EVERY_S: u32 = 20;
/// The limits of that.
pub const EVERY_RANGE_S: std::ops::RangeInclusive<u32> = 5..=3600;

/// What an agent has to measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Such as `TG-4`, or a connection and a prefix of it: `CN-1 193.0.16.0/24`.
    pub id: String,
    /// Addresses of which any may be asked: the first that answers is kept to.
    pub addresses: Vec<IpAddr>,
    /// How.
    pub method: Method,
    /// How often, in seconds.
    pub every_s: u32,
}

/// One measurement; no round-trip time means that no answer came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Id of the target.
    pub target: String,
    /// When it was sent.
    pub time: Timestamp,
    /// Milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
}

/// What an agent says of itself when it asks what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Its version.
    pub version: String,
    /// Batches that wait on its disk.
    pub waiting: u64,
    /// Measurements that it had to throw away because its disk space was used up.
    pub dropped: u64,
    /// Whether it may send ICMP.
    pub icmp: bool,
    /// Targets of which no address has ever answered.
    pub silent: Vec<String>,
    /// Targets that it cannot measure, and why.
    pub unable: Vec<(String, String)>,
}

/// What the portal wants of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// What is measured.
    pub targets: Vec<Target>,
    /// Paths that somebody wants to see.
    pub traces: Vec<TraceOrder>,
    /// When to ask again, in seconds.
    pub again_s: u32,
}

/// A batch of measurements.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// In the order in which they were measured.
    pub results: Vec<Measured>,
}

/// What an agent shows to be known from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrol {
    /// The code that a person was given; good once.
    pub code: String,
    /// What the agent will show instead, made by itself: 32 to 200 characters.
    pub token: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
}

/// As what the portal knows an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// Such as `PB-1`.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// A path that somebody wants to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceOrder {
    /// Such as `TR-3`.
    pub id: String,
    /// Where to.
    pub address: IpAddr,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceHop {
    /// TTL or hop limit.
    pub hop: u8,
    /// Who answered.
    pub address: Option<IpAddr>,
    /// The round-trip times of the packets that were answered, in milliseconds.
    pub rtt_ms: Vec<f64>,
    /// Packets that were not.
    pub lost: u8,
}

/// A path as it was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// When it was begun.
    pub time: Timestamp,
    /// Its hops.
    pub hops: Vec<TraceHop>,
    /// Whether the address itself answered.
    pub reached: bool,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// A probe, as the portal knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Such as `PB-1`.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// Where it stands, such as `Oslo PoP`; unique in the organisation.
    pub name: String,
    /// The connection at whose site it stands; empty for one of the operator's.
    pub connection: String,
    /// When it was added.
    pub added: Timestamp,
    /// When its agent showed the code.
    pub enrolled: Option<Timestamp>,
    /// When its agent was last heard of.
    pub heard: Option<Timestamp>,
    /// What it said then.
    pub report: Report,
}

/// An agent that says nothing for so long is away, in seconds.
pub const AWAY_S: i64 = 180;

impl Probe {
    /// Whether nothing is heard of it although it is enrolled.
    pub fn is_away(&self, now: Timestamp) -> bool {
        self.enrolled.is_some() && self.heard.is_none_or(|heard| now.since(heard) > AWAY_S)
    }
}

/// Something that is measured because somebody named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedTarget {
    /// Such as `TG-4`.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// The connection or peering that it belongs to; empty for what customers' probes measure.
    pub subject: String,
    /// What people call it.
    pub name: String,
    /// The address.
    pub address: IpAddr,
    /// How it is asked.
    pub method: Method,
    /// How often, in seconds.
    pub every_s: u32,
    /// When it was named.
    pub added: Timestamp,
}

/// A target as it is typed into the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TargetForm {
    /// Id of a connection or peering; empty for what customers' probes measure.
    pub subject: String,
    /// What people call it; the address when empty.
    pub name: String,
    /// The address.
    pub address: String,
    /// `tcp` or `icmp`.
    pub method: String,
    /// The port for TCP.
    pub port: String,
    /// Seconds between two measurements.
    pub every_s: String,
}

/// What a form says of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetWish {
    /// What people call it.
    pub name: String,
    /// The address.
    pub address: IpAddr,
    /// How it is asked.
    pub method: Method,
    /// How often, in seconds.
    pub every_s: u32,
}

/// The name of a probe or target: it becomes a part of the names of series.
///
/// # Errors
/// What to write instead.
pub fn check_name(name: &str) -> Result<String, Text> {
    let name = name.trim();
    let fine = (1..=40).contains(&name.chars().count()) && !name.chars().any(|c| c.is_control() || c == '/' || crate::is_invisible(c));
    if fine { Ok(name.to_owned()) } else { Err(say!("probe.name", "Give a name of 1 to 40 characters without a slash, such as Oslo PoP.")) }
}

impl TargetForm {
    /// What it asks for, or everything that is wrong with it.
    ///
    /// # Errors
    /// One sentence for each field that has to be mended.
    pub fn read(&self) -> Result<TargetWish, Vec<Text>> {
        let mut wrong = vec![];
        let address = self.address.trim().parse::<IpAddr>().map(|address| address.to_canonical());
        if address.is_err() {
            let typed = self.address.chars().take(60).collect::<String>();
            wrong.push(say!("probe.address", "“{typed}” is no address. Write it like 193.0.16.1 or 2001:db8::1.", typed = typed));
        }
        let port = match self.port.trim() {
            "" => Some(PORT),
            text => text.parse::<u16>().ok().filter(|port| *port > 0),
        };
        let method = match (self.method.as_str(), port) {
            ("icmp", _) => Some(Method::Icmp),
            ("tcp" | "", Some(port)) => Some(Method::Tcp(port)),
            ("tcp" | "", None) => {
                wrong.push(say!("probe.port", "A port lies between 1 and 65535; leave it empty for {usual}.", usual = PORT));
                None
            }
            _ => {
                wrong.push(say!("probe.method", "Choose TCP or ICMP."));
                None
            }
        };
        let every_s = match self.every_s.trim() {
            "" => Some(EVERY_S),
            text => text.parse::<u32>().ok().filter(|every| EVERY_RANGE_S.contains(every)),
        };
        if every_s.is_none() {
            let (least, most) = (EVERY_RANGE_S.start(), EVERY_RANGE_S.end());
            wrong.push(say!("probe.every", "Measure every {least} to {most} seconds.", least = least, most = most));
        }
        let typed = if self.name.trim().is_empty() { self.address.trim() } else { &self.name };
        let name = check_name(typed).map_err(|text| wrong.push(text));
        match (address, method, every_s, name) {
            (Ok(address), Some(method), Some(every_s), Ok(name)) if wrong.is_empty() => Ok(TargetWish { name, address, method, every_s }),
            _ => Err(wrong),
        }
    }
}

/// Why an address may not be asked by others' probes: it is not one of the public Internet.
pub fn not_public(address: IpAddr) -> Option<Text> {
    let length = if address.is_ipv4() { 32 } else { 128 };
    let host = ipnet::IpNet::new(address, length).ok().map(Prefix::covering)?;
    special(host).map(|(_, it)| {
        say!("probe.special", "{address} is {purpose}: probes ask public addresses only.", address = address, purpose = it.purpose)
    })
}

/// How many addresses of a prefix are tried.
const CANDIDATES: usize = 6;

/// Addresses of a prefix at which something is likely to answer: those that routers and the first
/// hosts have by habit.
pub fn candidates(prefix: Prefix) -> Vec<IpAddr> {
    let found: Vec<IpAddr> = match prefix.net() {
        ipnet::IpNet::V4(net) => {
            let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
            if net.prefix_len() >= 31 {
                (first..=last).map(|address| IpAddr::V4(address.into())).collect()
            } else {
                let near = [1, 2, 10, 3].map(|offset| first.saturating_add(offset));
                near.into_iter()
                    .chain([last - 1, last - 2])
                    .filter(|it| *it > first && *it < last)
                    .map(|it| IpAddr::V4(it.into()))
                    .collect()
            }
        }
        ipnet::IpNet::V6(net) => {
            let (first, last) = (u128::from(net.network()), u128::from(net.broadcast()));
            let from = u128::from(net.prefix_len() < 127);
            let near = [from, 1, 2, 0x10, 0x53, 0x80, 3].map(|offset| first.saturating_add(offset));
            near.into_iter().filter(|it| *it <= last).map(|it| IpAddr::V6(it.into())).collect()
        }
    };
    let mut seen = std::collections::BTreeSet::new();
    found.into_iter().filter(|address| seen.insert(*address)).take(CANDIDATES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_form_becomes_a_target_or_says_what_is_wrong() {
        let check = |address: &str, method: &str, port: &str, every: &str, expected: &str| {
            let form = TargetForm {
                address: address.into(),
                method: method.into(),
                port: port.into(),
                every_s: every.into(),
                ..TargetForm::default()
            };
            let said = match form.read() {
                Ok(wish) => format!("{} {} {} {}", wish.name, wish.address, wish.method, wish.every_s),
                Err(wrong) => wrong.iter().map(|text| text.key().to_owned()).collect::<Vec<_>>().join(" "),
            };
            assert_eq!(said, expected);
        };
        check("193.0.16.1", "tcp", "", "", "193.0.16.1 193.0.16.1 TCP 443 20");
        check(" 2001:db8::1 ", "icmp", "x", "60", "2001:db8::1 2001:db8::1 ICMP 60");
        check("::ffff:193.0.16.1", "", "80", "5", "::ffff:193.0.16.1 193.0.16.1 TCP 80 5");
        check("193.0.16.0/24", "tcp", "0", "4", "probe.address probe.port probe.every probe.name");
        check("", "carrier pigeon", "", "", "probe.address probe.method probe.name");
    }

    #[test]
    fn a_prefix_has_addresses_to_try() {
        let check = |prefix: &str, expected: &str| {
            let found: Vec<String> = candidates(prefix.parse().expect("prefix")).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected);
        };
        check("193.0.16.0/24", "193.0.16.1 193.0.16.2 193.0.16.10 193.0.16.3 193.0.16.254 193.0.16.253");
        check("193.0.16.8/30", "193.0.16.9 193.0.16.10");
        check("193.0.16.8/31", "193.0.16.8 193.0.16.9");
        check("193.0.16.8/32", "193.0.16.8");
        check("2001:db8::/48", "2001:db8::1 2001:db8::2 2001:db8::10 2001:db8::53 2001:db8::80 2001:db8::3");
        check("2001:db8::/127", "2001:db8:: 2001:db8::1");
        check("2001:db8::7/128", "2001:db8::7");
    }

    #[test]
    fn only_public_addresses_are_asked() {
        let check = |address: &str, public: bool| assert_eq!(not_public(address.parse().expect("address")).is_none(), public, "{address}");
        check("193.0.16.1", true);
        check("2a00:d0c0:10::1", true);
        check("127.0.0.1", false);
        check("169.254.169.254", false);
        check("10.0.0.1", false);
        check("fe80::1", false);
        check("::1", false);
    }

    #[test]
    fn a_probe_that_says_nothing_is_away() {
        let at = Timestamp::from_secs;
        let probe = |enrolled: Option<i64>, heard: Option<i64>| Probe {
            id: "PB-1".into(),
            organisation: "OR-1".into(),
            name: "Oslo".into(),
            connection: String::new(),
            added: at(0),
            enrolled: enrolled.map(at),
            heard: heard.map(at),
            report: Report::default(),
        };
        assert!(!probe(None, None).is_away(at(1000)), "nobody expects one that is not enrolled");
        assert!(probe(Some(0), None).is_away(at(1000)));
        assert!(!probe(Some(0), Some(900)).is_away(at(1000)));
        assert!(probe(Some(0), Some(800)).is_away(at(1000)));
    }

    proptest! {
        #[test]
        fn every_candidate_lies_in_its_prefix(address in any::<u32>(), length in 8u8..=32, v6 in any::<u128>(), length6 in 16u8..=128) {
            let v4 = Prefix::covering(ipnet::Ipv4Net::new(address.into(), length).expect("length").into());
            let v6 = Prefix::covering(ipnet::Ipv6Net::new(v6.into(), length6).expect("length").into());
            for prefix in [v4, v6] {
                prop_assert!(!candidates(prefix).is_empty());
                prop_assert!(candidates(prefix).iter().all(|address| prefix.contains_address(*address)));
            }
        }
    }
}
