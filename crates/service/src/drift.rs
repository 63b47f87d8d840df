//! What the routers have beside what they should have, what a step would change on them, and
//! bringing them back.

use crate::{
    Actor, Error, Service,
    intents::{Change, Wanted},
};
use peerage_domain::{
    Finding, Next, Prefix, Text, Verdict,
    access::Action,
    peering::{Command, Connection, DirectType, Party, Peering, SessionState, StateName, Verb},
    router::Router,
    rpki::Vrps,
    say,
    session::ConnectionSpec,
};
use peerage_edge::{
    Engine, Fault, FileDiff, Reveal, adoption, differences,
    intent::{RoutePolicy, Session},
    rollout::{Pace, compare, roll_out},
    strays,
};

use peerage_storage::Tx;
use std::{collections::BTreeMap, time::Duration};

/// How a router differs from what is on record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Files that are not as they should be.
    pub files: Vec<FileDiff>,
    /// What its sessions show.
    pub findings: Vec<Finding>,
    /// What of it the record can take over.
    pub adoptable: Vec<Text>,
    /// Whether that is all that differs in the files.
    pub wholly: bool,
}

/// A session as it is on the router, and what is different in it.
type Taken = (Session, Vec<Text>);

/// The connections that can take over what is on the router, and whether each is a voice one.
#[derive(Default)]
struct Adoptable(BTreeMap<(String, u16), bool>);

impl Adoptable {
    /// Whether a session may become what it is on the router: voice always has BFD.
    fn allow(&self, session: &Session) -> bool {
        let voice = self.0.get(&(session.peering.to_string(), session.connection));
        voice.is_some_and(|voice| session.bfd || !voice)
    }
}

impl Service {
    /// How a router differs from what it should run.
    ///
    /// # Errors
    /// When the actor may not, the router is unknown, or it does not tell.
    pub async fn drift(&self, actor: &Actor, id: &str) -> Result<Drift, Error> {
        actor.may(Action::ManageRouters)?;
        self.drift_of(&self.router_by_id(id).await?).await
    }

    async fn drift_of(&self, router: &Router) -> Result<Drift, Error> {
        let intent = self.router_intent(router, None).await?.map_err(Error::Refused)?;
        let (now, rules, vrps) = (self.clock.now(), self.adoptable(router).await?, self.vrps());
        let seen = self.fleet.look(router, move |engine| {
            engine.ready()?;
            let files = differences(&engine.written()?, &engine.render(&intent, Reveal::Shown));
            let adoption = adoption(engine, &intent, |session| rules.allow(session))?;
            let adoptable: Vec<Text> = adoption.sessions.into_iter().flat_map(|(_, changes)| changes).collect();
            let wholly = !files.is_empty() && adoption.left.is_empty();
            let reports = engine.sessions(now)?;
            let mut findings = strays(&intent, &reports);
            // A filter may have been changed and its file put back: only the routes show it.
            let up = |session: &&Session| {
                reports.iter().any(|report| report.symbol == session.symbol() && report.state == SessionState::Established)
            };
            for session in intent.sessions.iter().filter(up) {
                findings.extend(unexpected(
                    engine,
                    session,
                    &intent.router.announce,
                    vrps.as_deref().filter(|_| !intent.router.rpki.is_empty()),
                )?);
            }
            Ok::<Drift, Fault>(Drift { files, findings, adoptable, wholly })
        });
        seen.await?.map_err(|fault| Error::Refused(say!("drift.unknown", "Nothing can be compared: {fault}.", fault = fault)))
    }

