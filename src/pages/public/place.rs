//! `/locations/LO-3` and `/partners/AS6667`: one place, one partner.

use super::directory::partner_kind;
use crate::{
    components::{Breadcrumbs, Column, Copy, EmptyList, ListSearch, Pager, SortedHead, action, load, query_from_url},
    pages::{param, partner::peering_kinds},
    rpc::{
        directory::{LocationView, PartnerView, read_location, read_partner},
        partner::NewPeering,
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    catalogue::{Paged, Partner, PartnerKind, PartnerLocation, Query},
    peering::Kind,
    session::gigabits,
};

fn crumbs() -> impl IntoView {
    view! { <Breadcrumbs trail=vec![("/".into(), tr!(directory.title))]/> }
}

/// One location.
#[component]
pub fn LocationPage() -> impl IntoView {
    let id = param("id");
    let query = query_from_url();
    let found = Resource::new_blocking(move || (id.get(), query.get()), |(id, query)| read_location(id, query));
    load(found, move |found| view! { <Location found=found query=query.get_untracked()/> })
}

#[component]
fn Location(found: LocationView, query: Query) -> impl IntoView {
    let LocationView { location, country, partners, lan } = found;
    let addresses = location.addresses.iter().map(|a| view! { <li><Copy text=a.to_string()/></li> }).collect_view();
    let bandwidth = match location.kind {
        Kind::Direct => location.offers(),
        Kind::Exchange => gigabits(location.port_mbps),
    };
    let bandwidth_title = if location.kind == Kind::Direct { tr!(location.offers) } else { tr!(location.port) };
    let path = format!("/locations/{}", location.id);
    view! {
        <Title text=location.name.clone()/>
        <div>
            {crumbs()}
            <div class="title">
                <h1>{location.name.clone()}</h1>
                <Copy text=location.id.clone()/>
                <div class="acts">
                    <form method="post" action={action::<NewPeering>()} class="inline">
                        <input type="hidden" name="location" value=location.id.clone()/>
                        <button class="btn main" type="submit">{tr!(location.request)}</button>
                    </form>
                </div>
            </div>
        </div>
        <dl class="facts">
            <div><dt>{tr!(directory.kind)}</dt><dd>{location.kind.word()}</dd></div>
            <div><dt>{tr!(location.city)}</dt><dd>{location.city.clone()}<small>{country}</small></dd></div>
            <div><dt>{bandwidth_title}</dt><dd>{bandwidth}</dd></div>
            <div><dt>{tr!(directory.pdb)}</dt><dd><a href=location.peeringdb_link() rel="external noreferrer" class="mono">{location.origin()}</a></dd></div>
            {(!lan.is_empty()).then(|| view! { <div><dt>{tr!(location.lan)}</dt><dd class="mono">{lan.join(", ")}</dd></div> })}
        </dl>
        {(!location.note.is_empty()).then(|| view! { <p>{location.note.clone()}</p> })}
        {(!location.addresses.is_empty()).then(|| view! {
            <section class="panel" aria-labelledby="addresses">
                <div class="phead"><h2 id="addresses">{tr!(location.addresses)}</h2></div>
                <ul class="pbody row">{addresses}</ul>
            </section>
        })}
        <section class="panel" aria-labelledby="here">
            {networks(partners, query, path)}
        </section>
    }
}

/// The networks at a location.
fn networks(found: Paged<Partner>, query: Query, path: String) -> impl IntoView {
    let kinds = [PartnerKind::Isp, PartnerKind::CloudInterconnect].map(|kind| (kind.word().to_owned(), partner_kind(kind))).to_vec();
    let search = view! {
        <div class="phead"><h2 id="here">{tr!(location.here)}</h2><ListSearch query=query.clone() path=path.clone() hint=tr!(location.search) kinds=kinds/></div>
    };
    if found.items.is_empty() {
        return view! { {search}<EmptyList total=found.total query=query path=path text=tr!(location.nobody)><a class="btn" href="/">{tr!(failure.home)}</a></EmptyList> }.into_any();
    }
    // At a facility the directory knows no ports.
    let ports = found.items.iter().any(|p| p.locations.iter().any(|l| l.port_mbps > 0));
    let row = move |p: Partner| {
        let port = p.locations.first().map_or(0, |l| l.port_mbps);
        view! {
            <tr>
                <td class="key" data-l=tr!(directory.partner)><a href=format!("/partners/{}", p.key)>{p.name.clone()}</a></td>
                <td class="mono v" data-l="ASN">{p.key.clone()}</td>
                <td data-l=tr!(filter.partner)>{partner_kind(p.kind)}</td>
                {ports.then(|| view! { <td class="num" data-l=tr!(location.their_port)>{(port > 0).then(|| gigabits(port))}</td> })}
            </tr>
        }
    };
    let mut columns =
        vec![Column::text("name", tr!(directory.partner)), Column::text("asn", "ASN"), Column::text("kind", tr!(filter.partner))];
    columns.extend(ports.then(|| Column::number("port", tr!(location.their_port))));
    view! {
        {search}
        <div class="scroll"><table class="tbl cards">
            <SortedHead columns=columns query=query.clone() path=path.clone()/>
            <tbody>{found.items.into_iter().map(row).collect_view()}</tbody>
        </table></div>
        <Pager total=found.total limit=found.limit query=query path=path/>
    }
    .into_any()
}

/// One partner.
#[component]
pub fn PartnerPage() -> impl IntoView {
    let key = param("key");
    let query = query_from_url();
    let found = Resource::new_blocking(move || (key.get(), query.get()), |(key, query)| read_partner(key, query));
    load(found, move |found| view! { <PartnerDetail found=found query=query.get_untracked()/> })
}

#[component]
fn PartnerDetail(found: PartnerView, query: Query) -> impl IntoView {
    let PartnerView { partner, locations, serves } = found;
    let path = format!("/partners/{}", partner.key);
    view! {
        <Title text=partner.name.clone()/>
        <div>
            {crumbs()}
            <div class="title"><h1>{partner.name.clone()}</h1>{partner.asn.map(|asn| view! { <Copy text=asn.to_string()/> })}</div>
        </div>
        <dl class="facts">
            <div><dt>{tr!(filter.partner)}</dt><dd>{partner_kind(partner.kind)}</dd></div>
            {(!partner.policy.is_empty()).then(|| view! { <div><dt>{tr!(partner_page.policy)}</dt><dd>{partner.policy.clone()}</dd></div> })}
            <div><dt>{tr!(directory.locations)}</dt><dd>{partner.locations.len()}</dd></div>
            {(!serves.is_empty()).then(|| view! { <div><dt>{tr!(service_page.title)}</dt><dd>{serves.join(", ")}</dd></div> })}
        </dl>
        <section class="panel" aria-labelledby="serves">{served(locations, query, path)}</section>
    }
}

/// Where a partner serves.
fn served(found: Paged<PartnerLocation>, query: Query, path: String) -> impl IntoView {
    let search = view! {
        <div class="phead"><h2 id="serves">{tr!(partner_page.serves)}</h2><ListSearch query=query.clone() path=path.clone() hint=tr!(locations.search) kinds=peering_kinds()/></div>
    };
    if found.items.is_empty() {
        return view! { {search}<EmptyList total=found.total query=query path=path text=tr!(partner_page.nowhere)><a class="btn" href="/">{tr!(failure.home)}</a></EmptyList> }.into_any();
    }
    let row = |l: PartnerLocation| {
        view! {
            <tr>
                <td class="key" data-l=tr!(directory.metro)><a href=format!("/locations/{}", l.id)>{l.city.clone()}</a>" "<span class="muted">{l.country.clone()}</span></td>
                <td data-l=tr!(directory.name)>{l.name.clone()}</td>
                <td class="v" data-l=tr!(directory.kind)><span class="tag">{l.kind.word()}</span></td>
                <td class="num" data-l=tr!(location.their_port)>{(l.port_mbps > 0).then(|| gigabits(l.port_mbps))}</td>
            </tr>
        }
    };
    let columns = vec![
        Column::text("metro", tr!(directory.metro)),
        Column::text("name", tr!(directory.name)),
        Column::text("kind", tr!(directory.kind)),
        Column::number("port", tr!(location.their_port)),
    ];
    view! {
        {search}
        <div class="scroll"><table class="tbl cards">
            <SortedHead columns=columns query=query.clone() path=path.clone()/>
            <tbody>{found.items.into_iter().map(row).collect_view()}</tbody>
        </table></div>
        <Pager total=found.total limit=found.limit query=query path=path/>
    }
    .into_any()
}
