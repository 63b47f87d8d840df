//! Where the agent's time comes from.

use peerage_domain::Timestamp;
use std::{
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The system's clock, or one that began at another moment and runs at another rate: for tests that
/// live through an hour in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clock {
    other: Option<Other>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Other {
    shown_ms: i64,
    system_ms: i64,
    rate: f64,
}

fn system_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Clock {
    /// What it shows.
    pub fn now(&self) -> Timestamp {
        let system = system_ms();
        Timestamp::from_millis(match self.other {
            None => system,
            Some(it) => it.shown_ms + ((system - it.system_ms) as f64 * it.rate) as i64,
        })
    }

    /// How long to wait until it shows a moment.
    pub fn until(&self, moment: Timestamp) -> Duration {
        let ms = u64::try_from(moment.millis() - self.now().millis()).unwrap_or(0);
        Duration::from_millis(ms).div_f64(self.other.map_or(1.0, |it| it.rate))
    }

    /// So many of its seconds, as time to wait.
    pub fn seconds(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds.max(0.0) / self.other.map_or(1.0, |it| it.rate))
    }
}

/// `SHOWN,SYSTEM,RATE`: what it shows at a moment of the system's clock, both in milliseconds since
/// 1970, and how many times as fast it runs.
impl FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(',').collect();
        let read = || {
            let [shown, system, rate] = parts[..] else { return None };
            let rate = rate.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0)?;
            Some(Other { shown_ms: shown.parse().ok()?, system_ms: system.parse().ok()?, rate })
        };
        read().map(|other| Clock { other: Some(other) }).ok_or_else(|| "give SHOWN,SYSTEM,RATE".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_clock_runs_at_its_rate() {
        let clock: Clock = format!("1000000,{},60", system_ms()).parse().expect("a clock");
        let now = clock.now();
        assert!((1_000_000..1_060_000).contains(&now.millis()), "{now}");
        assert!(clock.until(now.plus_secs(60)) <= Duration::from_secs(1));
        assert_eq!(clock.until(Timestamp::from_secs(0)), Duration::ZERO);
        assert_eq!(clock.seconds(60.0), Duration::from_secs(1));
        assert_eq!(Clock::default().seconds(2.0), Duration::from_secs(2));
        for bad in ["", "1,2", "1,2,0", "1,2,NaN", "a,2,3"] {
            assert!(bad.parse::<Clock>().is_err(), "{bad}");
        }
    }
}
