//! Incidents over time: a line a family, and a calendar.

use crate::{
    components::{Icon, duration, family_name},
    rpc::incidents::Bar,
};
use leptos::prelude::*;
use peerage_charts::{
    calendar::{STEP, cells, days, shade},
    scale::{Scale, time_ticks},
};
use peerage_domain::{Timestamp, incident::Family};

/// How far back the pictures look, in seconds.
const LOOK_BACK_S: i64 = 30 * 86_400;

fn timeline(bars: &[Bar], now: Timestamp, width: f64) -> impl IntoView + use<> {
    let (left, row) = (if width > 500.0 { 168.0 } else { 8.0 }, if width > 500.0 { 26.0 } else { 40.0 });
    let (from, to) = (now.secs() - LOOK_BACK_S, now.secs());
    let x = Scale::new(from as f64, to as f64, left, width - 8.0);
    let families: Vec<Family> = Family::ALL.into_iter().filter(|family| bars.iter().any(|bar| bar.family == *family)).collect();
    let height = families.len() as f64 * row;
    let lanes = families
        .iter()
        .enumerate()
        .map(|(at, family)| {
            let y = at as f64 * row;
            let (label_x, label_y, anchor) = if width > 500.0 { (left - 12.0, y + 17.0, "end") } else { (left, y + 12.0, "start") };
            let top = if width > 500.0 { y + 7.0 } else { y + 19.0 };
            let marks = bars
                .iter()
                .filter(|bar| bar.family == *family)
                .map(|bar| {
                    let start = x.at(bar.from.max(from) as f64);
                    let length = (x.at(bar.to.unwrap_or(to) as f64) - start).max(5.0);
                    let class = if bar.to.is_some() { "bar" } else { "bar open" };
                    let lasted = duration(bar.to.unwrap_or(to) - bar.from);
                    view! { <rect class=class x=start y=top width=length height="13" rx="2"><title>{format!("{} {}, {lasted}", bar.id, Timestamp::from_secs(bar.from).minute())}</title></rect> }
                })
                .collect_view();
            view! {
                <line class="grid" x1="0" x2=width y1=y + row y2=y + row></line>
                <text class="ax" x=label_x y=label_y text-anchor=anchor>{family_name(*family)}</text>
                {marks}
            }
        })
        .collect_view();
    let columns = time_ticks(from, to, if width > 500.0 { 7 } else { 4 })
        .into_iter()
        .map(|t| {
            let at = x.at(t as f64);
            view! { <line class="grid" x1=at x2=at y1="0" y2=height></line><text class="ax" x=at y=height + 15.0 text-anchor="middle">{crate::text::language().short_date(Timestamp::from_secs(t))}</text> }
        })
        .collect_view();
    view! { <svg class="anomalies" viewBox=format!("0 0 {width} {}", height + 20.0) aria-hidden="true" focusable="false">{columns}{lanes}</svg> }
}

/// Incidents of the last thirty days, a line a family.
#[component]
pub fn Anomalies(
    /// The incidents.
    bars: Vec<Bar>,
    /// The server's time.
    now: Timestamp,
) -> impl IntoView {
    view! {
        <div class="only-wide">{timeline(&bars, now, 640.0)}</div>
        <div class="only-narrow">{timeline(&bars, now, 340.0)}</div>
    }
}

/// On which days of the last thirty something happened.
#[component]
pub fn AnomalyCalendar(
    /// The incidents.
    bars: Vec<Bar>,
    /// The server's time.
    now: Timestamp,
) -> impl IntoView {
    let moments: Vec<i64> = bars.iter().map(|bar| bar.from).collect();
    let all = days(now.secs() - LOOK_BACK_S + 86_400, now.secs(), &moments);
    let weeks = all.iter().map(|day| day.week).max().unwrap_or(0) + 1;
    let names = [tr!(day.monday), tr!(day.wednesday), tr!(day.friday), tr!(day.sunday)];
    let labels = names
        .into_iter()
        .enumerate()
        .map(|(at, name)| view! { <text class="ax" x="-6" y=at as f64 * 2.0 * STEP + 11.0 text-anchor="end">{name}</text> })
        .collect_view();
    let drawn = cells(&all).into_iter().map(|(shade, d)| view! { <path class=format!("h{shade}") d=d></path> }).collect_view();
    let marked: Vec<_> = all.iter().filter(|day| day.count > 0).cloned().collect();
    let quiet = all.len() - marked.len();
    let rows = marked
        .iter()
        .rev()
        .map(|day| view! { <li class=format!("k-h{}", shade(day.count))>{crate::text::language().date(Timestamp::from_secs(day.start))}{crate::text::language().colon()}{day.count}</li> })
        .collect_view();
    view! {
        <div class="calendar">
            <svg viewBox=format!("-34 0 {} {}", weeks as f64 * STEP + 36.0, 7.0 * STEP) aria-hidden="true" focusable="false">{labels}{drawn}</svg>
            <div>
                <p>{tr!(calendar.say, quiet = quiet, all = all.len())}</p>
                <ul class="legend">{rows}</ul>
            </div>
        </div>
    }
}

/// What stands where nothing happened.
#[component]
pub fn AllQuiet() -> impl IntoView {
    view! { <p class="pbody st pass"><Icon name="pass"/>{tr!(anomalies.quiet)}</p> }
}
