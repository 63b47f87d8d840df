//! Everything that outlives the process: one [`Store`] over SQLite or PostgreSQL.
//!
//! * `engine`: the two databases behind one door. One SQL text a query, in the
//!   subset that both understand; only `Store::open` knows which one it is.
//! * The other modules hold the queries, one file a subject. Rows are parsed at this
//!   edge: a value that cannot be is an error that names table, row and column.
//!
//! A write is acknowledged after `COMMIT`, and both databases sync it to disk first.
#![warn(missing_docs)]

pub mod accounts;
pub mod asns;
pub mod connections;
pub mod deliveries;
pub mod directory;
pub mod drafts;
mod engine;
pub mod incidents;
pub mod jobs;
pub mod latency;
pub mod legacy;
pub mod peerings;
pub mod probes;
pub mod routers;
pub mod routes;
mod schema;
pub mod service;
pub mod telemetry;

pub use engine::{Error, Page, Sort, Store, Tx, Value};
