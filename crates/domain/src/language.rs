//! The languages in which people are spoken to, and how numbers and days are written in them.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// A language of the portal, by its code (ISO 639-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Swedish.
    Sv,
    /// Dutch.
    Nl,
    /// French.
    Fr,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 4] = [Language::En, Language::Sv, Language::Nl, Language::Fr];

    /// The code, as in `lang` attributes and addresses.
    pub fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Sv => "sv",
            Language::Nl => "nl",
            Language::Fr => "fr",
        }
    }

    /// What its speakers call it.
    pub fn own_name(self) -> &'static str {
        match self {
            Language::En => "English",
            Language::Sv => "Svenska",
            Language::Nl => "Nederlands",
            Language::Fr => "Français",
        }
    }

    /// The language of a tag such as `sv` or `fr-CA` (RFC 5646): its first part counts.
    pub fn of(tag: &str) -> Option<Language> {
        let first = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(first))
    }

    /// What an `Accept-Language` header likes best of these (RFC 9110 §12.5.4); the first of several
    /// that it likes equally.
    pub fn preferred(accept: &str) -> Option<Language> {
        let liked = accept.split(',').filter_map(|part| {
            let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight: f64 = weight.trim().strip_prefix("q=")?.parse().ok()?;
            Some((Language::of(tag)?, weight)).filter(|(_, weight)| *weight > 0.0)
        });
        let better = |best: Option<(Language, f64)>, it: (Language, f64)| best.filter(|best| best.1 >= it.1).or(Some(it));
        liked.fold(None, better).map(|(language, _)| language)
    }

    /// A number with so many places behind the decimal mark.
    pub fn decimal(self, value: f64, places: usize) -> String {
        self.marked(format!("{value:.places$}"))
    }

    /// The same with its sign, whichever it is.
    pub fn signed(self, value: f64, places: usize) -> String {
        self.marked(format!("{value:+.places$}"))
    }

    /// A number with as many places as it has.
    pub fn number(self, value: f64) -> String {
        self.marked(value.to_string())
    }

    /// A number that is written with a decimal point already, and a hyphen where it is negative.
    pub fn marked(self, text: String) -> String {
        let text = text.strip_prefix('-').map(|rest| format!("−{rest}")).unwrap_or(text);
        match self {
            Language::En => text,
            Language::Sv | Language::Nl | Language::Fr => text.replace('.', ","),
        }
    }

    /// What stands between a word and what is said of it.
    pub fn colon(self) -> &'static str {
        match self {
            Language::Fr => "\u{a0}: ",
            Language::En | Language::Sv | Language::Nl => ": ",
        }
    }

    /// The signs of an hour and of a day.
    fn units(self) -> (&'static str, &'static str) {
        match self {
            Language::En | Language::Sv => ("h", "d"),
            Language::Nl => ("u", "d"),
            Language::Fr => ("h", "j"),
        }
    }

    /// So many hours; whole days as days from the first one on.
    pub fn hours(self, hours: i64) -> String {
        let (hour, day) = self.units();
        if hours >= 24 && hours % 24 == 0 { format!("{} {day}", hours / 24) } else { format!("{hours} {hour}") }
    }

    /// How much of something is spent, in percent; from ten times of it on, as how many times.
    pub fn spent(self, percent: f64) -> String {
        if percent < 1000.0 { self.percent_sign(self.number(percent)) } else { format!("{} ×", self.number(percent / 100.0)) }
    }

    /// Milliseconds with one decimal and their unit; a dash where there are none.
    pub fn ms(self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |ms| format!("{} ms", self.decimal(ms, 1)))
    }

    /// A share, 0 to 1, in percent with so many places; a dash where there is none.
    pub fn percent(self, share: Option<f64>, places: usize) -> String {
        share.map_or_else(|| "–".to_owned(), |share| self.percent_sign(self.decimal(share * 100.0, places)))
    }

    /// A number that is written already, as percent.
    pub fn percent_sign(self, number: String) -> String {
        match self {
            Language::Nl => number + "%",
            Language::En | Language::Sv | Language::Fr => number + " %",
        }
    }

    /// `20 Nov 2026`
    pub fn date(self, at: Timestamp) -> String {
        let (year, ..) = at.day();
        format!("{} {year}", self.short_date(at))
    }

    /// `20 Nov`
    pub fn short_date(self, at: Timestamp) -> String {
        let (_, month, day) = at.day();
        format!("{day} {}", self.months()[usize::from(month - 1)])
    }

    /// How long ago in the largest fitting unit: `12 min`, `5 h`, `3 d`.
    pub fn age(self, at: Timestamp, now: Timestamp) -> String {
        let (hour, day) = self.units();
        match now.since(at).max(0) {
            s @ 0..60 => format!("{s} s"),
            s @ 60..3600 => format!("{} min", s / 60),
            s @ 3600..172_800 => format!("{} {hour}", s / 3600),
            s => format!("{} {day}", s / 86_400),
        }
    }

    /// `November 2026`
    pub fn month(self, at: Timestamp) -> String {
        let (year, month, _) = at.day();
        let names = match self {
            Language::En => {
                ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
            }
            Language::Sv => {
                ["januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"]
            }
            Language::Nl => {
                ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"]
            }
            Language::Fr => {
                ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"]
            }
        };
        format!("{} {year}", names[usize::from(month - 1)])
    }

    /// Abbreviated months (Unicode CLDR, `format-abbreviated`).
    fn months(self) -> [&'static str; 12] {
        match self {
            Language::En => ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
            Language::Sv => ["jan.", "feb.", "mars", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."],
            Language::Nl => ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
            Language::Fr => ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_that_there_is_counts() {
        let check = |accept: &str, expected: Option<Language>| assert_eq!(Language::preferred(accept), expected, "{accept}");
        check("sv", Some(Language::Sv));
        check("de, fr-CH;q=0.8, en;q=0.7", Some(Language::Fr));
        check("en;q=0.3, nl;q=0.9", Some(Language::Nl));
        check("nl, sv", Some(Language::Nl));
        check("FR-fr", Some(Language::Fr));
        check("sv;q=0, en;q=0.1", Some(Language::En));
        for nothing in ["", "de", "*", "sv;q=x", ";;,", "de;q=1, *;q=0.5"] {
            check(nothing, None);
        }
    }

    #[test]
    fn numbers_and_days_are_written_as_its_readers_do() {
        let at = Timestamp::from_secs(1_795_183_200);
        let check = |language: Language, expected: [&str; 5]| {
            let found = [
                language.decimal(12.345, 1),
                language.signed(-0.5, 2),
                language.percent(Some(0.123), 1),
                language.date(at),
                language.month(at),
            ];
            assert_eq!(found, expected.map(str::to_owned), "{language:?}");
        };
        check(Language::En, ["12.3", "−0.50", "12.3 %", "20 Nov 2026", "November 2026"]);
        check(Language::Sv, ["12,3", "−0,50", "12,3 %", "20 nov. 2026", "november 2026"]);
        check(Language::Nl, ["12,3", "−0,50", "12,3%", "20 nov 2026", "november 2026"]);
        check(Language::Fr, ["12,3", "−0,50", "12,3 %", "20 nov. 2026", "novembre 2026"]);
        assert_eq!((Language::Sv.ms(None), Language::Sv.ms(Some(8.0))), ("–".to_owned(), "8,0 ms".to_owned()));
    }

    #[test]
    fn an_age_has_the_largest_unit_that_fits() {
        let check = |language: Language, seconds: i64, expected: &str| {
            let now = Timestamp::from_secs(1_795_183_200);
            assert_eq!(language.age(now.plus_secs(-seconds), now), expected, "{seconds}");
        };
        check(Language::En, -5, "0 s");
        check(Language::En, 725, "12 min");
        check(Language::En, 5 * 3600, "5 h");
        check(Language::Nl, 5 * 3600, "5 u");
        check(Language::Fr, 3 * 86_400, "3 j");
    }

    #[test]
    fn hours_and_shares_are_short() {
        assert_eq!([6, 24, 168].map(|hours| Language::Fr.hours(hours)), ["6 h", "1 j", "7 j"]);
        assert_eq!([50.0, 250.0, 1000.0, 100_000.0].map(|it| Language::En.spent(it)), ["50 %", "250 %", "10 ×", "1000 ×"]);
    }

    #[test]
    fn a_code_names_its_language() {
        for language in Language::ALL {
            assert_eq!(Language::of(language.code()), Some(language));
            assert_eq!(serde_json::to_value(language).expect("JSON"), language.code());
        }
        assert_eq!(Language::of("tlh"), None);
    }
}
