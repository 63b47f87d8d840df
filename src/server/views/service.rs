//! What the pages of Peering Service read.

use crate::{
    rpc::{
        Failure,
        service::{
            ChangeView, ChecklistView, HandOverView, PlaceView, PrefixView, RegistrationRow, RegistrationView, RegistrationsView,
            ServiceView, SessionMetrics, StateView, VerdictView,
        },
    },
    server::context::asked,
};
use peerage_domain::{Prefix, access::Action, catalogue::Query, place, service::ValidationState};
use peerage_service::{
    Actor, Error, Service,
    activation::ConnectionChange,
    registrations::{self, RegistrationEvent},
};
use peerage_storage::service::StoredVerdict;

/// How a prefix is judged, in a list.
pub(super) fn state_view(verdict: Option<&StoredVerdict>) -> StateView {
    StateView {
        state: verdict.map(|it| it.judgement.state).unwrap_or_default(),
        first: verdict.and_then(|it| it.judgement.first().cloned()),
        since: verdict.map(|it| it.at),
    }
}

async fn verdict(service: &Service, actor: &Actor, subject: &str) -> Result<VerdictView, Error> {
    let (current, changes) = service.verdict(actor, subject).await?;
    let current = current.map(|it| (it.at, it.judgement));
    Ok(VerdictView::new(subject, current, changes, service.service_community().to_string(), service.clock().now()))
}

/// `193.0.16.0_24` in an address is `193.0.16.0/24`.
fn of_address(text: &str) -> Result<Prefix, Error> {
    text.replace('_', "/").parse().map_err(|_| Error::NotFound("prefix", text.to_string()))
}

pub(crate) async fn prefix(id: String, prefix: String) -> Result<PrefixView, Failure> {
    let (service, actor) = asked().await?;
    let wanted = of_address(&prefix)?;
    let (connection, _) = service.connection(&actor, &id).await?;
    let row = service.prefix_of(&actor, &id, wanted).await?;
    let verdict = verdict(&service, &actor, &format!("{id} {wanted}")).await?;
    let directory = service.directory().await?;
    let place = |it: peerage_service::lookout::Place| {
        let at = directory.location(&it.location);
        PlaceView {
            name: at.map_or_else(|| it.location.clone(), |l| l.name.clone()),
            city: at.map(|l| l.city.clone()).unwrap_or_default(),
            point: at.and_then(|l| l.point).map(|point| (point.latitude, point.longitude)),
            approved: it.approved,
            sessions: it.sessions,
            hops: it.hops,
        }
    };
    let places = service.places_of(&actor, &id, wanted).await?.into_iter().map(place).collect();
    Ok(PrefixView {
        places,
        writable: Action::WriteConnections.allowed(&actor.roles) && connection.organisation == actor.organisation,
        settles: Action::Decide.allowed(&actor.roles),
        connection: (connection.id, connection.name),
        provider: (connection.provider_asn.to_string(), connection.provider),
        prefix: wanted.to_string(),
        version: row.version,
        added: row.added,
        key: match &row.key {
            Some(key) => service.store().key(key).await.map_err(Error::from)?.map(|key| key.hint),
            None => None,
        },
        verdict,
    })
}

pub(crate) async fn registrations(query: Query) -> Result<RegistrationsView, Failure> {
    let (service, actor) = asked().await?;
    let writable = Action::WritePeerings.allowed(&actor.roles);
    let directory = service.directory().await?;
    let place = |id: &str| directory.location(id).map(|l| format!("{}, {}", l.name, l.city)).unwrap_or_default();
    let peerings = if writable { service.registrable(&actor).await? } else { vec![] };
    Ok(RegistrationsView {
        rows: service.registrations(&actor, &query).await?.map(row),
        peerings: peerings
            .into_iter()
            .map(|it| (it.id.clone(), format!("{}, {} {}, {}", it.id, it.asn, it.peer_name, place(&it.location))))
            .collect(),
        known: if writable { service.known_registrations(&actor).await? } else { Default::default() },
        community: service.service_community().to_string(),
        writable,
        taken_off: if writable {
            service.registrations_taken_off(&actor).await?.into_iter().map(|e| (e.at, e.author, told(&e.body))).collect()
        } else {
            vec![]
        },
        now: service.clock().now(),
    })
}

fn row(row: registrations::RegistrationRow) -> RegistrationRow {
    let activated = row.key.as_ref().is_some_and(|key| row.used.contains(&key.id));
    // Who must act reads what goes wrong where the customer needs it, too.
    let (own, customer) = (state_view(row.verdict.as_ref()), row.customer.as_ref().map(|it| state_view(Some(it))));
    let worse = customer.filter(|it| it.state > own.state && own.state != ValidationState::Pending);
    RegistrationRow { state: worse.unwrap_or(own), it: row.it, added: row.added, key: row.key, activated }
}

