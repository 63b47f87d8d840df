//! Round-trip times, kept small: histograms that merge, and the ladder of intervals.
//!
//! A percentile cannot be averaged, so none is ever stored: what is stored is a
//! [`Histogram`] per series and interval, and every percentile is computed from
//! merged histograms.
//!
//! No I/O, no clock.
#![warn(missing_docs)]

pub mod baseline;
pub mod change;
pub mod compare;
mod histogram;
mod ladder;
pub mod objective;
mod view;

pub use histogram::{DecodeError, Histogram, five_digits};
pub use ladder::{Step, Window};
pub use view::{LONGEST_S, SHORTEST_S, View};
