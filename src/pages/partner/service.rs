//! `/partner/service`: what a partner has for Peering Service, and what is missing.

use crate::{
    components::{Breadcrumbs, Copy, Empty, VerdictMark, load, next_name},
    rpc::service::{ChecklistView, ServiceView, SessionMetrics, read_service},
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{Next, Timestamp, Verdict};

/// The checklists and the sessions.
#[component]
pub fn ServicePage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| read_service());
    load(found, |found| view! { <Overview found=found/> })
}

#[component]
fn Overview(found: ServiceView) -> impl IntoView {
    let now = found.now;
    let lists = found.checklists.into_iter().enumerate().map(|(n, list)| checklist(n, list)).collect::<Vec<_>>();
    let none = lists.is_empty();
    let sessions = found.sessions;
    view! {
        <Title text=tr!(service_page.title)/>
        <div>
            <Breadcrumbs trail=vec![("/partner".into(), tr!(peerings.title))]/>
            <div class="title"><h1>{tr!(service_page.title)}</h1><div class="acts"><a class="btn" href="/partner/prefixes">{tr!(registered.title)}</a></div></div>
            <p class="lead">{tr!(service_page.lead)}" "<Copy text=found.community/></p>
        </div>
        {none.then(|| view! { <section class="panel"><Empty text=tr!(service_page.none)><a class="btn main" href="/partner">{tr!(peerings.title)}</a></Empty></section> })}
        {lists}
        {(!sessions.is_empty()).then(|| metrics(sessions, now))}
    }
}

fn checklist(number: usize, list: ChecklistView) -> impl IntoView {
    let heading = format!("h-list{number}");
    let rules = list
        .findings
        .into_iter()
        .map(|finding| {
            let acts = (finding.verdict != Verdict::Pass).then(|| {
                let who = next_name(finding.next, Next::Requester);
                view! { <span class="muted">{tr!(prefixes.who, who = who)}" "<code>{finding.code.clone()}</code></span> }
            });
            view! { <li class=finding.verdict.word()><VerdictMark verdict=finding.verdict/><span class="what">{say(&finding.sentence)}" "{acts}</span></li> }
        })
        .collect_view();
    let (verdict, word) = if list.is_met { (Verdict::Pass, tr!(service_page.met)) } else { (Verdict::Warn, tr!(service_page.not_met)) };
    view! {
        <section class="panel" aria-labelledby=heading.clone()>
            <div class="phead">
                <h2 id=heading.clone()>{format!("{}, {}", list.location.name, list.location.city)}" "<small class="mono muted">{list.asn.to_string()}</small></h2>
                <p><VerdictMark verdict=verdict word=word/></p>
            </div>
            <ul class="rules">{rules}</ul>
        </section>
    }
}

/// `99.95 %`; a dash where nothing is known.
fn percent(share: Option<f64>) -> String {
    crate::text::language().percent(share, 2)
}

fn metrics(sessions: Vec<SessionMetrics>, now: Timestamp) -> impl IntoView {
    let rows = sessions
        .into_iter()
        .map(|it| {
            let (verdict, word) = match it.up {
                Some(true) => (Verdict::Pass, "Established".to_owned()),
                Some(false) => (Verdict::Fail, tr!(verdict_page.down)),
                None => (Verdict::Unknown, tr!(verdict_page.silent)),
            };
            let (accepted, refused, limit) = it.prefixes;
            let since = it.since.map(|at| crate::text::language().age(at, now));
            let flaps = it.flaps.map_or_else(|| "–".to_owned(), |n| n.to_string());
            let service = if it.service { tr!(service_page.yes) } else { tr!(service_page.no) };
            let peering = it.id.split('/').next().unwrap_or_default().to_owned();
            view! {
                <tr>
                    <td class="key mono" data-l=tr!(verdict_page.session)><a href=format!("/partner/peerings/{peering}")>{it.address}</a><small class="muted">{it.id}</small></td>
                    <td data-l=tr!(service_page.location)>{it.location}</td>
                    <td class="v" data-l=tr!(service_page.state)><VerdictMark verdict=verdict word=word/><small class="muted">{since}</small></td>
                    <td class="num" data-l=tr!(service_page.day)>{percent(it.availability.0)}</td>
                    <td class="num" data-l=tr!(service_page.month)>{percent(it.availability.1)}</td>
                    <td class="num" data-l=tr!(service_page.flaps)>{flaps}</td>
                    <td class="num" data-l=tr!(service_page.routes)>{format!("{accepted} / {refused} / {}", limit.map_or_else(|| "–".to_owned(), |n| n.to_string()))}</td>
                    <td data-l=tr!(service_page.service)>{service}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="h-metrics">
            <div class="phead"><h2 id="h-metrics">{tr!(service_page.sessions)}</h2><p>{tr!(service_page.known)}</p></div>
            <div class="scroll"><table class="tbl cards">
                <thead><tr>
                    <th scope="col">{tr!(verdict_page.session)}</th><th scope="col">{tr!(service_page.location)}</th><th scope="col">{tr!(service_page.state)}</th>
                    <th scope="col" class="num">{tr!(service_page.day)}</th><th scope="col" class="num">{tr!(service_page.month)}</th><th scope="col" class="num">{tr!(service_page.flaps)}</th>
                    <th scope="col" class="num">{tr!(service_page.routes)}</th><th scope="col">{tr!(service_page.service)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        </section>
    }
}
