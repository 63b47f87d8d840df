//! Reading, keeping and converting sessions from before the portal; customers of route servers.

use super::{back_to, done, form_as, form_keeping, on};
use crate::rpc::{Failure, Typed};
use peerage_domain::{Asn, say};
use peerage_service::{Error, legacy::Source};

pub(crate) async fn read_sessions(from: String, router: String, location: String, text: String) -> Result<(), Failure> {
    // A whole export is too much to be kept for the case that it is refused.
    let kept: String = if text.len() <= 20_000 { text.clone() } else { String::new() };
    let typed = Typed::new(format!("read/{from}")).with("router", &router).with("location", &location).with("text", &kept);
    form_keeping(typed, async |service, actor| {
        let source = match from.as_str() {
            "router" => Source::Router(router),
            "ixf" => Source::Ixf(text, location),
            "csv" => Source::Csv(text),
            _ => return Err(Error::Refused(say!("legacy.source", "Choose where the sessions are read."))),
        };
        let id = service.read_import(&actor, &source).await?;
        on(format!("/ops/import/{id}"))
    })
    .await
}

pub(crate) async fn keep_import(id: String, rows: Vec<usize>) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let kept = service.keep_import(&actor, &id, &rows).await?;
        done("/ops/import", tr!(done.kept, n = kept))
    })
    .await
}

pub(crate) async fn forget_legacy(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.forget_legacy(&actor, &id).await?;
        done(back_to("/ops/import"), tr!(done.legacy_forgotten, id = id))
    })
    .await
}

pub(crate) async fn convert_legacy(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let draft = service.convert_legacy(&actor, &id).await?;
        on(format!("/partner/peerings/new/{draft}/sessions"))
    })
    .await
}

pub(crate) async fn register_customers(customers: String) -> Result<(), Failure> {
    let kept: String = if customers.len() <= 20_000 { customers.clone() } else { String::new() };
    let typed = Typed::new("customers").with("customers", &kept);
    form_keeping(typed, async |service, actor| {
        let made = service.register_asns(&actor, &customers).await?;
        super::service::shown_once(&service, "/partner/customers", made)
    })
    .await
}

pub(crate) async fn unregister_customer(asn: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let asn: Asn = asn.parse()?;
        service.unregister_asn(&actor, asn).await?;
        done(back_to("/partner/customers"), tr!(done.customer_removed, asn = asn))
    })
    .await
}
