//! Requesting a peering: the draft that grows over several pages, sending it, changing it.

use crate::{Actor, Error, Service, peerings::command};
use peerage_domain::{
    Asn, Prefix, Verdict,
    access::Action,
    catalogue::Location,
    peering::{Command, Connection, DirectType, Kind, Party, Peering, PeeringRecord, State, Verb},
    registration::PeeringDraft,
    say,
    session::{self, ConnectionAsk, ConnectionSpec, Endpoint, FieldFinding, Site},
};
use peerage_storage::{Tx, drafts::Draft};

/// Kind of the drafts of peering requests.
const DRAFT: &str = "peering";
/// Most connections of one request.
pub const MAX_CONNECTIONS: usize = 16;

/// A draft with everything that its pages show.
#[derive(Clone, Debug, Default)]
pub struct RequestDetail {
    /// The form as typed.
    pub draft: PeeringDraft,
    /// What is known of the location.
    pub site: Site,
    /// What the rules say.
    pub findings: Vec<FieldFinding>,
    /// Indices of the connections that stay as they are, when changes were asked for.
    pub locked: Vec<usize>,
    /// What the operator wrote when asking for changes, by index of the connection.
    pub asked: Vec<(usize, String)>,
}

/// What a form does with the MD5 keys of the connections. Keys are sealed at once and
/// never given back.
#[derive(Clone, Debug)]
pub enum Keys {
    /// It has no field for them.
    Untouched,
    /// The connections are other ones now: their keys are forgotten.
    Forgotten,
    /// A key for each connection, empty to keep what there is; and the index, in the stored
    /// draft, of a connection that is gone: the keys behind it move up.
    Typed {
        /// A key for each connection.
        keys: Vec<String>,
        /// Which connections lose the key that they have.
        cleared: Vec<usize>,
        /// Which connection is gone.
        removed: Option<usize>,
    },
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
    pub async fn peering_draft(&self, actor: &Actor, id: &str) -> Result<RequestDetail, Error> {
        actor.may(Action::WritePeerings)?;
        let found = self.store.draft::<PeeringDraft>(id, &actor.organisation, DRAFT).await?;
        let draft = found.ok_or_else(|| Error::NotFound("draft", id.to_string()))?.body;
        let changed = self.store.peering(&draft.changes).await?.filter(|v| v.body.organisation == actor.organisation);
        let locked = changed.as_ref().map(|v| locked(&v.body)).unwrap_or_default();
        let asked = changed.map(|v| asked(&v.body)).unwrap_or_default();
        let directory = self.directory().await?;
        let Some(location) = directory.location(&draft.location) else {
            return Ok(RequestDetail { draft, locked, asked, ..RequestDetail::default() });
        };
        let site = Site {
            taken: self.store.taken(&draft.changes).await?,
            own: self.own_space(draft.legacy).await?,
            ..directory.site(&location.id)
        };
        let (findings, _) = session::judge(location.kind, &draft.connections, &site, draft.asn().unwrap_or(Asn(0)));
        // Other networks' sessions are the operator's business, not the visitor's.
        let mine = site.taken.into_iter().filter(|t| Some(t.asn) == draft.asn()).collect();
        let site = Site { taken: mine, all_lans: vec![], own: vec![], ..site };
        Ok(RequestDetail { draft, site, findings, locked, asked })
    }

