//! Incidents in the API, what is expected, and sightings from collectors and recordings.

use super::{Asked, Problem, Whole, service::Reader};
use crate::server::http::AppState;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    incident::{Expected, Family, Incident, Measured, Part, Replay, Seen, sentence},
    sighting::Hop,
};
use peerage_feeds::sightings;
use peerage_service::{Error, Service};
use peerage_storage::{Page, incidents::IncidentFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one)).routes(routes!(expectations)).routes(routes!(sight))
}

/// An incident.
#[derive(Serialize, ToSchema)]
struct IncidentBody {
    id: String,
    /// What happened, in one sentence.
    sentence: String,
    /// Information, Warning, Error or Critical.
    level: String,
    /// hijack, leak, loss, rpki, announcement or path.
    family: &'static str,
    /// Such as sub-prefix: the kind of its worst part.
    r#type: &'static str,
    #[schema(value_type = String)]
    prefix: Prefix,
    /// How many prefixes are concerned.
    prefixes: u32,
    #[schema(value_type = Option<u32>)]
    by: Option<Asn>,
    /// In percent, at most.
    confidence: i32,
    /// How many saw it, at most.
    vantage_points: u32,
    /// RFC 3339.
    #[schema(value_type = String)]
    opened: Timestamp,
    /// RFC 3339; null while it lasts.
    #[schema(value_type = Option<String>)]
    closed: Option<Timestamp>,
    /// Name of the recording, where it is a replay.
    replay: Option<String>,
    /// Who looks after it.
    acknowledged_by: Option<String>,
}

impl From<&Incident> for IncidentBody {
    fn from(it: &Incident) -> Self {
        IncidentBody {
            id: it.id.clone(),
            sentence: sentence(&it.worst).english().to_owned(),
            level: format!("{:?}", it.level()),
            family: it.family.word(),
            r#type: it.worst.kind.word(),
            prefix: it.worst.prefix,
            prefixes: it.prefixes,
            by: it.by,
            confidence: it.peak,
            vantage_points: it.vantages,
            opened: it.opened,
            closed: it.closed,
            replay: it.replay.as_ref().map(|replay| replay.name.clone()),
            acknowledged_by: it.acknowledged.as_ref().map(|by| by.who.clone()),
        }
    }
}

/// A part of the incidents.
#[derive(Serialize, ToSchema)]
struct IncidentList {
    items: Vec<IncidentBody>,
    /// How many there are in all.
    total: u64,
}

/// Which incidents.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// open or closed; both without.
    #[serde(default)]
    state: String,
    /// hijack, leak, loss, rpki, announcement or path.
    #[serde(default)]
    family: String,
    /// Part of a prefix, an ASN or an id.
    #[serde(default)]
    search: String,
    /// Rows to skip.
    #[serde(default)]
    offset: u32,
}

/// The incidents that one may see, latest first, 25 at a time.
#[utoipa::path(get, path = "/api/v1/incidents", params(Which),
    responses((status = 200, body = IncidentList), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn list(State(service): State<Service>, Reader(actor): Reader, Asked(which): Asked<Which>) -> Result<Json<IncidentList>, Problem> {
    if !["", "open", "closed"].contains(&which.state.as_str()) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "state is open or closed"));
    }
    if !which.family.is_empty() && Family::of(&which.family).is_none() {
        let words = Family::ALL.map(Family::word).join(", ");
        return Err(Problem::new(StatusCode::BAD_REQUEST, format!("family is one of {words}")));
    }
    let filter = IncidentFilter { state: which.state, family: which.family, search: which.search, ..IncidentFilter::of(None) };
    let found = service.incidents(&actor, filter, Page { offset: which.offset, limit: 25 }).await?;
    Ok(Json(IncidentList { items: found.items.iter().map(IncidentBody::from).collect(), total: found.total }))
}

/// A reason.
#[derive(Serialize, ToSchema)]
struct ReasonBody {
    /// Percent points.
    weight: i8,
    text: String,
}

/// A part of an incident: one kind of thing that happened to one prefix.
#[derive(Serialize, ToSchema)]
struct PartBody {
    #[schema(value_type = String)]
    prefix: Prefix,
    r#type: &'static str,
    #[schema(value_type = Object)]
    expected: Expected,
    #[schema(value_type = Option<u32>)]
    origin: Option<Asn>,
    /// Who does it, where somebody does.
    #[schema(value_type = Option<u32>)]
    by: Option<Asn>,
    /// From whom that one has the route.
    #[schema(value_type = Option<u32>)]
    from: Option<Asn>,
    /// To whom that one passes it on.
    #[schema(value_type = Option<u32>)]
    to: Option<Asn>,
    /// What most vantage points have, nearest AS first.
    #[schema(value_type = Vec<Object>)]
    path: Vec<Hop>,
    confidence: i32,
    reasons: Vec<ReasonBody>,
    #[schema(value_type = String)]
    since: Timestamp,
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Who saw it when it was shown best, with the raw paths.
    #[schema(value_type = Vec<Object>)]
    seen: Vec<Seen>,
    /// What was measured of which connection, where packets and not routes show it.
    #[schema(value_type = Option<Object>)]
    measured: Option<Measured>,
}

