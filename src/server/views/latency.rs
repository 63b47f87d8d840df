//! Latency over a window or a span: courses, matrices, and before and after; all from merged histograms.

use crate::{
    rpc::{
        Failure,
        insights::{BucketView, CourseView, GroupView, GroupsView, LatencyView, MatrixView, OtherSpan, PathsView, ProofView, ZoomView},
    },
    server::context::asked,
};
use peerage_charts::heat::hour_of_week;
use peerage_domain::{Timestamp, access::Action, incident::Incident};
use peerage_latency::{Histogram, LONGEST_S, SHORTEST_S, Step, View, Window, change::points, compare::Covered};
use peerage_service::{
    Actor, Error, Service,
    groups::{By, Group, NO_PROBE},
    telemetry::{Course, Interval},
};
use peerage_storage::Page;
use std::collections::{BTreeMap, BTreeSet};

/// What a page looks at, by its word in the address: a window's, or two moments like
/// `2026-11-01T00:00Z..2026-11-02T00:00Z`, in UTC. Where that cannot be shown, what is closest to it, or the
/// last day, and which of them it is.
fn view_of(word: &str, now: Timestamp) -> (View, Option<OtherSpan>) {
    // A browser's own field for a moment gives no zone.
    let moment = |text: &str| {
        let text = text.trim().trim_end_matches('Z');
        let seconds = if text.len() == "2026-11-01T00:00".len() { ":00" } else { "" };
        format!("{text}{seconds}Z").parse::<Timestamp>().ok()
    };
    let span = word.split_once("..").and_then(|(from, to)| moment(from).zip(moment(to)));
    match span {
        Some((from, to)) => {
            let (shown, is_other) = View::nearest(from.secs(), to.secs(), now.secs());
            (shown, is_other.then_some(OtherSpan::Closest))
        }
        None => {
            let window = Window::of(word);
            (View::Last(window.unwrap_or_default()), (!word.is_empty() && window.is_none()).then_some(OtherSpan::LastDay))
        }
    }
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
    let now = service.clock().now();
    let (window, other) = view_of(&window, now);
    let courses = if connection.is_empty() {
        all_courses(&service, &actor, window).await?
    } else if connection.starts_with("PR-") {
        service.peering(&actor, &connection).await?;
        service.latency(&actor, &connection, window).await?
    } else {
        service.connection(&actor, &connection).await?;
        service.latency(&actor, &connection, window).await?
    };
    let (from, to, step) = window.bounds(now.secs());
    let step_s = step.secs();
    let changed = |moved: f64, times: f64| word_of(window.changed(now.secs(), moved, times));
    let (mut total, mut before) = (Histogram::default(), Histogram::default());
    for course in &courses {
        total.merge(&course.total);
        before.merge(&course.before);
    }
    let covered: Covered = courses.iter().map(|course| course.covered).sum();
    let is_hours = (3600..86_400).contains(&step_s) && to - from >= 7 * 86_400;
    let known = names_and_places(&service, &actor, &courses).await?;
    let (hours, places) = (is_hours.then(|| hours(&courses)), places(&courses, &known));
    let views = courses.into_iter().map(|course| {
        let name = known.get(&course.series.connection).map(|(name, _)| name.clone()).unwrap_or_else(|| course.series.connection.clone());
        course_view(course, name, to - from)
    });
    let mut views: Vec<CourseView> = views.collect();
    // What is used comes before what stands by.
    views.sort_by_key(|c| (c.connection.0.clone(), !c.name.ends_with("/Primary"), c.name.clone()));
    let span = (Timestamp::from_secs(from), Timestamp::from_secs(to));
    let events = match Action::ReadConnections.allowed(&actor.roles) {
        true => service.route_events(&actor, "", span.0, span.1, false, Page { offset: 0, limit: 100 }).await?.items,
        false => vec![],
    };
    Ok(LatencyView {
        window: word_of(window),
        other,
        zoom: ZoomView {
            inward: (to - from > step_s.max(SHORTEST_S)).then(|| changed(0.0, 0.5)),
            outward: (to - from < LONGEST_S).then(|| changed(0.0, 2.0)),
            earlier: changed(-0.5, 1.0),
            later: (to < now.secs()).then(|| changed(0.5, 1.0)),
        },
        step_s,
        from,
        to,
        courses: views,
        events,
        median_ms: total.quantile(0.5),
        before_ms: covered.median_before(&before),
        hours,
        places,
        replay: service.settings().demo,
    })
}

