//! What a reviewer would say twice, said once: the tree keeps its layers.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn files(dir: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join(dir)];
    let mut found = vec![];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the tree").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("source is text");
                found.push((path.strip_prefix(root).expect("in the tree").to_owned(), text));
            }
        }
    }
    found
}

/// Every file under `dir` that is not one of `but` and has one of the words outside of comments.
fn check(dir: &str, but: &[&str], words: &[&str]) {
    for (path, text) in files(dir) {
        if but.iter().any(|b| path.starts_with(b)) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in words {
                assert!(!code.contains(word), "{}:{}: “{word}” does not belong here", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn the_domain_and_its_neighbours_do_no_io() {
    let io =
        ["std::fs", "std::net::Tcp", "std::net::Udp", "std::time::SystemTime", "std::time::Instant", "tokio", "getrandom", "std::env::var"];
    for pure in ["crates/domain/src", "crates/charts/src", "crates/latency/src", "crates/feeds/src", "crates/watch/src"] {
        check(pure, &[], &io);
    }
}

#[test]
fn sql_is_named_in_storage_only() {
    check("src", &[], &["sqlx"]);
    check("crates", &["crates/storage"], &["sqlx"]);
}

#[test]
fn leptos_is_named_in_the_portal_only() {
    check("crates", &[], &["leptos"]);
}

#[test]
fn time_enters_through_the_clock() {
    check("crates/service/src", &["crates/service/src/clock.rs"], &["SystemTime", "Instant::now"]);
    check("src", &[], &["SystemTime", "Instant::now"]);
}

#[test]
fn feature_gates_stand_in_the_root_file() {
    check("src", &["src/lib.rs", "src/main.rs"], &["cfg(feature", "cfg(not(feature"]);
}

#[test]
fn components_ask_no_server() {
    check("src/components", &[], &["#[server", "Resource::new("]);
}

#[test]
fn pages_do_not_reach_around_the_server_functions() {
    check("src/pages", &[], &["peerage_service", "peerage_storage", "crate::server"]);
    check("crates/domain/src", &[], &["peerage_service", "peerage_storage", "peerage_edge", "peerage_feeds"]);
    check("crates/storage/src", &[], &["peerage_service", "peerage_edge"]);
}

#[test]
fn nothing_is_left_for_later() {
    for dir in ["src", "crates", "xtask"] {
        check(dir, &[], &["todo!(", "unimplemented!(", "dbg!("]);
    }
}

#[test]
fn components_know_no_raw_colour_and_no_inline_style() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("style/components");
    for entry in fs::read_dir(root).expect("style").flatten() {
        let text = fs::read_to_string(entry.path()).expect("style is text");
        for (number, line) in text.lines().enumerate() {
            assert!(!line.contains(": #") && !line.contains("rgb("), "{:?}:{}: a raw colour", entry.path(), number + 1);
        }
    }
    check("src", &[], &[" style=\"", "style:"]);
}

#[test]
fn every_text_key_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let texts: serde_json::Value = serde_json::from_str(&fs::read_to_string(root.join("locales/en.json")).expect("texts")).expect("JSON");
    let source: String = files("src").into_iter().map(|(_, text)| text.replace(char::is_whitespace, "")).collect();
    // The sentences of rules have their own test.
    for (page, keys) in texts.as_object().expect("pages").iter().filter(|(page, _)| *page != "rules") {
        for key in keys.as_object().expect("keys").keys() {
            let used = [',', ')'].iter().any(|end| source.contains(&format!("tr!({page}.{key}{end}")));
            assert!(used, "locales/en.json: {page}.{key} is not used");
        }
    }
}

/// The next string literal of a source text, unescaped as JSON, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let start = text.find('"')?;
    let mut escaped = false;
    let end = text[start + 1..].find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })?;
    let quoted = &text[start..start + end + 2];
    Some((serde_json::from_str(quoted).expect(quoted), &text[start + end + 2..]))
}

