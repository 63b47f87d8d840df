//! Registering connections and their prefixes.

use super::{back_to, done, form_as, form_keeping, on};
use crate::{
    rpc::{Failure, Typed},
    server::context::keep_typed,
};
use peerage_domain::{Prefix, prefixes, registration::ConnectionDraft};
use peerage_service::{Actor, Error, Service};

pub(crate) async fn new_connection() -> Result<(), Failure> {
    form_as(async |service, actor| {
        let id = service.new_connection_draft(&actor).await?;
        on(format!("/connections/new/{id}/basics"))
    })
    .await
}

pub(crate) async fn save_basics(id: String, name: String) -> Result<(), Failure> {
    let typed = Typed::new(format!("draft/{id}")).with("name", &name);
    form_keeping(typed, async |service, actor| {
        service.change_connection_draft(&actor, &id, |draft| draft.name = name).await?;
        let problem = service.connection_draft(&actor, &id).await?.name_problem;
        match problem {
            Some(problem) => Err(Error::Refused(problem)),
            None => on(format!("/connections/new/{id}/site")),
        }
    })
    .await
}

pub(crate) async fn save_site(id: String, site: ConnectionDraft, go: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service
            .change_connection_draft(&actor, &id, |draft| {
                // Another provider serves other locations: keep only what still fits.
                let same = draft.provider == site.provider;
                let moved = draft.country != site.country;
                draft.country = site.country;
                draft.subdivision = if moved { String::new() } else { site.subdivision };
                draft.provider = site.provider;
                draft.primary = if same { site.primary } else { String::new() };
                draft.backup = if same { site.backup } else { String::new() };
            })
            .await?;
        let draft = service.connection_draft(&actor, &id).await?.draft;
        // Another provider: its locations are chosen on the same page.
        if go == "stay" || (!draft.provider.is_empty() && draft.primary.is_empty()) {
            return on(format!("/connections/new/{id}/site"));
        }
        service.check_site(&actor, &draft).await?;
        on(format!("/connections/new/{id}/prefixes"))
    })
    .await
}

pub(crate) async fn save_prefixes(id: String, text: String, fix: String, go: String) -> Result<(), Failure> {
    let typed = Typed::new(format!("draft/{id}")).with("prefixes", &text);
    form_keeping(typed, async |service, actor| {
        let mut text = text.replace("\r\n", "\n");
        if let Some((line, input)) = fix.split_once(':') {
            text = repaired(&service, &actor, &id, &text, line, input).await?;
        }
        service.change_connection_draft(&actor, &id, |draft| draft.prefixes = text).await?;
        let stay = !fix.is_empty() || go == "stay";
        on(format!("/connections/new/{id}/{}", if stay { "prefixes" } else { "review" }))
    })
    .await
}

/// The text with the repair that the server offers for one entry.
async fn repaired(service: &Service, actor: &Actor, id: &str, text: &str, line: &str, input: &str) -> Result<String, Error> {
    let known = service.connection_draft(actor, id).await?.known;
    let judged = prefixes::judge(&prefixes::entries(text), &known);
    let wanted = judged.iter().find(|j| j.entry.line.to_string() == line && j.entry.input == input);
    Ok(match wanted.and_then(|j| j.suggestion().map(|fix| (&j.entry, fix))) {
        Some((entry, fix)) => prefixes::replace(text, entry, fix),
        None => text.to_owned(),
    })
}

pub(crate) async fn register_connection(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let connection = service.register_connection(&actor, &id).await?;
        done(format!("/connections/{}", connection.id), tr!(done.registered, name = connection.name))
    })
    .await
}

pub(crate) async fn discard_connection_draft(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.delete_connection_draft(&actor, &id).await?;
        done("/connections", tr!(done.discarded))
    })
    .await
}

pub(crate) async fn add_prefixes(id: String, text: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        match service.add_prefixes(&actor, &id, &text).await {
            Ok(count) => done(format!("/connections/{id}"), tr!(done.prefixes, n = count)),
            Err(error) => {
                // The browser cannot know what others hold: it is told with the typed text.
                let judged = service.judge_prefixes(&actor, &id, &text).await.unwrap_or_default();
                let typed = Typed::new(format!("prefixes/{id}")).with("prefixes", &text);
                let typed = typed.with("elsewhere", &crate::components::owned_elsewhere(&judged).join("\n"));
                keep_typed(&typed).await.map_err(|failure| Error::Fault(failure.message))?;
                Err(error)
            }
        }
    })
    .await
}

pub(crate) async fn remove_prefix(id: String, prefix: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let parsed: Prefix = prefix.parse()?;
        service.remove_prefix(&actor, &id, parsed).await?;
        done(back_to(&format!("/connections/{id}")), tr!(done.prefix_removed, prefix = prefix))
    })
    .await
}

pub(crate) async fn delete_connection(id: String, typed: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.delete_connection(&actor, &id, &typed).await?;
        done("/connections", tr!(done.deleted, id = id))
    })
    .await
}
