//! What a router says of its sessions and routes, in the same words for every engine.

use peerage_domain::{Asn, Prefix, Timestamp, peering::SessionState};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, net::IpAddr};

pub use peerage_domain::sighting::Hop;

/// One session as the router sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionReport {
    /// Its name on the router, such as `pr_88_1_v4`.
    pub symbol: String,
    /// The peer's address.
    pub peer: Option<IpAddr>,
    /// The router's own address, while the session is up or where it is configured.
    pub local: Option<IpAddr>,
    /// The peer's ASN as the router is configured.
    pub peer_asn: Option<Asn>,
    /// Most prefixes that it takes, where there is a limit.
    pub limit: Option<u32>,
    /// The state of RFC 4271 §8.2.2.
    pub state: SessionState,
    /// Since when, where the router tells.
    pub since: Option<Timestamp>,
    /// What ended or hinders it, in the router's words.
    pub last_error: Option<String>,
    /// What that means, where it is one of the things that a peer can mend.
    pub trouble: Option<Trouble>,
    /// How often it went down since the router started, where the router counts.
    pub flaps: Option<u64>,
    /// Routes received and accepted.
    pub accepted: u64,
    /// Routes received and refused.
    pub refused: u64,
    /// How many updates and withdrawals came since it is up, where the router counts: as long as
    /// it is the same, so are the routes.
    #[serde(default)]
    pub updates: Option<u64>,
    /// Whether somebody switched it off on the router.
    pub disabled: bool,
    /// The name of the import filter that is in force.
    pub filter: Option<String>,
}

/// Why a session is not up, as far as the router tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The peer speaks for another ASN, where it is known for which.
    PeerAsn(Option<Asn>),
    /// The peer announced more than it may.
    PrefixLimit,
    /// No connection comes about, in the system's words.
    Connection(String),
}

/// How far the starts of one and the same session may lie apart, in seconds: some routers
/// tell how long it is up, in whole seconds, and that is taken off the clock.
const SAME_START_S: i64 = 2;

impl SessionReport {
    /// Whether an earlier report is of the same session, without a break in between.
    pub fn is_unbroken_since(&self, before: &SessionReport) -> bool {
        let apart = self.since.zip(before.since).map_or(0, |(after, before)| after.since(before).abs());
        self.flaps == before.flaps && self.since.is_some() == before.since.is_some() && apart <= SAME_START_S
    }
}

/// A route as it was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where it leads.
    pub prefix: Prefix,
    /// The next hop; the global one of IPv6.
    pub next_hop: Option<IpAddr>,
    /// The AS path, nearest first.
    pub path: Vec<Hop>,
    /// Communities (RFC 1997).
    pub communities: BTreeSet<(u16, u16)>,
    /// Large communities (RFC 8092).
    pub large: BTreeSet<(u32, u32, u32)>,
    /// LOCAL_PREF, where it is known.
    pub local_pref: Option<u32>,
}

impl Route {
    /// The AS that originates it; none when the path is empty or ends in a set.
    pub fn origin(&self) -> Option<Asn> {
        match self.path.last() {
            Some(Hop::Asn(asn)) => Some(*asn),
            Some(Hop::Set(_)) | None => None,
        }
    }

    /// Length of the path as in route selection: a set counts once (RFC 4271 §9.1.2.2).
    pub fn path_len(&self) -> usize {
        self.path.len()
    }
}

/// Which routes of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// Everything that the peer sent, before any policy (Adj-RIB-In, RFC 4271 §3.2).
    Received,
    /// What the policy refused, with the reasons as large communities.
    Refused,
    /// What the policy let in.
    Accepted,
}

/// Segments that the router's kernel dropped before BGP saw them, since it booted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// With a wrong or missing MD5 signature where one is expected (RFC 2385).
    pub md5: u64,
    /// With an MD5 signature where none is expected.
    pub unexpected: u64,
    /// From further away than GTSM allows (RFC 5082).
    pub ttl: u64,
}
