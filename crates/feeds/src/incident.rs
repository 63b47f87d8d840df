//! Recorded route incidents as JSON, in the shapes in which they are published:
//!
//! * a **timeline**: `{"victim_as": asn, "source": "…", "events": [[time, "A"|"W", prefix, [asn…], label]…]}`;
//!   path and label may be missing
//! * **instants**: `{"prefix": "…", "start": seconds, "replay": {"seconds": {"path_list": ["asn asn …"]}}}`,
//!   everything that is seen at each instant; the instant `-1` is what was seen before `start`
//! * a **summary**: `{"victim_as": asn, "start": time, "end": time, "common_path": [asn…], "example": {"leaked": [prefix…]}}`
//!
//! Times are RFC 3339 or seconds since 1970. The path's first AS is the vantage point.

use peerage_domain::{
    Asn, Prefix, Timestamp,
    sighting::Hop,
    telemetry::{RouteEvent, RouteEventKind},
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The year 2200, in seconds: later ones are milliseconds that were taken for seconds.
const LAST: f64 = 7_258_118_400.0;

/// Longest document, in bytes.
pub const LONGEST: u64 = 64 << 20;

/// Why a document is no incident.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// The JSON parser's words.
    #[error("it is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// JSON, but of something else.
    #[error("it has neither “events” (a timeline), “replay” (instants) nor “common_path” (a summary)")]
    Unknown,
    /// Something in it cannot be used.
    #[error("{0}: {1}")]
    Part(String, String),
    /// Too long to be taken into memory.
    #[error("it is longer than {} MiB", LONGEST >> 20)]
    TooLong,
}

/// A recorded incident.
#[derive(Clone, Debug, PartialEq)]
pub enum Incident {
    /// What happened, one after another.
    Timeline(Timeline),
    /// What was seen at instants.
    Instants(Instants),
    /// One path for some prefixes, from a time to a time.
    Summary(Summary),
}

/// Announcements and withdrawals, in the order of the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// Who was meant to originate the prefixes, where it says.
    pub victim_as: Option<Asn>,
    /// Where the facts come from.
    pub source: String,
    /// What happened.
    pub events: Vec<Event>,
}

/// What happened at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub time: Timestamp,
    /// Announced or withdrawn.
    pub letter: Letter,
    /// Of what.
    pub prefix: Prefix,
    /// By which path; for a withdrawal who withdrew it, or empty for everybody.
    pub path: Vec<Hop>,
    /// What people call it.
    pub label: String,
}

/// Announced or withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub enum Letter {
    /// `A`
    #[serde(rename = "A")]
    Announced,
    /// `W`
    #[serde(rename = "W")]
    Withdrawn,
}

/// All paths of a prefix at instants, by time.
#[derive(Clone, Debug, PartialEq)]
pub struct Instants {
    /// The prefix.
    pub prefix: Prefix,
    /// The paths.
    pub paths: Vec<(Timestamp, Vec<Vec<Hop>>)>,
}

/// One path for some prefixes.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// When they were announced.
    pub start: Timestamp,
    /// When they were withdrawn.
    pub end: Timestamp,
    /// The path, to its origin.
    pub path: Vec<Hop>,
    /// The prefixes.
    pub leaked: Vec<Prefix>,
}

/// Reads an incident.
///
/// # Errors
/// When it is none, or a part of it cannot be used: half a story would be another one.
pub fn read(text: &str) -> Result<Incident, IncidentError> {
    let document: Value = serde_json::from_str(text)?;
    if document.get("events").is_some() {
        timeline(&document).map(Incident::Timeline)
    } else if document.get("replay").is_some() {
        instants(&document).map(Incident::Instants)
    } else if document.get("common_path").is_some() {
        summary(&document).map(Incident::Summary)
    } else {
        Err(IncidentError::Unknown)
    }
}

fn bad(part: &str, why: impl ToString) -> IncidentError {
    IncidentError::Part(part.into(), why.to_string())
}

fn part<T: for<'de> Deserialize<'de>>(of: &Value, name: &str) -> Result<T, IncidentError> {
    let value = of.get(name).cloned().ok_or_else(|| bad(name, "it is missing"))?;
    serde_json::from_value(value).map_err(|error| bad(name, error))
}

