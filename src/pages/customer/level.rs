//! The service level of a connection: what is wanted, what became of it, how sessions stood.

use crate::{
    components::{
        Field, Post, VerdictMark, action,
        chart::{BudgetChart, Save},
        typed_again,
    },
    rpc::levels::{BudgetView, KeptView, LevelView, RemoveObjective, SetObjective},
    text::language,
};
use leptos::prelude::*;
use peerage_domain::Verdict;

/// A share as people write it: as many nines as matter.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| language().percent_sign(nines(share)))
}

/// The same without a sign.
fn nines(share: f64) -> String {
    language().decimal(share * 100.0, 3).trim_end_matches('0').trim_end_matches(['.', ',']).to_owned()
}

/// How much of a budget was spent, as a verdict and in words.
pub(crate) fn budget_mark(budget: &BudgetView) -> impl IntoView + use<> {
    let verdict = match budget.spent {
        _ if budget.sent == 0 => Verdict::Unknown,
        spent if spent > 1.0 => Verdict::Fail,
        spent if spent > 0.75 => Verdict::Warn,
        _ => Verdict::Pass,
    };
    let words = match budget.sent {
        0 => tr!(level.nothing),
        _ => tr!(level.spent, n = format!("{:.0}", budget.spent * 100.0)),
    };
    view! { <VerdictMark verdict=verdict word=words/> }
}

fn sentence(it: &KeptView) -> String {
    let (wanted, within) = (percent(Some(it.share)), language().number(it.within_ms));
    match it.budget.kept {
        None => tr!(level.say_none, wanted = wanted, within = within),
        Some(_) => tr!(
            level.say,
            kept = percent(it.budget.kept),
            within = within,
            wanted = wanted,
            failed = it.budget.failed,
            sent = it.budget.sent
        ),
    }
}

/// How fast the budget is being spent: 1 would have it gone at the end of the thirty days.
fn rate(it: &KeptView) -> String {
    let now = language().decimal(it.last_day.spent, 1);
    if it.last_day.spent > 1.0 { tr!(level.fast, n = now) } else { tr!(level.slow, n = now) }
}

fn objective(it: &KeptView, view: &LevelView) -> impl IntoView + use<> {
    let (who, at) = it.set.clone();
    let remove = view.writable.then(|| {
        let label = tr!(level.remove);
        view! { <Post to={action::<RemoveObjective>()} fields=vec![("id", view.connection.clone())] label=label class="btn sm"/> }
    });
    let rows = it.course.iter().rev().take(30).map(|(day, share)| {
        view! { <tr><td>{language().date(peerage_domain::Timestamp::from_secs(*day))}</td><td class="num">{language().percent(Some(*share), 1)}</td></tr> }
    });
    view! {
        <div class="pbody chart">
            <p class="say">{sentence(it)}" "{rate(it)}</p>
            <BudgetChart course=it.course.clone() now=view.now/>
        </div>
        <div class="below">
            <details>
                <summary>{tr!(chart.table)}</summary>
                <table class="tbl tight"><thead><tr><th scope="col">{tr!(level.day)}</th><th scope="col" class="num">{tr!(level.spent_by)}</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody></table>
            </details>
            <details><summary>{tr!(chart.about)}</summary><p class="help">{tr!(level.about)}</p></details>
            <span class="push"></span>
            <Save name=format!("{}-budget", view.connection) api=format!("/api/v1/telemetry/budget?connection={}", view.connection) link=format!("/connections/{}#h-level", view.connection)/>
            <span>{tr!(level.set, who = who, day = language().date(at))}</span>
            {remove}
        </div>
    }
}

fn form(view: &LevelView) -> impl IntoView + use<> {
    let (id, is_first) = (view.connection.clone(), view.kept.is_none());
    let (within, share) = view.kept.as_ref().map_or((String::new(), nines(0.999)), |it| (language().number(it.within_ms), nines(it.share)));
    typed_again(format!("objective/{id}"), move |typed| {
        let (within, share) =
            (typed.get("within_ms").unwrap_or_else(|| within.clone()), typed.get("percent").unwrap_or_else(|| share.clone()));
        let form = view! {
            <form class="pbody form" method="post" action={action::<SetObjective>()} aria-label=tr!(level.form)>
                <input type="hidden" name="id" value=id.clone()/>
                <div class="cols">
                    <Field id="percent" label=tr!(level.percent)>
                        <input id="percent" class="field short" name="percent" inputmode="decimal" required value=share autocomplete="off"/>
                    </Field>
                    <Field id="within" label=tr!(level.within)>
                        <input id="within" class="field short" name="within_ms" inputmode="decimal" required value=within autocomplete="off"/>
                    </Field>
                </div>
                <div class="row"><button class="btn" type="submit">{tr!(level.save)}</button></div>
            </form>
        };
        if is_first {
            return form.into_any();
        }
        // Who sent what cannot be used sees it again.
        let is_again = typed.get("percent").is_some();
        view! { <div class="below"><details open=is_again><summary>{tr!(level.change)}</summary>{form}</details></div> }.into_any()
    })
}

fn sessions(view: &LevelView) -> impl IntoView + use<> {
    let row = |name: String, (day, month): (Option<f64>, Option<f64>)| {
        view! { <tr><th scope="row">{name}</th><td class="num">{percent(day)}</td><td class="num">{percent(month)}</td></tr> }
    };
    let rows = view.sessions.iter().map(|(id, shares)| row(id.clone(), *shares)).collect_view();
    let any = row(tr!(level.any), view.any);
    (!view.sessions.is_empty()).then(|| {
        view! {
            <div class="scroll">
                <table class="tbl tight">
                    <caption class="muted s12">{tr!(level.sessions)}</caption>
                    <thead><tr><th scope="col">{tr!(level.session)}</th><th scope="col" class="num">{tr!(level.day_share)}</th><th scope="col" class="num">{tr!(level.month_share)}</th></tr></thead>
                    <tbody>{any}{rows}</tbody>
                </table>
            </div>
        }
    })
}

/// What is wanted of a connection, and what became of it.
#[component]
pub(super) fn ServiceLevel(it: LevelView) -> impl IntoView {
    let mark = it.kept.as_ref().map(|kept| budget_mark(&kept.budget));
    let kept = match &it.kept {
        Some(kept) => objective(kept, &it).into_any(),
        None => view! { <p class="pbody muted">{tr!(level.none)}</p> }.into_any(),
    };
    let change = it.writable.then(|| form(&it));
    view! {
        <section class="panel" id="level" aria-labelledby="h-level">
            <div class="phead"><h2 id="h-level">{tr!(level.title)}</h2><div class="acts">{mark}</div></div>
            {kept}
            {change}
            {sessions(&it)}
        </section>
    }
}
