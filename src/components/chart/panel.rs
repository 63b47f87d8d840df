//! The panel of a page that shows latency.

use super::{LatencyChart, Windows, Zoom, series_words};
use crate::{components::Empty, rpc::insights::LatencyView};
use leptos::prelude::*;

/// Every series of a connection or peering, on one time axis.
#[component]
pub fn LatencyPanel(
    /// What is shown.
    view: LatencyView,
    /// Path of the page.
    path: String,
) -> impl IntoView {
    let charts = view
        .courses
        .iter()
        .map(|course| {
            let short = series_words(&course.name);
            view! { <h3 class="series">{short}</h3><LatencyChart view=view.clone() course=course.clone()/> }
        })
        .collect_view();
    let empty = view.courses.is_empty();
    let replay = view.replay.then(|| view! { <p class="below">{tr!(chart.replay)}</p> });
    view! {
        <section class="panel" aria-labelledby="h-lat">
            <div class="phead">
                <h2 id="h-lat">{tr!(connection.latency)}</h2>
                <ul class="legend"><li class="k-median">{tr!(chart.median)}</li><li class="k-inner">"p25–p75"</li><li class="k-outer">"p5–p95"</li><li class="k-earlier">{tr!(chart.earlier_median)}</li></ul>
                <div class="acts"><Windows current=view.window.clone() path=path.clone()/><Zoom view=view.clone() path=path/></div>
            </div>
            {if empty {
                view! { <Empty text=tr!(connection.no_latency)><a class="btn" href="/probes">{tr!(probes.title)}</a></Empty> }.into_any()
            } else {
                charts.into_any()
            }}
            {replay}
        </section>
    }
}
