//! Sightings as JSON, one object a line: how a recording is sent to a portal.
//!
//! `{"at":"2008-02-24T18:47:00Z","asn":3491,"announce":["208.65.153.0/24"],"path":[3491,17557]}`, or
//! `withdraw`, `withdraw_everywhere`, `"lost":true`, or `"silent":true` and `false`; `source` and `peer` tell vantage points of
//! the same AS apart.

use peerage_domain::{
    Asn, Prefix, Timestamp,
    sighting::{Hop, SeenRoute, Sight, Sighting, Vantage},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

fn yes() -> bool {
    true
}

fn is_true(it: &bool) -> bool {
    *it
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object such as {\"at\", \"asn\", \"announce\", \"path\"}")]
struct Line {
    at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    source: String,
    asn: Asn,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    peer: String,
    /// Whether its withdrawals are believed.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    tells_withdrawals: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    announce: Vec<Prefix>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    path: Vec<Hop>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    only_to_customer: Option<Asn>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    withdraw: Vec<Prefix>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    withdraw_everywhere: Vec<Prefix>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lost: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    silent: Option<bool>,
}

/// Why sightings cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct SightingError {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

/// What the parser says, without its own number of the line, which is always one.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(words, _)| words.to_owned())
}

/// Longest path, in ASNs; real ones have fewer than a hundred.
const PATH_MOST: usize = 1000;

/// Reads lines of sightings: all, or none.
///
/// # Errors
/// The first line that cannot be read.
pub fn read(text: &str) -> Result<Vec<Sighting>, SightingError> {
    let mut all = vec![];
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |why: String| SightingError { line: at + 1, why: why.chars().take(200).collect() };
        let line: Line = serde_json::from_str(line).map_err(|error| bad(words(&error)))?;
        if line.path.len() > PATH_MOST {
            return Err(bad(format!("the path has more than {PATH_MOST} ASNs")));
        }
        if line.source.len() > 100 || line.peer.len() > 100 {
            return Err(bad("source and peer have at most 100 characters".into()));
        }
        // That a prefix is gone everywhere is said by nobody in particular.
        let by_nobody = line.announce.is_empty() && line.withdraw.is_empty() && !line.lost && line.silent.is_none();
        if line.asn == Asn(0) && !by_nobody {
            return Err(bad("asn is the AS of the vantage point; 0 is none (RFC 7607)".into()));
        }
        if !line.announce.is_empty() && line.path.is_empty() {
            return Err(bad("an announcement has a path, nearest AS first, such as [3491, 17557]".into()));
        }
        let vantage = Arc::new(Vantage { source: line.source, asn: line.asn, peer: line.peer, tells_withdrawals: line.tells_withdrawals });
        let route = Arc::new(SeenRoute { path: line.path, only_to_customer: line.only_to_customer });
        let announced = line.announce.into_iter().map(|prefix| Sight::Announced(prefix, route.clone()));
        let gone =
            line.withdraw.into_iter().map(Sight::Withdrawn).chain(line.withdraw_everywhere.into_iter().map(Sight::WithdrawnEverywhere));
        let sights: Vec<Sight> =
            announced.chain(gone).chain(line.lost.then_some(Sight::Lost)).chain(line.silent.map(Sight::Silent)).collect();
        if sights.is_empty() {
            return Err(bad("it says nothing: give announce, withdraw, withdraw_everywhere, lost or silent".into()));
        }
        all.extend(sights.into_iter().map(|sight| Sighting { at: line.at, vantage: vantage.clone(), sight }));
    }
    Ok(all)
}

/// Writes a sighting as a line, with its end.
pub fn write(it: &Sighting) -> String {
    let Vantage { source, asn, peer, tells_withdrawals } = (*it.vantage).clone();
    let mut line = Line {
        at: it.at,
        source,
        asn,
        peer,
        tells_withdrawals,
        announce: vec![],
        path: vec![],
        only_to_customer: None,
        withdraw: vec![],
        withdraw_everywhere: vec![],
        lost: false,
        silent: None,
    };
    match &it.sight {
        Sight::Announced(prefix, route) => {
            line.announce.push(*prefix);
            line.path.clone_from(&route.clone().told_by(&it.vantage).path);
            line.only_to_customer = route.only_to_customer;
        }
        Sight::Withdrawn(prefix) => line.withdraw.push(*prefix),
        Sight::WithdrawnEverywhere(prefix) => line.withdraw_everywhere.push(*prefix),
        Sight::Lost => line.lost = true,
        Sight::Silent(silent) => line.silent = Some(*silent),
    }
    // Serde can always write this.
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let check = |text: &str, words: &str| {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        };
        let fine = r#"{"at":"2008-02-24T18:47:00Z","asn":1,"withdraw":["10.0.0.0/8"]}"#;
        check(&format!("{fine}\n\nx"), "line 3: expected value");
        check(r#"{"at":"2008-02-24T18:47:00Z","asn":1}"#, "it says nothing");
        check(r#"{"at":"2008-02-24T18:47:00Z","asn":1,"announce":["10.0.0.1/8"]}"#, "10.0.0.0/8");
        check(r#"{"at":"2008-02-24T18:47:00Z","asn":1,"announce":["10.0.0.0/8"]}"#, "an announcement has a path");
        check(r#"{"at":"2008-02-24T18:47:00Z","asn":0,"lost":true}"#, "0 is none");
        assert!(read(r#"{"at":"2008-02-24T18:47:00Z","asn":0,"withdraw_everywhere":["10.0.0.0/8"]}"#).is_ok(), "said by nobody");
        check("[]", "an object such as");
        check(r#"{"at":"yesterday","asn":1,"lost":true}"#, "is not a time");
        check(r#"{"at":"2008-02-24T18:47:00Z","asn":1,"lost":true,"x":1}"#, "unknown field");
        assert_eq!(read(fine).map(|all| all.len()), Ok(1));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(secs in 0i64..2_000_000_000, asn in 1u32.., path in prop::collection::vec(any::<u32>(), 1..6), what in 0u8..6, believed in any::<bool>()) {
            let prefix: Prefix = "193.0.0.0/21".parse().expect("prefix");
            let route = SeenRoute { path: path.into_iter().map(|asn| Hop::Asn(Asn(asn))).collect(), only_to_customer: None };
            let sight = match what {
                0 => Sight::Announced(prefix, route.into()),
                1 => Sight::Withdrawn(prefix),
                2 => Sight::WithdrawnEverywhere(prefix),
                3 => Sight::Lost,
                more => Sight::Silent(more == 5),
            };
            let vantage = Vantage { source: "rrc15".into(), asn: Asn(asn), peer: String::new(), tells_withdrawals: believed };
            let it = Sighting { at: Timestamp::from_secs(secs), vantage: vantage.into(), sight };
            prop_assert_eq!(read(&write(&it)), Ok(vec![it]));
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,80}") {
            let _ = read(&text);
        }
    }
}
