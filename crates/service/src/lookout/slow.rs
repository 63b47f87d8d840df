//! Latency and loss of customers' connections, judged by what is usual for each of their series:
//! findings with the life of all others.

use super::record::Told;
use crate::{Error, Service, telemetry::Interval};
use peerage_domain::{
    Prefix, Timestamp,
    incident::{Kind, Measured, Part, Reason},
    say,
};
use peerage_latency::{
    Histogram, Step,
    baseline::{Baseline, Hour, LEAST_ANSWERS, LEAST_SENT, lossier},
    compare::Share,
};
use peerage_storage::latency::Series;
use peerage_watch::route::{Change, Expectation, Terms};
use std::collections::{BTreeMap, HashMap};

/// How often is looked, and what counts as lately, in seconds.
const LOOK_S: i64 = 20;
const LATELY_S: i64 = 900;
/// What is usual follows from so many days, and is worked out again after so many seconds.
const USUAL_DAYS: i64 = 14;
const USUAL_S: i64 = 3600;
/// Of so many series it is worked out in one look at most: thousands that come at once are known some
/// looks later, and keep no incident waiting.
const USUAL_MOST: usize = 250;
/// What is not measured any more is over after so many seconds.
const SILENT_S: i64 = 6 * 3600;
/// Most series and prefixes that are named.
const NAMED: usize = 5;
const PREFIXES: usize = 500;
/// A change of so many percent points is told.
const CHANGE: i32 = 10;

/// What is usual for a series.
#[derive(Clone)]
struct Usual {
    at: Timestamp,
    baseline: Option<Baseline>,
    loss: Share,
}

/// What is known in this process.
#[derive(Default)]
pub(super) struct Known {
    looked: Timestamp,
    usual: HashMap<String, Usual>,
    /// What was told and is not over, by connection, with when it was measured last; read from the
    /// database at first.
    open: Option<BTreeMap<(String, Kind), (Part, Timestamp)>>,
}

/// What was measured of a series in the last minutes.
pub(super) struct Lately {
    series: Series,
    minutes: Vec<Interval>,
    whole: Histogram,
    usual: Usual,
}

/// What a series shows: why, how far from what is borne, what is usual and what it is, since when.
struct Shown {
    series: String,
    reason: Reason,
    times: f64,
    usual: f64,
    now: f64,
    since: Timestamp,
}

impl Lately {
    fn loss(&self) -> Share {
        Share { some: self.whole.lost(), all: self.whole.lost() + self.whole.count() }
    }

    /// Whether so little came that nothing can be said.
    fn is_too_little(&self, kind: Kind) -> bool {
        match kind {
            Kind::PacketLoss => self.loss().all < LEAST_SENT,
            _ => self.whole.count() < LEAST_ANSWERS || self.usual.baseline.is_none(),
        }
    }

    /// Whether it is slower than usual.
    fn slower(&self, at: Timestamp, told: bool) -> Option<Shown> {
        let usual = self.usual.baseline.as_ref()?;
        let found = usual.slower(at.secs(), &self.whole, told)?;
        let limit = (found.usual_ms + found.now_ms) / 2.0;
        let since = since(&self.minutes, at, |minute| minute.quantile(0.5).is_some_and(|ms| ms > limit));
        let text = say!(
            "slow.series",
            "{series}: {now} ms in the median of the last {minutes} minutes; {usual} ms is usual at this hour, give or take {spread} ms.",
            series = self.series.name,
            now = format!("{:.1}", found.now_ms),
            minutes = LATELY_S / 60,
            usual = format!("{:.1}", found.usual_ms),
            spread = format!("{:.1}", found.spread_ms)
        );
        let reason = Reason { weight: 55, text };
        Some(Shown { series: self.series.name.clone(), reason, times: found.times, usual: found.usual_ms, now: found.now_ms, since })
    }

    /// Whether more is lost than usual.
    fn lossier(&self, at: Timestamp, told: bool) -> Option<Shown> {
        let (lately, usual) = (self.loss(), self.usual.loss.value()?);
        let found = lossier(self.usual.loss, lately, told)?;
        let now = lately.value()?;
        let limit = (usual + now) / 2.0;
        let since = since(&self.minutes, at, |minute| minute.loss().is_some_and(|share| share > limit));
        let text = say!(
            "lossy.series",
            "{series}: {lost} of {sent} packets were lost in the last {minutes} minutes; {usual} % is usual.",
            series = self.series.name,
            lost = lately.some,
            sent = lately.all,
            minutes = LATELY_S / 60,
            usual = format!("{:.1}", usual * 100.0)
        );
        Some(Shown { series: self.series.name.clone(), reason: Reason { weight: 55, text }, times: found.low / 0.01, usual, now, since })
    }
}

