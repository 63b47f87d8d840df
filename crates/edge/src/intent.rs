//! What a router should run, as typed data: the only thing that configuration is made from.
//!
//! The JSON form is the input of `peerage edge render` and is documented in `docs/edge.md`.

use peerage_domain::{Asn, Prefix, Verdict, rpki::RtrCache, session::judge_md5};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

/// Everything that Peerage runs on one router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterIntent {
    /// The router.
    pub router: Router,
    /// Its sessions.
    #[serde(default)]
    pub sessions: Vec<Session>,
}

/// The router and what all of its sessions share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Router {
    /// Its name, such as `edge1.fra`.
    pub name: Word,
    /// The operator's ASN.
    pub asn: Asn,
    /// BGP identifier (RFC 6286).
    pub router_id: Ipv4Addr,
    /// What the operator announces to its peers; these and nothing else.
    #[serde(default)]
    pub announce: Vec<Prefix>,
    /// Caches from which the router has what the RPKI says (RFC 8210); without any, it does
    /// not validate origins.
    #[serde(default)]
    pub rpki: Vec<RtrCache>,
}

/// One BGP session: one peer, one address family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The peering that it belongs to, such as `PR-88`.
    pub peering: Word,
    /// Number of the connection within the peering, from 1.
    pub connection: u16,
    /// The peer's ASN.
    pub peer_asn: Asn,
    /// The peer's name, for comments only.
    #[serde(default)]
    pub peer_name: String,
    /// Who approved it, for comments only.
    #[serde(default)]
    pub approved_by: String,
    /// When it was approved, for comments only.
    #[serde(default)]
    pub approved_on: String,
    /// The router's address.
    pub local: IpAddr,
    /// The peer's address.
    pub peer: IpAddr,
    /// What both addresses lie in; next hops must too. It is never accepted as a route.
    pub network: Prefix,
    /// What the peer may never announce, nor a part of it: the operator's own prefixes.
    #[serde(default)]
    pub protect: Vec<Prefix>,
    /// TCP MD5 key (RFC 2385).
    #[serde(default)]
    pub md5: Option<Secret>,
    /// Generalised TTL security (RFC 5082).
    #[serde(default)]
    pub gtsm: bool,
    /// Bidirectional forwarding detection (RFC 5880).
    #[serde(default)]
    pub bfd: bool,
    /// Hold time in seconds (RFC 4271 §10 suggests 90).
    #[serde(default = "hold_time")]
    pub hold_time_s: u16,
    /// Most prefixes that the peer may announce; the session is closed at one more.
    pub max_prefixes: u32,
    /// Whether the peer is a route server: it does not add its own ASN to paths (RFC 7947 §2.2.2.1).
    #[serde(default)]
    pub route_server: bool,
    /// The operator's BGP role towards the peer (RFC 9234), where one was agreed.
    #[serde(default)]
    pub role: Option<BgpRole>,
    /// What happens to routes.
    #[serde(default)]
    pub policy: RoutePolicy,
}

fn hold_time() -> u16 {
    90
}

/// BGP roles (RFC 9234 §4.1), seen from the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BgpRole {
    /// Both exchange their own and their customers' routes.
    Peer,
    /// The operator sells transit.
    Provider,
    /// The operator buys transit.
    Customer,
    /// The operator runs the route server.
    RouteServer,
    /// The operator is a client of a route server.
    RouteServerClient,
}

impl BgpRole {
    /// The role of the other side (RFC 9234 §4.2, table 2).
    pub fn other(self) -> BgpRole {
        match self {
            BgpRole::Peer => BgpRole::Peer,
            BgpRole::Provider => BgpRole::Customer,
            BgpRole::Customer => BgpRole::Provider,
            BgpRole::RouteServer => BgpRole::RouteServerClient,
            BgpRole::RouteServerClient => BgpRole::RouteServer,
        }
    }

    /// BIRD's word.
    pub(crate) fn bird(self) -> &'static str {
        match self {
            BgpRole::Peer => "peer",
            BgpRole::Provider => "provider",
            BgpRole::Customer => "customer",
            BgpRole::RouteServer => "rs_server",
            BgpRole::RouteServerClient => "rs_client",
        }
    }

    /// FRR's word.
    pub(crate) fn frr(self) -> &'static str {
        match self {
            BgpRole::Peer => "peer",
            BgpRole::Provider => "provider",
            BgpRole::Customer => "customer",
            BgpRole::RouteServer => "rs-server",
            BgpRole::RouteServerClient => "rs-client",
        }
    }
}

