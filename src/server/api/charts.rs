//! What charts show, as data, as a table, and as a picture: series, groups, matrices and error budgets.

use super::{Asked, Problem, service::Reader};
use crate::{
    rpc::insights::{BucketView, GroupView, GroupsView, MatrixView},
    server::{
        forms::language_of,
        http::AppState,
        views::{bucket, days, groups_of, matrix_of},
        voice::in_language,
    },
    text::language,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use peerage_charts::{
    picture::{self, Matrix, Multiple, Words},
    smoke::{Bucket, Frame},
};
use peerage_domain::Timestamp;
use peerage_latency::{Histogram, LONGEST_S, Step, View, five_digits};
use peerage_service::{Service, groups::By, objectives::Kept, telemetry::Interval};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(series)).routes(routes!(groups)).routes(routes!(matrix)).routes(routes!(budget))
}

/// A chart in the form that is asked for; a picture has its words in the reader's language.
fn answer<T: Serialize>(
    format: &str,
    headers: &HeaderMap,
    data: &T,
    table: impl FnOnce() -> String,
    picture: impl FnOnce() -> String,
) -> Result<Response, Problem> {
    match format {
        "" | "json" => Ok(Json(data).into_response()),
        "csv" => Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], table()).into_response()),
        "svg" => Ok(([(header::CONTENT_TYPE, "image/svg+xml")], in_language(language_of(headers), picture)).into_response()),
        _ => Err(bad("format is json, csv or svg.")),
    }
}

fn bad(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

fn moment(text: &str) -> Result<Timestamp, Problem> {
    // A plus that is not written as %2B comes as a space.
    let text = match text.rfind(' ').filter(|at| *at > "2026-11-20 14:05".len()) {
        Some(at) => format!("{}+{}", &text[..at], &text[at + 1..]),
        None => text.to_owned(),
    };
    text.parse::<Timestamp>().map_err(|error| bad(&error.to_string()))
}

/// Two moments, of which the second lies behind the first one.
fn span(from: &str, to: &str) -> Result<(Timestamp, Timestamp), Problem> {
    let (from, to) = (moment(from)?, moment(to)?);
    if to <= from {
        return Err(bad("to has to lie behind from."));
    }
    if to.since(from) > LONGEST_S {
        return Err(bad("from and to lie more than 400 days apart, and nothing is kept for longer."));
    }
    Ok((from, to))
}

/// What lies between two moments.
fn view(from: &str, to: &str) -> Result<View, Problem> {
    let (from, to) = span(from, to)?;
    Ok(View::between(from.secs(), to.secs()))
}

/// A name as a cell of a table (RFC 4180): a spreadsheet would run what begins like a formula.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// What stands below a moment of a time axis.
fn label(t: i64, span_s: i64) -> String {
    let t = Timestamp::from_secs(t);
    if span_s > 2 * 86_400 { language().short_date(t) } else { t.clock() }
}

fn number(value: f64) -> String {
    language().number(value)
}

fn one_place(value: f64) -> String {
    language().decimal(value, 1)
}

/// Which part of a series.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Span {
    /// Name of the series.
    series: String,
    /// RFC 3339, UTC.
    from: String,
    /// RFC 3339; what begins then belongs to it no more.
    to: String,
    /// Most intervals to give, 1 to 10000, as far as none has to be longer than a day; 600 by default. Minutes are kept for 3
    /// days, ten minutes for 14, hours for 120.
    #[param(value_type = Option<usize>)]
    max_points: Option<String>,
    /// `json`, `csv` for a table, `svg` for a picture.
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
    /// Percentiles 5, 25, 50, 75, 95 in ms (with `scale=relative` in percent of the group's median), with five digits.
    q: Option<[f64; 5]>,
}

impl From<BucketView> for BucketBody {
    fn from(it: BucketView) -> Self {
        BucketBody { time: Timestamp::from_secs(it.t).to_string(), n: it.n, lost: it.lost, q: it.q.map(|q| q.map(five_digits)) }
    }
}