/// When it began: the first of the last minutes that all show it, where a gap shows nothing.
fn since(minutes: &[Interval], now: Timestamp, shows: impl Fn(&Histogram) -> bool) -> Timestamp {
    let tail = minutes.iter().rev().take_while(|minute| shows(&minute.histogram));
    tail.last().map_or(now, |minute| Timestamp::from_secs(minute.start)).min(now)
}

/// What several series of a connection say together: the worst first, and what adds to it or
/// speaks against it.
fn reasons(shown: &[Shown], others: usize) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = shown.iter().take(NAMED).map(|it| it.reason.clone()).collect();
    reasons.iter_mut().skip(1).for_each(|reason| reason.weight = 5);
    if shown.first().is_some_and(|worst| worst.times >= 3.0) {
        reasons.push(Reason { weight: 15, text: say!("slow.far", "It is more than three times as far from what is usual as is borne.") });
    }
    if others > 0 {
        let weight = if others >= shown.len() { -15 } else { -5 };
        reasons.push(Reason { weight, text: say!("slow.others", "Other series of the connection are as usual: {n}.", n = others) });
    }
    reasons
}

impl Service {
    /// What was measured in the last minutes, beside what is usual; nothing while it was looked
    /// for a moment ago.
    pub(super) async fn measured_lately(&self) -> Result<Option<Vec<Lately>>, Error> {
        let now = self.clock.now();
        if (0..LOOK_S).contains(&now.since(self.lookout.world().slow.looked)) {
            return Ok(None);
        }
        let all: Vec<Series> = self.store.series(None, "").await?.into_iter().filter(|it| it.connection.starts_with("CN-")).collect();
        let ids: Vec<&str> = all.iter().map(|it| it.id.as_str()).collect();
        let mut minutes = self.intervals_of(&ids, Step::Minute, now.secs() - LATELY_S, now.secs() + 1).await?;
        let (mut found, mut left) = (vec![], USUAL_MOST);
        for series in all {
            let Some(minutes) = minutes.remove(&series.id) else { continue };
            let mut whole = Histogram::default();
            minutes.iter().for_each(|it| whole.merge(&it.histogram));
            // One series that cannot be read keeps nobody from being told of others.
            let usual = match self.usual(&series.id, now, &mut left).await {
                Ok(Some(usual)) => usual,
                Ok(None) => continue,
                Err(error) => {
                    tracing::error!(%error, "what is usual for a series is not known");
                    continue;
                }
            };
            found.push(Lately { series, minutes, whole, usual });
        }
        Ok(Some(found))
    }

    /// What is usual for a series, up to an hour ago; what was usual before where too many are to be
    /// worked out, and nothing where it is not known yet.
    async fn usual(&self, series: &str, now: Timestamp, left: &mut usize) -> Result<Option<Usual>, Error> {
        let known = self.lookout.world().slow.usual.get(series).cloned();
        if *left == 0 || known.as_ref().is_some_and(|known| (0..USUAL_S).contains(&now.since(known.at))) {
            return Ok(known);
        }
        *left -= 1;
        let to = Step::Hour.start_of(now.secs()) - 3600;
        let hours = self.intervals(series, Step::Hour, to - USUAL_DAYS * 86_400, to).await?;
        let known: Vec<Hour> = hours.iter().filter_map(|it| Hour::of(it.start, &it.histogram)).collect();
        let lost = hours.iter().map(|it| it.histogram.lost()).sum();
        let sent = hours.iter().map(|it| it.histogram.count() + it.histogram.lost()).sum();
        let usual = Usual { at: now, baseline: Baseline::of(&known), loss: Share { some: lost, all: sent } };
        self.lookout.world().slow.usual.insert(series.to_owned(), usual.clone());
        Ok(Some(usual))
    }

