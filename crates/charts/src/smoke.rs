//! The smoke chart: median line, p25–p75 and p5–p95 bands, and the loss strip below.
//!
//! A band is one polygon per run of intervals with samples; an interval without
//! samples is a gap, never zero.

use crate::{
    coordinate,
    scale::{Scale, ticks, time_ticks},
};

/// One interval of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    /// Beginning, in seconds since 1970.
    pub time: i64,
    /// Percentiles 5, 25, 50, 75, 95 in milliseconds; absent when every packet was lost.
    pub quantiles: Option<[f64; 5]>,
    /// Round-trip times.
    pub count: u64,
    /// Lost packets.
    pub lost: u64,
}

/// Size of the picture and what it shows, in pixels, seconds and milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Width of the whole picture.
    pub width: f64,
    /// Height of the plot without strips.
    pub height: f64,
    /// Left edge of the plot; the axis' labels stand before it.
    pub left: f64,
    /// Space at the right, for labels on the line.
    pub right: f64,
    /// First second shown.
    pub from: i64,
    /// Last second shown.
    pub to: i64,
    /// Length of an interval in seconds.
    pub step_s: i64,
    /// Top of the axis in milliseconds at least; grows with the data.
    pub at_least_ms: f64,
}

/// Everything that the page has to place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Smoke {
    /// Path of the p5–p95 band.
    pub outer: String,
    /// Path of the p25–p75 band.
    pub inner: String,
    /// Path of the median.
    pub median: String,
    /// Lost shares: x, width, height (0 to 1) of each bar.
    pub losses: Vec<(f64, f64, f64)>,
    /// Horizontal lines: y and its value in milliseconds.
    pub rows: Vec<(f64, f64)>,
    /// Vertical lines: x and its second since 1970.
    pub columns: Vec<(f64, i64)>,
    /// Where the median ends: x, y and its value; for the label on the line.
    pub last: Option<(f64, f64, f64)>,
    /// Top of the axis in milliseconds.
    pub top_ms: f64,
}

impl Frame {
    /// Pixels of the time axis.
    pub fn x(&self) -> Scale {
        Scale::new(self.from as f64, self.to as f64, self.left, self.width - self.right)
    }

    /// Pixels of the value axis, for a given top.
    pub fn y(&self, top_ms: f64) -> Scale {
        Scale::new(0.0, top_ms, self.height, 8.0)
    }

    /// The interval under a pixel, as an index into `buckets`.
    pub fn nearest(&self, buckets: &[Bucket], pixel: f64) -> Option<usize> {
        let wanted = self.x().back(pixel) - self.step_s as f64 / 2.0;
        let distance = |b: &Bucket| (b.time as f64 - wanted).abs();
        (0..buckets.len()).min_by(|&a, &b| distance(&buckets[a]).total_cmp(&distance(&buckets[b])))
    }
}

/// Computes the picture. `buckets` are in order of time.
pub fn smoke(frame: &Frame, buckets: &[Bucket]) -> Smoke {
    let highest = buckets.iter().filter_map(|b| b.quantiles.map(|q| q[4])).fold(frame.at_least_ms, f64::max);
    let rows = ticks(highest, 4);
    let top_ms = rows.last().copied().unwrap_or(1.0);
    let (x, y) = (frame.x(), frame.y(top_ms));
    let middle = |bucket: &Bucket| x.at(bucket.time as f64 + frame.step_s as f64 / 2.0);
    let mut picture = Smoke { top_ms, ..Smoke::default() };
    for run in runs(frame, buckets) {
        let points: Vec<(f64, [f64; 5])> = run.iter().filter_map(|b| b.quantiles.map(|q| (middle(b), q.map(|v| y.at(v))))).collect();
        picture.outer.push_str(&band(&points, 0, 4));
        picture.inner.push_str(&band(&points, 1, 3));
        picture.median.push_str(&line(&points));
    }
    let width = (x.at((frame.from + frame.step_s) as f64) - x.at(frame.from as f64)).max(1.0);
    picture.losses =
        buckets.iter().filter(|b| b.lost > 0).map(|b| (x.at(b.time as f64), width, b.lost as f64 / (b.count + b.lost) as f64)).collect();
    picture.rows = rows.into_iter().map(|v| (y.at(v), v)).collect();
    let room = ((frame.width - frame.left - frame.right) / 90.0).max(1.0) as usize;
    picture.columns = time_ticks(frame.from, frame.to, room).into_iter().map(|t| (x.at(t as f64), t)).collect();
    picture.last = buckets.iter().rev().find_map(|b| b.quantiles.map(|q| (middle(b), y.at(q[2]), q[2])));
    picture
}

