//! Service levels of connections, and reports of weeks and months.

use super::Failure;
use leptos::prelude::*;
use peerage_domain::{
    Timestamp,
    incident::Incident,
    report::{Period, Span},
};
use serde::{Deserialize, Serialize};

/// What became of an objective in some time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetView {
    /// Packets that were sent.
    pub sent: u64,
    /// Packets that were lost or late.
    pub failed: u64,
    /// Share that came back in time.
    pub kept: Option<f64>,
    /// Share of what may fail that did.
    pub spent: f64,
}

/// An objective with what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptView {
    /// Within how many ms packets have to come back.
    pub within_ms: f64,
    /// Share of them.
    pub share: f64,
    /// The last thirty days.
    pub budget: BudgetView,
    /// The last day.
    pub last_day: BudgetView,
    /// Share of the budget spent by the end of each day.
    pub course: Vec<(i64, f64)>,
    /// Who set it, and when.
    pub set: (String, Timestamp),
}

/// Shares of the last day and of the last thirty.
pub type Shares = (Option<f64>, Option<f64>);

/// The service level of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelView {
    /// Its connection.
    pub connection: String,
    /// The objective, where there is one.
    pub kept: Option<KeptView>,
    /// In which share of the time each session was Established.
    pub sessions: Vec<(String, Shares)>,
    /// In which share of the time one of them was.
    pub any: Shares,
    /// Whether the person may set an objective.
    pub writable: bool,
    /// The server's time.
    pub now: Timestamp,
}

/// A connection in a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportRow {
    /// Id and name.
    pub connection: (String, String),
    /// Median, 95th percentile, and the median before, in ms.
    pub ms: (Option<f64>, Option<f64>, Option<f64>),
    /// Share of lost packets.
    pub loss: Option<f64>,
    /// Packets.
    pub sent: u64,
    /// Medians by interval.
    pub course: Vec<Option<f64>>,
    /// Within how many ms which share has to come back, and what became of it.
    pub level: Option<(f64, f64, BudgetView)>,
    /// Share of the time in which a session was Established.
    pub available: Option<f64>,
}

/// A week or month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportView {
    /// Which.
    pub period: Period,
    /// Of whom.
    pub organisation: String,
    /// Its connections, the slowest first.
    pub rows: Vec<ReportRow>,
    /// Median of everything, and the one before, in ms.
    pub ms: (Option<f64>, Option<f64>),
    /// Incidents, and how many there were.
    pub incidents: (Vec<Incident>, u64),
    /// Whether it goes on.
    pub goes_on: bool,
    /// Who gets it: id, span, channel.
    pub subscriptions: Vec<(String, Span, String)>,
    /// Channels to send it to: id, name.
    pub channels: Vec<(String, String)>,
    /// Whether there is something in it that is a replay of recorded facts.
    pub replay: bool,
    /// The server's time.
    pub now: Timestamp,
}

/// The service level of a connection.
#[server(prefix = "/rpc")]
pub async fn level(connection: String) -> Result<LevelView, Failure> {
    crate::server::views::level(connection).await
}

/// The report of a week or month, by a day in it; of what goes on without one.
#[server(prefix = "/rpc")]
pub async fn report(span: String, day: String) -> Result<ReportView, Failure> {
    crate::server::views::report(span, day).await
}

/// Says what is wanted of a connection.
#[server(prefix = "/rpc")]
pub async fn set_objective(id: String, #[server(default)] within_ms: String, #[server(default)] percent: String) -> Result<(), Failure> {
    crate::server::forms::set_objective(id, within_ms, percent).await
}

/// Takes that back.
#[server(prefix = "/rpc")]
pub async fn remove_objective(id: String) -> Result<(), Failure> {
    crate::server::forms::remove_objective(id).await
}

/// Has reports sent.
#[server(prefix = "/rpc")]
pub async fn subscribe(#[server(default)] span: String, #[server(default)] channel: String) -> Result<(), Failure> {
    crate::server::forms::subscribe(span, channel).await
}

/// Ends that.
#[server(prefix = "/rpc")]
pub async fn unsubscribe(id: String) -> Result<(), Failure> {
    crate::server::forms::unsubscribe(id).await
}
