//! Registering the operator's routers.

use crate::{
    Actor, Error, Service,
    directory::{Directory, PAGE},
    fleet::{Heard, engine},
};
use peerage_domain::{
    Prefix,
    access::Action,
    catalogue::{Location, Paged, Query},
    peering::StateName,
    router::{EngineKind, Router, RouterForm},
    say,
};
use peerage_edge::intent::RouterIntent;
use std::path::Path;

/// A router with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterDetail {
    /// The router.
    pub router: Router,
    /// Names of the locations.
    pub location: String,
    /// What was last heard from it.
    pub heard: Option<Heard>,
    /// Which connections run on it: peering and number.
    pub placed: Vec<(String, u16)>,
}

impl Service {
    /// The operator's own address space, in which no peer gives a link; sessions from before the
    /// portal are where they are.
    pub(crate) async fn own_space(&self, legacy: bool) -> Result<Vec<Prefix>, Error> {
        if legacy {
            return Ok(vec![]);
        }
        let announced = self.store.routers().await?.into_iter().flat_map(|router| router.announce);
        Ok(announced.chain(self.settings.link_pools.iter().copied()).collect())
    }

    /// Registers a router and makes its folder ready.
    ///
    /// # Errors
    /// Everything that is wrong with the form, or that the folder cannot be written.
    pub async fn register_router(&self, actor: &Actor, form: &RouterForm) -> Result<Router, Error> {
        actor.may(Action::ManageRouters)?;
        self.keep_router("", form).await
    }

    /// Changes a router.
    ///
    /// # Errors
    /// When it is unknown, or everything that is wrong with the form.
    pub async fn change_router(&self, actor: &Actor, id: &str, form: &RouterForm) -> Result<Router, Error> {
        actor.may(Action::ManageRouters)?;
        self.keep_router(id, form).await
    }

    async fn keep_router(&self, id: &str, form: &RouterForm) -> Result<Router, Error> {
        let directory = self.directory().await?;
        let chosen = std::iter::once(form.location.as_str()).chain(form.other_ids());
        let locations: Vec<Location> = chosen.filter_map(|id| directory.location(id)).cloned().collect();
        let lan: Vec<Prefix> = locations.iter().flat_map(|l| directory.lan(l)).collect();
        let router = form.read(id, &locations, &lan).map_err(Error::Several)?;
        if let Some(address) = router.addresses.iter().find(|a| {
            let mut owners = locations.iter().filter_map(|l| directory.owner_of(l, **a));
            owners.any(|asn| asn != self.settings.operator_asn)
        }) {
            return Err(Error::Refused(say!("router.address_taken", "PeeringDB lists {address} as another network's.", address = address)));
        }
        let all = self.store.routers().await?;
        let same =
            |r: &&Router| r.id != id && router.engine != EngineKind::Memory && (r.folder == router.folder || r.socket == router.socket);
        if let Some(other) = all.iter().find(same) {
            return Err(Error::Refused(say!(
                "router.shared",
                "{name} has the same socket or folder. Each router has its own.",
                name = other.name
            )));
        }
        self.make_ready(&router)?;
        let mut tx = self.store.begin().await?;
        let all = tx.routers().await?;
        if !id.is_empty() && !all.iter().any(|r| r.id == id) {
            return Err(Error::NotFound("router", id.to_string()));
        }
        if let Some(other) = all.iter().find(|r| r.id != id && r.name == router.name) {
            return Err(Error::Refused(say!("router.twice", "{name} is registered already: {id}.", name = other.name, id = other.id)));
        }
        let router = if id.is_empty() { Router { id: tx.next_id("RT").await?, ..router } } else { router };
        tx.save_router(&router).await?;
        // What it announces and protects may have changed: the next roll-out writes it, and comes now.
        for (peering, number) in tx.placed_on(&router.id).await? {
            let found = tx.peering(&peering).await?;
            let active = |it: &peerage_domain::peering::Connection| it.state.name() == StateName::Active;
            if found.as_ref().and_then(|found| found.body.connection(number)).is_some_and(active) {
                tx.add_job(crate::provisioning::ADVANCE, &format!("{peering}/{number}"), self.clock.now()).await?;
                break;
            }
        }
        tx.commit().await?;
        self.fleet.listen(&router, self.clock.now()).await?;
        Ok(router)
    }

