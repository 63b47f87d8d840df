//! The lookout: what vantage points on the Internet see of registered prefixes, judged as it is
//! heard, kept as incidents, and told to those who want to know.
//!
//! * `expected`: what is expected follows from what is registered, and from exceptions
//! * `entrances`: where traffic comes in, and whether it should
//! * `slow`: latency and loss of connections, judged by what is usual
//! * `record`: findings become incidents: one beginning, one end, in one transaction with what is
//!   to be told of them
//! * `incidents`: what people read, and say, about them
//! * `alerts`, `deliver`, `letter`, `webhook`, `mail`: who is told what, and how
//! * `sources`: RIS Live and the operator's own routers; `registry`: dumps of the IRR
//!
//! What is live and each recording that is replayed have a watch of their own, so that a replay
//! never touches what is known of now. All of it can be put together again from the database: a
//! watch whose findings could not be kept is thrown away.

mod alerts;
mod channels;
mod deliver;
mod entrances;
mod expected;
mod incidents;
mod letter;
mod mail;
mod record;
mod registry;
mod slow;
mod sources;
mod webhook;

pub use alerts::{FiredOn, MuteForm};
pub(crate) use channels::CHANNEL;
pub use channels::{Channel, ChannelForm, Way};
pub use entrances::Place;
pub(crate) use entrances::floor_of;
pub use expected::{ExceptionForm, Expects};
pub use incidents::{Detail, Effect, Scene, Statistics};
pub use mail::MailSettings;
pub use sources::{Feed, FeedState};

use crate::{Actor, Error, Service};
use expected::Owners;
use peerage_domain::{
    Prefix, Timestamp,
    access::Action,
    incident::{Kind, LINGER_S, Part, Replay},
    interest::Interest,
    say,
    sighting::Sighting,
};
use peerage_watch::route::{Expectations, Finding, Move, Watch};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// Where the Internet's routes are heard of, and how people are told.
#[derive(Clone, Debug)]
pub struct LookoutSettings {
    /// Address of RIS Live, such as `wss://ris-live.ripe.net/v1/ws/?client=NAME`; not used when absent.
    pub ris_live: Option<String>,
    /// Where the portal is reached, for links in what is told; empty when it is not known.
    pub public_url: String,
    /// Networks of the operator's own that webhooks may reach, although they are not public.
    pub webhook_allow: Vec<Prefix>,
    /// How mail is sent; it is not when absent.
    pub mail: Option<MailSettings>,
    /// Dumps of the Internet Routing Registry (RPSL), read again when they change.
    pub irr_dumps: Vec<PathBuf>,
    /// How long nothing has to be found until an incident is over, in seconds.
    pub linger_s: i64,
}

impl Default for LookoutSettings {
    fn default() -> Self {
        LookoutSettings {
            ris_live: None,
            public_url: String::new(),
            webhook_allow: vec![],
            mail: None,
            irr_dumps: vec![],
            linger_s: LINGER_S,
        }
    }
}

/// Most sightings of one batch.
pub const BATCH: usize = 50_000;
/// How long incidents are kept behind their end, in days.
const INCIDENT_DAYS: i64 = 400;
/// How long changes of routes are kept, in days.
pub(crate) const ROUTE_DAYS: i64 = 31;
/// How often is believed what was learned of who buys from whom, in seconds.
const RELEARN_S: i64 = 60;
/// Sightings from outside that are older are no news, in seconds.
const OLD_S: i64 = 6 * 3600;
/// A replay of which nothing came for so long is over, in seconds.
const REPLAY_IDLE_S: i64 = 900;

/// The watch of what is live, or of one recording.
struct Realm {
    watch: Watch,
    /// By what it was made: the expectations, the set of VRPs and that of route objects.
    version: String,
    vrps: usize,
    objects: usize,
    replay: Option<Replay>,
    used: Timestamp,
    /// When it last believed what it learned of who buys from whom.
    relearned: Timestamp,
}

