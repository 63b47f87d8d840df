//! Whose a prefix is, where organisations disagree: the operator takes it off one of them, with a
//! reason that they read.

use crate::{Actor, Error, Service, connections::ConnectionEvent, registrations::RegistrationEvent};
use peerage_domain::{Prefix, access::Action, say};
use peerage_storage::asns::Event;

impl Service {
    /// Takes a prefix off somebody's connection, as who settles whose a prefix is.
    ///
    /// # Errors
    /// When the actor is no operator, the note is missing, or there is no such prefix.
    pub async fn take_prefix_off(&self, actor: &Actor, id: &str, prefix: Prefix, note: &str) -> Result<(), Error> {
        actor.may(Action::Decide)?;
        let note = reason(note)?;
        let mut tx = self.store.begin().await?;
        let connection = tx.connection(id).await?.ok_or_else(|| Error::NotFound("connection", id.to_string()))?;
        if !tx.delete_prefix(id, prefix).await? {
            return Err(Error::NotFound("prefix", prefix.to_string()));
        }
        tx.delete_verdict(&crate::verdicts::subject(id, prefix)).await?;
        tx.touch_service().await?;
        tx.record(id, self.clock.now(), &actor.name, &ConnectionEvent::PrefixTakenOff { prefix, note }).await?;
        tx.commit().await?;
        self.live.tell(id, &connection.organisation);
        Ok(())
    }

    /// Takes somebody's registration off, as who settles whose a prefix is.
    ///
    /// # Errors
    /// When the actor is no operator, the note is missing, or it is unknown.
    pub async fn take_registration_off(&self, actor: &Actor, id: &str, note: &str) -> Result<Prefix, Error> {
        actor.may(Action::Decide)?;
        let note = reason(note)?;
        let mut tx = self.store.begin().await?;
        let (it, _) = tx.registration(id).await?.ok_or_else(|| Error::NotFound("registered prefix", id.to_string()))?;
        tx.delete_registration(id).await?;
        let event = RegistrationEvent::TakenOff { prefix: it.prefix, note };
        tx.record(&taken_off(&it.organisation), self.clock.now(), &actor.name, &event).await?;
        tx.touch_service().await?;
        tx.commit().await?;
        self.live.tell(&it.peering, &it.organisation);
        Ok(it.prefix)
    }

    /// What the operator took off of the actor's organisation, last first.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn registrations_taken_off(&self, actor: &Actor) -> Result<Vec<Event<RegistrationEvent>>, Error> {
        actor.may(Action::ReadPeerings)?;
        let mut all: Vec<Event<RegistrationEvent>> = self.store.history(&taken_off(&actor.organisation)).await?;
        all.reverse();
        Ok(all)
    }
}

/// What an operator says to those whose prefix is taken off.
fn reason(note: &str) -> Result<String, Error> {
    let note = note.trim();
    match note.chars().count() {
        0 => Err(Error::Refused(say!("taken_off.no_reason", "Say why: the organisation reads it."))),
        1..=500 => Ok(note.to_owned()),
        _ => Err(Error::Refused(say!("taken_off.long", "The reason has at most 500 characters."))),
    }
}

/// Where the history of an organisation's registrations is that are gone.
fn taken_off(organisation: &str) -> String {
    format!("{organisation}/taken-off")
}
