//! What customers see: their connections, prefixes, latency and events.

mod connection;
mod events;
mod list;
mod wizard;

pub use connection::ConnectionPage;
pub use events::EventsPage;
pub use list::ConnectionsPage;
pub use wizard::{BasicsStep, PrefixesStep, ReviewStep, SiteStep};
