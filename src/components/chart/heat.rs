//! Heat matrices: tables with a shade behind each value, so that they are read with and without eyes
//! for colour.

use super::{ms, save::Save};
use crate::{rpc::insights::MatrixView, text::language};
use leptos::prelude::*;
use peerage_charts::heat::{SHADES, ends, shades};

/// A matrix of medians in milliseconds.
#[component]
pub fn Heat(
    /// What is shown.
    matrix: MatrixView,
    /// What it is, in words.
    caption: String,
    /// What the rows are.
    corner: String,
    /// Beginning of the names of files.
    name: &'static str,
    /// Address of the data.
    api: String,
    /// Where exactly this is shown.
    link: String,
) -> impl IntoView {
    let width = matrix.columns.len().max(1);
    let shade = shades(&matrix.ms);
    let head = matrix.columns.iter().map(|name| view! { <th scope="col">{name.clone()}</th> }).collect_view();
    let cell = |at: usize| {
        let shade = shade[at].map_or_else(|| "none".to_owned(), |shade| format!("heat-{shade}"));
        let few = matrix.few.get(at).copied().unwrap_or_default();
        let class = if few { format!("{shade} few") } else { shade };
        view! { <td class=class>{matrix.ms[at].map_or_else(|| "–".to_owned(), |ms| language().decimal(ms, 1))}</td> }
    };
    let rows = matrix.rows.iter().enumerate().map(|(row, name)| {
        let cells = (row * width..(row + 1) * width).filter(|at| *at < matrix.ms.len()).map(cell).collect_view();
        view! { <tr><th scope="row">{name.clone()}</th>{cells}</tr> }
    });
    let label = caption.clone();
    let few = matrix.few.contains(&true).then(|| view! { <span>{tr!(heat.few)}</span> });
    view! {
        <div class="pbody chart">
            <p class="say">{sentence(&matrix)}</p>
            <div class="scroll" tabindex="0" role="region" aria-label=label>
                <table class="heat">
                    <caption class="visually-hidden">{caption.clone()}</caption>
                    <thead><tr><th scope="col">{corner}</th>{head}</tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
            {legend(&matrix)}
        </div>
        <div class="below">
            <details><summary>{tr!(chart.about)}</summary><p class="help">{caption}" "{tr!(heat.about)}</p></details>
            {few}
            <span class="push"></span>
            <Save name=name.to_owned() api=api link=link/>
        </div>
    }
}

/// Where it is slowest, and where fastest.
fn sentence(matrix: &MatrixView) -> String {
    let width = matrix.columns.len().max(1);
    let known = || matrix.ms.iter().enumerate().filter_map(|(at, ms)| Some((at, (*ms)?)));
    let place = |at: usize| format!("{} · {}", matrix.rows[at / width], matrix.columns[at % width]);
    match (known().max_by(|a, b| a.1.total_cmp(&b.1)), known().min_by(|a, b| a.1.total_cmp(&b.1))) {
        (Some(slow), Some(fast)) if slow.1 > fast.1 => {
            tr!(heat.say, slow = place(slow.0), slow_ms = ms(Some(slow.1)), fast = place(fast.0), fast_ms = ms(Some(fast.1)))
        }
        (Some((_, all)), _) => tr!(heat.same, ms = ms(Some(all))),
        _ => tr!(chart.say_none),
    }
}

/// The shades, with the values at both ends.
fn legend(matrix: &MatrixView) -> impl IntoView + use<> {
    ends(&matrix.ms).map(|(low, high)| {
        let steps = (1..=SHADES).map(|shade| view! { <span class=format!("heat-{shade}")></span> }).collect_view();
        view! { <p class="heatkey" aria-hidden="true"><span>{ms(Some(low))}</span>{steps}<span>{ms(Some(high))}</span></p> }
    })
}
