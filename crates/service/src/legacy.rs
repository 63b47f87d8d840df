//! Reading sessions that ran before the portal, keeping them, converting them to peerings.

use crate::{Actor, Error, Service, directory::Directory};
use peerage_domain::{
    Asn, Finding, Next, Verdict,
    access::Action,
    catalogue::Location,
    legacy::{Found, LegacySessions, connections_of},
    peering::{Kind, Peering},
    registration::PeeringDraft,
    say,
    session::{ConnectionAsk, ConnectionSpec, MAX_PREFIXES, Occupant, Taken, ends},
};
use peerage_edge::intent::is_session;
use peerage_feeds::{ixf, legacy_csv};
use peerage_storage::Tx;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Kind of the drafts of an import.
const DRAFT: &str = "import";
/// How long a reading waits to be kept, in seconds.
const KEPT_S: i64 = 86_400;
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

/// What was read, before anything is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The sessions, by location and network.
    pub rows: Vec<LegacySessions>,
}

/// What is on record beside a reading.
struct Known {
    taken: Vec<Taken>,
    kept: BTreeMap<(String, Asn), LegacySessions>,
}

impl Known {
    fn new(taken: Vec<Taken>, kept: Vec<LegacySessions>) -> Self {
        Known { taken, kept: kept.into_iter().map(|it| ((it.location.clone(), it.asn), it)).collect() }
    }

    fn before(&self, row: &LegacySessions) -> Option<&LegacySessions> {
        self.kept.get(&(row.location.clone(), row.asn))
    }

    /// What would become of a row.
    fn judge(&self, row: &LegacySessions) -> Finding {
        let finding = row.judge();
        if finding.verdict == Verdict::Fail {
            return finding;
        }
        let space = row.space();
        let nothing = |text| Finding::new(Verdict::Warn, text, Next::Nobody);
        if let Some(taken) = self.taken.iter().find(|taken| space.iter().any(|own| own.overlaps(taken.space))) {
            let by = match &taken.by {
                Occupant::Peering(id) => id.clone(),
                Occupant::Connection(number) => number.to_string(),
            };
            return nothing(say!("legacy.on_record", "On record already: {peering}.", peering = by));
        }
        match self.before(row) {
            Some(it) if it.connections == row.connections => nothing(say!("legacy.same", "Read before, unchanged: {id}.", id = it.id)),
            Some(it) => Finding::pass(say!("legacy.update", "takes the place of {id}", id = it.id)),
            None => finding,
        }
    }
}

async fn keep(tx: &mut Tx, known: &Known, row: &LegacySessions) -> Result<(), Error> {
    let id = match known.before(row) {
        Some(before) => before.id.clone(),
        None => tx.next_id("LG").await?,
    };
    Ok(tx.save_legacy(&LegacySessions { id, ..row.clone() }).await?)
}

impl Service {
    /// Reads sessions; nothing is kept but the reading itself.
    ///
    /// # Errors
    /// When the actor may not, or the source cannot be read.
    pub async fn read_import(&self, actor: &Actor, source: &Source) -> Result<String, Error> {
        actor.may(Action::ManageRouters)?;
        let rows = self.rows_of(source).await?;
        let mut tx = self.store.begin().await?;
        tx.delete_drafts(DRAFT, self.clock.now().plus_secs(-KEPT_S)).await?;
        let id = tx.next_id("D").await?;
        tx.save_draft(&id, &actor.organisation, DRAFT, &Import { rows }, self.clock.now()).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Reads sessions and keeps all that are new: for the command line. Tells each row with what
    /// became of it.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub async fn import_sessions(&self, source: &Source) -> Result<Vec<(LegacySessions, Finding)>, Error> {
        let rows = self.rows_of(source).await?;
        let mut tx = self.store.begin().await?;
        let known = Known::new(tx.taken("").await?, tx.legacies().await?);
        let mut told = vec![];
        for row in rows {
            let finding = known.judge(&row);
            if finding.verdict == Verdict::Pass {
                keep(&mut tx, &known, &row).await?;
            }
            told.push((row, finding));
        }
        tx.commit().await?;
        Ok(told)
    }

