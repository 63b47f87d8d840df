//! What peering *is*: values, rules, policy and the state machines.
//!
//! Nothing here does I/O, reads a clock or draws a random number, so the same
//! code judges a form while it is typed in the browser and again on the server.
//!
//! Read in this order:
//! 1. values: [`Asn`], [`Prefix`], [`Timestamp`], [`place`], [`contact`]
//! 2. rules: [`Text`] is a sentence that can be translated, [`verdict`] says what an answer looks like, [`special`] holds the
//!    IANA registries, [`prefixes`] judges what customers type, [`session`] what
//!    partners ask for, [`policy`] what an operator checks
//! 3. state: [`peer_asn`] and [`peering`], both as published transition tables
//! 4. [`sighting`] and [`incident`]: what is seen on the Internet, and what happens there
//! 5. [`access`]: who may do what
#![warn(missing_docs)]

pub mod access;
mod asn;
pub mod catalogue;
pub mod contact;
pub mod incident;
pub mod interest;
pub mod irr;
mod language;
pub mod legacy;
pub mod peer_asn;
pub mod peering;
pub mod place;
pub mod policy;
mod prefix;
pub mod prefixes;
pub mod probe;
pub mod registration;
pub mod report;
pub mod route_objects;
pub mod router;
pub mod rpki;
pub mod service;
pub mod session;
pub mod sighting;
pub mod special;
pub mod telemetry;
mod text;
mod timestamp;
pub mod verdict;

pub use asn::{Asn, AsnClass, AsnError};
pub use language::Language;
pub use prefix::{Prefix, PrefixError};
pub use text::{NoSentence, Text, Value, is_invisible};
pub use timestamp::Timestamp;
pub use verdict::{Finding, Fix, Next, Verdict};
