//! What networks declare in the Internet Routing Registry, asked when it is needed and kept for
//! some hours.

use crate::{Error, Service};
use peerage_domain::{
    Asn, Timestamp,
    irr::{Declared, set_names},
};
use peerage_feeds::irr_socket::declared;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How long an answer is good, in seconds; registries change by the hour at most.
const GOOD_S: i64 = 6 * 3600;
/// How soon a server that did not answer is asked again, in seconds.
const AGAIN_S: i64 = 300;

/// Where the IRR is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IrrSettings {
    /// Servers (`host:port`) that speak IRRd's protocol, in order of preference.
    pub servers: Vec<String>,
    /// The registries to look in, such as `RIPE,ARIN,RADB`; empty for the server's own choice.
    pub sources: String,
}

/// What is known of what a network declares.
#[derive(Clone, Debug)]
pub enum Declaration {
    /// No server is configured.
    Unasked,
    /// It is being asked.
    Asking,
    /// What was heard, or why nothing was.
    Heard(Result<Arc<Declared>, String>),
}

/// When a network was asked for, and what was heard; nothing yet while it is being asked.
type Answer = (Timestamp, Option<Result<Arc<Declared>, String>>);

/// The answers by network. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Irr(Arc<Mutex<HashMap<Asn, Answer>>>);

impl Irr {
    fn answers(&self) -> MutexGuard<'_, HashMap<Asn, Answer>> {
        // A panic elsewhere leaves the map whole: each change is one insertion.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a network asked for again.
    pub(crate) fn forget(&self, asn: Asn) {
        self.answers().remove(&asn);
    }

    /// What is known and still good. When nothing is, the caller is to ask: until it has, the
    /// others hear that it is being asked.
    fn known(&self, asn: Asn, now: Timestamp) -> Option<Declaration> {
        let mut answers = self.answers();
        answers.retain(|_, (at, heard)| now.since(*at) < if matches!(heard, Some(Ok(_))) { GOOD_S } else { AGAIN_S });
        match answers.get(&asn) {
            Some((_, Some(heard))) => Some(Declaration::Heard(heard.clone())),
            Some((_, None)) => Some(Declaration::Asking),
            None => {
                answers.insert(asn, (now, None));
                None
            }
        }
    }
}

impl Service {
    /// What a network declares, by the AS-SETs of its PeeringDB profile or else by its ASN. It
    /// does not wait: what is not known yet is asked for meanwhile.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn declared(&self, asn: Asn) -> Result<Declaration, Error> {
        let IrrSettings { servers, sources } = self.settings.irr.clone();
        if servers.is_empty() {
            return Ok(Declaration::Unasked);
        }
        let directory = self.directory().await?;
        if let Some(known) = self.irr.known(asn, self.clock.now()) {
            return Ok(known);
        }
        let mut sets = directory.net(asn).map(|net| set_names(&net.irr_as_set)).unwrap_or_default();
        if sets.is_empty() {
            sets.push(asn.to_string());
        }
        let (irr, clock) = (self.irr.clone(), self.clock.clone());
        tokio::task::spawn_blocking(move || {
            let heard = declared(&servers, &sources, &sets).map(Arc::new);
            irr.answers().insert(asn, (clock.now(), Some(heard)));
        });
        Ok(Declaration::Asking)
    }
}
