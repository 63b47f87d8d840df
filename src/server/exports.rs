//! Lists as files, for those who are signed in.

use crate::server::{api::Problem, context::actor_of};
use axum::{
    extract::{Path, State},
    http::{HeaderName, header},
};
use peerage_domain::rpki::OriginState;
use peerage_service::{Service, routes::Judged};
use tower_sessions::Session;

/// `GET /peerings/PR-88/1/loa.pdf`: the letter of authorization.
///
/// # Errors
/// When nobody is signed in, the connection is not theirs, or no letter was issued.
pub async fn loa(
    State(service): State<Service>,
    session: Session,
    Path((id, number)): Path<(String, u16)>,
) -> Result<([(HeaderName, String); 2], Vec<u8>), Problem> {
    let actor = actor_of(&service, &session).await?;
    let letter = service.loa(&actor, &id, number).await?;
    let name = format!("attachment; filename=\"LOA-{id}-{number}.pdf\"");
    Ok(([(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)], crate::server::loa::pdf(&letter)?))
}

/// `GET /peerings/PR-88/1/routes.csv`: the received routes, one a line (RFC 4180).
///
/// # Errors
/// When nobody is signed in, the connection is not theirs, or the router does not tell.
pub async fn routes(
    State(service): State<Service>,
    session: Session,
    Path((id, number)): Path<(String, u16)>,
) -> Result<([(HeaderName, String); 2], String), Problem> {
    let actor = actor_of(&service, &session).await?;
    let (_, routes) = service.received_routes(&actor, &id, number).await?;
    let mut text = String::from("prefix,next_hop,as_path,origin_validation,accepted,refused_for\r\n");
    for Judged { route, refused, origin } in routes {
        let origin = origin.map(OriginState::word).unwrap_or_default();
        let hop = route.next_hop.map(|hop| hop.to_string()).unwrap_or_default();
        let path = route.path.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let why = refused.iter().map(|reason| reason.text().to_string()).collect::<Vec<_>>().join("; ");
        text.push_str(&format!("{},{hop},{path},{origin},{},{why}\r\n", route.prefix, refused.is_empty()));
    }
    let name = format!("attachment; filename=\"{id}-{number}-routes.csv\"");
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], text))
}
