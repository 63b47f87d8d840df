//! Sessions that ran before the portal: keeping what was read, and converting it to peerings.

mod read;

pub use read::Source;

use crate::{Actor, Error, Service, directory::Directory};
use peerage_domain::{
    Asn, Finding, Next, Verdict,
    access::Action,
    legacy::LegacySessions,
    peering::Peering,
    registration::PeeringDraft,
    say,
    session::{ConnectionAsk, ConnectionSpec, Occupant, Taken, ends},
};
use peerage_storage::Tx;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Kind of the drafts of an import.
const DRAFT: &str = "import";
/// How long a reading waits to be kept, in seconds.
const KEPT_S: i64 = 86_400;

/// What was read, before anything is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The sessions, by location and network.
    pub rows: Vec<LegacySessions>,
}

/// What is on record beside a reading.
struct Known {
    directory: std::sync::Arc<Directory>,
    taken: Vec<Taken>,
    kept: BTreeMap<(String, Asn), LegacySessions>,
}

impl Known {
    fn new(directory: std::sync::Arc<Directory>, taken: Vec<Taken>, kept: Vec<LegacySessions>) -> Self {
        Known { directory, taken, kept: kept.into_iter().map(|it| ((it.location.clone(), it.asn), it)).collect() }
    }

    fn before(&self, row: &LegacySessions) -> Option<&LegacySessions> {
        self.kept.get(&(row.location.clone(), row.asn))
    }

    /// What would become of a row.
    fn judge(&self, row: &LegacySessions) -> Finding {
        let lan = self.directory.location(&row.location).map(|location| self.directory.lan(location)).unwrap_or_default();
        let finding = row.judge(&lan);
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
            Some(it) if row.connections.iter().all(|one| it.connections.contains(one)) => {
                nothing(say!("legacy.same", "Read before, unchanged: {id}.", id = it.id))
            }
            Some(it) if !others(it, row).is_empty() => Finding::pass(say!("legacy.add", "is added to {id}", id = it.id)),
            Some(it) => Finding::pass(say!("legacy.update", "takes the place of {id}", id = it.id)),
            None => finding,
        }
    }
}

/// The connections on record that a reading does not mention: a network may have several ports at
/// one exchange, and each source tells of some.
fn others(before: &LegacySessions, row: &LegacySessions) -> Vec<peerage_domain::session::ConnectionAsk> {
    let read: Vec<std::net::IpAddr> = row.connections.iter().flat_map(peers).collect();
    before.connections.iter().filter(|one| !peers(one).iter().any(|peer| read.contains(peer))).cloned().collect()
}

async fn keep(tx: &mut Tx, known: &Known, row: &LegacySessions) -> Result<(), Error> {
    let (id, more) = match known.before(row) {
        Some(before) => (before.id.clone(), others(before, row)),
        None => (tx.next_id("LG").await?, vec![]),
    };
    let connections = row.connections.iter().cloned().chain(more).collect();
    Ok(tx.save_legacy(&LegacySessions { id, connections, ..row.clone() }).await?)
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
        let known = Known::new(self.directory().await?, tx.taken("").await?, tx.legacies().await?);
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

    /// What was read, each row with what would become of it.
    ///
    /// # Errors
    /// When the actor may not, or the reading is unknown.
    pub async fn import_of(&self, actor: &Actor, id: &str) -> Result<Vec<(LegacySessions, Finding)>, Error> {
        actor.may(Action::ManageRouters)?;
        let found = self.store.draft::<Import>(id, &actor.organisation, DRAFT).await?;
        let rows = found.ok_or_else(|| Error::NotFound("draft", id.to_string()))?.body.rows;
        let known = Known::new(self.directory().await?, self.store.taken("").await?, self.store.legacies().await?);
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
        let known = Known::new(self.directory().await?, tx.taken("").await?, tx.legacies().await?);
        let mut kept = 0;
        for at in &chosen {
            let missing = || Error::Refused(say!("legacy.no_row", "What was read has no row {row}. Load the page again.", row = at + 1));
            let row = rows.get(*at).ok_or_else(missing)?;
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

    /// Sessions that were taken over and then removed are gone: nothing is left to convert.
    pub(crate) async fn forget_converted(&self, tx: &mut Tx, peering: &Peering) -> Result<(), Error> {
        if !peering.legacy || peering.connections.iter().any(|c| !c.state.name().is_final()) {
            return Ok(());
        }
        for it in tx.legacies().await?.into_iter().filter(|it| it.peering.as_ref() == Some(&peering.id)) {
            tx.delete_legacy(&it.id).await?;
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
}

/// The peer's addresses of a connection as it was read.
fn peers(ask: &ConnectionAsk) -> Vec<std::net::IpAddr> {
    let of = |address: &String, link: &String| {
        let on_link = || ends(link.parse().ok()?).map(|ends| ends.peer);
        address.parse().ok().or_else(on_link)
    };
    of(&ask.peer_ipv4, &ask.session_ipv4).into_iter().chain(of(&ask.peer_ipv6, &ask.session_ipv6)).collect()
}
