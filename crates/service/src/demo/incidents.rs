//! Recorded incidents, replayed to the lookout as if they happened lately, or now.

use crate::{Actor, Clock, Error, Service, lookout::ExceptionForm};
use peerage_domain::{Timestamp, incident::Replay, interest::Interest, sighting::Sighting};
use peerage_feeds::recording;
use std::time::Duration;

/// What is replayed: its name, the recording, and how long ago it began in the demo world.
const RECORDINGS: [(&str, &str, i64); 2] = [
    ("209.16.0.0/18, 29 March 2023 (BGPWatch)", include_str!("../../demo/bgpwatch-2023-03-29.json"), 26 * 3600),
    ("YouTube, 24 February 2008 (RIPE NCC)", include_str!("../../demo/youtube-2008-02-24.json"), 5 * 3600),
];
/// Networks next to the origin of the prefix of 2023 that are no providers of the service.
const OTHER_UPSTREAMS: [(&str, &str); 2] =
    [("AS7029", "Windstream is our transit outside of the service"), ("AS1239", "Sprint is our transit outside of the service")];
/// How long after its start the running demo world replays one as it happens, and how long until the next, in seconds.
const REHEARSE_S: (u64, u64) = (600, 6 * 3600);

/// A recording, cut where time goes on.
fn instants(recorded: &str) -> Result<Vec<Vec<Sighting>>, Error> {
    let mut all = vec![];
    recording::read(recorded.as_bytes(), &Interest::in_all(), &mut |sighting| all.push(sighting))
        .map_err(|error| Error::Fault(format!("a recording of the demo world: {error}")))?;
    all.sort_by_key(|sighting| sighting.at);
    Ok(all.chunk_by(|a, b| a.at == b.at).map(<[_]>::to_vec).collect())
}

fn moved(sightings: &[Sighting], moved_s: i64) -> Vec<Sighting> {
    sightings.iter().map(|it| Sighting { at: it.at.plus_secs(moved_s), ..it.clone() }).collect()
}

impl Service {
    /// The incidents that the demo world looks back at.
    pub(super) async fn demo_incidents(&self, customer: &Actor, held: &Clock, now: Timestamp) -> Result<(), Error> {
        held.set(now.plus_secs(-9 * 86_400));
        for (upstream, reason) in OTHER_UPSTREAMS {
            let form = ExceptionForm {
                prefix: "209.16.0.0/18".into(),
                what: "upstream".into(),
                value: upstream.into(),
                reason: reason.into(),
                until: now.plus_secs(300 * 86_400).iso_date(),
                incident: String::new(),
            };
            self.add_exception(customer, &form).await?;
        }
        for (name, recorded, ago_s) in RECORDINGS {
            let instants = instants(recorded)?;
            let Some(first) = instants.first().and_then(|batch| batch.first()) else { continue };
            let moved_s = now.since(first.at) - ago_s;
            let replay = Replay { name: name.to_owned(), moved_s, told: true };
            for batch in &instants {
                let batch = moved(batch, moved_s);
                held.set(batch.first().map_or(now, |sighting| sighting.at));
                self.sight(Some(replay.clone()), batch).await?;
            }
            self.end_replay(name).await?;
            held.set(held.now().plus_secs(self.settings.lookout.linger_s + 1));
            self.tend_lookout().await?;
        }
        Ok(())
    }

    /// Replays a recording as it happens, again and again, as long as the process runs.
    pub async fn rehearse_incidents(self) {
        let mut pause = REHEARSE_S.0;
        loop {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            pause = REHEARSE_S.1;
            let (name, recorded, _) = RECORDINGS[0];
            if let Err(error) = self.rehearse(name, recorded).await {
                tracing::error!(%error, "the replay of an incident failed");
            }
        }
    }

    async fn rehearse(&self, name: &str, recorded: &str) -> Result<(), Error> {
        let instants = instants(recorded)?;
        let Some(first) = instants.first().and_then(|batch| batch.first()) else { return Ok(()) };
        let began = self.clock.now();
        let moved_s = began.since(first.at);
        let name = format!("{name}, again at {}", began.minute());
        let replay = Replay { name: name.clone(), moved_s, told: true };
        for batch in &instants {
            let batch = moved(batch, moved_s);
            let due = batch.first().map_or(began, |sighting| sighting.at);
            let wait = u64::try_from(due.millis() - self.clock.now().millis()).unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(wait)).await;
            self.sight(Some(replay.clone()), batch).await?;
        }
        self.end_replay(&name).await
    }
}
