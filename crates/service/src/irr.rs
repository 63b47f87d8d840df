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

/// What was heard of a network, or why nothing was.
pub(crate) type Heard = Result<Arc<Declared>, String>;

/// The answers by network. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Irr(Arc<Mutex<HashMap<Asn, (Timestamp, Heard)>>>);

impl Irr {
    fn answers(&self) -> MutexGuard<'_, HashMap<Asn, (Timestamp, Heard)>> {
        // A panic elsewhere leaves the map whole: each change is one insertion.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// What a network declares, by the AS-SETs of its PeeringDB profile or else by its ASN.
    /// Nothing when no server is configured.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn declared(&self, asn: Asn) -> Result<Option<Result<Arc<Declared>, String>>, Error> {
        let IrrSettings { servers, sources } = self.settings.irr.clone();
        if servers.is_empty() {
            return Ok(None);
        }
        let now = self.clock.now();
        if let Some((at, heard)) = self.irr.answers().get(&asn) {
            let good_s = if heard.is_ok() { GOOD_S } else { AGAIN_S };
            if now.since(*at) < good_s {
                return Ok(Some(heard.clone()));
            }
        }
        let directory = self.directory().await?;
        let mut sets = directory.net(asn).map(|net| set_names(&net.irr_as_set)).unwrap_or_default();
        if sets.is_empty() {
            sets.push(asn.to_string());
        }
        let asked = tokio::task::spawn_blocking(move || {
            let mut why = String::new();
            for server in &servers {
                match declared(server, &sources, &sets) {
                    Ok(found) => return Ok(Arc::new(found)),
                    Err(fault) => why = fault,
                }
            }
            Err(why)
        });
        let heard = asked.await.map_err(|error| Error::Fault(format!("asking the IRR: {error}")))?;
        let mut answers = self.irr.answers();
        // What was heard before is better than nothing.
        if let (Err(_), Some((at, Ok(_)))) = (&heard, answers.get_mut(&asn)) {
            *at = now.plus_secs(AGAIN_S - GOOD_S);
        } else {
            answers.insert(asn, (now, heard));
        }
        Ok(answers.get(&asn).map(|(_, heard)| heard.clone()))
    }
}
