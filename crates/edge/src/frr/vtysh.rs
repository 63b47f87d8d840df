//! Running FRR's own shell against the daemon's sockets.

use crate::{Fault, Told};
use std::{
    io::{self, Read},
    path::Path,
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How long one run may take; a table of 100,000 routes as JSON takes a second.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(2);

/// What it printed, and whether it ended well.
struct Answer {
    fine: bool,
    text: String,
}

/// Asks bgpd one thing and gives what it prints.
pub(super) fn show(sockets: &Path, command: &str) -> Result<String, Fault> {
    let answer = run(sockets, &["-c", command])?;
    match answer.text.trim_start() {
        text if text.starts_with('%') => Err(Fault::Strange(format!("{command}: {}", text.trim()))),
        _ if answer.fine => Ok(answer.text),
        text => Err(unreachable(sockets, text)),
    }
}

/// Does the commands of a file, one after the other.
pub(super) fn execute(sockets: &Path, script: &Path) -> Result<(), Fault> {
    let path = script.display().to_string();
    let answer = run(sockets, &["-f", &path])?;
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
    let answer = finish(command().args(["-C", "-f", &path]))?;
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

fn run(sockets: &Path, arguments: &[&str]) -> Result<Answer, Fault> {
    finish(command().arg("--vty_socket").arg(sockets).args(["-d", "bgpd"]).args(arguments))
}

fn finish(command: &mut Command) -> Result<Answer, Fault> {
    let missing = |error: io::Error| Fault::Unreachable { what: "vtysh".into(), why: format!("{error}; install FRR") };
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(missing)?;
    let (out, err) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let fine = wait(&mut child)?;
    let text = |reader: JoinHandle<Vec<u8>>| String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned();
    Ok(Answer { fine, text: text(out) + &text(err) })
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = vec![];
        // What was read before a pipe breaks is still what was said.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut all));
        all
    })
}

fn wait(child: &mut Child) -> Result<bool, Fault> {
    let until = Instant::now() + PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if Instant::now() < until => std::thread::sleep(POLL),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(Fault::Silent);
            }
            Err(error) => return Err(Fault::Unreachable { what: "vtysh".into(), why: error.to_string() }),
        }
    }
}
