//! The path ribbon: a lane a vantage point, a colour a path; and the share of vantage points that
//! had a route, as steps.

use crate::{coordinate, scale::Scale};

/// What is drawn of a stretch of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// One of the paths that are used most, by its place among them.
    Path(u8),
    /// Another path.
    Other,
    /// A path that is part of what happened.
    Bad,
    /// No route.
    Nothing,
    /// It is not known.
    Unknown,
}

/// So many paths have a colour of their own.
pub const COLOURS: u8 = 4;

/// Where lanes are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Width in pixels.
    pub width: f64,
    /// Pixels at the left of the lanes, for names.
    pub left: f64,
    /// Height of a lane with its gap.
    pub row: f64,
    /// First millisecond.
    pub from: i64,
    /// Last millisecond.
    pub to: i64,
}

impl Frame {
    /// From time to pixels.
    pub fn x(&self) -> Scale {
        Scale::new(self.from as f64, self.to as f64, self.left, self.width)
    }
}

/// A part of a lane: from, to, what.
pub type Stretch = (i64, i64, Class);

/// One path a class that occurs, in the order of classes: never more than nine, however many lanes there are.
pub fn lanes(frame: &Frame, lanes: &[Vec<Stretch>]) -> Vec<(Class, String)> {
    let (x, height) = (frame.x(), frame.row - 2.0);
    let mut drawn: std::collections::BTreeMap<Class, String> = std::collections::BTreeMap::new();
    for (at, lane) in lanes.iter().enumerate() {
        let y = at as f64 * frame.row;
        for (from, to, class) in lane {
            let (start, end) = (x.at((*from).max(frame.from) as f64), x.at((*to).min(frame.to) as f64));
            // What lasted a moment is seen, too.
            let width = (end - start).max(1.0);
            let path = drawn.entry(*class).or_default();
            path.push_str(&format!(
                "M{} {}h{}v{}h-{}z",
                coordinate(start),
                coordinate(y),
                coordinate(width),
                coordinate(height),
                coordinate(width)
            ));
        }
    }
    drawn.into_iter().collect()
}

/// A share over time as a line of steps, and the area below it. Values from 0 to 1; gaps where
/// there is none.
pub fn steps(frame: &Frame, height: f64, shares: &[(i64, Option<f64>)]) -> (String, String) {
    let (x, y) = (frame.x(), Scale::new(0.0, 1.0, height, 0.0));
    let (mut line, mut area) = (String::new(), String::new());
    let mut here = false;
    for (at, (begins, share)) in shares.iter().enumerate() {
        let (start, end) =
            (x.at((*begins).max(frame.from) as f64), x.at(shares.get(at + 1).map_or(frame.to, |next| next.0).min(frame.to) as f64));
        let Some(share) = share else {
            here = false;
            continue;
        };
        let level = coordinate(y.at(*share));
        let (start, end) = (coordinate(start), coordinate(end));
        line.push_str(&format!("{}{start} {level}H{end}", if here { "L" } else { "M" }));
        area.push_str(&format!("M{start} {}V{level}H{end}V{}z", coordinate(height), coordinate(height)));
        here = true;
    }
    (line, area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAME: Frame = Frame { width: 110.0, left: 10.0, row: 10.0, from: 0, to: 100 };

    #[test]
    fn each_class_is_one_path() {
        let found = lanes(&FRAME, &[vec![(0, 50, Class::Path(0)), (50, 100, Class::Bad)], vec![(0, 100, Class::Path(0))]]);
        assert_eq!(found, [(Class::Path(0), "M10 0h50v8h-50zM10 10h100v8h-100z".to_owned()), (Class::Bad, "M60 0h50v8h-50z".to_owned())]);
    }

    #[test]
    fn a_gap_breaks_the_line() {
        let (line, area) = steps(&FRAME, 40.0, &[(0, Some(1.0)), (20, Some(0.5)), (40, None), (60, Some(0.0))]);
        assert_eq!(line, "M10 0H30L30 20H50M70 40H110");
        assert_eq!(area, "M10 40V0H30V40zM30 40V20H50V40zM70 40V40H110V40z");
    }

    proptest! {
        #[test]
        fn lanes_never_need_more_than_nine_paths(all in prop::collection::vec(prop::collection::vec((0i64..100, 1i64..50, 0u8..8), 0..6), 0..30)) {
            let class = |n: u8| match n { 0..4 => Class::Path(n), 4 => Class::Other, 5 => Class::Bad, 6 => Class::Nothing, _ => Class::Unknown };
            let all: Vec<Vec<Stretch>> = all.into_iter().map(|lane| lane.into_iter().map(|(from, span, n)| (from, from + span, class(n))).collect()).collect();
            let found = lanes(&FRAME, &all);
            prop_assert!(found.len() <= 9);
            prop_assert!(found.iter().all(|(_, path)| !path.contains("NaN") && !path.contains("h-0z")));
        }
    }
}
