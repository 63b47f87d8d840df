//! Who is signed in, and signing in and out.

use super::{Failure, Flash, Typed};
use leptos::prelude::*;
use peerage_domain::{
    Timestamp,
    access::Role,
    catalogue::{Paged, Query},
};
use serde::{Deserialize, Serialize};

/// What every page shows around its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Name of the network that runs the portal.
    pub operator_name: String,
    /// Its ASN.
    pub operator_asn: String,
    /// Whether this is the demo world.
    pub demo: bool,
    /// Whether real routers are behind the edge.
    pub real_edge: bool,
    /// Who is signed in.
    pub me: Option<Me>,
    /// A message for this page alone.
    pub flash: Option<Flash>,
    /// What was typed into the form that was refused last.
    pub typed: Option<Typed>,
    /// The server's time, so that ages on the page agree with it.
    pub now: Timestamp,
    /// How many notices of changes there were before the page was made.
    pub heard: u64,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Name.
    pub name: String,
    /// Name of the organisation.
    pub organisation: String,
    /// Roles there.
    pub roles: Vec<Role>,
    /// Every organisation of the person: id, name and whether it is the current one.
    pub organisations: Vec<(String, String, bool)>,
    /// How many requests wait for this operator.
    pub waiting: u64,
}

/// Somebody in one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    /// Name of the organisation.
    pub organisation: String,
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role.
    pub role: Role,
    /// Whether a password was set.
    pub joined: bool,
}

/// People and organisations, for operators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeopleView {
    /// People on this page.
    pub people: Paged<PersonRow>,
    /// Names of every organisation.
    pub organisations: Vec<String>,
}

/// The frame of the page for whoever asks.
#[server(prefix = "/rpc")]
pub async fn read_frame() -> Result<Frame, Failure> {
    crate::server::context::frame().await
}

/// Opens a session.
#[server(prefix = "/rpc")]
pub async fn sign_in(email: String, password: String, next: String) -> Result<(), Failure> {
    crate::server::forms::sign_in(email, password, next).await
}

/// Ends the session.
#[server(prefix = "/rpc")]
pub async fn sign_out() -> Result<(), Failure> {
    crate::server::forms::sign_out().await
}

/// Acts for another of one's organisations.
#[server(prefix = "/rpc")]
pub async fn choose_organisation(id: String) -> Result<(), Failure> {
    crate::server::forms::choose_organisation(id).await
}

/// Who a one-time link is for: name and e-mail.
#[server(prefix = "/rpc")]
pub async fn link_owner(token: String) -> Result<(String, String), Failure> {
    let person = crate::server::context::service().link_owner(&token).await?;
    Ok((person.name, person.email))
}

/// Sets the password of the owner of a one-time link and signs them in.
#[server(prefix = "/rpc")]
pub async fn set_password(token: String, password: String) -> Result<(), Failure> {
    crate::server::forms::set_password(token, password).await
}

/// A part of the people of every organisation.
#[server(prefix = "/rpc")]
pub async fn read_people(query: Query) -> Result<PeopleView, Failure> {
    let (service, actor) = crate::server::context::asked().await?;
    let people = service.people(&actor, &query).await?;
    let organisations = service.organisations(&actor).await?.into_iter().map(|o| o.name).collect();
    let row = |m: peerage_service::accounts::Member| PersonRow {
        organisation: m.organisation,
        name: m.name,
        email: m.email,
        role: m.role,
        joined: m.joined,
    };
    Ok(PeopleView { people: people.map(row), organisations })
}

/// Invites somebody; the one-time link is shown once.
#[server(prefix = "/rpc")]
pub async fn invite(organisation: String, email: String, name: String, role: Role) -> Result<(), Failure> {
    crate::server::forms::invite(organisation, email, name, role).await
}

/// Turns light into dark and back; the choice is a cookie.
#[server(prefix = "/rpc")]
pub async fn switch_theme() -> Result<(), Failure> {
    crate::server::forms::switch_theme();
    Ok(())
}

/// Reads on in another language; the choice is a cookie.
#[server(prefix = "/rpc")]
pub async fn switch_language(language: String) -> Result<(), Failure> {
    crate::server::forms::switch_language(&language);
    Ok(())
}
