//! Peering Service: registered prefixes, keys, verdicts, and what partners have for it.

use super::Failure;
use leptos::prelude::*;
use peerage_domain::{
    Asn, Finding, Text, Timestamp,
    catalogue::{Location, Paged, Partner, Query},
    prefixes::Known,
    service::{
        KeyRecord, LearnedType, RegisteredPrefix, ValidationState,
        verdict::{Evidence, Judgement},
    },
};
use serde::{Deserialize, Serialize};

/// How a prefix is judged, in a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StateView {
    /// The state.
    pub state: ValidationState,
    /// What matters most.
    pub first: Option<Finding>,
    /// Since when it is judged so.
    pub since: Option<Timestamp>,
}

/// How a prefix is judged, with the reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictView {
    /// Under which name it is judged.
    pub subject: String,
    /// The state.
    pub state: ValidationState,
    /// How it was learned.
    pub learned: LearnedType,
    /// Since when it is judged so.
    pub since: Option<Timestamp>,
    /// Every rule.
    pub findings: Vec<Finding>,
    /// What was seen on each session.
    pub evidence: Vec<Evidence>,
    /// How it was judged before: since when, the state, what was not well; last first.
    pub changes: Vec<(Timestamp, ValidationState, Vec<Text>)>,
    /// The community that routes should carry.
    pub community: String,
    /// The server's time.
    pub now: Timestamp,
}

impl VerdictView {
    /// The view of a verdict.
    pub fn new(
        subject: &str,
        current: Option<(Timestamp, Judgement)>,
        changes: Vec<(Timestamp, Judgement)>,
        community: String,
        now: Timestamp,
    ) -> Self {
        let bad = |it: &Judgement| {
            let bad = it.findings.iter().filter(|f| f.verdict != peerage_domain::Verdict::Pass);
            bad.map(|finding| finding.sentence.clone()).collect()
        };
        let changes = changes.into_iter().map(|(at, it)| (at, it.state, bad(&it))).collect();
        let (since, it) = current.unzip();
        VerdictView {
            subject: subject.to_owned(),
            state: it.as_ref().map(|it| it.state).unwrap_or_default(),
            learned: it.as_ref().map(|it| it.learned).unwrap_or_default(),
            since,
            findings: it.as_ref().map(|it| it.findings.clone()).unwrap_or_default(),
            evidence: it.map(|it| it.evidence).unwrap_or_default(),
            changes,
            community,
            now,
        }
    }
}

/// A location where a prefix comes in, or should.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceView {
    /// Name of the location.
    pub name: String,
    /// Its city.
    pub city: String,
    /// Degrees north and east, where they are known.
    pub point: Option<(f64, f64)>,
    /// Whether it is the primary (true) or the backup location (false); nothing where it is neither.
    pub approved: Option<bool>,
    /// Sessions that announce it there.
    pub sessions: usize,
    /// Shortest path there, in ASNs.
    pub hops: Option<usize>,
}

/// A customer's prefix with everything its page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrefixView {
    /// The connection's id and name.
    pub connection: (String, String),
    /// The provider's key and name.
    pub provider: (String, String),
    /// The prefix.
    pub prefix: String,
    /// How often it was changed.
    pub version: i64,
    /// When it was added.
    pub added: Timestamp,
    /// End of its key, where it has one.
    pub key: Option<String>,
    /// How it is judged.
    pub verdict: VerdictView,
    /// Where it comes in, and where it should.
    pub places: Vec<PlaceView>,
    /// Whether the person may change it.
    pub writable: bool,
    /// Whether the person settles whose a prefix is.
    pub settles: bool,
}

/// A row of the list of registered prefixes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegistrationRow {
    /// The registration.
    pub it: RegisteredPrefix,
    /// When it was made.
    pub added: Timestamp,
    /// Its key.
    pub key: Option<KeyRecord>,
    /// How it is judged.
    pub state: StateView,
    /// Whether a customer used the key.
    pub activated: bool,
}

