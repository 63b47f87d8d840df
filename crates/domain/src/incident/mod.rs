//! What happens to prefixes on the Internet, told as incidents: each has one beginning and one end,
//! and parts, one for each prefix and each kind of thing that the same AS does.

mod advice;
mod alert;
mod course;
mod exception;
mod kind;

pub use advice::{advice, sentence};
pub use alert::{Alert, AlertForm, Hours, HoursError, Mute};
pub use course::{Course, Lane, PathSeen, Share, Stretch, What};
pub use exception::{Allow, Exception, ExceptionError, LONGEST_DAYS};
pub use kind::{Family, Kind};

use crate::{
    Asn, Prefix, Text, Timestamp,
    sighting::{Hop, Vantage, around},
    telemetry::Level,
};
use serde::{Deserialize, Serialize};

/// How long nothing has to be found until an incident is over, in seconds: what comes and goes
/// within it is one incident.
pub const LINGER_S: i64 = 120;
/// So many vantage points are kept with a part; how many there were is kept, too.
pub const SEEN_MOST: usize = 400;

/// What speaks for a finding (positive) or against it (negative), in percent points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Percent points.
    pub weight: i8,
    /// Why.
    pub text: Text,
}

/// What was expected of a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The prefix of which it was expected; what was seen is it or a part of it.
    pub prefix: Prefix,
    /// Who may originate it.
    pub origins: Vec<Asn>,
    /// Who may stand next to the origin, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstreams: Option<Vec<Asn>>,
    /// Longest part that is expected, in bits.
    pub longest: u8,
}

/// What a vantage point has, or had where it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The collector or router.
    pub source: String,
    /// Its peer's AS.
    pub asn: Asn,
    /// Its peer's address; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub peer: String,
    /// Whether it tells before policy, so that its withdrawals are not believed (BMP).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before_policy: bool,
    /// The AS path, nearest first.
    pub path: Vec<Hop>,
}

impl Seen {
    /// What a vantage point has.
    pub fn by(vantage: &Vantage, path: Vec<Hop>) -> Seen {
        let Vantage { source, asn, peer, tells_withdrawals } = vantage.clone();
        Seen { source, asn, peer, before_policy: !tells_withdrawals, path }
    }

    /// The vantage point.
    pub fn vantage(&self) -> Vantage {
        Vantage { source: self.source.clone(), asn: self.asn, peer: self.peer.clone(), tells_withdrawals: !self.before_policy }
    }
}

/// What was measured of a connection, where packets and not routes show what happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Id and name of the connection.
    pub connection: (String, String),
    /// Whose it is: nobody else is told.
    pub organisation: String,
    /// Its prefixes; the first one is that of the part.
    pub prefixes: Vec<Prefix>,
    /// What is usual: milliseconds, or the share of lost packets.
    pub usual: f64,
    /// What it is, in the same.
    pub now: f64,
    /// The series that show it.
    pub series: Vec<String>,
}

/// One kind of thing, done by one AS, to one prefix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The prefix that was seen.
    pub prefix: Prefix,
    /// What it is.
    pub kind: Kind,
    /// Who does it, where somebody does.
    pub by: Option<Asn>,
    /// Who originates what was seen.
    pub origin: Option<Asn>,
    /// What was expected.
    pub expected: Expected,
    /// When it was seen first.
    pub since: Timestamp,
    /// When it was told last.
    pub last: Timestamp,
    /// When it was over; nothing while it lasts.
    pub until: Option<Timestamp>,
    /// Why it is believed.
    pub reasons: Vec<Reason>,
    /// Its highest confidence, in percent.
    pub peak: i32,
    /// How sure it was when it was told last, in percent.
    pub lately: i32,
    /// Who saw it when it was shown best, at most [`SEEN_MOST`].
    pub seen: Vec<Seen>,
    /// How many saw it, at most: vantage points, or series of what was measured.
    pub vantages: u32,
    /// What was measured, where it is about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
}

impl Part {
    /// How sure it is, in percent: the sum of the reasons.
    pub fn confidence(&self) -> i32 {
        self.reasons.iter().map(|reason| i32::from(reason.weight)).sum()
    }

    /// Whether a series shows it.
    pub fn names(&self, series: &str) -> bool {
        self.measured.as_ref().is_some_and(|measured| measured.series.iter().any(|it| it == series))
    }

