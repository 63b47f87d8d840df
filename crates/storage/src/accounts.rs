//! Organisations, people, their roles, sign-in sessions and tokens.

use crate::engine::{Error, Store, Tx, params};
use peerage_domain::{Timestamp, access::Role, contact::Email};

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Such as `ORG-1`.
    pub id: String,
    /// Its name; unique.
    pub name: String,
}

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Such as `P-1`.
    pub id: String,
    /// Unique.
    pub email: String,
    /// Shown to others.
    pub name: String,
    /// argon2id, PHC string; absent until a password was set.
    pub password_hash: Option<String>,
}

/// A person's roles in one organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The organisation.
    pub organisation: Organisation,
    /// What the person is there.
    pub roles: Vec<Role>,
}

impl Tx {
    /// Adds an organisation.
    #[allow(missing_docs)]
    pub async fn add_organisation(&mut self, name: &str, now: Timestamp) -> Result<Organisation, Error> {
        let id = self.next_id("ORG").await?;
        let sql = "INSERT INTO organisation (id, name, created) VALUES ($1, $2, $3)";
        self.run(sql, params![id.as_str(), name, now.millis()]).await?;
        Ok(Organisation { id, name: name.into() })
    }

    /// The organisation with this name.
    pub async fn organisation_named(&mut self, name: &str) -> Result<Option<Organisation>, Error> {
        let rows = self.fetch("organisation", "SELECT id, name FROM organisation WHERE name = $1", params![name]).await?;
        rows.first().map(|row| Ok(Organisation { id: row.text(0, "id")?, name: row.text(1, "name")? })).transpose()
    }

    /// Adds a person without a password.
    pub async fn add_person(&mut self, email: &Email, name: &str, now: Timestamp) -> Result<Person, Error> {
        let id = self.next_id("P").await?;
        let sql = "INSERT INTO person (id, email, name, created) VALUES ($1, $2, $3, $4)";
        self.run(sql, params![id.as_str(), email.as_str(), name, now.millis()]).await?;
        Ok(Person { id, email: email.to_string(), name: name.into(), password_hash: None })
    }

    /// Gives a role; giving it again changes nothing.
    pub async fn add_role(&mut self, person: &str, organisation: &str, role: Role, now: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO membership (person, organisation, role, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        self.run(sql, params![person, organisation, role.word(), now.millis()]).await.map(|_| ())
    }

    /// Sets the password's hash and forgets every open link of the person.
    pub async fn set_password(&mut self, person: &str, hash: &str) -> Result<(), Error> {
        self.run("UPDATE person SET password_hash = $2 WHERE id = $1", params![person, hash]).await?;
        self.run("DELETE FROM login_link WHERE person = $1", params![person]).await.map(|_| ())
    }

    /// Remembers a one-time link by the hash of its token.
    pub async fn add_link(&mut self, token_hash: &str, person: &str, expires: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO login_link (token_hash, person, expires) VALUES ($1, $2, $3)";
        self.run(sql, params![token_hash, person, expires.millis()]).await.map(|_| ())
    }

    /// The person that an unexpired link belongs to.
    pub async fn link(&mut self, token_hash: &str, now: Timestamp) -> Result<Option<Person>, Error> {
        let sql = "SELECT p.id, p.email, p.name, p.password_hash FROM person p JOIN login_link l ON l.person = p.id \
                   WHERE l.token_hash = $1 AND l.expires > $2";
        let rows = self.fetch("person", sql, params![token_hash, now.millis()]).await?;
        rows.first().map(person).transpose()
    }

    /// The person with this address.
    pub async fn person_by_email(&mut self, email: &str) -> Result<Option<Person>, Error> {
        let sql = "SELECT id, email, name, password_hash FROM person WHERE email = $1";
        self.fetch("person", sql, params![email]).await?.first().map(person).transpose()
    }

    /// Remembers an API token by its hash.
    pub async fn add_token(&mut self, token_hash: &str, organisation: &str, label: &str, now: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO api_token (token_hash, organisation, label, created) VALUES ($1, $2, $3, $4)";
        self.run(sql, params![token_hash, organisation, label, now.millis()]).await.map(|_| ())
    }

    /// Stores a session of the browser; `created` says whether it must not exist yet.
    pub async fn save_session(&mut self, id: &str, body: &str, expires: Timestamp, created: bool) -> Result<bool, Error> {
        let conflict = if created { "DO NOTHING" } else { "DO UPDATE SET body = excluded.body, expires = excluded.expires" };
        let sql = format!("INSERT INTO web_session (id, body, expires) VALUES ($1, $2, $3) ON CONFLICT (id) {conflict}");
        Ok(self.run(&sql, params![id, body, expires.millis()]).await? > 0)
    }

    /// Forgets a session, and with it every expired one.
    pub async fn delete_session(&mut self, id: &str, now: Timestamp) -> Result<(), Error> {
        self.run("DELETE FROM web_session WHERE id = $1 OR expires <= $2", params![id, now.millis()]).await.map(|_| ())
    }
}

fn person(row: &crate::engine::Row) -> Result<Person, Error> {
    Ok(Person {
        id: row.text(0, "id")?,
        email: row.text(1, "email")?,
        name: row.text(2, "name")?,
        password_hash: row.maybe_text(3, "password_hash")?,
    })
}

impl Store {
    /// The mail addresses of an organisation's people.
    pub async fn emails_of(&self, organisation: &str) -> Result<Vec<String>, Error> {
        let sql = "SELECT DISTINCT p.email FROM person p JOIN membership m ON m.person = p.id WHERE m.organisation = $1";
        self.fetch("person", sql, params![organisation]).await?.iter().map(|row| row.text(0, "email")).collect()
    }

