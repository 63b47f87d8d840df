//! `/partner/prefixes/RP-3`: a registered prefix, its verdict and its keys.

use super::prefixes::key_words;
use crate::{
    components::{Breadcrumbs, Copy, History, Icon, Post, ValidationMark, VerdictPanels, action, gist, live, load, take_off},
    pages::param,
    rpc::service::{ExpireKey, RegistrationView, RevokeKey, RotateKey, TakeRegistrationOff, UnregisterPrefix, read_registration},
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Next, Timestamp, Verdict,
    service::{KeyRecord, KeyStanding},
};

/// One registered prefix.
#[component]
pub fn RegistrationPage() -> impl IntoView {
    let id = param("id");
    let found = Resource::new_blocking(move || id.get(), read_registration);
    live(move || found.get_untracked().and_then(Result::ok).map(|it| it.it.peering).unwrap_or_default(), found);
    load(found, |found| view! { <Registration found=found/> })
}

#[component]
fn Registration(found: RegistrationView) -> impl IntoView {
    let it = found.it.clone();
    let now = found.verdict.now;
    let prefix = it.prefix.to_string();
    let fields = vec![("id", it.id.clone())];
    let activated = !found.used.is_empty();
    let customer = found.customer.clone().filter(|state| state.first.as_ref().is_some_and(|finding| finding.verdict != Verdict::Pass));
    let customer = customer.map(|state| {
        view! {
            <div class="call" role="status">
                <Icon name="warn"/>
                <div><p><b>{tr!(registered.customer_state)}" "<ValidationMark state=state.state/></b></p><p>{gist(&state, Next::Provider)}</p></div>
            </div>
        }
    });
    let settle = found.settles.then(|| take_off(action::<TakeRegistrationOff>(), vec![("id", it.id.clone())]));
    view! {
        <Title text=format!("{prefix}, {}", it.id)/>
        <div>
            <Breadcrumbs trail=vec![("/partner".into(), tr!(peerings.title)), ("/partner/prefixes".into(), tr!(registered.title))]/>
            <div class="title">
                <h1 class="mono">{prefix.clone()}</h1>
                <Copy text=it.id.clone()/>
                <ValidationMark state=found.verdict.state big=true/>
                {found.writable.then(|| view! { <div class="acts"><Post to={action::<UnregisterPrefix>()} fields=fields label=tr!(registered.unregister) class="btn stop"/></div> })}
            </div>
        </div>
        <dl class="facts">
            <div><dt>{tr!(connections.name)}</dt><dd>{if it.name.is_empty() { "–".to_owned() } else { it.name.clone() }}</dd></div>
            <div><dt>{tr!(registered.origin)}</dt><dd class="mono">{it.origin.to_string()}</dd></div>
            <div><dt>{tr!(registered.peering)}</dt><dd><a class="mono" href=format!("/partner/peerings/{}", it.peering)>{it.peering.clone()}</a></dd></div>
            <div><dt>{tr!(registered.customer)}</dt><dd>{if activated { tr!(registered.is_activated) } else { tr!(registered.not_activated) }}</dd></div>
        </dl>
        {customer}
        <VerdictPanels view=found.verdict reader=Next::Provider/>
        {keys(&it.id, &found.keys, &found.used, found.writable, now)}
        {settle}
        <section class="panel" aria-labelledby="h-act">
            <div class="phead"><h2 id="h-act">{tr!(connection.activity)}</h2></div>
            <div class="pbody"><History rows=found.history now=now/></div>
        </section>
    }
}

/// Where the last day of a key is set.
pub(super) fn end_form(subject: &str, key: &KeyRecord) -> impl IntoView + use<> {
    let id = format!("date-{}", key.id);
    let end = key.expires.map(|at| at.to_string().chars().take(10).collect::<String>()).unwrap_or_default();
    view! {
        <form class="row" method="post" action={action::<ExpireKey>()}>
            <input type="hidden" name="subject" value=subject.to_owned()/>
            <input type="hidden" name="key" value=key.id.clone()/>
            <label class="visually-hidden" for=id.clone()>{tr!(registered.end_of, key = key.hint.clone())}</label>
            <input id=id class="field mono short" type="date" name="date" value=end/>
            <button class="btn sm" type="submit">{tr!(registered.set_end)}</button>
        </form>
    }
}

/// The keys of a registration: how they stand, their end, another one.
fn keys(subject: &str, all: &[KeyRecord], used: &[String], writable: bool, now: Timestamp) -> impl IntoView + use<> {
    let rows = all
        .iter()
        .map(|key| {
            let standing = key.standing(now);
            let fields = vec![("subject", subject.to_owned()), ("key", key.id.clone())];
            let (revocable, endable) = (writable && standing != KeyStanding::Revoked, writable && standing == KeyStanding::Good);
            let end = key.expires.map(|at| crate::text::language().date(at)).unwrap_or_default();
            let end_form = endable.then(|| end_form(subject, key));
            let revoke = tr!(registered.revoke, key = key.hint.clone());
            view! {
                <tr>
                    <td class="key mono" data-l=tr!(registered.key)>{key.hint.clone()}</td>
                    <td data-l=tr!(registered.standing)>{key_words(standing, used.contains(&key.id))}</td>
                    <td data-l=tr!(customers.since)>{key.created.minute()}</td>
                    <td data-l=tr!(registered.last_day)>{if endable { end_form.into_any() } else { end.into_any() }}</td>
                    <td class="acts">{revocable.then(|| view! { <Post to={action::<RevokeKey>()} fields=fields label=revoke class="btn sm stop"/> })}</td>
                </tr>
            }
        })
        .collect_view();
    let rotate = vec![("subject", subject.to_owned())];
    view! {
        <section class="panel" aria-labelledby="h-keys">
            <div class="phead">
                <h2 id="h-keys">{tr!(registered.keys)}</h2>
                <p>{tr!(registered.keys_help)}</p>
                {writable.then(|| view! { <div class="acts"><Post to={action::<RotateKey>()} fields=rotate label=tr!(registered.rotate) class="btn"/></div> })}
            </div>
            <div class="scroll"><table class="tbl cards">
                <thead><tr>
                    <th scope="col">{tr!(registered.key)}</th><th scope="col">{tr!(registered.standing)}</th><th scope="col">{tr!(customers.since)}</th>
                    <th scope="col">{tr!(registered.last_day)}</th><th scope="col"><span class="visually-hidden">{tr!(registered.actions)}</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        </section>
    }
}
