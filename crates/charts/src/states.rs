//! The diagram of a state machine, laid out from its table alone.
//!
//! Main states stand in a column in the order of the main line; every other state
//! stands in the column beside it, at the height of the first state that leads there.

use crate::coordinate;
use std::collections::BTreeMap;

/// One step of the machine: from, to, label, and whether it lies on the main line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Index of the state it leaves.
    pub from: usize,
    /// Index of the state it enters.
    pub to: usize,
    /// On the way to the goal.
    pub main: bool,
}

/// A placed state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Index of the state.
    pub state: usize,
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
}

/// The placed diagram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagram {
    /// The boxes.
    pub nodes: Vec<Node>,
    /// A path for each pair of states that a step joins, with `main`.
    pub paths: Vec<(String, bool)>,
    /// Width of the picture.
    pub width: f64,
    /// Height of the picture.
    pub height: f64,
}

/// Width of a box in pixels.
pub const BOX: (f64, f64) = (178.0, 34.0);
const GAP: (f64, f64) = (110.0, 26.0);

/// Places `count` states.
pub fn layout(count: usize, edges: &[Edge]) -> Diagram {
    let columns = columns(count, edges);
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    let nodes: Vec<Node> = (0..count)
        .map(|state| {
            let column = columns[state];
            let row = rows.entry(column).or_default();
            let node = Node { state, x: 20.0 + column as f64 * (BOX.0 + GAP.0), y: 10.0 + *row as f64 * (BOX.1 + GAP.1) };
            *row += 1;
            node
        })
        .collect();
    let mut joined: BTreeMap<(usize, usize), bool> = BTreeMap::new();
    for edge in edges.iter().filter(|e| e.from != e.to) {
        *joined.entry((edge.from, edge.to)).or_default() |= edge.main;
    }
    let paths = joined.iter().map(|(&(a, b), &main)| (join(&nodes[a], &nodes[b]), main)).collect();
    let right = nodes.iter().map(|n| n.x + BOX.0).fold(0.0, f64::max);
    let bottom = nodes.iter().map(|n| n.y + BOX.1).fold(0.0, f64::max);
    Diagram { nodes, paths, width: right + 20.0, height: bottom + 10.0 }
}

/// Column 0 for the main line, 1 for what can leave again, 2 for what is final.
fn columns(count: usize, edges: &[Edge]) -> Vec<usize> {
    (0..count)
        .map(|state| {
            let on_main = edges.iter().any(|e| e.main && (e.from == state || e.to == state));
            let is_final = edges.iter().all(|e| e.from != state);
            match (on_main, is_final) {
                (true, _) => 0,
                (false, false) => 1,
                (false, true) => 2,
            }
        })
        .collect()
}

fn join(a: &Node, b: &Node) -> String {
    let c = coordinate;
    let middle = |n: &Node| n.y + BOX.1 / 2.0;
    if a.x == b.x {
        let straight = b.y > a.y && b.y - a.y <= BOX.1 + GAP.1 + 0.1;
        if straight {
            return format!("M{},{}V{}", c(a.x + BOX.0 / 2.0), c(a.y + BOX.1), c(b.y));
        }
        // Steps over several boxes swing out to the left.
        let out = a.x - 4.0 - 14.0 * ((b.y - a.y).abs() / (BOX.1 + GAP.1)).min(1.0);
        return format!(
            "M{x},{}C{o},{} {o},{} {x},{}",
            c(middle(a) + 5.0),
            c(middle(a) + 5.0),
            c(middle(b)),
            c(middle(b)),
            x = c(a.x),
            o = c(out)
        );
    }
    let (from, to) = if a.x < b.x { (a.x + BOX.0, b.x) } else { (a.x, b.x + BOX.0) };
    let half = (from + to) / 2.0;
    // The way back starts a little lower, so that both directions can be seen.
    let shift = if a.x < b.x { -4.0 } else { 5.0 };
    format!(
        "M{},{}C{h},{} {h},{} {},{}",
        c(from),
        c(middle(a) + shift),
        c(middle(a) + shift),
        c(middle(b) + shift),
        c(to),
        c(middle(b) + shift),
        h = c(half)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_boxes_overlap_and_every_step_is_drawn_once() {
        let edge = |from, to, main| Edge { from, to, main };
        let edges = [
            edge(0, 1, true),
            edge(0, 1, false),
            edge(1, 2, true),
            edge(1, 3, false),
            edge(3, 1, false),
            edge(3, 4, false),
            edge(2, 2, false),
        ];
        let diagram = layout(5, &edges);
        for (n, a) in diagram.nodes.iter().enumerate() {
            for b in &diagram.nodes[n + 1..] {
                assert!((a.x - b.x).abs() >= BOX.0 || (a.y - b.y).abs() >= BOX.1);
            }
        }
        assert_eq!(diagram.paths.len(), 5);
        assert!(diagram.paths[0].1, "a step that is main once is main");
    }
}