    /// Brings a router back to what it should run.
    ///
    /// # Errors
    /// When the actor may not, the router is unknown, or it refuses.
    pub async fn take_back(&self, actor: &Actor, id: &str) -> Result<Vec<Finding>, Error> {
        actor.may(Action::ManageRouters)?;
        let router = self.router_by_id(id).await?;
        let intent = self.router_intent(&router, None).await?.map_err(Error::Refused)?;
        let (now, vrps) = (self.clock.now(), self.vrps());
        let done = self.fleet.drive(&router, move |engine| {
            let all: Vec<_> = intent.sessions.iter().collect();
            let off = engine.sessions(now)?.into_iter().filter(|report| report.disabled);
            for session in off.filter_map(|report| intent.sessions.iter().find(|s| s.symbol() == report.symbol)) {
                engine.switch_on(session)?;
            }
            let outcome = roll_out(engine, &intent, &all, vrps.as_deref(), Pace::default(), now)?;
            // One that was just switched on takes a while to come up.
            let left = |finding: &Finding| matches!(finding.code.as_str(), "drift.extra" | "drift.missing" | "drift.filter");
            Ok::<_, Fault>((outcome, strays(&intent, &engine.sessions(now)?).into_iter().filter(left).collect::<Vec<_>>()))
        });
        let (outcome, left) =
            done.await?.map_err(|fault| Error::Refused(say!("drift.refused", "The router was not changed: {fault}.", fault = fault)))?;
        self.fleet.listen(&router, now).await?;
        if outcome.kept {
            let left: Vec<Text> = left.into_iter().map(|finding| finding.sentence).collect();
            return if left.is_empty() { Ok(outcome.findings) } else { Err(Error::Several(left)) };
        }
        Err(Error::Several(outcome.findings.into_iter().map(|finding| finding.sentence).collect()))
    }

    /// Takes over into the record what was changed by hand on a router and has a place there;
    /// tells what was taken over.
    ///
    /// # Errors
    /// When the actor may not, the router is unknown or does not tell, or there is nothing to
    /// take over now.
    pub async fn adopt(&self, actor: &Actor, id: &str) -> Result<Vec<Text>, Error> {
        actor.may(Action::ManageRouters)?;
        let router = self.router_by_id(id).await?;
        let intent = self.router_intent(&router, None).await?.map_err(Error::Refused)?;
        let rules = self.adoptable(&router).await?;
        let seen = self.fleet.look(&router, move |engine| adoption(engine, &intent, |session| rules.allow(session))).await?;
        let found = seen.map_err(|fault| Error::Refused(say!("drift.unknown", "Nothing can be compared: {fault}.", fault = fault)))?;
        if found.sessions.is_empty() {
            return Err(Error::Refused(say!("drift.nothing", "Nothing of what differs has a place on record. Take it back instead.")));
        }
        let mut by_connection: BTreeMap<(String, u16), Vec<Taken>> = BTreeMap::new();
        for (session, changes) in found.sessions {
            by_connection.entry((session.peering.to_string(), session.connection)).or_default().push((session, changes));
        }
        let mut tx = self.store.begin().await?;
        let (mut told, mut changed) = (vec![], vec![]);
        for ((id, number), sessions) in by_connection {
            let (organisation, changes) = self.adopt_into(&mut tx, actor, &id, number, sessions).await?;
            told.extend(changes);
            changed.push((id, organisation));
        }
        tx.commit().await?;
        changed.iter().for_each(|(id, organisation)| self.live.tell(id, organisation));
        Ok(told)
    }

    /// Takes over what the sessions of one connection are on the router.
    async fn adopt_into(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: &str,
        number: u16,
        sessions: Vec<Taken>,
    ) -> Result<(String, Vec<Text>), Error> {
        let mut it = tx.peering(id).await?.ok_or_else(|| Error::NotFound("peering", id.to_string()))?;
        let spec = it.body.connection(number).map(|c| c.spec.clone());
        let mut spec = spec.ok_or_else(|| Error::NotFound("connection", format!("{id}/{number}")))?;
        let mut told = vec![];
        for (session, changes) in sessions {
            let subject = format!("{id}/{number}");
            match &session.md5 {
                Some(key) => tx.save_secret(&subject, &self.vault.seal(key.reveal())?).await?,
                None => tx.delete_secret(&subject).await?,
            }
            spec = adopted(spec, &session);
            told.extend(changes);
        }
        let note = told.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let command = Command { connection: number, verb: Verb::Adopt, by: Party::Operator, note, spec: Some(spec) };
        self.step(tx, &mut it.body, &command, &actor.name).await?;
        tx.save_peering(&it.body, it.version, self.clock.now()).await?;
        Ok((it.body.organisation, told))
    }

    /// Which connections of a router can take over anything now.
    async fn adoptable(&self, router: &Router) -> Result<Adoptable, Error> {
        let mut rules = Adoptable::default();
        for (id, number) in self.store.placed_on(&router.id).await? {
            let Some(peering) = self.store.peering(&id).await?.map(|v| v.body) else { continue };
            let Some(connection) = peering.connection(number) else { continue };
            if peering.possible(number).iter().any(|step| step.verb == Verb::Adopt) {
                rules.0.insert((id, number), connection.spec.direct_type == DirectType::Voice);
            }
        }
        Ok(rules)
    }

