//! `/partner/peerings/new/D-7/…`: requesting a peering, a page a step, kept on the server.

use crate::{
    components::{Breadcrumbs, Empty, Field, Post, VerdictMark, action, load},
    pages::param,
    rpc::partner::{PeeringDraftView, SavePlace, SaveSessions, SubmitPeering, read_peering_draft},
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Verdict,
    peering::{DirectType, Kind},
    session::{AddressProvider, ConnectionAsk, FieldFinding, gigabits},
};

const STEPS: [&str; 3] = ["place", "sessions", "review"];

fn step_name(step: &str) -> String {
    match step {
        "place" => tr!(request.place),
        "sessions" => tr!(request.sessions),
        _ => tr!(wizard.review),
    }
}

fn step<V: IntoView + 'static>(name: &'static str, show: impl Fn(PeeringDraftView) -> V + Clone + Send + Sync + 'static) -> impl IntoView {
    let id = param("id");
    let draft = Resource::new_blocking(move || id.get(), read_peering_draft);
    load(draft, move |view| {
        let links = STEPS
            .into_iter()
            .enumerate()
            .map(|(n, s)| view! { <li><a href=format!("/partner/peerings/new/{}/{s}", view.id) aria-current=(s == name).then_some("step")><span class="i">{n + 1}</span><span class="w">{step_name(s)}</span></a></li> })
            .collect_view();
        let changes = (!view.draft.changes.is_empty()).then(|| tr!(request.changes, id = view.draft.changes.clone()));
        view! {
            <Title text=tr!(request.step_title, step = step_name(name))/>
            <div>
                <Breadcrumbs trail=vec![("/partner".into(), tr!(peerings.title))]/>
                <h1>{changes.unwrap_or_else(|| tr!(request.title))}</h1>
            </div>
            <nav aria-label=tr!(wizard.steps)><ol class="wizard">{links}</ol></nav>
            {show(view)}
        }
    })
}

/// A kind of peering with its type, as people call it.
pub(crate) fn type_name(kind: Kind, direct_type: DirectType) -> String {
    match (kind, direct_type) {
        (Kind::Exchange, _) | (_, DirectType::Edge) => kind.word().to_owned(),
        (_, DirectType::Voice) => tr!(request.voice),
        (_, DirectType::IxRs) => tr!(request.ixrs),
    }
}

fn option(value: String, label: String, selected: bool) -> impl IntoView {
    view! { <option value=value selected=selected>{label}</option> }
}

