//! What operators see: the queue, reviews, locations, organisations.

mod admin;
mod import;
mod queue;
mod review;
mod routers;

pub use admin::{LocationsPage, OrganisationsPage};
pub use import::{ImportPage, ImportsPage};
pub use queue::{AsnsPage, PeeringsPage, QueuePage};
pub use review::{AsnReviewPage, ReviewPage};
pub use routers::{RouterPage, RoutersPage};
