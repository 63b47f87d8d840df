//! What a page looks at: a window up to now, or a span.

use crate::{Step, Window};

/// What a page looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The last hours or days.
    Last(Window),
    /// From one moment to another, in seconds since 1970.
    Span(i64, i64),
}

/// Shortest span, in seconds.
pub const SHORTEST_S: i64 = 600;
/// Longest span, in seconds: as long as anything is kept.
pub const LONGEST_S: i64 = 400 * 86_400;
/// Most intervals of a picture.
const POINTS: usize = 800;

impl View {
    /// A span between two moments, whichever comes first, of a length that can be drawn.
    pub fn between(one: i64, other: i64) -> View {
        let (from, to) = (one.min(other).max(0), one.max(other).max(0));
        let length = (to - from).clamp(SHORTEST_S, LONGEST_S);
        // What is too short grows on both sides.
        let middle = from + (to - from) / 2;
        if to - from == length {
            View::Span(from, to)
        } else {
            View::Span((middle - length / 2).max(0), (middle - length / 2).max(0) + length)
        }
    }

    /// First and last second, and the interval in which it is drawn. The last interval of a window
    /// is the one that is going on.
    pub fn bounds(self, now: i64) -> (i64, i64, Step) {
        match self {
            View::Last(window) => {
                let step = window.step();
                let to = step.start_of(now) + step.secs();
                (to - window.secs(), to, step)
            }
            View::Span(from, to) => {
                let step = Step::for_span(from, to, now, POINTS);
                let to = step.start_of(to - 1) + step.secs();
                (step.start_of(from).max(to - LONGEST_S), to, step)
            }
        }
    }

    /// The span that is asked for, or the closest one that can be shown, and whether it is another one: from
    /// the earlier to the later moment, of a length that can be drawn, with nothing of what is to come. One that
    /// only ends in what is to come is moved to where that begins, as when somebody zooms out.
    pub fn nearest(one: i64, other: i64, now: i64) -> (View, bool) {
        let (from, to) = (one.min(other), one.max(other));
        let length = to.saturating_sub(from).clamp(SHORTEST_S, LONGEST_S);
        let is_other = one > other || length != to.saturating_sub(from) || from >= now;
        // The interval that goes on ends later.
        let (_, latest, _) = View::Span(now - length, now).bounds(now);
        let to = if from >= now { now } else { to.min(latest.max(now)) };
        if is_other && from < now && length == SHORTEST_S {
            (View::between(from, to), true)
        } else {
            (View::Span((to - length).max(0), to), is_other)
        }
    }

    /// As long a time as this one, that ended when this one begins, and the interval in which it is
    /// looked at: about as many as a small picture shows.
    pub fn earlier(self, now: i64) -> (i64, i64, Step) {
        let (from, to, _) = self.bounds(now);
        let length = to - from;
        let finest = match length {
            ..=86_400 => Step::TenMinutes,
            86_401..=604_800 => Step::Hour,
            _ => Step::Day,
        };
        let mut kept = Step::LADDER.into_iter().filter(|step| *step >= finest && step.reaches(from - length, now));
        let step = kept.next().unwrap_or(Step::Day);
        (step.start_of(from - length), step.start_of(from), step)
    }

