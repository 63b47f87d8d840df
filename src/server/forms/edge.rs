//! What operators do with routers.

use super::{done, form_as, form_keeping};
use crate::rpc::{Failure, edge::typed_router};
use peerage_domain::router::RouterForm;

pub(crate) async fn save_router(id: String, form: RouterForm) -> Result<(), Failure> {
    form_keeping(typed_router(&id, &form), async |service, actor| {
        let router =
            if id.is_empty() { service.register_router(&actor, &form).await? } else { service.change_router(&actor, &id, &form).await? };
        done(format!("/ops/routers/{}", router.id), tr!(done.router, name = router.name))
    })
    .await
}

pub(crate) async fn take_back(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.take_back(&actor, &id).await?;
        done(format!("/ops/routers/{id}"), tr!(done.taken_back))
    })
    .await
}

pub(crate) async fn adopt(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let taken = service.adopt(&actor, &id).await?;
        let list = taken.iter().map(crate::text::say).collect::<Vec<_>>().join("; ");
        done(format!("/ops/routers/{id}"), tr!(done.adopted, list = list))
    })
    .await
}

pub(crate) async fn remove_router(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.remove_router(&actor, &id).await?;
        done("/ops/routers", tr!(done.router_removed, id = id))
    })
    .await
}
