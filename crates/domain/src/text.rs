//! Sentences for people, told apart from the language that they are read in.
//!
//! A rule says *what* it found as a key with values; [`say!`](crate::say) also holds the English
//! sentence, which is what the API and the command line print. Pages look the key up in
//! `locales/`, where a translator finds every sentence with the same gaps.

use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// A sentence with its key and the values in its gaps.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Text {
    /// Stable, dotted, such as `prefix.hostbits`.
    key: Cow<'static, str>,
    /// Name of the gap and what stands in it.
    values: Vec<(Cow<'static, str>, String)>,
    /// The sentence in English.
    english: String,
    /// Gaps in which a sentence stands that has a key of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    texts: Vec<(Cow<'static, str>, Text)>,
}

/// A value of a gap: what it says in English, and the sentence that it is, if it is one. Used by
/// [`say!`](crate::say).
pub struct Value<'a, T>(pub &'a T);

impl Value<'_, Text> {
    /// The sentence.
    pub fn sentence(&self) -> Option<Text> {
        Some(self.0.clone())
    }
}

/// Every other value is none: what a type has by itself comes before what a trait gives it.
pub trait NoSentence {
    /// Nothing.
    fn sentence(&self) -> Option<Text> {
        None
    }
}

impl<T> NoSentence for Value<'_, T> {}

impl Text {
    /// A sentence from its English template, in which `{name}` is a gap. Use [`say!`](crate::say).
    pub fn new(key: &'static str, template: &str, values: Vec<(&'static str, String, Option<Text>)>) -> Self {
        let mut english = String::with_capacity(template.len() + 32);
        let mut rest = template;
        while let Some((before, gap, after)) = next_gap(rest) {
            english.push_str(before);
            english.push_str(values.iter().find(|(name, ..)| *name == gap).map_or("", |(_, value, _)| value));
            rest = after;
        }
        english.push_str(rest);
        let texts = values.iter().filter_map(|(name, _, text)| Some(((*name).into(), text.clone()?))).collect();
        let values = values.into_iter().map(|(name, value, _)| (name.into(), value)).collect();
        Text { key: key.into(), values, english, texts }
    }

    /// The key, which is also the code of a finding.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What stands in a gap; empty for a gap that the sentence does not have.
    pub fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The sentence that stands in a gap, where it is one with a key of its own.
    pub fn sentence(&self, name: &str) -> Option<&Text> {
        self.texts.iter().find(|(known, _)| known == name).map(|(_, text)| text)
    }

    /// The sentence in English.
    pub fn english(&self) -> &str {
        &self.english
    }
}

/// Text before a gap, the gap's name, text after it.
fn next_gap(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// Characters that nobody sees: controls, zero-width ones, and those that turn the direction
/// of writing (Unicode category Cf, as far as names could be forged with them).
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english)
    }
}

/// A sentence: `say!("prefix.duplicate", "{prefix} is already on line {line}.", prefix = p, line = n)`.
///
/// Each key occurs once in the program; a test compares the keys, gaps and English words
/// with `locales/en.json`.
#[macro_export]
macro_rules! say {
    ($key:literal, $english:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Text::new($key, $english, vec![$({
            #[allow(unused_imports)]
            use $crate::NoSentence as _;
            match &$value {
                value => (stringify!($name), value.to_string(), $crate::Value(value).sentence()),
            }
        }),*])
    };
}

/// Lets an error print the sentence that its `text` method gives.
macro_rules! said_error {
    ($type:ty) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.text().english())
            }
        }
        impl std::error::Error for $type {}
        impl From<&$type> for $crate::Text {
            fn from(error: &$type) -> Self {
                error.text()
            }
        }
        impl From<$type> for $crate::Text {
            fn from(error: $type) -> Self {
                error.text()
            }
        }
    };
}
pub(crate) use said_error;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn gaps_are_filled_once_and_values_are_never_read_as_gaps() {
        let check = |text: crate::Text, expected: &str| assert_eq!(text.english(), expected);
        check(say!("a.b", "nothing to fill"), "nothing to fill");
        check(say!("a.b", "{x} and {y}", x = 1, y = "{x}"), "1 and {x}");
        check(say!("a.b", "{x}, {x}"), ", ");
        check(say!("a.b", "open { stays"), "open { stays");
        assert_eq!(say!("a.b", "{x}", x = 7).value("x"), "7");
    }

    #[test]
    fn a_sentence_in_a_gap_keeps_its_key() {
        let inner = say!("c.d", "wrong");
        let outer = say!("a.b", "It is {how}, {n} times.", how = inner, n = 2);
        assert_eq!((outer.english(), outer.value("how")), ("It is wrong, 2 times.", "wrong"));
        assert_eq!((outer.sentence("how"), outer.sentence("n")), (Some(&inner), None));
        let kept: crate::Text = serde_json::from_str(&serde_json::to_string(&outer).expect("JSON")).expect("a text");
        assert_eq!(kept, outer);
        let old = r#"{"key":"a.b","values":[["n","2"]],"english":"It is so, 2 times."}"#;
        assert_eq!(serde_json::from_str::<crate::Text>(old).expect("as it was kept before").value("n"), "2");
    }

    proptest! {
        #[test]
        fn any_value_stands_in_the_sentence_as_it_is(value in "\\PC{0,40}") {
            let text = say!("a.b", "“{it}” is wrong.", it = value);
            prop_assert_eq!(text.english(), format!("“{value}” is wrong."));
        }
    }
}
