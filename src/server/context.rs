//! What a server function has at hand: the service, the session, the person.

use crate::rpc::{
    Failure, FailureKind, Flash, KeyRow, Typed,
    accounts::{Frame, Me},
};
use axum::http::StatusCode;
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;
use peerage_domain::access::{Action, Role};
use peerage_service::{Actor, Error, Service};
use tower_sessions::Session;

const PERSON: &str = "person";
const ORGANISATION: &str = "organisation";
pub(crate) const FLASH: &str = "flash";
const TYPED: &str = "typed";

/// The use cases.
pub fn service() -> Service {
    expect_context::<Service>()
}

/// The session of the browser.
///
/// # Errors
/// When the layer that makes sessions is missing.
pub async fn session() -> Result<Session, Failure> {
    leptos_axum::extract::<Session>().await.map_err(|error| fault(&format!("session: {error}")))
}

fn fault(message: &str) -> Failure {
    tracing::error!(message, "a request failed");
    let message = crate::text::say(&Error::Fault(String::new()).text());
    Failure::new(FailureKind::Fault, message)
}

/// Not there.
pub fn not_found(what: &'static str, id: &str) -> Failure {
    Error::NotFound(what, id.chars().take(40).collect()).into()
}

/// The person that a session belongs to, acting for the chosen organisation.
///
/// # Errors
/// When nobody is signed in or storage fails.
pub async fn actor_of(service: &Service, session: &Session) -> Result<Actor, Error> {
    let read = async |key| session.get::<String>(key).await.map_err(|error| Error::Fault(error.to_string()));
    let person = read(PERSON).await?.ok_or_else(Error::signed_out)?;
    service.actor(&person, read(ORGANISATION).await?.as_deref()).await
}

/// The service and the person who asks.
///
/// # Errors
/// When nobody is signed in.
pub async fn asked() -> Result<(Service, Actor), Failure> {
    let service = service();
    let actor = actor_of(&service, &session().await?).await?;
    Ok((service, actor))
}

/// Refuses what the person's roles do not allow.
///
/// # Errors
/// When the table does not allow it.
pub fn require(actor: &Actor, action: Action) -> Result<(), Failure> {
    if action.allowed(&actor.roles) { Ok(()) } else { Err(Error::Forbidden(action).into()) }
}

/// Refuses who does not decide on requests.
///
/// # Errors
/// When nobody is signed in, or not as an operator.
pub async fn reviewer() -> Result<(), Failure> {
    let (_, actor) = asked().await?;
    require(&actor, Action::ReadQueue)
}

/// Makes the session one of this person. A new id keeps a planted session from being used.
///
/// # Errors
/// When the session cannot be stored.
pub async fn open_session(person: &str) -> Result<(), Failure> {
    let session = session().await?;
    let lost = |error: tower_sessions::session::Error| fault(&error.to_string());
    session.cycle_id().await.map_err(lost)?;
    session.insert(PERSON, person).await.map_err(lost)?;
    session.remove::<String>(ORGANISATION).await.map_err(lost).map(|_| ())
}

/// Remembers the organisation that the person acts for.
///
/// # Errors
/// When the session cannot be stored.
pub async fn remember_organisation(id: &str) -> Result<(), Failure> {
    session().await?.insert(ORGANISATION, id).await.map_err(|error| fault(&error.to_string()))
}

/// Keeps a message for the next page.
///
/// # Errors
/// When the session cannot be stored.
pub async fn flash(message: &Flash) -> Result<(), Failure> {
    session().await?.insert(FLASH, message).await.map_err(|error| fault(&error.to_string()))
}

/// Keys as they are kept until the next page shows them: sealed, so that they do not lie in the
/// database.
///
/// # Errors
/// When they cannot be sealed.
pub fn seal_keys(service: &Service, keys: &[KeyRow]) -> Result<String, Error> {
    let text = serde_json::to_string(keys).map_err(|error| Error::Fault(error.to_string()))?;
    service.seal(&text)
}

fn opened(service: &Service, message: Flash) -> Flash {
    let Flash::Sealed(sealed) = &message else { return message };
    let keys = service.unseal(sealed).ok().and_then(|text| serde_json::from_str(&text).ok());
    Flash::Keys(keys.unwrap_or_default())
}

