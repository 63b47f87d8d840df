//! Partners' ASNs and peerings.

use super::{Failure, Typed, legacy::LegacyRow};
use leptos::prelude::*;
use peerage_domain::{
    Finding, Prefix, Text, Timestamp,
    catalogue::{Location, Paged, Query},
    contact::ContactRole,
    peer_asn::PeerAsn,
    peering::{Peering, Recorded, SessionFact, Verb},
    policy::Criterion,
    registration::PeeringDraft,
    session::{FieldFinding, Site},
};
use serde::{Deserialize, Serialize};

/// A peering in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeeringRow {
    /// The peering.
    pub peering: Peering,
    /// Name and city of the location.
    pub location: String,
}

/// A partner's overview.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerHome {
    /// ASNs.
    pub asns: Vec<PeerAsn>,
    /// Peerings on this page.
    pub peerings: Paged<PeeringRow>,
    /// Drafts: id, title, last change.
    pub drafts: Vec<(String, String, Timestamp)>,
    /// Sessions from before the portal that can be converted.
    pub legacies: Vec<LegacyRow>,
    /// The server's time.
    pub now: Timestamp,
}

/// A peering with everything its page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeeringView {
    /// The peering.
    pub peering: Peering,
    /// Where it is.
    pub location: Option<Location>,
    /// Its steps.
    pub history: Vec<Recorded>,
    /// What is known from the routers, by number of the connection.
    pub edge: Vec<(u16, EdgeView)>,
    /// What the person can do, by number of the connection.
    pub possible: Vec<(u16, Vec<Verb>)>,
    /// The policy's answer; for operators.
    pub criteria: Vec<(u16, Vec<Criterion>)>,
    /// The next free links of the operator's address space, IPv4 and IPv6; for operators.
    pub offers: (Option<Prefix>, Option<Prefix>),
    /// The policy's version.
    pub policy_version: u32,
    /// Hours in which requests are answered.
    pub answer_hours: u32,
    /// The server's time.
    pub now: Timestamp,
}

/// What is known of a connection from the router that it runs on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EdgeView {
    /// Name of the router; none before the connection was placed.
    pub router: Option<String>,
    /// Whether it is a real one.
    pub real: bool,
    /// Its BGP sessions.
    pub sessions: Vec<SessionFact>,
    /// Why nothing is known of them now.
    pub trouble: Option<String>,
    /// What was seen at the last step, and when.
    pub evidence: Option<(Timestamp, Vec<Finding>)>,
    /// What the next step would change in the router's files, name and lines; for operators.
    pub plan: Vec<(String, String)>,
    /// What was done on the router, last first; for operators.
    pub log: Vec<(Timestamp, Text)>,
    /// The peer's side of the sessions, by the name of the router's language.
    pub other_side: Vec<(String, String)>,
}

/// An ASN association with its history: when, who, what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AsnView {
    /// The association.
    pub asn: PeerAsn,
    /// When, who, what.
    pub history: Vec<(Timestamp, String, String)>,
    /// The policy's answer.
    pub criteria: Vec<Criterion>,
    /// The policy's version.
    pub policy_version: u32,
    /// The server's time.
    pub now: Timestamp,
}

/// A draft of a peering request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeeringDraftView {
    /// Id.
    pub id: String,
    /// The form as typed.
    pub draft: PeeringDraft,
    /// The organisation's approved ASNs.
    pub asns: Vec<PeerAsn>,
    /// Locations of the chosen kind; those where the network is come first.
    pub locations: Vec<(Location, bool)>,
    /// What is known of the location.
    pub site: Site,
    /// The server's judgement.
    pub findings: Vec<FieldFinding>,
    /// Indices of the connections that stay as they are, when changes were asked for.
    pub locked: Vec<usize>,
    /// What the operator wrote when asking for changes, by index of the connection.
    pub asked: Vec<(usize, String)>,
}

/// A partner's overview.
#[server(prefix = "/rpc")]
pub async fn read_partner_home(query: Query) -> Result<PartnerHome, Failure> {
    crate::server::views::partner_home(query).await
}

/// One peering.
#[server(prefix = "/rpc")]
pub async fn read_peering(id: String) -> Result<PeeringView, Failure> {
    crate::server::views::peering(id).await
}

/// One ASN association.
#[server(prefix = "/rpc")]
pub async fn read_asn(id: String) -> Result<AsnView, Failure> {
    crate::server::views::asn(id).await
}

/// One draft.
#[server(prefix = "/rpc")]
pub async fn read_peering_draft(id: String) -> Result<PeeringDraftView, Failure> {
    crate::server::views::peering_draft(id).await
}

