//! `peerage edge …`: router configuration without the portal.

use peerage_edge::{
    Files, Reveal,
    bird::{self, Dialect},
    frr,
    intent::RouterIntent,
};
use peerage_service::Error;
use std::{
    io::{BufWriter, Write},
    path::Path,
};

/// Which daemon's configuration is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Daemon {
    /// BIRD 2.0.12 and later.
    Bird,
    /// BIRD 3.
    Bird3,
    /// FRR 8.4 and later.
    Frr,
}

impl Daemon {
    fn files(self, intent: &RouterIntent, reveal: Reveal) -> Files {
        match self {
            Daemon::Bird => bird::render(intent, Dialect::V2, reveal),
            Daemon::Bird3 => bird::render(intent, Dialect::V3, reveal),
            Daemon::Frr => frr::render(intent, reveal),
        }
    }
}

fn read(path: &Path) -> Result<RouterIntent, Error> {
    let fault = |error: &dyn std::fmt::Display| Error::Fault(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| fault(&error))?;
    let intent: RouterIntent = serde_json::from_str(&text).map_err(|error| fault(&error))?;
    intent.check().map_err(|error| fault(&error))?;
    Ok(intent)
}

/// `peerage edge render`: prints the files, or writes them into a folder.
///
/// # Errors
/// What is wrong with the intent, or that a file cannot be written.
pub fn render(intent: &Path, daemon: Daemon, out: Option<&Path>) -> Result<(), Error> {
    let intent = read(intent)?;
    let Some(dir) = out else {
        show(&daemon.files(&intent, Reveal::Hidden));
        return Ok(());
    };
    let files = daemon.files(&intent, Reveal::Shown);
    let written = std::fs::create_dir_all(dir).and_then(|()| bird::write(&files, dir, 0o600));
    written.map_err(|error| Error::Fault(format!("{}: {error}", dir.display())))?;
    println!("{} files in {}", files.len(), dir.display());
    Ok(())
}

fn show(files: &Files) {
    let mut out = BufWriter::new(std::io::stdout().lock());
    // A reader that went away is no error of ours.
    let _ = files.iter().try_for_each(|(name, text)| writeln!(out, "# ==> {name} <==\n{text}"));
    let _ = out.flush();
}

/// `peerage edge check`: has the daemon read what is rendered.
///
/// # Errors
/// What is wrong with the intent, or what the daemon says.
pub fn check(intent: &Path, daemon: Daemon) -> Result<(), Error> {
    let files = daemon.files(&read(intent)?, Reveal::Shown);
    let read = match daemon {
        Daemon::Bird | Daemon::Bird3 => bird::parse(&files).map_err(|error| error.to_string()),
        Daemon::Frr => frr::parse(&files).map_err(|error| error.to_string()),
    };
    read.map_err(Error::Fault)?;
    println!("{} files, read by the daemon", files.len());
    Ok(())
}
