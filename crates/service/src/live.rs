//! Tells open pages that something changed, after it was committed.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::broadcast;

/// So many notices are remembered for pages that connect later.
const REMEMBERED: usize = 1024;

/// Something changed: which thing, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Id of the thing, such as `PR-88`.
    pub subject: String,
    /// The organisation that may hear of it; operators hear everything.
    pub organisation: String,
}

/// The last notices, numbered from one as long as the process runs.
#[derive(Default)]
struct Recent {
    last: u64,
    notices: VecDeque<Notice>,
}

impl Recent {
    fn add(&mut self, notice: Notice) {
        self.last += 1;
        self.notices.push_back(notice);
        if self.notices.len() > REMEMBERED {
            self.notices.pop_front();
        }
    }

    /// Those behind a number; nothing when that is not known any more, or of another process.
    fn since(&self, number: u64) -> Option<impl Iterator<Item = &Notice>> {
        let count = usize::try_from(self.last.checked_sub(number)?).ok()?;
        Some(self.notices.iter().skip(self.notices.len().checked_sub(count)?))
    }
}

/// The sending side.
#[derive(Clone)]
pub(crate) struct Channel {
    sender: broadcast::Sender<Notice>,
    recent: Arc<Mutex<Recent>>,
}

impl Channel {
    pub(crate) fn new() -> Self {
        Channel { sender: broadcast::channel(256).0, recent: Arc::default() }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, subject: &str, organisation: &str) {
        let notice = Notice { subject: subject.into(), organisation: organisation.into() };
        self.recent().add(notice.clone());
        // Nobody listening is fine.
        let _ = self.sender.send(notice);
    }
}

impl crate::Service {
    /// Everything that changes from now on, for one page.
    pub fn listen(&self) -> broadcast::Receiver<Notice> {
        self.live.sender.subscribe()
    }

    /// How many notices there were: what is read after asking this has at least these.
    pub fn heard(&self) -> u64 {
        self.live.recent().last
    }

    /// Whether a notice that `wanted` finds came behind that many, for a page that was made then;
    /// yes when it cannot be told any more.
    pub fn missed(&self, heard: u64, wanted: impl Fn(&Notice) -> bool) -> bool {
        self.live.recent().since(heard).is_none_or(|mut notices| notices.any(wanted))
    }

    /// Whether somebody may hear of a notice.
    pub fn may_hear(&self, actor: &crate::Actor, notice: &Notice) -> bool {
        actor.roles.contains(&peerage_domain::access::Role::Operator) || notice.organisation == actor.organisation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_connects_later_hears_what_it_missed() {
        let channel = Channel::new();
        let check = |number: u64, expected: Option<usize>| {
            assert_eq!(channel.recent().since(number).map(Iterator::count), expected, "{number}");
        };
        check(0, Some(0));
        check(7, None);
        (0..REMEMBERED).for_each(|n| channel.tell(&format!("PR-{n}"), "ORG-1"));
        check(0, Some(REMEMBERED));
        channel.tell("PR-1", "ORG-1");
        check(0, None);
        check(1, Some(REMEMBERED));
        check(REMEMBERED as u64, Some(1));
        check(REMEMBERED as u64 + 1, Some(0));
    }
}
