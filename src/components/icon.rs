//! Line icons on a grid of 16, and the filled shapes of verdicts.

use leptos::prelude::*;

fn paths(name: &str) -> &'static str {
    match name {
        "search" => r#"<circle cx="7" cy="7" r="4.2"/><path d="m10.2 10.2 3.3 3.3"/>"#,
        "home" => r#"<path d="M2.5 7.5 8 3l5.5 4.5V13h-4V9.5h-3V13h-4z"/>"#,
        "seam" => r#"<path d="M2 8h4M10 8h4M8 2.5v11M5 6v4M11 6v4"/>"#,
        "list" => r#"<path d="M2.5 4h11M2.5 8h8M2.5 12h5"/>"#,
        "pulse" => r#"<path d="M1.5 8h3L6.5 3.5l3 9L11.500 8h3"/>"#,
        "place" => {
            r#"<path d="M8 14s4.500-4.200 4.500-7.500a4.500 4.500 0 0 0-9 0C3.500 9.800 8 14 8 14z"/><circle cx="8" cy="6.500" r="1.500"/>"#
        }
        "inbox" => r#"<path d="M2.500 9 4.500 3h7l2 6v4h-11z"/><path d="M2.500 9h3l1 1.700h3l1-1.700h3"/>"#,
        "people" => r#"<circle cx="8" cy="5.500" r="2.500"/><path d="M3 13.500c.5-2.800 2.500-4 5-4s4.500 1.200 5 4"/>"#,
        "minus" => r#"<path d="M3 8h10"/>"#,
        "left" => r#"<path d="M10 3 5 8l5 5"/>"#,
        "right" => r#"<path d="m6 3 5 5-5 5"/>"#,
        "plus" => r#"<path d="M8 3v10M3 8h10"/>"#,
        "copy" => r#"<rect x="5.500" y="5.500" width="8" height="8" rx="1.500"/><path d="M3 10.500V4a1.500 1.500 0 0 1 1.500-1.500H10"/>"#,
        "theme" => r#"<circle cx="8" cy="8" r="5.500"/><path d="M8 2.500a5.500 5.500 0 0 1 0 11z" fill="currentColor"/>"#,
        "help" => {
            r#"<circle cx="8" cy="8" r="6"/><path d="M6.300 6.300c.2-1 .9-1.500 1.800-1.500 1 0 1.700.6 1.700 1.500 0 1.300-1.800 1.400-1.800 2.700M8 11.300v.1"/>"#
        }
        "bell" => r#"<path d="M4 11V7a4 4 0 0 1 8 0v4l1.200 1.500H2.800zM6.700 14.200h2.600"/>"#,
        "burst" => {
            r#"<path d="M8 2.500v3M8 10.500v3M2.500 8h3M10.500 8h3M4.100 4.100l2 2M9.900 9.900l2 2M11.900 4.100l-2 2M6.100 9.900l-2 2"/>"#
        }
        "menu" => r#"<path d="M2.500 4.500h11M2.500 8h11M2.500 11.500h11"/>"#,
        "tick" => r#"<path d="m3.500 8.500 3 3 6-7"/>"#,
        "pass" => r#"<g class="fillico"><circle cx="8" cy="8" r="6.500"/><path class="cut" d="m5.200 8.200 2 2 3.700-4.300"/></g>"#,
        "warn" => r#"<g class="fillico"><path d="M8 1.800 15 14H1z"/><path class="cut" d="M8 6v3.800M8 11.900v.1"/></g>"#,
        "fail" => {
            r#"<g class="fillico"><path d="M5.300 1.500h5.400l3.800 3.800v5.400l-3.800 3.800H5.300l-3.800-3.800V5.300z"/><path class="cut" d="m5.800 5.800 4.400 4.400m0-4.400-4.400 4.400"/></g>"#
        }
        "unknown" => {
            r#"<circle cx="8" cy="8" r="6.200" stroke-dasharray="2.600 1.700"/><path d="M6.500 6.400c.2-.9.800-1.300 1.500-1.300.9 0 1.500.5 1.500 1.300 0 1.100-1.500 1.200-1.500 2.400M8 10.900v.1"/>"#
        }
        _ => r#"<circle cx="8" cy="8" r="6"/><path d="M8 4.500V8l2.300 1.500"/>"#,
    }
}

/// An icon beside a word; it is hidden from screen readers.
#[component]
pub fn Icon(
    /// Its name.
    name: &'static str,
) -> impl IntoView {
    view! { <svg class="ico" viewBox="0 0 16 16" aria-hidden="true" focusable="false" inner_html=paths(name)></svg> }
}
