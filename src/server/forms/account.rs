//! Signing in and out, the first password, theme and language.

use super::{done, form, form_as, on, see_other, sender};
use crate::{
    rpc::Failure,
    server::context::{open_session, remember_organisation, service, session},
};
use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use peerage_domain::Language;
use peerage_service::Error;

pub(crate) async fn sign_in(email: String, password: String, next: String) -> Result<(), Failure> {
    form(async {
        let person = service().sign_in(&email, &password).await?;
        open_session(&person.id).await.map_err(|f| Error::Fault(f.message))?;
        on(if next.is_empty() { "/home".to_owned() } else { next })
    })
    .await
}

pub(crate) async fn sign_out() -> Result<(), Failure> {
    form(async {
        let session = session().await.map_err(|f| Error::Fault(f.message))?;
        session.flush().await.map_err(|error| Error::Fault(error.to_string()))?;
        on("/")
    })
    .await
}

pub(crate) async fn choose_organisation(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let member = service.memberships(&actor.person).await?.iter().any(|m| m.organisation.id == id);
        if !member {
            return Err(Error::NotFound("organisation", id));
        }
        remember_organisation(&id).await.map_err(|f| Error::Fault(f.message))?;
        on("/home")
    })
    .await
}

/// The theme that a cookie of this request asks for.
pub(crate) fn theme() -> Option<&'static str> {
    let parts = use_context::<Parts>()?;
    let value = cookie(&parts.headers, "theme")?;
    ["light", "dark"].into_iter().find(|theme| *theme == value)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The language of who asks: the one that was chosen, or else the one that the browser likes best.
pub(crate) fn language_of(headers: &HeaderMap) -> Language {
    let liked = || Language::preferred(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?);
    cookie(headers, "language").and_then(Language::of).or_else(liked).unwrap_or_default()
}

/// The choice is kept for a year.
fn remember(name: &str, value: &str) {
    if let Some(options) = use_context::<ResponseOptions>()
        && let Ok(cookie) = HeaderValue::from_str(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax"))
    {
        options.append_header(header::SET_COOKIE, cookie);
    }
}

pub(crate) fn switch_language(code: &str) {
    // A language that there is not changes nothing.
    if let Some(language) = Language::of(code) {
        remember("language", language.code());
    }
    see_other(&sender());
}

/// Without a choice the theme follows the system, so the first switch goes to dark.
pub(crate) fn switch_theme() {
    let other = if theme() == Some("dark") { "light" } else { "dark" };
    remember("theme", other);
    see_other(&sender());
}

pub(crate) async fn set_password(token: String, password: String) -> Result<(), Failure> {
    form(async {
        let person = service().set_password(&token, &password).await?;
        open_session(&person.id).await.map_err(|f| Error::Fault(f.message))?;
        done("/home", tr!(done.welcome, name = person.name))
    })
    .await
}
