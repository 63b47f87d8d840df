//! Latency over a window or a span: courses, matrices, and before and after; all from merged histograms.

use crate::{
    rpc::{
        Failure,
        insights::{BucketView, CourseView, LatencyView, MatrixView, ProofView, ZoomView},
    },
    server::context::asked,
};
use peerage_charts::heat::hour_of_week;
use peerage_domain::{Timestamp, access::Action};
use peerage_latency::{Histogram, View, Window};
use peerage_service::telemetry::Course;
use peerage_storage::Page;
use std::collections::{BTreeMap, BTreeSet};

/// Shortest span that is drawn, in seconds.
const SHORTEST_S: i64 = 600;

/// What a page looks at, by its word in the address: a window's, or two moments like
/// `2026-11-01T00:00Z..2026-11-02T00:00Z`, in UTC. Anything else is the last day.
fn view_of(word: &str) -> View {
    // A browser's own field for a moment gives no zone.
    let moment = |text: &str| {
        let text = text.trim().trim_end_matches('Z');
        let seconds = if text.len() == "2026-11-01T00:00".len() { ":00" } else { "" };
        format!("{text}{seconds}Z").parse::<Timestamp>().ok()
    };
    let span = word.split_once("..").and_then(|(from, to)| moment(from).zip(moment(to)));
    span.map_or_else(|| View::Last(Window::of(word)), |(from, to)| View::between(from.secs(), to.secs()))
}

/// The word for it.
fn word_of(view: View) -> String {
    match view {
        View::Last(window) => window.word().into(),
        View::Span(from, to) => format!("{}..{}", Timestamp::from_secs(from), Timestamp::from_secs(to)),
    }
}

pub(crate) async fn latency(connection: String, window: String) -> Result<LatencyView, Failure> {
    let (service, actor) = asked().await?;
    let window = view_of(&window);
    let courses = if connection.is_empty() {
        // Peerings have their own pages.
        let all = service.insights(&actor, window).await?;
        all.into_iter().filter(|it| it.series.connection.starts_with("CN-")).collect()
    } else if connection.starts_with("PR-") {
        service.peering(&actor, &connection).await?;
        service.latency(&actor, &connection, window).await?
    } else {
        service.connection(&actor, &connection).await?;
        service.latency(&actor, &connection, window).await?
    };
    let now = service.clock().now();
    let (from, to, step) = window.bounds(now.secs());
    let step_s = step.secs();
    let changed = |moved: f64, times: f64| word_of(window.changed(now.secs(), moved, times));
    let (mut total, mut before) = (Histogram::default(), Histogram::default());
    for course in &courses {
        total.merge(&course.total);
        before.merge(&course.before);
    }
    let is_hours = (3600..86_400).contains(&step_s) && to - from >= 7 * 86_400;
    let (hours, places) = (is_hours.then(|| hours(&courses)), places(&courses));
    let mut views = vec![];
    for course in courses {
        let name = match service.connection(&actor, &course.series.connection).await {
            Ok((connection, _)) => connection.name,
            Err(_) => course.series.connection.clone(),
        };
        views.push(course_view(course, name, to - from));
    }
    // What is used comes before what stands by.
    views.sort_by_key(|c| (c.connection.0.clone(), !c.name.ends_with("/Primary"), c.name.clone()));
    let span = (Timestamp::from_secs(from), Timestamp::from_secs(to));
    let events = match Action::ReadConnections.allowed(&actor.roles) {
        true => service.route_events(&actor, "", span.0, span.1, false, Page { offset: 0, limit: 100 }).await?.items,
        false => vec![],
    };
    Ok(LatencyView {
        window: word_of(window),
        zoom: ZoomView {
            inward: (to - from > SHORTEST_S).then(|| changed(0.0, 0.5)),
            outward: changed(0.0, 2.0),
            earlier: changed(-0.5, 1.0),
            later: (to < now.secs()).then(|| changed(0.5, 1.0)),
        },
        step_s,
        from,
        to,
        courses: views,
        events,
        median_ms: total.quantile(0.5),
        before_ms: before.quantile(0.5),
        hours,
        places,
        replay: service.settings().demo,
    })
}

