//! What customers do with keys, and with the provider and locations of their connections.

use crate::{
    Actor, Error, Service,
    connections::{ConnectionEvent, choices, own},
    keys::KeySubject,
    registrations::RegistrationEvent,
};
use peerage_domain::{
    Asn, Prefix, Text, Verdict,
    access::Action,
    prefixes::{self, Claim, Holder, Judged, Known},
    registration::ConnectionDraft,
    say,
    service::KeyRecord,
};
use peerage_storage::{
    Tx,
    connections::{CustomerPrefix, ServiceConnection},
};
use std::collections::BTreeMap;

/// A prefix that is to be bound.
struct Bind {
    /// The line that asks for it.
    line: usize,
    key: KeyRecord,
}

/// Which lines ask for a prefix that is somebody's. Who has a key is not stopped by who has none.
fn in_the_way(
    connection: &ServiceConnection,
    held: &BTreeMap<Prefix, CustomerPrefix>,
    claims: Vec<Claim>,
    plan: &BTreeMap<Prefix, Bind>,
) -> BTreeMap<usize, Text> {
    let fresh = plan.iter().filter(|(prefix, _)| held.get(*prefix).is_none_or(|row| row.connection != connection.id));
    let (texts, lines): (Vec<String>, Vec<usize>) = fresh.map(|(prefix, bind)| (prefix.to_string(), bind.line)).unzip();
    let claims = claims.into_iter().filter(|claim| claim.holder != Holder::Unproven).collect();
    let known = Known { provider: connection.provider.clone(), claims };
    let judged = prefixes::judge(&prefixes::entries(&texts.join("\n")), &known);
    let failed = |it: &Judged| it.findings.iter().find(|finding| finding.verdict == Verdict::Fail).map(|finding| finding.sentence.clone());
    judged.iter().zip(lines).filter_map(|(it, line)| Some((line, failed(it)?))).collect()
}

/// Refuses what has a wrong line: in its own words when it is the only one.
fn refuse(wrong: BTreeMap<usize, Text>, lines: usize) -> Result<(), Error> {
    match wrong.len() {
        0 => Ok(()),
        _ if lines == 1 => wrong.into_values().next().map_or(Ok(()), |why| Err(Error::Refused(why))),
        _ => {
            let told = |(line, why): (usize, Text)| say!("key.line", "Line {line}: {why}", line = line, why = why);
            Err(Error::Several(wrong.into_iter().take(TOLD).map(told).collect()))
        }
    }
}

/// Most lines of one form.
const AT_ONCE: usize = 10_000;
/// Most mistakes that are told at once.
const TOLD: usize = 20;

/// Another provider, primary or backup location.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionChange {
    /// The provider's key in the directory, such as `AS13030`.
    pub provider: String,
    /// Id of the primary location.
    pub primary: String,
    /// Id of the backup location; empty for none.
    pub backup: String,
}

/// A change with what it brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePreview {
    /// Whether anything is changed.
    pub changes: bool,
    /// What will be validated again, and what is to be done then.
    pub effects: Vec<Text>,
}

/// One line: a key, with the prefix that it is for where that was typed.
struct Line<'a> {
    number: usize,
    prefix: Option<&'a str>,
    key: &'a str,
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().enumerate().filter_map(|(at, line)| {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split([',', ';', '\t', ' ']).filter(|word| !word.is_empty()).collect();
        let (key, before) = words.split_last()?;
        Some(Line { number: at + 1, prefix: before.first().copied(), key })
    })
}

