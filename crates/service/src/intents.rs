//! What a router should run, from what the portal has on record.

use crate::{Error, Service};
use peerage_domain::{
    Prefix, Text,
    peering::{Connection, DirectType, Peering, PeeringRecord, State, StateName, Verb},
    router::Router,
    say,
    session::{ConnectionSpec, Endpoint, Ends, ends},
};
use peerage_edge::intent::{Accept, BgpRole, RoutePolicy, RouterIntent, Secret, Session, Word};
use std::net::IpAddr;

/// What should happen with a connection's routes, when not what its state says.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// This policy.
    Run(RoutePolicy),
    /// No session at all.
    Gone,
}

/// One connection as it should run, whatever is on record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    /// Its peering.
    pub peering: &'a Peering,
    /// Its number.
    pub connection: u16,
    /// How it should run.
    pub wanted: &'a Wanted,
}

impl Change<'_> {
    fn is_of(&self, peering: &str, connection: u16) -> bool {
        self.peering.id == peering && self.connection == connection
    }
}

impl Service {
    /// Everything that a router should run by what is on record, but for one connection.
    ///
    /// # Errors
    /// When storage fails, or that connection cannot run there; the text says why.
    pub(crate) async fn router_intent(&self, router: &Router, but: Option<Change<'_>>) -> Result<Result<RouterIntent, Text>, Error> {
        let mut sessions = vec![];
        let mut placed = self.store.placed_on(&router.id).await?;
        if let Some(change) = &but
            && !placed.iter().any(|(id, number)| change.is_of(id, *number))
        {
            placed.push((change.peering.id.clone(), change.connection));
        }
        for (id, number) in placed {
            let change = but.as_ref().filter(|change| change.is_of(&id, number));
            let stored = match change {
                Some(change) => Some(change.peering.clone()),
                None => self.store.peering(&id).await?.map(|v| v.body),
            };
            let Some((peering, connection)) = stored.as_ref().and_then(|p| Some((p, p.connection(number)?))) else { continue };
            let policy = match change.map(|change| change.wanted) {
                Some(Wanted::Run(policy)) => Some(policy.clone()),
                Some(Wanted::Gone) => None,
                None => running_policy(&connection.state, &self.accept(peering, connection).await?),
            };
            let Some(policy) = policy else { continue };
            match self.sessions_of(router, peering, connection, &policy).await? {
                Ok(more) => sessions.extend(more),
                Err(why) if change.is_some() => return Ok(Err(why)),
                // Another connection's trouble is not this one's.
                Err(why) => tracing::warn!(peering = id, connection = number, %why, "a session cannot be configured"),
            }
        }
        Ok(Ok(RouterIntent { router: self.head(router)?, sessions }))
    }

    /// What all sessions of a router share.
    pub(crate) fn head(&self, router: &Router) -> Result<peerage_edge::intent::Router, Error> {
        Ok(peerage_edge::intent::Router {
            name: router.name.parse::<Word>().map_err(|error| Error::Fault(error.to_string()))?,
            asn: self.settings.operator_asn,
            router_id: router.router_id,
            announce: router.announce.clone(),
            rpki: self.settings.rpki.caches.clone(),
        })
    }

    /// What may be let in on a connection: what no rule refuses, up to the most prefixes that
    /// were agreed; from a route server only routes of the customers that are registered.
    ///
    /// # Errors
    /// When storage fails.
    pub(crate) async fn accept(&self, peering: &Peering, connection: &Connection) -> Result<Accept, Error> {
        if connection.spec.direct_type != DirectType::IxRs {
            return Ok(Accept { any: true, ..Accept::default() });
        }
        let origins = self.store.customers_of(&peering.organisation).await?.into_iter().collect();
        Ok(Accept { any: true, only_origins: true, origins, ..Accept::default() })
    }

    /// The sessions of a connection on a router.
    ///
    /// # Errors
    /// When storage fails, or, inside, why the connection cannot run there.
    pub(crate) async fn sessions_of(
        &self,
        router: &Router,
        peering: &Peering,
        connection: &Connection,
        policy: &RoutePolicy,
    ) -> Result<Result<Vec<Session>, Text>, Error> {
        let directory = self.directory().await?;
        let lan = directory.location(&peering.location).map(|l| directory.lan(l)).unwrap_or_default();
        let links = match links(&connection.spec.endpoint, router, &lan) {
            Ok(links) => links,
            Err(why) => return Ok(Err(why)),
        };
        let subject = format!("{}/{}", peering.id, connection.number);
        let md5 = match self.store.secret(&subject).await? {
            Some(sealed) if connection.spec.has_md5 => {
                let key = Secret::try_from(self.vault.open_sealed(&sealed)?);
                Some(key.map_err(|error| Error::Fault(format!("{subject}: {error}")))?)
            }
            _ => None,
        };
        let (approved_by, approved_on) = self.approved(peering, connection.number).await?;
        let name = peering.id.parse::<Word>().map_err(|error| Error::Fault(error.to_string()))?;
        let session = |link: Link| Session {
            peering: name.clone(),
            connection: connection.number,
            peer_asn: peering.asn,
            peer_name: peering.peer_name.clone(),
            approved_by: approved_by.clone(),
            approved_on: approved_on.clone(),
            local: link.local,
            peer: link.peer,
            network: link.network,
            protect: router.announce.clone(),
            md5: md5.clone(),
            gtsm: connection.spec.gtsm,
            bfd: connection.spec.bfd,
            hold_time_s: 90,
            max_prefixes: most(&connection.spec, link.peer),
            route_server: connection.spec.direct_type == DirectType::IxRs,
            role: connection.spec.role.then(|| role(connection.spec.direct_type)),
            policy: policy.clone(),
        };
        Ok(Ok(links.into_iter().map(session).collect()))
    }

