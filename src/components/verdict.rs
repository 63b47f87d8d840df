//! Whether a prefix gets the service: the state, the rules with their reasons, what was seen on each
//! session, and how it was before.

use crate::{
    components::{Ago, Icon, Post, VerdictMark, action, next_name},
    rpc::service::{Recheck, StateView, VerdictView},
    text::say,
};
use leptos::prelude::*;
use peerage_domain::{
    Next, Timestamp, Verdict,
    service::{
        Role, ValidationState,
        verdict::{Evidence, LONGEST_PATH},
    },
};

/// The word of a state for people.
pub fn validation_name(state: ValidationState) -> String {
    match state {
        ValidationState::Pending => tr!(validation.pending),
        ValidationState::Verified => tr!(validation.verified),
        ValidationState::Warning => tr!(validation.warning),
        ValidationState::Failed => tr!(validation.failed),
        ValidationState::Invalid => tr!(validation.invalid),
        ValidationState::Unknown => tr!(validation.unknown),
    }
}

/// A validation state: shape, word and colour.
#[component]
pub fn ValidationMark(
    /// The state.
    state: ValidationState,
    /// Large, for the head of a page.
    #[prop(optional)]
    big: bool,
) -> impl IntoView {
    let (class, icon) = match state {
        ValidationState::Verified => ("pass", "pass"),
        ValidationState::Warning => ("warn", "warn"),
        ValidationState::Failed | ValidationState::Invalid => ("fail", "fail"),
        ValidationState::Unknown => ("unknown", "unknown"),
        ValidationState::Pending => ("now", "clock"),
    };
    let big = if big { " big" } else { "" };
    view! { <span class=format!("st {class}{big}")><Icon name=icon/>{validation_name(state)}</span> }
}

/// Every state with its words, for the filter of a list.
pub fn validation_kinds() -> Vec<(String, String)> {
    ValidationState::ALL.into_iter().map(|state| (state.word().to_owned(), validation_name(state))).collect()
}

/// What matters most of a verdict, in a cell of a table; nothing when all is well.
pub fn gist(state: &StateView, reader: Next) -> impl IntoView + use<> {
    let bad = state.first.clone().filter(|finding| finding.verdict != Verdict::Pass);
    bad.map(|finding| {
        let next = next_name(finding.next, reader);
        view! { <span class="why">{say(&finding.sentence)}" "<span class="muted">{tr!(prefixes.who, who = next)}</span></span> }
    })
}

/// The panels of a prefix: checklist, sessions, history.
#[component]
pub fn VerdictPanels(
    /// The verdict.
    view: VerdictView,
    /// Who reads.
    reader: Next,
) -> impl IntoView {
    let now = view.now;
    let pending = view.since.is_none();
    let recheck = vec![("subject", view.subject.clone())];
    let since = view.since.map(|at| view! { <p class="muted s12">{tr!(verdict_page.since)}" "<Ago at=at now=now/></p> });
    let rules = view.findings.iter().map(|finding| rule(finding.clone(), reader)).collect_view();
    let rows = view.evidence.iter().map(|it| seen(it, &view.community)).collect_view();
    let none = view.evidence.is_empty();
    let community = view.community.clone();
    view! {
        <section class="panel" aria-labelledby="h-rules">
            <div class="phead">
                <h2 id="h-rules">{tr!(verdict_page.rules)}</h2>
                {since}
                <div class="acts"><Post to={action::<Recheck>()} fields=recheck label=tr!(verdict_page.recheck) class="btn"/></div>
            </div>
            {if pending {
                view! { <p class="pbody">{tr!(verdict_page.pending)}</p> }.into_any()
            } else {
                view! { <ul class="rules">{rules}</ul> }.into_any()
            }}
        </section>
        <section class="panel" aria-labelledby="h-seen">
            <div class="phead">
                <h2 id="h-seen">{tr!(verdict_page.sessions)}</h2>
                <p>{tr!(verdict_page.wanted, community = community, most = LONGEST_PATH)}</p>
            </div>
            {if none {
                view! { <p class="pbody">{tr!(verdict_page.no_sessions)}</p> }.into_any()
            } else {
                view! {
                    <div class="scroll"><table class="tbl cards">
                        <thead><tr>
                            <th scope="col">{tr!(verdict_page.session)}</th>
                            <th scope="col">{tr!(verdict_page.router)}</th>
                            <th scope="col">{tr!(verdict_page.role)}</th>
                            <th scope="col">{tr!(verdict_page.route)}</th>
                            <th scope="col">{tr!(events.path)}</th>
                            <th scope="col">{tr!(verdict_page.community)}</th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table></div>
                }
                .into_any()
            }}
        </section>
        {(!view.changes.is_empty()).then(|| history(view.changes.clone(), now))}
    }
}

