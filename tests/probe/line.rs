//! A line that takes its time: frames between two interfaces of a network namespace, in user
//! space, for a kernel that cannot delay packets.

use nix::{
    ifaddrs::getifaddrs,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sched::{CloneFlags, setns},
    sys::socket::{
        AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, recvmsg, send, setsockopt, socket,
        sockopt::ReceiveTimestampns,
    },
};
use std::{
    collections::VecDeque,
    fs::File,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// What the line does with a frame on its way in one direction.
#[derive(Clone, Copy)]
pub struct Way {
    /// How long it takes.
    pub delay: Duration,
    /// How many of a thousand are lost.
    pub lost_per_mille: u64,
}

/// A line between two interfaces; it ends with the value.
pub struct Line {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    counts: Arc<Counts>,
}

/// What went through the line.
#[derive(Default)]
struct Counts {
    lost: AtomicU64,
    /// Requests by direction: SYN and echo.
    asked: [[AtomicU64; 2]; 2],
    /// How long frames were really held, by direction.
    held: [Mutex<Vec<Duration>>; 2],
}

/// Kind of a packet that the own machine sent (Linux `if_packet.h`).
const OUTGOING: u8 = 4;

fn port(interface: &str) -> OwnedFd {
    let all = SockProtocol::EthAll;
    let port = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_NONBLOCK, all).expect("a packet socket");
    let address: Option<LinkAddr> = getifaddrs()
        .expect("interfaces")
        .filter(|it| it.interface_name == interface)
        .find_map(|it| it.address.and_then(|address| address.as_link_addr().copied()));
    setsockopt(&port, ReceiveTimestampns, &true).expect("times of arrival");
    bind(port.as_raw_fd(), &address.expect("the interface")).expect("bound");
    port
}

fn ones(octets: &[u8]) -> u64 {
    octets.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0))).sum()
}

