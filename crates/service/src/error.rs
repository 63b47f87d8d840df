//! Why a use case did not happen.

use peerage_domain::{access::Action, session::FieldFinding};

/// Why a use case did not happen. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The person can mend it; the text says how.
    #[error("{0}")]
    Refused(String),
    /// Fields of a form are wrong.
    #[error("Some fields need another look.")]
    Fields(Vec<FieldFinding>),
    /// There is no such thing, or the person may not see it: the answer is the same.
    #[error("There is no {0} here, or you may not see it.")]
    NotFound(String),
    /// The person's roles do not allow it.
    #[error("Your role does not allow this. It needs one of: {}.", roles(*.0))]
    Forbidden(Action),
    /// Nobody is signed in, or with wrong credentials.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Too many tries.
    #[error("Too many attempts. Try again in {0} minutes.")]
    TooMany(i64),
    /// Storage failed or met another's change.
    #[error(transparent)]
    Storage(#[from] peerage_storage::Error),
    /// The system failed.
    #[error("{0}")]
    Fault(String),
}

fn roles(action: Action) -> String {
    action.roles().iter().map(|role| role.word()).collect::<Vec<_>>().join(", ")
}

macro_rules! refused_from {
    ($($error:ty),*) => { $(impl From<$error> for Error {
        fn from(error: $error) -> Self {
            Error::Refused(error.to_string())
        }
    })* };
}
refused_from!(
    peerage_domain::peering::Refusal,
    peerage_domain::peer_asn::AsnRefusal,
    peerage_domain::AsnError,
    peerage_domain::contact::ContactError,
    peerage_feeds::peeringdb::Refusal
);
