//! The few things that only a browser can do.

use futures::StreamExt;
use gloo_net::eventsource::futures::EventSource;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Says that the page has been taken over; tests wait for it.
pub(crate) fn mark_hydrated() {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", "");
    }
}

/// Calls `on_change` whenever the server says that `subject` changed, and `on_state` with
/// whether the connection stands, until the page that asked is gone.
pub(crate) fn listen(subject: &str, on_change: impl Fn() + 'static, on_state: impl Fn(bool) + 'static) {
    let url = format!("/live?subject={}", peerage_domain::catalogue::percent(subject));
    let (stop, stopped) = futures::channel::oneshot::channel::<()>();
    let stop = StoredValue::new_local(Some(stop));
    on_cleanup(move || {
        stop.try_update_value(|stop| drop(stop.take()));
    });
    leptos::task::spawn_local(async move {
        // The browser reconnects an event source by itself.
        let Ok(mut source) = EventSource::new(&url) else { return };
        let Ok(messages) = source.subscribe("message") else { return };
        let read = async {
            let mut messages = messages;
            while let Some(message) = messages.next().await {
                on_state(message.is_ok());
                if message.is_ok() {
                    on_change();
                }
            }
        };
        futures::future::select(Box::pin(read), stopped).await;
        source.close();
    });
}

/// Puts a text on the clipboard.
pub(crate) fn copy(text: &str) {
    if let Some(window) = web_sys::window() {
        let _ = window.navigator().clipboard().write_text(text);
    }
}

/// Where on an element the pointer is, as a share of its width.
pub(crate) fn share_of_width(event: &leptos::ev::MouseEvent) -> Option<f64> {
    let element: web_sys::Element = event.current_target()?.dyn_into().ok()?;
    let rect = element.get_bounding_client_rect();
    (rect.width() > 0.0).then(|| (f64::from(event.client_x()) - rect.left()) / rect.width())
}
