//! `/connections/CN-1/prefixes/193.0.16.0_24`: whether a prefix gets the service, and why not.

use crate::{
    components::{Breadcrumbs, Copy, Field, Post, ValidationMark, VerdictPanels, action, live, load, take_off, typed_again},
    pages::param,
    rpc::{
        connections::RemovePrefix,
        service::{EditPrefix, PrefixView, TakePrefixOff, read_prefix},
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::Next;

/// One prefix of a customer.
#[component]
pub fn PrefixPage() -> impl IntoView {
    let (id, prefix) = (param("id"), param("prefix"));
    let found = Resource::new_blocking(move || (id.get(), prefix.get()), |(id, prefix)| read_prefix(id, prefix));
    live(move || id.get_untracked(), found);
    load(found, |found| view! { <Prefix found=found/> })
}

#[component]
fn Prefix(found: PrefixView) -> impl IntoView {
    let (id, name) = found.connection.clone();
    let (prefix, version) = (found.prefix.clone(), found.version);
    let key = match &found.key {
        Some(hint) => tr!(prefix_page.key, hint = hint),
        None => tr!(prefix_page.no_key),
    };
    let form = found.writable.then(|| {
        let (id, prefix) = (id.clone(), prefix.clone());
        typed_again(format!("prefix/{id}/{prefix}"), move |typed| {
            let shown = typed.get("prefix").unwrap_or_else(|| prefix.clone());
            view! {
                <section class="panel narrow-left" aria-labelledby="h-edit">
                    <div class="phead"><h2 id="h-edit">{tr!(prefix_page.edit)}</h2><p>{tr!(prefix_page.edit_help)}</p></div>
                    <form class="pbody form" method="post" action={action::<EditPrefix>()}>
                        <input type="hidden" name="id" value=id.clone()/>
                        <input type="hidden" name="old" value=prefix.clone()/>
                        <input type="hidden" name="version" value=version/>
                        <Field id="prefix" label=tr!(connection.prefix)>
                            <input id="prefix" class="field mono" name="prefix" value=shown autocomplete="off" spellcheck="false"/>
                        </Field>
                        <Field id="key" label=tr!(prefix_page.new_key) help=tr!(prefix_page.key_help)>
                            <input id="key" class="field mono" name="key" autocomplete="off" spellcheck="false" aria-describedby="key-help"/>
                        </Field>
                        <button class="btn main" type="submit">{tr!(prefix_page.save)}</button>
                    </form>
                </section>
            }
        })
    });
    let fields = vec![("id", id.clone()), ("prefix", prefix.clone())];
    let settle = found.settles.then(|| take_off(action::<TakePrefixOff>(), fields.clone()));
    view! {
        <Title text=format!("{prefix}, {name}")/>
        <div>
            <Breadcrumbs trail=vec![("/connections".into(), tr!(connections.title)), (format!("/connections/{id}"), name.clone())]/>
            <div class="title">
                <h1 class="mono">{prefix.clone()}</h1>
                <Copy text=prefix.clone()/>
                <ValidationMark state=found.verdict.state big=true/>
                {found.writable.then(|| view! { <div class="acts"><Post to={action::<RemovePrefix>()} fields=fields label=tr!(connection.remove) class="btn stop"/></div> })}
            </div>
        </div>
        <dl class="facts">
            <div><dt>{tr!(prefix_page.connection)}</dt><dd><a href=format!("/connections/{id}")>{name}</a><small class="mono">{id.clone()}</small></dd></div>
            <div><dt>{tr!(connections.provider)}</dt><dd>{found.provider.1.clone()}<small class="mono">{found.provider.0.clone()}</small></dd></div>
            <div><dt>{tr!(prefix_page.key_name)}</dt><dd class="mono">{key}</dd></div>
            <div><dt>{tr!(prefix_page.learned)}</dt><dd class="mono">{found.verdict.learned.word()}</dd></div>
        </dl>
        <VerdictPanels view=found.verdict reader=Next::Requester/>
        {form}
        {settle}
    }
}
