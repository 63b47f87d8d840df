//! `/partner/prefixes`: the prefixes that a partner registered for the service, and registering more.

use crate::{
    components::{
        Breadcrumbs, Column, Copy, EmptyList, History, ListSearch, Pager, PrefixEditor, SortedHead, ValidationMark, action, gist, load,
        query_from_url, typed_again, validation_kinds,
    },
    rpc::service::{RegisterPrefixes, RegistrationRow, RegistrationsView, read_registrations},
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{Next, Timestamp, catalogue::Query, service::KeyStanding};

/// The registered prefixes.
#[component]
pub fn RegisteredPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), read_registrations);
    load(found, move |found| view! { <Registered found=found query=query.get_untracked()/> })
}

#[component]
fn Registered(found: RegistrationsView, query: Query) -> impl IntoView {
    let form = (found.writable && !found.peerings.is_empty()).then(|| register_form(&found));
    let call = (found.writable && found.peerings.is_empty()).then(|| {
        view! {
            <div class="call info" role="note">
                <div><p><b>{tr!(registered.not_active)}</b></p></div>
                <a class="btn" href="/partner/service">{tr!(registered.to_service)}</a>
            </div>
        }
    });
    let (total, taken_off, now) = (found.rows.total, found.taken_off.clone(), found.now);
    let (writable, community) = (found.writable, found.community.clone());
    view! {
        <Title text=tr!(registered.title)/>
        <div>
            <Breadcrumbs trail=vec![("/partner".into(), tr!(peerings.title))]/>
            <div class="title">
                <h1>{tr!(registered.title)}</h1>
                {(writable && total > 0).then(|| view! { <div class="acts"><a class="btn main" href="#register">{tr!(registered.register)}</a></div> })}
            </div>
            <p class="lead">{tr!(registered.lead)}" "<Copy text=community/></p>
        </div>
        {call}
        <section class="panel" aria-labelledby="h-reg">
            <div class="phead">
                <h2 id="h-reg">{tr!(registered.count, n = total)}</h2>
                <ListSearch query=query.clone() path="/partner/prefixes" hint=tr!(registered.search) kinds=validation_kinds()/>
            </div>
            {table(found, query)}
        </section>
        {form}
        {(!taken_off.is_empty()).then(|| view! {
            <section class="panel" aria-labelledby="h-off">
                <div class="phead"><h2 id="h-off">{tr!(registered.taken_off)}</h2></div>
                <div class="pbody"><History rows=taken_off now=now/></div>
            </section>
        })}
    }
}

fn table(found: RegistrationsView, query: Query) -> impl IntoView {
    let rows = found.rows;
    let path = "/partner/prefixes";
    if rows.items.is_empty() {
        return view! {
            <EmptyList total=rows.total query=query path=path text=tr!(registered.empty)><a class="btn" href="/partner/service">{tr!(registered.to_service)}</a></EmptyList>
        }
        .into_any();
    }
    let columns = vec![
        Column::text("prefix", tr!(connection.prefix)),
        Column::text("name", tr!(connections.name)),
        Column::text("state", tr!(prefixes.verdict)),
        Column::text("", tr!(prefixes.why)),
        Column::text("", tr!(registered.key)),
        Column::text("added", tr!(customers.since)),
    ];
    let items = rows.items.into_iter().map(|it| row(it, found.now)).collect_view();
    view! {
        <div class="scroll"><table class="tbl cards"><SortedHead columns=columns query=query.clone() path=path/><tbody>{items}</tbody></table></div>
        <Pager total=rows.total limit=rows.limit query=query path=path/>
    }
    .into_any()
}

/// How a key stands, in a word or two.
pub(super) fn key_words(standing: KeyStanding, activated: bool) -> String {
    match standing {
        KeyStanding::Good if activated => tr!(registered.in_use),
        KeyStanding::Good => tr!(registered.waiting),
        KeyStanding::Expired => tr!(registered.expired),
        KeyStanding::Replaced => tr!(registered.replaced),
        KeyStanding::Revoked => tr!(registered.revoked),
    }
}

fn row(it: RegistrationRow, now: Timestamp) -> impl IntoView {
    let key = it.key.as_ref().map(|key| format!("{} {}", key.hint, key_words(key.standing(now), it.activated)));
    view! {
        <tr>
            <td class="key mono" data-l=tr!(connection.prefix)><a href=format!("/partner/prefixes/{}", it.it.id)>{it.it.prefix.to_string()}</a><small class="muted">{it.it.origin.to_string()}</small></td>
            <td data-l=tr!(connections.name)>{it.it.name.clone()}<small class="mono muted">{it.it.peering.clone()}</small></td>
            <td class="v" data-l=tr!(prefixes.verdict)><ValidationMark state=it.state.state/></td>
            <td data-l=tr!(prefixes.why)>{gist(&it.state, Next::Provider)}</td>
            <td class="mono" data-l=tr!(registered.key)>{key}</td>
            <td data-l=tr!(customers.since)>{crate::text::language().date(it.added)}</td>
        </tr>
    }
}

fn register_form(found: &RegistrationsView) -> impl IntoView + use<> {
    let (known, peerings) = (found.known.clone(), found.peerings.clone());
    typed_again("register", move |typed| {
        let chosen = typed.get("peering").unwrap_or_default();
        let choices = peerings
            .iter()
            .map(|(id, words)| {
                let selected = *id == chosen;
                view! { <option value=id.clone() selected=selected>{words.clone()}</option> }
            })
            .collect_view();
        let elsewhere = typed.get("elsewhere").unwrap_or_default().lines().map(str::to_owned).collect();
        view! {
            <section class="panel" id="register" aria-labelledby="h-register">
                <div class="phead"><h2 id="h-register">{tr!(registered.register)}</h2></div>
                <form class="pbody form" method="post" action={action::<RegisterPrefixes>()}>
                    <div class="field-row"><label for="peering">{tr!(registered.under)}</label><select id="peering" class="field" name="peering">{choices}</select></div>
                    <fieldset class="field-row">
                        <legend>{tr!(registered.all_of)}</legend>
                        <div class="row">
                            <label class="visually-hidden" for="asn">"ASN"</label>
                            <input id="asn" class="field mono short" name="asn" placeholder="AS719" value=typed.get("asn") autocomplete="off"/>
                            <button class="btn" type="submit" name="go" value="received">{tr!(registered.from_received)}</button>
                            <button class="btn" type="submit" name="go" value="irr">{tr!(registered.from_irr)}</button>
                            <button class="btn" type="submit" name="go" value="rpki">{tr!(registered.from_rpki)}</button>
                        </div>
                    </fieldset>
                    <label for="prefixes">{tr!(registered.lines)}</label>
                    <p class="help" id="prefixes-help">{tr!(registered.lines_help)}</p>
                    <PrefixEditor text={typed.get("prefixes").unwrap_or_default()} known=known.clone() elsewhere=elsewhere lines_of_three=true/>
                    <div class="row"><button class="btn main" type="submit" name="go" value="register">{tr!(registered.register)}</button></div>
                </form>
            </section>
        }
    })
}
