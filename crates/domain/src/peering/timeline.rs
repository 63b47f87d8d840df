//! Past, current and expected steps of a connection, and who acts in each.

use super::{Connection, Peering, Recorded, StateName, machine::main_line};
use crate::{Next, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a step lies in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tense {
    /// Done.
    Past,
    /// Here it stands.
    Current,
    /// Still to come, if all goes well.
    Expected,
}

/// One stop of the hand-off line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The state.
    pub state: StateName,
    /// Past, current or expected.
    pub tense: Tense,
    /// When it was entered; absent for expected stops.
    pub at: Option<Timestamp>,
    /// On whose side it lies: who acts, or acted, in this state.
    pub side: Next,
    /// Who brought it here.
    pub author: String,
    /// What was written with it.
    pub note: String,
}

/// The stops of one connection from the history of its peering.
pub fn stops(peering: &Peering, connection: &Connection, history: &[Recorded]) -> Vec<Stop> {
    let mut stops: Vec<Stop> = vec![];
    for recorded in history.iter().filter(|r| r.event.connection == connection.number) {
        if stops.last().is_some_and(|last| last.state == recorded.event.to) {
            continue;
        }
        stops.push(Stop {
            state: recorded.event.to,
            tense: Tense::Past,
            at: Some(recorded.at),
            side: side(recorded.event.to, peering),
            author: recorded.author.clone(),
            note: recorded.event.note.clone(),
        });
    }
    if let Some(last) = stops.last_mut() {
        last.tense = Tense::Current;
        last.side = match connection.next(peering.kind) {
            Next::Nobody => Next::Operator,
            next => next,
        };
    }
    let line = main_line(peering.flow());
    let here = line.iter().position(|&state| state == connection.state.name());
    let expected = here.map_or(&[][..], |at| &line[at + 1..]);
    stops.extend(expected.iter().map(|&state| Stop {
        state,
        tense: Tense::Expected,
        at: None,
        side: side(state, peering),
        author: String::new(),
        note: String::new(),
    }));
    stops
}

/// Every stop lies on a side; a state in which nobody acts lies with the operator.
fn side(state: StateName, peering: &Peering) -> Next {
    match (state, peering.kind) {
        (StateName::ProvisioningStarted, super::Kind::Direct) => Next::Requester,
        (StateName::Active | StateName::Removed | StateName::Rejected, _) => Next::Operator,
        (state, _) => state.next(),
    }
}
