//! `/peerings/PR-88/1/glass`: a looking glass on the router of a connection.

use crate::{
    components::{Breadcrumbs, Copy, VerdictMark, load, query_from_url},
    pages::param,
    rpc::edge::{GlassView, read_glass},
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{Verdict, catalogue::Query};

/// The form, and what the router answered.
#[component]
pub fn GlassPage() -> impl IntoView {
    let (id, number, query) = (param("id"), param("number"), query_from_url());
    let asked = move || (id.get(), number.get().parse().unwrap_or(0), query.get());
    let found = Resource::new_blocking(asked, |(id, number, query)| read_glass(id, number, query));
    load(found, move |found| view! { <Glass found=found query=query.get_untracked()/> })
}

#[component]
fn Glass(found: GlassView, query: Query) -> impl IntoView {
    let title = tr!(glass.heading, router = found.router.clone());
    let kinds = [("route", tr!(glass.route)), ("ping", tr!(glass.ping)), ("traceroute", tr!(glass.traceroute))];
    let options = kinds.map(|(word, name)| view! { <option value=word selected=query.kind == word>{name}</option> }).collect_view();
    let answer = match found.answer {
        None => view! { <p class="pbody muted">{tr!(glass.none)}</p> }.into_any(),
        Some(Err(why)) => view! { <p class="pbody" role="status"><VerdictMark verdict=Verdict::Fail word=say(&why)/></p> }.into_any(),
        Some(Ok(text)) => {
            view! { <pre class="pbody answer" tabindex="0" role="status" aria-label=tr!(glass.answer)><code>{text}</code></pre> }.into_any()
        }
    };
    let path = format!("/peerings/{}/{}/glass", found.peering, found.connection);
    view! {
        <Title text=title.clone()/>
        <div>
            <Breadcrumbs trail=vec![(format!("/partner/peerings/{}", found.peering), found.peering.clone())]/>
            <div class="title"><h1>{title}</h1><Copy text=found.network.1.to_string()/></div>
        </div>
        <section class="panel" aria-labelledby="h-glass">
            <div class="phead">
                <h2 id="h-glass">{tr!(glass.ask)}</h2>
                <form class="acts" method="get" action=path role="search">
                    <label class="visually-hidden" for="kind">{tr!(glass.kind)}</label>
                    <select id="kind" class="field" name="kind">{options}</select>
                    <label class="visually-hidden" for="target">{tr!(glass.target)}</label>
                    <input id="target" class="field mono" name="search" value=query.search.clone() placeholder="193.0.0.1" autocomplete="off" required/>
                    <button class="btn main" type="submit">{tr!(glass.go)}</button>
                </form>
            </div>
            {answer}
        </section>
    }
}
