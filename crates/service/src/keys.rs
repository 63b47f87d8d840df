//! Prefix keys: made once, shown once, kept as hashes; and what customers do with them.

use crate::{Actor, Error, Service, registrations::RegistrationEvent, secrets};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    access::Action,
    say,
    service::{Key, KeyRecord, KeyStanding, RegisteredPrefix},
};
use peerage_storage::Tx;
use serde::{Deserialize, Serialize};

/// A key that was just made: the only time that it can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    /// What it is for: a prefix or an ASN.
    pub what: String,
    /// What the partner calls it.
    pub name: String,
    /// The key.
    pub key: String,
    /// Its end.
    pub hint: String,
}

/// What a key is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySubject {
    /// A registered prefix.
    Prefix(RegisteredPrefix),
    /// A customer of a route server: every prefix that it originates.
    Asn {
        /// The partner's organisation.
        organisation: String,
        /// The customer.
        asn: Asn,
    },
}

/// Makes a key for a registration.
pub(crate) async fn make(
    tx: &mut Tx,
    subject: &str,
    what: String,
    name: String,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Result<NewKey, Error> {
    let key = Key::from_bits(secrets::bits()?);
    let text = key.to_string();
    let record = KeyRecord {
        id: tx.next_id("K").await?,
        subject: subject.to_owned(),
        hint: key.hint(),
        created: now,
        expires,
        replaced: None,
        revoked: None,
    };
    tx.save_key(&secrets::token_hash(&text), &record).await?;
    Ok(NewKey { what, name, key: text, hint: record.hint })
}

/// The subject of a key for a registered ASN.
pub(crate) fn asn_subject(organisation: &str, asn: Asn) -> String {
    format!("{organisation}/{asn}")
}

impl Service {
    /// The last key of a registration of the actor's organisation, and whether a customer used it.
    ///
    /// # Errors
    /// When the registration is unknown or of another organisation.
    pub async fn last_key(&self, actor: &Actor, subject: &str) -> Result<(Option<KeyRecord>, bool), Error> {
        drop(self.own_subject(actor, subject).await?);
        let keys = self.store.keys_of(subject).await?;
        let Some(last) = keys.into_iter().next() else { return Ok((None, false)) };
        let used = !self.store.bound_by(&last.id).await?.is_empty();
        Ok((Some(last), used))
    }

    /// Makes another key for a registration. The one before is not good for new prefixes any
    /// more; what it activated stays.
    ///
    /// # Errors
    /// When the registration is unknown or of another organisation.
    pub async fn rotate_key(&self, actor: &Actor, subject: &str) -> Result<NewKey, Error> {
        let (mut tx, what, name) = self.own_subject(actor, subject).await?;
        let now = self.clock.now();
        for key in tx.keys_of(subject).await?.into_iter().filter(|key| key.standing(now) == KeyStanding::Good) {
            tx.change_key(&KeyRecord { replaced: Some(now), ..key }).await?;
        }
        let key = make(&mut tx, subject, what, name, None, now).await?;
        tx.record(subject, now, &actor.name, &RegistrationEvent::KeyReplaced { key: key.hint.clone() }).await?;
        tx.touch_service().await?;
        tx.commit().await?;
        Ok(key)
    }

    /// Revokes a key: what it activated loses the service.
    ///
    /// # Errors
    /// When the key or its registration is unknown or of another organisation.
    pub async fn revoke_key(&self, actor: &Actor, subject: &str, id: &str) -> Result<(), Error> {
        let now = self.clock.now();
        self.change_own_key(actor, subject, id, |key| {
            let event = RegistrationEvent::KeyRevoked { key: key.hint.clone() };
            (KeyRecord { revoked: Some(now), ..key }, event)
        })
        .await
    }

    /// Gives a key an end, after which it is not good for new prefixes; nothing takes it away.
    ///
    /// # Errors
    /// When the key is unknown or of another organisation, or the end lies in the past.
    pub async fn expire_key(&self, actor: &Actor, subject: &str, id: &str, at: Option<Timestamp>) -> Result<(), Error> {
        if at.is_some_and(|at| self.clock.now().since(at) > 0) {
            return Err(Error::Refused(say!("key.past", "The end of a key lies in the future. To end it now, revoke it.")));
        }
        self.change_own_key(actor, subject, id, |key| {
            let event = RegistrationEvent::KeyExpires { key: key.hint.clone(), at };
            (KeyRecord { expires: at, ..key }, event)
        })
        .await
    }

    async fn change_own_key(
        &self,
        actor: &Actor,
        subject: &str,
        id: &str,
        change: impl FnOnce(KeyRecord) -> (KeyRecord, RegistrationEvent) + Send,
    ) -> Result<(), Error> {
        let (mut tx, ..) = self.own_subject(actor, subject).await?;
        let key = tx.keys_of(subject).await?.into_iter().find(|key| key.id == id && key.revoked.is_none());
        let (key, event) = change(key.ok_or_else(|| Error::NotFound("key", id.to_string()))?);
        tx.change_key(&key).await?;
        tx.record(subject, self.clock.now(), &actor.name, &event).await?;
        tx.touch_service().await?;
        Ok(tx.commit().await?)
    }

    /// A transaction about a registration of the actor's organisation, with what it is for.
    async fn own_subject(&self, actor: &Actor, subject: &str) -> Result<(Tx, String, String), Error> {
        actor.may(Action::WritePeerings)?;
        let unknown = || Error::NotFound("registration", subject.to_string());
        let mut tx = self.store.begin().await?;
        if let Some((organisation, asn)) = subject.split_once('/') {
            let asn: Asn = asn.parse().map_err(|_| unknown())?;
            let name = tx.registered_asn(organisation, asn).await?.filter(|_| organisation == actor.organisation);
            return Ok((tx, asn.to_string(), name.ok_or_else(unknown)?));
        }
        let found = tx.registration(subject).await?.filter(|(it, _)| it.organisation == actor.organisation);
        let (it, _) = found.ok_or_else(unknown)?;
        Ok((tx, it.prefix.to_string(), it.name))
    }

    /// What a key is for, when it is good for new prefixes.
    ///
    /// # Errors
    /// What is wrong with the key, and whom to ask.
    pub(crate) async fn good_key(&self, tx: &mut Tx, text: &str) -> Result<(KeyRecord, KeySubject), Error> {
        let key: Key = text.parse().map_err(|error: peerage_domain::service::KeyError| Error::Refused(error.text()))?;
        let unknown = || {
            Error::Refused(say!(
                "key.unknown",
                "The key that ends in {hint} is not known. Copy it again, or ask your provider for the current one.",
                hint = key.hint()
            ))
        };
        let record = tx.key_by_hash(&secrets::token_hash(&key.to_string())).await?.ok_or_else(unknown)?;
        match record.standing(self.clock.now()) {
            KeyStanding::Good => {}
            KeyStanding::Expired => {
                return Err(Error::Refused(say!(
                    "key.expired",
                    "The key that ends in {hint} has expired. Ask your provider for a new one.",
                    hint = record.hint
                )));
            }
            KeyStanding::Replaced => {
                return Err(Error::Refused(say!(
                    "key.replaced",
                    "Another key took the place of the one that ends in {hint}. Ask your provider for it.",
                    hint = record.hint
                )));
            }
            KeyStanding::Revoked => {
                return Err(Error::Refused(say!("key.revoked", "Your provider revoked the key that ends in {hint}.", hint = record.hint)));
            }
        }
        let subject = match record.subject.split_once('/') {
            Some((organisation, asn)) => {
                let asn: Asn = asn.parse().map_err(|_| unknown())?;
                tx.registered_asn(organisation, asn).await?.map(|_| KeySubject::Asn { organisation: organisation.to_owned(), asn })
            }
            None => tx.registration(&record.subject).await?.map(|(it, _)| KeySubject::Prefix(it)),
        };
        Ok((record.clone(), subject.ok_or_else(unknown)?))
    }

    /// The networks for which a key speaks: those of the peerings of the partner that registered.
    pub(crate) async fn networks_of(&self, tx: &mut Tx, subject: &KeySubject) -> Result<Vec<(Asn, String)>, Error> {
        let of = |it: &peerage_domain::peering::Peering| (it.asn, it.peer_name.clone());
        Ok(match subject {
            KeySubject::Prefix(it) => tx.peering(&it.peering).await?.iter().map(|found| of(&found.body)).collect(),
            KeySubject::Asn { organisation, .. } => {
                use peerage_domain::peering::DirectType;
                let all = tx.peerings_of(organisation).await?;
                let is_server = |it: &&peerage_storage::asns::Versioned<peerage_domain::peering::Peering>| {
                    it.body.connections.iter().any(|c| c.spec.direct_type == DirectType::IxRs && !c.state.name().is_final())
                };
                all.iter().filter(is_server).map(|found| of(&found.body)).collect()
            }
        })
    }

    /// What a hand-over link offers: the prefix, nothing for a key that is good for every prefix
    /// of an ASN; the provider; the actor's connections that have it.
    ///
    /// # Errors
    /// What is wrong with the key.
    pub async fn handed_over(&self, actor: &Actor, key: &str) -> Result<HandedOver, Error> {
        actor.may(Action::WriteConnections)?;
        let mut tx = self.store.begin().await?;
        let (_, subject) = self.good_key(&mut tx, key).await?;
        let networks = self.networks_of(&mut tx, &subject).await?;
        drop(tx);
        let sort = peerage_storage::Sort { by: peerage_storage::connections::ConnectionColumn::Name, descending: false };
        let every = peerage_storage::Page { offset: 0, limit: u32::MAX };
        let (own, _) = self.store.connections(Some(&actor.organisation), "", sort, &every).await?;
        let fits = |asn: Asn| networks.iter().any(|(network, _)| *network == asn);
        Ok(HandedOver {
            prefix: if let KeySubject::Prefix(it) = &subject { Some(it.prefix) } else { None },
            asn: if let KeySubject::Asn { asn, .. } = &subject { Some(*asn) } else { None },
            provider: networks.first().cloned(),
            connections: own.into_iter().map(|(it, _)| it).filter(|it| fits(it.provider_asn)).map(|it| (it.id, it.name)).collect(),
        })
    }
}

/// What a hand-over link offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOver {
    /// The prefix that the key is for.
    pub prefix: Option<Prefix>,
    /// The ASN whose prefixes the key is for.
    pub asn: Option<Asn>,
    /// The provider.
    pub provider: Option<(Asn, String)>,
    /// The actor's connections with that provider: id and name.
    pub connections: Vec<(String, String)>,
}
