//! RIS Live (ris-live.ripe.net/manual): messages of the RIPE RIS collectors, a JSON object each.

use super::{Form, Tally, Vantages, alive::Alive, peek};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    interest::Interest,
    sighting::{Hop, SeenRoute, Sight, Sighting, Vantage},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    fmt,
    hash::BuildHasher,
    io::{self, BufRead, Read},
    sync::Arc,
};

/// Longest line, in bytes; an UPDATE has at most 64 KiB, twice that as hexadecimal digits.
pub(super) const LONGEST: u64 = 1 << 20;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Str<'a>,
    #[serde(borrow)]
    data: Option<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    /// Seconds since 1970.
    timestamp: f64,
    #[serde(borrow, default)]
    peer: Str<'a>,
    peer_asn: Number,
    #[serde(borrow, default)]
    host: Str<'a>,
    #[serde(rename = "type", borrow)]
    kind: Str<'a>,
    /// Read when something of it is of interest.
    #[serde(borrow, default)]
    path: Option<&'a RawValue>,
    #[serde(borrow, default)]
    announcements: Vec<Announced<'a>>,
    #[serde(borrow, default)]
    withdrawals: Vec<Str<'a>>,
    /// The BGP message as hexadecimal digits, where it was asked for.
    #[serde(borrow, default)]
    raw: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Announced<'a> {
    #[serde(borrow)]
    prefixes: Vec<Str<'a>>,
}

/// A text, copied only where something in it is escaped.
#[derive(Default)]
struct Str<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Str<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(Reader)
    }
}

/// RIS Live writes the peer's ASN as text, its archives as a number.
struct Number(Asn);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ASN")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
                u32::try_from(number).map(|number| Number(Asn(number))).map_err(|_| E::custom("it is no ASN"))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                text.parse().map(Number).map_err(E::custom)
            }
        }
        from.deserialize_any(Reader)
    }
}

/// Whether a line is of RIS Live.
pub(super) fn is_line(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type", borrow)]
        kind: Str<'a>,
    }
    serde_json::from_slice::<Kind>(line).is_ok_and(|line| line.kind.0.starts_with("ris_"))
}

pub(super) fn read(input: &mut dyn BufRead, interest: &Interest, take: &mut dyn FnMut(Sighting)) -> io::Result<Tally> {
    let mut tally = Tally::new(Form::RisLive);
    let mut messages = Messages::default();
    let mut line = vec![];
    loop {
        line.clear();
        if Read::take(&mut *input, LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(tally);
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match messages.take(&line, interest, take) {
            Ok(()) => tally.records += 1,
            Err(why) => tally.fails(why),
        }
    }
}

/// Messages of RIS Live, one by one as they come.
#[derive(Default)]
pub struct Messages {
    vantages: Vantages,
    alive: Alive,
}

/// What tells sessions apart.
pub(super) fn hash(host: &str, peer: &str) -> u64 {
    // The same in every run, so that what is heard in one order is told in one.
    foldhash::fast::FixedState::default().hash_one((host, peer))
}

impl Messages {
    /// Reads a message, and gives what of it is of interest.
    ///
    /// # Errors
    /// When it cannot be read; the next one can be all the same.
    pub fn take(&mut self, message: &[u8], interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
        match serde_json::from_slice::<Line>(message) {
            Ok(Line { kind, data: Some(message) }) if kind.0 == "ris_message" => self.tell(&message, interest, take),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn tell(&mut self, message: &Message, interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
        let sights = sights(message, interest)?;
        let at = Timestamp::from_millis((message.timestamp * 1000.0).round() as i64);
        let session = hash(&message.host.0, &message.peer.0);
        self.alive.heard(session, message.kind.0 == "KEEPALIVE", at).into_iter().for_each(&mut *take);
        if sights.is_empty() {
            return Ok(());
        }
        let (source, peer) = (message.host.0.to_string(), message.peer.0.to_string());
        let vantage = Vantage { source, asn: message.peer_asn.0, peer, tells_withdrawals: true };
        // Of a session that told nothing of interest, there is nothing to lose.
        if sights == [Sight::Lost] && !self.vantages.0.contains(&vantage) {
            return Ok(());
        }
        let vantage = self.vantages.of(vantage);
        self.alive.told(&vantage, at);
        sights.into_iter().for_each(|sight| take(Sighting { at, vantage: vantage.clone(), sight }));
        Ok(())
    }
}

/// What a message says of prefixes of interest.
fn sights(message: &Message, interest: &Interest) -> Result<Vec<Sight>, String> {
    let mut sights = vec![];
    match &*message.kind.0 {
        "UPDATE" => {
            // All or nothing: half an UPDATE is worse than none.
            let wanted = |text: &Str| match prefix(&text.0) {
                Ok(prefix) => interest.may_be(prefix).then_some(Ok(prefix)),
                Err(why) => Some(Err(why)),
            };
            for prefix in message.withdrawals.iter().filter_map(wanted) {
                sights.push(Sight::Withdrawn(prefix?));
            }
            let mut known = None;
            for prefix in message.announcements.iter().flat_map(|part| &part.prefixes).filter_map(wanted) {
                let route = match &known {
                    Some(route) => Arc::clone(route),
                    None => known.insert(Arc::new(route(message)?)).clone(),
                };
                sights.push(Sight::Announced(prefix?, route));
            }
        }
        // “connected” begins a new table; what was before is gone in either case.
        "STATE" => sights.push(Sight::Lost),
        _ => {}
    }
    Ok(sights)
}

fn route(message: &Message) -> Result<SeenRoute, String> {
    let path: Vec<Hop> = match message.path {
        Some(path) => serde_json::from_str(path.get()).map_err(|error| error.to_string())?,
        None => vec![],
    };
    // The mark for customers only stands in the message alone (RFC 9234 §5).
    let raw = message.raw.and_then(|raw| octets(raw.get().trim_matches('"')));
    Ok(SeenRoute { path, only_to_customer: raw.and_then(|raw| peek::only_to_customer(&raw)) })
}

fn octets(digits: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map(pair).collect()
}

fn prefix(text: &str) -> Result<Prefix, String> {
    text.parse().map(Prefix::covering).map_err(|_| format!("“{text}” is no prefix"))
}