/// Whether a name on a router is one of Peerage's sessions, such as `pr_88_1_v4`.
pub fn is_session(symbol: &str) -> bool {
    let mut parts = symbol.split('_');
    let number = |part: Option<&str>| part.is_some_and(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
    parts.next() == Some("pr")
        && number(parts.next())
        && number(parts.next())
        && matches!(parts.next(), Some("v4" | "v6"))
        && parts.next().is_none()
}

/// What happens to the routes of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RoutePolicy {
    /// Receive everything, accept and announce nothing (in the spirit of RFC 8212).
    #[default]
    DenyAll,
    /// Accept what is registered, announce the operator's prefixes.
    Open(Accept),
    /// Still open, but asked to go elsewhere (RFC 8326) before it is removed.
    Drain(Accept),
}

impl RoutePolicy {
    /// What may be accepted; nothing under deny-all.
    pub fn accept(&self) -> Option<&Accept> {
        match self {
            RoutePolicy::DenyAll => None,
            RoutePolicy::Open(accept) | RoutePolicy::Drain(accept) => Some(accept),
        }
    }
}

/// What may be accepted from a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accept {
    /// Accept every prefix that is not refused for another reason; of every origin, too, unless
    /// `only_origins`.
    pub any: bool,
    /// Accept routes of `origins` only, whatever their prefix; none when there are no origins.
    pub only_origins: bool,
    /// Registered prefixes.
    pub prefixes: Vec<Registered>,
    /// ASNs that may originate them.
    pub origins: BTreeSet<Asn>,
    /// LOCAL_PREF of accepted routes.
    pub local_pref: Option<u32>,
    /// Communities that accepted routes get (RFC 1997), as two numbers.
    pub communities: Vec<(u16, u16)>,
}

impl Accept {
    /// Whether a route of this origin may come from a peer.
    pub(crate) fn allows_origin(&self, origin: Option<Asn>, peer: Asn) -> bool {
        match (self.only_origins, self.any, self.origins.is_empty()) {
            (true, ..) | (false, false, false) => origin.is_some_and(|asn| self.origins.contains(&asn)),
            (false, false, true) => origin == Some(peer),
            (false, true, _) => true,
        }
    }

    /// The ASNs that may originate a route from a peer; nothing when all may.
    pub(crate) fn allowed_origins(&self, peer: Asn) -> Option<Vec<Asn>> {
        match (self.only_origins, self.any, self.origins.is_empty()) {
            (true, ..) | (false, false, false) => Some(self.origins.iter().copied().collect()),
            (false, false, true) => Some(vec![peer]),
            (false, true, _) => None,
        }
    }
}

/// A registered prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// The prefix.
    pub prefix: Prefix,
    /// Longest part of it that may be announced, in bits; the prefix itself when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u8>,
}

/// A name that can stand in a configuration: 1 to 40 letters, digits, dots, dashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Word(String);

/// The text cannot be a name in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a name: use 1 to 40 letters, digits, dots and dashes, beginning with a letter")]
pub struct WordError(String);

impl Word {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a symbol: lower case, with underscores.
    pub fn symbol(&self) -> String {
        self.0.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
    }
}

impl FromStr for Word {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let fine = (1..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
        fine.then(|| Word(text.to_owned())).ok_or_else(|| WordError(text.chars().take(60).collect()))
    }
}

impl TryFrom<String> for Word {
    type Error = WordError;

    fn try_from(text: String) -> Result<Self, WordError> {
        text.parse()
    }
}

