//! What happens to prefixes on the Internet, what is expected of them, and who is told.

use super::{Failure, insights::LatencyView};
use leptos::prelude::*;
use peerage_domain::{
    Asn, Language, Prefix, Timestamp,
    catalogue::{Paged, Query},
    incident::{Alert, AlertForm, Course, Exception, Family, Incident, Mute, Part, Turn},
    sighting::Hop,
};
use serde::{Deserialize, Serialize};

/// An incident on a time line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Its id.
    pub id: String,
    /// Its family.
    pub family: Family,
    /// When it began, in seconds since 1970.
    pub from: i64,
    /// When it was over; nothing while it lasts.
    pub to: Option<i64>,
}

/// The list of incidents with what they come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentList {
    /// The rows.
    pub rows: Paged<Incident>,
    /// The incidents of the last thirty days.
    pub bars: Vec<Bar>,
    /// How many of them there are.
    pub total: u64,
    /// Half of those that are over lasted no longer, in seconds.
    pub median_s: Option<i64>,
    /// Those that go on.
    pub open: Vec<Incident>,
    /// How many prefixes are watched.
    pub watched: usize,
    /// Whether the person says where routes are heard of.
    pub manages: bool,
    /// The server's time.
    pub now: Timestamp,
}

/// How latency was before an incident, and in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectView {
    /// The connection's id and name.
    pub connection: (String, String),
    /// Median in ms and number of samples in the hours before.
    pub before: (Option<f64>, u64),
    /// The same while it lasted.
    pub during: (Option<f64>, u64),
    /// Shares of lost packets, before and while it lasted.
    pub loss: (Option<f64>, Option<f64>),
}

/// What was told to a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryView {
    /// Id.
    pub id: String,
    /// Name of the channel.
    pub channel: String,
    /// Of which incident.
    pub incident: String,
    /// `open`, `close` or `test`.
    pub phase: String,
    /// `waiting`, `sent`, `failed`, `cancelled` or `muted`.
    pub state: String,
    /// When it is, or was, to be sent.
    pub due: Timestamp,
    /// When it was tried last.
    pub tried: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: i64,
    /// What the receiver said.
    pub answer: String,
}

/// An incident with everything that its page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentView {
    /// The incident.
    pub incident: Incident,
    /// How many prefixes it has, and the first of them.
    pub prefixes: (usize, Vec<Prefix>),
    /// The part that is looked at.
    pub part: Part,
    /// What each vantage point had.
    pub course: Course,
    /// The path that there was before.
    pub before: Option<Vec<Hop>>,
    /// Its history, latest first: when, who (empty for the program), what.
    pub history: Vec<(Timestamp, String, Turn)>,
    /// What was told of it.
    pub deliveries: Vec<DeliveryView>,
    /// What latency says.
    pub effects: Vec<EffectView>,
    /// What was measured around it, where it is about that.
    pub latency: Option<LatencyView>,
    /// Whether the person may say something about it.
    pub writable: bool,
    /// The server's time.
    pub now: Timestamp,
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether it is mail, else a webhook.
    pub mail: bool,
    /// Where it leads to.
    pub target: String,
    /// When it is not used.
    pub quiet: Option<String>,
    /// In which language its readers are told.
    pub language: Language,
}

/// Who is told of what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertsView {
    /// The alerts.
    pub alerts: Vec<Alert>,
    /// The channels.
    pub channels: Vec<ChannelView>,
    /// What is muted.
    pub mutes: Vec<Mute>,
    /// What was told last.
    pub deliveries: Vec<DeliveryView>,
    /// Whether mail can be sent.
    pub mail: bool,
    /// Whether the person may change it.
    pub writable: bool,
    /// The server's time.
    pub now: Timestamp,
}

/// What is expected of a prefix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpectsView {
    /// The prefix.
    pub prefix: Prefix,
    /// Who may originate it.
    pub origins: Vec<Asn>,
    /// Who may stand next to the origin; anybody when absent.
    pub upstreams: Option<Vec<Asn>>,
    /// Longest part that is expected, in bits.
    pub longest: u8,
    /// How many vantage points have a route, of how many that ever told.
    pub visible: (usize, usize),
}

/// What is expected of prefixes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpectationsView {
    /// The rows on this page.
    pub rows: Paged<ExpectsView>,
    /// The exceptions.
    pub exceptions: Vec<Exception>,
    /// Whether the person may add some.
    pub writable: bool,
    /// The server's time.
    pub now: Timestamp,
}

