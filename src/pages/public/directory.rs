//! `/`: find where your network can meet ours.

use crate::{
    app::Visit,
    components::{Column, EmptyList, Icon, Pager, SortedHead, chart::WorldMap, load, load_more, query_from_url},
    rpc::directory::{DirectoryView, Facts, search_directory},
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    catalogue::{Location, Paged, Partner, PartnerKind, Query},
    peering::Kind,
    session::gigabits,
};

/// The words of a kind of partner.
pub(super) fn partner_kind(kind: PartnerKind) -> String {
    match kind {
        PartnerKind::Isp => tr!(directory.isp),
        PartnerKind::Exchange => tr!(directory.exchange),
        PartnerKind::CloudInterconnect => tr!(directory.cloud),
    }
}

/// The directory.
#[component]
pub fn DirectoryPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), search_directory);
    let visit = expect_context::<Visit>().0;
    view! {
        <Title text=tr!(directory.title)/>
        <section class="hero">
            <div>
                <h1>{tr!(directory.hero)}</h1>
                {load_more(visit, |frame| view! { <p class="sub">{tr!(directory.sub, operator = frame.operator_name)}</p> })}
                <form class="bigsearch" method="get" action="/" role="search" aria-label=tr!(directory.search)>
                    <Icon name="search"/>
                    <label class="visually-hidden" for="hero-search">{tr!(filter.search)}</label>
                    <input id="hero-search" type="search" name="search" value=move || query.get().search placeholder=tr!(directory.search_hint) autocomplete="off"/>
                </form>
            </div>
            {load_more(found, |found| view! { <Offer facts=found.facts/> })}
        </section>
        {load(found, move |found| view! { <Found found=found query=query.get_untracked()/> })}
    }
}

/// What the operator offers, in a few numbers.
#[component]
fn Offer(facts: Facts) -> impl IntoView {
    let most = facts.bandwidth_mbps.map(gigabits).unwrap_or_default();
    let wants = if facts.as_set { tr!(directory.wants_set) } else { tr!(directory.no_set) };
    view! {
        <dl class="offer">
            <div><dt>{tr!(directory.direct)}</dt><dd>{tr!(directory.facilities, n = facts.facilities)}<small>{tr!(directory.up_to, most = most)}</small></dd></div>
            <div><dt>{tr!(directory.exchange_peering)}</dt><dd>{tr!(directory.exchanges, n = facts.exchanges)}<small>{tr!(directory.least, least = gigabits(facts.min_port_mbps))}</small></dd></div>
            <div><dt>{tr!(directory.reach)}</dt><dd>{tr!(directory.metros, n = facts.metros, m = facts.countries)}<small>{tr!(directory.n_partners, n = facts.partners)}</small></dd></div>
            <div><dt>{tr!(directory.desk)}</dt><dd>{tr!(directory.answers, n = facts.answer_hours)}<small>{wants}</small></dd></div>
        </dl>
    }
}

#[component]
fn Found(found: DirectoryView, query: Query) -> impl IntoView {
    // Partners have their own tab; the word is in the URL.
    let partners = query.partner.is_empty();
    let list = if partners {
        locations(found.locations.clone(), query.clone()).into_any()
    } else {
        partner_table(found.partners.clone(), query.clone()).into_any()
    };
    let tab = |target: Query, label: String, here: bool| {
        view! { <a href=format!("/{}", target.url()) aria-current=here.then_some("true")>{label}</a> }
    };
    let to_locations = Query { partner: String::new(), offset: 0, sort: String::new(), ..query.clone() };
    let to_partners = Query { partner: "any".into(), offset: 0, sort: String::new(), ..query.clone() };
    let heading =
        if partners { tr!(directory.n_locations, n = found.locations.total) } else { tr!(directory.n_partners, n = found.partners.total) };
    view! {
        <figure class="panel map"><WorldMap places=found.places.clone()/></figure>
        <div class="split">
            <Filters found=found query=query/>
            <section class="panel" aria-labelledby="found">
                <div class="phead">
                    <nav class="seg" aria-label=tr!(directory.what)>
                        {tab(to_locations, tr!(directory.locations), partners)}
                        {tab(to_partners, tr!(directory.partners), !partners)}
                    </nav>
                    <h2 id="found">{heading}</h2>
                </div>
                {list}
            </section>
        </div>
    }
}

