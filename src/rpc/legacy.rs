//! Sessions from before the portal, and the customers of route servers.

use super::Failure;
use leptos::prelude::*;
use peerage_domain::{
    Asn, Finding, Timestamp,
    catalogue::{Paged, Query},
    legacy::LegacySessions,
    service::KeyRecord,
};
use serde::{Deserialize, Serialize};

/// Sessions from before the portal, with the name of their place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegacyRow {
    /// The sessions.
    pub sessions: LegacySessions,
    /// Name and city of the location.
    pub location: String,
}

/// What is kept, and what else can be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegacyList {
    /// A part of what is kept.
    pub rows: Paged<LegacyRow>,
    /// Routers that can be asked: id and name.
    pub routers: Vec<(String, String)>,
    /// Exchanges that an export can be of: id and name.
    pub exchanges: Vec<(String, String)>,
}

/// What was read, before it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportView {
    /// Id of the reading.
    pub id: String,
    /// Each row with what would become of it.
    pub rows: Vec<(LegacyRow, Finding)>,
}

/// A customer of an organisation's route servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerRow {
    /// Its ASN.
    pub asn: Asn,
    /// What the partner calls it.
    pub name: String,
    /// When it was registered.
    pub added: Timestamp,
    /// What its keys are for, such as `ORG-2/AS719`.
    pub subject: String,
    /// The key that is good for new prefixes, or the last one.
    pub key: Option<KeyRecord>,
    /// Whether a customer used one.
    pub activated: bool,
}

/// The customers of an organisation's route servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomersView {
    /// A part of them.
    pub customers: Paged<CustomerRow>,
    /// The server's time.
    pub now: Timestamp,
    /// Whether there is a route server at all, and whether customers can be registered.
    pub route_server: (bool, bool),
}

/// What is kept; `query.search` is a part of the name, the ASN or the place.
#[server(prefix = "/rpc")]
pub async fn read_legacies(query: Query) -> Result<LegacyList, Failure> {
    crate::server::views::legacies(query).await
}

/// What was read, before it is kept.
#[server(prefix = "/rpc")]
pub async fn read_import(id: String) -> Result<ImportView, Failure> {
    crate::server::views::import(id).await
}

/// The customers of the organisation's route servers.
#[server(prefix = "/rpc")]
pub async fn read_customers(query: Query) -> Result<CustomersView, Failure> {
    crate::server::views::customers(query).await
}

/// Reads sessions: of a router, of an exchange's export, or of a table.
#[server(prefix = "/rpc")]
pub async fn read_sessions(
    from: String,
    #[server(default)] router: String,
    #[server(default)] location: String,
    #[server(default)] text: String,
) -> Result<(), Failure> {
    crate::server::forms::read_sessions(from, router, location, text).await
}

/// Keeps rows of a reading, by their place in it.
#[server(prefix = "/rpc")]
pub async fn keep_import(id: String, #[server(default)] rows: Vec<usize>) -> Result<(), Failure> {
    crate::server::forms::keep_import(id, rows).await
}

/// Forgets sessions that were kept.
#[server(prefix = "/rpc")]
pub async fn forget_legacy(id: String) -> Result<(), Failure> {
    crate::server::forms::forget_legacy(id).await
}

/// Begins to convert sessions from before the portal.
#[server(prefix = "/rpc")]
pub async fn convert_legacy(id: String) -> Result<(), Failure> {
    crate::server::forms::convert_legacy(id).await
}

/// Registers customers, one a line.
#[server(prefix = "/rpc")]
pub async fn register_customers(#[server(default)] customers: String) -> Result<(), Failure> {
    crate::server::forms::register_customers(customers).await
}

/// Takes a customer off.
#[server(prefix = "/rpc")]
pub async fn unregister_customer(asn: String) -> Result<(), Failure> {
    crate::server::forms::unregister_customer(asn).await
}
