//! What pages ask about prefixes.

use super::{record::coverage, subject};
use crate::{Actor, Error, Service};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    access::Action,
    service::{Session, ValidationState, verdict::Judgement},
};
use peerage_storage::{connections::ServiceConnection, service::StoredVerdict};

impl Service {
    /// Has the sessions of a prefix read again, and judges it at once.
    ///
    /// # Errors
    /// When the actor may not see it, or storage fails.
    pub async fn recheck(&self, actor: &Actor, subject: &str) -> Result<(), Error> {
        self.may_see(actor, subject).await?;
        let fresh: Vec<Asn> = {
            let mut world = self.watch.world();
            let coverage = world.book.entry(subject).map(|entry| entry.coverage.clone());
            for (session, _) in coverage.iter().flat_map(|coverage| &coverage.sessions) {
                world.marks.remove(session);
            }
            world.judged.remove(subject);
            world.asked.insert(subject.to_owned());
            coverage.iter().map(|coverage| coverage.asn).collect()
        };
        fresh.into_iter().for_each(|asn| self.irr.forget(asn));
        self.listen_to_routers().await?;
        self.watch_prefixes().await.map(drop)
    }

    /// How a prefix is judged, with its history; nothing before the first look.
    ///
    /// # Errors
    /// When the actor may not see it, or storage fails.
    pub async fn verdict(&self, actor: &Actor, subject: &str) -> Result<(Option<StoredVerdict>, Vec<(Timestamp, Judgement)>), Error> {
        self.may_see(actor, subject).await?;
        Ok((self.store.verdict(subject).await?, self.store.verdict_changes(subject).await?))
    }

    /// How a prefix of a connection is judged; whoever asks may see the connection.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn verdict_of(&self, connection: &str, prefix: Prefix) -> Result<Option<StoredVerdict>, Error> {
        Ok(self.store.verdict(&subject(connection, prefix)).await?)
    }

    /// The states of everything of a connection or peering; whoever asks may see it.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn verdict_states(&self, owner: &str) -> Result<Vec<(String, ValidationState)>, Error> {
        Ok(self.store.verdict_states(owner).await?)
    }

    /// How many prefixes of a connection have no key; whoever asks may see it.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn keyless(&self, connection: &str) -> Result<usize, Error> {
        Ok(self.store.prefixes_of(connection).await?.iter().filter(|row| row.key.is_none()).count())
    }

    /// The sessions of a connection's provider at its primary and backup location.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn sessions_for(&self, connection: &ServiceConnection) -> Result<Vec<Session>, Error> {
        let partners = self.partners().await?;
        let wanted = self.wanted(&partners);
        let world = self.watch.world();
        let coverage = coverage(connection, &wanted, &self.settings.requirements, &|id: &str| id.to_owned());
        let of = |id: &String| {
            world.sessions.get(id).cloned().or_else(|| wanted.iter().find(|w| w.session.id == *id).map(|w| w.session.clone()))
        };
        Ok(coverage.sessions.iter().filter_map(|(id, _)| of(id)).collect())
    }

    async fn may_see(&self, actor: &Actor, subject: &str) -> Result<(), Error> {
        match subject.split_once(' ') {
            Some((connection, _)) => self.connection(actor, connection).await.map(drop),
            None => {
                let permit = actor.may(Action::ReadPeerings)?;
                let found = self.store.registration(subject).await?.filter(|(it, _)| permit.scope.covers(&it.organisation));
                found.map(drop).ok_or_else(|| Error::NotFound("registered prefix", subject.to_string()))
            }
        }
    }
}
