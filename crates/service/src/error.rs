//! Why a use case did not happen.

use peerage_domain::{Text, access::Action, say, session::FieldFinding};

/// Why a use case did not happen. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The person can mend it; the text says how.
    #[error("{0}")]
    Refused(Text),
    /// Fields of a form are wrong.
    #[error("{}", self.text())]
    Fields(Vec<FieldFinding>),
    /// Several things are wrong; each text says how to mend one.
    #[error("{}", self.text())]
    Several(Vec<Text>),
    /// There is no such thing, or the person may not see it: the answer is the same.
    #[error("{}", self.text())]
    NotFound(&'static str, String),
    /// The person's roles do not allow it.
    #[error("{}", self.text())]
    Forbidden(Action),
    /// Nobody is signed in, or with wrong credentials.
    #[error("{0}")]
    Unauthenticated(Text),
    /// Too many tries.
    #[error("{}", self.text())]
    TooMany(i64),
    /// Storage failed or met another's change.
    #[error(transparent)]
    Storage(#[from] peerage_storage::Error),
    /// The system failed.
    #[error("{0}")]
    Fault(String),
}

/// What of a form is wrong, gathered while it is read.
#[derive(Default)]
pub(crate) struct Wrong(Vec<Text>);

impl Wrong {
    /// What was read; nothing where the person can mend it, which is told in the end.
    ///
    /// # Errors
    /// What the person cannot mend.
    pub(crate) fn take<T>(&mut self, found: Result<T, Error>) -> Result<Option<T>, Error> {
        match found {
            Ok(it) => return Ok(Some(it)),
            Err(Error::Refused(text)) => self.0.push(text),
            Err(Error::Several(texts)) => self.0.extend(texts),
            Err(other) => return Err(other),
        }
        Ok(None)
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of it.
    pub(crate) fn told(mut self) -> Error {
        if self.0.len() == 1 { Error::Refused(self.0.remove(0)) } else { Error::Several(self.0) }
    }
}

impl Error {
    /// The sentence for the person who asked. Failures of the system are told in general
    /// words: their details are for the log.
    pub fn text(&self) -> Text {
        match self {
            Error::Refused(text) | Error::Unauthenticated(text) => text.clone(),
            Error::Fields(_) | Error::Several(_) => say!("error.fields", "Some fields need another look."),
            Error::NotFound("draft", id) => say!(
                "error.draft_gone",
                "There is no draft {id} any more. Perhaps it was sent: look among your connections or peerings.",
                id = id
            ),
            Error::NotFound(thing, id) => {
                say!("error.not_found", "There is no {thing} {id} here, or you may not see it.", thing = thing, id = id)
            }
            Error::Forbidden(action) => {
                say!("error.forbidden", "Your role does not allow this. It needs one of: {roles}.", roles = roles(*action))
            }
            Error::TooMany(minutes) => {
                say!("error.too_many", "Too many attempts. Try again in {minutes} minutes.", minutes = minutes)
            }
            Error::Storage(peerage_storage::Error::Conflict(what)) => say!(
                "error.conflict",
                "{what} was changed by somebody else in the meantime. Reload the page and look what changed.",
                what = what
            ),
            Error::Storage(_) | Error::Fault(_) => {
                say!("error.fault", "Something failed on our side; the operator has been told. Try again in a moment.")
            }
        }
    }

    /// Nobody is signed in.
    pub fn signed_out() -> Self {
        Error::Unauthenticated(say!("error.signed_out", "Sign in to go on."))
    }
}

fn roles(action: Action) -> String {
    action.roles().iter().map(|role| role.word()).collect::<Vec<_>>().join(", ")
}

macro_rules! refused_from {
    ($($error:ty),*) => { $(impl From<$error> for Error {
        fn from(error: $error) -> Self {
            Error::Refused(error.text())
        }
    })* };
}
refused_from!(
    peerage_domain::PrefixError,
    peerage_domain::peering::Refusal,
    peerage_domain::peer_asn::AsnRefusal,
    peerage_domain::AsnError,
    peerage_domain::contact::ContactError
);

impl From<peerage_feeds::peeringdb::Refusal> for Error {
    fn from(error: peerage_feeds::peeringdb::Refusal) -> Self {
        // Imports run on the command line, which speaks English.
        Error::Refused(say!("import.refused", "{reason}", reason = error))
    }
}
