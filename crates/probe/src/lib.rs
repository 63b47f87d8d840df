//! The agent behind `peerage probe`: it measures round-trip times where it stands and brings them
//! to the portal.
//!
//! * [`measure`]: one round trip, by TCP or ICMP; [`trace`]: a path
//! * [`schedule`]: when which target is measured
//! * [`buffer`]: what was measured, on disk until the portal has it
//! * [`portal`]: the line to the portal
//! * [`agent`]: all of it together; [`clock`]: where its time comes from
//!
//! What is written to disk survives `kill -9`; a batch keeps its name however often it is sent,
//! and the portal keeps a batch of one name once.
#![warn(missing_docs)]

pub mod agent;
pub mod buffer;
pub mod clock;
pub mod measure;
pub mod portal;
pub mod schedule;
pub mod trace;
