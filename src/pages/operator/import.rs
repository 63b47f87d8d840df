//! `/ops/import`: sessions that ran before the portal, read and kept for their partners to convert.

use crate::{
    components::{
        Breadcrumbs, Column, EmptyList, Field, ListSearch, Pager, Post, SortedHead, VerdictMark, action, load, query_from_url, typed_again,
    },
    pages::param,
    rpc::{
        Typed,
        legacy::{ForgetLegacy, ImportView, KeepImport, LegacyList, LegacyRow, ReadSessions, read_import, read_legacies},
    },
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Finding, Verdict,
    catalogue::{Paged, Query},
};

/// What is kept, and the forms that read more.
#[component]
pub fn ImportsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), read_legacies);
    load(found, move |found| view! { <Kept found=found query=query.get_untracked()/> })
}

#[component]
fn Kept(found: LegacyList, query: Query) -> impl IntoView {
    let LegacyList { rows, routers, exchanges, .. } = found;
    view! {
        <Title text=tr!(import.title)/>
        <div>
            <Breadcrumbs trail=vec![("/ops/routers".into(), tr!(routers.title))]/>
            <div class="title"><h1>{tr!(import.title)}</h1></div>
        </div>
        <p class="sub">{tr!(import.intro)}</p>
        <section class="panel" aria-label=tr!(import.kept)>
            <div class="phead"><ListSearch query=query.clone() path="/ops/import" hint=tr!(import.search)/></div>
            {table(rows, query)}
        </section>
        <div class="cols2">
            {from_router(routers)}
            {from_members(exchanges)}
        </div>
        {from_table()}
    }
}

fn table(found: Paged<LegacyRow>, query: Query) -> impl IntoView {
    if found.items.is_empty() {
        return view! {
            <EmptyList total=found.total query=query path="/ops/import" text=tr!(import.empty)><a class="btn" href="/ops/routers">{tr!(routers.title)}</a></EmptyList>
        }
        .into_any();
    }
    let row = |LegacyRow { sessions: it, location }: LegacyRow| {
        let state = match &it.peering {
            Some(peering) => view! { <a href=format!("/ops/peerings/{peering}")>{tr!(import.converted, peering = peering)}</a> }.into_any(),
            None => {
                let fields = vec![("id", it.id.clone())];
                view! { {tr!(import.waits)}" "<Post to={action::<ForgetLegacy>()} fields=fields label=tr!(import.forget, id = it.id.clone()) class="btn sm quiet"/> }.into_any()
            }
        };
        view! {
            <tr>
                <td class="key mono" data-l=tr!(peerings.id)>{it.id.clone()}</td>
                <td data-l=tr!(peerings.network)>{it.peer_name.clone()}" "<span class="mono muted">{it.asn.to_string()}</span></td>
                <td data-l=tr!(peerings.location)>{location}</td>
                <td class="mono" data-l=tr!(request.addresses)>{it.labels().join(" · ")}</td>
                <td data-l=tr!(import.source)>{it.source.clone()}</td>
                <td data-l=tr!(connection.state)>{state}</td>
            </tr>
        }
    };
    let columns = vec![
        Column::text("id", tr!(peerings.id)),
        Column::text("peer", tr!(peerings.network)),
        Column::text("location", tr!(peerings.location)),
        Column::text("", tr!(request.addresses)),
        Column::text("", tr!(import.source)),
        Column::text("", tr!(connection.state)),
    ];
    view! {
        <div class="scroll"><table class="tbl cards">
            <SortedHead columns=columns query=query.clone() path="/ops/import"/>
            <tbody>{found.items.into_iter().map(row).collect_view()}</tbody>
        </table></div>
        <Pager total=found.total limit=found.limit query=query path="/ops/import"/>
    }
    .into_any()
}

fn options(all: Vec<(String, String)>, chosen: Option<String>) -> impl IntoView {
    let option = move |(id, name): (String, String)| {
        let is = chosen.as_deref() == Some(&id);
        view! { <option value=id selected=is>{name}</option> }
    };
    all.into_iter().map(option).collect_view()
}

fn from_router(routers: Vec<(String, String)>) -> impl IntoView {
    let body = if routers.is_empty() {
        view! { <p class="pbody muted">{tr!(import.no_router)}</p> }.into_any()
    } else {
        typed_again("read/router", move |typed: Typed| {
            let choices = options(routers.clone(), typed.get("router"));
            view! {
                <form class="pbody form" method="post" action={action::<ReadSessions>()}>
                    <input type="hidden" name="from" value="router"/>
                    <Field id="router" label=tr!(import.router)><select id="router" class="field" name="router">{choices}</select></Field>
                    <button class="btn main" type="submit">{tr!(import.read_router)}</button>
                </form>
            }
        })
        .into_any()
    };
    view! { <section class="panel" aria-labelledby="h-router"><div class="phead"><h2 id="h-router">{tr!(import.of_router)}</h2></div>{body}</section> }
}

