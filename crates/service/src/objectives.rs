//! Service levels of connections: what the customer wants of latency and loss, what became of it,
//! and for how much of the time its provider's sessions stood.

use crate::{Actor, Error, Service, metrics::state_of};
use peerage_domain::{
    Timestamp,
    access::Action,
    say,
    service::{any_up, availability},
};
use peerage_latency::{
    Histogram, Step,
    objective::{Budget, DAYS, Objective},
};
use peerage_storage::connections::ServiceConnection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Under which name objectives are kept.
const OBJECTIVE: &str = "objective";
const DAY: i64 = 86_400;

/// An objective as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wanted {
    id: String,
    connection: String,
    objective: Objective,
    author: String,
    since: Timestamp,
}

/// What was typed for an objective.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectiveForm {
    /// In milliseconds.
    pub within_ms: String,
    /// In percent.
    pub percent: String,
}

impl ObjectiveForm {
    /// What it says.
    ///
    /// # Errors
    /// When a number cannot be used.
    pub fn read(&self) -> Result<Objective, Error> {
        let number = |text: &str| text.trim().trim_end_matches(['%', ' ']).replace(',', ".").parse::<f64>().ok();
        let within_ms = number(self.within_ms.trim().trim_end_matches("ms")).filter(|ms| (0.1..=10_000.0).contains(ms));
        let share = number(&self.percent).filter(|percent| (50.0..=99.999).contains(percent));
        let within = || say!("objective.within", "Say within how many milliseconds, from 0.1 to 10000.");
        let of = || say!("objective.share", "Say of how many percent of the packets, from 50 to 99.999.");
        match (within_ms, share) {
            (Some(within_ms), Some(share)) => Ok(Objective { within_ms, share: share / 100.0 }),
            (None, None) => Err(Error::Several(vec![of(), within()])),
            (None, _) => Err(Error::Refused(within())),
            (_, None) => Err(Error::Refused(of())),
        }
    }
}

/// How one session of the connection's provider did.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionLevel {
    /// Such as `PR-88/1/v4`.
    pub id: String,
    /// Share of the known time of the last day and the last thirty in which it was Established.
    pub shares: (Option<f64>, Option<f64>),
}

/// An objective with what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What is wanted.
    pub objective: Objective,
    /// What became of it in the last [`DAYS`] days.
    pub budget: Budget,
    /// What became of it in the last day.
    pub last_day: Budget,
    /// How much of the budget was spent, by the end of each day: beginnings, and shares.
    pub course: Vec<(i64, f64)>,
    /// Who set it, and when.
    pub set: (String, Timestamp),
}

/// The service level of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The objective, where there is one.
    pub kept: Option<Kept>,
    /// Each session.
    pub sessions: Vec<SessionLevel>,
    /// The same for all of them: up while one is.
    pub any: (Option<f64>, Option<f64>),
}

impl Service {
    /// The service level of a connection.
    ///
    /// # Errors
    /// When there is no such connection that the actor may see, or storage fails.
    pub async fn level(&self, actor: &Actor, connection: &str) -> Result<Level, Error> {
        let (connection, _) = self.connection(actor, connection).await?;
        let now = self.clock.now();
        let changes = self.session_course(&connection).await?;
        let shares = |changes: &[(Timestamp, Option<bool>)]| {
            let share = |days: i64| availability(changes, now.plus_secs(-days * DAY), now);
            (share(1), share(DAYS))
        };
        let all: Vec<_> = changes.values().cloned().collect();
        Ok(Level {
            kept: self.kept(&connection, now).await?,
            any: shares(&any_up(&all)),
            sessions: changes.into_iter().map(|(id, changes)| SessionLevel { id, shares: shares(&changes) }).collect(),
        })
    }

    async fn kept(&self, connection: &ServiceConnection, now: Timestamp) -> Result<Option<Kept>, Error> {
        let Some(wanted) = self.wanted_of(connection).await? else { return Ok(None) };
        let to = Step::Hour.start_of(now.secs()) + Step::Hour.secs();
        let hours = self.merged(connection, Step::Hour, to - DAYS * DAY, to).await?;
        let mut days: BTreeMap<i64, Histogram> = BTreeMap::new();
        let (mut whole, mut last) = (Histogram::default(), Histogram::default());
        for (at, hour) in &hours {
            days.entry(Step::Day.start_of(*at)).or_default().merge(hour);
            whole.merge(hour);
            if *at >= to - DAY {
                last.merge(hour);
            }
        }
        let objective = wanted.objective;
        Ok(Some(Kept {
            objective,
            budget: objective.budget(&whole),
            last_day: objective.budget(&last),
            course: objective.course(days.iter().map(|(at, day)| (*at, day))),
            set: (wanted.author, wanted.since),
        }))
    }