    async fn rows_of(&self, source: &Source) -> Result<Vec<LegacySessions>, Error> {
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

    /// What was read, each row with what would become of it.
    ///
    /// # Errors
    /// When the actor may not, or the reading is unknown.
    pub async fn import_of(&self, actor: &Actor, id: &str) -> Result<Vec<(LegacySessions, Finding)>, Error> {
        actor.may(Action::ManageRouters)?;
        let found = self.store.draft::<Import>(id, &actor.organisation, DRAFT).await?;
        let rows = found.ok_or_else(|| Error::NotFound("draft", id.to_string()))?.body.rows;
        let known = Known::new(self.store.taken("").await?, self.store.legacies().await?);
        Ok(rows.into_iter().map(|row| (row.clone(), known.judge(&row))).collect())
    }

    /// Keeps the chosen rows of a reading, by their place in it; all of them, or none.
    ///
    /// # Errors
    /// When a chosen row cannot be kept.
    pub async fn keep_import(&self, actor: &Actor, id: &str, chosen: &[usize]) -> Result<usize, Error> {
        actor.may(Action::ManageRouters)?;
        let mut tx = self.store.begin().await?;
        let found = tx.draft::<Import>(id, &actor.organisation, DRAFT).await?;
        let rows = found.ok_or_else(|| Error::NotFound("draft", id.to_string()))?.body.rows;
        let mut chosen: Vec<usize> = chosen.to_vec();
        chosen.sort_unstable();
        chosen.dedup();
        if chosen.is_empty() {
            return Err(Error::Refused(say!("legacy.none_chosen", "Choose at least one row.")));
        }
        let known = Known::new(tx.taken("").await?, tx.legacies().await?);
        let mut kept = 0;
        for row in chosen.iter().filter_map(|at| rows.get(*at)) {
            let finding = known.judge(row);
            if finding.verdict != Verdict::Pass {
                return Err(Error::Refused(say!(
                    "legacy.cannot",
                    "{asn} at {location} cannot be kept: {why}",
                    asn = row.asn,
                    location = row.location,
                    why = finding.sentence
                )));
            }
            keep(&mut tx, &known, row).await?;
            kept += 1;
        }
        tx.delete_draft(id).await?;
        tx.commit().await?;
        Ok(kept)
    }

    /// What is kept: everything for operators, the own networks' for partners. What was converted
    /// is left out unless `all`.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn legacies(&self, actor: &Actor, all: bool) -> Result<Vec<LegacySessions>, Error> {
        let operator = actor.may(Action::ManageRouters).is_ok();
        if !operator {
            actor.may(Action::WritePeerings)?;
        }
        let mine: Vec<Asn> =
            self.store.asns_of(&actor.organisation).await?.into_iter().filter(|a| a.is_approved()).map(|a| a.asn).collect();
        let mut found = vec![];
        for mut it in self.store.legacies().await? {
            if !operator && !mine.contains(&it.asn) {
                continue;
            }
            if let Some(peering) = &it.peering
                && self.is_over(peering).await?
            {
                it.peering = None;
            }
            if all || it.peering.is_none() {
                found.push(it);
            }
        }
        Ok(found)
    }

