//! `/probes`: the agents that measure, what they measure, and paths that were asked for.

use crate::{
    components::{Ago, Field, Icon, Post, VerdictMark, action, live, load, typed_before},
    rpc::probes::{AddProbe, AskTrace, NameTarget, ProbesView, RemoveProbe, RemoveTarget, RenewProbe, TargetView, TraceView, read_probes},
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Timestamp, Verdict,
    probe::{EVERY_S, PORT, Probe, Trace, TraceHop},
};

/// Rows of targets that the page shows at most; the rest is told as a number.
const ROWS: usize = 100;

/// Probes, targets and paths.
#[component]
pub fn ProbesPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| read_probes());
    live(|| "probes".to_owned(), found);
    view! {
        <Title text=tr!(probes.title)/>
        <div>
            <h1>{tr!(probes.title)}</h1>
            <p class="sub">{tr!(probes.sub)}</p>
        </div>
        {load(found, |view| view! { <Probes view=view/> })}
    }
}

#[component]
fn Probes(view: ProbesView) -> impl IntoView {
    view! {
        {agents(&view)}
        {targets(&view)}
        {paths(view.traces, view.now)}
    }
}

fn standing(probe: &Probe, now: Timestamp) -> impl IntoView + use<> {
    let (verdict, word) = match (probe.enrolled, probe.is_away(now)) {
        (None, _) => (Verdict::Unknown, tr!(probes.waits)),
        (Some(_), true) => (Verdict::Fail, tr!(probes.away)),
        (Some(_), false) if probe.report.dropped > 0 => (Verdict::Warn, tr!(probes.dropped, n = probe.report.dropped)),
        (Some(_), false) => (Verdict::Pass, tr!(probes.measures)),
    };
    view! { <VerdictMark verdict=verdict word=word/>{probe.heard.map(|at| view! { " "<span class="muted s12"><Ago at=at now=now/></span> })} }
}