    /// The prefixes that it concerns.
    pub fn prefixes(&self) -> &[Prefix] {
        self.measured.as_ref().map_or(std::slice::from_ref(&self.prefix), |measured| &measured.prefixes)
    }

    /// The path that most vantage points have; of equally frequent ones the shortest.
    pub fn path(&self) -> &[Hop] {
        let times = |path: &[Hop]| self.seen.iter().filter(|seen| seen.path == path).count();
        let paths = self.seen.iter().map(|seen| seen.path.as_slice());
        paths.min_by_key(|path| (std::cmp::Reverse(times(path)), path.len(), path.to_vec())).unwrap_or_default()
    }

    /// From whom the one who does it has the route, and to whom it passes it on.
    pub fn around(&self) -> (Option<Asn>, Option<Asn>) {
        self.by.map_or((None, None), |by| around(self.path(), by))
    }

    /// Takes over what is told of it now; its beginning stays, and what showed it best.
    pub fn follow(&mut self, now: Part) {
        let (since, peak, vantages) = (self.since.min(now.since), self.peak.max(now.peak), self.vantages.max(now.vantages));
        let weaker = (now.vantages, now.confidence()) < (self.vantages, self.confidence());
        let (reasons, seen, origin, measured) = match weaker {
            true => (std::mem::take(&mut self.reasons), std::mem::take(&mut self.seen), self.origin, self.measured.take()),
            false => (now.reasons, now.seen, now.origin, now.measured),
        };
        *self = Part { since, peak, vantages, reasons, seen, origin, measured, ..now };
    }
}

/// Where an incident was recorded, when it is no news but a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Name of the recording.
    pub name: String,
    /// By how many seconds it was moved, to happen now.
    pub moved_s: i64,
    /// Whether people are told of it as of what is live.
    #[serde(default)]
    pub told: bool,
}

/// Somebody looks after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What was said; may be empty.
    pub note: String,
}

/// Something that happens to prefixes of the same owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Such as `IN-7`.
    pub id: String,
    /// What its parts have in common.
    pub family: Family,
    /// Who does it, where somebody does.
    pub by: Option<Asn>,
    /// When it began.
    pub opened: Timestamp,
    /// When something was told of it last.
    pub last: Timestamp,
    /// When it was over; nothing while it lasts.
    pub closed: Option<Timestamp>,
    /// The part that matters most, of those that last while some do.
    pub worst: Part,
    /// Whether nothing of it lasts now.
    pub quiet: bool,
    /// How many prefixes are concerned.
    pub prefixes: u32,
    /// Its highest confidence, in percent.
    pub peak: i32,
    /// How many vantage points saw it, at most.
    pub vantages: u32,
    /// The recording that it comes from, where it is a replay.
    pub replay: Option<Replay>,
    /// Who looks after it.
    pub acknowledged: Option<Acknowledged>,
}

impl Incident {
    /// An incident that begins with a part.
    pub fn begun(id: String, part: &Part, replay: Option<Replay>) -> Incident {
        Incident {
            id,
            family: part.kind.family(),
            by: part.by,
            opened: part.since,
            last: part.last,
            closed: None,
            worst: part.clone(),
            quiet: part.until.is_some(),
            prefixes: 1,
            peak: part.peak,
            vantages: part.vantages,
            replay,
            acknowledged: None,
        }
    }

    /// Takes over what its parts say.
    pub fn follow(&mut self, parts: &[Part]) {
        self.quiet = parts.iter().all(|part| part.until.is_some());
        let Some(worst) = parts.iter().filter(|part| self.quiet || part.until.is_none()).min_by_key(|part| rank(part)) else { return };
        let mut prefixes: Vec<Prefix> = parts.iter().flat_map(Part::prefixes).copied().collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        self.worst = worst.clone();
        self.prefixes = u32::try_from(prefixes.len()).unwrap_or(u32::MAX);
        self.peak = parts.iter().map(|part| part.peak).max().unwrap_or(self.peak);
        self.vantages = parts.iter().map(|part| part.vantages).max().unwrap_or(self.vantages);
        self.opened = parts.iter().map(|part| part.since).min().unwrap_or(self.opened).min(self.opened);
        self.last = parts.iter().map(|part| part.last).max().unwrap_or(self.last).max(self.last);
    }

