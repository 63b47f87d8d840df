//! What agents ask and bring.

use super::{CODE_S, Line, TRACE_OPEN_S, lines};
use crate::{
    Error, Service, secrets,
    telemetry::{Changes, Receipt, check_batch, merge, sort_in},
};
use peerage_domain::{
    probe::{Enrol, Enrolled, Measured, Orders, Probe, Report, Trace, TraceOrder},
    say,
    telemetry::Sample,
};
use peerage_storage::{Tx, probes::AskedTrace};
use std::collections::{BTreeMap, BTreeSet};

/// How often an agent asks what to do, in seconds.
const AGAIN_S: u32 = 15;

impl Service {
    /// The agent shows the code that a person was given, and by what it will be known. The same twice
    /// comes to the same: an agent whose answer was lost asks again.
    ///
    /// # Errors
    /// When the code is unknown, used by another agent, or too old.
    pub async fn enrol_probe(&self, ask: &Enrol) -> Result<Enrolled, Error> {
        let fine = (32..=200).contains(&ask.token.len()) && ask.token.bytes().all(|octet| octet.is_ascii_graphic());
        if !fine {
            return Err(Error::Refused(say!("probe.token", "A token has 32 to 200 printable ASCII characters.")));
        }
        let now = self.clock.now();
        let (code, token) = (secrets::token_hash(ask.code.trim()), secrets::token_hash(&ask.token));
        let mut tx = self.store.begin().await?;
        if let Some(probe) = tx.probe_by(&token, false, now).await? {
            return Ok(Enrolled { id: probe.id, name: probe.name });
        }
        let found = tx.probe_by(&code, true, now).await?;
        let unknown = || {
            say!(
                "probe.code",
                "The code is unknown, used, or older than {days} days. Ask for a new one at Probes in the portal.",
                days = CODE_S / 86_400
            )
        };
        let probe = found.ok_or_else(|| Error::Unauthenticated(unknown()))?;
        let report = Report { version: ask.version.chars().take(40).collect(), ..Report::default() };
        let probe = Probe { enrolled: Some(now), heard: Some(now), report, ..probe };
        tx.save_probe(&probe).await?;
        tx.set_probe_secret(&probe.id, &token, None).await?;
        tx.commit().await?;
        self.live.tell("probes", &probe.organisation);
        Ok(Enrolled { id: probe.id, name: probe.name })
    }

    /// The probe whose agent shows this token.
    ///
    /// # Errors
    /// When there is none.
    pub async fn probe_of(&self, token: &str) -> Result<Probe, Error> {
        let mut tx = self.store.begin().await?;
        let found = tx.probe_by(&secrets::token_hash(token), false, self.clock.now()).await?;
        found.ok_or(Error::Unauthenticated(say!("probe.unknown", "This probe is not known any more. Enrol it again with a new code.")))
    }

    pub(super) async fn lines_of(&self, tx: &mut Tx, probe: &Probe) -> Result<Vec<Line>, Error> {
        let (targets, prefixes) = (tx.targets().await?, tx.all_prefixes().await?);
        let organisations = self.store.organisations().await?;
        Ok(lines(probe, self.is_operators(&organisations, &probe.organisation), &targets, &prefixes))
    }

    /// What an agent has to do, and what it said of itself.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn probe_orders(&self, probe: &Probe, report: Report) -> Result<Orders, Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        // It may have been taken away, or enrolled anew, in the meantime.
        let Some(probe) = tx.probe(&probe.id).await?.filter(|it| it.enrolled.is_some()) else {
            return Err(Error::NotFound("probe", probe.id.clone()));
        };
        let lines = self.lines_of(&mut tx, &probe).await?;
        let ids: BTreeSet<&str> = lines.iter().map(|line| line.target.id.as_str()).collect();
        let report = Report {
            version: report.version.chars().take(40).collect(),
            silent: report.silent.into_iter().filter(|id| ids.contains(id.as_str())).collect(),
            unable: report
                .unable
                .into_iter()
                .filter(|(id, _)| ids.contains(id.as_str()))
                .map(|(id, why)| (id, why.chars().filter(|c| !c.is_control()).take(200).collect()))
                .collect(),
            ..report
        };
        let traces = tx.open_traces(&probe.id, now.plus_secs(-TRACE_OPEN_S)).await?;
        let traces = traces.into_iter().map(|it| TraceOrder { id: it.id, address: it.address }).collect();
        // Open pages hear of it where it changes what they show.
        let differs = probe.is_away(now) || (&probe.report.silent, &probe.report.unable) != (&report.silent, &report.unable);
        let organisation = probe.organisation.clone();
        tx.save_probe(&Probe { heard: Some(now), report, ..probe }).await?;
        tx.commit().await?;
        if differs {
            self.live.tell("probes", &organisation);
        }
        Ok(Orders { targets: lines.into_iter().map(|line| line.target).collect(), traces, again_s: AGAIN_S })
    }

    /// Keeps what a probe measured. A batch of the same name is kept once.
    ///
    /// # Errors
    /// When the batch is too large or storage fails; nothing is kept then.
    pub async fn take_results(&self, probe: &Probe, batch: &str, results: &[Measured]) -> Result<Receipt, Error> {
        check_batch(batch, results.len())?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        if !tx.add_batch(&format!("{}/{batch}", probe.id), now).await? {
            return Ok(Receipt { repeated: true, ..Receipt::default() });
        }
        let lines = self.lines_of(&mut tx, probe).await?;
        let known: BTreeMap<&str, &Line> = lines.iter().map(|line| (line.target.id.as_str(), line)).collect();
        let mut receipt = Receipt::default();
        let mut changes: BTreeMap<&str, Changes> = BTreeMap::new();
        for (index, it) in results.iter().enumerate() {
            let Some(line) = known.get(it.target.as_str()) else {
                let target: String = it.target.chars().take(80).collect();
                receipt.refused.push((index, format!("{target} is not measured any more")));
                continue;
            };
            let sample = Sample { series: line.series.clone(), time: it.time, rtt_ms: it.rtt_ms };
            if let Err(error) = sample.check(now) {
                receipt.refused.push((index, error.to_string()));
                continue;
            }
            receipt.accepted += 1;
            sort_in(changes.entry(&line.organisation).or_default(), &line.series, &sample);
        }
        for (organisation, changes) in &changes {
            merge(&mut tx, organisation, changes).await?;
        }
        tx.commit().await?;
        changes.iter().for_each(|(organisation, changes)| self.groups.touch(organisation, changes));
        let told: BTreeSet<(&str, &str)> = results
            .iter()
            .filter_map(|it| known.get(it.target.as_str()))
            .map(|line| (line.series.split('/').next().unwrap_or_default(), line.organisation.as_str()))
            .collect();
        told.into_iter().for_each(|(subject, organisation)| self.live.tell(subject, organisation));
        Ok(receipt)
    }

    /// Keeps a path that a probe found.
    ///
    /// # Errors
    /// When nobody asked it for that.
    pub async fn take_trace(&self, probe: &Probe, id: &str, found: Trace) -> Result<(), Error> {
        let mut tx = self.store.begin().await?;
        let asked = tx.trace(id).await?.filter(|it| it.probe == probe.id);
        let asked = asked.ok_or_else(|| Error::NotFound("path", id.to_string()))?;
        if found.hops.len() > 64 {
            return Err(Error::Refused(say!("probe.hops", "A path has at most 64 hops.")));
        }
        let organisation = asked.organisation.clone();
        tx.save_trace(&AskedTrace { found: Some(found), ..asked }).await?;
        tx.commit().await?;
        self.live.tell("probes", &organisation);
        Ok(())
    }
}
