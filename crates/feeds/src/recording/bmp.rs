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
    parser::bmp::{
        messages::{BmpMessage, BmpMessageBody, BmpPerPeerHeader, PerPeerFlags},
        parse_bmp_msg,
    },
};
use bytes::Bytes;
use peerage_domain::{
    Asn, Timestamp,
    interest::Interest,
    sighting::{Sight, Sighting, Vantage},
};
use std::io::{ErrorKind, Read};

/// Version, length, type (RFC 7854 §4.1).
const COMMON: usize = 6;

/// The per-peer header behind it (§4.2).
const PEER: usize = 42;

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
        let lost = |vantage: &std::sync::Arc<Vantage>| Sighting { at, vantage: vantage.clone(), sight: Sight::Lost };
        self.station.vantages.0.iter().map(lost).collect()
    }
}

#[derive(Default)]
struct Station {
    name: String,
    vantages: Vantages,
    now: Timestamp,
}

impl Station {
    fn read(&mut self, bytes: &[u8], interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
        const ROUTES: u8 = 0;
        let update = bytes.get(COMMON + PEER..).filter(|_| bytes[COMMON - 1] == ROUTES);
        // Whose it is and how it is to be read stands in flags that the whole parser knows.
        if let Some(Peeked::Nothing) = update.map(|update| peek(update, 4, false, interest)) {
            self.passes(bytes);
            return Ok(());
        }
        let message = parse_bmp_msg(&mut Bytes::copy_from_slice(bytes)).map_err(|error| format!("{error:?}"))?;
        self.message(message, interest, take);
        Ok(())
    }

    /// Time goes on with what is not of interest, too.
    fn passes(&mut self, bytes: &[u8]) {
        let number = |at: usize| bytes.get(at..at + 4).map_or(0, |all| all.iter().fold(0, |sum, octet| sum << 8 | i64::from(*octet)));
        let (seconds, micros) = (number(COMMON + PEER - 8), number(COMMON + PEER - 4));
        self.now = self.now.max(Timestamp::from_millis(seconds * 1000 + micros / 1000));
    }

    fn message(&mut self, message: BmpMessage, interest: &Interest, take: &mut dyn FnMut(Sighting)) {
        let Some(header) = message.per_peer_header else { return };
        let told = Timestamp::from_millis((header.timestamp * 1000.0) as i64);
        self.now = self.now.max(told);
        let (at, asn) = (self.now, Asn(header.peer_asn.to_u32()));
        match message.message_body {
            BmpMessageBody::RouteMonitoring(monitoring) => {
                let BgpMessage::Update(update) = monitoring.bgp_message else { return };
                let Some(side) = side(&header) else { return };
                let source = [self.name.as_str(), side].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
                update::sights(&update, interest, &mut |path, sight| {
                    let peer = peer(header.peer_ip, path);
                    let vantage = Vantage { source: source.clone(), asn, peer, tells_withdrawals: side != PRE_POLICY };
                    take(Sighting { at, vantage: self.vantages.of(vantage), sight });
                });
            }
            // A session that went, or came anew: what it had before is not known any more.
            BmpMessageBody::PeerDownNotification(_) | BmpMessageBody::PeerUpNotification(_) => {
                for vantage in self.vantages.same_session(asn, &header.peer_ip.to_string()) {
                    take(Sighting { at, vantage, sight: Sight::Lost });
                }
            }
            _ => {}
        }
    }
}

const PRE_POLICY: &str = "pre-policy";

/// Which table of the router it is; what it sends to others is not what it sees.
fn side(header: &BmpPerPeerHeader) -> Option<&'static str> {
    match header.peer_flags {
        PerPeerFlags::PeerFlags(flags) if flags.is_adj_rib_out() => None,
        PerPeerFlags::PeerFlags(flags) if flags.is_post_policy() => Some("post-policy"),
        PerPeerFlags::PeerFlags(_) => Some(PRE_POLICY),
        PerPeerFlags::LocalRibPeerFlags(_) => Some("Loc-RIB"),
    }
}
