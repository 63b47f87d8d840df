//! `/api/v1`: the portal's own API.

use super::{Asked, Problem, Whole, bearer};
use crate::server::http::AppState;
use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{HeaderMap, StatusCode, request::Parts},
};
use peerage_domain::{
    peering::{MACHINE, Party, StateName},
    telemetry::RouteEvent,
};
use peerage_feeds::samples;
use peerage_service::{Service, imports::FileReceipt, telemetry::Sender};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(states)).routes(routes!(take_latency)).routes(routes!(import_latency)).routes(routes!(take_events))
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
    /// RFC 3339.
    time: String,
    /// Milliseconds, at least 0.001 and less than 60000; null for a lost packet.
    #[schema(required = true)]
    rtt_ms: Option<f64>,
}

/// A batch of samples.
#[derive(Deserialize, ToSchema)]
struct SampleBatch {
    #[schema(value_type = Vec<SampleBody>)]
    samples: Vec<Box<RawValue>>,
}

/// What came of a batch.
#[derive(Serialize, ToSchema)]
struct ReceiptBody {
    /// Samples that were kept.
    accepted: usize,
    /// Samples that were not: where they stand, and why.
    refused: Vec<RefusedBody>,
    /// The batch had been received before; nothing was kept twice.
    repeated: bool,
}

/// A sample that was not kept.
#[derive(Serialize, ToSchema)]
struct RefusedBody {
    /// Its index in the batch, from 0.
    index: usize,
    reason: String,
}

/// What came of a file.
#[derive(Serialize, ToSchema)]
struct FileReceiptBody {
    /// Samples that were kept; of the page of a smokeping_prober, packets.
    accepted: usize,
    /// Lines that were not, and why; of lines that cannot be read the first hundred.
    refused: Vec<RefusedLineBody>,
    /// How many there are in all.
    refused_count: usize,
    /// Samples that count although series, time and value are the same as on a line before.
    alike: u64,
    /// The line of the first of them.
    first_alike: Option<u64>,
    /// The file had been received before; nothing was kept twice.
    repeated: bool,
}

/// A line of which nothing was kept.
#[derive(Serialize, ToSchema)]
struct RefusedLineBody {
    /// Its number, from 1.
    line: usize,
    reason: String,
}

pub(super) fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // An array would be taken for the fields of an object, one after another.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "The body is no JSON object."));
    }
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
    // What cannot be read is refused by itself: the others are kept.
    let (mut samples, mut positions, mut refused) = (vec![], vec![], vec![]);
    for (index, sample) in batch.samples.iter().enumerate() {
        match samples::sample(sample.get()) {
            Ok(sample) => {
                samples.push(sample);
                positions.push(index);
            }
            Err(reason) => refused.push(RefusedBody { index, reason }),
        }
    }
    let receipt = service.take_samples(&sender, &key, &samples).await?;
    refused.extend(receipt.refused.into_iter().map(|(at, reason)| RefusedBody { index: positions[at], reason }));
    refused.sort_by_key(|it| it.index);
    Ok(Json(ReceiptBody { accepted: receipt.accepted, refused, repeated: receipt.repeated }))
}

/// Where a file belongs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
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
    responses((status = 200, body = FileReceiptBody), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn import_latency(
    State(service): State<Service>,
    Token(sender): Token,
    Asked(belongs): Asked<Belongs>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Json<FileReceiptBody>, Problem> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let connection = belongs.connection.trim();
    // The same file of another connection is another one.
    let content = || peerage_service::secrets::token_hash(&format!("{connection}\n{}", String::from_utf8_lossy(&body)));
    let found = service.import_latency(&sender, &key.unwrap_or_else(content), connection, &body).await?;
    let FileReceipt { receipt, unread, alike, first_alike } = found;
    let refused_count = receipt.refused.len() + unread;
    let refused = receipt.refused.into_iter().map(|(line, reason)| RefusedLineBody { line, reason }).collect();
    Ok(Json(FileReceiptBody { accepted: receipt.accepted, refused, refused_count, alike, first_alike, repeated: receipt.repeated }))
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
    let mut batch: EventBatch = read(&body)?;
    // What the portal says itself nobody else says for it.
    batch.events.iter_mut().for_each(|event| event.text = None);
    Ok(Json(EventReceipt { added: service.take_route_events(&sender, &batch.events).await? }))
}
