//! MRT (RFC 6396, RFC 8050): updates and tables of collectors.

use super::{
    Form, Tally, Vantages,
    peek::{self, Peeked},
    peer, update,
};
use bgpkit_parser::{
    models::{Bgp4MpEnum, BgpMessage, BgpState, MrtMessage, PeerIndexTable, TableDumpMessage, TableDumpV2Message},
    parser::mrt::mrt_record::parse_mrt_body,
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
    net::IpAddr,
    sync::Arc,
};

/// The header that every record has (RFC 6396 §2).
const HEADER: usize = 12;
/// Longest record; a table's entry with every peer there is has some hundred kilobytes.
const LONGEST: usize = 16 << 20;
const TABLE_DUMP_V2: u16 = 13;
const BGP4MP: u16 = 16;
const BGP4MP_ET: u16 = 17;

pub(super) fn read(input: &mut dyn Read, interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Tally {
    let mut tally = Tally::new(Form::Mrt);
    let (mut collector, mut body) = (Collector::new(interest), vec![]);
    loop {
        match Record::read(input, &mut body) {
            Ok(None) => return tally,
            Ok(Some(record)) => match collector.record(&record, &body, take) {
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

/// The header of a record.
struct Record {
    at: Timestamp,
    kind: u16,
    subtype: u16,
}

fn number(octets: &[u8]) -> usize {
    octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet))
}

impl Record {
    /// The next record, its body in `body`; nothing at the end.
    fn read(input: &mut dyn Read, body: &mut Vec<u8>) -> Result<Option<Record>, String> {
        let cut = |_| "the file ends within a record".to_owned();
        let mut header = [0; HEADER];
        loop {
            match input.read(&mut header[..1]) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        input.read_exact(&mut header[1..]).map_err(cut)?;
        let (kind, subtype) = (number(&header[4..6]) as u16, number(&header[6..8]) as u16);
        let length = number(&header[8..]);
        if length > LONGEST {
            return Err(format!("a record of {length} octets is none; nothing behind it was read"));
        }
        body.resize(length, 0);
        input.read_exact(body).map_err(cut)?;
        let mut millis = number(&header[..4]) as i64 * 1000;
        // Microseconds stand before the message (RFC 6396 §3).
        if kind == BGP4MP_ET && length >= 4 {
            millis += number(&body[..4]) as i64 / 1000;
            body.drain(..4);
        }
        Ok(Some(Record { at: Timestamp::from_millis(millis), kind, subtype }))
    }

    /// The BGP message in it, where it is one, and who sent it (RFC 6396 §4.4.2, §4.4.3).
    fn message<'b>(&self, body: &'b [u8]) -> Option<Message<'b>> {
        let (BGP4MP | BGP4MP_ET, subtype @ (1 | 4 | 6..=11)) = (self.kind, self.subtype) else { return None };
        let asn_octets = if matches!(subtype, 4 | 7 | 9 | 11) { 4 } else { 2 };
        let asn = number(body.get(..asn_octets)?) as u32;
        let addresses = body.get(asn_octets * 2 + 4..)?;
        let (address, rest): (IpAddr, _) = match number(&body[asn_octets * 2 + 2..asn_octets * 2 + 4]) {
            1 => (<[u8; 4]>::try_from(addresses.get(..4)?).ok()?.into(), addresses.get(8..)?),
            2 => (<[u8; 16]>::try_from(addresses.get(..16)?).ok()?.into(), addresses.get(32..)?),
            _ => return None,
        };
        Some(Message { asn, address, asn_octets, add_path: subtype >= 8, bytes: rest })
    }
}

/// A BGP message and who sent it.
struct Message<'b> {
    asn: u32,
    address: IpAddr,
    asn_octets: usize,
    add_path: bool,
    bytes: &'b [u8],
}

struct Collector<'a> {
    interest: &'a Interest,
    vantages: Vantages,
    /// The same by what stands in the messages.
    known: HashMap<(u32, IpAddr, Option<u32>), Arc<Vantage>, foldhash::fast::RandomState>,
    /// Whose entries a table has.
    peers: Option<PeerIndexTable>,
}

impl<'a> Collector<'a> {
    fn new(interest: &'a Interest) -> Self {
        Collector { interest, vantages: Vantages::default(), peers: None, known: HashMap::default() }
    }

    fn vantage(&mut self, asn: u32, address: IpAddr, path: Option<u32>) -> Arc<Vantage> {
        let of = || Vantage { source: String::new(), asn: Asn(asn), peer: peer(address, path), tells_withdrawals: true };
        self.known.entry((asn, address, path)).or_insert_with(|| self.vantages.of(of())).clone()
    }

