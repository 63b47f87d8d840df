//! The commands of the program that are not `serve`.

use crate::server::{config::Config, start};
use peerage_domain::{Verdict, access::Role, prefixes};
use peerage_service::{Clock, Error, Service, legacy::Source};
use std::{
    io::{BufWriter, Read, Write},
    path::PathBuf,
};

/// How a command answers.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Ndjson,
}

async fn open(config: &Config) -> Result<Service, Error> {
    // A mistyped or forgotten directory must not become a second, empty portal.
    if !config.data_dir.is_dir() {
        let words = format!(
            "{} does not exist: give --data-dir as for “peerage serve”, which makes it at its first start",
            config.data_dir.display()
        );
        return Err(Error::Fault(words));
    }
    start::service(config, false, Clock::System).await
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::Fault(format!("{}: {error}", path.display())))
}

/// `peerage directory import FILE…`
///
/// # Errors
/// The first file and row that is wrong; nothing is imported then.
pub async fn import(config: &Config, files: &[PathBuf]) -> Result<(), Error> {
    let named: Result<Vec<(String, Vec<u8>)>, Error> = files.iter().map(|path| Ok((path.display().to_string(), read(path)?))).collect();
    let service = open(config).await?;
    for (kind, done) in service.import(&named?).await? {
        println!(
            "{:<9} {} added, {} changed, {} removed, {} unchanged",
            kind.word(),
            done.added,
            done.changed,
            done.removed,
            done.unchanged
        );
    }
    let directory = service.directory().await?;
    let locations = directory.all_locations().iter().filter(|l| l.published).count();
    println!("{} has {locations} locations.", service.settings().operator_asn);
    Ok(())
}

/// `peerage user add`
///
/// # Errors
/// When a field cannot be used.
pub async fn add_user(config: &Config, organisation: &str, email: &str, name: &str, role: Role) -> Result<(), Error> {
    let service = open(config).await?;
    let token = service.add_person(organisation, email, name, role).await?;
    println!(
        "{email} is {} of {organisation}. The link to set a password, good once for 7 days:\n  http://{}/welcome/{token}",
        role.word(),
        config.listen
    );
    Ok(())
}

/// `peerage directory legacy`: reads sessions from before the portal and keeps what is new.
///
/// # Errors
/// When the file cannot be read.
pub async fn legacy(config: &Config, file: &std::path::Path, location: Option<&str>) -> Result<(), Error> {
    let text = String::from_utf8_lossy(&read(file)?).into_owned();
    let source = match location {
        Some(location) => Source::Ixf(text, location.to_owned()),
        None => Source::Csv(text),
    };
    for (row, finding) in open(config).await?.import_sessions(&source).await? {
        println!("{:<10} {:<6} {}: {}", row.asn, row.location, row.labels().join(", "), finding.sentence);
    }
    Ok(())
}

/// `peerage token add`
///
/// # Errors
/// When the organisation is unknown.
pub async fn add_token(config: &Config, organisation: &str, label: &str) -> Result<(), Error> {
    println!("{}", open(config).await?.add_token(organisation, label).await?);
    Ok(())
}

/// `peerage check prefixes`; true when no entry failed.
///
/// # Errors
/// When the file cannot be read.
pub fn check_prefixes(file: Option<&PathBuf>, format: Format) -> Result<bool, Error> {
    let bytes = match file.filter(|path| path.as_os_str() != "-") {
        Some(path) => read(path)?,
        None => {
            let mut bytes = vec![];
            std::io::stdin().read_to_end(&mut bytes).map_err(|error| Error::Fault(format!("standard input: {error}")))?;
            bytes
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut good = true;
    for line in prefixes::check_lines(&text) {
        good &= line.verdict() != Verdict::Fail;
        let shown = if format == Format::Ndjson { line.json() } else { line.text() };
        // A reader that went away is no error of ours.
        if writeln!(out, "{shown}").is_err() {
            break;
        }
    }
    let _ = out.flush();
    Ok(good)
}

/// `peerage doctor`: whether the parts that a start needs are there.
///
/// # Errors
/// The first thing that is wrong.
pub async fn doctor(config: &Config) -> Result<(), Error> {
    let assets = crate::server::assets::Assets::find(&config.site_dir);
    let script = assets.dir.join(assets.url("pkg/peerage.js").trim_start_matches('/'));
    if !script.is_file() {
        return Err(Error::Fault(format!("{} is missing: set site_dir to the folder that came with the program", script.display())));
    }
    // Looking must not make what is missing.
    if !config.data_dir.is_dir() {
        let words = format!("{} does not exist yet: “peerage serve” makes it at its first start", config.data_dir.display());
        return Err(Error::Fault(words));
    }
    println!("site      {}", assets.dir.display());
    let service = open(config).await?;
    service.store().ping().await?;
    println!("database  {} answers", service.store().engine());
    let directory = service.directory().await?;
    println!("directory {} locations of {}", directory.all_locations().len(), service.settings().operator_asn);
    println!("accounts  {}", if service.is_new().await? { "none yet: the first start prints a link" } else { "there are some" });
    Ok(())
}

/// `peerage edge plan`: prints what differs; false when anything does.
///
/// # Errors
/// When there is no such router, or its files cannot be read.
pub async fn plan(config: &Config, router: &str) -> Result<bool, Error> {
    let service = open(config).await?;
    let mut same = true;
    for (router, drift) in service.plans(router).await? {
        if drift.files.is_empty() && drift.findings.is_empty() {
            println!("{}: runs what it should", router.name);
            continue;
        }
        same = false;
        drift.findings.iter().for_each(|finding| println!("{}: {}", router.name, finding.sentence));
        drift.files.iter().for_each(|file| println!("{}: {}\n{}", router.name, file.name, file.text));
    }
    Ok(same)
}
