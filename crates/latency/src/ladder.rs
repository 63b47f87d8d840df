//! The intervals in which latency is kept, and the windows in which it is shown.

use serde::{Deserialize, Serialize};

/// Length of an interval. Intervals begin at multiples of it since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Step {
    /// 1 minute.
    Minute,
    /// 10 minutes.
    TenMinutes,
    /// 1 hour.
    Hour,
    /// 1 day.
    Day,
}

impl Step {
    /// The ladder, finest first.
    pub const LADDER: [Step; 4] = [Step::Minute, Step::TenMinutes, Step::Hour, Step::Day];

    /// Length in seconds.
    pub fn secs(self) -> i64 {
        match self {
            Step::Minute => 60,
            Step::TenMinutes => 600,
            Step::Hour => 3600,
            Step::Day => 86_400,
        }
    }

    /// Beginning of the interval that holds the moment, in seconds since 1970.
    pub fn start_of(self, secs: i64) -> i64 {
        secs - secs.rem_euclid(self.secs())
    }

    /// How long intervals of this length are kept, in days.
    pub fn kept_days(self) -> i64 {
        match self {
            Step::Minute => 3,
            Step::TenMinutes => 14,
            Step::Hour => 120,
            Step::Day => 400,
        }
    }

    /// Whether intervals of this length are kept at `now` of everything since `from`.
    pub fn reaches(self, from: i64, now: i64) -> bool {
        now - from <= self.kept_days() * 86_400
    }

    /// The finest step that covers a span with at most `max_points` intervals, all of which are kept
    /// at `now`; a day where there is none.
    pub fn for_span(from: i64, to: i64, now: i64, max_points: usize) -> Step {
        // With those at both ends of which only a part belongs to it.
        let points = |step: Step| ((step.start_of(to - 1) - step.start_of(from)) / step.secs() + 1).unsigned_abs() as usize;
        let fits = |step: &Step| points(*step) <= max_points.max(1) && step.reaches(from, now);
        Self::LADDER.into_iter().find(fits).unwrap_or(Step::Day)
    }
}

/// How far back a page looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// 6 hours.
    H6,
    /// 12 hours.
    H12,
    /// 1 day.
    #[default]
    D1,
    /// 7 days.
    D7,
    /// 30 days.
    D30,
}

impl Window {
    /// The windows, shortest first.
    pub const ALL: [Window; 5] = [Window::H6, Window::H12, Window::D1, Window::D7, Window::D30];

    /// The word in URLs and on buttons.
    pub fn word(self) -> &'static str {
        match self {
            Window::H6 => "6h",
            Window::H12 => "12h",
            Window::D1 => "1d",
            Window::D7 => "7d",
            Window::D30 => "30d",
        }
    }

    /// From the word.
    pub fn of(word: &str) -> Option<Window> {
        Self::ALL.into_iter().find(|w| w.word() == word)
    }

    /// Length in seconds.
    pub fn secs(self) -> i64 {
        match self {
            Window::H6 => 6 * 3600,
            Window::H12 => 12 * 3600,
            Window::D1 => 86_400,
            Window::D7 => 7 * 86_400,
            Window::D30 => 30 * 86_400,
        }
    }

    /// The interval in which the window is drawn.
    pub fn step(self) -> Step {
        match self {
            Window::H6 => Step::Minute,
            Window::H12 | Window::D1 => Step::TenMinutes,
            Window::D7 | Window::D30 => Step::Hour,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_fits_the_span() {
        const NOW: i64 = 1_800_000_000;
        let check = |ago, span, points, step| assert_eq!(Step::for_span(NOW - ago, NOW - ago + span, NOW, points), step);
        check(6 * 3600, 6 * 3600, 600, Step::Minute);
        check(86_400, 86_400, 600, Step::TenMinutes);
        check(30 * 86_400, 30 * 86_400, 600, Step::Day);
        check(30 * 86_400, 30 * 86_400, 720, Step::Hour);
        check(1, 1, 0, Step::Minute);
        check(3630, 3600, 60, Step::TenMinutes);
        // What is not kept as finely cannot be drawn as finely.
        check(4 * 86_400, 3600, 600, Step::TenMinutes);
        check(7 * 86_400, 7 * 86_400, 100_000, Step::TenMinutes);
        check(15 * 86_400, 3600, 600, Step::Hour);
        check(121 * 86_400, 3600, 600, Step::Day);
    }

    #[test]
    fn intervals_begin_at_multiples() {
        assert_eq!(Step::Hour.start_of(7199), 3600);
        assert_eq!(Step::Hour.start_of(-1), -3600);
    }

    #[test]
    fn windows_have_words() {
        assert_eq!(Window::of("7d"), Some(Window::D7));
        assert_eq!(Window::of("<script>"), None);
    }
}
