//! What somebody changed by hand on a router and the record can take over.
//!
//! The settings of each session are read from what stands on the router. What comes out is
//! rendered again: only when that gives what stands there is everything understood, and the
//! lines that are left are shown. So a reading that is wrong cannot go unseen.

use crate::{
    Engine, Fault, FileDiff, Files, Reveal, differences,
    intent::{RouterIntent, Secret, Session},
};
use peerage_domain::{Text, say};

/// What can be taken over from a router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adoption {
    /// The sessions that are different on the router, as they are there, with what is different.
    pub sessions: Vec<(Session, Vec<Text>)>,
    /// The lines for which the record has no place.
    pub left: Vec<FileDiff>,
}

/// Compares a router with what it should run, for taking over what is there. `may` says whether
/// a session may become what it is on the router.
///
/// # Errors
/// When the router's files cannot be read.
pub fn adoption(engine: &dyn Engine, intent: &RouterIntent, may: impl Fn(&Session) -> bool) -> Result<Adoption, Fault> {
    let (there, here) = (engine.written()?, engine.render(intent, Reveal::Shown));
    let mut taken = intent.clone();
    taken.sessions.iter_mut().for_each(|session| read(engine, &there, &here, session));
    agree(&intent.sessions, &mut taken.sessions);
    keep(&intent.sessions, &mut taken.sessions, may);
    // What is not wholly understood is not taken over.
    let again = engine.render(&taken, Reveal::Shown);
    let same = |symbol: &str| engine.session_text(&there, symbol) == engine.session_text(&again, symbol);
    keep(&intent.sessions, &mut taken.sessions, |session| same(&session.symbol()));
    agree(&intent.sessions, &mut taken.sessions);
    // What no router could run is nothing to take over either.
    if taken.check().is_err() {
        taken = intent.clone();
    }
    let different = intent.sessions.iter().zip(&taken.sessions).map(|(before, after)| (after.clone(), changes(before, after)));
    let sessions = different.filter(|(_, changes)| !changes.is_empty()).collect();
    Ok(Adoption { sessions, left: differences(&there, &engine.render(&taken, Reveal::Shown)) })
}

/// Leaves the sessions as they should be that may not become what they are on the router.
fn keep(should: &[Session], are: &mut [Session], may: impl Fn(&Session) -> bool) {
    for (should, is) in should.iter().zip(are) {
        if is != should && !may(is) {
            is.clone_from(should);
        }
    }
}

/// What both families of a connection share is taken over only where they agree.
fn agree(should: &[Session], are: &mut [Session]) {
    let shared = |it: &Session| (it.peering.clone(), it.connection, it.gtsm, it.bfd, it.md5.clone());
    let all: Vec<_> = are.iter().map(shared).collect();
    for (should, is) in should.iter().zip(are) {
        let mine = shared(is);
        if all.iter().any(|it| (&it.0, it.1) == (&mine.0, mine.1) && *it != mine) {
            (is.gtsm, is.bfd) = (should.gtsm, should.bfd);
            is.md5.clone_from(&should.md5);
        }
    }
}

/// Reads the settings that have a place on record.
fn read(engine: &dyn Engine, there: &Files, here: &Files, session: &mut Session) {
    let symbol = session.symbol();
    let (Some(there), Some(here)) = (engine.settings(there, &symbol), engine.settings(here, &symbol)) else { return };
    // What is rendered is read in the same way: a setting that reads the same did not change.
    if there.max_prefixes != here.max_prefixes {
        session.max_prefixes = there.max_prefixes.unwrap_or(session.max_prefixes);
    }
    session.gtsm = if there.gtsm != here.gtsm { there.gtsm } else { session.gtsm };
    session.bfd = if there.bfd != here.bfd { there.bfd } else { session.bfd };
    match there.md5.clone().map(Secret::try_from) {
        _ if there.md5 == here.md5 => {}
        None => session.md5 = None,
        Some(Ok(key)) => session.md5 = Some(key),
        // A key that the record cannot hold stays what it was.
        Some(Err(_)) => {}
    }
}

fn changes(before: &Session, after: &Session) -> Vec<Text> {
    let mut found = vec![];
    let switched = |on: bool| if on { say!("adopt.on", "on") } else { say!("adopt.off", "off") };
    if before.max_prefixes != after.max_prefixes {
        let (from, to) = (before.max_prefixes, after.max_prefixes);
        found.push(say!(
            "adopt.max_prefixes",
            "{session}: most prefixes {to} instead of {from}",
            session = after.id(),
            to = to,
            from = from
        ));
    }
    if before.gtsm != after.gtsm {
        found.push(say!("adopt.gtsm", "{session}: TTL security {switched}", session = after.id(), switched = switched(after.gtsm)));
    }
    if before.bfd != after.bfd {
        found.push(say!("adopt.bfd", "{session}: BFD {switched}", session = after.id(), switched = switched(after.bfd)));
    }
    match (&before.md5, &after.md5) {
        (before, after) if before == after => {}
        (_, Some(_)) => found.push(say!("adopt.key", "{session}: another MD5 key", session = after.id())),
        (_, None) => found.push(say!("adopt.no_key", "{session}: no MD5 key", session = after.id())),
    }
    found
}

/// The settings of a session in a router's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Most prefixes.
    pub max_prefixes: Option<u32>,
    /// TTL security.
    pub gtsm: bool,
    /// BFD.
    pub bfd: bool,
    /// The key.
    pub md5: Option<String>,
}
