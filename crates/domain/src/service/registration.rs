//! The prefixes that a partner registers: one a line, with the ASN that originates it and a name.

use crate::{
    Asn, AsnClass, Finding, Prefix, Verdict,
    prefixes::{Entry, Judged, Known, judge},
    say,
};
use serde::{Deserialize, Serialize};

/// One line, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The prefix with what the rules say of the line.
    pub judged: Judged,
    /// The ASN that originates it.
    pub origin: Asn,
    /// What the partner calls it.
    pub name: String,
}

/// Longest name, in characters.
pub const NAME_MAX: usize = 80;

/// Reads and judges lines such as `193.10.0.0/24, AS719, Telia Finland`: a prefix, then where it
/// is not the partner's own the origin, then a name; parted by commas, semicolons, tabs or
/// blanks. A line that begins with `prefix` is the head of a table, `#` starts a comment.
pub fn read(text: &str, partner: Asn, known: &Known) -> Vec<Line> {
    let rows: Vec<(Entry, Vec<String>)> =
        text.trim_start_matches('\u{feff}').lines().enumerate().filter_map(|(at, line)| row(at + 1, line)).collect();
    let entries: Vec<Entry> = rows.iter().map(|(entry, _)| entry.clone()).collect();
    judge(&entries, known).into_iter().zip(rows).map(|(judged, (_, rest))| finish(judged, &rest, partner)).collect()
}

/// The lines that may be registered, when none has a mistake.
pub fn accepted(lines: &[Line]) -> Option<Vec<(Prefix, Asn, String)>> {
    let fine = |line: &Line| (line.judged.verdict() != Verdict::Fail).then_some(line.judged.prefix?);
    lines.iter().map(|line| Some((fine(line)?, line.origin, line.name.clone()))).collect()
}

fn row(number: usize, line: &str) -> Option<(Entry, Vec<String>)> {
    let line = if line.contains('"') { line } else { line.split('#').next().unwrap_or_default() }.trim();
    let fields = if line.contains([',', ';', '\t']) { fields(line) } else { line.split_whitespace().map(str::to_owned).collect() };
    let (first, rest) = fields.split_first()?;
    let is_head = number == 1 && first.eq_ignore_ascii_case("prefix");
    (!is_head && !line.is_empty()).then(|| (Entry { line: number, input: first.clone() }, rest.to_vec()))
}

/// The fields of a line of CSV (RFC 4180 §2): what stands in quotes is one field, and two quotes in
/// it are one.
pub fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (vec![], String::new(), false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
            '"' if quoted || field.trim().is_empty() => quoted = !quoted,
            ',' | ';' | '\t' if !quoted => fields.push(std::mem::take(&mut field).trim().to_owned()),
            c => field.push(c),
        }
    }
    fields.push(field.trim().to_owned());
    fields
}

fn finish(mut judged: Judged, rest: &[String], partner: Asn) -> Line {
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let (origin, words) = match rest.split_first() {
        Some((&"", words)) => (None, words),
        Some((first, words)) if looks_like_asn(first) => (Some(*first), words),
        _ => (None, rest.as_slice()),
    };
    let asn = origin.map_or(Ok(partner), |text| text.parse::<Asn>().map_err(|_| text));
    let asn = match asn {
        Ok(asn) if asn.class() == AsnClass::Public => asn,
        _ => {
            judged.findings.push(Finding::fail(say!(
                "registration.origin",
                "“{input}” is not a public ASN. Write the one that originates the prefix, such as AS719.",
                input = origin.unwrap_or_default().chars().take(30).collect::<String>()
            )));
            partner
        }
    };
    let name = words.join(" ").trim().to_owned();
    if name.chars().count() > NAME_MAX || name.chars().any(crate::is_invisible) {
        let text = say!("registration.name", "A name has at most {most} printable characters.", most = NAME_MAX);
        judged.findings.push(Finding::fail(text));
    }
    Line { judged, origin: asn, name: name.chars().take(NAME_MAX).collect() }
}

/// `AS719`, `719`, `1.10`, but also `719abc`: one word that begins with a number stands where an ASN
/// does, and is one or is wrong.
fn looks_like_asn(text: &str) -> bool {
    let digits = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let lines = read(text, Asn(13030), &Known::default());
        let shown: Vec<String> = lines
            .iter()
            .map(|line| match line.judged.findings.first() {
                Some(finding) => format!("{}:{}", line.judged.entry.line, finding.code),
                None => format!("{} {} {}", line.judged.entry.input, line.origin, line.name).trim().to_owned(),
            })
            .collect();
        assert_eq!(shown.join(" | "), expected, "{text}");
    }

    #[test]
    fn a_line_is_a_prefix_an_origin_and_a_name() {
        check("193.10.0.0/24", "193.10.0.0/24 AS13030");
        check("193.10.0.0/24, AS719, Telia Finland", "193.10.0.0/24 AS719 Telia Finland");
        check("193.10.0.0/24\t719\n2a00:1450::/32;;Google", "193.10.0.0/24 AS719 | 2a00:1450::/32 AS13030 Google");
        check("193.10.0.0/24 Telia Finland", "193.10.0.0/24 AS13030 Telia Finland");
        check("Prefix,Origin,Name\n# a comment\n\n\"193.10.0.0/24\",\"719\",\"Telia\"", "193.10.0.0/24 AS719 Telia");
        check(
            "193.10.0.0/24, 719, \"Quoted, name\"\n193.10.1.0/24,,\"He said \"\"hi\"\", ok\"",
            "193.10.0.0/24 AS719 Quoted, name | 193.10.1.0/24 AS13030 He said \"hi\", ok",
        );
        check("193.10.0.0/24, 3M Company", "193.10.0.0/24 AS13030 3M Company");
        check("", "");
    }

    #[test]
    fn each_line_says_what_is_wrong_with_it() {
        check("193.10.0.1/24\n193.10.0.0/24, AS64512", "1:prefix.hostbits | 2:registration.origin");
        check("193.10.0.0/24\n193.10.0.0/24", "193.10.0.0/24 AS13030 | 2:prefix.duplicate");
        check("::ffff:193.10.0.0/120", "1:prefix.reserved");
        check("193.10.0.0/24, 719abc, z", "1:registration.origin");
        check(&format!("193.10.0.0/24, AS719, {}", "x".repeat(81)), "1:registration.name");
        assert_eq!(accepted(&read("193.10.0.0/24\n10.0.0.0/24", Asn(13030), &Known::default())), None);
        assert_eq!(accepted(&read("193.10.0.0/24", Asn(13030), &Known::default())).map(|all| all.len()), Some(1));
    }

    proptest! {
        #[test]
        fn any_text_is_answered_line_by_line(text in "[0-9a-fA-F:./, ;\\n#ASprefix\"]{0,120}") {
            let lines = read(&text, Asn(13030), &Known::default());
            prop_assert!(lines.len() <= text.lines().count());
            if let Some(all) = accepted(&lines) { prop_assert_eq!(all.len(), lines.len()); }
        }
    }
}
