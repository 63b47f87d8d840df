//! What vantage points saw: a lane each, and the share of them that had a route.

use leptos::prelude::*;
use peerage_charts::{
    ribbon::{COLOURS, Class, Frame, Stretch, lanes, steps},
    scale::time_ticks,
};
use peerage_domain::{
    Timestamp,
    incident::{Course, Lane, PathSeen, What},
    sighting::Hop,
};

/// Lanes that are drawn; the table has them all.
const LANES: usize = 40;
/// Pixels of a lane.
const ROW: f64 = 14.0;

fn words(path: &[Hop]) -> String {
    path.iter().map(Hop::to_string).collect::<Vec<_>>().join(" ")
}

/// How a path ends: its last three ASes, each once. Paths of many vantage points that end the same
/// way have the same colour: what differs is near the vantage point, not near the prefix.
fn tail(path: &[Hop]) -> Vec<Hop> {
    let mut ases = path.to_vec();
    ases.dedup();
    let skip = ases.len().saturating_sub(3);
    ases.split_off(skip)
}

/// The colour of each path, and the ends that have one of their own, most used first.
fn classes(course: &Course) -> (Vec<Class>, Vec<Vec<Hop>>) {
    let mut used: Vec<(Vec<Hop>, i64)> = vec![];
    for stretch in course.lanes.iter().flat_map(|lane| &lane.stretches) {
        let What::Path(at) = stretch.what else { continue };
        let Some(path) = course.paths.get(at).filter(|path| !path.bad) else { continue };
        let (tail, span) = (tail(&path.hops), stretch.to - stretch.from);
        match used.iter_mut().find(|(known, _)| *known == tail) {
            Some((_, all)) => *all += span,
            None => used.push((tail, span)),
        }
    }
    used.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let tails: Vec<Vec<Hop>> = used.into_iter().map(|(tail, _)| tail).take(usize::from(COLOURS)).collect();
    let class = |path: &PathSeen| {
        let own = tails.iter().zip(0..).find(|(known, _)| **known == tail(&path.hops));
        if path.bad { Class::Bad } else { own.map_or(Class::Other, |(_, at)| Class::Path(at)) }
    };
    (course.paths.iter().map(class).collect(), tails)
}

fn class_of(what: What, classes: &[Class]) -> Class {
    match what {
        What::Path(at) => classes.get(at).copied().unwrap_or(Class::Other),
        What::Nothing => Class::Nothing,
        What::Unknown => Class::Unknown,
    }
}

fn style(class: Class) -> String {
    match class {
        Class::Path(at) => format!("p{at}"),
        Class::Other => "other".into(),
        Class::Bad => "bad".into(),
        Class::Nothing => "none".into(),
        Class::Unknown => "unknown".into(),
    }
}

fn class_word(class: Class, tails: &[Vec<Hop>]) -> String {
    match class {
        Class::Path(at) => tails.get(usize::from(at)).map(|tail| format!("… {}", words(tail))).unwrap_or_default(),
        Class::Other => tr!(ribbon.other),
        Class::Bad => tr!(ribbon.bad),
        Class::Nothing => tr!(ribbon.none),
        Class::Unknown => tr!(ribbon.unknown),
    }
}

fn moment(ms: i64, span_ms: i64) -> String {
    let at = Timestamp::from_millis(ms);
    match span_ms {
        0..600_000 => at.to_string()[11..19].to_owned(),
        600_000..172_800_000 => at.clock(),
        _ => crate::text::language().short_date(at),
    }
}

fn ticks(course: &Course, frame: &Frame, top: f64, bottom: f64) -> impl IntoView + use<> {
    let (span, x) = (course.to - course.from, frame.x());
    let most = if frame.width > 500.0 { 6 } else { 3 };
    let times = time_ticks(course.from / 1000, course.to / 1000, most);
    times
        .into_iter()
        .map(|t| {
            let at = x.at(t as f64 * 1000.0);
            view! {
                <line class="grid" x1=at x2=at y1=top y2=bottom></line>
                <text class="ax" x=at y=bottom + 14.0 text-anchor="middle">{moment(t * 1000, span)}</text>
            }
        })
        .collect_view()
}

fn ribbon(course: &Course, width: f64) -> impl IntoView + use<> {
    let (classes, _) = classes(course);
    let shown: Vec<&Lane> = course.lanes.iter().take(LANES).collect();
    let frame = Frame { width, left: if width > 500.0 { 132.0 } else { 76.0 }, row: ROW, from: course.from, to: course.to };
    let stretches: Vec<Vec<Stretch>> =
        shown.iter().map(|lane| lane.stretches.iter().map(|it| (it.from, it.to, class_of(it.what, &classes))).collect()).collect();
    let height = shown.len() as f64 * ROW;
    let drawn = lanes(&frame, &stretches).into_iter().map(|(class, d)| view! { <path class=style(class) d=d></path> }).collect_view();
    let letters = if width > 500.0 { 20 } else { 11 };
    let names = shown
        .iter()
        .enumerate()
        .map(|(at, lane)| {
            let name: String = lane.vantage.chars().take(letters).collect();
            view! { <text class="ax" x=frame.left - 6.0 y=at as f64 * ROW + 10.0 text-anchor="end">{name}</text> }
        })
        .collect_view();
    view! {
        <svg class="ribbon" viewBox=format!("0 0 {} {}", width + 8.0, height + 20.0) aria-hidden="true" focusable="false">
            {ticks(course, &frame, 0.0, height)}
            {drawn}
            {names}
        </svg>
    }
}

