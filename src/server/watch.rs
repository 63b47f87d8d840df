//! `peerage watch …`: what happened to prefixes, told from recordings, without the portal.

use super::{commands::Format, replay_into::Portal};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    interest::Interest,
    route_objects::RouteObjects,
    rpki::Vrps,
    sighting::{Hop, Sighting, around},
};
use peerage_feeds::{recording, rpsl, vrp};
use peerage_service::{Clock, Error};
use peerage_watch::route::{Change, Expectation, Expectations, Finding, Kind, Learner, Relations, Watch};
use serde::Serialize;
use std::{
    fs::File,
    io::{self, BufReader, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// What to replay, and how.
#[derive(clap::Args)]
pub struct Replay {
    /// What is expected, as JSON; see docs/watch.md.
    #[arg(long, value_name = "EXPECT.json", required_unless_present_any = ["learn", "into"], conflicts_with_all = ["learn", "into"])]
    expect: Option<PathBuf>,
    /// Learn what is expected from recordings of a quiet period.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "into")]
    learn: Vec<PathBuf>,
    /// Validated ROA payloads as JSON (rpki-client, Routinator, StayRTR).
    #[arg(long, value_name = "VRPS.json")]
    vrps: Vec<PathBuf>,
    /// Dumps of the Internet Routing Registry (RPSL), plain or gzip.
    #[arg(long, value_name = "IRR.db", conflicts_with = "into")]
    irr: Vec<PathBuf>,
    /// How fast: as fast as possible, in the time that it took, or ten times as fast.
    #[arg(long, default_value = "max")]
    speed: Speed,
    /// How to answer.
    #[arg(long, default_value = "ndjson")]
    format: Format,
    /// Replay into a running portal, as if it happened now, judged by what is registered there.
    #[arg(long, value_name = "URL")]
    into: Option<String>,
    /// A token of the portal's operator (peerage token add).
    #[arg(long, env = "PEERAGE_TOKEN", hide_env_values = true, requires = "into")]
    token: Option<String>,
    /// What the portal calls the replay; the name of the first file without it.
    #[arg(long, requires = "into")]
    name: Option<String>,
    /// Have the portal's alerts tell of what the replay shows.
    #[arg(long, requires = "into")]
    tell: bool,
    /// Recordings: MRT, raw BMP, RIS Live lines or incidents, plain, gzip or bzip2. Without one,
    /// the last file to learn from is replayed.
    #[arg(value_name = "FILE", required_unless_present = "learn")]
    files: Vec<PathBuf>,
}

/// How fast a recording runs.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Speed {
    /// As fast as possible.
    Max,
    /// In the time that it took.
    #[value(name = "1")]
    Real,
    /// Ten times as fast.
    #[value(name = "10")]
    Ten,
}

/// `peerage watch replay`: prints one finding a line; what was read is told on standard error.
///
/// # Errors
/// When a file cannot be read, or is not what it should be.
pub fn replay(mut ask: Replay) -> Result<(), Error> {
    if ask.files.is_empty() {
        ask.files.extend(ask.learn.pop().filter(|_| !ask.learn.is_empty()));
    }
    if ask.files.is_empty() {
        return Err(Error::Fault("name at least one FILE to replay beside the one to learn from".into()));
    }
    if let Some(url) = ask.into.clone() {
        return into(&ask, &url);
    }
    let (expectations, relations) = match &ask.expect {
        Some(path) => (expectations(path)?, Relations::default()),
        None => learned(&ask.learn)?,
    };
    let mut watch = Watch::new(expectations, Vrps::default()).with_relations(relations);
    let sightings = gather(&ask.files, &watch.interest(), |sighting| watch.concerns(sighting))?;
    watch.set_vrps(vrps(&ask.vrps, sightings.first().map(|sighting| sighting.at).unwrap_or_default())?);
    watch.set_route_objects(Arc::new(route_objects(&ask.irr)?));
    let mut teller = Teller { out: io::stdout().lock(), format: ask.format, trouble: None, told: 0 };
    let mut pace = Pace { speed: ask.speed, last: None };
    for sighting in sightings {
        if pace.is_later(sighting.at) {
            // The instant before is over: what it shows is told before the wait.
            watch.settle(&mut |finding| teller.tell(&finding));
            pace.wait(sighting.at);
        }
        watch.take(sighting, &mut |finding| teller.tell(&finding));
        if teller.trouble.is_some() {
            break;
        }
    }
    watch.settle(&mut |finding| teller.tell(&finding));
    match teller.trouble {
        // A reader that went away is no error of ours.
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Some(error) => Err(Error::Fault(format!("the findings cannot be written: {error}"))),
        None => {
            eprintln!("{} lines of findings", teller.told);
            Ok(())
        }
    }
}

/// Sends recordings to a portal.
fn into(ask: &Replay, url: &str) -> Result<(), Error> {
    let token = ask
        .token
        .as_deref()
        .ok_or_else(|| Error::Fault("--into needs --token: a token of the portal's operator (peerage token add)".into()))?;
    let first = ask.files.first().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    let name = ask.name.clone().or(first).unwrap_or_else(|| "recording".into());
    if name.trim().is_empty() {
        return Err(Error::Fault("--name: a replay has a name".into()));
    }
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(Error::Fault(format!("--into: “{url}” is no address of a portal, such as http://127.0.0.1:3000")));
    }
    let mut portal = Portal::new(url, token, &name, ask.tell);
    let watch = Watch::new(portal.expectations()?, Vrps::default());
    let sightings = gather(&ask.files, &watch.interest(), |sighting| watch.concerns(sighting))?;
    let speed = match ask.speed {
        Speed::Max => None,
        Speed::Real => Some(1),
        Speed::Ten => Some(10),
    };
    portal.replay(sightings, speed, &Clock::System)
}

