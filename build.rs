//! Turns `locales/*.json` into typed text keys: a missing key does not compile.
//!
//! The sentences of rules and refusals, which `peerage_domain::Text` holds by key, are the
//! group `rules`; a table from these keys to the typed ones is written here.
use leptos_i18n_build::{Config, ParseOptions, TranslationsInfos};
use serde_json::Value;
use std::{collections::BTreeSet, error::Error, fmt::Write, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=locales");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(out.join("rules.rs"), rules(&serde_json::from_str(&fs::read_to_string("locales/en.json")?)?)?)?;
    let target = out.join("i18n");
    let options = ParseOptions::default().interpolate_display(true);
    let texts = TranslationsInfos::parse(Config::new("en")?.parse_options(options))?;
    texts.emit_diagnostics();
    texts.rerun_if_locales_changed();
    texts.generate_i18n_module(target)?;
    Ok(())
}

/// `"prefix.hostbits" => tr!(rules.prefix.hostbits, fix = value("fix"), input = value("input")),`
fn rules(english: &Value) -> Result<String, Box<dyn Error>> {
    let groups = english.get("rules").and_then(Value::as_object).ok_or("locales/en.json has no group “rules”")?;
    let mut arms = String::new();
    for (group, sentences) in groups {
        for (name, sentence) in sentences.as_object().ok_or("a group of rules is not an object")? {
            let gaps: BTreeSet<&str> =
                sentence.as_str().unwrap_or_default().split("{{").skip(1).filter_map(|p| p.split("}}").next()).collect();
            write!(arms, "\"{group}.{name}\" => tr!(rules.{group}.{name}")?;
            for gap in gaps.into_iter().map(str::trim) {
                write!(arms, ", {gap} = value(\"{gap}\")")?;
            }
            arms.push_str("),\n");
        }
    }
    Ok(format!("match text.key() {{\n{arms}_ => text.english().to_owned(),\n}}"))
}
