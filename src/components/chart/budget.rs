//! How an error budget was spent.

use leptos::prelude::*;
use peerage_charts::budget::spent;
use peerage_domain::Timestamp;

/// Thirty days of an error budget: the line climbs to where it is gone.
#[component]
pub fn BudgetChart(
    /// Beginnings of days, and the shares that were spent by their ends.
    course: Vec<(i64, f64)>,
    /// The server's time.
    now: Timestamp,
) -> impl IntoView {
    const WIDTH: f64 = 640.0;
    const HEIGHT: f64 = 96.0;
    const LEFT: f64 = 52.0;
    let (from, to) = (now.plus_secs(-30 * 86_400).secs(), now.secs());
    let picture = spent(&course, from, to, (LEFT, WIDTH, HEIGHT));
    let rows = picture
        .rows
        .iter()
        .map(|&(y, percent)| {
            view! { <line class="grid" x1=LEFT x2=WIDTH y1=y y2=y></line><text class="ax" x=LEFT - 6.0 y=y + 4.0 text-anchor="end">{crate::text::language().spent(percent)}</text> }
        })
        .collect_view();
    let day = |at: i64| crate::text::language().short_date(Timestamp::from_secs(at));
    let gone = picture.gone_y;
    view! {
        <svg class="budget" viewBox=format!("0 0 {WIDTH} {}", HEIGHT + 20.0) aria-hidden="true" focusable="false">
            {rows}
            <path class="area" d=picture.area></path>
            <path class="line" d=picture.line></path>
            <line class="gone" x1=LEFT x2=WIDTH y1=gone y2=gone></line>
            <text class="ax" x=LEFT y=HEIGHT + 16.0>{day(from)}</text>
            <text class="ax" x=WIDTH y=HEIGHT + 16.0 text-anchor="end">{day(to)}</text>
        </svg>
    }
}