#[derive(Default)]
struct World {
    /// By the name of the recording; empty for what is live.
    realms: BTreeMap<String, Realm>,
    /// Who sees what happens to a prefix.
    owners: Arc<Owners>,
    /// Who says what is meant of it.
    holders: Arc<Owners>,
    expectations: Expectations,
    version: String,
    entrances: entrances::Known,
    slow: slow::Known,
    registry: registry::Registry,
}

/// The lookout of this process. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Lookout {
    world: Arc<Mutex<World>>,
    /// One batch at a time, so that findings are kept in the order in which they are found.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// What sources look for before anything else of a message is read.
    interest: Arc<RwLock<Option<Arc<Interest>>>>,
    sources: Arc<Mutex<sources::Sources>>,
}

impl Lookout {
    fn world(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere loses what was not kept; the next use begins from the database.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interest(&self) -> Option<Arc<Interest>> {
        self.interest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What came of a batch of sightings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Sightings of watched prefixes.
    pub watched: usize,
    /// Findings that opened, changed or ended.
    pub findings: usize,
}

impl Service {
    /// Takes what vantage points saw, of what is live or of a recording; in the order of time.
    /// What it shows is kept when this returns.
    ///
    /// # Errors
    /// When storage fails; the batch can be given again then.
    pub async fn sight(&self, replay: Option<Replay>, sightings: Vec<Sighting>) -> Result<Taken, Error> {
        if sightings.len() > BATCH {
            return Err(Error::Refused(say!("batch.sightings", "A batch has at most {most} sightings.", most = BATCH)));
        }
        let _alone = self.lookout.turn.lock().await;
        // From here on `tend_lookout` keeps them up.
        if self.lookout.world().version.is_empty() {
            self.refresh_expectations().await?;
        }
        let name = replay.as_ref().map(|replay| replay.name.clone()).unwrap_or_default();
        self.wake(&name, replay).await?;
        let mut taken = Taken::default();
        let outcome = self.with_realm(&name, |realm, findings| {
            for sighting in sightings {
                taken.watched += usize::from(realm.watch.concerns(&sighting));
                realm.watch.take(sighting, &mut |finding| findings.push(finding));
            }
        });
        taken.findings = self.keep_sighted(&name, outcome).await?;
        Ok(taken)
    }

    /// The same, for somebody who brings sightings from outside. What is too far in the future is
    /// refused: it would keep everything that comes after it from being seen in time.
    ///
    /// # Errors
    /// When the actor may not, a time cannot be, or storage fails.
    pub async fn sight_as(&self, actor: &Actor, replay: Option<Replay>, mut sightings: Vec<Sighting>) -> Result<Taken, Error> {
        actor.may(Action::ManageSources)?;
        let now = self.clock.now();
        if let Some(late) = sightings.iter().find(|it| it.at.since(now) > 300) {
            return Err(Error::Refused(say!("batch.future", "time {time} lies in the future; check the sender's clock", time = late.at)));
        }
        if replay.is_some() {
            return self.sight(replay, sightings).await;
        }
        if let Some(old) = sightings.iter().find(|it| now.since(it.at) > OLD_S) {
            let (time, hours) = (old.at, OLD_S / 3600);
            return Err(Error::Refused(say!(
                "batch.old",
                "time {time} is more than {hours} hours ago; send it as a replay",
                time = time,
                hours = hours
            )));
        }
        // The clock of one source that runs ahead moves nobody else's.
        sightings.iter_mut().for_each(|it| it.at = it.at.min(now));
        let count = sightings.len();
        let taken = self.sight(None, sightings).await?;
        self.heard_by_http(&actor.name, count, taken.watched);
        Ok(taken)
    }

    /// The name of a replay that begins: another one where there was a replay of this name, of which
    /// something is still known.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn new_replay_as(&self, actor: &Actor, name: &str) -> Result<String, Error> {
        actor.may(Action::ManageSources)?;
        let mut number = 1;
        loop {
            let candidate = if number == 1 { name.to_owned() } else { format!("{name} ({number})") };
            let is_open = self.lookout.world().realms.contains_key(&candidate);
            if !is_open && !self.store.knows_replay(&candidate).await? {
                return Ok(candidate);
            }
            number += 1;
        }
    }

    /// The same as [`Service::end_replay`], for somebody who replays from outside.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn end_replay_as(&self, actor: &Actor, name: &str) -> Result<(), Error> {
        actor.may(Action::ManageSources)?;
        self.end_replay(name).await
    }