impl BucketBody {
    /// As a line of a table, without its end.
    fn line(&self) -> String {
        let values = self.q.map_or_else(|| ",,,,".to_owned(), |q| q.map(|value| value.to_string()).join(","));
        format!("{},{},{},{values}", self.time, self.n, self.lost)
    }
}

/// The columns of [`BucketBody::line`].
const COLUMNS: &str = "time,answered,lost,p5_ms,p25_ms,p50_ms,p75_ms,p95_ms";

/// Intervals as a picture takes them.
fn drawn<'a>(all: impl Iterator<Item = &'a BucketView>) -> Vec<Bucket> {
    all.map(|it| Bucket { time: it.t, quantiles: it.q, count: it.n, lost: it.lost }).collect()
}

/// Latency of one series.
#[utoipa::path(get, path = "/api/v1/telemetry/latency", params(Span),
    responses((status = 200, body = CourseBody), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn series(
    State(service): State<Service>,
    Reader(actor): Reader,
    headers: HeaderMap,
    Asked(ask): Asked<Span>,
) -> Result<Response, Problem> {
    let (from, to) = span(&ask.from, &ask.to)?;
    let points = ask.max_points.as_deref().map_or(Some(600), |it| it.parse().ok()).filter(|it| (1..=10_000).contains(it));
    let points = points.ok_or_else(|| bad("max_points is a number from 1 to 10000."))?;
    let (step, intervals): (Step, _) = service.latency_between(&actor, &ask.series, from, to, points).await?;
    let buckets = intervals.iter().map(|i| bucket(i.start, &i.histogram).into()).collect();
    let course = CourseBody { step_s: step.secs(), buckets };
    let table = || course.buckets.iter().fold(format!("{COLUMNS}\r\n"), |text, it| text + &it.line() + "\r\n");
    answer(&ask.format, &headers, &course, table, || series_picture(&ask.series, (from, to), step, &intervals))
}

fn series_picture(name: &str, (from, to): (Timestamp, Timestamp), step: Step, intervals: &[Interval]) -> String {
    let (from, to) = (from.secs(), to.secs().max(from.secs() + step.secs()));
    let frame = Frame { width: 960.0, height: 220.0, left: 44.0, right: 64.0, from, to, step_s: step.secs(), at_least_ms: 1.0 };
    let views: Vec<BucketView> = intervals.iter().map(|it| bucket(it.start, &it.histogram)).collect();
    let mut whole = Histogram::default();
    intervals.iter().for_each(|it| whole.merge(&it.histogram));
    let ms = |q: f64| language().ms(whole.quantile(q));
    let sentence = tr!(
        picture.sentence,
        from = Timestamp::from_secs(from).minute(),
        to = Timestamp::from_secs(to).minute(),
        median = ms(0.5),
        p95 = ms(0.95),
        loss = whole.loss().map_or_else(|| "–".to_owned(), |loss| one_place(loss * 100.0))
    );
    let words = Words { title: name, sentence: &sentence, loss: &tr!(chart.loss) };
    picture::file(&frame, &drawn(views.iter()), words, number, |t| label(t, to - from))
}

/// How series are put together.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Together {
    /// `provider`, `location` or `probe`.
    by: String,
    /// RFC 3339, UTC.
    from: String,
    /// RFC 3339, UTC.
    to: String,
    /// `absolute` (the default) gives intervals in ms, `relative` in percent of each group's own median.
    #[serde(default)]
    scale: String,
    /// `json`, `csv` for a table, `svg` for a picture.
    #[serde(default)]
    format: String,
}

/// Series that have something in common.
#[derive(Serialize, ToSchema)]
struct GroupBody {
    /// What they have in common.
    name: String,
    /// How many there are.
    series: usize,
    /// Median in ms.
    median_ms: Option<f64>,
    /// 95th percentile in ms.
    p95_ms: Option<f64>,
    /// Median of the time before in ms.
    before_ms: Option<f64>,
    /// Share of lost packets, 0 to 1.
    loss: Option<f64>,
    /// Intervals with samples.
    buckets: Vec<BucketBody>,
}

/// Groups of series, the slowest first.
#[derive(Serialize, ToSchema)]
struct GroupsBody {
    /// Length of an interval in seconds.
    step_s: i64,
    groups: Vec<GroupBody>,
}

