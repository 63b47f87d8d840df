//! Customers' Peering Service connections: drafts, registration, prefixes.

use crate::{Actor, Error, Service, directory::PAGE, providers::Providers};
use peerage_domain::{
    Asn, Prefix, Text, Verdict,
    access::Action,
    catalogue::{Location, Paged, Partner, Query},
    place,
    prefixes::{self, Claim, Holder, Judged, Known},
    registration::{ConnectionDraft, judge_name},
    say,
    service::ValidationState,
};
use peerage_storage::{
    Page, Sort, Tx,
    connections::{ConnectionColumn, CustomerPrefix, ServiceConnection},
    drafts::Draft,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const DRAFT: &str = "connection";

/// What happened to a customer's connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionEvent {
    /// It was registered.
    Registered {
        /// How many prefixes came with it.
        prefixes: usize,
    },
    /// Prefixes were added.
    PrefixesAdded {
        /// Which.
        prefixes: Vec<Prefix>,
    },
    /// A prefix was removed.
    PrefixRemoved {
        /// Which.
        prefix: Prefix,
    },
    /// Prefixes were bound by keys of the provider.
    Activated {
        /// Which.
        prefixes: Vec<Prefix>,
    },
    /// A prefix was changed in place.
    PrefixChanged {
        /// What it was.
        from: Prefix,
        /// What it is.
        to: Prefix,
        /// End of the new key, where one was given.
        key: Option<String>,
    },
    /// Somebody else showed the provider's key for a prefix that had none here.
    PrefixTaken {
        /// Which.
        prefix: Prefix,
    },
    /// The operator took a prefix off.
    PrefixTakenOff {
        /// Which.
        prefix: Prefix,
        /// Why.
        note: String,
    },
    /// Provider or locations were changed.
    Changed {
        /// Name of the provider.
        provider: String,
        /// Id of the primary location.
        primary: String,
        /// Id of the backup location.
        backup: Option<String>,
    },
    /// It was deleted with everything.
    Deleted,
}

/// A draft with what is known about its choices.
#[derive(Clone, Debug)]
pub struct DraftDetail {
    /// The form as typed.
    pub draft: ConnectionDraft,
    /// Why the name cannot be used, if so.
    pub name_problem: Option<Text>,
    /// Providers, the one with the nearest location first; empty until a country is chosen.
    pub providers: Vec<Partner>,
    /// What the organisation's other connections hold, for the browser's judgement.
    pub known: Known,
    /// The server's judgement of the prefixes.
    pub judged: Vec<Judged>,
}

