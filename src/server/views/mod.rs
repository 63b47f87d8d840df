//! What pages read: answers of the service, put into the shapes that pages show.

mod edge;
mod incidents;
mod latency;
mod legacy;
mod levels;
mod probes;
mod service;

pub(crate) use edge::{glass, received_routes, router, routers};
pub(crate) use incidents::{alerts, course, expectations, feeds, incident, incidents};
pub(crate) use latency::{bucket, days, groups, groups_of, latency, matrix_of, proof};
pub(crate) use legacy::{customers, import, legacies};
pub(crate) use levels::{level, report};
pub(crate) use probes::probes;
pub(crate) use service::{change, hand_over, prefix, registration, registrations, service_page};

use crate::{
    rpc::{
        Failure,
        connections::{ConnectionList, ConnectionRow, ConnectionView, DraftView, PrefixRow},
        directory::{DirectoryView, Facts},
        operator::Queue,
        partner::{AsnView, EdgeView, PartnerHome, PeeringDraftView, PeeringRow, PeeringView},
    },
    server::context::{asked, service},
};
use peerage_domain::{
    Timestamp,
    access::Action,
    catalogue::{Paged, Query},
    peer_asn::AsnEvent,
    peering::{Kind, Peering},
    place,
    prefixes::Known,
    telemetry::RouteEvent,
};
use peerage_latency::{Histogram, View, Window};
use peerage_service::{
    Actor, Error, Service,
    connections::ConnectionEvent,
    directory::{Directory, PAGE, country_name},
    peerings::EdgeFacts,
    requests::RequestDetail,
    telemetry::Course,
};
use peerage_storage::{
    Page, Sort,
    connections::{ConnectionColumn, ServiceConnection},
    peerings::{PeeringColumn, PeeringFilter},
};
use std::collections::BTreeMap;

pub(crate) async fn directory(query: Query) -> Result<DirectoryView, Failure> {
    let service = service();
    let directory = service.directory().await?;
    let (countries, metros) = directory.facets();
    let mut places = BTreeMap::new();
    for location in directory.all_locations().iter().filter(|l| l.published) {
        let Some(point) = location.point else { continue };
        let place = places.entry(location.city.clone()).or_insert((point.latitude, point.longitude, 0));
        place.2 = place.2.max(location.partners);
    }
    let of = |kind: Kind| directory.all_locations().iter().filter(move |l| l.published && l.kind == kind);
    let policy = &service.settings().policy;
    let facts = Facts {
        metros: metros.len(),
        countries: countries.len(),
        partners: usize::try_from(directory.search_partners(&Query::default()).total).unwrap_or(usize::MAX),
        facilities: of(Kind::Direct).count(),
        bandwidth_mbps: of(Kind::Direct).flat_map(|l| l.offers_mbps.iter().copied()).max(),
        exchanges: of(Kind::Exchange).count(),
        min_port_mbps: policy.min_port_mbps,
        as_set: policy.require_as_set,
        answer_hours: policy.answer_hours,
    };
    Ok(DirectoryView {
        facts,
        locations: directory.search_locations(&query),
        partners: directory.search_partners(&query),
        countries,
        metros,
        places: places.into_iter().map(|(name, (lat, lon, partners))| (name, lat, lon, partners)).collect(),
    })
}

fn page(query: &Query) -> Page {
    Page { offset: query.offset, limit: PAGE }
}

fn place_name(connection: &ServiceConnection) -> String {
    let country = country_name(&connection.country);
    let part = place::locate(&connection.country, &connection.subdivision).filter(|p| !p.subdivision.is_empty());
    let part = part.map_or_else(|| connection.subdivision.clone(), |p| p.name);
    if part.is_empty() { country } else { format!("{part}, {country}") }
}

pub(crate) async fn connections(query: Query) -> Result<ConnectionList, Failure> {
    let (service, actor) = asked().await?;
    let by = match query.sort.as_str() {
        "provider" => ConnectionColumn::Provider,
        "created" => ConnectionColumn::Created,
        _ => ConnectionColumn::Name,
    };
    let sort = Sort { by, descending: query.descending };
    let found = service.connections(&actor, &query.search, sort, page(&query)).await?;
    let directory = service.directory().await?;
    let mut rows = vec![];
    for (connection, prefixes) in found.items {
        let courses = service.latency(&actor, &connection.id, View::Last(Window::D1)).await?;
        let verified = service::verified(&service.verdict_states(&connection.id).await?);
        rows.push(ConnectionRow { verified, ..connection_row(&directory, connection, prefixes, &courses) });
    }
    let writable = Action::WriteConnections.allowed(&actor.roles);
    let drafts = if writable { service.connection_drafts(&actor).await? } else { vec![] };
    Ok(ConnectionList {
        rows: Paged { items: rows, total: found.total, offset: found.offset, limit: found.limit },
        drafts: drafts.into_iter().map(|d| (d.id, d.body.name, d.updated)).collect(),
        writable,
    })
}