impl Service {
    /// Binds prefixes of a connection to the provider's registrations by keys: one a line, alone or
    /// behind the prefix that it is for. A prefix that the connection does not have yet is added.
    /// All lines, or none.
    ///
    /// # Errors
    /// Every line that cannot be used, and whom to ask.
    pub async fn activate(&self, actor: &Actor, id: &str, text: &str) -> Result<Vec<Prefix>, Error> {
        actor.may(Action::WriteConnections)?;
        let all: Vec<Line> = lines(text).take(AT_ONCE + 1).collect();
        if all.is_empty() {
            return Err(Error::Refused(say!("key.none", "Paste at least one prefix key from your provider.")));
        }
        if all.len() > AT_ONCE {
            return Err(Error::Refused(say!("key.many", "At most {most} keys at once. Send the rest afterwards.", most = AT_ONCE)));
        }
        let mut tx = self.store.begin().await?;
        let connection = own(&mut tx, actor, id).await?;
        let held: BTreeMap<Prefix, CustomerPrefix> = tx.all_prefixes().await?.into_iter().map(|row| (row.prefix, row)).collect();
        let mut plan: BTreeMap<Prefix, Bind> = BTreeMap::new();
        let mut wrong: BTreeMap<usize, Text> = BTreeMap::new();
        for line in &all {
            match self.asked_for(&mut tx, &connection, &held, line).await {
                Ok((key, prefixes)) => {
                    plan.extend(prefixes.into_iter().map(|prefix| (prefix, Bind { line: line.number, key: key.clone() })));
                }
                Err(Error::Refused(why)) => drop(wrong.insert(line.number, why)),
                Err(other) => return Err(other),
            }
        }
        let claims = crate::connections::claims(held.values(), &actor.organisation);
        wrong.extend(in_the_way(&connection, &held, claims, &plan));
        refuse(wrong, all.len())?;
        for (prefix, bind) in &plan {
            self.bind(&mut tx, &connection, held.get(prefix), *prefix, &bind.key).await?;
            let event = RegistrationEvent::Activated { key: bind.key.hint.clone(), prefix: *prefix };
            tx.record(&bind.key.subject, self.clock.now(), &actor.organisation_name, &event).await?;
        }
        let bound: Vec<Prefix> = plan.into_keys().collect();
        tx.record(id, self.clock.now(), &actor.name, &ConnectionEvent::Activated { prefixes: bound.clone() }).await?;
        tx.touch_service().await?;
        tx.commit().await?;
        self.live.tell(id, &connection.organisation);
        Ok(bound)
    }

    /// The key of a line, and for which prefixes it is used.
    async fn asked_for(
        &self,
        tx: &mut Tx,
        connection: &ServiceConnection,
        held: &BTreeMap<Prefix, CustomerPrefix>,
        line: &Line<'_>,
    ) -> Result<(KeyRecord, Vec<Prefix>), Error> {
        let typed = line.prefix.map(str::parse::<Prefix>).transpose()?;
        let (key, subject) = self.key_for(tx, connection, line.key).await?;
        let wanted: Vec<Prefix> = match (&subject, typed) {
            (KeySubject::Prefix(it), Some(typed)) if it.prefix != typed => {
                return Err(Error::Refused(say!(
                    "key.other_prefix",
                    "The key that ends in {hint} is for another prefix than {prefix}. Paste the key alone to use it for its own.",
                    hint = key.hint,
                    prefix = typed
                )));
            }
            (KeySubject::Prefix(it), _) => vec![it.prefix],
            (KeySubject::Asn { .. }, Some(typed)) => vec![typed],
            (KeySubject::Asn { .. }, None) => {
                let without = |row: &&CustomerPrefix| row.connection == connection.id && row.key.is_none();
                held.values().filter(without).map(|row| row.prefix).collect()
            }
        };
        if wanted.is_empty() {
            return Err(Error::Refused(say!(
                "key.no_prefix",
                "The key is good for every prefix of one ASN, and the connection has none without a key. Add prefixes first."
            )));
        }
        Ok((key, wanted))
    }

    /// The key of a text, when it is of the connection's provider.
    async fn key_for(&self, tx: &mut Tx, connection: &ServiceConnection, text: &str) -> Result<(KeyRecord, KeySubject), Error> {
        let (key, subject) = self.good_key(tx, text).await?;
        let networks = self.networks_of(tx, &subject).await?;
        if networks.iter().any(|(asn, _)| *asn == connection.provider_asn) {
            return Ok((key, subject));
        }
        Err(Error::Refused(say!(
            "key.other_provider",
            "The key that ends in {hint} is of another provider than {provider}. Use a connection with that provider, or change the provider of this one.",
            hint = key.hint,
            provider = connection.provider
        )))
    }