fn folded(mut sum: u64) -> u16 {
    while sum >> 16 > 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Interfaces inside of a machine leave the checksum of TCP and UDP to hardware that is not there.
fn sum_up(frame: &mut [u8]) {
    const ETHERNET: usize = 14;
    let Some(kind) = frame.get(12..14).map(|kind| u16::from(kind[0]) << 8 | u16::from(kind[1])) else { return };
    let (protocol, addresses, begin) = match kind {
        0x0800 if frame.len() > ETHERNET + 20 => {
            (frame[ETHERNET + 9], ETHERNET + 12..ETHERNET + 20, ETHERNET + usize::from(frame[ETHERNET] & 15) * 4)
        }
        0x86dd if frame.len() > ETHERNET + 40 => (frame[ETHERNET + 6], ETHERNET + 8..ETHERNET + 40, ETHERNET + 40),
        _ => return,
    };
    let at = match protocol {
        6 => 16,
        17 => 6,
        _ => return,
    };
    let Some(length) = frame.len().checked_sub(begin).filter(|length| *length > at + 1) else { return };
    frame[begin + at..begin + at + 2].fill(0);
    let sum = ones(&frame[addresses]) + u64::from(protocol) + length as u64 + ones(&frame[begin..]);
    frame[begin + at..begin + at + 2].copy_from_slice(&folded(sum).to_be_bytes());
}

/// What a frame asks for: a connection (0, a SYN without an ACK) or an echo (1).
fn request(frame: &[u8]) -> Option<usize> {
    if frame.get(12..14)? != [0x08, 0x00] {
        return None;
    }
    let begin = 14 + usize::from(frame.get(14)? & 15) * 4;
    match frame.get(14 + 9)? {
        6 => (frame.get(begin + 13)? & 0x12 == 0x02).then_some(0),
        1 => (*frame.get(begin)? == 8).then_some(1),
        _ => None,
    }
}

/// A frame's length, when the kernel had it, and whether the own machine sent it.
fn receive(from: &OwnedFd, buffer: &mut [u8]) -> Option<(usize, Instant, bool)> {
    let mut control = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let mut slices = [std::io::IoSliceMut::new(buffer)];
    let message = recvmsg::<LinkAddr>(from.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty()).ok()?;
    let is_own = message.address.is_some_and(|address| address.pkttype() == OUTGOING);
    let stamp = message.cmsgs().ok()?.find_map(|it| if let ControlMessageOwned::ScmTimestampns(time) = it { Some(time) } else { None })?;
    let (now, instant) = (SystemTime::now().duration_since(UNIX_EPOCH).ok()?, Instant::now());
    let age = now.saturating_sub(Duration::new(stamp.tv_sec().unsigned_abs(), stamp.tv_nsec() as u32));
    Some((message.bytes, instant - age, is_own))
}

/// Carries what comes from one port to the other.
fn carry(from: &OwnedFd, to: &OwnedFd, way: Way, stop: &AtomicBool, counts: &Counts, direction: usize) {
    let mut seed = 0x9e37_79b9_7f4a_7c15 >> direction;
    let held = &counts.held[direction];
    let mut queue: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut buffer = vec![0; 70_000];
    while !stop.load(Ordering::Relaxed) {
        while let Some((due, _)) = queue.front() {
            let left = due.saturating_duration_since(Instant::now());
            if left > Duration::from_micros(300) {
                break;
            }
            // Too short to be woken in time.
            while Instant::now() < *due {
                std::hint::spin_loop();
            }
            let (due, mut frame) = queue.pop_front().expect("a frame");
            sum_up(&mut frame);
            held.lock().expect("no panic").push(way.delay + due.elapsed());
            let _ = send(to.as_raw_fd(), &frame, MsgFlags::empty());
        }
        let wait = queue.front().map_or(Duration::from_millis(50), |(due, _)| {
            due.saturating_duration_since(Instant::now()).saturating_sub(Duration::from_micros(250))
        });
        // Poll waits whole milliseconds: what is less is slept.
        if wait < Duration::from_millis(1) {
            std::thread::sleep(wait.min(Duration::from_micros(200)));
        } else {
            let _ = poll(&mut [PollFd::new(from.as_fd(), PollFlags::POLLIN)], PollTimeout::try_from(wait).unwrap_or(PollTimeout::ZERO));
        }
        while let Some((length, arrived, is_own)) = receive(from, &mut buffer) {
            if is_own {
                continue;
            }
            if let Some(method) = request(&buffer[..length]) {
                counts.asked[direction][method].fetch_add(1, Ordering::Relaxed);
            }
            // An xorshift of Marsaglia: the same losses in every run, in an order that looks random.
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            // ARP and neighbour discovery are not what is measured.
            let is_echo_or_tcp = buffer[12..14] == [0x08, 0x00];
            if is_echo_or_tcp && seed % 1000 < way.lost_per_mille {
                counts.lost.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            queue.push_back((arrived + way.delay, buffer[..length].to_vec()));
        }
    }
}

impl Line {
    /// Joins two interfaces of a namespace.
    pub fn between(namespace: &str, left: &str, right: &str, there: Way, back: Way) -> Line {
        let (stop, counts) = (Arc::<AtomicBool>::default(), Arc::<Counts>::default());
        let file = File::open(format!("/run/netns/{namespace}")).expect("the namespace");
        let (left, right) = (left.to_owned(), right.to_owned());
        let open = std::thread::spawn(move || {
            setns(file, CloneFlags::CLONE_NEWNET).expect("another namespace");
            [(port(&left), port(&right)), (port(&right), port(&left))]
        });
        let [(a, b), (c, d)] = open.join().expect("ports");
        let run = |from: OwnedFd, to: OwnedFd, way: Way, direction: usize| {
            let (stop, counts) = (stop.clone(), counts.clone());
            std::thread::spawn(move || carry(&from, &to, way, &stop, &counts, direction))
        };
        let threads = vec![run(a, b, there, 0), run(c, d, back, 1)];
        Line { stop, threads, counts }
    }
}

impl Line {
    /// How many frames were lost.
    pub fn lost(&self) -> u64 {
        self.counts.lost.load(Ordering::Relaxed)
    }

    /// How long the line took, there and back: the medians of what it really did.
    pub fn delay(&self) -> Duration {
        let median = |held: &Mutex<Vec<Duration>>| {
            let mut all = held.lock().expect("no panic").clone();
            all.sort_unstable();
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        self.counts.held.iter().map(median).sum()
    }

    /// How many requests went in a direction (0: from left to right): connections, and echo requests.
    pub fn asked(&self, direction: usize) -> [u64; 2] {
        [0, 1].map(|method| self.counts.asked[direction][method].load(Ordering::Relaxed))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