pub(crate) async fn proof(connection: String) -> Result<Option<ProofView>, Failure> {
    let (service, actor) = asked().await?;
    let ends = |it: peerage_latency::compare::Difference| (it.estimate, it.low, it.high);
    let view = |it: peerage_service::proof::Proof| ProofView {
        span_s: it.span_s,
        series: it.series,
        hours: (it.before.hours, it.after.hours),
        median_ms: (it.before.median_ms, it.after.median_ms),
        lost: (it.before.loss.value(), it.after.loss.value()),
        rtt_ms: it.rtt_ms.map(ends),
        loss: it.loss.map(ends),
        window: word_of(View::between(it.since.secs() - it.span_s, it.since.secs() + it.span_s)),
        since: it.since,
    };
    Ok(service.proof(&actor, &connection).await?.map(view))
}

fn course_view(course: Course, name: String, length_s: i64) -> CourseView {
    let earlier = course.earlier.iter().filter_map(|it| Some((it.start + length_s, it.histogram.quantile(0.5)?)));
    CourseView {
        earlier: earlier.collect(),
        earlier_step_s: course.before_step.secs(),
        buckets: course.intervals.iter().map(|i| bucket(i.start, &i.histogram)).collect(),
        median_ms: course.total.quantile(0.5),
        p95_ms: course.total.quantile(0.95),
        loss: course.total.loss(),
        before_ms: course.before.quantile(0.5),
        samples: course.total.count(),
        connection: (course.series.connection, name),
        name: course.series.name,
    }
}

/// One interval with the percentiles that charts show.
pub(crate) fn bucket(start: i64, histogram: &Histogram) -> BucketView {
    let quantile = |q| histogram.quantile(q);
    let q = match (quantile(0.05), quantile(0.25), quantile(0.5), quantile(0.75), quantile(0.95)) {
        (Some(a), Some(b), Some(c), Some(d), Some(e)) => Some([a, b, c, d, e]),
        _ => None,
    };
    BucketView { t: start, n: histogram.count(), lost: histogram.lost(), q }
}

const HOURS: usize = 24;

/// By weekday and hour.
fn hours(courses: &[Course]) -> MatrixView {
    let mut cells = vec![Histogram::default(); 7 * HOURS];
    for interval in courses.iter().flat_map(|course| &course.intervals) {
        let (day, hour) = hour_of_week(interval.start);
        cells[day * HOURS + hour].merge(&interval.histogram);
    }
    let days =
        [tr!(day.monday), tr!(day.tuesday), tr!(day.wednesday), tr!(day.thursday), tr!(day.friday), tr!(day.saturday), tr!(day.sunday)];
    MatrixView {
        rows: days.into(),
        columns: (0..HOURS).map(|hour| format!("{hour:02}")).collect(),
        ms: cells.iter().map(|cell| cell.quantile(0.5)).collect(),
    }
}

/// By probe and connection; nothing where there are fewer than two probes.
fn places(courses: &[Course]) -> Option<MatrixView> {
    let mut cells: BTreeMap<(&str, &str), Histogram> = BTreeMap::new();
    for course in courses {
        // Connection, probe, target: what others send has no probe.
        let mut parts = course.series.name.split('/');
        if let (Some(connection), Some(probe), Some(_)) = (parts.next(), parts.next(), parts.next()) {
            cells.entry((probe, connection)).or_default().merge(&course.total);
        }
    }
    let rows: BTreeSet<&str> = cells.keys().map(|(probe, _)| *probe).collect();
    let columns: BTreeSet<&str> = cells.keys().map(|(_, connection)| *connection).collect();
    let cell = |probe: &str, connection: &str| cells.get(&(probe, connection)).and_then(|cell| cell.quantile(0.5));
    (rows.len() > 1).then(|| MatrixView {
        ms: rows.iter().flat_map(|row| columns.iter().map(|column| cell(row, column))).collect(),
        rows: rows.iter().map(ToString::to_string).collect(),
        columns: columns.iter().map(ToString::to_string).collect(),
    })
}
