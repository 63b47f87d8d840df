//! The HTML document around the app, with the nonce of its scripts.

use crate::{
    app::App,
    server::{assets::Assets, forms, security},
};
use axum::http::{HeaderValue, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

/// The whole document. Leptos' own `HydrationScripts` writes the nonce where it does not
/// belong, so the few lines stand here.
pub fn shell() -> impl IntoView {
    let assets = expect_context::<Assets>();
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    if let Some(options) = use_context::<ResponseOptions>()
        && let Ok(policy) = HeaderValue::from_str(&security::page_policy(&nonce))
    {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    let script = assets.url("pkg/peerage.js");
    let start =
        format!("import('{script}').then(m=>m.default({{module_or_path:'{}'}}).then(()=>m.hydrate()))", assets.url("pkg/peerage.wasm"));
    view! {
        <!DOCTYPE html>
        <html lang=crate::text::language().code() data-theme=forms::theme()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/logo.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=assets.url("pkg/peerage.css")/>
                <script type="module" nonce=nonce inner_html=start></script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
