//! Running a program of the system and waiting for it, but not for ever.

use crate::Fault;
use std::{
    io::{self, Read},
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

const POLL: Duration = Duration::from_millis(2);

/// What it printed, and whether it ended well.
pub(crate) struct Answer {
    /// Whether its exit status was zero.
    pub fine: bool,
    /// Standard output, then standard error.
    pub text: String,
}

/// Runs a program; `install` says what to install where it is missing.
pub(crate) fn run(command: &mut Command, install: &str, patience: Duration) -> Result<Answer, Fault> {
    let program = command.get_program().to_string_lossy().into_owned();
    let missing = |error: io::Error| Fault::Unreachable { what: program.clone(), why: format!("{error}; install {install}") };
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(missing)?;
    let (out, err) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let fine = wait(&mut child, &program, patience)?;
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

fn wait(child: &mut Child, program: &str, patience: Duration) -> Result<bool, Fault> {
    let until = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if Instant::now() < until => std::thread::sleep(POLL),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(Fault::Silent);
            }
            Err(error) => return Err(Fault::Unreachable { what: program.to_owned(), why: error.to_string() }),
        }
    }
}
