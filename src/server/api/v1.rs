//! `/api/v1`: the portal's own API.

use super::{Asked, Problem, Whole, bearer};
use crate::server::{context::actor_of, http::AppState, views::bucket};
use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use peerage_charts::{
    picture::{Words, file},
    smoke::{Bucket, Frame},
};
use peerage_domain::{
    Timestamp,
    peering::{MACHINE, Party, StateName},
    telemetry::{RouteEvent, Sample},
};
use peerage_latency::{Histogram, Step};
use peerage_service::{
    Service,
    telemetry::{Interval, Sender},
};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(states))
        .routes(routes!(read_latency, take_latency))
        .routes(routes!(import_latency))
        .routes(routes!(take_events))
}

/// A state of a connection.
#[derive(Serialize, ToSchema)]
struct StateInfo {
    name: &'static str,
    /// Nothing leads out of it.
    is_final: bool,
    /// Who acts next: nobody, requester, provider, operator or portal.
    next: &'static str,
}

/// An allowed step.
#[derive(Serialize, ToSchema)]
struct StepInfo {
    from: &'static str,
    verb: &'static str,
    to: &'static str,
    /// Requester, Operator or Portal.
    by: &'static str,
    /// Any, Exchange, Direct or Legacy.
    flow: &'static str,
    /// On the way from request to Active.
    main: bool,
}

/// The state machine of connections.
#[derive(Serialize, ToSchema)]
struct Machine {
    states: Vec<StateInfo>,
    steps: Vec<StepInfo>,
}

/// The state machine as data: every state and every allowed step.
#[utoipa::path(get, path = "/api/v1/states", responses((status = 200, body = Machine)))]
async fn states() -> Json<Machine> {
    let state = |s: &StateName| StateInfo { name: s.word(), is_final: s.is_final(), next: s.next().word() };
    let states = StateName::ALL.iter().map(state).collect();
    let steps = MACHINE.iter().map(|s| StepInfo {
        from: s.from.word(),
        verb: s.verb.word(),
        to: s.to.word(),
        by: Party::word(s.by),
        flow: s.flow.word(),
        main: s.main,
    });
    Json(Machine { states, steps: steps.collect() })
}

/// The organisation of the bearer token (RFC 6750).
struct Token(Sender);

impl FromRequestParts<AppState> for Token {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let missing = || {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "Send your token as “Authorization: Bearer …”; the operator gives it with peerage token add.",
            )
        };
        Ok(Token(state.service.sender(bearer(parts).ok_or_else(missing)?).await?))
    }
}

/// One latency sample.
#[derive(Deserialize, ToSchema)]
#[allow(dead_code)] // describes `Sample` for the document
struct SampleBody {
    /// Series, such as `CN-1/Primary`: the connection's id, a slash, a name.
    series: String,
    /// RFC 3339, UTC.
    time: String,
    /// Milliseconds; absent or null for a lost packet.
    rtt_ms: Option<f64>,
}

/// A batch of samples.
#[derive(Deserialize, ToSchema)]
struct SampleBatch {
    #[schema(value_type = Vec<SampleBody>)]
    samples: Vec<Sample>,
}

/// What came of a batch.
#[derive(Serialize, ToSchema)]
struct ReceiptBody {
    /// Samples that were kept.
    accepted: usize,
    /// Samples that were not: index and reason.
    refused: Vec<RefusedBody>,
    /// The batch had been received before; nothing was kept twice.
    repeated: bool,
}

/// A sample that was not kept.
#[derive(Serialize, ToSchema)]
struct RefusedBody {
    index: usize,
    reason: String,
}

pub(super) fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("The body is not what is expected: {error}")))
}

