//! What the page of probes reads.

use crate::{
    rpc::{
        Failure,
        probes::{ProbesView, TargetView, TraceView},
    },
    server::context::asked,
};

pub(crate) async fn probes() -> Result<ProbesView, Failure> {
    let (service, actor) = asked().await?;
    let found = service.probing(&actor).await?;
    let target = |it: peerage_service::probes::TargetDetail| TargetView {
        id: it.id,
        key: it.target.id,
        subject: it.subject,
        name: it.name,
        addresses: it.target.addresses,
        method: it.target.method.to_string(),
        every_s: it.target.every_s,
        silent: it.silent,
        unable: it.unable,
    };
    let trace = |it: peerage_storage::probes::AskedTrace| TraceView {
        id: it.id,
        name: it.name,
        address: it.address,
        asked: it.asked,
        found: it.found,
    };
    Ok(ProbesView {
        probes: found.probes,
        targets: found.targets.into_iter().map(target).collect(),
        traces: found.traces.into_iter().map(trace).collect(),
        subjects: found.subjects,
        sites: found.sites,
        tracers: found.tracers,
        is_operator: found.is_operator,
        writable: found.writable,
        now: service.clock().now(),
    })
}
