//! Probes, what they measure, and paths that were asked for.

use super::{Failure, Typed};
use leptos::prelude::*;
use peerage_domain::{
    Timestamp,
    probe::{Probe, TargetForm, Trace},
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Something that is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetView {
    /// Its id, where somebody named it.
    pub id: Option<String>,
    /// The id by which a path to it is asked for.
    pub key: String,
    /// The connection or peering that it belongs to; empty for what customers' probes measure.
    pub subject: String,
    /// What it is called.
    pub name: String,
    /// The addresses that may be asked.
    pub addresses: Vec<IpAddr>,
    /// How.
    pub method: String,
    /// How often, in seconds.
    pub every_s: u32,
    /// Probes for which no address of it answers.
    pub silent: Vec<String>,
    /// Probes that cannot measure it, and why.
    pub unable: Vec<(String, String)>,
}

/// A path that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceView {
    /// Id.
    pub id: String,
    /// From where to where.
    pub name: String,
    /// Where to.
    pub address: IpAddr,
    /// When it was asked for.
    pub asked: Timestamp,
    /// What was found.
    pub found: Option<Trace>,
}

/// Everything that the page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbesView {
    /// The probes.
    pub probes: Vec<Probe>,
    /// What is measured.
    pub targets: Vec<TargetView>,
    /// Paths, latest first.
    pub traces: Vec<TraceView>,
    /// What targets can be named for: id and name.
    pub subjects: Vec<(String, String)>,
    /// Where probes can stand: id and name of connections.
    pub sites: Vec<(String, String)>,
    /// The probes that can be asked for paths: id and name.
    pub tracers: Vec<(String, String)>,
    /// Whether the person works for the operator.
    pub is_operator: bool,
    /// Whether the person may change any of it.
    pub writable: bool,
    /// The server's time.
    pub now: Timestamp,
}

/// The form of a probe as it was typed.
pub fn typed_probe(name: &str, connection: &str) -> Typed {
    Typed::new("probe").with("name", name).with("connection", connection)
}

/// The form of a target as it was typed.
pub fn typed_target(form: &TargetForm) -> Typed {
    let fields = [
        ("subject", &form.subject),
        ("name", &form.name),
        ("address", &form.address),
        ("method", &form.method),
        ("port", &form.port),
        ("every_s", &form.every_s),
    ];
    fields.into_iter().fold(Typed::new("target"), |typed, (name, value)| typed.with(name, value))
}

/// Everything that the page shows.
#[server(prefix = "/rpc")]
pub async fn read_probes() -> Result<ProbesView, Failure> {
    crate::server::views::probes().await
}

/// Adds a probe and shows the command with its code.
#[server(prefix = "/rpc")]
pub async fn add_probe(name: String, #[server(default)] connection: String) -> Result<(), Failure> {
    crate::server::forms::add_probe(name, connection).await
}

/// Shows a command with a new code; what had the old one is not known any more.
#[server(prefix = "/rpc")]
pub async fn renew_probe(id: String) -> Result<(), Failure> {
    crate::server::forms::renew_probe(id).await
}

/// Forgets a probe; what it measured stays.
#[server(prefix = "/rpc")]
pub async fn remove_probe(id: String) -> Result<(), Failure> {
    crate::server::forms::remove_probe(id).await
}

/// Names an address that probes measure.
#[server(prefix = "/rpc")]
pub async fn name_target(target: TargetForm) -> Result<(), Failure> {
    crate::server::forms::name_target(target).await
}

/// Measures an address no longer.
#[server(prefix = "/rpc")]
pub async fn remove_target(id: String) -> Result<(), Failure> {
    crate::server::forms::remove_target(id).await
}

/// Asks a probe for the path to something that is measured.
#[server(prefix = "/rpc")]
pub async fn ask_trace(probe: String, target: String) -> Result<(), Failure> {
    crate::server::forms::ask_trace(probe, target).await
}
