//! Prefixes, typed or pasted, judged while typing by the same rules as on the server.

use crate::{
    components::{VerdictMark, next_name},
    text::say,
};
use leptos::prelude::*;
use peerage_domain::{
    Asn, Next, Verdict,
    prefixes::{self, Entry, Judged, Known},
};
use std::collections::HashSet;

/// Stands for the partner's own ASN.
const OWN: Asn = Asn(1);
/// Rows that are shown; the rest is counted.
const SHOWN: usize = 200;

/// A text area with its judgement below. It is part of a form: `name` carries the text,
/// and the repair buttons submit `fix` where there is no script.
#[component]
pub fn PrefixEditor(
    /// The text as kept.
    text: String,
    /// What the organisation holds already.
    known: Known,
    /// Entries of which only the server knows that another organisation holds them.
    elsewhere: Vec<String>,
    /// Whether repair buttons work without a script.
    #[prop(optional)]
    repair_by_form: bool,
    /// Whether each line is a prefix, its origin and a name, as partners register them.
    #[prop(optional)]
    lines_of_three: bool,
) -> impl IntoView {
    let typed = RwSignal::new(text);
    let elsewhere: HashSet<String> = elsewhere.into_iter().collect();
    let rows = Memo::new(move |_| judge(&typed.read(), &known, &elsewhere, lines_of_three));
    let count = move |verdict: Verdict| rows.read().iter().filter(|j| j.verdict() == verdict).count();
    let fixable = move || rows.read().iter().filter(|j| j.suggestion().is_some()).count();
    let before = RwSignal::new(None::<String>);
    let fix_all = move |_| {
        before.set(Some(typed.get_untracked()));
        // From the last to the first, so that the numbers of the lines stay right.
        let mut text = typed.get_untracked();
        for judged in rows.get_untracked().iter().rev() {
            if let Some(fix) = judged.suggestion() {
                text = prefixes::replace(&text, &judged.entry, fix);
            }
        }
        typed.set(text);
    };
    view! {
        <div class="editor">
            <textarea
                id="prefixes"
                name="prefixes"
                class="field mono"
                rows="10"
                spellcheck="false"
                autocomplete="off"
                aria-describedby="prefixes-help prefixes-count"
                prop:value=move || typed.get()
                on:paste=move |event| crate::browser::large_paste(&event).into_iter().for_each(|text| typed.set(text))
                on:input:target=move |event| typed.set(event.target().value())
            >
                {typed.get_untracked()}
            </textarea>
            <p class="counts" id="prefixes-count" role="status">
                <span>{move || tr!(prefixes.total, n = rows.read().len())}</span>
                <VerdictCount verdict=Verdict::Pass count=Signal::derive(move || count(Verdict::Pass))/>
                <VerdictCount verdict=Verdict::Fail count=Signal::derive(move || count(Verdict::Fail))/>
                <Show when=move || { fixable() > 1 }>
                    <button class="btn sm" type="button" on:click=fix_all>{move || tr!(prefixes.fix_all, n = fixable())}</button>
                </Show>
                <Show when=move || before.read().is_some()>
                    <button class="btn sm quiet" type="button" on:click=move |_| before.write().take().into_iter().for_each(|text| typed.set(text))>{tr!(prefixes.undo)}</button>
                </Show>
            </p>
            <Show when=move || !rows.read().is_empty()>
                <div class="scroll">
                    <table class="tbl cards verdicts">
                        <caption class="visually-hidden">{tr!(prefixes.caption)}</caption>
                        <thead>
                            <tr>
                                <th scope="col" class="num">{tr!(prefixes.line)}</th>
                                <th scope="col">{tr!(prefixes.entry)}</th>
                                <th scope="col">{tr!(prefixes.verdict)}</th>
                                <th scope="col">{tr!(prefixes.why)}</th>
                            </tr>
                        </thead>
                        <tbody>
                            {move || {
                                let mut sorted = rows.get();
                                sorted.sort_by_key(|j| std::cmp::Reverse(j.verdict()));
                                sorted.into_iter().take(SHOWN).map(|judged| row(judged, typed, repair_by_form)).collect_view()
                            }}
                        </tbody>
                    </table>
                </div>
                <Show when=move || { rows.read().len() > SHOWN }>
                    <p class="help">{move || tr!(prefixes.more, shown = SHOWN)}</p>
                </Show>
            </Show>
        </div>
    }
}

/// The entries that another organisation holds, from what the server said.
pub fn owned_elsewhere(judged: &[Judged]) -> Vec<String> {
    let held = judged.iter().filter(|j| j.findings.iter().any(|f| f.code == "prefix.owned_elsewhere"));
    held.map(|j| j.entry.input.clone()).collect()
}

fn judge(text: &str, known: &Known, elsewhere: &HashSet<String>, lines_of_three: bool) -> Vec<Judged> {
    let mut judged = if lines_of_three {
        // Whose the peering is does not matter for what is wrong with a line.
        let lines = peerage_domain::service::registration::read(text, OWN, known);
        lines.into_iter().take(prefixes::MAX_ENTRIES).map(|line| line.judged).collect()
    } else {
        let mut entries = prefixes::entries(text);
        entries.truncate(prefixes::MAX_ENTRIES);
        prefixes::judge(&entries, known)
    };
    for item in &mut judged {
        if elsewhere.contains(&item.entry.input) {
            item.findings.extend(item.prefix.map(prefixes::owned_elsewhere));
        }
    }
    judged
}

fn row(judged: Judged, typed: RwSignal<String>, by_form: bool) -> impl IntoView {
    let verdict = judged.verdict();
    let Judged { entry, findings, .. } = &judged;
    let sentences: Vec<_> = findings
        .iter()
        .map(|f| view! { <span class="why">{say(&f.sentence)}" "<span class="muted">{tr!(prefixes.who, who = next_name(f.next, Next::Requester))}</span>" "<code class="muted">{f.code.clone()}</code></span> })
        .collect();
    let fix = judged.suggestion().map(|fix| fix_button(entry.clone(), fix.to_owned(), typed, by_form));
    view! {
        <tr class:flagfail=verdict == Verdict::Fail class:flag=verdict == Verdict::Warn>
            <td class="num q" data-l=tr!(prefixes.line)>{entry.line}</td>
            <td class="key mono" data-l=tr!(prefixes.entry)>{entry.input.clone()}</td>
            <td class="v" data-l=tr!(prefixes.verdict)><VerdictMark verdict=verdict/></td>
            <td data-l=tr!(prefixes.why)><span class="reason">{sentences}{fix}</span></td>
        </tr>
    }
}

fn fix_button(entry: Entry, fix: String, typed: RwSignal<String>, by_form: bool) -> impl IntoView {
    let label = if fix.is_empty() { tr!(prefixes.remove) } else { tr!(prefixes.use_it, fix = fix.clone()) };
    let value = format!("{}:{}", entry.line, entry.input);
    let apply = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        typed.update(|text| *text = prefixes::replace(text, &entry, &fix));
    };
    let kind = if by_form { "submit" } else { "button" };
    view! { <button class="btn sm" type=kind name="fix" value=value on:click=apply>{label}</button> }
}

#[component]
fn VerdictCount(verdict: Verdict, count: Signal<usize>) -> impl IntoView {
    view! {
        <Show when=move || { count.get() > 0 }>
            {move || {
                let n = count.get();
                let word = if verdict == Verdict::Pass { tr!(prefixes.pass, n = n) } else { tr!(prefixes.fail, n = n) };
                view! { <VerdictMark verdict=verdict word=word/> }
            }}
        </Show>
    }
}