impl From<Part> for PartBody {
    fn from(it: Part) -> Self {
        let (from, to) = it.around();
        PartBody {
            prefix: it.prefix,
            r#type: it.kind.word(),
            origin: it.origin,
            by: it.by,
            from,
            to,
            path: it.path().to_vec(),
            confidence: it.confidence(),
            reasons: it.reasons.iter().map(|reason| ReasonBody { weight: reason.weight, text: reason.text.english().to_owned() }).collect(),
            since: it.since,
            until: it.until,
            expected: it.expected,
            seen: it.seen,
            measured: it.measured,
        }
    }
}

/// An incident with its parts.
#[derive(Serialize, ToSchema)]
struct DetailBody {
    #[serde(flatten)]
    incident: IncidentBody,
    parts: Vec<PartBody>,
}

/// One incident with its evidence.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", params(("id" = String, Path)),
    responses((status = 200, body = DetailBody), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn one(State(service): State<Service>, Reader(actor): Reader, Path(id): Path<String>) -> Result<Json<DetailBody>, Problem> {
    let found = service.incident(&actor, &id, None).await?;
    let parts = found.parts.into_iter().map(PartBody::from).collect();
    Ok(Json(DetailBody { incident: IncidentBody::from(&found.incident), parts }))
}

/// What is expected of a prefix.
#[derive(Serialize, ToSchema)]
struct ExpectBody {
    #[schema(value_type = String)]
    prefix: Prefix,
    #[schema(value_type = Vec<u32>)]
    origins: Vec<Asn>,
    #[schema(value_type = Option<Vec<u32>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    upstreams: Option<Vec<Asn>>,
    max_length: u8,
}

/// What is expected, as `peerage watch replay --expect` reads it.
#[derive(Serialize, ToSchema)]
struct ExpectList {
    prefixes: Vec<ExpectBody>,
}

/// What is expected of the prefixes that one may see.
#[utoipa::path(get, path = "/api/v1/expectations", responses((status = 200, body = ExpectList), (status = 401, body = Problem)))]
async fn expectations(State(service): State<Service>, Reader(actor): Reader) -> Result<Json<ExpectList>, Problem> {
    let all = service.expectations(&actor).await?.into_iter();
    let one = |it: peerage_service::lookout::Expects| ExpectBody {
        prefix: it.prefix,
        origins: it.origins,
        upstreams: it.upstreams,
        max_length: it.longest,
    };
    Ok(Json(ExpectList { prefixes: all.map(one).collect() }))
}

/// How sightings are meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Meant {
    /// Name of the recording that is replayed; without it they are live.
    replay: Option<String>,
    /// By how many seconds the recording was moved, to happen now.
    #[serde(default)]
    moved_s: i64,
    /// Whether alerts tell of what the replay shows.
    #[serde(default)]
    tell: bool,
    /// Whether a replay begins with these: where there was one of this name, it gets another one.
    #[serde(default)]
    begin: bool,
    /// Whether the replay is over with these.
    #[serde(default)]
    end: bool,
}

/// A hundred years, in seconds.
const LONGEST_MOVE_S: u64 = 100 * 366 * 86_400;

/// What came of a batch.
#[derive(Serialize, ToSchema)]
struct TakenBody {
    /// Sightings of watched prefixes.
    watched: usize,
    /// Findings that opened, changed or ended.
    findings: usize,
    /// The name under which a replay goes on.
    replay: Option<String>,
}

/// Takes what vantage points saw, one JSON object a line, in the order of time; the operator's
/// token is needed. A batch that is sent again changes nothing.
#[utoipa::path(post, path = "/api/v1/watch/sightings", params(Meant), request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = TakenBody), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem), (status = 413, body = Problem)))]
async fn sight(
    State(service): State<Service>,
    Reader(actor): Reader,
    Asked(meant): Asked<Meant>,
    Whole(body): Whole,
) -> Result<Json<TakenBody>, Problem> {
    let bad = |why: String| Problem::new(StatusCode::BAD_REQUEST, why);
    let body = std::str::from_utf8(&body).map_err(|error| bad(format!("it is no text: {error}")))?;
    let all = sightings::read(body).map_err(|error| bad(error.to_string()))?;
    let name = meant.replay.as_deref().unwrap_or_default().trim().to_owned();
    if meant.replay.is_some() && name.is_empty() {
        return Err(bad("a replay has a name; without the parameter sightings are live".into()));
    }
    if name.chars().count() > 100 || name.chars().any(peerage_domain::is_invisible) {
        return Err(bad("the name of a replay has at most 100 visible characters".into()));
    }
    let replay = (!name.is_empty()).then(|| Replay { name: name.clone(), moved_s: meant.moved_s, told: meant.tell });
    if (meant.end || meant.begin) && replay.is_none() {
        return Err(Error::Refused(peerage_domain::say!("sight.end", "Only a replay begins and ends; name it.")).into());
    }
    if meant.moved_s.unsigned_abs() > LONGEST_MOVE_S {
        return Err(bad("moved_s is at most a hundred years".into()));
    }
    let replay = match replay {
        Some(replay) if meant.begin => Some(Replay { name: service.new_replay_as(&actor, &replay.name).await?, ..replay }),
        other => other,
    };
    let name = replay.as_ref().map(|replay| replay.name.clone());
    let taken = service.sight_as(&actor, replay, all).await?;
    if let Some(name) = name.as_ref().filter(|_| meant.end) {
        service.end_replay_as(&actor, name).await?;
    }
    Ok(Json(TakenBody { watched: taken.watched, findings: taken.findings, replay: name }))
}
