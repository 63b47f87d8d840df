//! Peering Service in the API: prefixes with their states as the reference names them, sessions with
//! their metrics, and the same for Prometheus.

use super::{Asked, Problem, bearer};
use crate::server::{context::actor_of, http::AppState};
use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::{HeaderName, StatusCode, header, request::Parts},
};
use peerage_domain::{Finding, Verdict, catalogue::Query, service::ValidationState};
use peerage_service::{Actor, Service};
use peerage_storage::service::StoredVerdict;
use serde::Serialize;
use tower_sessions::Session;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(prefixes)).routes(routes!(registered_prefixes)).routes(routes!(sessions))
}

/// Who reads: by a bearer token (RFC 6750) the organisation that it was given to, else who is signed in.
pub struct Reader(pub(super) Actor);

impl FromRequestParts<AppState> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        if let Some(token) = bearer(parts) {
            return Ok(Reader(state.service.reader(token).await?));
        }
        let session = Session::from_request_parts(parts, state).await.map_err(|(status, why)| Problem::new(status, why))?;
        Ok(Reader(actor_of(&state.service, &session).await?))
    }
}

/// A rule that does not simply pass.
#[derive(Serialize, ToSchema)]
struct RuleBody {
    code: String,
    /// pass, warn, fail or unknown.
    verdict: &'static str,
    sentence: String,
    /// Who acts next: nobody, requester, provider, operator or portal.
    next: &'static str,
}

/// A prefix with how it is judged.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PrefixBody {
    prefix: String,
    /// Pending, Verified, Warning, Failed, Invalid or Unknown.
    prefix_validation_state: &'static str,
    /// None, ViaServiceProvider or ViaSession.
    learned_type: &'static str,
    /// What matters most, where something is wrong.
    error_message: Option<String>,
    /// Since when it is judged so, RFC 3339.
    since: Option<String>,
    /// Every rule.
    rules: Vec<RuleBody>,
}

fn rule(finding: &Finding) -> RuleBody {
    RuleBody {
        code: finding.code.clone(),
        verdict: finding.verdict.word(),
        sentence: finding.sentence.to_string(),
        next: finding.next.word(),
    }
}

fn body(prefix: String, verdict: Option<&StoredVerdict>) -> PrefixBody {
    let it = verdict.map(|verdict| &verdict.judgement);
    let wrong = it.and_then(|it| it.first()).filter(|finding| finding.verdict != Verdict::Pass);
    PrefixBody {
        prefix,
        prefix_validation_state: it.map(|it| it.state).unwrap_or_default().word(),
        learned_type: it.map(|it| it.learned).unwrap_or_default().word(),
        error_message: wrong.map(|finding| finding.sentence.to_string()),
        since: verdict.map(|verdict| verdict.at.to_string()),
        rules: it.map(|it| it.findings.iter().map(rule).collect()).unwrap_or_default(),
    }
}

/// A part of a list.
#[derive(Serialize, ToSchema)]
struct PrefixList {
    items: Vec<PrefixBody>,
    /// How many there are in all.
    total: u64,
}

/// Which part of a list.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Part {
    /// Rows to skip.
    #[serde(default)]
    offset: u32,
    /// A validation state, such as Failed.
    #[serde(default)]
    state: String,
}

impl Part {
    fn query(self) -> Result<Query, Problem> {
        let known = ValidationState::ALL.into_iter().find(|state| state.word().eq_ignore_ascii_case(&self.state));
        let words = || ValidationState::ALL.map(ValidationState::word).join(", ");
        let kind = match known {
            None if !self.state.is_empty() => return Err(Problem::new(StatusCode::BAD_REQUEST, format!("state is one of {}", words()))),
            known => known.map(|state| state.word().to_owned()).unwrap_or_default(),
        };
        Ok(Query { offset: self.offset, kind, ..Query::default() })
    }
}

/// The prefixes of a connection, 25 at a time.
#[utoipa::path(get, path = "/api/v1/connections/{id}/prefixes", params(("id" = String, Path), Part),
    responses((status = 200, body = PrefixList), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn prefixes(
    State(service): State<Service>,
    Reader(actor): Reader,
    Path(id): Path<String>,
    Asked(part): Asked<Part>,
) -> Result<Json<PrefixList>, Problem> {
    let found = service.prefixes_of(&actor, &id, &part.query()?).await?;
    let mut items = vec![];
    for row in &found.items {
        items.push(body(row.prefix.to_string(), service.verdict_of(&id, row.prefix).await?.as_ref()));
    }
    Ok(Json(PrefixList { items, total: found.total }))
}

/// A prefix that a partner registered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RegisteredBody {
    id: String,
    name: String,
    /// The ASN that originates it.
    origin_asn: u32,
    peering: String,
    #[serde(flatten)]
    judged: PrefixBody,
}

/// A part of the registered prefixes.
#[derive(Serialize, ToSchema)]
struct RegisteredList {
    items: Vec<RegisteredBody>,
    /// How many there are in all.
    total: u64,
}

/// The prefixes that the organisation registered, 25 at a time.
#[utoipa::path(get, path = "/api/v1/registered-prefixes", params(Part),
    responses((status = 200, body = RegisteredList), (status = 401, body = Problem)))]
async fn registered_prefixes(
    State(service): State<Service>,
    Reader(actor): Reader,
    Asked(part): Asked<Part>,
) -> Result<Json<RegisteredList>, Problem> {
    let found = service.registrations(&actor, &part.query()?).await?;
    let total = found.total;
    let one = |row: peerage_service::registrations::RegistrationRow| RegisteredBody {
        judged: body(row.it.prefix.to_string(), row.verdict.as_ref()),
        id: row.it.id,
        name: row.it.name,
        origin_asn: row.it.origin.0,
        peering: row.it.peering,
    };
    Ok(Json(RegisteredList { items: found.items.into_iter().map(one).collect(), total }))
}

/// A session with what the reference service measures of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionBody {
    /// Such as PR-88/1/v4: peering, connection, family.
    id: String,
    session_ip: String,
    location: String,
    /// Whether it is Established; null while the router does not tell.
    up: Option<bool>,
    /// Share of the last day in which it was Established, of the time that is known, 0 to 1.
    session_availability: Option<f64>,
    /// How often it went down.
    flap_counts: Option<u64>,
    prefixes_accepted: u64,
    prefixes_refused: u64,
    prefixes_limit: Option<u32>,
}

/// The sessions of the organisation's peerings.
#[utoipa::path(get, path = "/api/v1/sessions", responses((status = 200, body = Vec<SessionBody>), (status = 401, body = Problem)))]
async fn sessions(State(service): State<Service>, Reader(actor): Reader) -> Result<Json<Vec<SessionBody>>, Problem> {
    let all = service.session_metrics(&actor).await?.into_iter().map(|it| SessionBody {
        id: it.id,
        session_ip: it.address.to_string(),
        location: it.location,
        up: it.up,
        session_availability: it.availability.0,
        flap_counts: it.flaps,
        prefixes_accepted: it.prefixes.0,
        prefixes_refused: it.prefixes.1,
        prefixes_limit: it.prefixes.2,
    });
    Ok(Json(all.collect()))
}

/// `GET /metrics`: for Prometheus, with a token of the operator's organisation or as an operator.
///
/// # Errors
/// When nobody asks whom it concerns.
pub async fn metrics(State(service): State<Service>, Reader(actor): Reader) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let text = service.prometheus(&actor).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}
