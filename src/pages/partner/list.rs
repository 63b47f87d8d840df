//! `/partner`: the organisation's peerings.

use crate::{
    components::{Column, EmptyList, ListSearch, NextActor, Pager, Post, SortedHead, StateBadge, action, live, load, query_from_url},
    rpc::{
        legacy::{ConvertLegacy, LegacyRow},
        partner::{DiscardPeeringDraft, NewPeering, PartnerHome, PeeringRow, read_partner_home},
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Next, Timestamp,
    catalogue::{Paged, Query},
    peering::Kind,
};

/// The list.
#[component]
pub fn PeeringsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), read_partner_home);
    live(String::new, found);
    load(found, move |found| view! { <Home found=found query=query.get_untracked()/> })
}

#[component]
fn Home(found: PartnerHome, query: Query) -> impl IntoView {
    let approved = found.asns.iter().any(peerage_domain::peer_asn::PeerAsn::is_approved);
    let fields = || vec![("location", String::new())];
    let new = move || view! { <Post to={action::<NewPeering>()} fields=fields() label=tr!(peerings.new) class="btn main"/> };
    let drafts: Vec<_> = found
        .drafts
        .iter()
        .map(|(id, title, updated)| {
            view! {
                <li>
                    <a href=format!("/partner/peerings/new/{id}/place")>{title.clone()}</a>" "
                    <span class="muted s12">{tr!(connections.draft_at, at = updated.minute())}</span>" "
                    <Post to={action::<DiscardPeeringDraft>()} fields=vec![("id", id.clone())] label=tr!(connections.discard) class="btn sm quiet"/>
                </li>
            }
        })
        .collect();
    let legacies: Vec<_> = found
        .legacies
        .iter()
        .map(|LegacyRow { sessions: it, location }| {
            view! {
                <li>
                    <b>{it.asn.to_string()}</b>" "{location.clone()}" "<span class="mono muted s12">{it.labels().join(" · ")}</span>" "
                    <Post to={action::<ConvertLegacy>()} fields=vec![("id", it.id.clone())] label=tr!(peerings.convert, id = it.id.clone()) class="btn sm"/>
                </li>
            }
        })
        .collect();
    view! {
        <Title text=tr!(peerings.title)/>
        <div class="title"><h1>{tr!(peerings.title)}</h1><div class="acts">{approved.then(new)}</div></div>
        {(!approved).then(|| view! {
            <div class="call info"><div><p><b>{tr!(peerings.asn_first)}</b></p></div><a class="btn main" href="/partner/asns/new">{tr!(asns.new)}</a></div>
        })}
        {(!drafts.is_empty()).then(|| view! {
            <section class="panel" aria-labelledby="drafts"><div class="phead"><h2 id="drafts">{tr!(connections.drafts)}</h2></div><ul class="pbody stack">{drafts}</ul></section>
        })}
        {(!legacies.is_empty()).then(|| view! {
            <section class="panel" aria-labelledby="legacies"><div class="phead"><h2 id="legacies">{tr!(peerings.before)}</h2></div><ul class="pbody stack">{legacies}</ul></section>
        })}
        <section class="panel" aria-labelledby="list">
            <div class="phead">
                <h2 id="list">{tr!(peerings.n, n = found.peerings.total)}</h2>
                <ListSearch query=query.clone() path="/partner" hint=tr!(peerings.search) kinds=peering_kinds()/>
            </div>
            {peering_table(found.peerings, query, "/partner", "/partner/peerings", Next::Requester, found.now)}
        </section>
    }
}

/// The kinds of peering, to filter by.
pub(crate) fn peering_kinds() -> Vec<(String, String)> {
    [Kind::Direct, Kind::Exchange].map(|kind| (kind.word().to_owned(), kind.word().to_owned())).to_vec()
}

/// Peerings as rows; `detail` is the path in front of the id.
pub(crate) fn peering_table(
    found: Paged<PeeringRow>,
    query: Query,
    path: &'static str,
    detail: &'static str,
    reader: Next,
    now: Timestamp,
) -> impl IntoView {
    if found.items.is_empty() {
        let text = if reader == Next::Operator { tr!(peerings.none_waits) } else { tr!(peerings.empty) };
        return view! { <EmptyList total=found.total query=query path=path text=text><a class="btn" href="/">{tr!(failure.home)}</a></EmptyList> }.into_any();
    }
    let rows = found.items.into_iter().map(|row| peering_row(row, detail, reader, now)).collect_view();
    let columns = vec![
        Column::text("id", tr!(peerings.id)),
        Column::text("peer", tr!(peerings.network)),
        Column::text("", tr!(peerings.location)),
        Column::text("", tr!(directory.kind)),
        Column::text("state", tr!(connection.state)),
        Column::text("since", tr!(peerings.next)),
    ];
    view! {
        <div class="scroll"><table class="tbl cards"><SortedHead columns=columns query=query.clone() path=path/><tbody>{rows}</tbody></table></div>
        <Pager total=found.total limit=found.limit query=query path=path/>
    }
    .into_any()
}

fn peering_row(row: PeeringRow, detail: &str, reader: Next, now: Timestamp) -> impl IntoView + use<> {
    let it = row.peering;
    let href = format!("{detail}/{}", it.id);
    let badges = it.connections.iter().map(|c| view! { <StateBadge state=c.state.name()/>" " }).collect_view();
    let waits = it
        .connections
        .iter()
        .min_by_key(|c| (c.next(it.kind) == Next::Nobody, c.since))
        .map(|c| view! { <NextActor next=c.next(it.kind) reader=reader since=c.since now=now/> });
    view! {
        <tr>
            <td class="key mono" data-l=tr!(peerings.id)><a href=href>{it.id.clone()}</a></td>
            <td data-l=tr!(peerings.network)>{it.peer_name.clone()}" "<span class="mono muted">{it.asn.to_string()}</span></td>
            <td data-l=tr!(peerings.location)>{row.location}</td>
            <td data-l=tr!(directory.kind)><span class="tag">{it.kind.word()}</span>{it.legacy.then(|| view! { " "<span class="tag">{tr!(peerings.legacy)}</span> })}</td>
            <td class="v" data-l=tr!(connection.state)>{badges}</td>
            <td data-l=tr!(peerings.next)>{waits}</td>
        </tr>
    }
}
