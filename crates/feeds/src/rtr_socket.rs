//! The connection to an RTR cache: a thread that keeps a set of VRPs current.

use crate::rtr::{Client, Event, Intervals, RtrFault};
use peerage_domain::rpki::{RtrCache, Vrp};
use std::{
    collections::BTreeSet,
    io::{self, ErrorKind, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a connection may take to come about, and an answer to be sent.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the thread looks whether it should end.
const TICK: Duration = Duration::from_millis(500);
/// Longest wait after a failed connection; the cache's own retry interval may be shorter.
const RECONNECT: Duration = Duration::from_secs(5);

/// What the thread tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A complete set, and its serial number.
    Complete(BTreeSet<Vrp>, u32),
    /// The cache cannot be used now, and why; the last set still holds.
    Trouble(String),
    /// The last set is too old to be used (RFC 8210 §6).
    Expired,
}

#[derive(Debug, thiserror::Error)]
enum Break {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Protocol(#[from] RtrFault),
    #[error("it has no data yet")]
    NoData,
}

/// Follows a cache until `stop` is set, over any number of connections.
pub fn follow(cache: &RtrCache, stop: &AtomicBool, mut tell: impl FnMut(News)) {
    let mut follower = Follower { client: Client::default(), intervals: Intervals::default(), good: None };
    while !stop.load(Ordering::Relaxed) {
        let Err(why) = follower.connection(cache, stop, &mut tell) else { return };
        follower.client.disconnected();
        tell(News::Trouble(format!("{cache}: {why}")));
        let until = Instant::now() + follower.intervals.retry.min(RECONNECT);
        while Instant::now() < until && !stop.load(Ordering::Relaxed) {
            follower.expire(&mut tell);
            std::thread::sleep(TICK);
        }
    }
}

/// Starts a thread that follows a cache; it ends soon after `stop` is set.
///
/// # Errors
/// When the system gives no thread.
pub fn spawn(cache: RtrCache, stop: Arc<AtomicBool>, tell: impl FnMut(News) + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name("rtr".into()).spawn(move || follow(&cache, &stop, tell)).map(drop)
}

struct Follower {
    client: Client,
    intervals: Intervals,
    /// When the last complete set came.
    good: Option<Instant>,
}

impl Follower {
    fn connection(&mut self, cache: &RtrCache, stop: &AtomicBool, tell: &mut impl FnMut(News)) -> Result<(), Break> {
        let mut stream = connect(cache)?;
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(&self.client.query())?;
        let (mut asked, mut waiting) = (Instant::now(), true);
        let mut chunk = [0; 16 * 1024];
        while !stop.load(Ordering::Relaxed) {
            self.expire(tell);
            if !waiting && asked.elapsed() >= self.intervals.refresh {
                stream.write_all(&self.client.query())?;
                (asked, waiting) = (Instant::now(), true);
            }
            let count = match stream.read(&mut chunk) {
                Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, "the cache closed the connection").into()),
                Ok(count) => count,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if waiting && asked.elapsed() >= PATIENCE * 6 {
                        return Err(io::Error::new(ErrorKind::TimedOut, "the cache does not answer").into());
                    }
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            for event in self.client.take(&chunk[..count])? {
                match event {
                    Event::Send(bytes) => {
                        stream.write_all(&bytes)?;
                        (asked, waiting) = (Instant::now(), true);
                    }
                    Event::Complete(intervals) => {
                        (self.intervals, self.good, waiting) = (intervals, Some(Instant::now()), false);
                        tell(News::Complete(self.client.vrps().clone(), self.client.serial().unwrap_or_default()));
                    }
                    Event::NoData => return Err(Break::NoData),
                }
            }
        }
        Ok(())
    }

    fn expire(&mut self, tell: &mut impl FnMut(News)) {
        if self.good.is_some_and(|at| at.elapsed() >= self.intervals.expire) {
            self.good = None;
            tell(News::Expired);
        }
    }
}

fn connect(cache: &RtrCache) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in (cache.host.as_str(), cache.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
