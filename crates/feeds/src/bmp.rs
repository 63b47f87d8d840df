//! The BGP Monitoring Protocol (RFC 7854): which peer of a router something is said about.
//!
//! What is said is not believed by itself: some daemons send withdrawals of routes that are still
//! there (FRR 8.4, pre-policy). It says that it is worth while to ask the router now.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Version, length, type (RFC 7854 §4.1).
const COMMON: usize = 6;
/// The per-peer header (§4.2).
const PEER: usize = 42;
/// Longer messages are no BMP: a BGP message has at most 65,535 octets (RFC 8654), a Peer Up two of them.
const LONGEST: usize = 200_000;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// Routes of a peer came or went (type 0).
    Routes(IpAddr),
    /// A session came up (type 3) or went down (type 2).
    Session(IpAddr),
    /// The router introduces itself, counts, or says goodbye.
    Other,
}

/// Why a stream is not read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BmpError {
    /// RFC 7854 is version 3.
    #[error("BMP version {0} is not spoken, only 3 (RFC 7854)")]
    Version(u8),
    /// A length that no message has.
    #[error("a message of {0} octets is no BMP message")]
    Length(usize),
}

/// Cuts a stream into messages, in whatever parts it comes.
#[derive(Debug, Default)]
pub struct Stream(Vec<u8>);

impl Stream {
    /// Takes over what came, and gives the messages that are complete.
    ///
    /// # Errors
    /// When it is no BMP; the connection is to be closed then.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<Message>, BmpError> {
        self.0.extend_from_slice(bytes);
        let (mut found, mut at) = (vec![], 0);
        while let Some(length) = length(&self.0[at..])? {
            let Some(message) = self.0.get(at..at + length) else { break };
            found.push(read(message));
            at += length;
        }
        self.0.drain(..at);
        Ok(found)
    }
}

/// The length of the message that begins here; nothing while too little of it came.
pub(crate) fn length(bytes: &[u8]) -> Result<Option<usize>, BmpError> {
    match bytes.first() {
        None => return Ok(None),
        Some(3) => {}
        Some(version) => return Err(BmpError::Version(*version)),
    }
    let Some(length) = bytes.get(1..5) else { return Ok(None) };
    let length = length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
    if (COMMON..=LONGEST).contains(&length) { Ok(Some(length)) } else { Err(BmpError::Length(length)) }
}

fn read(message: &[u8]) -> Message {
    let peer = message.get(COMMON..COMMON + PEER).and_then(address);
    match (message.get(5), peer) {
        (Some(0), Some(peer)) => Message::Routes(peer),
        (Some(2 | 3), Some(peer)) => Message::Session(peer),
        _ => Message::Other,
    }
}

/// The peer's address: IPv6 when the V flag is set, else in the last four octets (§4.2).
pub(crate) fn address(header: &[u8]) -> Option<IpAddr> {
    let octets: [u8; 16] = header.get(10..26)?.try_into().ok()?;
    Some(if header.get(1)? & 0x80 != 0 {
        Ipv6Addr::from(octets).into()
    } else {
        Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const BIRD: &[u8] = include_bytes!("../tests/bmp/bird-3.1.7_denyall-then-permit.bmp");
    const FRR: &[u8] = include_bytes!("../tests/bmp/frr-10.3_denyall-then-permit.bmp");
    const GOBGP: &[u8] = include_bytes!("../tests/bmp/gobgp-3.10_prepolicy.bmp");
    const YOUTUBE: &[u8] = include_bytes!("../tests/bmp/yt2008-replay_bird-3.1.7.bmp");

    /// The peers about whose routes something is said.
    fn peers(stream: &[u8]) -> BTreeSet<IpAddr> {
        let all = Stream::default().take(stream).expect("BMP");
        let of = |message| if let Message::Routes(peer) = message { Some(peer) } else { None };
        all.into_iter().filter_map(of).collect()
    }

    #[test]
    fn recorded_streams_of_three_daemons_name_their_peers() {
        for (name, stream) in [("BIRD", BIRD), ("FRR", FRR), ("GoBGP", GOBGP), ("YouTube", YOUTUBE)] {
            let peers = peers(stream);
            assert!(peers.iter().any(|peer| !peer.is_unspecified()), "{name}: {peers:?}");
        }
    }

    #[test]
    fn what_is_no_bmp_is_refused_at_once() {
        assert_eq!(Stream::default().take(b"GET / HTTP/1.1\r\n"), Err(BmpError::Version(b'G')));
        assert_eq!(Stream::default().take(&[3, 0xff, 0xff, 0xff, 0xff, 0]), Err(BmpError::Length(0xffff_ffff)));
        assert_eq!(Stream::default().take(&[3, 0, 0, 0, 5, 4]), Err(BmpError::Length(5)));
        assert_eq!(Stream::default().take(&[3, 0, 0]), Ok(vec![]), "the rest may come");
    }

    proptest! {
        #[test]
        fn the_parts_in_which_a_stream_comes_do_not_matter(cuts in prop::collection::vec(1usize..200, 1..40)) {
            let whole = Stream::default().take(FRR).expect("BMP");
            let (mut stream, mut found, mut rest) = (Stream::default(), vec![], FRR);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (part, more) = rest.split_at((*cut).min(rest.len()));
                found.extend(stream.take(part).expect("BMP"));
                rest = more;
            }
            prop_assert_eq!(found, whole);
        }

        #[test]
        fn any_bytes_are_answered_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), head in any::<bool>()) {
            let mut all = if head { vec![3, 0, 0, 0, 60, 0] } else { vec![] };
            all.extend(bytes);
            let _ = Stream::default().take(&all);
        }
    }
}
