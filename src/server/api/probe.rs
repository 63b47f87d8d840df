//! `/api/v1/probe`: what probes' agents say and are told.

use super::{Problem, Whole, bearer};
use crate::server::{api::v1::read, http::AppState};
use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::{HeaderMap, StatusCode, request::Parts},
};
use peerage_domain::probe::{Enrol, Enrolled, Orders, Probe, Report, Results, Trace};
use peerage_service::Service;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(enrol)).routes(routes!(orders)).routes(routes!(results)).routes(routes!(take_trace))
}

/// The probe of the bearer token (RFC 6750).
struct Agent(Probe);

impl FromRequestParts<AppState> for Agent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let missing = || Problem::new(StatusCode::UNAUTHORIZED, "Only a probe's agent asks here; it has its token from its enrolment.");
        Ok(Agent(state.service.probe_of(bearer(parts).ok_or_else(missing)?).await?))
    }
}

/// Makes an agent known by the code that a person was given. The same code and token twice come to the same.
#[utoipa::path(post, path = "/api/v1/probe/enrol", request_body = Object,
    responses((status = 200, body = Object), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn enrol(State(service): State<Service>, Whole(body): Whole) -> Result<Json<Enrolled>, Problem> {
    let ask: Enrol = read(&body)?;
    Ok(Json(service.enrol_probe(&ask).await?))
}

/// What an agent has to measure; it says how it does.
#[utoipa::path(post, path = "/api/v1/probe/orders", request_body = Object,
    responses((status = 200, body = Object), (status = 401, body = Problem)))]
async fn orders(State(service): State<Service>, Agent(probe): Agent, Whole(body): Whole) -> Result<Json<Orders>, Problem> {
    let report: Report = read(&body)?;
    Ok(Json(service.probe_orders(&probe, report).await?))
}

/// What came of a batch of measurements.
#[derive(Serialize, ToSchema)]
struct Kept {
    /// Measurements that were kept.
    accepted: usize,
    /// Those that were not: index and reason.
    refused: Vec<(usize, String)>,
    /// The batch had been received before; nothing was kept twice.
    repeated: bool,
}

/// Takes what an agent measured. A batch is kept once however often it is sent.
#[utoipa::path(post, path = "/api/v1/probe/results", request_body = Object,
    params(("Idempotency-Key" = String, Header, description = "The batch's name, which it keeps")),
    responses((status = 200, body = Kept), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn results(
    State(service): State<Service>,
    Agent(probe): Agent,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Json<Kept>, Problem> {
    let batch: Results = read(&body)?;
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let receipt = service.take_results(&probe, key, &batch.results).await?;
    Ok(Json(Kept { accepted: receipt.accepted, refused: receipt.refused, repeated: receipt.repeated }))
}

/// Takes a path that somebody asked for.
#[utoipa::path(post, path = "/api/v1/probe/traces/{id}", request_body = Object, params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn take_trace(
    State(service): State<Service>,
    Agent(probe): Agent,
    Path(id): Path<String>,
    Whole(body): Whole,
) -> Result<Json<serde_json::Value>, Problem> {
    let trace: Trace = read(&body)?;
    service.take_trace(&probe, &id, trace).await?;
    Ok(Json(serde_json::json!({})))
}
