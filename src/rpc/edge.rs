//! The operator's routers, and the routes that they receive.

use super::{Failure, Typed};
use leptos::prelude::*;
use peerage_domain::{
    Asn, Finding, Text, Timestamp,
    catalogue::{Paged, Query},
    router::{Router, RouterForm},
    rpki::OriginState,
};
use serde::{Deserialize, Serialize};

/// A router in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouterRow {
    /// The router.
    pub router: Router,
    /// Name of the location.
    pub location: String,
    /// What it said last.
    pub heard: Option<HeardView>,
    /// How many connections run on it.
    pub placed: usize,
}

/// What a router said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardView {
    /// When it was asked.
    pub at: Timestamp,
    /// How many of its sessions are up.
    pub up: usize,
    /// How many it has.
    pub all: usize,
    /// Why it did not tell.
    pub trouble: Option<String>,
}

/// A router with everything its page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouterView {
    /// The router; none for a new one.
    pub row: Option<RouterRow>,
    /// The line that its own configuration has to include.
    pub include: Option<String>,
    /// Which connections run on it: peering and number.
    pub placed: Paged<(String, u16)>,
    /// How it differs from what it should run, or why that is not known.
    pub drift: Result<DriftView, String>,
    /// Locations to choose from: id and name.
    pub locations: Vec<(String, String)>,
    /// The server's time.
    pub now: Timestamp,
}

/// How a router differs from what it should run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DriftView {
    /// Files with their lines in the unified format.
    pub files: Vec<(String, String)>,
    /// What its sessions show.
    pub findings: Vec<Finding>,
    /// What of it the record can take over.
    pub adoptable: Vec<Text>,
    /// Whether that is all that differs in the files.
    pub wholly: bool,
}

/// A route as a session received it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteRow {
    /// Where it leads.
    pub prefix: String,
    /// The next hop.
    pub next_hop: String,
    /// The AS path.
    pub path: String,
    /// What origin validation finds; nothing where the RPKI is not known.
    pub origin: Option<OriginState>,
    /// Why it is refused; empty when it is let in.
    pub refused: Vec<Text>,
}

/// What a connection's sessions receive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutesView {
    /// The peering.
    pub peering: String,
    /// Its network's name and ASN.
    pub network: (String, Asn),
    /// Number of the connection.
    pub connection: u16,
    /// The routes on this page.
    pub routes: Paged<RouteRow>,
    /// How many are let in, and how many are refused.
    pub counts: (u64, u64),
}

/// A part of the routers, and what else they depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutersView {
    /// The routers on this page.
    pub routers: Paged<RouterRow>,
    /// Where the RPKI is heard of.
    pub rpki: Vec<SourceView>,
    /// The server's time.
    pub now: Timestamp,
}

/// A source of what the RPKI says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceView {
    /// Path or address.
    pub name: String,
    /// How many VRPs it gave last.
    pub count: Option<usize>,
    /// When.
    pub at: Option<Timestamp>,
    /// Why it gives nothing now.
    pub trouble: Option<String>,
}

/// A looking glass, and what it answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GlassView {
    /// The peering.
    pub peering: String,
    /// Its network's name and ASN.
    pub network: (String, Asn),
    /// Number of the connection.
    pub connection: u16,
    /// Name of the router.
    pub router: String,
    /// The router's words, or why there are none; nothing before something was asked.
    pub answer: Option<Result<String, Text>>,
}

/// Asks the router of a connection: `query.kind` is `route`, `ping` or `traceroute`, and
/// `query.search` the target.
#[server(prefix = "/rpc")]
pub async fn read_glass(id: String, connection: u16, query: Query) -> Result<GlassView, Failure> {
    crate::server::views::glass(id, connection, query).await
}

/// A part of the routers.
#[server(prefix = "/rpc")]
pub async fn read_routers(query: Query) -> Result<RoutersView, Failure> {
    crate::server::views::routers(query).await
}

/// One router, or the empty form of a new one; the query is for what runs on it.
#[server(prefix = "/rpc")]
pub async fn read_router(id: String, query: Query) -> Result<RouterView, Failure> {
    crate::server::views::router(id, query).await
}

/// What a connection's sessions receive; `query.kind` is `accepted` or `refused`.
#[server(prefix = "/rpc")]
pub async fn read_routes(id: String, connection: u16, query: Query) -> Result<RoutesView, Failure> {
    crate::server::views::received_routes(id, connection, query).await
}

/// Registers a router, or changes one.
#[server(prefix = "/rpc")]
pub async fn save_router(#[server(default)] id: String, router: RouterForm) -> Result<(), Failure> {
    crate::server::forms::save_router(id, router).await
}

/// Brings a router back to what it should run.
#[server(prefix = "/rpc")]
pub async fn take_back(id: String) -> Result<(), Failure> {
    crate::server::forms::take_back(id).await
}

/// Takes over what was changed by hand.
#[server(prefix = "/rpc")]
pub async fn adopt(id: String) -> Result<(), Failure> {
    crate::server::forms::adopt(id).await
}

/// Takes a router off the list.
#[server(prefix = "/rpc")]
pub async fn remove_router(id: String) -> Result<(), Failure> {
    crate::server::forms::remove_router(id).await
}

/// The fields by name, for the case that the form is refused.
pub fn typed_router(id: &str, form: &RouterForm) -> Typed {
    let fields = [
        ("name", &form.name),
        ("location", &form.location),
        ("others", &form.others),
        ("engine", &form.engine),
        ("router_id", &form.router_id),
        ("addresses", &form.addresses),
        ("announce", &form.announce),
        ("socket", &form.socket),
        ("config", &form.config),
        ("folder", &form.folder),
    ];
    fields.into_iter().fold(Typed::new(format!("router/{id}")), |typed, (name, value)| typed.with(name, value))
}