/// Asks for an ASN.
#[server(prefix = "/rpc")]
pub async fn associate_asn(
    #[server(default)] asn: String,
    #[server(default)] name: String,
    #[server(default)] contacts: Vec<ContactFields>,
) -> Result<(), Failure> {
    crate::server::forms::associate_asn(AsnForm { asn, name, contacts }).await
}

/// The form that asks for an ASN, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsnForm {
    /// The number.
    pub asn: String,
    /// The network's name.
    pub name: String,
    /// One row a role.
    pub contacts: Vec<ContactFields>,
}

/// A contact as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactFields {
    /// What it is for.
    pub role: ContactRole,
    /// The mailbox.
    #[serde(default)]
    pub email: String,
    /// The telephone number.
    #[serde(default)]
    pub phone: String,
}

impl AsnForm {
    /// The fields by name, for the case that the form is refused.
    pub fn typed(&self) -> Typed {
        let typed = Typed::new("asn").with("asn", &self.asn).with("name", &self.name);
        self.contacts.iter().fold(typed, |typed, c| {
            let role = c.role.word();
            typed.with(&format!("{role}.email"), &c.email).with(&format!("{role}.phone"), &c.phone)
        })
    }
}

/// Begins a request.
#[server(prefix = "/rpc")]
pub async fn new_peering(#[server(default)] location: String) -> Result<(), Failure> {
    crate::server::forms::new_peering(location).await
}

/// Keeps the first step: network, kind and location.
#[server(prefix = "/rpc")]
pub async fn save_place(
    id: String,
    #[server(default)] asn: String,
    #[server(default)] kind: String,
    #[server(default)] location: String,
    #[server(default)] legacy: String,
    #[server(default)] go: String,
) -> Result<(), Failure> {
    crate::server::forms::save_place(id, asn, kind, location, legacy == "yes", go).await
}

/// Keeps the second step: the connections. `go` is `stay`, `add`, `remove:N` or empty to go on.
#[server(prefix = "/rpc")]
pub async fn save_sessions(
    id: String,
    #[server(default)] connections: Vec<ConnectionFields>,
    #[server(default)] go: String,
) -> Result<(), Failure> {
    crate::server::forms::save_sessions(id, connections, go).await
}

/// A connection's fields with the secret that is only ever sent in this direction.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionFields {
    /// The fields.
    pub peer_ipv4: String,
    /// Exchange: IPv6 address.
    pub peer_ipv6: String,
    /// Direct: `Peer` or `Operator`.
    pub address_provider: String,
    /// Direct: IPv4 prefix.
    pub session_ipv4: String,
    /// Direct: IPv6 prefix.
    pub session_ipv6: String,
    /// Most IPv4 prefixes.
    pub max_prefixes_ipv4: String,
    /// Most IPv6 prefixes.
    pub max_prefixes_ipv6: String,
    /// Mb/s.
    pub bandwidth_mbps: String,
    /// MD5 key; empty to keep what was given.
    pub md5: String,
    /// `yes` to take the key away that was given before.
    pub md5_clear: String,
    /// `yes` for TTL security (RFC 5082).
    pub gtsm: String,
    /// `yes` for BFD (RFC 5880).
    pub bfd: String,
    /// `yes` for BGP roles (RFC 9234).
    pub role: String,
    /// `yes` to use it for Peering Service.
    pub peering_service: String,
    /// `yes` to test the link first.
    pub link_test: String,
    /// The operator's IPv4 address, where both ends are named.
    pub operator_ipv4: String,
    /// The operator's IPv6 address, where both ends are named.
    pub operator_ipv6: String,
}

/// Sends a draft.
#[server(prefix = "/rpc")]
pub async fn submit_peering(id: String) -> Result<(), Failure> {
    crate::server::forms::submit_peering(id).await
}

/// Forgets a draft.
#[server(prefix = "/rpc")]
pub async fn discard_peering_draft(id: String) -> Result<(), Failure> {
    crate::server::forms::discard_peering_draft(id).await
}

/// Begins the changes that the operator asked for.
#[server(prefix = "/rpc")]
pub async fn change_peering(id: String) -> Result<(), Failure> {
    crate::server::forms::change_peering(id).await
}

/// One step of a connection, by the partner or the operator.
#[server(prefix = "/rpc")]
pub async fn step(id: String, connection: u16, verb: Verb, #[server(default)] note: String) -> Result<(), Failure> {
    crate::server::forms::step(id, connection, verb, note).await
}
