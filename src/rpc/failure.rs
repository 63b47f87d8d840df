//! The only error that crosses from the server to the browser.

use leptos::{
    prelude::{FromServerFnError, ServerFnErrorErr},
    server_fn::codec::JsonEncoding,
};
use peerage_domain::session::FieldFinding;
use serde::{Deserialize, Serialize};

/// What the reader can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureKind {
    /// Sign in.
    SignedOut,
    /// Ask somebody with the role.
    Forbidden,
    /// It is not there, or not yours.
    NotFound,
    /// Change what was asked.
    Refused,
    /// Reload and look what changed.
    Conflict,
    /// Wait; the operator has to look.
    Fault,
}

/// Why the server did not do it, in words for the person who asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Failure {
    /// What the reader can do.
    pub kind: FailureKind,
    /// One or two sentences.
    pub message: String,
    /// Fields of a form.
    pub fields: Vec<FieldFinding>,
    /// More sentences, where several things are wrong.
    #[serde(default)]
    pub more: Vec<String>,
}

impl Failure {
    /// A failure of one sentence.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Failure { kind, message: message.into(), fields: vec![], more: vec![] }
    }
}

/// A message that the next page shows once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flash {
    /// It was done.
    Done(String),
    /// It was not done.
    Failed(Failure),
    /// Shown this once: a link or a token.
    Secret {
        /// What it is.
        what: String,
        /// The secret.
        value: String,
    },
    /// Keys that were just made, shown this once.
    Keys(Vec<KeyRow>),
    /// The same as it is kept until then.
    Sealed(String),
}

/// A key that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    /// What it is for: a prefix or an ASN.
    pub what: String,
    /// What the partner calls it.
    pub name: String,
    /// The key.
    pub key: String,
    /// The link by which a customer takes it over.
    pub link: String,
}

/// What was typed into a form that was refused, so that nobody types it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// Which form, such as `invite` or `assign/PR-88/1`.
    pub form: String,
    /// Names and values of its fields; never secrets.
    values: Vec<(String, String)>,
}

impl Typed {
    /// Nothing typed yet.
    pub fn new(form: impl Into<String>) -> Self {
        Typed { form: form.into(), values: vec![] }
    }

    /// The same with one field more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.values.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What was typed into a field.
    pub fn get(&self, name: &str) -> Option<String> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

impl FromServerFnError for Failure {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Failure::new(FailureKind::Fault, tr!(failure.unreachable)),
            ServerFnErrorErr::Args(reason) | ServerFnErrorErr::MissingArg(reason) => {
                Failure::new(FailureKind::Refused, tr!(failure.fields_missing, reason = reason))
            }
            other => Failure::new(FailureKind::Fault, tr!(failure.unhandled, reason = other.to_string())),
        }
    }
}
