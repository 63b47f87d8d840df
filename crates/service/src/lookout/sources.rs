//! Where the Internet's routes are heard of: RIS Live, and the operator's routers by BMP.
//!
//! A thread reads its socket and hands on what it read through a queue that holds a bounded number
//! of messages; another one parses, and gives what is of interest on to be judged. A reader never
//! waits for who judges: what does not fit into the queue is counted, and told as a gap.

use super::BATCH;
use crate::{Actor, Error, Service};
use peerage_domain::{Prefix, Timestamp, access::Action, interest::Interest, sighting::Sighting};
use peerage_feeds::{
    recording::{Messages, Router},
    ris_live_socket::{self, News, Wanted},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, TrySendError, sync_channel},
    },
    time::Duration,
};

/// Messages that wait for being read.
const QUEUE: usize = 65_536;
/// Batches that wait for being judged.
const BATCHES: usize = 64;
/// How long sightings are gathered before they are judged.
const TOGETHER: Duration = Duration::from_millis(20);

/// How a feed stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedState {
    /// It is being connected to.
    Connecting,
    /// It tells.
    Connected,
    /// It does not, and why.
    Broken(String),
}

/// A source, and what came of it since the process began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Its name, such as `RIS Live` or a router's address.
    pub name: String,
    /// How it stands.
    pub state: FeedState,
    /// Since when.
    pub since: Timestamp,
    /// When something came last.
    pub last: Option<Timestamp>,
    /// Messages that came.
    pub messages: u64,
    /// Sightings of watched prefixes.
    pub watched: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// Messages for which there was no room.
    pub dropped: u64,
    /// When it was not heard of: from and to, the last ones.
    pub gaps: Vec<(Timestamp, Option<Timestamp>)>,
}

/// Most gaps that are remembered.
const GAPS: usize = 20;

impl Feed {
    pub(super) fn new(name: &str, now: Timestamp) -> Feed {
        Feed {
            name: name.to_owned(),
            state: FeedState::Connecting,
            since: now,
            last: None,
            messages: 0,
            watched: 0,
            unreadable: 0,
            dropped: 0,
            gaps: vec![],
        }
    }

    fn turn(&mut self, state: FeedState, now: Timestamp) {
        match (&self.state, &state) {
            (FeedState::Connected, FeedState::Broken(_)) => self.gaps.push((now, None)),
            (_, FeedState::Connected) => {
                if let Some((_, end @ None)) = self.gaps.last_mut() {
                    *end = Some(now);
                }
            }
            _ => {}
        }
        if self.gaps.len() > GAPS {
            self.gaps.remove(0);
        }
        if std::mem::discriminant(&self.state) != std::mem::discriminant(&state) {
            self.since = now;
        }
        self.state = state;
    }
}

/// The feeds of this process, and which prefixes they are asked for.
#[derive(Default)]
pub(super) struct Sources {
    feeds: Vec<Feed>,
    wanted: Wanted,
}

/// A feed as those see it that fill it.
#[derive(Clone)]
struct Handle {
    sources: Arc<Mutex<Sources>>,
    name: String,
}

impl Handle {
    fn with(&self, work: impl FnOnce(&mut Feed)) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = sources.feeds.iter_mut().find(|feed| feed.name == self.name) {
            work(feed);
        }
    }
}

