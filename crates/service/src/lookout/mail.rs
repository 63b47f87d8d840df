//! Mail, by the operator's SMTP server.

use super::webhook::Answer;
use lettre::{
    Message, SmtpTransport, Transport,
    message::{Mailbox, header::ContentType},
};
use std::time::Duration;

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// The server, such as `smtps://user:password@mail.example.net` or `smtp://127.0.0.1:25`.
    pub server: String,
    /// From whom, such as `Peerage <noc@example.net>`.
    pub from: String,
}

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One mail.
pub(super) struct Letter<'a> {
    /// To whom.
    pub(super) to: &'a str,
    /// What it is about.
    pub(super) subject: &'a str,
    /// Its text.
    pub(super) text: &'a str,
    /// By which the receiver knows what it had already: the same when it is sent again.
    pub(super) id: &'a str,
    /// The mail that it belongs to.
    pub(super) thread: Option<&'a str>,
}

impl MailSettings {
    /// Whether server and sender can be read.
    ///
    /// # Errors
    /// What cannot be.
    pub fn check(&self) -> Result<(), String> {
        self.from.parse::<Mailbox>().map_err(|error| format!("mail.from: “{}”: {error}", self.from))?;
        SmtpTransport::from_url(&self.server).map(|_| ()).map_err(|error| format!("mail.server: {error}"))
    }

    /// Host of the sender, for ids.
    fn domain(&self) -> String {
        let from = self.from.parse::<Mailbox>().map(|it| it.email.domain().to_owned());
        from.unwrap_or_else(|_| "localhost".into())
    }
}

/// Sends a mail, and waits until the server took it; blocks.
pub(super) fn send(settings: &MailSettings, letter: &Letter) -> Answer {
    match try_send(settings, letter) {
        Ok(words) => Answer::Taken(words),
        Err(why) => Answer::Failed(why.chars().take(300).collect()),
    }
}

fn try_send(settings: &MailSettings, letter: &Letter) -> Result<String, String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let domain = settings.domain();
    let named = |id: &str| format!("<{id}.peerage@{domain}>");
    let mut message = Message::builder()
        .from(settings.from.parse().map_err(|error: lettre::address::AddressError| words(&error))?)
        .to(letter.to.parse().map_err(|error: lettre::address::AddressError| words(&error))?)
        .subject(letter.subject)
        .message_id(Some(named(letter.id)))
        .header(ContentType::TEXT_PLAIN);
    if let Some(thread) = letter.thread {
        message = message.in_reply_to(named(thread)).references(named(thread));
    }
    let message = message.body(letter.text.to_owned()).map_err(|error| words(&error))?;
    let server = SmtpTransport::from_url(&settings.server).map_err(|error| words(&error))?.timeout(Some(PATIENCE)).build();
    let response = server.send(&message).map_err(|error| words(&error))?;
    Ok(format!("{} {}", response.code(), response.first_line().unwrap_or_default()))
}

#[cfg(test)]
#[path = "../../tests/smtp/mod.rs"]
mod smtp;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_has_an_id_of_its_own_and_names_its_thread() {
        let (server, said) = smtp::mail_server();
        let settings = MailSettings { server, from: "Peerage <noc@operator.example>".into() };
        settings.check().expect("fine");
        let letter = Letter { to: "noc@customer.example", subject: "Hijack", text: "It began.\n", id: "DE-2", thread: Some("DE-1") };
        let answer = send(&settings, &letter);
        assert!(matches!(answer, Answer::Taken(_)), "{answer:?}");
        let said = said.lock().expect("said");
        for part in [
            "RCPT TO:<noc@customer.example>",
            "Subject: Hijack",
            "Message-ID: <DE-2.peerage@operator.example>",
            "In-Reply-To: <DE-1.peerage@operator.example>",
            "It began.",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn settings_that_cannot_be_used_are_named() {
        let check = |server: &str, from: &str, words: &str| {
            let error = MailSettings { server: server.into(), from: from.into() }.check().expect_err(server);
            assert!(error.contains(words), "{error}");
        };
        check("smtp://127.0.0.1", "nobody", "mail.from");
        check("http://127.0.0.1", "a@b.example", "mail.server");
    }
}