    /// The person with this address.
    pub async fn person_by_email(&self, email: &str) -> Result<Option<Person>, Error> {
        let sql = "SELECT id, email, name, password_hash FROM person WHERE email = $1";
        self.fetch("person", sql, params![email]).await?.first().map(person).transpose()
    }

    /// The person with this id.
    pub async fn person(&self, id: &str) -> Result<Option<Person>, Error> {
        let sql = "SELECT id, email, name, password_hash FROM person WHERE id = $1";
        self.fetch("person", sql, params![id]).await?.first().map(person).transpose()
    }

    /// How many people there are.
    pub async fn count_people(&self) -> Result<i64, Error> {
        let rows = self.fetch("person", "SELECT COUNT(*) FROM person", &[]).await?;
        rows.first().map_or(Ok(0), |row| row.int(0, "count"))
    }

    /// Every organisation, by name.
    pub async fn organisations(&self) -> Result<Vec<Organisation>, Error> {
        let rows = self.fetch("organisation", "SELECT id, name FROM organisation ORDER BY name", &[]).await?;
        rows.iter().map(|row| Ok(Organisation { id: row.text(0, "id")?, name: row.text(1, "name")? })).collect()
    }

    /// Everybody of an organisation with one role a row: name, e-mail, role, and whether a password is set.
    pub async fn members(&self, organisation: &str) -> Result<Vec<(String, String, Role, bool)>, Error> {
        let sql = "SELECT p.name, p.email, m.role, p.password_hash FROM membership m JOIN person p ON p.id = m.person \
                   WHERE m.organisation = $1 ORDER BY p.name, m.role";
        let rows = self.fetch("membership", sql, params![organisation]).await?;
        rows.iter()
            .map(|row| {
                Ok((row.text(0, "name")?, row.text(1, "email")?, row.parsed(2, "role")?, row.maybe_text(3, "password_hash")?.is_some()))
            })
            .collect()
    }

    /// What a person is, organisation by organisation.
    pub async fn memberships(&self, person: &str) -> Result<Vec<Membership>, Error> {
        let sql = "SELECT o.id, o.name, m.role FROM membership m JOIN organisation o ON o.id = m.organisation \
                   JOIN (SELECT organisation, MIN(since) AS first FROM membership WHERE person = $1 GROUP BY organisation) f \
                   ON f.organisation = m.organisation WHERE m.person = $1 ORDER BY f.first, o.name, o.id, m.role";
        let mut all: Vec<Membership> = vec![];
        for row in self.fetch("membership", sql, params![person]).await? {
            let (id, role) = (row.text(0, "organisation")?, row.parsed(2, "role")?);
            match all.last_mut().filter(|last| last.organisation.id == id) {
                Some(last) => last.roles.push(role),
                None => {
                    let organisation = Organisation { id, name: row.text(1, "name")? };
                    all.push(Membership { organisation, roles: vec![role] });
                }
            }
        }
        Ok(all)
    }

    /// The organisation that a token speaks for, and the token's label.
    pub async fn token(&self, token_hash: &str) -> Result<Option<(String, String)>, Error> {
        let sql = "SELECT organisation, label FROM api_token WHERE token_hash = $1";
        let rows = self.fetch("api_token", sql, params![token_hash]).await?;
        rows.first().map(|row| Ok((row.text(0, "organisation")?, row.text(1, "label")?))).transpose()
    }

    /// A stored session of the browser.
    pub async fn session(&self, id: &str, now: Timestamp) -> Result<Option<String>, Error> {
        let sql = "SELECT body FROM web_session WHERE id = $1 AND expires > $2";
        let rows = self.fetch("web_session", sql, params![id, now.millis()]).await?;
        rows.first().map(|row| row.text(0, "body")).transpose()
    }
}
