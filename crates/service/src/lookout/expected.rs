//! What is expected of prefixes: it follows from what is registered, and from exceptions.

use crate::{Actor, Error, Service};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    access::Action,
    incident::{Allow, Exception, Turn},
    say,
};
use peerage_watch::{
    Entry,
    route::{Expectation, Expectations, Kinds, Terms},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Under which name exceptions are kept.
pub(super) const EXCEPTION: &str = "exception";

/// Whose each watched prefix is: the organisations that see what happens to it.
#[derive(Debug, Default)]
pub(super) struct Owners(BTreeMap<Prefix, Vec<String>>);

impl Owners {
    pub(super) fn of(&self, expected: Prefix) -> &[String] {
        self.0.get(&expected).map(Vec::as_slice).unwrap_or_default()
    }

    fn iter(&self, organisation: Option<&str>) -> impl Iterator<Item = Prefix> {
        let owns = move |(_, all): &(&Prefix, &Vec<String>)| organisation.is_none_or(|one| all.iter().any(|it| it == one));
        self.0.iter().filter(owns).map(|(prefix, _)| *prefix)
    }
}

/// What is expected of a prefix, as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expects {
    /// The prefix.
    pub prefix: Prefix,
    /// Who may originate it.
    pub origins: Vec<Asn>,
    /// Who may stand next to the origin; anybody when absent.
    pub upstreams: Option<Vec<Asn>>,
    /// Longest part that is expected, in bits.
    pub longest: u8,
    /// How many vantage points have a route of it, of how many that ever told.
    pub visible: (usize, usize),
}

/// What was typed to say that something is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExceptionForm {
    /// The prefix.
    pub prefix: String,
    /// `origin`, `upstream`, `length` or `kind`.
    pub what: String,
    /// Which one.
    pub value: String,
    /// Why.
    pub reason: String,
    /// The last day, such as `2027-01-31`.
    pub until: String,
    /// The incident from which it was said; may be empty.
    pub incident: String,
}

/// Reads the last day of something, as the moment behind it.
pub(super) fn end_of_day(text: &str) -> Option<Timestamp> {
    let first: Timestamp = format!("{}T00:00:00Z", text.trim()).parse().ok()?;
    Some(first.plus_secs(86_400))
}

/// What the registrations of one prefix say together.
#[derive(Default)]
struct Declared {
    origins: BTreeSet<Asn>,
    providers: BTreeSet<Asn>,
    organisations: BTreeSet<String>,
    customers: BTreeSet<String>,
}

impl Declared {
    fn add(&mut self, entry: &Entry, organisation: &str, customer: bool) {
        self.organisations.insert(organisation.to_owned());
        if customer {
            self.customers.insert(organisation.to_owned());
        }
        self.origins.extend(&entry.origins);
        if !entry.origins.is_empty() {
            self.providers.insert(entry.coverage.asn);
        }
    }

    /// Who says what is meant: the customer, and the partner only where there is none.
    fn holders(&self) -> &BTreeSet<String> {
        if self.customers.is_empty() { &self.organisations } else { &self.customers }
    }

    /// Nothing is expected while no origin is known: no key came yet.
    fn expectation(&self, prefix: Prefix, exceptions: &[Exception]) -> Option<Expectation> {
        if self.origins.is_empty() {
            return None;
        }
        let (mut origins, mut upstreams) = (self.origins.clone(), self.providers.clone());
        // What its provider originates itself may reach it over anybody.
        let (known, mut guests) = (!origins.is_subset(&upstreams), vec![]);
        let (mut longest, mut ignored) = (prefix.length(), Kinds::default());
        let about = |it: &&Exception| it.prefix.contains(prefix) && self.holders().contains(&it.organisation);
        for exception in exceptions.iter().filter(about) {
            match exception.allow {
                Allow::Origin(asn) => {
                    // From where another origin comes is not known.
                    if origins.insert(asn) {
                        guests.push(asn);
                    }
                }
                Allow::Upstream(asn) => {
                    upstreams.insert(asn);
                }
                Allow::Length(length) => longest = longest.max(length),
                Allow::Kind(kind) => ignored.insert(kind),
            }
        }
        let terms = Terms {
            origins: origins.into_iter().collect(),
            upstreams: known.then(|| upstreams.into_iter().collect()),
            max_length: (longest > prefix.length()).then_some(longest),
            learned: false,
            ignored,
            guests: guests.into(),
        };
        Some(Expectation::of(prefix, terms))
    }
}

