//! Requesting peerings, deciding on them, and everything that happens to them later.

use crate::{Actor, Error, Service, access::Scope};
use peerage_domain::{
    Asn,
    access::{Action, Role},
    catalogue::{Location, Paged},
    peering::{Command, Connection, Kind, Party, Peering, PeeringEvent, PeeringRecord, Recorded, SessionFact, State, Verb},
    policy::{Criterion, judge_connection, judge_network},
    registration::PeeringDraft,
    session::{self, ConnectionSpec, FieldFinding, Site},
};
use peerage_edge::ConnectionKey;
use peerage_storage::{
    Page, Sort, Tx,
    drafts::Draft,
    peerings::{PeeringColumn, PeeringFilter},
};

/// Kind of the drafts of peering requests.
const DRAFT: &str = "peering";

/// A peering with everything a page shows of it.
#[derive(Clone, Debug)]
pub struct PeeringDetail {
    /// The peering.
    pub peering: Peering,
    /// Where it is.
    pub location: Option<Location>,
    /// Steps of its connections, oldest first.
    pub history: Vec<Recorded>,
    /// BGP sessions by number of the connection.
    pub sessions: Vec<(u16, Vec<SessionFact>)>,
    /// What the actor can do, by number of the connection.
    pub possible: Vec<(u16, Vec<Verb>)>,
    /// The policy's answer, by number of the connection; for operators.
    pub criteria: Vec<(u16, Vec<Criterion>)>,
}

/// The note of an operator or partner on one step.
#[derive(Clone, Debug, Default)]
pub struct StepRequest {
    /// Which connection.
    pub connection: u16,
    /// Reason or note, where the verb needs one.
    pub note: String,
}

impl Service {
    /// Begins a request; what can be suggested is filled in from the directory.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn new_peering_draft(&self, actor: &Actor, draft: PeeringDraft) -> Result<String, Error> {
        actor.may(Action::WritePeerings)?;
        let mut tx = self.store.begin().await?;
        let id = tx.next_id("D").await?;
        tx.save_draft(&id, &actor.organisation, DRAFT, &draft, self.clock.now()).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// A draft with the judgement of its connections.
    ///
    /// # Errors
    /// When it is unknown or of another organisation.
    pub async fn peering_draft(&self, actor: &Actor, id: &str) -> Result<(PeeringDraft, Site, Vec<FieldFinding>), Error> {
        actor.may(Action::WritePeerings)?;
        let found = self.store.draft::<PeeringDraft>(id, &actor.organisation, DRAFT).await?;
        let draft = found.ok_or_else(|| Error::NotFound(format!("draft {id}")))?.body;
        let directory = self.directory().await?;
        let Some(location) = directory.location(&draft.location) else {
            return Ok((draft, Site::default(), vec![]));
        };
        let site = Site {
            lan: directory.lan(location),
            operator: location.addresses.clone(),
            taken: self.store.taken(&location.id, &draft.changes).await?,
            offers_mbps: location.offers_mbps.clone(),
        };
        let (findings, _) = session::judge(location.kind, &draft.connections, &site, draft.asn().unwrap_or(Asn(0)));
        // Other networks' sessions are the operator's business, not the visitor's.
        let site = Site { taken: site.taken.into_iter().filter(|t| Some(t.asn) == draft.asn()).collect(), ..site };
        Ok((draft, site, findings))
    }

