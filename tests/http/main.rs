//! The server in this process: routes, sessions by role, headers, the REST API.

mod charts;
mod languages;
mod machines;
mod pages;
mod portal;
