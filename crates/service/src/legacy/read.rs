//! Reading sessions that ran before the portal: from a router, an export, a table.

use crate::{Error, Service, directory::Directory};
use peerage_domain::{
    Asn,
    catalogue::Location,
    legacy::{Found, LegacySessions, connections_of},
    peering::Kind,
    say,
    session::{ConnectionAsk, MAX_PREFIXES, Taken},
};
use peerage_edge::intent::is_session;
use peerage_feeds::{ixf, legacy_csv};
use std::collections::BTreeMap;

/// Most networks of a reading.
const MOST_ROWS: usize = 2000;

/// Where sessions are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// What a registered router runs beside Peerage's sessions, by its id.
    Router(String),
    /// The member export of an exchange, and the id of the location it is of.
    Ixf(String, String),
    /// A table.
    Csv(String),
}

impl Service {
    pub(super) async fn rows_of(&self, source: &Source) -> Result<Vec<LegacySessions>, Error> {
        let directory = self.directory().await?;
        let mut rows = match source {
            Source::Router(id) => self.rows_of_router(&directory, id).await?,
            Source::Ixf(text, location) => self.rows_of_members(&directory, text, location)?,
            Source::Csv(text) => self.rows_of_table(&directory, text)?,
        };
        rows.retain(|row| row.asn != self.settings.operator_asn);
        if rows.is_empty() {
            return Err(Error::Refused(say!("legacy.empty", "There are no sessions with other networks in it.")));
        }
        if rows.len() > MOST_ROWS {
            return Err(Error::Refused(say!(
                "legacy.many",
                "At most {most} networks at once. Read a part, then the next one.",
                most = MOST_ROWS
            )));
        }
        let taken = self.store.taken("").await?;
        for row in &mut rows {
            complete(&directory, row);
            leave_out(row, &taken);
        }
        Ok(rows)
    }

