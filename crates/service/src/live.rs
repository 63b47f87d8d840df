//! Tells open pages that something changed, after it was committed.

use tokio::sync::broadcast;

/// Something changed: which thing, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Id of the thing, such as `PR-88`.
    pub subject: String,
    /// The organisation that may hear of it; operators hear everything.
    pub organisation: String,
}

/// The sending side.
#[derive(Clone)]
pub(crate) struct Channel(broadcast::Sender<Notice>);

impl Channel {
    pub(crate) fn new() -> Self {
        Channel(broadcast::channel(256).0)
    }

    pub(crate) fn tell(&self, subject: &str, organisation: &str) {
        // Nobody listening is fine.
        let _ = self.0.send(Notice { subject: subject.into(), organisation: organisation.into() });
    }
}

impl crate::Service {
    /// Everything that changes from now on, for one page.
    pub fn listen(&self) -> broadcast::Receiver<Notice> {
        self.live.0.subscribe()
    }

    /// Whether somebody may hear of a notice.
    pub fn may_hear(&self, actor: &crate::Actor, notice: &Notice) -> bool {
        actor.roles.contains(&peerage_domain::access::Role::Operator) || notice.organisation == actor.organisation
    }
}
