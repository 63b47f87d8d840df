//! Who provides the service where: derived from what partners have, never kept by hand.

use crate::{Actor, Error, Service};
use peerage_domain::{
    Asn, Finding,
    access::Action,
    catalogue::Location,
    peering::{Connection, Peering, SessionState, StateName},
    router::Router,
    service::requirements::{self, Link},
};
use peerage_storage::{
    Page, Sort,
    peerings::{PeeringColumn, PeeringFilter},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A connection of a partner with the router that it ends on.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// The peering.
    pub peering: Arc<Peering>,
    /// Number of the connection.
    pub number: u16,
    /// Its router.
    pub router: Option<Router>,
}

impl Placed {
    pub(crate) fn connection(&self) -> Option<&Connection> {
        self.peering.connection(self.number)
    }

    /// The id of the session with an address, such as `PR-88/1/v4`.
    pub(crate) fn session_id(&self, address: IpAddr) -> String {
        format!("{}/{}/{}", self.peering.id, self.number, if address.is_ipv4() { "v4" } else { "v6" })
    }

    /// The name of that session on its router, such as `pr_88_1_v4`.
    pub(crate) fn symbol(&self, address: IpAddr) -> String {
        self.session_id(address).to_lowercase().replace(['-', '/'], "_")
    }

    /// How it counts for the requirements.
    fn link(&self, up: Option<bool>, place: impl Fn(&str) -> String) -> Option<Link> {
        let connection = self.connection()?;
        Some(Link {
            id: format!("{}/{}", self.peering.id, self.number),
            kind: self.peering.kind,
            location: self.peering.location.clone(),
            place: place(&self.peering.location),
            router: self.router.as_ref().map(|router| router.name.clone()),
            bandwidth_mbps: connection.spec.bandwidth_mbps,
            service: connection.spec.peering_service,
            active: connection.state.name() == StateName::Active,
            up,
        })
    }
}

/// What partners have, as of one version of the record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partners {
    version: String,
    /// Every connection that is not over, by network.
    pub placed: BTreeMap<Asn, Vec<Placed>>,
    /// Where each network meets the requirements.
    pub providers: Providers,
}

/// A network that customers can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// Ids of the locations at which it meets the requirements.
    pub locations: BTreeSet<String>,
}

/// Everybody whom customers can choose.
pub type Providers = BTreeMap<Asn, Provider>;

/// What was read last. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Cache(Arc<Mutex<Arc<Partners>>>);

impl Cache {
    fn lock(&self) -> MutexGuard<'_, Arc<Partners>> {
        // A panic elsewhere leaves the value whole: each change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The checklist of one network at one location.
#[derive(Clone, Debug)]
pub struct Checklist {
    /// The network.
    pub asn: Asn,
    /// The location.
    pub location: Location,
    /// Every requirement.
    pub findings: Vec<Finding>,
}

impl Checklist {
    /// Whether customers can choose the network there.
    pub fn is_met(&self) -> bool {
        requirements::is_met(&self.findings)
    }
}

impl Service {
    /// What partners have now.
    pub(crate) async fn partners(&self) -> Result<Arc<Partners>, Error> {
        let version = self.store.service_version().await?;
        let known = self.partners.lock().clone();
        if known.version == version {
            return Ok(known);
        }
        let fresh = Arc::new(self.read_partners(version).await?);
        *self.partners.lock() = fresh.clone();
        Ok(fresh)
    }

    async fn read_partners(&self, version: String) -> Result<Partners, Error> {
        let sort = Sort { by: PeeringColumn::Id, descending: false };
        let every = Page { offset: 0, limit: u32::MAX };
        let (peerings, _) = self.store.peerings(&PeeringFilter::default(), sort, &every).await?;
        let routers = self.store.routers().await?;
        let placements: BTreeMap<(String, u16), String> = self.store.placements().await?.into_iter().collect();
        let mut placed: BTreeMap<Asn, Vec<Placed>> = BTreeMap::new();
        for peering in peerings.into_iter().map(Arc::new) {
            for connection in peering.connections.iter().filter(|c| !c.state.name().is_final()) {
                let on = placements.get(&(peering.id.clone(), connection.number));
                let router = routers.iter().find(|router| Some(&router.id) == on).cloned();
                placed.entry(peering.asn).or_default().push(Placed { peering: peering.clone(), number: connection.number, router });
            }
        }
        let wanted = &self.settings.requirements;
        let mut providers = Providers::new();
        for (asn, all) in &placed {
            // A session that is down is no reason to leave the directory.
            let links: Vec<Link> = all.iter().filter_map(|placed| placed.link(Some(true), str::to_owned)).collect();
            let at: BTreeSet<&String> = links.iter().filter(|link| link.carries()).map(|link| &link.location).collect();
            let met = at.into_iter().filter(|location| requirements::is_met(&requirements::judge(wanted, &links, location, "")));
            let locations: BTreeSet<String> = met.cloned().collect();
            if !locations.is_empty() {
                let name = all.iter().map(|placed| placed.peering.peer_name.clone()).next().unwrap_or_default();
                providers.insert(*asn, Provider { name, locations });
            }
        }
        Ok(Partners { version, placed, providers })
    }

    /// Who provides the service, and where.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn service_providers(&self) -> Result<Providers, Error> {
        Ok(self.partners().await?.providers.clone())
    }

    /// The checklists of the actor's networks, at every location at which they have a connection.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn checklists(&self, actor: &Actor) -> Result<Vec<Checklist>, Error> {
        actor.may(Action::ReadPeerings)?;
        let (partners, directory) = (self.partners().await?, self.directory().await?);
        let mut found = vec![];
        for (asn, all) in &partners.placed {
            if !all.iter().any(|placed| placed.peering.organisation == actor.organisation) {
                continue;
            }
            let place = |id: &str| directory.location(id).map(|l| l.city.clone()).unwrap_or_default();
            let links: Vec<Link> = all.iter().filter_map(|placed| placed.link(self.is_up(placed), place)).collect();
            let at: BTreeSet<&String> = links.iter().map(|link| &link.location).collect();
            for location in at.into_iter().filter_map(|id| directory.location(id)) {
                let findings = requirements::judge(&self.settings.requirements, &links, &location.id, &location.name);
                found.push(Checklist { asn: *asn, location: location.clone(), findings });
            }
        }
        Ok(found)
    }

    /// Whether all sessions of a connection are Established, as far as its router told.
    fn is_up(&self, placed: &Placed) -> Option<bool> {
        let (router, connection) = (placed.router.as_ref()?, placed.connection()?);
        let reports = self.fleet.heard(router)?.sessions.ok()?;
        let up = |address: IpAddr| {
            let symbol = placed.symbol(address);
            reports.iter().any(|r| r.symbol == symbol && r.state == SessionState::Established)
        };
        Some(connection.spec.endpoint.peer_addresses().into_iter().all(up))
    }
}
