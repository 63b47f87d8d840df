//! The server in this process: routes, sessions by role, headers, the REST API.

mod machines;
mod pages;
mod portal;