    /// Binds one prefix, which is added where the connection lacks it. Who has it without a key loses it.
    async fn bind(
        &self,
        tx: &mut Tx,
        connection: &ServiceConnection,
        held: Option<&CustomerPrefix>,
        prefix: Prefix,
        key: &KeyRecord,
    ) -> Result<(), Error> {
        if let Some(row) = held.filter(|row| row.connection == connection.id) {
            if !tx.set_prefix_key(prefix, Some(&key.id), row.version).await? {
                return Err(Error::Storage(peerage_storage::Error::Conflict(prefix.to_string())));
            }
            return Ok(());
        }
        if let Some(row) = held {
            tx.delete_prefix(&row.connection, prefix).await?;
            tx.delete_verdict(&crate::verdicts::subject(&row.connection, prefix)).await?;
            let event = ConnectionEvent::PrefixTaken { prefix };
            tx.record(&row.connection, self.clock.now(), &self.settings.operator_name, &event).await?;
        }
        let row = CustomerPrefix {
            prefix,
            connection: connection.id.clone(),
            organisation: connection.organisation.clone(),
            provider: connection.provider.clone(),
            added: self.clock.now(),
            key: Some(key.id.clone()),
            version: 1,
        };
        Ok(tx.add_prefix(&row).await?)
    }

    /// Changes a prefix in place: another prefix, another key, or both. An empty key leaves the one
    /// there is, as far as it is for the prefix.
    ///
    /// # Errors
    /// What cannot be used, or when somebody changed the prefix meanwhile.
    pub async fn edit_prefix(&self, actor: &Actor, id: &str, old: Prefix, version: i64, new: &str, key: &str) -> Result<Prefix, Error> {
        actor.may(Action::WriteConnections)?;
        let new: Prefix = new.parse()?;
        let mut tx = self.store.begin().await?;
        let connection = own(&mut tx, actor, id).await?;
        let mut held: BTreeMap<Prefix, CustomerPrefix> = tx.all_prefixes().await?.into_iter().map(|row| (row.prefix, row)).collect();
        let row = held.get(&old).filter(|row| row.connection == id).cloned();
        let row = row.ok_or_else(|| Error::NotFound("prefix", old.to_string()))?;
        if row.version != version {
            return Err(Error::Storage(peerage_storage::Error::Conflict(old.to_string())));
        }
        let known = match key.trim() {
            "" => None,
            text => Some(self.key_for(&mut tx, &connection, text).await?),
        };
        if let Some((key, KeySubject::Prefix(it))) = &known
            && it.prefix != new
        {
            return Err(Error::Refused(say!(
                "key.not_for",
                "The key that ends in {hint} is not for {prefix}. Ask {provider} for the key of this prefix.",
                hint = key.hint,
                prefix = new,
                provider = connection.provider
            )));
        }
        let asn_key = match &row.key {
            Some(key) => tx.key(key).await?.is_some_and(|key| key.subject.contains('/')),
            None => false,
        };
        if new != old {
            tx.delete_prefix(id, old).await?;
            tx.delete_verdict(&crate::verdicts::subject(id, old)).await?;
            held.remove(&old);
            let claims = crate::connections::claims(held.values(), &actor.organisation);
            let judged = prefixes::judge(&prefixes::entries(&new.to_string()), &Known { provider: connection.provider.clone(), claims });
            if let Some(finding) = judged.iter().flat_map(|it| &it.findings).find(|f| f.verdict == Verdict::Fail) {
                return Err(Error::Refused(finding.sentence.clone()));
            }
            // A key of one prefix is for no other; one of an ASN is good for all.
            let key = row.key.clone().filter(|_| asn_key);
            tx.add_prefix(&CustomerPrefix { prefix: new, key, version: row.version + 1, ..row.clone() }).await?;
        }
        let version = row.version + i64::from(new != old);
        if let Some((key, _)) = &known {
            tx.set_prefix_key(new, Some(&key.id), version).await?;
            let event = RegistrationEvent::Activated { key: key.hint.clone(), prefix: new };
            tx.record(&key.subject, self.clock.now(), &actor.organisation_name, &event).await?;
        }
        let event = ConnectionEvent::PrefixChanged { from: old, to: new, key: known.map(|(key, _)| key.hint) };
        tx.record(id, self.clock.now(), &actor.name, &event).await?;
        tx.touch_service().await?;
        tx.commit().await?;
        self.live.tell(id, &connection.organisation);
        Ok(new)
    }

