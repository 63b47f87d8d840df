//! What everybody sees.

mod account;
mod directory;
mod help;
mod place;

pub use account::{HomePage, SignInPage, WelcomePage};
pub use directory::DirectoryPage;
pub(crate) use help::verb_name;
pub use help::{HelpPage, NotFound};
pub use place::{LocationPage, PartnerPage};
