//! What only Direct connections have: the letter of authorization, the link test, the change of type.

use crate::{
    components::{Post, action, typed_again},
    pages::{partner::type_name, public::verb_name},
    rpc::{Typed, operator::AcceptTypeChange, partner::Step},
};
use leptos::prelude::*;
use peerage_domain::{
    Prefix, Timestamp,
    peering::{Connection, DirectType, Kind, State, Verb},
    session::{Endpoint, ends},
};

/// The letter: to be issued, to be read, or read.
pub(super) fn letter(id: &str, connection: &Connection, verbs: &[Verb], now: Timestamp) -> impl IntoView + use<> {
    let number = connection.number;
    let issue = verbs.contains(&Verb::IssueLoa).then(|| issue_form(id.to_owned(), connection));
    let acknowledge = verbs.contains(&Verb::AcknowledgeLoa);
    let shown = connection.loa.clone().map(|loa| {
        let href = format!("/peerings/{id}/{number}/loa.pdf");
        let until = loa.valid_until();
        let old = until.since(now) < 0 && loa.acknowledged.is_none();
        let fields =
            vec![("id", id.to_owned()), ("connection", number.to_string()), ("verb", Verb::AcknowledgeLoa.word().to_owned())];
        view! {
            <p>{loa.demarcation}</p>
            <p class="muted s12">
                {tr!(loa.valid, issued = crate::text::language().date(loa.issued), until = crate::text::language().date(until))}
                {old.then(|| tr!(loa.old))}
                {loa.acknowledged.map(|at| tr!(loa.read, at = at.minute()))}
            </p>
            <div class="acts">
                <a class="btn" href=href rel="external">{tr!(loa.download)}</a>
                {acknowledge.then(|| view! { <Post to={action::<Step>()} fields=fields label=verb_name(Verb::AcknowledgeLoa) class="btn main"/> })}
            </div>
        }
    });
    let heading = format!("h-loa{number}");
    (issue.is_some() || shown.is_some()).then(|| {
        view! {
            <section class="evidence" aria-labelledby=heading.clone()>
                <h3 id=heading.clone()>{tr!(loa.title)}</h3>
                {shown}
                {issue}
            </section>
        }
    })
}

/// Where the cross-connect ends on the operator's side, typed by the operator.
fn issue_form(id: String, connection: &Connection) -> impl IntoView + use<> {
    let number = connection.number;
    let before = connection.loa.as_ref().map(|loa| loa.demarcation.clone());
    let field = format!("loa-{number}");
    typed_again(format!("step/{id}/{number}"), move |typed| {
        view! {
            <form class="decision" method="post" action={action::<Step>()} aria-label=tr!(loa.form, n = number)>
                <input type="hidden" name="id" value=id.clone()/>
                <input type="hidden" name="connection" value=number.to_string()/>
                <label for=field.clone()>{tr!(loa.demarcation)}</label>
                <input id=field.clone() class="field" name="note" value=typed.get("note").or_else(|| before.clone()) autocomplete="off" placeholder=tr!(loa.hint)/>
                <div class="acts"><button class="btn" type="submit" name="verb" value=Verb::IssueLoa.word()>{verb_name(Verb::IssueLoa)}</button></div>
            </form>
        }
    })
}

/// The addresses with which the link is tested, and the test.
pub(super) fn link_test(id: &str, connection: &Connection) -> impl IntoView + use<> {
    let wired = matches!(connection.state, State::PendingApproval | State::ProvisioningStarted { .. } | State::ExternalBlocker { .. });
    let test = connection.spec.link_test.filter(|_| wired).and_then(|link| Some((link, ends(link)?)));
    let number = connection.number;
    let heading = format!("h-test{number}");
    test.map(|(link, ends)| {
        let href = format!("/peerings/{id}/{number}/glass?kind=ping&search={}", ends.peer);
        view! {
            <section class="evidence" aria-labelledby=heading.clone()>
                <h3 id=heading.clone()>{tr!(link_test.title)}</h3>
                <p>{tr!(link_test.how, peer = ends.peer, operator = ends.operator, length = link.length())}</p>
                <div class="acts"><a class="btn" href=href>{tr!(link_test.ask, peer = ends.peer)}</a></div>
            </section>
        }
    })
}

