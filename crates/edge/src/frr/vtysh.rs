//! Running FRR's own shell against the daemon's sockets.

use crate::{
    Fault, Told,
    run::{self, Answer},
};
use std::{path::Path, process::Command, time::Duration};

/// How long one run may take; a table of 100,000 routes as JSON takes a second.
const PATIENCE: Duration = Duration::from_secs(30);
/// The package that has vtysh.
const PACKAGE: &str = "FRR";

/// Asks bgpd one thing and gives what it prints.
pub(super) fn show(sockets: &Path, command: &str) -> Result<String, Fault> {
    let answer = ask(sockets, &["-c", command])?;
    match answer.text.trim_start() {
        text if text.starts_with('%') => Err(Fault::Strange(format!("{command}: {}", text.trim()))),
        _ if answer.fine => Ok(answer.text),
        text => Err(unreachable(sockets, text)),
    }
}

/// Does the commands of a file, one after the other.
pub(super) fn execute(sockets: &Path, script: &Path) -> Result<(), Fault> {
    let path = script.display().to_string();
    let answer = ask(sockets, &["-f", &path])?;
    if answer.fine {
        return Ok(());
    }
    if answer.text.contains("failed to connect") {
        return Err(unreachable(sockets, &answer.text));
    }
    Err(Fault::Told(Told::Configuration(words(&answer.text, script))))
}

/// Has vtysh read a file without doing anything.
pub(super) fn check(script: &Path) -> Result<(), Fault> {
    let path = script.display().to_string();
    let answer = run::run(command().args(["-C", "-f", &path]), PACKAGE, PATIENCE)?;
    if answer.fine { Ok(()) } else { Err(Fault::Told(Told::Configuration(words(&answer.text, script)))) }
}

fn unreachable(sockets: &Path, text: &str) -> Fault {
    Fault::Unreachable { what: format!("bgpd in {}", sockets.display()), why: one_line(text) }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

/// The complaints, without keys and paths.
fn words(text: &str, script: &Path) -> String {
    let text = text.replace(&script.display().to_string(), "the configuration");
    let line = |line: &str| match line.split_once(" password ") {
        Some((before, _)) => format!("{before} password hidden"),
        None => line.to_owned(),
    };
    // vtysh's own words about the end of its transaction say nothing to people.
    let said = text.lines().filter(|it| !it.contains("XFRR_end_configuration")).map(line).collect::<Vec<_>>().join("\n");
    one_line(&said)
}

fn command() -> Command {
    let mut command = Command::new("vtysh");
    // A pager or somebody's history have no place here.
    command.env("VTYSH_PAGER", "cat").env("HOME", "/nonexistent");
    command
}

/// What bfdd says of its peers; it is a daemon of its own.
pub(super) fn show_bfd(sockets: &Path) -> Result<String, Fault> {
    let arguments = ["-d", "bfdd", "-c", "show bfd peers json"];
    let answer = run::run(command().arg("--vty_socket").arg(sockets).args(arguments), PACKAGE, PATIENCE)?;
    Ok(answer.text)
}

fn ask(sockets: &Path, arguments: &[&str]) -> Result<Answer, Fault> {
    run::run(command().arg("--vty_socket").arg(sockets).args(["-d", "bgpd"]).args(arguments), PACKAGE, PATIENCE)
}
