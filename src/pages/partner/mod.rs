//! What partners see: their ASNs, peerings and what they register for Peering Service.

mod asn;
mod customers;
mod glass;
mod list;
mod peering;
mod prefixes;
mod registration;
mod routes;
mod service;
mod wizard;

pub use asn::{AsnPage, AsnsPage, NewAsnPage};
pub use customers::CustomersPage;
pub use glass::GlassPage;
pub use list::PeeringsPage;
pub use peering::PeeringPage;
pub use prefixes::RegisteredPage;
pub use registration::RegistrationPage;
pub use routes::RoutesPage;
pub use service::ServicePage;
pub use wizard::{PlaceStep, ReviewStep, SessionsStep};

pub(crate) use asn::{asn_badge, asn_table, role_name};
pub(crate) use list::{peering_kinds, peering_table};
pub(crate) use peering::ConnectionPanel;
pub(crate) use wizard::type_name;
