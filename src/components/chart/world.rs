//! The world with the operator's places. The list beside it says the same.

use leptos::prelude::*;
use peerage_charts::map::{self, EUROPE, Region, WORLD};

/// Name, degrees north, degrees east, partners there.
type Place = (String, f64, f64, u32);

/// Where places lie close together, Europe has its own map beside the world.
const CROWD: usize = 3;

/// Places on the world map.
#[component]
pub fn WorldMap(
    /// Name, degrees north, degrees east, partners there.
    places: Vec<Place>,
    /// What the dots are.
    #[prop(optional, into)]
    caption: Option<String>,
) -> impl IntoView {
    let mut sorted: Vec<(Place, (f64, f64))> = places.into_iter().map(|p| (p.clone(), map::project(p.1, p.2))).collect();
    sorted.sort_by_key(|(place, _)| std::cmp::Reverse(place.3));
    let (inside, outside): (Vec<_>, Vec<_>) = sorted.iter().cloned().partition(|(_, point)| EUROPE.holds(*point));
    let inset = (inside.len() >= CROWD).then(|| {
        let label = tr!(map.europe_label, n = inside.len());
        view! { <div class="inset"><span class="muted s12">{tr!(map.europe)}</span>{picture(EUROPE, label, &inside, &[])}</div> }
    });
    let label = tr!(map.label, n = sorted.len());
    let world = match &inset {
        Some(_) => picture(WORLD, label, &outside, &inside),
        None => picture(WORLD, label, &sorted, &[]),
    };
    view! {
        <div class="maps">
            <div class="inset"><span class="muted s12">{caption.unwrap_or_else(|| tr!(map.caption))}</span>{world}</div>
            {inset}
        </div>
    }
}

/// One map; `nameless` places are drawn without a name, because another map has it.
fn picture(region: Region, label: String, named: &[(Place, (f64, f64))], nameless: &[(Place, (f64, f64))]) -> impl IntoView + use<> {
    let points: Vec<(f64, f64)> = named.iter().map(|(_, point)| *point).collect();
    let names: Vec<&str> = named.iter().map(|(place, _)| place.0.as_str()).collect();
    let sides = map::labels(&region, &points, &names);
    let radius = |partners: u32| region.unit * (2.6 + f64::from(partners).sqrt() * 0.6).min(7.0);
    let dots = |all: &[(Place, (f64, f64))]| {
        all.iter()
            .map(|((.., partners), (x, y))| view! { <circle cx=*x cy=*y r=radius(*partners) stroke-width=region.unit></circle> })
            .collect_view()
    };
    let texts = named
        .iter()
        .zip(sides)
        .filter_map(|((place, (x, y)), side)| {
            let gap = radius(place.3) + 4.0 * region.unit;
            let (x, anchor) = if side? { (x - gap, "end") } else { (x + gap, "start") };
            Some(view! { <text x=x y=y + 4.2 * region.unit font-size=12.0 * region.unit stroke-width=2.4 * region.unit text-anchor=anchor>{place.0.clone()}</text> })
        })
        .collect_view();
    view! {
        <svg class="world" viewBox=region.view_box() role="img" aria-label=label focusable="false" preserveAspectRatio="xMidYMid slice">
            <use href="/world.svg#land"></use>
            {dots(nameless)}
            {dots(named)}
            {texts}
        </svg>
    }
}
