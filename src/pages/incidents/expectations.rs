//! `/expectations`: what is expected of each prefix, from what is registered, and exceptions.

use crate::{
    components::{
        Breadcrumbs, EmptyList, Field, ListSearch, Pager, Post, action, allow_name, kind_name, live, load, query_from_url, typed_again,
    },
    rpc::incidents::{AddException, ExpectationsView, ExpectsView, RemoveException, read_expectations},
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{Asn, Timestamp, catalogue::Query, incident::Kind};

/// What is expected.
#[component]
pub fn ExpectationsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), read_expectations);
    live(|| "incidents".to_owned(), found);
    view! {
        <Title text=tr!(expectations.title)/>
        <div>
            <Breadcrumbs trail=vec![("/incidents".into(), tr!(incidents.title)), ("/expectations".into(), tr!(expectations.title))]/>
            <h1>{tr!(expectations.title)}</h1>
            <p class="sub">{tr!(expectations.sub)}</p>
        </div>
        {load(found, move |view| view! { <Expectations view=view query=query.get_untracked()/> })}
    }
}

fn names(all: &[Asn]) -> String {
    all.iter().map(Asn::to_string).collect::<Vec<_>>().join(", ")
}

fn row(it: &ExpectsView) -> impl IntoView + use<> {
    let upstreams = it.upstreams.as_ref().map_or_else(|| tr!(expectations.anybody), |all| names(all));
    let (here, all) = it.visible;
    let seen = if all == 0 { tr!(expectations.unheard) } else { tr!(expectations.seen, here = here, all = all) };
    view! {
        <tr>
            <td class="key mono" data-l=tr!(connection.prefix)>{it.prefix.to_string()}</td>
            <td class="mono" data-l=tr!(expectations.origins)>{names(&it.origins)}</td>
            <td class="mono" data-l=tr!(expectations.upstreams)>{upstreams}</td>
            <td class="num" data-l=tr!(expectations.longest)>{format!("/{}", it.longest)}</td>
            <td class="num" data-l=tr!(expectations.visible)>{seen}</td>
        </tr>
    }
}

#[component]
fn Expectations(view: ExpectationsView, query: Query) -> impl IntoView {
    let rows = view.rows.items.iter().map(row).collect_view();
    let table = if view.rows.items.is_empty() {
        view! {
            <EmptyList total=view.rows.total query=query.clone() path="/expectations" text=tr!(expectations.empty)>
                <a class="btn" href="/home">{tr!(failure.start)}</a>
            </EmptyList>
        }
        .into_any()
    } else {
        view! {
            <div class="scroll"><table class="tbl cards">
                <thead><tr>
                    <th scope="col">{tr!(connection.prefix)}</th><th scope="col">{tr!(expectations.origins)}</th><th scope="col">{tr!(expectations.upstreams)}</th>
                    <th scope="col" class="num">{tr!(expectations.longest)}</th><th scope="col" class="num">{tr!(expectations.visible)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
            <Pager total=view.rows.total limit=view.rows.limit query=query.clone() path="/expectations"/>
        }
        .into_any()
    };
    view! {
        <section class="panel" aria-labelledby="h-expected">
            <div class="phead">
                <h2 id="h-expected">{tr!(expectations.n, n = view.rows.total)}</h2>
                <ListSearch query=query path="/expectations" hint=tr!(expectations.hint)/>
            </div>
            {table}
        </section>
        {exceptions(&view)}
    }
}

fn exceptions(view: &ExpectationsView) -> impl IntoView + use<> {
    let now = view.now;
    let rows = view
        .exceptions
        .iter()
        .map(|it| {
            let over = (!it.holds(now)).then(|| view! { <span class="tag">{tr!(exception.over)}</span> });
            let remove = view.writable.then(|| {
                let label = tr!(exception.remove, id = it.id.clone());
                view! { <Post to={action::<RemoveException>()} fields=vec![("id", it.id.clone())] label=label class="btn sm"/> }
            });
            view! {
                <li class="line">
                    <span><b class="mono">{it.prefix.to_string()}</b>{crate::text::language().colon()}{allow_name(it.allow)}" "{over}<br/><small class="muted">{tr!(exception.why, reason = it.reason.clone(), who = it.author.clone(), until = crate::text::language().date(it.expires.plus_secs(-1)))}</small></span>
                    <span class="push"></span>
                    {remove}
                </li>
            }
        })
        .collect_view();
    let none = view.exceptions.is_empty().then(|| view! { <p class="pbody muted">{tr!(exception.none)}</p> });
    let form = view.writable.then(|| exception_form(now));
    view! {
        <section class="panel" aria-labelledby="h-exceptions">
            <div class="phead"><h2 id="h-exceptions">{tr!(exception.n, n = view.exceptions.len())}</h2></div>
            <ul class="lines">{rows}</ul>
            {none}
            {form}
        </section>
    }
}

fn exception_form(now: Timestamp) -> impl IntoView {
    let until = now.plus_secs(90 * 86_400).iso_date();
    typed_again("exception", move |typed| {
        let chosen = typed.get("what").unwrap_or_default();
        let choices = [
            ("origin", tr!(exception.origin)),
            ("upstream", tr!(exception.upstream)),
            ("length", tr!(exception.length)),
            ("kind", tr!(exception.kind)),
        ];
        let choice = |(word, label): (&'static str, String)| view! { <option value=word selected=chosen == word>{label}</option> };
        let choices: Vec<_> = choices.into_iter().map(choice).collect();
        let (prefix, value, reason) = (typed.get("prefix"), typed.get("value"), typed.get("reason"));
        let until = typed.get("until").unwrap_or_else(|| until.clone());
        let kinds: Vec<String> = Kind::ALL.iter().map(|kind| format!("{} ({})", kind.word(), kind_name(*kind))).collect();
        view! {
            <form class="pbody form" method="post" action={action::<AddException>()} aria-label=tr!(exception.new)>
                <div class="cols">
                    <Field id="x-prefix" label=tr!(connection.prefix)>
                        <input id="x-prefix" class="field mono" name="prefix" value=prefix autocomplete="off" spellcheck="false"/>
                    </Field>
                    <Field id="x-what" label=tr!(exception.what)>
                        <select id="x-what" class="field" name="what">
                            {choices}
                        </select>
                    </Field>
                    <Field id="x-value" label=tr!(exception.value) help=tr!(exception.value_help)>
                        <input id="x-value" class="field mono" name="value" value=value autocomplete="off" spellcheck="false" aria-describedby="x-value-help" list="x-kinds"/>
                        <datalist id="x-kinds">{Kind::ALL.iter().zip(kinds).map(|(kind, label)| view! { <option value=kind.word()>{label}</option> }).collect_view()}</datalist>
                    </Field>
                    <Field id="x-reason" label=tr!(meant.reason)>
                        <input id="x-reason" class="field" name="reason" maxlength="500" value=reason autocomplete="off"/>
                    </Field>
                    <Field id="x-until" label=tr!(meant.until) help=tr!(meant.until_help)>
                        <input id="x-until" class="field" type="date" name="until" value=until aria-describedby="x-until-help"/>
                    </Field>
                </div>
                <div class="row"><button class="btn" type="submit">{tr!(exception.add)}</button></div>
            </form>
        }
    })
}
