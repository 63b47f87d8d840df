//! The operator's routers: deny all, look at what is received, open, remove.
//!
//! * [`intent`] is what a router should run, as typed data; [`bird`] makes configuration of it,
//!   and nothing else does
//! * [`state`] is what a router says of its sessions and routes
//! * [`judge`](judge()) is what the policy makes of a route, the same here as on the router;
//!   [`reason`] is why a route is refused, readable on the router itself
//! * [`Engine`] is what the portal drives: [`bird::Bird`] over the daemon's control socket,
//!   [`frr::Frr`] through its shell, and [`Memory`], which keeps sessions in this process and
//!   touches no router
//! * [`validate`](validate()) is what the operator wants to see before routes are let in
//! * [`partner`] is the configuration of the other side, for the peer to take over
//! * [`glass`] is what a looking glass asks
//! * [`differences`] and [`strays`] show what somebody changed by hand, [`adoption`] what of it
//!   the record can take over
//! * [`rollout`] is the way from one configuration to the next: apply, look, then confirm or undo
#![warn(missing_docs)]

mod adopt;
pub mod bird;
mod drift;
pub mod frr;
pub mod glass;
pub mod intent;
mod judge;
mod kernel;
mod memory;
pub mod partner;
pub mod reason;
mod render;
pub mod rollout;
mod run;
pub mod state;
mod validate;

pub use adopt::{Adoption, Settings, adoption};
pub use drift::{FileDiff, differences, strays};
pub use judge::judge;
pub use memory::Memory;
pub use render::{Files, Reveal};
pub use validate::{Evidence, validate};

use intent::RouterIntent;
use peerage_domain::{Prefix, Timestamp, service::Community};
use state::{Dropped, Route, SessionReport, Table};
use std::{collections::BTreeSet, net::IpAddr, time::Duration};

/// What kind of no a router said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Told {
    /// The configuration is wrong, with file, line and column.
    #[error("it refuses the configuration: {0}")]
    Configuration(String),
    /// This connection may only look.
    #[error("it allows looking only: {0}")]
    Denied(String),
}

/// The edge could not do it; the operator has to look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The router cannot be reached; nothing is known about it.
    #[error("{what} cannot be reached: {why}")]
    Unreachable {
        /// What was tried.
        what: String,
        /// The system's words.
        why: String,
    },
    /// It did not answer in time; what it did is not known.
    #[error("the router did not answer in time")]
    Silent,
    /// It said no; nothing was changed.
    #[error("the router was asked, and {0}")]
    Told(Told),
    /// It said something that is not understood.
    #[error("the router's answer is not understood: {0}")]
    Strange(String),
    /// The intent cannot be run.
    #[error(transparent)]
    Intent(#[from] intent::IntentError),
    /// A file of the configuration.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: String,
        /// The system's words.
        why: String,
    },
}

/// What every kind of router can do. Calls block for at most about half a minute, and every
/// call may be repeated.
pub trait Engine: Send + Sync {
    /// One word for pages, such as `BIRD`.
    fn name(&self) -> &'static str;

    /// Whether a real router is behind it.
    fn is_real(&self) -> bool;

    /// Makes the folder ready that is Peerage's own, before anything runs.
    ///
    /// # Errors
    /// When it cannot be written.
    fn prepare(&self, _intent: &RouterIntent) -> Result<(), Fault> {
        Ok(())
    }

    /// The line that the router's own configuration has to have.
    fn setup(&self) -> Option<String> {
        None
    }

    /// Whether the router is made ready for Peerage.
    ///
    /// # Errors
    /// What is missing.
    fn ready(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// The configuration as this engine writes it.
    fn render(&self, intent: &RouterIntent, reveal: Reveal) -> Files;

    /// What was written last and stays over a restart of the router; nothing at first.
    ///
    /// # Errors
    /// When the files cannot be read.
    fn written(&self) -> Result<Files, Fault>;

    /// The parameters of one session in these files, without its filters: what resets the
    /// session when it changes.
    fn session_text(&self, files: &Files, symbol: &str) -> Option<String>;

    /// The settings of one session in these files that the record has a place for; nothing when
    /// it is not there.
    fn settings(&self, _files: &Files, _symbol: &str) -> Option<Settings> {
        None
    }

    /// Has the router read the configuration without running it.
    ///
    /// # Errors
    /// The router's words, or why it cannot be asked.
    fn check(&self, intent: &RouterIntent) -> Result<(), Fault>;

    /// Runs the configuration for a while: unless it is confirmed in time, the router goes
    /// back to the one before by itself. Sessions whose parameters are the same stay up.
    ///
    /// # Errors
    /// The router's words; then the configuration before runs on.
    fn apply(&self, intent: &RouterIntent, undo_after: Duration) -> Result<(), Fault>;

    /// Keeps what was applied. False when there was nothing to keep: the time was over.
    ///
    /// # Errors
    /// When the router cannot be asked.
    fn confirm(&self, intent: &RouterIntent) -> Result<bool, Fault>;

    /// Goes back to the configuration before, where one is waiting to be confirmed.
    ///
    /// # Errors
    /// When the router cannot be asked; then the time does it.
    fn roll_back(&self) -> Result<(), Fault>;

    /// What the router says about all of its BGP sessions.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn sessions(&self, now: Timestamp) -> Result<Vec<SessionReport>, Fault>;

    /// The routes of one session, by its name on the router.
    ///
    /// # Errors
    /// When it cannot be asked, or knows no such session.
    fn routes(&self, session: &intent::Session, table: Table) -> Result<Vec<Route>, Fault>;

    /// What the router announces on a session; nothing where that is not known.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn announced(&self, _session: &intent::Session) -> Result<Option<BTreeSet<Prefix>>, Fault> {
        Ok(None)
    }

    /// The prefixes of accepted routes of a session that carry a community; nothing where
    /// communities stand in the routes.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn tagged(&self, _session: &intent::Session, _community: Community) -> Result<Option<BTreeSet<Prefix>>, Fault> {
        Ok(None)
    }

    /// Has the peer of a session in memory announce these routes from now on; peers of real
    /// routers announce what they want.
    fn announce(&self, _symbol: &str, _routes: Vec<Route>) {}

    /// Asks a question for a looking glass; the answer is in the router's words.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn answer(&self, _question: glass::Question) -> Result<String, Fault> {
        Err(Fault::Strange("sessions in memory have neither routes nor a network".into()))
    }

    /// Switches a session on that somebody switched off by hand.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn switch_on(&self, _session: &intent::Session) -> Result<(), Fault> {
        Ok(())
    }

    /// The addresses that BFD (RFC 5880) watches, and whether each answers; nothing where that is
    /// not known.
    fn watched(&self) -> Option<Vec<(IpAddr, bool)>> {
        None
    }

    /// Segments that the kernel dropped before BGP saw them; nothing where that is not known.
    fn dropped(&self) -> Option<Dropped> {
        None
    }
}
