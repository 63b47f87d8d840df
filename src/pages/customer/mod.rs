//! What customers see: their connections, prefixes, latency and events.

mod change;
mod connection;
mod events;
mod hand_over;
mod level;
mod list;
mod prefix;
mod wizard;

pub use change::ChangePage;
pub use connection::ConnectionPage;
pub use events::EventsPage;
pub use hand_over::HandOverPage;
pub(crate) use level::{budget_mark, percent};
pub use list::ConnectionsPage;
pub use prefix::PrefixPage;
pub use wizard::{BasicsStep, PrefixesStep, ReviewStep, SiteStep};
