//! Small multiples: latency by provider, location or probe, on shared axes.

use super::{
    cursor::{Cursor, Plot},
    latency::moment,
    ms,
    save::Save,
};
use crate::{
    rpc::insights::{BucketView, GroupView, GroupsView},
    text::language,
};
use leptos::prelude::*;
use peerage_charts::smoke::{Bucket, Frame, other_line, smoke};
use peerage_domain::Timestamp;

/// What there is to choose: words in the address, and what people call it.
fn ways() -> [(&'static str, String); 3] {
    [("provider", tr!(groups.provider)), ("location", tr!(groups.location)), ("probe", tr!(insights.probe))]
}

/// An interval in few words: there is little room. `write` writes a value with its unit.
fn words(bucket: &BucketView, write: impl Fn(f64) -> String) -> String {
    let time = Timestamp::from_secs(bucket.t).minute();
    let Some(q) = bucket.q else { return tr!(chart.reading_lost, time = time, n = bucket.lost) };
    tr!(groups.reading, time = time, median = write(q[2]), low = write(q[0]), high = write(q[4]))
}

fn words_ms(bucket: &BucketView) -> String {
    words(bucket, |ms| language().ms(Some(ms)))
}

fn words_percent(bucket: &BucketView) -> String {
    words(bucket, |percent| language().percent(Some(percent / 100.0), 0))
}

fn picture(view: &GroupsView, group: &GroupView, relative: bool, top: f64) -> impl IntoView + use<> {
    let frame =
        Frame { width: 320.0, height: 90.0, left: 34.0, right: 4.0, from: view.from, to: view.to, step_s: view.step_s, at_least_ms: top };
    let picture = smoke(&frame, &drawn(&group.buckets));
    let earlier = other_line(&frame, picture.top_ms, view.earlier_step_s, &group.earlier);
    let (left, right) = (frame.left, frame.width - frame.right);
    let rows = picture.rows.iter().map(|&(y, v)| {
        view! { <line class="grid" x1=left x2=right y1=y y2=y></line><text class="ax" x=left - 4.0 y=y + 4.0 text-anchor="end">{language().number(v)}</text> }
    }).collect_view();
    let columns = picture
        .columns
        .iter()
        .map(|&(x, t)| {
            view! { <text class="ax" x=x y=frame.height + 26.0 text-anchor="middle">{moment(t, view.from, view.to)}</text> }
        })
        .collect_view();
    let losses = picture
        .losses
        .iter()
        .map(|&(x, w, share)| {
            let h = (share * 8.0).max(1.5);
            view! { <rect class="loss" x=x y=frame.height + 12.0 - h width=w height=h></rect> }
        })
        .collect_view();
    let plot = Plot { frame, top: picture.top_ms, strips: 12.0, below: 30.0 };
    view! {
        <Cursor plot=plot buckets=group.buckets.clone() words=if relative { words_percent } else { words_ms }>
            {rows}
            <rect class="strip" x=left y=frame.height + 4.0 width=right - left height="8"></rect>
            <path class="outer" d=picture.outer></path>
            <path class="inner" d=picture.inner></path>
            <path class="earlier" d=earlier></path>
            <path class="median" d=picture.median></path>
            {losses}
            {columns}
        </Cursor>
    }
}

/// Intervals as a chart takes them.
fn drawn(values: &[BucketView]) -> Vec<Bucket> {
    values.iter().map(|it| Bucket { time: it.t, quantiles: it.q, count: it.n, lost: it.lost }).collect()
}

/// The change against the window before, in words.
fn changed(group: &GroupView) -> String {
    match group.ms.0.zip(group.before_ms).map(|(now, before)| now - before) {
        Some(by) if by <= -0.05 => tr!(insights.better, d = language().decimal(-by, 1)),
        Some(by) if by >= 0.05 => tr!(insights.worse, d = language().decimal(by, 1)),
        Some(_) => tr!(insights.steady),
        None => tr!(insights.no_before),
    }
}

/// One picture for each group, all with the same axes, and a table.
#[component]
pub fn Multiples(
    /// What is shown.
    view: GroupsView,
    /// Whether in percent of each group's own median.
    relative: bool,
    /// Word of the window in the address.
    window: String,
) -> impl IntoView {
    let shown: Vec<GroupView> = view.groups.iter().map(|group| if relative { group.relative() } else { group.clone() }).collect();
    // The same top for all.
    let top = shown.iter().flat_map(|group| &group.buckets).filter_map(|it| it.q.map(|q| q[4])).fold(1.0, f64::max);
    let link = |by: &str, relative: bool| {
        format!("/insights/latency?window={window}&by={by}{}#groups", if relative { "&scale=relative" } else { "" })
    };
    let links = ways().into_iter().map(|(word, label)| {
        view! { <a href=link(word, relative) aria-current=(word == view.by).then_some("true")>{label}</a> }
    });
    let scales = [(false, tr!(groups.absolute)), (true, tr!(groups.relative))].into_iter().map(|(it, label)| {
        view! { <a href=link(&view.by, it) aria-current=(it == relative).then_some("true")>{label}</a> }
    });
    let figures = shown.iter().map(|group| {
        let words = format!("{} · {}", changed(group), tr!(groups.words, n = group.series, p95 = ms(group.ms.1)));
        view! {
            <figure>
                <figcaption><b>{group.name.clone()}</b>" "<span class="v">{ms(group.ms.0)}</span><small class="muted">{words}</small></figcaption>
                {picture(&view, group, relative, top)}
            </figure>
        }
    });
    let rows = view.groups.iter().map(|group| {
        let lost = language().percent(group.loss, 2);
        view! {
            <tr><th scope="row">{group.name.clone()}</th><td class="num">{group.series}</td><td class="num">{ms(group.ms.0)}</td><td class="num">{ms(group.before_ms)}</td><td class="num">{ms(group.ms.1)}</td><td class="num">{lost}</td></tr>
        }
    });
    let sentence = match (view.groups.first(), view.groups.last()) {
        (Some(slow), Some(fast)) if view.groups.len() > 1 => {
            tr!(groups.say, slow = slow.name.clone(), slow_ms = ms(slow.ms.0), fast = fast.name.clone(), fast_ms = ms(fast.ms.0))
        }
        (Some(only), _) => tr!(groups.one, name = only.name.clone()),
        _ => tr!(chart.say_none),
    };
    let (from, to) = (Timestamp::from_secs(view.from), Timestamp::from_secs(view.to));
    let scale = if relative { "&scale=relative" } else { "" };
    let api = format!("/api/v1/telemetry/groups?by={}&from={from}&to={to}{scale}", view.by);
    let at = format!("/insights/latency?window={from}..{to}&by={}{scale}#groups", view.by);
    let span = tr!(chart.span, from = from.minute(), to = to.minute());
    view! {
        <section class="panel" id="groups" aria-labelledby="h-groups">
            <div class="phead">
                <h2 id="h-groups">{tr!(groups.title)}</h2>
                <div class="acts">
                    <nav class="seg" aria-label=tr!(groups.by)>{links.collect_view()}</nav>
                    <nav class="seg" aria-label=tr!(groups.scale)>{scales.collect_view()}</nav>
                </div>
            </div>
            <div class="pbody chart"><p class="say">{sentence}</p><div class="multiples">{figures.collect_view()}</div></div>
            <div class="below">
                <details>
                    <summary>{tr!(chart.table)}</summary>
                    <div class="scroll"><table class="tbl tight">
                        <thead><tr><th scope="col">{tr!(groups.name)}</th><th scope="col" class="num">{tr!(groups.series)}</th><th scope="col" class="num">{tr!(chart.median)}</th><th scope="col" class="num">{tr!(reports.before)}</th><th scope="col" class="num">"p95"</th><th scope="col" class="num">{tr!(chart.loss)}</th></tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table></div>
                </details>
                <details><summary>{tr!(chart.about)}</summary><p class="help">{tr!(groups.about)}</p></details>
                <span class="push"></span><span>{span}</span>
                <Save name=format!("by-{}", view.by) api=api link=at/>
            </div>
        </section>
    }
}