/// Latency by provider, location or probe.
#[utoipa::path(get, path = "/api/v1/telemetry/groups", params(Together),
    responses((status = 200, body = GroupsBody), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn groups(
    State(service): State<Service>,
    Reader(actor): Reader,
    headers: HeaderMap,
    Asked(ask): Asked<Together>,
) -> Result<Response, Problem> {
    let by = By::of(&ask.by).ok_or_else(|| bad("by is provider, location or probe."))?;
    let relative = match ask.scale.as_str() {
        "" | "absolute" => false,
        "relative" => true,
        _ => return Err(bad("scale is absolute or relative.")),
    };
    let mut found = groups_of(&service, &actor, by, view(&ask.from, &ask.to)?).await?;
    if relative {
        found.groups = found.groups.iter().map(GroupView::relative).collect();
    }
    let body = |it: &GroupView| GroupBody {
        name: it.name.clone(),
        series: it.series,
        median_ms: it.ms.0.map(five_digits),
        p95_ms: it.ms.1.map(five_digits),
        before_ms: it.before_ms.map(five_digits),
        loss: it.loss,
        buckets: it.buckets.iter().copied().map(Into::into).collect(),
    };
    let data = GroupsBody { step_s: found.step_s, groups: found.groups.iter().map(body).collect() };
    let lines = |it: &GroupBody| it.buckets.iter().map(|bucket| format!("{},{}\r\n", cell(&it.name), bucket.line())).collect::<String>();
    let columns = if relative { COLUMNS.replace("_ms", "_percent") } else { COLUMNS.to_owned() };
    let table = || format!("group,{columns}\r\n") + &data.groups.iter().map(lines).collect::<String>();
    answer(&ask.format, &headers, &data, table, || groups_picture(&found, relative))
}

fn groups_picture(found: &GroupsView, relative: bool) -> String {
    let frame = Frame {
        width: 300.0,
        height: 110.0,
        left: 40.0,
        right: 8.0,
        from: found.from,
        to: found.to,
        step_s: found.step_s,
        at_least_ms: 1.0,
    };
    let multiples: Vec<Multiple> = found
        .groups
        .iter()
        .map(|it| Multiple {
            value: language().ms(it.ms.0),
            buckets: drawn(it.buckets.iter()),
            earlier: it.earlier.clone(),
            name: it.name.clone(),
        })
        .collect();
    let span = tr!(chart.span, from = Timestamp::from_secs(found.from).minute(), to = Timestamp::from_secs(found.to).minute());
    let sentence = format!("{span} · {}", if relative { tr!(groups.relative) } else { tr!(groups.absolute) });
    let words = Words { title: &tr!(groups.title), sentence: &sentence, loss: "" };
    picture::multiples(&frame, found.earlier_step_s, &multiples, words, number, |t| label(t, found.to - found.from))
}

/// Which matrix.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `hours` by weekday and hour (UTC), `places` by probe and location.
    of: String,
    /// RFC 3339, UTC.
    from: String,
    /// RFC 3339, UTC.
    to: String,
    /// `json`, `csv` for a table, `svg` for a picture.
    #[serde(default)]
    format: String,
}

/// Medians by row and column.
#[derive(Serialize, ToSchema)]
struct MatrixBody {
    /// Names of the rows.
    rows: Vec<String>,
    /// Names of the columns.
    columns: Vec<String>,
    /// Medians in ms, a row after another; null where nothing was measured.
    ms: Vec<Option<f64>>,
    /// Which of them rest on fewer than fifty answers.
    few: Vec<bool>,
}