    /// Drafts of the actor's organisation.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn peering_drafts(&self, actor: &Actor) -> Result<Vec<Draft<PeeringDraft>>, Error> {
        actor.may(Action::WritePeerings)?;
        Ok(self.store.drafts(&actor.organisation, DRAFT).await?)
    }

    /// Keeps a draft as it was typed. `secrets` are MD5 keys by index of the connection;
    /// they are sealed at once and never given back. `removed` is the index of a connection
    /// that is in the stored draft but not in this one: the keys behind it move up.
    ///
    /// # Errors
    /// When it is unknown, an MD5 key cannot be used, or storage fails.
    pub async fn save_peering_draft(
        &self,
        actor: &Actor,
        id: &str,
        mut draft: PeeringDraft,
        secrets: &[(usize, String)],
        removed: Option<usize>,
    ) -> Result<(), Error> {
        actor.may(Action::WritePeerings)?;
        let mut tx = self.store.begin().await?;
        let old = tx.draft::<PeeringDraft>(id, &actor.organisation, DRAFT).await?;
        let mut old = old.ok_or_else(|| Error::NotFound(format!("draft {id}")))?.body;
        draft.changes.clone_from(&old.changes);
        if let Some(gone) = removed.filter(|gone| *gone < old.connections.len()) {
            move_up(&mut tx, id, gone, old.connections.len()).await?;
            old.connections.remove(gone);
        }
        for (index, connection) in draft.connections.iter_mut().enumerate() {
            connection.has_md5 = old.connections.get(index).is_some_and(|c| c.has_md5);
            let Some((_, key)) = secrets.iter().find(|(at, key)| *at == index && !key.is_empty()) else { continue };
            let finding = session::judge_md5(key);
            if finding.verdict == peerage_domain::Verdict::Fail {
                let field = FieldFinding { connection: index, field: "md5".into(), finding };
                return Err(Error::Fields(vec![field]));
            }
            tx.save_secret(&format!("{id}/{index}"), &self.vault.seal(key)?).await?;
            connection.has_md5 = true;
        }
        tx.save_draft(id, &actor.organisation, DRAFT, &draft, self.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets a draft and its secrets.
    ///
    /// # Errors
    /// When it is unknown or storage fails.
    pub async fn delete_peering_draft(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        actor.may(Action::WritePeerings)?;
        let mut tx = self.store.begin().await?;
        let draft = tx.draft::<PeeringDraft>(id, &actor.organisation, DRAFT).await?;
        let draft = draft.ok_or_else(|| Error::NotFound(format!("draft {id}")))?.body;
        forget_draft(&mut tx, id, &draft).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Sends a draft: a new request, or the changes that the operator asked for.
    ///
    /// # Errors
    /// Every field that is wrong, or why the network or location cannot be used.
    pub async fn submit_peering(&self, actor: &Actor, id: &str) -> Result<Peering, Error> {
        actor.may(Action::WritePeerings)?;
        let directory = self.directory().await?;
        let mut tx = self.store.begin().await?;
        let draft = tx.draft::<PeeringDraft>(id, &actor.organisation, DRAFT).await?;
        let draft = draft.ok_or_else(|| Error::NotFound(format!("draft {id}")))?.body;
        let (asn, peer_name) = approved_asn(&mut tx, actor, &draft).await?;
        let location = directory
            .location(&draft.location)
            .filter(|l| l.published && Some(l.kind) == draft.kind)
            .ok_or_else(|| Error::Refused("Choose a location first.".into()))?;
        let site = Site {
            lan: directory.lan(location),
            operator: location.addresses.clone(),
            taken: tx.taken(&location.id, &draft.changes).await?,
            offers_mbps: location.offers_mbps.clone(),
        };
        let (findings, specs) = session::judge(location.kind, &draft.connections, &site, asn);
        let specs = specs.ok_or(Error::Fields(findings))?;
        let peering = if draft.changes.is_empty() {
            self.open_peering(&mut tx, actor, &draft, asn, &peer_name, location, specs).await?
        } else {
            self.resubmit(&mut tx, actor, &draft.changes, specs).await?
        };
        self.move_secrets(&mut tx, id, &draft, &peering).await?;
        forget_draft(&mut tx, id, &draft).await?;
        tx.commit().await?;
        self.live.tell(&peering.id, &peering.organisation);
        Ok(peering)
    }

    #[allow(clippy::too_many_arguments)] // one call, the parts of one record
    async fn open_peering(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        draft: &PeeringDraft,
        asn: Asn,
        peer_name: &str,
        location: &Location,
        specs: Vec<ConnectionSpec>,
    ) -> Result<Peering, Error> {
        let now = self.clock.now();
        let connections = specs.into_iter().enumerate().map(|(n, spec)| Connection {
            number: u16::try_from(n + 1).unwrap_or(u16::MAX),
            spec,
            state: State::None,
            since: now,
        });
        let mut peering = Peering {
            id: tx.next_id("PR").await?,
            organisation: actor.organisation.clone(),
            asn,
            peer_name: peer_name.into(),
            kind: location.kind,
            legacy: draft.legacy,
            location: location.id.clone(),
            connections: connections.collect(),
        };
        tx.record(&peering.id, now, &actor.name, &PeeringRecord::Requested(Box::new(peering.clone()))).await?;
        for number in 1..=peering.connections.len() as u16 {
            self.step(tx, &mut peering, &command(number, Verb::Submit, Party::Requester, ""), &actor.name).await?;
        }
        tx.save_peering(&peering, 0, now).await?;
        Ok(peering)
    }

    async fn resubmit(&self, tx: &mut Tx, actor: &Actor, id: &str, specs: Vec<ConnectionSpec>) -> Result<Peering, Error> {
        let found = tx.peering(id).await?.filter(|v| v.body.organisation == actor.organisation);
        let mut found = found.ok_or_else(|| Error::NotFound(format!("peering {id}")))?;
        if found.body.connections.len() != specs.len() {
            return Err(Error::Refused("Changes keep the number of connections. Make a new request for more.".into()));
        }
        let waiting: Vec<u16> =
            found.body.connections.iter().filter(|c| matches!(c.state, State::ChangesRequested { .. })).map(|c| c.number).collect();
        if waiting.is_empty() {
            return Err(Error::Refused(format!("The operator is not waiting for changes of {id}.")));
        }
        for number in waiting {
            let spec = specs.get(usize::from(number) - 1).cloned();
            let command = Command { spec, ..command(number, Verb::Resubmit, Party::Requester, "") };
            self.step(tx, &mut found.body, &command, &actor.name).await?;
        }
        tx.save_peering(&found.body, found.version, self.clock.now()).await?;
        Ok(found.body)
    }

    async fn move_secrets(&self, tx: &mut Tx, draft_id: &str, draft: &PeeringDraft, peering: &Peering) -> Result<(), Error> {
        for index in 0..draft.connections.len() {
            if let Some(sealed) = tx.secret(&format!("{draft_id}/{index}")).await? {
                tx.save_secret(&format!("{}/{}", peering.id, index + 1), &sealed).await?;
            }
        }
        Ok(())
    }

    /// Decides, applies and records one step; the caller stores the peering.
    pub(crate) async fn step(&self, tx: &mut Tx, peering: &mut Peering, command: &Command, author: &str) -> Result<PeeringEvent, Error> {
        let now = self.clock.now();
        let event = peering.decide(command)?;
        peering.apply(&event, now);
        tx.record(&peering.id, now, author, &PeeringRecord::Stepped(event.clone())).await?;
        self.follow_up(tx, peering, &event, now).await?;
        Ok(event)
    }

    /// One step by a person.
    ///
    /// # Errors
    /// When the step is not possible now or not for this person.
    pub async fn act(&self, actor: &Actor, id: &str, verb: Verb, request: &StepRequest) -> Result<Peering, Error> {
        let (action, party) =
            if is_operators(verb) { (Action::Decide, Party::Operator) } else { (Action::WritePeerings, Party::Requester) };
        let permit = actor.may(action)?;
        let mut tx = self.store.begin().await?;
        let found = tx.peering(id).await?.filter(|v| permit.scope.covers(&v.body.organisation));
        let mut found = found.ok_or_else(|| Error::NotFound(format!("peering {id}")))?;
        let command = command(request.connection, verb, party, &request.note);
        self.step(&mut tx, &mut found.body, &command, &actor.name).await?;
        tx.save_peering(&found.body, found.version, self.clock.now()).await?;
        tx.commit().await?;
        self.live.tell(id, &found.body.organisation);
        Ok(found.body)
    }

    /// Begins the changes that the operator asked for, as a draft filled with what was asked.
    ///
    /// # Errors
    /// When the peering is unknown or nothing is to be changed.
    pub async fn change_peering(&self, actor: &Actor, id: &str) -> Result<String, Error> {
        actor.may(Action::WritePeerings)?;
        let found = self.store.peering(id).await?.filter(|v| v.body.organisation == actor.organisation);
        let it = found.ok_or_else(|| Error::NotFound(format!("peering {id}")))?.body;
        if !it.connections.iter().any(|c| matches!(c.state, State::ChangesRequested { .. })) {
            return Err(Error::Refused(format!("The operator is not waiting for changes of {id}.")));
        }
        let draft = PeeringDraft {
            asn: it.asn.to_string(),
            kind: Some(it.kind),
            location: it.location.clone(),
            connections: it.connections.iter().map(|c| typed(&c.spec)).collect(),
            legacy: it.legacy,
            changes: it.id.clone(),
        };
        self.new_peering_draft(actor, draft).await
    }

    /// A part of the peerings that the actor may see.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn peerings(
        &self,
        actor: &Actor,
        filter: PeeringFilter,
        sort: Sort<PeeringColumn>,
        page: Page,
    ) -> Result<Paged<Peering>, Error> {
        let permit = actor.may(Action::ReadPeerings)?;
        let filter = PeeringFilter { organisation: permit.scope.organisation().map(str::to_owned), ..filter };
        let (items, total) = self.store.peerings(&filter, sort, &page).await?;
        Ok(Paged { items, total: total.unsigned_abs(), offset: page.offset, limit: page.limit })
    }

    /// A peering with everything a page shows of it.
    ///
    /// # Errors
    /// When it is unknown or of another organisation.
    pub async fn peering(&self, actor: &Actor, id: &str) -> Result<PeeringDetail, Error> {
        let permit = actor.may(Action::ReadPeerings)?;
        let found = self.store.peering(id).await?.filter(|v| permit.scope.covers(&v.body.organisation));
        let peering = found.ok_or_else(|| Error::NotFound(format!("peering {id}")))?.body;
        let directory = self.directory().await?;
        let location = directory.location(&peering.location).cloned();
        let record = directory.on_record(peering.asn, location.as_ref());
        let party = if actor.roles.contains(&Role::Operator) { Party::Operator } else { Party::Requester };
        let numbers: Vec<u16> = peering.connections.iter().map(|c| c.number).collect();
        let possible = |number: &u16| {
            let verbs = peering.possible(*number).into_iter().filter(|s| s.by == party).map(|s| s.verb).collect();
            (*number, verbs)
        };
        let sessions = |number: &u16| {
            let key = ConnectionKey { peering: peering.id.clone(), connection: *number };
            (*number, self.edge.sessions(&key))
        };
        let criteria = if permit.scope == Scope::Everybody { self.criteria(&peering, &record).await? } else { vec![] };
        let history = self.store.history::<PeeringRecord>(id).await?;
        let history = history.into_iter().filter_map(|e| match e.body {
            PeeringRecord::Stepped(event) => Some(Recorded { at: e.at, author: e.author, event }),
            PeeringRecord::Requested(_) => None,
        });
        Ok(PeeringDetail {
            location,
            history: history.collect(),
            sessions: numbers.iter().map(sessions).collect(),
            possible: numbers.iter().map(possible).collect(),
            criteria,
            peering,
        })
    }

    async fn criteria(&self, peering: &Peering, record: &peerage_domain::policy::OnRecord) -> Result<Vec<(u16, Vec<Criterion>)>, Error> {
        let asns = self.store.asns_of(&peering.organisation).await?;
        let contacts = asns.iter().find(|a| a.asn == peering.asn).map(|a| a.contacts.clone()).unwrap_or_default();
        let policy = &self.settings.policy;
        let network = judge_network(policy, peering.asn, &peering.peer_name, &contacts, record);
        let of = |c: &Connection| {
            let mut rows = network.clone();
            rows.extend(judge_connection(policy, peering.kind, &c.spec, record));
            (c.number, rows)
        };
        Ok(peering.connections.iter().map(of).collect())
    }

    /// Whether the stored state of a peering is the replay of its events.
    ///
    /// # Errors
    /// When it is unknown or storage fails.
    pub async fn is_replay(&self, id: &str) -> Result<bool, Error> {
        let stored = self.store.peering(id).await?.map(|v| v.body);
        let history = self.store.history::<PeeringRecord>(id).await?;
        Ok(stored == peerage_domain::peering::replay(history.into_iter().map(|e| (e.at, e.body))))
    }
}

pub(crate) fn command(connection: u16, verb: Verb, by: Party, note: &str) -> Command {
    Command { connection, verb, by, note: note.into(), spec: None }
}

fn is_operators(verb: Verb) -> bool {
    peerage_domain::peering::MACHINE.iter().any(|step| step.verb == verb && step.by == Party::Operator)
}

async fn approved_asn(tx: &mut Tx, actor: &Actor, draft: &PeeringDraft) -> Result<(Asn, String), Error> {
    let asn: Asn = draft.asn.parse()?;
    let found = tx.asn_of(asn.0).await?.filter(|v| v.body.organisation == actor.organisation);
    match found {
        None => Err(Error::Refused(format!("{asn} is not associated with {}. Associate it first.", actor.organisation_name))),
        Some(v) if !v.body.is_approved() => Err(Error::Refused(format!(
            "{asn} is {}: only an Approved ASN can request peerings. Wait for the operator's answer on {}.",
            v.body.state.name(),
            v.body.id
        ))),
        Some(v) => Ok((asn, v.body.peer_name)),
    }
}

/// Takes the secret of one connection away and moves those of the later ones up.
async fn move_up(tx: &mut Tx, id: &str, gone: usize, count: usize) -> Result<(), Error> {
    for index in gone..count {
        let here = format!("{id}/{index}");
        match tx.secret(&format!("{id}/{}", index + 1)).await? {
            Some(sealed) => tx.save_secret(&here, &sealed).await?,
            None => tx.delete_secret(&here).await?,
        }
    }
    Ok(())
}

async fn forget_draft(tx: &mut Tx, id: &str, draft: &PeeringDraft) -> Result<(), Error> {
    for index in 0..draft.connections.len() {
        tx.delete_secret(&format!("{id}/{index}")).await?;
    }
    Ok(tx.delete_draft(id).await?)
}

/// A specification as the form shows it.
fn typed(spec: &ConnectionSpec) -> session::ConnectionAsk {
    use session::{AddressProvider, ConnectionAsk, Endpoint};
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    let text = |v: Option<String>| v.unwrap_or_default();
    let base = ConnectionAsk {
        max_prefixes_ipv4: number(spec.max_prefixes_ipv4),
        max_prefixes_ipv6: number(spec.max_prefixes_ipv6),
        bandwidth_mbps: number(spec.bandwidth_mbps),
        has_md5: spec.has_md5,
        ..ConnectionAsk::default()
    };
    match &spec.endpoint {
        Endpoint::Exchange { ipv4, ipv6 } => {
            ConnectionAsk { peer_ipv4: text(ipv4.map(|a| a.to_string())), peer_ipv6: text(ipv6.map(|a| a.to_string())), ..base }
        }
        Endpoint::Direct { ipv4, ipv6 } => {
            ConnectionAsk { session_ipv4: text(ipv4.map(|a| a.to_string())), session_ipv6: text(ipv6.map(|a| a.to_string())), ..base }
        }
        Endpoint::DirectOperatorAssigned => ConnectionAsk { address_provider: AddressProvider::Operator, ..base },
    }
}

/// The connections that a form begins with: at an exchange, the network's ports there.
pub fn suggested(directory: &crate::directory::Directory, location: &Location, asn: Asn) -> Vec<session::ConnectionAsk> {
    let limit = |n: Option<u32>, most: u32| n.filter(|n| *n > 0).map(|n| n.min(most).to_string()).unwrap_or_default();
    let profile = directory.net(asn);
    let v4 = limit(profile.and_then(|p| p.info_prefixes4), session::MAX_PREFIXES.0);
    let v6 = limit(profile.and_then(|p| p.info_prefixes6), session::MAX_PREFIXES.1);
    let blank = session::ConnectionAsk::default();
    if location.kind == Kind::Direct {
        let bandwidth_mbps = location.offers_mbps.first().map(ToString::to_string).unwrap_or_default();
        return vec![session::ConnectionAsk { max_prefixes_ipv4: v4, bandwidth_mbps, ..blank }];
    }
    let ports = directory.ports(location, asn);
    let asks = ports.iter().map(|port| session::ConnectionAsk {
        peer_ipv4: port.ipaddr4.map(|a| a.to_string()).unwrap_or_default(),
        peer_ipv6: port.ipaddr6.map(|a| a.to_string()).unwrap_or_default(),
        max_prefixes_ipv4: if port.ipaddr4.is_some() { v4.clone() } else { String::new() },
        max_prefixes_ipv6: if port.ipaddr6.is_some() { v6.clone() } else { String::new() },
        ..blank.clone()
    });
    let asks: Vec<_> = asks.collect();
    if asks.is_empty() { vec![blank] } else { asks }
}
