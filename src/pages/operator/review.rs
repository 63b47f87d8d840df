//! `/ops/peerings/PR-88` and `/ops/asns/PA-12`: what is asked, what is on record, what the
//! policy says, and the decision.

use crate::{
    components::{Breadcrumbs, Copy, Field, History, VerdictMark, action, live, load, no_default, typed_again},
    pages::{
        param,
        partner::{ConnectionPanel, asn_badge, role_name},
    },
    rpc::{
        operator::{DecideAsn, review_asn, review_peering},
        partner::{AsnView, PeeringView},
    },
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{Next, Verdict, peer_asn::AsnState, peering::StateName, policy::Criterion};

/// Asked and on record meet at the seam; the policy's answer stands beside.
fn comparison(rows: Vec<Criterion>, version: u32) -> impl IntoView {
    let body = rows
        .into_iter()
        .map(|c| {
            let (mark, class) = match c.same {
                Some(true) => (Some("="), "eq"),
                Some(false) => (Some("≠"), "eq ne"),
                None => (None, "eq"),
            };
            let flag = matches!(c.finding.verdict, Verdict::Warn | Verdict::Fail);
            view! {
                <tr class:flag=flag>
                    <td>{say(&c.subject)}</td>
                    <td data-l=tr!(review_page.asked)>{say(&c.asked)}</td>
                    <td data-l=tr!(review_page.record)>{mark.map(|m| view! { <span class=class>{m}</span> })}{say(&c.record)}</td>
                    <td data-l=tr!(review_page.policy, v = version)><VerdictMark verdict=c.finding.verdict word=say(&c.finding.sentence)/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="scroll"><table class="tbl cmp cards">
            <thead><tr>
                <th scope="col">{tr!(review_page.subject)}</th><th scope="col">{tr!(review_page.asked)}</th>
                <th scope="col">{tr!(review_page.record)}</th><th scope="col">{tr!(review_page.policy, v = version)}</th>
            </tr></thead>
            <tbody>{body}</tbody>
        </table></div>
    }
}

fn verdicts(rows: &[Criterion]) -> String {
    let count = |verdict| rows.iter().filter(|c| c.finding.verdict == verdict).count();
    tr!(
        review_page.counts,
        pass = count(Verdict::Pass),
        warn = count(Verdict::Warn),
        fail = count(Verdict::Fail),
        unknown = count(Verdict::Unknown)
    )
}

/// The review of a peering.
#[component]
pub fn ReviewPage() -> impl IntoView {
    let id = param("id");
    let found = Resource::new_blocking(move || id.get(), review_peering);
    let up = live(move || id.get_untracked(), found);
    load(found, move |found| view! { <Review found=found up=up/> })
}

#[component]
fn Review(found: PeeringView, up: RwSignal<bool>) -> impl IntoView {
    let it = found.peering.clone();
    let panels = it
        .connections
        .iter()
        .map(|c| {
            let rows = found.criteria.iter().find(|(n, _)| *n == c.number).map(|(_, rows)| rows.clone()).unwrap_or_default();
            let heading = format!("h-cmp{}", c.number);
            view! {
                <section class="panel" aria-labelledby=heading.clone()>
                    <div class="phead"><h2 id=heading.clone()>{tr!(review_page.compare, n = c.number)}</h2><p>{verdicts(&rows)}</p></div>
                    {comparison(rows, found.policy_version)}
                </section>
                <ConnectionPanel found=found.clone() connection=c.clone() reader=Next::Operator/>
            }
        })
        .collect_view();
    let at = found.location.as_ref().map(|l| tr!(peering.at, name = l.name.clone())).unwrap_or_default();
    let asks = it.connections.iter().any(|c| c.state.name() == StateName::PendingApproval);
    let headline = if asks { tr!(review_page.heading, peer = it.peer_name.clone()) } else { it.peer_name.clone() };
    view! {
        <Title text=format!("{headline}{at}, {}", it.id)/>
        <div>
            <Breadcrumbs trail=vec![("/ops/queue".into(), tr!(queue.title))]/>
            <div class="title">
                <h1>{headline}{at}</h1>
                <Copy text=it.id.clone()/><Copy text=it.asn.to_string()/>
                <div class="acts"><span class="live" role="status">{move || if up.get() { tr!(live.on) } else { tr!(live.off) }}</span></div>
            </div>
        </div>
        {it.legacy.then(|| view! {
            <div class="call info" role="note"><div><p><b>{tr!(review_page.legacy)}</b></p></div></div>
        })}
        {panels}
    }
}

/// The review of an ASN association.
#[component]
pub fn AsnReviewPage() -> impl IntoView {
    let id = param("id");
    let found = Resource::new_blocking(move || id.get(), review_asn);
    live(move || id.get_untracked(), found);
    load(found, |found| view! { <AsnReview found=found/> })
}

#[component]
fn AsnReview(found: AsnView) -> impl IntoView {
    let it = found.asn;
    let contacts = it.contacts.iter().map(|c| view! { <li><b>{role_name(c.role)}</b>" "{c.email.to_string()}" "<span class="muted">{c.phone.as_ref().map(ToString::to_string)}</span></li> }).collect_view();
    let pending = matches!(it.state, AsnState::Pending { .. });
    let words = verdicts(&found.criteria);
    let id = it.id.clone();
    view! {
        <Title text=tr!(asn_review.title, asn = it.asn, id = it.id.clone())/>
        <div>
            <Breadcrumbs trail=vec![("/ops/queue".into(), tr!(queue.title))]/>
            <div class="title"><h1>{tr!(asn_review.heading, asn = it.asn, name = it.peer_name.clone())}</h1><Copy text=it.id.clone()/>{asn_badge(&it.state)}</div>
        </div>
        <section class="panel" aria-labelledby="h-cmp"><div class="phead"><h2 id="h-cmp">{tr!(asn_review.compare)}</h2><p>{words}</p></div>{comparison(found.criteria, found.policy_version)}</section>
        <section class="panel" aria-labelledby="contacts"><div class="phead"><h2 id="contacts">{tr!(asns.contacts)}</h2></div><ul class="pbody stack">{contacts}</ul></section>
        <section class="panel" aria-labelledby="h-act"><div class="phead"><h2 id="h-act">{tr!(connection.activity)}</h2></div><div class="pbody"><History rows=found.history now=found.now/></div></section>
        {pending.then(|| view! {
            <section class="panel" aria-labelledby="h-dec">
                <div class="phead"><h2 id="h-dec">{tr!(asn_review.decide)}</h2></div>
                {typed_again(format!("decide/{id}"), move |typed| view! {
                    <form class="pbody form" method="post" action={action::<DecideAsn>()}>
                        <input type="hidden" name="id" value=id.clone()/>
                        {no_default()}
                        <Field id="reason" label=tr!(asn_review.reason) help=tr!(asn_review.reason_help)>
                            <input id="reason" class="field" name="reason" value=typed.get("reason") autocomplete="off" aria-describedby="reason-help"/>
                        </Field>
                        <div class="row">
                            <button class="btn main" type="submit" name="decision" value="approve">{tr!(asn_review.approve)}</button>
                            <button class="btn stop" type="submit" name="decision" value="fail">{tr!(asn_review.fail)}</button>
                        </div>
                    </form>
                })}
            </section>
        })}
    }
}
