//! What a partner asks for when it requests a peering; [`judge`] has the rules for it.

mod links;
mod pool;
mod rules;

pub use pool::{LINK_TEST, next_free};
pub use rules::{judge, judge_md5};

use crate::{
    Asn, Finding, Prefix,
    peering::{DirectType, Kind},
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Most prefixes that a session may announce, IPv4 and IPv6: about the size of the whole table.
/// The reference service stops at 20,000 and 2,000, less than large networks list in PeeringDB.
pub const MAX_PREFIXES: (u32, u32) = (1_000_000, 500_000);
/// Bandwidth is offered in steps of this many Mb/s.
pub const BANDWIDTH_STEP_MBPS: u32 = 10_000;
/// Most bandwidth of one connection, Mb/s.
pub const BANDWIDTH_MAX_MBPS: u32 = 400_000;
/// TCP MD5 keys are at most 80 bytes (RFC 2385 leaves it open; routers agree on 80).
pub const MD5_MAX: usize = 80;

/// Who gives the addresses of a Direct session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AddressProvider {
    /// The peer names its own prefix now.
    #[default]
    Peer,
    /// The operator assigns one later; takes longer.
    Operator,
}

/// A connection as it is typed into the form; every field is text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionAsk {
    /// Exchange: the peer's IPv4 address on the LAN.
    pub peer_ipv4: String,
    /// Exchange: the peer's IPv6 address on the LAN.
    pub peer_ipv6: String,
    /// Direct: who gives the session addresses.
    pub address_provider: AddressProvider,
    /// Direct: the session's IPv4 prefix.
    pub session_ipv4: String,
    /// Direct: the session's IPv6 prefix.
    pub session_ipv6: String,
    /// Most IPv4 prefixes that will be announced.
    pub max_prefixes_ipv4: String,
    /// Most IPv6 prefixes that will be announced.
    pub max_prefixes_ipv6: String,
    /// Mb/s; Direct only.
    pub bandwidth_mbps: String,
    /// Whether an MD5 key was given; the key itself is kept apart.
    pub has_md5: bool,
    /// Whether packets from further away than the link are to be refused.
    pub gtsm: bool,
    /// Whether the link is to be watched.
    pub bfd: bool,
    /// Whether both sides say what they are to each other.
    pub role: bool,
    /// Direct: what it is for.
    pub direct_type: DirectType,
    /// Direct: whether it is to carry Peering Service.
    pub peering_service: bool,
    /// Direct: whether the link is to be tested first with addresses of its own.
    pub link_test: bool,
    /// Direct with a route server: the operator's IPv4 address on the LAN.
    pub operator_ipv4: String,
    /// Direct with a route server: the operator's IPv6 address on the LAN.
    pub operator_ipv6: String,
}

/// A connection whose every field was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionSpec {
    /// The addresses.
    pub endpoint: Endpoint,
    /// Most IPv4 prefixes; absent without an IPv4 session.
    pub max_prefixes_ipv4: Option<u32>,
    /// Most IPv6 prefixes; absent without an IPv6 session.
    pub max_prefixes_ipv6: Option<u32>,
    /// Mb/s; Direct only.
    pub bandwidth_mbps: Option<u32>,
    /// Whether the session is protected with an MD5 key (RFC 2385).
    pub has_md5: bool,
    /// Whether both sides use TTL security (GTSM, RFC 5082).
    #[serde(default)]
    pub gtsm: bool,
    /// Whether both sides watch the link with BFD (RFC 5880).
    #[serde(default)]
    pub bfd: bool,
    /// Whether both sides announce their BGP role (RFC 9234).
    #[serde(default)]
    pub role: bool,
    /// What a Direct connection is for.
    #[serde(default)]
    pub direct_type: DirectType,
    /// Whether a Direct connection carries Peering Service; always for voice.
    #[serde(default)]
    pub peering_service: bool,
    /// The addresses with which the link is tested before BGP is configured (RFC 3927 space).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_test: Option<Prefix>,
}

/// Where the two routers meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Endpoint {
    /// On the LAN of an exchange.
    Exchange {
        /// The peer's IPv4 address.
        ipv4: Option<Ipv4Addr>,
        /// The peer's IPv6 address.
        ipv6: Option<Ipv6Addr>,
    },
    /// On a point-to-point link with the peer's prefixes.
    Direct {
        /// /30 or /31.
        ipv4: Option<Prefix>,
        /// /126 or /127.
        ipv6: Option<Prefix>,
    },
    /// On a point-to-point link with prefixes of the operator; none before it assigned them.
    DirectOperatorAssigned {
        /// /30 or /31.
        #[serde(default)]
        ipv4: Option<Prefix>,
        /// /126 or /127.
        #[serde(default)]
        ipv6: Option<Prefix>,
    },
    /// On a network of the peer where both addresses are named: with a route server, or on a link
    /// whose ends are not where they are expected.
    Named {
        /// The IPv4 ends.
        ipv4: Option<Ends>,
        /// The IPv6 ends.
        ipv6: Option<Ends>,
    },
}

/// Two addresses on one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    /// The network that both lie in.
    pub network: Prefix,
    /// The peer's address.
    pub peer: IpAddr,
    /// The operator's address.
    pub operator: IpAddr,
}

impl Ends {
    /// Whether the network has room for these two only.
    pub fn is_link(&self) -> bool {
        self.network.length() >= if self.network.is_ipv4() { 30 } else { 126 }
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ↔ {}/{}", self.peer, self.operator, self.network.length())
    }
}

