//! Round-trip times from files: CSV, JSON lines, results of RIPE Atlas; plain or packed with gzip.
//!
//! What a file is follows from what is in it. A line that cannot be a measurement is refused with
//! its number and the reason, and the others are read: a long file with one slip is worth reading.

mod csv;
mod json;
pub mod prometheus;
mod time;

pub(crate) use json::of_object;
pub use json::sample;
use peerage_domain::telemetry::Sample;
use std::{
    borrow::Cow,
    collections::HashMap,
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
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Csv => "CSV",
            Form::Json => "JSON",
        })
    }
}

/// Of so many lines that are refused the reasons are kept.
const REASONS: usize = 100;
/// Longest line, in bytes: a traceroute has some kilobytes.
const LONGEST: u64 = 1 << 20;
/// Samples that are remembered to notice those that come again.
const REMEMBERED: usize = 1 << 20;

/// A line, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Number of the line, from 1; of several, of the one on which it begins.
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
    /// It is an array, which is read as a whole, and cannot be.
    #[error("nothing of it is read, since it is no array of JSON: {0}")]
    Array(String),
    /// It is packed, and damaged or cut off.
    #[error("it is packed with gzip and cannot be unpacked to its end: {0}")]
    Packed(String),
    /// It has nothing but white space.
    #[error("it is empty")]
    Empty,
    /// The file.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Takes what a file has.
struct Taker<'a> {
    tally: Tally,
    /// Hashes of what came, and on which line, to notice what comes again.
    seen: HashMap<u64, u64>,
    state: RandomState,
    take: Take<'a>,
}

/// What is done with a sample, of which the number of the line is told.
pub type Take<'a> = &'a mut dyn FnMut(u64, Sample);

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
        if self.seen.len() < REMEMBERED {
            // Packets of one result may be alike.
            let first = *self.seen.entry(self.state.hash_one((&sample.series, sample.time, value))).or_insert(line);
            if first != line {
                self.tally.repeated += 1;
                self.tally.first_repeated.get_or_insert(line);
            }
        }
        self.tally.samples += 1;
        (self.take)(line, sample);
    }
}

/// Reads a file to its end and gives each sample, in the order of the file.
///
/// # Errors
/// When no line of it can be read.
pub fn read(input: impl BufRead, take: Take) -> Result<Tally, SamplesError> {
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

fn unpack(input: &mut dyn BufRead, packed: bool, take: Take) -> Result<Tally, SamplesError> {
    const HEAD: u64 = 4096;
    /// What some programs begin a text with (UTF-8).
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let mut head = vec![];
    Read::take(&mut *input, HEAD).read_to_end(&mut head)?;
    if packed && head.starts_with(&PACKED) {
        let whole = Cursor::new(head).chain(input);
        let found = unpack(&mut BufReader::with_capacity(1 << 16, flate2::bufread::MultiGzDecoder::new(whole)), false, take);
        return found.map_err(|error| match error {
            SamplesError::Io(error) => SamplesError::Packed(error.to_string()),
            other => other,
        });
    }
    let begin = if head.starts_with(BOM) { BOM.len() } else { 0 };
    let form = match head[begin..].trim_ascii_start().first() {
        None => return Err(SamplesError::Empty),
        Some(b'{' | b'[') => Form::Json,
        Some(_) => Form::Csv,
    };
    let is_array = head[begin..].trim_ascii_start().first() == Some(&b'[');
    let mut whole = Cursor::new(head.split_off(begin)).chain(input);
    let tally = Tally { form, samples: 0, refused: 0, reasons: vec![], repeated: 0, first_repeated: None };
    let mut taker = Taker { tally, seen: HashMap::new(), state: RandomState::new(), take };
    match form {
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

/// What is done with a line: its number, and the text without white space around it.
type OfLine<'a> = &'a mut dyn FnMut(u64, &str, &mut Taker) -> Result<(), SamplesError>;

/// Gives each line that is not empty; what is no text, or longer than a line may be, is refused.
fn lines(input: &mut dyn BufRead, taker: &mut Taker, each: OfLine) -> Result<(), SamplesError> {
    let mut line = vec![];
    for number in 1.. {
        line.clear();
        if Read::take(&mut *input, LONGEST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() as u64 == LONGEST {
            taker.refuse(number, "it is longer than a megabyte");
            input.skip_until(b'\n')?;
            continue;
        }
        match std::str::from_utf8(line.trim_ascii()) {
            Ok("") => {}
            Ok(text) => each(number, text, taker)?,
            Err(error) => taker.refuse(number, format!("it is no text: {error}")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