impl Service {
    /// Says of which prefixes feeds are to tell.
    pub(super) fn want(&self, prefixes: Vec<Prefix>) {
        let interest = Interest::of(prefixes.iter().copied());
        *self.lookout.interest.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(interest));
        let sources = self.lookout.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.wanted.set(prefixes);
    }

    /// The feeds, and how each stands.
    ///
    /// # Errors
    /// When the actor may not.
    pub fn feeds(&self, actor: &Actor) -> Result<Vec<Feed>, Error> {
        actor.may(Action::ManageSources)?;
        Ok(self.lookout.sources.lock().unwrap_or_else(PoisonError::into_inner).feeds.clone())
    }

    /// Lists a source in the place of one of the same name.
    pub(super) fn put_feed(&self, new: Feed) {
        let mut sources = self.lookout.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.feeds.retain(|feed| feed.name != new.name);
        sources.feeds.push(new);
    }

    fn feed(&self, name: &str) -> Handle {
        self.put_feed(Feed::new(name, self.clock.now()));
        Handle { sources: self.lookout.sources.clone(), name: name.to_owned() }
    }

    /// Begins to listen to RIS Live, where it is configured.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn follow_ris_live(&self) -> Result<(), Error> {
        let Some(url) = self.settings.lookout.ris_live.clone() else { return Ok(()) };
        let feed = self.feed("RIS Live");
        let wanted = self.lookout.sources.lock().unwrap_or_else(PoisonError::into_inner).wanted.clone();
        let (sender, queue) = sync_channel::<String>(QUEUE);
        let (clock, dropped, teller) = (self.clock.clone(), AtomicU64::new(0), feed.clone());
        let tell = move |news| match news {
            News::Connected => teller.with(|feed| feed.turn(FeedState::Connected, clock.now())),
            News::Gap(why) => teller.with(|feed| feed.turn(FeedState::Broken(why), clock.now())),
            News::Message(text) => {
                if let Err(TrySendError::Full(_)) = sender.try_send(text) {
                    let all = dropped.fetch_add(1, Ordering::Relaxed) + 1;
                    teller.with(|feed| feed.dropped = all);
                }
            }
        };
        let fault = |error: std::io::Error| Error::Fault(format!("RIS Live cannot be followed: {error}"));
        // It goes on as long as the process does.
        ris_live_socket::spawn(url, wanted, Arc::new(AtomicBool::new(false)), tell).map_err(fault)?;
        let batches = self.judge_in_background(feed.clone());
        let service = self.clone();
        let read = move || service.read_messages(&queue, &batches, &feed);
        std::thread::Builder::new().name("ris-live-read".into()).spawn(read).map(|_| ()).map_err(fault)
    }

    /// Reads messages until there will be no more.
    fn read_messages(&self, queue: &Receiver<String>, batches: &tokio::sync::mpsc::Sender<Vec<Sighting>>, feed: &Handle) {
        let mut messages = Messages::default();
        while let Ok(first) = queue.recv() {
            let Some(interest) = self.lookout.interest() else { continue };
            let (mut batch, mut count, mut unreadable) = (vec![], 0, 0);
            let more = std::iter::from_fn(|| queue.try_recv().ok()).take(10_000);
            for text in std::iter::once(first).chain(more) {
                count += 1;
                let taken = messages.take(text.as_bytes(), &interest, &mut |sighting| batch.push(sighting));
                unreadable += u64::from(taken.is_err());
            }
            let (now, watched) = (self.clock.now(), batch.len() as u64);
            feed.with(|feed| {
                feed.last = Some(now);
                feed.messages += count;
                feed.unreadable += unreadable;
                feed.watched += watched;
            });
            // Whoever judges may take its time: then the queue before this fills, and says so.
            if !batch.is_empty() && batches.blocking_send(batch).is_err() {
                return;
            }
        }
    }

    /// Judges batches as they come, several together.
    fn judge_in_background(&self, feed: Handle) -> tokio::sync::mpsc::Sender<Vec<Sighting>> {
        let (sender, mut batches) = tokio::sync::mpsc::channel::<Vec<Sighting>>(BATCHES);
        let service = self.clone();
        tokio::spawn(async move {
            while let Some(mut batch) = batches.recv().await {
                tokio::time::sleep(TOGETHER).await;
                while let Ok(more) = batches.try_recv() {
                    batch.extend(more);
                }
                for part in batch.chunks(BATCH) {
                    // What could not be kept is put together again from the database with the next one.
                    if let Err(error) = service.sight(None, part.to_vec()).await {
                        tracing::error!(%error, feed = feed.name, sightings = part.len(), "what was seen could not be kept");
                        feed.with(|feed| feed.dropped += part.len() as u64);
                    }
                }
            }
        });
        sender
    }

    /// Somebody brought sightings from outside.
    pub(super) fn heard_by_http(&self, who: &str, sightings: usize, watched: usize) {
        let (name, now) = (format!("HTTP {who}"), self.clock.now());
        let mut sources = self.lookout.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if !sources.feeds.iter().any(|feed| feed.name == name) {
            sources.feeds.push(Feed { state: FeedState::Connected, ..Feed::new(&name, now) });
        }
        for feed in sources.feeds.iter_mut().filter(|feed| feed.name == name) {
            feed.last = Some(now);
            feed.messages += sightings as u64;
            feed.watched += watched as u64;
        }
    }

    /// A router that just connected by BMP.
    pub(crate) fn hear_router(&self, address: SocketAddr) -> Heard {
        let name = address.ip().to_string();
        let feed = self.feed(&format!("BMP {name}"));
        let now = self.clock.now();
        feed.with(|feed| feed.turn(FeedState::Connected, now));
        Heard { router: Router::new(name), batches: self.judge_in_background(feed.clone()), feed, service: self.clone() }
    }
}

/// A router that tells by BMP.
pub(crate) struct Heard {
    service: Service,
    router: Router,
    feed: Handle,
    batches: tokio::sync::mpsc::Sender<Vec<Sighting>>,
}

impl Heard {
    /// Takes what came of it.
    pub(crate) async fn take(&mut self, bytes: &[u8]) -> Result<(), peerage_feeds::bmp::BmpError> {
        let (now, mut batch) = (self.service.clock.now(), vec![]);
        let interest = self.service.lookout.interest().unwrap_or_else(|| Arc::new(Interest::of([])));
        let (read, unreadable) = self.router.take(bytes, now, &interest, &mut |sighting| batch.push(sighting))?;
        let watched = batch.len() as u64;
        self.feed.with(|feed| {
            feed.last = Some(now);
            feed.messages += read + unreadable;
            feed.unreadable += unreadable;
            feed.watched += watched;
        });
        if !batch.is_empty() {
            // A router waits; TCP tells it to.
            let _ = self.batches.send(batch).await;
        }
        Ok(())
    }

    /// It is gone: what its sessions had is not known any more.
    pub(crate) async fn gone(self, why: &str) {
        let now = self.service.clock.now();
        self.feed.with(|feed| feed.turn(FeedState::Broken(why.to_owned()), now));
        let lost = self.router.lost(now);
        if !lost.is_empty() {
            let _ = self.batches.send(lost).await;
        }
    }
}