impl Service {
    /// Begins a registration.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn new_connection_draft(&self, actor: &Actor) -> Result<String, Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        let id = tx.next_id("D").await?;
        tx.save_draft(&id, &actor.organisation, DRAFT, &ConnectionDraft::default(), self.clock.now()).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Drafts of the actor's organisation.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn connection_drafts(&self, actor: &Actor) -> Result<Vec<Draft<ConnectionDraft>>, Error> {
        actor.may(Action::WriteConnections)?;
        Ok(self.store.drafts(&actor.organisation, DRAFT).await?)
    }

    /// Changes a draft; `change` is one step of the form.
    ///
    /// # Errors
    /// When it is unknown, of another organisation, or too large.
    pub async fn change_connection_draft(
        &self,
        actor: &Actor,
        id: &str,
        change: impl FnOnce(&mut ConnectionDraft) + Send,
    ) -> Result<(), Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        let found = tx.draft::<ConnectionDraft>(id, &actor.organisation, DRAFT).await?;
        let mut draft = found.ok_or_else(|| Error::NotFound("draft", id.to_string()))?.body;
        change(&mut draft);
        if draft.prefixes.len() > 1_000_000 {
            return Err(Error::Refused(too_many_prefixes()));
        }
        tx.save_draft(id, &actor.organisation, DRAFT, &draft, self.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Refuses a site whose provider, primary or backup location cannot be registered.
    ///
    /// # Errors
    /// What to choose.
    pub async fn check_site(&self, actor: &Actor, draft: &ConnectionDraft) -> Result<(), Error> {
        actor.may(Action::WriteConnections)?;
        choices(&*self.directory().await?, &self.service_providers().await?, draft).map(drop)
    }

    /// Forgets a draft.
    ///
    /// # Errors
    /// When it is unknown or storage fails.
    pub async fn delete_connection_draft(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        tx.draft::<ConnectionDraft>(id, &actor.organisation, DRAFT).await?.ok_or_else(|| Error::NotFound("draft", id.to_string()))?;
        tx.delete_draft(id).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A draft with everything that its pages show.
    ///
    /// # Errors
    /// When it is unknown or of another organisation.
    pub async fn connection_draft(&self, actor: &Actor, id: &str) -> Result<DraftDetail, Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        let found = tx.draft::<ConnectionDraft>(id, &actor.organisation, DRAFT).await?;
        let draft = found.ok_or_else(|| Error::NotFound("draft", id.to_string()))?.body;
        let name_problem = name_problem(&mut tx, actor, &draft.name).await?;
        let known = self.known(&tx.all_prefixes().await?, actor, &draft).await?;
        drop(tx);
        let directory = self.directory().await?;
        let site = place::locate(&draft.country, &draft.subdivision);
        let serving = self.service_providers().await?;
        let providers = site.map(|site| directory.providers(site.centre, &serving)).unwrap_or_default();
        let judged = prefixes::judge(&prefixes::entries(&draft.prefixes), &known);
        let own = known.claims.into_iter().filter(|claim| matches!(claim.holder, Holder::Own { .. })).collect();
        Ok(DraftDetail { known: Known { claims: own, ..known }, draft, name_problem, providers, judged })
    }

    async fn known(&self, all: &[CustomerPrefix], actor: &Actor, draft: &ConnectionDraft) -> Result<Known, Error> {
        let directory = self.directory().await?;
        let provider = directory.partner(&draft.provider).map(|p| p.name.clone()).unwrap_or_default();
        Ok(Known { provider, claims: claims(all, &actor.organisation) })
    }

    /// Registers the connection that a draft describes.
    ///
    /// # Errors
    /// What is missing or wrong, first things first; the draft stays as it is.
    pub async fn register_connection(&self, actor: &Actor, id: &str) -> Result<ServiceConnection, Error> {
        actor.may(Action::WriteConnections)?;
        let (directory, serving) = (self.directory().await?, self.service_providers().await?);
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let found = tx.draft::<ConnectionDraft>(id, &actor.organisation, DRAFT).await?;
        let draft = found.ok_or_else(|| Error::NotFound("draft", id.to_string()))?.body;
        if let Some(problem) = name_problem(&mut tx, actor, &draft.name).await? {
            return Err(Error::Refused(problem));
        }
        if draft.subdivision.chars().count() > 80 || draft.subdivision.chars().any(peerage_domain::is_invisible) {
            return Err(Error::Refused(say!("site.subdivision", "The state or province has at most 80 printable characters.")));
        }
        let (provider, primary, backup) = choices(&directory, &serving, &draft)?;
        let known = self.known(&tx.all_prefixes().await?, actor, &draft).await?;
        let prefixes = accepted(&draft.prefixes, &known)?;
        let connection = ServiceConnection {
            id: tx.next_id("CN").await?,
            organisation: actor.organisation.clone(),
            name: draft.name.trim().into(),
            country: draft.country.clone(),
            subdivision: draft.subdivision.trim().into(),
            provider_asn: provider.asn.unwrap_or(Asn(0)),
            provider: provider.name.clone(),
            primary: primary.id.clone(),
            backup: backup.map(|l| l.id.clone()),
            created: now,
        };
        tx.add_connection(&connection).await?;
        add_prefixes(&mut tx, &connection, &prefixes, now).await?;
        tx.touch_service().await?;
        tx.record(&connection.id, now, &actor.name, &ConnectionEvent::Registered { prefixes: prefixes.len() }).await?;
        tx.delete_draft(id).await?;
        tx.commit().await?;
        self.live.tell(&connection.id, &connection.organisation);
        Ok(connection)
    }

    /// Adds prefixes to a connection: all of them or, when one is wrong, none.
    ///
    /// # Errors
    /// When the connection is unknown or an entry is refused.
    pub async fn add_prefixes(&self, actor: &Actor, id: &str, text: &str) -> Result<usize, Error> {
        actor.may(Action::WriteConnections)?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let connection = own(&mut tx, actor, id).await?;
        let known = Known { provider: connection.provider.clone(), claims: claims(&tx.all_prefixes().await?, &actor.organisation) };
        let prefixes = accepted(text, &known)?;
        if prefixes.is_empty() {
            return Err(Error::Refused(say!("connection.no_prefix", "Type at least one prefix, such as 192.0.2.0/24.")));
        }
        add_prefixes(&mut tx, &connection, &prefixes, now).await?;
        tx.touch_service().await?;
        tx.record(id, now, &actor.name, &ConnectionEvent::PrefixesAdded { prefixes: prefixes.clone() }).await?;
        tx.commit().await?;
        self.live.tell(id, &connection.organisation);
        Ok(prefixes.len())
    }

    /// What the server says about prefixes for a connection, without keeping anything.
    ///
    /// # Errors
    /// When the connection is unknown.
    pub async fn judge_prefixes(&self, actor: &Actor, id: &str, text: &str) -> Result<Vec<Judged>, Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        let connection = own(&mut tx, actor, id).await?;
        let known = Known { provider: connection.provider, claims: claims(&tx.all_prefixes().await?, &actor.organisation) };
        Ok(prefixes::judge(&prefixes::entries(text), &known))
    }

    /// What the organisation holds, seen from one of its connections; for judging in the browser.
    ///
    /// # Errors
    /// When the connection is unknown.
    pub async fn known_prefixes(&self, actor: &Actor, id: &str) -> Result<Known, Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        let connection = own(&mut tx, actor, id).await?;
        let mine = claims(&tx.all_prefixes().await?, &actor.organisation).into_iter().filter(|c| matches!(c.holder, Holder::Own { .. }));
        Ok(Known { provider: connection.provider, claims: mine.collect() })
    }

    /// Removes a prefix.
    ///
    /// # Errors
    /// When the connection or the prefix is unknown.
    pub async fn remove_prefix(&self, actor: &Actor, id: &str, prefix: Prefix) -> Result<(), Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        let connection = own(&mut tx, actor, id).await?;
        if !tx.delete_prefix(id, prefix).await? {
            return Err(Error::NotFound("prefix", prefix.to_string()));
        }
        tx.delete_verdict(&crate::verdicts::subject(id, prefix)).await?;
        tx.touch_service().await?;
        tx.record(id, self.clock.now(), &actor.name, &ConnectionEvent::PrefixRemoved { prefix }).await?;
        tx.commit().await?;
        self.live.tell(id, &connection.organisation);
        Ok(())
    }

    /// Deletes a connection; `typed` must be its name.
    ///
    /// # Errors
    /// When the connection is unknown or the name differs.
    pub async fn delete_connection(&self, actor: &Actor, id: &str, typed: &str) -> Result<(), Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        let connection = own(&mut tx, actor, id).await?;
        if typed.trim() != connection.name {
            return Err(Error::Refused(say!(
                "connection.type_name",
                "Type the name “{name}” to delete the connection.",
                name = connection.name
            )));
        }
        tx.delete_verdicts_of(id).await?;
        tx.delete_targets_of(id).await?;
        for probe in tx.probes_at(id).await? {
            tx.delete_probe(&probe.id).await?;
        }
        tx.delete_connection(id).await?;
        tx.touch_service().await?;
        tx.record(id, self.clock.now(), &actor.name, &ConnectionEvent::Deleted).await?;
        tx.commit().await?;
        self.live.tell(id, &connection.organisation);
        Ok(())
    }

    /// A part of the connections that the actor may see, each with its number of prefixes.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn connections(
        &self,
        actor: &Actor,
        search: &str,
        sort: Sort<ConnectionColumn>,
        page: Page,
    ) -> Result<Paged<(ServiceConnection, i64)>, Error> {
        let permit = actor.may(Action::ReadConnections)?;
        let (items, total) = self.store.connections(permit.scope.organisation(), search, sort, &page).await?;
        Ok(Paged { items, total: total.unsigned_abs(), offset: page.offset, limit: page.limit })
    }

    /// A connection with its history.
    ///
    /// # Errors
    /// When it is unknown or of another organisation.
    pub async fn connection(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<(ServiceConnection, Vec<peerage_storage::asns::Event<ConnectionEvent>>), Error> {
        let permit = actor.may(Action::ReadConnections)?;
        let found = self.store.connection(id).await?.filter(|c| permit.scope.covers(&c.organisation));
        let connection = found.ok_or_else(|| Error::NotFound("connection", id.to_string()))?;
        Ok((connection, self.store.history(id).await?))
    }

    /// One prefix of a connection.
    ///
    /// # Errors
    /// When the connection or the prefix is unknown or of another organisation.
    pub async fn prefix_of(&self, actor: &Actor, id: &str, prefix: Prefix) -> Result<CustomerPrefix, Error> {
        self.connection(actor, id).await?;
        let found = self.store.prefixes_of(id).await?.into_iter().find(|row| row.prefix == prefix);
        found.ok_or_else(|| Error::NotFound("prefix", prefix.to_string()))
    }

    /// A part of a connection's prefixes, in the order of their addresses or of their age.
    ///
    /// # Errors
    /// When the connection is unknown or of another organisation.
    pub async fn prefixes_of(&self, actor: &Actor, id: &str, query: &Query) -> Result<Paged<CustomerPrefix>, Error> {
        self.connection(actor, id).await?;
        let mut found = self.store.prefixes_of(id).await?;
        found.retain(|row| query.finds(&[&row.prefix.to_string()]));
        let states: HashMap<String, ValidationState> = self.store.verdict_states(id).await?.into_iter().collect();
        let state = |row: &CustomerPrefix| states.get(&crate::verdicts::subject(id, row.prefix)).copied().unwrap_or_default();
        found.retain(|row| query.kind.is_empty() || state(row).word() == query.kind);
        match query.sort.as_str() {
            "state" => found.sort_by_key(|row| (std::cmp::Reverse(state(row)), row.prefix)),
            "added" => found.sort_by_key(|row| (row.added, row.prefix)),
            _ => found.sort_by_key(|row| row.prefix),
        }
        if query.descending {
            found.reverse();
        }
        Ok(Paged::of(found, query.offset, PAGE))
    }
}

