//! What a router has, beside what it should have: files line by line, and sessions.

use crate::{
    Files,
    intent::{RouterIntent, Session},
    state::{SessionReport, Trouble},
};
use peerage_domain::{Finding, Next, Verdict, peering::SessionState, say};
use serde::{Deserialize, Serialize};
use similar::TextDiff;
use std::collections::BTreeSet;

/// How a file differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    /// Its name.
    pub name: String,
    /// Its lines in the unified format, keys hidden.
    pub text: String,
}

/// The files that have to change for `wanted` to stand where `written` stands; secrets are
/// hidden, but a key that changes shows as a changed line.
pub fn differences(written: &Files, wanted: &Files) -> Vec<FileDiff> {
    let names: BTreeSet<&String> = written.keys().chain(wanted.keys()).collect();
    let empty = String::new();
    let diff = |name: &String| {
        let (old, new) = (written.get(name).unwrap_or(&empty), wanted.get(name).unwrap_or(&empty));
        let of = |files: &Files| if files.contains_key(name) { name.clone() } else { "/dev/null".to_owned() };
        let text = TextDiff::from_lines(old, new).unified_diff().context_radius(2).header(&of(written), &of(wanted)).to_string();
        let text: Vec<String> = text.lines().map(hidden).collect();
        FileDiff { name: name.clone(), text: text.join("\n") }
    };
    names.into_iter().filter(|name| written.get(*name) != wanted.get(*name)).map(diff).collect()
}

/// A line without the key that may stand in it.
fn hidden(line: &str) -> String {
    // BIRD's keys stand in quotes, FRR's do not.
    match (line.split_once("password \""), line.split_once(" password ")) {
        (Some((before, _)), _) => format!("{before}password \"hidden\";"),
        (None, Some((before, _))) => format!("{before} password hidden"),
        (None, None) => line.to_owned(),
    }
}

/// What the sessions on a router show of changes by hand: a session that should not run, one
/// that is missing, one that uses another filter or was switched off.
pub fn strays(intent: &RouterIntent, reports: &[SessionReport]) -> Vec<Finding> {
    let wanted = |report: &SessionReport| intent.sessions.iter().find(|s| s.symbol() == report.symbol);
    let ours = |report: &&SessionReport| crate::intent::is_session(&report.symbol);
    let by_hand = |text| Finding::new(Verdict::Warn, text, Next::Operator);
    let mut findings = vec![];
    for report in reports.iter().filter(ours) {
        match wanted(report) {
            None => {
                findings.push(by_hand(say!("drift.extra", "The router runs {session}, which is on no record.", session = report.symbol)))
            }
            Some(session) => findings.extend(changed(session, report).map(by_hand)),
        }
    }
    for session in intent.sessions.iter().filter(|s| !reports.iter().any(|r| r.symbol == s.symbol())) {
        findings.push(by_hand(say!("drift.missing", "The router does not run {session}.", session = session.id())));
    }
    findings
}

fn changed(session: &Session, report: &SessionReport) -> Option<peerage_domain::Text> {
    let filter = format!("{}_in", session.symbol());
    if report.filter.as_ref().is_some_and(|used| *used != filter) {
        let used = report.filter.clone().unwrap_or_default();
        return Some(say!(
            "drift.filter",
            "{session} uses the import filter {used} instead of its own.",
            session = session.id(),
            used = used
        ));
    }
    if report.trouble == Some(Trouble::PrefixLimit) && report.state != SessionState::Established {
        return Some(say!(
            "drift.limit",
            "{session} was closed because its peer announced more than {most} prefixes. Once it announces less, bring the router back to switch it on.",
            session = session.id(),
            most = session.max_prefixes
        ));
    }
    if let Some(limit) = report.limit.filter(|limit| *limit != session.max_prefixes && report.state == SessionState::Established) {
        return Some(say!(
            "drift.limit_other",
            "{session} runs with a limit of {limit} prefixes instead of {most}.",
            session = session.id(),
            limit = limit,
            most = session.max_prefixes
        ));
    }
    let off = report.state == SessionState::Idle && report.last_error.is_none() && report.disabled;
    off.then(|| say!("drift.disabled", "{session} was switched off on the router.", session = session.id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        entries.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_difference_shows_lines_and_hides_keys() {
        let old = files(&[("a.conf", "one\n  password \"old-key\";\nthree\n"), ("gone.conf", "x\n"), ("same.conf", "y\n")]);
        let new = files(&[("a.conf", "one\n  password \"new-key\";\nfour\n"), ("new.conf", "z\n"), ("same.conf", "y\n")]);
        let all = differences(&old, &new);
        assert_eq!(all.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["a.conf", "gone.conf", "new.conf"]);
        let text: String = all.iter().map(|d| d.text.as_str()).collect();
        assert!(text.contains("-three") && text.contains("+four") && text.contains("+++ /dev/null"), "{text}");
        assert!(text.contains("+  password \"hidden\";") && !text.contains("-key"), "{text}");
    }
}
