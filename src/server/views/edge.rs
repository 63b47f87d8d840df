//! What the pages of routers and of received routes read.

use crate::{
    rpc::{
        Failure,
        edge::{DriftView, GlassView, HeardView, RouteRow, RouterRow, RouterView, RoutersView, RoutesView, SourceView},
    },
    server::context::{asked, require},
    text::say,
};
use peerage_domain::{
    access::Action,
    catalogue::{Paged, Query},
    peering::SessionState,
};
use peerage_service::{Error, directory::PAGE, glass::Ask, routers::RouterDetail, routes::Judged};

fn row(detail: RouterDetail) -> RouterRow {
    let up = |all: &[peerage_edge::state::SessionReport]| all.iter().filter(|r| r.state == SessionState::Established).count();
    RouterRow {
        heard: detail.heard.map(|heard| match heard.sessions {
            Ok(all) => HeardView { at: heard.at, up: up(&all), all: all.len(), trouble: None },
            Err(why) => HeardView { at: heard.at, up: 0, all: 0, trouble: Some(why) },
        }),
        placed: detail.placed.len(),
        location: detail.location,
        router: detail.router,
    }
}

pub(crate) async fn routers(query: Query) -> Result<RoutersView, Failure> {
    let (service, actor) = asked().await?;
    let routers = service.routers(&actor, &query).await?.map(row);
    let source = |it: peerage_service::rpki::Source| SourceView { name: it.name, count: it.count, at: it.at, trouble: it.trouble };
    Ok(RoutersView { routers, rpki: service.rpki_sources().into_iter().map(source).collect(), now: service.clock().now() })
}

pub(crate) async fn router(id: String, query: Query) -> Result<RouterView, Failure> {
    let (service, actor) = asked().await?;
    require(&actor, Action::ManageRouters)?;
    let directory = service.directory().await?;
    let locations =
        directory.all_locations().iter().map(|l| (l.id.clone(), format!("{} · {} · {}", l.city, l.name, l.kind.word()))).collect();
    let (detail, include) = match id.as_str() {
        "new" => (None, None),
        id => {
            let (detail, include) = service.router(&actor, id).await?;
            (Some(detail), include)
        }
    };
    let mut placed = detail.as_ref().map(|d| d.placed.clone()).unwrap_or_default();
    placed.retain(|(peering, _)| query.finds(&[peering]));
    if query.descending {
        placed.reverse();
    }
    let placed = Paged::of(placed, query.offset, PAGE);
    let drift = match &detail {
        None => Ok(DriftView::default()),
        Some(detail) => match service.drift(&actor, &detail.router.id).await {
            Ok(drift) => Ok(DriftView {
                files: drift.files.into_iter().map(|f| (f.name, f.text)).collect(),
                findings: drift.findings,
                adoptable: drift.adoptable,
                wholly: drift.wholly,
            }),
            Err(error) => Err(say(&error.text())),
        },
    };
    Ok(RouterView { row: detail.map(row), include, placed, drift, locations, now: service.clock().now() })
}

fn route_row(Judged { route, refused, origin }: Judged) -> RouteRow {
    RouteRow {
        prefix: route.prefix.to_string(),
        next_hop: route.next_hop.map(|hop| hop.to_string()).unwrap_or_default(),
        path: route.path.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        origin,
        refused: refused.into_iter().map(peerage_edge::reason::Reason::text).collect(),
    }
}

pub(crate) async fn received_routes(id: String, connection: u16, query: Query) -> Result<RoutesView, Failure> {
    let (service, actor) = asked().await?;
    let (peering, all) = service.received_routes(&actor, &id, connection).await?;
    let accepted = all.iter().filter(|it| it.refused.is_empty()).count() as u64;
    let counts = (accepted, all.len() as u64 - accepted);
    let mut rows: Vec<RouteRow> = all
        .into_iter()
        .filter(|it| query.kind.is_empty() || (query.kind == "accepted") == it.refused.is_empty())
        .map(route_row)
        .filter(|row| query.finds(&[&row.prefix, &row.path, &row.next_hop]))
        .collect();
    if query.sort == "path" {
        rows.sort_by_key(|row| row.path.split(' ').count());
    }
    if query.descending {
        rows.reverse();
    }
    Ok(RoutesView {
        network: (peering.peer_name, peering.asn),
        peering: peering.id,
        connection,
        routes: Paged::of(rows, query.offset, PAGE),
        counts,
    })
}

pub(crate) async fn glass(id: String, connection: u16, query: Query) -> Result<GlassView, Failure> {
    let (service, actor) = asked().await?;
    let (peering, router) = service.glass_of(&actor, &id, connection).await?;
    let answer = match Ask::of(&query.kind) {
        Some(ask) if !query.search.trim().is_empty() => match service.look_through(&actor, &id, connection, ask, &query.search).await {
            Ok(text) => Some(Ok(text)),
            Err(Error::Refused(why)) => Some(Err(why)),
            Err(error) => return Err(error.into()),
        },
        _ => None,
    };
    Ok(GlassView { network: (peering.peer_name, peering.asn), peering: peering.id, connection, router: router.name, answer })
}
