//! The agent: what it remembers, and what it does until it is told to end.

use crate::{
    buffer::Buffer,
    clock::Clock,
    measure,
    portal::{Portal, Trouble},
    schedule, trace,
};
use peerage_domain::{
    Timestamp,
    probe::{Enrol, Measured, Orders, Report, Target, TraceOrder},
};
use serde::{Deserialize, Serialize};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashSet},
    fs::{self, File},
    io::{self, Write},
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, Semaphore};

/// So many measurements wait for answers at one time.
const AT_ONCE: usize = 400;
/// Longest time between a measurement and its way to the portal, in seconds.
const BATCH_S: i64 = 10;
/// Waits between attempts while the portal is away, in seconds.
const BACKOFF_S: [f64; 7] = [1.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0];
/// After so many losses in a row another address of the target is looked for.
const LOST: u32 = 15;
/// Waits between two searches for an address that answers, in seconds.
const SEARCH_S: i64 = 600;
const IDENTITY: &str = "probe.json";
const PENDING: &str = "enrolling.json";
const ORDERS: &str = "orders.json";

/// Why an agent does not run.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Its folder.
    #[error("{}: {why}", path.display())]
    Folder {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The portal says no.
    #[error(transparent)]
    Portal(#[from] Trouble),
    /// It has not been enrolled.
    #[error("{} has no probe.json: enrol it with --portal URL --enrol CODE; the portal shows both under Probes", .0.display())]
    Stranger(PathBuf),
    /// It is another portal's already.
    #[error("{} is the folder of {who} at {portal}: give --state another folder for another portal", path.display())]
    Other {
        /// The folder.
        path: PathBuf,
        /// The probe's name.
        who: String,
        /// Its portal.
        portal: String,
    },
}

/// As what the agent is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Identity {
    portal: String,
    token: String,
    /// The code that made it known.
    code: String,
    id: String,
    name: String,
}

/// How an agent is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its folder.
    pub state: PathBuf,
    /// Most bytes of measurements that wait for the portal.
    pub most_bytes: u64,
    /// Its clock.
    pub clock: Clock,
}

/// Writes a file so that it is there wholly or not at all, for its owner's eyes only.
fn write(path: &Path, value: &impl Serialize) -> Result<(), AgentError> {
    let fault = |error: io::Error| AgentError::Folder { path: path.to_owned(), why: error.to_string() };
    let text = serde_json::to_vec_pretty(value).map_err(|error| fault(error.into()))?;
    let part = path.with_extension("part");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&part).and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()));
    written.and_then(|()| fs::rename(&part, path)).map_err(fault)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, AgentError> {
    let fault = |why: String| AgentError::Folder { path: path.to_owned(), why };
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| fault(error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(error.to_string())),
    }
}

/// Makes the agent known to a portal by a code, unless it is known by that code already. When the answer is lost, the same comes to the same
/// once more: the agent's token is on its disk before it is shown.
///
/// # Errors
/// When the portal cannot be reached or does not know the code, or the folder is another probe's.
pub fn enrol(state: &Path, portal: &str, code: &str) -> Result<String, AgentError> {
    fs::create_dir_all(state).map_err(|error| AgentError::Folder { path: state.to_owned(), why: error.to_string() })?;
    let path = state.join(IDENTITY);
    let known: Option<Identity> = read(&path)?;
    let asked: Option<Identity> = read(&state.join(PENDING))?;
    let (portal, code) = (portal.trim_end_matches('/').to_owned(), code.trim().to_owned());
    let asked = asked.filter(|asked| asked.portal == portal && asked.code == code);
    let mut identity = match (known, asked) {
        // As in a container that is started again with the same settings.
        (Some(known), _) if known.portal == portal && known.code == code => return Ok(known.name),
        (Some(known), _) if known.portal != portal => {
            return Err(AgentError::Other { path: state.to_owned(), who: known.name, portal: known.portal });
        }
        // The answer to the code was lost the last time.
        (_, Some(asked)) => asked,
        _ => {
            let mut bits = [0; 32];
            getrandom::fill(&mut bits).map_err(|error| AgentError::Folder { path: path.clone(), why: error.to_string() })?;
            let token = bits.iter().fold("pgp_".to_owned(), |text, octet| format!("{text}{octet:02x}"));
            Identity { portal, token, code, id: String::new(), name: String::new() }
        }
    };
    // Until the portal knows the new token, what made the agent known before is kept beside it.
    let pending = state.join(PENDING);
    write(&pending, &identity)?;
    let ask = Enrol { code: identity.code.clone(), token: identity.token.clone(), version: env!("CARGO_PKG_VERSION").into() };
    let enrolled = Portal::new(&identity.portal, "").enrol(&ask)?;
    (identity.id, identity.name) = (enrolled.id, enrolled.name.clone());
    write(&path, &identity)?;
    let _ = fs::remove_file(&pending);
    Ok(enrolled.name)
}

/// What is known of a target besides its orders.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// The address that answered first, as an index.
    chosen: Option<usize>,
    lost: u32,
    searched: Option<Timestamp>,
}

