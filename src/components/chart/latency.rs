//! The smoke chart with its loss strip and the events on the same time axis.

use crate::{
    components::Icon,
    rpc::insights::{BucketView, CourseView, LatencyView},
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
};
use peerage_charts::smoke::{Bucket, Frame, other_line, smoke};
use peerage_domain::{
    Timestamp,
    telemetry::{Level, RouteEvent},
};

/// Words of the windows, shortest first, as in the URL.
const WINDOWS: [(&str, &str); 5] = [("6h", "6 h"), ("12h", "12 h"), ("1d", "1 d"), ("7d", "7 d"), ("30d", "30 d")];

/// The switch between windows; each one is an address.
#[component]
pub fn Windows(
    /// The current one.
    current: String,
    /// Path of the page.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let links = WINDOWS
        .into_iter()
        .map(|(word, label)| {
            view! { <a href=format!("{path}?window={word}") aria-current=(word == current).then_some("true")>{label}</a> }
        })
        .collect_view();
    view! { <nav class="seg" aria-label=tr!(chart.windows)>{links}</nav> }
}

/// The way to any other span: closer, farther, earlier, later, or between two moments. Each is an
/// address, too.
#[component]
pub fn Zoom(
    /// What is shown.
    view: LatencyView,
    /// Path of the page.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let link = |word: Option<String>, icon: &'static str, label: String| {
        word.map(|word| view! { <a class="iconbtn" href=format!("{path}?window={word}") aria-label=label><Icon name=icon/></a> })
    };
    // As a browser's field for a moment has it: without seconds and zone.
    let field = |secs: i64| Timestamp::from_secs(secs).to_string().chars().take(16).collect::<String>();
    let (from, to) = (field(view.from), field(view.to));
    let is_span = view.window.contains("..");
    let zoom = view.zoom.clone();
    let shown =
        is_span.then(|| tr!(chart.span, from = Timestamp::from_secs(view.from).minute(), to = Timestamp::from_secs(view.to).minute()));
    view! {
        <div class="zoom">
            {link(Some(zoom.earlier), "left", tr!(chart.earlier))}
            {link(zoom.inward, "plus", tr!(chart.closer))}
            {link(Some(zoom.outward), "minus", tr!(chart.farther))}
            {link(zoom.later, "right", tr!(chart.later))}
            <details class="menu span">
                <summary>{shown.unwrap_or_else(|| tr!(chart.custom))}</summary>
                <form method="get" action=path.clone() class="sheet">
                    <label>{tr!(chart.from)}" "<input class="field" type="datetime-local" name="from" value=from required/></label>
                    <label>{tr!(chart.to)}" "<input class="field" type="datetime-local" name="to" value=to required/></label>
                    <button class="btn main" type="submit">{tr!(chart.show)}</button>
                </form>
            </details>
        </div>
    }
}

/// The window in the address of a page: `window`, or `from` and `to` of the form.
pub fn window_in_url() -> Memo<String> {
    let map = use_query_map();
    Memo::new(move |_| {
        let map = map.read();
        match (map.get("from").filter(|it| !it.is_empty()), map.get("to").filter(|it| !it.is_empty())) {
            (Some(from), Some(to)) => format!("{from}..{to}"),
            _ => map.get("window").unwrap_or_default(),
        }
    })
}

/// What a series is called for people: `CN-1/Oslo PoP/193.0.16.0_24` is `Oslo PoP → 193.0.16.0/24`.
pub fn series_words(name: &str) -> String {
    let parts: Vec<String> = name.split('/').skip(1).map(|part| part.replace('_', "/")).collect();
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
    value.map_or_else(|| "–".to_owned(), |v| format!("{v:.1} ms"))
}

fn moment(t: i64, from: i64, to: i64) -> String {
    let t = Timestamp::from_secs(t);
    if to - from > 2 * 86_400 { t.short_date() } else { t.clock() }
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
    let (csv, svg) = (format!("{api}&format=csv"), format!("{api}&format=svg"));
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
            {save(&course.name, svg, csv, api, link)}
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
        Some(before) if before > median => tr!(chart.better, d = format!("{:.1}", before - median)),
        Some(before) => tr!(chart.worse, d = format!("{:.1}", median - before)),
        None => tr!(chart.first),
    };
    tr!(chart.say, median = ms(Some(median)), change = change, p95 = ms(course.p95_ms), loss = format!("{loss:.1}"))
}