/// The first step: which network, which kind, where.
#[component]
pub fn PlaceStep() -> impl IntoView {
    step("place", |view| {
        let draft = view.draft.clone();
        if !draft.changes.is_empty() || !draft.converts.is_empty() {
            let text = tr!(request.place_fixed);
            let on = format!("/partner/peerings/new/{}/sessions", view.id);
            return view! { <section class="panel"><Empty text=text><a class="btn main" href=on>{step_name("sessions")}</a></Empty></section> }.into_any();
        }
        if view.asns.is_empty() {
            return view! { <section class="panel"><Empty text=tr!(request.no_asn)><a class="btn" href="/partner/asns">{tr!(asns.title)}</a></Empty></section> }.into_any();
        }
        let asns = view
            .asns
            .iter()
            .map(|a| option(a.asn.to_string(), format!("{} {}", a.asn, a.peer_name), Some(a.asn) == draft.asn()))
            .collect_view();
        let kinds = [
            ("k-exchange", Kind::Exchange, DirectType::Edge, tr!(request.exchange_help)),
            ("k-direct", Kind::Direct, DirectType::Edge, tr!(request.direct_help)),
            ("k-voice", Kind::Direct, DirectType::Voice, tr!(request.voice_help)),
            ("k-ixrs", Kind::Direct, DirectType::IxRs, tr!(request.ixrs_help)),
        ]
        .map(|(id, kind, direct_type, help)| {
            let value = if direct_type == DirectType::Edge { kind.word().to_owned() } else { format!("{}-{}", kind.word(), direct_type.word()) };
            let chosen = draft.kind == Some(kind) && draft.direct_type == direct_type;
            let title = type_name(kind, direct_type);
            view! { <label class="pick" for=id><input id=id type="radio" name="kind" value=value checked=chosen/><span><b>{title}</b><small>{help}</small></span></label> }
        })
        .collect_view();
        let locations = view
            .locations
            .iter()
            .map(|(l, here)| {
                let mark = if *here { tr!(request.listed) } else { String::new() };
                option(l.id.clone(), format!("{} · {}{mark}", l.city, l.name), l.id == draft.location)
            })
            .collect_view();
        view! {
            <section class="panel narrow-left">
                <form class="pbody form" method="post" action={action::<SavePlace>()}>
                    <input type="hidden" name="id" value=view.id/>
                    <Field id="asn" label="ASN"><select id="asn" class="field" name="asn">{asns}</select></Field>
                    <fieldset class="picks"><legend>{tr!(filter.kind)}</legend>{kinds}</fieldset>
                    <p><button class="btn" type="submit" name="go" value="stay">{tr!(request.show)}</button></p>
                    {(!view.locations.is_empty()).then(|| view! {
                        <Field id="location" label=tr!(peerings.location) help=tr!(request.location_help)><select id="location" class="field" name="location">{locations}</select></Field>
                    })}
                    <label class="check" for="legacy"><input id="legacy" type="checkbox" name="legacy" value="yes" checked=draft.legacy/>{tr!(request.legacy)}</label>
                    <button class="btn main" type="submit">{tr!(wizard.on)}</button>
                </form>
            </section>
        }
        .into_any()
    })
}

fn notes(findings: &[FieldFinding], connection: usize, field: &str) -> impl IntoView + use<> {
    findings
        .iter()
        .filter(|f| f.connection == connection && f.field == field)
        .map(|f| {
            let class = if f.finding.verdict == Verdict::Fail { "error" } else { "help" };
            view! { <p class=class id=format!("c{connection}-{field}-note")><VerdictMark verdict=f.finding.verdict word=say(&f.finding.sentence)/></p> }
        })
        .collect_view()
}

/// One field of a connection. Findings are shown only for what was typed or sent before.
fn input(index: usize, field: &'static str, label: String, value: &str, findings: &[FieldFinding]) -> impl IntoView + use<> {
    let id = format!("c{index}-{field}");
    let name = format!("connections[{index}][{field}]");
    view! {
        <div class="field-row">
            <label for=id.clone()>{label}</label>
            <input id=id.clone() class="field mono" name=name value=value.to_owned() autocomplete="off" aria-describedby=format!("{id}-note")/>
            {notes(findings, index, field)}
        </div>
    }
}

