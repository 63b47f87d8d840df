//! The axum side of the portal.
//!
//! * [`config`]: what the operator configures, from flags, environment and a TOML file
//! * [`start`]: puts the parts together and serves
//! * [`document`]: the HTML around the app
//! * [`http`]: the routes; [`security`]: headers, CSRF; [`sessions`]: who is signed in
//! * [`context`], [`forms`], [`views`]: the bodies of the server functions
//! * [`probe`]: the agent as a command; [`voice`]: what is told in a language outside of pages
//! * [`live`]: server-sent events; [`api`]: the REST API; [`assets`]: names of static files

pub mod api;
pub mod assets;
pub mod commands;
pub mod config;
pub mod context;
pub mod document;
pub mod edge;
pub mod exports;
pub mod forms;
pub mod http;
pub mod latency;
pub mod live;
mod loa;
pub mod probe;
mod replay_into;
pub mod security;
pub mod sessions;
pub mod start;
pub mod views;
pub mod voice;
pub mod watch;
