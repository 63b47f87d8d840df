//! From values to pixels, and the values worth a label.

/// A straight line from a range of values to a range of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// Maps `from..to` to `start..end`. An empty range of values maps to the start.
    pub fn new(from: f64, to: f64, start: f64, end: f64) -> Self {
        Scale { from, to, start, end }
    }

    /// The pixel of a value.
    pub fn at(&self, value: f64) -> f64 {
        let span = self.to - self.from;
        if span == 0.0 {
            return self.start;
        }
        self.start + (value - self.from) / span * (self.end - self.start)
    }

    /// The value at a pixel.
    pub fn back(&self, pixel: f64) -> f64 {
        let span = self.end - self.start;
        if span == 0.0 {
            return self.from;
        }
        self.from + (pixel - self.start) / span * (self.to - self.from)
    }
}

/// The smallest of 1, 2, 5 × 10ⁿ that is not below `value`.
pub fn nice(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|&n| n >= value * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// Round values from 0 to at least `most`, about `count` steps apart; the last one is the axis' end.
pub fn ticks(most: f64, count: usize) -> Vec<f64> {
    let step = nice(most.max(f64::MIN_POSITIVE) / count.max(1) as f64);
    let last = (most / step - 1e-9).ceil().max(1.0) as usize;
    (0..=last.min(1000)).map(|n| n as f64 * step).collect()
}

/// Seconds since 1970 worth a label between `from` and `to`: at most `most` of them.
pub fn time_ticks(from: i64, to: i64, most: usize) -> Vec<i64> {
    const STEPS: [i64; 20] =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000];
    let span = (to - from).max(1);
    let fits = |step: &&i64| span / **step <= most.max(1) as i64;
    let step = STEPS.iter().find(fits).copied().unwrap_or(span);
    let first = from + (step - from.rem_euclid(step)) % step;
    (0..).map(|n| first + n * step).take_while(|&t| t <= to).take(1000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round_and_reach_the_top() {
        assert_eq!(ticks(18.4, 4), [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!(ticks(0.9, 3), [0.0, 0.5, 1.0]);
        assert_eq!(ticks(0.0, 4).len(), 2);
    }

    #[test]
    fn time_ticks_stand_at_round_hours() {
        assert_eq!(time_ticks(3601, 4 * 3600, 4), [7200, 10_800, 14_400]);
        assert_eq!(time_ticks(0, 0, 4), [0]);
    }

    proptest! {
        #[test]
        fn a_scale_can_be_undone(from in -1e6f64..1e6, span in 1e-3f64..1e6, value in 0.0f64..1.0) {
            let scale = Scale::new(from, from + span, 40.0, 900.0);
            let v = from + span * value;
            prop_assert!((scale.back(scale.at(v)) - v).abs() < 1e-6 * span.max(1.0));
        }

        #[test]
        fn the_last_tick_covers_the_largest_value(most in 1e-6f64..1e6, count in 1usize..10) {
            let all = ticks(most, count);
            prop_assert!(all[all.len() - 1] >= most * (1.0 - 1e-6));
            prop_assert!(all.len() <= count * 3 + 2);
        }

        #[test]
        fn time_ticks_are_in_the_window(from in 0i64..2_000_000_000, span in 0i64..5_000_000, most in 1usize..12) {
            let all = time_ticks(from, from + span, most);
            prop_assert!(all.iter().all(|t| (from..=from + span).contains(t)));
            prop_assert!(all.len() <= most + 1);
        }
    }
}
