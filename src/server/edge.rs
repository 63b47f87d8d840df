//! `peerage edge …`: router configuration without the portal.

use peerage_edge::{
    Files, Reveal,
    bird::{self, Dialect},
    intent::RouterIntent,
};
use peerage_service::Error;
use std::path::Path;

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
pub fn render(intent: &Path, dialect: Dialect, out: Option<&Path>) -> Result<(), Error> {
    let intent = read(intent)?;
    let Some(dir) = out else {
        show(&bird::render(&intent, dialect, Reveal::Hidden));
        return Ok(());
    };
    let files = bird::render(&intent, dialect, Reveal::Shown);
    let written = std::fs::create_dir_all(dir).and_then(|()| bird::write(&files, dir));
    written.map_err(|error| Error::Fault(format!("{}: {error}", dir.display())))?;
    println!("{} files in {}", files.len(), dir.display());
    Ok(())
}

fn show(files: &Files) {
    for (name, text) in files {
        println!("# ==> {name} <==\n{text}");
    }
}

/// `peerage edge check`: has the daemon read what is rendered.
///
/// # Errors
/// What is wrong with the intent, or what the daemon says.
pub fn check(intent: &Path, dialect: Dialect) -> Result<(), Error> {
    let files = bird::render(&read(intent)?, dialect, Reveal::Shown);
    bird::parse(&files).map_err(|error| Error::Fault(error.to_string()))?;
    println!("{} files, read by the daemon", files.len());
    Ok(())
}
