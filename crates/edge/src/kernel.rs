//! The network as a daemon sees it: what the kernel dropped, and what can be reached.

use crate::{Fault, glass::Question, run::run, state::Dropped};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// The daemon that holds a socket, as its folder in `/proc`.
fn process(daemon: &str, socket: &Path) -> Option<PathBuf> {
    // The kernel keeps the path as the daemon wrote it: relative to its folder, or over a link.
    let wanted = socket.canonicalize().ok()?;
    let same = |process: &Path, bound: &str| {
        let folder = fs::read_link(process.join("cwd")).unwrap_or_default();
        folder.join(bound).canonicalize().is_ok_and(|path| path == wanted)
    };
    let holds = |process: &Path| {
        let is_daemon = fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == daemon);
        let bound = |line: &str| line.split_whitespace().nth(7).is_some_and(|bound| same(process, bound));
        is_daemon && fs::read_to_string(process.join("net/unix")).is_ok_and(|all| all.lines().any(bound))
    };
    fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path()).find(|process| holds(process))
}

/// The counters of the network namespace in which a daemon holds a socket.
pub(crate) fn dropped(daemon: &str, socket: &Path) -> Option<Dropped> {
    let process = process(daemon, socket)?;
    fs::read_to_string(process.join("net/netstat")).ok().map(|text| counters(&text))
}

/// How long ping and traceroute may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// Asks the network as a daemon sees it: in its network namespace, where it has its own.
pub(crate) fn ask(daemon: &str, socket: &Path, question: Question) -> Result<String, Fault> {
    let (program, arguments) = question.command()?;
    let gone = || Fault::Unreachable { what: socket.display().to_string(), why: format!("no {daemon} holds it") };
    let net = process(daemon, socket).ok_or_else(gone)?.join("ns/net");
    let (theirs, ours) = (fs::read_link(&net), fs::read_link("/proc/self/ns/net"));
    let mut command = match (theirs, ours) {
        (Ok(theirs), Ok(ours)) if theirs != ours => {
            let mut inside = Command::new("nsenter");
            inside.arg(format!("--net={}", net.display())).arg(program);
            inside
        }
        _ => Command::new(program),
    };
    // Nobody answering is an answer, too.
    run(command.args(arguments), "iputils-ping and traceroute", PATIENCE).map(|answer| answer.text)
}

/// The counters of `/proc/…/net/netstat`: a line of names, then a line of numbers.
fn counters(text: &str) -> Dropped {
    let mut lines = text.lines().filter(|line| line.starts_with("TcpExt:"));
    let (Some(names), Some(numbers)) = (lines.next(), lines.next()) else { return Dropped::default() };
    let mut found = Dropped::default();
    for (name, number) in names.split_whitespace().zip(numbers.split_whitespace()) {
        let count = number.parse().unwrap_or(0);
        match name {
            "TCPMD5NotFound" | "TCPMD5Failure" => found.md5 += count,
            "TCPMD5Unexpected" => found.unexpected = count,
            "TCPMinTTLDrop" => found.ttl = count,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_counters_are_read_by_name() {
        let text =
            "TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure TCPMinTTLDrop\nTcpExt: 9 1 2 4 8\nIpExt: A\nIpExt: 7\n";
        assert_eq!(counters(text), Dropped { md5: 5, unexpected: 2, ttl: 8 });
        assert_eq!(counters("nothing"), Dropped::default());
    }
}
