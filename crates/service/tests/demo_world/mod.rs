//! The demo world on a throw-away database.
#![allow(dead_code)]

use peerage_domain::Timestamp;
use peerage_service::{Actor, Clock, Service, demo, secrets::Vault};
use peerage_storage::{
    Page, Sort, Store,
    peerings::{PeeringColumn, PeeringFilter},
};

pub const NOW: i64 = 1_790_000_000;

pub struct World {
    pub service: Service,
    pub clock: Clock,
    _dir: tempfile::TempDir,
}

pub async fn world() -> World {
    let dir = tempfile::tempdir().expect("temporary directory");
    let store = Store::open(&format!("sqlite:{}", dir.path().join("test.db").display())).await.expect("opens");
    let clock = Clock::held(Timestamp::from_secs(NOW));
    let service = Service::new(store, clock.clone(), demo::settings(), Vault::ephemeral().expect("random"));
    World { service, clock, _dir: dir }
}

pub async fn demo_world() -> World {
    let world = world().await;
    world.service.build_demo(&world.clock, Timestamp::from_secs(NOW)).await.expect("demo world");
    world
}

impl World {
    pub async fn actor(&self, email: &str) -> Actor {
        let person = self.service.store().person_by_email(email).await.expect("read").expect("known");
        self.service.actor(&person.id, None).await.expect("member")
    }

    pub fn wait(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_secs(seconds));
    }

    pub async fn list(&self, actor: &Actor) -> Vec<peerage_domain::peering::Peering> {
        let sort = Sort { by: PeeringColumn::Id, descending: false };
        self.service.peerings(actor, PeeringFilter::default(), sort, Page { offset: 0, limit: 100 }).await.expect("list").items
    }
}