fn fault(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::Fault(format!("{}: {error}", path.display()))
}

fn expectations(path: &Path) -> Result<Expectations, Error> {
    let json = std::fs::read(path).map_err(|error| fault(path, error))?;
    Expectations::parse(&json).map_err(|error| fault(path, error))
}

fn learned(paths: &[PathBuf]) -> Result<(Expectations, Relations), Error> {
    let mut learner = Learner::default();
    gather(paths, &Interest::in_all(), |_| true)?.into_iter().for_each(|sighting| learner.take(sighting));
    let (learned, relations) = learner.finish();
    if learned.is_empty() {
        return Err(Error::Fault("nothing can be learned from that: no prefix stays long enough".into()));
    }
    eprintln!("learned what is expected of {} prefixes, and {} pairs of provider and customer", learned.len(), relations.len());
    Ok((learned, relations))
}

/// VRPs as they were at a time, so that what expired since still counts.
fn vrps(paths: &[PathBuf], at: Timestamp) -> Result<Vrps, Error> {
    let (mut all, mut aspas) = (vec![], vec![]);
    for path in paths {
        let json = std::fs::read(path).map_err(|error| fault(path, error))?;
        all.extend(vrp::parse(&json, at).map_err(|error| fault(path, error))?);
        aspas.extend(vrp::aspas(&json, at).map_err(|error| fault(path, error))?);
    }
    Ok(all.into_iter().collect::<Vrps>().with_aspas(aspas))
}

/// Route objects of all dumps.
fn route_objects(paths: &[PathBuf]) -> Result<RouteObjects, Error> {
    let mut all = vec![];
    for path in paths {
        let file = File::open(path).map_err(|error| fault(path, error))?;
        let take = &mut |prefix, origin| all.push((prefix, origin));
        let tally = rpsl::read(BufReader::with_capacity(1 << 16, file), take).map_err(|error| fault(path, error))?;
        if tally.objects == 0 {
            return Err(fault(path, "it has no route objects (RPSL: route or route6, and origin)"));
        }
        eprintln!("{}: {} route objects", path.display(), tally.objects);
        if let Some((line, text)) = tally.first {
            eprintln!("{}: {} route objects cannot be read; the first, line {line}: {text}", path.display(), tally.unreadable);
        }
    }
    Ok(all.into_iter().collect())
}

