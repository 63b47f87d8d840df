//! Recordings of routes: what collectors and routers wrote down, read into sightings.
//!
//! A recording is recognised by what is in it, not by its name: MRT (RFC 6396, RFC 8050), a raw
//! BMP stream (RFC 7854), RIS Live messages as JSON lines, and three JSON shapes of incidents
//! (see [`crate::incident`]), each plain or packed with gzip or bzip2.
//!
//! What cannot be read is counted and told, and the rest is still read: a collector's file with
//! one broken record is worth reading.

mod alive;
mod bmp;
mod incidents;
mod mrt;
mod peek;
mod ris_live;
mod update;

pub use bmp::Router;
pub use ris_live::Messages;

use crate::incident::IncidentError;
use peerage_domain::{
    Asn,
    interest::Interest,
    sighting::{Sighting, Vantage},
};
use std::{
    collections::BTreeSet,
    fmt,
    io::{self, BufRead, BufReader, Cursor, Read},
    net::IpAddr,
    sync::Arc,
};

/// What a recording turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Dumps of a collector (RFC 6396).
    Mrt,
    /// What a router told a station (RFC 7854).
    Bmp,
    /// Messages of RIS Live, one a line.
    RisLive,
    /// An incident as JSON.
    Incident,
    /// There is nothing in it.
    Empty,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Mrt => "MRT",
            Form::Bmp => "BMP",
            Form::RisLive => "RIS Live",
            Form::Incident => "incident",
            Form::Empty => "empty",
        })
    }
}

/// What was read, and what could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// What it is.
    pub form: Form,
    /// Records, messages, lines or events that were read.
    pub records: u64,
    /// Those that could not be.
    pub unreadable: u64,
    /// Why the first of them could not be.
    pub fault: Option<String>,
}

impl Tally {
    fn new(form: Form) -> Tally {
        Tally { form, records: 0, unreadable: 0, fault: None }
    }

    fn fails(&mut self, why: impl fmt::Display) {
        self.unreadable += 1;
        self.fault.get_or_insert_with(|| why.to_string().chars().take(300).collect());
    }
}

/// Why a recording is not read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Nothing that is known begins like this.
    #[error("it is none of MRT, BMP (version 3), RIS Live lines, or an incident as JSON (plain, gzip or bzip2)")]
    Unknown,
    /// It looks like one, but no record of it can be read.
    #[error("no record of it can be read as {0}: {1}")]
    Broken(Form, String),
    /// The file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// JSON that is no incident.
    #[error(transparent)]
    Incident(#[from] IncidentError),
}