/// RFC 3339, or seconds since 1970 as number or text.
fn time(name: &str, value: &Value) -> Result<Timestamp, IncidentError> {
    let seconds = |seconds: f64| match seconds {
        0.0..=LAST => Ok(Timestamp::from_millis((seconds * 1000.0).round() as i64)),
        _ => Err(bad(name, format!("{seconds} is no time in seconds since 1970"))),
    };
    match value {
        Value::Number(number) => number.as_f64().map_or_else(|| Err(bad(name, "it is no time")), seconds),
        Value::String(text) => match text.parse::<f64>() {
            Ok(number) => seconds(number),
            Err(_) => text.parse().map_err(|error| bad(name, error)),
        },
        _ => Err(bad(name, "it is no time")),
    }
}

/// An ASN as number or text.
fn asn(name: &str, value: &Value) -> Result<Asn, IncidentError> {
    match value {
        Value::Number(number) => {
            let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
            number.map(Asn).ok_or_else(|| bad(name, "it is no ASN"))
        }
        Value::String(text) => text.parse().map_err(|_| bad(name, "it is no ASN")),
        _ => Err(bad(name, "it is no ASN")),
    }
}

fn hops(name: &str, path: Value) -> Result<Vec<Hop>, IncidentError> {
    serde_json::from_value(path).map_err(|_| bad(name, "write the path as a list of ASNs, such as [3491, 17557]"))
}

fn timeline(document: &Value) -> Result<Timeline, IncidentError> {
    let events: Vec<Vec<Value>> = part(document, "events")?;
    let read = |(index, event): (usize, &Vec<Value>)| -> Result<Event, IncidentError> {
        let name = format!("event {}", index + 1);
        let field = |at: usize| event.get(at).cloned().ok_or_else(|| bad(&name, "write it [time, \"A\" or \"W\", prefix, path, label]"));
        let optional = |at: usize| event.get(at).filter(|value| !value.is_null()).cloned();
        Ok(Event {
            time: time(&name, &field(0)?)?,
            letter: serde_json::from_value(field(1)?).map_err(|error| bad(&name, error))?,
            prefix: serde_json::from_value(field(2)?).map_err(|error| bad(&name, error))?,
            path: optional(3).map(|path| hops(&name, path)).transpose()?.unwrap_or_default(),
            label: optional(4).and_then(|label| label.as_str().map(str::to_owned)).unwrap_or_default(),
        })
    };
    let events: Vec<Event> = events.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    let without = events.iter().position(|event| event.letter == Letter::Announced && event.path.iter().find_map(Hop::asn).is_none());
    if let Some(at) = without {
        return Err(bad(&format!("event {}", at + 1), "an announcement has a path, such as [3491, 17557]"));
    }
    Ok(Timeline {
        victim_as: document.get("victim_as").map(|value| asn("victim_as", value)).transpose()?,
        source: document.get("source").and_then(Value::as_str).unwrap_or_default().to_owned(),
        events,
    })
}

fn instants(document: &Value) -> Result<Instants, IncidentError> {
    #[derive(Deserialize)]
    struct Instant {
        path_list: Vec<String>,
    }
    let replay: BTreeMap<String, Instant> = part(document, "replay")?;
    let start = document.get("start").map(|value| time("start", value)).transpose()?;
    let mut paths = vec![];
    for (key, instant) in replay {
        let at = match key.as_str() {
            "-1" => start.unwrap_or_default(),
            _ => time("replay", &Value::String(key))?,
        };
        let fine =
            |path: &str| path.chars().all(|c| c.is_ascii_digit() || " {},\t".contains(c)) && path.contains(|c: char| c.is_ascii_digit());
        if let Some(wrong) = instant.path_list.iter().find(|path| !fine(path)) {
            return Err(bad("replay", format!("“{}” is no path", wrong.chars().take(60).collect::<String>())));
        }
        paths.push((at, instant.path_list.iter().map(|path| Hop::path(path)).collect()));
    }
    paths.sort_by_key(|(at, _)| *at);
    Ok(Instants { prefix: part(document, "prefix")?, paths })
}

