//! `/insights/latency`: one sentence, then every series on one scale, then the details.

use crate::{
    components::{
        Empty,
        chart::{ChartTime, Heat, LatencyChart, Multiples, Spark, Windows, Zoom, series_anchor, series_words, window_in_url},
        chart_ms, live, load, load_more,
    },
    rpc::insights::{CourseView, LatencyView, latency, latency_groups},
    text::language,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use peerage_domain::Timestamp;

/// Latency across all connections.
#[component]
pub fn LatencyPage() -> impl IntoView {
    ChartTime::provide();
    let window = window_in_url();
    let found = Resource::new_blocking(move || window.get(), |window| latency(String::new(), window));
    live(String::new, found);
    let map = use_query_map();
    let by = Memo::new(move |_| map.read().get("by").unwrap_or_default());
    let relative = Memo::new(move |_| map.read().get("scale").as_deref() == Some("relative"));
    let groups = Resource::new_blocking(move || (by.get(), window.get()), |(by, window)| latency_groups(by, window));
    live(String::new, groups);
    view! {
        {load(found, |view| view! { <Overview view=view/> })}
        {load_more(groups, move |view| {
            (!view.groups.is_empty()).then(|| view! { <Multiples view=view.clone() relative=relative.get_untracked() window=window.get_untracked()/> })
        })}
        {load_more(found, |view| view! { <Series view=view/> })}
    }
}

/// The change against the window before, in words and with a sign.
fn change(course: &CourseView) -> Option<f64> {
    Some(course.median_ms? - course.before_ms?)
}

fn headline(view: &LatencyView) -> impl IntoView + use<> {
    if view.median_ms.is_none() {
        return view! { <p class="headline">{tr!(insights.no_samples)}</p> }.into_any();
    }
    let median = chart_ms(view.median_ms);
    let delta = view.median_ms.zip(view.before_ms).map(|(now, before)| now - before);
    let compared = match delta {
        Some(d) if d <= -0.05 => view! { <span class="dn">{tr!(insights.better, d = language().decimal(-d, 1))}</span> }.into_any(),
        Some(d) if d >= 0.05 => view! { <span class="up">{tr!(insights.worse, d = language().decimal(d, 1))}</span> }.into_any(),
        Some(_) => view! { <span>{tr!(insights.steady)}</span> }.into_any(),
        None => view! { <span>{tr!(insights.no_before)}</span> }.into_any(),
    };
    let worst = view.courses.iter().max_by(|a, b| a.median_ms.unwrap_or(0.0).total_cmp(&b.median_ms.unwrap_or(0.0)));
    let worst = worst.map(|c| view! {
        " "{tr!(insights.slowest)}" "<a href=format!("/connections/{}", c.connection.0)>{title(c)}</a>", "<b>{chart_ms(c.median_ms)}</b>"."
    });
    view! { <p class="headline">{tr!(insights.median)}" "<b>{median}</b>", "{compared}"."{worst}</p> }.into_any()
}

fn title(course: &CourseView) -> String {
    format!("{}{}{}", course.connection.1, language().colon(), series_words(&course.name))
}

#[component]
fn Overview(view: LatencyView) -> impl IntoView {
    let cards = view
        .courses
        .iter()
        .map(|c| {
            let values = c.buckets.iter().map(|b| b.q.map(|q| q[2])).collect::<Vec<_>>();
            let delta = change(c).map(|d| match d {
                _ if d <= -0.05 => tr!(insights.better, d = language().decimal(-d, 1)),
                _ if d >= 0.05 => tr!(insights.worse, d = language().decimal(d, 1)),
                _ => tr!(insights.steady),
            });
            view! {
                <a href=format!("#s-{}", series_anchor(&c.name))>
                    <span class="cardhead"><b>{title(c)}</b><span class="v">{chart_ms(c.median_ms)}</span></span>
                    <Spark values=values/>
                    <span class="dl"><span>{delta}</span><span>{tr!(insights.p95, v = chart_ms(c.p95_ms))}</span></span>
                </a>
            }
        })
        .collect_view();
    let empty = view.courses.is_empty();
    view! {
        <Title text=tr!(insights.title)/>
        <h1 class="visually-hidden">{tr!(insights.title)}</h1>
        <div class="title"><Windows current=view.window.clone() path="/insights/latency"/><Zoom view=view.clone() path="/insights/latency"/></div>
        {headline(&view)}
        {view.replay.then(|| view! { <p class="sub">{tr!(chart.replay)}</p> })}
        {if empty {
            view! { <Empty text=tr!(insights.empty)><a class="btn" href="/connections">{tr!(connections.title)}</a></Empty> }.into_any()
        } else {
            view! { <section class="panel" aria-label=tr!(insights.all)><div class="multi">{cards}</div></section> }.into_any()
        }}
    }
}

/// Matrices, and each series by itself.
#[component]
fn Series(view: LatencyView) -> impl IntoView {
    let charts = view
        .courses
        .iter()
        .map(|c| {
            let id = format!("s-{}", series_anchor(&c.name));
            let heading = format!("h-{}", series_anchor(&c.name));
            view! {
                <section class="panel" id=id aria-labelledby=heading.clone()>
                    <div class="phead"><h2 id=heading.clone()>{title(c)}</h2><p class="mono">{c.name.clone()}</p></div>
                    <LatencyChart view=view.clone() course=c.clone()/>
                </section>
            }
        })
        .collect_view();
    let (from, to) = (Timestamp::from_secs(view.from), Timestamp::from_secs(view.to));
    let api = |of: &str| format!("/api/v1/telemetry/matrix?of={of}&from={from}&to={to}");
    let here = format!("/insights/latency?window={from}..{to}");
    let places = view.places.clone().map(|matrix| {
        view! {
            <section class="panel" aria-labelledby="h-places">
                <div class="phead"><h2 id="h-places">{tr!(insights.places)}</h2></div>
                <Heat matrix=matrix caption=tr!(insights.places_about) corner=tr!(insights.probe) name="probes" api=api("places") link=here.clone()/>
            </section>
        }
    });
    let hours = view.hours.clone().map(|matrix| {
        view! {
            <section class="panel" aria-labelledby="h-hours">
                <div class="phead"><h2 id="h-hours">{tr!(insights.hours)}</h2></div>
                <Heat matrix=matrix caption=tr!(insights.hours_about) corner=tr!(insights.day) name="hours" api=api("hours") link=here.clone()/>
            </section>
        }
    });
    view! { {places}{hours}{charts} }
}
