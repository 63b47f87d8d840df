//! Latency and route events.

use super::Failure;
use leptos::prelude::*;
use peerage_domain::{
    Timestamp,
    catalogue::{Paged, Query},
    telemetry::RouteEvent,
};
use serde::{Deserialize, Serialize};

/// One interval of a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketView {
    /// Beginning, in seconds since 1970.
    pub t: i64,
    /// Round-trip times.
    pub n: u64,
    /// Lost packets.
    pub lost: u64,
    /// Percentiles 5, 25, 50, 75, 95 in ms.
    pub q: Option<[f64; 5]>,
}

/// A series over a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CourseView {
    /// Name, such as `CN-1/Primary`.
    pub name: String,
    /// Connection it belongs to: id and name.
    pub connection: (String, String),
    /// Its intervals.
    pub buckets: Vec<BucketView>,
    /// Median of the window in ms.
    pub median_ms: Option<f64>,
    /// 95th percentile of the window in ms.
    pub p95_ms: Option<f64>,
    /// Share of lost packets, 0 to 1.
    pub loss: Option<f64>,
    /// Median of the window before in ms.
    pub before_ms: Option<f64>,
    /// Medians of the window before, moved into this one: beginning of the interval and ms.
    pub earlier: Vec<(i64, f64)>,
    /// Length of those intervals in seconds.
    pub earlier_step_s: i64,
    /// Round-trip times in the window.
    pub samples: u64,
    /// When the level changed, by how many ms, from and to which: where whole hours are shown.
    pub changes: Vec<(i64, f64, f64, f64)>,
    /// Shortest round-trip time in ms that light allows, where it is known.
    pub floor_ms: Option<f64>,
}

/// Words of the windows next to one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoomView {
    /// Half as long.
    pub inward: Option<String>,
    /// Twice as long, where that can be shown.
    pub outward: Option<String>,
    /// Half a length before.
    pub earlier: String,
    /// Half a length behind.
    pub later: Option<String>,
}

/// Medians in ms by row and column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MatrixView {
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// A row after another.
    pub ms: Vec<Option<f64>>,
    /// Which of them rest on few packets.
    pub few: Vec<bool>,
}

/// What became of latency since a connection got the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProofView {
    /// Since when.
    pub since: Timestamp,
    /// Length of each side in seconds.
    pub span_s: i64,
    /// Series on both sides.
    pub series: usize,
    /// Hours with an answer, before and after.
    pub hours: (usize, usize),
    /// Medians in ms, before and after.
    pub median_ms: (Option<f64>, Option<f64>),
    /// Shares of lost packets, before and after.
    pub lost: (Option<f64>, Option<f64>),
    /// By how many ms an hour's median became larger: best guess, lower and upper end.
    pub rtt_ms: Option<(f64, f64, f64)>,
    /// By how much the share of lost packets became larger.
    pub loss: Option<(f64, f64, f64)>,
    /// The window that shows both sides.
    pub window: String,
    /// What became of paths, where vantage points tell of them.
    pub paths: Option<PathsView>,
}

/// Lengths of paths in ASNs, before and after.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathsView {
    /// Medians.
    pub median: (f64, f64),
    /// By how much they became longer: best guess, lower and upper end.
    pub change: Option<(f64, f64, f64)>,
    /// How many vantage points had one.
    pub vantages: (usize, usize),
}

/// What became of latency since a connection got the service; nothing while it cannot be told.
#[server(prefix = "/rpc")]
pub async fn proof(connection: String) -> Result<Option<ProofView>, Failure> {
    crate::server::views::proof(connection).await
}

/// Series and events of one window on one time axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatencyView {
    /// The window's word, such as `1d`, or the two moments between which it lies.
    pub window: String,
    /// What it is where the address asks for what cannot be shown.
    pub other: Option<OtherSpan>,
    /// Words of the windows next to it.
    pub zoom: ZoomView,
    /// Length of an interval in seconds.
    pub step_s: i64,
    /// First second.
    pub from: i64,
    /// Last second.
    pub to: i64,
    /// The series.
    pub courses: Vec<CourseView>,
    /// Route events in the window, latest first.
    pub events: Vec<(String, RouteEvent)>,
    /// Median over all series in ms.
    pub median_ms: Option<f64>,
    /// The same in the window before.
    pub before_ms: Option<f64>,
    /// By weekday and hour (UTC), where whole hours are shown of a week or more.
    pub hours: Option<MatrixView>,
    /// By probe and location, where there are several probes.
    pub places: Option<MatrixView>,
    /// Whether this is a replay of recorded facts.
    pub replay: bool,
}

/// Latency of one connection, or of all when `connection` is empty.
#[server(prefix = "/rpc")]
pub async fn latency(connection: String, window: String) -> Result<LatencyView, Failure> {
    crate::server::views::latency(connection, window).await
}

/// Series of one provider, location or probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupView {
    /// What they have in common.
    pub name: String,
    /// How many there are.
    pub series: usize,
    /// Their intervals.
    pub buckets: Vec<BucketView>,
    /// Median and 95th percentile of the window in ms.
    pub ms: (Option<f64>, Option<f64>),
    /// Share of lost packets.
    pub loss: Option<f64>,
    /// Median of the window before in ms.
    pub before_ms: Option<f64>,
    /// Medians of the window before, moved into this one: beginning of the interval and ms.
    pub earlier: Vec<(i64, f64)>,
}

impl GroupView {
    /// The same with what is drawn in percent of its own median.
    pub fn relative(&self) -> GroupView {
        let one = self.ms.0.filter(|ms| *ms > 0.0).map_or(1.0, |ms| ms / 100.0);
        GroupView {
            buckets: self.buckets.iter().map(|it| BucketView { q: it.q.map(|q| q.map(|ms| ms / one)), ..*it }).collect(),
            earlier: self.earlier.iter().map(|&(at, ms)| (at, ms / one)).collect(),
            ..self.clone()
        }
    }
}

/// What is shown instead of what cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OtherSpan {
    /// The span that comes closest.
    Closest,
    /// The last day, since no span is asked for.
    LastDay,
}

/// Latency put together, on one time axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupsView {
    /// By what: `provider`, `location` or `probe`.
    pub by: String,
    /// Length of an interval in seconds.
    pub step_s: i64,
    /// Length of the intervals of the window before.
    pub earlier_step_s: i64,
    /// First second.
    pub from: i64,
    /// Last second.
    pub to: i64,
    /// The groups, slowest first.
    pub groups: Vec<GroupView>,
}

/// Latency by provider, location or probe.
#[server(prefix = "/rpc")]
pub async fn latency_groups(by: String, window: String) -> Result<GroupsView, Failure> {
    crate::server::views::groups(by, window).await
}

/// Route events of the last 30 days; `query.kind` is a level.
#[server(prefix = "/rpc")]
pub async fn route_events(query: Query) -> Result<(Paged<(String, RouteEvent)>, Timestamp), Failure> {
    crate::server::views::route_events(query).await
}
