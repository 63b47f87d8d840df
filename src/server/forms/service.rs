//! Registering prefixes, keys, and what customers do with them.

use super::{Onwards, back_to, done, form_as, form_keeping, on, origin, sender};
use crate::{
    rpc::{Failure, Flash, KeyRow, Typed},
    server::context::{keep_typed, seal_keys},
};
use peerage_domain::{Asn, Prefix, Timestamp, catalogue::percent, say};
use peerage_service::{Error, Service, activation::ConnectionChange, keys::NewKey, registrations::Suggest};

/// Keys with the links by which customers take them over.
fn rows(made: Vec<NewKey>) -> Vec<KeyRow> {
    let origin = origin();
    made.into_iter()
        .map(|key| KeyRow { link: format!("{origin}/activate/{}", key.key), what: key.what, name: key.name, key: key.key })
        .collect()
}

/// Leads on to a page that shows keys once.
pub(super) fn shown_once(service: &Service, path: impl Into<String>, made: Vec<NewKey>) -> Onwards {
    Ok((path.into(), Some(Flash::Sealed(seal_keys(service, &rows(made))?))))
}

pub(crate) async fn activate_prefixes(id: String, keys: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let bound = service.activate(&actor, &id, &keys).await;
        if bound.is_err() {
            // Keys are secrets: they wait for the next page sealed.
            let sealed = service.seal(&keys)?;
            let typed = Typed::new(format!("keys/{id}")).with(crate::server::context::SEALED, &sealed);
            keep_typed(&typed).await.map_err(|failure| Error::Fault(failure.message))?;
        }
        let bound = bound?;
        if let [prefix] = bound.as_slice() {
            let path = format!("/connections/{id}/prefixes/{}", prefix.to_string().replace('/', "_"));
            return done(path, tr!(done.activated, prefix = prefix));
        }
        done(format!("/connections/{id}"), tr!(done.activated_many, n = bound.len()))
    })
    .await
}

pub(crate) async fn edit_prefix(id: String, old: String, version: i64, prefix: String, key: String) -> Result<(), Failure> {
    let typed = Typed::new(format!("prefix/{id}/{old}")).with("prefix", &prefix);
    form_keeping(typed, async |service, actor| {
        let parsed: Prefix = old.parse()?;
        let changed = service.edit_prefix(&actor, &id, parsed, version, &prefix, &key).await?;
        let path = format!("/connections/{id}/prefixes/{}", changed.to_string().replace('/', "_"));
        done(path, tr!(done.prefix_changed))
    })
    .await
}

pub(crate) async fn recheck(subject: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.recheck(&actor, &subject).await?;
        done(sender(), tr!(done.rechecked))
    })
    .await
}

pub(crate) async fn register_prefixes(peering: String, prefixes: String, go: String, asn: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let typed = |text: &str| Typed::new("register").with("peering", &peering).with("prefixes", text).with("asn", &asn);
        let keep = async |typed: Typed| keep_typed(&typed).await.map_err(|failure| Error::Fault(failure.message));
        if prefixes.len() > 2_000_000 {
            return Err(Error::Refused(say!("registration.long", "This is too long for one form. Send it in parts.")));
        }
        let source = match go.as_str() {
            "received" => Suggest::Received,
            "irr" => Suggest::Irr,
            "rpki" => Suggest::Rpki,
            _ => {
                let made = service.register_prefixes(&actor, &peering, &prefixes).await;
                if made.is_err() {
                    // The browser cannot know what others registered: it is told with the typed text.
                    let lines = service.judge_registrations(&actor, &peering, &prefixes).await.unwrap_or_default();
                    let judged: Vec<_> = lines.into_iter().map(|line| line.judged).collect();
                    keep(typed(&prefixes).with("elsewhere", &crate::components::owned_elsewhere(&judged).join("\n"))).await?;
                }
                return shown_once(&service, "/partner/prefixes", made?);
            }
        };
        keep(typed(&prefixes)).await?;
        let origin: Asn = asn.parse()?;
        let found = service.suggest_registrations(&actor, &peering, source, origin).await?;
        let text = if prefixes.trim().is_empty() { found.clone() } else { format!("{}\n{found}", prefixes.trim_end()) };
        keep(typed(&text)).await?;
        done("/partner/prefixes", tr!(done.suggested, n = found.lines().count()))
    })
    .await
}

pub(crate) async fn unregister_prefix(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let prefix = service.unregister_prefix(&actor, &id).await?;
        done(back_to("/partner/prefixes"), tr!(done.unregistered, prefix = prefix))
    })
    .await
}

pub(crate) async fn take_registration_off(id: String, note: String) -> Result<(), Failure> {
    form_keeping(Typed::new("take-off").with("note", &note), async |service, actor| {
        let prefix = service.take_registration_off(&actor, &id, &note).await?;
        done("/partner/prefixes", tr!(done.taken_off, prefix = prefix))
    })
    .await
}

pub(crate) async fn take_prefix_off(id: String, prefix: String, note: String) -> Result<(), Failure> {
    form_keeping(Typed::new("take-off").with("note", &note), async |service, actor| {
        let parsed: Prefix = prefix.parse()?;
        service.take_prefix_off(&actor, &id, parsed, &note).await?;
        done(format!("/connections/{id}"), tr!(done.taken_off, prefix = parsed))
    })
    .await
}

pub(crate) async fn rotate_key(subject: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let key = service.rotate_key(&actor, &subject).await?;
        shown_once(&service, sender(), vec![key])
    })
    .await
}

pub(crate) async fn revoke_key(subject: String, key: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.revoke_key(&actor, &subject, &key).await?;
        done(sender(), tr!(done.revoked))
    })
    .await
}

pub(crate) async fn expire_key(subject: String, key: String, date: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let at = match date.trim() {
            "" => None,
            // A key is good to the end of the day that is named.
            text => {
                let at = format!("{text}T23:59:59Z").parse::<Timestamp>();
                Some(at.map_err(|_| Error::Refused(say!("key.date", "Write the date like 2027-01-31.")))?)
            }
        };
        service.expire_key(&actor, &subject, &key, at).await?;
        done(sender(), tr!(done.expires))
    })
    .await
}

pub(crate) async fn change_connection(id: String, provider: String, primary: String, backup: String, go: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        if go != "change" {
            let query = [("provider", &provider), ("primary", &primary), ("backup", &backup)];
            let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
            return on(format!("/connections/{id}/change?{}", query.join("&")));
        }
        service.change_connection(&actor, &id, &ConnectionChange { provider, primary, backup }).await?;
        done(format!("/connections/{id}"), tr!(done.connection_changed))
    })
    .await
}
