//! `/reports/week/2026-11-16`: a week or a month on a sheet of paper.

use crate::{
    components::{Field, IncidentState, Post, action, chart::Spark, chart_ms, live, load},
    pages::customer::{budget_mark, percent},
    rpc::levels::{ReportRow, ReportView, Subscribe, Unsubscribe, report},
    text::{language, say},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use peerage_domain::{
    incident::sentence,
    report::{Period, Span, headline},
};

/// One week or month; the week that goes on when none is named.
#[component]
pub fn ReportPage() -> impl IntoView {
    let map = use_params_map();
    let asked = Memo::new(move |_| {
        let map = map.read();
        (map.get("span").unwrap_or_default(), map.get("day").unwrap_or_default())
    });
    let found = Resource::new_blocking(move || asked.get(), |(span, day)| report(span, day));
    live(|| "incidents".to_owned(), found);
    load(found, |it| view! { <Sheet it=it/> })
}

fn path(period: Period) -> String {
    format!("/reports/{}/{}", period.span.word(), period.from.iso_date())
}

fn span_name(span: Span) -> String {
    match span {
        Span::Week => tr!(reports.weeks),
        Span::Month => tr!(reports.months),
    }
}

/// All of it in one or two sentences.
fn said(it: &ReportView) -> String {
    let slowest = it.rows.first().and_then(|row| Some((row.connection.1.as_str(), row.ms.0?)));
    let texts = headline(it.period.span, it.ms.0, it.ms.1, slowest, language());
    texts.iter().map(say).collect::<Vec<_>>().join(" ")
}

fn row(it: &ReportRow) -> impl IntoView + use<> {
    let (id, name) = it.connection.clone();
    let level = match &it.level {
        Some((within, share, budget)) => {
            let wanted = tr!(reports.wanted, share = percent(Some(*share)), within = language().number(*within));
            view! { <span>{budget_mark(budget)}<small class="muted">{wanted}</small></span> }.into_any()
        }
        None => view! { <span class="muted">"–"</span> }.into_any(),
    };
    view! {
        <tr>
            <td class="key" data-l=tr!(reports.connection)><span><a href=format!("/connections/{id}")>{name}</a>" "<Spark values=it.course.clone()/></span></td>
            <td class="num" data-l=tr!(reports.median)>{chart_ms(it.ms.0)}</td>
            <td class="num" data-l=tr!(reports.before)>{chart_ms(it.ms.2)}</td>
            <td class="num" data-l="p95">{chart_ms(it.ms.1)}</td>
            <td class="num" data-l=tr!(reports.loss)>{language().percent(it.loss, 2)}</td>
            <td class="num" data-l=tr!(reports.available)>{percent(it.available)}</td>
            <td data-l=tr!(level.title)>{level}</td>
        </tr>
    }
}

fn incidents(it: &ReportView) -> impl IntoView + use<> {
    let (all, count) = &it.incidents;
    let rows = all
        .iter()
        .map(|it| {
            let what = say(&sentence(&it.worst));
            view! {
                <li class="line"><span><small class="muted">{it.opened.minute()}</small>" "<a href=format!("/incidents/{}", it.id)>{what}</a></span><span class="push"></span><IncidentState incident=it.clone()/></li>
            }
        })
        .collect_view();
    let more = count.saturating_sub(all.len() as u64);
    view! {
        <section class="panel" aria-labelledby="h-happened">
            <div class="phead"><h2 id="h-happened">{tr!(reports.incidents, n = count)}</h2></div>
            {if all.is_empty() { view! { <p class="pbody muted">{tr!(reports.quiet)}</p> }.into_any() } else { view! { <ul class="lines">{rows}</ul> }.into_any() }}
            {(more > 0).then(|| view! { <p class="below">{tr!(incidents.more, n = more)}</p> })}
        </section>
    }
}

/// Who gets it by mail or webhook.
fn sending(it: &ReportView) -> impl IntoView + use<> {
    let rows = it
        .subscriptions
        .iter()
        .map(|(id, span, channel)| {
            let label = tr!(reports.stop, id = id.clone());
            view! {
                <li class="line"><span>{span_name(*span)}" → "{channel.clone()}</span><span class="push"></span>
                    <Post to={action::<Unsubscribe>()} fields=vec![("id", id.clone())] label=label class="btn sm"/></li>
            }
        })
        .collect_view();
    let channels = it.channels.iter().map(|(id, name)| view! { <option value=id.clone()>{name.clone()}</option> }).collect_view();
    let form = if it.channels.is_empty() {
        view! { <p class="pbody muted">{tr!(reports.no_channel)}" "<a href="/alerts">{tr!(alerts.title)}</a></p> }.into_any()
    } else {
        view! {
            <form class="pbody form" method="post" action={action::<Subscribe>()} aria-label=tr!(reports.send)>
                <div class="cols">
                    <Field id="span" label=tr!(reports.each)><select id="span" class="field" name="span"><option value="week">{tr!(reports.one_week)}</option><option value="month">{tr!(reports.one_month)}</option></select></Field>
                    <Field id="channel" label=tr!(reports.to)><select id="channel" class="field" name="channel">{channels}</select></Field>
                </div>
                <div class="row"><button class="btn" type="submit">{tr!(reports.subscribe)}</button></div>
            </form>
        }
        .into_any()
    };
    view! {
        <section class="panel narrow-left no-print" aria-labelledby="h-send">
            <div class="phead"><h2 id="h-send">{tr!(reports.send)}</h2><p>{tr!(reports.send_help)}</p></div>
            <ul class="lines">{rows}</ul>
            {form}
        </section>
    }
}

#[component]
fn Sheet(it: ReportView) -> impl IntoView {
    let period = it.period;
    let title = say(&period.name(language()));
    let spans = Span::ALL
        .into_iter()
        .map(|span| {
            let here = (span == period.span).then_some("true");
            view! { <a href=path(span.holding(period.last().min(it.now))) aria-current=here>{span_name(span)}</a> }
        })
        .collect_view();
    let next = (!it.goes_on).then(|| view! { <a class="btn" href=path(period.behind())>{tr!(reports.next)}</a> });
    let rows = it.rows.iter().map(row).collect_view();
    view! {
        <Title text=format!("{} {title}", tr!(reports.title))/>
        <div class="title">
            <h1>{title}</h1>
            <nav class="seg no-print" aria-label=tr!(reports.spans)>{spans}</nav>
            <div class="row no-print"><a class="btn" href=path(period.before())>{tr!(reports.previous)}</a>{next}</div>
        </div>
        <p class="headline">{said(&it)}</p>
        <p class="sub">{it.organisation.clone()}{it.goes_on.then(|| format!(" · {}", tr!(reports.goes_on)))}{it.replay.then(|| format!(" · {}", tr!(chart.replay)))}</p>
        <section class="panel" aria-labelledby="h-rows">
            <div class="phead"><h2 id="h-rows">{tr!(connections.title)}</h2><p>{tr!(reports.rows_help)}</p></div>
            <div class="scroll"><table class="tbl cards">
                <thead><tr>
                    <th scope="col">{tr!(reports.connection)}</th><th scope="col" class="num">{tr!(reports.median)}</th><th scope="col" class="num">{tr!(reports.before)}</th>
                    <th scope="col" class="num">"p95"</th><th scope="col" class="num">{tr!(reports.loss)}</th><th scope="col" class="num">{tr!(reports.available)}</th><th scope="col">{tr!(level.title)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        </section>
        {incidents(&it)}
        {sending(&it)}
    }
}