impl From<Word> for String {
    fn from(word: Word) -> String {
        word.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A secret: it is neither printed nor logged, only written into the router's own files.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(String);

impl Secret {
    /// The key itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Secret {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let finding = judge_md5(&text);
        if text.is_empty() || finding.verdict == Verdict::Fail {
            return Err(format!("the MD5 key cannot be used: {}", finding.sentence));
        }
        Ok(Secret(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("…")
    }
}

/// Why an intent cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntentError {
    /// One session occurs twice.
    #[error("{0} occurs twice")]
    Twice(String),
    /// Addresses of different families, or outside of the network.
    #[error("{session}: {local} and {peer} do not both lie in {network}")]
    Network {
        /// Which session.
        session: String,
        /// The router's address.
        local: IpAddr,
        /// The peer's address.
        peer: IpAddr,
        /// The network.
        network: Prefix,
    },
    /// A registered prefix cannot be matched.
    #[error("{session}: {prefix} cannot be registered with a longest length of /{max_length} on this session")]
    Registered {
        /// Which session.
        session: String,
        /// The prefix.
        prefix: Prefix,
        /// Its longest length.
        max_length: u8,
    },
    /// Something about the router itself.
    #[error("router: {0}")]
    Router(&'static str),
    /// A value that routers refuse.
    #[error("{session}: {what}")]
    Value {
        /// Which session.
        session: String,
        /// What is wrong.
        what: &'static str,
    },
}

impl Session {
    /// Whether it is an IPv4 session.
    pub fn is_ipv4(&self) -> bool {
        self.peer.is_ipv4()
    }

    /// The prefixes of its family that the peer may never announce, nor a part of one.
    pub fn protected(&self) -> Vec<Prefix> {
        let own = self.protect.iter().filter(|p| p.is_ipv4() == self.is_ipv4());
        std::iter::once(&self.network).chain(own).copied().collect()
    }

    /// Its id, such as `PR-88/1/v4`.
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.peering, self.connection, if self.is_ipv4() { "v4" } else { "v6" })
    }

    /// Its name in a configuration, such as `pr_88_1_v4`.
    pub fn symbol(&self) -> String {
        format!("{}_{}_{}", self.peering.symbol(), self.connection, if self.is_ipv4() { "v4" } else { "v6" })
    }

    fn check(&self) -> Result<(), IntentError> {
        let inside = |address: IpAddr| self.network.contains_address(address);
        if !inside(self.local) || !inside(self.peer) || self.local == self.peer {
            return Err(IntentError::Network { session: self.id(), local: self.local, peer: self.peer, network: self.network });
        }
        let value = |what| IntentError::Value { session: self.id(), what };
        if self.max_prefixes == 0 {
            return Err(value("max_prefixes must be at least 1"));
        }
        // RFC 4271 §4.2: zero, or at least three seconds.
        if self.hold_time_s < 3 {
            return Err(value("hold_time_s must be at least 3"));
        }
        for it in self.policy.accept().iter().flat_map(|accept| &accept.prefixes) {
            let longest = if it.prefix.is_ipv4() { 32 } else { 128 };
            let max_length = it.max_length.unwrap_or(it.prefix.length());
            if it.prefix.is_ipv4() != self.is_ipv4() || !(it.prefix.length()..=longest).contains(&max_length) {
                return Err(IntentError::Registered { session: self.id(), prefix: it.prefix, max_length });
            }
        }
        Ok(())
    }
}

impl RouterIntent {
    /// Refuses what no router could run.
    ///
    /// # Errors
    /// The first session that is wrong, and why.
    pub fn check(&self) -> Result<(), IntentError> {
        let mut seen = BTreeSet::new();
        if self.router.router_id.is_unspecified() {
            return Err(IntentError::Router("router_id must not be 0.0.0.0 (RFC 6286 §2.1)"));
        }
        if self.router.asn == Asn(0) {
            return Err(IntentError::Router("asn must not be 0 (RFC 7607)"));
        }
        if self.router.announce.iter().any(|prefix| prefix.length() == 0) {
            return Err(IntentError::Router("announce must not hold a default route"));
        }
        for session in &self.sessions {
            if session.peer_asn == self.router.asn {
                return Err(IntentError::Value {
                    session: session.id(),
                    what: "peer_asn is the router's own; only external sessions are configured",
                });
            }
            session.check()?;
            if !seen.insert(session.symbol()) {
                return Err(IntentError::Twice(session.id()));
            }
        }
        let mut peers = BTreeSet::new();
        for session in &self.sessions {
            if !peers.insert((session.local, session.peer)) {
                return Err(IntentError::Twice(format!("the session with {}", session.peer)));
            }
        }
        Ok(())
    }
}

/// Text for a comment: one line, printable, short.
pub(crate) fn comment(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}
