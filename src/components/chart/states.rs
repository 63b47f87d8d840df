//! The diagram of the state machine, drawn from the published table.

use crate::components::state_name;
use leptos::prelude::*;
use peerage_charts::states::{BOX, Edge, layout};
use peerage_domain::peering::{MACHINE, StateName};

/// Every state and every allowed step.
#[component]
pub fn StatesDiagram() -> impl IntoView {
    let index = |state: StateName| StateName::ALL.iter().position(|s| *s == state).unwrap_or(0);
    let edges: Vec<Edge> = MACHINE.iter().map(|s| Edge { from: index(s.from), to: index(s.to), main: s.main }).collect();
    let diagram = layout(StateName::ALL.len(), &edges);
    let paths = diagram
        .paths
        .iter()
        .map(|(path, main)| {
            let class = if *main { "edge main" } else { "edge" };
            view! { <path class=class d=path.clone() marker-end="url(#arrow)"></path> }
        })
        .collect_view();
    let boxes = diagram
        .nodes
        .iter()
        .map(|node| {
            let state = StateName::ALL[node.state];
            let class = if state.is_final() { "state final" } else { "state" };
            view! {
                <rect class=class x=node.x y=node.y width=BOX.0 height=BOX.1 rx="6"></rect>
                <text x=node.x + BOX.0 / 2.0 y=node.y + BOX.1 / 2.0 + 4.5 text-anchor="middle">{state_name(state)}</text>
            }
        })
        .collect_view();
    view! {
        <svg
            class="states"
            viewBox=format!("0 0 {} {}", diagram.width, diagram.height)
            role="img"
            aria-label=tr!(states.label)
            focusable="false"
        >
            <defs>
                <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                    <path class="head" d="M0 0.5 7.500 4 0 7.500z"></path>
                </marker>
            </defs>
            {paths}
            {boxes}
        </svg>
    }
}