    async fn rows_of_router(&self, directory: &Directory, id: &str) -> Result<Vec<LegacySessions>, Error> {
        let router = self.store.routers().await?.into_iter().find(|r| r.id == id);
        let router = router.ok_or_else(|| Error::NotFound("router", id.to_string()))?;
        let locations: Vec<&Location> = router.locations().filter_map(|id| directory.location(id)).collect();
        let now = self.clock.now();
        let seen = self.fleet.look(&router, move |engine| engine.sessions(now)).await?;
        let seen = seen.map_err(|fault| {
            Error::Refused(say!("legacy.silent", "{router} does not tell its sessions: {fault}.", router = router.name, fault = fault))
        })?;
        let mut at: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
        for report in seen.into_iter().filter(|report| !is_session(&report.symbol)) {
            let (Some(asn), Some(peer)) = (report.peer_asn, report.peer) else { continue };
            // A session on a LAN is of that exchange; elsewhere it is a private one.
            let on_lan = |l: &&&Location| directory.lan(l).iter().any(|lan| lan.contains_address(peer));
            let direct = |l: &&&Location| l.kind == Kind::Direct;
            let blank = |l: &&&Location| l.kind == Kind::Exchange && directory.lan(l).is_empty();
            let place = locations.iter().find(on_lan).or_else(|| locations.iter().find(direct)).or_else(|| locations.iter().find(blank));
            if let Some(place) = place {
                at.entry(&place.id).or_default().push(Found { asn, peer, local: report.local, limit: report.limit });
            }
        }
        let mut rows = vec![];
        for location in &locations {
            let found = at.get(location.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            for (asn, connections) in connections_of(location.kind, found) {
                let row = self.row(directory, location, asn, &router.name, connections);
                rows.push(LegacySessions { router: Some(router.id.clone()), ..row });
            }
        }
        Ok(rows)
    }

    fn rows_of_members(&self, directory: &Directory, text: &str, location: &str) -> Result<Vec<LegacySessions>, Error> {
        let location = directory.location(location).filter(|l| l.kind == Kind::Exchange);
        let location = location.ok_or_else(|| Error::Refused(say!("legacy.exchange", "Choose the exchange that the export is of.")))?;
        let ports = ixf::parse(text.as_bytes())
            .map_err(|error| Error::Refused(say!("legacy.ixf", "This is not an IX-F member export: {error}.", error = error)))?;
        let lan = directory.lan(location);
        let on_lan = |address: std::net::IpAddr| lan.is_empty() || lan.iter().any(|lan| lan.contains_address(address));
        let count = ports.len();
        let mut by_asn: BTreeMap<Asn, (String, Vec<ConnectionAsk>)> = BTreeMap::new();
        for port in ports {
            let (v4, v6) = (port.ipv4.filter(|a| on_lan((*a).into())), port.ipv6.filter(|a| on_lan((*a).into())));
            if v4.is_none() && v6.is_none() {
                continue;
            }
            let text = |number: Option<u32>| number.map(|n| n.to_string()).unwrap_or_default();
            let ask = ConnectionAsk {
                peer_ipv4: v4.map(|a| a.to_string()).unwrap_or_default(),
                peer_ipv6: v6.map(|a| a.to_string()).unwrap_or_default(),
                max_prefixes_ipv4: text(port.max_prefixes.0.filter(|_| v4.is_some())),
                max_prefixes_ipv6: text(port.max_prefixes.1.filter(|_| v6.is_some())),
                ..ConnectionAsk::default()
            };
            let entry = by_asn.entry(port.asn).or_default();
            if entry.0.is_empty() {
                entry.0 = port.name;
            }
            entry.1.push(ask);
        }
        if by_asn.is_empty() {
            return Err(Error::Refused(say!(
                "legacy.elsewhere",
                "None of the {count} ports in this export lies in {lan}, the LAN of {location}. Is it of another exchange?",
                count = count,
                lan = lan.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                location = location.name
            )));
        }
        let source = format!("IX-F, {}", location.name);
        Ok(by_asn
            .into_iter()
            .map(|(asn, (name, connections))| {
                let row = self.row(directory, location, asn, &source, connections);
                let peer_name = if row.peer_name.is_empty() { name } else { row.peer_name.clone() };
                LegacySessions { peer_name, ..row }
            })
            .collect())
    }

    fn rows_of_table(&self, directory: &Directory, text: &str) -> Result<Vec<LegacySessions>, Error> {
        let rows = legacy_csv::parse(text)
            .map_err(|error| Error::Refused(say!("legacy.csv", "The table cannot be read: {error}.", error = error)))?;
        let mut found: Vec<LegacySessions> = vec![];
        for (at, row) in rows.into_iter().enumerate() {
            let location = directory.all_locations().iter().find(|l| l.id == row.location || l.name == row.location);
            let asn = row.asn.parse::<Asn>().map_err(|_| {
                let text: String = row.asn.chars().take(40).collect();
                Error::Refused(say!("legacy.csv_asn", "Row {row}: “{text}” is not an ASN.", row = at + 1, text = text))
            })?;
            let ask = ConnectionAsk {
                peer_ipv4: row.peer_ipv4,
                peer_ipv6: row.peer_ipv6,
                session_ipv4: row.session_ipv4,
                session_ipv6: row.session_ipv6,
                operator_ipv4: row.operator_ipv4,
                operator_ipv6: row.operator_ipv6,
                max_prefixes_ipv4: row.max_prefixes_ipv4,
                max_prefixes_ipv6: row.max_prefixes_ipv6,
                bandwidth_mbps: row.bandwidth_mbps,
                ..ConnectionAsk::default()
            };
            let place = location.map(|l| l.id.clone()).unwrap_or_default();
            if let Some(before) = found.iter_mut().find(|it| it.asn == asn && it.location == place) {
                before.connections.push(ask);
                continue;
            }
            found.push(LegacySessions {
                id: String::new(),
                location: place,
                kind: location.map_or(Kind::Exchange, |l| l.kind),
                asn,
                peer_name: row.name,
                source: "CSV".into(),
                router: None,
                read: self.clock.now(),
                connections: vec![ask],
                peering: None,
            });
        }
        Ok(found)
    }

    fn row(&self, directory: &Directory, location: &Location, asn: Asn, source: &str, connections: Vec<ConnectionAsk>) -> LegacySessions {
        LegacySessions {
            id: String::new(),
            location: location.id.clone(),
            kind: location.kind,
            asn,
            peer_name: directory.net(asn).map(|net| net.name.clone()).unwrap_or_default(),
            source: source.to_owned(),
            router: None,
            read: self.clock.now(),
            connections,
            peering: None,
        }
    }
}

/// Leaves out connections that are on record already beside others that are not.
fn leave_out(row: &mut LegacySessions, taken: &[Taken]) {
    let is_new = |ask: &ConnectionAsk| {
        let alone = LegacySessions { connections: vec![ask.clone()], ..row.clone() };
        !alone.space().iter().any(|space| taken.iter().any(|taken| taken.space.overlaps(*space)))
    };
    let new: Vec<ConnectionAsk> = row.connections.iter().filter(|ask| is_new(ask)).cloned().collect();
    if !new.is_empty() {
        row.connections = new;
    }
}

/// Fills in what the source does not tell and the directory knows.
fn complete(directory: &Directory, row: &mut LegacySessions) {
    let net = directory.net(row.asn);
    if row.peer_name.is_empty() {
        row.peer_name = net.map(|net| net.name.clone()).unwrap_or_default();
    }
    let limit = |listed: Option<u32>, most: u32| listed.filter(|n| *n > 0).map(|n| n.min(most).to_string()).unwrap_or_default();
    let (v4, v6) =
        (limit(net.and_then(|net| net.info_prefixes4), MAX_PREFIXES.0), limit(net.and_then(|net| net.info_prefixes6), MAX_PREFIXES.1));
    for ask in &mut row.connections {
        let has = |texts: [&String; 2]| texts.into_iter().any(|text| !text.is_empty());
        if ask.max_prefixes_ipv4.is_empty() && has([&ask.peer_ipv4, &ask.session_ipv4]) {
            ask.max_prefixes_ipv4.clone_from(&v4);
        }
        if ask.max_prefixes_ipv6.is_empty() && has([&ask.peer_ipv6, &ask.session_ipv6]) {
            ask.max_prefixes_ipv6.clone_from(&v6);
        }
    }
}
