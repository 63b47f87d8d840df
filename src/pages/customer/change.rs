//! `/connections/CN-1/change`: another provider, primary or backup location; what it brings is said before.

use crate::{
    components::{Breadcrumbs, Empty, action, load},
    pages::param,
    rpc::service::{ChangeConnection, ChangeView, read_change},
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use peerage_domain::catalogue::PartnerLocation;

/// The form.
#[component]
pub fn ChangePage() -> impl IntoView {
    let id = param("id");
    let map = use_query_map();
    let of = move |name: &str| map.read().get(name).unwrap_or_default();
    let asked = move || (id.get(), of("provider"), of("primary"), of("backup"));
    let found = Resource::new_blocking(asked, |(id, provider, primary, backup)| read_change(id, provider, primary, backup));
    load(found, |found| view! { <Change found=found/> })
}

fn place_option(location: &PartnerLocation, chosen: &str) -> impl IntoView + use<> {
    let far = location.distance_km.map(|km| tr!(change_page.far, km = format!("{km:.0}"))).unwrap_or_default();
    let selected = location.id == chosen;
    view! { <option value=location.id.clone() selected=selected>{format!("{}, {}{far}", location.name, location.city)}</option> }
}

#[component]
fn Change(found: ChangeView) -> impl IntoView {
    let (id, name) = found.connection.clone();
    let (provider, primary, backup) = found.chosen.clone();
    let at = found.providers.iter().find(|p| p.key == provider).map(|p| p.locations.clone()).unwrap_or_default();
    let providers = found
        .providers
        .iter()
        .map(|p| {
            let selected = p.key == provider;
            view! { <option value=p.key.clone() selected=selected>{format!("{} ({})", p.name, p.key)}</option> }
        })
        .collect_view();
    let primaries = at.iter().map(|l| place_option(l, &primary)).collect_view();
    let backups = at.iter().map(|l| place_option(l, &backup)).collect_view();
    let none_backup = backup.is_empty();
    let ready = found.effects.as_ref().is_some_and(|(changes, _)| *changes);
    let effects = match found.effects {
        None => view! { <p>{tr!(change_page.incomplete)}</p> }.into_any(),
        Some((false, _)) => view! { <p>{tr!(change_page.nothing)}</p> }.into_any(),
        Some((true, effects)) => {
            let items = effects.iter().map(|text| view! { <li>{say(text)}</li> }).collect_view();
            view! { <ul class="stack">{items}</ul> }.into_any()
        }
    };
    let nobody = found.providers.is_empty();
    view! {
        <Title text=tr!(change_page.title, name = name.clone())/>
        <div>
            <Breadcrumbs trail=vec![("/connections".into(), tr!(connections.title)), (format!("/connections/{id}"), name.clone())]/>
            <div class="title"><h1>{tr!(change_page.heading)}</h1></div>
        </div>
        {if nobody {
            view! { <section class="panel"><Empty text=tr!(change_page.nobody)><a class="btn" href="/">{tr!(nav.directory)}</a></Empty></section> }.into_any()
        } else {
            view! {
                <form class="sections" method="post" action={action::<ChangeConnection>()}>
                    <input type="hidden" name="id" value=id/>
                    <input type="hidden" name="seen" value=format!("{provider}/{primary}/{backup}")/>
                    <section class="panel narrow-left" aria-labelledby="h-choose">
                        <div class="phead"><h2 id="h-choose">{tr!(change_page.choose)}</h2><p>{tr!(change_page.nearest)}</p></div>
                        <div class="pbody form">
                            <div class="field-row"><label for="provider">{tr!(connections.provider)}</label><select id="provider" class="field" name="provider">{providers}</select></div>
                            <div class="field-row"><label for="primary">{tr!(wizard.primary)}</label><select id="primary" class="field" name="primary">{primaries}</select></div>
                            <div class="field-row"><label for="backup">{tr!(wizard.backup)}</label>
                                <select id="backup" class="field" name="backup"><option value="" selected=none_backup>{tr!(wizard.none)}</option>{backups}</select>
                            </div>
                            <button class="btn" type="submit" name="go" value="look">{tr!(change_page.look)}</button>
                        </div>
                    </section>
                    <section class="panel narrow-left" aria-labelledby="h-brings">
                        <div class="phead"><h2 id="h-brings">{tr!(change_page.brings)}</h2></div>
                        <div class="pbody">{effects}{ready.then(|| view! { <button class="btn main" type="submit" name="go" value="change">{tr!(change_page.change)}</button> })}</div>
                    </section>
                </form>
            }
            .into_any()
        }}
    }
}
