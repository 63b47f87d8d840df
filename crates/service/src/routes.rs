//! The routes that the routers receive.

use crate::{Actor, Error, Service, intents::running_policy};
use peerage_domain::{
    access::Action,
    peering::Peering,
    router::Router,
    rpki::{OriginState, Vrps},
    say,
};
use peerage_edge::{
    Engine, Fault,
    intent::{RoutePolicy, Session},
    judge,
    reason::Reason,
    state::{Route, Table},
};

/// A route with what the policy makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The route as it was received.
    pub route: Route,
    /// The reasons for which it is refused; none when it is let in.
    pub refused: Vec<Reason>,
    /// What origin validation finds (RFC 6811); nothing where the RPKI is not known.
    pub origin: Option<OriginState>,
}

impl Service {
    /// The peering of a connection that somebody may see, and the router on which it runs.
    ///
    /// # Errors
    /// When it is unknown, of another organisation, or runs on no router.
    pub async fn placed_connection(&self, actor: &Actor, id: &str, number: u16) -> Result<(Peering, Router), Error> {
        let permit = actor.may(Action::ReadPeerings)?;
        let unknown = || Error::NotFound("connection", format!("{id}/{number}"));
        let found = self.store.peering(id).await?.filter(|v| permit.scope.covers(&v.body.organisation));
        let peering = found.ok_or_else(unknown)?.body;
        peering.connection(number).ok_or_else(unknown)?;
        let placed = self.store.placement(id, number).await?;
        let router = self.store.routers().await?.into_iter().find(|router| Some(&router.id) == placed.as_ref());
        let router = router.ok_or_else(|| {
            Error::Refused(say!("routes.nowhere", "Connection {number} of {id} does not run on a router yet.", number = number, id = id))
        })?;
        Ok((peering, router))
    }

    /// Everything that the sessions of a connection receive, and what the policy that they run
    /// with makes of it; by prefix.
    ///
    /// # Errors
    /// When the connection is unknown or of another organisation, runs on no router, or the
    /// router does not tell.
    pub async fn received_routes(&self, actor: &Actor, id: &str, number: u16) -> Result<(Peering, Vec<Judged>), Error> {
        let (peering, router) = self.placed_connection(actor, id, number).await?;
        let connection = peering.connection(number).ok_or_else(|| Error::NotFound("connection", format!("{id}/{number}")))?;
        let policy = running_policy(&connection.state, &self.accept(&peering, connection).await?).unwrap_or(RoutePolicy::DenyAll);
        let sessions = self.sessions_of(&router, &peering, connection, &policy).await?.map_err(Error::Refused)?;
        let (vrps, on_router) = (self.vrps(), !self.settings.rpki.caches.is_empty());
        let read = self.fleet.look(&router, move |engine| -> Result<Vec<Judged>, Fault> {
            let mut all = vec![];
            for session in &sessions {
                all.extend(judged(engine, session, vrps.as_deref(), on_router)?);
            }
            Ok(all)
        });
        let mut routes = read.await?.map_err(|fault| {
            Error::Refused(say!("routes.silent", "{router} does not tell its routes now: {fault}.", router = router.name, fault = fault))
        })?;
        routes.sort_by_key(|it| it.route.prefix);
        Ok((peering, routes))
    }
}

/// Everything that a session receives, and what its policy makes of it. `on_router` says whether
/// the router validates origins itself.
///
/// # Errors
/// When the router does not tell.
pub(crate) fn judged(engine: &dyn Engine, session: &Session, vrps: Option<&Vrps>, on_router: bool) -> Result<Vec<Judged>, Fault> {
    let of = |route: Route| Judged {
        refused: judge(session, &route, vrps.filter(|_| on_router)),
        origin: vrps.map(|vrps| vrps.validate(route.prefix, route.origin())),
        route,
    };
    Ok(engine.routes(session, Table::Received)?.into_iter().map(of).collect())
}