/// A change of type: asked for by the partner, agreed to by the operator, configured by the partner.
pub(super) fn type_change(
    id: &str,
    connection: &Connection,
    verbs: &[Verb],
    offers: (Option<Prefix>, Option<Prefix>),
) -> impl IntoView + use<> {
    let number = connection.number;
    let asks = verbs.contains(&Verb::RequestTypeChange).then(|| {
        let button = |to: &DirectType| {
            let fields = vec![
                ("id", id.to_owned()),
                ("connection", number.to_string()),
                ("verb", Verb::RequestTypeChange.word().to_owned()),
                ("note", to.word().to_owned()),
            ];
            view! { <Post to={action::<Step>()} fields=fields label=tr!(type_change.ask, to = type_name(Kind::Direct, *to)) class="btn"/> }
        };
        let buttons = connection.spec.direct_type.others().iter().map(button).collect_view();
        view! { <div class="acts">{buttons}</div> }
    });
    let accepts = verbs.contains(&Verb::AcceptTypeChange).then(|| accept_form(id.to_owned(), connection, offers));
    let coming = match &connection.state {
        State::TypeChangeInProgress { pending: Some(spec), .. } => {
            let labels = spec.endpoint.labels().join(" · ");
            let name = type_name(Kind::Direct, spec.direct_type);
            Some(view! { <p>{tr!(type_change.coming, name = name, labels = labels)}</p> })
        }
        _ => None,
    };
    let heading = format!("h-type{number}");
    let name = type_name(Kind::Direct, connection.spec.direct_type);
    (asks.is_some() || accepts.is_some() || coming.is_some()).then(|| {
        view! {
            <section class="evidence" aria-labelledby=heading.clone()>
                <h3 id=heading.clone()>{tr!(type_change.title, name = name)}</h3>
                {coming}
                {asks}
                {accepts}
            </section>
        }
    })
}

fn accept_form(id: String, connection: &Connection, offers: (Option<Prefix>, Option<Prefix>)) -> impl IntoView + use<> {
    let number = connection.number;
    let needs = !matches!(connection.spec.endpoint, Endpoint::DirectOperatorAssigned { .. });
    let six = connection.spec.max_prefixes_ipv6.is_some();
    let form = format!("type/{id}/{number}");
    let show = move |typed: Typed| {
        let value = |name: &str, offer: Option<Prefix>| typed.get(name).or_else(|| offer.map(|it| it.to_string()));
        let (v4, v6) = (format!("type4-{number}"), format!("type6-{number}"));
        let fields = needs.then(|| {
            view! {
                <label for=v4.clone()>{tr!(assign.v4)}</label>
                <input id=v4.clone() class="field mono" name="ipv4" value=value("ipv4", offers.0) autocomplete="off" placeholder="203.0.113.0/31"/>
                {six.then(|| view! {
                    <label for=v6.clone()>{tr!(assign.v6)}</label>
                    <input id=v6.clone() class="field mono" name="ipv6" value=value("ipv6", offers.1) autocomplete="off" placeholder="2001:db8::/127"/>
                })}
            }
        });
        view! {
            <form class="decision" method="post" action={action::<AcceptTypeChange>()} aria-label=tr!(type_change.form, n = number)>
                <input type="hidden" name="id" value=id.clone()/>
                <input type="hidden" name="connection" value=number.to_string()/>
                {fields}
                <div class="acts"><button class="btn main" type="submit">{verb_name(Verb::AcceptTypeChange)}</button></div>
            </form>
        }
    };
    typed_again(form, show)
}
