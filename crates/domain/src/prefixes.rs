//! The rules for prefixes that customers register, one entry or ten thousand at a time.
//!
//! [`entries`] cuts pasted text into entries, [`judge`] answers each of them. Both
//! run in the browser while somebody types and on the server before anything is kept.

use crate::{Finding, Prefix, PrefixError, Verdict, say, special::special};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest IPv4 and IPv6 prefixes that networks accept from each other.
const LONGEST: (u8, u8) = (24, 48);
/// Shortest prefixes that a registry ever gave to one holder.
const SHORTEST: (u8, u8) = (8, 16);
/// How many entries one submission may have.
pub const MAX_ENTRIES: usize = 10_000;

/// One thing that was typed, with its line number from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Line number, from 1.
    pub line: usize,
    /// The text as typed, trimmed.
    pub input: String,
}

/// A prefix that is already registered somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What is registered.
    pub prefix: Prefix,
    /// Whose it is, seen from the person who types.
    pub holder: Holder,
}

/// Whose a claimed prefix is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A connection of the same organisation.
    Own {
        /// Id of the connection, such as `CN-17`.
        connection: String,
        /// The connection's provider.
        provider: String,
    },
    /// Another organisation; never named.
    Other,
    /// Another organisation, without a provider's key: it has shown nothing, so only the very same
    /// prefix is in the way, and only until somebody has the key.
    Unproven,
}

/// What is known beside the typed text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The provider of the connection that is being filled in.
    pub provider: String,
    /// Everything that is registered already.
    pub claims: Vec<Claim>,
}

/// An entry and what the rules say about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The entry.
    pub entry: Entry,
    /// The prefix, when the text is one.
    pub prefix: Option<Prefix>,
    /// Every rule that did not simply pass; empty means pass.
    pub findings: Vec<Finding>,
}

impl Judged {
    /// The overall verdict.
    pub fn verdict(&self) -> Verdict {
        Finding::overall(&self.findings)
    }

    /// The first repair that a rule offers.
    pub fn suggestion(&self) -> Option<&str> {
        self.findings.iter().find_map(|f| f.fix.as_ref()).map(|fix| fix.replacement.as_str())
    }
}

/// Cuts text into entries: a line each, or several on a line parted by comma,
/// semicolon, tab or blank. `#` starts a comment.
pub fn entries(text: &str) -> Vec<Entry> {
    let lines = text.lines().enumerate();
    lines
        .flat_map(|(index, line)| {
            let line = line.split('#').next().unwrap_or_default();
            line.split(|c| matches!(c, ',' | ';' | '\t' | ' ' | '\u{a0}') || crate::text::is_invisible(c))
                .filter(|part| !part.is_empty())
                .map(move |part| Entry { line: index + 1, input: part.to_owned() })
        })
        .collect()
}

/// Replaces one entry in the text it was typed in; an empty replacement removes it.
pub fn replace(text: &str, entry: &Entry, replacement: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Some(line) = entry.line.checked_sub(1).and_then(|at| lines.get_mut(at)) {
        *line = line.replacen(&entry.input, replacement, 1).trim().to_owned();
        if line.is_empty() {
            lines.remove(entry.line - 1);
        }
    }
    lines.join("\n")
}

/// Judges each entry by itself, against the others and against what is known.
pub fn judge(entries: &[Entry], known: &Known) -> Vec<Judged> {
    let mut judged: Vec<Judged> = entries.iter().map(judge_alone).collect();
    judge_together(&mut judged);
    judge_claims(&mut judged, known);
    judged
}

/// The answer for one line of a file, as automation reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedLine(Judged);

/// Judges a text in which every line that is not blank or a comment is one entry; there
/// is no organisation, so nothing is claimed. Entries are judged against each other, too.
pub fn check_lines(text: &str) -> impl Iterator<Item = CheckedLine> {
    let whole_line = |(index, line): (usize, &str)| {
        let input = line.split('#').next().unwrap_or_default().trim();
        (!input.is_empty()).then(|| Entry { line: index + 1, input: input.to_owned() })
    };
    let all: Vec<Entry> = text.trim_start_matches('\u{feff}').lines().enumerate().filter_map(whole_line).collect();
    judge(&all, &Known::default()).into_iter().map(CheckedLine)
}

impl CheckedLine {
    /// The overall verdict.
    pub fn verdict(&self) -> Verdict {
        self.0.verdict()
    }

