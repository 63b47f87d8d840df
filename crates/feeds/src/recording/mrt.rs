//! MRT (RFC 6396, RFC 8050): updates and tables of collectors.

use super::{Form, Tally, Vantages, peer, update};
use bgpkit_parser::{
    BgpkitParser,
    models::{Bgp4MpEnum, BgpMessage, BgpState, CommonHeader, MrtMessage, PeerIndexTable, TableDumpMessage, TableDumpV2Message},
};
use peerage_domain::{
    Asn, Timestamp,
    sighting::{Sight, Sighting, Vantage},
};
use std::{io::Read, net::IpAddr, sync::Arc};

pub(super) fn read(input: &mut dyn Read, take: &mut dyn FnMut(Sighting)) -> Tally {
    let mut tally = Tally::new(Form::Mrt);
    let mut collector = Collector::default();
    for record in BgpkitParser::from_reader(input).disable_warnings().into_fallible_record_iter() {
        match record {
            Ok(record) => {
                tally.records += 1;
                if let Err(why) = collector.record(time(&record.common_header), record.message, take) {
                    tally.fails(why);
                }
            }
            Err(error) => tally.fails(error),
        }
    }
    tally
}

fn time(header: &CommonHeader) -> Timestamp {
    let fine = header.microsecond_timestamp.unwrap_or_default() / 1000;
    Timestamp::from_millis(i64::from(header.timestamp) * 1000 + i64::from(fine))
}

#[derive(Default)]
struct Collector {
    vantages: Vantages,
    peers: Option<PeerIndexTable>,
}

impl Collector {
    fn vantage(&mut self, asn: u32, address: IpAddr, path: Option<u32>) -> Arc<Vantage> {
        let vantage = Vantage { source: String::new(), asn: Asn(asn), peer: peer(address, path), tells_withdrawals: true };
        self.vantages.of(vantage)
    }

    fn record(&mut self, at: Timestamp, message: MrtMessage, take: &mut dyn FnMut(Sighting)) -> Result<(), &'static str> {
        match message {
            MrtMessage::Bgp4Mp(Bgp4MpEnum::Message(message)) => {
                if let BgpMessage::Update(update) = &message.bgp_message {
                    update::sights(update, &mut |path, sight| {
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
                let peers = self.peers.take().ok_or("a table's entries come before its list of peers")?;
                for entry in &rib.rib_entries {
                    let Some(peer) = peers.get_peer_by_id(&entry.peer_index) else { continue };
                    let vantage = self.vantage(peer.peer_asn.to_u32(), peer.peer_ip, entry.path_id);
                    let route = Arc::new(update::route(&entry.attributes));
                    take(Sighting { at, vantage, sight: Sight::Announced(update::prefix(&rib.prefix), route) });
                }
                self.peers = Some(peers);
            }
            MrtMessage::TableDumpMessage(dump) => self.dump(at, &dump, take),
            MrtMessage::TableDumpMessageBatch(dumps) => dumps.iter().for_each(|dump| self.dump(at, dump, take)),
            MrtMessage::TableDumpV2Message(_) => {}
            MrtMessage::LegacyBgp(_) => return Err("MRT type 5 is not read: it ended before 2000"),
        }
        Ok(())
    }

    /// TABLE_DUMP (RFC 6396 §4.2).
    fn dump(&mut self, at: Timestamp, dump: &TableDumpMessage, take: &mut dyn FnMut(Sighting)) {
        let vantage = self.vantage(dump.peer_asn.to_u32(), dump.peer_ip, None);
        let route = Arc::new(update::route(&dump.attributes));
        take(Sighting { at, vantage, sight: Sight::Announced(update::prefix(&dump.prefix), route) });
    }
}