    async fn wanted_of(&self, connection: &ServiceConnection) -> Result<Option<Wanted>, Error> {
        let all: Vec<Wanted> = self.store.items(OBJECTIVE, Some(&connection.organisation)).await?;
        Ok(all.into_iter().find(|it| it.connection == connection.id))
    }

    /// What is wanted of a connection.
    pub(crate) async fn objective_of(&self, connection: &ServiceConnection) -> Result<Option<Objective>, Error> {
        Ok(self.wanted_of(connection).await?.map(|it| it.objective))
    }

    /// Everything that was measured of a connection, by interval.
    pub(crate) async fn merged(
        &self,
        connection: &ServiceConnection,
        step: Step,
        from: i64,
        to: i64,
    ) -> Result<BTreeMap<i64, Histogram>, Error> {
        let series = self.store.series(Some(&connection.organisation), &connection.id).await?;
        let ids: Vec<&str> = series.iter().map(|it| it.id.as_str()).collect();
        let mut all: BTreeMap<i64, Histogram> = BTreeMap::new();
        for interval in self.intervals_of(&ids, step, from, to).await?.into_values().flatten() {
            all.entry(interval.start).or_default().merge(&interval.histogram);
        }
        Ok(all)
    }

    /// The states of the sessions of a connection's provider at its locations, by their ids.
    pub(crate) async fn session_course(
        &self,
        connection: &ServiceConnection,
    ) -> Result<BTreeMap<String, Vec<(Timestamp, Option<bool>)>>, Error> {
        let mut found = BTreeMap::new();
        for session in self.sessions_for(connection).await? {
            let changes = self.store.session_changes(&session.id).await?;
            let own = changes.into_iter().filter(|(id, ..)| *id == session.id);
            found.insert(session.id.clone(), own.map(|(_, at, word)| (at, state_of(&word))).collect());
        }
        Ok(found)
    }

    /// Says what is wanted of a connection.
    ///
    /// # Errors
    /// When the actor may not, there is no such connection, or a number cannot be used.
    pub async fn set_objective(&self, actor: &Actor, connection: &str, form: &ObjectiveForm) -> Result<(), Error> {
        let connection = self.own_connection(actor, connection).await?;
        let wanted = Wanted {
            id: format!("OB-{}", connection.id),
            objective: form.read()?,
            author: actor.name.clone(),
            since: self.clock.now(),
            connection: connection.id,
        };
        let mut tx = self.store.begin().await?;
        tx.save_item(OBJECTIVE, &wanted.id, &connection.organisation, &wanted).await?;
        tx.commit().await?;
        self.live.tell(&wanted.connection, &connection.organisation);
        Ok(())
    }

    /// Takes back what is wanted of a connection.
    ///
    /// # Errors
    /// When the actor may not, or there is no such connection.
    pub async fn remove_objective(&self, actor: &Actor, connection: &str) -> Result<(), Error> {
        let connection = self.own_connection(actor, connection).await?;
        let mut tx = self.store.begin().await?;
        tx.delete_item(OBJECTIVE, &format!("OB-{}", connection.id), &connection.organisation).await?;
        tx.commit().await?;
        self.live.tell(&connection.id, &connection.organisation);
        Ok(())
    }

    /// A connection that the actor may change.
    async fn own_connection(&self, actor: &Actor, id: &str) -> Result<ServiceConnection, Error> {
        let permit = actor.may(Action::WriteConnections)?;
        let found = self.store.connection(id).await?.filter(|it| permit.scope.covers(&it.organisation));
        found.ok_or_else(|| Error::NotFound("connection", id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_read_as_people_write_them() {
        let check = |within: &str, percent: &str, expected: Option<(f64, f64)>| {
            let found = ObjectiveForm { within_ms: within.into(), percent: percent.into() }.read().ok();
            let close = |(a, b): (f64, f64)| found.is_some_and(|it| (it.within_ms - a).abs() < 1e-9 && (it.share - b).abs() < 1e-9);
            assert!(expected.map_or(found.is_none(), close), "{within} {percent}: {found:?}");
        };
        check("20", "99.9", Some((20.0, 0.999)));
        check(" 12,5 ms", "99 %", Some((12.5, 0.99)));
        check("0", "99.9", None);
        check("20", "100", None);
        check("20", "10", None);
        check("NaN", "99", None);
        check("20", "", None);
        check("1e9", "99", None);
    }
}