/// A line through other values on the same axes, such as those of the time before: beginnings of
/// intervals of `step_s` seconds, and their values. It stays inside of the picture, and has a gap where one is missing.
pub fn other_line(frame: &Frame, top_ms: f64, step_s: i64, values: &[(i64, f64)]) -> String {
    let (x, y) = (frame.x(), frame.y(top_ms));
    let inside = |(t, v): &&(i64, f64)| v.is_finite() && (frame.from..=frame.to).contains(&(t + step_s / 2));
    let known: Vec<(i64, f64)> = values.iter().filter(inside).copied().collect();
    let mut path = String::new();
    for run in known.chunk_by(|a, b| b.0 - a.0 <= step_s) {
        let points: Vec<(f64, [f64; 5])> =
            run.iter().map(|(t, v)| (x.at((t + step_s / 2) as f64), [y.at(v.clamp(0.0, top_ms)); 5])).collect();
        path.push_str(&line(&points));
    }
    path
}

/// Splits at every interval that is missing or has no round-trip time.
fn runs<'a>(frame: &Frame, buckets: &'a [Bucket]) -> Vec<&'a [Bucket]> {
    let step = frame.step_s;
    buckets
        .chunk_by(|a, b| a.quantiles.is_some() && b.quantiles.is_some() && b.time - a.time <= step)
        .filter(|run| run[0].quantiles.is_some())
        .collect()
}

fn band(points: &[(f64, [f64; 5])], low: usize, high: usize) -> String {
    let corner = |x: f64, y: f64| format!("{},{}", coordinate(x), coordinate(y));
    // A lone interval still has to be seen: it gets a width of two pixels.
    let lone: Vec<(f64, [f64; 5])>;
    let points = match points {
        [(x, q)] => {
            lone = vec![(x - 1.0, *q), (x + 1.0, *q)];
            &lone
        }
        all => all,
    };
    let there = points.iter().map(|(x, q)| corner(*x, q[high]));
    let back = points.iter().rev().map(|(x, q)| corner(*x, q[low]));
    let all: Vec<String> = there.chain(back).collect();
    if all.is_empty() { String::new() } else { format!("M{}Z", all.join("L")) }
}

fn line(points: &[(f64, [f64; 5])]) -> String {
    let all: Vec<String> = points.iter().map(|(x, q)| format!("{},{}", coordinate(*x), coordinate(q[2]))).collect();
    match all.len() {
        0 => String::new(),
        1 => format!("M{}h0.1", all[0]),
        _ => format!("M{}", all.join("L")),
    }
}

