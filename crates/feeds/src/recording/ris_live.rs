//! RIS Live (ris-live.ripe.net/manual): messages of the RIPE RIS collectors, a JSON object each.

use super::{Form, Tally, Vantages};
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
pub struct Messages(Vantages);

impl Messages {
    /// Reads a message, and gives what of it is of interest.
    ///
    /// # Errors
    /// When it cannot be read; the next one can be all the same.
    pub fn take(&mut self, message: &[u8], interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
        match serde_json::from_slice::<Line>(message) {
            Ok(Line { kind, data: Some(message) }) if kind.0 == "ris_message" => tell(&message, interest, &mut self.0, take),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn tell(message: &Message, interest: &Interest, vantages: &mut Vantages, take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
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
                    None => known.insert(Arc::new(route(message.path)?)).clone(),
                };
                sights.push(Sight::Announced(prefix?, route));
            }
        }
        // “connected” begins a new table; what was before is gone in either case.
        "STATE" => sights.push(Sight::Lost),
        _ => {}
    }
    if sights.is_empty() {
        return Ok(());
    }
    let at = Timestamp::from_millis((message.timestamp * 1000.0).round() as i64);
    let vantage =
        Vantage { source: message.host.0.to_string(), asn: message.peer_asn.0, peer: message.peer.0.to_string(), tells_withdrawals: true };
    // Of a session that told nothing of interest, there is nothing to lose.
    if sights == [Sight::Lost] && !vantages.0.contains(&vantage) {
        return Ok(());
    }
    let vantage = vantages.of(vantage);
    sights.into_iter().for_each(|sight| take(Sighting { at, vantage: vantage.clone(), sight }));
    Ok(())
}

fn route(path: Option<&RawValue>) -> Result<SeenRoute, String> {
    let path: Vec<Hop> = match path {
        Some(path) => serde_json::from_str(path.get()).map_err(|error| error.to_string())?,
        None => vec![],
    };
    Ok(SeenRoute { path, only_to_customer: None })
}

fn prefix(text: &str) -> Result<Prefix, String> {
    text.parse().map(Prefix::covering).map_err(|_| format!("“{text}” is no prefix"))
}