    async fn approved(&self, peering: &Peering, number: u16) -> Result<(String, String), Error> {
        let history = self.store.history::<PeeringRecord>(&peering.id).await?;
        let approval = history
            .into_iter()
            .rev()
            .find(|e| matches!(&e.body, PeeringRecord::Stepped(event) if event.verb == Verb::Approve && event.connection == number));
        Ok(approval.map(|e| (e.author, e.at.iso_date())).unwrap_or_default())
    }
}

/// What the operator is to the peer (RFC 9234 §4.1).
fn role(of: DirectType) -> BgpRole {
    match of {
        DirectType::Edge | DirectType::Voice => BgpRole::Peer,
        DirectType::IxRs => BgpRole::RouteServerClient,
    }
}

/// Where the two ends of a session are.
struct Link {
    local: IpAddr,
    peer: IpAddr,
    network: Prefix,
}

impl From<Ends> for Link {
    fn from(ends: Ends) -> Self {
        Link { local: ends.operator, peer: ends.peer, network: ends.network }
    }
}

fn links(endpoint: &Endpoint, router: &Router, lan: &[Prefix]) -> Result<Vec<Link>, Text> {
    let peers = endpoint.peer_addresses();
    if peers.is_empty() {
        return Err(say!("provision.no_address", "The connection has no session address yet. Assign one first."));
    }
    match endpoint {
        Endpoint::Exchange { .. } => peers.into_iter().map(|peer| on_lan(peer, router, lan)).collect(),
        Endpoint::Direct { ipv4, ipv6 } | Endpoint::DirectOperatorAssigned { ipv4, ipv6 } => {
            Ok(ipv4.iter().chain(ipv6).filter_map(|link| ends(*link)).map(Link::from).collect())
        }
        Endpoint::Named { ipv4, ipv6 } => ipv4.iter().chain(ipv6).map(|ends| named(*ends, router)).collect(),
    }
}

/// A session of which both ends are named; where the router's addresses are on record, the
/// operator's end is one of them.
fn named(ends: Ends, router: &Router) -> Result<Link, Text> {
    if !ends.is_link() && !router.addresses.is_empty() && !router.addresses.contains(&ends.operator) {
        return Err(say!(
            "provision.not_ours",
            "{address} is none of the addresses of {router}. Correct the router, or ask for changes.",
            address = ends.operator,
            router = router.name
        ));
    }
    Ok(Link::from(ends))
}

fn on_lan(peer: IpAddr, router: &Router, lan: &[Prefix]) -> Result<Link, Text> {
    let network = lan.iter().find(|lan| lan.contains_address(peer));
    let local = network.and_then(|network| router.addresses.iter().find(|address| network.contains_address(**address)));
    match (network, local) {
        (Some(network), Some(local)) => Ok(Link { local: *local, peer, network: *network }),
        (None, _) => Err(say!(
            "provision.no_lan",
            "The directory has no peering LAN that holds {peer}. Import the exchange's prefixes (ixpfx).",
            peer = peer
        )),
        (Some(network), None) => Err(say!(
            "provision.no_local",
            "The router {router} has no address in {network}. Add it to the router.",
            router = router.name,
            network = network
        )),
    }
}

fn most(spec: &ConnectionSpec, peer: IpAddr) -> u32 {
    let asked = if peer.is_ipv4() { spec.max_prefixes_ipv4 } else { spec.max_prefixes_ipv6 };
    asked.unwrap_or(1).max(1)
}

/// What a connection in a state runs with; nothing when it has no session.
pub(crate) fn running_policy(state: &State, accept: &Accept) -> Option<RoutePolicy> {
    match state.name() {
        StateName::ProvisioningCompleted | StateName::Validating => Some(RoutePolicy::DenyAll),
        StateName::Active | StateName::TypeChangeRequested | StateName::TypeChangeInProgress => Some(RoutePolicy::Open(accept.clone())),
        StateName::PendingRemove => match state {
            State::PendingRemove { was } => match running_policy(was, accept) {
                Some(RoutePolicy::Open(accept)) => Some(RoutePolicy::Drain(accept)),
                other => other,
            },
            _ => None,
        },
        StateName::None
        | StateName::PendingApproval
        | StateName::ChangesRequested
        | StateName::Rejected
        | StateName::Approved
        | StateName::ProvisioningStarted
        | StateName::ProvisioningFailed
        | StateName::ExternalBlocker
        | StateName::Removed => None,
    }
}