fn agents(view: &ProbesView) -> impl IntoView + use<> {
    let (now, writable, sites) = (view.now, view.writable, view.sites.clone());
    let site = move |id: &str| sites.iter().find(|(it, _)| it == id).map_or_else(|| id.to_owned(), |(_, name)| name.clone());
    let row = |probe: &Probe| {
        let place = if probe.connection.is_empty() { tr!(probes.at_operator) } else { site(&probe.connection) };
        let id = probe.id.clone();
        let name = probe.name.clone();
        let acts = writable.then(|| {
            view! {
                <Post to={action::<RenewProbe>()} fields=vec![("id", id.clone())] label=tr!(probes.renew) class="btn sm"/>
                <Post to={action::<RemoveProbe>()} fields=vec![("id", id)] label=tr!(probes.remove, name = name.clone()) class="btn sm stop"/>
            }
        });
        view! {
            <tr>
                <td class="key" data-l=tr!(probes.name)>{name}</td>
                <td data-l=tr!(probes.place)>{place}</td>
                <td class="v" data-l=tr!(probes.state)>{standing(probe, now)}</td>
                <td class="num" data-l=tr!(probes.waiting)>{probe.report.waiting}</td>
                <td class="mono" data-l=tr!(probes.version)>{probe.report.version.clone()}</td>
                <td class="row">{acts}</td>
            </tr>
        }
    };
    let list = if view.probes.is_empty() {
        view! { <p class="pbody muted">{tr!(probes.none)}</p> }.into_any()
    } else {
        view! {
            <div class="scroll"><table class="tbl cards">
                <thead><tr>
                    <th scope="col">{tr!(probes.name)}</th><th scope="col">{tr!(probes.place)}</th><th scope="col">{tr!(probes.state)}</th>
                    <th scope="col" class="num">{tr!(probes.waiting)}</th><th scope="col">{tr!(probes.version)}</th>
                    <th scope="col"><span class="visually-hidden">{tr!(probes.acts)}</span></th>
                </tr></thead>
                <tbody>{view.probes.iter().map(row).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    };
    let can_add = view.writable && (view.is_operator || !view.sites.is_empty());
    let form = can_add.then(|| agent_form(view.is_operator, view.sites.clone()));
    view! {
        <section class="panel" aria-labelledby="h-probes">
            <div class="phead"><h2 id="h-probes">{tr!(probes.agents)}</h2></div>
            {list}
            {form}
        </section>
    }
}

fn options(all: Vec<(String, String)>, chosen: &str) -> impl IntoView + use<> {
    let chosen = chosen.to_owned();
    all.into_iter()
        .map(|(id, name)| {
            let selected = id == chosen;
            let words = if id.is_empty() || name.starts_with(&id) { name } else { format!("{id} {name}") };
            view! { <option value=id selected=selected>{words}</option> }
        })
        .collect_view()
}

fn agent_form(is_operator: bool, sites: Vec<(String, String)>) -> impl IntoView {
    let typed = typed_before("probe");
    let (name, connection) = (typed.get("name"), typed.get("connection").unwrap_or_default());
    let at = (!is_operator).then(|| {
        view! {
            <Field id="probe-site" label=tr!(probes.site)>
                <select id="probe-site" class="field" name="connection">{options(sites, &connection)}</select>
            </Field>
        }
    });
    view! {
        <form class="pbody form" method="post" action={action::<AddProbe>()} aria-label=tr!(probes.add)>
            <div class="cols">
                <Field id="probe-name" label=tr!(probes.name) help=tr!(probes.name_help)>
                    <input id="probe-name" class="field" name="name" maxlength="40" value=name autocomplete="off" aria-describedby="probe-name-help" required/>
                </Field>
                {at}
            </div>
            <div class="row"><button class="btn main" type="submit">{tr!(probes.add)}</button></div>
        </form>
    }
}

/// How a target does with the probes that measure it.
fn answers(it: &TargetView) -> impl IntoView + use<> {
    let mut marks = vec![];
    if !it.silent.is_empty() {
        marks.push((Verdict::Warn, tr!(probes.silent, probes = it.silent.join(", "))));
    }
    for (probe, why) in &it.unable {
        marks.push((Verdict::Fail, tr!(probes.unable, probe = probe.clone(), why = why.clone())));
    }
    marks.into_iter().map(|(verdict, word)| view! { <div><VerdictMark verdict=verdict word=word/></div> }).collect_view()
}

fn targets(view: &ProbesView) -> impl IntoView + use<> {
    let (writable, tracers) = (view.writable, view.tracers.clone());
    let row = |it: &TargetView| {
        let addresses = it.addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
        let asked = match addresses.as_slice() {
            [only] => only.clone(),
            several => tr!(probes.first_of, n = several.len(), first = several.first().cloned().unwrap_or_default()),
        };
        let remove = it.id.clone().filter(|_| writable).map(|id| {
            let label = tr!(probes.remove, name = it.name.clone());
            view! { <Post to={action::<RemoveTarget>()} fields=vec![("id", id)] label=label class="btn sm stop"/> }
        });
        let trace = (writable && !tracers.is_empty() && !it.subject.is_empty()).then(|| {
            let label = tr!(probes.trace_from, name = it.name.clone());
            view! {
                <form class="row" method="post" action={action::<AskTrace>()}>
                    <input type="hidden" name="target" value=it.key.clone()/>
                    <select class="field sm" name="probe" aria-label=label>{options(tracers.clone(), "")}</select>
                    <button class="btn sm" type="submit">{tr!(probes.trace)}</button>
                </form>
            }
        });
        let subject = match it.subject.as_str() {
            "" => view! { {tr!(probes.for_sites)} }.into_any(),
            id if id.starts_with("CN-") => view! { <a class="mono" href=format!("/connections/{id}")>{id.to_owned()}</a> }.into_any(),
            id => view! { <span class="mono">{id.to_owned()}</span> }.into_any(),
        };
        view! {
            <tr>
                <td class="key mono" data-l=tr!(probes.what)>{it.name.clone()}</td>
                <td data-l=tr!(probes.subject)>{subject}</td>
                <td class="mono" data-l=tr!(probes.address)>{asked}</td>
                <td data-l=tr!(probes.how)>{tr!(probes.how_words, method = it.method.clone(), every = it.every_s)}</td>
                <td data-l=tr!(probes.answers)>{answers(it)}</td>
                <td><div class="row">{trace}{remove}</div></td>
            </tr>
        }
    };
    let more = view.targets.len().saturating_sub(ROWS);
    let list = if view.targets.is_empty() {
        view! { <p class="pbody muted">{tr!(probes.no_targets)}</p> }.into_any()
    } else {
        view! {
            <div class="scroll"><table class="tbl cards">
                <thead><tr>
                    <th scope="col">{tr!(probes.what)}</th><th scope="col">{tr!(probes.subject)}</th><th scope="col">{tr!(probes.address)}</th>
                    <th scope="col">{tr!(probes.how)}</th><th scope="col">{tr!(probes.answers)}</th>
                    <th scope="col"><span class="visually-hidden">{tr!(probes.acts)}</span></th>
                </tr></thead>
                <tbody>{view.targets.iter().take(ROWS).map(row).collect_view()}</tbody>
            </table></div>
            {(more > 0).then(|| view! { <p class="pbody muted">{tr!(probes.more, n = more)}</p> })}
        }
        .into_any()
    };
    let can_add = view.writable && (view.is_operator || !view.subjects.is_empty());
    let form = can_add.then(|| target_form(view.is_operator, view.subjects.clone()));
    view! {
        <section class="panel" aria-labelledby="h-targets">
            <div class="phead"><h2 id="h-targets">{tr!(probes.targets)}</h2></div>
            {list}
            {form}
        </section>
    }
}

fn target_form(is_operator: bool, mut subjects: Vec<(String, String)>) -> impl IntoView {
    let typed = typed_before("target");
    let typed = StoredValue::new(typed);
    let known = move |name: &str| typed.with_value(|typed| typed.get(name).unwrap_or_default());
    if is_operator {
        subjects.insert(0, (String::new(), tr!(probes.for_sites)));
    }
    let icmp = known("method") == "icmp";
    view! {
        <form class="pbody form" method="post" action={action::<NameTarget>()} aria-label=tr!(probes.name_target)>
            <p class="help">{tr!(probes.target_help)}</p>
            <div class="cols">
                <Field id="target-subject" label=tr!(probes.subject)>
                    <select id="target-subject" class="field" name="target[subject]">{options(subjects, &known("subject"))}</select>
                </Field>
                <Field id="target-address" label=tr!(probes.address)>
                    <input id="target-address" class="field mono" name="target[address]" value=known("address") autocomplete="off" spellcheck="false" required/>
                </Field>
                <Field id="target-method" label=tr!(probes.how)>
                    <select id="target-method" class="field" name="target[method]">
                        <option value="tcp" selected=!icmp>"TCP"</option><option value="icmp" selected=icmp>"ICMP"</option>
                    </select>
                </Field>
                <Field id="target-port" label=tr!(probes.port)>
                    <input id="target-port" class="field" type="number" min="1" max="65535" name="target[port]" value=known("port") placeholder=PORT.to_string()/>
                </Field>
                <Field id="target-every" label=tr!(probes.every)>
                    <input id="target-every" class="field" type="number" min="5" max="3600" name="target[every_s]" value=known("every_s") placeholder=EVERY_S.to_string()/>
                </Field>
                <Field id="target-name" label=tr!(probes.name)>
                    <input id="target-name" class="field" name="target[name]" maxlength="40" value=known("name") autocomplete="off"/>
                </Field>
            </div>
            <div class="row"><button class="btn main" type="submit">{tr!(probes.name_target)}</button></div>
        </form>
    }
}

fn hop(it: &TraceHop) -> impl IntoView + use<> {
    let times = it.rtt_ms.iter().map(|ms| crate::text::language().decimal(*ms, 1)).collect::<Vec<_>>().join(" · ");
    let who = it.address.map_or_else(|| "*".to_owned(), |address| address.to_string());
    view! { <tr><td class="num">{it.hop}</td><td class="mono">{who}</td><td class="num">{times}</td><td class="num">{it.lost}</td></tr> }
}

fn path(found: Option<Trace>) -> impl IntoView {
    let Some(found) = found else {
        return view! { <p class="muted"><Icon name="clock"/>" "{tr!(probes.looking)}</p> }.into_any();
    };
    let words = match (&found.trouble, found.reached) {
        (Some(why), _) => (Verdict::Fail, why.clone()),
        (None, true) => (Verdict::Pass, tr!(probes.reached, n = found.hops.len())),
        (None, false) => (Verdict::Warn, tr!(probes.not_reached)),
    };
    let table = (!found.hops.is_empty()).then(|| {
        view! {
            <div class="scroll"><table class="tbl tight">
                <thead><tr>
                    <th scope="col" class="num">{tr!(probes.hop)}</th><th scope="col">{tr!(probes.address)}</th>
                    <th scope="col" class="num">"ms"</th><th scope="col" class="num">{tr!(chart.lost)}</th>
                </tr></thead>
                <tbody>{found.hops.iter().map(hop).collect_view()}</tbody>
            </table></div>
        }
    });
    view! { <p><VerdictMark verdict=words.0 word=words.1/></p>{table} }.into_any()
}

fn paths(all: Vec<TraceView>, now: Timestamp) -> impl IntoView {
    (!all.is_empty()).then(|| {
        let one = |(at, it): (usize, TraceView)| {
            view! {
                <details id=it.id open=at == 0>
                    <summary>{it.name}" "<span class="mono">{it.address.to_string()}</span>" "<span class="muted s12"><Ago at=it.asked now=now/></span></summary>
                    {path(it.found)}
                </details>
            }
        };
        view! {
            <section class="panel" aria-labelledby="h-paths">
                <div class="phead"><h2 id="h-paths">{tr!(probes.paths)}</h2></div>
                <div class="pbody stack">{all.into_iter().enumerate().map(one).collect_view()}</div>
            </section>
        }
    })
}
