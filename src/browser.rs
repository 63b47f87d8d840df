//! The few things that only a browser can do.

use futures::StreamExt;
use gloo_net::eventsource::futures::EventSource;
use leptos::prelude::*;
use peerage_domain::Language;
use std::{cell::Cell, sync::OnceLock};
use wasm_bindgen::JsCast;

/// The language in which the server made the page.
pub(crate) fn language() -> Language {
    static LANGUAGE: OnceLock<Language> = OnceLock::new();
    let of_page = || document().document_element().and_then(|root| Language::of(&root.get_attribute("lang")?));
    *LANGUAGE.get_or_init(|| of_page().unwrap_or_default())
}

/// Says that the page has been taken over; tests wait for it.
pub(crate) fn mark_hydrated() {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", "");
    }
}

/// Pastes of more bytes than this are put into their field at once.
const LARGE: usize = 10_000;

/// What a text area holds after a large paste into it. Browsers take many seconds to insert
/// thousands of lines as if they were typed, and no time to set them.
pub(crate) fn large_paste(event: &web_sys::Event) -> Option<String> {
    let pasted = event.dyn_ref::<web_sys::ClipboardEvent>()?.clipboard_data()?.get_data("text").ok()?;
    if pasted.len() < LARGE {
        return None;
    }
    let field = event.target()?.dyn_into::<web_sys::HtmlTextAreaElement>().ok()?;
    let units: Vec<u16> = field.value().encode_utf16().collect();
    let at = |place: Option<u32>| (place.unwrap_or(0) as usize).min(units.len());
    let (start, end) = (at(field.selection_start().ok()?), at(field.selection_end().ok()?));
    event.prevent_default();
    let part = |range: &[u16]| String::from_utf16_lossy(range);
    Some(format!("{}{}{}", part(&units[..start]), pasted.replace("\r\n", "\n"), part(&units[end.max(start)..])))
}

/// Where this tab keeps, by path, what was typed into forms that were not the one sent.
fn shelf() -> Option<(web_sys::Storage, String)> {
    let window = web_sys::window()?;
    let path = window.location().pathname().ok()?;
    Some((window.session_storage().ok()??, format!("peerage.typed:{path}")))
}

/// The fields of a page's forms that can be typed into, each with a name that says which form
/// it is in: the form's address and hidden fields.
fn typed_fields() -> Vec<(web_sys::HtmlFormElement, String, web_sys::HtmlInputElement)> {
    let Ok(all) = document().query_selector_all("form[method=post] input") else { return vec![] };
    let inputs = (0..all.length()).filter_map(|n| all.item(n)?.dyn_into::<web_sys::HtmlInputElement>().ok());
    let inputs: Vec<_> = inputs.filter_map(|input| Some((input.form()?, input))).collect();
    let of = |form: &web_sys::HtmlFormElement| {
        let hidden = inputs.iter().filter(|(f, i)| f == form && i.type_() == "hidden").map(|(_, i)| i.value());
        format!("{}|{}", form.action(), hidden.collect::<Vec<_>>().join("|"))
    };
    let typed = inputs.iter().filter(|(_, i)| !matches!(i.type_().as_str(), "hidden" | "password"));
    typed.map(|(form, input)| (form.clone(), format!("{}|{}", of(form), input.name()), input.clone())).collect()
}

/// Sending one form loads the page anew. What was typed into the page's other forms is kept
/// for this tab until then; secrets are not.
pub(crate) fn keep_other_forms() {
    let put_back = || {
        let (storage, key) = shelf()?;
        let kept = storage.get_item(&key).ok()??;
        storage.remove_item(&key).ok()?;
        let kept: Vec<(String, String, bool)> = serde_json::from_str(&kept).ok()?;
        for (_, name, input) in typed_fields() {
            let Some((_, value, checked)) = kept.iter().find(|(known, ..)| *known == name) else { continue };
            input.set_value(value);
            input.set_checked(*checked);
            let _ = web_sys::Event::new("input").and_then(|event| input.dispatch_event(&event));
        }
        Some(())
    };
    let _ = put_back();
    let keep = |event: web_sys::Event| {
        let sent = event.target()?.dyn_into::<web_sys::HtmlFormElement>().ok()?;
        let (storage, key) = shelf()?;
        if sent.action().contains("/rpc/sign_out") {
            return storage.clear().ok();
        }
        let changed = |i: &web_sys::HtmlInputElement| i.value() != i.default_value() || i.checked() != i.default_checked();
        let others = typed_fields().into_iter().filter(|(form, _, input)| *form != sent && changed(input));
        let kept: Vec<_> = others.map(|(_, name, input)| (name, input.value(), input.checked())).collect();
        if kept.is_empty() { None } else { storage.set_item(&key, &serde_json::to_string(&kept).ok()?).ok() }
    };
    let listener = wasm_bindgen::closure::Closure::<dyn Fn(web_sys::Event)>::new(move |event| {
        let _ = keep(event);
    });
    let _ = document().add_event_listener_with_callback("submit", listener.as_ref().unchecked_ref());
    // The listener lives as long as the page.
    listener.forget();
}

