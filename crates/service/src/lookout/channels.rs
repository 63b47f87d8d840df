//! The ways by which people of an organisation are told: webhooks and mail boxes.

use super::{
    alerts::{ALERT, name},
    webhook,
};
use crate::{Actor, Error, Service, error::Wrong};
use peerage_domain::{
    Language,
    access::Action,
    contact::Email,
    incident::{Alert, Hours, HoursError},
    say,
};
use peerage_storage::deliveries::{Delivery, DeliveryState, Phase};
use serde::{Deserialize, Serialize};

/// Under which name they are kept.
pub(crate) const CHANNEL: &str = "channel";
/// Most channels of an organisation.
const MOST: usize = 50;
/// Most tests and redeliveries of an organisation in a minute.
const TESTS_MOST: usize = 10;

/// How a channel reaches people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// A POST to this address (Standard Webhooks).
    Webhook {
        /// Where to.
        url: String,
        /// What it is signed with, sealed.
        secret: String,
    },
    /// Mail to this address.
    Mail {
        /// Where to.
        address: Email,
    },
}

/// A way by which people of an organisation are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Such as `CH-1`.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// What it is called.
    pub name: String,
    /// How it reaches them.
    pub way: Way,
    /// When it is not used.
    pub quiet: Option<Hours>,
    /// In which language its readers are told.
    #[serde(default)]
    pub language: Language,
}

impl Channel {
    /// Where it leads to, without what is secret.
    pub fn target(&self) -> String {
        match &self.way {
            Way::Webhook { url, .. } => url.clone(),
            Way::Mail { address } => address.to_string(),
        }
    }
}

/// What was typed for a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelForm {
    /// What it is called.
    pub name: String,
    /// `webhook` or `mail`.
    pub kind: String,
    /// Address of the webhook or of the mail box.
    pub target: String,
    /// Such as `22:00-06:00`; may be empty.
    pub quiet: String,
    /// A language's code; English when empty.
    pub language: String,
}

fn quiet(text: &str) -> Result<Option<Hours>, Error> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|error: HoursError| Error::Refused(error.text())),
    }
}

fn language(code: &str) -> Result<Language, Error> {
    match code.trim() {
        "" => Ok(Language::default()),
        code => Language::of(code).ok_or_else(|| Error::Refused(say!("channel.language", "Choose a language of the list."))),
    }
}

