//! Heat matrices: tables with a shade behind each value, so that they are read with and without eyes
//! for colour.

use crate::rpc::insights::MatrixView;
use leptos::prelude::*;
use peerage_charts::heat::shades;

/// A matrix of medians in milliseconds.
#[component]
pub fn Heat(
    /// What is shown.
    matrix: MatrixView,
    /// What it is, in words.
    caption: String,
    /// What the rows are.
    corner: String,
) -> impl IntoView {
    let width = matrix.columns.len().max(1);
    let shade = shades(&matrix.ms);
    let head = matrix.columns.iter().map(|name| view! { <th scope="col">{name.clone()}</th> }).collect_view();
    let rows = matrix
        .rows
        .iter()
        .zip(matrix.ms.chunks(width).zip(shade.chunks(width)))
        .map(|(name, (values, shades))| {
            let cells = values
                .iter()
                .zip(shades)
                .map(|(value, shade)| {
                    let class = shade.map_or_else(|| "none".to_owned(), |shade| format!("heat-{shade}"));
                    view! { <td class=class>{value.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1}"))}</td> }
                })
                .collect_view();
            view! { <tr><th scope="row">{name.clone()}</th>{cells}</tr> }
        })
        .collect_view();
    let label = caption.clone();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=label>
            <table class="heat">
                <caption class="visually-hidden">{caption}</caption>
                <thead><tr><th scope="col">{corner}</th>{head}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