    fn record(&mut self, record: &Record, body: &[u8], take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
        if let Some(message) = record.message(body) {
            match peek::peek(message.bytes, message.asn_octets, message.add_path, self.interest) {
                Peeked::Nothing => return Ok(()),
                Peeked::Said(said) => {
                    let vantage = self.vantage(message.asn, message.address, None);
                    said.sights().for_each(|sight| take(Sighting { at: record.at, vantage: vantage.clone(), sight }));
                    return Ok(());
                }
                Peeked::NotPlain => {}
            }
        }
        // RIB_IPV4_UNICAST and RIB_IPV6_UNICAST: a number, then the prefix (RFC 6396 §4.3.2).
        if let (TABLE_DUMP_V2, 2 | 4) = (record.kind, record.subtype)
            && !peek::may_be_prefix(body.get(4..).unwrap_or_default(), record.subtype == 4, self.interest)
        {
            return Ok(());
        }
        self.whole(record, body, take)
    }

    fn whole(&mut self, record: &Record, body: &[u8], take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
        // The microseconds are gone from the body.
        let kind = if record.kind == BGP4MP_ET { BGP4MP } else { record.kind };
        let message = parse_mrt_body(kind, record.subtype, Bytes::copy_from_slice(body)).map_err(|error| error.to_string())?;
        self.message(record.at, message, take)
    }

    fn message(&mut self, at: Timestamp, message: MrtMessage, take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
        match message {
            MrtMessage::Bgp4Mp(Bgp4MpEnum::Message(message)) => {
                if let BgpMessage::Update(update) = &message.bgp_message {
                    update::sights(update, self.interest, &mut |path, sight| {
                        take(Sighting { at, vantage: self.vantage(message.peer_asn.to_u32(), message.peer_ip, path), sight });
                    });
                }
            }
            MrtMessage::Bgp4Mp(Bgp4MpEnum::StateChange(change)) => {
                if change.old_state == BgpState::Established && change.new_state != BgpState::Established {
                    let (asn, address) = (Asn(change.peer_asn.to_u32()), change.peer_ip.to_string());
                    for vantage in self.vantages.same_session(asn, &address) {
                        take(Sighting { at, vantage, sight: Sight::Lost });
                    }
                }
            }
            MrtMessage::TableDumpV2Message(TableDumpV2Message::PeerIndexTable(peers)) => self.peers = Some(peers),
            MrtMessage::TableDumpV2Message(TableDumpV2Message::RibAfi(rib)) => {
                let prefix = update::prefix(&rib.prefix);
                let peers = self.peers.take().ok_or("a table's entries come before its list of peers")?;
                for entry in rib.rib_entries.iter().filter(|_| self.interest.may_be(prefix)) {
                    let Some(peer) = peers.get_peer_by_id(&entry.peer_index) else { continue };
                    let vantage = self.vantage(peer.peer_asn.to_u32(), peer.peer_ip, entry.path_id);
                    take(Sighting { at, vantage, sight: Sight::Announced(prefix, update::route(&entry.attributes).into()) });
                }
                self.peers = Some(peers);
            }
            MrtMessage::TableDumpMessage(dump) => self.dump(at, &dump, take),
            MrtMessage::TableDumpMessageBatch(dumps) => dumps.iter().for_each(|dump| self.dump(at, dump, take)),
            MrtMessage::TableDumpV2Message(_) => {}
            MrtMessage::LegacyBgp(_) => return Err("MRT type 5 is not read: it ended before 2000".into()),
        }
        Ok(())
    }

    /// TABLE_DUMP (RFC 6396 §4.2).
    fn dump(&mut self, at: Timestamp, dump: &TableDumpMessage, take: &mut dyn FnMut(Sighting)) {
        let prefix = update::prefix(&dump.prefix);
        if self.interest.may_be(prefix) {
            let vantage = self.vantage(dump.peer_asn.to_u32(), dump.peer_ip, None);
            take(Sighting { at, vantage, sight: Sight::Announced(prefix, update::route(&dump.attributes).into()) });
        }
    }
}

/// The same with nothing but the whole parser.
#[cfg(any(test, fuzzing))]
pub(super) fn read_whole(mut input: &[u8], interest: &Interest, take: &mut dyn FnMut(Sighting)) {
    let (mut collector, mut body) = (Collector::new(interest), vec![]);
    while let Ok(Some(record)) = Record::read(&mut input, &mut body) {
        let _ = collector.whole(&record, &body, take);
    }
}