impl Service {
    /// Puts together what is expected, when what it follows from changed.
    pub(super) async fn refresh_expectations(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let exceptions: Vec<Exception> = self.store.items(EXCEPTION, None).await?;
        let exceptions: Vec<Exception> = exceptions.into_iter().filter(|it| it.holds(now)).collect();
        let holding: Vec<&str> = exceptions.iter().map(|it| it.id.as_str()).collect();
        let version = format!("{} {}", self.store.service_version().await?, holding.join(" "));
        if self.lookout.world().version == version {
            return Ok(());
        }
        // The book of verdicts holds what is registered; it is read anew where it is behind.
        self.watch_prefixes().await?;
        let mut declared: BTreeMap<Prefix, Declared> = BTreeMap::new();
        self.watch.each_entry(|entry, organisation, customer| declared.entry(entry.prefix).or_default().add(entry, organisation, customer));
        let (mut expectations, mut owners, mut holders) = (Expectations::default(), BTreeMap::new(), BTreeMap::new());
        for (prefix, it) in declared {
            let Some(expectation) = it.expectation(prefix, &exceptions) else { continue };
            expectations.insert(expectation);
            // What is said of a part holds for that part alone.
            let parts =
                exceptions.iter().filter(|ex| ex.prefix != prefix && prefix.contains(ex.prefix) && it.holders().contains(&ex.organisation));
            let parts: BTreeSet<Prefix> = parts.map(|ex| ex.prefix).collect();
            for part in std::iter::once(prefix).chain(parts) {
                if part != prefix
                    && let Some(expectation) = it.expectation(part, &exceptions)
                {
                    // A longer registration says more of it.
                    if expectations.governing(part).is_some_and(|known| known.prefix == part) {
                        continue;
                    }
                    expectations.insert(expectation);
                }
                holders.insert(part, it.holders().iter().cloned().collect());
                owners.insert(part, it.organisations.iter().cloned().collect());
            }
        }
        // What is meant of entrances may be otherwise, too.
        self.watch.all_moved();
        let prefixes: Vec<Prefix> = expectations.iter().map(|it| it.prefix).collect();
        self.want(prefixes);
        let mut world = self.lookout.world();
        world.expectations = expectations;
        world.owners = Arc::new(Owners(owners));
        world.holders = Arc::new(Owners(holders));
        world.version = version;
        Ok(())
    }

