//! The weeks and months of which is reported, in UTC, and what a report says first.

use crate::{Language, Text, Timestamp, say};
use serde::{Deserialize, Serialize};

const DAY: i64 = 86_400;

/// Of how long a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// From Monday to Sunday (ISO 8601).
    Week,
    /// A calendar month.
    Month,
}

/// One week or month: its first moment, and the first behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Which of the two.
    pub span: Span,
    /// First moment.
    pub from: Timestamp,
    /// First moment behind it.
    pub to: Timestamp,
}

impl Span {
    /// Both.
    pub const ALL: [Span; 2] = [Span::Week, Span::Month];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Span::Week => "week",
            Span::Month => "month",
        }
    }

    /// The span of a word.
    pub fn of(word: &str) -> Option<Span> {
        Span::ALL.into_iter().find(|span| span.word() == word)
    }

    /// The week or month that a moment lies in.
    pub fn holding(self, at: Timestamp) -> Period {
        let from = self.start(at);
        // The longest month has 31 days: behind it lies the next one.
        let to = self.start(from.plus_secs(if self == Span::Week { 7 * DAY } else { 31 * DAY + DAY / 2 }));
        Period { span: self, from, to }
    }

    fn start(self, at: Timestamp) -> Timestamp {
        let day = at.secs().div_euclid(DAY);
        let back = match self {
            // The first of January 1970 was a Thursday.
            Span::Week => (day + 3).rem_euclid(7),
            Span::Month => at.to_string()[8..10].parse::<i64>().unwrap_or(1) - 1,
        };
        Timestamp::from_secs((day - back) * DAY)
    }
}

impl Period {
    /// The one before.
    pub fn before(self) -> Period {
        self.span.holding(self.from.plus_secs(-1))
    }

    /// The one behind.
    pub fn behind(self) -> Period {
        self.span.holding(self.to)
    }

    /// Its last day.
    pub fn last(self) -> Timestamp {
        self.to.plus_secs(-1)
    }
}

/// Below this many milliseconds two medians are as good as the same.
const SAME_MS: f64 = 0.05;

/// A report in one or two sentences: its median in ms, the one of the time before, and which connection
/// is slowest. Numbers are written as readers of `language` do.
pub fn headline(span: Span, median_ms: Option<f64>, before_ms: Option<f64>, slowest: Option<(&str, f64)>, language: Language) -> Vec<Text> {
    let Some(median) = median_ms else { return vec![say!("report.nothing", "Nothing was measured.")] };
    let (ms, by) = (language.ms(Some(median)), before_ms.map(|before| median - before));
    let size = language.ms(by.map(f64::abs));
    let compared = match (by, span) {
        (None, _) => say!("report.first", "Median {ms}, with nothing to compare yet.", ms = ms),
        (Some(by), Span::Week) if by <= -SAME_MS => {
            say!("report.better_week", "Median {ms}, {by} better than the week before.", ms = ms, by = size)
        }
        (Some(by), Span::Month) if by <= -SAME_MS => {
            say!("report.better_month", "Median {ms}, {by} better than the month before.", ms = ms, by = size)
        }
        (Some(by), Span::Week) if by >= SAME_MS => {
            say!("report.slower_week", "Median {ms}, {by} slower than the week before.", ms = ms, by = size)
        }
        (Some(by), Span::Month) if by >= SAME_MS => {
            say!("report.slower_month", "Median {ms}, {by} slower than the month before.", ms = ms, by = size)
        }
        (Some(_), Span::Week) => say!("report.same_week", "Median {ms}, as in the week before.", ms = ms),
        (Some(_), Span::Month) => say!("report.same_month", "Median {ms}, as in the month before.", ms = ms),
    };
    let slowest = slowest.map(|(name, ms)| say!("report.slowest", "Slowest: {name}, {ms}.", name = name, ms = language.ms(Some(ms))));
    [Some(compared), slowest].into_iter().flatten().collect()
}

impl Period {
    /// What the week or month is called.
    pub fn name(self, language: Language) -> Text {
        match self.span {
            Span::Week => say!("report.week", "Week from {from} to {to}", from = language.date(self.from), to = language.date(self.last())),
            Span::Month => say!("report.month", "{month}", month = language.month(self.from)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let check = |span: Span, at: &str, from: &str, to: &str| {
            let found = span.holding(at.parse().expect("moment"));
            assert_eq!((found.from.iso_date(), found.last().iso_date()), (from.to_owned(), to.to_owned()), "{at}");
        };
        check(Span::Week, "2026-11-22T23:59:59Z", "2026-11-16", "2026-11-22");
        check(Span::Week, "2026-11-23T00:00:00Z", "2026-11-23", "2026-11-29");
        check(Span::Month, "2026-11-22T10:00:00Z", "2026-11-01", "2026-11-30");
        check(Span::Month, "2028-02-29T10:00:00Z", "2028-02-01", "2028-02-29");
        check(Span::Month, "2027-02-01T00:00:00Z", "2027-02-01", "2027-02-28");
        check(Span::Month, "2026-12-31T23:00:00Z", "2026-12-01", "2026-12-31");
    }

    #[test]
    fn a_report_begins_with_what_changed() {
        let check = |span, median, before, expected: &str| {
            let said = headline(span, median, before, Some(("Oslo", 21.04)), Language::En);
            let said: Vec<&str> = said.iter().map(Text::english).collect();
            assert_eq!(said.join(" "), expected);
        };
        check(Span::Week, Some(12.4), Some(13.5), "Median 12.4 ms, 1.1 ms better than the week before. Slowest: Oslo, 21.0 ms.");
        check(Span::Month, Some(12.4), Some(12.0), "Median 12.4 ms, 0.4 ms slower than the month before. Slowest: Oslo, 21.0 ms.");
        check(Span::Week, Some(12.4), Some(12.42), "Median 12.4 ms, as in the week before. Slowest: Oslo, 21.0 ms.");
        check(Span::Week, Some(12.4), None, "Median 12.4 ms, with nothing to compare yet. Slowest: Oslo, 21.0 ms.");
        check(Span::Month, None, Some(12.0), "Nothing was measured.");
        assert_eq!(headline(Span::Week, Some(12.4), None, None, Language::Fr)[0].value("ms"), "12,4 ms");
    }

    proptest! {
        #[test]
        fn periods_stand_side_by_side_and_hold_their_moment(secs in 40_000_000i64..8_000_000_000, week in any::<bool>()) {
            let at = Timestamp::from_secs(secs);
            let found = if week { Span::Week } else { Span::Month }.holding(at);
            prop_assert!(found.from <= at && at < found.to);
            prop_assert_eq!(found.behind().before(), found);
            prop_assert_eq!(found.before().to, found.from);
        }
    }
}
