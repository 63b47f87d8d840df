//! Bytes in, facts out: one parser a source, none of them does I/O, but for the sockets that
//! have a module of their own.
//!
//! * [`peeringdb`]: the objects of the PeeringDB API
//! * [`samples`]: round-trip times as CSV, JSON, or [`atlas`] results of RIPE Atlas
//! * [`recording`]: what collectors and routers saw, from MRT, BMP, RIS Live, or an [`incident`] as JSON
//! * [`bmp`]: what routers say of their peers (RFC 7854); [`ris_live_socket`]: RIS Live as it happens; [`sightings`]: sightings on the wire
//! * [`irr`]: the registry's answers, over [`irr_socket`], and its dumps as [`rpsl`]; [`ixf`]: the members of an exchange; [`legacy_csv`]: a table of sessions
//! * [`vrp`]: validated ROA payloads as files; [`rtr`]: from a cache, over [`rtr_socket`]
#![warn(missing_docs)]

pub mod atlas;
pub mod bmp;
pub mod incident;
pub mod irr;
pub mod irr_socket;
pub mod ixf;
pub mod legacy_csv;
pub mod peeringdb;
pub mod recording;
pub mod ris_live_socket;
pub mod rpsl;
pub mod rtr;
pub mod rtr_socket;
pub mod samples;
pub mod sightings;
pub mod vrp;
