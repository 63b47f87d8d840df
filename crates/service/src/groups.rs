//! Latency by provider, location or probe.
//!
//! Percentiles come from merged histograms, and merging a month of hundreds of series takes longer
//! than a page may: what was merged is kept in memory, and is merged again where something came.

use crate::{
    Actor, Error, Service,
    telemetry::{Changes, Interval, covered, sum},
};
use peerage_domain::access::Action;
use peerage_latency::{Histogram, Step, View, Window, compare::Covered};
use peerage_storage::latency::Series;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Most intervals that are kept merged, of one kind.
const SLOTS: usize = 4000;

/// The group of the series that no probe of the portal measures.
pub const NO_PROBE: &str = "–";

/// What series are put together by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum By {
    /// The provider of the connection.
    #[default]
    Provider,
    /// The connection's primary location.
    Location,
    /// The probe, or the point of presence where it stands.
    Probe,
}

impl By {
    /// All of them.
    pub const ALL: [By; 3] = [By::Provider, By::Location, By::Probe];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            By::Provider => "provider",
            By::Location => "location",
            By::Probe => "probe",
        }
    }

    /// What a word stands for.
    pub fn of(word: &str) -> Option<By> {
        By::ALL.into_iter().find(|by| by.word() == word)
    }
}

/// Series of one provider, location or probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What they have in common.
    pub name: String,
    /// How many there are.
    pub series: usize,
    /// Their intervals, merged.
    pub intervals: Vec<Interval>,
    /// Everything in the window.
    pub total: Histogram,
    /// Everything in the window before.
    pub before: Histogram,
    /// Its intervals, at the times at which they were.
    pub earlier: Vec<Interval>,
    /// How much of both windows was measured.
    pub covered: Covered,
}

/// Whose, by what, and in which intervals.
type Kind = (Option<String>, By, Step);
/// What was measured in an interval, by group.
type Slot = Arc<BTreeMap<String, Histogram>>;

#[derive(Default)]
struct Merged {
    /// To which group each series belonged.
    members: BTreeMap<String, String>,
    slots: BTreeMap<i64, Slot>,
    /// How often something came, and when that was last the case for an interval: what was read of it
    /// before is not kept behind it.
    came: u64,
    touched: BTreeMap<i64, u64>,
    /// How often something had come when it was begun anew.
    began: u64,
}

/// What was merged in this process. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Groups(Arc<Mutex<HashMap<Kind, Merged>>>);

impl Groups {
    fn all(&self) -> MutexGuard<'_, HashMap<Kind, Merged>> {
        // What a panic elsewhere left is no more than missing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something came: what it belongs to has to be merged again.
    pub(crate) fn touch(&self, organisation: &str, changes: &Changes) {
        for ((owner, _, step), merged) in self.all().iter_mut() {
            if owner.as_deref().is_some_and(|owner| owner != organisation) {
                continue;
            }
            merged.came += 1;
            for (_, _, start) in changes.keys().filter(|(of, ..)| of == step) {
                merged.slots.remove(start);
                merged.touched.insert(*start, merged.came);
            }
        }
    }

    /// What is known of the intervals from one moment to another, and how often something came.
    fn known(&self, kind: &Kind, members: &BTreeMap<String, String>, from: i64, to: i64) -> (BTreeMap<i64, Slot>, u64) {
        let mut all = self.all();
        let merged = all.entry(kind.clone()).or_default();
        if merged.members != *members || merged.slots.len().max(merged.touched.len()) > SLOTS {
            *merged = Merged { members: members.clone(), came: merged.came, began: merged.came, ..Merged::default() };
        }
        (merged.slots.range(from..to).map(|(at, slot)| (*at, slot.clone())).collect(), merged.came)
    }

    /// Keeps what was merged, but for intervals in which something came meanwhile.
    fn keep(&self, kind: &Kind, members: &BTreeMap<String, String>, came: u64, slots: BTreeMap<i64, Slot>) {
        let mut all = self.all();
        let Some(merged) = all.get_mut(kind).filter(|merged| merged.members == *members && merged.began <= came) else { return };
        let untouched = |at: &i64| merged.touched.get(at).is_none_or(|touched| *touched <= came);
        let fresh: Vec<_> = slots.into_iter().filter(|(at, _)| untouched(at)).collect();
        merged.slots.extend(fresh);
    }
}

