//! `/ops/sources`: where the Internet's routes are heard of, and how each source does.

use crate::{
    components::{Ago, Breadcrumbs, Empty, Icon, live, load},
    rpc::incidents::{FeedView, FeedsView, read_feeds},
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::Timestamp;

/// Sources of routes.
#[component]
pub fn SourcesPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| read_feeds());
    live(|| "incidents".to_owned(), found);
    view! {
        <Title text=tr!(sources.title)/>
        <div>
            <Breadcrumbs trail=vec![("/incidents".into(), tr!(incidents.title)), ("/ops/sources".into(), tr!(sources.title))]/>
            <h1>{tr!(sources.title)}</h1>
            <p class="sub">{tr!(sources.sub)}</p>
        </div>
        {load(found, |view| view! { <Sources view=view/> })}
    }
}

fn row(it: &FeedView, now: Timestamp) -> impl IntoView + use<> {
    let (class, icon, word) = match it.up {
        Some(true) => ("pass", "tick", tr!(sources.up)),
        Some(false) => ("fail", "fail", tr!(sources.down)),
        None => ("now", "clock", tr!(sources.connecting)),
    };
    let gaps = it.gaps.len();
    let last_gap = it.gaps.last().map(|(from, to)| match to {
        Some(to) => tr!(sources.gap, from = from.minute(), to = to.minute()),
        None => tr!(sources.gap_open, from = from.minute()),
    });
    view! {
        <tr>
            <td class="key" data-l=tr!(sources.name)><span>{it.name.clone()}<small class="muted">{it.trouble.clone()}</small></span></td>
            <td class="v" data-l=tr!(sources.state)><span><span class=format!("st {class}")><Icon name=icon/>{word}</span><small class="muted"><Ago at=it.since now=now/></small></span></td>
            <td data-l=tr!(sources.last)>{it.last.map(|at| view! { <Ago at=at now=now/> })}</td>
            <td class="num" data-l=tr!(sources.messages)>{it.messages}</td>
            <td class="num" data-l=tr!(sources.watched)>{it.watched}</td>
            <td class="num" data-l=tr!(sources.unreadable)>{it.unreadable}</td>
            <td class="num" data-l=tr!(sources.dropped)>{it.dropped}</td>
            <td data-l=tr!(sources.gaps)><span>{gaps}<small class="muted">{last_gap}</small></span></td>
        </tr>
    }
}

#[component]
fn Sources(view: FeedsView) -> impl IntoView {
    let rows = view.feeds.iter().map(|it| row(it, view.now)).collect_view();
    if view.feeds.is_empty() {
        return view! {
            <section class="panel" aria-label=tr!(sources.title)>
                <Empty text=tr!(sources.empty)>
                    <a class="btn" href="/help">{tr!(nav.help)}</a>
                </Empty>
            </section>
        }
        .into_any();
    }
    view! {
        <section class="panel" aria-labelledby="h-sources">
            <div class="phead"><h2 id="h-sources">{tr!(sources.n, n = view.feeds.len())}</h2><p>{tr!(sources.since_start)}</p></div>
            <div class="scroll"><table class="tbl cards">
                <thead><tr>
                    <th scope="col">{tr!(sources.name)}</th><th scope="col">{tr!(sources.state)}</th><th scope="col">{tr!(sources.last)}</th>
                    <th scope="col" class="num">{tr!(sources.messages)}</th><th scope="col" class="num">{tr!(sources.watched)}</th>
                    <th scope="col" class="num">{tr!(sources.unreadable)}</th><th scope="col" class="num">{tr!(sources.dropped)}</th><th scope="col">{tr!(sources.gaps)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        </section>
    }
    .into_any()
}