fn from_members(exchanges: Vec<(String, String)>) -> impl IntoView {
    typed_again("read/ixf", move |typed: Typed| {
        let (choices, text) = (options(exchanges.clone(), typed.get("location")), typed.get("text"));
        view! {
            <section class="panel" aria-labelledby="h-ixf">
                <div class="phead"><h2 id="h-ixf">{tr!(import.of_members)}</h2></div>
                <form class="pbody form" method="post" action={action::<ReadSessions>()}>
                    <input type="hidden" name="from" value="ixf"/>
                    <Field id="location" label=tr!(peerings.location)><select id="location" class="field" name="location">{choices}</select></Field>
                    <Field id="ixf" label=tr!(import.export) help=tr!(import.export_help)>
                        <textarea id="ixf" class="field mono" name="text" rows="4" aria-describedby="ixf-help">{text}</textarea>
                    </Field>
                    <button class="btn main" type="submit">{tr!(import.read_members)}</button>
                </form>
            </section>
        }
    })
}

fn from_table() -> impl IntoView {
    typed_again("read/csv", |typed: Typed| {
        let text = typed.get("text");
        view! {
            <section class="panel" aria-labelledby="h-csv">
                <div class="phead"><h2 id="h-csv">{tr!(import.of_table)}</h2></div>
                <form class="pbody form" method="post" action={action::<ReadSessions>()}>
                    <input type="hidden" name="from" value="csv"/>
                    <Field id="csv" label=tr!(import.table) help=tr!(import.table_help)>
                        <textarea id="csv" class="field mono" name="text" rows="6" aria-describedby="csv-help">{text}</textarea>
                    </Field>
                    <button class="btn main" type="submit">{tr!(import.read_table)}</button>
                </form>
            </section>
        }
    })
}

/// What was read, before it is kept.
#[component]
pub fn ImportPage() -> impl IntoView {
    let id = param("id");
    let found = Resource::new_blocking(move || id.get(), read_import);
    load(found, |found| view! { <Preview found=found/> })
}

#[component]
fn Preview(found: ImportView) -> impl IntoView {
    let new = found.rows.iter().filter(|(_, finding)| finding.verdict == Verdict::Pass).count();
    let all = found.rows.len();
    let source = found.rows.first().map(|(row, _)| row.sessions.source.clone()).unwrap_or_default();
    let row = |(at, (row, finding)): (usize, (LegacyRow, Finding))| {
        let LegacyRow { sessions: it, location } = row;
        let id = format!("row-{at}");
        let can = finding.verdict == Verdict::Pass;
        let label = tr!(import.choose, asn = it.asn);
        view! {
            <tr class:flag=finding.verdict == Verdict::Fail>
                <td class="v">{can.then(|| view! { <input id=id type="checkbox" name=format!("rows[{at}]") value=at.to_string() checked aria-label=label/> })}</td>
                <td class="key" data-l=tr!(peerings.network)>{it.peer_name.clone()}" "<span class="mono muted">{it.asn.to_string()}</span></td>
                <td data-l=tr!(peerings.location)>{location}</td>
                <td class="mono" data-l=tr!(request.addresses)>{it.labels().join(" · ")}</td>
                <td data-l=tr!(import.outcome)><VerdictMark verdict=finding.verdict word=say(&finding.sentence)/></td>
            </tr>
        }
    };
    let body = found.rows.into_iter().enumerate().map(row).collect_view();
    view! {
        <Title text=tr!(import.preview)/>
        <div>
            <Breadcrumbs trail=vec![("/ops/import".into(), tr!(import.title))]/>
            <div class="title"><h1>{tr!(import.preview)}</h1></div>
        </div>
        <p class="sub">{tr!(import.counts, source = source, all = all, new = new)}</p>
        <section class="panel" aria-label=tr!(import.preview)>
            <form method="post" action={action::<KeepImport>()}>
                <input type="hidden" name="id" value=found.id/>
                <div class="scroll"><table class="tbl cards">
                    <thead><tr>
                        <th scope="col"><span class="visually-hidden">{tr!(import.chosen)}</span></th>
                        <th scope="col">{tr!(peerings.network)}</th><th scope="col">{tr!(peerings.location)}</th>
                        <th scope="col">{tr!(request.addresses)}</th><th scope="col">{tr!(import.outcome)}</th>
                    </tr></thead>
                    <tbody>{body}</tbody>
                </table></div>
                <div class="below"><span class="push"></span>
                    <a class="btn" href="/ops/import">{tr!(import.back)}</a>
                    {(new > 0).then(|| view! { <button class="btn main" type="submit">{tr!(import.keep)}</button> })}
                </div>
            </form>
        </section>
    }
}