/// The second step: the connections with their addresses and limits.
#[component]
pub fn SessionsStep() -> impl IntoView {
    step("sessions", |view| {
        let Some(kind) = view.draft.kind.filter(|_| !view.draft.location.is_empty()) else {
            return view! { <section class="panel"><Empty text=tr!(request.place_first)><a class="btn" href=format!("/partner/peerings/new/{}/place", view.id)>{step_name("place")}</a></Empty></section> }.into_any();
        };
        // Before the form was sent once, nothing is held against it.
        let held = |f: &FieldFinding| view.draft.tried || f.finding.verdict == Verdict::Pass;
        let findings: Vec<FieldFinding> = view.findings.iter().filter(|f| held(f)).cloned().collect();
        let (count, changing) = (view.draft.connections.len(), !view.draft.changes.is_empty());
        let connections = view
            .draft
            .connections
            .iter()
            .enumerate()
            .map(|(n, ask)| {
                if view.locked.contains(&n) {
                    locked(n, ask).into_any()
                } else {
                    connection(n, if changing { 1 } else { count }, kind, ask, &findings).into_any()
                }
            })
            .collect_view();
        let asked = view
            .asked
            .iter()
            .map(|(n, note)| {
                view! {
                    <div class="call info" role="note"><div><p><b>{tr!(request.asked, n = n + 1)}</b></p><p>{note.clone()}</p></div></div>
                }
            })
            .collect_view();
        let lan = (!view.site.lan.is_empty()).then(|| {
            let lans: Vec<String> = view.site.lan.iter().map(ToString::to_string).collect();
            view! { <p class="help">{tr!(request.lan, lan = lans.join(", "))}</p> }
        });
        view! {
            <form class="form" method="post" action={action::<SaveSessions>()}>
                <input type="hidden" name="id" value=view.id/>
                <button class="visually-hidden" type="submit" tabindex="-1" aria-hidden="true">{tr!(wizard.on)}</button>
                {asked}
                {lan}
                {connections}
                <div class="row acts">
                    <button class="btn main" type="submit">{tr!(wizard.on)}</button>
                    {(!changing).then(|| view! { <button class="btn" type="submit" name="go" value="add">{tr!(request.add)}</button> })}
                    <button class="btn" type="submit" name="go" value="stay">{tr!(wizard.check)}</button>
                </div>
            </form>
        }
        .into_any()
    })
}

/// Addresses or prefixes of a connection, as typed.
fn labels(ask: &ConnectionAsk) -> String {
    let all = [&ask.peer_ipv4, &ask.peer_ipv6, &ask.session_ipv4, &ask.session_ipv6];
    let typed: Vec<&str> = all.into_iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    let theirs = ask.address_provider == AddressProvider::Operator || ask.direct_type == DirectType::Voice;
    if theirs { tr!(request.they) } else { typed.join(" · ") }
}

/// A connection that the operator did not ask to change. Its fields keep their places in the
/// form with one that is empty.
fn locked(n: usize, ask: &ConnectionAsk) -> impl IntoView + use<> {
    let heading = format!("h-c{n}");
    view! {
        <section class="panel" aria-labelledby=heading.clone()>
            <div class="phead"><h2 id=heading.clone()>{tr!(request.connection, n = n + 1)}</h2><p class="mono">{labels(ask)}</p></div>
            <p class="pbody muted">{tr!(request.stays)}<input type="hidden" name=format!("connections[{n}][peer_ipv4]") value=""/></p>
        </section>
    }
}

/// Who gives the addresses of a connection, and which they are.
fn addresses(n: usize, kind: Kind, ask: &ConnectionAsk, findings: &[FieldFinding]) -> AnyView {
    match kind {
        Kind::Exchange => view! {
            {input(n, "peer_ipv4", tr!(request.v4), &ask.peer_ipv4, findings)}
            {input(n, "peer_ipv6", tr!(request.v6), &ask.peer_ipv6, findings)}
        }
        .into_any(),
        Kind::Direct if ask.direct_type == DirectType::Voice => view! {
            <p class="help">{tr!(request.voice_rules)}</p>
            {input(n, "bandwidth_mbps", tr!(request.bandwidth), &ask.bandwidth_mbps, findings)}
        }
        .into_any(),
        Kind::Direct if names_ends(ask) => {
            let (peer4, peer6) = if ask.direct_type == DirectType::IxRs {
                (tr!(request.server4), tr!(request.server6))
            } else {
                (tr!(request.end4), tr!(request.end6))
            };
            view! {
                {input(n, "session_ipv4", tr!(request.network4), &ask.session_ipv4, findings)}
                {input(n, "session_ipv6", tr!(request.network6), &ask.session_ipv6, findings)}
                {input(n, "peer_ipv4", peer4, &ask.peer_ipv4, findings)}
                {input(n, "peer_ipv6", peer6, &ask.peer_ipv6, findings)}
                {input(n, "operator_ipv4", tr!(request.operator4), &ask.operator_ipv4, findings)}
                {input(n, "operator_ipv6", tr!(request.operator6), &ask.operator_ipv6, findings)}
                {input(n, "bandwidth_mbps", tr!(request.bandwidth), &ask.bandwidth_mbps, findings)}
            }
            .into_any()
        }
        Kind::Direct => {
            let by = |provider: AddressProvider, value: &'static str, label: String| {
                let id = format!("c{n}-{value}");
                view! { <label class="pick" for=id.clone()><input id=id.clone() type="radio" name=format!("connections[{n}][address_provider]") value=value checked=ask.address_provider == provider/><span>{label}</span></label> }
            };
            view! {
                <fieldset class="picks"><legend>{tr!(request.who_addresses)}</legend>
                    {by(AddressProvider::Peer, "Peer", tr!(request.we))}
                    {by(AddressProvider::Operator, "Operator", tr!(request.they))}
                    {notes(findings, n, "address_provider")}
                </fieldset>
                {input(n, "session_ipv4", tr!(request.link4), &ask.session_ipv4, findings)}
                {input(n, "session_ipv6", tr!(request.link6), &ask.session_ipv6, findings)}
                {input(n, "bandwidth_mbps", tr!(request.bandwidth), &ask.bandwidth_mbps, findings)}
            }
            .into_any()
        }
    }
}

