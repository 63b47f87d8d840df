//! What forms do. Each answers with a redirect: onwards, or back with a message.

use crate::{
    rpc::{
        Failure, FailureKind, Flash,
        partner::{AsnForm, ConnectionFields},
    },
    server::context::{asked, flash, open_session, remember_organisation, service, session},
};
use axum::http::{StatusCode, header, request::Parts};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::{ResponseOptions, redirect};
use peerage_domain::{
    Asn, Prefix,
    access::Role,
    contact::{Contact, ContactRole},
    peering::{Kind, Verb},
    prefixes,
    registration::{ConnectionDraft, PeeringDraft},
    session::{AddressProvider, ConnectionAsk},
};
use peerage_service::{
    Actor, Error, Service,
    peerings::{StepRequest, suggested},
};
use std::future::Future;

const ASN_FORM: &str = "asn_form";

/// Where a form was sent from: path and query of the `Referer`.
fn sender() -> String {
    let parts = expect_context::<Parts>();
    let referer = parts.headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = referer.and_then(|url| url.split_once("://")).and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
    local(&path.unwrap_or_default())
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
async fn form(work: impl Future<Output = Result<(String, Option<Flash>), Error>>) -> Result<(), Failure> {
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
    W: Future<Output = Result<(String, Option<Flash>), Error>>,
{
    form(async {
        let service = service();
        let session = session().await.map_err(|f| Error::Fault(f.message))?;
        let actor = crate::server::context::actor_of(&service, &session).await?;
        work(service, actor).await
    })
    .await
}

fn done(path: impl Into<String>, words: String) -> Result<(String, Option<Flash>), Error> {
    Ok((path.into(), Some(Flash::Done(words))))
}

fn on(path: impl Into<String>) -> Result<(String, Option<Flash>), Error> {
    Ok((path.into(), None))
}

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
            return Err(Error::NotFound(format!("organisation {id}")));
        }
        remember_organisation(&id).await.map_err(|f| Error::Fault(f.message))?;
        on("/home")
    })
    .await
}

/// The theme that a cookie of this request asks for.
pub(crate) fn theme() -> Option<&'static str> {
    let parts = use_context::<Parts>()?;
    let cookies = parts.headers.get(header::COOKIE)?.to_str().ok()?;
    let value = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("theme="))?;
    ["light", "dark"].into_iter().find(|theme| *theme == value)
}

/// Without a choice the theme follows the system, so the first switch goes to dark.
pub(crate) fn switch_theme() {
    let other = if theme() == Some("dark") { "light" } else { "dark" };
    if let Some(options) = use_context::<ResponseOptions>() {
        let cookie = format!("theme={other}; Path=/; Max-Age=31536000; SameSite=Lax");
        if let Ok(value) = axum::http::HeaderValue::from_str(&cookie) {
            options.append_header(header::SET_COOKIE, value);
        }
    }
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

pub(crate) async fn invite(organisation: String, email: String, name: String, role: Role) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let token = service.invite(&actor, &organisation, &email, &name, role).await?;
        let secret = Flash::Secret { what: tr!(done.invited, email = email), value: format!("/welcome/{token}") };
        Ok(("/ops/organisations".into(), Some(secret)))
    })
    .await
}

pub(crate) async fn edit_location(id: String, published: bool, offers: String, note: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let parsed: Result<Vec<u32>, _> = offers.split([',', ' ']).filter(|t| !t.is_empty()).map(str::parse).collect();
        let offers =
            parsed.map_err(|_| Error::Refused(format!("“{offers}” is not a list of bandwidths. Write Mb/s, such as 10000, 100000.")))?;
        service.edit_location(&actor, &id, published, offers, &note).await?;
        done("/ops/locations", tr!(done.location, id = id))
    })
    .await
}

pub(crate) async fn new_connection() -> Result<(), Failure> {
    form_as(async |service, actor| {
        let id = service.new_connection_draft(&actor).await?;
        on(format!("/connections/new/{id}/basics"))
    })
    .await
}

pub(crate) async fn save_basics(id: String, name: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.change_connection_draft(&actor, &id, |draft| draft.name = name).await?;
        let problem = service.connection_draft(&actor, &id).await?.name_problem;
        match problem {
            Some(problem) => Err(Error::Refused(problem)),
            None => on(format!("/connections/new/{id}/site")),
        }
    })
    .await
}

pub(crate) async fn save_site(id: String, site: ConnectionDraft, go: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let (complete, moved) = (!site.provider.is_empty() && !site.primary.is_empty(), go == "stay");
        service
            .change_connection_draft(&actor, &id, |draft| {
                // Another provider serves other locations: keep only what still fits.
                let same = draft.provider == site.provider;
                draft.country = site.country;
                draft.subdivision = site.subdivision;
                draft.provider = site.provider;
                draft.primary = if same { site.primary } else { String::new() };
                draft.backup = if same { site.backup } else { String::new() };
            })
            .await?;
        let draft = service.connection_draft(&actor, &id).await?.draft;
        if moved || !complete || draft.primary.is_empty() {
            return on(format!("/connections/new/{id}/site"));
        }
        on(format!("/connections/new/{id}/prefixes"))
    })
    .await
}

