//! Who is told of which incidents, and when.

use super::{Family, Part};
use crate::{Prefix, Text, Timestamp, say, text::said_error};
use serde::{Deserialize, Serialize};

/// Of what somebody wants to be told: “when a hijack or leak of any of our prefixes is 60 % sure,
/// seen by 2 vantage points and lasts 5 minutes”.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Such as `AL-2`.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// What it is called.
    pub name: String,
    /// Which incidents; all when there is none.
    pub families: Vec<Family>,
    /// Of which prefix and its parts; of any when absent.
    pub prefix: Option<Prefix>,
    /// From which confidence on, in percent.
    pub confidence: i32,
    /// From how many vantage points on.
    pub vantages: u32,
    /// After how long, in minutes.
    pub minutes: i64,
    /// Ids of the channels to tell it to.
    pub channels: Vec<String>,
}

/// What was typed for an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertForm {
    /// What it is called.
    pub name: String,
    /// Words of families; all when empty.
    pub families: Vec<String>,
    /// A prefix; any when empty.
    pub prefix: String,
    /// In percent.
    pub confidence: String,
    /// How many vantage points.
    pub vantages: String,
    /// In minutes.
    pub minutes: String,
    /// Ids of channels.
    pub channels: Vec<String>,
}

impl Alert {
    /// Whether it tells of a part of an incident, as far as is known of it.
    pub fn is_about(&self, part: &Part) -> bool {
        (self.families.is_empty() || self.families.contains(&part.kind.family()))
            && self.prefix.is_none_or(|prefix| concerns(prefix, part))
            && part.peak >= self.confidence
            && part.vantages >= self.vantages
    }

    /// When it tells of an incident with these parts: when one of those that it is about has lasted
    /// long enough. Nothing when it tells of others, or they were over before.
    pub fn due(&self, parts: &[Part]) -> Option<Timestamp> {
        let due = |part: &Part| {
            let due = part.since.plus_secs(self.minutes.max(0) * 60);
            part.until.is_none_or(|until| until >= due).then_some(due)
        };
        parts.iter().filter(|part| self.is_about(part)).filter_map(due).min()
    }
}

/// Whether a part happens to a prefix, or to a part of it.
fn concerns(prefix: Prefix, part: &Part) -> bool {
    part.prefixes().iter().any(|own| prefix.contains(*own)) || prefix.contains(part.expected.prefix)
}

/// Hours of the day in UTC in which a channel is not used, such as `22:00-06:00`. What happens in
/// them is told at their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// First minute of the day.
    from: u16,
    /// First minute behind them.
    to: u16,
}

/// The text is no span of hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoursError(pub String);

impl HoursError {
    /// What is wrong.
    pub fn text(&self) -> Text {
        say!("hours.syntax", "“{input}” are no hours. Write them like 22:00-06:00, in UTC.", input = self.0)
    }
}
said_error!(HoursError);

impl Hours {
    /// The moment at which what is told at `at` is told: the end of the hours when it lies in them.
    pub fn shifted(&self, at: Timestamp) -> Timestamp {
        let minute = at.secs().rem_euclid(86_400) / 60;
        let (from, to) = (i64::from(self.from), i64::from(self.to));
        let inside = if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to };
        if !inside {
            return at;
        }
        let wait = (to - minute).rem_euclid(1440);
        Timestamp::from_secs((at.secs() / 60 + wait) * 60)
    }
}

impl std::str::FromStr for Hours {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let minute = |clock: &str| -> Option<u16> {
            let (hours, minutes) = clock.trim().split_once(':')?;
            let digits = |part: &str| {
                ((1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u16>().ok()).flatten()
            };
            let (hours, minutes) = (digits(hours)?, digits(minutes)?);
            (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
        };
        let read = || {
            let (from, to) = text.split_once(['-', '–'])?;
            let (from, to) = (minute(from)?, minute(to)?);
            (from != to).then_some(Hours { from, to })
        };
        read().ok_or_else(|| HoursError(text.chars().take(20).collect()))
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, self.to / 60, self.to % 60)
    }
}

/// Nobody is told of incidents of a prefix for some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// Such as `MU-1`.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// Of which prefix and its parts; of all when absent.
    pub prefix: Option<Prefix>,
    /// Of which kind; of all when absent.
    pub family: Option<Family>,
    /// Why.
    pub reason: String,
    /// Until when.
    pub expires: Timestamp,
    /// Since when.
    pub created: Timestamp,
    /// By whom.
    pub author: String,
}

