//! `/partner/asns…`: associating an ASN, and where it stands.

use crate::{
    app::Visit,
    components::{
        Breadcrumbs, Column, Copy, EmptyList, Field, History, Icon, ListSearch, NextActor, Pager, SortedHead, action, live, load,
        query_from_url, typed_again,
    },
    pages::param,
    rpc::{
        Typed,
        operator::read_asns,
        partner::{AsnView, AssociateAsn, read_asn},
    },
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Next, Timestamp, Verdict,
    catalogue::{Paged, Query},
    contact::ContactRole,
    peer_asn::{AsnState, PeerAsn, judge_asn},
};

/// The state of an association: shape, word and colour.
pub(crate) fn asn_badge(state: &AsnState) -> impl IntoView + use<> {
    let (class, icon, word) = match state {
        AsnState::None => ("unknown", "unknown", tr!(asn_state.none)),
        AsnState::Pending { .. } => ("now", "clock", tr!(asn_state.pending)),
        AsnState::Approved { .. } => ("pass", "pass", tr!(asn_state.approved)),
        AsnState::Failed { .. } => ("fail", "fail", tr!(asn_state.failed)),
    };
    view! { <span class=format!("st {class}")><Icon name=icon/>{word}</span> }
}

/// What a contact is for, as people call it.
pub(crate) fn role_name(role: ContactRole) -> String {
    match role {
        ContactRole::Noc => tr!(contact.noc),
        ContactRole::Policy => tr!(contact.policy),
        ContactRole::Technical => tr!(contact.technical),
        ContactRole::Service => tr!(contact.service),
        ContactRole::Escalation => tr!(contact.escalation),
        ContactRole::Other => tr!(contact.other),
    }
}

/// The organisation's ASNs.
#[component]
pub fn AsnsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), read_asns);
    live(String::new, found);
    view! {
        <Title text=tr!(asns.title)/>
        <div class="title"><h1>{tr!(asns.title)}</h1><div class="acts"><a class="btn main" href="/partner/asns/new">{tr!(asns.new)}</a></div></div>
        {load(found, move |(found, now)| view! {
            <section class="panel" aria-label=tr!(asns.title)>{asn_table(found, query.get_untracked(), "/partner/asns", Next::Requester, now)}</section>
        })}
    }
}

/// ASN associations as rows; their pages lie below `path`.
pub(crate) fn asn_table(found: Paged<PeerAsn>, query: Query, path: &'static str, reader: Next, now: Timestamp) -> impl IntoView {
    let states = [("Pending", tr!(asn_state.pending)), ("Approved", tr!(asn_state.approved)), ("Failed", tr!(asn_state.failed))];
    let states = states.map(|(value, word)| (value.to_owned(), word)).to_vec();
    let search = view! { <div class="phead"><ListSearch query=query.clone() path=path hint=tr!(asns.search) kinds=states/></div> };
    if found.items.is_empty() {
        return view! {
            {search}
            <EmptyList total=found.total query=query path=path text=tr!(asns.empty)><a class="btn" href="/partner/asns/new">{tr!(asns.new)}</a></EmptyList>
        }
        .into_any();
    }
    let rows = found
        .items
        .into_iter()
        .map(|a| {
            view! {
                <tr>
                    <td class="key mono" data-l="ASN"><a href=format!("{path}/{}", a.id)>{a.asn.to_string()}</a></td>
                    <td class="v" data-l=tr!(connection.state)>{asn_badge(&a.state)}</td>
                    <td data-l=tr!(connections.name)>{a.peer_name.clone()}</td>
                    <td data-l=tr!(peerings.next)>{a.state.since().map(|since| view! { <NextActor next=a.state.next() reader=reader since=since now=now/> })}</td>
                </tr>
            }
        })
        .collect_view();
    let columns = vec![
        Column::text("asn", "ASN"),
        Column::text("state", tr!(connection.state)),
        Column::text("name", tr!(connections.name)),
        Column::text("since", tr!(peerings.next)),
    ];
    view! {
        {search}
        <div class="scroll"><table class="tbl cards"><SortedHead columns=columns query=query.clone() path=path/><tbody>{rows}</tbody></table></div>
        <Pager total=found.total limit=found.limit query=query path=path/>
    }
    .into_any()
}

/// Asks for an ASN.
#[component]
pub fn NewAsnPage() -> impl IntoView {
    view! {
        <Title text=tr!(asns.new)/>
        <div><Breadcrumbs trail=vec![("/partner/asns".into(), tr!(asns.title))]/><h1>{tr!(asns.new)}</h1></div>
        {load(expect_context::<Visit>().0, |_| typed_again("asn", |typed| view! { <Form typed=typed/> }))}
    }
}