/// A line without axes, `width` × `height` pixels; `None` is a gap.
pub fn sparkline(values: &[Option<f64>], width: f64, height: f64) -> String {
    let known = || values.iter().flatten().copied().filter(|v| v.is_finite());
    let (low, high) = known().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return String::new();
    }
    let margin = ((high - low) * 0.1).max(0.5);
    let y = Scale::new(low - margin, high + margin, height - 1.0, 1.0);
    let x = Scale::new(0.0, values.len().saturating_sub(1).max(1) as f64, 1.0, width - 1.0);
    let mut path = String::new();
    let mut pen_down = false;
    for (index, value) in values.iter().enumerate() {
        let Some(value) = value.filter(|v| v.is_finite()) else {
            pen_down = false;
            continue;
        };
        let command = if pen_down { 'L' } else { 'M' };
        path.push_str(&format!("{command}{},{}", coordinate(x.at(index as f64)), coordinate(y.at(value))));
        pen_down = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame() -> Frame {
        Frame { width: 640.0, height: 200.0, left: 40.0, right: 40.0, from: 0, to: 3600, step_s: 600, at_least_ms: 1.0 }
    }

    fn bucket(time: i64, median: f64) -> Bucket {
        let quantiles = Some([median * 0.8, median * 0.9, median, median * 1.1, median * 1.3]);
        Bucket { time, quantiles, count: 10, lost: 0 }
    }

    #[test]
    fn the_picture_of_three_intervals() {
        let picture = smoke(&frame(), &[bucket(0, 10.0), bucket(600, 12.0), bucket(1800, 10.0)]);
        assert_eq!(picture.top_ms, 20.0);
        assert_eq!(picture.median, "M86.7,104L180,84.8M366.7,104h0.1");
        assert_eq!(picture.inner.matches('M').count(), 2, "a missing interval is a gap");
        assert_eq!(picture.rows.len(), 5);
        assert_eq!(picture.last.map(|l| l.2), Some(10.0));
    }

    #[test]
    fn loss_has_a_height_and_total_loss_is_a_gap_in_the_line() {
        let dead = Bucket { time: 600, quantiles: None, count: 0, lost: 5 };
        let half = Bucket { lost: 10, ..bucket(1200, 10.0) };
        let picture = smoke(&frame(), &[bucket(0, 10.0), dead, half]);
        let heights: Vec<f64> = picture.losses.iter().map(|l| l.2).collect();
        assert_eq!(heights, [1.0, 0.5]);
        assert_eq!(picture.median.matches('M').count(), 2);
    }

    #[test]
    fn another_line_has_gaps_and_stays_inside() {
        let line = other_line(&frame(), 20.0, 600, &[(-600, 5.0), (0, 10.0), (600, 30.0), (1800, f64::NAN), (2400, 10.0), (3600, 1.0)]);
        assert_eq!(line, "M86.7,104L180,8M460,104h0.1");
        assert_eq!(other_line(&frame(), 20.0, 600, &[]), "");
    }

    #[test]
    fn nothing_is_drawn_without_samples() {
        let picture = smoke(&frame(), &[]);
        assert_eq!((picture.median.as_str(), picture.last), ("", None));
        assert_eq!(sparkline(&[None, None], 60.0, 16.0), "");
    }

    #[test]
    fn the_nearest_interval_is_found() {
        let buckets = [bucket(0, 1.0), bucket(600, 1.0), bucket(1200, 1.0)];
        assert_eq!(frame().nearest(&buckets, 0.0), Some(0));
        assert_eq!(frame().nearest(&buckets, 190.0), Some(1));
        assert_eq!(frame().nearest(&buckets, 9999.0), Some(2));
        assert_eq!(frame().nearest(&[], 10.0), None);
    }

    proptest! {
        #[test]
        fn every_point_lies_in_the_picture(values in proptest::collection::vec(0.01f64..5000.0, 1..60)) {
            let buckets: Vec<Bucket> = values.iter().enumerate().map(|(n, &v)| bucket(n as i64 * 60, v)).collect();
            let picture = smoke(&Frame { step_s: 60, ..frame() }, &buckets);
            for pair in picture.outer.split(['M', 'L', 'Z']).filter(|p| !p.is_empty()) {
                let (x, y) = pair.split_once(',').expect("x,y");
                let (x, y): (f64, f64) = (x.parse().expect("x"), y.parse().expect("y"));
                prop_assert!((39.0..=601.0).contains(&x) && (0.0..=200.1).contains(&y), "{},{}", x, y);
            }
        }
    }
}
