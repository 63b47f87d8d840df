//! What people do with probes.

use super::{done, form_as, form_keeping, origin};
use crate::rpc::{
    Failure, Flash,
    probes::{typed_probe, typed_target},
};
use peerage_domain::probe::{Probe, TargetForm};

const PAGE: &str = "/probes";

/// What to type where the probe stands; it is shown once.
fn command(probe: &Probe, code: &str) -> super::Onwards {
    let what = tr!(done.probe, name = probe.name.clone());
    let value = format!("peerage probe --portal {} --enrol {code}", origin());
    Ok((PAGE.into(), Some(Flash::Secret { what, value })))
}

pub(crate) async fn add_probe(name: String, connection: String) -> Result<(), Failure> {
    form_keeping(typed_probe(&name, &connection), async |service, actor| {
        let (probe, code) = service.add_probe(&actor, &name, &connection).await?;
        command(&probe, &code)
    })
    .await
}

pub(crate) async fn renew_probe(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let (probe, code) = service.renew_probe(&actor, &id).await?;
        command(&probe, &code)
    })
    .await
}

pub(crate) async fn remove_probe(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let probe = service.remove_probe(&actor, &id).await?;
        done(PAGE, tr!(done.probe_removed, name = probe.name))
    })
    .await
}

pub(crate) async fn name_target(form: TargetForm) -> Result<(), Failure> {
    form_keeping(typed_target(&form), async |service, actor| {
        let target = service.name_target(&actor, &form).await?;
        done(PAGE, tr!(done.target, name = target.name))
    })
    .await
}

pub(crate) async fn remove_target(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let target = service.remove_target(&actor, &id).await?;
        done(PAGE, tr!(done.target_removed, name = target.name))
    })
    .await
}

pub(crate) async fn ask_trace(probe: String, target: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let asked = service.ask_trace(&actor, &probe, &target).await?;
        done(format!("{PAGE}#{}", asked.id), tr!(done.trace, name = asked.name))
    })
    .await
}