struct Shared {
    identity: Identity,
    state: PathBuf,
    clock: Clock,
    portal: Portal,
    buffer: Mutex<Buffer>,
    orders: Mutex<Orders>,
    standing: Mutex<BTreeMap<String, Standing>>,
    unable: Mutex<BTreeMap<String, String>>,
    traced: Mutex<HashSet<String>>,
    /// Rings when there are other orders.
    changed: Notify,
    slots: Arc<Semaphore>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the agent until the process ends.
///
/// # Errors
/// When its folder cannot be used, or it was never enrolled.
pub async fn run(options: Options) -> Result<(), AgentError> {
    let fault = |error: io::Error| AgentError::Folder { path: options.state.clone(), why: error.to_string() };
    let identity: Option<Identity> = read(&options.state.join(IDENTITY))?;
    let identity = identity.ok_or_else(|| AgentError::Stranger(options.state.clone()))?;
    let orders = read(&options.state.join(ORDERS)).ok().flatten().unwrap_or_default();
    let shared = Arc::new(Shared {
        portal: Portal::new(&identity.portal, &identity.token),
        buffer: Mutex::new(Buffer::open(&options.state.join("batches"), options.most_bytes).map_err(fault)?),
        identity,
        state: options.state.clone(),
        clock: options.clock,
        orders: Mutex::new(orders),
        standing: Mutex::default(),
        unable: Mutex::default(),
        traced: Mutex::default(),
        changed: Notify::new(),
        slots: Arc::new(Semaphore::new(AT_ONCE)),
    });
    tracing::info!(probe = shared.identity.name, portal = shared.identity.portal, "measuring");
    tokio::join!(asks(shared.clone()), measures(shared.clone()), brings(shared));
    Ok(())
}

/// A pause that differs from agent to agent.
fn jittered(seconds: f64) -> f64 {
    let mut octet = [128];
    let _ = getrandom::fill(&mut octet);
    seconds * (0.75 + f64::from(octet[0]) / 512.0)
}

/// Does something that waits, beside the others.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

/// Asks the portal what to measure, and says how the agent does.
async fn asks(shared: Arc<Shared>) {
    let mut failed = 0;
    loop {
        let here = shared.clone();
        let pause = match beside(move || here.portal.orders(&here.report())).await {
            Some(Ok(orders)) => {
                failed = 0;
                let pause = f64::from(orders.again_s.clamp(5, 3600));
                for order in orders.traces.clone() {
                    tokio::spawn(traces(shared.clone(), order));
                }
                shared.follow(orders);
                jittered(pause)
            }
            Some(Err(trouble)) => {
                let pause = BACKOFF_S[BACKOFF_S.len().min(failed + 1) - 1];
                failed += 1;
                tracing::warn!(%trouble, "the portal gives no orders; the last ones hold, and it is asked again in {pause} s");
                jittered(pause)
            }
            None => 5.0,
        };
        tokio::time::sleep(shared.clock.seconds(pause)).await;
    }
}

/// Measures each target when it is due.
async fn measures(shared: Arc<Shared>) {
    loop {
        let orders = shared.clone_orders();
        let now = shared.clock.now();
        let due = |number: usize, target: &Target, now| Reverse((schedule::after(&shared.identity.id, target, now).due, number));
        let mut queue: BinaryHeap<_> = orders.targets.iter().enumerate().map(|(number, target)| due(number, target, now)).collect();
        let others = shared.changed.notified();
        tokio::pin!(others);
        loop {
            let wait = queue.peek().map_or(Duration::from_secs(3600), |Reverse((due, _))| shared.clock.until(*due));
            tokio::select! {
                () = &mut others => break,
                () = tokio::time::sleep(wait) => {}
            }
            let now = shared.clock.now();
            while let Some(Reverse((at, number))) = queue.peek().copied().filter(|Reverse((due, _))| *due <= now) {
                queue.pop();
                let target = orders.targets[number].clone();
                // What was missed, as while the machine slept, is not made up for.
                queue.push(due(number, &target, at.max(Timestamp::from_millis(now.millis() - i64::from(target.every_s) * 1000))));
                let shared = shared.clone();
                tokio::spawn(async move {
                    let Ok(permit) = shared.slots.clone().acquire_owned().await else { return };
                    beside(move || {
                        shared.one(&target);
                        drop(permit);
                    })
                    .await;
                });
            }
        }
    }
}

/// Brings batches to the portal, oldest first.
async fn brings(shared: Arc<Shared>) {
    let mut failed = 0;
    loop {
        let here = shared.clone();
        let pause = match beside(move || here.bring()).await {
            Some(Ok(true)) => {
                failed = 0;
                continue;
            }
            Some(Ok(false)) => {
                failed = 0;
                1.0
            }
            Some(Err(trouble)) => {
                let pause = BACKOFF_S[BACKOFF_S.len().min(failed + 1) - 1];
                failed += 1;
                tracing::warn!(%trouble, "the portal has not what was measured; it waits on disk, and is sent again in {pause} s");
                jittered(pause)
            }
            None => 5.0,
        };
        tokio::time::sleep(shared.clock.seconds(pause)).await;
    }
}

async fn traces(shared: Arc<Shared>, order: TraceOrder) {
    if !lock(&shared.traced).insert(order.id.clone()) {
        return;
    }
    let here = shared.clone();
    let id = order.id.clone();
    let brought = beside(move || {
        let found = trace::trace(order.address, here.clock.now());
        here.portal.bring_trace(&order.id, &found)
    })
    .await;
    if let Some(Err(trouble)) = brought {
        tracing::warn!(%trouble, "the portal has not the path that was found");
        lock(&shared.traced).remove(&id);
    }
}

impl Shared {
    fn clone_orders(&self) -> Orders {
        lock(&self.orders).clone()
    }

