//! Samples as CSV: `time,series,rtt_ms`, where nothing stands for a lost packet.

use super::{SamplesError, Taker, time};
use csv::{ReaderBuilder, StringRecord, Trim};
use peerage_domain::telemetry::Sample;
use std::io::BufRead;

/// Where the columns are.
struct Columns {
    time: usize,
    series: usize,
    rtt_ms: usize,
}

const AS_USUAL: Columns = Columns { time: 0, series: 1, rtt_ms: 2 };

impl Columns {
    /// By the first line, where that names them.
    fn of(first: &StringRecord) -> Option<Result<Columns, SamplesError>> {
        let find = |name: &'static str| first.iter().position(|field| field.eq_ignore_ascii_case(name)).ok_or(SamplesError::Column(name));
        let names = ["time", "series", "rtt_ms"];
        if !first.iter().any(|field| names.iter().any(|name| field.eq_ignore_ascii_case(name))) {
            return None;
        }
        Some((|| Ok(Columns { time: find("time")?, series: find("series")?, rtt_ms: find("rtt_ms")? }))())
    }

    fn read(&self, row: &StringRecord) -> Result<Sample, String> {
        let field = |at: usize, name: &str| row.get(at).ok_or_else(|| format!("it has no {name}: a row is time,series,rtt_ms"));
        let rtt_ms = match field(self.rtt_ms, "rtt_ms")? {
            "" => None,
            text => Some(text.parse::<f64>().map_err(|_| {
                let shown: String = text.chars().take(40).collect();
                format!("“{shown}” is no round-trip time in milliseconds; leave it empty for a lost packet")
            })?),
        };
        Ok(Sample { series: field(self.series, "series")?.to_owned(), time: time::read(field(self.time, "time")?)?, rtt_ms })
    }
}

pub(super) fn rows(input: &mut dyn BufRead, taker: &mut Taker) -> Result<(), SamplesError> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(input);
    let (mut row, mut columns) = (StringRecord::new(), AS_USUAL);
    let mut is_first = true;
    loop {
        let more = reader.read_record(&mut row);
        let line = row.position().map_or(0, csv::Position::line);
        match more {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(error) => match error.into_kind() {
                csv::ErrorKind::Io(error) => return Err(error.into()),
                csv::ErrorKind::Utf8 { pos, err } => {
                    taker.refuse(pos.map_or(line, |pos| pos.line()), format!("it is no text: {err}"));
                    continue;
                }
                other => {
                    taker.refuse(line, format!("{other:?}"));
                    continue;
                }
            },
        }
        if std::mem::take(&mut is_first)
            && let Some(named) = Columns::of(&row)
        {
            columns = named?;
            continue;
        }
        match columns.read(&row) {
            Ok(sample) => taker.offer(line, sample),
            Err(why) => taker.refuse(line, why),
        }
    }
}