fn connection(n: usize, count: usize, kind: Kind, ask: &ConnectionAsk, findings: &[FieldFinding]) -> impl IntoView + use<> {
    let heading = format!("h-c{n}");
    let md5 = format!("c{n}-md5");
    let md5_help = if ask.has_md5 { tr!(request.md5_kept) } else { tr!(request.md5_help) };
    view! {
        <section class="panel" aria-labelledby=heading.clone()>
            <div class="phead">
                <h2 id=heading.clone()>{tr!(request.connection, n = n + 1)}</h2>
                <div class="acts">{(count > 1).then(|| view! { <button class="btn sm stop" type="submit" name="go" value=format!("remove:{n}")>{tr!(request.remove, n = n + 1)}</button> })}</div>
            </div>
            <div class="pbody cols2">
                {addresses(n, kind, ask, findings)}
                {input(n, "max_prefixes_ipv4", tr!(request.max4), &ask.max_prefixes_ipv4, findings)}
                {input(n, "max_prefixes_ipv6", tr!(request.max6), &ask.max_prefixes_ipv6, findings)}
                <div class="field-row">
                    <label for=md5.clone()>{tr!(request.md5)}</label>
                    <input id=md5.clone() class="field mono" type="password" name=format!("connections[{n}][md5]") autocomplete="new-password"/>
                    <p class="help">{md5_help}</p>
                    {ask.has_md5.then(|| {
                        let id = format!("{md5}-clear");
                        view! { <label class="check" for=id.clone()><input id=id.clone() type="checkbox" name=format!("connections[{n}][md5_clear]") value="yes"/>{tr!(request.md5_clear)}</label> }
                    })}
                    {notes(findings, n, "md5")}
                </div>
                <fieldset class="field-row">
                    <legend>{tr!(request.protection)}</legend>
                    {check(n, "gtsm", tr!(request.gtsm), ask.gtsm)}
                    {(ask.direct_type != DirectType::Voice).then(|| check(n, "bfd", tr!(request.bfd), ask.bfd))}
                    {check(n, "role", tr!(request.role), ask.role)}
                    {(kind == Kind::Direct && ask.direct_type != DirectType::Voice).then(|| check(n, "peering_service", tr!(request.peering_service), ask.peering_service))}
                    {(kind == Kind::Direct).then(|| check(n, "link_test", tr!(request.link_test), ask.link_test))}
                </fieldset>
            </div>
        </section>
    }
}

/// Whether both ends of the sessions are typed: with a route server, and on links from before
/// the portal whose ends are not where they are expected.
fn names_ends(ask: &ConnectionAsk) -> bool {
    ask.direct_type == DirectType::IxRs || !ask.operator_ipv4.is_empty() || !ask.operator_ipv6.is_empty()
}

