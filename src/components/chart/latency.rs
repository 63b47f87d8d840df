//! The smoke chart with its loss strip and the events on the same time axis.

use super::{
    cursor::{Cursor, Plot},
    save::Save,
};
use crate::{
    components::event_words,
    rpc::insights::{BucketView, CourseView, LatencyView},
    text::language,
};
use leptos::prelude::*;
use peerage_charts::smoke::{Bucket, Frame, other_line, smoke};
use peerage_domain::{
    Timestamp,
    telemetry::{Level, RouteEvent},
};

/// What a series is called for people: `CN-1/Oslo PoP/193.0.16.0_24` is `Oslo PoP → 193.0.16.0/24`.
pub fn series_words(name: &str) -> String {
    let part = |part: &str| match part {
        "Primary" => tr!(chart.primary),
        "Backup" => tr!(chart.backup),
        other => other.replace('_', "/"),
    };
    let parts: Vec<String> = name.split('/').skip(1).map(part).collect();
    if parts.is_empty() { name.to_owned() } else { parts.join(" → ") }
}

/// The same as a part of an address or an id.
pub fn series_anchor(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

fn buckets(course: &CourseView) -> Vec<Bucket> {
    course.buckets.iter().map(|b| Bucket { time: b.t, quantiles: b.q, count: b.n, lost: b.lost }).collect()
}

/// Milliseconds for people: one decimal.
pub fn ms(value: Option<f64>) -> String {
    language().ms(value)
}

pub(super) fn moment(t: i64, from: i64, to: i64) -> String {
    let t = Timestamp::from_secs(t);
    if to - from > 2 * 86_400 { language().short_date(t) } else { t.clock() }
}

/// One series as smoke, with a cursor for pointer and keyboard, a table, and a sentence.
#[component]
pub fn LatencyChart(
    /// The window with its events.
    view: LatencyView,
    /// The series.
    course: CourseView,
) -> impl IntoView {
    let sentence =
        [say(&course), said_changes(&course), said_floor(&course)].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ");
    let rows = course.buckets.clone();
    let (wide, narrow) = (picture(&view, &course, 960.0), picture(&view, &course, 360.0));
    let about = tr!(chart.about_text, n = course.samples, step = view.step_s / 60);
    let api = format!(
        "/api/v1/telemetry/latency?series={}&from={}&to={}",
        peerage_domain::catalogue::percent(&course.name),
        Timestamp::from_secs(view.from),
        Timestamp::from_secs(view.to)
    );
    let link = window_link(&view, &course);
    view! {
        <div class="pbody chart">
            <p class="say">{sentence}</p>
            <div class="only-wide">{wide}</div>
            <div class="only-narrow">{narrow}</div>
        </div>
        <div class="below">
            <details>
                <summary>{tr!(chart.table)}</summary>
                {table(rows)}
            </details>
            <details><summary>{tr!(chart.about)}</summary><p class="help">{about}</p></details>
            <span class="push"></span>
            <Save name=series_anchor(&course.name) api=api link=link/>
        </div>
    }
}

fn say(course: &CourseView) -> String {
    let Some(median) = course.median_ms else {
        return tr!(chart.say_none);
    };
    let loss = course.loss.unwrap_or(0.0) * 100.0;
    let change = match course.before_ms {
        Some(before) if (before - median).abs() < 0.05 => tr!(chart.same),
        Some(before) if before > median => tr!(chart.better, d = language().decimal(before - median, 1)),
        Some(before) => tr!(chart.worse, d = language().decimal(median - before, 1)),
        None => tr!(chart.first),
    };
    tr!(chart.say, median = ms(Some(median)), change = change, p95 = ms(course.p95_ms), loss = language().decimal(loss, 1))
}

/// What changed for good, in words.
fn said_changes(course: &CourseView) -> String {
    let one = |&(at, by, low, high): &(i64, f64, f64, f64)| {
        let (at, by) = (Timestamp::from_secs(at).minute(), language().decimal(by.abs(), 1));
        let range = format!("{} … {}", language().signed(low, 1), language().signed(high, 1));
        if low > 0.0 { tr!(chart.rose, at = at, by = by, range = range) } else { tr!(chart.fell, at = at, by = by, range = range) }
    };
    course.changes.iter().rev().take(2).map(one).collect::<Vec<_>>().join(" ")
}

/// By which share a value may be too low and still be what it is: what is stored is exact to 1 %.
const EXACT: f64 = 0.99;
/// No fibre lies straight: what is nearer to the floor than this many times is odd.
const STRAIGHT: f64 = 1.1;

/// What is faster than light allows, or hardly slower.
fn said_floor(course: &CourseView) -> String {
    let Some(floor) = course.floor_ms.filter(|floor| *floor >= 0.5) else { return String::new() };
    let lowest = course.buckets.iter().filter_map(|it| it.q.map(|q| q[0])).fold(f64::MAX, f64::min);
    let floor_words = language().decimal(floor, 1);
    match lowest {
        f64::MAX => String::new(),
        ms if ms < floor * EXACT => tr!(chart.impossible, ms = language().decimal(ms, 1), floor = floor_words),
        ms if ms < floor * STRAIGHT => tr!(chart.suspicious, ms = language().decimal(ms, 1), floor = floor_words),
        _ => String::new(),
    }
}

/// The address at which exactly this is shown, whenever it is opened.
fn window_link(view: &LatencyView, course: &CourseView) -> String {
    let path = match course.connection.0.as_str() {
        id if id.starts_with("PR-") => format!("/partner/peerings/{id}"),
        id => format!("/connections/{id}"),
    };
    format!("{path}?window={}..{}", Timestamp::from_secs(view.from), Timestamp::from_secs(view.to))
}

/// Marks of changes, and the line below which light does not let anything come.
fn marks(frame: &Frame, top_ms: f64, course: &CourseView) -> impl IntoView + use<> {
    let frame = *frame;
    let (left, right) = (frame.left, frame.width - frame.right);
    let inside = |at: &i64| (frame.from..frame.to).contains(at);
    let changes = course.changes.iter().filter(|(at, ..)| inside(at)).map(|&(at, by, ..)| {
        let x = frame.x().at(at as f64);
        view! { <line class="change" x1=x x2=x y1="8" y2=frame.height></line><text class="ax change" x=x + 4.0 y="18">{format!("{} ms", language().signed(by, 1))}</text> }
    });
    let floor = course.floor_ms.filter(|floor| (0.5..top_ms).contains(floor)).map(|floor| {
        let y = frame.y(top_ms).at(floor);
        view! { <line class="floor" x1=left x2=right y1=y y2=y></line><text class="ax" x=left + 4.0 y=y - 4.0>{tr!(chart.light, ms = language().decimal(floor, 1))}</text> }
    });
    let low = course.floor_ms.filter(|floor| *floor >= 0.5).map(|floor| {
        let low = course.buckets.iter().filter(|it| it.q.is_some_and(|q| q[0] < floor * EXACT));
        let mark = |it: &BucketView| {
            let x = frame.x().at(it.t as f64 + frame.step_s as f64 / 2.0);
            let y = frame.y(top_ms).at(it.q.map_or(0.0, |q| q[0]));
            view! { <path class="impossible" d=format!("M{},{}l3,5h-6z", x, y - 3.0)></path> }
        };
        low.map(mark).collect_view()
    });
    view! { {changes.collect_view()}{floor}{low} }
}

fn picture(view: &LatencyView, course: &CourseView, width: f64) -> impl IntoView + use<> {
    let height = 210.0;
    let frame = Frame {
        width,
        height,
        left: 36.0,
        right: if width > 500.0 { 64.0 } else { 12.0 },
        from: view.from,
        to: view.to,
        step_s: view.step_s,
        at_least_ms: 1.0,
    };
    let data = buckets(course);
    let picture = smoke(&frame, &data);
    let earlier = other_line(&frame, picture.top_ms, course.earlier_step_s, &course.earlier);
    let (left, right) = (frame.left, width - frame.right);
    let rows = picture.rows.iter().map(|&(y, v)| {
        view! { <line class="grid" x1=left x2=right y1=y y2=y></line><text class="ax" x=left - 6.0 y=y + 4.0 text-anchor="end">{language().number(v)}</text> }
    }).collect_view();
    let (from, to) = (view.from, view.to);
    let columns = picture.columns.iter().map(|&(x, t)| {
        view! { <line class="grid" x1=x x2=x y1="8" y2=height></line><text class="ax" x=x y=height + 62.0 text-anchor="middle">{moment(t, from, to)}</text> }
    }).collect_view();
    let losses = picture
        .losses
        .iter()
        .map(|&(x, w, share)| {
            let h = (share * 14.0).max(2.0);
            view! { <rect class="loss" x=x y=height + 20.0 - h width=w height=h></rect> }
        })
        .collect_view();
    let events: Vec<_> = view.events.iter().map(|(_, event)| event_mark(event, frame.x().at(event.time.secs() as f64), height)).collect();
    let marks = marks(&frame, picture.top_ms, course);
    let end = (width > 500.0)
        .then_some(picture.last)
        .flatten()
        .map(|(x, y, v)| view! { <text class="endv" x=x + 6.0 y=y + 4.0>{language().ms(Some(v))}</text> });
    view! {
        <Cursor plot=Plot { frame, top: picture.top_ms, strips: 46.0, below: 70.0 } buckets=course.buckets.clone() words=words>
            <rect class="strip" x=left y=height + 6.0 width=right - left height="14"></rect>
            <rect class="strip" x=left y=height + 24.0 width=right - left height="22"></rect>
            {rows}
            {columns}
            <path class="outer" d=picture.outer></path>
            <path class="inner" d=picture.inner></path>
            <path class="earlier" d=earlier></path>
            <path class="median" d=picture.median></path>
            {marks}
            {losses}
            {events}
            {end}
            <text class="ax" x=left - 6.0 y=height + 17.0 text-anchor="end">{tr!(chart.loss)}</text>
            <text class="ax" x=left - 6.0 y=height + 39.0 text-anchor="end">{tr!(chart.events)}</text>
        </Cursor>
    }
}

/// An interval in words.
fn words(bucket: &BucketView) -> String {
    let time = Timestamp::from_secs(bucket.t).minute();
    let loss = 100.0 * bucket.lost as f64 / (bucket.n + bucket.lost).max(1) as f64;
    let Some(q) = bucket.q else { return tr!(chart.reading_lost, time = time, n = bucket.lost) };
    let ms = |value: f64| language().decimal(value, 1);
    let range = |a: f64, b: f64| format!("{}–{}", ms(a), ms(b));
    tr!(
        chart.reading,
        time = time,
        median = ms(q[2]),
        inner = range(q[1], q[3]),
        outer = range(q[0], q[4]),
        loss = language().decimal(loss, 0),
        n = bucket.n
    )
}

fn event_mark(event: &RouteEvent, x: f64, height: f64) -> impl IntoView + use<> {
    let class = match event.kind.level() {
        Level::Information => "ev info",
        Level::Warning => "ev warn",
        Level::Error | Level::Critical => "ev fail",
    };
    let y = height + 35.0;
    // Shape as well as colour: circle, triangle, square.
    let path = match event.kind.level() {
        Level::Information => format!("M{},{y}a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z", x - 4.0),
        Level::Warning => format!("M{x},{}l5,9h-10z", y - 5.0),
        Level::Error | Level::Critical => format!("M{},{}h9v9h-9z", x - 4.5, y - 4.5),
    };
    let loud = event.kind.level() >= Level::Error;
    view! {
        {loud.then(|| view! { <line class="evline" x1=x x2=x y1="8" y2=height></line> })}
        <path class=class d=path><title>{format!("{} {}{}{}", event.time.minute(), event.prefix, language().colon(), event_words(event))}</title></path>
    }
}

/// The latest intervals as a table.
fn table(rows: Vec<BucketView>) -> impl IntoView {
    const ROWS: usize = 25;
    let total = rows.len();
    let cells = rows.into_iter().rev().take(ROWS).map(|b| {
        let q = move |n: usize| b.q.map_or_else(|| "–".to_owned(), |q| language().decimal(q[n], 1));
        let time = Timestamp::from_secs(b.t);
        view! {
            <tr>
                <td><time datetime=time.to_string()>{time.minute()}</time></td>
                <td class="num">{q(0)}</td><td class="num">{q(1)}</td><td class="num">{q(2)}</td><td class="num">{q(3)}</td><td class="num">{q(4)}</td>
                <td class="num">{b.n}</td><td class="num">{b.lost}</td>
            </tr>
        }
    });
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=tr!(chart.table_label)>
            <table class="tbl tight">
                <caption class="muted s12">{tr!(chart.table_caption, shown = ROWS.min(total), total = total)}</caption>
                <thead><tr>
                    <th scope="col">{tr!(chart.time)}</th>
                    <th scope="col" class="num">"p5"</th><th scope="col" class="num">"p25"</th><th scope="col" class="num">{tr!(chart.median)}</th>
                    <th scope="col" class="num">"p75"</th><th scope="col" class="num">"p95"</th>
                    <th scope="col" class="num">{tr!(chart.answered)}</th><th scope="col" class="num">{tr!(chart.lost)}</th>
                </tr></thead>
                <tbody>{cells.collect_view()}</tbody>
            </table>
        </div>
    }
}
