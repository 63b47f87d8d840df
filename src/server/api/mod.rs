//! The REST API. Errors are problem details (RFC 9457).

mod charts;
mod incidents;
mod probe;
mod service;
mod v1;

pub use service::metrics;

use crate::server::http::{AppState, FORM_BYTES};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use peerage_service::Error;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// `application/problem+json` (RFC 9457 §3.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Summary of the kind of problem.
    pub title: String,
    /// HTTP status code.
    pub status: u16,
    /// What happened, to which thing, and what to do.
    pub detail: String,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Problem { title: status.canonical_reason().unwrap_or("Error").into(), status: status.as_u16(), detail: detail.into() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Refused(_) | Error::Fields(_) | Error::Several(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::NotFound(..) => StatusCode::NOT_FOUND,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Error::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Storage(peerage_storage::Error::Conflict(_)) => StatusCode::CONFLICT,
            Error::Storage(_) | Error::Fault(_) => {
                tracing::error!(%error, "an API request failed");
                return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "Something failed on our side. Try again in a moment.");
            }
        };
        Problem::new(status, error.to_string())
    }
}

/// A query; what cannot be read is told as a problem.
struct Asked<T>(T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|query| Asked(query.0)).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, of_query(&error.body_text())))
    }
}

/// What is wrong with a query, without the words of the library that reads it.
fn of_query(text: &str) -> String {
    let text = text.trim_start_matches("Failed to deserialize query string: ").replace('`', "");
    if let Some(name) = text.strip_prefix("missing field ") {
        return format!("Say {name} in the query: {name}=….");
    }
    let unknown = text.split_once("unknown field ").and_then(|(_, rest)| rest.split_once(", expected "));
    match unknown {
        Some((name, known)) => format!("{name} is nothing that is asked here; there is {}.", known.trim_start_matches("one of ")),
        None => format!("The query cannot be read: {text}."),
    }
}

/// The token that a request shows (RFC 6750 §2.1).
fn bearer(parts: &Parts) -> Option<&str> {
    let text = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    // RFC 9110 §11.1: schemes are the same in any case.
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

/// The body of a request, or a problem that says what is wrong with it.
struct Whole(Bytes);

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Bytes::from_request(request, state).await.map(Whole).map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let most = FORM_BYTES / (1024 * 1024);
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("A request has at most {most} MB; send it in parts."))
            }
            status => Problem::new(status, error.body_text()),
        })
    }
}

async fn other_method(method: Method) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is nothing that can be done here; /api/openapi.json says what is."))
}

async fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "There is no such address; /api/openapi.json tells of all.")
}

/// Every API route and its description.
pub fn router() -> Router<AppState> {
    let (routes, mut openapi) = OpenApiRouter::<AppState>::new()
        .merge(v1::router())
        .merge(charts::router())
        .merge(service::router())
        .merge(incidents::router())
        .merge(probe::router())
        .split_for_parts();
    openapi.info.title = "Peerage".into();
    openapi.info.version = env!("CARGO_PKG_VERSION").into();
    // The default names the author of the library that draws the description up.
    openapi.info.contact = None;
    openapi.info.license = Some(utoipa::openapi::LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build());
    openapi.info.description = Some("Peering as a service: states, directory, telemetry.".into());
    let described = get(move || {
        let openapi = openapi.clone();
        async move { Json(openapi) }
    });
    let known = routes.route("/api/openapi.json", described).method_not_allowed_fallback(other_method);
    ["/api/v1", "/api/v1/", "/api/v1/{*rest}"].into_iter().fold(known, |routes, path| routes.route(path, any(unknown)))
}
