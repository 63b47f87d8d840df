//! The hand-off line: a history as one path that moves between the sides that act.

use crate::coordinate;

/// One stop: on which lane it lies, and whether it is done, current or expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Lane from the top, from 0.
    pub lane: usize,
    /// Done already.
    pub past: bool,
    /// Here it stands.
    pub current: bool,
}

/// Size of the picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Whole width.
    pub width: f64,
    /// Left of the first stop stand the names of the lanes.
    pub left: f64,
    /// Height of a lane.
    pub lane: f64,
}

/// The picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Centre of each stop.
    pub stops: Vec<(f64, f64)>,
    /// Path of what is done.
    pub done: String,
    /// Path of what is expected.
    pub todo: String,
}

/// Places the stops at equal distances and joins them with rounded steps.
pub fn line(frame: &Frame, stops: &[Stop]) -> Line {
    let gap = (frame.width - frame.left) / stops.len().max(1) as f64;
    let centre = |(n, stop): (usize, &Stop)| (frame.left + gap * (n as f64 + 0.5), frame.lane * (stop.lane as f64 + 0.5));
    let centres: Vec<(f64, f64)> = stops.iter().enumerate().map(centre).collect();
    let mut picture = Line { stops: centres.clone(), ..Line::default() };
    for (n, pair) in centres.windows(2).enumerate() {
        let reached = stops[n + 1].past || stops[n + 1].current;
        let path = if reached { &mut picture.done } else { &mut picture.todo };
        path.push_str(&segment(pair[0], pair[1]));
    }
    picture
}

fn segment(a: (f64, f64), b: (f64, f64)) -> String {
    let c = coordinate;
    let start = format!("M{},{}", c(a.0), c(a.1));
    if a.1 == b.1 {
        return format!("{start}H{}", c(b.0));
    }
    let radius = 6.0f64.min((b.0 - a.0) / 4.0).min((b.1 - a.1).abs() / 2.0);
    let down = if b.1 > a.1 { radius } else { -radius };
    let middle = (a.0 + b.0) / 2.0;
    format!(
        "{start}H{}Q{},{} {},{}V{}Q{},{} {},{}H{}",
        c(middle - radius),
        c(middle),
        c(a.1),
        c(middle),
        c(a.1 + down),
        c(b.1 - down),
        c(middle),
        c(b.1),
        c(middle + radius),
        c(b.1),
        c(b.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_moves_between_the_lanes() {
        let frame = Frame { width: 400.0, left: 100.0, lane: 20.0 };
        let stop = |lane, past, current| Stop { lane, past, current };
        let picture = line(&frame, &[stop(0, true, false), stop(1, false, true), stop(1, false, false)]);
        assert_eq!(picture.stops, [(150.0, 10.0), (250.0, 30.0), (350.0, 30.0)]);
        assert_eq!(picture.done, "M150,10H194Q200,10 200,16V24Q200,30 206,30H250");
        assert_eq!(picture.todo, "M250,30H350");
        assert_eq!(line(&frame, &[]), Line::default());
    }
}