#[component]
fn Form(typed: Typed) -> impl IntoView {
    let before = StoredValue::new(typed);
    let was = move |name: &str| before.with_value(|typed| typed.get(name)).unwrap_or_default();
    let typed = RwSignal::new(was("asn"));
    let problem = move || {
        let text = typed.read();
        let finding = judge_asn(&text);
        (!text.trim().is_empty() && finding.verdict == Verdict::Fail).then(|| say(&finding.sentence))
    };
    let filled = ContactRole::ALL[1..].iter().any(|role| !(was(&key(*role, "email")) + &was(&key(*role, "phone"))).is_empty());
    let more = ContactRole::ALL.into_iter().enumerate().skip(1).map(|(n, role)| contact(n, role, was)).collect_view();
    view! {
        <section class="panel narrow-left">
            <form class="pbody form" method="post" action={action::<AssociateAsn>()}>
                <Field id="asn" label="ASN">
                    <input id="asn" class="field mono" name="asn" required autocomplete="off" value=was("asn") on:input:target=move |e| typed.set(e.target().value()) aria-describedby="asn-live"/>
                </Field>
                <p class="error" id="asn-live" role="status">{problem}</p>
                <Field id="name" label=tr!(asns.name) help=tr!(asns.name_help)><input id="name" class="field" name="name" value=was("name") required/></Field>
                {contact(0, ContactRole::Noc, was)}
                <details class="more" open=filled>
                    <summary>{tr!(asns.more_contacts)}</summary>
                    {more}
                </details>
                <button class="btn main" type="submit">{tr!(asns.submit)}</button>
            </form>
        </section>
    }
}

/// The name under which a contact's field is kept.
fn key(role: ContactRole, field: &str) -> String {
    format!("{}.{field}", role.word())
}

/// The fields of one contact; only the NOC has to be given.
fn contact(n: usize, role: ContactRole, was: impl Fn(&str) -> String) -> impl IntoView {
    let (email, phone) = (format!("email-{n}"), format!("phone-{n}"));
    let name = |field: &str| format!("contacts[{n}][{field}]");
    let names = (name("role"), name("email"), name("phone"));
    let values = (was(&key(role, "email")), was(&key(role, "phone")));
    let noc = role == ContactRole::Noc;
    let help = |text: String| if noc { text } else { String::new() };
    view! {
        <fieldset class="contact">
            <legend>{role_name(role)}</legend>
            <input type="hidden" name=names.0 value=role.word()/>
            <div class="cols">
                <Field id=email.clone() label=tr!(asns.email) help={help(tr!(asns.noc_help))}>
                    <input id=email.clone() class="field" type="email" name=names.1 value=values.0 required=noc/>
                </Field>
                <Field id=phone.clone() label=tr!(asns.phone) help={help(tr!(asns.phone_help))}>
                    <input id=phone.clone() class="field" type="tel" name=names.2 value=values.1 required=noc/>
                </Field>
            </div>
        </fieldset>
    }
}

/// One association.
#[component]
pub fn AsnPage() -> impl IntoView {
    let id = param("id");
    let found = Resource::new_blocking(move || id.get(), read_asn);
    live(move || id.get_untracked(), found);
    load(found, |found| view! { <Detail found=found/> })
}

#[component]
fn Detail(found: AsnView) -> impl IntoView {
    let it = found.asn;
    let contacts = it.contacts.iter().map(|c| view! { <li><b>{role_name(c.role)}</b>" "{c.email.to_string()}" "<span class="muted">{c.phone.as_ref().map(ToString::to_string)}</span></li> }).collect_view();
    let failed = match &it.state {
        AsnState::Failed { reason, .. } => Some(reason.clone()),
        AsnState::None | AsnState::Pending { .. } | AsnState::Approved { .. } => None,
    };
    view! {
        <Title text=it.asn.to_string()/>
        <div>
            <Breadcrumbs trail=vec![("/partner/asns".into(), tr!(asns.title))]/>
            <div class="title"><h1>{it.peer_name.clone()}</h1><Copy text=it.asn.to_string()/></div>
        </div>
        {failed.map(|reason| view! {
            <div class="call" role="status"><Icon name="fail"/><div><p><b>{tr!(asns.failed)}</b></p><p>{reason}</p></div><a class="btn" href="/partner/asns/new">{tr!(asns.again)}</a></div>
        })}
        <dl class="facts">
            <div><dt>{tr!(connection.state)}</dt><dd>{asn_badge(&it.state)}</dd></div>
            <div><dt>{tr!(peerings.next)}</dt><dd>{it.state.since().map(|since| view! { <NextActor next=it.state.next() reader=Next::Requester since=since now=found.now/> })}</dd></div>
        </dl>
        <section class="panel" aria-labelledby="contacts"><div class="phead"><h2 id="contacts">{tr!(asns.contacts)}</h2></div><ul class="pbody stack">{contacts}</ul></section>
        <section class="panel" aria-labelledby="h-act"><div class="phead"><h2 id="h-act">{tr!(connection.activity)}</h2></div><div class="pbody"><History rows=found.history now=found.now/></div></section>
    }
}
