//! What forms do. Each answers with a redirect: onwards, or back with a message and with
//! what was typed.

mod account;
mod customer;
mod edge;
mod incidents;
mod legacy;
mod levels;
mod operator;
mod partner;
mod probes;
mod service;

pub(crate) use account::*;
pub(crate) use customer::*;
pub(crate) use edge::*;
pub(crate) use incidents::*;
pub(crate) use legacy::*;
pub(crate) use levels::*;
pub(crate) use operator::*;
pub(crate) use partner::*;
pub(crate) use probes::*;
pub(crate) use service::*;

use crate::{
    rpc::{Failure, FailureKind, Flash, Typed},
    server::context::{flash, keep_typed, service, session},
};
use axum::http::{StatusCode, header, request::Parts};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::{ResponseOptions, redirect};
use peerage_service::{Actor, Error, Service};
use std::future::Future;

/// Where a form leads to when it was accepted: a path, and a message for that page.
type Onwards = Result<(String, Option<Flash>), Error>;

/// Where a form was sent from: path and query of the `Referer`.
fn sender() -> String {
    let parts = expect_context::<Parts>();
    local(&path_of(parts.headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default()))
}

/// Back to a page, in the order and at the part of its list from which the form was sent.
fn back_to(page: &str) -> String {
    let sender = sender();
    if sender.split('?').next() == Some(page) { sender } else { page.to_owned() }
}

/// The portal's own address as the browser knows it, from the `Origin` of a form; empty without.
fn origin() -> String {
    let parts = expect_context::<Parts>();
    let origin = parts.headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
    origin.filter(|origin| origin.starts_with("http")).unwrap_or_default().to_owned()
}

/// Path and query of an absolute address.
fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
    rest.find('/').map(|at| rest[at..].to_owned()).unwrap_or_default()
}

/// The answer to a form that the server could not even read, such as one that is too large or
/// lacks a field: Leptos puts the error into the address; it becomes a message instead.
pub(crate) async fn unreadable(session: &tower_sessions::Session, back: &str) -> Option<String> {
    let path = if back.starts_with('/') { back.to_owned() } else { path_of(back) };
    let (path, query) = path.split_once('?')?;
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("__err=") && !pair.starts_with("__path=")).collect();
    if kept.len() == query.split('&').count() {
        return None;
    }
    let failure = Failure::new(FailureKind::Refused, tr!(failure.unreadable));
    session.insert(crate::server::context::FLASH, Flash::Failed(failure)).await.ok()?;
    Some(local(&if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }))
}

/// A path on this site, and nothing else: an open redirect would lend our name to others.
fn local(path: &str) -> String {
    let fine = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']);
    if fine { path.to_owned() } else { "/".to_owned() }
}

/// See other (RFC 9110 §15.4.4): the browser follows with GET.
fn see_other(path: &str) {
    redirect(&local(path));
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(StatusCode::SEE_OTHER);
    }
}

/// Runs a form: on success goes to the path it gives, with a message where there is one.
/// A refusal goes back to the form, which shows it once.
async fn form(work: impl Future<Output = Onwards>) -> Result<(), Failure> {
    match work.await {
        Ok((path, message)) => {
            if let Some(message) = message {
                flash(&message).await?;
            }
            see_other(&path);
        }
        Err(error) => {
            let failure = Failure::from(error);
            let back = if failure.kind == FailureKind::SignedOut && !sender().starts_with("/sign-in") {
                format!("/sign-in?next={}", peerage_domain::catalogue::percent(&sender()))
            } else {
                sender()
            };
            flash(&Flash::Failed(failure)).await?;
            see_other(&back);
        }
    }
    Ok(())
}

/// A form of somebody who is signed in.
async fn form_as<F, W>(work: F) -> Result<(), Failure>
where
    F: FnOnce(Service, Actor) -> W,
    W: Future<Output = Onwards>,
{
    form(signed_in(work)).await
}

/// A form of somebody who is signed in; what was typed comes back with a refusal.
async fn form_keeping<F, W>(typed: Typed, work: F) -> Result<(), Failure>
where
    F: FnOnce(Service, Actor) -> W,
    W: Future<Output = Onwards>,
{
    form(async {
        let outcome = signed_in(work).await;
        if outcome.is_err() {
            keep_typed(&typed).await.map_err(|f| Error::Fault(f.message))?;
        }
        outcome
    })
    .await
}

async fn signed_in<F, W>(work: F) -> Onwards
where
    F: FnOnce(Service, Actor) -> W,
    W: Future<Output = Onwards>,
{
    let service = service();
    let session = session().await.map_err(|f| Error::Fault(f.message))?;
    let actor = crate::server::context::actor_of(&service, &session).await?;
    work(service, actor).await
}

fn done(path: impl Into<String>, words: String) -> Onwards {
    Ok((path.into(), Some(Flash::Done(words))))
}

fn on(path: impl Into<String>) -> Onwards {
    Ok((path.into(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_on_this_site() {
        assert_eq!(local("/connections/CN-1?x=1"), "/connections/CN-1?x=1");
        for bad in ["", "https://evil", "//evil", "/\\evil", "/a\r\nSet-Cookie: x"] {
            assert_eq!(local(bad), "/", "{bad}");
        }
    }
}