#[test]
fn every_sentence_of_a_rule_stands_in_the_locale() {
    let mut said = serde_json::Map::new();
    let sources = files("crates").into_iter().chain(files("src"));
    for (path, text) in sources.filter(|(path, _)| !path.ends_with("domain/src/text.rs")) {
        for place in text.split("say!(").skip(1) {
            let Some((key, rest)) = literal(place) else { continue };
            let Some((english, _)) = literal(rest) else { continue };
            let (group, name) = key.split_once('.').expect("a key of two words");
            let english = english.replace('{', "{{ ").replace('}', " }}");
            let group = said.entry(group).or_insert_with(|| serde_json::json!({})).as_object_mut().expect("a group");
            let before = group.insert(name.to_owned(), english.clone().into());
            assert!(before.is_none_or(|before| before == english), "{}: {key} has two sentences", path.display());
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales/en.json");
    let locale: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).expect("locale")).expect("JSON");
    let wanted = serde_json::Value::from(said);
    assert_eq!(locale["rules"], wanted, "locales/en.json: the group “rules” should be\n{wanted:#}");
}

/// Keys of a locale with their sentences.
fn sentences(locale: &str) -> Vec<(String, String)> {
    fn walk(at: &str, it: &serde_json::Value, found: &mut Vec<(String, String)>) {
        match it {
            serde_json::Value::Object(all) => all.iter().for_each(|(key, it)| walk(&format!("{at}.{key}"), it, found)),
            it => found.push((at.trim_start_matches('.').to_owned(), it.as_str().expect("a sentence").to_owned())),
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("locales/{locale}.json"));
    let mut found = vec![];
    walk("", &serde_json::from_str(&fs::read_to_string(file).expect("locale")).expect("JSON"), &mut found);
    found
}

#[test]
fn every_language_has_every_sentence_with_the_same_gaps() {
    let gaps = |sentence: &str| {
        let all = sentence.split("{{").skip(1).filter_map(|part| part.split("}}").next());
        all.map(|gap| gap.trim().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    let english = sentences("en");
    for locale in ["sv", "nl", "fr"] {
        let other = sentences(locale);
        let keys = |all: &[(String, String)]| all.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&english), keys(&other), "{locale}");
        for ((key, english), (_, said)) in english.iter().zip(&other) {
            assert_eq!(gaps(english), gaps(said), "{locale} {key}");
            // Pieces are put together.
            let ends = |text: &str| (text.starts_with(' '), text.ends_with(' '), text.is_empty());
            assert_eq!(ends(english), ends(said), "{locale} {key}");
        }
        let same = english.iter().zip(&other).filter(|((_, a), (_, b))| a == b).count();
        assert!(same * 10 < english.len(), "{locale}: {same} of {} sentences are still English", english.len());
    }
}

/// The parts of a macro's arguments, up to its closing parenthesis: split at commas outside of brackets and quotes.
fn arguments(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted, mut escaped) = (vec![String::new()], 0, false, false);
    for c in text.chars() {
        match c {
            '"' if !escaped => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' if !quoted && depth == 0 => break,
            ')' | ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        parts.last_mut().expect("never empty").push(c);
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

#[test]
fn every_gap_of_a_sentence_is_filled_and_nothing_else() {
    let english: std::collections::BTreeMap<String, String> = sentences("en").into_iter().collect();
    let mut checked = 0;
    for (path, text) in files("src") {
        for place in text.split("tr!(").skip(1) {
            let all = arguments(place);
            let Some((key, values)) = all.split_first() else { continue };
            // Prose about the macro has no key.
            let Some(sentence) = english.get(&key.replace(char::is_whitespace, "")) else { continue };
            let given: Vec<&str> =
                values.iter().map(|value| value.split_once('=').map_or(value.as_str(), |(name, _)| name.trim())).collect();
            let wanted: std::collections::BTreeSet<&str> =
                sentence.split("{{").skip(1).filter_map(|part| Some(part.split_once("}}")?.0.trim())).collect();
            assert_eq!(given.iter().copied().collect::<std::collections::BTreeSet<_>>(), wanted, "{}: {key}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 1000, "{checked} sentences were looked at");
}
