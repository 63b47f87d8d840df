//! What only a browser can do, on the server: nothing. Its language it says when it asks.

use leptos::prelude::use_context;
use peerage_domain::Language;

/// The language of the request that is answered; English without one.
pub(crate) fn language() -> Language {
    use_context().unwrap_or_default()
}

pub(crate) fn mark_hydrated() {}

pub(crate) fn keep_other_forms() {}

pub(crate) fn listen(_subject: &str, _heard: u64, _on_change: impl Fn() + 'static, _on_state: impl Fn(bool) + 'static) {}

pub(crate) fn large_paste(_event: &leptos::web_sys::Event) -> Option<String> {
    None
}

pub(crate) fn copy(_text: &str) {}

pub(crate) fn save_png(_from: &str, _name: &str) {}

pub(crate) fn take_place(_event: &leptos::ev::FocusEvent) {}

pub(crate) fn leave_place(_event: &leptos::ev::FocusEvent) {}

pub(crate) fn return_to_place() {}

pub(crate) fn fold_at_escape(_event: leptos::ev::KeyboardEvent) {}

pub(crate) fn keep_pointer(_event: &leptos::ev::PointerEvent) {}

pub(crate) fn share_of_width(_event: &leptos::ev::MouseEvent) -> Option<f64> {
    None
}
