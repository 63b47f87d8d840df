//! Past, current and expected steps: the hand-off line, and the history as a list.

use crate::components::{Ago, chart::HandoffLine, next_name, state_name};
use leptos::prelude::*;
use peerage_domain::{
    Next, Timestamp,
    peering::{
        StateName,
        timeline::{Stop, Tense},
    },
};

/// The steps of one connection; a line where there is room, a list on a phone.
#[component]
pub fn StateTimeline(
    /// The steps.
    stops: Vec<Stop>,
    /// Who reads.
    reader: Next,
    /// Name of the network that asked.
    peer: String,
    /// The server's time.
    now: Timestamp,
) -> impl IntoView {
    let items = stops
        .iter()
        .map(|stop| {
            let class = match stop.tense {
                Tense::Past => "",
                Tense::Current => "cur",
                Tense::Expected => "todo",
            };
            let who = match (stop.tense, stop.side) {
                (Tense::Past, _) => stop.author.clone(),
                // Once it is active, nobody has to act.
                (Tense::Expected, _) if stop.state == StateName::Active => String::new(),
                (_, side) => next_name(side, reader),
            };
            let note = stop.note.clone();
            view! {
                <li class=class aria-current=(stop.tense == Tense::Current).then_some("step")>
                    <span>
                        {state_name(stop.state)}
                        " "
                        <small>{who}</small>
                        {(!note.is_empty()).then(|| view! { <small class="note">{note}</small> })}
                    </span>
                    {stop.at.map(|at| view! { <small><Ago at=at now=now/></small> })}
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="handoff">
            <div class="only-wide"><HandoffLine stops=recent(stops) reader=reader peer=peer now=now/></div>
            <ol class="steps only-narrow" aria-label=tr!(timeline.label)>{items}</ol>
        </div>
    }
}

/// Most stops that a line has room for.
const ROOM: usize = 8;

/// The stops that are not long past, as many as fit.
fn recent(stops: Vec<Stop>) -> Vec<Stop> {
    let skip = stops.len().saturating_sub(ROOM);
    stops.into_iter().skip(skip).collect()
}

/// What happened: when, who, what; latest first.
#[component]
pub fn History(
    /// When, who, what.
    rows: Vec<(Timestamp, String, String)>,
    /// The server's time.
    now: Timestamp,
) -> impl IntoView {
    let items = rows
        .into_iter()
        .map(|(at, who, what)| view! { <li><span>{what}" "<small>{who}</small></span><small><Ago at=at now=now/></small></li> })
        .collect_view();
    view! { <ol class="steps history">{items}</ol> }
}
