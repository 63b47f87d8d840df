//! What partners see: their ASNs and peerings.

mod asn;
mod customers;
mod glass;
mod list;
mod peering;
mod routes;
mod wizard;

pub use asn::{AsnPage, AsnsPage, NewAsnPage};
pub use customers::CustomersPage;
pub use glass::GlassPage;
pub use list::PeeringsPage;
pub use peering::PeeringPage;
pub use routes::RoutesPage;
pub use wizard::{PlaceStep, ReviewStep, SessionsStep};

pub(crate) use asn::{asn_badge, asn_table, role_name};
pub(crate) use list::{peering_kinds, peering_table};
pub(crate) use peering::ConnectionPanel;
pub(crate) use wizard::type_name;