pub(crate) async fn own(tx: &mut Tx, actor: &Actor, id: &str) -> Result<ServiceConnection, Error> {
    let found = tx.connection(id).await?.filter(|c| c.organisation == actor.organisation);
    found.ok_or_else(|| Error::NotFound("connection", id.to_string()))
}

async fn name_problem(tx: &mut Tx, actor: &Actor, name: &str) -> Result<Option<Text>, Error> {
    let finding = judge_name(name);
    if finding.verdict == Verdict::Fail {
        return Ok(Some(finding.sentence));
    }
    let taken = tx.has_connection_named(&actor.organisation, name.trim()).await?;
    Ok(taken
        .then(|| say!("connection.name_taken", "“{name}” is already used in your organisation. Choose another name.", name = name.trim())))
}

/// What stands in the way of an organisation's new prefixes.
pub(crate) fn claims<'a>(all: impl IntoIterator<Item = &'a CustomerPrefix>, organisation: &str) -> Vec<Claim> {
    all.into_iter()
        .map(|row| Claim {
            prefix: row.prefix,
            holder: if row.organisation == organisation {
                Holder::Own { connection: row.connection.clone(), provider: row.provider.clone() }
            } else if row.key.is_some() {
                Holder::Other
            } else {
                Holder::Unproven
            },
        })
        .collect()
}