    /// What a change of provider or locations would bring; nothing is changed.
    ///
    /// # Errors
    /// When the choice cannot be made.
    pub async fn preview_change(&self, actor: &Actor, id: &str, change: &ConnectionChange) -> Result<ChangePreview, Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        let connection = own(&mut tx, actor, id).await?;
        drop(tx);
        let changed = self.changed(&connection, change).await?;
        let prefixes = self.store.prefixes_of(id).await?.len();
        let mut effects = vec![];
        if changed.provider_asn != connection.provider_asn {
            effects.push(say!(
                "change.provider",
                "{n} prefixes need a key of {provider}; what {old} gave is forgotten. They fail until then. {provider} can register them once {old} has taken its registration back.",
                n = prefixes,
                provider = changed.provider,
                old = connection.provider
            ));
        }
        if changed.primary != connection.primary || changed.provider_asn != connection.provider_asn {
            let text = say!("change.primary", "{n} prefixes are validated again on every session at the primary location.", n = prefixes);
            effects.push(text);
        }
        match (&connection.backup, &changed.backup) {
            (_, None) if connection.backup.is_some() => {
                effects
                    .push(say!("change.no_backup", "Without a backup, traffic takes the plain Internet when the primary location fails. Nothing is validated at the backup location any more; the verdicts at the primary location stay."));
            }
            (before, Some(after)) if before.as_ref() != Some(after) => {
                let text = say!("change.backup", "{n} prefixes are validated again on every session at the backup location.", n = prefixes);
                effects.push(text);
            }
            _ => {}
        }
        Ok(ChangePreview { changes: changed != connection, effects })
    }

    /// Takes over another provider, primary or backup location.
    ///
    /// # Errors
    /// When the choice cannot be made, or nothing would change.
    pub async fn change_connection(&self, actor: &Actor, id: &str, change: &ConnectionChange) -> Result<ServiceConnection, Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        let connection = own(&mut tx, actor, id).await?;
        let changed = self.changed(&connection, change).await?;
        if changed == connection {
            return Err(Error::Refused(say!("change.nothing", "Nothing would change.")));
        }
        tx.change_connection(&changed).await?;
        if changed.provider_asn != connection.provider_asn {
            tx.forget_keys(id).await?;
        }
        // What other sessions saw is no news of these.
        tx.forget_evidence(id).await?;
        let event = ConnectionEvent::Changed {
            provider: changed.provider.clone(),
            primary: changed.primary.clone(),
            backup: changed.backup.clone(),
        };
        tx.record(id, self.clock.now(), &actor.name, &event).await?;
        tx.touch_service().await?;
        tx.commit().await?;
        self.live.tell(id, &changed.organisation);
        Ok(changed)
    }

    async fn changed(&self, connection: &ServiceConnection, change: &ConnectionChange) -> Result<ServiceConnection, Error> {
        let (directory, providers) = (self.directory().await?, self.service_providers().await?);
        let draft = ConnectionDraft {
            country: connection.country.clone(),
            subdivision: connection.subdivision.clone(),
            provider: change.provider.clone(),
            primary: change.primary.clone(),
            backup: change.backup.clone(),
            ..ConnectionDraft::default()
        };
        let (provider, primary, backup) = choices(&directory, &providers, &draft)?;
        Ok(ServiceConnection {
            provider_asn: provider.asn.unwrap_or(Asn(0)),
            provider: provider.name.clone(),
            primary: primary.id.clone(),
            backup: backup.map(|location| location.id.clone()),
            ..connection.clone()
        })
    }
}