/// A source of routes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedView {
    /// Its name.
    pub name: String,
    /// Whether it tells; nothing while it is being connected to.
    pub up: Option<bool>,
    /// Why it does not.
    pub trouble: String,
    /// Since when it stands so.
    pub since: Timestamp,
    /// When something came last.
    pub last: Option<Timestamp>,
    /// Messages that came.
    pub messages: u64,
    /// Sightings of watched prefixes.
    pub watched: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// Messages for which there was no room.
    pub dropped: u64,
    /// When it was not heard of.
    pub gaps: Vec<(Timestamp, Option<Timestamp>)>,
}

/// The sources of routes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedsView {
    /// The rows.
    pub feeds: Vec<FeedView>,
    /// The server's time.
    pub now: Timestamp,
}

/// Incidents; `query.kind` is a family, `query.state` is `open` or `closed`.
#[server(prefix = "/rpc")]
pub async fn incidents(query: Query) -> Result<IncidentList, Failure> {
    crate::server::views::incidents(query).await
}

/// One incident; `prefix` names the part to look at, with `_` for the slash.
#[server(prefix = "/rpc")]
pub async fn read_incident(id: String, prefix: String) -> Result<IncidentView, Failure> {
    crate::server::views::incident(id, prefix).await
}

/// Who is told of what.
#[server(prefix = "/rpc")]
pub async fn read_alerts() -> Result<AlertsView, Failure> {
    crate::server::views::alerts().await
}

/// What is expected of prefixes.
#[server(prefix = "/rpc")]
pub async fn read_expectations(query: Query) -> Result<ExpectationsView, Failure> {
    crate::server::views::expectations(query).await
}

/// Where routes are heard of.
#[server(prefix = "/rpc")]
pub async fn read_feeds() -> Result<FeedsView, Failure> {
    crate::server::views::feeds().await
}

/// What vantage points saw of a prefix in the last hours; nothing where it is not watched.
#[server(prefix = "/rpc")]
pub async fn read_course(prefix: String, hours: i64) -> Result<Option<Course>, Failure> {
    crate::server::views::course(prefix, hours).await
}

/// Says that one looks after an incident.
#[server(prefix = "/rpc")]
pub async fn acknowledge(id: String, #[server(default)] note: String) -> Result<(), Failure> {
    crate::server::forms::acknowledge(id, note).await
}

/// Says that something is meant.
#[server(prefix = "/rpc")]
pub async fn add_exception(
    #[server(default)] prefix: String,
    #[server(default)] what: String,
    #[server(default)] value: String,
    #[server(default)] reason: String,
    #[server(default)] until: String,
    #[server(default)] incident: String,
) -> Result<(), Failure> {
    crate::server::forms::add_exception(prefix, what, value, reason, until, incident).await
}

/// Takes an exception back.
#[server(prefix = "/rpc")]
pub async fn remove_exception(id: String) -> Result<(), Failure> {
    crate::server::forms::remove_exception(id).await
}

/// Adds an alert or changes the one of this id; with `go` being `try` it is only tried on the past.
#[server(prefix = "/rpc")]
pub async fn save_alert(#[server(default)] id: String, alert: AlertForm, #[server(default)] go: String) -> Result<(), Failure> {
    crate::server::forms::save_alert(id, alert, go).await
}

/// Takes an alert off.
#[server(prefix = "/rpc")]
pub async fn remove_alert(id: String) -> Result<(), Failure> {
    crate::server::forms::remove_alert(id).await
}

/// Adds a channel.
#[server(prefix = "/rpc")]
pub async fn add_channel(
    #[server(default)] name: String,
    #[server(default)] kind: String,
    #[server(default)] target: String,
    #[server(default)] quiet: String,
    #[server(default)] language: String,
) -> Result<(), Failure> {
    let form = peerage_service::lookout::ChannelForm { name, kind, target, quiet, language };
    crate::server::forms::add_channel(form).await
}

/// Takes a channel off.
#[server(prefix = "/rpc")]
pub async fn remove_channel(id: String) -> Result<(), Failure> {
    crate::server::forms::remove_channel(id).await
}

/// Sends something to a channel to see whether it arrives.
#[server(prefix = "/rpc")]
pub async fn test_channel(id: String) -> Result<(), Failure> {
    crate::server::forms::test_channel(id).await
}

/// Sends something again.
#[server(prefix = "/rpc")]
pub async fn redeliver(id: String) -> Result<(), Failure> {
    crate::server::forms::redeliver(id).await
}

/// Tells nobody of something for some time.
#[server(prefix = "/rpc")]
pub async fn add_mute(
    #[server(default)] prefix: String,
    #[server(default)] family: String,
    #[server(default)] reason: String,
    #[server(default)] until: String,
) -> Result<(), Failure> {
    crate::server::forms::add_mute(prefix, family, reason, until).await
}

/// Ends a mute.
#[server(prefix = "/rpc")]
pub async fn remove_mute(id: String) -> Result<(), Failure> {
    crate::server::forms::remove_mute(id).await
}
