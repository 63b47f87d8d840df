//! Bytes in, facts out: one parser a source, none of them does I/O.
//!
//! * [`peeringdb`]: the objects of the PeeringDB API
//! * [`atlas`]: results of RIPE Atlas measurements
//! * [`incident`]: recorded timelines of route incidents
#![warn(missing_docs)]

pub mod atlas;
pub mod incident;
pub mod peeringdb;
