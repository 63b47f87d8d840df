//! A path: datagrams whose time to live ends on the way, without privileges.
//!
//! All packets have the same addresses and ports, so that routers that balance by flow send them
//! one way (as Augustin et al., "Avoiding traceroute anomalies with Paris traceroute", 2006). The
//! kernel gives the ICMP errors that come back to the socket that asked.

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt},
};
use peerage_domain::{
    Timestamp,
    probe::{Trace, TraceHop},
};
use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    os::fd::{AsFd, AsRawFd},
    time::{Duration, Instant},
};

/// The port at which nobody listens, by habit.
const PORT: u16 = 33_434;
/// Farthest hop.
const FARTHEST: u8 = 30;
/// So many hops in a row without an answer end the search.
const QUIET: u8 = 5;
/// Packets for each hop.
const PACKETS: u8 = 3;
/// Longest wait for the answers of a hop.
const PATIENCE: Duration = Duration::from_millis(1_000);

/// ICMP time exceeded (RFC 792, RFC 4443 §3.3); everything else comes from the end of the path.
const TIME_EXCEEDED_4: u8 = 11;
const TIME_EXCEEDED_6: u8 = 3;

/// What came back for a packet.
struct Answer {
    from: Option<IpAddr>,
    /// The first octet of what was sent, where the answer has it: the packet's number.
    number: Option<u8>,
    /// Whether it comes from somewhere on the way.
    on_the_way: bool,
    /// Whether the address itself says that nobody listens at the port.
    from_end: bool,
}

/// Finds the path to an address.
pub fn trace(to: IpAddr, now: Timestamp) -> Trace {
    let mut trace = Trace { time: now, hops: vec![], reached: false, trouble: None };
    if let Err(error) = follow(to, &mut trace) {
        trace.trouble = Some(error.to_string());
    }
    // What lies behind the last answer says nothing.
    while trace.hops.last().is_some_and(|hop| hop.address.is_none()) {
        trace.hops.pop();
    }
    trace
}

fn follow(to: IpAddr, trace: &mut Trace) -> io::Result<()> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    socket.set_nonblocking(true)?;
    if to.is_ipv4() {
        setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?;
    } else {
        setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?;
    }
    socket.connect(SocketAddr::new(to, PORT))?;
    let mut quiet = 0;
    for hop in 1..=FARTHEST {
        if to.is_ipv4() {
            socket.set_ttl(u32::from(hop))?;
        } else {
            setsockopt(&socket, sockopt::Ipv6Ttl, &i32::from(hop))?;
        }
        let (found, over) = one(&socket, to, hop)?;
        quiet = if found.address.is_none() { quiet + 1 } else { 0 };
        trace.hops.push(found);
        trace.reached |= over;
        if over || quiet >= QUIET {
            break;
        }
    }
    Ok(())
}

/// Asks one hop; tells whether it is the last.
fn one(socket: &UdpSocket, to: IpAddr, hop: u8) -> io::Result<(TraceHop, bool)> {
    let mut sent = vec![];
    for packet in 0..PACKETS {
        let number = hop.wrapping_mul(PACKETS).wrapping_add(packet);
        let begun = Instant::now();
        match socket.send(&[number; 32]) {
            Ok(_) => sent.push((number, begun, false)),
            // An answer to an earlier packet shows here, too; it waits in the queue.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                if socket.send(&[number; 32]).is_ok() {
                    sent.push((number, begun, false));
                }
            }
            Err(_) => {}
        }
    }
    let mut found = TraceHop { hop, address: None, rtt_ms: vec![], lost: 0 };
    let (begun, mut over) = (Instant::now(), false);
    while sent.iter().any(|(.., answered)| !answered) {
        let Some(left) = PATIENCE.checked_sub(begun.elapsed()) else { break };
        let wait = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
        match poll(&mut [PollFd::new(socket.as_fd(), PollFlags::empty())], wait) {
            Ok(0) => break,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let at = Instant::now();
        while let Some(answer) = answer(socket, to)? {
            // Some routers send back too little to know which packet it was: then in order.
            let open = sent.iter_mut().find(|(number, _, answered)| !answered && answer.number.is_none_or(|it| it == *number));
            let Some((_, begun, answered)) = open else { continue };
            *answered = true;
            found.rtt_ms.push(at.duration_since(*begun).as_secs_f64() * 1000.0);
            found.address = found.address.or(answer.from);
            over |= answer.from_end || !answer.on_the_way;
        }
    }
    found.lost = u8::try_from(sent.iter().filter(|(.., answered)| !answered).count()).unwrap_or(PACKETS);
    Ok((found, over))
}

/// The next error in the socket's queue.
fn answer(socket: &UdpSocket, to: IpAddr) -> io::Result<Option<Answer>> {
    let mut payload = [0; 64];
    let mut control = nix::cmsg_space!([u8; 256]);
    let mut slices = [IoSliceMut::new(&mut payload)];
    let message = match recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::MSG_ERRQUEUE) {
        Ok(message) => message,
        Err(Errno::EAGAIN) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let length = message.bytes;
    let mut found = None;
    for control in message.cmsgs()? {
        found = match control {
            ControlMessageOwned::Ipv4RecvErr(error, from) => {
                let from = from.map(|from| IpAddr::from(u32::from_be(from.sin_addr.s_addr).to_be_bytes()));
                Some((from, error.ee_type == TIME_EXCEEDED_4))
            }
            ControlMessageOwned::Ipv6RecvErr(error, from) => {
                Some((from.map(|from| IpAddr::from(from.sin6_addr.s6_addr)), error.ee_type == TIME_EXCEEDED_6))
            }
            _ => found,
        };
    }
    let number = (length > 0).then_some(payload[0]);
    Ok(found.map(|(from, on_the_way)| Answer { from, number, on_the_way, from_end: from == Some(to) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_machine_is_one_hop_away() {
        for address in ["127.0.0.1", "::1"] {
            let address: IpAddr = address.parse().expect("address");
            let trace = trace(address, Timestamp::from_secs(1));
            // A machine without IPv6 says so.
            if address.is_ipv6() && trace.trouble.is_some() {
                continue;
            }
            assert!(trace.reached, "{trace:?}");
            assert_eq!(trace.hops.iter().map(|hop| (hop.hop, hop.address)).collect::<Vec<_>>(), [(1, Some(address))]);
        }
    }
}
