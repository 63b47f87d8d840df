//! How an error budget was spent: a line that climbs towards the one at which it is gone.

use crate::{
    coordinate,
    scale::{Scale, ticks},
};

/// What the page has to place; pixels, and shares of the budget.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spent {
    /// Path of the line.
    pub line: String,
    /// The same, closed at the bottom.
    pub area: String,
    /// Where the budget is gone.
    pub gone_y: f64,
    /// Horizontal lines: y and percent of the budget.
    pub rows: Vec<(f64, f64)>,
    /// Where it ends.
    pub end: Option<(f64, f64)>,
}

/// Places the course of a budget: beginnings of days and shares spent by their ends, in order.
pub fn spent(course: &[(i64, f64)], from: i64, to: i64, (left, width, height): (f64, f64, f64)) -> Spent {
    const DAY: i64 = 86_400;
    let highest = course.iter().map(|(_, share)| share * 100.0).filter(|percent| percent.is_finite()).fold(100.0, f64::max);
    let rows = ticks(highest, 3);
    let top = rows.last().copied().unwrap_or(100.0);
    let (x, y) = (Scale::new(from as f64, to as f64, left, width), Scale::new(0.0, top, height, 6.0));
    let inside = |at: i64| x.at(at.clamp(from, to) as f64);
    let mut points: Vec<(f64, f64)> = vec![];
    let mut before = 0.0;
    for (at, share) in course.iter().filter(|(_, share)| share.is_finite()) {
        points.extend([(inside(*at), y.at(before)), (inside(at + DAY), y.at(share * 100.0))]);
        before = share * 100.0;
    }
    let text: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", coordinate(*x), coordinate(*y))).collect();
    let (line, area) = match (points.first(), points.last()) {
        (Some(first), Some(last)) => {
            let line = format!("M{}", text.join("L"));
            let area = format!("{line}L{},{}L{},{}Z", coordinate(last.0), coordinate(height), coordinate(first.0), coordinate(height));
            (line, area)
        }
        _ => (String::new(), String::new()),
    };
    Spent { line, area, gone_y: y.at(100.0), rows: rows.into_iter().map(|v| (y.at(v), v)).collect(), end: points.last().copied() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400;

    #[test]
    fn a_budget_climbs_to_where_it_is_gone() {
        let found = spent(&[(0, 0.5), (DAY, 1.0)], 0, 2 * DAY, (0.0, 100.0, 106.0));
        assert_eq!(found.line, "M0,106L50,56L50,56L100,6");
        assert_eq!((found.gone_y, found.end), (6.0, Some((100.0, 6.0))));
        assert_eq!(spent(&[], 0, DAY, (0.0, 100.0, 50.0)).line, "");
    }

    proptest! {
        #[test]
        fn every_point_lies_in_the_picture(shares in prop::collection::vec(0.0f64..20.0, 0..40)) {
            let course: Vec<(i64, f64)> = shares.iter().enumerate().map(|(n, share)| (n as i64 * DAY, *share)).collect();
            let found = spent(&course, 0, 30 * DAY, (30.0, 300.0, 90.0));
            for pair in found.area.split(['M', 'L', 'Z']).filter(|pair| !pair.is_empty()) {
                let (x, y) = pair.split_once(',').expect("x,y");
                let (x, y): (f64, f64) = (x.parse().expect("x"), y.parse().expect("y"));
                prop_assert!((29.9..=300.1).contains(&x) && (5.9..=90.1).contains(&y), "{x},{y}");
            }
        }
    }
}