    /// `{"line","input","verdict","codes","prefix","suggestion"}`
    pub fn json(&self) -> String {
        let codes: Vec<String> = self.0.findings.iter().map(|f| quote(&f.code)).collect();
        let maybe = |text: Option<String>| text.map_or_else(|| "null".to_owned(), |text| quote(&text));
        format!(
            "{{\"line\":{},\"input\":{},\"verdict\":{},\"codes\":[{}],\"prefix\":{},\"suggestion\":{}}}",
            self.0.entry.line,
            quote(&self.0.entry.input),
            quote(self.verdict().word()),
            codes.join(","),
            maybe(self.0.prefix.map(|p| p.to_string())),
            maybe(self.0.suggestion().map(str::to_owned)),
        )
    }

    /// For people: the line, the verdict and the sentences.
    pub fn text(&self) -> String {
        let Judged { entry, findings, .. } = &self.0;
        let sentences: Vec<&str> = findings.iter().map(|f| f.sentence.english()).collect();
        format!("{:>5}  {:<7}  {:<24}  {}", entry.line, self.verdict().word(), entry.input, sentences.join(" ")).trim_end().to_owned()
    }
}

/// A JSON string (RFC 8259 §7).
fn quote(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn judge_alone(entry: &Entry) -> Judged {
    let (prefix, mut findings) = match entry.input.parse::<Prefix>() {
        Ok(prefix) => (Some(prefix), vec![]),
        Err(error) => (None, vec![misread(&error)]),
    };
    // A corrected prefix is worth an offer only when it would be accepted.
    let meant = prefix.or_else(|| {
        let fix = findings.first()?.fix.as_ref()?;
        fix.replacement.parse().ok()
    });
    let more: Vec<Finding> = meant.map(judge_range).into_iter().flatten().collect();
    if prefix.is_none() && more.iter().any(|f| f.verdict == Verdict::Fail) {
        findings.iter_mut().for_each(|f| f.fix = None);
    }
    findings.extend(more);
    Judged { entry: entry.clone(), prefix, findings }
}

fn misread(error: &PrefixError) -> Finding {
    let finding = Finding::fail(error);
    match error.fix() {
        // A single address is not registered; the longest prefix around it that is accepted may be.
        Some(fix) if matches!(error, PrefixError::NoLength(..)) => {
            finding.with_fix(fix.shortened_to(if fix.is_ipv4() { LONGEST.0 } else { LONGEST.1 }).to_string())
        }
        Some(fix) => finding.with_fix(fix.to_string()),
        None => finding,
    }
}

fn judge_range(prefix: Prefix) -> Option<Finding> {
    if let Some((range, row)) = special(prefix) {
        let (purpose, source) = (row.purpose, row.source);
        let sentence = if range.contains(prefix) {
            say!(
                "prefix.reserved",
                "{prefix} is {purpose} ({source}) and cannot be registered.",
                prefix = prefix,
                purpose = purpose,
                source = source
            )
        } else {
            say!(
                "prefix.contains_reserved",
                "{prefix} contains {range}, which is {purpose} ({source}), and cannot be registered.",
                prefix = prefix,
                range = range,
                purpose = purpose,
                source = source
            )
        };
        return Some(Finding::fail(sentence));
    }
    let v4 = prefix.is_ipv4();
    let longest = if v4 { LONGEST.0 } else { LONGEST.1 };
    let shortest = if v4 { SHORTEST.0 } else { SHORTEST.1 };
    if prefix.length() > longest {
        let fix = prefix.shortened_to(longest);
        let sentence = say!(
            "prefix.too_specific",
            "/{length} is longer than the accepted /{longest}. Register {fix} instead.",
            length = prefix.length(),
            longest = longest,
            fix = fix
        );
        return Some(Finding::fail(sentence).with_fix(fix.to_string()));
    }
    (prefix.length() < shortest).then(|| {
        Finding::fail(say!(
            "prefix.too_short",
            "/{length} is shorter than /{shortest}, more than one organisation holds. Register the parts that you use.",
            length = prefix.length(),
            shortest = shortest
        ))
    })
}

/// Duplicates and overlap inside the list. The later of two equals and the more
/// specific of two overlapping entries is the one to remove; entries that are refused by
/// themselves overlap nothing.
fn judge_together(judged: &mut [Judged]) {
    let mut first: BTreeMap<Prefix, usize> = BTreeMap::new();
    let mut found: Vec<(usize, Finding)> = vec![];
    for (at, item) in judged.iter().enumerate() {
        let Some(prefix) = item.prefix else { continue };
        match first.get(&prefix) {
            Some(&earlier) => {
                let line = judged[earlier].entry.line;
                let sentence =
                    say!("prefix.duplicate", "{prefix} is already on line {line}. Remove one of them.", prefix = prefix, line = line);
                found.push((at, Finding::fail(sentence).with_fix("")));
            }
            None => {
                first.insert(prefix, at);
            }
        }
    }
    // In order of network and length, the entries that cover the current one are a stack.
    let mut covers: Vec<(Prefix, usize)> = vec![];
    for (&prefix, &at) in &first {
        // What is refused by itself is in nobody's way.
        if judged[at].verdict() == Verdict::Fail {
            continue;
        }
        while covers.last().is_some_and(|(cover, _)| !cover.contains(prefix)) {
            covers.pop();
        }
        if let Some(&(cover, other)) = covers.last() {
            let line = judged[other].entry.line;
            let sentence = say!(
                "prefix.overlap",
                "{prefix} is inside {cover} on line {line}. Keep one of them.",
                prefix = prefix,
                cover = cover,
                line = line
            );
            found.push((at, Finding::fail(sentence).with_fix("")));
        }
        covers.push((prefix, at));
    }
    for (at, finding) in found {
        judged[at].findings.push(finding);
    }
}

fn judge_claims(judged: &mut [Judged], known: &Known) {
    let (unproven, index): (BTreeMap<Prefix, &Claim>, BTreeMap<Prefix, &Claim>) =
        known.claims.iter().map(|c| (c.prefix, c)).partition(|(_, c)| c.holder == Holder::Unproven);
    for item in judged {
        let Some(prefix) = item.prefix else { continue };
        if unproven.contains_key(&prefix) {
            item.findings.push(held_unproven(prefix));
        }
        if let Some(claim) = overlapping(&index, prefix) {
            item.findings.push(claimed(prefix, claim, &known.provider));
        }
    }
}

/// The claim that covers `prefix`, or the first one inside of it.
fn overlapping<'a>(index: &BTreeMap<Prefix, &'a Claim>, prefix: Prefix) -> Option<&'a Claim> {
    let covering = (0..=prefix.length()).rev().find_map(|len| index.get(&prefix.shortened_to(len)));
    let inside = || index.range(prefix..).next().filter(|(p, _)| prefix.contains(**p)).map(|(_, c)| c);
    covering.or_else(inside).copied()
}

