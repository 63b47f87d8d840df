//! RIS Live (ris-live.ripe.net/manual): messages of the RIPE RIS collectors, a JSON object each.

use super::{Form, Tally, Vantages};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    sighting::{Hop, SeenRoute, Sight, Sighting, Vantage},
};
use serde::Deserialize;
use std::{
    borrow::Cow,
    io::{self, BufRead, Read},
    sync::Arc,
};

/// Longest line, in bytes; an UPDATE has at most 64 KiB, twice that as hexadecimal digits.
pub(super) const LONGEST: u64 = 1 << 20;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    /// Seconds since 1970.
    timestamp: f64,
    #[serde(borrow, default)]
    peer: Cow<'a, str>,
    peer_asn: Number<'a>,
    #[serde(borrow, default)]
    host: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    path: Vec<Hop>,
    #[serde(borrow, default)]
    announcements: Vec<Announced<'a>>,
    #[serde(borrow, default)]
    withdrawals: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Announced<'a> {
    #[serde(borrow)]
    prefixes: Vec<Cow<'a, str>>,
}

/// RIS Live writes the peer's ASN as text, its archives as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number<'a> {
    Number(u32),
    Text(#[serde(borrow)] Cow<'a, str>),
}

/// Whether a first line is of RIS Live.
pub(super) fn begins(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
    }
    serde_json::from_slice::<Kind>(line).is_ok_and(|line| line.kind.starts_with("ris_"))
}

pub(super) fn read(input: &mut dyn BufRead, take: &mut dyn FnMut(Sighting)) -> io::Result<Tally> {
    let mut tally = Tally::new(Form::RisLive);
    let mut vantages = Vantages::default();
    let mut line = vec![];
    loop {
        line.clear();
        if Read::take(&mut *input, LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(tally);
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Line>(&line) {
            Ok(Line { kind, data: Some(message) }) if kind == "ris_message" => match tell(&message, &mut vantages, take) {
                Ok(()) => tally.records += 1,
                Err(why) => tally.fails(why),
            },
            Ok(_) => tally.records += 1,
            Err(error) => tally.fails(error),
        }
    }
}

fn tell(message: &Message, vantages: &mut Vantages, take: &mut dyn FnMut(Sighting)) -> Result<(), String> {
    let asn = match &message.peer_asn {
        Number::Number(number) => Asn(*number),
        Number::Text(text) => text.parse().map_err(|_| format!("“{text}” is no ASN"))?,
    };
    let at = Timestamp::from_millis((message.timestamp * 1000.0).round() as i64);
    let vantage = Vantage { source: message.host.to_string(), asn, peer: message.peer.to_string(), tells_withdrawals: true };
    let vantage = vantages.of(vantage);
    let mut give = |sight| take(Sighting { at, vantage: vantage.clone(), sight });
    match &*message.kind {
        "UPDATE" => {
            // All or nothing: half an UPDATE is worse than none.
            let gone = message.withdrawals.iter().map(|text| prefix(text)).collect::<Result<Vec<_>, _>>()?;
            let come = message.announcements.iter().flat_map(|part| &part.prefixes);
            let come = come.map(|text| prefix(text)).collect::<Result<Vec<_>, _>>()?;
            gone.into_iter().for_each(|prefix| give(Sight::Withdrawn(prefix)));
            let route = Arc::new(SeenRoute { path: message.path.clone(), only_to_customer: None });
            come.into_iter().for_each(|prefix| give(Sight::Announced(prefix, route.clone())));
        }
        // “connected” begins a new table; what was before is gone in either case.
        "STATE" => give(Sight::Lost),
        _ => {}
    }
    Ok(())
}

fn prefix(text: &str) -> Result<Prefix, String> {
    text.parse().map(Prefix::covering).map_err(|_| format!("“{text}” is no prefix"))
}
