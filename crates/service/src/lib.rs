//! Everything the portal can do, without a browser.
//!
//! A use case is a method of [`Service`] that takes the [`Actor`] who asks. It checks
//! the permission first, then loads, decides in `peerage-domain`, and stores events,
//! rows and follow-up jobs in one transaction. What has to be told to open pages
//! goes out after the commit.
//!
//! * [`access`]: who asks, and what they may
//! * [`accounts`], [`connections`], [`asns`], [`requests`], [`peerings`], [`routers`], [`drift`], [`routes`], [`glass`], [`telemetry`], [`groups`], [`directory`]: use cases
//! * [`imports`]: latency from files, RIPE Atlas and smokeping_prober
//! * [`probes`]: agents that measure, and what they measure; [`proof`]: before and after; [`objectives`]: service
//!   levels; [`reports`]: weeks and months, by mail
//! * [`legacy`]: sessions from before the portal; [`customers`] of route servers; [`loa`]: letters of authorization
//! * [`registrations`], [`keys`], [`activation`]: prefixes of the service, by partner and by customer;
//!   [`providers`]: who meets the requirements where; [`verdicts`]: which prefix gets it, always current
//! * [`lookout`]: what happens to registered prefixes on the Internet, as incidents, and who is told
//! * [`rpki`]: what the RPKI says; [`irr`]: what networks declare
//! * [`provisioning`]: the job that moves connections through the edge; [`fleet`]: its routers
//! * [`clock`]: where time enters; [`secrets`]: randomness, hashes, sealing
//! * [`demo`]: a world to look at, made through the same use cases
#![warn(missing_docs)]

pub mod access;
pub mod accounts;
pub mod activation;
pub mod asns;
pub mod bmp;
pub mod clock;
pub mod connections;
pub mod customers;
pub mod demo;
pub mod directory;
pub mod drift;
mod error;
pub mod fleet;
pub mod glass;
pub mod groups;
pub mod imports;
mod intents;
pub mod irr;
pub mod keys;
pub mod legacy;
mod limits;
mod live;
pub mod loa;
pub mod lookout;
pub mod metrics;
pub mod objectives;
pub mod peerings;
pub mod probes;
pub mod proof;
pub mod providers;
pub mod provisioning;
pub mod registrations;
pub mod reports;
pub mod requests;
pub mod routers;
pub mod routes;
pub mod rpki;
pub mod secrets;
mod settling;
pub mod telemetry;
pub mod verdicts;
pub mod voice;

pub use access::Actor;
pub use clock::Clock;
pub use error::Error;
pub use live::Notice;

use peerage_domain::{
    Asn, Prefix,
    policy::Policy,
    service::{Community, requirements::Requirements},
};
use peerage_storage::Store;
use std::sync::Arc;

/// What the operator configures.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The network that runs the portal.
    pub operator_asn: Asn,
    /// Its name on every page.
    pub operator_name: String,
    /// What it wants of peers.
    pub policy: Policy,
    /// Networks that are cloud-interconnect providers; PeeringDB has no such type.
    pub cloud_interconnect: Vec<Asn>,
    /// Seconds between two provisioning steps.
    pub step_pause_s: i64,
    /// Seconds that a session has to be up without a break before it is opened.
    pub settle_s: i64,
    /// Seconds that the peer has to mend what is wrong with its session before it fails.
    pub patience_s: i64,
    /// Seconds between a request for removal and the removal, in which it can be undone.
    pub removal_pause_s: i64,
    /// Where the RPKI is heard of.
    pub rpki: rpki::RpkiSettings,
    /// Where the IRR is asked.
    pub irr: irr::IrrSettings,
    /// How much redundancy partners of Peering Service need.
    pub requirements: Requirements,
    /// The community that tags routes for Peering Service; the operator's `ASN:8007` without one.
    pub service_community: Option<Community>,
    /// The operator's address space for the links of Direct peerings.
    pub link_pools: Vec<Prefix>,
    /// Where the Internet's routes are heard of, and how people are told.
    pub lookout: lookout::LookoutSettings,
    /// Whether this is the demo world.
    pub demo: bool,
}

/// The use cases and what they need.
#[derive(Clone)]
pub struct Service {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) fleet: fleet::Fleet,
    pub(crate) settings: Arc<Settings>,
    pub(crate) vault: secrets::Vault,
    pub(crate) directory: directory::Cache,
    pub(crate) live: live::Channel,
    pub(crate) rpki: rpki::Rpki,
    pub(crate) irr: irr::Irr,
    pub(crate) partners: providers::Cache,
    pub(crate) watch: verdicts::Watch,
    pub(crate) lookout: lookout::Lookout,
    pub(crate) groups: groups::Groups,
    say: voice::Say,
    /// Rings when a router says that something changed.
    pub(crate) bell: Arc<tokio::sync::Notify>,
    /// Failed sign-ins, by e-mail address.
    pub(crate) attempts: limits::Recent,
    /// Questions to routers, by organisation.
    pub(crate) asked: limits::Recent,
}

impl Service {
    /// Puts the parts together.
    pub fn new(store: Store, clock: Clock, settings: Settings, vault: secrets::Vault) -> Self {
        Service {
            store,
            clock,
            fleet: fleet::Fleet::default(),
            settings: Arc::new(settings),
            vault,
            directory: directory::Cache::default(),
            live: live::Channel::new(),
            rpki: rpki::Rpki::default(),
            irr: irr::Irr::default(),
            partners: providers::Cache::default(),
            watch: verdicts::Watch::default(),
            lookout: lookout::Lookout::default(),
            groups: groups::Groups::default(),
            say: voice::Voice::ENGLISH.say,
            bell: Arc::default(),
            attempts: limits::Recent::within(900),
            asked: limits::Recent::within(60),
        }
    }

    /// The same, with somebody who has the words of other languages; English is told to everybody
    /// without.
    pub fn speaking(mut self, say: voice::Say) -> Self {
        self.say = say;
        self
    }

    /// How people are told something in their language.
    pub(crate) fn voice(&self, language: peerage_domain::Language) -> voice::Voice {
        voice::Voice { language, say: self.say }
    }

    /// What the operator configured.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock that everything here goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Seals a text for the time until it is shown.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn seal(&self, text: &str) -> Result<String, Error> {
        self.vault.seal(text)
    }

    /// Opens what [`Service::seal`] gave.
    ///
    /// # Errors
    /// When it was sealed with another key.
    pub fn unseal(&self, sealed: &str) -> Result<String, Error> {
        self.vault.open_sealed(sealed)
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