/// The two ends of a point-to-point link: the peer has its first address, the operator the second.
pub fn ends(link: Prefix) -> Option<Ends> {
    let mut hosts = link.net().hosts();
    Some(Ends { network: link, peer: hosts.next()?, operator: hosts.next()? })
}

impl Endpoint {
    /// What identifies the sessions, for lists: addresses or prefixes.
    pub fn labels(&self) -> Vec<String> {
        match self {
            Endpoint::Exchange { ipv4, ipv6 } => ipv4.iter().map(ToString::to_string).chain(ipv6.iter().map(ToString::to_string)).collect(),
            Endpoint::Direct { ipv4, ipv6 } | Endpoint::DirectOperatorAssigned { ipv4, ipv6 } => {
                ipv4.iter().chain(ipv6).map(ToString::to_string).collect()
            }
            Endpoint::Named { ipv4, ipv6 } => ipv4.iter().chain(ipv6).map(ToString::to_string).collect(),
        }
    }

    /// The peer's address of each session: on a point-to-point link the first one.
    pub fn peer_addresses(&self) -> Vec<IpAddr> {
        match self {
            Endpoint::Exchange { ipv4, ipv6 } => ipv4.iter().map(|a| (*a).into()).chain(ipv6.iter().map(|a| (*a).into())).collect(),
            Endpoint::Direct { ipv4, ipv6 } | Endpoint::DirectOperatorAssigned { ipv4, ipv6 } => {
                ipv4.iter().chain(ipv6).filter_map(|link| ends(*link)).map(|ends| ends.peer).collect()
            }
            Endpoint::Named { ipv4, ipv6 } => ipv4.iter().chain(ipv6).map(|ends| ends.peer).collect(),
        }
    }

    /// The address space that the sessions occupy.
    pub fn space(&self) -> Vec<Prefix> {
        match self {
            Endpoint::Direct { ipv4, ipv6 } | Endpoint::DirectOperatorAssigned { ipv4, ipv6 } => ipv4.iter().chain(ipv6).copied().collect(),
            Endpoint::Named { ipv4, ipv6 } => {
                // A link belongs to the session; on a larger network, only the peer's address does:
                // the operator's router meets others there.
                let of = |ends: &Ends| if ends.is_link() { ends.network } else { Prefix::covering(ends.peer.into()) };
                ipv4.iter().chain(ipv6).map(of).collect()
            }
            other @ Endpoint::Exchange { .. } => other.peer_addresses().into_iter().map(|a| Prefix::covering(a.into())).collect(),
        }
    }
}

impl ConnectionSpec {
    /// Whether the operator still has to assign the addresses.
    pub fn lacks_addresses(&self) -> bool {
        self.endpoint == Endpoint::DirectOperatorAssigned { ipv4: None, ipv6: None }
    }

    /// The address space that belongs to the connection: that of its sessions and of its link test.
    pub fn space(&self) -> Vec<Prefix> {
        self.endpoint.space().into_iter().chain(self.link_test).collect()
    }

    /// A plausible connection, for tests.
    pub fn example(kind: Kind) -> Self {
        let endpoint = match kind {
            Kind::Exchange => Endpoint::Exchange { ipv4: Some(Ipv4Addr::new(80, 81, 192, 144)), ipv6: None },
            Kind::Direct => Endpoint::DirectOperatorAssigned { ipv4: None, ipv6: None },
        };
        ConnectionSpec {
            endpoint,
            max_prefixes_ipv4: Some(1000),
            max_prefixes_ipv6: None,
            bandwidth_mbps: (kind == Kind::Direct).then_some(BANDWIDTH_STEP_MBPS),
            has_md5: false,
            gtsm: false,
            bfd: false,
            role: false,
            direct_type: DirectType::Edge,
            peering_service: false,
            link_test: None,
        }
    }
}

/// Address space that is already configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// An address (as /32 or /128) or a point-to-point prefix.
    pub space: Prefix,
    /// Whose session it is.
    pub asn: Asn,
    /// By what.
    pub by: Occupant,
}

/// What occupies an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Occupant {
    /// A peering that is on record.
    Peering(String),
    /// Another connection of the same request, by its number from 1.
    Connection(usize),
}

/// What is known about the location and what is configured there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The peering LAN's prefixes; empty at a facility.
    pub lan: Vec<Prefix>,
    /// The operator's own addresses there.
    pub operator: Vec<IpAddr>,
    /// What is configured already.
    pub taken: Vec<Taken>,
    /// Bandwidths on offer, in Mb/s; empty for "any".
    pub offers_mbps: Vec<u32>,
    /// The peering LANs of exchanges anywhere: no link lies in one.
    #[serde(default)]
    pub all_lans: Vec<Prefix>,
    /// The operator's own address space: no peer gives a link in it.
    #[serde(default)]
    pub own: Vec<Prefix>,
}

/// A finding at a field of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFinding {
    /// Which connection, from 0.
    pub connection: usize,
    /// Name of the field of [`ConnectionAsk`].
    pub field: String,
    /// What the rules say.
    pub finding: Finding,
}

/// `100G` for 100000 Mb/s; `500M` below one gigabit.
pub fn gigabits(mbps: u32) -> String {
    match mbps {
        0..1000 => format!("{mbps}M"),
        _ if mbps.is_multiple_of(1000) => format!("{}G", mbps / 1000),
        _ => format!("{:.1}G", f64::from(mbps) / 1000.0),
    }
}