    /// Judges what was measured, and keeps what it shows.
    pub(super) async fn judge_measured(&self, measured: Option<Vec<Lately>>) -> Result<(), Error> {
        let Some(measured) = measured else { return Ok(()) };
        let now = self.clock.now();
        self.read_open_measured(now).await?;
        let mut by_connection: BTreeMap<String, Vec<Lately>> = BTreeMap::new();
        for lately in measured {
            by_connection.entry(lately.series.connection.clone()).or_default().push(lately);
        }
        let silent: Vec<String> = {
            let world = self.lookout.world();
            let open = world.slow.open.iter().flatten();
            open.filter(|((id, _), (_, last))| !by_connection.contains_key(id) && now.since(*last) > SILENT_S)
                .map(|((id, _), _)| id.clone())
                .collect()
        };
        for id in silent {
            by_connection.entry(id).or_default();
        }
        self.lookout.world().slow.looked = now;
        let kept = self.judge_all(&by_connection, now).await;
        if kept.is_err() {
            // The database says what was told.
            self.lookout.world().slow.open = None;
        }
        kept
    }

    async fn judge_all(&self, by_connection: &BTreeMap<String, Vec<Lately>>, now: Timestamp) -> Result<(), Error> {
        let mut told = vec![];
        for (id, series) in by_connection {
            for kind in [Kind::LatencyRise, Kind::PacketLoss] {
                told.extend(self.judge_connection(id, series, kind, now).await?);
            }
        }
        if told.is_empty() { Ok(()) } else { self.record("", None, told, vec![]).await }
    }

    /// What is to be told of a connection, by what was told before.
    async fn judge_connection(&self, id: &str, series: &[Lately], kind: Kind, now: Timestamp) -> Result<Option<Told>, Error> {
        let key = (id.to_owned(), kind);
        let before = self.lookout.world().slow.open.as_ref().and_then(|open| open.get(&key).cloned());
        let told = before.is_some();
        let shows = |it: &Lately| if kind == Kind::PacketLoss { it.lossier(now, told) } else { it.slower(now, told) };
        let mut shown: Vec<Shown> = series.iter().filter_map(shows).collect();
        shown.sort_by(|a, b| b.times.total_cmp(&a.times).then_with(|| a.series.cmp(&b.series)));
        // While too little comes of what showed it, nothing is known: it is not over.
        if let Some((part, last)) = &before
            && shown.is_empty()
            && now.since(*last) <= SILENT_S
            && series.iter().filter(|it| part.names(&it.series.name)).all(|it| it.is_too_little(kind))
        {
            return Ok(None);
        }
        let part = self.part_of(id, kind, &shown, series.len() - shown.len(), now).await?;
        let mut world = self.lookout.world();
        let open = world.slow.open.get_or_insert_default();
        Ok(match (before, part) {
            (None, None) => None,
            (None, Some(part)) => {
                open.insert(key, (part.clone(), now));
                Some(Told { at: now, change: Change::Open, part })
            }
            (Some((part, _)), None) => {
                open.remove(&key);
                Some(Told { at: now, change: Change::Close, part: Part { last: now, until: Some(now), ..part } })
            }
            (Some((known, _)), Some(part)) => {
                // It is the same part, also where a prefix came meanwhile.
                let part = Part { prefix: known.prefix, expected: known.expected.clone(), since: known.since, ..part };
                let changed = (part.confidence() - known.confidence()).abs() >= CHANGE || part.vantages != known.vantages;
                open.insert(key, (if changed { part.clone() } else { known }, now));
                changed.then_some(Told { at: now, change: Change::Update, part })
            }
        })
    }