pub(crate) async fn save_prefixes(id: String, text: String, fix: String, go: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let mut text = text.replace("\r\n", "\n");
        if let Some((line, input)) = fix.split_once(':') {
            text = repaired(&service, &actor, &id, &text, line, input).await?;
        }
        service.change_connection_draft(&actor, &id, |draft| draft.prefixes = text).await?;
        let stay = !fix.is_empty() || go == "stay";
        on(format!("/connections/new/{id}/{}", if stay { "prefixes" } else { "review" }))
    })
    .await
}

/// The text with the repair that the server offers for one entry.
async fn repaired(service: &Service, actor: &Actor, id: &str, text: &str, line: &str, input: &str) -> Result<String, Error> {
    let known = service.connection_draft(actor, id).await?.known;
    let judged = prefixes::judge(&prefixes::entries(text), &known);
    let wanted = judged.iter().find(|j| j.entry.line.to_string() == line && j.entry.input == input);
    Ok(match wanted.and_then(|j| j.suggestion().map(|fix| (&j.entry, fix))) {
        Some((entry, fix)) => prefixes::replace(text, entry, fix),
        None => text.to_owned(),
    })
}

pub(crate) async fn register_connection(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let connection = service.register_connection(&actor, &id).await?;
        done(format!("/connections/{}", connection.id), tr!(done.registered, name = connection.name))
    })
    .await
}

pub(crate) async fn discard_connection_draft(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.delete_connection_draft(&actor, &id).await?;
        done("/connections", tr!(done.discarded))
    })
    .await
}

pub(crate) async fn add_prefixes(id: String, text: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let count = service.add_prefixes(&actor, &id, &text).await?;
        done(format!("/connections/{id}"), tr!(done.prefixes, n = count))
    })
    .await
}

pub(crate) async fn remove_prefix(id: String, prefix: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let parsed: Prefix = prefix.parse().map_err(|error: peerage_domain::PrefixError| Error::Refused(error.to_string()))?;
        service.remove_prefix(&actor, &id, parsed).await?;
        done(format!("/connections/{id}"), tr!(done.prefix_removed, prefix = prefix))
    })
    .await
}

pub(crate) async fn delete_connection(id: String, typed: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.delete_connection(&actor, &id, &typed).await?;
        done("/connections", tr!(done.deleted, id = id))
    })
    .await
}

pub(crate) async fn associate_asn(typed: AsnForm) -> Result<(), Failure> {
    let keep = session().await?;
    let kept = typed.clone();
    form_as(async |service, actor| {
        // What was typed is kept until it was accepted.
        let lost = |error: tower_sessions::session::Error| Error::Fault(error.to_string());
        keep.insert(ASN_FORM, &kept).await.map_err(lost)?;
        let asn: Asn = typed.asn.parse()?;
        let it = service.associate_asn(&actor, asn, &typed.name, contacts(&typed)?).await?;
        keep.remove::<AsnForm>(ASN_FORM).await.map_err(lost)?;
        done(format!("/partner/asns/{}", it.id), tr!(done.asn, asn = asn))
    })
    .await
}

fn contacts(form: &AsnForm) -> Result<Vec<Contact>, Error> {
    let rows = [
        (ContactRole::Noc, &form.noc_email, &form.noc_phone),
        (ContactRole::Policy, &form.policy_email, &String::new()),
        (ContactRole::Technical, &form.technical_email, &String::new()),
    ];
    let filled = rows.into_iter().filter(|(_, email, phone)| !email.trim().is_empty() || !phone.trim().is_empty());
    filled
        .map(|(role, email, phone)| {
            let phone = if phone.trim().is_empty() { None } else { Some(phone.parse()?) };
            Ok(Contact { role, email: email.parse()?, phone })
        })
        .collect()
}

pub(crate) async fn asn_form() -> Result<AsnForm, Failure> {
    asked().await?;
    Ok(session().await?.get(ASN_FORM).await.ok().flatten().unwrap_or_default())
}

pub(crate) async fn new_peering(location: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let approved = service.my_asns(&actor).await?.into_iter().find(|a| a.is_approved());
        let directory = service.directory().await?;
        let place = directory.location(&location).filter(|l| l.published);
        let draft = PeeringDraft {
            asn: approved.map(|a| a.asn.to_string()).unwrap_or_default(),
            kind: place.map(|l| l.kind),
            location: place.map(|l| l.id.clone()).unwrap_or_default(),
            ..PeeringDraft::default()
        };
        let id = service.new_peering_draft(&actor, draft).await?;
        on(format!("/partner/peerings/new/{id}/place"))
    })
    .await
}

