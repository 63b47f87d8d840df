//! `/ops/locations` and `/ops/organisations`.

use crate::{
    components::{Column, EmptyList, Field, ListSearch, Pager, SortLinks, SortedHead, action, load, query_from_url, typed_again},
    pages::partner::peering_kinds,
    rpc::{
        Typed,
        accounts::{Invite, PeopleView, PersonRow, read_people},
        directory::{EditLocation, all_locations},
    },
    text::role_name,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    access::Role,
    catalogue::{Location, Paged, Query},
};

/// The operator's locations, derived from the directory and editable.
#[component]
pub fn LocationsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), all_locations);
    view! {
        <Title text=tr!(nav.locations)/>
        <h1>{tr!(nav.locations)}</h1>
        <p class="sub">{tr!(locations.intro)}</p>
        {load(found, move |found| {
            let query = query.get_untracked();
            let Paged { items: all, total, limit, .. } = found;
            let search = view! { <div class="phead"><ListSearch query=query.clone() path="/ops/locations" hint=tr!(locations.search) kinds=peering_kinds()/></div> };
            if all.is_empty() {
                return view! {
                    <section class="panel">{search}<EmptyList total=total query=query path="/ops/locations" text=tr!(locations.empty)><a class="btn" href="/help">{tr!(nav.help)}</a></EmptyList></section>
                }.into_any();
            }
            let rows = all.into_iter().map(|location| typed_again(format!("location/{}", location.id), move |typed| row(location.clone(), typed))).collect_view();
            let columns = vec![
                ("metro", tr!(directory.metro)), ("name", tr!(directory.name)), ("country", tr!(filter.country)),
                ("kind", tr!(directory.kind)), ("published", tr!(locations.published)),
            ];
            let sorts = view! { <SortLinks columns=columns query=query.clone() path="/ops/locations"/> };
            view! { <section class="panel" aria-label=tr!(nav.locations)>{search}{sorts}<ul class="edits">{rows}</ul><Pager total=total limit=limit query=query path="/ops/locations"/></section> }.into_any()
        })}
    }
}

fn row(location: Location, typed: Typed) -> impl IntoView {
    let offers = location.offers_mbps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let offers = typed.get("offers").unwrap_or(offers);
    let note = typed.get("note").unwrap_or_else(|| location.note.clone());
    let published = typed.get("published").map_or(location.published, |typed| !typed.is_empty());
    let ids = [format!("o-{}", location.id), format!("n-{}", location.id), format!("p-{}", location.id)];
    let [offers_id, note_id, published_id] = ids;
    view! {
        <li>
            <form class="edit" method="post" action={action::<EditLocation>()} aria-label=location.name.clone()>
                <input type="hidden" name="id" value=location.id.clone()/>
                <p><b>{location.name.clone()}</b><br/><span class="muted">{location.city.clone()}", "{location.country.clone()}" · "{location.kind.word()}" · "<span class="mono">{location.origin()}</span></span></p>
                <div class="field-row"><label for=offers_id.clone()>{tr!(locations.offers)}</label><input id=offers_id.clone() class="field mono" name="offers" value=offers/></div>
                <div class="field-row"><label for=note_id.clone()>{tr!(locations.note)}</label><input id=note_id.clone() class="field" name="note" value=note/></div>
                <label class="check" for=published_id.clone()><input id=published_id.clone() type="checkbox" name="published" value="yes" checked=published/>{tr!(locations.published)}</label>
                <button class="btn" type="submit">{tr!(locations.save)}<span class="visually-hidden">" "{location.name.clone()}</span></button>
            </form>
        </li>
    }
}

/// Organisations, their people, and inviting more.
#[component]
pub fn OrganisationsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), read_people);
    view! {
        <Title text=tr!(nav.organisations)/>
        <h1>{tr!(nav.organisations)}</h1>
        {load(found, move |found| view! { <Organisations found=found query=query.get_untracked()/> })}
    }
}

#[component]
fn Organisations(found: PeopleView, query: Query) -> impl IntoView {
    let names = found.organisations;
    let (total, limit) = (found.people.total, found.people.limit);
    let none = found.people.items.is_empty();
    let columns = vec![
        Column::text("name", tr!(connections.name)),
        Column::text("", tr!(sign_in.email)),
        Column::text("organisation", tr!(organisations.organisation)),
        Column::text("role", tr!(organisations.role)),
        Column::text("", tr!(organisations.joined)),
    ];
    let rows = found
        .people
        .items
        .into_iter()
        .map(|PersonRow { organisation, name, email, role, joined }| {
            view! {
                <tr>
                    <td class="key" data-l=tr!(connections.name)>{name}</td>
                    <td data-l=tr!(sign_in.email)>{email}</td>
                    <td data-l=tr!(organisations.organisation)>{organisation}</td>
                    <td class="v" data-l=tr!(organisations.role)><span class="tag">{role_name(role)}</span></td>
                    <td data-l=tr!(organisations.joined)>{if joined { tr!(request.yes) } else { tr!(request.no) }}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-label=tr!(organisations.people)>
            <div class="phead"><ListSearch query=query.clone() path="/ops/organisations" hint=tr!(organisations.search)/></div>
            {if none {
                view! { <EmptyList total=total query=query path="/ops/organisations" text=tr!(organisations.empty)><a class="btn" href="#h-inv">{tr!(organisations.invite)}</a></EmptyList> }.into_any()
            } else {
                view! {
                    <div class="scroll"><table class="tbl cards"><SortedHead columns=columns query=query.clone() path="/ops/organisations"/><tbody>{rows}</tbody></table></div>
                    <Pager total=total limit=limit query=query path="/ops/organisations"/>
                }.into_any()
            }}
        </section>
        <section class="panel" aria-labelledby="h-inv">
            <div class="phead"><h2 id="h-inv">{tr!(organisations.invite)}</h2></div>
            {typed_again("invite", move |typed| view! { <InviteForm names=names.clone() typed=typed/> })}
        </section>
    }
}

#[component]
fn InviteForm(names: Vec<String>, typed: Typed) -> impl IntoView {
    let typed = StoredValue::new(typed);
    let was = move |name: &str| typed.with_value(|typed| typed.get(name));
    let chosen = was("role");
    let roles = Role::ALL
        .map(|role| view! { <option value=role.word() selected=chosen.as_deref() == Some(role.word())>{role_name(role)}</option> })
        .collect_view();
    let names = names.into_iter().map(|name| view! { <option value=name></option> }).collect_view();
    view! {
            <form class="pbody form" method="post" action={action::<Invite>()}>
                <div class="cols">
                    <Field id="organisation" label=tr!(organisations.organisation)><input id="organisation" class="field" name="organisation" value=was("organisation") list="organisations" required autocomplete="off"/></Field>
                    <datalist id="organisations">{names}</datalist>
                    <Field id="role" label=tr!(organisations.role)><select id="role" class="field" name="role">{roles}</select></Field>
                </div>
                <div class="cols">
                    <Field id="name" label=tr!(connections.name)><input id="name" class="field" name="name" value=was("name") required autocomplete="off"/></Field>
                    <Field id="email" label=tr!(sign_in.email)><input id="email" class="field" type="email" name="email" value=was("email") required autocomplete="off"/></Field>
                </div>
                <button class="btn main" type="submit">{tr!(organisations.link)}</button>
            </form>
    }
}
