//! Before and after, in one sentence and a table.

use crate::{
    rpc::insights::{PathsView, ProofView},
    text::language,
};
use leptos::prelude::*;

/// A difference as words: by how much, and how sure that is.
fn difference(it: Option<(f64, f64, f64)>, unit: &str, times: f64) -> String {
    let Some((estimate, low, high)) = it.map(|(a, b, c)| (a * times, b * times, c * times)) else {
        return tr!(proof.unknown);
    };
    let number = |value: f64| format!("{} {unit}", language().decimal(value.abs(), 1));
    let range = format!("{} … {} {unit}", language().signed(low, 1), language().signed(high, 1));
    match (low > 0.0, high < 0.0) {
        (true, _) => tr!(proof.more, by = number(estimate), range = range),
        (_, true) => tr!(proof.less, by = number(estimate), range = range),
        _ => tr!(proof.same, range = range),
    }
}

/// What became of latency, loss and paths since a connection got the service, or a peering became
/// active.
#[component]
pub fn Proof(
    /// What became of it.
    it: ProofView,
    /// Path of the page that shows the chart.
    path: String,
) -> impl IntoView {
    let since = match path.starts_with("/partner/") {
        true => tr!(proof.active, at = it.since.minute()),
        false => tr!(proof.since, at = it.since.minute()),
    };
    let hops = |length: f64| language().decimal(length, 1);
    let paths = it.paths.map(|PathsView { median: (before, after), vantages: (m, n), .. }| view! {
        <tr><th scope="row">{tr!(proof.path_row)}</th><td class="num">{hops(before)}" "<small class="muted">{format!("({m})")}</small></td><td class="num">{hops(after)}" "<small class="muted">{format!("({n})")}</small></td></tr>
    });
    let said_paths = it.paths.map(|PathsView { change, .. }| match change {
        Some(_) => tr!(proof.path, words = difference(change, &tr!(proof.asns), 1.0)),
        None => tr!(proof.path_few),
    });
    let days = tr!(proof.span, n = it.span_s / 3600);
    let rtt = difference(it.rtt_ms, "ms", 1.0);
    let loss = difference(it.loss, &tr!(proof.points), 100.0);
    let percent = |share| language().percent(share, 2);
    view! {
        <section class="panel" aria-labelledby="h-proof">
            <div class="phead"><h2 id="h-proof">{tr!(proof.title)}</h2><p>{days}</p></div>
            <div class="pbody stack">
                <p class="say">{since}" "{tr!(proof.rtt, words = rtt)}" "{tr!(proof.loss, words = loss)}" "{said_paths}</p>
                <div class="scroll"><table class="tbl tight">
                    <thead><tr><td></td><th scope="col" class="num">{tr!(proof.before)}</th><th scope="col" class="num">{tr!(proof.after)}</th></tr></thead>
                    <tbody>
                        <tr><th scope="row">{tr!(chart.median)}</th><td class="num">{language().ms(it.median_ms.0)}</td><td class="num">{language().ms(it.median_ms.1)}</td></tr>
                        <tr><th scope="row">{tr!(chart.loss)}</th><td class="num">{percent(it.lost.0)}</td><td class="num">{percent(it.lost.1)}</td></tr>
                        {paths}
                        <tr><th scope="row">{tr!(proof.hours)}</th><td class="num">{it.hours.0}</td><td class="num">{it.hours.1}</td></tr>
                    </tbody>
                </table></div>
                <p class="help">{tr!(proof.about, n = it.series)}" "<a href=format!("{path}?window={}", it.window)>{tr!(proof.chart)}</a></p>
            </div>
        </section>
    }
}