/// Keeps what was typed into a form that is refused, for the form's next showing.
///
/// # Errors
/// When the session cannot be stored.
pub async fn keep_typed(typed: &Typed) -> Result<(), Failure> {
    session().await?.insert(TYPED, typed).await.map_err(|error| fault(&error.to_string()))
}

/// The field of a form under which typed secrets wait, sealed.
pub const SEALED: &str = "sealed";

/// What was typed, with what was sealed as the field `keys`.
fn unsealed(service: &Service, typed: Typed) -> Typed {
    match typed.get(SEALED).and_then(|sealed| service.unseal(&sealed).ok()) {
        Some(keys) => Typed::new(typed.form).with("keys", &keys),
        None => typed,
    }
}

/// The frame of a page.
///
/// # Errors
/// When storage fails.
pub async fn frame() -> Result<Frame, Failure> {
    let service = service();
    let heard = service.heard();
    let session = session().await?;
    let me = match actor_of(&service, &session).await {
        Ok(actor) => Some(me(&service, actor).await?),
        Err(Error::Unauthenticated(_)) => None,
        Err(other) => return Err(other.into()),
    };
    // `/home` only leads on to the start page of the role: the message is for that page.
    let passing = use_context::<axum::http::request::Parts>().is_some_and(|parts| parts.uri.path() == "/home");
    let message = if passing { None } else { session.get::<Flash>(FLASH).await.ok().flatten() };
    if message.is_some() {
        session.remove::<Flash>(FLASH).await.map_err(|error| fault(&error.to_string()))?;
    }
    // The way back to the form may lead over the sign-in page.
    let asks_to_sign_in = use_context::<axum::http::request::Parts>().is_some_and(|parts| parts.uri.path() == "/sign-in");
    let typed = if passing || asks_to_sign_in { None } else { session.remove::<Typed>(TYPED).await.ok().flatten() };
    let typed = typed.map(|typed| unsealed(&service, typed));
    Ok(Frame {
        typed,
        operator_name: service.settings().operator_name.clone(),
        operator_asn: service.settings().operator_asn.to_string(),
        demo: service.settings().demo,
        real_edge: service.has_real_router().await?,
        me,
        flash: message.map(|message| opened(&service, message)),
        now: service.clock().now(),
        heard,
    })
}

async fn me(service: &Service, actor: Actor) -> Result<Me, Failure> {
    let waiting = if actor.roles.contains(&Role::Operator) { crate::server::views::waiting(service, &actor).await? } else { 0 };
    let memberships = service.memberships(&actor.person).await?;
    let organisations = memberships.into_iter().map(|m| {
        let current = m.organisation.id == actor.organisation;
        (m.organisation.id, m.organisation.name, current)
    });
    Ok(Me { organisations: organisations.collect(), name: actor.name, organisation: actor.organisation_name, roles: actor.roles, waiting })
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (kind, status) = match &error {
            Error::Refused(_) | Error::Fields(_) | Error::Several(_) => (FailureKind::Refused, StatusCode::UNPROCESSABLE_ENTITY),
            Error::TooMany(_) => (FailureKind::Refused, StatusCode::TOO_MANY_REQUESTS),
            Error::NotFound(..) => (FailureKind::NotFound, StatusCode::NOT_FOUND),
            Error::Forbidden(_) => (FailureKind::Forbidden, StatusCode::FORBIDDEN),
            Error::Unauthenticated(_) => (FailureKind::SignedOut, StatusCode::UNAUTHORIZED),
            Error::Storage(peerage_storage::Error::Conflict(_)) => (FailureKind::Conflict, StatusCode::CONFLICT),
            Error::Storage(_) | Error::Fault(_) => (FailureKind::Fault, StatusCode::INTERNAL_SERVER_ERROR),
        };
        if let Some(options) = use_context::<ResponseOptions>() {
            options.set_status(status);
        }
        if kind == FailureKind::Fault {
            return fault(&error.to_string());
        }
        let message = crate::text::say(&error.text());
        let failure = Failure::new(kind, message);
        match error {
            Error::Fields(fields) => Failure { fields, ..failure },
            Error::Several(texts) => Failure { more: texts.iter().map(crate::text::say).collect(), ..failure },
            _ => failure,
        }
    }
}
