//! Results of RIPE Atlas: pings and traceroutes as JSON objects, firmware 0 to 5.
//!
//! Format: <https://atlas.ripe.net/docs/apis/result-format/>. Early firmware gives least, average
//! and most of the packets of a ping only, later ones every packet; a packet without `rtt` was lost.

use serde::Deserialize;
use std::net::IpAddr;

/// What one result measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Seconds since 1970.
    pub time: i64,
    /// Who measured what: `atlas-165/hsi.cablecom.ch`, with `/ipv6` or `/traceroute` behind it where
    /// it is one.
    pub series: String,
    /// The round-trip times of all packets to the target in milliseconds, as they were written;
    /// `None` for a lost packet.
    pub rtt_ms: Vec<Option<f64>>,
}

/// Most packets that one result is believed to have sent.
const PACKETS: u32 = 64;

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "type")]
    kind: String,
    timestamp: i64,
    prb_id: u32,
    #[serde(default)]
    af: Option<u8>,
    #[serde(default)]
    dst_name: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    dst_addr: Option<IpAddr>,
    #[serde(default)]
    min: f64,
    #[serde(default)]
    avg: f64,
    #[serde(default)]
    max: f64,
    #[serde(default)]
    sent: u32,
    #[serde(default)]
    rcvd: u32,
    #[serde(default)]
    result: Vec<Entry>,
}

/// A packet of a ping, or a hop of a traceroute.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    rtt: Option<f64>,
    /// A duplicate answer is not another packet.
    #[serde(default)]
    dup: Option<u8>,
    /// The packets of a hop.
    #[serde(default)]
    result: Vec<Answer>,
}

/// An answer from a hop of a traceroute.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    from: Option<IpAddr>,
    #[serde(default)]
    rtt: Option<f64>,
}

/// Whether an object is a result of RIPE Atlas.
pub fn is_result(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Marks {
        #[serde(rename = "prb_id")]
        _probe: serde::de::IgnoredAny,
    }
    serde_json::from_str::<Marks>(text).is_ok()
}

/// Reads a result.
///
/// # Errors
/// When it is neither a ping nor a traceroute, or cannot be read.
pub fn measured(text: &str) -> Result<Measured, String> {
    let raw: Raw = serde_json::from_str(text).map_err(|error| crate::samples::of_object(&error))?;
    if !["ping", "traceroute"].contains(&raw.kind.as_str()) {
        return Err(format!("results of type “{}” have no round-trip times", raw.kind));
    }
    let target = raw.dst_name.clone().or_else(|| raw.name.clone()).or_else(|| raw.dst_addr.map(|address| address.to_string()));
    let target = target.ok_or("it names no target")?;
    let ipv6 = if raw.af == Some(6) && target.parse::<IpAddr>().is_err() { "/ipv6" } else { "" };
    let (rtt_ms, kind) = if raw.kind == "ping" { (raw.of_packets(), "") } else { (raw.of_target(), "/traceroute") };
    Ok(Measured { time: raw.timestamp, series: format!("atlas-{}/{target}{ipv6}{kind}", raw.prb_id), rtt_ms })
}

impl Raw {
    fn of_packets(&self) -> Vec<Option<f64>> {
        if self.result.is_empty() {
            let lost = self.sent.saturating_sub(self.rcvd).min(PACKETS);
            return self.of_average().into_iter().map(Some).chain((0..lost).map(|_| None)).collect();
        }
        self.result.iter().filter(|packet| packet.dup.is_none()).map(|packet| packet.rtt).collect()
    }

    /// What least, average and most say of the packets: of up to three all of it, of more their sum.
    fn of_average(&self) -> Vec<f64> {
        let count = self.rcvd.min(PACKETS);
        match count {
            0 => vec![],
            1 => vec![self.avg],
            2 => vec![self.min, self.max],
            _ => {
                let between = (self.avg * f64::from(count) - self.min - self.max) / f64::from(count - 2);
                let inner = std::iter::repeat_n(between.clamp(self.min.min(self.max), self.max), count as usize - 2);
                std::iter::once(self.min).chain(inner).chain(std::iter::once(self.max)).collect()
            }
        }
    }

    /// The answers of the target itself; where it gave none, the packets that were sent last.
    fn of_target(&self) -> Vec<Option<f64>> {
        let Some(last) = self.result.last() else { return vec![] };
        let reached = |answer: &Answer| answer.from.is_some() && answer.from == self.dst_addr;
        last.result.iter().map(|answer| answer.rtt.filter(|_| reached(answer))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_averages_losses_and_duplicates_are_told_apart() {
        let check = |text: &str, series: &str, expected: &[Option<f64>]| {
            let found = measured(text).expect(text);
            assert_eq!((found.series.as_str(), found.rtt_ms.as_slice()), (series, expected), "{text}");
        };
        check(
            r#"{"type":"ping","timestamp":1,"prb_id":165,"name":"a","min":100.0,"avg":120.0,"max":150.0,"sent":4,"rcvd":3}"#,
            "atlas-165/a",
            &[Some(100.0), Some(110.0), Some(150.0), None],
        );
        check(
            r#"{"type":"ping","timestamp":1,"prb_id":1,"name":"a","min":2,"avg":3,"max":4,"sent":2,"rcvd":2}"#,
            "atlas-1/a",
            &[Some(2.0), Some(4.0)],
        );
        check(
            r#"{"type":"ping","timestamp":2,"prb_id":270,"dst_name":"b","af":6,"result":[{"rtt":43.87},{"x":"*"},{"rtt":50.0,"dup":1}],"sent":3,"rcvd":2}"#,
            "atlas-270/b/ipv6",
            &[Some(43.87), None],
        );
        let hops = r#"{"hop":1,"result":[{"from":"10.0.0.1","rtt":1.0}]},{"hop":2,"result":[{"from":"192.0.2.1","rtt":9.5},{"x":"*"},{"from":"10.9.9.9","rtt":3.0}]}"#;
        check(
            &format!(r#"{{"type":"traceroute","timestamp":1,"prb_id":1,"dst_name":"c","dst_addr":"192.0.2.1","result":[{hops}]}}"#),
            "atlas-1/c/traceroute",
            &[Some(9.5), None, None],
        );
    }

    #[test]
    fn what_is_no_result_is_refused() {
        assert!(!is_result(r#"{"series":"a"}"#));
        assert!(is_result(r#"{"prb_id":1}"#));
        assert!(measured("{}").is_err());
        let error = measured(r#"{"type":"dns","timestamp":1,"prb_id":1,"dst_name":"a"}"#).expect_err("no round-trip times");
        assert!(error.contains("“dns”"), "{error}");
    }
}
