//! Latency samples and route events, as they cross a door of the portal.

use crate::{Asn, Prefix, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// One round-trip time measurement; `rtt_ms` is absent when the packet was lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Which series the value belongs to, such as `CN-1/Ashburn`.
    pub series: String,
    /// When it was measured.
    pub time: Timestamp,
    /// Round-trip time in milliseconds. Who leaves it out may have misspelt it: it is to be `null`
    /// for a lost packet.
    #[serde(deserialize_with = "Option::deserialize")]
    pub rtt_ms: Option<f64>,
}

/// Why a sample is not kept.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SampleError {
    /// Series names are 1 to 120 printable characters.
    #[error("the series name must have 1 to 120 characters and no control characters")]
    Series,
    /// What is kept belongs to a connection.
    #[error("series “{0}” is no name below a connection; write it like CN-1/Primary, with nothing empty between its slashes")]
    Parts(String),
    /// Not a round-trip time.
    #[error("rtt_ms {} is not a round-trip time: it must be at least 0.001 and less than 60000 ms", brief(*.0))]
    Rtt(f64),
    /// The clock of the sender runs ahead.
    #[error("time {0} lies more than 5 minutes in the future; check the sender's clock")]
    Future(Timestamp),
    /// Older than anything that is kept.
    #[error("time {0} is older than the {1} days that are kept")]
    Old(Timestamp, i64),
}

/// A number in few characters, however large or small it is.
fn brief(number: f64) -> String {
    let long = number.is_finite() && number != 0.0 && !(1e-6..1e9).contains(&number.abs());
    if long { format!("{number:e}") } else { number.to_string() }
}

/// Shortest round-trip time, in ms: a clock tells apart no less, and light comes 150 m far.
const SHORTEST_MS: f64 = 0.001;
/// No round-trip time is as long, in ms.
const TOO_LONG_MS: f64 = 60_000.0;

/// How long latency is kept, in days.
pub const KEPT_DAYS: i64 = 400;

impl Sample {
    /// Refuses impossible values: what is stored was possible.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self, now: Timestamp) -> Result<(), SampleError> {
        self.check_value()?;
        if !self.series.contains('/') || self.series.split('/').any(|part| part.trim().is_empty()) {
            return Err(SampleError::Parts(self.series.clone()));
        }
        if self.time.since(now) > 300 {
            return Err(SampleError::Future(self.time));
        }
        if now.since(self.time) > KEPT_DAYS * 86_400 {
            return Err(SampleError::Old(self.time, KEPT_DAYS));
        }
        Ok(())
    }

    /// The same whenever it was measured.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check_value(&self) -> Result<(), SampleError> {
        if !(1..=120).contains(&self.series.chars().count()) || self.series.chars().any(char::is_control) {
            return Err(SampleError::Series);
        }
        if let Some(rtt) = self.rtt_ms.filter(|rtt| !(SHORTEST_MS..TOO_LONG_MS).contains(rtt)) {
            return Err(SampleError::Rtt(rtt));
        }
        Ok(())
    }
}

/// How much a route event matters; the four levels of the reference service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// Good to know.
    Information,
    /// Somebody should look.
    Warning,
    /// Something is broken.
    Error,
    /// Traffic may go to the wrong network.
    Critical,
}

