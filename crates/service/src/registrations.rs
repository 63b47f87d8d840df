//! The prefixes that partners register for the service, under one of their peerings.

use crate::{Actor, Error, Service, directory::PAGE, keys::NewKey};
use peerage_domain::{
    Asn, Prefix, Text, Timestamp, Verdict,
    access::Action,
    catalogue::{Paged, Query},
    peering::{Kind, Peering, StateName},
    prefixes::{Claim, Holder, Known, MAX_ENTRIES},
    say,
    service::{
        KeyRecord, RegisteredPrefix, ValidationState,
        registration::{self, Line},
    },
};
use peerage_storage::service::{Registered, StoredVerdict};
use serde::{Deserialize, Serialize};

/// What happened to a registration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationEvent {
    /// It was made, with a key that ends so.
    Registered {
        /// End of the key.
        key: String,
    },
    /// Another key took the place of the last one.
    KeyReplaced {
        /// End of the new key.
        key: String,
    },
    /// A key was revoked.
    KeyRevoked {
        /// End of the key.
        key: String,
    },
    /// A key got an end.
    KeyExpires {
        /// End of the key.
        key: String,
        /// When.
        at: Option<Timestamp>,
    },
    /// The operator took it off.
    TakenOff {
        /// The prefix.
        prefix: Prefix,
        /// Why.
        note: String,
    },
    /// A customer bound a prefix by a key.
    Activated {
        /// End of the key.
        key: String,
        /// The prefix.
        prefix: Prefix,
    },
}

/// A registration as lists show it.
#[derive(Clone, Debug)]
pub struct RegistrationRow {
    /// The registration.
    pub it: RegisteredPrefix,
    /// When it was made.
    pub added: Timestamp,
    /// The key that is good for new prefixes, or the last one.
    pub key: Option<KeyRecord>,
    /// How it is judged; nothing before the first look.
    pub verdict: Option<StoredVerdict>,
    /// The keys by which customers activated it.
    pub used: Vec<String>,
    /// How the prefix of a customer who activated it is judged.
    pub customer: Option<StoredVerdict>,
}

/// Where suggestions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suggest {
    /// What the operator's routers receive on the peering's sessions.
    Received,
    /// Route objects of the IRR.
    Irr,
    /// ROAs of the RPKI.
    Rpki,
}