/// Every series of a connection. Peerings have their own pages.
async fn all_courses(service: &Service, actor: &Actor, view: View) -> Result<Vec<Course>, Error> {
    let all = service.insights(actor, view).await?;
    Ok(all.into_iter().filter(|it| it.series.connection.starts_with("CN-")).collect())
}

pub(crate) async fn groups(by: String, window: String) -> Result<GroupsView, Failure> {
    let (service, actor) = asked().await?;
    Ok(groups_of(&service, &actor, By::of(&by).unwrap_or_default(), view_of(&window, service.clock().now()).0).await?)
}

/// Medians of the intervals of a window before, moved into the one that is shown.
fn moved(earlier: &[Interval], length_s: i64) -> Vec<(i64, f64)> {
    earlier.iter().filter_map(|it| Some((it.start + length_s, it.histogram.quantile(0.5)?))).collect()
}

pub(crate) async fn groups_of(service: &Service, actor: &Actor, by: By, view: View) -> Result<GroupsView, Error> {
    let now = service.clock().now().secs();
    let (from, to, step) = view.bounds(now);
    let group = |it: Group| GroupView {
        ms: (it.total.quantile(0.5), it.total.quantile(0.95)),
        before_ms: it.covered.median_before(&it.before),
        earlier: moved(&it.earlier, to - from),
        loss: it.total.loss(),
        buckets: it.intervals.iter().map(|i| bucket(i.start, &i.histogram)).collect(),
        series: it.series,
        name: if by == By::Probe && it.name == NO_PROBE { tr!(groups.no_probe) } else { it.name },
    };
    let mut groups: Vec<GroupView> = service.grouped(actor, by, view).await?.into_iter().map(group).collect();
    groups.sort_by(|a, b| b.ms.0.unwrap_or(-1.0).total_cmp(&a.ms.0.unwrap_or(-1.0)));
    let earlier_step_s = view.earlier(now).2.secs();
    Ok(GroupsView { by: by.word().into(), step_s: step.secs(), earlier_step_s, from, to, groups })
}

/// A matrix of everything that the actor may see: by weekday and hour, or by probe and location.
pub(crate) async fn matrix_of(service: &Service, actor: &Actor, by_hour: bool, view: View) -> Result<Option<MatrixView>, Error> {
    let courses = all_courses(service, actor, view).await?;
    if by_hour {
        return Ok(Some(hours(&courses)));
    }
    let known = names_and_places(service, actor, &courses).await?;
    Ok(places(&courses, &known))
}

/// Names and primary locations of the connections that courses belong to.
async fn names_and_places(service: &Service, actor: &Actor, courses: &[Course]) -> Result<BTreeMap<String, (String, String)>, Error> {
    let (directory, mut known) = (service.directory().await?, BTreeMap::new());
    for id in courses.iter().map(|course| &course.series.connection).collect::<BTreeSet<_>>() {
        if let Ok((connection, _)) = service.connection(actor, id).await {
            let place = directory.location(&connection.primary).map_or_else(|| connection.primary.clone(), |it| it.city.clone());
            known.insert(id.clone(), (connection.name, place));
        }
    }
    Ok(known)
}

/// What was measured of a connection around an incident; nothing for who may not see the connection.
pub(super) async fn around(connection: &str, incident: &Incident, now: Timestamp) -> Option<LatencyView> {
    let margin = (incident.lasted_s(now) / 2).clamp(3600, 86_400);
    let (from, to) = (incident.opened.secs() - margin, incident.closed.unwrap_or(now).secs() + margin);
    latency(connection.to_owned(), word_of(View::between(from, to.min(now.secs())))).await.ok()
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
        paths: it.paths.map(|it| PathsView { median: it.median, change: it.change.map(ends), vantages: it.vantages }),
        window: word_of(View::between(it.since.secs() - it.span_s, it.since.secs() + it.span_s)),
        since: it.since,
    };
    let found = match connection.starts_with("PR-") {
        true => service.peering_proof(&actor, &connection).await?,
        false => service.proof(&actor, &connection).await?,
    };
    Ok(found.map(view))
}

