//! The pages: one folder an audience, one file a route or a few that belong together.

pub mod customer;
pub mod incidents;
pub mod manager;
pub mod operator;
pub mod partner;
pub mod probes;
pub mod public;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// A part of the path, such as the id of the thing that the page is about.
fn param(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get(name).unwrap_or_default())
}