fn summary(document: &Value) -> Result<Summary, IncidentError> {
    #[derive(Deserialize)]
    struct Example {
        leaked: Vec<Prefix>,
    }
    let mut path = hops("common_path", part(document, "common_path")?)?;
    if let Some(victim) = document.get("victim_as") {
        let victim = Hop::Asn(asn("victim_as", victim)?);
        if path.last() != Some(&victim) {
            path.push(victim);
        }
    }
    let moment = |name: &str| time(name, document.get(name).unwrap_or(&Value::Null));
    let example: Example = part(document, "example")?;
    Ok(Summary { start: moment("start")?, end: moment("end")?, path, leaked: example.leaked })
}

impl Timeline {
    /// The timeline as route events, as the reference service names them.
    pub fn route_events(&self) -> Vec<RouteEvent> {
        let told = |event: &Event| {
            let origin = event.path.last().and_then(Hop::asn);
            let foreign = origin.is_some() && origin != self.victim_as;
            let kind = match (event.letter, foreign) {
                (Letter::Withdrawn, _) => RouteEventKind::PrefixWithdrawalEvent,
                (Letter::Announced, true) => RouteEventKind::PrefixOriginAsChangeEvent,
                (Letter::Announced, false) => RouteEventKind::PrefixAnnouncementEvent,
            };
            RouteEvent {
                time: event.time,
                kind,
                prefix: event.prefix,
                path: event.path.iter().filter_map(Hop::asn).collect(),
                summary: event.label.replace('_', " "),
                text: None,
                source: self.source.clone(),
            }
        };
        self.events.iter().map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_foreign_origin_is_an_origin_change() {
        let text = r#"{"victim_as":36561,"protected":["208.65.152.0/22"],"source":"RIS","events":[
            ["2008-02-24T18:40:00Z","A","208.65.152.0/22",[36561],"normal"],
            [1203878820,"A","208.65.153.0/24",[3491,17557]],
            ["2008-02-24T21:01:00Z","W","208.65.153.0/24",[],"hijack_withdrawn"]]}"#;
        let Ok(Incident::Timeline(timeline)) = read(text) else { panic!("a timeline") };
        let kinds: Vec<_> = timeline.route_events().into_iter().map(|event| event.kind).collect();
        use RouteEventKind::*;
        assert_eq!(kinds, [PrefixAnnouncementEvent, PrefixOriginAsChangeEvent, PrefixWithdrawalEvent]);
        assert_eq!(timeline.events[1].time.to_string(), "2008-02-24T18:47:00Z");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let check = |text: &str, words: &str| {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        };
        check("[", "not JSON");
        check("[]", "neither “events”");
        check(r#"{"events":[["2008-02-24T18:40:00Z","A"]]}"#, "event 1: write it");
        check(r#"{"events":[["2008-02-24T18:40:00Z","B","10.0.0.0/8",[1]]]}"#, "event 1: unknown variant");
        check(r#"{"events":[["yesterday","A","10.0.0.0/8",[1]]]}"#, "event 1: “yesterday” is not a time");
        check(r#"{"events":[[1,"A","10.0.0.1/8",[1]]]}"#, "10.0.0.0/8");
        check(r#"{"events":[[1,"A","10.0.0.0/8"]]}"#, "event 1: an announcement has a path");
        check(r#"{"events":[[1,"A","10.0.0.0/8",["x"]]]}"#, "event 1: write the path as a list");
        check(r#"{"events":[[1e300,"A","10.0.0.0/8",[1]]]}"#, "no time in seconds");
        check(r#"{"replay":{"1":{"path_list":["1 abc 2"]}},"prefix":"10.0.0.0/8"}"#, "“1 abc 2” is no path");
        check(r#"{"replay":{"1":{"path_list":[]}}}"#, "prefix: it is missing");
        check(r#"{"replay":{"x":{"path_list":[]}},"prefix":"10.0.0.0/8"}"#, "replay: “x” is not a time");
        check(r#"{"common_path":[1],"example":{"leaked":[]},"end":1}"#, "start: it is no time");
        check(r#"{"common_path":[1],"victim_as":-1}"#, "victim_as: it is no ASN");
    }

    proptest! {
        #[test]
        fn any_document_is_answered(text in r#"\{"(events|replay|common_path|start|prefix|x)":[\[\]{}",:a-z0-9.]{0,60}"#) {
            let _ = read(&text);
        }
    }
}
