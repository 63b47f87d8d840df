//! What operators see: the queue, reviews, locations, organisations.

mod admin;
mod queue;
mod review;

pub use admin::{LocationsPage, OrganisationsPage};
pub use queue::{AsnsPage, PeeringsPage, QueuePage};
pub use review::{AsnReviewPage, ReviewPage};
