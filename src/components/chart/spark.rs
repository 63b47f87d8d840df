//! A line without axes, beside its value in words.

use leptos::prelude::*;
use peerage_charts::smoke::sparkline;

/// A sparkline; it repeats what stands beside it, so screen readers skip it.
#[component]
pub fn Spark(
    /// Values in order; absent ones are gaps.
    values: Vec<Option<f64>>,
) -> impl IntoView {
    let path = sparkline(&values, 80.0, 20.0);
    if path.is_empty() {
        return view! { <span class="muted s12">{tr!(chart.no_samples)}</span> }.into_any();
    }
    view! { <svg class="spark" viewBox="0 0 80 20" preserveAspectRatio="none" aria-hidden="true" focusable="false"><path d=path></path></svg> }.into_any()
}