impl Service {
    /// The channels of the actor's organisation.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn channels(&self, actor: &Actor) -> Result<Vec<Channel>, Error> {
        actor.may(Action::ReadIncidents)?;
        Ok(self.store.items(CHANNEL, Some(&actor.organisation)).await?)
    }

    /// What the channels of the actor's organisation were told last.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn deliveries(&self, actor: &Actor) -> Result<Vec<Delivery>, Error> {
        actor.may(Action::ReadIncidents)?;
        Ok(self.store.deliveries(&actor.organisation, 50).await?)
    }

    /// Adds a channel. Gives the secret of a webhook, which is shown this once.
    ///
    /// # Errors
    /// What cannot be used.
    pub async fn add_channel(&self, actor: &Actor, form: &ChannelForm) -> Result<(Channel, Option<String>), Error> {
        actor.may(Action::WriteIncidents)?;
        if self.channels(actor).await?.len() >= MOST {
            return Err(Error::Refused(say!("channel.many", "There are {most} channels; take one off first.", most = MOST)));
        }
        let mut wrong = Wrong::default();
        let name = wrong.take(self.channel_name(actor, &form.name).await)?;
        let quiet = wrong.take(quiet(&form.quiet))?;
        let language = wrong.take(language(&form.language))?;
        let way = wrong.take(self.way(actor, form).await)?;
        let (Some(name), Some(quiet), Some(language), Some((way, secret))) = (name, quiet, language, way) else {
            return Err(wrong.told());
        };
        let mut channel = Channel { id: String::new(), organisation: actor.organisation.clone(), name, way, quiet, language };
        let mut tx = self.store.begin().await?;
        channel.id = tx.next_id("CH").await?;
        tx.save_item(CHANNEL, &channel.id, &channel.organisation, &channel).await?;
        tx.commit().await?;
        Ok((channel, secret))
    }

    /// A name that no other channel of the organisation has: people tell them apart by it.
    async fn channel_name(&self, actor: &Actor, text: &str) -> Result<String, Error> {
        let name = name(text)?;
        if self.channels(actor).await?.iter().any(|it| it.name.to_lowercase() == name.to_lowercase()) {
            return Err(Error::Refused(say!(
                "channel.twice",
                "There is a channel with the name {name}; give this one another.",
                name = name
            )));
        }
        Ok(name)
    }

    /// How a channel reaches people, and the secret of a webhook.
    async fn way(&self, actor: &Actor, form: &ChannelForm) -> Result<(Way, Option<String>), Error> {
        if form.target.trim().is_empty() {
            return Err(Error::Refused(say!("channel.target", "Say where to: the address of a webhook, or of a mail box.")));
        }
        if form.kind != "webhook" {
            return Ok((Way::Mail { address: self.mail_address(actor, &form.target).await? }, None));
        }
        let url = webhook::checked(&form.target, &self.settings.lookout.webhook_allow)?;
        let secret = webhook::secret()?;
        Ok((Way::Webhook { url, secret: self.vault.seal(&secret)? }, Some(secret)))
    }

    /// An address that mail may be sent to: at a domain of the organisation's people, so that
    /// nobody has the portal write to strangers.
    async fn mail_address(&self, actor: &Actor, text: &str) -> Result<Email, Error> {
        if self.settings.lookout.mail.is_none() {
            return Err(Error::Refused(say!(
                "channel.no_mail",
                "This portal sends no mail: its operator has not said by which server. Use a webhook."
            )));
        }
        let address: Email = text.trim().parse()?;
        let domain = |mail: &str| mail.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
        let people = self.store.emails_of(&actor.organisation).await?;
        if people.iter().any(|own| domain(own) == domain(&address.to_string())) {
            return Ok(address);
        }
        Err(Error::Refused(say!(
            "channel.stranger",
            "Mail goes to addresses at a domain of your organisation's people; {address} is at another one.",
            address = address
        )))
    }

    /// Takes a channel off; alerts forget it.
    ///
    /// # Errors
    /// When there is no such channel of the actor's organisation.
    pub async fn remove_channel(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        actor.may(Action::WriteIncidents)?;
        let mut tx = self.store.begin().await?;
        if !tx.delete_item(CHANNEL, id, &actor.organisation).await? {
            return Err(Error::NotFound("channel", id.to_string()));
        }
        let alerts: Vec<Alert> = tx.items(ALERT, Some(&actor.organisation)).await?;
        for mut alert in alerts.into_iter().filter(|alert| alert.channels.iter().any(|channel| channel == id)) {
            alert.channels.retain(|channel| channel != id);
            tx.save_item(ALERT, &alert.id, &alert.organisation, &alert).await?;
        }
        tx.cancel_deliveries(id, "the channel was taken off").await?;
        Ok(tx.commit().await?)
    }

    /// Sends something to a channel to see whether it arrives.
    ///
    /// # Errors
    /// When there is no such channel, or it was tried too often.
    pub async fn test_channel(&self, actor: &Actor, id: &str) -> Result<Delivery, Error> {
        actor.may(Action::WriteIncidents)?;
        let known = self.channels(actor).await?.into_iter().find(|channel| channel.id == id);
        let channel = known.ok_or_else(|| Error::NotFound("channel", id.to_string()))?;
        self.within_limit(actor)?;
        let mut tx = self.store.begin().await?;
        let (id, test) = (tx.next_id("DE").await?, tx.next_id("TEST").await?);
        let delivery = Delivery::new(id, &channel.id, &actor.organisation, (&test, Phase::Test), self.clock.now());
        tx.add_delivery(&delivery).await?;
        tx.commit().await?;
        self.deliver_now(&delivery.id).await?;
        let mut tx = self.store.begin().await?;
        tx.delivery(&delivery.id).await?.ok_or_else(|| Error::NotFound("delivery", delivery.id))
    }

    /// Nobody has the portal send more than so much in a minute by hand.
    fn within_limit(&self, actor: &Actor) -> Result<(), Error> {
        let sent = self.asked.count(&format!("send {}", actor.organisation), self.clock.now(), true);
        if sent > TESTS_MOST { Err(Error::TooMany(1)) } else { Ok(()) }
    }

    /// Sends something again that was sent before, or could not be.
    ///
    /// # Errors
    /// When there is no such delivery of the actor's organisation.
    pub async fn redeliver(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        actor.may(Action::WriteIncidents)?;
        self.within_limit(actor)?;
        let mut tx = self.store.begin().await?;
        let found = tx.delivery(id).await?.filter(|it| it.organisation == actor.organisation);
        let mut delivery = found.ok_or_else(|| Error::NotFound("delivery", id.to_string()))?;
        if !matches!(delivery.state, DeliveryState::Sent | DeliveryState::Failed) {
            return Err(Error::Refused(say!("delivery.unsent", "{id} was never sent, so it cannot be sent again.", id = id)));
        }
        (delivery.state, delivery.due, delivery.attempts) = (DeliveryState::Waiting, self.clock.now(), 0);
        tx.save_delivery(&delivery).await?;
        tx.commit().await?;
        self.deliver_now(id).await
    }
}
