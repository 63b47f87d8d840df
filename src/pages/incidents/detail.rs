//! `/incidents/IN-7`: one incident: what, why it is believed, what it does, what to do.

use crate::{
    components::{
        Ago, Breadcrumbs, Copy, Field, History, Icon, IncidentState, LevelMark, PathLine, action,
        chart::{ChartTime, LatencyPanel, PathRibbon},
        chart_ms, duration, kind_name, live, load, prefix_in_path, turn_words, typed_again,
    },
    pages::param,
    rpc::incidents::{Acknowledge, AddException, DeliveryView, EffectView, IncidentView, read_incident},
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use peerage_domain::{
    Timestamp,
    incident::{Kind, Part, advice, sentence},
    sighting::Hop,
};

/// One incident.
#[component]
pub fn IncidentPage() -> impl IntoView {
    ChartTime::provide();
    let id = param("id");
    let map = use_query_map();
    let prefix = Memo::new(move |_| map.read().get("prefix").unwrap_or_default());
    let found = Resource::new_blocking(move || (id.get(), prefix.get()), |(id, prefix)| read_incident(id, prefix));
    live(move || id.get_untracked(), found);
    load(found, |found| view! { <Incident found=found/> })
}

#[component]
fn Incident(found: IncidentView) -> impl IntoView {
    let it = found.incident.clone();
    let (now, measured) = (found.now, found.part.measured.is_some());
    let what = say(&sentence(&it.worst));
    let replay = it.replay.as_ref().map(|replay| {
        let recorded = Timestamp::from_secs(it.opened.secs().saturating_sub(replay.moved_s));
        let words = if replay.moved_s == 0 {
            tr!(incident_page.replay_same, name = replay.name.clone())
        } else {
            tr!(incident_page.replay, name = replay.name.clone(), at = recorded.minute())
        };
        view! { <div class="call info"><Icon name="clock"/><div><p>{words}</p></div></div> }
    });
    let ended = match it.closed {
        Some(at) => view! { <dd><Ago at=at now=now/><small>{tr!(incident_page.after, span = duration(it.lasted_s(now)))}</small></dd> }.into_any(),
        None => view! { <dd><IncidentState incident=it.clone()/><small>{tr!(incident_page.since, span = duration(it.lasted_s(now)))}</small></dd> }.into_any(),
    };
    let looked = it.acknowledged.as_ref().map(|by| {
        view! { <div><dt>{tr!(incident_page.looked)}</dt><dd>{by.who.clone()}<small><Ago at=by.at now=now/></small></dd></div> }
    });
    let by = it.worst.by.map(|by| {
        let (from, to) = it.worst.around();
        let words = [from.map(|asn| tr!(incident_page.from_as, asn = asn)), to.map(|asn| tr!(incident_page.to_as, asn = asn))];
        let words = words.into_iter().flatten().collect::<Vec<_>>().join(", ");
        view! { <div><dt>{tr!(incident_page.done_by)}</dt><dd>{by.to_string()}<small>{words}</small></dd></div> }
    });
    let advice = advice(&it).iter().map(|text| view! { <li>{say(text)}</li> }).collect_view();
    let history: Vec<(Timestamp, String, String)> = found
        .history
        .iter()
        .map(|(at, who, turn)| (*at, if who.is_empty() { tr!(incident_page.by_itself) } else { who.clone() }, turn_words(turn)))
        .collect();
    view! {
        <Title text=format!("{} {}", it.id, kind_name(it.worst.kind))/>
        <div>
            <Breadcrumbs trail=vec![("/incidents".into(), tr!(incidents.title)), (format!("/incidents/{}", it.id), it.id.clone())]/>
            <div class="title">
                <h1>{what}</h1>
            </div>
            <div class="row"><LevelMark level=it.level()/><Copy text=it.id.clone()/><IncidentState incident=it.clone()/></div>
        </div>
        {replay}
        <dl class="facts">
            <div><dt>{tr!(incidents.began)}</dt><dd><Ago at=it.opened now=now/><small>{it.opened.minute()}</small></dd></div>
            <div><dt>{tr!(incident_page.end)}</dt>{ended}</div>
            {by}
            <div><dt>{if measured { tr!(incident_page.series) } else { tr!(incident_page.vantages) }}</dt><dd>{it.vantages}<small>{if measured { tr!(incident_page.series_points) } else { tr!(incident_page.points) }}</small></dd></div>
            <div><dt>{tr!(incident_page.prefixes)}</dt><dd>{it.prefixes}</dd></div>
            {looked}
        </dl>
        {evidence(&found)}
        <div class="case">
            <section class="panel" aria-labelledby="h-do">
                <div class="phead"><h2 id="h-do">{tr!(incident_page.advice)}</h2></div>
                <ol class="pbody advice">{advice}</ol>
                {found.writable.then(|| acknowledge(&it.id))}
            </section>
            {found.writable.then(|| meant(&found))}
        </div>
        <section class="panel" aria-labelledby="h-history">
            <div class="phead"><h2 id="h-history">{tr!(incident_page.history)}</h2></div>
            <div class="pbody"><History rows=history now=now/></div>
            {told(found.deliveries, now)}
        </section>
    }
}

/// What shows it: what was measured, or what vantage points had.
fn evidence(found: &IncidentView) -> impl IntoView + use<> {
    let why = view! { <section class="panel" aria-labelledby="h-why">{reasons(&found.part)}</section> };
    if let Some(it) = &found.part.measured {
        let path = format!("/connections/{}", it.connection.0);
        return view! { {found.latency.clone().map(|view| view! { <LatencyPanel view=view path=path/> })}{why} }.into_any();
    }
    view! {
        <div class="case">
            <section class="panel" aria-labelledby="h-paths">
                <div class="phead"><h2 id="h-paths">{tr!(incident_page.paths)}</h2></div>
                <div class="pbody">{paths(found)}</div>
            </section>
            {why}
        </div>
        <section class="panel" aria-labelledby="h-saw">
            <div class="phead"><h2 id="h-saw">{tr!(incident_page.saw)}" "<span class="mono">{found.part.prefix.to_string()}</span></h2>{parts(found)}</div>
            <PathRibbon course=found.course.clone()/>
        </section>
        {effects(found.effects.clone())}
    }
    .into_any()
}

/// The path before and during it, as lines and in words.
fn paths(found: &IncidentView) -> impl IntoView + use<> {
    let origins = found.part.expected.origins.clone();
    let during: Vec<Hop> = if found.part.kind.is_loss() { vec![] } else { found.part.path().to_vec() };
    let before = found.before.clone();
    let known = before.clone().unwrap_or_default();
    let odd: Vec<Hop> = during.iter().filter(|hop| before.is_some() && !known.contains(hop)).cloned().collect();
    let lost = match &found.part.seen.first() {
        Some(seen) if found.part.kind.is_loss() => Some(seen.path.clone()),
        _ => None,
    };
    let words = match (&before, found.part.kind.is_loss()) {
        (_, true) => tr!(path.gone),
        (None, false) => tr!(path.unknown),
        (Some(_), false) => {
            let mut names: Vec<String> = odd.iter().map(Hop::to_string).collect();
            names.dedup();
            if names.is_empty() { tr!(path.same) } else { tr!(path.diff, all = names.join(", ")) }
        }
    };
    let shown = lost.or(before);
    view! {
        <p class="say">{words}</p>
        <h3>{tr!(path.before)}</h3>
        {match shown {
            Some(hops) => view! { <PathLine hops=hops odd=vec![] origins=origins.clone()/> }.into_any(),
            None => view! { <p class="muted">{tr!(path.unknown_short)}</p> }.into_any(),
        }}
        <h3>{tr!(path.during)}</h3>
        <PathLine hops=during odd=odd origins=origins/>
    }
}

/// Why it is believed: reasons with their weights, which add up.
fn reasons(part: &Part) -> impl IntoView + use<> {
    let rows = part
        .reasons
        .iter()
        .map(|reason| {
            let class = if reason.weight < 0 { "w against" } else { "w" };
            view! { <li><span class=class>{format!("{:+}", reason.weight)}</span><span>{say(&reason.text)}</span></li> }
        })
        .collect_view();
    let sure = part.confidence().clamp(0, 100);
    view! {
        <div class="phead"><h2 id="h-why">{tr!(incident_page.sure, n = sure)}</h2><p>{tr!(incident_page.sum)}</p></div>
        <div class="pbody">
            <svg class="sure" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="all" width="100" height="6"></rect><rect class="part" width=sure height="6"></rect></svg>
            <ul class="weights">{rows}</ul>
        </div>
    }
}

/// The parts to look at, where there are several.
fn parts(found: &IncidentView) -> impl IntoView + use<> {
    let (id, here) = (found.incident.id.clone(), found.part.prefix);
    let (count, prefixes) = found.prefixes.clone();
    (count > 1).then(|| {
        let more = count.saturating_sub(prefixes.len());
        let chips = prefixes
            .into_iter()
            .map(|prefix| {
                view! { <a class="chip mono" href=format!("/incidents/{id}?prefix={}", prefix_in_path(prefix)) aria-current=(prefix == here).then_some("true")>{prefix.to_string()}</a> }
            })
            .collect_view();
        let more = (more > 0).then(|| view! { <span class="muted s12">{tr!(incidents.more, n = more)}</span> });
        view! { <div class="chips">{chips}{more}</div> }
    })
}

fn effects(all: Vec<EffectView>) -> impl IntoView {
    (!all.is_empty()).then(|| {
        let rows = all
            .into_iter()
            .map(|it| {
                let share =
                    |loss: Option<f64>| loss.map_or_else(|| "–".to_owned(), |loss| crate::text::language().decimal(loss * 100.0, 1));
                let words = match (it.before.0, it.during.0) {
                    (Some(before), Some(during)) => {
                        tr!(
                            effect.both,
                            before = chart_ms(Some(before)),
                            during = chart_ms(Some(during)),
                            loss_before = share(it.loss.0),
                            loss = share(it.loss.1),
                            m = it.before.1,
                            n = it.during.1
                        )
                    }
                    _ => tr!(effect.none),
                };
                let (id, name) = it.connection;
                view! { <li><a href=format!("/connections/{id}")>{name}</a>{crate::text::language().colon()}{words}</li> }
            })
            .collect_view();
        view! {
            <section class="panel" aria-labelledby="h-effect">
                <div class="phead"><h2 id="h-effect">{tr!(effect.title)}</h2></div>
                <ul class="pbody">{rows}</ul>
            </section>
        }
    })
}

fn acknowledge(id: &str) -> impl IntoView + use<> {
    let id = id.to_owned();
    typed_again("acknowledge", move |typed| {
        view! {
            <form class="decision" method="post" action={action::<Acknowledge>()}>
                <input type="hidden" name="id" value=id.clone()/>
                <input class="field" name="note" maxlength="500" value=typed.get("note") placeholder=tr!(incident_page.note) aria-label=tr!(incident_page.note_label) autocomplete="off"/>
                <div class="acts"><button class="btn main" type="submit">{tr!(incident_page.acknowledge)}</button></div>
            </form>
        }
    })
}

/// What most probably is meant, when it is.
fn likely(part: &Part) -> (&'static str, String) {
    match part.kind {
        Kind::OriginChange | Kind::SubPrefix => ("origin", part.by.map(|asn| asn.to_string()).unwrap_or_default()),
        Kind::ForgedOrigin => ("upstream", part.by.map(|asn| asn.to_string()).unwrap_or_default()),
        Kind::MoreSpecific => ("length", part.prefix.length().to_string()),
        kind => ("kind", kind.word().to_owned()),
    }
}

fn meant(found: &IncidentView) -> impl IntoView + use<> {
    let (what, value) = likely(&found.part);
    let (prefix, id) = (found.part.expected.prefix.to_string(), found.incident.id.clone());
    let until = found.now.plus_secs(90 * 86_400).iso_date();
    let words = match what {
        "origin" => tr!(meant.origin, value = value.clone(), prefix = prefix.clone()),
        "upstream" => tr!(meant.upstream, value = value.clone(), prefix = prefix.clone()),
        "length" => tr!(meant.length, value = value.clone(), prefix = prefix.clone()),
        _ => tr!(meant.kind, prefix = prefix.clone()),
    };
    typed_again("exception", move |typed| {
        let (reason, until) = (typed.get("reason"), typed.get("until").unwrap_or_else(|| until.clone()));
        view! {
            <section class="panel" aria-labelledby="h-meant">
                <div class="phead"><h2 id="h-meant">{tr!(meant.title)}</h2><p>{words.clone()}</p></div>
                <form class="pbody form" method="post" action={action::<AddException>()}>
                    <input type="hidden" name="incident" value=id.clone()/>
                    <input type="hidden" name="prefix" value=prefix.clone()/>
                    <input type="hidden" name="what" value=what/>
                    <input type="hidden" name="value" value=value.clone()/>
                    <Field id="reason" label=tr!(meant.reason)>
                        <input id="reason" class="field" name="reason" maxlength="500" value=reason autocomplete="off"/>
                    </Field>
                    <Field id="until" label=tr!(meant.until) help=tr!(meant.until_help)>
                        <input id="until" class="field short" type="date" name="until" value=until aria-describedby="until-help"/>
                    </Field>
                    <div class="row"><button class="btn" type="submit">{tr!(meant.act)}</button></div>
                </form>
            </section>
        }
    })
}

/// What channels were told of it.
fn told(all: Vec<DeliveryView>, now: Timestamp) -> impl IntoView {
    (!all.is_empty()).then(|| {
        let rows = all
            .into_iter()
            .map(|it| {
                let at = it.tried.unwrap_or(it.due);
                view! { <li>{super::alerts::delivery_words(&it)}" "<small><Ago at=at now=now/></small></li> }
            })
            .collect_view();
        view! { <div class="evidence"><h3>{tr!(incident_page.told)}</h3><ul>{rows}</ul></div> }
    })
}
