//! Who wants to be told of what, by which way, and when not.

use super::{channels::Channel, expected::end_of_day};
use crate::{Actor, Error, Service, error::Wrong};
use peerage_domain::{
    Prefix, Timestamp,
    access::Action,
    incident::{Alert, AlertForm, Family, LONGEST_DAYS, Mute},
    say,
};
use peerage_storage::{Page, incidents::IncidentFilter};

/// Under which names these are kept.
pub(super) const ALERT: &str = "alert";
pub(super) const MUTE: &str = "mute";
/// Most alerts of an organisation.
const MOST: usize = 50;

/// What was typed to mute something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MuteForm {
    /// A prefix; any when empty.
    pub prefix: String,
    /// A family's word; any when empty.
    pub family: String,
    /// Why.
    pub reason: String,
    /// The last day, such as `2027-01-31`.
    pub until: String,
}

/// When an alert would have told of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiredOn {
    /// The incident's id.
    pub incident: String,
    /// When.
    pub at: Timestamp,
}

pub(super) fn name(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if (1..=60).contains(&text.chars().count()) && !text.chars().any(peerage_domain::is_invisible) {
        Ok(text.to_owned())
    } else {
        Err(Error::Refused(say!("lookout.name", "Give it a name of 1 to 60 characters.")))
    }
}

fn prefix(text: &str) -> Result<Option<Prefix>, Error> {
    if text.trim().is_empty() { Ok(None) } else { Ok(Some(text.parse()?)) }
}

fn family(word: &str) -> Result<Family, Error> {
    Family::of(word).ok_or_else(|| Error::Refused(say!("lookout.family", "Choose kinds of the list.")))
}

/// A number of a form, from `least` to `most`; empty is `least`.
fn number(text: &str, least: i64, most: i64) -> Result<i64, Error> {
    let text = text.trim();
    let found = if text.is_empty() { Some(least) } else { text.parse::<i64>().ok() };
    found.filter(|it| (least..=most).contains(it)).ok_or_else(|| {
        let shown: String = text.chars().take(20).collect();
        Error::Refused(say!("lookout.number", "“{input}” is no number from {least} to {most}.", input = shown, least = least, most = most))
    })
}

fn read(form: &AlertForm, organisation: &str, channels: &[Channel]) -> Result<Alert, Error> {
    let known = |id: &&String| channels.iter().any(|channel| channel.id == **id);
    let families = form.families.iter().filter(|word| !word.is_empty()).map(|word| family(word)).collect::<Result<_, _>>();
    let mut wrong = Wrong::default();
    let all = (
        (wrong.take(name(&form.name))?, wrong.take(families)?, wrong.take(prefix(&form.prefix))?),
        (wrong.take(number(&form.confidence, 0, 99))?, wrong.take(number(&form.vantages, 1, 1000))?),
        wrong.take(number(&form.minutes, 0, 1440))?,
    );
    let ((Some(name), Some(families), Some(prefix)), (Some(confidence), Some(vantages)), Some(minutes)) = all else {
        return Err(wrong.told());
    };
    Ok(Alert {
        id: String::new(),
        organisation: organisation.to_owned(),
        name,
        families,
        prefix,
        confidence: i32::try_from(confidence).unwrap_or_default(),
        vantages: u32::try_from(vantages).unwrap_or(1),
        minutes,
        channels: form.channels.iter().filter(known).cloned().collect(),
    })
}

/// Whether anybody would be told.
fn reaches(form: &AlertForm, channels: &[Channel]) -> Result<(), Error> {
    let known = |id: &String| channels.iter().any(|channel| channel.id == *id);
    let none = || Error::Refused(say!("alert.no_channel", "Choose at least one channel; without one nobody is told."));
    form.channels.iter().any(known).then_some(()).ok_or_else(none)
}