    /// Begins the conversion: a request that is filled in with what is on record.
    ///
    /// # Errors
    /// When it is unknown, of another network, or converted already.
    pub async fn convert_legacy(&self, actor: &Actor, id: &str) -> Result<String, Error> {
        actor.may(Action::WritePeerings)?;
        let found = self.legacies(actor, false).await?.into_iter().find(|it| it.id == id);
        let it = found.ok_or_else(|| Error::NotFound("legacy", id.to_string()))?;
        // Pressing the button again goes on with the same draft.
        if let Some(begun) = self.peering_drafts(actor).await?.into_iter().find(|d| d.body.converts == it.id) {
            return Ok(begun.id);
        }
        let draft = PeeringDraft {
            asn: it.asn.to_string(),
            kind: Some(it.kind),
            location: it.location,
            connections: it.connections,
            legacy: true,
            converts: it.id,
            ..PeeringDraft::default()
        };
        self.new_peering_draft(actor, draft).await
    }

    /// Forgets sessions that were read.
    ///
    /// # Errors
    /// When the actor may not, or they are unknown.
    pub async fn forget_legacy(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        actor.may(Action::ManageRouters)?;
        let mut tx = self.store.begin().await?;
        if !tx.delete_legacy(id).await? {
            return Err(Error::NotFound("legacy", id.to_string()));
        }
        tx.commit().await?;
        Ok(())
    }

    /// A conversion is of the sessions that were read: of that network, there, with those addresses.
    pub(crate) async fn check_conversion(
        &self,
        tx: &mut Tx,
        draft: &PeeringDraft,
        asn: Asn,
        specs: &[ConnectionSpec],
    ) -> Result<(), Error> {
        let found = tx.legacies().await?.into_iter().find(|it| it.id == draft.converts);
        let gone = || {
            Error::Refused(say!(
                "legacy.gone",
                "The operator no longer has {id} on record. Send a request of its own.",
                id = draft.converts
            ))
        };
        let it = found.ok_or_else(gone)?;
        if let Some(peering) = &it.peering
            && !self.is_over(peering).await?
        {
            return Err(Error::Refused(say!("legacy.converted", "Converted: {peering}.", peering = peering)));
        }
        let read: Vec<std::net::IpAddr> = it.connections.iter().flat_map(peers).collect();
        let others = specs.iter().flat_map(|spec| spec.endpoint.peer_addresses()).any(|address| !read.contains(&address));
        if it.asn != asn || it.location != draft.location || others {
            return Err(Error::Refused(say!(
                "legacy.other",
                "These are not the sessions of {id}: keep its network, its location and its addresses, or send a request of its own.",
                id = it.id
            )));
        }
        Ok(())
    }

    async fn is_over(&self, peering: &str) -> Result<bool, Error> {
        Ok(self.store.peering(peering).await?.is_none_or(|v| v.body.connections.iter().all(|c| c.state.name().is_final())))
    }

    /// Address space of the sessions that wait to be converted, with whose they are.
    pub(crate) async fn legacy_space(&self) -> Result<Vec<Taken>, Error> {
        let waiting = self.store.legacies().await?.into_iter().filter(|it| it.peering.is_none());
        let of = |it: LegacySessions| {
            let (asn, id) = (it.asn, it.id.clone());
            it.space().into_iter().map(move |space| Taken { space, asn, by: Occupant::Peering(id.clone()) }).collect::<Vec<_>>()
        };
        Ok(waiting.flat_map(of).collect())
    }

    pub(crate) async fn mark_converted(&self, tx: &mut Tx, id: &str, peering: &Peering) -> Result<(), Error> {
        let found = tx.legacies().await?.into_iter().find(|it| it.id == id);
        if let Some(it) = found {
            tx.save_legacy(&LegacySessions { peering: Some(peering.id.clone()), ..it }).await?;
        }
        Ok(())
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

/// The peer's addresses of a connection as it was read.
fn peers(ask: &ConnectionAsk) -> Vec<std::net::IpAddr> {
    let of = |address: &String, link: &String| {
        let on_link = || ends(link.parse().ok()?).map(|ends| ends.peer);
        address.parse().ok().or_else(on_link)
    };
    of(&ask.peer_ipv4, &ask.session_ipv4).into_iter().chain(of(&ask.peer_ipv6, &ask.session_ipv6)).collect()
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
