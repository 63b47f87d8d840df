//! Associating ASNs with organisations.

use crate::{Actor, Error, Service, directory::PAGE};
use peerage_domain::{
    Asn,
    access::Action,
    catalogue::{Paged, Query},
    contact::Contact,
    peer_asn::{AsnCommand, AsnEvent, AsnState, PeerAsn},
    policy::{Criterion, judge_network},
    say,
};
use peerage_storage::asns::Event;

impl Service {
    /// Asks the operator to confirm that a network belongs to the actor's organisation.
    /// A failed association is asked for again by the same form.
    ///
    /// # Errors
    /// When the number is taken, the form is wrong, or the actor may not.
    pub async fn associate_asn(&self, actor: &Actor, asn: Asn, peer_name: &str, contacts: Vec<Contact>) -> Result<PeerAsn, Error> {
        actor.may(Action::WritePeerings)?;
        if asn == self.settings.operator_asn {
            return Err(Error::Refused(say!(
                "asn.operators",
                "{asn} is the network that runs this portal. Give the ASN of your own network.",
                asn = asn
            )));
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let (mut it, version) = match tx.asn_of(asn.0).await? {
            Some(found) if found.body.organisation != actor.organisation => {
                return Err(Error::Refused(say!(
                    "asn.elsewhere",
                    "{asn} is associated with another organisation. If it is yours, write to the operator.",
                    asn = asn
                )));
            }
            Some(found) if matches!(found.body.state, AsnState::Pending { .. } | AsnState::Approved { .. }) => {
                return Err(Error::Refused(say!(
                    "asn.yours_already",
                    "{asn} is yours already: {id} is {asn_state}. Nothing more is needed.",
                    asn = asn,
                    id = found.body.id,
                    asn_state = found.body.state.name()
                )));
            }
            Some(found) => (found.body, found.version),
            None => (PeerAsn::new("", &actor.organisation, asn), 0),
        };
        let command = AsnCommand::Submit { peer_name: peer_name.into(), contacts };
        let event = it.decide(command)?;
        if version == 0 {
            it.id = tx.next_id("PA").await?;
        }
        self.store_asn(tx, it, version, &event, &actor.name, now).await
    }

    /// The operator confirms, or says why not.
    ///
    /// # Errors
    /// When the association is unknown, not pending, or the actor may not.
    pub async fn decide_asn(&self, actor: &Actor, id: &str, failure: Option<&str>) -> Result<PeerAsn, Error> {
        actor.may(Action::Decide)?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let found = tx.asn(id).await?.ok_or_else(|| Error::NotFound("ASN association", id.to_string()))?;
        let command = match failure {
            None => AsnCommand::Approve { by: actor.name.clone() },
            Some(reason) => AsnCommand::Fail { reason: reason.into() },
        };
        let event = found.body.decide(command)?;
        self.store_asn(tx, found.body, found.version, &event, &actor.name, now).await
    }

    async fn store_asn(
        &self,
        mut tx: peerage_storage::Tx,
        mut it: PeerAsn,
        version: i64,
        event: &AsnEvent,
        author: &str,
        now: peerage_domain::Timestamp,
    ) -> Result<PeerAsn, Error> {
        it.apply(event, now);
        tx.save_asn(&it, version, now).await?;
        tx.record(&it.id, now, author, event).await?;
        tx.commit().await?;
        self.live.tell(&it.id, &it.organisation);
        Ok(it)
    }

    /// The ASNs of the actor's organisation.
    ///
    /// # Errors
    /// When the actor may not see them or storage fails.
    pub async fn my_asns(&self, actor: &Actor) -> Result<Vec<PeerAsn>, Error> {
        actor.may(Action::ReadPeerings)?;
        Ok(self.store.asns_of(&actor.organisation).await?)
    }

    /// One association with its history and the policy's answer.
    ///
    /// # Errors
    /// When it is unknown or of another organisation.
    pub async fn asn(&self, actor: &Actor, id: &str) -> Result<(PeerAsn, Vec<Event<AsnEvent>>, Vec<Criterion>), Error> {
        let permit = actor.may(Action::ReadPeerings)?;
        let found = self.store.asn(id).await?.filter(|v| permit.scope.covers(&v.body.organisation));
        let it = found.ok_or_else(|| Error::NotFound("ASN association", id.to_string()))?.body;
        let directory = self.directory().await?;
        let record = directory.on_record(it.asn, None);
        let criteria = judge_network(&self.settings.policy, it.asn, &it.peer_name, &it.contacts, &record);
        Ok((it, self.store.history(id).await?, criteria))
    }

    /// The first of the associations that wait for the operator, oldest first.
    ///
    /// # Errors
    /// When the actor may not see them or storage fails.
    pub async fn pending_asns(&self, actor: &Actor) -> Result<Paged<PeerAsn>, Error> {
        actor.may(Action::ReadQueue)?;
        self.asns(actor, &Query { kind: "Pending".into(), ..Query::default() }).await
    }

    /// A part of the associations that the actor may see; `query.kind` is a state.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn asns(&self, actor: &Actor, query: &Query) -> Result<Paged<PeerAsn>, Error> {
        let permit = actor.may(Action::ReadPeerings)?;
        let all = match permit.scope.organisation() {
            Some(organisation) => self.store.asns_of(organisation).await?,
            None => self.store.asns().await?,
        };
        let mut found: Vec<PeerAsn> = all
            .into_iter()
            .filter(|a| query.kind.is_empty() || a.state.name() == query.kind)
            .filter(|a| query.finds(&[&a.peer_name, &a.asn.to_string(), &a.id]))
            .collect();
        match query.sort.as_str() {
            "asn" => found.sort_by_key(|a| a.asn),
            "name" => found.sort_by_key(|a| a.peer_name.to_lowercase()),
            "state" => found.sort_by_key(|a| a.state.name()),
            _ => found.sort_by_key(|a| a.state.since()),
        }
        if query.descending {
            found.reverse();
        }
        Ok(Paged::of(found, query.offset, PAGE))
    }
}
