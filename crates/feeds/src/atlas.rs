//! Ping results of RIPE Atlas: one JSON object, firmware 0 to 5.
//!
//! Format: <https://atlas.ripe.net/docs/apis/result-format/>. Firmware 1 gives the
//! average only, later ones every packet; a packet without `rtt` was lost.

use serde::Deserialize;

/// One measurement: the round-trip times in milliseconds, `None` for a lost packet.
#[derive(Clone, Debug, PartialEq)]
pub struct Ping {
    /// Seconds since 1970.
    pub time: i64,
    /// The probe.
    pub probe: u32,
    /// What was pinged.
    pub target: String,
    /// One value a packet.
    pub rtt_ms: Vec<Option<f64>>,
}

/// The line is not a ping result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: not a RIPE Atlas ping result: {message}")]
pub struct Refusal {
    /// Line from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "type")]
    kind: String,
    timestamp: i64,
    prb_id: u32,
    #[serde(default)]
    dst_name: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    avg: f64,
    #[serde(default)]
    sent: u32,
    #[serde(default)]
    rcvd: u32,
    #[serde(default)]
    result: Vec<Packet>,
}

#[derive(Deserialize)]
struct Packet {
    #[serde(default)]
    rtt: Option<f64>,
    /// A duplicate answer is not another packet.
    #[serde(default)]
    dup: Option<u8>,
}

/// Reads one result a line; blank lines are skipped.
///
/// # Errors
/// The first line that is not a ping result.
pub fn read(text: &str) -> Result<Vec<Ping>, Refusal> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(index, line)| one(line).map_err(|message| Refusal { line: index + 1, message })).collect()
}

fn one(line: &str) -> Result<Ping, String> {
    let raw: Raw = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if raw.kind != "ping" {
        return Err(format!("type is “{}”", raw.kind));
    }
    let good = |rtt: f64| (rtt.is_finite() && rtt > 0.0).then_some(rtt);
    let rtt_ms = if raw.result.is_empty() {
        // Averages only: every answered packet counts with the average.
        let lost = raw.sent.saturating_sub(raw.rcvd).min(64);
        let answered = raw.rcvd.min(64);
        (0..answered).map(|_| good(raw.avg)).chain((0..lost).map(|_| None)).collect()
    } else {
        raw.result.iter().filter(|p| p.dup.is_none()).map(|p| p.rtt.and_then(good)).collect()
    };
    Ok(Ping { time: raw.timestamp, probe: raw.prb_id, target: raw.dst_name.or(raw.name).unwrap_or_default(), rtt_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_averages_losses_and_duplicates_are_told_apart() {
        let text = concat!(
            r#"{"type":"ping","timestamp":1,"prb_id":165,"name":"a","avg":124.5,"sent":3,"rcvd":2}"#,
            "\n\n",
            r#"{"type":"ping","timestamp":2,"prb_id":270,"dst_name":"b","result":[{"rtt":43.87},{"x":"*"},{"rtt":50.0,"dup":1}],"sent":3,"rcvd":2}"#,
        );
        let pings = read(text).expect("two results");
        assert_eq!(pings[0].rtt_ms, [Some(124.5), Some(124.5), None]);
        assert_eq!(pings[1].rtt_ms, [Some(43.87), None]);
    }

    #[test]
    fn other_lines_are_refused_with_their_number() {
        assert_eq!(read("{}").expect_err("not a ping").line, 1);
        assert!(read(r#"{"type":"traceroute","timestamp":1,"prb_id":1}"#).is_err());
    }
}