/// Reads a recording to its end and gives each sighting of interest, in the order in which it was
/// recorded. Where nothing of a message is of interest, no more than its prefixes is read.
///
/// # Errors
/// When it is not known what it is, or nothing of it can be read.
pub fn read(input: impl BufRead, interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Result<Tally, RecordingError> {
    unpack(&mut { input }, 0, interest, take)
}

/// Reads MRT or BMP with nothing but the whole parser; tells whether it is one of them. To compare
/// with [`read`].
#[cfg(any(test, fuzzing))]
pub fn read_whole(bytes: &[u8], interest: &Interest, take: &mut dyn FnMut(Sighting)) -> bool {
    match recognise(&bytes[..bytes.len().min(HEAD as usize)]) {
        Some(Form::Mrt) => mrt::read_whole(bytes, interest, take),
        Some(Form::Bmp) => bmp::read_whole(bytes, interest, take),
        _ => return false,
    }
    true
}

/// A packed file may be packed once more, not for ever.
const DEEPEST: u8 = 2;
const HEAD: u64 = 64;
/// What some programs begin a text with (UTF-8).
const BOM: &[u8] = b"\xef\xbb\xbf";

fn unpack(input: &mut dyn BufRead, depth: u8, interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Result<Tally, RecordingError> {
    let mut head = vec![];
    Read::take(&mut *input, HEAD).read_to_end(&mut head)?;
    let mut whole = Cursor::new(head.clone()).chain(input);
    if depth < DEEPEST && head.starts_with(&[0x1f, 0x8b]) {
        return unpack(&mut BufReader::with_capacity(1 << 16, flate2::bufread::MultiGzDecoder::new(whole)), depth + 1, interest, take);
    }
    if depth < DEEPEST && head.starts_with(b"BZh") {
        return unpack(&mut BufReader::with_capacity(1 << 16, bzip2::bufread::MultiBzDecoder::new(whole)), depth + 1, interest, take);
    }
    let tally = match recognise(&head) {
        Some(Form::Empty) => Ok(Tally::new(Form::Empty)),
        Some(Form::Mrt) => Ok(mrt::read(&mut whole, interest, take)),
        Some(Form::Bmp) => Ok(bmp::read(&mut whole, interest, take)),
        Some(Form::RisLive | Form::Incident) => json(&mut whole, interest, take),
        None => return Err(RecordingError::Unknown),
    }?;
    match (tally.records, &tally.fault) {
        (0, Some(fault)) => Err(RecordingError::Broken(tally.form, fault.clone())),
        _ => Ok(tally),
    }
}

/// By the first bytes; JSON is told apart by its first lines later.
fn recognise(head: &[u8]) -> Option<Form> {
    let text = head.strip_prefix(BOM).unwrap_or(head).trim_ascii_start();
    match text.first() {
        None => return Some(Form::Empty),
        Some(b'{') => return Some(Form::Incident),
        Some(_) => {}
    }
    let number = |range: std::ops::Range<usize>| head.get(range).map(|all| all.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte)));
    if head[0] == 3 && number(1..5).is_some_and(|length| (6..=200_000).contains(&length)) && head.get(5).is_some_and(|kind| *kind <= 6) {
        return Some(Form::Bmp);
    }
    // RFC 6396 §4, with the deprecated types and those of RFC 8050.
    let (kind, length) = (number(4..6)?, number(8..12)?);
    if matches!(kind, 0..=13 | 16 | 17 | 32 | 33 | 48 | 49 | 64) && length <= 1 << 24 {
        return Some(Form::Mrt);
    }
    // A log that was cut begins within a line.
    text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()).then_some(Form::RisLive)
}

/// RIS Live says so in one of its first lines; everything else is one document.
fn json(input: &mut dyn BufRead, interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Result<Tally, RecordingError> {
    const LINES: usize = 16;
    let mut first = vec![];
    let mut is_live = false;
    for _ in 0..LINES {
        let begin = first.len();
        if Read::take(&mut *input, ris_live::LONGEST).read_until(b'\n', &mut first)? == 0 || is_live {
            break;
        }
        is_live = ris_live::is_line(&first[begin..]);
    }
    let begin = if first.starts_with(BOM) { BOM.len() } else { 0 };
    let is_json = first[begin..].trim_ascii_start().first() == Some(&b'{');
    let mut whole = Cursor::new(first.split_off(begin)).chain(input);
    match (is_live, is_json) {
        (true, _) => Ok(ris_live::read(&mut whole, interest, take)?),
        (false, true) => incidents::read(&mut whole, interest, take),
        (false, false) => Err(RecordingError::Unknown),
    }
}

/// Vantage points, each kept once however often it speaks.
#[derive(Default)]
struct Vantages(BTreeSet<Arc<Vantage>>);

impl Vantages {
    fn of(&mut self, vantage: Vantage) -> Arc<Vantage> {
        if let Some(known) = self.0.get(&vantage) {
            return known.clone();
        }
        let new = Arc::new(vantage);
        self.0.insert(new.clone());
        new
    }

    /// All that differ from a session in nothing but the path that they are for, or the side of
    /// the policy that they show.
    fn same_session(&self, asn: Asn, peer: &str) -> Vec<Arc<Vantage>> {
        let same = |vantage: &&Arc<Vantage>| vantage.asn == asn && vantage.peer.split('#').next() == Some(peer);
        self.0.iter().filter(same).cloned().collect()
    }
}

/// A peer as text; where a session carries several paths of a prefix (RFC 7911), each is a
/// vantage point of its own.
fn peer(address: IpAddr, path: Option<u32>) -> String {
    match path {
        None => address.to_string(),
        Some(path) => format!("{address}#{path}"),
    }
}

#[cfg(test)]
mod tests;