    /// When all of its parts were over; nothing while one lasts.
    pub fn ended(parts: &[Part]) -> Option<Timestamp> {
        parts.iter().map(|part| part.until).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// How much it matters.
    pub fn level(&self) -> Level {
        self.worst.kind.level()
    }

    /// For how long it lasted, or lasts, in seconds.
    pub fn lasted_s(&self, now: Timestamp) -> i64 {
        self.closed.unwrap_or(now).since(self.opened).max(0)
    }
}

/// What matters most comes first: kind, confidence, size, beginning.
fn rank(part: &Part) -> (Kind, std::cmp::Reverse<i32>, u8, Timestamp, Prefix) {
    (part.kind, std::cmp::Reverse(part.peak), part.prefix.length(), part.since, part.prefix)
}

/// What happened to an incident, one line of its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    /// A part began, or began again.
    Began {
        /// The prefix.
        prefix: Prefix,
        /// What it is.
        kind: Kind,
        /// In percent.
        confidence: i32,
        /// How many saw it.
        vantages: u32,
    },
    /// More or others see it.
    Changed {
        /// The prefix.
        prefix: Prefix,
        /// What it is.
        kind: Kind,
        /// In percent.
        confidence: i32,
        /// How many see it.
        vantages: u32,
    },
    /// A part was over.
    Ended {
        /// The prefix.
        prefix: Prefix,
        /// What it was.
        kind: Kind,
    },
    /// Somebody looks after it.
    Acknowledged {
        /// What was said.
        note: String,
    },
    /// Everything was over for long enough.
    Closed,
    /// Somebody says that it is meant.
    Excepted {
        /// What is allowed.
        allow: Allow,
        /// Why.
        reason: String,
    },
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn part(prefix: &str, kind: Kind, by: u32, since: i64, until: Option<i64>) -> Part {
        let prefix: Prefix = prefix.parse().expect("prefix");
        Part {
            prefix,
            kind,
            by: Some(Asn(by)),
            origin: Some(Asn(by)),
            expected: Expected { prefix: prefix.shortened_to(22), origins: vec![Asn(36561)], upstreams: None, longest: 22 },
            since: Timestamp::from_secs(since),
            last: Timestamp::from_secs(until.unwrap_or(since)),
            until: until.map(Timestamp::from_secs),
            reasons: vec![],
            peak: 60,
            lately: 60,
            seen: vec![],
            vantages: 1,
            measured: None,
        }
    }

    #[test]
    fn an_incident_is_as_bad_as_its_worst_part_and_as_long_as_its_longest() {
        let parts = [
            part("208.65.153.0/24", Kind::SubPrefix, 17557, 20, Some(90)),
            part("208.65.152.0/22", Kind::OriginChange, 17557, 30, Some(60)),
            part("208.65.153.0/25", Kind::SubPrefix, 17557, 10, None),
        ];
        let mut incident = Incident::begun("IN-1".into(), &parts[0], None);
        incident.follow(&parts);
        assert_eq!((incident.worst.kind, incident.prefixes, incident.opened.secs()), (Kind::SubPrefix, 3, 10), "what lasts");
        assert!(!incident.quiet);
        incident.follow(&parts[..2]);
        assert_eq!((incident.worst.kind, incident.quiet), (Kind::OriginChange, true));
        assert_eq!(Incident::ended(&parts), None);
        assert_eq!(Incident::ended(&parts[..2]).map(Timestamp::secs), Some(90));
    }

    #[test]
    fn a_part_that_comes_again_keeps_its_beginning() {
        let mut first = part("208.65.153.0/24", Kind::SubPrefix, 17557, 20, Some(90));
        first.follow(Part { peak: 40, ..part("208.65.153.0/24", Kind::SubPrefix, 17557, 100, None) });
        assert_eq!((first.since.secs(), first.until, first.peak), (20, None, 60));
    }

    #[test]
    fn words_name_each_kind_and_family_once() {
        assert!(Kind::ALL.iter().all(|kind| Kind::of(kind.word()) == Some(*kind)));
        assert!(Family::ALL.iter().all(|family| Family::of(family.word()) == Some(*family)));
        assert!(Kind::ALL.iter().all(|kind| serde_json::to_string(kind).expect("JSON") == format!("\"{kind}\"")));
    }
}
