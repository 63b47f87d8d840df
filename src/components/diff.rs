//! Differences of files, in the unified format.

use leptos::prelude::*;

/// Files and how their lines change; added and taken lines by sign and colour.
pub fn diffs(files: Vec<(String, String)>) -> impl IntoView {
    let file = |(name, text): (String, String)| {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("--- ") && !line.starts_with("+++ "))
            .map(|line| {
                let class = match line.as_bytes().first() {
                    Some(b'+') => "add",
                    Some(b'-') => "del",
                    Some(b'@') => "at",
                    _ => "",
                };
                view! { <span class=class>{line.to_owned()}"\n"</span> }
            })
            .collect_view();
        view! { <details class="diff"><summary class="mono">{name.clone()}</summary><pre tabindex="0" aria-label=name><code>{lines}</code></pre></details> }
    };
    files.into_iter().map(file).collect_view()
}
