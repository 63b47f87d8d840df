//! Latency samples and route events: in by a token, kept as histograms, out as intervals.

use crate::{Actor, Error, Service, lookout::floor_of, secrets};
use peerage_domain::{
    Timestamp,
    access::{Action, Role},
    catalogue::Paged,
    say,
    telemetry::{RouteEvent, Sample},
};
use peerage_latency::{Histogram, Step, View, compare::Covered};
use peerage_storage::{
    Page, Tx,
    latency::{Series, Slot},
};
use std::collections::{BTreeMap, BTreeSet};

/// Most samples of one batch.
pub const BATCH: usize = 10_000;

/// Whoever holds a token: a probe or a collector of one organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The organisation.
    pub organisation: String,
    /// The token's label.
    pub label: String,
}

/// How long a batch is known by its id, in days: a sender that was away for longer sends no old ones again.
const BATCH_DAYS: i64 = 30;
/// How long changes of sessions are kept, in days.
const SESSION_DAYS: i64 = 90;

/// What came of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Kept.
    pub accepted: usize,
    /// Not kept: where it stands (in a batch by its index, in a file by its line), and why.
    pub refused: Vec<(usize, String)>,
    /// The batch had been received before; nothing was kept twice.
    pub repeated: bool,
}

/// One interval of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Seconds since 1970.
    pub start: i64,
    /// What was measured.
    pub histogram: Histogram,
}

/// A series over a window.
#[derive(Clone, Debug)]
pub struct Course {
    /// The series.
    pub series: Series,
    /// Its intervals with samples, in order.
    pub intervals: Vec<Interval>,
    /// Everything in the window.
    pub total: Histogram,
    /// Everything in the window before.
    pub before: Histogram,
    /// Its intervals, as long as `before_step`, at the times at which they were.
    pub earlier: Vec<Interval>,
    /// Length of those.
    pub before_step: Step,
    /// How much of both windows was measured.
    pub covered: Covered,
    /// Shortest round-trip time in ms that light allows, where both ends are known: the customer's
    /// site and the location that the series names.
    pub floor_ms: Option<f64>,
}

impl Service {
    /// Who a token speaks for.
    ///
    /// # Errors
    /// When the token is unknown.
    pub async fn sender(&self, token: &str) -> Result<Sender, Error> {
        let found = self.store.token(&secrets::token_hash(token)).await?;
        let (organisation, label) = found.ok_or(Error::Unauthenticated(say!("token.invalid", "The token is not valid.")))?;
        Ok(Sender { organisation, label })
    }

    /// Who reads with a token: the organisation that it was given to; nothing is changed by it.
    ///
    /// # Errors
    /// When the token is unknown.
    pub async fn reader(&self, token: &str) -> Result<Actor, Error> {
        let Sender { organisation, label } = self.sender(token).await?;
        let all = self.store.organisations().await?;
        let name = all.into_iter().find(|it| it.id == organisation).map(|it| it.name).unwrap_or_default();
        let mut roles = vec![Role::Customer, Role::Manager, Role::Partner];
        roles.extend((name == self.settings.operator_name).then_some(Role::Operator));
        Ok(Actor { person: String::new(), name: label, organisation, organisation_name: name, roles })
    }

    /// Keeps a batch of samples. A batch with the same id is kept once, and what of it is refused is told each
    /// time; one of which nothing can be kept is not remembered, so that it is judged again when it is sent again.
    ///
    /// # Errors
    /// When the batch is too large or storage fails; nothing is kept then.
    pub async fn take_samples(&self, sender: &Sender, batch: &str, samples: &[Sample]) -> Result<Receipt, Error> {
        check_batch(batch, samples.len())?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mut receipt = Receipt::default();
        let strangers = strangers(&mut tx, sender, samples).await?;
        let mut changes = Changes::new();
        for (index, sample) in samples.iter().enumerate() {
            if let Err(error) = sample.check(now) {
                receipt.refused.push((index, error.to_string()));
                continue;
            }
            if strangers.contains(connection_of(&sample.series)) {
                let words = format!("series {} does not begin with a connection of your organisation, such as CN-1/Primary", sample.series);
                receipt.refused.push((index, words));
                continue;
            }
            receipt.accepted += 1;
            sort_in(&mut changes, &sample.series, sample);
        }
        if receipt.accepted == 0 {
            return Ok(receipt);
        }
        if !tx.add_batch(&format!("{}/{batch}", sender.organisation), now).await? {
            return Ok(Receipt { accepted: 0, repeated: true, ..receipt });
        }
        merge(&mut tx, &sender.organisation, &changes).await?;
        tx.commit().await?;
        self.groups.touch(&sender.organisation, &changes);
        for connection in changes.keys().map(|(_, name, _)| connection_of(name)).collect::<BTreeSet<_>>() {
            self.live.tell(connection, &sender.organisation);
        }
        Ok(receipt)
    }