fn connection_row(directory: &Directory, connection: ServiceConnection, prefixes: i64, courses: &[Course]) -> ConnectionRow {
    let primary = courses.iter().find(|c| c.series.name.ends_with("/Primary")).or_else(|| courses.first());
    let median = |h: &Histogram| h.quantile(0.5);
    ConnectionRow {
        place: place_name(&connection),
        primary: directory.location(&connection.primary).map(|l| l.city.clone()).unwrap_or_default(),
        median_ms: primary.and_then(|c| median(&c.total)),
        spark: primary.map(|c| c.intervals.iter().map(|i| median(&i.histogram)).collect()).unwrap_or_default(),
        id: connection.id,
        name: connection.name,
        provider: connection.provider,
        prefixes,
        verified: 0,
        created: connection.created,
    }
}

pub(crate) async fn connection(id: String, query: Query) -> Result<ConnectionView, Failure> {
    let (service, actor) = asked().await?;
    let (connection, history) = service.connection(&actor, &id).await?;
    let prefixes = service.prefixes_of(&actor, &id, &query).await?;
    let directory = service.directory().await?;
    let writable = Action::WriteConnections.allowed(&actor.roles) && connection.organisation == actor.organisation;
    let (offset, limit, total) = (prefixes.offset, prefixes.limit, prefixes.total);
    let mut items = vec![];
    for row in prefixes.items {
        let verdict = service.verdict_of(&id, row.prefix).await?;
        let state = service::state_view(verdict.as_ref());
        items.push(PrefixRow { prefix: row.prefix.to_string(), added: row.added, has_key: row.key.is_some(), state });
    }
    let states = service.verdict_states(&id).await?;
    let sessions = service.sessions_for(&connection).await?;
    Ok(ConnectionView {
        keyless: service.keyless(&id).await?,
        verified: service::verified(&states),
        failing: states.iter().filter(|(_, state)| *state == peerage_domain::service::ValidationState::Failed).count(),
        sessions: (sessions.iter().filter(|it| it.up == Some(true)).count(), sessions.len()),
        known: if writable { service.known_prefixes(&actor, &id).await? } else { Known::default() },
        writable,
        place: place_name(&connection),
        primary: directory.location(&connection.primary).cloned(),
        backup: connection.backup.as_deref().and_then(|id| directory.location(id)).cloned(),
        prefixes: Paged { items, total, offset, limit },
        history: history.into_iter().rev().map(|e| (e.at, e.author, told(&e.body))).collect(),
        now: service.clock().now(),
        id: connection.id,
        name: connection.name,
        provider: (connection.provider_asn.to_string(), connection.provider),
        created: connection.created,
    })
}

fn told(event: &ConnectionEvent) -> String {
    match event {
        ConnectionEvent::Registered { prefixes } => tr!(told.registered, n = prefixes),
        ConnectionEvent::PrefixesAdded { prefixes } => tr!(told.prefixes_added, n = prefixes.len()),
        ConnectionEvent::PrefixRemoved { prefix } => tr!(told.prefix_removed, prefix = prefix),
        ConnectionEvent::Activated { prefixes } => tr!(told.activated, n = prefixes.len()),
        ConnectionEvent::PrefixChanged { from, to, key } => match key {
            Some(key) if from == to => tr!(told.key_changed, prefix = to, key = key),
            _ => tr!(told.prefix_changed, from = from, to = to),
        },
        ConnectionEvent::Changed { provider, .. } => tr!(told.connection_changed, provider = provider),
        ConnectionEvent::PrefixTaken { prefix } => tr!(told.prefix_taken, prefix = prefix),
        ConnectionEvent::PrefixTakenOff { prefix, note } => tr!(told.prefix_taken_off, prefix = prefix, note = note),
        ConnectionEvent::Deleted => tr!(told.deleted),
    }
}

pub(crate) async fn connection_draft(id: String) -> Result<DraftView, Failure> {
    let (service, actor) = asked().await?;
    let detail = service.connection_draft(&actor, &id).await?;
    let pair = |p: place::Place| (if p.subdivision.is_empty() { p.country } else { p.subdivision }, p.name);
    Ok(DraftView {
        id,
        countries: place::countries().into_iter().map(pair).collect(),
        states: place::subdivisions(&detail.draft.country).into_iter().map(pair).collect(),
        draft: detail.draft,
        name_problem: detail.name_problem.as_ref().map(crate::text::say),
        providers: detail.providers,
        known: detail.known,
        judged: detail.judged,
    })
}

fn peering_rows(directory: &Directory, found: Paged<Peering>) -> Paged<PeeringRow> {
    found.map(|peering| PeeringRow {
        location: directory.location(&peering.location).map(|l| format!("{}, {}", l.name, l.city)).unwrap_or_default(),
        peering,
    })
}

fn peering_sort(query: &Query, default: PeeringColumn) -> Sort<PeeringColumn> {
    let by = match query.sort.as_str() {
        "id" => PeeringColumn::Id,
        "peer" => PeeringColumn::Peer,
        "state" => PeeringColumn::State,
        "since" => PeeringColumn::Since,
        _ => default,
    };
    Sort { by, descending: query.descending }
}