    /// Refuses a network that the organisation cannot request peerings for.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub async fn check_network(&self, actor: &Actor, draft: &PeeringDraft) -> Result<(), Error> {
        actor.may(Action::WritePeerings)?;
        let mut tx = self.store.begin().await?;
        approved_asn(&mut tx, actor, draft).await.map(drop)
    }

    /// Drafts of the actor's organisation.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn peering_drafts(&self, actor: &Actor) -> Result<Vec<Draft<PeeringDraft>>, Error> {
        actor.may(Action::WritePeerings)?;
        Ok(self.store.drafts(&actor.organisation, DRAFT).await?)
    }

    /// Keeps a draft as it was typed. An MD5 key that cannot be used is refused after
    /// everything else was kept.
    ///
    /// # Errors
    /// When it is unknown, a key cannot be used, or storage fails.
    pub async fn save_peering_draft(&self, actor: &Actor, id: &str, mut draft: PeeringDraft, keys: Keys) -> Result<(), Error> {
        actor.may(Action::WritePeerings)?;
        let mut tx = self.store.begin().await?;
        let old = tx.draft::<PeeringDraft>(id, &actor.organisation, DRAFT).await?;
        let mut old = old.ok_or_else(|| Error::NotFound("draft", id.to_string()))?.body;
        draft.changes.clone_from(&old.changes);
        draft.converts.clone_from(&old.converts);
        draft.legacy |= !draft.converts.is_empty();
        for (index, connection) in draft.connections.iter_mut().enumerate() {
            // Changes keep what each connection is for; a request has one purpose.
            let before = old.connections.get(index).filter(|_| !old.changes.is_empty());
            connection.direct_type = before.map_or(draft.direct_type, |before| before.direct_type);
            // Links from before the portal may have their ends the other way round; new ones do not.
            if connection.direct_type != DirectType::IxRs && !draft.legacy {
                connection.operator_ipv4.clear();
                connection.operator_ipv6.clear();
            }
        }
        let mut refused = vec![];
        match keys {
            Keys::Untouched => keep_flags(&mut draft, &old),
            Keys::Forgotten => forget_keys(&mut tx, id, &old).await?,
            Keys::Typed { keys, cleared, removed } => {
                if let Some(gone) = removed.filter(|gone| *gone < old.connections.len()) {
                    move_up(&mut tx, id, gone, old.connections.len()).await?;
                    old.connections.remove(gone);
                }
                keep_flags(&mut draft, &old);
                for index in cleared {
                    tx.delete_secret(&format!("{id}/{index}")).await?;
                    draft.connections.get_mut(index).into_iter().for_each(|connection| connection.has_md5 = false);
                }
                refused = self.save_keys(&mut tx, id, &mut draft, &keys).await?;
            }
        }
        tx.save_draft(id, &actor.organisation, DRAFT, &draft, self.clock.now()).await?;
        tx.commit().await?;
        if refused.is_empty() { Ok(()) } else { Err(Error::Fields(refused)) }
    }

    async fn save_keys(&self, tx: &mut Tx, id: &str, draft: &mut PeeringDraft, keys: &[String]) -> Result<Vec<FieldFinding>, Error> {
        let mut refused = vec![];
        for (index, (connection, key)) in draft.connections.iter_mut().zip(keys).enumerate() {
            if key.is_empty() {
                continue;
            }
            let finding = session::judge_md5(key);
            if finding.verdict == Verdict::Fail {
                refused.push(FieldFinding { connection: index, field: "md5".into(), finding });
                continue;
            }
            tx.save_secret(&format!("{id}/{index}"), &self.vault.seal(key)?).await?;
            connection.has_md5 = true;
        }
        Ok(refused)
    }

    /// Forgets a draft and its secrets.
    ///
    /// # Errors
    /// When it is unknown or storage fails.
    pub async fn delete_peering_draft(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        actor.may(Action::WritePeerings)?;
        let mut tx = self.store.begin().await?;
        let draft = tx.draft::<PeeringDraft>(id, &actor.organisation, DRAFT).await?;
        let draft = draft.ok_or_else(|| Error::NotFound("draft", id.to_string()))?.body;
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
        let draft = draft.ok_or_else(|| Error::NotFound("draft", id.to_string()))?.body;
        if draft.connections.len() > MAX_CONNECTIONS {
            return Err(Error::Refused(say!(
                "request.too_many",
                "A request has at most {most} connections. Send another one for more.",
                most = MAX_CONNECTIONS
            )));
        }
        let (asn, peer_name) = approved_asn(&mut tx, actor, &draft).await?;
        let location = directory
            .location(&draft.location)
            .filter(|l| l.published && Some(l.kind) == draft.kind)
            .ok_or_else(|| Error::Refused(say!("request.location", "Choose a location first.")))?;
        let site =
            Site { taken: tx.taken(&draft.changes).await?, own: self.own_space(draft.legacy).await?, ..directory.site(&location.id) };
        let (findings, specs) = session::judge(location.kind, &draft.connections, &site, asn);
        let mut specs = specs.ok_or(Error::Fields(findings))?;
        let mut taken: Vec<Prefix> = site.taken.iter().map(|it| it.space).collect();
        if let Some(changed) = tx.peering(&draft.changes).await? {
            taken.extend(changed.body.connections.iter().filter_map(|c| c.spec.link_test));
        }
        give_link_tests(&draft.connections, &mut specs, &mut taken);
        if !draft.converts.is_empty() {
            self.check_conversion(&mut tx, &draft, asn, &specs).await?;
        }
        let peering = if draft.changes.is_empty() {
            self.open_peering(&mut tx, actor, &draft, asn, &peer_name, location, specs).await?
        } else {
            self.resubmit(&mut tx, actor, &draft.changes, specs).await?
        };
        if !draft.converts.is_empty() {
            self.mark_converted(&mut tx, &draft.converts, &peering).await?;
        }
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
            loa: None,
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
        let mut found = found.ok_or_else(|| Error::NotFound("peering", id.to_string()))?;
        if found.body.connections.len() != specs.len() {
            return Err(Error::Refused(say!(
                "request.changes_count",
                "Changes keep the number of connections. For more, send another request."
            )));
        }
        let waiting: Vec<u16> =
            found.body.connections.iter().filter(|c| matches!(c.state, State::ChangesRequested { .. })).map(|c| c.number).collect();
        if waiting.is_empty() {
            return Err(Error::Refused(say!("request.no_changes", "The operator is not waiting for changes of {id}.", id = id)));
        }
        for number in waiting {
            let before = found.body.connection(number).map(|c| c.spec.clone());
            let spec = specs.get(usize::from(number) - 1).cloned().map(|spec| keep_assigned(spec, before));
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

    /// Begins the changes that the operator asked for, as a draft filled with what was asked.
    ///
    /// # Errors
    /// When the peering is unknown or nothing is to be changed.
    pub async fn change_peering(&self, actor: &Actor, id: &str) -> Result<String, Error> {
        actor.may(Action::WritePeerings)?;
        let found = self.store.peering(id).await?.filter(|v| v.body.organisation == actor.organisation);
        let it = found.ok_or_else(|| Error::NotFound("peering", id.to_string()))?.body;
        if !it.connections.iter().any(|c| matches!(c.state, State::ChangesRequested { .. })) {
            return Err(Error::Refused(say!("request.no_changes", "The operator is not waiting for changes of {id}.", id = id)));
        }
        // Pressing the button again goes on with the same draft.
        if let Some(begun) = self.peering_drafts(actor).await?.into_iter().find(|d| d.body.changes == it.id) {
            return Ok(begun.id);
        }
        let draft = PeeringDraft {
            asn: it.asn.to_string(),
            kind: Some(it.kind),
            location: it.location.clone(),
            connections: it.connections.iter().map(|c| typed(&c.spec)).collect(),
            legacy: it.legacy,
            tried: true,
            changes: it.id.clone(),
            direct_type: it.connections.first().map(|c| c.spec.direct_type).unwrap_or_default(),
            converts: String::new(),
        };
        self.new_peering_draft(actor, draft).await
    }
}

async fn approved_asn(tx: &mut Tx, actor: &Actor, draft: &PeeringDraft) -> Result<(Asn, String), Error> {
    let asn: Asn = draft.asn.parse()?;
    let found = tx.asn_of(asn.0).await?.filter(|v| v.body.organisation == actor.organisation);
    match found {
        None => Err(Error::Refused(say!(
            "request.asn_unknown",
            "{asn} is not associated with {organisation}. Associate it first.",
            asn = asn,
            organisation = actor.organisation_name
        ))),
        Some(v) if !v.body.is_approved() => Err(Error::Refused(say!(
            "request.asn_state",
            "{asn} is {asn_state}: only an approved ASN can request peerings. Wait for the operator's answer on {id}.",
            asn = asn,
            asn_state = v.body.state.name(),
            id = v.body.id
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

async fn forget_keys(tx: &mut Tx, id: &str, draft: &PeeringDraft) -> Result<(), Error> {
    for index in 0..draft.connections.len() {
        tx.delete_secret(&format!("{id}/{index}")).await?;
    }
    Ok(())
}

async fn forget_draft(tx: &mut Tx, id: &str, draft: &PeeringDraft) -> Result<(), Error> {
    forget_keys(tx, id, draft).await?;
    Ok(tx.delete_draft(id).await?)
}

fn keep_flags(draft: &mut PeeringDraft, old: &PeeringDraft) {
    for (index, connection) in draft.connections.iter_mut().enumerate() {
        connection.has_md5 = old.connections.get(index).is_some_and(|c| c.has_md5);
    }
}

/// What the operator wrote when asking for changes, by index of the connection.
fn asked(peering: &Peering) -> Vec<(usize, String)> {
    let note = |connection: &Connection| match &connection.state {
        State::ChangesRequested { note } => Some(note.clone()),
        _ => None,
    };
    peering.connections.iter().enumerate().filter_map(|(n, connection)| Some((n, note(connection)?))).collect()
}

/// The connections that nobody asked to change, by index.
fn locked(peering: &Peering) -> Vec<usize> {
    let stays = |(_, c): &(usize, &Connection)| !matches!(c.state, State::ChangesRequested { .. });
    peering.connections.iter().enumerate().filter(stays).map(|(index, _)| index).collect()
}

/// Addresses that were given before the change stay: the operator's for the session, and those
/// of the link test.
fn keep_assigned(spec: ConnectionSpec, before: Option<ConnectionSpec>) -> ConnectionSpec {
    let Some(before) = before else { return spec };
    let link_test = spec.link_test.and(before.link_test.or(spec.link_test));
    match (&spec.endpoint, before.endpoint) {
        (Endpoint::DirectOperatorAssigned { .. }, endpoint @ Endpoint::DirectOperatorAssigned { .. }) => {
            ConnectionSpec { endpoint, link_test, ..spec }
        }
        _ => ConnectionSpec { link_test, ..spec },
    }
}

/// Gives the addresses with which links are tested, where that was asked for.
fn give_link_tests(asks: &[ConnectionAsk], specs: &mut [ConnectionSpec], taken: &mut Vec<Prefix>) {
    let pools: Vec<Prefix> = session::LINK_TEST.iter().filter_map(|pool| pool.parse().ok()).collect();
    for (ask, spec) in asks.iter().zip(specs) {
        let direct = !matches!(spec.endpoint, Endpoint::Exchange { .. });
        spec.link_test = (ask.link_test && direct).then(|| session::next_free(&pools, taken, true, 31)).flatten();
        taken.extend(spec.link_test);
    }
}

/// A specification as the form shows it.
pub(crate) fn typed(spec: &ConnectionSpec) -> ConnectionAsk {
    use session::AddressProvider;
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    let text = |v: Option<String>| v.unwrap_or_default();
    let base = ConnectionAsk {
        max_prefixes_ipv4: number(spec.max_prefixes_ipv4),
        max_prefixes_ipv6: number(spec.max_prefixes_ipv6),
        bandwidth_mbps: number(spec.bandwidth_mbps),
        has_md5: spec.has_md5,
        gtsm: spec.gtsm,
        bfd: spec.bfd,
        role: spec.role,
        direct_type: spec.direct_type,
        peering_service: spec.peering_service,
        link_test: spec.link_test.is_some(),
        ..ConnectionAsk::default()
    };
    match &spec.endpoint {
        Endpoint::Exchange { ipv4, ipv6 } => {
            ConnectionAsk { peer_ipv4: text(ipv4.map(|a| a.to_string())), peer_ipv6: text(ipv6.map(|a| a.to_string())), ..base }
        }
        Endpoint::Direct { ipv4, ipv6 } => {
            ConnectionAsk { session_ipv4: text(ipv4.map(|a| a.to_string())), session_ipv6: text(ipv6.map(|a| a.to_string())), ..base }
        }
        Endpoint::DirectOperatorAssigned { .. } => ConnectionAsk { address_provider: AddressProvider::Operator, ..base },
        Endpoint::Named { ipv4, ipv6 } => {
            let of = |ends: &Option<session::Ends>, part: fn(&session::Ends) -> String| ends.as_ref().map(part).unwrap_or_default();
            ConnectionAsk {
                session_ipv4: of(ipv4, |ends| ends.network.to_string()),
                session_ipv6: of(ipv6, |ends| ends.network.to_string()),
                peer_ipv4: of(ipv4, |ends| ends.peer.to_string()),
                peer_ipv6: of(ipv6, |ends| ends.peer.to_string()),
                operator_ipv4: of(ipv4, |ends| ends.operator.to_string()),
                operator_ipv6: of(ipv6, |ends| ends.operator.to_string()),
                ..base
            }
        }
    }
}

/// The connections that a form begins with: at an exchange, the network's ports there.
pub fn suggested(directory: &crate::directory::Directory, location: &Location, asn: Asn) -> Vec<ConnectionAsk> {
    let limit = |n: Option<u32>, most: u32| n.filter(|n| *n > 0).map(|n| n.min(most).to_string()).unwrap_or_default();
    let profile = directory.net(asn);
    let v4 = limit(profile.and_then(|p| p.info_prefixes4), session::MAX_PREFIXES.0);
    let v6 = limit(profile.and_then(|p| p.info_prefixes6), session::MAX_PREFIXES.1);
    let blank = ConnectionAsk::default();
    if location.kind == Kind::Direct {
        let bandwidth_mbps = location.offers_mbps.first().map(ToString::to_string).unwrap_or_default();
        return vec![ConnectionAsk { max_prefixes_ipv4: v4, bandwidth_mbps, ..blank }];
    }
    let ports = directory.ports(location, asn);
    let asks = ports.iter().map(|port| ConnectionAsk {
        peer_ipv4: port.ipaddr4.map(|a| a.to_string()).unwrap_or_default(),
        peer_ipv6: port.ipaddr6.map(|a| a.to_string()).unwrap_or_default(),
        max_prefixes_ipv4: if port.ipaddr4.is_some() { v4.clone() } else { String::new() },
        max_prefixes_ipv6: if port.ipaddr6.is_some() { v6.clone() } else { String::new() },
        ..blank.clone()
    });
    let asks: Vec<_> = asks.collect();
    if asks.is_empty() { vec![blank] } else { asks }
}
