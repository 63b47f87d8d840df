//! The connection to a registry's server: what a network declares, in one visit.

use crate::irr::{Answer, answer, asns, prefixes};
use peerage_domain::{Asn, irr::Declared};
use std::{
    collections::BTreeSet,
    io::{self, ErrorKind, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

/// How long a connection may take to come about, and to say something.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long it may take over all servers.
const ALL: Duration = Duration::from_secs(40);
/// Most route objects of one network.
const MOST_ROUTES: usize = 1_000_000;
/// Questions that are under way at once.
const AT_ONCE: usize = 100;
/// Most ASNs of a set: the largest real ones have some tens of thousands.
const MOST_MEMBERS: usize = 50_000;

/// Asks servers (`host:port`), the first that answers, for everything that the sets declare.
/// Without `sources`, those that the server prefers. Blocks for 40 seconds at most.
///
/// # Errors
/// Why it is not known, in words.
pub fn declared(servers: &[String], sources: &str, sets: &[String]) -> Result<Declared, String> {
    let until = Instant::now() + ALL;
    let mut why = String::new();
    for server in servers {
        match visit(server, sources, sets, until) {
            Ok(found) => return Ok(found),
            Err(fault) => why = format!("{server}: {fault}"),
        }
    }
    Err(why)
}

fn visit(server: &str, sources: &str, sets: &[String], until: Instant) -> Result<Declared, Fault> {
    let mut visit = Visit::new(server, until)?;
    if !sources.is_empty() {
        visit.ask(&[format!("!s{sources}")])?.into_iter().try_for_each(fine)?;
    }
    let members = visit.members(sets)?;
    let mut found = Declared { set: sets.join(" "), ..Declared::default() };
    let questions: Vec<(Asn, String)> =
        members.iter().flat_map(|asn| [(*asn, format!("!gAS{}", asn.0)), (*asn, format!("!6AS{}", asn.0))]).collect();
    for some in questions.chunks(AT_ONCE) {
        let texts: Vec<String> = some.iter().map(|(_, text)| text.clone()).collect();
        for ((asn, _), answer) in some.iter().zip(visit.ask(&texts)?) {
            let Answer::Data(data) = answer else { continue };
            for prefix in prefixes(&data) {
                found.routes.entry(prefix).or_default().insert(*asn);
            }
        }
        if found.routes.len() > MOST_ROUTES {
            return Err(Fault::TooLarge);
        }
    }
    let _ = visit.stream.write_all(b"!q\n");
    Ok(found)
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Protocol(#[from] crate::irr::IrrFault),
    #[error("{0}")]
    Refused(String),
    #[error("there is no set {0}")]
    NoSet(String),
    #[error("the set has more than {MOST_MEMBERS} members or {MOST_ROUTES} routes")]
    TooLarge,
}

fn fine(answer: Answer) -> Result<(), Fault> {
    match answer {
        Answer::Refused(words) => Err(Fault::Refused(words)),
        Answer::Data(_) | Answer::NotFound => Ok(()),
    }
}

struct Visit {
    stream: TcpStream,
    received: Vec<u8>,
    until: Instant,
}

impl Visit {
    fn new(server: &str, until: Instant) -> Result<Self, Fault> {
        let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for address in server.to_socket_addrs()? {
            if Instant::now() >= until {
                break;
            }
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(mut stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    // The connection stays open over several questions; this one has no answer.
                    stream.write_all(b"!!\n")?;
                    return Ok(Visit { stream, received: vec![], until });
                }
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }

    /// Asks at once and reads the answers in the same order.
    fn ask(&mut self, questions: &[String]) -> Result<Vec<Answer>, Fault> {
        let mut text = questions.join("\n");
        text.push('\n');
        self.stream.write_all(text.as_bytes())?;
        let mut answers = vec![];
        let mut chunk = [0; 16 * 1024];
        while answers.len() < questions.len() {
            if let Some((one, length)) = answer(&self.received)? {
                self.received.drain(..length);
                answers.push(one);
                continue;
            }
            if Instant::now() >= self.until {
                return Err(io::Error::new(ErrorKind::TimedOut, "it takes too long").into());
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection").into()),
                Ok(count) => self.received.extend(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(io::Error::new(ErrorKind::TimedOut, "the server does not answer").into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(answers)
    }

    /// The ASNs of the sets, with those of the sets inside; an ASN stands for itself.
    fn members(&mut self, sets: &[String]) -> Result<BTreeSet<Asn>, Fault> {
        let mut members = BTreeSet::new();
        for set in sets {
            if let Some(asn) = set.strip_prefix("AS").and_then(|number| number.parse().ok()) {
                members.insert(Asn(asn));
                continue;
            }
            match self.ask(&[format!("!i{set},1")])?.pop() {
                Some(Answer::Data(data)) => members.extend(asns(&data)),
                Some(Answer::Refused(words)) => return Err(Fault::Refused(words)),
                Some(Answer::NotFound) | None => return Err(Fault::NoSet(set.clone())),
            }
            if members.len() > MOST_MEMBERS {
                return Err(Fault::TooLarge);
            }
        }
        Ok(members)
    }
}
