//! A router's side of the RPKI-to-Router protocol, version 1 (RFC 8210) and 0 (RFC 6810):
//! bytes in, bytes to send and sets of VRPs out. The PDUs are bgpkit-parser's; the socket is
//! in [`rtr_socket`](crate::rtr_socket).

use bgpkit_parser::{
    models::rpki::rtr::{RtrErrorCode, RtrPdu, RtrProtocolVersion, RtrResetQuery, RtrSerialQuery},
    parser::rpki::rtr::{RtrEncode, RtrError, parse_rtr_pdu},
};
use ipnet::IpNet;
use peerage_domain::{Asn, Prefix, rpki::Vrp};
use std::{collections::BTreeSet, net::IpAddr, time::Duration};

/// Longest PDU that is taken: an error report that repeats a large PDU; all others are shorter.
const LONGEST: usize = 64 * 1024;

/// What comes of the bytes of a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Send this.
    Send(Vec<u8>),
    /// The whole set, as of a serial number.
    Complete(Intervals),
    /// The cache has no data yet; ask again after the retry interval (RFC 8210 §8.4).
    NoData,
}

/// When to ask again (RFC 8210 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// After an answer.
    pub refresh: Duration,
    /// After a failure.
    pub retry: Duration,
    /// The data are not to be used after this time without an answer.
    pub expire: Duration,
}

impl Default for Intervals {
    /// What RFC 8210 §6 recommends.
    fn default() -> Self {
        Intervals { refresh: Duration::from_secs(3600), retry: Duration::from_secs(600), expire: Duration::from_secs(7200) }
    }
}

/// The cache breaks the protocol; the connection has to be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RtrFault {
    /// Bytes that are no PDU.
    #[error("the cache sends something that is no RTR PDU: {0}")]
    Garbage(String),
    /// A PDU where it must not stand.
    #[error("the cache sends {0} out of turn")]
    OutOfTurn(&'static str),
    /// The cache reports an error (RFC 8210 §12).
    #[error("the cache reports an error: {0}")]
    Reported(String),
}

/// One session with a cache, over as many connections as it takes.
#[derive(Debug)]
pub struct Client {
    version: RtrProtocolVersion,
    /// Session id and serial number of what is complete.
    state: Option<(u16, u32)>,
    vrps: BTreeSet<Vrp>,
    /// The set that an answer under way makes, and the session id it is of.
    coming: Option<(u16, BTreeSet<Vrp>)>,
    /// Whether the answer under way is to be one of changes.
    asked_for_changes: bool,
    buffer: Vec<u8>,
}

impl Default for Client {
    fn default() -> Self {
        Client {
            version: RtrProtocolVersion::V1,
            state: None,
            vrps: BTreeSet::new(),
            coming: None,
            asked_for_changes: false,
            buffer: vec![],
        }
    }
}

impl Client {
    /// The last complete set.
    pub fn vrps(&self) -> &BTreeSet<Vrp> {
        &self.vrps
    }

    /// The serial number of the last complete set.
    pub fn serial(&self) -> Option<u32> {
        self.state.map(|(_, serial)| serial)
    }

    /// What to send on a new connection, and when it is time to refresh: a query for the
    /// changes since the last complete set, or for everything.
    pub fn query(&mut self) -> Vec<u8> {
        self.coming = None;
        self.asked_for_changes = self.state.is_some();
        match self.state {
            Some((session, serial)) => RtrSerialQuery::new(self.version, session, serial).encode(),
            None => RtrResetQuery::new(self.version).encode(),
        }
    }

    /// Forgets what a broken connection left over. The next one asks for everything: a cache
    /// that started again closes the connection on a serial number of its life before, as
    /// StayRTR does, instead of answering with Cache Reset.
    pub fn disconnected(&mut self) {
        self.coming = None;
        self.state = None;
        self.buffer.clear();
    }

