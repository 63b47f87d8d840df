//! What happens to prefixes on the Internet, for everybody whose prefixes they are.

mod alerts;
mod detail;
mod expectations;
mod list;
mod sources;

pub use alerts::AlertsPage;
pub use detail::IncidentPage;
pub use expectations::ExpectationsPage;
pub use list::IncidentsPage;
pub use sources::SourcesPage;