    fn make_ready(&self, router: &Router) -> Result<(), Error> {
        if router.engine == EngineKind::Memory {
            return Ok(());
        }
        let parent = Path::new(&router.folder).parent();
        if parent.is_none_or(|parent| !parent.is_dir()) {
            let parent = parent.map(|p| p.display().to_string()).unwrap_or_default();
            return Err(Error::Refused(say!(
                "router.folder",
                "The folder cannot be used: {fault}",
                fault = format!("{parent} is no folder")
            )));
        }
        let head = self.head(router)?;
        let ready = engine(router).prepare(&RouterIntent { router: head, sessions: vec![] });
        ready.map_err(|fault| Error::Refused(say!("router.folder", "The folder cannot be used: {fault}", fault = fault)))
    }

    /// Takes a router off the list, once no connection runs on it.
    ///
    /// # Errors
    /// When it is unknown or a connection runs on it.
    pub async fn remove_router(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        actor.may(Action::ManageRouters)?;
        let mut tx = self.store.begin().await?;
        if !tx.routers().await?.iter().any(|r| r.id == id) {
            return Err(Error::NotFound("router", id.to_string()));
        }
        for (peering, number) in tx.placed_on(id).await? {
            let found = tx.peering(&peering).await?;
            let over = found.as_ref().and_then(|v| v.body.connection(number)).is_none_or(|c| c.state.name().is_final());
            if !over {
                return Err(Error::Refused(say!(
                    "router.in_use",
                    "Connection {number} of {peering} runs on this router. Remove it first.",
                    number = number,
                    peering = peering
                )));
            }
        }
        tx.delete_placements(id).await?;
        tx.delete_router(id).await?;
        tx.commit().await?;
        self.fleet.forget(id);
        Ok(())
    }

    /// A part of the routers; `query.kind` is the word of an engine.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn routers(&self, actor: &Actor, query: &Query) -> Result<Paged<RouterDetail>, Error> {
        actor.may(Action::ManageRouters)?;
        let directory = self.directory().await?;
        let mut found: Vec<Router> = self.store.routers().await?;
        found.retain(|r| {
            (query.kind.is_empty() || r.engine.word() == query.kind)
                && query.finds(&[&r.name, &r.id, &places(&directory, r), &r.router_id.to_string()])
        });
        match query.sort.as_str() {
            "name" => found.sort_by(|a, b| a.name.cmp(&b.name)),
            "engine" => found.sort_by_key(|r| r.engine.word()),
            "location" => found.sort_by_key(|r| places(&directory, r)),
            _ => {}
        }
        if query.descending {
            found.reverse();
        }
        let page = Paged::of(found, query.offset, PAGE);
        let mut details = vec![];
        for router in page.items {
            let placed = self.running_on(&router.id).await?;
            details.push(RouterDetail { location: places(&directory, &router), heard: self.fleet.heard(&router), placed, router });
        }
        Ok(Paged { items: details, total: page.total, offset: page.offset, limit: page.limit })
    }

    /// One router, and the line that its own configuration has to include.
    ///
    /// # Errors
    /// When the actor may not, or it is unknown.
    pub async fn router(&self, actor: &Actor, id: &str) -> Result<(RouterDetail, Option<String>), Error> {
        actor.may(Action::ManageRouters)?;
        let router = self.store.routers().await?.into_iter().find(|r| r.id == id);
        let router = router.ok_or_else(|| Error::NotFound("router", id.to_string()))?;
        let directory = self.directory().await?;
        let location = places(&directory, &router);
        let line = engine(&router).setup();
        let placed = self.running_on(id).await?;
        Ok((RouterDetail { heard: self.fleet.heard(&router), location, placed, router }, line))
    }

    /// Every router that is a real one: id and name.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn real_routers(&self, actor: &Actor) -> Result<Vec<(String, String)>, Error> {
        actor.may(Action::ManageRouters)?;
        let all = self.store.routers().await?.into_iter().filter(|router| router.engine != EngineKind::Memory);
        Ok(all.map(|router| (router.id, router.name)).collect())
    }

    /// Which connections run on a router and are not over.
    async fn running_on(&self, id: &str) -> Result<Vec<(String, u16)>, Error> {
        let mut running = vec![];
        for (peering, number) in self.store.placed_on(id).await? {
            let found = self.store.peering(&peering).await?;
            if found.as_ref().and_then(|v| v.body.connection(number)).is_some_and(|c| !c.state.name().is_final()) {
                running.push((peering, number));
            }
        }
        Ok(running)
    }

    /// Whether any router is a real one.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn has_real_router(&self) -> Result<bool, Error> {
        Ok(self.store.routers().await?.iter().any(|router| self.fleet.engine(router).is_real()))
    }
}

/// The names of the locations that a router serves.
fn places(directory: &Directory, router: &Router) -> String {
    let named = router.locations().filter_map(|id| directory.location(id)).map(|l| format!("{}, {}", l.name, l.city));
    named.collect::<Vec<_>>().join("; ")
}