/// Latency as a matrix.
#[utoipa::path(get, path = "/api/v1/telemetry/matrix", params(Which),
    responses((status = 200, body = MatrixBody), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn matrix(
    State(service): State<Service>,
    Reader(actor): Reader,
    headers: HeaderMap,
    Asked(ask): Asked<Which>,
) -> Result<Response, Problem> {
    let by_hour = match ask.of.as_str() {
        "hours" => true,
        "places" => false,
        _ => return Err(bad("of is hours or places.")),
    };
    let view = view(&ask.from, &ask.to)?;
    if by_hour && view.bounds(service.clock().now().secs()).2 > Step::Hour {
        return Err(bad("Hours are told apart in spans of up to 30 days within the last 120 days; choose one of those."));
    }
    let found = matrix_of(&service, &actor, by_hour, view).await?;
    let MatrixView { rows, columns, ms, few } = found.unwrap_or_default();
    let data = MatrixBody { rows, columns, ms: ms.into_iter().map(|ms| ms.map(five_digits)).collect(), few };
    let table = || {
        let heads: String = data.columns.iter().map(|name| format!(",{}", cell(name))).collect();
        let width = data.columns.len().max(1);
        let line = |(name, values): (&String, &[Option<f64>])| {
            let values: String = values.iter().map(|ms| ms.map_or_else(|| ",".to_owned(), |ms| format!(",{ms}"))).collect();
            format!("{}{values}\r\n", cell(name))
        };
        format!("{}{heads}\r\n", cell(&ask.of)) + &data.rows.iter().zip(data.ms.chunks(width)).map(line).collect::<String>()
    };
    let draw = || {
        let names = if by_hour { days() } else { data.rows.clone() };
        let title = if by_hour { tr!(insights.hours) } else { tr!(insights.places) };
        let sentence = if by_hour { tr!(insights.hours_about) } else { tr!(insights.places_about) };
        let table = Matrix { rows: &names, columns: &data.columns, values: &data.ms, few: &data.few };
        picture::matrix(&table, Words { title: &title, sentence: &sentence, loss: "" }, one_place)
    };
    answer(&ask.format, &headers, &data, table, draw)
}

/// Whose budget.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// The connection's id.
    connection: String,
    /// `json`, `csv` for a table, `svg` for a picture.
    #[serde(default)]
    format: String,
}

/// The error budget of a connection over thirty days.
#[derive(Serialize, ToSchema)]
struct BudgetBody {
    /// Within how many ms packets have to come back.
    within_ms: f64,
    /// Share of them, 0 to 1.
    share: f64,
    /// Packets that were sent.
    sent: u64,
    /// Packets that were lost or late.
    failed: u64,
    /// Share of the budget that is spent; 1 is all of it.
    spent: f64,
    /// The same by the end of each day.
    days: Vec<DayBody>,
}

/// One day of a budget.
#[derive(Serialize, ToSchema)]
struct DayBody {
    /// Such as 2026-11-20, UTC.
    day: String,
    spent: f64,
}

/// The error budget of a connection that has an objective.
#[utoipa::path(get, path = "/api/v1/telemetry/budget", params(Whose),
    responses((status = 200, body = BudgetBody), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn budget(
    State(service): State<Service>,
    Reader(actor): Reader,
    headers: HeaderMap,
    Asked(ask): Asked<Whose>,
) -> Result<Response, Problem> {
    let none = || Problem::new(StatusCode::NOT_FOUND, "The connection has no objective; a customer sets it on its page.");
    let kept: Kept = service.level(&actor, &ask.connection).await?.kept.ok_or_else(none)?;
    let days = kept.course.iter().map(|(at, spent)| DayBody { day: Timestamp::from_secs(*at).iso_date(), spent: *spent });
    let data = BudgetBody {
        within_ms: kept.objective.within_ms,
        share: kept.objective.share,
        sent: kept.budget.sent,
        failed: kept.budget.failed,
        spent: kept.budget.spent,
        days: days.collect(),
    };
    let table = || data.days.iter().fold("day,spent\r\n".to_owned(), |text, it| text + &format!("{},{:.6}\r\n", it.day, it.spent));
    let now = service.clock().now();
    let draw = || {
        let title = format!("{} · {}", ask.connection, tr!(level.title));
        let spent = language().decimal(data.spent * 100.0, 0);
        let words = Words { title: &title, sentence: &tr!(level.spent, n = spent), loss: "" };
        let percent = |value: f64| language().spent(value);
        picture::budget(&kept.course, now.plus_secs(-30 * 86_400).secs(), now.secs(), words, percent, |t| label(t, 30 * 86_400))
    };
    answer(&ask.format, &headers, &data, table, draw)
}
