//! `/ops/routers`: the operator's routers, and registering them.

use crate::{
    components::{
        Ago, Breadcrumbs, Column, Copy, EmptyList, Field, Icon, ListSearch, Pager, Post, SortedHead, VerdictMark, action, diffs, load,
        query_from_url, typed_again,
    },
    pages::param,
    rpc::{
        Typed,
        edge::{
            Adopt, DriftView, HeardView, RemoveRouter, RouterRow, RouterView, SaveRouter, SourceView, TakeBack, read_router, read_routers,
        },
    },
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Timestamp, Verdict,
    catalogue::{Paged, Query},
    router::{EngineKind, Router},
};

/// What was last heard from a router: its sessions, or its silence.
fn heard(row: &RouterRow, now: Timestamp) -> impl IntoView + use<> {
    match row.heard.clone() {
        None => view! { <span class="st unknown"><Icon name="clock"/>{tr!(routers.unheard)}</span> }.into_any(),
        Some(HeardView { at, up, all, trouble: None }) => {
            let verdict = if up == all { Verdict::Pass } else { Verdict::Warn };
            let word = tr!(routers.up, up = up, all = all);
            view! { <VerdictMark verdict=verdict word=word/>" "<span class="muted s12"><Ago at=at now=now/></span> }.into_any()
        }
        Some(HeardView { at, .. }) => {
            view! { <VerdictMark verdict=Verdict::Unknown word=tr!(routers.silent)/>" "<span class="muted s12"><Ago at=at now=now/></span> }
                .into_any()
        }
    }
}

/// The list.
#[component]
pub fn RoutersPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), read_routers);
    view! {
        <Title text=tr!(routers.title)/>
        <div class="title"><h1>{tr!(routers.title)}</h1><div class="acts"><a class="btn" href="/ops/import">{tr!(routers.import)}</a><a class="btn main" href="/ops/routers/new">{tr!(routers.new)}</a></div></div>
        {load(found, move |found| view! {
            <section class="panel" aria-label=tr!(routers.title)>{table(found.routers, query.get_untracked(), found.now)}</section>
            {rpki(found.rpki, found.now)}
        })}
    }
}

fn table(found: Paged<RouterRow>, query: Query, now: Timestamp) -> impl IntoView {
    let kinds = EngineKind::ALL.map(|kind| (kind.word().to_owned(), kind.name().to_owned())).to_vec();
    let search =
        view! { <div class="phead"><ListSearch query=query.clone() path="/ops/routers" hint=tr!(routers.search) kinds=kinds/></div> };
    if found.items.is_empty() {
        return view! {
            {search}
            <EmptyList total=found.total query=query path="/ops/routers" text=tr!(routers.empty)><a class="btn" href="/ops/routers/new">{tr!(routers.new)}</a></EmptyList>
        }
        .into_any();
    }
    let row = move |row: RouterRow| {
        let it = row.router.clone();
        view! {
            <tr>
                <td class="key mono" data-l=tr!(connections.name)><a href=format!("/ops/routers/{}", it.id)>{it.name}</a></td>
                <td data-l=tr!(peerings.location)>{row.location.clone()}</td>
                <td class="v" data-l=tr!(routers.engine)><span class="tag">{it.engine.name()}</span></td>
                <td class="num" data-l=tr!(routers.placed)>{row.placed}</td>
                <td data-l=tr!(routers.heard)>{heard(&row, now)}</td>
            </tr>
        }
    };
    let columns = vec![
        Column::text("name", tr!(connections.name)),
        Column::text("location", tr!(peerings.location)),
        Column::text("engine", tr!(routers.engine)),
        Column::number("", tr!(routers.placed)),
        Column::text("", tr!(routers.heard)),
    ];
    view! {
        {search}
        <div class="scroll"><table class="tbl cards">
            <SortedHead columns=columns query=query.clone() path="/ops/routers"/>
            <tbody>{found.items.into_iter().map(row).collect_view()}</tbody>
        </table></div>
        <Pager total=found.total limit=found.limit query=query path="/ops/routers"/>
    }
    .into_any()
}

