//! The world with the operator's places. The list beside it says the same.

use leptos::prelude::*;
use peerage_charts::map;

/// Places on the world map.
#[component]
pub fn WorldMap(
    /// Name, degrees north, degrees east, partners there.
    places: Vec<(String, f64, f64, u32)>,
) -> impl IntoView {
    let label = tr!(map.label, n = places.len());
    let mut sorted = places;
    sorted.sort_by_key(|p| std::cmp::Reverse(p.3));
    let points: Vec<(f64, f64)> = sorted.iter().map(|(_, lat, lon, _)| map::project(*lat, *lon)).collect();
    let names: Vec<&str> = sorted.iter().map(|p| p.0.as_str()).collect();
    let labelled = map::labels(&points, &names);
    let dots = sorted
        .iter()
        .zip(points)
        .zip(labelled)
        .map(|(((name, _, _, partners), (x, y)), side)| {
            let radius = 6.0 + f64::from(*partners).sqrt().min(8.0);
            let text = side.map(|left| {
                let (x, anchor) = if left { (x - radius - 6.0, "end") } else { (x + radius + 6.0, "start") };
                view! { <text x=x y=y + 8.0 text-anchor=anchor>{name.clone()}</text> }
            });
            view! { <circle cx=x cy=y r=radius></circle>{text} }
        })
        .collect_view();
    view! {
        <svg class="world" viewBox="60 10 1880 840" role="img" aria-label=label focusable="false">
            <use href="/world.svg#land"></use>
            {dots}
        </svg>
    }
}