    /// The part of an incident that series show; nothing where none does, where the connection has
    /// no prefix, or where it is meant.
    async fn part_of(&self, id: &str, kind: Kind, shown: &[Shown], others: usize, now: Timestamp) -> Result<Option<Part>, Error> {
        let Some(worst) = shown.first() else { return Ok(None) };
        let Some(connection) = self.store.connection(id).await? else { return Ok(None) };
        let mut prefixes: Vec<_> = self.store.prefixes_of(id).await?.into_iter().map(|it| it.prefix).collect();
        prefixes.truncate(PREFIXES);
        let expected = {
            let world = self.lookout.world();
            let governing = |prefix: Prefix| world.expectations.governing(prefix).cloned();
            // What somebody else registered around a prefix says nothing of it.
            let own = |it: &Expectation| world.owners.of(it.prefix).contains(&connection.organisation);
            let expected = |prefix: Prefix| governing(prefix).filter(own);
            prefixes.sort_by_key(|prefix| expected(*prefix).is_none());
            let Some(prefix) = prefixes.first().copied() else { return Ok(None) };
            expected(prefix).unwrap_or_else(|| Expectation::of(prefix, Terms::default()))
        };
        let Some(prefix) = prefixes.first().copied() else { return Ok(None) };
        if expected.ignored.contains(kind) {
            return Ok(None);
        }
        let reasons = reasons(shown, others);
        let sure = reasons.iter().map(|reason| i32::from(reason.weight)).sum::<i32>().min(99);
        Ok(Some(Part {
            prefix,
            kind,
            by: None,
            origin: None,
            expected: (&expected).into(),
            since: shown.iter().map(|it| it.since).min().unwrap_or(now),
            last: now,
            until: None,
            reasons,
            peak: sure,
            lately: sure,
            seen: vec![],
            vantages: u32::try_from(shown.len()).unwrap_or(u32::MAX),
            measured: Some(Measured {
                connection: (id.to_owned(), connection.name),
                organisation: connection.organisation,
                prefixes,
                usual: worst.usual,
                now: worst.now,
                series: shown.iter().map(|it| it.series.clone()).collect(),
            }),
        }))
    }

    async fn read_open_measured(&self, now: Timestamp) -> Result<(), Error> {
        if self.lookout.world().slow.open.is_some() {
            return Ok(());
        }
        let parts = self.store.open_parts("").await?.into_iter();
        let known = parts.filter_map(|part| {
            let connection = part.measured.as_ref()?.connection.0.clone();
            Some(((connection, part.kind), (part, now)))
        });
        let open = known.collect();
        self.lookout.world().slow.open = Some(open);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, demo::TestWorld, lookout::ExceptionForm, telemetry::Sender};
    use peerage_domain::{incident::Family, telemetry::Sample};
    use peerage_storage::{Page, incidents::IncidentFilter};

    const SERIES: &str = "CN-1/Oslo/193.0.16.0_24";

    /// A sample every so many seconds; every `lose`th is lost.
    fn samples(from: Timestamp, to: Timestamp, every_s: i64, ms: f64, lose: i64) -> Vec<Sample> {
        let sample = |n: i64| Sample {
            series: SERIES.into(),
            time: from.plus_secs(n * every_s),
            rtt_ms: (lose == 0 || n % lose != 0).then_some(ms + (n % 7) as f64 * 0.02),
        };
        (0..to.since(from) / every_s).map(sample).collect()
    }

    struct World {
        service: Service,
        clock: Clock,
        sender: Sender,
        batches: u32,
        demo: TestWorld,
    }

    impl World {
        async fn new() -> World {
            let demo = TestWorld::new().await;
            let (service, now) = (demo.service.clone(), demo.clock.now());
            let connection = service.store.connection("CN-1").await.expect("read").expect("connection");
            let sender = Sender { organisation: connection.organisation, label: "test".into() };
            let mut world = World { service, clock: demo.clock.clone(), sender, batches: 0, demo };
            world.bring(samples(now.plus_secs(-3 * 86_400), now, 60, 12.0, 0)).await;
            world
        }

        async fn bring(&mut self, samples: Vec<Sample>) {
            self.batches += 1;
            let batch = format!("B-{}", self.batches);
            let receipt = self.service.take_samples(&self.sender, &batch, &samples).await.expect("kept");
            assert_eq!(receipt.refused, []);
        }

        /// So many minutes go by, in which so much is measured; a sample every 5 seconds.
        async fn minutes(&mut self, count: i64, ms: f64, lose: i64) {
            let from = self.clock.now();
            self.clock.set(from.plus_secs(count * 60));
            self.bring(samples(from, self.clock.now(), 5, ms, lose)).await;
            self.service.tend_lookout().await.expect("tended");
        }

        /// What is open: kinds, and whether they last.
        async fn open(&self) -> Vec<(String, Vec<(Kind, bool)>)> {
            let filter = IncidentFilter { state: "open".into(), family: Family::Latency.word().into(), ..IncidentFilter::of(None) };
            let (found, _) = self.service.store.incidents(&filter, &Page { offset: 0, limit: 10 }).await.expect("incidents");
            let mut all = vec![];
            for it in found {
                let (_, parts) = self.service.store.incident(&it.id, None).await.expect("read").expect("there");
                all.push((it.id, parts.iter().map(|part| (part.kind, part.until.is_none())).collect()));
            }
            all
        }
    }

