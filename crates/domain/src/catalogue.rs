//! Where the operator can be met, and who is there.

use crate::{Asn, peering::Kind, place::Point, session::gigabits};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A place where the operator peers: a facility (Direct) or an exchange (Exchange).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Such as `LO-3`.
    pub id: String,
    /// Direct for a facility, Exchange for an exchange.
    pub kind: Kind,
    /// PeeringDB's id of the facility or exchange.
    pub source_id: u32,
    /// Name of the facility or exchange.
    pub name: String,
    /// City.
    pub city: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// Where it is, when known.
    pub point: Option<Point>,
    /// The operator's addresses there.
    pub addresses: Vec<IpAddr>,
    /// Speed of the operator's own port, Mb/s; 0 when not known.
    pub port_mbps: u32,
    /// Bandwidths that a peer can ask for, Mb/s.
    pub offers_mbps: Vec<u32>,
    /// Shown in the directory.
    pub published: bool,
    /// A remark of the operator, shown in the directory.
    pub note: String,
    /// How many partners are there.
    pub partners: u32,
}

impl Location {
    /// The page at PeeringDB.
    pub fn peeringdb_link(&self) -> String {
        let word = match self.kind {
            Kind::Direct => "fac",
            Kind::Exchange => "ix",
        };
        format!("https://www.peeringdb.com/{word}/{}", self.source_id)
    }

    /// What the location was derived from, such as `fac/71`.
    pub fn origin(&self) -> String {
        match self.kind {
            Kind::Direct => format!("fac/{}", self.source_id),
            Kind::Exchange => format!("ix/{}", self.source_id),
        }
    }

    /// `10G, 100G`
    pub fn offers(&self) -> String {
        self.offers_mbps.iter().map(|&mbps| gigabits(mbps)).collect::<Vec<_>>().join(", ")
    }
}

/// What kind of partner somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PartnerKind {
    /// An Internet service provider or carrier.
    Isp,
    /// An Internet exchange.
    Exchange,
    /// A software-defined cloud interconnect provider.
    CloudInterconnect,
}

impl PartnerKind {
    /// Every kind.
    pub const ALL: [PartnerKind; 3] = [PartnerKind::Isp, PartnerKind::Exchange, PartnerKind::CloudInterconnect];

    /// The word in URLs.
    pub fn word(self) -> &'static str {
        match self {
            PartnerKind::Isp => "isp",
            PartnerKind::Exchange => "exchange",
            PartnerKind::CloudInterconnect => "cloud-interconnect",
        }
    }
}

/// Somebody who can be met at one of the operator's locations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Partner {
    /// `AS6667` for a network, `ix-31` for an exchange.
    pub key: String,
    /// The network's number; absent for an exchange.
    pub asn: Option<Asn>,
    /// Name.
    pub name: String,
    /// What kind.
    pub kind: PartnerKind,
    /// The network's own peering policy; empty when not known.
    pub policy: String,
    /// Where it serves: the operator's locations at which it is present.
    pub locations: Vec<PartnerLocation>,
}

/// One of a partner's locations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerLocation {
    /// Id of the operator's location.
    pub id: String,
    /// Direct or Exchange.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its city.
    pub city: String,
    /// Its country.
    pub country: String,
    /// Distance from where the question was asked, in km.
    pub distance_km: Option<f64>,
    /// The partner's port there, Mb/s; 0 when not known.
    pub port_mbps: u32,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paged<T> {
    /// The rows.
    pub items: Vec<T>,
    /// How many rows there are in all.
    pub total: u64,
    /// How many were skipped.
    pub offset: u32,
    /// Most rows in a part.
    pub limit: u32,
}

impl<T> Paged<T> {
    /// Cuts a part out of everything.
    pub fn of(all: Vec<T>, offset: u32, limit: u32) -> Self {
        let total = all.len() as u64;
        let items = all.into_iter().skip(offset as usize).take(limit as usize).collect();
        Paged { items, total, offset, limit }
    }

    /// The same part of other things.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Paged<U> {
        let Paged { items, total, offset, limit } = self;
        Paged { items: items.into_iter().map(change).collect(), total, offset, limit }
    }
}

/// What a visitor looks for; empty text means anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Name, ASN, city, facility or exchange.
    pub search: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// City.
    pub metro: String,
    /// `Direct` or `Exchange`.
    pub kind: String,
    /// `isp`, `exchange` or `cloud-interconnect`; partners only.
    pub partner: String,
    /// `open` or `closed`; incidents only.
    pub state: String,
    /// Column to sort by.
    pub sort: String,
    /// Largest first.
    pub descending: bool,
    /// Rows to skip.
    pub offset: u32,
}

impl Query {
    /// Whether anything is left out of the list.
    pub fn is_filtered(&self) -> bool {
        [&self.search, &self.country, &self.metro, &self.kind, &self.partner, &self.state].into_iter().any(|text| !text.is_empty())
    }

    /// Whether every word of the search occurs in one of the texts; an `AS` number
    /// is found with and without its letters.
    pub fn finds(&self, texts: &[&str]) -> bool {
        let hay = texts.join(" ").to_lowercase();
        self.search.to_lowercase().split_whitespace().all(|word| hay.contains(word))
    }

    /// The query string of this query, without what is empty; starts with `?` or is empty.
    pub fn url(&self) -> String {
        let mut parts = vec![];
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                parts.push(format!("{name}={}", percent(value)));
            }
        };
        add("search", &self.search);
        add("country", &self.country);
        add("metro", &self.metro);
        add("kind", &self.kind);
        add("partner", &self.partner);
        add("state", &self.state);
        add("sort", &self.sort);
        add("desc", if self.descending { "1" } else { "" });
        add("offset", &if self.offset == 0 { String::new() } else { self.offset.to_string() });
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986 §2.3).
pub fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_finds_every_word_anywhere() {
        let find = |search: &str| Query { search: search.into(), ..Query::default() }.finds(&["AS6667", "Elisa", "Frankfurt"]);
        assert!(find("") && find("elisa") && find("as6667") && find("6667 frank"));
        assert!(!find("elisa oslo"));
    }

    #[test]
    fn a_query_is_its_url() {
        assert_eq!(Query::default().url(), "");
        let query = Query { search: "São Paulo".into(), descending: true, offset: 25, ..Query::default() };
        assert_eq!(query.url(), "?search=S%C3%A3o%20Paulo&desc=1&offset=25");
    }

    #[test]
    fn a_part_knows_the_whole() {
        let part = Paged::of((0..60).collect(), 50, 25);
        assert_eq!((part.items.len(), part.total), (10, 60));
    }
}