    /// Keeps route events; the same event is kept once. Tells how many are new.
    ///
    /// # Errors
    /// When there are too many or storage fails.
    pub async fn take_route_events(&self, sender: &Sender, events: &[RouteEvent]) -> Result<usize, Error> {
        if events.len() > BATCH {
            return Err(Error::Refused(say!("batch.events", "A batch has at most {most} events.", most = BATCH)));
        }
        let now = self.clock.now();
        if let Some(late) = events.iter().find(|e| e.time.since(now) > 300) {
            return Err(Error::Refused(say!("batch.future", "time {time} lies in the future; check the sender's clock", time = late.time)));
        }
        let mut tx = self.store.begin().await?;
        let mut added = 0;
        for event in events {
            let path: Vec<String> = event.path.iter().map(ToString::to_string).collect();
            let key = format!("{}|{}|{:?}|{}|{}", sender.organisation, event.time, event.kind, event.prefix, path.join(" "));
            let id = format!("EV-{}", &secrets::token_hash(&key)[..12]);
            added += usize::from(tx.add_route_event(&id, &sender.organisation, event).await?);
        }
        tx.commit().await?;
        self.live.tell("events", &sender.organisation);
        Ok(added)
    }

    /// Every series that the actor may see, over a window or span; only those of a peering or of
    /// one connection when it is named.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn latency(&self, actor: &Actor, connection: &str, view: View) -> Result<Vec<Course>, Error> {
        let permit = actor.may(to_read(connection))?;
        let now = self.clock.now().secs();
        let ((from, to, step), (earlier, until, coarse)) = (view.bounds(now), view.earlier(now));
        let all = self.store.series(permit.scope.organisation(), connection).await?;
        let ids: Vec<&str> = all.iter().map(|series| series.id.as_str()).collect();
        let mut intervals = self.intervals_of(&ids, step, from, to).await?;
        let mut before = self.intervals_of(&ids, coarse, earlier, until).await?;
        let floors = self.floors(&all).await?;
        let course = |series: Series| {
            let intervals = intervals.remove(&series.id).unwrap_or_default();
            let before = before.remove(&series.id).unwrap_or_default();
            Course {
                total: sum(&intervals),
                before: sum(&before),
                covered: covered(&before, &intervals, coarse),
                earlier: before,
                before_step: coarse,
                intervals,
                floor_ms: floors.get(&series.id).copied(),
                series,
            }
        };
        Ok(all.into_iter().map(course).collect())
    }

    /// Shortest round-trip times that light allows, by series. What a probe measures begins where the
    /// probe stands, which nobody says.
    async fn floors(&self, all: &[Series]) -> Result<BTreeMap<String, f64>, Error> {
        // Replayed packets were measured elsewhere.
        if self.settings.demo {
            return Ok(BTreeMap::new());
        }
        let directory = self.directory().await?;
        let mut found = BTreeMap::new();
        for of_one in all.chunk_by(|a, b| a.connection == b.connection) {
            let Some(connection) = self.store.connection(&of_one[0].connection).await? else { continue };
            for series in of_one {
                let location = match series.name.split_once('/').map(|(_, rest)| rest) {
                    Some("Primary") => Some(&connection.primary),
                    Some("Backup") => connection.backup.as_ref(),
                    _ => None,
                };
                let floor = location.and_then(|location| floor_of(&connection, &directory, location));
                found.extend(floor.map(|floor| (series.id.clone(), floor)));
            }
        }
        Ok(found)
    }

    /// One series from one moment to another, which belongs to it no more, in intervals of which at most `max_points` fit, as finely as they are
    /// kept from the first moment on.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn latency_between(
        &self,
        actor: &Actor,
        name: &str,
        from: Timestamp,
        to: Timestamp,
        max_points: usize,
    ) -> Result<(Step, Vec<Interval>), Error> {
        let permit = actor.may(to_read(name))?;
        let all = self.store.series(permit.scope.organisation(), "").await?;
        let series = all.into_iter().find(|s| s.name == name);
        let series = series.ok_or_else(|| Error::NotFound("series", name.to_string()))?;
        let step = Step::for_span(from.secs(), to.secs(), self.clock.now().secs(), max_points);
        Ok((step, self.intervals(&series.id, step, step.start_of(from.secs()), to.secs()).await?))
    }

    pub(crate) async fn intervals(&self, series: &str, step: Step, from: i64, to: i64) -> Result<Vec<Interval>, Error> {
        Ok(self.intervals_of(&[series], step, from, to).await?.remove(series).unwrap_or_default())
    }

    /// The intervals of several series, by their ids.
    pub(crate) async fn intervals_of(
        &self,
        series: &[&str],
        step: Step,
        from: i64,
        to: i64,
    ) -> Result<BTreeMap<String, Vec<Interval>>, Error> {
        let mut found: BTreeMap<String, Vec<Interval>> = BTreeMap::new();
        for ((series, start), bytes) in self.store.intervals(series, step.secs(), from, to).await? {
            let histogram = decode(&series, &bytes)?;
            found.entry(series).or_default().push(Interval { start, histogram });
        }
        Ok(found)
    }

    /// A part of the route events of a span, latest first unless asked otherwise.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn route_events(
        &self,
        actor: &Actor,
        level: &str,
        from: Timestamp,
        to: Timestamp,
        oldest_first: bool,
        page: Page,
    ) -> Result<Paged<(String, RouteEvent)>, Error> {
        let permit = actor.may(Action::ReadConnections)?;
        let (items, total) = self.store.route_events(permit.scope.organisation(), level, from, to, oldest_first, &page).await?;
        Ok(Paged { items, total: total.unsigned_abs(), offset: page.offset, limit: page.limit })
    }

    /// Every series over a window with the one before, for a manager's overview.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn insights(&self, actor: &Actor, view: View) -> Result<Vec<Course>, Error> {
        actor.may(Action::ReadInsights)?;
        self.latency(actor, "", view).await
    }

    /// Forgets what is older than it is kept.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn forget_old_telemetry(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        for step in Step::LADDER {
            tx.forget_latency(step.secs(), now.plus_secs(-step.kept_days() * 86_400)).await?;
        }
        tx.forget_batches(now.plus_secs(-BATCH_DAYS * 86_400)).await?;
        tx.forget_session_changes(now.plus_secs(-SESSION_DAYS * 86_400)).await?;
        Ok(tx.commit().await?)
    }
}