pub(crate) async fn save_place(id: String, asn: String, kind: String, location: String, legacy: bool, go: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let (mut draft, ..) = service.peering_draft(&actor, &id).await?;
        let kind = if kind.is_empty() { None } else { Some(kind.parse::<Kind>().map_err(Error::Refused)?) };
        let moved = draft.asn != asn || draft.location != location || draft.kind != kind;
        draft.asn = asn;
        draft.kind = kind;
        draft.location = location;
        draft.legacy = legacy;
        let directory = service.directory().await?;
        let place = directory.location(&draft.location).filter(|l| l.published && Some(l.kind) == kind);
        if place.is_none() {
            draft.location = String::new();
        }
        if let (Some(place), Some(asn), true) = (place, draft.asn(), moved || draft.connections.is_empty()) {
            draft.connections = suggested(&directory, place, asn);
        }
        let ready = place.is_some() && draft.asn().is_some();
        service.save_peering_draft(&actor, &id, draft, &[], None).await?;
        match (ready, go.as_str()) {
            (_, "stay") => on(format!("/partner/peerings/new/{id}/place")),
            (true, _) => on(format!("/partner/peerings/new/{id}/sessions")),
            (false, _) => Err(Error::Refused("Choose an ASN, a kind and a location.".into())),
        }
    })
    .await
}

pub(crate) async fn save_sessions(id: String, connections: Vec<ConnectionFields>, go: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let (mut draft, ..) = service.peering_draft(&actor, &id).await?;
        let mut secrets = vec![];
        draft.connections = connections
            .into_iter()
            .enumerate()
            .map(|(index, fields)| {
                secrets.push((index, fields.md5.clone()));
                typed(fields)
            })
            .collect();
        let mut removed = None;
        match go.split_once(':') {
            _ if go == "add" => draft.connections.push(ConnectionAsk::default()),
            Some(("remove", index)) => {
                let index = index.parse::<usize>().ok().filter(|index| *index < draft.connections.len());
                let index = index.ok_or_else(|| Error::Refused("There is no such connection.".into()))?;
                draft.connections.remove(index);
                secrets.remove(index);
                secrets.iter_mut().skip(index).for_each(|(at, _)| *at -= 1);
                removed = Some(index);
            }
            _ => {}
        }
        if draft.connections.len() > 16 {
            return Err(Error::Refused("A request has at most 16 connections.".into()));
        }
        service.save_peering_draft(&actor, &id, draft, &secrets, removed).await?;
        let (_, _, findings) = service.peering_draft(&actor, &id).await?;
        let failed = findings.iter().any(|f| f.finding.verdict == peerage_domain::Verdict::Fail);
        on(format!("/partner/peerings/new/{id}/{}", if go.is_empty() && !failed { "review" } else { "sessions" }))
    })
    .await
}

fn typed(fields: ConnectionFields) -> ConnectionAsk {
    ConnectionAsk {
        peer_ipv4: fields.peer_ipv4,
        peer_ipv6: fields.peer_ipv6,
        address_provider: if fields.address_provider == "Operator" { AddressProvider::Operator } else { AddressProvider::Peer },
        session_ipv4: fields.session_ipv4,
        session_ipv6: fields.session_ipv6,
        max_prefixes_ipv4: fields.max_prefixes_ipv4,
        max_prefixes_ipv6: fields.max_prefixes_ipv6,
        bandwidth_mbps: fields.bandwidth_mbps,
        has_md5: false,
    }
}

pub(crate) async fn submit_peering(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let peering = service.submit_peering(&actor, &id).await?;
        done(format!("/partner/peerings/{}", peering.id), tr!(done.requested, id = peering.id))
    })
    .await
}

pub(crate) async fn discard_peering_draft(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.delete_peering_draft(&actor, &id).await?;
        done("/partner", tr!(done.discarded))
    })
    .await
}

pub(crate) async fn change_peering(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let draft = service.change_peering(&actor, &id).await?;
        on(format!("/partner/peerings/new/{draft}/sessions"))
    })
    .await
}

pub(crate) async fn step(id: String, connection: u16, verb: Verb, note: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        if note.chars().count() > 500 {
            return Err(Error::Refused("A note has at most 500 characters.".into()));
        }
        let peering = service.act(&actor, &id, verb, &StepRequest { connection, note }).await?;
        let state = peering.connection(connection).map(|c| c.state.name().word()).unwrap_or_default();
        done(sender(), tr!(done.step, id = id, n = connection, state = state))
    })
    .await
}

pub(crate) async fn decide_asn(id: String, decision: String, reason: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let failure = (decision == "fail").then_some(reason.as_str());
        let it = service.decide_asn(&actor, &id, failure).await?;
        done(format!("/ops/asns/{id}"), tr!(done.asn_decided, asn = it.asn, state = it.state.name()))
    })
    .await
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
