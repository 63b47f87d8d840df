//! The hand-off line: one path that moves between you, the operator and Peerage.

use crate::components::{next_name, state_name};
use leptos::prelude::*;
use peerage_charts::handoff;
use peerage_domain::{
    Next, Timestamp,
    peering::timeline::{Stop, Tense},
};

const LANES: [Next; 3] = [Next::Requester, Next::Operator, Next::Portal];
const LANE: f64 = 30.0;
const WIDTH: f64 = 1000.0;
const LEFT: f64 = 110.0;

/// Breaks a name of a state into at most two lines.
fn two_lines(name: &str) -> (String, String) {
    match name.split_once(' ') {
        Some((first, rest)) if name.len() > 12 => (first.to_owned(), rest.to_owned()),
        _ => (name.to_owned(), String::new()),
    }
}

/// The history of a connection as a line.
#[component]
pub fn HandoffLine(
    /// The steps.
    stops: Vec<Stop>,
    /// Who reads.
    reader: Next,
    /// Name of the network that asked.
    peer: String,
    /// The server's time.
    now: Timestamp,
) -> impl IntoView {
    let lane = |side: Next| LANES.iter().position(|l| *l == side).unwrap_or(1);
    let placed: Vec<handoff::Stop> = stops
        .iter()
        .map(|s| handoff::Stop { lane: lane(s.side), past: s.tense == Tense::Past, current: s.tense == Tense::Current })
        .collect();
    let picture = handoff::line(&handoff::Frame { width: WIDTH, left: LEFT, lane: LANE }, &placed);
    let bottom = LANE * LANES.len() as f64;
    let rails = LANES
        .iter()
        .enumerate()
        .map(|(n, side)| {
            let y = LANE * (n as f64 + 0.5);
            let name = match *side {
                Next::Requester if reader != Next::Requester => peer.clone(),
                side if side == reader => tr!(handoff.you),
                Next::Operator => tr!(handoff.operator),
                side => next_name(side, reader),
            };
            let name = if name.chars().count() > 15 { name.chars().take(14).chain(['…']).collect() } else { name };
            view! {
                <line class="rail" x1=LEFT + 8.0 x2=WIDTH - 12.0 y1=y y2=y></line>
                <text class="lane" x="0" y=y + 4.0>{name}</text>
            }
        })
        .collect_view();
    let nodes = stops.iter().zip(&picture.stops).map(|(stop, &(x, y))| node(stop, x, y, bottom, now)).collect_view();
    let label = summary(&stops);
    view! {
        <svg viewBox=format!("0 0 {WIDTH} {}", bottom + 58.0) role="img" aria-label=label focusable="false">
            {rails}
            <path class="todo" d=picture.todo></path>
            <path class="done" d=picture.done></path>
            {nodes}
        </svg>
    }
}

fn summary(stops: &[Stop]) -> String {
    let current = stops.iter().find(|s| s.tense == Tense::Current).map(|s| state_name(s.state)).unwrap_or_default();
    let to_come = stops.iter().filter(|s| s.tense == Tense::Expected).count();
    tr!(handoff.summary, state = current, n = to_come)
}

fn node(stop: &Stop, x: f64, y: f64, bottom: f64, now: Timestamp) -> impl IntoView + use<> {
    let (first, second) = two_lines(&state_name(stop.state));
    let (class, name_class) = match stop.tense {
        Tense::Past => ("nd", "nm"),
        Tense::Current => ("nc", "nm cur"),
        Tense::Expected => ("nx", ""),
    };
    let date = match (stop.at, stop.tense) {
        (Some(at), Tense::Current) if stop.side != Next::Nobody => tr!(handoff.since, age = crate::text::language().age(at, now)),
        (Some(at), _) if now.since(at) < 86_400 => at.clock(),
        (Some(at), _) => crate::text::language().short_date(at),
        (None, _) => String::new(),
    };
    let radius = if stop.tense == Tense::Current { 4.5 } else { 4.0 };
    let (date_y, second_y) = if second.is_empty() { (bottom + 32.0, 0.0) } else { (bottom + 47.0, bottom + 32.0) };
    view! {
        {(stop.tense == Tense::Current).then(|| view! { <circle class="nr" cx=x cy=y r="8.5"></circle> })}
        <circle class=class cx=x cy=y r=radius></circle>
        <text class=name_class x=x y=bottom + 17.0 text-anchor="middle">{first}</text>
        {(!second.is_empty()).then(|| view! { <text class=name_class x=x y=second_y text-anchor="middle">{second}</text> })}
        <text class="d" x=x y=date_y text-anchor="middle">{date}</text>
    }
}