impl Service {
    /// The peerings of the actor's organisation under which prefixes can be registered: Direct,
    /// with an Active connection.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn registrable(&self, actor: &Actor) -> Result<Vec<Peering>, Error> {
        actor.may(Action::WritePeerings)?;
        let all = self.store.peerings_of(&actor.organisation).await?;
        Ok(all.into_iter().map(|found| found.body).filter(can_register).collect())
    }

    /// A part of the prefixes that the actor may see, in the order of their addresses, or by
    /// name, age or state. `query.kind` is a state, `query.partner` a peering.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn registrations(&self, actor: &Actor, query: &Query) -> Result<Paged<RegistrationRow>, Error> {
        let permit = actor.may(Action::ReadPeerings)?;
        let mut found = self.store.registrations(permit.scope.organisation()).await?;
        found.retain(|(it, _)| {
            let texts = [it.prefix.to_string(), it.name.clone(), it.origin.to_string(), it.peering.clone(), it.id.clone()];
            query.finds(&texts.each_ref().map(String::as_str)) && (query.partner.is_empty() || it.peering == query.partner)
        });
        let states = self.states_of(found.iter().map(|(it, _)| it.peering.as_str())).await?;
        let state = |it: &RegisteredPrefix| states.get(&it.id).copied().unwrap_or_default();
        found.retain(|(it, _)| query.kind.is_empty() || state(it).word() == query.kind);
        match query.sort.as_str() {
            "added" => found.sort_by_key(|(it, added)| (*added, it.prefix)),
            "name" => found.sort_by_key(|(it, _)| (it.name.to_lowercase(), it.prefix)),
            "state" => found.sort_by_key(|(it, _)| (std::cmp::Reverse(state(it)), it.prefix)),
            _ => found.sort_by_key(|(it, _)| it.prefix),
        }
        if query.descending {
            found.reverse();
        }
        let page = Paged::of(found, query.offset, PAGE);
        let (total, offset, limit) = (page.total, page.offset, page.limit);
        let mut items = vec![];
        for registered in page.items {
            items.push(self.registration_row(registered).await?);
        }
        Ok(Paged { items, total, offset, limit })
    }

    /// The states of everything that some owners have, by subject.
    async fn states_of<'a>(
        &self,
        owners: impl Iterator<Item = &'a str>,
    ) -> Result<std::collections::HashMap<String, ValidationState>, Error> {
        let mut states = std::collections::HashMap::new();
        for owner in owners.collect::<std::collections::BTreeSet<_>>() {
            states.extend(self.store.verdict_states(owner).await?);
        }
        Ok(states)
    }

    async fn registration_row(&self, (it, added): Registered) -> Result<RegistrationRow, Error> {
        let keys = self.store.keys_of(&it.id).await?;
        let (mut used, mut customer) = (vec![], None);
        for key in &keys {
            for (connection, prefix) in self.store.bound_by(&key.id).await? {
                used.push(key.id.clone());
                customer = self.verdict_of(&connection, prefix).await?;
            }
        }
        Ok(RegistrationRow { used, customer, verdict: self.store.verdict(&it.id).await?, key: keys.into_iter().next(), it, added })
    }

    /// A registration with its keys and its history.
    ///
    /// # Errors
    /// When it is unknown or of another organisation.
    pub async fn registration(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<(RegistrationRow, Vec<KeyRecord>, Vec<peerage_storage::asns::Event<RegistrationEvent>>), Error> {
        let permit = actor.may(Action::ReadPeerings)?;
        let found = self.store.registration(id).await?.filter(|(it, _)| permit.scope.covers(&it.organisation));
        let found = found.ok_or_else(|| Error::NotFound("registered prefix", id.to_string()))?;
        let keys = self.store.keys_of(id).await?;
        Ok((self.registration_row(found).await?, keys, self.store.history(id).await?))
    }

    /// What the server says about lines for a peering, without keeping anything.
    ///
    /// # Errors
    /// When nothing can be registered under the peering.
    pub async fn judge_registrations(&self, actor: &Actor, peering: &str, text: &str) -> Result<Vec<Line>, Error> {
        let peering = self.registrable_peering(actor, peering).await?;
        let all = self.store.registrations(None).await?;
        Ok(registration::read(text, peering.asn, &known(&all, &actor.organisation, &peering)))
    }

    /// What the organisation registered itself, for judging in the browser.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn known_registrations(&self, actor: &Actor) -> Result<Known, Error> {
        actor.may(Action::WritePeerings)?;
        let own = self.store.registrations(Some(&actor.organisation)).await?;
        Ok(Known { provider: String::new(), claims: own.iter().map(|(it, _)| claim(it, &actor.organisation)).collect() })
    }

    /// Registers prefixes: all of them or, when one line is wrong, none. Each gets a key, which
    /// is given here and never again.
    ///
    /// # Errors
    /// When nothing can be registered under the peering, or a line is refused.
    pub async fn register_prefixes(&self, actor: &Actor, peering: &str, text: &str) -> Result<Vec<NewKey>, Error> {
        let peering = self.registrable_peering(actor, peering).await?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let all = tx.all_registrations().await?;
        let lines = registration::read(text, peering.asn, &known(&all, &actor.organisation, &peering));
        let rows = accepted(&lines).map_err(Error::Refused)?;
        let mut made = vec![];
        for (prefix, origin, name) in rows {
            let it = RegisteredPrefix {
                id: tx.next_id("RP").await?,
                prefix,
                name,
                organisation: actor.organisation.clone(),
                peering: peering.id.clone(),
                origin,
            };
            tx.add_registration(&it, now).await?;
            let key = crate::keys::make(&mut tx, &it.id, prefix.to_string(), it.name.clone(), None, now).await?;
            tx.record(&it.id, now, &actor.name, &RegistrationEvent::Registered { key: key.hint.clone() }).await?;
            made.push(key);
        }
        tx.touch_service().await?;
        tx.commit().await?;
        self.live.tell(&peering.id, &actor.organisation);
        Ok(made)
    }

    /// Takes a registration back: customers' prefixes that its key activated lose the service.
    ///
    /// # Errors
    /// When it is unknown or of another organisation.
    pub async fn unregister_prefix(&self, actor: &Actor, id: &str) -> Result<Prefix, Error> {
        actor.may(Action::WritePeerings)?;
        let mut tx = self.store.begin().await?;
        let found = tx.registration(id).await?.filter(|(it, _)| it.organisation == actor.organisation);
        let (it, _) = found.ok_or_else(|| Error::NotFound("registered prefix", id.to_string()))?;
        tx.delete_registration(id).await?;
        tx.touch_service().await?;
        tx.commit().await?;
        self.live.tell(&it.peering, &actor.organisation);
        Ok(it.prefix)
    }

    /// Everything that an ASN originates, by one source, as lines for the form; what is
    /// registered already is left out.
    ///
    /// # Errors
    /// When the source does not answer or has nothing.
    pub async fn suggest_registrations(&self, actor: &Actor, peering: &str, source: Suggest, asn: Asn) -> Result<String, Error> {
        let peering = self.registrable_peering(actor, peering).await?;
        let mut found = match source {
            Suggest::Received => self.received_from(&peering, asn).await?,
            Suggest::Rpki => self.roas_of(asn)?,
            Suggest::Irr => self.declared_by(asn).await?,
        };
        let all = self.store.registrations(None).await?;
        found.retain(|prefix| !all.iter().any(|(it, _)| it.prefix.overlaps(*prefix)));
        found.sort();
        found.dedup();
        if found.is_empty() {
            return Err(Error::Refused(say!(
                "registration.none_found",
                "Nothing was found that {asn} originates and that is not registered yet. Try another source, or type the prefixes.",
                asn = asn
            )));
        }
        let line = |prefix: &Prefix| if asn == peering.asn { prefix.to_string() } else { format!("{prefix}, {asn}") };
        Ok(found.iter().take(MAX_ENTRIES).map(line).collect::<Vec<_>>().join("\n"))
    }

    fn roas_of(&self, asn: Asn) -> Result<Vec<Prefix>, Error> {
        let vrps = self
            .vrps()
            .ok_or_else(|| Error::Refused(say!("registration.no_rpki", "No source of the RPKI has answered. Choose another source.")))?;
        Ok(vrps.of(asn).map(|vrp| vrp.prefix).collect())
    }

    async fn declared_by(&self, asn: Asn) -> Result<Vec<Prefix>, Error> {
        use crate::irr::Declaration;
        match self.declared(asn).await? {
            Declaration::Heard(Ok(declared)) => {
                Ok(declared.routes.iter().filter(|(_, origins)| origins.contains(&asn)).map(|(prefix, _)| *prefix).collect())
            }
            Declaration::Asking => Err(Error::Refused(say!("registration.irr_asking", "The IRR is being asked. Try again in a moment."))),
            Declaration::Unasked | Declaration::Heard(Err(_)) => {
                Err(Error::Refused(say!("registration.no_irr", "The IRR does not answer. Choose another source.")))
            }
        }
    }

    async fn registrable_peering(&self, actor: &Actor, id: &str) -> Result<Peering, Error> {
        actor.may(Action::WritePeerings)?;
        let found = self.store.peering(id).await?.map(|found| found.body).filter(|it| it.organisation == actor.organisation);
        let peering = found.ok_or_else(|| Error::NotFound("peering", id.to_string()))?;
        if !can_register(&peering) {
            return Err(Error::Refused(say!(
                "registration.not_active",
                "Prefixes are registered under a Direct peering with an Active connection; {peering} has none.",
                peering = peering.id
            )));
        }
        Ok(peering)
    }
}

