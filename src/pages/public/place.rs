//! `/locations/LO-3` and `/partners/AS6667`: one place, one partner.

use super::directory::partner_kind;
use crate::{
    components::{Breadcrumbs, Copy, Empty, action, load},
    pages::param,
    rpc::{
        directory::{LocationView, read_location, read_partner},
        partner::NewPeering,
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{catalogue::Partner, peering::Kind, session::gigabits};

fn crumbs() -> impl IntoView {
    view! { <Breadcrumbs trail=vec![("/".into(), tr!(directory.title))]/> }
}

/// One location.
#[component]
pub fn LocationPage() -> impl IntoView {
    let id = param("id");
    let found = Resource::new_blocking(move || id.get(), read_location);
    load(found, |found| view! { <Location found=found/> })
}

#[component]
fn Location(found: LocationView) -> impl IntoView {
    let LocationView { location, country, partners, lan } = found;
    let addresses = location.addresses.iter().map(|a| view! { <li><Copy text=a.to_string()/></li> }).collect_view();
    let bandwidth = match location.kind {
        Kind::Direct => location.offers(),
        Kind::Exchange => gigabits(location.port_mbps),
    };
    let bandwidth_title = if location.kind == Kind::Direct { tr!(location.offers) } else { tr!(location.port) };
    let rows = partners
        .iter()
        .filter(|p| p.asn.is_some())
        .map(|p| {
            let port = p.locations.iter().find(|l| l.id == location.id).map_or(0, |l| l.port_mbps);
            view! {
                <tr>
                    <td class="key" data-l=tr!(directory.partner)><a href=format!("/partners/{}", p.key)>{p.name.clone()}</a></td>
                    <td class="mono v" data-l="ASN">{p.key.clone()}</td>
                    <td data-l=tr!(filter.partner)>{partner_kind(p.kind)}</td>
                    <td class="num" data-l=tr!(location.their_port)>{(port > 0).then(|| gigabits(port))}</td>
                </tr>
            }
        })
        .collect_view();
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
            <div class="phead"><h2 id="here">{tr!(location.here)}</h2></div>
            <div class="scroll"><table class="tbl cards">
                <thead><tr>
                    <th scope="col">{tr!(directory.partner)}</th><th scope="col">"ASN"</th>
                    <th scope="col">{tr!(filter.partner)}</th><th scope="col" class="num">{tr!(location.their_port)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        </section>
    }
}

/// One partner.
#[component]
pub fn PartnerPage() -> impl IntoView {
    let key = param("key");
    let found = Resource::new_blocking(move || key.get(), read_partner);
    load(found, |found| view! { <PartnerDetail partner=found/> })
}

#[component]
fn PartnerDetail(partner: Partner) -> impl IntoView {
    let rows = partner
        .locations
        .iter()
        .map(|l| {
            view! {
                <tr>
                    <td class="key" data-l=tr!(directory.metro)><a href=format!("/locations/{}", l.id)>{l.city.clone()}</a>" "<span class="muted">{l.country.clone()}</span></td>
                    <td data-l=tr!(directory.name)>{l.name.clone()}</td>
                    <td class="v" data-l=tr!(directory.kind)><span class="tag">{l.kind.word()}</span></td>
                    <td class="num" data-l=tr!(location.their_port)>{(l.port_mbps > 0).then(|| gigabits(l.port_mbps))}</td>
                </tr>
            }
        })
        .collect_view();
    let empty = partner.locations.is_empty();
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
        </dl>
        <section class="panel" aria-labelledby="serves">
            <div class="phead"><h2 id="serves">{tr!(partner_page.serves)}</h2></div>
            {if empty {
                view! { <Empty text=tr!(partner_page.nowhere)><a class="btn" href="/">{tr!(failure.home)}</a></Empty> }.into_any()
            } else {
                view! {
                    <div class="scroll"><table class="tbl cards">
                        <thead><tr>
                            <th scope="col">{tr!(directory.metro)}</th><th scope="col">{tr!(directory.name)}</th>
                            <th scope="col">{tr!(directory.kind)}</th><th scope="col" class="num">{tr!(location.their_port)}</th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table></div>
                }.into_any()
            }}
        </section>
    }
}