/// Where the RPKI is heard of.
fn rpki(sources: Vec<SourceView>, now: Timestamp) -> impl IntoView {
    let body = if sources.is_empty() {
        view! { <p class="pbody muted">{tr!(routers.rpki_none)}</p> }.into_any()
    } else {
        let row = move |it: SourceView| {
            let seen = match (it.trouble, it.count, it.at) {
                (Some(why), count, _) => {
                    let verdict = if count.is_some() { Verdict::Warn } else { Verdict::Unknown };
                    view! { <VerdictMark verdict=verdict word=why/> }.into_any()
                }
                (None, Some(_), Some(at)) => view! { <VerdictMark verdict=Verdict::Pass word=tr!(routers.rpki_answers)/>" "<span class="muted s12"><Ago at=at now=now/></span> }.into_any(),
                _ => view! { <span class="st unknown"><Icon name="clock"/>{tr!(routers.unheard)}</span> }.into_any(),
            };
            view! {
                <tr>
                    <td class="key mono" data-l=tr!(routers.rpki_source)>{it.name}</td>
                    <td class="num" data-l=tr!(routers.rpki_vrps)>{it.count.map(|count| count.to_string()).unwrap_or_default()}</td>
                    <td data-l=tr!(routers.heard)>{seen}</td>
                </tr>
            }
        };
        view! {
            <div class="scroll"><table class="tbl cards">
                <thead><tr><th scope="col">{tr!(routers.rpki_source)}</th><th scope="col" class="num">{tr!(routers.rpki_vrps)}</th><th scope="col">{tr!(routers.heard)}</th></tr></thead>
                <tbody>{sources.into_iter().map(row).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    };
    view! { <section class="panel" aria-labelledby="h-rpki"><div class="phead"><h2 id="h-rpki">{tr!(routers.rpki)}</h2></div>{body}</section> }
}

/// One router, or the form of a new one.
#[component]
pub fn RouterPage() -> impl IntoView {
    let id = param("id");
    let query = query_from_url();
    let found = Resource::new_blocking(move || (id.get(), query.get()), |(id, query)| read_router(id, query));
    load(found, move |found| view! { <Detail found=found query=query.get_untracked()/> })
}

#[component]
fn Detail(found: RouterView, query: Query) -> impl IntoView {
    let id = found.row.as_ref().map(|row| row.router.id.clone()).unwrap_or_default();
    let title = found.row.as_ref().map_or_else(|| tr!(routers.new), |row| row.router.name.clone());
    let (now, include, placed) = (found.now, found.include.clone(), found.placed.clone());
    let status = found.row.clone().map(|row| {
        let trouble = match &row.heard {
            Some(HeardView { trouble: Some(why), .. }) => Some(view! { <div class="call" role="status"><Icon name="warn"/><div><p><b>{tr!(routers.silent)}</b></p><p>{why.clone()}</p></div></div> }),
            _ => None,
        };
        view! {
            {trouble}
            <dl class="facts">
                <div><dt>{tr!(routers.heard)}</dt><dd>{heard(&row, now)}</dd></div>
                <div><dt>{tr!(peerings.location)}</dt><dd>{row.location.clone()}</dd></div>
                <div><dt>{tr!(routers.engine)}</dt><dd>{row.router.engine.name()}</dd></div>
                <div><dt>{tr!(routers.placed)}</dt><dd>{row.placed}</dd></div>
            </dl>
        }
    });
    let unused = found.row.as_ref().is_some_and(|row| row.placed == 0);
    let runs = (!id.is_empty() && !unused).then(|| runs(placed, query, &id));
    let drift = found.row.is_some().then(|| drift_panel(found.drift.clone(), id.clone()));
    let router = found.row.map(|row| row.router);
    let include_text = match router.as_ref().map(|router| router.engine) {
        Some(EngineKind::Frr) => tr!(routers.include_frr),
        _ => tr!(routers.include),
    };
    let remove = router.clone().filter(|_| unused).map(|router| {
        view! {
            <Post to={action::<RemoveRouter>()} fields=vec![("id", router.id)] label=tr!(routers.remove) class="btn stop"/>
        }
    });
    let locations = found.locations;
    view! {
        <Title text=title.clone()/>
        <div>
            <Breadcrumbs trail=vec![("/ops/routers".into(), tr!(routers.title))]/>
            <div class="title"><h1>{title}</h1>{(!id.is_empty()).then(|| view! { <Copy text=id.clone()/> })}<div class="acts">{remove}</div></div>
        </div>
        {status}
        {drift}
        {include.map(|line| view! {
            <section class="panel" aria-labelledby="h-inc">
                <div class="phead"><h2 id="h-inc">{tr!(routers.include_title)}</h2></div>
                <div class="pbody stack"><p>{include_text}</p><p><Copy text=line/></p></div>
            </section>
        })}
        {runs}
        <section class="panel narrow-left" aria-label=tr!(routers.form)>
            {typed_again(format!("router/{id}"), move |typed| form(router.clone(), locations.clone(), typed))}
        </section>
    }
}

/// What runs on a router.
fn runs(found: Paged<(String, u16)>, query: Query, id: &str) -> impl IntoView + use<> {
    let path = format!("/ops/routers/{id}");
    let search = view! { <div class="phead"><h2 id="h-runs">{tr!(routers.runs)}</h2><ListSearch query=query.clone() path=path.clone() hint=tr!(peerings.id)/></div> };
    let list = if found.items.is_empty() {
        view! { <EmptyList total=found.total query=query path=path text=tr!(routers.idle)><a class="btn" href="/ops/peerings">{tr!(nav.all_peerings)}</a></EmptyList> }.into_any()
    } else {
        let row = |(peering, number): (String, u16)| view! { <tr><td class="key mono" data-l=tr!(peerings.id)><a href=format!("/ops/peerings/{peering}")>{format!("{peering}/{number}")}</a></td></tr> };
        view! {
            <div class="scroll"><table class="tbl cards">
                <SortedHead columns=vec![Column::text("id", tr!(peerings.id))] query=query.clone() path=path.clone()/>
                <tbody>{found.items.into_iter().map(row).collect_view()}</tbody>
            </table></div>
            <Pager total=found.total limit=found.limit query=query path=path/>
        }
        .into_any()
    };
    view! { <section class="panel" aria-labelledby="h-runs">{search}{list}</section> }
}

/// How the router differs from what it should run, and the way back.
fn drift_panel(drift: Result<DriftView, String>, id: String) -> impl IntoView {
    let body = match drift {
        Err(why) => view! { <p class="pbody"><VerdictMark verdict=Verdict::Unknown word=why/></p> }.into_any(),
        Ok(DriftView { files, findings, .. }) if files.is_empty() && findings.is_empty() => {
            view! { <p class="pbody"><VerdictMark verdict=Verdict::Pass word=tr!(routers.no_drift)/></p> }.into_any()
        }
        Ok(DriftView { files, findings, adoptable, wholly }) => {
            let can_adopt = !adoptable.is_empty();
            // Why there is no button that takes over what stands there.
            let neither = (!can_adopt && !files.is_empty()).then(|| {
                view! { <p class="muted">{tr!(routers.adopt_none)}</p> }
            });
            view! {
            <div class="pbody stack">
                <ul class="stack">{findings.into_iter().map(|f| view! { <li><VerdictMark verdict=f.verdict word=say(&f.sentence)/></li> }).collect_view()}</ul>
                {diffs(files)}
                {neither}
                {(!adoptable.is_empty()).then(|| {
                    let list = adoptable.iter().map(|text| view! { <li>{say(text)}</li> }).collect_view();
                    let words = if wholly {
                        tr!(routers.adopt_all)
                    } else {
                        tr!(routers.adopt_some)
                    };
                    view! { <p>{words}</p><ul>{list}</ul> }
                })}
                <div class="acts">
                    <Post to={action::<TakeBack>()} fields=vec![("id", id.clone())] label=tr!(routers.take_back) class="btn main"/>
                    {can_adopt.then(|| view! { <Post to={action::<Adopt>()} fields=vec![("id", id)] label=tr!(routers.adopt) class="btn"/> })}
                </div>
            </div>
            }
            .into_any()
        }
    };
    view! { <section class="panel" aria-labelledby="h-drift"><div class="phead"><h2 id="h-drift">{tr!(routers.drift)}</h2></div>{body}</section> }
}

fn form(router: Option<Router>, locations: Vec<(String, String)>, typed: Typed) -> impl IntoView {
    let known = |of: fn(&Router) -> String, name: &str| typed.get(name).or_else(|| router.as_ref().map(of)).unwrap_or_default();
    let list = |all: Vec<String>| all.join(", ");
    let (place, engine) = (known(|r| r.location.clone(), "location"), known(|r| r.engine.word().to_owned(), "engine"));
    let addresses = typed.get("addresses").or_else(|| router.as_ref().map(|r| list(r.addresses.iter().map(ToString::to_string).collect())));
    let others = typed.get("others").or_else(|| router.as_ref().map(|r| list(r.others.clone()))).unwrap_or_default();
    let announce = typed.get("announce").or_else(|| router.as_ref().map(|r| list(r.announce.iter().map(ToString::to_string).collect())));
    let paths = [known(|r| r.socket.clone(), "socket"), known(|r| r.config.clone(), "config"), known(|r| r.folder.clone(), "folder")];
    let fresh = router.is_none() && typed.get("socket").is_none();
    let [socket, config, folder] =
        if fresh { ["/run/bird/bird.ctl", "/etc/bird/bird.conf", "/etc/bird/peerage"].map(ToOwned::to_owned) } else { paths };
    let options = locations
        .into_iter()
        .map(|(id, name)| {
            let chosen = id == place;
            view! { <option value=id selected=chosen>{name}</option> }
        })
        .collect_view();
    let engines = EngineKind::ALL
        .map(|kind| view! { <option value=kind.word() selected=kind.word() == engine>{kind.name()}</option> })
        .collect_view();
    let text = |id: &'static str, label: String, help: String, value: String| {
        view! {
            <Field id=id label=label help=help><input id=id class="field mono" name=format!("router[{id}]") value=value autocomplete="off"/></Field>
        }
    };
    view! {
        <form class="pbody form" method="post" action={action::<SaveRouter>()}>
            <input type="hidden" name="id" value=router.as_ref().map(|r| r.id.clone()).unwrap_or_default()/>
            {text("name", tr!(connections.name), tr!(routers.name_help), known(|r| r.name.clone(), "name"))}
            <Field id="location" label=tr!(peerings.location)><select id="location" class="field" name="router[location]"><option value="">{tr!(wizard.choose)}</option>{options}</select></Field>
            {text("others", tr!(routers.others), tr!(routers.others_help), others)}
            <Field id="engine" label=tr!(routers.engine)><select id="engine" class="field" name="router[engine]">{engines}</select></Field>
            {text("router_id", tr!(routers.router_id), tr!(routers.router_id_help), known(|r| r.router_id.to_string(), "router_id"))}
            {text("addresses", tr!(routers.addresses), tr!(routers.addresses_help), addresses.unwrap_or_default())}
            {text("announce", tr!(routers.announce), tr!(routers.announce_help), announce.unwrap_or_default())}
            {text("socket", tr!(routers.socket), tr!(routers.socket_help), socket)}
            {text("config", tr!(routers.config), tr!(routers.config_help), config)}
            {text("folder", tr!(routers.folder), tr!(routers.folder_help), folder)}
            <button class="btn main" type="submit">{tr!(locations.save)}</button>
        </form>
    }
}
