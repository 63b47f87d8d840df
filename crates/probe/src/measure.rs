//! One round trip.
//!
//! The clock is read before anything is sent, and again by a thread that does nothing but wait for
//! the answer: a task among others would be woken late.

use peerage_domain::probe::Method;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::{
    io::{self, ErrorKind, Read},
    net::{IpAddr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// Longest wait for an answer. The kernel sends a lost SYN again after one second (RFC 6298 §2.1),
/// and what came later would be the round trip of the second one.
pub const PATIENCE: Duration = Duration::from_millis(980);

/// Why there is no measurement at all; a packet that was lost is one.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unable(#[from] io::Error);

/// Whether the fault is the network's: then it is a loss.
fn is_loss(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::TimedOut
            | ErrorKind::WouldBlock
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::ConnectionReset
    )
}

/// One round trip to an address.
///
/// # Errors
/// When this machine cannot ask.
pub fn once(address: IpAddr, method: Method) -> Result<Option<Duration>, Unable> {
    match method {
        Method::Tcp(port) => tcp(address, port),
        Method::Icmp => icmp(address),
    }
}

/// The time from SYN to the answer, a refusal included; nothing when none came.
///
/// # Errors
/// When this machine cannot ask.
pub fn tcp(address: IpAddr, port: u16) -> Result<Option<Duration>, Unable> {
    let to = SocketAddr::new(address, port);
    let begun = Instant::now();
    let answer = TcpStream::connect_timeout(&to, PATIENCE);
    let took = begun.elapsed();
    match answer {
        Ok(_) => Ok(Some(took)),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(Some(took)),
        Err(error) if is_loss(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

const ECHO_REQUEST_4: u8 = 8;
const ECHO_REPLY_4: u8 = 0;
const ECHO_REQUEST_6: u8 = 128;
const ECHO_REPLY_6: u8 = 129;
/// Type, code, checksum, identifier, sequence number.
const ICMP_HEADER: usize = 8;
const PAYLOAD: usize = 16;

/// A socket for echo requests: without privileges where the system allows it (Linux:
/// `net.ipv4.ping_group_range`), else a raw one. Tells whether it is raw.
fn icmp_socket(address: IpAddr) -> io::Result<(Socket, bool)> {
    let (domain, protocol) = if address.is_ipv4() { (Domain::IPV4, Protocol::ICMPV4) } else { (Domain::IPV6, Protocol::ICMPV6) };
    match Socket::new(domain, Type::DGRAM, Some(protocol)) {
        Ok(socket) => Ok((socket, false)),
        Err(_) => Socket::new(domain, Type::RAW, Some(protocol)).map(|socket| (socket, true)),
    }
}

/// Whether this machine lets the agent send ICMP.
pub fn may_icmp() -> bool {
    icmp_socket(IpAddr::from([127, 0, 0, 1])).is_ok()
}

/// The checksum of RFC 1071 over an even number of octets.
fn checksum(octets: &[u8]) -> u16 {
    let sum: u32 = octets.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

fn echo_request(is_v4: bool, mark: [u8; PAYLOAD]) -> [u8; ICMP_HEADER + PAYLOAD] {
    let mut packet = [0; ICMP_HEADER + PAYLOAD];
    packet[0] = if is_v4 { ECHO_REQUEST_4 } else { ECHO_REQUEST_6 };
    // Identifier and sequence number: the kernel sets the former on its own sockets.
    packet[4..8].copy_from_slice(&mark[..4]);
    packet[ICMP_HEADER..].copy_from_slice(&mark);
    if is_v4 {
        let sum = checksum(&packet);
        packet[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    packet
}

/// Whether a packet answers the request with this mark.
fn is_reply(packet: &[u8], is_v4: bool, raw: bool, mark: &[u8; PAYLOAD]) -> bool {
    // A raw IPv4 socket gives the IP header, too; its length stands in words.
    let header = if raw && is_v4 { packet.first().map_or(0, |first| usize::from(first & 0x0f) * 4) } else { 0 };
    let reply = if is_v4 { ECHO_REPLY_4 } else { ECHO_REPLY_6 };
    packet.get(header) == Some(&reply) && packet.get(header + ICMP_HEADER..header + ICMP_HEADER + PAYLOAD) == Some(mark)
}

/// The time from an echo request to its reply; nothing when none came.
///
/// # Errors
/// When this machine cannot ask, as where ICMP is not allowed.
pub fn icmp(address: IpAddr) -> Result<Option<Duration>, Unable> {
    let (mut socket, raw) = icmp_socket(address)?;
    let mut mark = [0; PAYLOAD];
    getrandom::fill(&mut mark).map_err(|error| Unable(io::Error::other(error)))?;
    let packet = echo_request(address.is_ipv4(), mark);
    socket.set_read_timeout(Some(PATIENCE))?;
    let begun = Instant::now();
    let sent = socket.connect(&SockAddr::from(SocketAddr::new(address, 0))).and_then(|()| socket.send(&packet));
    match sent {
        Err(error) if is_loss(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
        Ok(_) => {}
    }
    let mut answer = [0; 256];
    loop {
        match socket.read(&mut answer) {
            Ok(length) if is_reply(&answer[..length], address.is_ipv4(), raw, &mark) => return Ok(Some(begun.elapsed())),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if is_loss(&error) || error.kind() == ErrorKind::ConnectionRefused => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        // Others' packets must not make the wait longer.
        let Some(left) = PATIENCE.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) else { return Ok(None) };
        socket.set_read_timeout(Some(left))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::TcpListener;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn an_open_port_and_a_refusal_are_both_answers() {
        let listener = TcpListener::bind((HERE, 0)).expect("a port");
        let port = listener.local_addr().expect("address").port();
        assert!(tcp(HERE, port).expect("asked").is_some());
        drop(listener);
        assert!(tcp(HERE, port).expect("asked").is_some());
    }

    #[test]
    fn the_checksum_is_that_of_the_rfc() {
        // RFC 1071 §3, the example, complemented.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        let packet = echo_request(true, [7; PAYLOAD]);
        assert_eq!(checksum(&packet), 0, "over a packet with its checksum it is nothing");
    }

    #[test]
    fn only_the_own_reply_counts() {
        let mark = [9; PAYLOAD];
        let mut reply = echo_request(true, mark);
        reply[0] = ECHO_REPLY_4;
        assert!(is_reply(&reply, true, false, &mark));
        assert!(!is_reply(&reply, true, false, &[8; PAYLOAD]), "another's");
        assert!(!is_reply(&echo_request(true, mark), true, false, &mark), "the request itself");
        assert!(!is_reply(&reply[..20], true, false, &mark), "a part of it");
        let with_header = [&[0x45; 20][..], &reply].concat();
        assert!(is_reply(&with_header, true, true, &mark));
        assert!(!is_reply(&reply, false, false, &mark), "a reply of the other family");
    }

    proptest! {
        #[test]
        fn any_packet_is_looked_at_without_panic(packet in prop::collection::vec(any::<u8>(), 0..80), is_v4: bool, raw: bool) {
            is_reply(&packet, is_v4, raw, &[1; PAYLOAD]);
        }
    }
}
