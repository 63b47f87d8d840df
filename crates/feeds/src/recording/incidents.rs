//! Incidents as JSON, told as what their vantage points saw.

use super::{Form, RecordingError, Tally, Vantages};
use crate::incident::{Event, Incident, IncidentError, LONGEST, Letter};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    interest::Interest,
    sighting::{Hop, SeenRoute, Sight, Sighting, Vantage},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, Read},
    sync::Arc,
};

pub(super) fn read(input: &mut dyn BufRead, interest: &Interest, take: &mut dyn FnMut(Sighting)) -> Result<Tally, RecordingError> {
    let mut text = String::new();
    if input.take(LONGEST + 1).read_to_string(&mut text)? as u64 > LONGEST {
        return Err(IncidentError::TooLong.into());
    }
    let mut wanted = |sighting: Sighting| match &sighting.sight {
        Sight::Announced(prefix, _) | Sight::Withdrawn(prefix) | Sight::WithdrawnEverywhere(prefix) if !interest.may_be(*prefix) => {}
        _ => take(sighting),
    };
    let mut teller = Teller { vantages: Vantages::default(), held: BTreeMap::new(), take: &mut wanted };
    let records = match crate::incident::read(&text)? {
        Incident::Timeline(timeline) => timeline.events.iter().map(|event| teller.event(event)).count(),
        Incident::Instants(instants) => instants.paths.iter().map(|(at, paths)| teller.instant(*at, instants.prefix, paths)).count(),
        Incident::Summary(summary) => {
            for prefix in &summary.leaked {
                teller.announce(summary.start, *prefix, &summary.path, "");
            }
            for prefix in &summary.leaked {
                teller.withdraw(summary.end, *prefix, None);
            }
            2
        }
    };
    Ok(Tally { records: records as u64, ..Tally::new(Form::Incident) })
}

fn vantage(asn: Asn, peer: &str) -> Vantage {
    Vantage { source: String::new(), asn, peer: peer.into(), tells_withdrawals: true }
}

/// Who sees something is the first AS of its path: these recordings say no more of them.
struct Teller<'a> {
    vantages: Vantages,
    held: BTreeMap<Prefix, BTreeSet<Arc<Vantage>>>,
    take: &'a mut dyn FnMut(Sighting),
}

impl Teller<'_> {
    fn announce(&mut self, at: Timestamp, prefix: Prefix, path: &[Hop], peer: &str) {
        let vantage = self.vantages.of(vantage(path.iter().find_map(Hop::asn).unwrap_or(Asn(0)), peer));
        self.held.entry(prefix).or_default().insert(vantage.clone());
        let route = Arc::new(SeenRoute { path: path.to_vec(), only_to_customer: None });
        (self.take)(Sighting { at, vantage, sight: Sight::Announced(prefix, route) });
    }

    /// Withdrawn at one AS, or everywhere.
    fn withdraw(&mut self, at: Timestamp, prefix: Prefix, asn: Option<Asn>) {
        let vantage = self.vantages.of(vantage(asn.unwrap_or(Asn(0)), ""));
        let sight = if asn.is_some() { Sight::Withdrawn(prefix) } else { Sight::WithdrawnEverywhere(prefix) };
        (self.take)(Sighting { at, vantage, sight });
    }

    fn event(&mut self, event: &Event) {
        match event.letter {
            Letter::Announced => self.announce(event.time, event.prefix, &event.path, ""),
            Letter::Withdrawn => self.withdraw(event.time, event.prefix, event.path.iter().find_map(Hop::asn)),
        }
    }

    /// Everything that is seen at an instant; who is not in it has no route any more.
    fn instant(&mut self, at: Timestamp, prefix: Prefix, paths: &[Vec<Hop>]) {
        let before = self.held.remove(&prefix).unwrap_or_default();
        let mut times: BTreeMap<Option<Asn>, u32> = BTreeMap::new();
        for path in paths {
            let nth = times.entry(path.iter().find_map(Hop::asn)).or_default();
            *nth += 1;
            let peer = if *nth == 1 { String::new() } else { format!("#{nth}") };
            self.announce(at, prefix, path, &peer);
        }
        let now = self.held.entry(prefix).or_default();
        for vantage in before.difference(now) {
            (self.take)(Sighting { at, vantage: vantage.clone(), sight: Sight::Withdrawn(prefix) });
        }
    }
}