/// Calls `on_change` whenever the server says that `subject` changed, and `on_state` with
/// whether the connection stands, until the page that asked is gone.
pub(crate) fn listen(subject: &str, heard: u64, on_change: impl Fn() + 'static, on_state: impl Fn(bool) + 'static) {
    let url = format!("/live?subject={}&heard={heard}", peerage_domain::catalogue::percent(subject));
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

/// Has the element hear of the pointer until it is let go, wherever that is.
pub(crate) fn keep_pointer(event: &leptos::ev::PointerEvent) {
    let element = event.current_target().and_then(|it| it.dyn_into::<web_sys::Element>().ok());
    if let Some(element) = element {
        // A pointer that is gone already cannot be kept, and nothing is to be kept then.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

thread_local! {
    /// Which of the readings of charts has the focus.
    static PLACE: Cell<Option<u32>> = const { Cell::new(None) };
}

fn readings() -> Option<web_sys::NodeList> {
    document().query_selector_all(".reading").ok()
}

/// The reading of a chart has the focus now.
pub(crate) fn take_place(event: &leptos::ev::FocusEvent) {
    let (Some(all), Some(own)) = (readings(), event.current_target()) else { return };
    PLACE.set((0..all.length()).find(|at| all.item(*at).is_some_and(|node| *node == own)));
}

/// It has it no more, unless it went away itself, or is being made into another one.
pub(crate) fn leave_place(event: &leptos::ev::FocusEvent) {
    let own = event.current_target().and_then(|it| it.dyn_into::<web_sys::Element>().ok());
    let Some(own) = own.filter(|own| own.class_list().contains("reading")) else { return };
    request_animation_frame(move || {
        if own.is_connected() {
            PLACE.set(None);
        }
    });
}

/// Gives the focus back that was lost when charts were drawn anew.
pub(crate) fn return_to_place() {
    request_animation_frame(|| {
        let is_lost = document().active_element().is_none_or(|it| it.tag_name() == "BODY");
        let reading = PLACE.get().filter(|_| is_lost).and_then(|at| readings()?.item(at));
        if let Some(reading) = reading.and_then(|node| node.dyn_into::<web_sys::HtmlElement>().ok()) {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = reading.focus_with_options(&options);
        }
    });
}

/// Folds what is open, and goes back to its word.
pub(crate) fn fold_at_escape(event: leptos::ev::KeyboardEvent) {
    let details = event.current_target().and_then(|it| it.dyn_into::<web_sys::Element>().ok());
    if let Some(details) = details.filter(|it| event.key() == "Escape" && it.has_attribute("open")) {
        let _ = details.remove_attribute("open");
        if let Some(word) = details.query_selector("summary").ok().flatten().and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = word.focus();
        }
    }
}

/// How many pixels of a saved picture there are to one of the page.
const SHARP: f64 = 2.0;

/// Draws a picture of the portal's and has the browser save it as PNG.
pub(crate) fn save_png(from: &str, name: &str) {
    let Ok(image) = web_sys::HtmlImageElement::new() else { return };
    let (drawn, name) = (image.clone(), name.to_owned());
    let draw = move || -> Option<()> {
        let canvas = document().create_element("canvas").ok()?.dyn_into::<web_sys::HtmlCanvasElement>().ok()?;
        let (width, height) = (f64::from(drawn.natural_width()) * SHARP, f64::from(drawn.natural_height()) * SHARP);
        canvas.set_width(width as u32);
        canvas.set_height(height as u32);
        let context = canvas.get_context("2d").ok()??.dyn_into::<web_sys::CanvasRenderingContext2d>().ok()?;
        context.draw_image_with_html_image_element_and_dw_and_dh(&drawn, 0.0, 0.0, width, height).ok()?;
        let link = document().create_element("a").ok()?.dyn_into::<web_sys::HtmlAnchorElement>().ok()?;
        link.set_href(&canvas.to_data_url_with_type("image/png").ok()?);
        link.set_download(&name);
        link.click();
        Some(())
    };
    let done = wasm_bindgen::closure::Closure::once_into_js(move || {
        draw();
    });
    image.set_onload(Some(done.unchecked_ref()));
    image.set_src(from);
}
