//! The operator's routers: deny all, look at what is received, open, remove.
//!
//! * [`intent`] is what a router should run, as typed data; [`bird`] makes configuration of it,
//!   and nothing else does
//! * [`reason`] is why a route is refused, readable on the router itself
//! * [`Engine`] is what the portal drives. Today there is one engine, [`Memory`]: it keeps
//!   sessions in this process and touches no router; pages that show it say so.
#![warn(missing_docs)]

pub mod bird;
pub mod intent;
pub mod reason;
mod render;

pub use render::{Files, Reveal};

use peerage_domain::{
    Asn, Timestamp,
    peering::{SessionFact, SessionState},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Identifies one connection on the edge: peering and number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConnectionKey {
    /// Such as `PR-88`.
    pub peering: String,
    /// Number within the peering, from 1.
    pub connection: u16,
}

/// What the router should do with a connection's routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// Receive everything, accept and announce nothing (RFC 8212).
    DenyAll,
    /// Accept what was validated, announce the operator's routes.
    Open,
}

/// The sessions of one connection, as they should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Which connection.
    pub key: ConnectionKey,
    /// The peer's ASN.
    pub asn: Asn,
    /// The peer's address of each session.
    pub peers: Vec<IpAddr>,
    /// What to do with routes.
    pub policy: Policy,
}

/// The edge could not do it; the operator has to look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A connection without an address cannot be configured.
    #[error("{0}/{1} has no session address yet; assign one first")]
    NoAddress(String, u16),
    /// The address is in use.
    #[error("address {0} is already configured with a different ASN ({1})")]
    Taken(IpAddr, Asn),
}

/// What every kind of router can do. Every call may be repeated.
pub trait Engine: Send + Sync {
    /// One word for pages, such as `memory`.
    fn name(&self) -> &'static str;

    /// Whether a real router is behind it.
    fn is_real(&self) -> bool;

    /// Makes the sessions as intended.
    ///
    /// # Errors
    /// Why the router cannot be configured so.
    fn apply(&self, intent: &Intent, now: Timestamp) -> Result<(), Fault>;

    /// What the router says about the sessions of a connection.
    fn sessions(&self, key: &ConnectionKey) -> Vec<SessionFact>;

    /// Takes the sessions away.
    fn remove(&self, key: &ConnectionKey);
}

/// An engine in memory. Its sessions come up as soon as they are configured.
#[derive(Default)]
pub struct Memory {
    running: Mutex<BTreeMap<ConnectionKey, (Intent, Timestamp)>>,
}

impl Memory {
    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<ConnectionKey, (Intent, Timestamp)>> {
        // A panic elsewhere leaves the map whole: each change is one insertion or removal.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn is_real(&self) -> bool {
        false
    }

    fn apply(&self, intent: &Intent, now: Timestamp) -> Result<(), Fault> {
        if intent.peers.is_empty() {
            return Err(Fault::NoAddress(intent.key.peering.clone(), intent.key.connection));
        }
        let mut running = self.running();
        for peer in &intent.peers {
            let other = running.values().find(|(i, _)| i.peers.contains(peer) && i.asn != intent.asn);
            if let Some((other, _)) = other {
                return Err(Fault::Taken(*peer, other.asn));
            }
        }
        let up = running.get(&intent.key).map_or(now, |(_, since)| *since);
        running.insert(intent.key.clone(), (intent.clone(), up));
        Ok(())
    }

    fn sessions(&self, key: &ConnectionKey) -> Vec<SessionFact> {
        let running = self.running();
        let Some((intent, since)) = running.get(key) else { return vec![] };
        let fact = |&peer| SessionFact { peer, state: SessionState::Established, since: *since };
        intent.peers.iter().map(fact).collect()
    }

    fn remove(&self, key: &ConnectionKey) {
        self.running().remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(peering: &str, asn: u32, policy: Policy) -> Intent {
        Intent {
            key: ConnectionKey { peering: peering.into(), connection: 1 },
            asn: Asn(asn),
            peers: vec!["80.81.192.144".parse().expect("address")],
            policy,
        }
    }

    #[test]
    fn opening_does_not_reset_the_session() {
        let edge = Memory::default();
        let it = intent("PR-1", 6667, Policy::DenyAll);
        edge.apply(&it, Timestamp::from_secs(10)).expect("free");
        edge.apply(&intent("PR-1", 6667, Policy::Open), Timestamp::from_secs(20)).expect("same");
        let facts = edge.sessions(&it.key);
        assert_eq!((facts[0].state, facts[0].since), (SessionState::Established, Timestamp::from_secs(10)));
        edge.remove(&it.key);
        edge.remove(&it.key);
        assert_eq!(edge.sessions(&it.key), []);
    }

    #[test]
    fn an_address_has_one_asn() {
        let edge = Memory::default();
        let now = Timestamp::from_secs(1);
        edge.apply(&intent("PR-1", 6667, Policy::DenyAll), now).expect("free");
        assert!(matches!(edge.apply(&intent("PR-2", 3303, Policy::DenyAll), now), Err(Fault::Taken(..))));
        let none = Intent { peers: vec![], ..intent("PR-3", 6667, Policy::DenyAll) };
        assert!(matches!(edge.apply(&none, now), Err(Fault::NoAddress(..))));
    }
}
