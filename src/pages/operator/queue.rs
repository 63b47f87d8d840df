//! `/ops/queue` and `/ops/peerings`: what waits, and everything.

use crate::{
    components::{Column, Empty, ListSearch, Pager, SortedHead, live, load, query_from_url},
    pages::partner::{asn_badge, asn_table, peering_kinds, peering_table},
    rpc::operator::{Queue, read_asns, read_queue},
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Next, Timestamp,
    catalogue::{Paged, Query},
    peer_asn::PeerAsn,
};

/// What waits for the operator.
#[component]
pub fn QueuePage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), read_queue);
    live(String::new, found);
    load(found, move |found| view! { <Waiting found=found query=query.get_untracked()/> })
}

/// The age of a request against the promised time, in words and colour.
fn age(since: Timestamp, now: Timestamp, hours: u32) -> impl IntoView {
    let left = i64::from(hours) * 3600 - now.since(since);
    let (class, words) = if left < 0 {
        ("st fail", tr!(queue.late, age = crate::text::language().age(since, now)))
    } else {
        ("st", tr!(queue.left, age = crate::text::language().age(since, now), left = left / 3600))
    };
    view! { <time class=class datetime=since.to_string() title=since.minute()>{words}</time> }
}

#[component]
fn Waiting(found: Queue, query: Query) -> impl IntoView {
    let (now, hours) = (found.now, found.answer_hours);
    let nothing = found.asns.total == 0 && found.peerings.total == 0 && query.search.is_empty();
    let asns = (found.asns.total > 0).then(|| waiting_asns(found.asns, now, hours));
    view! {
        <Title text=tr!(queue.title)/>
        <div class="title"><h1>{tr!(queue.title)}</h1><p class="sub">{tr!(queue.promise, n = hours)}</p></div>
        {nothing.then(|| view! { <section class="panel"><Empty text=tr!(queue.empty)><a class="btn" href="/ops/peerings">{tr!(nav.all_peerings)}</a></Empty></section> })}
        {asns}
        {(!nothing).then(|| view! {
            <section class="panel" aria-labelledby="peerings">
                <div class="phead"><h2 id="peerings">{tr!(queue.peerings, n = found.peerings.total)}</h2></div>
                {peering_table(found.peerings, query, "/ops/queue", "/ops/peerings", Next::Operator, now)}
            </section>
        })}
    }
}

/// The first of the associations that wait; sorting and paging lead to the list of all of them.
fn waiting_asns(found: Paged<PeerAsn>, now: Timestamp, hours: u32) -> impl IntoView {
    let query = Query { kind: "Pending".into(), ..Query::default() };
    let columns = vec![
        Column::text("", tr!(queue.request)),
        Column::text("name", tr!(peerings.network)),
        Column::text("", tr!(connection.state)),
        Column::text("since", tr!(queue.age)),
    ];
    let row = |a: PeerAsn| {
        view! {
            <tr>
                <td class="key mono" data-l=tr!(queue.request)><a href=format!("/ops/asns/{}", a.id)>{a.id.clone()}</a></td>
                <td data-l=tr!(peerings.network)>{a.peer_name.clone()}" "<span class="mono muted">{a.asn.to_string()}</span></td>
                <td class="v" data-l=tr!(connection.state)>{asn_badge(&a.state)}</td>
                <td data-l=tr!(queue.age)>{a.state.since().map(|since| age(since, now, hours))}</td>
            </tr>
        }
    };
    view! {
        <section class="panel" aria-labelledby="asns">
            <div class="phead"><h2 id="asns">{tr!(queue.asns)}</h2><p class="acts"><a href="/ops/asns">{tr!(queue.all_asns)}</a></p></div>
            <div class="scroll"><table class="tbl cards">
                <SortedHead columns=columns query=query.clone() path="/ops/asns"/>
                <tbody>{found.items.into_iter().map(row).collect_view()}</tbody>
            </table></div>
            <Pager total=found.total limit=found.limit query=query path="/ops/asns"/>
        </section>
    }
}

/// Every ASN association.
#[component]
pub fn AsnsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), read_asns);
    live(String::new, found);
    load(found, move |(found, now)| {
        let query = query.get_untracked();
        view! {
            <Title text=tr!(asns.all)/>
            <div class="title"><h1>{tr!(asns.all)}</h1></div>
            <section class="panel" aria-label=tr!(asns.all)>{asn_table(found, query, "/ops/asns", Next::Operator, now)}</section>
        }
    })
}

/// Every peering.
#[component]
pub fn PeeringsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || Query { partner: "all".into(), ..query.get() }, read_queue);
    live(String::new, found);
    load(found, move |found| {
        let query = query.get_untracked();
        view! {
            <Title text=tr!(nav.all_peerings)/>
            <div class="title"><h1>{tr!(nav.all_peerings)}</h1></div>
            <section class="panel" aria-labelledby="all">
                <div class="phead">
                    <h2 id="all">{tr!(peerings.n, n = found.peerings.total)}</h2>
                    <ListSearch query=query.clone() path="/ops/peerings" hint=tr!(peerings.search) kinds=peering_kinds()/>
                </div>
                {peering_table(found.peerings, query, "/ops/peerings", "/ops/peerings", Next::Operator, found.now)}
            </section>
        }
    })
}
