//! What a smokeping_prober tells Prometheus: requests and responses since it began, by host.
//!
//! Source: the text exposition format 0.0.4 of Prometheus; the metrics `smokeping_requests_total` and
//! `smokeping_response_duration_seconds` of smokeping_prober 0.4 and later.

use std::collections::BTreeMap;

/// What one host was asked and what it answered, since the prober began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counters {
    /// The host, as the prober calls it, with its address where that is another word.
    pub host: String,
    /// Packets that were sent.
    pub requests: u64,
    /// Upper ends of buckets in seconds, and how many answers were not above each: cumulative, in order.
    pub buckets: Vec<(f64, u64)>,
}

/// Why a text tells nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrometheusError {
    /// A line cannot be read.
    #[error("line {0} is none of Prometheus' text format: {1}")]
    Line(usize, String),
    /// Nothing of a prober is in it.
    #[error("it has no smokeping_requests_total: is it the page of a smokeping_prober?")]
    Nothing,
}

const REQUESTS: &str = "smokeping_requests_total";
const BUCKET: &str = "smokeping_response_duration_seconds_bucket";
/// Most hosts of a page.
const HOSTS: usize = 5_000;

/// Whether a text looks like a page of metrics.
pub fn is_metrics(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    first.starts_with("# HELP") || first.starts_with("# TYPE") || first.starts_with("smokeping_")
}

/// Reads a page of a prober.
///
/// # Errors
/// The first line that cannot be read; or when nothing of a prober is in it.
pub fn read(text: &str) -> Result<Vec<Counters>, PrometheusError> {
    let mut hosts: BTreeMap<String, Counters> = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || !(line.starts_with(REQUESTS) || line.starts_with(BUCKET)) {
            continue;
        }
        let bad = || PrometheusError::Line(number + 1, line.chars().take(100).collect());
        let (name, labels, value) = metric(line).ok_or_else(bad)?;
        let label = |wanted: &str| labels.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).unwrap_or_default();
        let host = match (label("host"), label("ip")) {
            ("", _) => return Err(bad()),
            (host, ip) if ip.is_empty() || ip == host => host.to_owned(),
            (host, ip) => format!("{host} {ip}"),
        };
        if hosts.len() >= HOSTS && !hosts.contains_key(&host) {
            continue;
        }
        let it = hosts.entry(host.clone()).or_insert_with(|| Counters { host, ..Counters::default() });
        let count = whole(value).ok_or_else(bad)?;
        match name {
            REQUESTS => it.requests = it.requests.saturating_add(count),
            BUCKET => {
                let end = label("le").parse::<f64>().ok().filter(|end| !end.is_nan() && *end > 0.0).ok_or_else(bad)?;
                match it.buckets.iter_mut().find(|(known, _)| *known == end) {
                    Some((_, known)) => *known = known.saturating_add(count),
                    None => it.buckets.push((end, count)),
                }
            }
            _ => {}
        }
    }
    let mut all: Vec<Counters> = hosts.into_values().filter(|it| it.requests > 0 || !it.buckets.is_empty()).collect();
    if all.is_empty() {
        return Err(PrometheusError::Nothing);
    }
    for it in &mut all {
        it.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Cumulative means that none is below the one before.
        let mut least = 0;
        for (_, count) in &mut it.buckets {
            *count = (*count).max(least);
            least = *count;
        }
    }
    Ok(all)
}

/// A counter is a float in the text.
fn whole(value: &str) -> Option<u64> {
    let value = value.parse::<f64>().ok()?;
    (value.is_finite() && (0.0..9e15).contains(&value)).then_some(value as u64)
}

type Labels = Vec<(String, String)>;

/// Name, labels and value of a line.
fn metric(line: &str) -> Option<(&str, Labels, &str)> {
    let (name, rest) = line.split_once('{')?;
    let mut labels = vec![];
    let mut rest = rest.trim_start();
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            let value = behind.split_whitespace().next()?;
            return Some((name.trim(), labels, value));
        }
        let (label, behind) = rest.split_once('=')?;
        let behind = behind.trim_start().strip_prefix('"')?;
        let (value, length) = quoted(behind)?;
        labels.push((label.trim().to_owned(), value));
        rest = behind[length..].trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
}

/// A value up to its closing quote, and how many octets it takes with that.
fn quoted(text: &str) -> Option<(String, usize)> {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match (escaped, c) {
            (true, 'n') => value.push('\n'),
            (true, other) => value.push(other),
            (false, '\\') => {
                escaped = true;
                continue;
            }
            (false, '"') => return Some((value, at + 1)),
            (false, other) => value.push(other),
        }
        escaped = false;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: &str = "# HELP smokeping_requests_total Number of ping requests sent\n\
        # TYPE smokeping_requests_total counter\n\
        smokeping_requests_total{host=\"www.example.net\",ip=\"192.0.2.1\",source=\"\"} 120\n\
        # TYPE smokeping_response_duration_seconds histogram\n\
        smokeping_response_duration_seconds_bucket{host=\"www.example.net\",ip=\"192.0.2.1\",source=\"\",le=\"0.0128\"} 100\n\
        smokeping_response_duration_seconds_bucket{host=\"www.example.net\",ip=\"192.0.2.1\",source=\"\",le=\"0.0064\"} 10\n\
        smokeping_response_duration_seconds_bucket{host=\"www.example.net\",ip=\"192.0.2.1\",source=\"\",le=\"+Inf\"} 118\n\
        smokeping_response_duration_seconds_sum{host=\"www.example.net\",ip=\"192.0.2.1\",source=\"\"} 1.2\n\
        go_goroutines 12\n";

    #[test]
    fn a_page_tells_what_each_host_answered() {
        let all = read(PAGE).expect("a page");
        assert!(is_metrics(PAGE) && !is_metrics("time,series,rtt_ms\n") && !is_metrics("{}"));
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].host.as_str(), all[0].requests), ("www.example.net 192.0.2.1", 120));
        assert_eq!(all[0].buckets, [(0.0064, 10), (0.0128, 100), (f64::INFINITY, 118)]);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let check = |text: &str, words: &str| {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(words), "{error}");
        };
        check("go_goroutines 12\n", "smokeping_prober?");
        check("", "smokeping_prober?");
        check("\nsmokeping_requests_total{host=\"a\" 1", "line 2");
        check("smokeping_requests_total{host=\"a\"} many", "line 1");
        check("smokeping_requests_total{host=\"a\"} -1", "line 1");
        check("smokeping_requests_total{ip=\"192.0.2.1\"} 1", "line 1");
        check("smokeping_response_duration_seconds_bucket{host=\"a\",le=\"x\"} 1", "line 1");
    }

    #[test]
    fn labels_may_have_anything_in_them() {
        let all = read("smokeping_requests_total{ host = \"a\\\"},b\\\\\" , ip=\"\", } 7 1700000000000\n").expect("a page");
        assert_eq!((all[0].host.as_str(), all[0].requests), ("a\"},b\\", 7));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,120}", lines in prop::collection::vec("smokeping_requests_total\\{[a-z=\",{}]{0,20}\\PC{0,10}", 0..4)) {
            let _ = read(&text);
            let _ = read(&lines.join("\n"));
        }
    }
}
