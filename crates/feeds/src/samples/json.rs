//! Samples as JSON objects: the portal's own, or results of RIPE Atlas.

use super::{SamplesError, Taker, time};
use crate::atlas::{self, Measured};
use peerage_domain::{Timestamp, telemetry::Sample};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::{BufRead, Read};

/// Longest line, in bytes: a traceroute has some kilobytes.
const LONGEST: u64 = 1 << 20;

/// A sample as the portal's API takes it; a time may also be a number.
#[derive(Deserialize)]
struct Object {
    series: String,
    time: Moment,
    #[serde(default)]
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
            Ok(text) => object(number, text, taker),
            Err(error) => taker.refuse(number, format!("it is no text: {error}")),
        }
    }
    Ok(())
}

/// The same in one array, as the API of RIPE Atlas gives it.
pub(super) fn array(input: &mut dyn BufRead, taker: &mut Taker) -> Result<(), SamplesError> {
    match serde_json::from_reader::<_, Vec<Box<RawValue>>>(input) {
        Ok(all) => {
            for (number, text) in (1..).zip(&all) {
                object(number, text.get(), taker);
            }
        }
        Err(error) if error.is_io() => return Err(SamplesError::Io(error.into())),
        Err(error) => taker.refuse(error.line() as u64, error),
    }
    Ok(())
}

fn object(number: u64, text: &str, taker: &mut Taker) {
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
        let Object { series, time, rtt_ms } = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Ok(Sample { series, time: time.read()?, rtt_ms })
    };
    match read(text) {
        Ok(sample) => taker.offer(number, sample),
        Err(why) => taker.refuse(number, why),
    }
}
