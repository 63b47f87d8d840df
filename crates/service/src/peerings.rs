//! Peerings that were requested: deciding on them, and everything that happens to them later.

use crate::{Actor, Error, Service, access::Scope, requests::typed};
use peerage_domain::{
    Finding, Prefix, Text, Timestamp,
    access::{Action, Role},
    catalogue::{Location, Paged},
    peering::{
        Command, Connection, DirectType, Party, Peering, PeeringEvent, PeeringRecord, Recorded, SessionFact, State, StateName, Verb,
    },
    policy::{Criterion, judge_connection, judge_network},
    say,
    session::{self, AddressProvider, ConnectionAsk, ConnectionSpec, Endpoint, FieldFinding, Occupant, Site, Taken},
};
use peerage_edge::{
    FileDiff,
    intent::RoutePolicy,
    partner::{Language, OtherSide},
    state::SessionReport,
};
use peerage_storage::{
    Page, Sort, Tx,
    peerings::{PeeringColumn, PeeringFilter},
};

/// A peering with everything a page shows of it.
#[derive(Clone, Debug)]
pub struct PeeringDetail {
    /// The peering.
    pub peering: Peering,
    /// Where it is.
    pub location: Option<Location>,
    /// Steps of its connections, oldest first.
    pub history: Vec<Recorded>,
    /// What is known from the router, by number of the connection.
    pub edge: Vec<(u16, EdgeFacts)>,
    /// What the actor can do, by number of the connection.
    pub possible: Vec<(u16, Vec<Verb>)>,
    /// The policy's answer, by number of the connection; for operators.
    pub criteria: Vec<(u16, Vec<Criterion>)>,
    /// The next free links of the operator's address space, IPv4 and IPv6; for operators.
    pub offers: (Option<Prefix>, Option<Prefix>),
}

/// What is known of a connection from the router that it runs on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgeFacts {
    /// Name of the router; none before the connection was placed.
    pub router: Option<String>,
    /// Whether it is a real one.
    pub real: bool,
    /// Its BGP sessions.
    pub sessions: Vec<SessionFact>,
    /// Why nothing is known of them now.
    pub trouble: Option<String>,
    /// What was seen at the last step, and when.
    pub evidence: Option<(Timestamp, Vec<Finding>)>,
    /// What the next step would change in the router's files; for operators.
    pub plan: Vec<FileDiff>,
    /// What was done on the router, last first; for operators.
    pub log: Vec<(Timestamp, Text)>,
    /// The peer's side of the sessions, by the name of the router's language.
    pub other_side: Vec<(String, String)>,
}

impl EdgeFacts {
    /// The same without the operator's paths and the system's words.
    fn for_the_peer(mut self) -> Self {
        self.trouble = self.trouble.map(|_| silent().to_string());
        // Which server the operator asks is its own business.
        self.evidence.iter_mut().for_each(|(_, findings)| findings.retain(|finding| finding.code != "validate.irr_silent"));
        for finding in self.evidence.iter_mut().flat_map(|(_, findings)| findings) {
            if finding.code == crate::provisioning::FAULT {
                finding.sentence = silent();
            }
        }
        self
    }
}

