//! Says something in a language where no page is made: in mail, in webhooks, on saved pictures.

use leptos::prelude::{Owner, provide_context};
use peerage_domain::{Language, Text};

/// Does something as if a reader of that language had asked for it.
pub(crate) fn in_language<T>(language: Language, work: impl FnOnce() -> T) -> T {
    Owner::new().with(|| {
        provide_context(language);
        work()
    })
}

/// A sentence of a rule in a language.
pub fn say_in(language: Language, text: &Text) -> String {
    in_language(language, || crate::text::say(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::say;

    #[test]
    fn a_sentence_is_said_in_the_language_that_is_asked_for() {
        let text = say!("report.nothing", "Nothing was measured.");
        let all = Language::ALL.map(|language| say_in(language, &text));
        assert_eq!(all[0], "Nothing was measured.");
        assert!(all.iter().enumerate().all(|(at, said)| !all[..at].contains(said)), "{all:?}");
        assert_eq!(crate::text::language(), Language::En, "nothing is left behind");
    }
}
