//! `/partner/asns…`: associating an ASN, and where it stands.

use crate::{
    components::{Breadcrumbs, Copy, Empty, Field, History, Icon, NextActor, action, live, load},
    pages::param,
    rpc::partner::{AsnForm, AsnView, AssociateAsn, read_asn, read_asn_form, read_partner_home},
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Next, Verdict,
    catalogue::Query,
    peer_asn::{AsnState, judge_asn},
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

/// The organisation's ASNs.
#[component]
pub fn AsnsPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| read_partner_home(Query::default()));
    live(String::new, found);
    view! {
        <Title text=tr!(asns.title)/>
        <div class="title"><h1>{tr!(asns.title)}</h1><div class="acts"><a class="btn main" href="/partner/asns/new">{tr!(asns.new)}</a></div></div>
        {load(found, |found| {
            let now = found.now;
            if found.asns.is_empty() {
                return view! { <section class="panel"><Empty text=tr!(asns.empty)><a class="btn" href="/partner/asns/new">{tr!(asns.new)}</a></Empty></section> }.into_any();
            }
            let rows = found.asns.into_iter().map(|a| view! {
                <tr>
                    <td class="key mono" data-l="ASN"><a href=format!("/partner/asns/{}", a.id)>{a.asn.to_string()}</a></td>
                    <td class="v" data-l=tr!(connection.state)>{asn_badge(&a.state)}</td>
                    <td data-l=tr!(connections.name)>{a.peer_name.clone()}</td>
                    <td data-l=tr!(peerings.next)>{a.state.since().map(|since| view! { <NextActor next=a.state.next() reader=Next::Requester since=since now=now/> })}</td>
                </tr>
            }).collect_view();
            view! {
                <section class="panel" aria-label=tr!(asns.title)><div class="scroll"><table class="tbl cards">
                    <thead><tr><th scope="col">"ASN"</th><th scope="col">{tr!(connection.state)}</th><th scope="col">{tr!(connections.name)}</th><th scope="col">{tr!(peerings.next)}</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table></div></section>
            }.into_any()
        })}
    }
}

/// Asks for an ASN.
#[component]
pub fn NewAsnPage() -> impl IntoView {
    let form = Resource::new_blocking(|| (), |()| read_asn_form());
    view! {
        <Title text=tr!(asns.new)/>
        <div><Breadcrumbs trail=vec![("/partner/asns".into(), tr!(asns.title))]/><h1>{tr!(asns.new)}</h1></div>
        {load(form, |form| view! { <Form form=form/> })}
    }
}

#[component]
fn Form(form: AsnForm) -> impl IntoView {
    let typed = RwSignal::new(form.asn.clone());
    let problem = move || {
        let text = typed.read();
        let finding = judge_asn(&text);
        (!text.trim().is_empty() && finding.verdict == Verdict::Fail).then_some(finding.sentence)
    };
    let input = |id: &'static str, kind: &'static str, value: String, required: bool| {
        view! { <input id=id class="field" name=id type=kind value=value required=required/> }
    };
    view! {
        <section class="panel narrow-left">
            <form class="pbody form" method="post" action={action::<AssociateAsn>()}>
                <Field id="asn" label="ASN">
                    <input id="asn" class="field mono" name="asn" required autocomplete="off" value=form.asn on:input:target=move |e| typed.set(e.target().value()) aria-describedby="asn-live"/>
                </Field>
                <p class="error" id="asn-live" role="status">{problem}</p>
                <Field id="name" label=tr!(asns.name) help=tr!(asns.name_help)>{input("name", "text", form.name, true)}</Field>
                <div class="cols">
                    <Field id="noc_email" label=tr!(asns.noc_email) help=tr!(asns.noc_help)>{input("noc_email", "email", form.noc_email, true)}</Field>
                    <Field id="noc_phone" label=tr!(asns.noc_phone) help=tr!(asns.phone_help)>{input("noc_phone", "tel", form.noc_phone, true)}</Field>
                </div>
                <div class="cols">
                    <Field id="policy_email" label=tr!(asns.policy_email)>{input("policy_email", "email", form.policy_email, false)}</Field>
                    <Field id="technical_email" label=tr!(asns.technical_email)>{input("technical_email", "email", form.technical_email, false)}</Field>
                </div>
                <button class="btn main" type="submit">{tr!(asns.submit)}</button>
            </form>
        </section>
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
    let contacts = it.contacts.iter().map(|c| view! { <li><b>{c.role.word()}</b>" "{c.email.to_string()}" "<span class="muted">{c.phone.as_ref().map(ToString::to_string)}</span></li> }).collect_view();
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
