//! A raw BMP stream (RFC 7854, RFC 8671, RFC 9069), as a station received it.
//!
//! Times are those of the per-peer header, never going back; a header without a time (zero) has
//! that of the one before. What a router says before policy is a vantage point whose withdrawals
//! are not believed: some daemons send them for routes that are still there.

use super::{
    Form, Tally, Vantages,
    peek::{Peeked, peek},
    peer, update,
};
use bgpkit_parser::{
    models::BgpMessage,
    parser::bmp::{messages::BmpMessageBody, parse_bmp_msg},
};
use bytes::Bytes;
use peerage_domain::{
    Asn, Timestamp,
    interest::Interest,
    sighting::{Sight, Sighting, Vantage},
};
use std::{
    collections::HashMap,
    io::{ErrorKind, Read},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

/// Version, length, type (RFC 7854 §4.1).
const COMMON: usize = 6;

/// The per-peer header behind it (§4.2).
const PEER: usize = 42;
/// The part of it that says whose table it is: all but the router id and the time.
const WHO: usize = 30;

pub(super) fn read(input: &mut dyn Read, interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Tally {
    let mut tally = Tally::new(Form::Bmp);
    let (mut station, mut bytes) = (Station::default(), vec![]);
    loop {
        match message(input, &mut bytes) {
            Ok(false) => return tally,
            Ok(true) => match station.read(&bytes, interest, take) {
                Ok(()) => tally.records += 1,
                Err(why) => tally.fails(why),
            },
            Err(why) => {
                tally.fails(why);
                return tally;
            }
        }
    }
}

/// Reads the next message, whole; tells whether there was one.
fn message(input: &mut dyn Read, bytes: &mut Vec<u8>) -> Result<bool, String> {
    let mut head = [0; COMMON];
    let mut read = 0;
    while read < COMMON {
        match input.read(&mut head[read..]) {
            Ok(0) if read == 0 => return Ok(false),
            Ok(0) => return Err("the stream ends within a message".into()),
            Ok(some) => read += some,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    let length = crate::bmp::length(&head).map_err(|error| error.to_string())?.unwrap_or_default();
    bytes.clear();
    bytes.extend_from_slice(&head);
    bytes.resize(length, 0);
    input.read_exact(&mut bytes[COMMON..]).map_err(|_| "the stream ends within a message")?;
    Ok(true)
}

/// What a router tells, in whatever parts it comes; each sighting has the time of its arrival.
pub struct Router {
    name: String,
    rest: Vec<u8>,
    station: Station,
}

impl Router {
    /// A router that is just beginning to tell.
    pub fn new(name: impl Into<String>) -> Router {
        let name = name.into();
        Router { station: Station { name: name.clone(), ..Station::default() }, name, rest: vec![] }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads what came, and gives what of it is of interest. Gives how many messages were read,
    /// and how many could not be.
    ///
    /// # Errors
    /// When it is no BMP; the connection is to be closed then.
    pub fn take(
        &mut self,
        bytes: &[u8],
        at: Timestamp,
        interest: &Interest,
        take: &mut dyn FnMut(Sighting),
    ) -> Result<(u64, u64), crate::bmp::BmpError> {
        self.rest.extend_from_slice(bytes);
        let (mut from, mut read, mut unreadable) = (0, 0, 0);
        while let Some(length) = crate::bmp::length(&self.rest[from..])? {
            let Some(message) = self.rest.get(from..from + length) else { break };
            from += length;
            match self.station.read(message, interest, &mut |sighting| take(Sighting { at, ..sighting })) {
                Ok(()) => read += 1,
                Err(_) => unreadable += 1,
            }
        }
        self.rest.drain(..from);
        Ok((read, unreadable))
    }

    /// Its sessions are not heard of any more: what they had is not known.
    pub fn lost(&self, at: Timestamp) -> Vec<Sighting> {
        let lost = |vantage: &Arc<Vantage>| Sighting { at, vantage: vantage.clone(), sight: Sight::Lost };
        self.station.vantages.0.iter().map(lost).collect()
    }
}

#[derive(Default)]
struct Station {
    name: String,
    vantages: Vantages,
    /// The same by what stands in the messages.
    known: HashMap<([u8; WHO], Option<u32>), Arc<Vantage>, foldhash::fast::RandomState>,
    now: Timestamp,
}

impl Station {
    fn read(&mut self, bytes: &[u8], interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
        const ROUTES: u8 = 0;
        if let (Some(header), Some(ROUTES)) = (Header::read(bytes), bytes.get(COMMON - 1).copied()) {
            match peek(&bytes[COMMON + PEER..], header.asn_octets, false, interest) {
                Peeked::Nothing => {
                    // Time goes on with what is not of interest, too.
                    self.now = self.now.max(header.told);
                    return Ok(());
                }
                Peeked::Said(said) => {
                    self.now = self.now.max(header.told);
                    let Some(session) = header.session else { return Ok(()) };
                    let (at, vantage) = (self.now, self.vantage(session, None));
                    said.sights().for_each(|sight| take(Sighting { at, vantage: vantage.clone(), sight }));
                    return Ok(());
                }
                Peeked::NotPlain => {}
            }
        }
        self.whole(bytes, interest, take)
    }

    fn vantage(&mut self, session: Session, path: Option<u32>) -> Arc<Vantage> {
        let of = || Vantage {
            source: [self.name.as_str(), session.side].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
            asn: session.asn,
            peer: peer(session.address, path),
            tells_withdrawals: session.side != PRE_POLICY,
        };
        self.known.entry((session.who, path)).or_insert_with(|| self.vantages.of(of())).clone()
    }

    fn whole(&mut self, bytes: &[u8], interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
        let message = parse_bmp_msg(&mut Bytes::copy_from_slice(bytes)).map_err(|error| format!("{error:?}"))?;
        let Some(header) = message.per_peer_header.and_then(|_| Header::read(bytes)) else { return Ok(()) };
        self.now = self.now.max(header.told);
        let at = self.now;
        match (message.message_body, header.session) {
            (BmpMessageBody::RouteMonitoring(monitoring), Some(session)) => {
                let BgpMessage::Update(update) = monitoring.bgp_message else { return Ok(()) };
                update::sights(&update, interest, &mut |path, sight| take(Sighting { at, vantage: self.vantage(session, path), sight }));
            }
            // A session that went, or came anew: what it had before is not known any more.
            (BmpMessageBody::PeerDownNotification(_) | BmpMessageBody::PeerUpNotification(_), _) => {
                for vantage in self.vantages.same_session(header.asn, &header.address.to_string()) {
                    take(Sighting { at, vantage, sight: Sight::Lost });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

const PRE_POLICY: &str = "pre-policy";

/// A table of a peer.
#[derive(Clone, Copy)]
struct Session {
    /// As it stands in the header.
    who: [u8; WHO],
    side: &'static str,
    asn: Asn,
    address: IpAddr,
}

/// What of the per-peer header matters (RFC 7854 §4.2, RFC 8671 §4, RFC 9069 §4.1).
struct Header {
    asn: Asn,
    address: IpAddr,
    /// Nothing where it is what the router sends to others, which is not what it sees.
    session: Option<Session>,
    /// How many octets an ASN has in an AS_PATH.
    asn_octets: usize,
    told: Timestamp,
}

impl Header {
    /// The header of a message that has one of a kind that is known.
    fn read(message: &[u8]) -> Option<Header> {
        const LOC_RIB: u8 = 3;
        const POST_POLICY: u8 = 0x40;
        const TWO_OCTETS: u8 = 0x20;
        const ADJ_RIB_OUT: u8 = 0x10;
        let header = message.get(COMMON..COMMON + PEER)?;
        let number = |at: usize| header[at..at + 4].iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet));
        let (kind, flags) = (header[0], header[1]);
        let is_local = kind == LOC_RIB;
        let side = match (kind, flags) {
            (LOC_RIB, _) => Some("Loc-RIB"),
            (4.., _) => return None,
            (_, flags) if flags & ADJ_RIB_OUT != 0 => None,
            (_, flags) if flags & POST_POLICY != 0 => Some("post-policy"),
            _ => Some(PRE_POLICY),
        };
        let address = if is_local { Ipv4Addr::UNSPECIFIED.into() } else { crate::bmp::address(header)? };
        let asn = Asn(number(26));
        Some(Header {
            asn,
            address,
            session: side.zip(header.first_chunk().copied()).map(|(side, who)| Session { who, side, asn, address }),
            asn_octets: if !is_local && flags & TWO_OCTETS != 0 { 2 } else { 4 },
            told: Timestamp::from_millis(i64::from(number(34)) * 1000 + i64::from(number(38)) / 1000),
        })
    }
}

/// The same with nothing but the whole parser.
#[cfg(any(test, fuzzing))]
pub(super) fn read_whole(mut input: &[u8], interest: &Interest, take: &mut dyn FnMut(Sighting)) {
    let (mut station, mut bytes) = (Station::default(), vec![]);
    while let Ok(true) = message(&mut input, &mut bytes) {
        let _ = station.whole(&bytes, interest, take);
    }
}