    /// What is expected of the actor's prefixes, in their order.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn expectations(&self, actor: &Actor) -> Result<Vec<Expects>, Error> {
        let permit = actor.may(Action::ReadIncidents)?;
        // Who reads waits for nobody who judges, but for the first look.
        if self.lookout.world().version.is_empty() {
            let _alone = self.lookout.turn.lock().await;
            self.refresh_expectations().await?;
        }
        let world = self.lookout.world();
        let live = world.realms.get("").map(|realm| &realm.watch);
        let row = |prefix: Prefix| {
            let it = world.expectations.governing(prefix)?;
            Some(Expects {
                prefix,
                origins: it.origins.clone().into(),
                upstreams: it.upstreams.clone().map(Into::into),
                longest: it.longest(),
                visible: live.map_or((0, 0), |watch| watch.visibility(prefix)),
            })
        };
        Ok(world.owners.iter(permit.scope.organisation()).filter_map(row).collect())
    }

    /// How many of the actor's prefixes are watched.
    ///
    /// # Errors
    /// When the actor may not.
    pub fn watched(&self, actor: &Actor) -> Result<usize, Error> {
        let permit = actor.may(Action::ReadIncidents)?;
        Ok(self.lookout.world().owners.iter(permit.scope.organisation()).count())
    }

    /// The exceptions of the actor's organisation, of everybody for operators.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn exceptions(&self, actor: &Actor) -> Result<Vec<Exception>, Error> {
        let permit = actor.may(Action::ReadIncidents)?;
        Ok(self.store.items(EXCEPTION, permit.scope.organisation()).await?)
    }

    /// Says that something is meant: what shows it is no incident any more.
    ///
    /// # Errors
    /// What cannot be used; or when the prefix is nothing of the actor's.
    pub async fn add_exception(&self, actor: &Actor, form: &ExceptionForm) -> Result<Exception, Error> {
        actor.may(Action::WriteIncidents)?;
        let prefix: Prefix = form.prefix.parse()?;
        let allow = Allow::read(&form.what, &form.value, prefix).map_err(Error::Refused)?;
        let created = self.clock.now();
        let expires = end_of_day(&form.until).ok_or_else(|| Error::Refused(peerage_domain::incident::ExceptionError::Expiry.text()))?;
        let mut exception = Exception {
            id: String::new(),
            organisation: actor.organisation.clone(),
            prefix,
            allow,
            reason: form.reason.trim().to_owned(),
            expires,
            created,
            author: actor.name.clone(),
        };
        exception.check().map_err(|error| Error::Refused(error.text()))?;
        let own = self.expectations(actor).await?.into_iter().map(|it| it.prefix).rfind(|own| own.contains(prefix));
        let own = own.ok_or_else(|| {
            Error::Refused(say!("exception.foreign", "{prefix} is no prefix of yours, nor a part of one.", prefix = prefix))
        })?;
        // An operator says it for those whose prefix it is.
        exception.organisation = self.says_for(actor, own)?;
        let mut tx = self.store.begin().await?;
        let known: Vec<Exception> = tx.items(EXCEPTION, Some(&exception.organisation)).await?;
        let same = |it: &&Exception| it.prefix == exception.prefix && it.allow == exception.allow && it.holds(created);
        if let Some(known) = known.iter().find(same) {
            let (id, until) = (&known.id, known.expires.plus_secs(-1).iso_date());
            return Err(Error::Refused(say!(
                "exception.same",
                "{id} says so until {until}. Take it off first if another last day or reason is meant.",
                id = id,
                until = until
            )));
        }
        exception.id = tx.next_id("EX").await?;
        tx.save_item(EXCEPTION, &exception.id, &exception.organisation, &exception).await?;
        // It stands in the history of an incident that it is about.
        if tx.parts(&form.incident).await?.iter().any(|part| part.expected.prefix == own) {
            let turn = Turn::Excepted { allow, reason: exception.reason.clone() };
            tx.record(&form.incident, created, &actor.name, &turn).await?;
        }
        tx.commit().await?;
        self.tend_lookout().await?;
        self.live.tell("incidents", &exception.organisation);
        Ok(exception)
    }

    /// For whom somebody speaks of a prefix: the own organisation where it holds it, any for operators.
    fn says_for(&self, actor: &Actor, prefix: Prefix) -> Result<String, Error> {
        let world = self.lookout.world();
        let holders = world.holders.of(prefix);
        let own = holders.iter().find(|it| **it == actor.organisation);
        let any = || holders.first().filter(|_| Action::Decide.allowed(&actor.roles));
        own.or_else(any).cloned().ok_or_else(|| {
            Error::Refused(say!("exception.holder", "{prefix} is a customer's: the customer says what is meant.", prefix = prefix))
        })
    }

    /// Takes an exception back.
    ///
    /// # Errors
    /// When there is no such exception of the actor's.
    pub async fn remove_exception(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        let permit = actor.may(Action::WriteIncidents)?;
        let all: Vec<Exception> = self.store.items(EXCEPTION, permit.scope.organisation()).await?;
        let found = all.into_iter().find(|it| it.id == id).ok_or_else(|| Error::NotFound("exception", id.to_string()))?;
        let mut tx = self.store.begin().await?;
        tx.delete_item(EXCEPTION, id, &found.organisation).await?;
        tx.commit().await?;
        self.tend_lookout().await
    }
}
