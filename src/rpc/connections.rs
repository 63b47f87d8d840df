//! Customers' connections and their prefixes.

use super::{Failure, service::StateView};
use leptos::prelude::*;
use peerage_domain::{
    Timestamp,
    catalogue::{Location, Paged, Partner, Query},
    prefixes::{Judged, Known},
    registration::ConnectionDraft,
};
use serde::{Deserialize, Serialize};

/// A row of the list of connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectionRow {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Name of the country, with the state where there is one.
    pub place: String,
    /// Name of the provider.
    pub provider: String,
    /// City of the primary location.
    pub primary: String,
    /// Registered prefixes.
    pub prefixes: i64,
    /// How many of them get the service.
    pub verified: usize,
    /// Median of the last day in ms.
    pub median_ms: Option<f64>,
    /// Medians of the last day, for a sparkline.
    pub spark: Vec<Option<f64>>,
    /// When it was registered.
    pub created: Timestamp,
}

/// The list of connections with the drafts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectionList {
    /// The rows.
    pub rows: Paged<ConnectionRow>,
    /// Drafts: id, name, last change.
    pub drafts: Vec<(String, String, Timestamp)>,
    /// Whether the person may register connections.
    pub writable: bool,
}

/// A registered prefix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrefixRow {
    /// The prefix.
    pub prefix: String,
    /// Since when.
    pub added: Timestamp,
    /// Whether it is bound to its provider by a key.
    pub has_key: bool,
    /// How it is judged.
    pub state: StateView,
}

/// A connection with everything its page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectionView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Country and state.
    pub place: String,
    /// Provider's key and name.
    pub provider: (String, String),
    /// Primary location.
    pub primary: Option<Location>,
    /// Backup location.
    pub backup: Option<Location>,
    /// When it was registered.
    pub created: Timestamp,
    /// Prefixes on this page.
    pub prefixes: Paged<PrefixRow>,
    /// How many prefixes have no key.
    pub keyless: usize,
    /// How many prefixes get the service.
    pub verified: usize,
    /// How many prefixes fail.
    pub failing: usize,
    /// The provider's sessions for it: Established, all.
    pub sessions: (usize, usize),
    /// History: when, who, what.
    pub history: Vec<(Timestamp, String, String)>,
    /// What the organisation holds already, for the browser's judgement.
    pub known: Known,
    /// Whether the person may change it.
    pub writable: bool,
    /// The server's time.
    pub now: Timestamp,
}

/// A draft with everything its pages show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftView {
    /// Id.
    pub id: String,
    /// The form as typed.
    pub draft: ConnectionDraft,
    /// Why the name cannot be used.
    pub name_problem: Option<String>,
    /// Countries: code and name.
    pub countries: Vec<(String, String)>,
    /// States of the chosen country, where they are known: code and name.
    pub states: Vec<(String, String)>,
    /// Providers, nearest first.
    pub providers: Vec<Partner>,
    /// What the organisation holds, for the browser's judgement.
    pub known: Known,
    /// The server's judgement.
    pub judged: Vec<Judged>,
}

/// A part of the connections.
#[server(prefix = "/rpc")]
pub async fn connections(query: Query) -> Result<ConnectionList, Failure> {
    crate::server::views::connections(query).await
}

/// One connection.
#[server(prefix = "/rpc")]
pub async fn connection(id: String, query: Query) -> Result<ConnectionView, Failure> {
    crate::server::views::connection(id, query).await
}

/// One draft.
#[server(prefix = "/rpc")]
pub async fn read_connection_draft(id: String) -> Result<DraftView, Failure> {
    crate::server::views::connection_draft(id).await
}

/// Begins a registration.
#[server(prefix = "/rpc")]
pub async fn new_connection() -> Result<(), Failure> {
    crate::server::forms::new_connection().await
}

/// Keeps the first step.
#[server(prefix = "/rpc")]
pub async fn save_basics(id: String, #[server(default)] name: String) -> Result<(), Failure> {
    crate::server::forms::save_basics(id, name).await
}

/// Keeps the second step. `go` is where to go: `stay` to show providers of the country, else on.
#[server(prefix = "/rpc")]
pub async fn save_site(
    id: String,
    #[server(default)] country: String,
    #[server(default)] subdivision: String,
    #[server(default)] provider: String,
    #[server(default)] primary: String,
    #[server(default)] backup: String,
    #[server(default)] go: String,
) -> Result<(), Failure> {
    let site = ConnectionDraft { country, subdivision, provider, primary, backup, ..ConnectionDraft::default() };
    crate::server::forms::save_site(id, site, go).await
}

/// Keeps the third step. `fix` names an entry to repair, as `line:input`.
#[server(prefix = "/rpc")]
pub async fn save_prefixes(
    id: String,
    #[server(default)] prefixes: String,
    #[server(default)] fix: String,
    #[server(default)] go: String,
) -> Result<(), Failure> {
    crate::server::forms::save_prefixes(id, prefixes, fix, go).await
}

/// Registers the connection of a draft.
#[server(prefix = "/rpc")]
pub async fn register_connection(id: String) -> Result<(), Failure> {
    crate::server::forms::register_connection(id).await
}

/// Forgets a draft.
#[server(prefix = "/rpc")]
pub async fn discard_connection_draft(id: String) -> Result<(), Failure> {
    crate::server::forms::discard_connection_draft(id).await
}

/// Adds prefixes to a connection.
#[server(prefix = "/rpc")]
pub async fn add_prefixes(id: String, #[server(default)] prefixes: String) -> Result<(), Failure> {
    crate::server::forms::add_prefixes(id, prefixes).await
}

/// Removes a prefix.
#[server(prefix = "/rpc")]
pub async fn remove_prefix(id: String, prefix: String) -> Result<(), Failure> {
    crate::server::forms::remove_prefix(id, prefix).await
}

/// Deletes a connection.
#[server(prefix = "/rpc")]
pub async fn delete_connection(id: String, #[server(default)] typed: String) -> Result<(), Failure> {
    crate::server::forms::delete_connection(id, typed).await
}
