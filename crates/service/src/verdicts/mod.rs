//! Whether prefixes get the service, always current: what the routers receive is read as soon as
//! it changes, what it touches is judged again, and what changed is kept and told.

mod entrances;
mod read;
mod record;
mod told;

use crate::{
    Error, Service,
    intents::running_policy,
    irr::Declaration,
    providers::{Partners, Placed},
    routes::Judged,
};
pub(crate) use entrances::Entrance;
use peerage_domain::{
    Asn, Prefix, Timestamp,
    peering::{Kind, Peering, SessionState, StateName},
    rpki::Vrps,
    service::{
        Announcement, Community, Session, events,
        verdict::{Judgement, RpkiFact},
    },
};
use peerage_edge::{Fault, intent::RoutePolicy, state::Hop};
use peerage_storage::service::StoredVerdict;
use peerage_watch::{Book, Declarations, Surroundings, View};
use record::Record;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
pub(crate) use told::event_id;

/// How old what a router said may be before it counts as silent, in seconds.
const STALE_S: i64 = 20;

/// Where what is said about a prefix belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owner {
    /// The connection or the peering.
    id: String,
    organisation: String,
    /// Whether route events are kept for it.
    customer: bool,
}

/// What a session's routes were read at: as long as it is the same, so are they.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    updates: Option<u64>,
    since: Option<Timestamp>,
    policy: RoutePolicy,
    rpki: usize,
}

/// What is known of the routes and registrations in this process.
#[derive(Default)]
struct World {
    view: View,
    book: Book,
    owners: HashMap<String, Owner>,
    sessions: HashMap<String, Session>,
    marks: HashMap<String, Mark>,
    declarations: Declarations,
    version: String,
    /// What the RPKI said at the last look.
    vrps: Option<Arc<Vrps>>,
    /// A hash of how each prefix was judged last; what is the same need not be compared with the record.
    judged: HashMap<String, u64>,
    /// What somebody asked to be looked at again.
    asked: HashSet<String>,
    /// Customers' prefixes of which the routes changed since their entrances were judged.
    moved: HashSet<String>,
}

/// What a look found to be otherwise than at the last one.
#[derive(Default)]
struct Changed {
    sessions: HashSet<String>,
    prefixes: HashSet<Prefix>,
}

impl World {
    /// Takes over what a session announces.
    fn hear(&mut self, session: &str, routes: Vec<(Prefix, Announcement)>, mark: Option<Mark>, changed: &mut Changed) {
        if !self.view.is_heard(session) {
            changed.sessions.insert(session.to_owned());
        }
        changed.prefixes.extend(self.view.replace(session, routes));
        match mark {
            Some(mark) => drop(self.marks.insert(session.to_owned(), mark)),
            None => drop(self.marks.remove(session)),
        }
    }

    /// The router of a session does not tell.
    fn silence(&mut self, session: &str, changed: &mut Changed) {
        if self.view.is_heard(session) {
            changed.sessions.insert(session.to_owned());
        }
        self.view.silence(session);
        self.marks.remove(session);
    }
}

/// Which set of VRPs it is: those that are held do not share an address.
fn address(vrps: Option<&Arc<Vrps>>) -> usize {
    vrps.map_or(0, |vrps| Arc::as_ptr(vrps) as usize)
}