/// The list of registered prefixes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegistrationsView {
    /// The rows.
    pub rows: Paged<RegistrationRow>,
    /// Peerings under which prefixes can be registered: id and words.
    pub peerings: Vec<(String, String)>,
    /// What the organisation registered, for the browser's judgement.
    pub known: Known,
    /// The community that routes should carry.
    pub community: String,
    /// Whether the person may register.
    pub writable: bool,
    /// What the operator took off: when, who, what.
    pub taken_off: Vec<(Timestamp, String, String)>,
    /// The server's time.
    pub now: Timestamp,
}

/// A registered prefix with everything its page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegistrationView {
    /// The registration.
    pub it: RegisteredPrefix,
    /// Its keys, last one first.
    pub keys: Vec<KeyRecord>,
    /// How it is judged.
    pub verdict: VerdictView,
    /// The keys by which customers activated it.
    pub used: Vec<String>,
    /// How the customer's prefix is judged, where one activated it.
    pub customer: Option<StateView>,
    /// History: when, who, what.
    pub history: Vec<(Timestamp, String, String)>,
    /// Whether the person may change it.
    pub writable: bool,
    /// Whether the person settles whose a prefix is.
    pub settles: bool,
}

/// A session as its metrics show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionMetrics {
    /// Such as `PR-88/1/v4`.
    pub id: String,
    /// The partner's address.
    pub address: String,
    /// Name of the location.
    pub location: String,
    /// Whether it is Established; nothing while the router does not tell.
    pub up: Option<bool>,
    /// Since when it is in this state.
    pub since: Option<Timestamp>,
    /// Share of the last day and of the last thirty that it was Established, of the time that is known.
    pub availability: (Option<f64>, Option<f64>),
    /// How often it went down.
    pub flaps: Option<u64>,
    /// Routes accepted and refused, and how many there may be.
    pub prefixes: (u64, u64, Option<u32>),
    /// Whether its connection carries the service.
    pub service: bool,
}

/// The checklist of a network at a location.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChecklistView {
    /// The network.
    pub asn: Asn,
    /// The location.
    pub location: Location,
    /// Every requirement.
    pub findings: Vec<Finding>,
    /// Whether customers can choose the network there.
    pub is_met: bool,
}

/// What a partner has for the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceView {
    /// The checklists.
    pub checklists: Vec<ChecklistView>,
    /// Every session of Direct connections.
    pub sessions: Vec<SessionMetrics>,
    /// The community that routes should carry.
    pub community: String,
    /// The server's time.
    pub now: Timestamp,
}

/// What a hand-over link offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOverView {
    /// The prefix that the key is for.
    pub prefix: Option<String>,
    /// The ASN whose prefixes the key is for.
    pub asn: Option<Asn>,
    /// The provider's key and name.
    pub provider: Option<(String, String)>,
    /// The person's connections with that provider: id and name.
    pub connections: Vec<(String, String)>,
}

/// A change of provider or locations, before it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeView {
    /// The connection's id and name.
    pub connection: (String, String),
    /// What can be chosen, nearest first.
    pub providers: Vec<Partner>,
    /// Key of the chosen provider, ids of the chosen locations.
    pub chosen: (String, String, String),
    /// Whether anything would change, and what that brings; nothing while the choice is not complete.
    pub effects: Option<(bool, Vec<Text>)>,
}

/// A customer's prefix.
#[server(prefix = "/rpc")]
pub async fn read_prefix(id: String, prefix: String) -> Result<PrefixView, Failure> {
    crate::server::views::prefix(id, prefix).await
}

/// The registered prefixes of the organisation; of everybody for operators.
#[server(prefix = "/rpc")]
pub async fn read_registrations(query: Query) -> Result<RegistrationsView, Failure> {
    crate::server::views::registrations(query).await
}

