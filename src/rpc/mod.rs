//! Everything that the browser can ask of the server: one `#[server]` function a verb.
//!
//! * Reading functions give a value or a [`Failure`].
//! * Writing functions are the targets of plain HTML forms. They answer with a redirect:
//!   to what was made, or back to the form with a message that is shown once. So forms
//!   work the same with and without JavaScript.

mod failure;

pub mod accounts;
pub mod connections;
pub mod directory;
pub mod edge;
pub mod incidents;
pub mod insights;
pub mod legacy;
pub mod levels;
pub mod operator;
pub mod partner;
pub mod probes;
pub mod service;

pub use failure::{Failure, FailureKind, Flash, KeyRow, Typed};
