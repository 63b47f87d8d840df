//! `/partner/peerings/PR-88`: a peering as its partner sees it.

mod direct;

use crate::text::say;
use crate::{
    components::{
        Ago, Breadcrumbs, Copy, Icon, NextActor, Post, StateBadge, StateTimeline, VerdictMark, action,
        chart::{ChartTime, LatencyPanel, Proof, window_in_url},
        diffs, live, load, load_more, next_name, no_default, state_name, typed_again,
    },
    pages::{param, public::verb_name},
    rpc::{
        Typed,
        insights::{latency, proof},
        operator::AssignAddresses,
        partner::{ChangePeering, EdgeView, PeeringView, Step, read_peering},
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Finding, Next, Prefix, Text, Timestamp, Verdict,
    peering::{Connection, DirectType, Kind, Recorded, SessionFact, SessionState, StateName, Verb, timeline::stops},
    session::{Endpoint, gigabits},
};

/// One peering.
#[component]
pub fn PeeringPage() -> impl IntoView {
    let id = param("id");
    let found = Resource::new_blocking(move || id.get(), read_peering);
    ChartTime::provide();
    let window = window_in_url();
    let course = Resource::new_blocking(move || (id.get(), window.get()), |(id, window)| latency(id, window));
    let up = live(move || id.get_untracked(), found);
    live(move || id.get_untracked(), course);
    let compared = Resource::new_blocking(move || id.get(), proof);
    view! {
        {load(found, move |found| view! { <Detail found=found up=up/> })}
        {load_more(course, move |view| (!view.courses.is_empty()).then(|| view! { <LatencyPanel view=view path=format!("/partner/peerings/{}", id.get_untracked())/> }))}
        {load_more(compared, move |it| it.map(|it| view! { <Proof it=it path=format!("/partner/peerings/{}", id.get_untracked())/> }))}
    }
}

#[component]
fn Detail(found: PeeringView, up: RwSignal<bool>) -> impl IntoView {
    let it = found.peering.clone();
    let route_server = it.connections.iter().any(|c| c.spec.direct_type == DirectType::IxRs);
    let changes = it.connections.iter().any(|c| c.state.name() == StateName::ChangesRequested);
    let panels = it
        .connections
        .iter()
        .map(|c| view! { <ConnectionPanel found=found.clone() connection=c.clone() reader=Next::Requester/> })
        .collect_view();
    view! {
        <Title text=tr!(peering.title, id = it.id.clone(), kind = it.kind.word())/>
        <div>
            <Breadcrumbs trail=vec![("/partner".into(), tr!(peerings.title))]/>
            <div class="title">
                <h1>{it.peer_name.clone()}{found.location.as_ref().map(|l| tr!(peering.at, name = l.name.clone()))}</h1>
                <Copy text=it.id.clone()/><Copy text=it.asn.to_string()/>
                <div class="acts">
                    <span class="live" role="status">{move || if up.get() { tr!(live.on) } else { tr!(live.off) }}</span>
                    {changes.then(|| view! { <Post to={action::<ChangePeering>()} fields=vec![("id", it.id.clone())] label=tr!(peering.change) class="btn main"/> })}
                </div>
            </div>
        </div>
        <Facts found=found.clone()/>
        {route_server.then(|| view! {
            <p class="s12"><a href="/partner/customers">{tr!(customers.title)}</a></p>
        })}
        {panels}
    }
}

#[component]
fn Facts(found: PeeringView) -> impl IntoView {
    let direct_type = found.peering.connections.first().map(|c| c.spec.direct_type).unwrap_or_default();
    let location = found.location.map(|l| view! { <dd><a href=format!("/locations/{}", l.id)>{l.city}</a><small>{l.name}</small></dd> });
    view! {
        <dl class="facts">
            <div><dt>{tr!(peerings.location)}</dt>{location}</div>
            <div><dt>{tr!(directory.kind)}</dt><dd>{super::wizard::type_name(found.peering.kind, direct_type)}{found.peering.legacy.then(|| tr!(peering.legacy))}</dd></div>
            <div><dt>{tr!(request.sessions)}</dt><dd>{found.peering.connections.len()}</dd></div>
        </dl>
    }
}

fn session_mark(state: SessionState) -> impl IntoView {
    let (class, icon) = match state {
        SessionState::Established => ("pass", "pass"),
        SessionState::None | SessionState::PendingAdd | SessionState::PendingRemove => ("unknown", "clock"),
        SessionState::Idle | SessionState::Connect | SessionState::Active | SessionState::OpenSent | SessionState::OpenConfirm => {
            ("warn", "warn")
        }
    };
    // The states of RFC 4271 §8.2.2 have the same names in every language.
    let word = match state {
        SessionState::None => tr!(session.none),
        SessionState::PendingAdd => tr!(session.pending_add),
        SessionState::PendingRemove => tr!(session.pending_remove),
        fsm => fsm.word().to_owned(),
    };
    view! { <span class=format!("st {class}")><Icon name=icon/>{word}</span> }
}

/// The BGP sessions of a connection: what the router says, or what is to come.
fn sessions(connection: &Connection, facts: Vec<SessionFact>, real: bool, now: Timestamp) -> impl IntoView + use<> {
    let peers = connection.spec.endpoint.peer_addresses();
    let state = connection.state.name();
    let waiting = if state.is_final() || matches!(state, StateName::ProvisioningFailed | StateName::Active) {
        SessionState::None
    } else {
        SessionState::PendingAdd
    };
    let rows = peers
        .into_iter()
        .map(|peer| {
            let fact = facts.iter().find(|f| f.peer == peer);
            let state = fact.map_or(waiting, |f| f.state);
            let since = fact.map(|f| view! { <Ago at=f.since now=now/> });
            let most = if peer.is_ipv4() { connection.spec.max_prefixes_ipv4 } else { connection.spec.max_prefixes_ipv6 };
            let counts = fact.filter(|f| real && f.state == SessionState::Established).map(|f| {
                let words = tr!(session.counts, received = f.accepted + f.refused, accepted = f.accepted, most = most.unwrap_or(0));
                view! { <span class="detail muted">{words}</span> }
            });
            let error = fact.filter(|f| f.state != SessionState::Established).and_then(|f| f.last_error.clone());
            let error = error.map(|error| view! { <span class="detail error">{tr!(session.error, error = error)}</span> });
            let flaps = fact.and_then(|f| f.flaps).filter(|flaps| real && *flaps > 0);
            let flaps = flaps.map(|flaps| view! { <span class="detail muted">{tr!(session.flaps, count = flaps)}</span> });
            view! { <li><span class="mono">{peer.to_string()}</span><span class="muted">{since}</span>{session_mark(state)}{counts}{flaps}{error}</li> }
        })
        .collect_view();
    view! { <ul>{rows}</ul> }
}

/// Why the connection stands where it does, when somebody decided it against what was found: it
/// was opened anyway, or taken back a step. Until the next decision.
fn last_reason(history: &[Recorded], connection: &Connection) -> Option<String> {
    let decided = |verb| matches!(verb, Verb::SkipValidation | Verb::StepBack | Verb::Approve | Verb::ReportConfigured | Verb::Retry);
    let of = |it: &&Recorded| it.event.connection == connection.number && decided(it.event.verb);
    let last = history.iter().rev().find(of).filter(|it| matches!(it.event.verb, Verb::SkipValidation | Verb::StepBack))?;
    // While it validates, the state itself says why.
    (connection.state.note() != Some(&last.event.note))
        .then(|| format!("{}{}{}", verb_name(last.event.verb), crate::text::language().colon(), last.event.note))
}

/// How the last step went.
fn change_mark(last: Option<&Recorded>) -> impl IntoView + use<> {
    let failed = last.is_some_and(|r| matches!(r.event.verb, Verb::FailProvisioning | Verb::FailValidation));
    if failed {
        view! { <span class="st fail big"><Icon name="fail"/>{tr!(connection.failed)}</span> }
    } else {
        view! { <span class="st pass big"><Icon name="pass"/>{tr!(connection.succeeded)}</span> }
    }
}

/// One connection: three lanes, the hand-off line, and what can be done.
#[component]
pub(crate) fn ConnectionPanel(
    /// The peering.
    found: PeeringView,
    /// The connection.
    connection: Connection,
    /// Who reads.
    reader: Next,
) -> impl IntoView {
    let (peering, now) = (&found.peering, found.now);
    let number = connection.number;
    let EdgeView { router, real, sessions: facts, trouble, evidence, plan, log, other_side } =
        found.edge.iter().find(|(n, _)| *n == number).map(|(_, edge)| edge.clone()).unwrap_or_default();
    let verbs = found.possible.iter().find(|(n, _)| *n == number).map(|(_, v)| v.clone()).unwrap_or_default();
    let assignable = verbs.contains(&Verb::AssignAddresses);
    let steps = stops(peering, &connection, &found.history);
    let last: Option<Recorded> = found.history.iter().rev().find(|r| r.event.connection == number).cloned();
    let note = connection.state.note().map(|note| view! { <p class="note">{note.to_owned()}</p> });
    let reason = last_reason(&found.history, &connection);
    let heading = format!("h-c{number}");
    let next = connection.next(peering.kind);
    let edge = router.map(|router| {
        let on = if real { tr!(peering.on, router = router) } else { tr!(peering.memory) };
        let trouble = trouble.map(|why| view! { <p class="error">{tr!(peering.trouble, why = why)}</p> });
        let routes = (real && !facts.is_empty()).then(|| {
            let href = format!("/peerings/{}/{number}/routes", peering.id);
            let glass = format!("/peerings/{}/{number}/glass", peering.id);
            view! { <p class="s12"><a href=href>{tr!(routes.title)}</a>" · "<a href=glass>{tr!(glass.title)}</a></p> }
        });
        view! { <p class="muted s12">{on}</p>{trouble}{routes} }
    });
    // Active says what was agreed and opened; a session may be down all the same.
    let down: Vec<String> = facts
        .iter()
        .filter(|fact| real && connection.state.name() == StateName::Active && fact.state != SessionState::Established)
        .map(|fact| fact.peer.to_string())
        .collect();
    let down = (!down.is_empty()).then(|| {
        view! { <p class="pbody error" role="note">{tr!(peering.down, peers = down.join(", "))}</p> }
    });
    view! {
        <section class="panel" aria-labelledby=heading.clone()>
            {panel_head(peering.kind, &connection, heading.clone())}
            <div class="lanes">
                <section>
                    <h3>{tr!(connection.lane)}</h3>
                    <StateBadge state=connection.state.name() big=true/>
                    {note}
                    <NextActor next=next reader=reader since=connection.since now=now/>
                </section>
                <section><h3>{tr!(peering.sessions)}</h3>{sessions(&connection, facts, real, now)}{edge}</section>
                <section>
                    <h3>{tr!(connection.change)}</h3>
                    {change_mark(last.as_ref())}
                    {last.map(|r| view! { <p class="muted s12">{verb_name(r.event.verb)}", "{r.author}", "<Ago at=r.at now=now/></p> })}
                    {reason.map(|why| view! { <p class="note">{why}</p> })}
                </section>
            </div>
            {down}
            <StateTimeline stops=steps reader=reader peer=peering.peer_name.clone() now=now/>
            {evidence.map(|(at, findings)| evidence_list(at, findings, reader, number, now))}
            {(!other_side.is_empty()).then(|| other_side_list(other_side, next == Next::Requester, number))}
            {(!plan.is_empty()).then(|| view! {
                <section class="evidence" aria-label=tr!(peering.plan)><h3>{tr!(peering.plan)}</h3>{diffs(plan)}</section>
            })}
            {step_list(&found.history, number, now)}
            {(!log.is_empty()).then(|| log_list(log, number, now))}
            {direct::letter(&peering.id, &connection, &verbs, now)}
            {direct::link_test(&peering.id, &connection)}
            {direct::type_change(&peering.id, &connection, &verbs, found.offers)}
            {assignable.then(|| assign_form(peering.id.clone(), &connection, found.offers))}
            <StepForms id=peering.id.clone() connection=number verbs=verbs state=connection.state.name()/>
        </section>
    }
}

/// What a connection is: its number, its addresses, and what was agreed.
fn panel_head(kind: Kind, connection: &Connection, heading: String) -> impl IntoView + use<> {
    let spec = &connection.spec;
    let bandwidth = spec.bandwidth_mbps.map(gigabits);
    let labels = spec.endpoint.labels().join(" · ");
    view! {
            <div class="phead">
                <h2 id=heading>{tr!(request.connection, n = connection.number)}</h2>
                <p class="mono">{labels}</p>
                {bandwidth.map(|b| view! { <span class="tag">{b}</span> })}
                {(spec.direct_type != DirectType::Edge).then(|| view! { <span class="tag">{super::wizard::type_name(kind, spec.direct_type)}</span> })}
                {super::wizard::protection(spec.has_md5, spec.gtsm, spec.bfd, spec.role).map(|p| view! { <span class="tag">{p}</span> })}
            </div>
    }
}

/// What the peer configures on its router, in its router's language; open while it is its turn.
fn other_side_list(languages: Vec<(String, String)>, turn: bool, number: u16) -> impl IntoView {
    let heading = format!("h-o{number}");
    let texts = languages
        .into_iter()
        .map(|(name, text)| view! { <details class="diff"><summary>{name.clone()}</summary><pre tabindex="0" aria-label=name><code>{text}</code></pre></details> })
        .collect_view();
    view! {
        <section class="evidence" aria-labelledby=heading.clone()>
            <h3 id=heading.clone()>{if turn { tr!(peering.other_side_turn) } else { tr!(peering.other_side) }}</h3>
            <div class="languages">{texts}</div>
        </section>
    }
}

/// What was seen on the router at the last step: each rule with its verdict and who acts next.
fn evidence_list(at: Timestamp, findings: Vec<Finding>, reader: Next, number: u16, now: Timestamp) -> impl IntoView {
    let rows = findings
        .into_iter()
        .map(|f| {
            let next = (f.verdict != Verdict::Pass).then(|| tr!(prefixes.who, who = next_name(f.next, reader)));
            view! { <li><VerdictMark verdict=f.verdict word=say(&f.sentence)/>" "<span class="muted">{next}</span>" "<code class="muted">{f.code}</code></li> }
        })
        .collect_view();
    let heading = format!("h-e{number}");
    view! {
        <section class="evidence" aria-labelledby=heading.clone()>
            <h3 id=heading.clone()>{tr!(peering.evidence)}" "<span class="muted s12"><Ago at=at now=now/></span></h3>
            <ul class="stack">{rows}</ul>
        </section>
    }
}

/// Every step of a connection with the words that came with it, last first.
fn step_list(history: &[Recorded], number: u16, now: Timestamp) -> impl IntoView + use<> {
    let row = |it: &Recorded| {
        let note = (!it.event.note.is_empty()).then(|| view! { <span class="note">{it.event.note.clone()}</span> });
        view! { <li><span class="muted s12"><Ago at=it.at now=now/></span>" "{verb_name(it.event.verb)}", "{it.author.clone()}" "{note}</li> }
    };
    let rows: Vec<_> = history.iter().rev().filter(|it| it.event.connection == number).map(row).collect();
    let count = rows.len();
    view! {
        <details class="evidence">
            <summary>{tr!(peering.all_steps, n = count)}</summary>
            <ol class="log">{rows}</ol>
        </details>
    }
}

/// What was done on the router, last first.
fn log_list(log: Vec<(Timestamp, Text)>, number: u16, now: Timestamp) -> impl IntoView {
    let heading = format!("h-l{number}");
    let rows = log
        .into_iter()
        .map(|(at, line)| view! { <li><span class="muted s12"><Ago at=at now=now/></span>" "{say(&line)}</li> })
        .collect_view();
    view! {
        <section class="evidence" aria-labelledby=heading.clone()>
            <h3 id=heading.clone()>{tr!(peering.log)}</h3>
            <ol class="log">{rows}</ol>
        </section>
    }
}

/// The operator's prefixes for a Direct session, IPv6 where the peer wants it.
fn assign_form(id: String, connection: &Connection, offers: (Option<Prefix>, Option<Prefix>)) -> impl IntoView + use<> {
    let (ipv4, ipv6) = match connection.spec.endpoint {
        Endpoint::DirectOperatorAssigned { ipv4, ipv6 } => (ipv4, ipv6),
        Endpoint::Direct { .. } | Endpoint::Exchange { .. } | Endpoint::Named { .. } => (None, None),
    };
    // What is not assigned yet is offered from the operator's own space.
    let offered = ipv4.is_none() && ipv6.is_none();
    let (ipv4, ipv6) = if offered { offers } else { (ipv4, ipv6) };
    let number = connection.number;
    let wants6 = connection.spec.max_prefixes_ipv6.is_some();
    let form = format!("assign/{id}/{number}");
    let show = move |typed: Typed| {
        let shown = |name: &str, now: Option<Prefix>| typed.get(name).or_else(|| now.map(|p| p.to_string()));
        let (v4, v6) = (format!("v4-{number}"), format!("v6-{number}"));
        let six = shown("ipv6", ipv6);
        view! {
            <form class="decision" method="post" action={action::<AssignAddresses>()} aria-label=tr!(assign.form, n = number)>
                <input type="hidden" name="id" value=id.clone()/>
                <input type="hidden" name="connection" value=number.to_string()/>
                <label for=v4.clone()>{tr!(assign.v4)}</label>
                <input id=v4.clone() class="field mono" name="ipv4" value=shown("ipv4", ipv4) autocomplete="off" placeholder="203.0.113.0/31"/>
                {wants6.then(|| view! {
                    <label for=v6.clone()>{tr!(assign.v6)}</label>
                    <input id=v6.clone() class="field mono" name="ipv6" value=six autocomplete="off" placeholder="2001:db8::/127"/>
                })}
                <div class="acts"><button class="btn main" type="submit">{tr!(verb.assign_addresses)}</button></div>
                {(offered && ipv4.is_some()).then(|| view! { <p class="help">{tr!(assign.offered)}</p> })}
            </form>
        }
    };
    typed_again(form, show)
}

/// The steps that this person can do now. Steps that need words have a field.
#[component]
pub(crate) fn StepForms(
    /// The peering.
    id: String,
    /// Number of the connection.
    connection: u16,
    /// What can be done.
    verbs: Vec<Verb>,
    /// Where it stands.
    state: StateName,
) -> impl IntoView {
    // Changes and addresses have their own forms.
    let own_form = |verb: &Verb| {
        use Verb::{AcceptTypeChange, AcknowledgeLoa, Adopt, AssignAddresses, IssueLoa, RequestTypeChange, Resubmit, Submit};
        matches!(verb, Resubmit | Submit | AssignAddresses | AcceptTypeChange | RequestTypeChange | IssueLoa | AcknowledgeLoa | Adopt)
    };
    let verbs: Vec<Verb> = verbs.into_iter().filter(|verb| !own_form(verb)).collect();
    let refused = matches!(state, StateName::ProvisioningStarted | StateName::ProvisioningCompleted);
    if verbs.is_empty() {
        return refused.then(|| view! { <p class="below">{tr!(peering.no_removal)}</p> }).into_any();
    }
    let hint = if verbs.iter().any(|verb| verb.needs_note()) { tr!(peering.note_hint) } else { tr!(peering.note_free) };
    let buttons = move || {
        verbs
            .iter()
            .enumerate()
            .map(|(n, &verb)| {
                let class = match verb {
                    Verb::Reject | Verb::RequestRemoval | Verb::Withdraw => "btn stop",
                    _ if n == 0 && !verb.needs_note() => "btn main",
                    _ => "btn",
                };
                view! { <button class=class type="submit" name="verb" value=verb.word()>{verb_name(verb)}</button> }
            })
            .collect_view()
    };
    let field = format!("note-{connection}");
    let form = format!("step/{id}/{connection}");
    let show = move |typed: Typed| {
        view! {
            <form class="decision" method="post" action={action::<Step>()} aria-label=tr!(peering.steps, n = connection, state = state_name(state))>
                <input type="hidden" name="id" value=id.clone()/>
                <input type="hidden" name="connection" value=connection.to_string()/>
                {no_default()}
                <label class="visually-hidden" for=field.clone()>{tr!(peering.note)}</label>
                <input id=field.clone() class="field" name="note" value=typed.get("note") autocomplete="off" placeholder=hint.clone()/>
                <div class="acts">{buttons()}</div>
            </form>
        }
    };
    view! {
        {typed_again(form, show)}
        {refused.then(|| view! { <p class="below">{tr!(peering.no_removal)}</p> })}
    }
    .into_any()
}
