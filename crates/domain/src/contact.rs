//! Contacts of a network, by role, as PeeringDB and the reference API name them.

use crate::{Finding, Text, say, text::said_error};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a contact is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ContactRole {
    /// The network operations centre, reachable day and night.
    Noc,
    /// Decides on peering.
    Policy,
    /// Configures routers.
    Technical,
    /// Customer service.
    Service,
    /// When nobody else answers.
    Escalation,
    /// Anything else.
    Other,
}

impl ContactRole {
    /// Every role, in the order of the forms.
    pub const ALL: [ContactRole; 6] =
        [ContactRole::Noc, ContactRole::Policy, ContactRole::Technical, ContactRole::Service, ContactRole::Escalation, ContactRole::Other];

    /// The wire name.
    pub fn word(self) -> &'static str {
        match self {
            ContactRole::Noc => "Noc",
            ContactRole::Policy => "Policy",
            ContactRole::Technical => "Technical",
            ContactRole::Service => "Service",
            ContactRole::Escalation => "Escalation",
            ContactRole::Other => "Other",
        }
    }
}

/// A role mailbox and telephone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What it is for.
    pub role: ContactRole,
    /// The mailbox.
    pub email: Email,
    /// The telephone number; required for the NOC.
    pub phone: Option<Phone>,
}

/// A mail address: something, `@`, a domain with a dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Email(String);

/// A telephone number in international form, at most 15 digits (ITU-T E.164).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Phone(String);

/// Why a contact's text was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactError {
    /// Not a mail address.
    Email(String),
    /// Not a telephone number.
    Phone(String),
}

impl ContactError {
    /// What is wrong.
    pub fn text(&self) -> Text {
        match self {
            ContactError::Email(input) => {
                say!("contact.email", "“{input}” is not a mail address. Write it like noc@example.net.", input = input)
            }
            ContactError::Phone(input) => say!(
                "contact.phone",
                "“{input}” is not a telephone number in international form. Write it like +46 8 555 0100.",
                input = input
            ),
        }
    }
}
said_error!(ContactError);

impl ContactError {
    /// What is wrong, with the name of the contact.
    pub fn of(&self, role: ContactRole) -> Text {
        match self {
            ContactError::Email(input) if input.is_empty() => {
                say!("contact.email_missing", "{contact}: the e-mail address is missing.", contact = role.word())
            }
            ContactError::Email(input) => say!(
                "contact.email_of",
                "{contact}: “{input}” is not a mail address. Write it like noc@example.net.",
                contact = role.word(),
                input = input
            ),
            ContactError::Phone(input) => say!(
                "contact.phone_of",
                "{contact}: “{input}” is not a telephone number in international form. Write it like +46 8 555 0100.",
                contact = role.word(),
                input = input
            ),
        }
    }
}

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = ContactError;

    fn from_str(text: &str) -> Result<Self, ContactError> {
        let text = text.trim();
        let good = text.len() <= 254
            && text.bytes().all(|b| b.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&b))
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && domain.contains('.')
                    && domain.split('.').all(|label| {
                        !label.is_empty()
                            && !label.starts_with('-')
                            && !label.ends_with('-')
                            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    })
            });
        good.then(|| Email(text.to_ascii_lowercase())).ok_or_else(|| ContactError::Email(text.chars().take(60).collect()))
    }
}

impl FromStr for Phone {
    type Err = ContactError;

    fn from_str(text: &str) -> Result<Self, ContactError> {
        let text = text.trim();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let good =
            text.starts_with('+') && (7..=15).contains(&digits) && text[1..].bytes().all(|b| b.is_ascii_digit() || b" -().".contains(&b));
        good.then(|| Phone(text.to_owned())).ok_or_else(|| ContactError::Phone(text.chars().take(30).collect()))
    }
}

macro_rules! text_value {
    ($type:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.0
            }
        }
        impl TryFrom<String> for $type {
            type Error = ContactError;
            fn try_from(text: String) -> Result<Self, ContactError> {
                text.parse()
            }
        }
    };
}
text_value!(Email);
text_value!(Phone);

/// Mail domains of which anybody can have an address; a NOC needs the network's own.
const PUBLIC_MAIL: [&str; 8] =
    ["gmail.com", "googlemail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "gmx.net", "proton.me"];

/// Whether the NOC contact is complete: role mailbox of the network's own domain, and telephone.
pub fn judge_noc(contacts: &[Contact]) -> Finding {
    let Some(noc) = contacts.iter().find(|c| c.role == ContactRole::Noc) else {
        return Finding::fail(say!("contact.noc", "A NOC contact with e-mail and telephone is required."));
    };
    if noc.phone.is_none() {
        return Finding::fail(say!("contact.noc_phone", "The NOC needs a telephone number that is answered day and night."));
    }
    let domain = noc.email.as_str().rsplit('@').next().unwrap_or_default();
    if PUBLIC_MAIL.contains(&domain) {
        return Finding::fail(say!(
            "contact.noc_domain",
            "{domain} is a public mail service. Give a mailbox of your own domain.",
            domain = domain
        ));
    }
    Finding::pass(say!("contact.noc_complete", "{email} and telephone", email = noc.email))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    #[test]
    fn mail_addresses_need_a_mailbox_and_a_domain() {
        for good in ["noc@example.net", "Peering+AS1@a-b.example.org"] {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
        for bad in ["", "noc", "noc@host", "@example.net", "a b@example.net", "a@b..c", "a@-b.c", "x@y.z\r\nBcc: q@r.s", "<a@b.c>"] {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
    }

    #[test]
    fn telephone_numbers_are_international() {
        for good in ["+46 8 555 0100", "+1 (234) 567-8999"] {
            assert!(good.parse::<Phone>().is_ok(), "{good}");
        }
        for bad in ["", "08 555 0100", "+46", "+46 8 call me", "+1234567890123456"] {
            assert!(bad.parse::<Phone>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_noc_has_its_own_mailbox_and_a_telephone() {
        let noc = |email: &str, phone: Option<&str>| Contact {
            role: ContactRole::Noc,
            email: email.parse().expect(email),
            phone: phone.map(|p| p.parse().expect(p)),
        };
        let code = |contacts: &[Contact]| judge_noc(contacts).code;
        assert_eq!(code(&[]), "contact.noc");
        assert_eq!(code(&[noc("noc@example.net", None)]), "contact.noc_phone");
        assert_eq!(code(&[noc("noc@gmail.com", Some("+46 8 555 0100"))]), "contact.noc_domain");
        assert_eq!(judge_noc(&[noc("noc@example.net", Some("+46 8 555 0100"))]).verdict, Verdict::Pass);
    }
}
