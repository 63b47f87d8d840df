//! `/incidents`: what goes on, what happened in thirty days, and everything before.

use crate::{
    components::{
        Ago, Column, EmptyList, IncidentState, LevelMark, ListSearch, Pager, SortedHead,
        chart::{AllQuiet, Anomalies, AnomalyCalendar},
        duration, family_name, kind_name, live, load, query_from_url,
    },
    rpc::incidents::{IncidentList, incidents},
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Timestamp,
    catalogue::Query,
    incident::{Family, Incident, sentence},
};

/// Incidents.
#[component]
pub fn IncidentsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), incidents);
    live(|| "incidents".to_owned(), found);
    view! {
        <Title text=tr!(incidents.title)/>
        {load(found, move |list| view! { <Incidents list=list query=query.get_untracked()/> })}
    }
}

fn headline(list: &IncidentList) -> AnyView {
    let [first, rest @ ..] = list.open.as_slice() else {
        return view! { <p class="headline">{tr!(incidents.calm)}</p> }.into_any();
    };
    let replay = first.replay.is_some().then(|| tr!(incidents.replay_of));
    let others = (!rest.is_empty()).then(|| tr!(incidents.others));
    view! {
        <p class="headline" role="status"><a href=format!("/incidents/{}", first.id)><b class="wrap">{replay}{say(&sentence(&first.worst))}</b></a>" "{others}</p>
    }
    .into_any()
}

#[component]
fn Incidents(list: IncidentList, query: Query) -> impl IntoView {
    let summary = match list.median_s {
        Some(median) => tr!(incidents.summary, n = list.total, median = duration(median)),
        None => tr!(incidents.summary_none, n = list.total),
    };
    let empty = list.rows.items.is_empty();
    let now = list.now;
    let rows = list.rows.items.iter().map(|it| row(it, now)).collect_view();
    let sources = list.manages.then(|| view! { <a class="btn" href="/ops/sources">{tr!(sources.title)}</a> });
    view! {
        <div class="title">
            <h1>{tr!(incidents.title)}</h1>
            <div class="acts">
                {sources}
                <a class="btn" href="/expectations">{tr!(expectations.title)}</a>
                <a class="btn main" href="/alerts">{tr!(alerts.title)}</a>
            </div>
        </div>
        {headline(&list)}
        <section class="panel" aria-labelledby="h-month">
            <div class="phead"><h2 id="h-month">{tr!(incidents.month)}</h2><p>{summary}" "{tr!(incidents.watched, n = list.watched)}</p></div>
            {if list.bars.is_empty() {
                view! { <AllQuiet/> }.into_any()
            } else {
                view! {
                    <div class="pbody month">
                        <Anomalies bars=list.bars.clone() now=now/>
                        <AnomalyCalendar bars=list.bars.clone() now=now/>
                    </div>
                }.into_any()
            }}
        </section>
        <section class="panel" aria-labelledby="h-list">
            <div class="phead">
                <h2 id="h-list">{tr!(incidents.n, n = list.rows.total)}</h2>
                <ListSearch query=query.clone() path="/incidents" hint=tr!(incidents.hint) kinds=kinds()/>
                <div class="chips">{states(&query)}</div>
            </div>
            {if empty {
                view! {
                    <EmptyList total=list.rows.total query=query path="/incidents" text=tr!(incidents.empty)>
                        <a class="btn" href="/alerts">{tr!(alerts.title)}</a>
                    </EmptyList>
                }.into_any()
            } else {
                view! {
                    <div class="scroll"><table class="tbl cards">
                        <SortedHead columns=columns() query=query.clone() path="/incidents"/>
                        <tbody>{rows}</tbody>
                    </table></div>
                    <Pager total=list.rows.total limit=list.rows.limit query=query path="/incidents"/>
                }.into_any()
            }}
        </section>
    }
}

fn kinds() -> Vec<(String, String)> {
    Family::ALL.into_iter().map(|family| (family.word().to_owned(), family_name(family))).collect()
}

fn states(query: &Query) -> impl IntoView + use<> {
    let query = query.clone();
    [("", tr!(filter.any)), ("open", tr!(incident_page.open)), ("closed", tr!(incident_page.over))]
        .into_iter()
        .map(move |(word, label)| {
            let target = Query { state: word.into(), offset: 0, ..query.clone() };
            view! { <a class="chip" href=format!("/incidents{}", target.url()) aria-current=(query.state == word).then_some("true")>{label}</a> }
        })
        .collect_view()
}

fn columns() -> Vec<Column> {
    vec![
        Column::text("time", tr!(incidents.began)),
        Column::text("", tr!(events.level)),
        Column::text("", tr!(connection.prefix)),
        Column::text("", tr!(events.what)),
        Column::text("", tr!(incidents.by)),
        Column::number("", tr!(incidents.sure)),
        Column::number("", tr!(incidents.seen)),
        Column::text("", tr!(incidents.lasted)),
    ]
}

fn row(it: &Incident, now: Timestamp) -> impl IntoView + use<> {
    let more = (it.prefixes > 1).then(|| view! { <small class="muted">{tr!(incidents.more, n = it.prefixes - 1)}</small> });
    let replay = it.replay.is_some().then(|| view! { <span class="tag">{tr!(incidents.replay)}</span> });
    view! {
        <tr>
            <td data-l=tr!(incidents.began)><span><a href=format!("/incidents/{}", it.id)>{it.id.clone()}</a>" "<small><Ago at=it.opened now=now/></small></span></td>
            <td class="v" data-l=tr!(events.level)><LevelMark level=it.level()/></td>
            <td class="key mono" data-l=tr!(connection.prefix)><span>{it.worst.prefix.to_string()}{more}</span></td>
            <td data-l=tr!(events.what)><span>{kind_name(it.worst.kind)}" "{replay}</span></td>
            <td class="mono" data-l=tr!(incidents.by)>{it.by.map(|asn| asn.to_string())}</td>
            <td class="num" data-l=tr!(incidents.sure)>{crate::text::language().percent_sign(it.peak.to_string())}</td>
            <td class="num" data-l=tr!(incidents.seen)>{it.vantages}</td>
            <td data-l=tr!(incidents.lasted)><span><IncidentState incident=it.clone()/>" "<small class="muted">{duration(it.lasted_s(now))}</small></span></td>
        </tr>
    }
}
