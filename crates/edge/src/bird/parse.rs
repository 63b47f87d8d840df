//! What BIRD prints, read. Nothing here fails: a line that is not understood is left out, and
//! the caller compares what came with what it expects.

use super::control::Line;
use crate::state::{Hop, Route, SessionReport, Trouble};
use peerage_domain::{Asn, Timestamp, peering::SessionState};
use std::{collections::BTreeSet, net::IpAddr};

/// The rows of `show protocols all`: one report a BGP session. `offset_s` is what the router's
/// clock shows in local time, less UTC.
pub(super) fn protocols(lines: &[Line], offset_s: i64) -> Vec<SessionReport> {
    let mut found: Vec<SessionReport> = vec![];
    let mut is_bgp = false;
    for line in lines {
        if line.code == 1002 {
            let report = head(&line.text, offset_s);
            is_bgp = report.is_some();
            found.extend(report);
        } else if line.code == 1006
            && is_bgp
            && let Some(report) = found.last_mut()
        {
            detail(&line.text, report);
        }
    }
    found
}

fn head(text: &str, offset_s: i64) -> Option<SessionReport> {
    let mut words = text.split_whitespace();
    let (symbol, kind) = (words.next()?, words.next()?);
    if kind != "BGP" {
        return None;
    }
    let (_table, state, date, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let since = format!("{date}T{time}Z").parse::<Timestamp>().ok().map(|at| at.plus_secs(-offset_s));
    Some(SessionReport {
        symbol: symbol.to_owned(),
        peer: None,
        local: None,
        peer_asn: None,
        limit: None,
        // A protocol that is down is disabled or was closed by a limit.
        state: if state == "up" { SessionState::Established } else { SessionState::Idle },
        since,
        last_error: None,
        trouble: None,
        flaps: None,
        accepted: 0,
        refused: 0,
        updates: None,
        disabled: state == "down",
        filter: None,
    })
}

fn detail(text: &str, report: &mut SessionReport) {
    let Some((key, value)) = text.trim().split_once(':') else { return };
    let value = value.trim();
    match key {
        "BGP state" => report.state = SessionState::of(value),
        "Neighbor address" => report.peer = value.split('%').next().and_then(|address| address.parse().ok()),
        "Source address" => report.local = value.parse().ok(),
        "Neighbor AS" => report.peer_asn = value.parse().map(Asn).ok(),
        "Receive limit" => report.limit = value.parse().ok(),
        "Import limit" if report.limit.is_none() => report.limit = value.parse().ok(),
        "Last error" => {
            let words = value.split_whitespace().collect::<Vec<_>>().join(" ");
            report.trouble = trouble(&words);
            report.last_error = Some(words);
        }
        "Input filter" => report.filter = Some(value.to_owned()),
        // How many were received stands first.
        "Import updates" | "Import withdraws" => {
            let received = value.split_whitespace().next().and_then(|n| n.parse::<u64>().ok());
            report.updates = received.map(|n| report.updates.unwrap_or(0) + n);
        }
        "Routes" => {
            for part in value.split(',') {
                let mut words = part.split_whitespace();
                match (words.next().and_then(|n| n.parse().ok()), words.next()) {
                    (Some(count), Some("imported")) => report.accepted = count,
                    (Some(count), Some("filtered")) => report.refused = count,
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// What BIRD's words about the end of a session mean (its user's guide does not list them;
/// see `bgp_log_error` in its source).
fn trouble(words: &str) -> Option<Trouble> {
    match words.strip_prefix("Socket:") {
        Some(why) => Some(Trouble::Connection(why.trim().to_owned())),
        None if words.contains("Bad peer AS") => Some(Trouble::PeerAsn(None)),
        None if words.contains("limit") => Some(Trouble::PrefixLimit),
        None => None,
    }
}

/// The routes of `show route … all`.
pub(super) fn routes(lines: &[Line]) -> Vec<Route> {
    let mut found: Vec<Route> = vec![];
    // A second route to the same prefix does not repeat it.
    let mut prefix = None;
    for line in lines {
        let text = line.text.as_str();
        // BIRD 2 writes `BGP.as_path: …`, BIRD 3 `bgp_path: …`.
        let named = text.trim().strip_prefix("BGP.").or_else(|| text.trim().strip_prefix("bgp_"));
        if let Some((key, value)) = named.and_then(|rest| rest.split_once(": ")) {
            found.last_mut().into_iter().for_each(|route| attribute(key, value, route));
        } else if text.contains('[') && !text.starts_with('\t') {
            let first = text.split_whitespace().next().unwrap_or_default();
            if !text.starts_with(' ') {
                prefix = first.parse().ok();
            }
            found.extend(prefix.map(|prefix| Route {
                prefix,
                next_hop: None,
                path: vec![],
                communities: BTreeSet::new(),
                large: BTreeSet::new(),
                local_pref: None,
            }));
        }
    }
    found
}

fn attribute(key: &str, value: &str, route: &mut Route) {
    match key {
        "next_hop" => route.next_hop = value.split_whitespace().next().and_then(|address| address.parse().ok()),
        "local_pref" => route.local_pref = value.trim().parse().ok(),
        "as_path" | "path" => route.path = Hop::path(value),
        "community" => {
            route.communities =
                tuples(value).filter_map(|t| Some((u16::try_from(*t.first()?).ok()?, u16::try_from(*t.get(1)?).ok()?))).collect()
        }
        "large_community" => route.large = tuples(value).filter_map(|t| Some((*t.first()?, *t.get(1)?, *t.get(2)?))).collect(),
        _ => {}
    }
}

/// `(64500,1) (64500, 1101, 21)`
fn tuples(value: &str) -> impl Iterator<Item = Vec<u32>> {
    value.split('(').skip(1).map(|part| {
        let inside = part.split(')').next().unwrap_or_default();
        inside.split(',').map_while(|number| number.trim().parse().ok()).collect()
    })
}

/// The rows of `show bfd sessions`: address, interface, state.
pub(super) fn watched(lines: &[Line]) -> Vec<(IpAddr, bool)> {
    let row = |line: &Line| {
        let mut words = line.text.split_whitespace();
        let address = words.next()?.split('%').next()?.parse().ok()?;
        Some((address, words.nth(1)? == "Up"))
    };
    lines.iter().filter_map(row).collect()
}

/// How far the router's wall clock is from UTC, in seconds to the quarter of an hour, from
/// `show status`; zero when it does not tell.
pub(super) fn clock_offset(lines: &[Line], now: Timestamp) -> i64 {
    let shown = lines.iter().find_map(|line| line.text.trim().strip_prefix("Current server time is "));
    let at = shown.and_then(|shown| format!("{}Z", shown.get(..19)?.replace(' ', "T")).parse::<Timestamp>().ok());
    at.map_or(0, |at| (at.since(now) + 450).div_euclid(900) * 900)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What BIRD 2.0.12 answered, with its numbers, as recorded in `tests/bird-2.0.12/`.
    fn recorded(text: &str) -> Vec<Line> {
        let mut code = 0;
        let line = |raw: &str| {
            let number = raw.get(..4).and_then(|n| n.parse().ok()).filter(|_| raw.as_bytes().get(4) == Some(&b'-'));
            code = number.unwrap_or(code);
            let text = if number.is_some() { &raw[5..] } else { raw.get(1..).unwrap_or_default() };
            Line { code, text: text.to_owned() }
        };
        text.lines().map(line).collect()
    }

    #[test]
    fn sessions_are_read_with_state_counts_and_last_error() {
        let all = protocols(&recorded(include_str!("../../tests/bird-2.0.12/protocols.txt")), 3600);
        let of = |symbol: &str| all.iter().find(|report| report.symbol == symbol).expect(symbol).clone();
        assert_eq!(all.len(), 3, "BGP sessions only");
        let up = of("pr_88_1_v4");
        assert_eq!((up.state, up.accepted, up.refused), (SessionState::Established, 0, 3));
        assert_eq!((up.peer_asn, up.limit), (Some(Asn(64501)), Some(100)));
        assert_eq!(up.since, "2026-11-20T19:27:53Z".parse().ok(), "an hour east of UTC");
        assert_eq!((up.peer, up.filter.as_deref()), ("192.0.2.1".parse().ok(), Some("pr_88_1_v4_in")));
        assert_eq!(of("pr_88_1_v6").peer, "2001:db8:ff::1".parse().ok());
        let down = of("pr_89_1_v4");
        assert_eq!(down.state, SessionState::Active);
        assert_eq!(down.last_error.as_deref(), Some("Socket: Connection closed"));
    }

    #[test]
    fn routes_are_read_with_their_attributes() {
        let all = routes(&recorded(include_str!("../../tests/bird-2.0.12/refused.txt")));
        let prefixes: Vec<String> = all.iter().map(|r| r.prefix.to_string()).collect();
        assert_eq!(prefixes, ["198.51.100.0/25", "198.51.100.0/24", "203.0.113.0/24"]);
        let first = &all[0];
        assert_eq!(first.path, [Hop::Asn(Asn(64501)), Hop::Asn(Asn(64501))]);
        assert_eq!(first.next_hop, "192.0.2.1".parse().ok());
        assert_eq!(first.communities, BTreeSet::from([(64501, 77)]));
        assert_eq!(first.large, BTreeSet::from([(64500, 1101, 21)]));
        assert_eq!(Hop::path("64501 {64502 64503}"), [Hop::Asn(Asn(64501)), Hop::Set([Asn(64502), Asn(64503)].into())]);
    }

    #[test]
    fn routes_of_bird_3_are_read_like_those_of_bird_2() {
        let all = routes(&recorded(include_str!("../../tests/bird-3.1.7/refused.txt")));
        let prefixes: Vec<String> = all.iter().map(|r| r.prefix.to_string()).collect();
        assert_eq!(prefixes, ["193.10.2.0/25", "193.10.0.0/24", "192.168.7.0/24"]);
        let first = &all[0];
        assert_eq!((first.path.as_slice(), first.local_pref), ([Hop::Asn(Asn(6667))].as_slice(), Some(100)));
        assert_eq!(first.next_hop, "193.0.9.2".parse().ok());
        assert_eq!(first.large, BTreeSet::from([(8075, 1101, 1), (8075, 1101, 21)]));
    }

    #[test]
    fn watched_addresses_are_read_with_their_state() {
        let text = [
            "bfd1:",
            "IP address                Interface  State      Since         Interval  Timeout",
            "193.0.11.0                e0         Up         15:01:02.000    0.100    0.500",
            "2001:7f8:9a::             e0         Down       15:01:02.000    1.000    0.000",
        ];
        let lines: Vec<Line> = text.iter().map(|text| Line { code: 1020, text: (*text).to_owned() }).collect();
        let address = |text: &str| text.parse::<IpAddr>().expect(text);
        assert_eq!(watched(&lines), [(address("193.0.11.0"), true), (address("2001:7f8:9a::"), false)]);
    }

    #[test]
    fn the_clock_is_read_to_the_quarter_of_an_hour() {
        let now: Timestamp = "2026-11-20T20:28:00Z".parse().expect("time");
        let check = |shown: &str, offset: i64| {
            let line = Line { code: 1011, text: format!(" Current server time is {shown}") };
            assert_eq!(clock_offset(&[line], now), offset, "{shown}");
        };
        check("2026-11-20 20:28:11.505", 0);
        check("2026-11-20 21:27:58.000", 3600);
        check("2026-11-21 02:13:01.000", 5 * 3600 + 45 * 60);
        check("2026-11-20 16:58:00", -(3 * 3600 + 30 * 60));
        assert_eq!(clock_offset(&[], now), 0);
    }

    proptest! {
        #[test]
        fn whatever_is_printed_is_survived(text in "([0-9]{4}[- ])?\\PC{0,80}(\n\tBGP\\.[a-z_]{1,12}: \\PC{0,40}){0,3}") {
            let lines = recorded(&text);
            let _ = (protocols(&lines, 0), routes(&lines), clock_offset(&lines, Timestamp::from_secs(0)));
        }
    }
}