pub(crate) async fn registration(id: String) -> Result<RegistrationView, Failure> {
    let (service, actor) = asked().await?;
    let (row, keys, history) = service.registration(&actor, &id).await?;
    Ok(RegistrationView {
        writable: Action::WritePeerings.allowed(&actor.roles) && row.it.organisation == actor.organisation,
        verdict: verdict(&service, &actor, &id).await?,
        settles: Action::Decide.allowed(&actor.roles),
        customer: row.customer.as_ref().map(|it| state_view(Some(it))),
        used: row.used,
        it: row.it,
        keys,
        history: history.into_iter().rev().map(|e| (e.at, e.author, told(&e.body))).collect(),
    })
}

fn told(event: &RegistrationEvent) -> String {
    match event {
        RegistrationEvent::Registered { key } => tr!(registered.told_registered, key = key),
        RegistrationEvent::TakenOff { prefix, note } => tr!(registered.told_taken_off, prefix = prefix, note = note),
        RegistrationEvent::KeyReplaced { key } => tr!(registered.told_replaced, key = key),
        RegistrationEvent::KeyRevoked { key } => tr!(registered.told_revoked, key = key),
        RegistrationEvent::KeyExpires { key, at: Some(at) } => {
            tr!(registered.told_expires, key = key, date = crate::text::language().date(*at))
        }
        RegistrationEvent::KeyExpires { key, at: None } => tr!(registered.told_endless, key = key),
        RegistrationEvent::Activated { key, prefix } => {
            tr!(registered.told_activated, prefix = prefix, key = key)
        }
    }
}

pub(crate) async fn service_page() -> Result<ServiceView, Failure> {
    let (service, actor) = asked().await?;
    let directory = service.directory().await?;
    let place = |id: &str| directory.location(id).map(|l| l.city.clone()).unwrap_or_default();
    let lists = service.checklists(&actor).await?;
    let lists =
        lists.into_iter().map(|it| ChecklistView { is_met: it.is_met(), asn: it.asn, location: it.location, findings: it.findings });
    let sessions = service.session_metrics(&actor).await?.into_iter().map(|it| SessionMetrics {
        location: place(&it.location),
        id: it.id,
        address: it.address.to_string(),
        up: it.up,
        since: it.since,
        availability: it.availability,
        flaps: it.flaps,
        prefixes: it.prefixes,
        service: it.service,
    });
    Ok(ServiceView {
        checklists: lists.collect(),
        sessions: sessions.collect(),
        community: service.service_community().to_string(),
        now: service.clock().now(),
    })
}

pub(crate) async fn hand_over(key: String) -> Result<HandOverView, Failure> {
    let (service, actor) = asked().await?;
    let offer = service.handed_over(&actor, &key).await?;
    Ok(HandOverView {
        prefix: offer.prefix.map(|prefix| prefix.to_string()),
        asn: offer.asn,
        provider: offer.provider.map(|(asn, name)| (asn.to_string(), name)),
        connections: offer.connections,
    })
}

pub(crate) async fn change(id: String, provider: String, primary: String, backup: String) -> Result<ChangeView, Failure> {
    let (service, actor) = asked().await?;
    let (connection, _) = service.connection(&actor, &id).await?;
    let (directory, serving) = (service.directory().await?, service.service_providers().await?);
    let site = place::locate(&connection.country, &connection.subdivision);
    let providers = site.map(|site| directory.providers(site.centre, &serving)).unwrap_or_default();
    let chosen = if provider.is_empty() {
        (connection.provider_asn.to_string(), connection.primary.clone(), connection.backup.clone().unwrap_or_default())
    } else {
        (provider, primary, backup)
    };
    let change = ConnectionChange { provider: chosen.0.clone(), primary: chosen.1.clone(), backup: chosen.2.clone() };
    let effects = match service.preview_change(&actor, &id, &change).await {
        Ok(preview) => Some((preview.changes, preview.effects)),
        Err(Error::Refused(_)) => None,
        Err(other) => return Err(other.into()),
    };
    Ok(ChangeView { connection: (connection.id, connection.name), providers, chosen, effects })
}

/// How many prefixes of a connection are verified.
pub(super) fn verified(states: &[(String, ValidationState)]) -> usize {
    states.iter().filter(|(_, state)| matches!(state, ValidationState::Verified | ValidationState::Warning)).count()
}