    /// What the next step of a connection would change in the files of its router; nothing
    /// when there is no router or no such step.
    ///
    /// # Errors
    /// When storage fails.
    pub(crate) async fn plan(&self, peering: &Peering, connection: &Connection) -> Result<Vec<FileDiff>, Error> {
        let wanted = match connection.state.name() {
            // A session from before the portal is taken over open.
            StateName::PendingApproval if peering.legacy => Wanted::Run(RoutePolicy::Open(self.accept(peering, connection).await?)),
            StateName::PendingApproval | StateName::Approved | StateName::ProvisioningStarted | StateName::ProvisioningFailed => {
                Wanted::Run(RoutePolicy::DenyAll)
            }
            StateName::ProvisioningCompleted | StateName::Validating => {
                Wanted::Run(RoutePolicy::Open(self.accept(peering, connection).await?))
            }
            StateName::PendingRemove => Wanted::Gone,
            _ => return Ok(vec![]),
        };
        let Ok(router) = self.router_for(peering, connection.number).await? else { return Ok(vec![]) };
        let change = Change { peering, connection: connection.number, wanted: &wanted };
        let Ok(intent) = self.router_intent(&router, Some(change)).await? else { return Ok(vec![]) };
        let engine = self.fleet.engine(&router);
        let written = engine.written().unwrap_or_default();
        Ok(differences(&written, &engine.render(&intent, Reveal::Shown)))
    }

    /// How every router differs, or the one with a name, for the command line.
    ///
    /// # Errors
    /// When there is no such router, or it does not tell.
    pub async fn plans(&self, name: &str) -> Result<Vec<(Router, Drift)>, Error> {
        let mut all = vec![];
        for router in self.store.routers().await?.into_iter().filter(|r| name.is_empty() || r.name == name) {
            let drift = self.drift_of(&router).await?;
            all.push((router, drift));
        }
        if all.is_empty() {
            return Err(Error::Refused(say!("drift.no_router", "No router of that name is registered.")));
        }
        Ok(all)
    }

    async fn router_by_id(&self, id: &str) -> Result<Router, Error> {
        let found = self.store.routers().await?.into_iter().find(|router| router.id == id);
        found.ok_or_else(|| Error::NotFound("router", id.to_string()))
    }
}

/// How often and how long apart routes are read again that do not fit: some may be on their way.
const READ_AGAIN: (u32, Duration) = (10, Duration::from_millis(200));

/// What a session has let in or announces against its policy, or not let in with it, and still has
/// after a while.
fn unexpected(engine: &dyn Engine, session: &Session, announce: &[Prefix], vrps: Option<&Vrps>) -> Result<Vec<Finding>, Fault> {
    let mut seen = vec![];
    for _ in 0..READ_AGAIN.0 {
        seen = compare(engine, session, vrps)?.into_iter().filter(|finding| finding.verdict == Verdict::Fail).collect();
        if seen.is_empty() {
            break;
        }
        std::thread::sleep(READ_AGAIN.1);
    }
    // Under deny-all nothing is announced, else the operator's prefixes and nothing else.
    let own: Vec<Prefix> = if session.policy.accept().is_some() { announce.to_vec() } else { vec![] };
    let extra: Vec<String> =
        engine.announced(session)?.unwrap_or_default().iter().filter(|prefix| !own.contains(prefix)).map(ToString::to_string).collect();
    if !extra.is_empty() {
        seen.push(Finding::new(
            Verdict::Fail,
            say!(
                "drift.announced",
                "{session} announces {count} prefixes that it should not: {list}.",
                session = session.id(),
                count = extra.len(),
                list = extra.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
            ),
            Next::Operator,
        ));
    }
    Ok(seen)
}

/// A connection with the settings that one of its sessions has on the router.
fn adopted(old: ConnectionSpec, session: &Session) -> ConnectionSpec {
    let mut spec = ConnectionSpec { gtsm: session.gtsm, bfd: session.bfd, has_md5: session.md5.is_some(), ..old };
    let most = if session.is_ipv4() { &mut spec.max_prefixes_ipv4 } else { &mut spec.max_prefixes_ipv6 };
    *most = Some(session.max_prefixes);
    spec
}