/// Refuses a batch that is too large, or has no name by which it could be known.
pub(crate) fn check_batch(id: &str, samples: usize) -> Result<(), Error> {
    if samples > BATCH {
        return Err(Error::Refused(say!(
            "batch.samples",
            "A batch has at most {most} samples; this one has {n}.",
            most = BATCH,
            n = samples
        )));
    }
    if !(1..=100).contains(&id.len()) {
        return Err(Error::Refused(say!("batch.id", "Give the batch an id of 1 to 100 characters (Idempotency-Key).")));
    }
    Ok(())
}

/// What a batch adds: by length of interval, series and beginning of the interval.
pub(crate) type Changes<'a> = BTreeMap<(Step, &'a str, i64), Histogram>;

/// Sorts a sample into the intervals of every length.
pub(crate) fn sort_in<'a>(changes: &mut Changes<'a>, series: &'a str, sample: &Sample) {
    for step in Step::LADDER {
        let slot = changes.entry((step, series, step.start_of(sample.time.secs()))).or_default();
        match sample.rtt_ms {
            Some(rtt) => slot.record(rtt),
            None => slot.record_loss(),
        }
    }
}

/// Adds what came to what is kept.
pub(crate) async fn merge(tx: &mut Tx, organisation: &str, changes: &Changes<'_>) -> Result<(), Error> {
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    for (_, name, _) in changes.keys() {
        if !ids.contains_key(name) {
            ids.insert(*name, tx.series(organisation, name).await?.id);
        }
    }
    for step in Step::LADDER {
        let fresh = changes.iter().filter(|((of, ..), _)| *of == step);
        let fresh: Vec<(Slot, &Histogram)> = fresh.map(|((_, name, start), it)| ((ids[name].clone(), *start), it)).collect();
        let slots: Vec<Slot> = fresh.iter().map(|(slot, _)| slot.clone()).collect();
        let known = tx.histograms(step.secs(), &slots).await?;
        let merged = fresh.into_iter().map(|(slot, fresh)| {
            let mut merged = known.get(&slot).map_or(Ok(Histogram::default()), |bytes| decode(&slot.0, bytes))?;
            merged.merge(fresh);
            Ok((slot, merged.encode()))
        });
        tx.put_histograms(step.secs(), &merged.collect::<Result<Vec<_>, Error>>()?).await?;
    }
    Ok(())
}

/// How much of two windows was measured.
pub(crate) fn covered(earlier: &[Interval], later: &[Interval], step: Step) -> Covered {
    Covered::of(earlier.iter().map(|it| it.start), later.iter().map(|it| it.start), step)
}

pub(crate) fn sum(intervals: &[Interval]) -> Histogram {
    let mut total = Histogram::default();
    intervals.iter().for_each(|interval| total.merge(&interval.histogram));
    total
}

/// What somebody has to be allowed who reads the latency of a connection or peering, or a series of it.
fn to_read(subject: &str) -> Action {
    if subject.starts_with("PR-") { Action::ReadPeerings } else { Action::ReadConnections }
}

/// A series belongs to the connection that its name begins with.
fn connection_of(series: &str) -> &str {
    series.split('/').next().unwrap_or(series)
}

/// The connections in the names of series that are not the sender's.
async fn strangers(tx: &mut Tx, sender: &Sender, samples: &[Sample]) -> Result<BTreeSet<String>, Error> {
    let mut found = BTreeSet::new();
    for id in samples.iter().map(|sample| connection_of(&sample.series)).collect::<BTreeSet<_>>() {
        let own = tx.connection(id).await?.is_some_and(|connection| connection.organisation == sender.organisation);
        if !own {
            found.insert(id.to_owned());
        }
    }
    Ok(found)
}

fn decode(series: &str, bytes: &[u8]) -> Result<Histogram, Error> {
    Histogram::decode(bytes).map_err(|error| Error::Fault(format!("latency of series {series}: {error}")))
}