/// The filters: a form that GETs, so their state is the URL.
#[component]
fn Filters(found: DirectoryView, query: Query) -> impl IntoView {
    let option = |value: String, label: String, chosen: &str| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{label}</option> }
    };
    let any = || tr!(filter.any);
    let countries = found.countries.iter().map(|(code, name)| option(code.clone(), name.clone(), &query.country)).collect_view();
    let metros = found.metros.iter().map(|city| option(city.clone(), city.clone(), &query.metro)).collect_view();
    let kinds = [Kind::Direct, Kind::Exchange].map(|k| option(k.word().into(), k.word().into(), &query.kind)).collect_view();
    let partners = (!query.partner.is_empty()).then(|| {
        let kinds = PartnerKind::ALL.map(|k| option(k.word().into(), partner_kind(k), &query.partner)).collect_view();
        view! {
            <label for="f-partner">{tr!(filter.partner)}</label>
            <select id="f-partner" name="partner" class="field"><option value="any">{any()}</option>{kinds}</select>
        }
    });
    view! {
        <form class="facets" method="get" action="/" aria-label=tr!(filter.label)>
            // What was searched for stays while one filters.
            {(!query.search.is_empty()).then(|| view! { <input type="hidden" name="search" value=query.search.clone()/> })}
            <label for="f-country">{tr!(filter.country)}</label>
            <select id="f-country" name="country" class="field"><option value="">{any()}</option>{countries}</select>
            <label for="f-metro">{tr!(filter.metro)}</label>
            <select id="f-metro" name="metro" class="field"><option value="">{any()}</option>{metros}</select>
            <label for="f-kind">{tr!(filter.kind)}</label>
            <select id="f-kind" name="kind" class="field"><option value="">{any()}</option>{kinds}</select>
            {partners}
            <button class="btn main" type="submit">{tr!(filter.show)}</button>
            <a class="btn quiet" href="/">{tr!(filter.clear)}</a>
        </form>
    }
}

fn nothing(total: u64, query: Query) -> impl IntoView {
    view! { <EmptyList total=total query=query path="/" text=tr!(directory.no_data)><a class="btn" href="/help">{tr!(nav.help)}</a></EmptyList> }
}

fn locations(found: Paged<Location>, query: Query) -> impl IntoView {
    if found.items.is_empty() {
        return nothing(found.total, query).into_any();
    }
    let rows = found.items.iter().map(location_row).collect_view();
    let columns = vec![
        Column::text("metro", tr!(directory.metro)),
        Column::text("name", tr!(directory.name)),
        Column::text("", tr!(directory.kind)),
        Column::number("partners", tr!(directory.partners)),
        Column::text("", tr!(directory.bandwidth)),
        Column::text("", tr!(directory.pdb)),
    ];
    view! {
        <div class="scroll"><table class="tbl cards"><SortedHead columns=columns query=query.clone() path="/"/><tbody>{rows}</tbody></table></div>
        <Pager total=found.total limit=found.limit query=query path="/"/>
    }
    .into_any()
}

fn location_row(location: &Location) -> impl IntoView + use<> {
    let bandwidth = match location.kind {
        Kind::Direct => location.offers(),
        Kind::Exchange => tr!(directory.our_port, speed = gigabits(location.port_mbps)),
    };
    view! {
        <tr>
            <td class="key" data-l=tr!(directory.metro)>
                <a href=format!("/locations/{}", location.id)>{location.city.clone()}</a>" "<span class="muted">{location.country.clone()}</span>
            </td>
            <td data-l=tr!(directory.name)>{location.name.clone()}</td>
            <td class="v" data-l=tr!(directory.kind)><span class="tag">{location.kind.word()}</span></td>
            <td class="num" data-l=tr!(directory.partners)>{location.partners}</td>
            <td data-l=tr!(directory.bandwidth)>{bandwidth}</td>
            <td data-l=tr!(directory.pdb)><a class="mono" href=location.peeringdb_link() rel="external noreferrer">{location.origin()}</a></td>
        </tr>
    }
}

fn partner_table(found: Paged<Partner>, query: Query) -> impl IntoView {
    if found.items.is_empty() {
        return nothing(found.total, query).into_any();
    }
    let rows = found
        .items
        .iter()
        .map(|p| {
            let cities: std::collections::BTreeSet<&str> = p.locations.iter().map(|l| l.city.as_str()).collect();
            let shown = cities.iter().take(4).copied().collect::<Vec<_>>().join(", ");
            let more = cities.len().saturating_sub(4);
            view! {
                <tr>
                    <td class="key" data-l=tr!(directory.partner)><a href=format!("/partners/{}", p.key)>{p.name.clone()}</a></td>
                    <td class="mono v" data-l="ASN">{p.asn.map(|a| a.to_string())}</td>
                    <td data-l=tr!(filter.partner)>{partner_kind(p.kind)}</td>
                    <td class="num" data-l=tr!(directory.locations)>{p.locations.len()}</td>
                    <td data-l=tr!(directory.where_)>{shown}{(more > 0).then(|| tr!(directory.more, n = more))}</td>
                </tr>
            }
        })
        .collect_view();
    let columns = vec![
        Column::text("name", tr!(directory.partner)),
        Column::text("asn", "ASN"),
        Column::text("", tr!(filter.partner)),
        Column::number("locations", tr!(directory.locations)),
        Column::text("", tr!(directory.where_)),
    ];
    view! {
        <div class="scroll"><table class="tbl cards"><SortedHead columns=columns query=query.clone() path="/"/><tbody>{rows}</tbody></table></div>
        <Pager total=found.total limit=found.limit query=query path="/"/>
    }
    .into_any()
}
