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
