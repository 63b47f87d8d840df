//! Which span a chart shows: the switch between windows, and the way to any other span.

use crate::{
    components::Icon,
    rpc::insights::{LatencyView, OtherSpan},
    text::language,
};
use leptos::prelude::*;
use leptos_router::{hooks::use_query_map, params::ParamsMap};
use peerage_domain::{Timestamp, catalogue::percent};

/// Words of the windows as in the URL, and their hours; shortest first.
const WINDOWS: [(&str, i64); 5] = [("6h", 6), ("12h", 12), ("1d", 24), ("7d", 168), ("30d", 720)];

/// The address of a page at another window; what else is chosen there stays.
pub(super) fn at_window(path: &str, query: &ParamsMap, window: &str) -> String {
    let others = query.latest_values().filter(|(name, _)| !["window", "from", "to"].contains(&name.as_ref()));
    let others: String = others.map(|(name, value)| format!("&{}={}", percent(name), percent(value))).collect();
    format!("{path}?window={window}{others}")
}

/// The switch between windows; each one is an address.
#[component]
pub fn Windows(
    /// The current one.
    current: String,
    /// Path of the page.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let query = use_query_map().get_untracked();
    let links = WINDOWS
        .into_iter()
        .map(|(word, hours)| {
            let label = language().hours(hours);
            view! { <a href=at_window(&path, &query, word) aria-current=(word == current).then_some("true")>{label}</a> }
        })
        .collect_view();
    view! { <nav class="seg" aria-label=tr!(chart.windows)>{links}</nav> }
}

/// The way to any other span: closer, farther, earlier, later, or between two moments. Each is an
/// address, too.
#[component]
pub fn Zoom(
    /// What is shown.
    view: LatencyView,
    /// Path of the page.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let query = use_query_map().get_untracked();
    let link = |word: Option<String>, icon: &'static str, label: String| {
        word.map(|word| view! { <a class="iconbtn" href=at_window(&path, &query, &word) aria-label=label><Icon name=icon/></a> })
    };
    // What a form sends takes the place of everything that was in the address.
    let others = ["by", "scale"].into_iter().filter_map(|name| Some((name, query.get(name)?)));
    let kept = others.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    // As a browser's field for a moment has it: without seconds and zone.
    let field = |secs: i64| Timestamp::from_secs(secs).to_string().chars().take(16).collect::<String>();
    let (from, to) = (field(view.from), field(view.to));
    let other = view.other.map(|other| match other {
        OtherSpan::Closest => tr!(chart.other_span),
        OtherSpan::LastDay => tr!(chart.no_span),
    });
    let is_span = view.window.contains("..");
    let zoom = view.zoom.clone();
    let shown =
        is_span.then(|| tr!(chart.span, from = Timestamp::from_secs(view.from).minute(), to = Timestamp::from_secs(view.to).minute()));
    view! {
        {other.map(|words| view! { <p class="sub note" role="status">{words}</p> })}
        <div class="zoom">
            {link(Some(zoom.earlier), "left", tr!(chart.earlier))}
            {link(zoom.inward, "plus", tr!(chart.closer))}
            {link(zoom.outward, "minus", tr!(chart.farther))}
            {link(zoom.later, "right", tr!(chart.later))}
            <details class="menu span">
                <summary>{shown.unwrap_or_else(|| tr!(chart.custom))}</summary>
                <form method="get" action=path.clone() class="sheet">
                    {kept}
                    <label>{tr!(chart.from)}" "<input class="field" type="datetime-local" name="from" value=from required/></label>
                    <label>{tr!(chart.to)}" "<input class="field" type="datetime-local" name="to" value=to required/></label>
                    <button class="btn main" type="submit">{tr!(chart.show)}</button>
                </form>
            </details>
        </div>
    }
}

/// The window in the address of a page: `window`, or `from` and `to` of the form.
pub fn window_in_url() -> Memo<String> {
    let map = use_query_map();
    Memo::new(move |_| {
        let map = map.read();
        match (map.get("from").filter(|it| !it.is_empty()), map.get("to").filter(|it| !it.is_empty())) {
            (Some(from), Some(to)) => format!("{from}..{to}"),
            _ => map.get("window").unwrap_or_default(),
        }
    })
}