fn course_view(course: Course, name: String, length_s: i64) -> CourseView {
    CourseView {
        earlier: moved(&course.earlier, length_s),
        earlier_step_s: course.before_step.secs(),
        buckets: course.intervals.iter().map(|i| bucket(i.start, &i.histogram)).collect(),
        median_ms: course.total.quantile(0.5),
        p95_ms: course.total.quantile(0.95),
        loss: course.total.loss(),
        before_ms: course.covered.median_before(&course.before),
        samples: course.total.count(),
        changes: changes(&course),
        floor_ms: course.floor_ms,
        connection: (course.series.connection, name),
        name: course.series.name,
    }
}

/// When the level changed for good, where whole hours are shown.
fn changes(course: &Course) -> Vec<(i64, f64, f64, f64)> {
    let hourly = course.intervals.windows(2).map(|pair| pair[1].start - pair[0].start).min() == Some(Step::Hour.secs());
    let medians: Vec<(i64, f64)> = course.intervals.iter().filter_map(|it| Some((it.start, it.histogram.quantile(0.5)?))).collect();
    let found = if hourly { points(&medians) } else { vec![] };
    found.into_iter().map(|it| (it.at, it.by.estimate, it.by.low, it.by.high)).collect()
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
/// Below so many answers a cell of a matrix is marked.
const FEW: u64 = 50;

/// By weekday and hour.
fn hours(courses: &[Course]) -> MatrixView {
    let mut cells = vec![Histogram::default(); 7 * HOURS];
    for interval in courses.iter().flat_map(|course| &course.intervals) {
        let (day, hour) = hour_of_week(interval.start);
        cells[day * HOURS + hour].merge(&interval.histogram);
    }
    MatrixView {
        rows: days(),
        columns: (0..HOURS).map(|hour| format!("{hour:02}")).collect(),
        ms: cells.iter().map(|cell| cell.quantile(0.5)).collect(),
        few: cells.iter().map(is_few).collect(),
    }
}

/// The days of a week.
pub(crate) fn days() -> Vec<String> {
    [tr!(day.monday), tr!(day.tuesday), tr!(day.wednesday), tr!(day.thursday), tr!(day.friday), tr!(day.saturday), tr!(day.sunday)].into()
}

/// Whether a median rests on fewer packets than it takes to trust it.
fn is_few(cell: &Histogram) -> bool {
    (1..FEW).contains(&cell.count())
}

/// By probe and location, where connections have names and primary locations; nothing where there are
/// fewer than two probes.
fn places(courses: &[Course], known: &BTreeMap<String, (String, String)>) -> Option<MatrixView> {
    let mut cells: BTreeMap<(&str, &str), Histogram> = BTreeMap::new();
    for course in courses {
        // Connection, probe, target: what others send has no probe.
        let mut parts = course.series.name.split('/');
        if let (Some(connection), Some(probe), Some(_)) = (parts.next(), parts.next(), parts.next()) {
            let place = known.get(connection).map_or(connection, |(_, place)| place.as_str());
            cells.entry((probe, place)).or_default().merge(&course.total);
        }
    }
    let rows: BTreeSet<&str> = cells.keys().map(|(probe, _)| *probe).collect();
    let columns: BTreeSet<&str> = cells.keys().map(|(_, place)| *place).collect();
    let all: Vec<Option<&Histogram>> = rows.iter().flat_map(|row| columns.iter().map(|column| cells.get(&(*row, *column)))).collect();
    (rows.len() > 1).then(|| MatrixView {
        ms: all.iter().map(|cell| cell.and_then(|cell| cell.quantile(0.5))).collect(),
        few: all.iter().map(|cell| cell.is_some_and(is_few)).collect(),
        rows: rows.iter().map(ToString::to_string).collect(),
        columns: columns.iter().map(ToString::to_string).collect(),
    })
}
