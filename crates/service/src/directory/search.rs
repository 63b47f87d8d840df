//! Searching the directory: filtered, sorted, a page at a time.

use super::{Directory, PAGE, country_name};
use peerage_domain::{
    catalogue::{Location, Paged, Partner, PartnerLocation, Query},
    peering::Kind,
};
use std::cmp::Ordering;

impl Directory {
    /// A part of the operator's locations, published or not, for editing.
    pub fn own_locations(&self, query: &Query) -> Paged<Location> {
        let fits =
            |l: &&Location| is_of(query, l.kind.word()) && query.finds(&[&l.name, &l.city, &country_name(&l.country), &l.id, &l.origin()]);
        let found = self.locations.iter().filter(fits).cloned().collect();
        page(found, query, |a, b, column| match column {
            "name" => text(&a.name, &b.name),
            "country" => a.country.cmp(&b.country),
            "kind" => a.kind.word().cmp(b.kind.word()),
            "published" => b.published.cmp(&a.published),
            _ => text(&a.city, &b.city).then_with(|| text(&a.name, &b.name)),
        })
    }

    /// Published locations that the query finds.
    pub fn search_locations(&self, query: &Query) -> Paged<Location> {
        let found = self
            .locations
            .iter()
            .filter(|l| l.published && fits(query, l.kind, &l.country, &l.city))
            .filter(|l| query.finds(&[&l.name, &l.city, &l.country, country_name(&l.country).as_str()]) || self.finds_partner_at(query, l))
            .cloned()
            .collect();
        page(found, query, |a, b, column| match column {
            "name" => text(&a.name, &b.name),
            "country" => a.country.cmp(&b.country).then_with(|| text(&a.city, &b.city)),
            "metro" => text(&a.city, &b.city),
            _ => b.partners.cmp(&a.partners).then_with(|| text(&a.city, &b.city)),
        })
    }

    fn finds_partner_at(&self, query: &Query, location: &Location) -> bool {
        let here = self.partners.iter().filter(|p| p.asn.is_some() && p.locations.iter().any(|l| l.id == location.id));
        here.into_iter().any(|p| query.finds(&[&p.name, &p.key]))
    }

    /// Partners that the query finds.
    pub fn search_partners(&self, query: &Query) -> Paged<Partner> {
        let found = self
            .partners
            .iter()
            .filter(|p| matches!(query.partner.as_str(), "" | "any") || p.kind.word() == query.partner)
            .filter(|p| p.locations.iter().any(|l| fits(query, l.kind, &l.country, &l.city)))
            .filter(|p| {
                let names: Vec<&str> = p.locations.iter().flat_map(|l| [l.name.as_str(), l.city.as_str()]).collect();
                query.finds(&[&p.name, &p.key, &names.join(" ")])
            })
            .cloned()
            .collect();
        page(found, query, |a, b, column| match column {
            "name" => text(&a.name, &b.name),
            "asn" => a.asn.cmp(&b.asn),
            _ => b.locations.len().cmp(&a.locations.len()).then_with(|| text(&a.name, &b.name)),
        })
    }

    /// The networks at a location that the query finds, each with that location alone;
    /// `query.kind` is a kind of partner.
    pub fn networks_at(&self, location: &str, query: &Query) -> Paged<Partner> {
        let found = self
            .partners
            .iter()
            .filter(|p| p.asn.is_some() && is_of(query, p.kind.word()) && query.finds(&[&p.name, &p.key]))
            .filter_map(|p| {
                let here = p.locations.iter().find(|l| l.id == location)?;
                Some(Partner { locations: vec![here.clone()], ..p.clone() })
            })
            .collect();
        let port = |p: &Partner| p.locations.first().map_or(0, |l| l.port_mbps);
        page(found, query, |a, b, column| match column {
            "asn" => a.asn.cmp(&b.asn),
            "kind" => a.kind.cmp(&b.kind),
            "port" => port(a).cmp(&port(b)),
            _ => text(&a.name, &b.name),
        })
    }

    /// Where a partner serves, as far as the query finds it; nothing for an unknown partner.
    pub fn locations_of(&self, partner: &str, query: &Query) -> Paged<PartnerLocation> {
        let all = self.partner(partner).map(|p| p.locations.clone()).unwrap_or_default();
        let fits = |l: &PartnerLocation| is_of(query, l.kind.word()) && query.finds(&[&l.name, &l.city, &country_name(&l.country)]);
        let found = all.into_iter().filter(fits).collect();
        page(found, query, |a, b, column| match column {
            "name" => text(&a.name, &b.name),
            "kind" => a.kind.word().cmp(b.kind.word()),
            "port" => a.port_mbps.cmp(&b.port_mbps),
            _ => text(&a.city, &b.city).then_with(|| text(&a.name, &b.name)),
        })
    }
}

/// Sorts by the column of the query, and cuts the page out; `compare` gets the column's word.
fn page<T>(mut found: Vec<T>, query: &Query, compare: impl Fn(&T, &T, &str) -> Ordering) -> Paged<T> {
    found.sort_by(|a, b| compare(a, b, &query.sort));
    if query.descending {
        found.reverse();
    }
    Paged::of(found, query.offset, PAGE)
}

/// Order of names as people expect it: `eBay` stands with `Easynet`.
fn text(a: &str, b: &str) -> Ordering {
    a.to_lowercase().cmp(&b.to_lowercase())
}

fn is_of(query: &Query, kind: &str) -> bool {
    query.kind.is_empty() || query.kind == kind
}

fn fits(query: &Query, kind: Kind, country: &str, city: &str) -> bool {
    is_of(query, kind.word())
        && (query.country.is_empty() || query.country == country)
        && (query.metro.is_empty() || query.metro.eq_ignore_ascii_case(city))
}
