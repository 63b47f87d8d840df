//! Small multiples: latency by provider, location or probe, on shared axes.

use super::ms;
use crate::rpc::insights::{GroupView, GroupsView};
use leptos::prelude::*;
use peerage_charts::smoke::{Bucket, Frame, smoke};
use peerage_domain::Timestamp;

/// What there is to choose: words in the address, and what people call it.
fn ways() -> [(&'static str, String); 3] {
    [("provider", tr!(groups.provider)), ("location", tr!(groups.location)), ("probe", tr!(insights.probe))]
}

/// The intervals of a group, in ms or in percent of the group's own median.
fn buckets(group: &GroupView, relative: bool) -> Vec<Bucket> {
    let unit = group.ms.0.filter(|ms| relative && *ms > 0.0).map_or(1.0, |ms| ms / 100.0);
    let bucket = |it: &crate::rpc::insights::BucketView| Bucket {
        time: it.t,
        quantiles: it.q.map(|q| q.map(|ms| ms / unit)),
        count: it.n,
        lost: it.lost,
    };
    group.buckets.iter().map(bucket).collect()
}

fn picture(view: &GroupsView, data: &[Bucket], top: f64) -> impl IntoView + use<> {
    let frame =
        Frame { width: 320.0, height: 90.0, left: 34.0, right: 4.0, from: view.from, to: view.to, step_s: view.step_s, at_least_ms: top };
    let picture = smoke(&frame, data);
    let (left, right) = (frame.left, frame.width - frame.right);
    let rows = picture.rows.iter().map(|&(y, v)| {
        view! { <line class="grid" x1=left x2=right y1=y y2=y></line><text class="ax" x=left - 4.0 y=y + 4.0 text-anchor="end">{v.to_string()}</text> }
    });
    let losses = picture.losses.iter().map(|&(x, w, share)| {
        let h = (share * 8.0).max(1.5);
        view! { <rect class="loss" x=x y=frame.height + 12.0 - h width=w height=h></rect> }
    });
    view! {
        <svg class="smoke still" viewBox="0 0 320 104" aria-hidden="true" focusable="false">
            {rows.collect_view()}
            <rect class="strip" x=left y=frame.height + 4.0 width=right - left height="8"></rect>
            <path class="outer" d=picture.outer></path>
            <path class="inner" d=picture.inner></path>
            <path class="median" d=picture.median></path>
            {losses.collect_view()}
        </svg>
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
    let data: Vec<Vec<Bucket>> = view.groups.iter().map(|group| buckets(group, relative)).collect();
    // The same top for all: medians and their bands, without the few that stand out of everything.
    let top = data.iter().flatten().filter_map(|it| it.quantiles.map(|q| q[4])).fold(1.0, f64::max);
    let link = |by: &str, relative: bool| {
        format!("/insights/latency?window={window}&by={by}{}#groups", if relative { "&scale=relative" } else { "" })
    };
    let links = ways().into_iter().map(|(word, label)| {
        view! { <a href=link(word, relative) aria-current=(word == view.by).then_some("true")>{label}</a> }
    });
    let scales = [(false, tr!(groups.absolute)), (true, tr!(groups.relative))].into_iter().map(|(it, label)| {
        view! { <a href=link(&view.by, it) aria-current=(it == relative).then_some("true")>{label}</a> }
    });
    let figures = view.groups.iter().zip(&data).map(|(group, data)| {
        let words = tr!(groups.words, n = group.series, p95 = ms(group.ms.1));
        view! {
            <figure>
                <figcaption><b>{group.name.clone()}</b>" "<span class="v">{ms(group.ms.0)}</span><small class="muted">{words}</small></figcaption>
                {picture(&view, data, top)}
            </figure>
        }
    });
    let rows = view.groups.iter().map(|group| {
        let lost = group.loss.map_or_else(|| "–".to_owned(), |loss| format!("{:.2} %", loss * 100.0));
        view! {
            <tr><th scope="row">{group.name.clone()}</th><td class="num">{group.series}</td><td class="num">{ms(group.ms.0)}</td><td class="num">{ms(group.ms.1)}</td><td class="num">{lost}</td></tr>
        }
    });
    let sentence = match (view.groups.first(), view.groups.last()) {
        (Some(slow), Some(fast)) if view.groups.len() > 1 => {
            tr!(groups.say, slow = slow.name.clone(), slow_ms = ms(slow.ms.0), fast = fast.name.clone(), fast_ms = ms(fast.ms.0))
        }
        (Some(only), _) => tr!(groups.one, name = only.name.clone()),
        _ => tr!(chart.say_none),
    };
    let span = tr!(chart.span, from = Timestamp::from_secs(view.from).minute(), to = Timestamp::from_secs(view.to).minute());
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
                        <thead><tr><th scope="col">{tr!(groups.name)}</th><th scope="col" class="num">{tr!(groups.series)}</th><th scope="col" class="num">{tr!(chart.median)}</th><th scope="col" class="num">"p95"</th><th scope="col" class="num">{tr!(chart.loss)}</th></tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table></div>
                </details>
                <details><summary>{tr!(chart.about)}</summary><p class="help">{tr!(groups.about)}</p></details>
                <span class="push"></span><span>{span}</span>
            </div>
        </section>
    }
}
