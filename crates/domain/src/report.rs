//! The weeks and months of which is reported, in UTC.

use crate::Timestamp;
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let check = |span: Span, at: &str, from: &str, to: &str| {
            let found = span.holding(at.parse().expect("moment"));
            assert_eq!(
                (found.from.to_string()[..10].to_owned(), found.last().to_string()[..10].to_owned()),
                (from.to_owned(), to.to_owned()),
                "{at}"
            );
        };
        check(Span::Week, "2026-11-22T23:59:59Z", "2026-11-16", "2026-11-22");
        check(Span::Week, "2026-11-23T00:00:00Z", "2026-11-23", "2026-11-29");
        check(Span::Month, "2026-11-22T10:00:00Z", "2026-11-01", "2026-11-30");
        check(Span::Month, "2028-02-29T10:00:00Z", "2028-02-01", "2028-02-29");
        check(Span::Month, "2027-02-01T00:00:00Z", "2027-02-01", "2027-02-28");
        check(Span::Month, "2026-12-31T23:00:00Z", "2026-12-01", "2026-12-31");
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
