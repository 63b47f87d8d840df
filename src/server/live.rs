//! Server-sent events: tells an open page that its subject changed, nothing more. The
//! page then asks again, with its own permissions.

use crate::server::context::actor_of;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use peerage_service::Service;
use serde::Deserialize;
use std::{convert::Infallible, time::Duration};
use tokio_stream::{
    StreamExt,
    wrappers::{BroadcastStream, errors::BroadcastStreamRecvError},
};
use tower_sessions::Session;

/// What a page wants to hear of.
#[derive(Debug, Deserialize)]
pub struct Topic {
    /// Such as `PR-88`; empty for everything that the person may hear of.
    #[serde(default)]
    subject: String,
}

/// `GET /live?subject=PR-88`
pub async fn listen(State(service): State<Service>, session: Session, Query(topic): Query<Topic>) -> Response {
    let Ok(actor) = actor_of(&service, &session).await else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let notices = BroadcastStream::new(service.listen());
    let events = notices.filter_map(move |notice| match notice {
        Ok(notice) => {
            let wanted = topic.subject.is_empty() || topic.subject == notice.subject;
            (wanted && service.may_hear(&actor, &notice)).then(|| Event::default().data(notice.subject))
        }
        // The page missed some: let it look at everything.
        Err(BroadcastStreamRecvError::Lagged(_)) => Some(Event::default().data("*")),
    });
    let keep = KeepAlive::new().interval(Duration::from_secs(15));
    Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(keep).into_response()
}