/// The world of this process. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    world: Arc<Mutex<World>>,
    /// One look at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Watch {
    fn world(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere loses one look; the next one begins from what the routers say.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session that carries the service, or prefixes that are registered under its peering.
struct Wanted {
    session: Session,
    symbol: String,
    placed: Placed,
}

/// What a look came to, for one prefix.
struct Change {
    subject: String,
    prefix: Prefix,
    owner: Owner,
    origins: BTreeSet<Asn>,
    judgement: Judgement,
}

/// Under which name a customer's prefix is judged.
pub(crate) fn subject(connection: &str, prefix: Prefix) -> String {
    format!("{connection} {prefix}")
}

impl Service {
    /// Looks at what changed on the routers and on record, judges what it touches, and keeps and
    /// tells what is judged otherwise than before. Gives how many prefixes that are.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn watch_prefixes(&self) -> Result<usize, Error> {
        let _alone = self.watch.turn.lock().await;
        let partners = self.partners().await?;
        let wanted = self.wanted(&partners);
        let mut dirty = self.read_registrations(&partners, &wanted).await?;
        dirty.extend(self.read_routes(&wanted).await?);
        dirty.extend(self.read_declarations(&partners).await?);
        self.watch.world().moved.extend(dirty.iter().cloned());
        let changes = self.judge(dirty);
        let count = changes.len();
        for part in changes.chunks(500) {
            self.keep(part).await?;
        }
        Ok(count)
    }

    /// Says that something changed on a router: the next look comes at once.
    pub fn nudge(&self) {
        self.bell.notify_one();
    }

    /// Waits until somebody says that something changed.
    pub async fn nudged(&self) {
        self.bell.notified().await;
    }

    /// The community that tags routes for the service.
    pub fn service_community(&self) -> Community {
        self.settings.service_community.unwrap_or_else(|| Community::of(self.settings.operator_asn))
    }

    /// Every session of an Active Direct connection.
    fn wanted(&self, partners: &Partners) -> Vec<Wanted> {
        let mut found = vec![];
        for placed in partners.placed.values().flatten() {
            let (Some(connection), Some(router)) = (placed.connection(), placed.router.as_ref()) else { continue };
            if placed.peering.kind != Kind::Direct || connection.state.name() != StateName::Active {
                continue;
            }
            for address in connection.spec.endpoint.peer_addresses() {
                let (id, location) = (placed.session_id(address), placed.peering.location.clone());
                let session = Session { id, address, router: router.name.clone(), location, up: None };
                found.push(Wanted { session, symbol: placed.symbol(address), placed: placed.clone() });
            }
        }
        found
    }

    /// Reads what is registered, when it changed; gives what is new or changed.
    async fn read_registrations(&self, partners: &Partners, wanted: &[Wanted]) -> Result<HashSet<String>, Error> {
        let version = self.store.service_version().await?;
        if self.watch.world().version == version {
            return Ok(HashSet::new());
        }
        let record = Record {
            registrations: self.store.registrations(None).await?.into_iter().map(|(it, _)| (it.id.clone(), it)).collect(),
            keys: self.store.all_keys().await?.into_iter().map(|key| (key.id.clone(), key)).collect(),
            connections: self.store.all_connections().await?,
            prefixes: self.store.all_prefixes().await?,
            customers: self.store.all_registered_asns().await?.into_iter().collect(),
            names: self.names().await?,
            now: self.clock.now(),
        };
        let directory = self.directory().await?;
        let place = |id: &str| directory.location(id).map_or_else(|| id.to_owned(), |l| format!("{}, {}", l.name, l.city));
        let (entries, owners) = record.entries(partners, wanted, &self.settings.requirements, place);
        let mut world = self.watch.world();
        let (fresh, gone) = world.book.replace(entries);
        for id in gone {
            world.judged.remove(&id);
        }
        world.owners = owners;
        world.version = version;
        Ok(fresh)
    }

    /// The names of approved ASNs, by organisation.
    async fn names(&self) -> Result<HashMap<String, Vec<(String, Asn)>>, Error> {
        let mut names: HashMap<String, Vec<(String, Asn)>> = HashMap::new();
        for asn in self.store.asns().await?.into_iter().filter(|asn| asn.is_approved()) {
            names.entry(asn.organisation.clone()).or_default().push((asn.peer_name.clone(), asn.asn));
        }
        Ok(names)
    }

    /// Reads the routes of sessions that changed; gives what they touch.
    async fn read_routes(&self, wanted: &[Wanted]) -> Result<HashSet<String>, Error> {
        let vrps = self.vrps();
        let mut changed = Changed::default();
        let mut known: HashMap<String, Session> = HashMap::new();
        for want in wanted {
            if let Some(session) = self.look_at(want, vrps.clone(), &mut changed).await? {
                known.insert(session.id.clone(), session);
            }
        }
        self.keep_sessions(&known).await?;
        let mut world = self.watch.world();
        changed.sessions.extend(world.sessions.keys().filter(|id| !known.contains_key(*id)).cloned());
        world.sessions = known;
        let mut dirty: HashSet<String> = world.book.about(&changed.prefixes).cloned().collect();
        dirty.extend(world.book.by_session(|id| changed.sessions.contains(id)).cloned());
        if address(std::mem::replace(&mut world.vrps, vrps.clone()).as_ref()) != address(vrps.as_ref()) {
            dirty.extend(world.book.ids().cloned());
        }
        Ok(dirty)
    }

    /// Looks at one session, and reads its routes when its counters say that they may have changed.
    async fn look_at(&self, want: &Wanted, vrps: Option<Arc<Vrps>>, changed: &mut Changed) -> Result<Option<Session>, Error> {
        let (Some(router), Some(connection)) = (want.placed.router.as_ref(), want.placed.connection()) else { return Ok(None) };
        let heard = self.fleet.heard(router).filter(|heard| self.clock.now().since(heard.at) <= STALE_S);
        let reports = heard.and_then(|heard| heard.sessions.ok());
        let report = reports.as_ref().and_then(|all| all.iter().find(|report| report.symbol == want.symbol));
        let up = reports.as_ref().map(|_| report.is_some_and(|report| report.state == SessionState::Established));
        let session = Session { up, ..want.session.clone() };
        let id = &session.id;
        let accept = self.accept(&want.placed.peering, connection).await?;
        let policy = running_policy(&connection.state, &accept).unwrap_or(RoutePolicy::DenyAll);
        let rpki = address(vrps.as_ref());
        let mark = report.map(|report| Mark { updates: report.updates, since: report.since, policy: policy.clone(), rpki });
        let same = {
            let world = self.watch.world();
            if world.sessions.get(id) != Some(&session) {
                changed.sessions.insert(id.clone());
            }
            world.marks.get(id) == mark.as_ref()
        };
        match (up, mark) {
            (Some(true), Some(mark)) if !same => match self.routes_of(want, &policy, vrps).await? {
                Ok(routes) => self.watch.world().hear(id, routes, Some(mark), changed),
                Err(fault) => {
                    tracing::warn!(session = id, %fault, "the routes could not be read");
                    self.watch.world().silence(id, changed);
                }
            },
            (Some(false), _) => self.watch.world().hear(id, vec![], None, changed),
            // What it says when it answers again is read anew.
            (None, _) => self.watch.world().silence(id, changed),
            (Some(true), _) => {}
        }
        Ok(Some(session))
    }

    /// Keeps which sessions went up or down since the last look.
    async fn keep_sessions(&self, known: &HashMap<String, Session>) -> Result<(), Error> {
        let changed: Vec<(String, Option<bool>)> = {
            let world = self.watch.world();
            let is_news = |session: &&Session| world.sessions.get(&session.id).is_none_or(|before| before.up != session.up);
            known.values().filter(is_news).map(|session| (session.id.clone(), session.up)).collect()
        };
        if changed.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        for (session, up) in changed {
            tx.add_session_change(&session, now, crate::metrics::state_word(up)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Everything that a session announces, as far as it matters for the service.
    async fn routes_of(
        &self,
        want: &Wanted,
        policy: &RoutePolicy,
        vrps: Option<Arc<Vrps>>,
    ) -> Result<Result<Vec<(Prefix, Announcement)>, Fault>, Error> {
        let (Some(router), Some(connection)) = (want.placed.router.as_ref(), want.placed.connection()) else { return Ok(Ok(vec![])) };
        let sessions = match self.sessions_of(router, &want.placed.peering, connection, policy).await? {
            Ok(sessions) => sessions,
            Err(why) => return Ok(Err(Fault::Strange(why.to_string()))),
        };
        let Some(session) = sessions.into_iter().find(|session| session.symbol() == want.symbol) else { return Ok(Ok(vec![])) };
        let on_router = !self.settings.rpki.caches.is_empty();
        let community = self.service_community();
        let read = self.fleet.look(router, move |engine| -> Result<Vec<(Prefix, Announcement)>, Fault> {
            let judged = crate::routes::judged(engine, &session, vrps.as_deref(), on_router)?;
            let tagged = engine.tagged(&session, community)?;
            Ok(judged.into_iter().map(|it| (it.route.prefix, announcement(it, community, tagged.as_ref()))).collect())
        });
        read.await
    }

    /// The prefixes of an ASN that a peering's sessions receive.
    pub(crate) async fn received_from(&self, peering: &Peering, asn: Asn) -> Result<Vec<Prefix>, Error> {
        self.watch_prefixes().await?;
        let wanted = self.wanted(&*self.partners().await?);
        let world = self.watch.world();
        let of = wanted.iter().filter(|want| want.placed.peering.id == peering.id);
        Ok(of.flat_map(|want| world.view.originated(&want.session.id, asn)).collect())
    }

    /// What the IRR says of the partners that registered something.
    async fn read_declarations(&self, partners: &Partners) -> Result<HashSet<String>, Error> {
        if self.settings.irr.servers.is_empty() {
            return Ok(HashSet::new());
        }
        let networks: BTreeSet<Asn> = {
            let world = self.watch.world();
            world.book.ids().filter_map(|id| world.book.entry(id)).map(|entry| entry.coverage.asn).collect()
        };
        let mut changed: HashSet<Asn> = HashSet::new();
        for asn in networks.into_iter().filter(|asn| partners.placed.contains_key(asn)) {
            let fresh = match self.declared(asn).await? {
                Declaration::Unasked | Declaration::Asking => None,
                Declaration::Heard(heard) => Some(heard),
            };
            let mut world = self.watch.world();
            if world.declarations.get(&asn) != Some(&fresh) {
                world.declarations.insert(asn, fresh);
                changed.insert(asn);
            }
        }
        let world = self.watch.world();
        let of = |id: &&String| world.book.entry(id).is_some_and(|entry| changed.contains(&entry.coverage.asn));
        Ok(world.book.ids().filter(of).cloned().collect())
    }

    /// Judges what may be judged otherwise now; gives what is.
    fn judge(&self, mut dirty: HashSet<String>) -> Vec<Change> {
        let vrps = self.vrps();
        let rpki = match &vrps {
            Some(vrps) => RpkiFact::Known(vrps),
            None if self.settings.rpki.is_set() => RpkiFact::Silent,
            None => RpkiFact::Unasked,
        };
        let mut world = self.watch.world();
        dirty.extend(std::mem::take(&mut world.asked));
        let world = &mut *world;
        let irr = (!self.settings.irr.servers.is_empty()).then_some(&world.declarations);
        let around = Surroundings { sessions: &world.sessions, community: self.service_community(), rpki, irr };
        let mut changes = vec![];
        for id in dirty {
            let (Some(entry), Some(owner)) = (world.book.entry(&id), world.owners.get(&id)) else { continue };
            let Some(judgement) = world.book.judge(&id, &world.view, &around) else { continue };
            let hash = digest(&judgement);
            if world.judged.insert(id.clone(), hash) != Some(hash) {
                let origins = entry.origins.clone();
                changes.push(Change { prefix: entry.prefix, owner: owner.clone(), origins, judgement, subject: id });
            }
        }
        changes
    }

    /// Keeps what changed, with the events that it means for customers, and tells it.
    async fn keep(&self, changes: &[Change]) -> Result<(), Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mut told: BTreeSet<(String, String)> = BTreeSet::new();
        for change in changes {
            let before = tx.verdict(&change.subject).await?;
            if before.as_ref().is_some_and(|before| before.judgement == change.judgement) {
                continue;
            }
            let same = before.as_ref().is_some_and(|it| is_same(&it.judgement, &change.judgement));
            let at = before.as_ref().filter(|_| same).map_or(now, |before| before.at);
            let verdict = StoredVerdict { subject: change.subject.clone(), at, judgement: change.judgement.clone() };
            tx.save_verdict(&change.owner.id, change.prefix, &verdict, !same).await?;
            // After another choice of provider or locations, nothing is known of what these sessions had.
            let comparable = before.as_ref().is_none_or(|before| !before.judgement.evidence.is_empty());
            let seen = before.map(|before| before.judgement.evidence).unwrap_or_default();
            let happened = events::happened(&seen, &change.judgement.evidence, &change.origins);
            for happened in happened.into_iter().filter(|_| change.owner.customer && comparable) {
                let event = told::route_event(change.prefix, happened, now);
                let id = event_id(&change.owner.organisation, &event);
                tx.add_route_event(&id, &change.owner.organisation, &event).await?;
                told.insert(("events".to_owned(), change.owner.organisation.clone()));
            }
            told.insert((change.owner.id.clone(), change.owner.organisation.clone()));
        }
        tx.commit().await?;
        for (subject, organisation) in told {
            self.live.tell(&subject, &organisation);
        }
        Ok(())
    }
}

/// Whether the state and what is wrong are the same; what was seen may differ.
fn is_same(before: &Judgement, after: &Judgement) -> bool {
    before.state == after.state && before.codes() == after.codes()
}

fn digest(judgement: &Judgement) -> u64 {
    let mut hasher = DefaultHasher::new();
    judgement.state.hash(&mut hasher);
    for finding in &judgement.findings {
        (finding.verdict, &finding.sentence).hash(&mut hasher);
    }
    for it in &judgement.evidence {
        (&it.session, it.role, it.heard, &it.route).hash(&mut hasher);
    }
    hasher.finish()
}

fn announcement(it: Judged, community: Community, tagged: Option<&BTreeSet<Prefix>>) -> Announcement {
    let route = &it.route;
    let stands = || match community {
        Community::Standard(a, b) => route.communities.contains(&(a, b)),
        Community::Large(a, b, c) => route.large.contains(&(a, b, c)),
    };
    let tag = match tagged {
        None => Some(stands()),
        // What is refused cannot be asked for by community there.
        Some(_) if !it.refused.is_empty() => None,
        Some(tagged) => Some(tagged.contains(&route.prefix)),
    };
    let path = route.path.iter().filter_map(|hop| if let Hop::Asn(asn) = hop { Some(*asn) } else { None });
    Announcement {
        path: path.collect(),
        origin: route.origin(),
        community: tag,
        refused: it.refused.iter().map(|reason| reason.text()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_that_answers_again_is_read_anew() {
        let (mut world, mut changed) = (World::default(), Changed::default());
        let mark = Mark { updates: Some(3), since: None, policy: RoutePolicy::DenyAll, rpki: 0 };
        world.hear("PR-1/1/v4", vec![], Some(mark), &mut changed);
        assert!(world.view.is_heard("PR-1/1/v4") && world.marks.len() == 1);
        changed = Changed::default();
        world.silence("PR-1/1/v4", &mut changed);
        assert!(!world.view.is_heard("PR-1/1/v4") && world.marks.is_empty(), "the same counters do not hide it");
        assert!(changed.sessions.contains("PR-1/1/v4"));
        changed = Changed::default();
        world.silence("PR-1/1/v4", &mut changed);
        assert!(changed.sessions.is_empty(), "it is no news twice");
    }
}
