//! Replays recordings into a running portal: through its API, as if they happened now.

use peerage_domain::{Timestamp, catalogue::percent, sighting::Sighting};
use peerage_feeds::sightings;
use peerage_service::{Clock, Error};
use peerage_watch::route::Expectations;
use std::time::Duration;

/// How long the portal may take for a batch.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of a batch; the portal takes twice as many.
const BATCH: usize = 1_000_000;
/// Longest silence towards the portal, which gives up a replay after 15 minutes.
const QUIET: Duration = Duration::from_secs(240);
/// Waits between attempts, in seconds: a portal that restarts is waited for.
const PAUSES_S: [u64; 5] = [1, 2, 4, 8, 16];

/// A portal that a recording is replayed into.
pub struct Portal {
    agent: ureq::Agent,
    url: String,
    token: String,
    name: String,
    tell: bool,
    begun: bool,
}

/// Why an attempt failed, and whether another one may not.
struct Trouble {
    words: String,
    passes: bool,
}

impl Portal {
    /// A portal by its address and an operator's token; the replay has a name there.
    pub fn new(url: &str, token: &str, name: &str, tell: bool) -> Portal {
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build();
        Portal { agent: config.into(), url: url.trim_end_matches('/').into(), token: token.into(), name: name.into(), tell, begun: false }
    }

    fn answer(&self, response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<String, Trouble> {
        let mut response = response.map_err(|error| Trouble { words: format!("{}: {error}", self.url), passes: true })?;
        let status = response.status();
        let text = response.body_mut().read_to_string().unwrap_or_default();
        if status.is_success() {
            return Ok(text);
        }
        let detail = serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|it| it["detail"].as_str().map(str::to_owned));
        Err(Trouble { words: format!("{}: {status}: {}", self.url, detail.unwrap_or_default()), passes: status.is_server_error() })
    }

    /// Tries again what may pass.
    fn patiently(&self, attempt: impl Fn() -> Result<String, Trouble>) -> Result<String, Error> {
        let mut pauses = PAUSES_S.iter();
        loop {
            match (attempt(), pauses.next()) {
                (Ok(text), _) => return Ok(text),
                (Err(Trouble { passes: true, words }), Some(pause)) => {
                    eprintln!("{words}; again in {pause} s");
                    std::thread::sleep(Duration::from_secs(*pause));
                }
                (Err(trouble), _) => return Err(Error::Fault(trouble.words)),
            }
        }
    }

    /// What the portal expects.
    ///
    /// # Errors
    /// When it cannot be asked, or watches nothing.
    pub fn expectations(&self) -> Result<Expectations, Error> {
        let url = format!("{}/api/v1/expectations", self.url);
        let text = self.patiently(|| self.answer(self.agent.get(&url).header("authorization", format!("Bearer {}", self.token)).call()))?;
        Expectations::parse(text.as_bytes()).map_err(|error| Error::Fault(format!("{}: what it watches: {error}", self.url)))
    }

    fn send(&mut self, body: &str, moved_s: i64, end: bool) -> Result<(), Error> {
        let (name, begin) = (percent(&self.name), !self.begun);
        let url = format!("{}/api/v1/watch/sightings?replay={name}&moved_s={moved_s}&tell={}&begin={begin}&end={end}", self.url, self.tell);
        let send = || {
            let request = self.agent.post(&url).header("authorization", format!("Bearer {}", self.token));
            self.answer(request.header("content-type", "application/x-ndjson").send(body))
        };
        let text = self.patiently(send)?;
        // A replay of this name may have been there: then this one goes on under another.
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(name) = answer["replay"].as_str() {
            name.clone_into(&mut self.name);
        }
        self.begun = true;
        Ok(())
    }

    /// Waits, and says from time to time that it does: the portal gives up a replay that is silent.
    fn wait(&mut self, mut left: Duration, moved_s: i64) -> Result<(), Error> {
        while left > QUIET {
            std::thread::sleep(QUIET);
            left -= QUIET;
            self.send("", moved_s, false)?;
        }
        std::thread::sleep(left);
        Ok(())
    }

    /// Sends sightings that are in the order of time. With a speed, as many times as fast as they
    /// were recorded, from now on; without one at once, so that the last one happened now.
    ///
    /// # Errors
    /// When the portal does not take them.
    pub fn replay(&mut self, sightings: Vec<Sighting>, speed: Option<i64>, clock: &Clock) -> Result<(), Error> {
        let (Some(first), Some(last)) = (sightings.first().map(|it| it.at), sightings.last().map(|it| it.at)) else {
            return Err(Error::Fault("the recording has nothing of what the portal watches".into()));
        };
        let began = clock.now();
        let count = sightings.len();
        let moved = |at: Timestamp| match speed {
            Some(times) => Timestamp::from_millis(began.millis() + (at.millis() - first.millis()) / times),
            None => Timestamp::from_millis(began.millis() - (last.millis() - at.millis())),
        };
        let moved_s = moved(first).since(first);
        let mut body = String::new();
        for instant in sightings.chunk_by(|a, b| a.at == b.at) {
            let at = moved(instant[0].at);
            if speed.is_some() && !body.is_empty() {
                self.send(&body, moved_s, false)?;
                body.clear();
            }
            if speed.is_some() {
                let wait = u64::try_from(at.millis() - clock.now().millis()).unwrap_or(0);
                self.wait(Duration::from_millis(wait), moved_s)?;
            }
            instant.iter().for_each(|it| body.push_str(&sightings::write(&Sighting { at, ..it.clone() })));
            if body.len() > BATCH {
                self.send(&body, moved_s, false)?;
                body.clear();
            }
        }
        self.send(&body, moved_s, true)?;
        eprintln!("{count} sightings replayed into {} as “{}”", self.url, self.name);
        Ok(())
    }
}
