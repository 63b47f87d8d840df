//! What is wanted of connections, and who gets reports.

use super::{back_to, done, form_as, form_keeping, sender};
use crate::rpc::{Failure, Typed};
use peerage_service::objectives::ObjectiveForm;

pub(crate) async fn set_objective(id: String, within_ms: String, percent: String) -> Result<(), Failure> {
    let typed = Typed::new(format!("objective/{id}")).with("within_ms", &within_ms).with("percent", &percent);
    form_keeping(typed, async |service, actor| {
        service.set_objective(&actor, &id, &ObjectiveForm { within_ms, percent }).await?;
        done(format!("/connections/{id}"), tr!(done.objective))
    })
    .await
}

pub(crate) async fn remove_objective(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.remove_objective(&actor, &id).await?;
        done(format!("/connections/{id}"), tr!(done.no_objective))
    })
    .await
}

/// The report from which a form was sent.
fn report() -> String {
    let sender = sender();
    if sender.starts_with("/reports") { sender } else { back_to("/reports") }
}

pub(crate) async fn subscribe(span: String, channel: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.subscribe(&actor, &span, &channel).await?;
        done(report(), tr!(done.subscribed))
    })
    .await
}

pub(crate) async fn unsubscribe(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.unsubscribe(&actor, &id).await?;
        done(report(), tr!(done.unsubscribed))
    })
    .await
}
