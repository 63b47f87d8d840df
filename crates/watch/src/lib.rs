//! What the operator's routers receive, and what that means for the prefixes that partners and
//! customers registered; and what happens to prefixes on the Internet. Facts in, verdicts and
//! findings out: nothing here does I/O or reads a clock.
//!
//! * [`View`] holds the routes of every session, by prefix
//! * [`Book`] holds what is registered, and has each entry judged by the view
//! * [`entrance`] judges where traffic comes in
//! * [`route`] watches prefixes for hijacks, leaks and losses
#![warn(missing_docs)]

mod book;
pub mod entrance;
pub mod route;
mod view;

pub use book::{Book, Coverage, Declarations, Entry, Spot, Surroundings};
pub use view::View;
