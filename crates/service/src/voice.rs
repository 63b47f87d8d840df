//! In which language somebody is told something: the words are the portal's, which holds them for its
//! pages, too.

use peerage_domain::{Language, Text};

/// Says a sentence in a language.
pub type Say = fn(Language, &Text) -> String;

/// A language, and who has its words.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// The language.
    pub language: Language,
    /// Who has its words.
    pub say: Say,
}

impl Voice {
    /// The words that every sentence brings along.
    pub const ENGLISH: Voice = Voice { language: Language::En, say: |_, text| text.english().to_owned() };

    /// A sentence.
    pub fn say(&self, text: &Text) -> String {
        (self.say)(self.language, text)
    }

    /// Sentences, one behind the other.
    pub fn all(&self, texts: &[Text]) -> String {
        texts.iter().map(|text| self.say(text)).collect::<Vec<_>>().join(" ")
    }
}
