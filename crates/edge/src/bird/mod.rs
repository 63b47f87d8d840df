//! BIRD 2.0.12 and later, and BIRD 3.

mod control;
mod engine;
mod parse;
mod render;

pub use engine::Bird;
pub use render::{Dialect, MAIN, render};

use crate::render::Files;
use std::{io, path::Path, process::Command};

/// Why a configuration is not one.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// The daemon is not installed.
    #[error("the program “bird” is not here: {0}. Install BIRD (Debian: bird2) to have it read the configuration")]
    NoDaemon(io::Error),
    /// The daemon refuses it; its own words, with file, line and column.
    #[error("{0}")]
    Refused(String),
    /// The files could not be written.
    #[error("temporary files: {0}")]
    Files(#[from] io::Error),
}

/// Has the daemon read a configuration without running it (`bird -p`). Around the files
/// stands the least that an operator's own `bird.conf` has.
///
/// # Errors
/// What the daemon says, or that it is not installed.
pub fn parse(files: &Files) -> Result<(), ParseError> {
    let dir = tempfile::tempdir()?;
    write(files, dir.path(), 0o640)?;
    let own = dir.path().join("bird.conf");
    std::fs::write(&own, format!("router id 192.0.2.1;\nprotocol device {{}}\nprotocol bfd {{}}\ninclude \"{MAIN}\";\n"))?;
    let answer = Command::new("bird").arg("-p").arg("-c").arg(&own).output().map_err(ParseError::NoDaemon)?;
    if answer.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&answer.stderr).replace(&format!("{}/", dir.path().display()), "");
    Err(ParseError::Refused(words.trim().to_owned()))
}

/// The parameters of a session in BIRD's files.
pub(crate) fn session_text(files: &Files, symbol: &str) -> Option<String> {
    let block = |text: &String| {
        let from = text.find(&format!("protocol bgp {symbol}\n"))?;
        Some(text[from..].split("\n}\n").next()?.to_owned())
    };
    files.values().find_map(block)
}

/// Writes the files into a folder, readable by their owner and the folder's group (the daemon)
/// alone, because they may hold keys; they are on disk when this returns.
///
/// # Errors
/// When a file cannot be written.
pub fn write(files: &Files, dir: &Path, mode: u32) -> io::Result<()> {
    use std::{
        io::Write,
        os::unix::fs::{OpenOptionsExt, PermissionsExt},
    };
    for (name, text) in files {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(mode).open(dir.join(name))?;
        // A file that was there keeps its mode otherwise.
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
    }
    std::fs::File::open(dir)?.sync_all()
}