/// The provider and its locations that a form names, as far as it provides the service there.
pub(crate) fn choices<'a>(
    directory: &'a crate::directory::Directory,
    serving: &Providers,
    draft: &ConnectionDraft,
) -> Result<(Partner, &'a Location, Option<&'a Location>), Error> {
    if place::country(&draft.country).is_none() {
        return Err(Error::Refused(say!("site.country", "Choose the country of the site.")));
    }
    let asn = draft.provider.parse::<Asn>().ok();
    let provider = asn.and_then(|asn| Some(directory.provider(asn, serving.get(&asn)?)));
    let provider = provider.ok_or_else(|| Error::Refused(say!("site.provider", "Choose a provider.")))?;
    let serves = |id: &str| provider.locations.iter().any(|l| l.id == id);
    let find = |id: &str| directory.location(id).filter(|_| serves(id));
    let primary = find(&draft.primary)
        .ok_or_else(|| Error::Refused(say!("site.primary", "Choose a primary location at which the provider serves.")))?;
    if draft.backup.is_empty() {
        return Ok((provider, primary, None));
    }
    let backup = find(&draft.backup)
        .ok_or_else(|| Error::Refused(say!("site.backup", "Choose a backup location at which the provider serves, or none.")))?;
    if backup.id == primary.id {
        return Err(Error::Refused(say!("site.backup_same", "The backup must be another location than the primary.")));
    }
    Ok((provider, primary, Some(backup)))
}

fn too_many_prefixes() -> Text {
    say!(
        "connection.too_many_prefixes",
        "At most {most} prefixes fit into one form. Send the rest afterwards.",
        most = prefixes::MAX_ENTRIES
    )
}

fn accepted(text: &str, known: &Known) -> Result<Vec<Prefix>, Error> {
    let entries = prefixes::entries(text);
    if entries.len() > prefixes::MAX_ENTRIES {
        return Err(Error::Refused(too_many_prefixes()));
    }
    let judged = prefixes::judge(&entries, known);
    let wrong: Vec<&Judged> = judged.iter().filter(|j| j.verdict() == Verdict::Fail).collect();
    if let Some(first) = wrong.first() {
        // Only where to look: each line has its own sentences in the form.
        return Err(Error::Refused(say!(
            "connection.wrong_prefixes",
            "{wrong} of {all} prefixes cannot be registered, the first on line {line}: {input}.",
            wrong = wrong.len(),
            all = judged.len(),
            line = first.entry.line,
            input = first.entry.input.chars().take(60).collect::<String>()
        )));
    }
    Ok(judged.into_iter().filter_map(|j| j.prefix).collect())
}

async fn add_prefixes(
    tx: &mut Tx,
    connection: &ServiceConnection,
    prefixes: &[Prefix],
    now: peerage_domain::Timestamp,
) -> Result<(), Error> {
    for &prefix in prefixes {
        let row = CustomerPrefix {
            prefix,
            connection: connection.id.clone(),
            organisation: connection.organisation.clone(),
            provider: connection.provider.clone(),
            added: now,
            key: None,
            version: 1,
        };
        tx.add_prefix(&row).await?;
    }
    Ok(())
}
