//! Sessions from before the portal, and the customers of route servers.

use crate::{
    rpc::{
        Failure,
        legacy::{CustomerRow, CustomersView, ImportView, LegacyList, LegacyRow},
    },
    server::context::{asked, reviewer},
};
use peerage_domain::{
    catalogue::{Location, Paged, Query},
    legacy::LegacySessions,
    peering::Kind,
};
use peerage_service::directory::{Directory, PAGE};

fn place(directory: &Directory, id: &str) -> String {
    directory.location(id).map(named).unwrap_or_default()
}

fn named(location: &Location) -> String {
    format!("{}, {}", location.name, location.city)
}

pub(crate) fn rows(directory: &Directory, all: Vec<LegacySessions>) -> Vec<LegacyRow> {
    all.into_iter().map(|sessions| LegacyRow { location: place(directory, &sessions.location), sessions }).collect()
}

pub(crate) async fn legacies(query: Query) -> Result<LegacyList, Failure> {
    reviewer().await?;
    let (service, actor) = asked().await?;
    let directory = service.directory().await?;
    let mut found = rows(&directory, service.legacies(&actor, true).await?);
    found.retain(|row| {
        let it = &row.sessions;
        query.finds(&[&it.id, &it.peer_name, &row.location, &it.asn.to_string()])
    });
    match query.sort.as_str() {
        "peer" => found.sort_by_key(|row| row.sessions.peer_name.to_lowercase()),
        "location" => found.sort_by_key(|row| row.location.to_lowercase()),
        _ => {}
    }
    if query.descending {
        found.reverse();
    }
    Ok(LegacyList {
        rows: Paged::of(found, query.offset, PAGE),
        routers: service.real_routers(&actor).await?,
        exchanges: directory.all_locations().iter().filter(|l| l.kind == Kind::Exchange).map(|l| (l.id.clone(), named(l))).collect(),
    })
}

pub(crate) async fn import(id: String) -> Result<ImportView, Failure> {
    reviewer().await?;
    let (service, actor) = asked().await?;
    let directory = service.directory().await?;
    let found = service.import_of(&actor, &id).await?;
    let rows =
        found.into_iter().map(|(sessions, finding)| (LegacyRow { location: place(&directory, &sessions.location), sessions }, finding));
    Ok(ImportView { rows: rows.collect(), id })
}

pub(crate) async fn customers(query: Query) -> Result<CustomersView, Failure> {
    let (service, actor) = asked().await?;
    let found = service.registered_asns(&actor, &query).await?;
    let (total, offset, limit) = (found.total, found.offset, found.limit);
    let mut items = vec![];
    for it in found.items {
        let subject = format!("{}/{}", actor.organisation, it.asn);
        let (key, activated) = service.last_key(&actor, &subject).await?;
        items.push(CustomerRow { asn: it.asn, name: it.name, added: it.added, subject, key, activated });
    }
    let route_server = service.route_servers(&actor).await?;
    Ok(CustomersView { customers: Paged { items, total, offset, limit }, route_server, now: service.clock().now() })
}
