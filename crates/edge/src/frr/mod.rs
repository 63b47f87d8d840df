//! FRR 8.4 and later: its bgpd, through vtysh.

mod config;
mod engine;
mod plan;
mod read;
mod render;
mod vtysh;

pub use engine::Frr;
pub use render::{MAIN, render};

use crate::{Fault, Files};

/// Has vtysh read a configuration without running it (`vtysh -C`).
///
/// # Errors
/// What vtysh says, or that it is not installed.
pub fn parse(files: &Files) -> Result<(), Fault> {
    let dir = tempfile::tempdir().map_err(|error| Fault::File { path: "a temporary folder".into(), why: error.to_string() })?;
    let path = dir.path().join("all.conf");
    let text: String = files.values().map(String::as_str).collect();
    std::fs::write(&path, text).map_err(|error| Fault::File { path: path.display().to_string(), why: error.to_string() })?;
    vtysh::check(&path)
}
