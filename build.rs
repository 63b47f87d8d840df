//! Turns `locales/*.json` into typed text keys: a missing key does not compile.
use leptos_i18n_build::{Config, ParseOptions, TranslationsInfos};
use std::{error::Error, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=locales");
    let target = PathBuf::from(std::env::var("OUT_DIR")?).join("i18n");
    let options = ParseOptions::default().interpolate_display(true);
    let texts = TranslationsInfos::parse(Config::new("en")?.parse_options(options))?;
    texts.emit_diagnostics();
    texts.rerun_if_locales_changed();
    texts.generate_i18n_module(target)?;
    Ok(())
}
