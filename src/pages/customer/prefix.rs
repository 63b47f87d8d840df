//! `/connections/CN-1/prefixes/193.0.16.0_24`: whether a prefix gets the service, and why not.

use crate::{
    components::{
        Breadcrumbs, Copy, Field, Post, ValidationMark, VerdictPanels, action,
        chart::{PathRibbon, WorldMap},
        live, load, load_more, take_off, typed_again,
    },
    pages::param,
    rpc::{
        connections::RemovePrefix,
        incidents::read_course,
        service::{EditPrefix, PlaceView, PrefixView, TakePrefixOff, read_prefix},
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{Next, catalogue::percent, incident::Course};

/// One prefix of a customer.
#[component]
pub fn PrefixPage() -> impl IntoView {
    let (id, prefix) = (param("id"), param("prefix"));
    let found = Resource::new_blocking(move || (id.get(), prefix.get()), |(id, prefix)| read_prefix(id, prefix));
    live(move || id.get_untracked(), found);
    let course = Resource::new_blocking(move || prefix.get(), |prefix| read_course(prefix, HOURS));
    live(move || format!("prefix {}", prefix.get_untracked().replace('_', "/")), course);
    view! {
        {load(found, |found| view! { <Prefix found=found/> })}
        {load_more(course, move |course| internet(course, prefix.get_untracked()))}
    }
}

/// Hours that the picture of what vantage points have looks back.
const HOURS: i64 = 24;

/// What vantage points on the Internet had of it.
fn internet(course: Option<Course>, prefix: String) -> impl IntoView {
    let prefix = prefix.replace('_', "/");
    course.map(|course| {
        view! {
            <section class="panel" aria-labelledby="h-internet">
                <div class="phead">
                    <h2 id="h-internet">{tr!(prefix_page.internet)}</h2>
                    <div class="acts"><a class="btn sm" href=format!("/incidents?search={}", percent(&prefix))>{tr!(prefix_page.incidents)}</a></div>
                </div>
                <PathRibbon course=course/>
            </section>
        }
    })
}

/// Where its traffic comes in, on the map and as a table.
fn entrances(places: Vec<PlaceView>) -> impl IntoView {
    let role = |place: &PlaceView| match place.approved {
        Some(true) => tr!(entrance.primary),
        Some(false) => tr!(entrance.backup),
        None => tr!(entrance.neither),
    };
    let dots = places.iter().filter_map(|place| {
        let (latitude, longitude) = place.point?;
        Some((
            format!("{}{}{}", place.city, crate::text::language().colon(), role(place)),
            latitude,
            longitude,
            u32::try_from(place.sessions).unwrap_or(0),
        ))
    });
    let dots: Vec<_> = dots.collect();
    let by = places.iter().find(|place| place.sessions > 0);
    let say = match by {
        Some(place) if place.approved.is_some() => tr!(entrance.say, name = place.name.clone(), role = role(place)),
        Some(place) => tr!(entrance.odd, name = place.name.clone()),
        None => tr!(entrance.none),
    };
    let rows = places
        .iter()
        .map(|place| {
            view! {
                <tr>
                    <td class="key" data-l=tr!(entrance.location)><span>{place.name.clone()}<small class="muted">{place.city.clone()}</small></span></td>
                    <td data-l=tr!(entrance.role)>{role(place)}</td>
                    <td class="num" data-l=tr!(entrance.sessions)>{place.sessions}</td>
                    <td class="num" data-l=tr!(entrance.hops)>{place.hops.map_or_else(|| "–".to_owned(), |hops| hops.to_string())}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="h-entrance">
            <div class="phead"><h2 id="h-entrance">{tr!(entrance.title)}</h2><p>{say}</p></div>
            {(!dots.is_empty()).then(|| view! { <div class="map"><WorldMap places=dots caption=tr!(entrance.caption)/></div> })}
            <div class="scroll"><table class="tbl cards">
                <thead><tr>
                    <th scope="col">{tr!(entrance.location)}</th><th scope="col">{tr!(entrance.role)}</th>
                    <th scope="col" class="num">{tr!(entrance.sessions)}</th><th scope="col" class="num">{tr!(entrance.hops)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        </section>
    }
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
        {entrances(found.places)}
        {form}
        {settle}
    }
}