pub(crate) async fn partner_home(query: Query) -> Result<PartnerHome, Failure> {
    let (service, actor) = asked().await?;
    let directory = service.directory().await?;
    let filter = PeeringFilter { search: query.search.clone(), kind: query.kind.clone(), ..PeeringFilter::default() };
    let found = service.peerings(&actor, filter, peering_sort(&query, PeeringColumn::Id), page(&query)).await?;
    let drafts = service.peering_drafts(&actor).await?.into_iter().map(|d| {
        let at = directory.location(&d.body.location).map(|l| l.name.clone()).unwrap_or_default();
        (d.id, format!("{} {at}", d.body.asn).trim().to_owned(), d.updated)
    });
    Ok(PartnerHome {
        asns: service.my_asns(&actor).await?,
        drafts: drafts.collect(),
        legacies: legacy::rows(&directory, service.legacies(&actor, false).await?),
        peerings: peering_rows(&directory, found),
        now: service.clock().now(),
    })
}

pub(crate) async fn peering(id: String) -> Result<PeeringView, Failure> {
    let (service, actor) = asked().await?;
    let detail = service.peering(&actor, &id).await?;
    Ok(PeeringView {
        peering: detail.peering,
        location: detail.location,
        history: detail.history,
        edge: detail.edge.into_iter().map(|(number, facts)| (number, edge_view(facts))).collect(),
        possible: detail.possible,
        criteria: detail.criteria,
        offers: detail.offers,
        policy_version: service.settings().policy.version,
        answer_hours: service.settings().policy.answer_hours,
        now: service.clock().now(),
    })
}

fn edge_view(facts: EdgeFacts) -> EdgeView {
    let EdgeFacts { router, real, sessions, trouble, evidence, plan, log, other_side } = facts;
    let plan = plan.into_iter().map(|diff| (diff.name, diff.text)).collect();
    EdgeView { router, real, sessions, trouble, evidence, plan, log, other_side }
}

pub(crate) async fn asn(id: String) -> Result<AsnView, Failure> {
    let (service, actor) = asked().await?;
    let (asn, history, criteria) = service.asn(&actor, &id).await?;
    let words = |event: AsnEvent| match event {
        AsnEvent::Submitted { .. } => tr!(told.asn_submitted),
        AsnEvent::Approved { .. } => tr!(told.asn_approved),
        AsnEvent::Failed { reason } => tr!(told.asn_failed, reason = reason),
    };
    Ok(AsnView {
        asn,
        history: history.into_iter().rev().map(|e| (e.at, e.author, words(e.body))).collect(),
        criteria,
        policy_version: service.settings().policy.version,
        now: service.clock().now(),
    })
}

pub(crate) async fn peering_draft(id: String) -> Result<PeeringDraftView, Failure> {
    let (service, actor) = asked().await?;
    let RequestDetail { draft, site, findings, locked, asked } = service.peering_draft(&actor, &id).await?;
    let directory = service.directory().await?;
    let here =
        |l: &peerage_domain::catalogue::Location| draft.asn().is_some_and(|asn| !directory.on_record(asn, Some(l)).presence.is_empty());
    let of_kind = directory.all_locations().iter().filter(|l| l.published && Some(l.kind) == draft.kind);
    let mut locations: Vec<_> = of_kind.map(|l| (l.clone(), here(l))).collect();
    locations.sort_by_key(|(location, here)| (!here, location.city.clone(), location.name.clone()));
    let asns = service.my_asns(&actor).await?.into_iter().filter(peerage_domain::peer_asn::PeerAsn::is_approved).collect();
    Ok(PeeringDraftView { id, asns, locations, site, findings, locked, asked, draft })
}

pub(crate) async fn queue(query: Query) -> Result<Queue, Failure> {
    let (service, actor) = asked().await?;
    let next = if query.partner == "all" { "" } else { "operator" };
    let filter = PeeringFilter { next: next.into(), kind: query.kind.clone(), search: query.search.clone(), ..PeeringFilter::default() };
    let sort = peering_sort(&query, PeeringColumn::Since);
    let asns = service.pending_asns(&actor).await?;
    let found = service.peerings(&actor, filter, sort, page(&query)).await?;
    let directory = service.directory().await?;
    Ok(Queue {
        asns,
        peerings: peering_rows(&directory, found),
        answer_hours: service.settings().policy.answer_hours,
        now: service.clock().now(),
    })
}

/// How many requests wait for the operator.
pub(crate) async fn waiting(service: &Service, actor: &Actor) -> Result<u64, Error> {
    let filter = PeeringFilter { next: "operator".into(), ..PeeringFilter::default() };
    let sort = Sort { by: PeeringColumn::Since, descending: false };
    let peerings = service.peerings(actor, filter, sort, Page { offset: 0, limit: 1 }).await?.total;
    Ok(peerings + service.pending_asns(actor).await?.total)
}

pub(crate) async fn route_events(query: Query) -> Result<(Paged<(String, RouteEvent)>, Timestamp), Failure> {
    let (service, actor) = asked().await?;
    let now = service.clock().now();
    let found = service
        .route_events(&actor, &query.kind, now.plus_secs(-30 * 86_400), now, query.sort == "time" && !query.descending, page(&query))
        .await?;
    Ok((found, now))
}
