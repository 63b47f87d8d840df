//! Samples as CSV: `time,series,rtt_ms`, where nothing stands for a lost packet. A row is a line.

use super::{SamplesError, Taker, lines, time};
use csv::{ReaderBuilder, StringRecord, Trim};
use peerage_domain::telemetry::Sample;
use std::io::BufRead;

/// Where the columns are, and how many there are.
struct Columns {
    all: usize,
    time: usize,
    series: usize,
    rtt_ms: usize,
}

const AS_USUAL: Columns = Columns { all: 3, time: 0, series: 1, rtt_ms: 2 };

impl Columns {
    /// By the first line, where that names them.
    fn of(first: &[&str]) -> Option<Result<Columns, SamplesError>> {
        let find = |name: &'static str| first.iter().position(|field| field.eq_ignore_ascii_case(name)).ok_or(SamplesError::Column(name));
        let names = ["time", "series", "rtt_ms"];
        // A series may be called like a column.
        if first.iter().filter(|field| names.iter().any(|name| field.eq_ignore_ascii_case(name))).count() < 2 {
            return None;
        }
        Some((|| Ok(Columns { all: first.len(), time: find("time")?, series: find("series")?, rtt_ms: find("rtt_ms")? }))())
    }

    fn read(&self, row: &[&str]) -> Result<Sample, String> {
        let field = |at: usize, name: &str| row.get(at).ok_or_else(|| format!("it has no {name}: a row is time,series,rtt_ms"));
        // Such as a decimal comma, which would move what stands behind it into other columns.
        if row.len() > self.all {
            return Err(format!(
                "it has {} fields instead of {}: decimals stand behind a point, and all columns are named first",
                row.len(),
                self.all
            ));
        }
        let rtt_ms = match *field(self.rtt_ms, "rtt_ms")? {
            "" => None,
            text => Some(text.parse::<f64>().map_err(|_| {
                let shown: String = text.chars().take(40).collect();
                format!("“{shown}” is no round-trip time in milliseconds; leave it empty for a lost packet")
            })?),
        };
        Ok(Sample { series: (*field(self.series, "series")?).to_owned(), time: time::read(field(self.time, "time")?)?, rtt_ms })
    }
}

pub(super) fn rows(input: &mut dyn BufRead, taker: &mut Taker) -> Result<(), SamplesError> {
    let (mut columns, mut is_first) = (AS_USUAL, true);
    lines(input, taker, &mut |number, line, taker| {
        let record;
        let row: Vec<&str> = if line.contains('"') {
            match quoted(line) {
                Ok(found) => record = found,
                Err(why) => {
                    taker.refuse(number, why);
                    return Ok(());
                }
            }
            record.iter().collect()
        } else {
            line.split(',').map(str::trim).collect()
        };
        if std::mem::take(&mut is_first)
            && let Some(named) = Columns::of(&row)
        {
            columns = named?;
            return Ok(());
        }
        match columns.read(&row) {
            Ok(sample) => taker.offer(number, sample),
            Err(why) => taker.refuse(number, why),
        }
        Ok(())
    })
}

/// The fields of a line in which something stands between quotation marks (RFC 4180).
fn quoted(line: &str) -> Result<StringRecord, String> {
    if line.matches('"').count() % 2 == 1 {
        return Err("a quotation mark is not closed".into());
    }
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(line.as_bytes());
    reader.records().next().unwrap_or_else(|| Ok(StringRecord::new())).map_err(|error| error.to_string())
}