    /// Takes bytes as they come.
    ///
    /// # Errors
    /// When the cache breaks the protocol.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<Event>, RtrFault> {
        self.buffer.extend_from_slice(bytes);
        let mut events = vec![];
        loop {
            let length = self.buffer.get(4..8).map(|l| u32::from_be_bytes([l[0], l[1], l[2], l[3]]) as usize);
            if let Some(length) = length.filter(|length| !(8..=LONGEST).contains(length)) {
                return Err(RtrFault::Garbage(format!("a PDU of {length} bytes")));
            }
            match parse_rtr_pdu(&self.buffer) {
                Ok((pdu, used)) => {
                    self.buffer.drain(..used);
                    events.extend(self.pdu(pdu)?);
                }
                Err(RtrError::IncompletePdu { .. }) => return Ok(events),
                Err(error) => return Err(RtrFault::Garbage(format!("{error:?}"))),
            }
        }
    }

    fn pdu(&mut self, pdu: RtrPdu) -> Result<Option<Event>, RtrFault> {
        match pdu {
            RtrPdu::SerialNotify(it) if self.coming.is_none() => {
                let news = self.state != Some((it.session_id, it.serial_number));
                Ok(news.then(|| Event::Send(self.query())))
            }
            // Before the first answer is over, a notification says nothing new (RFC 8210 §5.2).
            RtrPdu::SerialNotify(_) => Ok(None),
            RtrPdu::CacheResponse(it) => {
                let same = self.state.is_some_and(|(session, _)| session == it.session_id);
                if self.asked_for_changes && !same {
                    // RFC 8210 §5.5: another session; what is known is of no use with it.
                    return Ok(Some(self.start_over()));
                }
                let start = if self.asked_for_changes { self.vrps.clone() } else { BTreeSet::new() };
                self.coming = Some((it.session_id, start));
                Ok(None)
            }
            RtrPdu::IPv4Prefix(it) => self.change(it.is_announcement(), it.prefix.into(), it.prefix_length, it.max_length, it.asn.to_u32()),
            RtrPdu::IPv6Prefix(it) => self.change(it.is_announcement(), it.prefix.into(), it.prefix_length, it.max_length, it.asn.to_u32()),
            RtrPdu::RouterKey(_) => Ok(None),
            RtrPdu::EndOfData(it) => {
                let (session, vrps) = self.coming.take().ok_or(RtrFault::OutOfTurn("End of Data"))?;
                self.vrps = vrps;
                self.state = Some((session, it.serial_number));
                let usual = Intervals::default();
                let of = |told: Option<u32>, usual: Duration| told.map_or(usual, |s| Duration::from_secs(u64::from(s)));
                Ok(Some(Event::Complete(Intervals {
                    refresh: of(it.refresh_interval, usual.refresh),
                    retry: of(it.retry_interval, usual.retry),
                    expire: of(it.expire_interval, usual.expire),
                })))
            }
            RtrPdu::CacheReset(_) => Ok(Some(self.start_over())),
            RtrPdu::ErrorReport(it) => match it.error_code {
                RtrErrorCode::NoDataAvailable => Ok(Some(Event::NoData)),
                RtrErrorCode::UnsupportedProtocolVersion if self.version != RtrProtocolVersion::V0 => {
                    self.version = RtrProtocolVersion::V0;
                    Ok(Some(self.start_over()))
                }
                code => Err(RtrFault::Reported(format!("{code:?} {}", it.error_text).trim().to_owned())),
            },
            RtrPdu::SerialQuery(_) => Err(RtrFault::OutOfTurn("Serial Query")),
            RtrPdu::ResetQuery(_) => Err(RtrFault::OutOfTurn("Reset Query")),
        }
    }

    fn start_over(&mut self) -> Event {
        self.state = None;
        Event::Send(self.query())
    }

    fn change(&mut self, announced: bool, address: IpAddr, length: u8, max_length: u8, asn: u32) -> Result<Option<Event>, RtrFault> {
        let net = IpNet::new(address, length).map_err(|_| RtrFault::Garbage(format!("{address}/{length}")))?;
        let vrp = Vrp { prefix: Prefix::covering(net), max_length, asn: Asn(asn) };
        let (_, vrps) = self.coming.as_mut().ok_or(RtrFault::OutOfTurn("a prefix"))?;
        // RFC 8210 §12: what is announced twice, or withdrawn and unknown, breaks the session.
        let fits = if announced { vrps.insert(vrp) } else { vrps.remove(&vrp) };
        if fits { Ok(None) } else { Err(RtrFault::OutOfTurn("a prefix that does not fit the set")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bgpkit_parser::models::rpki::rtr::{RtrCacheReset, RtrCacheResponse, RtrEndOfData, RtrErrorReport, RtrIPv4Prefix, RtrSerialNotify};
    use proptest::prelude::*;

    const V1: RtrProtocolVersion = RtrProtocolVersion::V1;

    fn response(session_id: u16) -> Vec<u8> {
        RtrCacheResponse { version: V1, session_id }.encode()
    }

    fn route(flags: u8, third: u8) -> Vec<u8> {
        let prefix = [203, 0, third, 0].into();
        RtrIPv4Prefix { version: V1, flags, prefix_length: 24, max_length: 24, prefix, asn: 64501.into() }.encode()
    }

    fn end(session_id: u16, serial_number: u32) -> Vec<u8> {
        let (refresh_interval, retry_interval, expire_interval) = (Some(10), Some(20), Some(30));
        RtrEndOfData { version: V1, session_id, serial_number, refresh_interval, retry_interval, expire_interval }.encode()
    }

    fn filled() -> Client {
        let mut client = Client::default();
        assert_eq!(client.query(), RtrResetQuery::new(V1).encode());
        let events = client.take(&[response(7), route(1, 113), route(1, 114), end(7, 1)].concat()).expect("fits");
        let intervals = Intervals { refresh: Duration::from_secs(10), retry: Duration::from_secs(20), expire: Duration::from_secs(30) };
        assert_eq!(events, [Event::Complete(intervals)]);
        client
    }

    #[test]
    fn a_set_comes_whole_then_as_changes() {
        let mut client = filled();
        assert_eq!((client.vrps().len(), client.serial()), (2, Some(1)));
        let notify = RtrSerialNotify { version: V1, session_id: 7, serial_number: 2 }.encode();
        assert_eq!(client.take(&notify), Ok(vec![Event::Send(RtrSerialQuery::new(V1, 7, 1).encode())]));
        // Half an answer changes nothing.
        client.take(&[response(7), route(0, 113), route(1, 115)].concat()).expect("fits");
        assert_eq!(client.vrps().len(), 2);
        client.take(&end(7, 2)).expect("fits");
        let left: Vec<String> = client.vrps().iter().map(|vrp| vrp.prefix.to_string()).collect();
        assert_eq!((left, client.serial()), (vec!["203.0.114.0/24".to_owned(), "203.0.115.0/24".to_owned()], Some(2)));
    }

    #[test]
    fn another_session_and_a_reset_start_over() {
        let all = Event::Send(RtrResetQuery::new(V1).encode());
        let mut client = filled();
        client.query();
        assert_eq!(client.take(&response(8)), Ok(vec![all.clone()]));
        let mut client = filled();
        client.query();
        assert_eq!(client.take(&RtrCacheReset { version: V1 }.encode()), Ok(vec![all]));
        assert_eq!(client.vrps().len(), 2, "the old set is used until the new one is there");
    }

    #[test]
    fn an_old_cache_gets_the_old_version() {
        let mut client = Client::default();
        client.query();
        let report = RtrErrorReport::unsupported_version(RtrProtocolVersion::V0, vec![]).encode();
        assert_eq!(client.take(&report), Ok(vec![Event::Send(RtrResetQuery::new_v0().encode())]));
    }

    #[test]
    fn what_breaks_the_protocol_is_told() {
        let check = |bytes: &[u8], fault: RtrFault| {
            let mut client = Client::default();
            client.query();
            assert_eq!(client.take(bytes), Err(fault));
        };
        check(&end(7, 1), RtrFault::OutOfTurn("End of Data"));
        check(&route(1, 113), RtrFault::OutOfTurn("a prefix"));
        check(&[response(7), route(0, 113)].concat(), RtrFault::OutOfTurn("a prefix that does not fit the set"));
        check(&[1, 4, 0, 0, 0xff, 0xff, 0xff, 0xff], RtrFault::Garbage("a PDU of 4294967295 bytes".into()));
        check(b"HTTP/1.1 400 Bad Request\r\n", RtrFault::Garbage("a PDU of 791752241 bytes".into()));
        assert_eq!(
            Client::default().take(&RtrErrorReport::new(V1, RtrErrorCode::NoDataAvailable, vec![], String::new()).encode()),
            Ok(vec![Event::NoData])
        );
    }

    proptest! {
        #[test]
        fn bytes_come_in_any_pieces(cut in 1usize..60) {
            let bytes = [response(7), route(1, 113), route(1, 114), end(7, 1)].concat();
            let mut client = Client::default();
            client.query();
            let events: Vec<Event> = bytes.chunks(cut).flat_map(|piece| client.take(piece).expect("fits")).collect();
            prop_assert_eq!((events.len(), client.vrps().len()), (1, 2));
        }

        #[test]
        fn whatever_comes_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..12, length in 0u8..60) {
            let _ = Client::default().take(&bytes);
            let mut framed = vec![1, kind, 0, 7, 0, 0, 0, length];
            framed.extend(&bytes);
            let _ = Client::default().take(&framed);
        }
    }
}
