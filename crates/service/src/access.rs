//! Who asks, and the proof that they may.

use crate::Error;
use peerage_domain::access::{Action, Role};

/// Somebody who is signed in, acting for one organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Id of the person.
    pub person: String,
    /// The person's name, as history shows it.
    pub name: String,
    /// Id of the organisation.
    pub organisation: String,
    /// Its name.
    pub organisation_name: String,
    /// What the person is there.
    pub roles: Vec<Role>,
}

/// Whose things somebody may see or change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those of one organisation.
    Organisation(String),
    /// Those of everybody: the operator's.
    Everybody,
}

/// The proof that somebody may do something; only [`Actor::may`] makes it.
#[derive(Clone, Debug)]
pub(crate) struct Permit {
    pub(crate) scope: Scope,
}

impl Actor {
    /// Whether the table allows it.
    pub(crate) fn may(&self, action: Action) -> Result<Permit, Error> {
        if !action.allowed(&self.roles) {
            return Err(Error::Forbidden(action));
        }
        let scope = if self.roles.contains(&Role::Operator) { Scope::Everybody } else { Scope::Organisation(self.organisation.clone()) };
        Ok(Permit { scope })
    }
}

impl Scope {
    /// The organisation to filter by; `None` for everybody.
    pub(crate) fn organisation(&self) -> Option<&str> {
        match self {
            Scope::Organisation(id) => Some(id),
            Scope::Everybody => None,
        }
    }

    /// Whether something of this organisation is inside.
    pub(crate) fn covers(&self, organisation: &str) -> bool {
        self.organisation().is_none_or(|mine| mine == organisation)
    }
}
