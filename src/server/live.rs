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
use peerage_service::{Notice, Service};
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
    /// How many notices there were when the page was made.
    heard: Option<u64>,
}

impl Topic {
    fn is(&self, notice: &Notice) -> bool {
        self.subject.is_empty() || self.subject == notice.subject
    }
}

/// `GET /live?subject=PR-88`
pub async fn listen(State(service): State<Service>, session: Session, Query(topic): Query<Topic>) -> Response {
    let Ok(actor) = actor_of(&service, &session).await else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let notices = BroadcastStream::new(service.listen());
    // Between the making of the page and this line it heard nothing.
    let missed = topic.heard.is_some_and(|heard| service.missed(heard, |notice| topic.is(notice) && service.may_hear(&actor, notice)));
    let first = tokio_stream::iter(missed.then(|| Event::default().data("*")));
    let events = notices.filter_map(move |notice| match notice {
        Ok(notice) => (topic.is(&notice) && service.may_hear(&actor, &notice)).then(|| Event::default().data(notice.subject)),
        // The page missed some: let it look at everything.
        Err(BroadcastStreamRecvError::Lagged(_)) => Some(Event::default().data("*")),
    });
    let keep = KeepAlive::new().interval(Duration::from_secs(15));
    Sse::new(first.chain(events).map(Ok::<_, Infallible>)).keep_alive(keep).into_response()
}