    #[tokio::test]
    async fn what_is_slower_than_usual_is_one_incident_until_it_is_as_usual() {
        let mut world = World::new().await;
        world.minutes(20, 12.0, 0).await;
        assert_eq!(world.open().await, [], "as usual");
        world.minutes(14, 30.0, 0).await;
        let open = world.open().await;
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!(open[0].1, [(Kind::LatencyRise, true)]);
        let (incident, parts) = world.service.store.incident(&open[0].0, None).await.expect("read").expect("there");
        let measured = parts[0].measured.clone().expect("measured");
        assert!((measured.usual - 12.0).abs() < 0.2 && (measured.now - 30.0).abs() < 0.4, "{measured:?}");
        assert_eq!((measured.connection.0.as_str(), &measured.organisation), ("CN-1", &world.sender.organisation));
        let parties = world.service.store.begin().await.expect("begins").parties(&open[0].0).await.expect("read");
        assert_eq!(parties, [world.sender.organisation.clone()], "nobody else is told");
        assert!(world.clock.now().since(incident.opened) >= 9 * 60, "it began a quarter of an hour ago");
        world.minutes(5, 30.0, 0).await;
        assert_eq!(world.open().await.len(), 1, "told once");
        // Another process goes on with it.
        world.service.lookout.world().slow = Known::default();
        world.minutes(20, 12.0, 0).await;
        assert!(world.open().await.iter().all(|(_, parts)| parts.iter().all(|(_, lasts)| !lasts)), "over");
        world.clock.set(world.clock.now().plus_secs(600));
        world.service.tend_lookout().await.expect("tended");
        assert_eq!(world.open().await, []);
    }

    #[tokio::test]
    async fn what_is_lost_is_told_beside_what_is_slow_and_what_is_meant_is_not() {
        let mut world = World::new().await;
        world.minutes(20, 12.0, 0).await;
        world.minutes(15, 12.0, 4).await;
        let open = world.open().await;
        assert_eq!(open.iter().map(|it| it.1.clone()).collect::<Vec<_>>(), [vec![(Kind::PacketLoss, true)]]);
        world.minutes(15, 40.0, 4).await;
        assert_eq!(world.open().await.len(), 1, "the same incident");
        assert_eq!(world.open().await[0].1.len(), 2);
        let customer = world.demo.actor("customer@demo.example").await;
        let (_, parts) = world.service.store.incident(&open[0].0, None).await.expect("read").expect("there");
        for kind in [Kind::PacketLoss, Kind::LatencyRise] {
            let meant = ExceptionForm {
                prefix: parts[0].expected.prefix.to_string(),
                what: "kind".into(),
                value: kind.word().into(),
                reason: "maintenance".into(),
                until: world.clock.now().plus_secs(5 * 86_400).iso_date(),
                incident: String::new(),
            };
            world.service.add_exception(&customer, &meant).await.expect("excepted");
        }
        world.minutes(2, 40.0, 4).await;
        assert!(world.open().await.iter().all(|(_, parts)| parts.iter().all(|(_, lasts)| !lasts)), "it is meant");
    }

    #[tokio::test]
    async fn what_is_not_measured_any_more_is_over_after_hours() {
        let mut world = World::new().await;
        world.minutes(20, 12.0, 0).await;
        world.minutes(14, 30.0, 0).await;
        let lasts = |open: Vec<(String, Vec<(Kind, bool)>)>| open.iter().any(|it| it.1.iter().any(|(_, lasts)| *lasts));
        let name = world.open().await;
        assert!(lasts(name));
        // What came last runs out of the window: a few answers say nothing.
        world.clock.set(world.clock.now().plus_secs(LATELY_S - 20));
        world.service.tend_lookout().await.expect("tended");
        assert!(lasts(world.open().await), "too little to say that it is over");
        world.clock.set(world.clock.now().plus_secs(SILENT_S / 2));
        world.service.tend_lookout().await.expect("tended");
        assert!(lasts(world.open().await), "nothing is known");
        world.clock.set(world.clock.now().plus_secs(SILENT_S));
        world.service.tend_lookout().await.expect("tended");
        assert!(!lasts(world.open().await));
    }
}