/// What the peer reads when the operator's router cannot be asked.
pub(crate) fn silent() -> Text {
    say!("provision.silent", "The operator's router cannot be asked or changed now. The operator sees why.")
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
    /// Decides, applies and records one step; the caller stores the peering.
    pub(crate) async fn step(&self, tx: &mut Tx, peering: &mut Peering, command: &Command, author: &str) -> Result<PeeringEvent, Error> {
        let now = self.clock.now();
        let event = peering.decide(command)?;
        peering.apply(&event, now);
        tx.record(&peering.id, now, author, &PeeringRecord::Stepped(event.clone())).await?;
        self.follow_up(tx, peering, &event, now).await?;
        Ok(event)
    }

    /// Assigns the session prefixes of a Direct connection whose addresses the operator gives.
    ///
    /// # Errors
    /// Every prefix that cannot be used, or when addresses cannot be assigned now.
    pub async fn assign_addresses(&self, actor: &Actor, id: &str, connection: u16, ipv4: &str, ipv6: &str) -> Result<Peering, Error> {
        actor.may(Action::Decide)?;
        let mut tx = self.store.begin().await?;
        let mut found = tx.peering(id).await?.ok_or_else(|| Error::NotFound("peering", id.to_string()))?;
        let endpoint = self.operators_links(&mut tx, &found.body, connection, ipv4, ipv6).await?;
        let old = found.body.connection(connection).map(|c| c.spec.clone());
        let spec = old.zip(endpoint).map(|(old, endpoint)| ConnectionSpec { endpoint, ..old });
        let command = Command { spec, ..command(connection, Verb::AssignAddresses, Party::Operator, "") };
        self.step(&mut tx, &mut found.body, &command, &actor.name).await?;
        tx.save_peering(&found.body, found.version, self.clock.now()).await?;
        tx.commit().await?;
        self.live.tell(id, &found.body.organisation);
        Ok(found.body)
    }

    /// Agrees to a change of type. A voice connection gets the operator's addresses and BFD;
    /// what runs now runs on until the peer has configured the new one.
    ///
    /// # Errors
    /// Every prefix that cannot be used, or when the type cannot be changed now.
    pub async fn accept_type_change(&self, actor: &Actor, id: &str, connection: u16, ipv4: &str, ipv6: &str) -> Result<Peering, Error> {
        actor.may(Action::Decide)?;
        let mut tx = self.store.begin().await?;
        let mut found = tx.peering(id).await?.ok_or_else(|| Error::NotFound("peering", id.to_string()))?;
        let it = found.body.connection(connection).cloned();
        let asked = it.as_ref().and_then(|it| match &it.state {
            State::TypeChangeRequested { to } => to.parse::<DirectType>().ok(),
            _ => None,
        });
        let old = it.map(|it| it.spec);
        let stays = old.as_ref().is_some_and(|old| matches!(old.endpoint, Endpoint::DirectOperatorAssigned { .. }));
        let blank = ipv4.trim().is_empty() && ipv6.trim().is_empty();
        let needs = asked == Some(DirectType::Voice) && !stays;
        let endpoint = if blank && !needs { None } else { self.operators_links(&mut tx, &found.body, connection, ipv4, ipv6).await? };
        let spec = old.zip(asked).map(|(old, direct_type)| ConnectionSpec {
            endpoint: endpoint.unwrap_or_else(|| old.endpoint.clone()),
            bfd: old.bfd || direct_type == DirectType::Voice,
            peering_service: old.peering_service || direct_type == DirectType::Voice,
            direct_type,
            ..old
        });
        let command = Command { spec, ..command(connection, Verb::AcceptTypeChange, Party::Operator, "") };
        self.step(&mut tx, &mut found.body, &command, &actor.name).await?;
        tx.save_peering(&found.body, found.version, self.clock.now()).await?;
        tx.commit().await?;
        self.live.tell(id, &found.body.organisation);
        Ok(found.body)
    }

    /// Session prefixes that the operator types, as the ends of a connection.
    async fn operators_links(&self, tx: &mut Tx, it: &Peering, connection: u16, ipv4: &str, ipv6: &str) -> Result<Option<Endpoint>, Error> {
        let directory = self.directory().await?;
        let ask = it.connection(connection).map(|c| typed(&c.spec)).unwrap_or_default();
        let site = Site { taken: tx.taken(&it.id).await?, ..directory.site(&it.location) };
        let own = beside(it, connection).into_iter().chain(self.legacy_space().await?);
        let site = Site { taken: site.taken.into_iter().chain(own).collect(), ..site };
        let ask = ConnectionAsk {
            address_provider: AddressProvider::Peer,
            direct_type: DirectType::Edge,
            operator_ipv4: String::new(),
            operator_ipv6: String::new(),
            session_ipv4: ipv4.trim().into(),
            session_ipv6: ipv6.trim().into(),
            ..ask
        };
        let (findings, specs) = session::judge(it.kind, &[ask], &site, it.asn);
        let wrong = findings.into_iter().map(|f| FieldFinding { connection: usize::from(connection.saturating_sub(1)), ..f }).collect();
        let new = specs.and_then(|mut specs| specs.pop()).ok_or(Error::Fields(wrong))?;
        Ok(match new.endpoint {
            Endpoint::Direct { ipv4, ipv6 } => Some(Endpoint::DirectOperatorAssigned { ipv4, ipv6 }),
            Endpoint::Exchange { .. } | Endpoint::DirectOperatorAssigned { .. } | Endpoint::Named { .. } => None,
        })
    }

    /// The next free links of the operator's own address space, IPv4 and IPv6.
    async fn offers(&self) -> Result<(Option<Prefix>, Option<Prefix>), Error> {
        let pools = &self.settings.link_pools;
        if pools.is_empty() {
            return Ok((None, None));
        }
        let taken = self.store.taken("").await?.into_iter().chain(self.legacy_space().await?);
        let taken: Vec<Prefix> = taken.map(|it| it.space).collect();
        let free = |v4, length| session::next_free(pools, &taken, v4, length);
        Ok((free(true, 31), free(false, 127)))
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
        let mut found = found.ok_or_else(|| Error::NotFound("peering", id.to_string()))?;
        if verb == Verb::Approve {
            self.refuse_own_space(&found.body, request.connection).await?;
        }
        let command = command(request.connection, verb, party, &request.note);
        self.step(&mut tx, &mut found.body, &command, &actor.name).await?;
        tx.save_peering(&found.body, found.version, self.clock.now()).await?;
        tx.commit().await?;
        self.live.tell(id, &found.body.organisation);
        Ok(found.body)
    }

    /// Refuses to approve a link of the peer in space that is, by now, the operator's own.
    async fn refuse_own_space(&self, peering: &Peering, number: u16) -> Result<(), Error> {
        let own = self.own_space(peering.legacy).await?;
        let endpoint = peering.connection(number).map(|connection| connection.spec.endpoint.clone());
        let links = match endpoint {
            Some(it @ (Endpoint::Direct { .. } | Endpoint::Named { .. })) => it.space(),
            _ => vec![],
        };
        let inside = links.iter().find_map(|link| own.iter().find(|own| own.overlaps(*link)).map(|own| (link, own)));
        match inside {
            Some((link, own)) => Err(Error::Refused(say!(
                "peering.own_space",
                "{link} lies in {own}, your own space. Ask for changes, so that you assign the addresses.",
                link = link,
                own = own
            ))),
            None => Ok(()),
        }
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
        let peering = found.ok_or_else(|| Error::NotFound("peering", id.to_string()))?.body;
        let directory = self.directory().await?;
        let location = directory.location(&peering.location).cloned();
        let record = directory.on_record(peering.asn, location.as_ref());
        let party = if actor.roles.contains(&Role::Operator) { Party::Operator } else { Party::Requester };
        let numbers: Vec<u16> = peering.connections.iter().map(|c| c.number).collect();
        let possible = |number: &u16| {
            let verbs = peering.possible(*number).into_iter().filter(|s| s.by == party).map(|s| s.verb).collect();
            (*number, verbs)
        };
        let criteria = if permit.scope == Scope::Everybody { self.criteria(&peering, &record).await? } else { vec![] };
        let history = self.store.history::<PeeringRecord>(id).await?;
        let history = history.into_iter().filter_map(|e| match e.body {
            PeeringRecord::Stepped(event) => Some(Recorded { at: e.at, author: e.author, event }),
            PeeringRecord::Requested(_) => None,
        });
        let mut edge = vec![];
        for number in &numbers {
            let mut facts = self.edge_of(&peering, *number).await?;
            if permit.scope != Scope::Everybody {
                facts = facts.for_the_peer();
            }
            if let (Scope::Everybody, Some(connection)) = (&permit.scope, peering.connection(*number)) {
                facts.plan = self.plan(&peering, connection).await?;
                facts.log = self.store.log(&format!("{}/{number}", peering.id)).await?;
            }
            if let Some(connection) = peering.connection(*number) {
                facts.other_side = self.other_side(&peering, connection).await?;
            }
            edge.push((*number, facts));
        }
        let offers = if permit.scope == Scope::Everybody { self.offers().await? } else { (None, None) };
        Ok(PeeringDetail {
            offers,
            location,
            history: history.collect(),
            edge,
            possible: numbers.iter().map(possible).collect(),
            criteria,
            peering,
        })
    }

    /// What the peer configures, once the request was approved and a router is known.
    async fn other_side(&self, peering: &Peering, connection: &Connection) -> Result<Vec<(String, String)>, Error> {
        let state = connection.state.name();
        let early =
            matches!(state, StateName::None | StateName::PendingApproval | StateName::ChangesRequested | StateName::ExternalBlocker);
        if early || state.is_final() || state == StateName::PendingRemove {
            return Ok(vec![]);
        }
        let Ok(router) = self.router_for(peering, connection.number).await? else { return Ok(vec![]) };
        // After a change of type, the peer configures what will be.
        let coming = Connection { spec: connection.coming().clone(), ..connection.clone() };
        let Ok(sessions) = self.sessions_of(&router, peering, &coming, &RoutePolicy::DenyAll).await? else { return Ok(vec![]) };
        let side = OtherSide { sessions: &sessions, operator: self.settings.operator_asn, name: &self.settings.operator_name };
        Ok(Language::ALL.into_iter().map(|language| (language.name().to_owned(), side.render(language))).collect())
    }

    async fn edge_of(&self, peering: &Peering, number: u16) -> Result<EdgeFacts, Error> {
        let evidence = self.store.evidence(&format!("{}/{number}", peering.id)).await?;
        let placed = self.store.placement(&peering.id, number).await?;
        let routers = self.store.routers().await?;
        let Some(router) = placed.and_then(|id| routers.into_iter().find(|r| r.id == id)) else {
            return Ok(EdgeFacts { evidence, ..EdgeFacts::default() });
        };
        let heard = self.fleet.heard(&router);
        let prefix = format!("{}_{number}_", peering.id.to_lowercase().replace('-', "_"));
        let fact = |r: &SessionReport| {
            let heard_at = heard.as_ref().map_or(self.clock.now(), |h| h.at);
            Some(SessionFact {
                peer: r.peer?,
                state: r.state,
                since: r.since.unwrap_or(heard_at),
                last_error: r.last_error.clone(),
                flaps: r.flaps,
                accepted: r.accepted,
                refused: r.refused,
            })
        };
        let (sessions, trouble) = match heard.as_ref().map(|h| &h.sessions) {
            Some(Ok(all)) => (all.iter().filter(|r| r.symbol.starts_with(&prefix)).filter_map(fact).collect(), None),
            Some(Err(why)) => (vec![], Some(why.clone())),
            None => (vec![], None),
        };
        Ok(EdgeFacts {
            real: self.fleet.engine(&router).is_real(),
            router: Some(router.name),
            sessions,
            trouble,
            evidence,
            ..EdgeFacts::default()
        })
    }

    async fn criteria(&self, peering: &Peering, record: &peerage_domain::policy::OnRecord) -> Result<Vec<(u16, Vec<Criterion>)>, Error> {
        let asns = self.store.asns_of(&peering.organisation).await?;
        let contacts = asns.iter().find(|a| a.asn == peering.asn).map(|a| a.contacts.clone()).unwrap_or_default();
        let policy = &self.settings.policy;
        let mut network = judge_network(policy, peering.asn, &peering.peer_name, &contacts, record);
        if peering.legacy && !self.store.legacies().await?.iter().any(|it| it.peering.as_ref() == Some(&peering.id)) {
            network.push(unread());
        }
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

/// A request that says that its sessions run already, though nobody has read any.
fn unread() -> Criterion {
    Criterion {
        subject: say!("policy.legacy", "From before"),
        asked: say!("policy.legacy_asked", "runs already"),
        record: say!("policy.legacy_record", "not read"),
        same: Some(false),
        finding: Finding::warn(say!(
            "legacy.unread",
            "No such session was read from a router or a file. Approved, it is Active at once: without deny-all, without validation."
        )),
    }
}

pub(crate) fn command(connection: u16, verb: Verb, by: Party, note: &str) -> Command {
    Command { connection, verb, by, note: note.into(), spec: None }
}

/// What the other connections of the same peering occupy.
fn beside(peering: &Peering, connection: u16) -> Vec<Taken> {
    let others = peering.connections.iter().filter(|c| c.number != connection && !c.state.name().is_final());
    let spaces = others.flat_map(|c| c.spec.space().into_iter().chain(c.coming().space()).map(move |space| (c.number, space)));
    spaces.map(|(number, space)| Taken { space, asn: peering.asn, by: Occupant::Connection(number.into()) }).collect()
}

fn is_operators(verb: Verb) -> bool {
    peerage_domain::peering::MACHINE.iter().any(|step| step.verb == verb && step.by == Party::Operator)
}