    fn report(&self) -> Report {
        let standing = lock(&self.standing);
        let buffer = lock(&self.buffer);
        Report {
            version: env!("CARGO_PKG_VERSION").into(),
            waiting: buffer.waiting().unwrap_or(0) as u64,
            dropped: buffer.dropped(),
            icmp: measure::may_icmp(),
            silent: standing.iter().filter(|(_, it)| it.chosen.is_none() && it.searched.is_some()).map(|(id, _)| id.clone()).collect(),
            unable: lock(&self.unable).iter().map(|(id, why)| (id.clone(), why.clone())).collect(),
        }
    }

    /// Takes over other orders; they are kept for a start without the portal.
    fn follow(&self, orders: Orders) {
        let orders = Orders { traces: vec![], ..orders };
        let mut known = lock(&self.orders);
        if *known == orders {
            return;
        }
        let names: HashSet<&str> = orders.targets.iter().map(|target| target.id.as_str()).collect();
        lock(&self.standing).retain(|id, _| names.contains(id.as_str()));
        lock(&self.unable).retain(|id, _| names.contains(id.as_str()));
        if let Err(error) = write(&self.state.join(ORDERS), &orders) {
            tracing::warn!(%error, "the orders could not be kept for the next start");
        }
        *known = orders;
        self.changed.notify_one();
    }

    /// Measures a target once.
    fn one(&self, target: &Target) {
        let Some(address) = self.address(target) else { return };
        let time = self.clock.now();
        match measure::once(address, target.method) {
            Ok(answer) => {
                lock(&self.unable).remove(&target.id);
                lock(&self.standing).entry(target.id.clone()).and_modify(|it| it.lost = if answer.is_some() { 0 } else { it.lost + 1 });
                let rtt_ms = answer.map(|took| took.as_secs_f64() * 1000.0);
                let measured = Measured { target: target.id.clone(), time, rtt_ms };
                if let Err(error) = lock(&self.buffer).add(&measured, time) {
                    tracing::error!(%error, "a measurement could not be kept");
                }
            }
            Err(why) => {
                lock(&self.unable).insert(target.id.clone(), why.to_string());
            }
        }
    }

    /// The address of a target that is asked. Where there are several, the first that answers; none
    /// while none of them has answered, for then it is not known whether anybody is there.
    fn address(&self, target: &Target) -> Option<IpAddr> {
        if let [only] = target.addresses[..] {
            lock(&self.standing).entry(target.id.clone()).or_default().chosen = Some(0);
            return Some(only);
        }
        let now = self.clock.now();
        let standing = *lock(&self.standing).entry(target.id.clone()).or_default();
        let chosen = standing.chosen.and_then(|index| target.addresses.get(index).copied());
        let is_due = standing.searched.is_none_or(|at| now.since(at) >= SEARCH_S);
        if !is_due || (chosen.is_some() && standing.lost < LOST) {
            return chosen;
        }
        lock(&self.standing).entry(target.id.clone()).or_default().searched = Some(now);
        let found = target.addresses.iter().position(|address| matches!(measure::once(*address, target.method), Ok(Some(_))));
        if let Some(index) = found {
            let mut all = lock(&self.standing);
            let it = all.entry(target.id.clone()).or_default();
            (it.chosen, it.lost) = (Some(index), 0);
            return Some(target.addresses[index]);
        }
        chosen
    }

    /// Brings the oldest batch; tells whether there was one.
    fn bring(&self) -> Result<bool, Trouble> {
        let disk = |error: io::Error| Trouble::Passing(format!("{}: {error}", self.state.display()));
        let batch = {
            let mut buffer = lock(&self.buffer);
            if buffer.waits_since().is_some_and(|since| self.clock.now().since(since) >= BATCH_S) {
                buffer.close().map_err(disk)?;
            }
            buffer.next().map_err(disk)?
        };
        let Some(batch) = batch else { return Ok(false) };
        match self.portal.bring(&batch) {
            Ok(_) => lock(&self.buffer).forget(&batch.name).map_err(disk)?,
            Err(Trouble::Refused(why)) => {
                tracing::error!(batch = batch.name, why, "the portal cannot use this batch; it was put aside");
                lock(&self.buffer).put_aside(&batch.name).map_err(disk)?;
            }
            Err(trouble) => return Err(trouble),
        }
        Ok(true)
    }
}