fn rule(finding: peerage_domain::Finding, reader: Next) -> impl IntoView {
    let acts = (finding.verdict != Verdict::Pass).then(|| {
        let who = next_name(finding.next, reader);
        view! { <span class="muted">{tr!(prefixes.who, who = who)}" "<code>{finding.code.clone()}</code></span> }
    });
    view! { <li class=finding.verdict.word()><VerdictMark verdict=finding.verdict/><span class="what">{say(&finding.sentence)}" "{acts}</span></li> }
}

fn seen(it: &Evidence, wanted: &str) -> impl IntoView + use<> {
    let role = match it.role {
        Role::Primary => tr!(verdict_page.primary),
        Role::Backup => tr!(verdict_page.backup),
    };
    let (verdict, word) = match (&it.route, it.session.up, it.heard) {
        (_, Some(false), _) => (Verdict::Fail, tr!(verdict_page.down)),
        (Some(route), ..) if !route.refused.is_empty() => (Verdict::Fail, route.refused.iter().map(say).collect::<Vec<_>>().join(", ")),
        (Some(_), _, true) => (Verdict::Pass, tr!(verdict_page.received)),
        (Some(_), _, false) => (Verdict::Unknown, tr!(verdict_page.before)),
        (None, _, true) => (Verdict::Fail, tr!(verdict_page.missing)),
        (None, _, false) => (Verdict::Unknown, tr!(verdict_page.silent)),
    };
    let tag = match it.route.as_ref().map(|route| route.community) {
        None => None,
        Some(Some(true)) => Some((Verdict::Pass, wanted.to_owned())),
        Some(Some(false)) => Some((Verdict::Fail, tr!(verdict_page.untagged))),
        Some(None) => Some((Verdict::Unknown, tr!(verdict_page.untold))),
    };
    view! {
        <tr>
            <td class="key mono" data-l=tr!(verdict_page.session)>{it.session.address.to_string()}<small class="muted">{it.session.id.clone()}</small></td>
            <td class="mono" data-l=tr!(verdict_page.router)>{it.session.router.clone()}</td>
            <td data-l=tr!(verdict_page.role)>{role}</td>
            <td class="v" data-l=tr!(verdict_page.route)><VerdictMark verdict=verdict word=word/></td>
            <td class="mono" data-l=tr!(events.path)>{it.route.as_ref().map(|route| route.path_text())}</td>
            <td data-l=tr!(verdict_page.community)>{tag.map(|(verdict, word)| view! { <VerdictMark verdict=verdict word=word/> })}</td>
        </tr>
    }
}

fn history(changes: Vec<(Timestamp, ValidationState, Vec<peerage_domain::Text>)>, now: Timestamp) -> impl IntoView {
    let items = changes
        .into_iter()
        .map(|(at, state, bad)| {
            let bad = bad.iter().map(|text| view! { <small class="note">{say(text)}</small> }).collect_view();
            view! { <li><span><ValidationMark state=state/>" "{bad}</span><small><Ago at=at now=now/></small></li> }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="h-then">
            <div class="phead"><h2 id="h-then">{tr!(verdict_page.history)}</h2></div>
            <div class="pbody"><ol class="steps history">{items}</ol></div>
        </section>
    }
}
