//! Turns `locales/*.json` into typed keys and one table of sentences a language: a missing key does not
//! compile, and neither does a language that lacks a sentence, or has it with other gaps.
//!
//! A library for this made a type of every sentence with a gap and a branch for every language:
//! with four of them the portal took five minutes to compile instead of one. A table takes none.
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt::Write,
    fs,
    path::PathBuf,
};

/// The languages, in the order of `peerage_domain::Language`.
const LANGUAGES: [&str; 4] = ["en", "sv", "nl", "fr"];
/// The group of the sentences of rules and refusals, which `peerage_domain::Text` holds by key.
const RULES: &str = "rules.";

/// Sentences by dotted keys.
type Sentences = BTreeMap<String, String>;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=locales");
    let languages = LANGUAGES.map(read).into_iter().collect::<Result<Vec<Sentences>, _>>()?;
    for (name, language) in LANGUAGES.iter().zip(&languages) {
        compare(&languages[0], language).map_err(|what| format!("locales/{name}.json: {what}"))?;
    }
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(out.join("texts.rs"), code(&languages)?)?;
    Ok(())
}

fn read(language: &str) -> Result<Sentences, Box<dyn Error>> {
    fn walk(at: &str, it: &Value, found: &mut Sentences) -> Result<(), String> {
        match it {
            Value::Object(all) => all.iter().try_for_each(|(key, it)| walk(&format!("{at}.{key}"), it, found)),
            Value::String(text) => found.insert(at.trim_start_matches('.').to_owned(), text.clone()).map_or(Ok(()), |_| Ok(())),
            _ => Err(format!("{at} is no sentence")),
        }
    }
    let mut found = Sentences::new();
    let file = format!("locales/{language}.json");
    walk("", &serde_json::from_str(&fs::read_to_string(&file)?).map_err(|error| format!("{file}: {error}"))?, &mut found)
        .map_err(|what| format!("{file}: {what}"))?;
    Ok(found)
}

/// Names of the gaps of a sentence, `{{ name }}`.
fn gaps(sentence: &str) -> BTreeSet<&str> {
    sentence.split("{{").skip(1).filter_map(|part| Some(part.split_once("}}")?.0.trim())).collect()
}

/// Whether a language has what English has.
fn compare(english: &Sentences, other: &Sentences) -> Result<(), String> {
    if let Some(key) = other.keys().find(|key| !english.contains_key(*key)) {
        return Err(format!("{key} is not in English"));
    }
    for (key, sentence) in english {
        let said = other.get(key).ok_or_else(|| format!("{key} is missing"))?;
        if gaps(sentence) != gaps(said) {
            return Err(format!("{key} has other gaps than in English: {said}"));
        }
    }
    Ok(())
}

/// `pub mod queue { pub const title: Key = Key(17); }`, the table, and the numbers of rules by their keys.
fn code(languages: &[Sentences]) -> Result<String, Box<dyn Error>> {
    let english = &languages[0];
    let mut code = String::from("pub(crate) mod keys {\n");
    let mut page = "";
    for (number, key) in english.keys().enumerate().filter(|(_, key)| !key.starts_with(RULES)) {
        let (group, name) = key.split_once('.').ok_or("a sentence stands in no group")?;
        if group != page {
            let end = if page.is_empty() { "" } else { "}\n" };
            writeln!(code, "{end}pub(crate) mod {group} {{ use super::super::Key;")?;
            page = group;
        }
        writeln!(code, "pub(crate) const {name}: Key = Key({number});")?;
    }
    code.push_str("}\n}\n");
    writeln!(code, "static SENTENCES: [[&str; {}]; {}] = [", english.len(), languages.len())?;
    for language in languages {
        writeln!(code, "{:?},", language.values().collect::<Vec<_>>())?;
    }
    code.push_str("];\n");
    let rules: Vec<(&str, usize)> =
        english.keys().enumerate().filter_map(|(number, key)| Some((key.strip_prefix(RULES)?, number))).collect();
    writeln!(code, "static RULES: [(&str, u16); {}] = {rules:?};", rules.len())?;
    Ok(code)
}
