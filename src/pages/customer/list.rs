//! `/connections`: every connection of the organisation.

use crate::{
    components::{Column, EmptyList, ListSearch, Pager, Post, SortedHead, action, chart::Spark, load, query_from_url},
    rpc::connections::{ConnectionList, ConnectionRow, DiscardConnectionDraft, NewConnection, connections},
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::catalogue::Query;

/// The list.
#[component]
pub fn ConnectionsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), connections);
    load(found, move |found| view! { <List found=found query=query.get_untracked()/> })
}

#[component]
fn List(found: ConnectionList, query: Query) -> impl IntoView {
    let new = || view! { <Post to={action::<NewConnection>()} fields=vec![] label=tr!(connections.new) class="btn main"/> };
    let writable = found.writable;
    let drafts = found.drafts.iter().map(|(id, name, updated)| {
        let title = if name.is_empty() { tr!(connections.unnamed) } else { name.clone() };
        view! {
            <li>
                <a href=format!("/connections/new/{id}/basics")>{title}</a>
                " "<span class="muted s12">{tr!(connections.draft_at, at = updated.minute())}</span>
                " "<Post to={action::<DiscardConnectionDraft>()} fields=vec![("id", id.clone())] label=tr!(connections.discard) class="btn sm quiet"/>
            </li>
        }
    });
    let drafts: Vec<_> = drafts.collect();
    let list = if found.rows.items.is_empty() {
        view! {
            <EmptyList total=found.rows.total query=query.clone() path="/connections" text=tr!(connections.empty)>
                {writable.then(new)}" "<a class="btn" href="/">{tr!(connections.find)}</a>
            </EmptyList>
        }
        .into_any()
    } else {
        table(found.rows.items.clone(), found.rows.total, found.rows.limit, query.clone()).into_any()
    };
    view! {
        <Title text=tr!(connections.title)/>
        <div class="title"><h1>{tr!(connections.title)}</h1><div class="acts">{writable.then(new)}</div></div>
        {(!drafts.is_empty()).then(|| view! {
            <section class="panel" aria-labelledby="drafts"><div class="phead"><h2 id="drafts">{tr!(connections.drafts)}</h2></div><ul class="pbody stack">{drafts}</ul></section>
        })}
        <section class="panel" aria-labelledby="registered">
            <div class="phead">
                <h2 id="registered">{tr!(connections.n, n = found.rows.total)}</h2>
                <ListSearch query=query.clone() path="/connections" hint=tr!(connections.search)/>
            </div>
            {list}
        </section>
    }
}

fn table(items: Vec<ConnectionRow>, total: u64, limit: u32, query: Query) -> impl IntoView {
    let rows = items
        .into_iter()
        .map(|c| {
            view! {
                <tr>
                    <td class="key" data-l=tr!(connections.name)><a href=format!("/connections/{}", c.id)>{c.name}</a>" "<span class="mono muted">{c.id}</span></td>
                    <td data-l=tr!(connections.site)>{c.place}</td>
                    <td data-l=tr!(connections.provider)>{c.provider}</td>
                    <td data-l=tr!(connections.enters)>{c.primary}</td>
                    <td class="num" data-l=tr!(connections.prefixes)>{c.prefixes}</td>
                    <td class="num v" data-l=tr!(connections.median)>{crate::components::chart_ms(c.median_ms)}</td>
                    <td class="q" data-l="24 h"><Spark values=c.spark/></td>
                </tr>
            }
        })
        .collect_view();
    let columns = vec![
        Column::text("name", tr!(connections.name)),
        Column::text("", tr!(connections.site)),
        Column::text("provider", tr!(connections.provider)),
        Column::text("", tr!(connections.enters)),
        Column::number("", tr!(connections.prefixes)),
        Column::number("", tr!(connections.median)),
        Column::text("", "24 h"),
    ];
    view! {
        <div class="scroll"><table class="tbl cards"><SortedHead columns=columns query=query.clone() path="/connections"/><tbody>{rows}</tbody></table></div>
        <Pager total=total limit=limit query=query path="/connections"/>
    }
}
