//! What was found, and why it is believed.

use super::Expectation;
pub use peerage_domain::incident::{Kind, Reason};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    incident::{Part, SEEN_MOST, Seen},
    sighting::{Hop, SeenRoute, Vantage},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, sync::Arc};

/// Where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was not there before.
    Open,
    /// What is seen of it changed.
    Update,
    /// It is over.
    Close,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Change::Open => "open",
            Change::Update => "update",
            Change::Close => "close",
        })
    }
}

/// What a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Who originates what was seen; none for an empty path, or one that ends in a set.
    pub origin: Option<Asn>,
    /// The vantage points, and what each has (or had, where it is gone).
    pub seen: Vec<(Arc<Vantage>, Arc<SeenRoute>)>,
    /// Why it is believed.
    pub reasons: Vec<Reason>,
}

impl Evidence {
    /// How sure it is, in percent: the sum of the reasons.
    pub fn confidence(&self) -> i32 {
        self.reasons.iter().map(|reason| i32::from(reason.weight)).sum()
    }

    /// The path that most vantage points have; of equally frequent ones the shortest.
    pub fn path(&self) -> &[Hop] {
        let times = |path: &[Hop]| self.seen.iter().filter(|(_, route)| route.path == path).count();
        let paths = self.seen.iter().map(|(_, route)| route.path.as_slice());
        paths.min_by_key(|path| (std::cmp::Reverse(times(path)), path.len(), path.to_vec())).unwrap_or_default()
    }
}

/// Something that happens to a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When this was seen.
    pub at: Timestamp,
    /// When it was seen first.
    pub since: Timestamp,
    /// Whether it begins, goes on or ends.
    pub change: Change,
    /// What it is.
    pub kind: Kind,
    /// The prefix that was seen.
    pub prefix: Prefix,
    /// Who does it, where somebody does.
    pub by: Option<Asn>,
    /// What is expected instead.
    pub expected: Expectation,
    /// What it rests on.
    pub evidence: Arc<Evidence>,
}

impl From<&Finding> for Part {
    fn from(finding: &Finding) -> Self {
        let evidence = &finding.evidence;
        let vantages: BTreeSet<_> = evidence.seen.iter().map(|(vantage, _)| vantage).collect();
        Part {
            prefix: finding.prefix,
            kind: finding.kind,
            by: finding.by,
            origin: evidence.origin,
            expected: (&finding.expected).into(),
            since: finding.since,
            last: finding.at,
            until: (finding.change == Change::Close).then_some(finding.at),
            peak: evidence.confidence(),
            lately: evidence.confidence(),
            seen: evidence.seen.iter().take(SEEN_MOST).map(|(vantage, route)| Seen::by(vantage, route.path.clone())).collect(),
            vantages: u32::try_from(vantages.len()).unwrap_or(u32::MAX),
            reasons: evidence.reasons.clone(),
            measured: None,
        }
    }
}
