//! How often somebody did something lately. It need not survive a restart.

use peerage_domain::Timestamp;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Times by name, for a while. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recent {
    times: Arc<Mutex<HashMap<String, Vec<Timestamp>>>>,
    window_s: i64,
}

impl Recent {
    /// What happened within so many seconds.
    pub(crate) fn within(window_s: i64) -> Self {
        Recent { times: Arc::default(), window_s }
    }

    /// How often somebody did it lately, with this time when it is to be added.
    pub(crate) fn count(&self, who: &str, now: Timestamp, add: bool) -> usize {
        let mut all = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, times| {
            times.retain(|t| now.since(*t) < self.window_s);
            !times.is_empty()
        });
        if add {
            all.entry(who.to_owned()).or_default().push(now);
        }
        all.get(who).map_or(0, Vec::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_ago_does_not_count() {
        let recent = Recent::within(60);
        let check = |who: &str, at: i64, add: bool, count: usize| {
            assert_eq!(recent.count(who, Timestamp::from_secs(at), add), count, "{who} at {at}");
        };
        check("a", 0, true, 1);
        check("a", 30, true, 2);
        check("b", 30, true, 1);
        check("a", 59, false, 2);
        check("a", 60, false, 1);
        check("a", 100, false, 0);
    }
}