/// Takes latency samples. With an `Idempotency-Key`, a batch is kept once however often it is sent.
#[utoipa::path(post, path = "/api/v1/telemetry/latency", request_body = SampleBatch,
    params(("Idempotency-Key" = Option<String>, Header, description = "Identifies the batch")),
    responses((status = 200, body = ReceiptBody), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn take_latency(
    State(service): State<Service>,
    Token(sender): Token,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Json<ReceiptBody>, Problem> {
    let batch: SampleBatch = read(&body)?;
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    // Without a key the content is the key: the same bytes twice are one batch.
    let key = key.unwrap_or_else(|| peerage_service::secrets::token_hash(&String::from_utf8_lossy(&body)));
    let receipt = service.take_samples(&sender, &key, &batch.samples).await?;
    let refused = receipt.refused.into_iter().map(|(index, reason)| RefusedBody { index, reason }).collect();
    Ok(Json(ReceiptBody { accepted: receipt.accepted, refused, repeated: receipt.repeated }))
}

/// Where a file belongs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Belongs {
    /// The connection below which its series are put, such as CN-1; needed where they do not begin with one.
    #[serde(default)]
    connection: String,
}

/// Takes a file of samples: CSV or JSON lines, results of RIPE Atlas, or the page of a smokeping_prober.
/// With an `Idempotency-Key`, a file is kept once however often it is sent.
#[utoipa::path(post, path = "/api/v1/telemetry/latency/import", params(Belongs, ("Idempotency-Key" = Option<String>, Header, description = "Identifies the file")),
    request_body(content = String, content_type = "text/plain"),
    responses((status = 200, body = ReceiptBody), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn import_latency(
    State(service): State<Service>,
    Token(sender): Token,
    Asked(belongs): Asked<Belongs>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Json<ReceiptBody>, Problem> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let key = key.unwrap_or_else(|| peerage_service::secrets::token_hash(&String::from_utf8_lossy(&body)));
    let receipt = service.import_latency(&sender, &key, belongs.connection.trim(), &body).await?;
    let refused = receipt.refused.into_iter().map(|(index, reason)| RefusedBody { index, reason }).collect();
    Ok(Json(ReceiptBody { accepted: receipt.accepted, refused, repeated: receipt.repeated }))
}

/// A batch of route events.
#[derive(Deserialize, ToSchema)]
struct EventBatch {
    #[schema(value_type = Vec<Object>)]
    events: Vec<RouteEvent>,
}

/// How many events were new.
#[derive(Serialize, ToSchema)]
struct EventReceipt {
    added: usize,
}

/// Takes route events; the same event is kept once.
#[utoipa::path(post, path = "/api/v1/telemetry/events", request_body = EventBatch,
    responses((status = 200, body = EventReceipt), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn take_events(State(service): State<Service>, Token(sender): Token, Whole(body): Whole) -> Result<Json<EventReceipt>, Problem> {
    let batch: EventBatch = read(&body)?;
    Ok(Json(EventReceipt { added: service.take_route_events(&sender, &batch.events).await? }))
}

/// Which part of a series.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Span {
    /// Name of the series.
    series: String,
    /// RFC 3339, UTC.
    from: String,
    /// RFC 3339, UTC.
    to: String,
    /// Most intervals to give; 600 by default.
    max_points: Option<usize>,
    /// `json`, or `csv` for a table.
    #[serde(default)]
    format: String,
}

/// A series in intervals.
#[derive(Serialize, ToSchema)]
struct CourseBody {
    /// Length of an interval in seconds.
    step_s: i64,
    /// Intervals with samples.
    buckets: Vec<BucketBody>,
}

/// One interval.
#[derive(Serialize, ToSchema)]
struct BucketBody {
    /// Beginning, RFC 3339.
    time: String,
    /// Round-trip times.
    n: u64,
    /// Lost packets.
    lost: u64,
    /// Percentiles 5, 25, 50, 75, 95 in ms.
    q: Option<[f64; 5]>,
}

/// Latency of one series, for somebody who is signed in.
#[utoipa::path(get, path = "/api/v1/telemetry/latency", params(Span),
    responses((status = 200, body = CourseBody), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn read_latency(State(service): State<Service>, session: Session, Asked(span): Asked<Span>) -> Result<Response, Problem> {
    let actor = actor_of(&service, &session).await?;
    let moment = |text: &str| text.parse::<Timestamp>().map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()));
    let (from, to) = (moment(&span.from)?, moment(&span.to)?);
    let (step, intervals): (Step, _) = service.latency_between(&actor, &span.series, from, to, span.max_points.unwrap_or(600)).await?;
    let body = |start: i64, histogram: &Histogram| {
        let view = bucket(start, histogram);
        BucketBody { time: Timestamp::from_secs(start).to_string(), n: view.n, lost: view.lost, q: view.q }
    };
    let course = CourseBody { step_s: step.secs(), buckets: intervals.iter().map(|i| body(i.start, &i.histogram)).collect() };
    match span.format.as_str() {
        "" | "json" => Ok(Json(course).into_response()),
        "csv" => Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], table(&course)).into_response()),
        "svg" => Ok(([(header::CONTENT_TYPE, "image/svg+xml")], picture(&span.series, (from, to), &course, &intervals)).into_response()),
        _ => Err(Problem::new(StatusCode::BAD_REQUEST, "format is json, csv or svg")),
    }
}

/// A series as a picture.
fn picture(series: &str, (from, to): (Timestamp, Timestamp), course: &CourseBody, intervals: &[Interval]) -> String {
    let (from, to) = (from.secs(), to.secs().max(from.secs() + course.step_s));
    let frame = Frame { width: 960.0, height: 220.0, left: 44.0, right: 64.0, from, to, step_s: course.step_s, at_least_ms: 1.0 };
    let bucket = |(it, kept): (&BucketBody, &Interval)| Bucket { time: kept.start, quantiles: it.q, count: it.n, lost: it.lost };
    let buckets: Vec<Bucket> = course.buckets.iter().zip(intervals).map(bucket).collect();
    let mut whole = Histogram::default();
    intervals.iter().for_each(|it| whole.merge(&it.histogram));
    let ms = |q: f64| whole.quantile(q).map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1} ms"));
    let sentence = tr!(
        picture.sentence,
        from = Timestamp::from_secs(from).minute(),
        to = Timestamp::from_secs(to).minute(),
        median = ms(0.5),
        p95 = ms(0.95),
        loss = format!("{:.1}", whole.loss().unwrap_or_default() * 100.0)
    );
    let words = Words { title: series, sentence: &sentence, loss: &tr!(chart.loss) };
    let label = |t: i64| {
        let t = Timestamp::from_secs(t);
        if to - from > 2 * 86_400 { t.short_date() } else { t.clock() }
    };
    file(&frame, &buckets, words, label)
}

/// A series as a table (RFC 4180).
fn table(course: &CourseBody) -> String {
    let mut text = "time,answered,lost,p5_ms,p25_ms,p50_ms,p75_ms,p95_ms\r\n".to_owned();
    for it in &course.buckets {
        let values = it.q.map_or_else(|| ",,,,".to_owned(), |q| q.map(|ms| format!("{ms:.4}")).join(","));
        text += &format!("{},{},{},{values}\r\n", it.time, it.n, it.lost);
    }
    text
}
