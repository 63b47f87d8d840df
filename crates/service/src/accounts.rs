//! People, organisations, sign-in, tokens.

use crate::{Actor, Error, Service, directory::PAGE, secrets};
use peerage_domain::{
    access::{Action, Role},
    catalogue::{Paged, Query},
    contact::Email,
    say,
};
use peerage_storage::accounts::{Membership, Organisation, Person};

/// Least characters of a password (NIST SP 800-63B: at least 8 with a second factor, 15 without; 12 here).
pub const PASSWORD_MIN: usize = 12;
const PASSWORD_MAX: usize = 200;
/// How long a one-time link is good, in seconds.
const LINK_LIFE_S: i64 = 7 * 86_400;
/// Failed sign-ins of one address that are allowed in a quarter of an hour.
const ATTEMPTS: usize = 10;

impl Service {
    /// Whether nobody has an account yet.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn is_new(&self) -> Result<bool, Error> {
        Ok(self.store.count_people().await? == 0)
    }

    /// Adds a person with a role to an organisation, both made when they are new.
    /// Gives a one-time token with which the person sets a password.
    ///
    /// # Errors
    /// When the address or the name cannot be used, or storage fails.
    pub async fn add_person(&self, organisation: &str, email: &str, name: &str, role: Role) -> Result<String, Error> {
        let email: Email = email.parse()?;
        let (organisation, name) = (organisation.trim(), name.trim());
        for (what, text) in [("organisation", organisation), ("name", name)] {
            if !(1..=100).contains(&text.chars().count()) || text.chars().any(peerage_domain::is_invisible) {
                return Err(Error::Refused(say!(
                    "account.name_length",
                    "The {what} must have 1 to 100 printable characters.",
                    what = what
                )));
            }
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let organisation = match tx.organisation_named(organisation).await? {
            Some(found) => found,
            None => tx.add_organisation(organisation, now).await?,
        };
        let person = match tx.person_by_email(email.as_str()).await? {
            Some(found) => found,
            None => tx.add_person(&email, name, now).await?,
        };
        tx.add_role(&person.id, &organisation.id, role, now).await?;
        let (token, hash) = secrets::token("")?;
        tx.add_link(&hash, &person.id, now.plus_secs(LINK_LIFE_S)).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Invites somebody, for operators. Who has a password already needs no link.
    ///
    /// # Errors
    /// See [`Service::add_person`].
    pub async fn invite(&self, actor: &Actor, organisation: &str, email: &str, name: &str, role: Role) -> Result<Invited, Error> {
        actor.may(Action::ManageAccounts)?;
        if role == Role::Operator && organisation.trim() != actor.organisation_name {
            return Err(Error::Refused(say!(
                "account.operators",
                "Operators belong to {organisation}.",
                organisation = actor.organisation_name
            )));
        }
        let known = self.store.person_by_email(&email.trim().to_ascii_lowercase()).await?.filter(|p| p.password_hash.is_some());
        let token = self.add_person(organisation, email, name, role).await?;
        Ok(known.map_or(Invited::Link(token), |person| Invited::Member(person.name)))
    }

    /// The person that a one-time link is for.
    ///
    /// # Errors
    /// When the link is unknown or has expired.
    pub async fn link_owner(&self, token: &str) -> Result<Person, Error> {
        let mut tx = self.store.begin().await?;
        let owner = tx.link(&secrets::token_hash(token), self.clock.now()).await?;
        owner.ok_or_else(|| Error::Refused(say!("account.link_expired", "This link has been used or has expired. Ask for a new one.")))
    }

    /// Sets the password of the owner of a one-time link; the link is used up.
    ///
    /// # Errors
    /// When the link or the password cannot be used.
    pub async fn set_password(&self, token: &str, password: &str) -> Result<Person, Error> {
        let length = password.chars().count();
        if length < PASSWORD_MIN {
            return Err(Error::Refused(say!(
                "account.password_short",
                "A password has at least {least} characters. A sentence is fine.",
                least = PASSWORD_MIN
            )));
        }
        if length > PASSWORD_MAX {
            return Err(Error::Refused(say!("account.password_long", "A password has at most {most} characters.", most = PASSWORD_MAX)));
        }
        let owner = self.link_owner(token).await?;
        let hash = hash_off_thread(password.to_owned()).await?;
        let mut tx = self.store.begin().await?;
        // Two people with the same link: only one of them sets the password.
        if tx.link(&secrets::token_hash(token), self.clock.now()).await?.is_none() {
            return Err(Error::Refused(say!("account.link_used", "This link has just been used.")));
        }
        tx.set_password(&owner.id, &hash).await?;
        tx.commit().await?;
        Ok(owner)
    }

    /// The person with this address and password.
    ///
    /// # Errors
    /// One answer for a wrong address and a wrong password; another after too many tries.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Person, Error> {
        let email = email.trim().to_ascii_lowercase();
        let now = self.clock.now();
        if self.attempts.count(&email, now, false) >= ATTEMPTS {
            return Err(Error::TooMany(15));
        }
        let person = self.store.person_by_email(&email).await?;
        let hash = person.as_ref().and_then(|p| p.password_hash.clone());
        let typed: String = password.chars().take(PASSWORD_MAX + 1).collect();
        let fits = tokio::task::spawn_blocking(move || secrets::password_fits(&typed, hash.as_deref())).await;
        match person {
            Some(person) if fits.unwrap_or(false) => Ok(person),
            _ => {
                self.attempts.count(&email, now, true);
                Err(Error::Unauthenticated(say!("account.wrong", "The e-mail address or the password is wrong.")))
            }
        }
    }

    /// The organisations of a person.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn memberships(&self, person: &str) -> Result<Vec<Membership>, Error> {
        Ok(self.store.memberships(person).await?)
    }

    /// Somebody as a member of one of their organisations; the first one by default.
    ///
    /// # Errors
    /// When the person is unknown or belongs nowhere.
    pub async fn actor(&self, person: &str, organisation: Option<&str>) -> Result<Actor, Error> {
        let signed_out = Error::signed_out;
        let person = self.store.person(person).await?.ok_or_else(signed_out)?;
        let all = self.store.memberships(&person.id).await?;
        let wanted = all.iter().find(|m| Some(m.organisation.id.as_str()) == organisation);
        let membership = wanted.or_else(|| all.first()).cloned().ok_or_else(signed_out)?;
        Ok(Actor {
            person: person.id,
            name: person.name,
            organisation: membership.organisation.id,
            organisation_name: membership.organisation.name,
            roles: membership.roles,
        })
    }

    /// A new API token for an organisation; shown once.
    ///
    /// # Errors
    /// When the organisation is unknown or storage fails.
    pub async fn add_token(&self, organisation: &str, label: &str) -> Result<String, Error> {
        let mut tx = self.store.begin().await?;
        let found = tx.organisation_named(organisation).await?;
        let found = found.ok_or_else(|| Error::NotFound("organisation", organisation.to_string()))?;
        let (token, hash) = secrets::token("peerage_")?;
        tx.add_token(&hash, &found.id, label, self.clock.now()).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Every organisation with its people, for operators.
    ///
    /// # Errors
    /// When the actor may not see them or storage fails.
    pub async fn organisations(&self, actor: &Actor) -> Result<Vec<Organisation>, Error> {
        actor.may(Action::ManageAccounts)?;
        Ok(self.store.organisations().await?)
    }

    /// A part of the people of every organisation, a row for each role.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn people(&self, actor: &Actor, query: &Query) -> Result<Paged<Member>, Error> {
        let mut found = vec![];
        for organisation in self.organisations(actor).await? {
            let rows = self.store.members(&organisation.id).await?.into_iter();
            found.extend(rows.map(|(name, email, role, joined)| Member {
                organisation: organisation.name.clone(),
                name,
                email,
                role,
                joined,
            }));
        }
        found.retain(|m| query.finds(&[&m.organisation, &m.name, &m.email, m.role.word()]));
        match query.sort.as_str() {
            "organisation" => found.sort_by_key(|m| (m.organisation.to_lowercase(), m.name.to_lowercase())),
            "role" => found.sort_by_key(|m| (m.role.word(), m.name.to_lowercase())),
            _ => found.sort_by_key(|m| m.name.to_lowercase()),
        }
        if query.descending {
            found.reverse();
        }
        Ok(Paged::of(found, query.offset, PAGE))
    }
}

/// What came of an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invited {
    /// A one-time link for a new person.
    Link(String),
    /// The name of somebody who has an account: a member at once, without a link.
    Member(String),
}

/// Somebody in one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name of the organisation.
    pub organisation: String,
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role.
    pub role: Role,
    /// Whether a password was set.
    pub joined: bool,
}

async fn hash_off_thread(password: String) -> Result<String, Error> {
    let hashed = tokio::task::spawn_blocking(move || secrets::password_hash(&password)).await;
    hashed.map_err(|error| Error::Fault(error.to_string()))?
}
