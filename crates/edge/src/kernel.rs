//! What the kernel dropped before a daemon saw it.

use crate::state::Dropped;
use std::{fs, path::Path};

/// The counters of the network namespace in which a daemon holds a socket.
pub(crate) fn dropped(daemon: &str, socket: &Path) -> Option<Dropped> {
    let socket = socket.to_str()?;
    let holds = |process: &Path| {
        let is_daemon = fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == daemon);
        is_daemon && fs::read_to_string(process.join("net/unix")).is_ok_and(|all| all.lines().any(|line| line.ends_with(socket)))
    };
    let process = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path()).find(|process| holds(process))?;
    fs::read_to_string(process.join("net/netstat")).ok().map(|text| counters(&text))
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
