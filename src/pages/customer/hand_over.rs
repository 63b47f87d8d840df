//! `/activate/KEY`: the link by which a provider hands a prefix key over.

use crate::{
    components::{Breadcrumbs, Empty, action, load},
    pages::param,
    rpc::service::{ActivatePrefixes, HandOverView, read_hand_over},
};
use leptos::prelude::*;
use leptos_meta::Title;

/// What the link offers.
#[component]
pub fn HandOverPage() -> impl IntoView {
    let key = param("key");
    let found = Resource::new_blocking(move || key.get(), read_hand_over);
    load(found, move |found| view! { <Offer found=found key_text=key.get_untracked()/> })
}

#[component]
fn Offer(found: HandOverView, key_text: String) -> impl IntoView {
    let provider = found.provider.clone().map(|(asn, name)| format!("{name} ({asn})")).unwrap_or_default();
    let what = match (&found.prefix, &found.asn) {
        (Some(prefix), _) => tr!(hand_over.prefix, provider = provider, prefix = prefix),
        (None, Some(asn)) => {
            tr!(hand_over.asn, provider = provider, asn = asn)
        }
        (None, None) => String::new(),
    };
    let choices =
        found.connections.iter().map(|(id, name)| view! { <option value=id.clone()>{format!("{name} ({id})")}</option> }).collect_view();
    view! {
        <Title text=tr!(hand_over.title)/>
        <div>
            <Breadcrumbs trail=vec![("/connections".into(), tr!(connections.title))]/>
            <div class="title"><h1>{tr!(hand_over.title)}</h1></div>
        </div>
        <section class="panel narrow-left" aria-labelledby="h-offer">
            <div class="phead"><h2 id="h-offer">{what}</h2></div>
            {if found.connections.is_empty() {
                view! {
                    <Empty text=tr!(hand_over.no_connection)>
                        <a class="btn main" href="/connections">{tr!(hand_over.to_connections)}</a>
                    </Empty>
                }
                .into_any()
            } else {
                view! {
                    <form class="pbody form" method="post" action={action::<ActivatePrefixes>()}>
                        <input type="hidden" name="keys" value=key_text/>
                        <div class="field-row">
                            <label for="id">{tr!(hand_over.where_to)}</label>
                            <select id="id" class="field" name="id">{choices}</select>
                        </div>
                        <button class="btn main" type="submit">{tr!(hand_over.activate)}</button>
                    </form>
                }
                .into_any()
            }}
        </section>
    }
}