    /// A replay is over: what it left open ends with it.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn end_replay(&self, name: &str) -> Result<(), Error> {
        let _alone = self.lookout.turn.lock().await;
        self.refresh_expectations().await?;
        self.wake(name, None).await?;
        self.give_up(name).await
    }

    /// What a replay left open ends, and what its vantage points have is not known any more: it does
    /// not come back with the next start.
    async fn give_up(&self, name: &str) -> Result<(), Error> {
        let outcome = self.with_realm(name, |realm, _| {
            realm.watch.forget();
            realm.watch.set_expectations(Expectations::default());
        });
        self.keep_sighted(name, outcome).await?;
        self.lookout.world().realms.remove(name);
        Ok(())
    }

    /// What has to be done as time goes on: judge by what was registered or excepted meanwhile,
    /// end what was over for long enough, give up replays that nobody goes on with.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn tend_lookout(&self) -> Result<(), Error> {
        // A dump takes seconds to read: what is seen meanwhile is judged all the same.
        self.read_registry().await;
        let measured = self.measured_lately().await;
        let _alone = self.lookout.turn.lock().await;
        self.refresh_expectations().await?;
        self.wake("", None).await?;
        let now = self.clock.now();
        let names: Vec<String> = {
            let mut world = self.lookout.world();
            for realm in world.realms.values_mut().filter(|realm| now.since(realm.relearned) > RELEARN_S) {
                realm.relearned = now;
                realm.watch.relearn();
            }
            world.realms.keys().cloned().collect()
        };
        for name in names {
            if self.brought_up_to_date(&name) {
                let outcome = self.with_realm(&name, |realm, _| {
                    if name.is_empty() {
                        realm.watch.pass(now);
                    }
                });
                self.keep_sighted(&name, outcome).await?;
            }
        }
        let idle: Vec<String> = {
            let world = self.lookout.world();
            let is_idle = |realm: &Realm| realm.replay.is_some() && now.since(realm.used) > REPLAY_IDLE_S;
            world.realms.iter().filter(|(_, realm)| is_idle(realm)).map(|(name, _)| name.clone()).collect()
        };
        for name in idle {
            self.give_up(&name).await?;
        }
        self.judge_entrances().await?;
        // Measurements that cannot be read keep nobody from being told of routes.
        let judged = match measured {
            Ok(measured) => self.judge_measured(measured).await,
            Err(error) => Err(error),
        };
        if let Err(error) = judged {
            tracing::error!(%error, "latency could not be judged");
        }
        self.close_incidents().await?;
        self.wake_muted().await?;
        self.schedule_reports().await
    }

    /// Forgets what is older than it is kept.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn forget_old_incidents(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        tx.forget_incidents(now.plus_secs(-INCIDENT_DAYS * 86_400)).await?;
        tx.forget_route_changes(now.plus_secs(-ROUTE_DAYS * 86_400)).await?;
        Ok(tx.commit().await?)
    }

    /// Replays that were not over when the process ended go on, or are given up in time.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn resume_lookout(&self) -> Result<(), Error> {
        let _alone = self.lookout.turn.lock().await;
        self.refresh_expectations().await?;
        for name in self.store.open_replays().await? {
            self.wake(&name, Some(Replay { name: name.clone(), moved_s: 0, told: false })).await?;
        }
        self.wake("", None).await
    }

    /// Puts the watch of a realm together from the database, when it is not there.
    async fn wake(&self, name: &str, replay: Option<Replay>) -> Result<(), Error> {
        let now = self.clock.now();
        if let Some(realm) = self.lookout.world().realms.get_mut(name) {
            realm.used = now;
            // Whoever goes on with it says how it is meant.
            realm.replay = replay.or(realm.replay.take());
            return Ok(());
        }
        let changes = self.store.last_route_changes(name).await?;
        let parts = self.store.open_parts(name).await?;
        let vrps = self.vrps();
        {
            let mut world = self.lookout.world();
            let vrps_are = vrps.as_ref().map_or(0, |vrps| Arc::as_ptr(vrps) as usize);
            let known = vrps.as_deref().cloned().unwrap_or_default();
            let mut watch = Watch::new(world.expectations.clone(), known).with_moves().learning();
            watch.pass(if name.is_empty() { now } else { changes.last().map(|it| it.at).unwrap_or_default() });
            watch.restore(changes);
            // Entrances and what is measured are judged by themselves.
            let is_routed = |part: &&Part| part.kind != Kind::Suboptimal && part.measured.is_none();
            parts.iter().filter(is_routed).for_each(|part| watch.resume(part));
            watch.relearn();
            let version = world.version.clone();
            let realm = Realm { watch, version, vrps: vrps_are, objects: 0, replay, used: now, relearned: now };
            world.realms.insert(name.to_owned(), realm);
        }
        let outcome = self.with_realm(name, |_, _| ());
        self.keep_sighted(name, outcome).await.map(|_| ())
    }

    /// Has a realm judge by what is expected and what the RPKI says now; tells whether that changed.
    fn brought_up_to_date(&self, name: &str) -> bool {
        let vrps = self.vrps();
        let address = vrps.as_ref().map_or(0, |vrps| Arc::as_ptr(vrps) as usize);
        let mut world = self.lookout.world();
        let world = &mut *world;
        let Some(realm) = world.realms.get_mut(name) else { return false };
        let (expected, known) = (realm.version != world.version, realm.vrps != address);
        if expected {
            realm.watch.set_expectations(world.expectations.clone());
            realm.version.clone_from(&world.version);
        }
        let objects = world.registry.objects();
        let declared = realm.objects != Arc::as_ptr(objects) as usize;
        if declared {
            realm.watch.set_route_objects(objects.clone());
            realm.objects = Arc::as_ptr(objects) as usize;
        }
        if known {
            realm.watch.set_vrps(vrps.as_deref().cloned().unwrap_or_default());
            realm.vrps = address;
        }
        expected || known || declared
    }

    /// Has the watch of a realm do something, and gives what it found by it.
    fn with_realm(&self, name: &str, work: impl FnOnce(&mut Realm, &mut Vec<Finding>)) -> (Option<Replay>, Vec<Finding>, Vec<Move>) {
        self.brought_up_to_date(name);
        let mut world = self.lookout.world();
        let Some(realm) = world.realms.get_mut(name) else { return (None, vec![], vec![]) };
        let mut findings = vec![];
        work(realm, &mut findings);
        realm.watch.settle(&mut |finding| findings.push(finding));
        (realm.replay.clone(), findings, realm.watch.moves())
    }

    /// Keeps what was found. What could not be kept is forgotten here, too: the database says what
    /// is known.
    async fn keep_sighted(&self, name: &str, outcome: (Option<Replay>, Vec<Finding>, Vec<Move>)) -> Result<usize, Error> {
        let (replay, findings, moves) = outcome;
        let count = findings.len();
        if count == 0 && moves.is_empty() {
            return Ok(0);
        }
        let kept = self.record(name, replay, findings.iter().map(record::Told::from).collect(), moves).await;
        if kept.is_err() {
            self.lookout.world().realms.remove(name);
        }
        kept.map(|()| count)
    }
}
