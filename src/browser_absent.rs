//! What only a browser can do, on the server: nothing.

pub(crate) fn mark_hydrated() {}

pub(crate) fn keep_other_forms() {}

pub(crate) fn listen(_subject: &str, _heard: u64, _on_change: impl Fn() + 'static, _on_state: impl Fn(bool) + 'static) {}

pub(crate) fn large_paste(_event: &leptos::web_sys::Event) -> Option<String> {
    None
}

pub(crate) fn copy(_text: &str) {}

pub(crate) fn save_png(_from: &str, _name: &str) {}

pub(crate) fn share_of_width(_event: &leptos::ev::MouseEvent) -> Option<f64> {
    None
}
