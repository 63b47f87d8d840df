//! Points in time: milliseconds since 1970 in UTC, shown in ISO 8601.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use time::OffsetDateTime;

/// A moment in UTC with millisecond resolution. Serialised as RFC 3339 text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a time. Write it like 2026-11-20T14:05:00Z (RFC 3339).")]
pub struct TimestampError(pub String);

impl Timestamp {
    /// Last moment that four-digit years can show.
    const MAX_MS: i64 = 253_402_300_799_999;

    /// From milliseconds since 1970, clamped to the years 1970 to 9999.
    pub fn from_millis(ms: i64) -> Self {
        Timestamp(ms.clamp(0, Self::MAX_MS))
    }

    /// From seconds since 1970.
    pub fn from_secs(seconds: i64) -> Self {
        Self::from_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Seconds since 1970, rounded down.
    pub fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment moved by `seconds`, forwards or backwards.
    pub fn plus_secs(self, seconds: i64) -> Self {
        Self::from_millis(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Whole seconds from `earlier` to this moment; negative when it lies after.
    pub fn since(self, earlier: Timestamp) -> i64 {
        (self.0 - earlier.0).div_euclid(1000)
    }

    fn civil(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.secs()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// Year, month and day, in UTC.
    pub fn day(self) -> (i32, u8, u8) {
        let c = self.civil();
        (c.year(), u8::from(c.month()), c.day())
    }

    /// `2026-11-20`
    pub fn iso_date(self) -> String {
        let (year, month, day) = self.day();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// `14:05`
    pub fn clock(self) -> String {
        let c = self.civil();
        format!("{:02}:{:02}", c.hour(), c.minute())
    }

    /// `2026-11-20 14:05 UTC`
    pub fn minute(self) -> String {
        format!("{} {} UTC", self.iso_date(), self.clock())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil();
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.year(), u8::from(c.month()), c.day(), c.hour(), c.minute(), c.second())?;
        match self.0.rem_euclid(1000) {
            0 => write!(f, "Z"),
            ms => write!(f, ".{ms:03}Z"),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let bad = || TimestampError(text.chars().take(40).collect());
        let number = |range: std::ops::Range<usize>| -> Option<u32> {
            let part = text.get(range)?;
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        };
        let read = || -> Option<Timestamp> {
            let bytes = text.as_bytes();
            let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
            if marks.iter().any(|&(at, mark)| bytes.get(at) != Some(&mark)) {
                return None;
            }
            matches!(bytes.get(10)?, b'T' | b't' | b' ').then_some(())?;
            let (fraction, east_s) = zone(text.get(19..)?)?;
            let ms = match fraction.strip_prefix('.') {
                None => fraction.is_empty().then_some(0)?,
                Some(digits) => {
                    let fine = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                    fine.then_some(())?;
                    format!("{digits:0<3}").get(..3)?.parse().ok()?
                }
            };
            let month = time::Month::try_from(u8::try_from(number(5..7)?).ok()?).ok()?;
            let day = u8::try_from(number(8..10)?).ok()?;
            let date = time::Date::from_calendar_date(number(0..4)?.try_into().ok()?, month, day).ok()?;
            let part = |range| u8::try_from(number(range)?).ok();
            let clock = time::Time::from_hms_milli(part(11..13)?, part(14..16)?, part(17..19)?, ms).ok()?;
            let moment = time::PrimitiveDateTime::new(date, clock).assume_utc();
            let millis = (moment.unix_timestamp() - east_s) * 1000 + i64::from(ms);
            (0..=Timestamp::MAX_MS).contains(&millis).then_some(Timestamp(millis))
        };
        read().ok_or_else(bad)
    }
}

/// What stands before the zone, and how far east that is, in seconds (RFC 3339 §5.6 `time-offset`).
fn zone(text: &str) -> Option<(&str, i64)> {
    if let Some(rest) = text.strip_suffix(['Z', 'z']) {
        return Some((rest, 0));
    }
    let (rest, zone) = text.split_at_checked(text.len().checked_sub("+00:00".len())?)?;
    let sign = match zone.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone[1..].split_once(':').filter(|it| it.0.len() == 2 && it.1.len() == 2)?;
    let number = |text: &str, below: i64| {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<i64>().ok()).flatten().filter(|number| *number < below)
    };
    Some((rest, sign * (number(hours, 24)? * 3600 + number(minutes, 60)? * 60)))
}

impl From<Timestamp> for String {
    fn from(moment: Timestamp) -> String {
        moment.to_string()
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shows_utc_in_the_ways_the_pages_need() {
        let t: Timestamp = "2026-11-20T14:05:09.5Z".parse().expect("valid");
        assert_eq!(t.to_string(), "2026-11-20T14:05:09.500Z");
        assert_eq!(t.minute(), "2026-11-20 14:05 UTC");
        assert_eq!((t.iso_date(), t.day()), ("2026-11-20".to_owned(), (2026, 11, 20)));
    }

    #[test]
    fn reads_other_zones() {
        let check = |text: &str, utc: &str| assert_eq!(text.parse::<Timestamp>().expect(text).to_string(), utc);
        check("2026-11-20T15:05:00+01:00", "2026-11-20T14:05:00Z");
        check("2026-11-20T10:35:00.25-03:30", "2026-11-20T14:05:00.250Z");
        check("2026-11-20T14:05:00-00:00", "2026-11-20T14:05:00Z");
    }

    #[test]
    fn refuses_what_is_not_rfc_3339() {
        for text in [
            "",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-11-20",
            "2026-11-20T14:05:00",
            "2026-11-20T14:05:00+0100",
            "2026-11-20T14:05:00+24:00",
            "2026-11-20T14:05:00+01:60",
            "2026-11-20T14:05:00 01:00",
            "2026-11-20T14:05:00é1:00",
            "1970-01-01T00:30:00+01:00",
            "2026-11-20T14:05:00.Z",
            "1969-12-31T23:59:59Z",
            "éééééééééééééééééééé",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_reads_back(ms in 0..=Timestamp::MAX_MS) {
            let t = Timestamp::from_millis(ms);
            prop_assert_eq!(t.to_string().parse::<Timestamp>(), Ok(t));
        }

        #[test]
        fn any_text_is_answered_without_panic(text in "\\PC{0,40}") {
            let _ = text.parse::<Timestamp>();
        }
    }
}