/// How a session is protected; nothing when it is not.
pub(crate) fn protection(md5: bool, gtsm: bool, bfd: bool, role: bool) -> Option<String> {
    let all = [(md5, "MD5"), (gtsm, "GTSM"), (bfd, "BFD"), (role, "RFC 9234")];
    let all: Vec<&str> = all.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect();
    (!all.is_empty()).then(|| all.join(" · "))
}

/// A box to tick in the form of a connection.
fn check(n: usize, name: &'static str, label: String, ticked: bool) -> impl IntoView {
    let id = format!("c{n}-{name}");
    view! { <label class="check" for=id.clone()><input id=id.clone() type="checkbox" name=format!("connections[{n}][{name}]") value="yes" checked=ticked/>{label}</label> }
}

/// The last step: everything on one page.
#[component]
pub fn ReviewStep() -> impl IntoView {
    step("review", |view| {
        let draft = view.draft.clone();
        let location = view.locations.iter().find(|(l, _)| l.id == draft.location).map(|(l, _)| format!("{}, {}", l.name, l.city));
        let failed = view.findings.iter().filter(|f| f.finding.verdict == Verdict::Fail).count();
        let rows = draft
            .connections
            .iter()
            .enumerate()
            .map(|(n, c)| {
                let bandwidth = c.bandwidth_mbps.parse().map(gigabits).unwrap_or_default();
                view! {
                    <tr>
                        <td class="num" data-l=tr!(request.number)>{n + 1}</td>
                        <td class="mono" data-l=tr!(request.addresses)>{labels(c)}</td>
                        <td data-l=tr!(request.limits)>{c.max_prefixes_ipv4.clone()}" / "{c.max_prefixes_ipv6.clone()}</td>
                        <td data-l=tr!(directory.bandwidth)>{bandwidth}</td>
                        <td data-l=tr!(request.protected)>{protection(c.has_md5, c.gtsm, c.bfd || c.direct_type == DirectType::Voice, c.role).unwrap_or_else(|| tr!(request.no))}</td>
                    </tr>
                }
            })
            .collect_view();
        let ready = location.is_some() && failed == 0 && !draft.connections.is_empty();
        let base = format!("/partner/peerings/new/{}", view.id);
        view! {
            <section class="panel" aria-labelledby="all">
                <div class="phead"><h2 id="all">{tr!(review.title)}</h2></div>
                <dl class="pbody review">
                    <div><dt>"ASN"</dt><dd class="mono">{draft.asn.clone()}</dd><dd><a href=format!("{base}/place")>{tr!(review.change)}<span class="visually-hidden">" ASN"</span></a></dd></div>
                    <div><dt>{tr!(peerings.location)}</dt><dd>{location.unwrap_or_else(|| tr!(review.missing))}" "<span class="tag">{draft.kind.map(|kind| type_name(kind, draft.direct_type))}</span>{draft.legacy.then(|| view! { " "<span class="tag">{tr!(peerings.legacy)}</span> })}</dd><dd><a href=format!("{base}/place")>{tr!(review.change)}<span class="visually-hidden">" "{tr!(peerings.location)}</span></a></dd></div>
                </dl>
                <div class="scroll"><table class="tbl cards">
                    <thead><tr><th scope="col" class="num">{tr!(request.number)}</th><th scope="col">{tr!(request.addresses)}</th><th scope="col">{tr!(request.limits)}</th><th scope="col">{tr!(directory.bandwidth)}</th><th scope="col">{tr!(request.protected)}</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table></div>
                <div class="below">
                    <span>{if ready { tr!(request.next) } else { tr!(review.not_yet) }}" "<a href=format!("{base}/sessions")>{tr!(request.back)}</a></span>
                    <span class="push"></span>
                    <Post to={action::<SubmitPeering>()} fields=vec![("id", view.id.clone())] label=tr!(request.submit) class="btn main"/>
                </div>
            </section>
        }
    })
}
