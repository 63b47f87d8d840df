//! The public directory and the operator's locations.

use super::Failure;
use leptos::prelude::*;
use peerage_domain::catalogue::{Location, Paged, Partner, PartnerLocation, Query};
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
    /// Who is there: the networks of this page.
    pub partners: Paged<Partner>,
    /// The peering LAN.
    pub lan: Vec<String>,
}

/// One partner with where it serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerView {
    /// The partner.
    pub partner: Partner,
    /// Its locations on this page.
    pub locations: Paged<PartnerLocation>,
    /// Cities at which customers can choose it for Peering Service.
    pub serves: Vec<String>,
}

/// What a search finds.
#[server(prefix = "/rpc")]
pub async fn search_directory(query: Query) -> Result<DirectoryView, Failure> {
    crate::server::views::directory(query).await
}

/// One published location; the query is for the networks there.
#[server(prefix = "/rpc")]
pub async fn read_location(id: String, query: Query) -> Result<LocationView, Failure> {
    let directory = crate::server::context::service().directory().await?;
    let location = directory.location(&id).filter(|l| l.published).ok_or_else(|| crate::server::context::not_found("location", &id))?;
    Ok(LocationView {
        country: peerage_service::directory::country_name(&location.country),
        partners: directory.networks_at(&id, &query),
        lan: directory.lan(location).iter().map(ToString::to_string).collect(),
        location: location.clone(),
    })
}

/// One partner; the query is for its locations.
#[server(prefix = "/rpc")]
pub async fn read_partner(key: String, query: Query) -> Result<PartnerView, Failure> {
    let directory = crate::server::context::service().directory().await?;
    let partner = directory.partner(&key).cloned().ok_or_else(|| crate::server::context::not_found("partner", &key))?;
    let serving = crate::server::context::service().service_providers().await?;
    let at = partner.asn.and_then(|asn| serving.get(&asn)).map(|it| it.locations.clone()).unwrap_or_default();
    let serves = at.iter().filter_map(|id| directory.location(id)).map(|location| location.city.clone()).collect();
    Ok(PartnerView { locations: directory.locations_of(&key, &query), partner, serves })
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