fn claimed(prefix: Prefix, claim: &Claim, provider: &str) -> Finding {
    let held = claim.prefix;
    match &claim.holder {
        Holder::Other => owned_elsewhere(prefix),
        Holder::Unproven => held_unproven(prefix),
        Holder::Own { connection, provider: other } if other != provider => Finding::fail(say!(
            "prefix.other_provider",
            "{prefix} is registered with {provider} on {connection}. A prefix can use one provider only.",
            prefix = held,
            provider = other,
            connection = connection
        ))
        .with_fix(""),
        Holder::Own { connection, .. } => {
            let sentence =
                say!("prefix.registered", "{prefix} is registered on {connection} already.", prefix = held, connection = connection);
            Finding::fail(sentence).with_fix("")
        }
    }
}

/// The answer for a prefix that another organisation holds without a key.
fn held_unproven(prefix: Prefix) -> Finding {
    Finding::fail(say!(
        "prefix.held_unproven",
        "Another organisation has added {prefix}, without a provider's key. Paste the key that your provider gives you for it: with it the prefix is yours.",
        prefix = prefix
    ))
}

/// The answer for a prefix that another organisation holds; it is never named.
pub fn owned_elsewhere(prefix: Prefix) -> Finding {
    Finding::fail(say!(
        "prefix.owned_elsewhere",
        "{prefix} overlaps a prefix that another organisation registered. If it is yours, ask the operator for an ownership check.",
        prefix = prefix
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known() -> Known {
        let own = |connection: &str, provider: &str| Holder::Own { connection: connection.into(), provider: provider.into() };
        let claim = |text: &str, holder| Claim { prefix: text.parse().expect(text), holder };
        Known {
            provider: "Init7".into(),
            claims: vec![
                claim("193.10.0.0/16", own("CN-17", "Swisscom")),
                claim("193.11.1.0/24", own("CN-18", "Init7")),
                claim("193.12.0.0/16", Holder::Other),
                claim("193.13.0.0/16", Holder::Unproven),
            ],
        }
    }

    fn check(text: &str, expected: &str) {
        let judged = judge(&entries(text), &known());
        let shown: Vec<String> = judged
            .iter()
            .map(|j| {
                let codes: Vec<&str> = j.findings.iter().map(|f| f.code.as_str()).collect();
                let fix = j.suggestion().map(|s| format!(" -> {s}")).unwrap_or_default();
                format!("{} {}{fix}", j.verdict(), codes.join("+")).trim().to_owned()
            })
            .collect();
        assert_eq!(shown.join(" | "), expected, "{text}");
    }

    #[test]
    fn each_entry_is_judged_alone() {
        check("193.0.2.0/24", "pass");
        check("193.13.0.0/16", "fail prefix.held_unproven");
        check("193.13.1.0/24", "pass");
        check("2a00:1450::/32", "pass");
        check("10.0.0/24", "fail prefix.syntax");
        check("193.0.2.5/24", "fail prefix.hostbits -> 193.0.2.0/24");
        check("193.0.2.5", "fail prefix.length_missing -> 193.0.2.0/24");
        check("10.0.0.0/8", "fail prefix.reserved");
        check("10.0.0.1/8", "fail prefix.hostbits+prefix.reserved");
        check("::ffff:193.0.2.0/120", "fail prefix.reserved");
        check("193.0.2.128/25", "fail prefix.too_specific -> 193.0.2.0/24");
        check("2a00:1450:0:1::/64", "fail prefix.too_specific -> 2a00:1450::/48");
        check("64.0.0.0/7", "fail prefix.too_short");
    }

    #[test]
    fn entries_are_judged_against_each_other() {
        check("193.0.2.0/24\n193.0.2.0/24", "pass | fail prefix.duplicate ->");
        check("193.0.2.0/24, 193.0.0.0/16", "fail prefix.overlap -> | pass");
        check("2a00::/8 2a00:1450:4001::/48", "fail prefix.too_short | pass");
        check("193.0.2.0/24\u{200e}", "pass");
        check("193.0.2.0/24; 193.0.3.0/24 # both mine", "pass | pass");
    }

    #[test]
    fn a_prefix_has_one_provider_and_one_owner() {
        check("193.10.4.0/24", "fail prefix.other_provider ->");
        check("193.11.0.0/16", "fail prefix.registered ->");
        check("193.12.0.0/16", "fail prefix.owned_elsewhere");
    }

    #[test]
    fn a_file_is_answered_line_by_line() {
        let lines: Vec<String> = check_lines("# office\n193.0.2.5/24\n\n193.0.3.0/24 # lab\na\"b\n").map(|l| l.json()).collect();
        assert_eq!(
            lines[0],
            r#"{"line":2,"input":"193.0.2.5/24","verdict":"fail","codes":["prefix.hostbits"],"prefix":null,"suggestion":"193.0.2.0/24"}"#
        );
        assert_eq!(lines[1], r#"{"line":4,"input":"193.0.3.0/24","verdict":"pass","codes":[],"prefix":"193.0.3.0/24","suggestion":null}"#);
        assert!(serde_json::from_str::<serde_json::Value>(&lines[2]).is_ok());
    }

    #[test]
    fn a_fix_lands_where_the_entry_was_typed() {
        let text = "193.0.2.5/24 # office\n193.0.3.0/24\n193.0.3.0/24";
        let judged = judge(&entries(text), &Known::default());
        let fixed = replace(text, &judged[0].entry, judged[0].suggestion().expect("fix"));
        assert!(fixed.starts_with("193.0.2.0/24 # office\n"));
        let removed = replace(text, &judged[2].entry, "");
        assert_eq!(removed.lines().count(), 2);
    }

    proptest! {
        #[test]
        fn any_paste_is_answered_without_panic(text in "[0-9a-f:./,; \n#]{0,300}") {
            let all = entries(&text);
            prop_assert_eq!(judge(&all, &known()).len(), all.len());
        }

        #[test]
        fn an_offered_fix_is_never_refused_by_the_same_rule(bits: u32, length in 8u8..=32) {
            let net = ipnet::Ipv4Net::new(bits.into(), length).expect("length fits");
            let judged = judge(&entries(&net.to_string()), &Known::default());
            if let Some(fix) = judged[0].suggestion() {
                let again = judge(&entries(fix), &Known::default());
                prop_assert!(again.iter().all(|j| j.verdict() == Verdict::Pass));
            }
        }

        #[test]
        fn verdicts_do_not_depend_on_the_order_of_lines(mut lines in proptest::collection::vec((0u32..64, 20u8..=24), 0..20)) {
            let verdicts = |lines: &[(u32, u8)]| {
                let text: Vec<String> = lines.iter().map(|(n, l)| Prefix::covering(ipnet::IpNet::new(std::net::Ipv4Addr::from(0xc100_0000 + (n << 8)).into(), *l).expect("fits")).to_string()).collect();
                let mut failed: Vec<String> = judge(&entries(&text.join("\n")), &Known::default()).into_iter().filter(|j| j.verdict() == Verdict::Fail).map(|j| j.entry.input).collect();
                failed.sort();
                failed
            };
            let forward = verdicts(&lines);
            lines.reverse();
            prop_assert_eq!(forward, verdicts(&lines));
        }
    }
}