fn can_register(peering: &Peering) -> bool {
    peering.kind == Kind::Direct && peering.connections.iter().any(|c| c.state.name() == StateName::Active)
}

fn claim(it: &RegisteredPrefix, organisation: &str) -> Claim {
    let own = it.organisation == organisation;
    let holder = if own { Holder::Own { connection: it.peering.clone(), provider: String::new() } } else { Holder::Other };
    Claim { prefix: it.prefix, holder }
}

fn known(all: &[Registered], organisation: &str, _peering: &Peering) -> Known {
    Known { provider: String::new(), claims: all.iter().map(|(it, _)| claim(it, organisation)).collect() }
}

fn accepted(lines: &[Line]) -> Result<Vec<(Prefix, Asn, String)>, Text> {
    if lines.is_empty() {
        return Err(say!("registration.none", "Type at least one prefix, such as 193.10.0.0/24, AS719, a name."));
    }
    if lines.len() > MAX_ENTRIES {
        return Err(say!("registration.many", "At most {most} prefixes at once. Send the rest afterwards.", most = MAX_ENTRIES));
    }
    registration::accepted(lines).ok_or_else(|| {
        let wrong: Vec<&Line> = lines.iter().filter(|line| line.judged.verdict() == Verdict::Fail).collect();
        let first = wrong.first().map(|line| &line.judged.entry);
        say!(
            "registration.wrong",
            "{wrong} of {all} lines cannot be registered, the first is line {line}: {input}.",
            wrong = wrong.len(),
            all = lines.len(),
            line = first.map(|entry| entry.line).unwrap_or_default(),
            input = first.map(|entry| entry.input.chars().take(60).collect::<String>()).unwrap_or_default()
        )
    })
}
