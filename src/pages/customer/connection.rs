//! `/connections/CN-1`: a connection with its state, prefixes, latency and history.

use crate::{
    components::{
        Ago, Breadcrumbs, Column, Copy, EmptyList, Field, History, Icon, ListSearch, Pager, Post, PrefixEditor, SortedHead, ValidationMark,
        VerdictMark, action,
        chart::{ChartTime, LatencyPanel, Proof, window_in_url},
        gist, live, load, load_more, next_name, query_from_url, typed_again, typed_before, validation_kinds,
    },
    pages::{customer::level::ServiceLevel, param},
    rpc::{
        connections::{AddPrefixes, ConnectionView, DeleteConnection, RemovePrefix, connection},
        insights::{latency, proof},
        levels::level,
        service::ActivatePrefixes,
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Next, Verdict,
    catalogue::{Location, Query},
};

/// One connection.
#[component]
pub fn ConnectionPage() -> impl IntoView {
    ChartTime::provide();
    let id = param("id");
    let query = query_from_url();
    let window = window_in_url();
    let found = Resource::new_blocking(move || (id.get(), query.get()), |(id, query)| connection(id, query));
    let course = Resource::new_blocking(move || (id.get(), window.get()), |(id, window)| latency(id, window));
    live(move || id.get_untracked(), found);
    live(move || id.get_untracked(), course);
    let compared = Resource::new_blocking(move || id.get(), proof);
    let kept = Resource::new_blocking(move || id.get(), level);
    live(move || id.get_untracked(), kept);
    view! {
        {load(found, move |found| view! { <Detail found=found query=query.get_untracked()/> })}
        {load_more(course, move |view| view! { <LatencyPanel view=view path=format!("/connections/{}", id.get_untracked())/> })}
        {load_more(kept, |it| view! { <ServiceLevel it=it/> })}
        {load_more(compared, move |it| it.map(|it| view! { <Proof it=it path=format!("/connections/{}", id.get_untracked())/> }))}
        {load_more(found, |found| view! { <Below found=found/> })}
    }
}

fn place(location: Option<Location>) -> impl IntoView {
    match location {
        Some(l) => view! { <dd><a href=format!("/locations/{}", l.id)>{l.city}</a><small>{l.name}</small></dd> }.into_any(),
        None => view! { <dd>{tr!(wizard.none)}<small>{tr!(connection.any_way)}</small></dd> }.into_any(),
    }
}

/// Past, current and expected steps of a connection: registered, bound by keys, verified.
fn steps(found: &ConnectionView) -> impl IntoView + use<> {
    let (created, now) = (found.created, found.now);
    let all = usize::try_from(found.prefixes.total).unwrap_or(usize::MAX);
    let current = match (found.keyless, found.verified) {
        _ if all == 0 => 0,
        (keyless, _) if keyless > 0 => 1,
        (_, verified) if verified < all => 2,
        _ => 3,
    };
    let class = move |step: usize| {
        if step < current {
            ""
        } else if step == current {
            "cur"
        } else {
            "todo"
        }
    };
    let aria = move |step: usize| (step == current).then_some("step");
    let (provider, keyed) = (found.provider.1.clone(), all - found.keyless.min(all));
    view! {
        <ol class="steps service" aria-label=tr!(timeline.label)>
            <li class=class(0) aria-current=aria(0)><span>{tr!(service.registered)}" "<small>{next_name(Next::Requester, Next::Requester)}</small></span><small><Ago at=created now=now/></small></li>
            <li class=class(1) aria-current=aria(1)><span>{tr!(service.keys)}" "<small>{provider}</small></span><small>{tr!(service.of, n = keyed, all = all)}</small></li>
            <li class=class(2) aria-current=aria(2)><span>{tr!(service.verified)}" "<small>{next_name(Next::Portal, Next::Requester)}</small></span><small>{tr!(service.of, n = found.verified, all = all)}</small></li>
            <li class=class(3) aria-current=aria(3)><span>{tr!(service.active)}</span></li>
        </ol>
    }
}

/// How the provider's sessions for the connection do.
fn session_lane(sessions: (usize, usize)) -> impl IntoView {
    let (up, all) = sessions;
    let words = tr!(connection.sessions_up, up = up, all = all);
    let verdict = match (up, all) {
        (_, 0) => Verdict::Fail,
        (up, all) if up == all => Verdict::Pass,
        _ => Verdict::Warn,
    };
    view! { <VerdictMark verdict=verdict word=words/><p class="muted s12">{tr!(connection.sessions_of)}</p> }
}

#[component]
fn Detail(found: ConnectionView, query: Query) -> impl IntoView {
    let prefixes = found.prefixes.clone();
    let none = prefixes.items.is_empty();
    let path = format!("/connections/{}", found.id);
    view! {
        <Title text=format!("{}, {}", found.name, found.id)/>
        <div>
            <Breadcrumbs trail=vec![("/connections".into(), tr!(connections.title))]/>
            <div class="title">
                <h1>{found.name.clone()}</h1>
                <Copy text=found.id.clone()/>
                {found.writable.then(|| view! { <div class="acts"><a class="btn" href=format!("{path}/change")>{tr!(connection.change_it)}</a><a class="btn main" href="#add">{tr!(connection.add)}</a></div> })}
            </div>
        </div>
        <dl class="facts">
            <div><dt>{tr!(connections.site)}</dt><dd>{found.place.clone()}</dd></div>
            <div><dt>{tr!(connections.provider)}</dt><dd><a href=format!("/partners/{}", found.provider.0)>{found.provider.1.clone()}</a><small class="mono">{found.provider.0.clone()}</small></dd></div>
            <div><dt>{tr!(wizard.primary)}</dt>{place(found.primary.clone())}</div>
            <div><dt>{tr!(wizard.backup)}</dt>{place(found.backup.clone())}</div>
        </dl>
        <section class="panel" aria-labelledby="h-state">
            <div class="phead"><h2 id="h-state">{tr!(connection.state)}</h2><p>{tr!(connection.three)}</p></div>
            <div class="lanes">
                <section><h3>{tr!(connection.lane)}</h3><span class=format!("st {} big", if found.failing > 0 { "fail" } else { "pass" })><Icon name={if found.failing > 0 { "fail" } else { "pass" }}/>{tr!(connection.verified_of, n = found.verified, all = found.prefixes.total)}</span><p class="muted s12">{tr!(connection.registered)}" "<Ago at=found.created now=found.now/></p></section>
                <section><h3>{tr!(connection.sessions)}</h3>{session_lane(found.sessions)}</section>
                <section><h3>{tr!(connection.change)}</h3><span class="st pass big"><Icon name="pass"/>{tr!(connection.succeeded)}</span><p class="muted s12">{found.history.first().map(|(_, who, what)| format!("{what}, {who}"))}</p></section>
            </div>
            {steps(&found)}
        </section>
        <section class="panel" aria-labelledby="h-pfx">
            <div class="phead">
                <h2 id="h-pfx">{tr!(connection.prefixes, n = prefixes.total)}</h2>
                <ListSearch query=query.clone() path=path.clone() hint=tr!(connection.prefix_hint) kinds=validation_kinds()/>
            </div>
            {if prefixes.items.is_empty() {
                view! { <EmptyList total=prefixes.total query=query.clone() path=path.clone() text=tr!(connection.no_prefixes)><a class="btn" href="#add">{tr!(connection.add)}</a></EmptyList> }.into_any()
            } else {
                prefix_table(found, query.clone()).into_any()
            }}
            {(prefixes.total > u64::from(prefixes.limit) && !none).then(|| view! { <Pager total=prefixes.total limit=prefixes.limit query=query path=path/> })}
        </section>
    }
}

fn prefix_table(found: ConnectionView, query: Query) -> impl IntoView {
    let path = format!("/connections/{}", found.id);
    let columns = vec![
        Column::text("prefix", tr!(connection.prefix)),
        Column::text("state", tr!(prefixes.verdict)),
        Column::text("", tr!(prefixes.why)),
        Column::text("added", tr!(connection.added)),
        Column::text("", ""),
    ];
    let (id, now, writable) = (found.id, found.now, found.writable);
    let rows = found
        .prefixes
        .items
        .into_iter()
        .map(|row| {
            let fields = vec![("id", id.clone()), ("prefix", row.prefix.clone())];
            let href = format!("{path}/prefixes/{}", row.prefix.replace('/', "_"));
            view! {
                <tr>
                    <td class="key mono" data-l=tr!(prefixes.entry)><a href=href>{row.prefix}</a></td>
                    <td class="v" data-l=tr!(prefixes.verdict)><ValidationMark state=row.state.state/></td>
                    <td data-l=tr!(prefixes.why)>{gist(&row.state, Next::Requester)}</td>
                    <td data-l=tr!(connection.added)><Ago at=row.added now=now/></td>
                    <td class="acts">{writable.then(|| view! { <Post to={action::<RemovePrefix>()} fields=fields label=tr!(connection.remove) class="btn sm"/> })}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="scroll"><table class="tbl cards">
            <SortedHead columns=columns query=query path=path/>
            <tbody>{rows}</tbody>
        </table></div>
    }
}

/// Where keys of the provider are pasted.
fn keys_form(id: &str) -> impl IntoView + use<> {
    let (id, typed) = (id.to_owned(), typed_before(&format!("keys/{id}")));
    view! {
        <section class="panel narrow-left" id="keys" aria-labelledby="h-keys">
            <div class="phead"><h2 id="h-keys">{tr!(connection.keys)}</h2></div>
            <form class="pbody form" method="post" action={action::<ActivatePrefixes>()}>
                <input type="hidden" name="id" value=id/>
                <div class="field-row">
                    <label for="keys-text">{tr!(connection.keys_label)}</label>
                    <textarea id="keys-text" class="field mono" name="keys" rows="4" spellcheck="false" autocomplete="off" aria-describedby="keys-help">{typed.get("keys")}</textarea>
                    <p class="help" id="keys-help">{tr!(connection.keys_help)}</p>
                </div>
                <button class="btn main" type="submit">{tr!(hand_over.activate)}</button>
            </form>
        </section>
    }
}

#[component]
fn Below(found: ConnectionView) -> impl IntoView {
    let (id, name, writable, known) = (found.id.clone(), found.name.clone(), found.writable, found.known.clone());
    view! {
        {writable.then(|| view! {
            <section class="panel" id="add" aria-labelledby="h-add">
                <div class="phead"><h2 id="h-add">{tr!(connection.add)}</h2></div>
                {typed_again(format!("prefixes/{id}"), {
                    let id = id.clone();
                    move |typed| view! {
                        <form class="pbody form" method="post" action={action::<AddPrefixes>()}>
                            <input type="hidden" name="id" value=id.clone()/>
                            <label for="prefixes">{tr!(wizard.prefixes_label)}</label>
                            <p class="help" id="prefixes-help">{tr!(connection.add_help)}</p>
                            <PrefixEditor text={typed.get("prefixes").unwrap_or_default()} known=known.clone() elsewhere={typed.get("elsewhere").unwrap_or_default().lines().map(str::to_owned).collect()}/>
                            <div class="row"><button class="btn main" type="submit">{tr!(connection.add)}</button></div>
                        </form>
                    }
                })}
            </section>
        })}
        {writable.then(|| keys_form(&id))}
        <section class="panel" aria-labelledby="h-act">
            <div class="phead"><h2 id="h-act">{tr!(connection.activity)}</h2></div>
            <div class="pbody"><History rows=found.history now=found.now/></div>
        </section>
        {writable.then(|| view! {
            <section class="panel" aria-labelledby="h-del">
                <div class="phead"><h2 id="h-del">{tr!(connection.delete)}</h2></div>
                <form class="pbody form" method="post" action={action::<DeleteConnection>()}>
                    <input type="hidden" name="id" value=id.clone()/>
                    <Field id="typed" label=tr!(connection.type_name, name = name.clone()) help=tr!(connection.delete_help)>
                        <input id="typed" class="field" name="typed" autocomplete="off" required aria-describedby="typed-help"/>
                    </Field>
                    <button class="btn stop" type="submit">{tr!(connection.delete_button)}</button>
                </form>
            </section>
        })}
    }
}