/// What happened to a route: the names of the reference service, and behind them those that it
/// lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RouteEventKind {
    /// The prefix was announced.
    PrefixAnnouncementEvent,
    /// The prefix was withdrawn.
    PrefixWithdrawalEvent,
    /// The backup route was announced.
    PrefixBackupRouteAnnouncementEvent,
    /// The backup route was withdrawn.
    PrefixBackupRouteWithdrawalEvent,
    /// Which route is active now.
    PrefixActivePath,
    /// Which route is the backup now.
    PrefixBackupPath,
    /// The prefix comes from another origin AS: a hijack or a leak may be under way.
    PrefixOriginAsChangeEvent,
    /// The same on the backup route.
    PrefixBackupRouteOriginAsChangeEvent,
    /// A part of the prefix comes from another origin AS.
    PrefixPartOriginAsChangeEvent,
    /// An AS stands next to the origin that is not known there: the path may be made up.
    PrefixForgedPathEvent,
    /// Somebody passes it on who should not (RFC 7908).
    PrefixRouteLeakEvent,
    /// Most of those that had a route have none.
    PrefixVisibilityLossEvent,
    /// The RPKI calls the expected route invalid (RFC 6811).
    PrefixRpkiInvalidEvent,
    /// Its origin announces a longer part than expected.
    PrefixMoreSpecificEvent,
    /// The path grew.
    PrefixPathChangeEvent,
    /// Traffic does not enter where it should.
    PrefixSuboptimalEvent,
    /// Packets take longer than usual.
    LatencyRiseEvent,
    /// More packets are lost than usual.
    PacketLossEvent,
    /// Something that was told before is over.
    PrefixIncidentOverEvent,
}

impl RouteEventKind {
    /// The level of the kind, documented by the reference service where the kind is.
    pub fn level(self) -> Level {
        use RouteEventKind as K;
        match self {
            K::PrefixAnnouncementEvent
            | K::PrefixBackupRouteAnnouncementEvent
            | K::PrefixActivePath
            | K::PrefixBackupPath
            | K::PrefixPathChangeEvent
            | K::PrefixIncidentOverEvent => Level::Information,
            K::PrefixWithdrawalEvent
            | K::PrefixBackupRouteWithdrawalEvent
            | K::PrefixVisibilityLossEvent
            | K::PrefixMoreSpecificEvent
            | K::PrefixSuboptimalEvent
            | K::LatencyRiseEvent
            | K::PacketLossEvent => Level::Warning,
            K::PrefixBackupRouteOriginAsChangeEvent | K::PrefixRouteLeakEvent | K::PrefixRpkiInvalidEvent => Level::Error,
            K::PrefixOriginAsChangeEvent | K::PrefixPartOriginAsChangeEvent | K::PrefixForgedPathEvent => Level::Critical,
        }
    }
}

/// Something that happened to a route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteEvent {
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub kind: RouteEventKind,
    /// The prefix that was announced or withdrawn.
    pub prefix: Prefix,
    /// The AS path, nearest network first; empty for a withdrawal.
    #[serde(default)]
    pub path: Vec<Asn>,
    /// One sentence, from the source.
    #[serde(default)]
    pub summary: String,
    /// The same for readers of other languages, where the portal says it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Where the fact comes from.
    #[serde(default)]
    pub source: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_samples_are_refused_with_the_reason() {
        let now = Timestamp::from_secs(1_800_000_000);
        let check = |series: &str, ago: i64, rtt| {
            let sample = Sample { series: series.into(), time: now.plus_secs(-ago), rtt_ms: rtt };
            sample.check(now).is_ok()
        };
        assert!(check("CN-1/Oslo", 10, Some(8.5)));
        assert!(check("CN-1/Oslo", 10, None));
        assert!(check("CN-1/Oslo", -299, Some(8.5)));
        assert!(!check("", 10, Some(8.5)));
        assert!(!check("a\nb", 10, Some(8.5)));
        assert!(!check("CN-1/Oslo", 10, Some(-1.0)));
        assert!(!check("CN-1/Oslo", 10, Some(0.0)));
        assert!(!check("CN-1/Oslo", 10, Some(1e-300)));
        assert!(check("CN-1/Oslo", 10, Some(0.001)));
        assert!(check("CN-1/Oslo/192.0.2.1", 10, Some(8.5)));
        for series in ["CN-1", "CN-1/", "CN-1//x", "/x", "CN-1/ /x", "CN-1/x/"] {
            assert!(!check(series, 10, Some(8.5)), "{series}");
        }
        assert!(SampleError::Rtt(1e300).to_string().starts_with("rtt_ms 1e300 is not"));
        assert!(!check("CN-1/Oslo", 10, Some(f64::NAN)));
        assert!(!check("CN-1/Oslo", -3600, Some(8.5)));
        assert!(!check("CN-1/Oslo", 86_400 * 500, Some(8.5)));
    }
}
