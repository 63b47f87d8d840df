//! `/partner/customers`: the customers of the partner's route servers.

use super::{prefixes::key_words, registration::end_form};
use crate::{
    components::{Breadcrumbs, Column, EmptyList, ListSearch, Pager, Post, SortedHead, action, load, query_from_url, typed_again},
    rpc::{
        legacy::{CustomersView, RegisterCustomers, UnregisterCustomer, read_customers},
        service::{RevokeKey, RotateKey},
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{catalogue::Query, service::KeyStanding};

/// The list, and the form that adds to it.
#[component]
pub fn CustomersPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), read_customers);
    load(found, move |found| view! { <Customers found=found query=query.get_untracked()/> })
}

#[component]
fn Customers(found: CustomersView, query: Query) -> impl IntoView {
    let (any, active) = found.route_server;
    let call = (!active).then(|| {
        let text = if any {
            tr!(customers.wait)
        } else {
            tr!(customers.none)
        };
        view! { <div class="call info" role="note"><div><p><b>{text}</b></p></div><a class="btn" href="/partner">{tr!(peerings.title)}</a></div> }
    });
    let form = active.then(|| {
        typed_again("customers", |typed| {
            view! {
                <section class="panel narrow-left" aria-labelledby="h-add">
                    <div class="phead"><h2 id="h-add">{tr!(customers.add)}</h2></div>
                    <form class="pbody form" method="post" action={action::<RegisterCustomers>()}>
                        <div class="field-row">
                            <label for="customers">{tr!(customers.label)}</label>
                            <textarea id="customers" class="field mono" name="customers" rows="5" aria-describedby="customers-help" prop:value=typed.get("customers").unwrap_or_default()>{typed.get("customers")}</textarea>
                            <p class="help" id="customers-help">{tr!(customers.help)}</p>
                        </div>
                        <button class="btn main" type="submit">{tr!(customers.register)}</button>
                    </form>
                </section>
            }
        })
    });
    view! {
        <Title text=tr!(customers.title)/>
        <div>
            <Breadcrumbs trail=vec![("/partner".into(), tr!(peerings.title))]/>
            <div class="title"><h1>{tr!(customers.title)}</h1></div>
        </div>
        {call}
        <section class="panel" aria-label=tr!(customers.title)>
            <div class="phead"><ListSearch query=query.clone() path="/partner/customers" hint=tr!(customers.search)/></div>
            {table(found, query)}
        </section>
        {form}
    }
}

fn table(found: CustomersView, query: Query) -> impl IntoView {
    let (now, found) = (found.now, found.customers);
    if found.items.is_empty() {
        return view! {
            <EmptyList total=found.total query=query path="/partner/customers" text=tr!(customers.empty)><a class="btn" href="/partner">{tr!(peerings.title)}</a></EmptyList>
        }
        .into_any();
    }
    let rows = found
        .items
        .into_iter()
        .map(|row| {
            let asn = row.asn;
            let fields = vec![("asn", asn.to_string())];
            let (good, words) = match &row.key {
                Some(key) => (key.standing(now) == KeyStanding::Good, format!("{} {}", key.hint, key_words(key.standing(now), row.activated))),
                None => (false, String::new()),
            };
            let rotate = vec![("subject", row.subject.clone())];
            let revoke = row.key.as_ref().filter(|_| good).map(|key| vec![("subject", row.subject.clone()), ("key", key.id.clone())]);
            view! {
                <tr>
                    <td class="key mono" data-l="ASN">{asn.to_string()}</td>
                    <td data-l=tr!(connections.name)>{row.name}</td>
                    <td data-l=tr!(customers.since)>{row.added.minute()}</td>
                    <td class="mono" data-l=tr!(registered.key)>{words}</td>
                    <td data-l=tr!(registered.last_day)>{row.key.as_ref().filter(|_| good).map(|key| end_form(&row.subject, key))}</td>
                    <td class="acts">
                        <Post to={action::<RotateKey>()} fields=rotate label=tr!(customers.new_key, asn = asn) class="btn sm"/>
                        {revoke.map(|fields| view! { <Post to={action::<RevokeKey>()} fields=fields label=tr!(customers.revoke) class="btn sm stop"/> })}
                        <Post to={action::<UnregisterCustomer>()} fields=fields label=tr!(customers.remove, asn = asn) class="btn sm quiet"/>
                    </td>
                </tr>
            }
        })
        .collect_view();
    let columns = vec![
        Column::text("", "ASN".to_owned()),
        Column::text("", tr!(connections.name)),
        Column::text("", tr!(customers.since)),
        Column::text("", tr!(registered.key)),
        Column::text("", tr!(registered.last_day)),
        Column::text("", String::new()),
    ];
    view! {
        <div class="scroll"><table class="tbl cards"><SortedHead columns=columns query=query.clone() path="/partner/customers"/><tbody>{rows}</tbody></table></div>
        <Pager total=found.total limit=found.limit query=query path="/partner/customers"/>
    }
    .into_any()
}
