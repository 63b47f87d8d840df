//! The public directory and the operator's locations.

use super::Failure;
use leptos::prelude::*;
use peerage_domain::catalogue::{Location, Paged, Partner, Query};
use serde::{Deserialize, Serialize};

/// The directory as one search shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DirectoryView {
    /// Locations on this page.
    pub locations: Paged<Location>,
    /// Partners on this page.
    pub partners: Paged<Partner>,
    /// Countries to filter by: code and name.
    pub countries: Vec<(String, String)>,
    /// Cities to filter by.
    pub metros: Vec<String>,
    /// Every published place, for the map: name, latitude, longitude, partners.
    pub places: Vec<(String, f64, f64, u32)>,
    /// What the operator offers in a few numbers.
    pub facts: Facts,
}

/// The operator's offer in a few numbers, from the directory and the policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Cities.
    pub metros: usize,
    /// Countries.
    pub countries: usize,
    /// Partners at any location.
    pub partners: usize,
    /// Locations for Direct peering.
    pub facilities: usize,
    /// Most bandwidth on offer for Direct peering, Mb/s.
    pub bandwidth_mbps: Option<u32>,
    /// Locations for Exchange peering.
    pub exchanges: usize,
    /// Least port speed at an exchange, Mb/s.
    pub min_port_mbps: u32,
    /// Whether an AS-SET is wanted.
    pub as_set: bool,
    /// Hours in which requests are answered.
    pub answer_hours: u32,
}

/// One location with who is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocationView {
    /// The location.
    pub location: Location,
    /// Name of its country.
    pub country: String,
    /// Who is there.
    pub partners: Vec<Partner>,
    /// The peering LAN.
    pub lan: Vec<String>,
}

/// What a search finds.
#[server(prefix = "/rpc")]
pub async fn search_directory(query: Query) -> Result<DirectoryView, Failure> {
    crate::server::views::directory(query).await
}

/// One published location.
#[server(prefix = "/rpc")]
pub async fn read_location(id: String) -> Result<LocationView, Failure> {
    let directory = crate::server::context::service().directory().await?;
    let location = directory.location(&id).filter(|l| l.published).ok_or_else(|| crate::server::context::not_found("location", &id))?;
    Ok(LocationView {
        country: peerage_service::directory::country_name(&location.country),
        partners: directory.partners_at(&id),
        lan: directory.lan(location).iter().map(ToString::to_string).collect(),
        location: location.clone(),
    })
}

/// One partner.
#[server(prefix = "/rpc")]
pub async fn read_partner(key: String) -> Result<Partner, Failure> {
    let directory = crate::server::context::service().directory().await?;
    directory.partner(&key).cloned().ok_or_else(|| crate::server::context::not_found("partner", &key))
}

/// A part of the operator's locations, published or not.
#[server(prefix = "/rpc")]
pub async fn all_locations(query: Query) -> Result<Paged<Location>, Failure> {
    let (service, actor) = crate::server::context::asked().await?;
    crate::server::context::require(&actor, peerage_domain::access::Action::EditDirectory)?;
    Ok(service.directory().await?.own_locations(&query))
}

/// Changes what the operator may change of a location.
#[server(prefix = "/rpc")]
pub async fn edit_location(
    id: String,
    #[server(default)] published: Option<String>,
    #[server(default)] offers: String,
    #[server(default)] note: String,
) -> Result<(), Failure> {
    crate::server::forms::edit_location(id, published.is_some(), offers, note).await
}

/// The answer for an address at which there is no page.
#[server(prefix = "/rpc")]
pub async fn no_such_page() -> Result<(), Failure> {
    Err(crate::server::context::not_found("page", "at this address"))
}