fn share(course: &Course, width: f64) -> impl IntoView + use<> {
    let height = 80.0;
    let frame = Frame { width, left: if width > 500.0 { 132.0 } else { 76.0 }, row: ROW, from: course.from, to: course.to };
    let shares: Vec<(i64, Option<f64>)> =
        course.shares.iter().map(|it| (it.at, (it.all > 0).then(|| f64::from(it.here) / f64::from(it.all)))).collect();
    let (line, area) = steps(&frame, height, &shares);
    let rows = [0.0, 0.5, 1.0].map(|share| (share, crate::text::language().percent(Some(share), 0)))
        .into_iter()
        .map(|(share, label)| {
            let y = height * (1.0 - share);
            view! { <line class="grid" x1=frame.left x2=width y1=y y2=y></line><text class="ax" x=frame.left - 6.0 y=y + 4.0 text-anchor="end">{label}</text> }
        })
        .collect_view();
    view! {
        <svg class="share" viewBox=format!("0 -6 {} {}", width + 8.0, height + 28.0) aria-hidden="true" focusable="false">
            {rows}
            {ticks(course, &frame, 0.0, height)}
            <path class="area" d=area></path>
            <path class="line" d=line></path>
        </svg>
    }
}

/// The picture for wide windows and for phones.
fn both<V: IntoView + 'static>(draw: impl Fn(f64) -> V) -> impl IntoView {
    view! { <div class="only-wide">{draw(960.0)}</div><div class="only-narrow">{draw(340.0)}</div> }
}

/// What vantage points had of a prefix, as lanes, as a share, in words and as tables.
#[component]
pub fn PathRibbon(
    /// What they had.
    course: Course,
) -> impl IntoView {
    if course.lanes.is_empty() {
        return view! { <p class="pbody muted">{tr!(ribbon.empty)}</p> }.into_any();
    }
    let (classes, tails) = classes(&course);
    let odd = course.lanes.iter().filter(|lane| lane.stretches.iter().any(|it| class_of(it.what, &classes) == Class::Bad)).count();
    let (low, high) = course.range().unwrap_or((0.0, 0.0));
    let percent = |share: f64| format!("{:.0}", share * 100.0);
    let sentence = tr!(ribbon.say, n = course.lanes.len(), paths = course.paths.len(), odd = odd, low = percent(low), high = percent(high));
    let mut used: Vec<Class> = course.lanes.iter().flat_map(|lane| &lane.stretches).map(|it| class_of(it.what, &classes)).collect();
    used.sort_unstable();
    used.dedup();
    let legend = used
        .iter()
        .map(|class| {
            let mono = matches!(class, Class::Path(_)).then_some("mono");
            view! { <li class=format!("k-{}", style(*class))><span class=mono>{class_word(*class, &tails)}</span></li> }
        })
        .collect_view();
    let more = (course.lanes.len() > LANES)
        .then(|| view! { <p class="muted s12">{tr!(ribbon.more, shown = LANES, all = course.lanes.len())}</p> });
    view! {
        <figure class="pbody chart">
            <figcaption class="say">{sentence}</figcaption>
            {both({ let course = course.clone(); move |width| ribbon(&course, width) })}
            <ul class="legend ribbons">{legend}</ul>
            {more}
            <h3>{tr!(ribbon.share)}</h3>
            {both({ let course = course.clone(); move |width| share(&course, width) })}
        </figure>
        <div class="below">
            <details><summary>{tr!(chart.table)}</summary>{lane_table(&course)}{share_table(&course)}</details>
            <details><summary>{tr!(chart.about)}</summary><p>{tr!(ribbon.about)}</p></details>
        </div>
    }
    .into_any()
}

fn lane_table(course: &Course) -> impl IntoView + use<> {
    let rows = course
        .lanes
        .iter()
        .map(|lane| {
            let changes = lane
                .stretches
                .iter()
                .filter(|it| it.what != What::Unknown)
                .map(|it| {
                    let what = match it.what {
                        What::Path(at) => course.paths.get(at).map(|path| words(&path.hops)).unwrap_or_default(),
                        What::Nothing => tr!(ribbon.none),
                        What::Unknown => String::new(),
                    };
                    let at = Timestamp::from_millis(it.from).to_string()[11..19].to_owned();
                    view! { <li><time datetime=Timestamp::from_millis(it.from).to_string()>{at}</time>" "<span class="mono">{what}</span></li> }
                })
                .collect_view();
            view! { <tr><td>{lane.vantage.clone()}</td><td><ul>{changes}</ul></td></tr> }
        })
        .collect_view();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=tr!(ribbon.table)>
            <table class="tbl tight">
                <thead><tr><th scope="col">{tr!(ribbon.vantage)}</th><th scope="col">{tr!(ribbon.had)}</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn share_table(course: &Course) -> impl IntoView + use<> {
    let rows = course
        .shares
        .iter()
        .rev()
        .take(50)
        .map(|it| {
            let at = Timestamp::from_millis(it.at);
            view! { <tr><td><time datetime=at.to_string()>{at.to_string()}</time></td><td class="num">{it.here}</td><td class="num">{it.all}</td></tr> }
        })
        .collect_view();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=tr!(ribbon.share)>
            <table class="tbl tight">
                <thead><tr>
                    <th scope="col">{tr!(chart.time)}</th>
                    <th scope="col" class="num">{tr!(ribbon.here)}</th>
                    <th scope="col" class="num">{tr!(ribbon.known)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
