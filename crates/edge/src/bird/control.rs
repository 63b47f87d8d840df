//! BIRD's control socket: one line out, numbered lines back (BIRD 2 user's guide, §4).

use crate::{Fault, Told};
use std::{
    io::{ErrorKind, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

/// How long a command may take; reading back a full table takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// One line of an answer: its number and its text without the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The number; that of the line before on a continuation.
    pub code: u16,
    /// The text.
    pub text: String,
}

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Look, and nothing else: the daemon itself enforces it.
    Read,
    /// Change the configuration.
    Write,
}

/// A connection to the daemon.
pub(super) struct Control {
    stream: UnixStream,
    left: Vec<u8>,
}

impl Control {
    /// Connects, and restricts itself where it only reads.
    pub(super) fn connect(socket: &Path, access: Access) -> Result<Self, Fault> {
        let unreachable = |error: std::io::Error| Fault::Unreachable { what: socket.display().to_string(), why: error.to_string() };
        let stream = UnixStream::connect(socket).map_err(unreachable)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(unreachable)?;
        let mut control = Control { stream, left: vec![] };
        let greeting = control.answer()?;
        if greeting.first().is_none_or(|line| line.code != 1) {
            return Err(Fault::Strange(format!("{} does not greet like BIRD", socket.display())));
        }
        if access == Access::Read {
            control.ask("restrict")?;
        }
        Ok(control)
    }

    /// Sends a command and waits for the whole answer, whose last line's number decides
    /// (8000 and 9000 are refusals).
    pub(super) fn ask(&mut self, command: &str) -> Result<Vec<Line>, Fault> {
        debug_assert!(!command.contains('\n'), "one command a line");
        self.stream.write_all(format!("{command}\n").as_bytes()).map_err(lost)?;
        let lines = self.answer()?;
        match lines.last() {
            Some(last) if last.code == 8007 => Err(Fault::Told(Told::Denied(last.text.clone()))),
            Some(last) if last.code == 8002 => Err(Fault::Told(Told::Configuration(last.text.clone()))),
            Some(last) if last.code >= 8000 => Err(Fault::Strange(format!("{command}: {}", last.text))),
            _ => Ok(lines),
        }
    }

    fn answer(&mut self) -> Result<Vec<Line>, Fault> {
        let until = Instant::now() + PATIENCE;
        let mut lines: Vec<Line> = vec![];
        loop {
            while let Some(end) = self.left.iter().position(|byte| *byte == b'\n') {
                let raw: Vec<u8> = self.left.drain(..=end).collect();
                let (line, last) = read_line(&String::from_utf8_lossy(&raw), lines.last().map_or(0, |line| line.code));
                lines.push(line);
                if last {
                    return Ok(lines);
                }
            }
            self.more(until)?;
        }
    }

    fn more(&mut self, until: Instant) -> Result<(), Fault> {
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).ok_or(Fault::Silent)?;
        self.stream.set_read_timeout(Some(left)).map_err(lost)?;
        let mut chunk = [0; 64 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => Err(Fault::Unreachable { what: "the control socket".into(), why: "the daemon closed it".into() }),
            Ok(count) => {
                self.left.extend_from_slice(&chunk[..count]);
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(Fault::Silent),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }
}

fn lost(error: std::io::Error) -> Fault {
    Fault::Unreachable { what: "the control socket".into(), why: error.to_string() }
}

/// `NNNN-text` goes on, `NNNN text` is the last line, a space or plus continues the number before.
fn read_line(raw: &str, before: u16) -> (Line, bool) {
    let raw = raw.trim_end_matches(['\n', '\r']);
    let number = raw.get(..4).filter(|n| n.bytes().all(|b| b.is_ascii_digit())).and_then(|n| n.parse().ok());
    match (number, raw.as_bytes().get(4)) {
        (Some(code), Some(b' ')) => (Line { code, text: raw[5..].to_owned() }, true),
        (Some(code), Some(b'-')) => (Line { code, text: raw[5..].to_owned() }, false),
        _ => (Line { code: before, text: raw.get(1..).unwrap_or_default().to_owned() }, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, code: u16, text: &str, last: bool) {
        assert_eq!(read_line(raw, 1007), (Line { code, text: text.into() }, last), "{raw}");
    }

    #[test]
    fn lines_go_on_end_and_continue() {
        check("0001 BIRD 2.0.12 ready.\n", 1, "BIRD 2.0.12 ready.", true);
        check("1002-pr_88_1_v4 BGP\n", 1002, "pr_88_1_v4 BGP", false);
        check(" 198.51.100.0/24 unicast\n", 1007, "198.51.100.0/24 unicast", false);
        check(" \tvia 192.0.2.1 on e0\n", 1007, "\tvia 192.0.2.1 on e0", false);
        check("0000 \n", 0, "", true);
        check("\n", 1007, "", false);
        check("äöü\n", 1007, "", false);
    }
}