/// What is wanted of all recordings, in the order of time.
fn gather(paths: &[PathBuf], interest: &Interest, wanted: impl Fn(&Sighting) -> bool) -> Result<Vec<Sighting>, Error> {
    let mut all = vec![];
    for path in paths {
        // As for other commands, a dash is standard input.
        let file: Box<dyn io::Read> = match path.to_str() {
            Some("-") => Box::new(io::stdin().lock()),
            _ => Box::new(File::open(path).map_err(|error| fault(path, error))?),
        };
        let mut take = |sighting| {
            if wanted(&sighting) {
                all.push(sighting)
            }
        };
        let tally = recording::read(BufReader::with_capacity(1 << 16, file), interest, &mut take).map_err(|error| fault(path, error))?;
        eprintln!("{}: {}, {} records", path.display(), tally.form, tally.records);
        if let Some(why) = tally.fault {
            eprintln!("{}: {} cannot be read; the first: {why}", path.display(), tally.unreadable);
        }
    }
    all.sort_by_key(|sighting| sighting.at);
    Ok(all)
}

/// Waits as long as the recording did from one instant to the next.
struct Pace {
    speed: Speed,
    last: Option<Timestamp>,
}

impl Pace {
    fn is_later(&self, at: Timestamp) -> bool {
        self.last.is_none_or(|last| at > last)
    }

    fn wait(&mut self, at: Timestamp) {
        let last = self.last.replace(at).unwrap_or(at);
        let times = match self.speed {
            Speed::Max => return,
            Speed::Real => 1,
            Speed::Ten => 10,
        };
        std::thread::sleep(Duration::from_millis((at.millis() - last.millis()).unsigned_abs() / times));
    }
}

/// A finding as it is printed.
#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    event: Change,
    r#type: Kind,
    prefix: Prefix,
    expected: &'a Expectation,
    origin: Option<Asn>,
    by: Option<Asn>,
    from: Option<Asn>,
    to: Option<Asn>,
    path: &'a [Hop],
    vantage_points: Vec<String>,
    paths: Vec<&'a [Hop]>,
    since: Timestamp,
    confidence: i32,
    reasons: Vec<Because<'a>>,
}

#[derive(Serialize)]
struct Because<'a> {
    weight: i8,
    text: &'a str,
}

impl<'a> From<&'a Finding> for Line<'a> {
    fn from(finding: &'a Finding) -> Self {
        let evidence = &finding.evidence;
        let (from, to) = finding.by.map_or((None, None), |by| around(evidence.path(), by));
        let because = |reason: &'a peerage_watch::route::Reason| Because { weight: reason.weight, text: reason.text.english() };
        Line {
            time: finding.at,
            event: finding.change,
            r#type: finding.kind,
            prefix: finding.prefix,
            expected: &finding.expected,
            origin: evidence.origin,
            by: finding.by,
            from,
            to,
            path: evidence.path(),
            vantage_points: evidence.seen.iter().map(|(vantage, _)| vantage.to_string()).collect(),
            paths: evidence.seen.iter().map(|(_, route)| route.path.as_slice()).collect(),
            since: finding.since,
            confidence: evidence.confidence(),
            reasons: evidence.reasons.iter().map(because).collect(),
        }
    }
}

struct Teller<W> {
    out: W,
    format: Format,
    /// Why nothing more can be written.
    trouble: Option<io::Error>,
    told: u64,
}

impl<W: Write> Teller<W> {
    fn tell(&mut self, finding: &Finding) {
        let line = match self.format {
            Format::Ndjson => serde_json::to_string(&Line::from(finding)).unwrap_or_default(),
            Format::Text => text(finding),
        };
        if self.trouble.is_none() {
            self.trouble = writeln!(self.out, "{line}").and_then(|()| self.out.flush()).err();
            self.told += 1;
        }
    }
}

fn text(finding: &Finding) -> String {
    let evidence = &finding.evidence;
    let by = finding.by.map(|asn| format!(" by {asn}")).unwrap_or_default();
    let path: Vec<String> = evidence.path().iter().map(Hop::to_string).collect();
    let mut text = format!(
        "{}  {:6} {:15} {}{by}, {} %; path {}; seen by {}",
        finding.at,
        finding.change,
        finding.kind,
        finding.prefix,
        evidence.confidence(),
        path.join(" "),
        evidence.seen.len(),
    );
    if finding.change == Change::Open {
        for reason in &evidence.reasons {
            text.push_str(&format!("\n{:>28} {}", format!("{:+}", reason.weight), reason.text));
        }
    }
    text
}