/// What changed for good, in words.
fn said_changes(course: &CourseView) -> String {
    let one = |&(at, by, low, high): &(i64, f64, f64, f64)| {
        let (at, by, range) = (Timestamp::from_secs(at).minute(), format!("{:.1}", by.abs()), format!("{low:+.1} … {high:+.1}"));
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
    let floor_words = format!("{floor:.1}");
    match lowest {
        f64::MAX => String::new(),
        ms if ms < floor * EXACT => tr!(chart.impossible, ms = format!("{ms:.1}"), floor = floor_words),
        ms if ms < floor * STRAIGHT => tr!(chart.suspicious, ms = format!("{ms:.1}"), floor = floor_words),
        _ => String::new(),
    }
}

/// Ways to take a chart along.
fn save(name: &str, svg: String, csv: String, api: String, link: String) -> impl IntoView + use<> {
    let file = format!("{}.png", series_anchor(name));
    // A browser draws it; without scripts there is the SVG.
    let drawn = RwSignal::new(false);
    Effect::new(move |_| drawn.set(true));
    let (from, to) = (svg.clone(), file.clone());
    let png = move || {
        let (from, to) = (from.clone(), to.clone());
        drawn
            .get()
            .then(|| view! { <button class="link" type="button" on:click=move |_| crate::browser::save_png(&from, &to)>"PNG"</button> })
    };
    let call = format!("curl '{api}'");
    view! {
        <details class="menu save">
            <summary>{tr!(chart.save)}</summary>
            <div class="sheet">
                {png}
                <a href=svg rel="external" download=format!("{}.svg", series_anchor(name))>"SVG"</a>
                <a href=csv rel="external" download=format!("{}.csv", series_anchor(name))>"CSV"</a>
                <a href=api.clone() rel="external">"JSON"</a>
                <a href=link>{tr!(chart.link)}</a>
                <label>{tr!(chart.call)}" "<input class="field mono" readonly value=call/></label>
            </div>
        </details>
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
        view! { <line class="change" x1=x x2=x y1="8" y2=frame.height></line><text class="ax change" x=x + 4.0 y="18">{format!("{by:+.1} ms")}</text> }
    });
    let floor = course.floor_ms.filter(|floor| (0.5..top_ms).contains(floor)).map(|floor| {
        let y = frame.y(top_ms).at(floor);
        view! { <line class="floor" x1=left x2=right y1=y y2=y></line><text class="ax" x=left + 4.0 y=y - 4.0>{tr!(chart.light, ms = format!("{floor:.1}"))}</text> }
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
        view! { <line class="grid" x1=left x2=right y1=y y2=y></line><text class="ax" x=left - 6.0 y=y + 4.0 text-anchor="end">{v.to_string()}</text> }
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
        .map(|(x, y, v)| view! { <text class="endv" x=x + 6.0 y=y + 4.0>{format!("{v:.1} ms")}</text> });
    view! {
        <Cursor frame=frame buckets=course.buckets.clone() top_ms=picture.top_ms>
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
        <path class=class d=path><title>{format!("{} {}: {}", event.time.minute(), event.prefix, event.summary)}</title></path>
    }
}

/// The moment that is read on every chart of a page: the same for all of them, and kept
/// while new samples redraw them. A page provides it.
#[derive(Clone, Copy)]
pub struct ChartTime(RwSignal<Option<i64>>);

impl ChartTime {
    /// Makes one for the page that calls.
    pub fn provide() {
        provide_context(ChartTime(RwSignal::new(None)));
    }
}

/// The picture with a cursor that follows the pointer and the arrow keys.
#[component]
fn Cursor(frame: Frame, buckets: Vec<BucketView>, top_ms: f64, children: Children) -> impl IntoView {
    let ChartTime(time) = use_context().unwrap_or_else(|| ChartTime(RwSignal::new(None)));
    let data: Vec<Bucket> = buckets.iter().map(|b| Bucket { time: b.t, quantiles: b.q, count: b.n, lost: b.lost }).collect();
    let count = data.len();
    let values = StoredValue::new(buckets);
    let data = StoredValue::new(data);
    let at = move || time.get().and_then(|time| values.with_value(|v| v.iter().rposition(|b| b.t <= time)));
    let set = move |index: Option<usize>| time.set(index.and_then(|index| values.with_value(|v| v.get(index).map(|b| b.t))));
    let find = move |event: leptos::ev::MouseEvent| {
        if let Some(share) = crate::browser::share_of_width(&event) {
            set(data.with_value(|d| frame.nearest(d, share * frame.width)));
        }
    };
    let path = use_location().pathname;
    let navigate = use_navigate();
    // Shows what lies between two moments.
    let show = move |from: f64, to: f64| {
        let moment = |secs: f64| Timestamp::from_secs(secs as i64).to_string();
        let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
        navigate(&format!("{}?window={}..{}", path.get_untracked(), moment(from.min(to)), moment(from.max(to))), options);
    };
    let (length, show_at_key) = ((frame.to - frame.from) as f64, show.clone());
    let moment_at = move |event: &leptos::ev::PointerEvent| {
        crate::browser::share_of_width(event)
            .map(|share| frame.x().back((share * frame.width).clamp(frame.left, frame.width - frame.right)))
    };
    let brush = RwSignal::new(None::<(f64, f64)>);
    let press = move |event: leptos::ev::PointerEvent| {
        if event.button() == 0 {
            brush.set(moment_at(&event).map(|at| (at, at)));
        }
    };
    let drag = move |event: leptos::ev::PointerEvent| {
        if brush.with_untracked(Option::is_some)
            && let Some(at) = moment_at(&event)
        {
            brush.update(|span| *span = span.map(|(from, _)| (from, at)));
        }
    };
    let release = move |_: leptos::ev::PointerEvent| {
        let span = brush.get_untracked();
        brush.set(None);
        // A tap moves the cursor and nothing else.
        if let Some((from, to)) = span.filter(|(from, to)| (to - from).abs() > length / 60.0) {
            show(from, to);
        }
    };
    let chosen = move || {
        brush.get().map(|(from, to)| {
            let (left, right) = (frame.x().at(from.min(to)), frame.x().at(from.max(to)));
            view! { <rect class="brush" x=left y="8" width=right - left height=frame.height - 8.0></rect> }
        })
    };
    let key = move |event: leptos::ev::KeyboardEvent| {
        let here = untrack(at).unwrap_or(count.saturating_sub(1));
        let middle = values.with_value(|v| v.get(here).map_or((frame.from + frame.to) as f64 / 2.0, |b| b.t as f64));
        let wanted = match event.key().as_str() {
            "+" => return show_at_key(middle - length / 4.0, middle + length / 4.0),
            "-" => return show_at_key(middle - length, middle + length),
            "ArrowLeft" => here.saturating_sub(1),
            "ArrowRight" => here + 1,
            "PageUp" => here.saturating_sub(10),
            "PageDown" => here + 10,
            "Home" => 0,
            "End" => count,
            "Escape" => {
                time.set(None);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        set((count > 0).then(|| wanted.min(count - 1)));
    };
    let text = move || {
        let index = at().or(count.checked_sub(1))?;
        values.with_value(|v| v.get(index).map(words))
    };
    let mark = move || {
        let bucket = at().and_then(|index| values.with_value(|v| v.get(index).copied()))?;
        let x = frame.x().at(bucket.t as f64 + frame.step_s as f64 / 2.0);
        let y = bucket.q.map(|q| frame.y(top_ms).at(q[2]));
        Some(view! {
            <line class="cursor" x1=x x2=x y1="8" y2=frame.height + 46.0></line>
            {y.map(|y| view! { <circle class="dot" cx=x cy=y r="4"></circle> })}
        })
    };
    view! {
        <div class="plot">
            <svg
                class="smoke"
                viewBox=format!("0 0 {} {}", frame.width, frame.height + 70.0)
                aria-hidden="true"
                focusable="false"
                on:mousemove=find
                on:mouseleave=move |_| time.set(None)
                on:pointerdown=press
                on:pointermove=drag
                on:pointerup=release
                on:pointercancel=move |_| brush.set(None)
                on:pointerleave=move |_| brush.set(None)
            >
                {children()}
                {chosen}
                {mark}
            </svg>
            <div
                class="reading"
                role="slider"
                tabindex="0"
                aria-label=tr!(chart.cursor)
                aria-valuemin="0"
                aria-valuemax=count.saturating_sub(1).to_string()
                aria-valuenow=move || at().or(count.checked_sub(1)).unwrap_or(0).to_string()
                aria-valuetext=move || text().unwrap_or_else(|| tr!(chart.no_samples))
                on:keydown=key
            >
                {move || text().unwrap_or_else(|| tr!(chart.no_samples))}
            </div>
        </div>
    }
}

fn words(bucket: &BucketView) -> String {
    let time = Timestamp::from_secs(bucket.t).minute();
    let loss = 100.0 * bucket.lost as f64 / (bucket.n + bucket.lost).max(1) as f64;
    let loss = format!("{loss:.0}");
    match bucket.q {
        Some(q) => {
            let range = |a: f64, b: f64| format!("{a:.1}–{b:.1}");
            tr!(
                chart.reading,
                time = time,
                median = format!("{:.1}", q[2]),
                inner = range(q[1], q[3]),
                outer = range(q[0], q[4]),
                loss = loss,
                n = bucket.n
            )
        }
        None => tr!(chart.reading_lost, time = time, n = bucket.lost),
    }
}

/// The latest intervals as a table.
fn table(rows: Vec<BucketView>) -> impl IntoView {
    const ROWS: usize = 25;
    let total = rows.len();
    let cells = rows.into_iter().rev().take(ROWS).map(|b| {
        let q = move |n: usize| b.q.map_or_else(|| "–".to_owned(), |q| format!("{:.1}", q[n]));
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