impl Service {
    /// The alerts of the actor's organisation.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn alerts(&self, actor: &Actor) -> Result<Vec<Alert>, Error> {
        actor.may(Action::ReadIncidents)?;
        Ok(self.store.items(ALERT, Some(&actor.organisation)).await?)
    }

    /// What the actor's organisation muted and has not ended.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn mutes(&self, actor: &Actor) -> Result<Vec<Mute>, Error> {
        actor.may(Action::ReadIncidents)?;
        let all: Vec<Mute> = self.store.items(MUTE, Some(&actor.organisation)).await?;
        let now = self.clock.now();
        Ok(all.into_iter().filter(|it| it.expires > now).collect())
    }

    /// Adds an alert, or changes the one of this id.
    ///
    /// # Errors
    /// What cannot be used; or when there is no such alert.
    pub async fn save_alert(&self, actor: &Actor, id: &str, form: &AlertForm) -> Result<Alert, Error> {
        actor.may(Action::WriteIncidents)?;
        let mut wrong = Wrong::default();
        let channels = self.channels(actor).await?;
        let alert = wrong.take(read(form, &actor.organisation, &channels))?;
        wrong.take(reaches(form, &channels))?;
        let Some(mut alert) = alert.filter(|_| wrong.is_empty()) else { return Err(wrong.told()) };
        self.is_watched(actor, alert.prefix).await?;
        let known = self.alerts(actor).await?;
        let mut tx = self.store.begin().await?;
        alert.id = match id {
            "" if known.len() >= MOST => {
                return Err(Error::Refused(say!("alert.many", "There are {most} alerts; take one off first.", most = MOST)));
            }
            "" => tx.next_id("AL").await?,
            id if known.iter().any(|alert| alert.id == id) => id.to_owned(),
            id => return Err(Error::NotFound("alert", id.to_string())),
        };
        tx.save_item(ALERT, &alert.id, &alert.organisation, &alert).await?;
        // It tells of what goes on, too.
        for incident in self.store.open_incidents_of(&alert.organisation).await? {
            let parts = tx.parts(&incident.id).await?;
            self.schedule(&mut tx, &incident, &parts, std::slice::from_ref(&alert.organisation)).await?;
        }
        tx.commit().await?;
        Ok(alert)
    }

    /// Takes an alert off.
    ///
    /// # Errors
    /// When there is no such alert of the actor's organisation.
    pub async fn remove_alert(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        self.remove_item(actor, ALERT, "alert", id).await
    }

    /// Of what an alert would have told in the last days, oldest first.
    ///
    /// # Errors
    /// What of the form cannot be used.
    pub async fn back_test(&self, actor: &Actor, form: &AlertForm, days: i64) -> Result<Vec<FiredOn>, Error> {
        actor.may(Action::ReadIncidents)?;
        let named = AlertForm { name: "-".into(), ..form.clone() };
        let alert = read(&named, &actor.organisation, &[])?;
        let now = self.clock.now();
        let from = now.plus_secs(-days.clamp(1, 90) * 86_400);
        let filter = IncidentFilter { oldest_first: true, from: from.millis(), ..IncidentFilter::of(Some(&actor.organisation)) };
        let (incidents, _) = self.store.incidents(&filter, &Page { offset: 0, limit: 2000 }).await?;
        let mut all = vec![];
        // A replay is news for those only who ask for it.
        for incident in incidents.into_iter().filter(|it| it.replay.as_ref().is_none_or(|replay| replay.told)) {
            let Some((incident, parts)) = self.store.incident(&incident.id, None).await? else { continue };
            let at = alert.due(&parts).filter(|at| (from..=now).contains(at));
            all.extend(at.map(|at| FiredOn { incident: incident.id, at }));
        }
        Ok(all)
    }

    /// Tells nobody of something for some time.
    ///
    /// # Errors
    /// What cannot be used.
    pub async fn add_mute(&self, actor: &Actor, form: &MuteForm) -> Result<Mute, Error> {
        actor.may(Action::WriteIncidents)?;
        let created = self.clock.now();
        let expires = end_of_day(&form.until).filter(|at| (0..=LONGEST_DAYS * 86_400).contains(&at.since(created)));
        let expires = expires.ok_or_else(|| Error::Refused(peerage_domain::incident::ExceptionError::Expiry.text()))?;
        let reason = form.reason.trim();
        if !(1..=500).contains(&reason.chars().count()) || reason.chars().any(peerage_domain::is_invisible) {
            return Err(Error::Refused(say!("mute.reason", "Say why, in at most 500 characters: others read it later.")));
        }
        let mut mute = Mute {
            id: String::new(),
            organisation: actor.organisation.clone(),
            prefix: prefix(&form.prefix)?,
            family: if form.family.is_empty() { None } else { Some(family(&form.family)?) },
            reason: reason.to_owned(),
            expires,
            created,
            author: actor.name.clone(),
        };
        self.is_watched(actor, mute.prefix).await?;
        let mut tx = self.store.begin().await?;
        let known: Vec<Mute> = tx.items(MUTE, Some(&mute.organisation)).await?;
        let same = |it: &&Mute| it.prefix == mute.prefix && it.family == mute.family && it.expires > created;
        if let Some(known) = known.iter().find(same) {
            let (id, until) = (&known.id, known.expires.plus_secs(-1).iso_date());
            return Err(Error::Refused(say!("mute.same", "{id} mutes this until {until}; end it first.", id = id, until = until)));
        }
        mute.id = tx.next_id("MU").await?;
        tx.save_item(MUTE, &mute.id, &mute.organisation, &mute).await?;
        tx.commit().await?;
        Ok(mute)
    }

    /// Nothing is ever told of a prefix that has nothing to do with the actor's.
    async fn is_watched(&self, actor: &Actor, prefix: Option<Prefix>) -> Result<(), Error> {
        let Some(prefix) = prefix else { return Ok(()) };
        let own = self.expectations(actor).await?;
        if own.iter().any(|it| it.prefix.overlaps(prefix)) {
            return Ok(());
        }
        Err(Error::Refused(say!("lookout.foreign", "{prefix} is no prefix of yours that is watched, nor a part of one.", prefix = prefix)))
    }

    /// Ends a mute.
    ///
    /// # Errors
    /// When there is no such mute of the actor's organisation.
    pub async fn remove_mute(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        self.remove_item(actor, MUTE, "mute", id).await
    }

    async fn remove_item(&self, actor: &Actor, kind: &str, thing: &'static str, id: &str) -> Result<(), Error> {
        actor.may(Action::WriteIncidents)?;
        let mut tx = self.store.begin().await?;
        if !tx.delete_item(kind, id, &actor.organisation).await? {
            return Err(Error::NotFound(thing, id.to_string()));
        }
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_wrongly_is_refused() {
        let form = AlertForm { name: "Hijacks".into(), families: vec!["hijack".into()], ..AlertForm::default() };
        let read = |form: AlertForm| read(&form, "ORG-1", &[]).map_err(|error| error.to_string());
        let alert = read(form.clone()).expect("an alert");
        assert_eq!((alert.families, alert.confidence, alert.vantages, alert.minutes), (vec![Family::Hijack], 0, 1, 0));
        let check = |form: AlertForm, words: &str| {
            let error = read(form).expect_err(words);
            assert!(error.contains(words), "{error}");
        };
        check(AlertForm { name: " ".into(), ..form.clone() }, "name of 1 to 60");
        check(AlertForm { families: vec!["x".into()], ..form.clone() }, "kinds of the list");
        check(AlertForm { prefix: "10.0.0.1/8".into(), ..form.clone() }, "10.0.0.0/8");
        check(AlertForm { confidence: "120".into(), ..form.clone() }, "from 0 to 99");
        check(AlertForm { vantages: "0".into(), ..form.clone() }, "from 1 to 1000");
        check(AlertForm { minutes: "soon".into(), ..form.clone() }, "“soon” is no number");
        let all = AlertForm { name: String::new(), prefix: "x".into(), minutes: "soon".into(), ..form };
        assert!(matches!(super::read(&all, "ORG-1", &[]), Err(Error::Several(wrong)) if wrong.len() == 3), "all of it is told");
        assert!(reaches(&all, &[]).is_err());
    }
}
