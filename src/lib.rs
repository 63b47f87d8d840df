//! Peerage: the self-hosted peering service of any network.
//!
//! This package is the portal. Its source is compiled twice: natively, where it renders
//! pages and answers requests, and to WASM, where it takes over the rendered page.
//!
//! A tour, from the outside to the inside:
//! * [`app`] is the document, the layout and the list of routes
//! * [`pages`] has one folder an audience and one file a route; [`components`] is what
//!   pages are made of
//! * [`rpc`] is everything that the browser can ask of the server
//! * `server` is the axum side: sessions, security headers, live events, the REST API
//! * the crates below hold the rest: `peerage-domain` says what peering is,
//!   `peerage-service` what the portal can do, `peerage-storage` keeps it
//!
//! Every feature gate of the package stands in this file and in `main.rs`.
#![recursion_limit = "256"]

#[macro_use]
pub mod text;

pub mod app;
pub mod components;
pub mod pages;
pub mod rpc;

#[cfg(feature = "ssr")]
pub mod server;

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(not(feature = "hydrate"))]
#[path = "browser_absent.rs"]
mod browser;

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}

/// The judgement of `peerage check prefixes`, one JSON object a line; a test compares
/// what the browser answers with what the server answers.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn check_prefixes(text: &str) -> String {
    peerage_domain::prefixes::check_lines(text).map(|line| line.json() + "\n").collect()
}