impl Service {
    /// Latency of the connections that the actor may see, put together.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn grouped(&self, actor: &Actor, by: By, view: View) -> Result<Vec<Group>, Error> {
        let permit = actor.may(Action::ReadInsights)?;
        let organisation = permit.scope.organisation();
        let now = self.clock.now().secs();
        let ((from, to, step), (before, until, coarse)) = (view.bounds(now), view.earlier(now));
        let series = self.store.series(organisation, "").await?;
        let members = self.members(&series, by).await?;
        let kind = |step| (organisation.map(str::to_owned), by, step);
        let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
        for name in members.values() {
            let empty = || Group {
                name: name.clone(),
                series: 0,
                intervals: vec![],
                total: Histogram::default(),
                before: Histogram::default(),
                earlier: vec![],
                covered: Covered::default(),
            };
            groups.entry(name).or_insert_with(empty).series += 1;
        }
        let slots = self.slots(&kind(step), &members, from, to).await?;
        let earlier = self.slots(&kind(coarse), &members, before, until).await?;
        let put = |slots: BTreeMap<i64, Slot>, groups: &mut BTreeMap<&str, Group>, into: fn(&mut Group) -> &mut Vec<Interval>| {
            for (start, slot) in slots {
                for (name, histogram) in slot.iter() {
                    if let Some(group) = groups.get_mut(name.as_str()) {
                        into(group).push(Interval { start, histogram: histogram.clone() });
                    }
                }
            }
        };
        put(slots, &mut groups, |group| &mut group.intervals);
        put(earlier, &mut groups, |group| &mut group.earlier);
        let whole = |group: Group| Group {
            total: sum(&group.intervals),
            before: sum(&group.earlier),
            covered: covered(&group.earlier, &group.intervals, coarse),
            ..group
        };
        Ok(groups.into_values().map(whole).collect())
    }

    /// What was merged of a span, and what had to be merged now.
    async fn slots(&self, kind: &Kind, members: &BTreeMap<String, String>, from: i64, to: i64) -> Result<BTreeMap<i64, Slot>, Error> {
        let step = kind.2;
        let (mut slots, came) = self.groups.known(kind, members, from, to);
        let wanted = (from..to).step_by(usize::try_from(step.secs()).unwrap_or(usize::MAX));
        let missing: Vec<i64> = wanted.filter(|at| !slots.contains_key(at)).collect();
        if let (Some(first), Some(last)) = (missing.first(), missing.last()) {
            let fresh = self.merge_slots(members, step, *first, last + step.secs(), &missing).await?;
            self.groups.keep(kind, members, came, fresh.clone());
            slots.extend(fresh);
        }
        Ok(slots)
    }

    /// Merges what a month of every organisation's series gives, so that nobody who looks at it first
    /// after a start waits for that.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn warm_groups(&self) -> Result<(), Error> {
        let (month, now) = (View::Last(Window::D30), self.clock.now().secs());
        let ((from, to, step), (before, until, coarse)) = (month.bounds(now), month.earlier(now));
        for it in self.store.organisations().await? {
            let all = it.name == self.settings.operator_name;
            let organisation = (!all).then_some(it.id);
            let series = self.store.series(organisation.as_deref(), "").await?;
            for by in By::ALL {
                let members = self.members(&series, by).await?;
                for (step, from, to) in [(step, from, to), (coarse, before, until)] {
                    self.slots(&(organisation.clone(), by, step), &members, from, to).await?;
                }
            }
        }
        Ok(())
    }

    /// To which group each series belongs, by its id.
    async fn members(&self, series: &[Series], by: By) -> Result<BTreeMap<String, String>, Error> {
        let directory = self.directory().await?;
        let mut names: HashMap<String, String> = HashMap::new();
        if by != By::Probe {
            for connection in self.store.all_connections().await? {
                let city = || directory.location(&connection.primary).map_or_else(|| connection.primary.clone(), |it| it.city.clone());
                let name = if by == By::Provider { connection.provider.clone() } else { city() };
                names.insert(connection.id, name);
            }
        }
        let name = |it: &Series| match by {
            // Connection, probe, target; what others send has no probe.
            By::Probe => it.name.split('/').nth(1).filter(|_| it.name.matches('/').count() >= 2).unwrap_or(NO_PROBE).to_owned(),
            By::Provider | By::Location => names.get(&it.connection).cloned().unwrap_or_else(|| it.connection.clone()),
        };
        Ok(series.iter().filter(|it| it.connection.starts_with("CN-")).map(|it| (it.id.clone(), name(it))).collect())
    }

    /// Merges the intervals that are missing.
    async fn merge_slots(
        &self,
        members: &BTreeMap<String, String>,
        step: Step,
        from: i64,
        to: i64,
        missing: &[i64],
    ) -> Result<BTreeMap<i64, Slot>, Error> {
        let ids: Vec<&str> = members.keys().map(String::as_str).collect();
        let mut fresh: BTreeMap<i64, BTreeMap<String, Histogram>> = missing.iter().map(|at| (*at, BTreeMap::new())).collect();
        for (id, intervals) in self.intervals_of(&ids, step, from, to).await? {
            let Some(name) = members.get(&id) else { continue };
            for interval in intervals {
                if let Some(slot) = fresh.get_mut(&interval.start) {
                    slot.entry(name.clone()).or_default().merge(&interval.histogram);
                }
            }
        }
        Ok(fresh.into_iter().map(|(at, slot)| (at, Arc::new(slot))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{demo::TestWorld, telemetry::Sender};
    use peerage_domain::telemetry::Sample;

    #[tokio::test]
    async fn what_is_kept_merged_is_what_merging_gives() {
        let world = TestWorld::new().await;
        let (service, now) = (&world.service, world.clock.now());
        let manager = world.actor("manager@demo.example").await;
        let sender = Sender { organisation: manager.organisation.clone(), label: "test".into() };
        let view = View::Last(Window::D7);
        for round in 0..4 {
            for by in By::ALL {
                let kept = service.grouped(&manager, by, view).await.expect("grouped");
                let mut fresh = service.clone();
                fresh.groups = Groups::default();
                assert_eq!(kept, fresh.grouped(&manager, by, view).await.expect("grouped"), "{by:?} {round}");
                assert!(!kept.is_empty() && kept.iter().all(|group| group.series > 0));
            }
            // What comes late, and what is a new series.
            let sample = |ago: i64, series: &str| Sample { series: series.into(), time: now.plus_secs(-ago), rtt_ms: Some(50.0) };
            let samples = [sample(90 * 3600, "CN-1/Primary"), sample(30, &format!("CN-1/Probe {round}/8.8.8.8"))];
            service.take_samples(&sender, &format!("B-{round}"), &samples).await.expect("kept");
        }
    }
}
