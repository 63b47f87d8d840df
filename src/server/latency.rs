//! `peerage latency …`: round-trip times of files, by the same histograms as the portal's.

use super::commands::Format;
use peerage_domain::{Timestamp, telemetry::Sample};
use peerage_feeds::samples::{self, Tally};
use peerage_latency::{Histogram, Step, five_digits};
use peerage_service::Error;
use serde::{Serialize, Serializer};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

/// What to sum up, and how.
#[derive(clap::Args)]
pub struct Summarize {
    /// One line for each of these, in any combination.
    #[arg(long, value_delimiter = ',', default_value = "series")]
    by: Vec<By>,
    /// Which percentiles.
    #[arg(long, value_delimiter = ',', default_value = "5,25,50,75,95")]
    q: Vec<Percentile>,
    /// How to answer.
    #[arg(long, default_value = "ndjson")]
    format: Format,
    /// Samples: CSV (time,series,rtt_ms; nothing stands for a lost packet), JSON lines of the same,
    /// or results of RIPE Atlas; plain or gzip. Standard input when it is a hyphen.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// What makes groups.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum By {
    /// The series.
    Series,
    /// The minute (UTC), as the others by its beginning.
    Minute,
    /// Ten minutes.
    #[value(name = "10min")]
    TenMinutes,
    /// The hour.
    Hour,
    /// The day.
    Day,
}

impl By {
    fn step(self) -> Option<Step> {
        match self {
            By::Series => None,
            By::Minute => Some(Step::Minute),
            By::TenMinutes => Some(Step::TenMinutes),
            By::Hour => Some(Step::Hour),
            By::Day => Some(Step::Day),
        }
    }
}

/// A percentile, and how it was written.
#[derive(Clone)]
struct Percentile {
    word: String,
    share: f64,
}

impl FromStr for Percentile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
        let number = number.ok_or_else(|| format!("“{text}” is no percentile from 0 to 100"))?;
        Ok(Percentile { word: text.trim().to_owned(), share: number / 100.0 })
    }
}

/// What tells groups apart: the series, and the beginning of each interval in the order of `--by`.
type Key = (Option<String>, Vec<Timestamp>);

/// A group as it is printed.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minute: Option<Timestamp>,
    #[serde(rename = "10min", skip_serializing_if = "Option::is_none")]
    ten_minutes: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hour: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<Timestamp>,
    n: u64,
    lost: u64,
    #[serde(serialize_with = "in_order")]
    q: Vec<(&'a str, Option<f64>)>,
}

/// An object of which the keys come in the order in which they were asked for.
fn in_order<S: Serializer>(values: &[(&str, Option<f64>)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(values.iter().copied())
}

/// `peerage latency summarize`: prints one group a line; what was read is told on standard error.
///
/// # Errors
/// When a file cannot be read, or is not what it should be.
pub fn summarize(ask: &Summarize) -> Result<(), Error> {
    let steps: Vec<Step> = ask.by.iter().filter_map(|by| by.step()).collect();
    let by_series = ask.by.contains(&By::Series);
    let mut groups: BTreeMap<Key, Histogram> = BTreeMap::new();
    let mut take = |_, sample: Sample| {
        let starts = steps.iter().map(|step| Timestamp::from_secs(step.start_of(sample.time.secs()))).collect();
        let group = groups.entry((by_series.then_some(sample.series), starts)).or_default();
        match sample.rtt_ms {
            Some(rtt) => group.record(rtt),
            None => group.record_loss(),
        }
    };
    for path in &ask.files {
        let fault = |error: &dyn std::fmt::Display| Error::Fault(format!("{}: {error}", path.display()));
        let tally = if path.as_os_str() == "-" {
            samples::read(io::stdin().lock(), &mut take).map_err(|error| fault(&error))?
        } else {
            let file = File::open(path).map_err(|error| fault(&error))?;
            samples::read(BufReader::with_capacity(1 << 16, file), &mut take).map_err(|error| fault(&error))?
        };
        tell(path, &tally);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = groups.iter().try_for_each(|(key, histogram)| writeln!(out, "{}", ask.line(key, histogram))).and_then(|()| out.flush());
    match printed {
        // A reader that went away is no error of ours.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Error::Fault(format!("the groups cannot be written: {error}"))),
    }
}

/// Says what was read, and what was not.
fn tell(path: &Path, tally: &Tally) {
    let name = path.display();
    eprintln!("{name}: {}, {} samples", tally.form, tally.samples);
    if tally.refused > 0 {
        eprintln!("{name}: {} refused:", tally.refused);
        tally.reasons.iter().for_each(|remark| eprintln!("  {remark}"));
        let more = tally.refused.saturating_sub(tally.reasons.len() as u64);
        if more > 0 {
            eprintln!("  and {more} more");
        }
    }
    if let Some(first) = tally.first_repeated {
        let n = tally.repeated;
        eprintln!("{name}: {n} counted although series, time and value are the same as in a line before; the first is line {first}");
    }
}

impl Summarize {
    fn line(&self, (series, starts): &Key, histogram: &Histogram) -> String {
        let of = |wanted: Step| {
            let steps = self.by.iter().filter_map(|by| by.step());
            steps.zip(starts).find(|(step, _)| *step == wanted).map(|(_, start)| *start)
        };
        // Who names one twice is told it once.
        let is_first = |at: usize, q: &Percentile| self.q[..at].iter().all(|it| it.word != q.word);
        let asked = self.q.iter().enumerate().filter(|(at, q)| is_first(*at, q));
        let values = asked.map(|(_, q)| (q.word.as_str(), histogram.quantile(q.share).map(five_digits)));
        if self.format == Format::Text {
            let times: Vec<String> = starts.iter().map(ToString::to_string).collect();
            let values: Vec<String> =
                values.map(|(word, ms)| format!("p{word} {}", ms.map_or("–".into(), |ms| format!("{ms} ms")))).collect();
            let group = [series.clone().unwrap_or_default(), times.join(" ")].join(" ");
            return format!("{:<40} {:>9} {:>7} lost  {}", group.trim(), histogram.count(), histogram.lost(), values.join("  "));
        }
        let line = Line {
            series: series.as_deref(),
            minute: of(Step::Minute),
            ten_minutes: of(Step::TenMinutes),
            hour: of(Step::Hour),
            day: of(Step::Day),
            n: histogram.count(),
            lost: histogram.lost(),
            q: values.collect(),
        };
        serde_json::to_string(&line).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_from_0_to_100() {
        let check = |text: &str, share: Option<f64>| assert_eq!(text.parse::<Percentile>().ok().map(|q| q.share), share, "{text}");
        check("5", Some(0.05));
        check("2.5", Some(0.025));
        check("100", Some(1.0));
        check("101", None);
        check("-1", None);
        check("p50", None);
    }
}