    /// The same span, moved by a share of its length (1: by all of it) and as many times as long.
    pub fn changed(self, now: i64, moved: f64, times: f64) -> View {
        let (from, to, _) = self.bounds(now);
        let (length, middle) = ((to - from) as f64, from as f64 + (to - from) as f64 / 2.0);
        let (middle, half) = (middle + moved * length, length * times / 2.0);
        let (from, to) = ((middle - half) as i64, (middle + half) as i64);
        // Nothing is known of what comes.
        let late = (to - now).max(0);
        View::between(from - late, to - late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_800_000_123;

    #[test]
    fn windows_end_with_the_interval_that_is_going_on() {
        let (from, to, step) = View::Last(Window::D1).bounds(NOW);
        assert_eq!((to - from, step, to > NOW, to - step.secs() <= NOW), (86_400, Step::TenMinutes, true, true));
    }

    #[test]
    fn spans_of_any_length_can_be_drawn() {
        let check = |from: i64, to: i64, step: Step| assert_eq!(View::between(from, to).bounds(NOW).2, step, "{from} {to}");
        check(NOW - 3600, NOW, Step::Minute);
        check(NOW, NOW - 3600, Step::Minute);
        check(NOW - 3 * 86_400, NOW, Step::TenMinutes);
        check(NOW - 30 * 86_400, NOW, Step::Hour);
        check(NOW - 300 * 86_400, NOW, Step::Day);
        check(NOW - 20 * 86_400, NOW - 20 * 86_400 + 3600, Step::Hour);
        assert_eq!(View::between(1000, 1000), View::Span(700, 1300));
    }

    #[test]
    fn what_cannot_be_shown_becomes_what_is_closest() {
        let check = |from: i64, to: i64, expected: View| assert_eq!(View::nearest(from, to, NOW).0, expected, "{from} {to}");
        check(NOW - 7200, NOW - 3600, View::Span(NOW - 7200, NOW - 3600));
        check(NOW - 3600, NOW - 7200, View::Span(NOW - 7200, NOW - 3600));
        check(0, NOW, View::Span(NOW - LONGEST_S, NOW));
        check(NOW + 3600, NOW + 7200, View::Span(NOW - 3600, NOW));
        check(NOW - 3600, NOW - 3540, View::Span(NOW - 3870, NOW - 3270));
        // The minute that goes on.
        check(NOW - 3600, NOW + 3600, View::Span(NOW - 7200 + 57, NOW + 57));
        for (from, to) in [(i64::MIN, i64::MAX), (NOW - 3600, i64::MAX), (99 * NOW, 100 * NOW)] {
            let (view, _) = View::nearest(from, to, NOW);
            let View::Span(from, to) = view else { panic!("a span") };
            assert!((NOW..=NOW + 86_400).contains(&to) && to - from == LONGEST_S, "{view:?}");
        }
        let is_other = |from: i64, to: i64| View::nearest(from, to, NOW).1;
        assert!(!is_other(NOW - 7200, NOW - 3600) && !is_other(NOW - 3600, NOW + 3600));
        assert!(is_other(NOW - 3600, NOW - 7200) && is_other(0, NOW) && is_other(NOW, NOW + 3600) && is_other(NOW - 60, NOW));
    }

    #[test]
    fn the_time_before_is_as_long_and_looked_at_as_it_is_kept() {
        let check = |view: View, length: i64, step: Step| {
            let (from, _, _) = view.bounds(NOW);
            let earlier = view.earlier(NOW);
            assert_eq!((earlier.1 - earlier.0, earlier.2), (length, step), "{view:?}");
            assert!(earlier.1 <= from && from - earlier.1 < step.secs(), "{view:?}");
        };
        check(View::Last(Window::D1), 86_400, Step::TenMinutes);
        check(View::Last(Window::D7), 7 * 86_400, Step::Hour);
        check(View::Last(Window::D30), 30 * 86_400, Step::Day);
        check(View::between(NOW - 20 * 86_400, NOW - 20 * 86_400 + 7200), 10_800, Step::Hour);
    }

    proptest! {
        #[test]
        fn zooming_and_panning_stay_in_what_can_be_known(
            from in 0i64..4_000_000_000, length in 0i64..900_000_000, moved in -1.0f64..1.0, times in 0.1f64..10.0,
        ) {
            let view = View::between(from, from.saturating_add(length)).changed(NOW, moved, times);
            let (from, to, step) = view.bounds(NOW);
            prop_assert!(from >= 0 && to > from && to - from <= LONGEST_S);
            prop_assert!((to - from) / step.secs() <= POINTS as i64 + 2);
        }

        #[test]
        fn what_is_zoomed_in_and_out_again_is_the_same_but_for_an_interval(hours in 2i64..600) {
            let view = View::between(NOW - hours * 3600 - 86_400, NOW - 86_400);
            let (from, to, step) = view.bounds(NOW);
            let (from_2, to_2, step_2) = view.changed(NOW, 0.0, 0.5).changed(NOW, 0.0, 2.0).bounds(NOW);
            // A span that just fitted into fine intervals may come back in coarse ones.
            let most = 4 * step.secs().max(step_2.secs());
            prop_assert!((from - from_2).abs() <= most && (to - to_2).abs() <= most);
        }
    }
}
