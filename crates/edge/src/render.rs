//! What every engine's configuration has in common.

use crate::intent::Secret;
use std::collections::BTreeMap;

/// Configuration by file name, in stable order.
pub type Files = BTreeMap<String, String>;

/// Whether secrets stand in the text: only in what is written to the router itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// For people, differences and logs.
    Hidden,
    /// For the router.
    Shown,
}

impl Reveal {
    /// The key, or a mark in its place.
    pub fn of(self, secret: &Secret) -> &str {
        match self {
            Reveal::Hidden => "hidden",
            Reveal::Shown => secret.reveal(),
        }
    }
}
