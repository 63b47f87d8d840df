//! Labelled events of October and November 2021, told as what a row says, and how far the watch
//! agrees. The labels are a detector's; the rows hold no routes, so this measures what the rules
//! make of the facts of a row, not how they see a stream.

use peerage_domain::{
    Asn, Prefix, Timestamp,
    rpki::{Vrp, Vrps},
    sighting::{Hop, SeenRoute, Sight, Sighting, Vantage},
};
use peerage_watch::route::{Change, Expectation, Expectations, Kind, Terms, Watch};
use std::{collections::BTreeMap, fmt::Write as _, fs, sync::Arc};

/// From here on a finding is worth waking somebody.
const LIKELY: i32 = 50;

/// A row: label, prefix, how many prefixes, ASNs, begin, end, level or reason.
struct Event {
    label: String,
    prefix: Prefix,
    asns: Vec<Asn>,
    start: Timestamp,
    reason: String,
}

fn events() -> Vec<Event> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/labels/bgpwatch_events.csv")).expect("events");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let read = |row: csv::StringRecord| {
        let time = format!("{}Z", row[4].replace(' ', "T"));
        Event {
            label: row[0].to_owned(),
            prefix: row[1].parse().expect("prefix"),
            asns: row[3].split_whitespace().map(|asn| asn.parse().expect("ASN")).collect(),
            start: time.parse().expect("time"),
            reason: row[6].to_owned(),
        }
    };
    reader.records().map(|row| read(row.expect("row"))).collect()
}

/// The label without “Ongoing”, and what it rests on.
fn class(event: &Event) -> (String, &'static str) {
    let label = event.label.trim_start_matches("Ongoing ").to_owned();
    let why = match event.reason.as_str() {
        reason if reason.starts_with("ROA validation") => "a ROA for each",
        reason if reason.starts_with("Two ASes are in the same") => "one stands before the other",
        reason if reason.starts_with("Same country") => "the same country",
        reason if reason.contains("import filter") || reason == "peer" => "their policies in the IRR",
        reason if reason.contains("DDoS") => "a list of DDoS filters",
        _ => "",
    };
    (label, why)
}

fn vantage(asn: u32) -> Arc<Vantage> {
    Arc::new(Vantage { source: String::new(), asn: Asn(asn), peer: String::new(), tells_withdrawals: true })
}

/// What four vantage points saw before, and what two of them (all four of an outage) saw then.
fn story(event: &Event) -> Vec<Sighting> {
    const WHO: [u32; 4] = [3333, 2497, 31019, 7660];
    let path = |who: u32, rest: &[Asn]| {
        let hops = [Asn(who)].iter().chain(rest).map(|asn| Hop::Asn(*asn)).collect();
        SeenRoute { path: hops, only_to_customer: None }
    };
    let announced =
        |at, who: u32, rest: &[Asn]| Sighting { at, vantage: vantage(who), sight: Sight::Announced(event.prefix, path(who, rest).into()) };
    let before = event.start.plus_secs(-3600);
    let owner = match event.label.as_str() {
        "Route Leak" => *event.asns.last().expect("ASN"),
        _ => event.asns[0],
    };
    let mut all: Vec<Sighting> = WHO.iter().map(|who| announced(before, *who, &[owner])).collect();
    match event.label.as_str() {
        "Outage" => {
            all.extend(WHO.map(|who| Sighting { at: event.start, vantage: vantage(who), sight: Sight::Withdrawn(event.prefix) }));
        }
        "Route Leak" => all.extend(WHO[..2].iter().map(|who| announced(event.start, *who, &event.asns))),
        _ => {
            let one_before_the_other = class(event).1 == "one stands before the other";
            let path: Vec<Asn> = if one_before_the_other { event.asns.clone() } else { event.asns[1..].to_vec() };
            all.extend(WHO[..2].iter().map(|who| announced(event.start, *who, &path)));
        }
    }
    all
}

fn vrps(event: &Event) -> Vrps {
    let known = class(event).1 == "a ROA for each";
    let vrp = |asn: &Asn| Vrp { prefix: event.prefix, max_length: event.prefix.length(), asn: *asn };
    event.asns.iter().filter(|_| known).map(vrp).collect()
}

/// What is found first at the very time, and how sure it is.
fn found(event: &Event) -> Option<(Kind, i32)> {
    let sightings = story(event);
    let origins = match &sightings[0].sight {
        Sight::Announced(_, route) => route.origin().into_iter().collect(),
        _ => return None,
    };
    let mut expectations = Expectations::default();
    expectations.insert(Expectation::of(event.prefix, Terms { origins, ..Terms::default() }));
    let mut watch = Watch::new(expectations, vrps(event));
    let mut first = None;
    let mut take = |finding: peerage_watch::route::Finding| {
        if finding.change == Change::Open && finding.at == event.start {
            first.get_or_insert((finding.kind, finding.evidence.confidence()));
        }
    };
    sightings.into_iter().for_each(|sighting| watch.take(sighting, &mut take));
    watch.settle(&mut take);
    first
}

fn table() -> String {
    let mut rows: BTreeMap<(String, &str), BTreeMap<String, usize>> = BTreeMap::new();
    for event in events() {
        let answer = match found(&event) {
            None => "nothing".to_owned(),
            Some((kind, confidence)) => format!("{kind}, {}", if confidence >= LIKELY { "likely" } else { "unlikely" }),
        };
        *rows.entry(class(&event)).or_default().entry(answer).or_default() += 1;
    }
    let mut text = "| label | the detector's reason | events | found |\n|---|---|---|---|\n".to_owned();
    for ((label, why), answers) in rows {
        let told: Vec<String> = answers.iter().map(|(answer, count)| format!("{answer}: {count}")).collect();
        let _ = writeln!(text, "| {label} | {why} | {} | {} |", answers.values().sum::<usize>(), told.join("; "));
    }
    text
}

#[test]
fn the_documents_say_how_far_the_watch_agrees_with_the_labels() {
    let document = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/watch.md")).expect("docs/watch.md");
    let table = table();
    assert!(document.contains(&table), "docs/watch.md should have:\n{table}");
}