/// One registered prefix.
#[server(prefix = "/rpc")]
pub async fn read_registration(id: String) -> Result<RegistrationView, Failure> {
    crate::server::views::registration(id).await
}

/// What the organisation has for the service.
#[server(prefix = "/rpc")]
pub async fn read_service() -> Result<ServiceView, Failure> {
    crate::server::views::service_page().await
}

/// What a hand-over link offers.
#[server(prefix = "/rpc")]
pub async fn read_hand_over(key: String) -> Result<HandOverView, Failure> {
    crate::server::views::hand_over(key).await
}

/// A change of provider or locations, before it is made.
#[server(prefix = "/rpc")]
pub async fn read_change(id: String, provider: String, primary: String, backup: String) -> Result<ChangeView, Failure> {
    crate::server::views::change(id, provider, primary, backup).await
}

/// Binds prefixes by keys, one a line.
#[server(prefix = "/rpc")]
pub async fn activate_prefixes(id: String, #[server(default)] keys: String) -> Result<(), Failure> {
    crate::server::forms::activate_prefixes(id, keys).await
}

/// Changes a prefix in place.
#[server(prefix = "/rpc")]
pub async fn edit_prefix(
    id: String,
    old: String,
    version: i64,
    #[server(default)] prefix: String,
    #[server(default)] key: String,
) -> Result<(), Failure> {
    crate::server::forms::edit_prefix(id, old, version, prefix, key).await
}

/// Has a prefix looked at again.
#[server(prefix = "/rpc")]
pub async fn recheck(subject: String) -> Result<(), Failure> {
    crate::server::forms::recheck(subject).await
}

/// Registers prefixes, or fills the form with what an ASN originates.
#[server(prefix = "/rpc")]
pub async fn register_prefixes(
    #[server(default)] peering: String,
    #[server(default)] prefixes: String,
    #[server(default)] go: String,
    #[server(default)] asn: String,
) -> Result<(), Failure> {
    crate::server::forms::register_prefixes(peering, prefixes, go, asn).await
}

/// Takes a registration back.
#[server(prefix = "/rpc")]
pub async fn unregister_prefix(id: String) -> Result<(), Failure> {
    crate::server::forms::unregister_prefix(id).await
}

/// Takes somebody's registration off.
#[server(prefix = "/rpc")]
pub async fn take_registration_off(id: String, #[server(default)] note: String) -> Result<(), Failure> {
    crate::server::forms::take_registration_off(id, note).await
}

/// Takes a prefix off somebody's connection.
#[server(prefix = "/rpc")]
pub async fn take_prefix_off(id: String, prefix: String, #[server(default)] note: String) -> Result<(), Failure> {
    crate::server::forms::take_prefix_off(id, prefix, note).await
}

/// Makes another key.
#[server(prefix = "/rpc")]
pub async fn rotate_key(subject: String) -> Result<(), Failure> {
    crate::server::forms::rotate_key(subject).await
}

/// Revokes a key.
#[server(prefix = "/rpc")]
pub async fn revoke_key(subject: String, key: String) -> Result<(), Failure> {
    crate::server::forms::revoke_key(subject, key).await
}

/// Gives a key an end: a date; none takes the end away.
#[server(prefix = "/rpc")]
pub async fn expire_key(subject: String, key: String, #[server(default)] date: String) -> Result<(), Failure> {
    crate::server::forms::expire_key(subject, key, date).await
}

/// Takes over another provider, primary or backup location.
#[server(prefix = "/rpc")]
pub async fn change_connection(
    id: String,
    #[server(default)] provider: String,
    #[server(default)] primary: String,
    #[server(default)] backup: String,
    #[server(default)] seen: String,
    #[server(default)] go: String,
) -> Result<(), Failure> {
    // Only what was shown beforehand is done.
    let go = if seen == format!("{provider}/{primary}/{backup}") { go } else { String::new() };
    crate::server::forms::change_connection(id, provider, primary, backup, go).await
}
