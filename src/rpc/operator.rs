//! The operator's queue and decisions.

use super::{
    Failure,
    partner::{AsnView, PeeringRow, PeeringView},
};
use leptos::prelude::*;
use peerage_domain::{
    Timestamp,
    catalogue::{Paged, Query},
    peer_asn::PeerAsn,
};
use serde::{Deserialize, Serialize};

/// What waits for the operator, and every peering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// The first of the ASN associations that wait, oldest first.
    pub asns: Paged<PeerAsn>,
    /// Peerings on this page.
    pub peerings: Paged<PeeringRow>,
    /// Hours in which requests are answered.
    pub answer_hours: u32,
    /// The server's time.
    pub now: Timestamp,
}

/// What waits; `query.kind` filters, `query.partner` is `all` for every peering.
#[server(prefix = "/rpc")]
pub async fn read_queue(query: Query) -> Result<Queue, Failure> {
    crate::server::views::queue(query).await
}

/// A part of the ASN associations that the person may see; `query.kind` is a state.
#[server(prefix = "/rpc")]
pub async fn read_asns(query: Query) -> Result<(Paged<PeerAsn>, Timestamp), Failure> {
    let (service, actor) = crate::server::context::asked().await?;
    Ok((service.asns(&actor, &query).await?, service.clock().now()))
}

/// A peering for review.
#[server(prefix = "/rpc")]
pub async fn review_peering(id: String) -> Result<PeeringView, Failure> {
    crate::server::context::reviewer().await?;
    crate::server::views::peering(id).await
}

/// An ASN association for review.
#[server(prefix = "/rpc")]
pub async fn review_asn(id: String) -> Result<AsnView, Failure> {
    crate::server::context::reviewer().await?;
    crate::server::views::asn(id).await
}

/// Confirms an ASN, or says why not when `reason` is given.
#[server(prefix = "/rpc")]
pub async fn decide_asn(id: String, decision: String, #[server(default)] reason: String) -> Result<(), Failure> {
    crate::server::forms::decide_asn(id, decision, reason).await
}

/// Agrees to a change of type, with the operator's addresses where they are needed.
#[server(prefix = "/rpc")]
pub async fn accept_type_change(
    id: String,
    connection: u16,
    #[server(default)] ipv4: String,
    #[server(default)] ipv6: String,
) -> Result<(), Failure> {
    crate::server::forms::accept_type_change(id, connection, ipv4, ipv6).await
}

/// Assigns the session prefixes of a Direct connection.
#[server(prefix = "/rpc")]
pub async fn assign_addresses(
    id: String,
    connection: u16,
    #[server(default)] ipv4: String,
    #[server(default)] ipv6: String,
) -> Result<(), Failure> {
    crate::server::forms::assign_addresses(id, connection, ipv4, ipv6).await
}
