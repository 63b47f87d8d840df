//! Round-trip times from files: CSV, JSON lines, results of RIPE Atlas; plain or packed with gzip.
//!
//! What a file is follows from what is in it. A line that cannot be a measurement is refused with
//! its number and the reason, and the others are read: a long file with one slip is worth reading.

mod csv;
mod json;
pub mod prometheus;
mod time;

use peerage_domain::telemetry::Sample;
use std::{
    borrow::Cow,
    collections::HashSet,
    fmt,
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, BufReader, Cursor, Read},
};

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `time,series,rtt_ms`, with or without that as its first line (RFC 4180).
    Csv,
    /// Objects of JSON: samples, or results of RIPE Atlas; one a line, or as an array.
    Json,
    /// There is nothing in it.
    Empty,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Csv => "CSV",
            Form::Json => "JSON",
            Form::Empty => "empty",
        })
    }
}

/// So many reasons are kept of lines that are refused or remarkable.
const REASONS: usize = 10;
/// Samples that are remembered to notice those that come again.
const REMEMBERED: usize = 1 << 20;

/// A line, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Number of the line (of an array: of the element), from 1.
    pub line: u64,
    /// What it is.
    pub why: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// What was read, and what was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// What the file is.
    pub form: Form,
    /// Samples that were given.
    pub samples: u64,
    /// Lines and values that are none.
    pub refused: u64,
    /// Why, of the first ones.
    pub reasons: Vec<Remark>,
    /// Samples that were given although one like them came before: the same series, time and value.
    pub repeated: u64,
    /// The first of those.
    pub first_repeated: Option<u64>,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum SamplesError {
    /// No line of it can be read.
    #[error("no line of it can be read as {0}; {1}")]
    Unreadable(Form, Remark),
    /// The first line names columns, and not all of those that are needed.
    #[error("its first line names no column “{0}”; time, series and rtt_ms are needed")]
    Column(&'static str),
    /// The file.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Takes what a file has.
struct Taker<'a> {
    tally: Tally,
    /// Hashes of what came, to notice what comes again.
    seen: HashSet<u64>,
    state: RandomState,
    take: &'a mut dyn FnMut(Sample),
}

impl Taker<'_> {
    fn refuse(&mut self, line: u64, why: impl fmt::Display) {
        self.tally.refused += 1;
        if self.tally.reasons.len() < REASONS {
            self.tally.reasons.push(Remark { line, why: why.to_string().chars().take(200).collect() });
        }
    }

    fn offer(&mut self, line: u64, sample: Sample) {
        if let Err(error) = sample.check_value() {
            return self.refuse(line, error);
        }
        let value = sample.rtt_ms.map(f64::to_bits);
        if self.seen.len() < REMEMBERED && !self.seen.insert(self.state.hash_one((&sample.series, sample.time, value))) {
            self.tally.repeated += 1;
            self.tally.first_repeated.get_or_insert(line);
        }
        self.tally.samples += 1;
        (self.take)(sample);
    }
}

/// Reads a file to its end and gives each sample, in the order of the file.
///
/// # Errors
/// When no line of it can be read.
pub fn read(input: impl BufRead, take: &mut dyn FnMut(Sample)) -> Result<Tally, SamplesError> {
    unpack(&mut { input }, true, take)
}

/// What begins a file that is packed with gzip (RFC 1952 §2.3.1).
const PACKED: [u8; 2] = [0x1f, 0x8b];

/// A file as it is unpacked, or as it is where it is not packed or cannot be unpacked; nothing where it has more than
/// so many bytes.
pub fn unpacked(file: &[u8], most: u64) -> Option<Cow<'_, [u8]>> {
    if !file.starts_with(&PACKED) {
        return (file.len() as u64 <= most).then_some(Cow::Borrowed(file));
    }
    let mut whole = vec![];
    match flate2::bufread::MultiGzDecoder::new(file).take(most + 1).read_to_end(&mut whole) {
        // Who reads it says what is wrong with it.
        Err(_) => Some(Cow::Borrowed(file)),
        Ok(_) => (whole.len() as u64 <= most).then_some(Cow::Owned(whole)),
    }
}

fn unpack(input: &mut dyn BufRead, packed: bool, take: &mut dyn FnMut(Sample)) -> Result<Tally, SamplesError> {
    const HEAD: u64 = 4096;
    /// What some programs begin a text with (UTF-8).
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let mut head = vec![];
    Read::take(&mut *input, HEAD).read_to_end(&mut head)?;
    if packed && head.starts_with(&PACKED) {
        let whole = Cursor::new(head).chain(input);
        return unpack(&mut BufReader::with_capacity(1 << 16, flate2::bufread::MultiGzDecoder::new(whole)), false, take);
    }
    let begin = if head.starts_with(BOM) { BOM.len() } else { 0 };
    let form = match head[begin..].trim_ascii_start().first() {
        None => Form::Empty,
        Some(b'{' | b'[') => Form::Json,
        Some(_) => Form::Csv,
    };
    let is_array = head[begin..].trim_ascii_start().first() == Some(&b'[');
    let mut whole = Cursor::new(head.split_off(begin)).chain(input);
    let tally = Tally { form, samples: 0, refused: 0, reasons: vec![], repeated: 0, first_repeated: None };
    let mut taker = Taker { tally, seen: HashSet::new(), state: RandomState::new(), take };
    match form {
        Form::Empty => {}
        Form::Json if is_array => json::array(&mut whole, &mut taker)?,
        Form::Json => json::lines(&mut whole, &mut taker)?,
        Form::Csv => csv::rows(&mut whole, &mut taker)?,
    }
    let mut tally = taker.tally;
    if tally.samples == 0 && !tally.reasons.is_empty() {
        return Err(SamplesError::Unreadable(form, tally.reasons.swap_remove(0)));
    }
    Ok(tally)
}

#[cfg(test)]
mod tests;