impl Mute {
    /// Whether an incident with these parts that is told of at a moment is meant: all of it.
    pub fn covers(&self, parts: &[Part], at: Timestamp) -> bool {
        let covers = |part: &Part| {
            self.prefix.is_none_or(|own| concerns(own, part)) && self.family.is_none_or(|family| family == part.kind.family())
        };
        self.created <= at && at < self.expires && parts.iter().all(covers)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Kind, tests::part},
        *,
    };

    fn hijack(since: i64, until: Option<i64>) -> Part {
        part("208.65.153.0/24", Kind::SubPrefix, 17557, since, until)
    }

    fn alert() -> Alert {
        Alert {
            id: "AL-1".into(),
            organisation: "ORG-1".into(),
            name: "Hijacks".into(),
            families: vec![Family::Hijack],
            prefix: None,
            confidence: 50,
            vantages: 1,
            minutes: 5,
            channels: vec![],
        }
    }

    #[test]
    fn an_alert_waits_as_long_as_it_says_and_forgets_what_was_shorter() {
        let due = |alert: &Alert, until| alert.due(&[hijack(1000, until)]).map(Timestamp::secs);
        assert_eq!(due(&alert(), None), Some(1300));
        assert_eq!(due(&alert(), Some(1299)), None);
        assert_eq!(due(&alert(), Some(1300)), Some(1300));
        assert_eq!(due(&Alert { minutes: 0, ..alert() }, Some(1000)), Some(1000));
    }

    #[test]
    fn an_alert_tells_of_what_it_names() {
        let check = |alert: Alert, expected: bool| assert_eq!(alert.is_about(&hijack(0, None)), expected, "{alert:?}");
        let prefix = |text: &str| Some(text.parse().expect("prefix"));
        check(alert(), true);
        check(Alert { families: vec![], ..alert() }, true);
        check(Alert { families: vec![Family::Leak], ..alert() }, false);
        check(Alert { prefix: prefix("208.65.152.0/22"), ..alert() }, true);
        check(Alert { prefix: prefix("208.65.153.0/24"), ..alert() }, true);
        check(Alert { prefix: prefix("193.0.16.0/24"), ..alert() }, false);
        check(Alert { confidence: 61, ..alert() }, false);
        check(Alert { vantages: 2, ..alert() }, false);
    }

    #[test]
    fn a_prefix_that_joins_an_incident_is_told_to_those_who_asked_for_it() {
        let first = hijack(1000, None);
        let second = part("193.0.16.0/24", Kind::OriginChange, 17557, 1600, None);
        let alert = Alert { prefix: Some(second.prefix), ..alert() };
        assert_eq!(alert.due(std::slice::from_ref(&first)), None);
        assert_eq!(alert.due(&[first, second]).map(Timestamp::secs), Some(1900));
    }

    #[test]
    fn quiet_hours_end_with_what_happened_in_them() {
        let at = |text: &str| text.parse::<Timestamp>().expect("time");
        let check = |hours: &str, told: &str, expected: &str| {
            let hours: Hours = hours.parse().expect("hours");
            assert_eq!(hours.shifted(at(told)), at(expected), "{hours} {told}");
        };
        check("22:00-06:00", "2026-11-21T21:59:59Z", "2026-11-21T21:59:59Z");
        check("22:00-06:00", "2026-11-21T22:00:00Z", "2026-11-22T06:00:00Z");
        check("22:00-06:00", "2026-11-22T05:59:30.250Z", "2026-11-22T06:00:00Z");
        check("22:00-06:00", "2026-11-22T06:00:00Z", "2026-11-22T06:00:00Z");
        check("9:30–17:00", "2026-11-22T12:00:01Z", "2026-11-22T17:00:00Z");
        for bad in ["", "22-6", "24:00-06:00", "06:60-07:00", "06:00-06:00", "+6:00-07:00"] {
            assert!(bad.parse::<Hours>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mute_covers_its_prefix_and_its_time() {
        let mute = Mute {
            id: "MU-1".into(),
            organisation: "ORG-1".into(),
            prefix: Some("208.65.152.0/22".parse().expect("prefix")),
            family: None,
            reason: "maintenance".into(),
            expires: Timestamp::from_secs(2000),
            created: Timestamp::from_secs(500),
            author: "Ingrid".into(),
        };
        let covers = |mute: &Mute, at: i64| mute.covers(&[hijack(1000, None)], Timestamp::from_secs(at));
        assert!(covers(&mute, 1000) && !covers(&mute, 2000) && !covers(&mute, 499));
        assert!(!covers(&Mute { family: Some(Family::Leak), ..mute.clone() }, 1000));
        assert!(!covers(&Mute { prefix: Some("10.0.0.0/8".parse().expect("prefix")), ..mute }, 1000));
    }
}
