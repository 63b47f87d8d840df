//! Ways to take a chart along.

use leptos::prelude::*;

/// As a picture, as a table, as data, as an address, and as a call of the API.
#[component]
pub fn Save(
    /// Beginning of the files' names.
    name: String,
    /// Address of the data, with a query: `&format=` makes a file of it.
    api: String,
    /// Where exactly this is shown.
    link: String,
) -> impl IntoView {
    let (csv, svg) = (format!("{api}&format=csv"), format!("{api}&format=svg"));
    let file = format!("{name}.png");
    // A browser draws it; without scripts there is the SVG.
    let drawn = RwSignal::new(false);
    Effect::new(move |_| drawn.set(true));
    let from = svg.clone();
    let png = move || {
        let (from, to) = (from.clone(), file.clone());
        drawn
            .get()
            .then(|| view! { <button class="link" type="button" on:click=move |_| crate::browser::save_png(&from, &to)>"PNG"</button> })
    };
    let call = format!("curl -H \"Authorization: Bearer $TOKEN\" \"$PORTAL{api}\"");
    let copied = RwSignal::new(false);
    let copy = {
        let call = call.clone();
        move || {
            let call = call.clone();
            drawn.get().then(|| {
                let copy = move |_| {
                    crate::browser::copy(&call);
                    copied.set(true);
                };
                let label = move || if copied.get() { tr!(copy.done) } else { tr!(chart.copy_call) };
                view! { <button class="link" type="button" on:click=copy>{label}</button> }
            })
        }
    };
    view! {
        <details class="menu save" name="save" on:keydown=crate::browser::fold_at_escape>
            <summary>{tr!(chart.save)}</summary>
            <div class="sheet">
                {png}
                <a href=svg rel="external" download=format!("{name}.svg")>"SVG"</a>
                <a href=csv rel="external" download=format!("{name}.csv")>"CSV"</a>
                <a href=api rel="external" download=format!("{name}.json")>"JSON"</a>
                <a href=link>{tr!(chart.link)}</a>
                <label>{tr!(chart.call)}" "<input class="field mono" readonly value=call.clone()/></label>
                {copy}
            </div>
        </details>
    }
}
