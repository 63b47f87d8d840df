//! Samples as JSON objects: the portal's own, or results of RIPE Atlas.

use super::{SamplesError, Taker, time};
use crate::atlas::{self, Measured};
use peerage_domain::{Timestamp, telemetry::Sample};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::BufRead;

/// A sample as the portal's API takes it; a time may also be a number.
#[derive(Deserialize)]
struct Object {
    series: String,
    time: Moment,
    /// `null` for a lost packet; who leaves it out may have misspelt it.
    #[serde(deserialize_with = "Option::deserialize")]
    rtt_ms: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Moment {
    Number(f64),
    Text(String),
}

impl Moment {
    fn read(&self) -> Result<Timestamp, String> {
        match self {
            Moment::Number(number) => time::number_of(*number),
            Moment::Text(text) => time::read(text),
        }
    }
}

pub(super) fn lines(input: &mut dyn BufRead, taker: &mut Taker) -> Result<(), SamplesError> {
    super::lines(input, taker, &mut |number, text, taker| {
        object(number, text, taker);
        Ok(())
    })
}

/// The same in one array, as the API of RIPE Atlas gives it: read as a whole, or not at all.
pub(super) fn array(input: &mut dyn BufRead, taker: &mut Taker) -> Result<(), SamplesError> {
    let mut whole = String::new();
    input.read_to_string(&mut whole)?;
    let all: Vec<&RawValue> = serde_json::from_str(&whole).map_err(|error| SamplesError::Array(error.to_string()))?;
    let (mut line, mut counted) = (1, 0);
    for text in all {
        // Each is a part of the whole.
        let at = text.get().as_ptr() as usize - whole.as_ptr() as usize;
        line += whole.as_bytes()[counted..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        counted = at;
        object(line, text.get(), taker);
    }
    Ok(())
}

fn object(number: u64, text: &str, taker: &mut Taker) {
    // Reading would take an array for the fields of an object, one after another.
    if !text.starts_with('{') {
        return taker.refuse(number, NO_OBJECT);
    }
    if atlas::is_result(text) {
        return match atlas::measured(text) {
            Ok(Measured { time, series, rtt_ms }) => {
                for rtt_ms in rtt_ms {
                    taker.offer(number, Sample { series: series.clone(), time: Timestamp::from_secs(time), rtt_ms });
                }
            }
            Err(why) => taker.refuse(number, why),
        };
    }
    let read = |text| -> Result<Sample, String> {
        let Object { series, time, rtt_ms } = serde_json::from_str(text).map_err(|error| of_object(&error))?;
        Ok(Sample { series, time: time.read()?, rtt_ms })
    };
    match read(text) {
        Ok(sample) => taker.offer(number, sample),
        Err(why) => taker.refuse(number, why),
    }
}

const NO_OBJECT: &str = "it is no object with series, time and rtt_ms";

/// A sample of a batch, or what is wrong with it.
///
/// # Errors
/// When it is none.
pub fn sample(text: &str) -> Result<Sample, String> {
    if text.starts_with('{') { serde_json::from_str(text).map_err(|error| of_object(&error)) } else { Err(NO_OBJECT.into()) }
}

/// What is wrong with an object that is no sample.
pub(crate) fn of_object(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line") {
        Some(("missing field `rtt_ms`", _)) => "it has no rtt_ms; write null for a lost packet".into(),
        Some((what, _)) if what.starts_with("data did not match") => "its time is neither a text nor a number".into(),
        Some((what, _)) if what.contains("expected struct") => NO_OBJECT.into(),
        // The line is told beside it.
        Some((what, _)) => what.to_owned(),
        None => text,
    }
}
