//! Recorded route incidents: a timeline of announcements and withdrawals, with the
//! prefixes that belong to the victim.
//!
//! Shape: `{"protected": [prefix], "victim_as": asn, "events": [[time, "A"|"W", prefix, [asn…], label]]}`.

use peerage_domain::{Asn, Prefix, Timestamp, telemetry::RouteEvent, telemetry::RouteEventKind};
use serde::Deserialize;

/// A recorded timeline.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Incident {
    /// Who was meant to originate the prefixes.
    pub victim_as: Asn,
    /// The prefixes that belong to the victim.
    pub protected: Vec<Prefix>,
    /// Where the facts come from.
    pub source: String,
    events: Vec<(Timestamp, Letter, Prefix, Vec<Asn>, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
enum Letter {
    #[serde(rename = "A")]
    Announced,
    #[serde(rename = "W")]
    Withdrawn,
}

/// Reads a timeline.
///
/// # Errors
/// The JSON parser's words.
pub fn read(text: &str) -> Result<Incident, serde_json::Error> {
    serde_json::from_str(text)
}

impl Incident {
    /// The timeline as route events, as the reference service names them.
    pub fn route_events(&self) -> Vec<RouteEvent> {
        self.events
            .iter()
            .map(|(time, letter, prefix, path, label)| {
                let foreign = path.last().is_some_and(|&origin| origin != self.victim_as);
                let kind = match (letter, foreign) {
                    (Letter::Withdrawn, _) => RouteEventKind::PrefixWithdrawalEvent,
                    (Letter::Announced, true) => RouteEventKind::PrefixOriginAsChangeEvent,
                    (Letter::Announced, false) => RouteEventKind::PrefixAnnouncementEvent,
                };
                RouteEvent {
                    time: *time,
                    kind,
                    prefix: *prefix,
                    path: path.clone(),
                    summary: label.replace('_', " "),
                    source: self.source.clone(),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_origin_is_an_origin_change() {
        let text = r#"{"victim_as":36561,"protected":["208.65.152.0/22"],"source":"RIS","events":[
            ["2008-02-24T18:40:00Z","A","208.65.152.0/22",[36561],"normal"],
            ["2008-02-24T18:47:00Z","A","208.65.153.0/24",[3491,17557],"subprefix_hijack"],
            ["2008-02-24T21:01:00Z","W","208.65.153.0/24",[],"hijack_withdrawn"]]}"#;
        let kinds: Vec<_> = read(text).expect("timeline").route_events().into_iter().map(|e| e.kind).collect();
        use RouteEventKind::*;
        assert_eq!(kinds, [PrefixAnnouncementEvent, PrefixOriginAsChangeEvent, PrefixWithdrawalEvent]);
        assert!(read("[]").is_err());
    }
}
