//! Tells channels what is due. A delivery is written down before it is sent and marked after it
//! was taken: after a crash in between it is sent again, with the same id, by which the receiver
//! knows it.

use super::{
    LookoutSettings,
    alerts::{ALERT, MUTE},
    channels::{CHANNEL, Channel, Way},
    letter::{self, News, Told},
    mail::{self, Letter},
    webhook::{self, Answer},
};
use crate::{Error, Service, reports::Report, voice::Voice};
use peerage_domain::{
    Timestamp,
    incident::{Alert, Incident, Mute, Part},
};
use peerage_storage::deliveries::{Delivery, DeliveryState, Phase};
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// How long a delivery may take before it is tried by somebody else, in seconds.
const LEASE_S: i64 = 90;
/// How many are sent at the same time, and how many of them for one organisation: receivers that
/// answer slowly delay nobody else's.
const TOGETHER: usize = 64;
const TOGETHER_OF_ONE: usize = 8;
/// How often is looked for what became due while others are still on their way.
const LOOK: std::time::Duration = std::time::Duration::from_millis(200);
/// Waits between attempts, in seconds; behind the last one it is given up.
const PAUSES_S: [i64; 8] = [5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600];

/// What is to be sent, with everything that it takes.
struct Parcel {
    delivery: Delivery,
    channel: Channel,
    secret: String,
    incident: Option<Incident>,
    report: Option<Report>,
    /// The delivery that told of its beginning.
    opening: Option<String>,
    now: Timestamp,
    voice: Voice,
}

/// What becomes of a delivery before it is sent.
enum Fate {
    Send(Box<Parcel>),
    End(DeliveryState, String),
    Later(Timestamp),
}

impl Service {
    /// Sends what is due, several at a time. Gives how many were tried.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn deliver_due(&self) -> Result<usize, Error> {
        let (mut sending, mut tried) = (JoinSet::new(), 0);
        let mut busy: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            while sending.len() < TOGETHER {
                let full: Vec<&str> = busy.iter().filter(|(_, count)| **count >= TOGETHER_OF_ONE).map(|(id, _)| id.as_str()).collect();
                let Some(delivery) = self.store.lease_delivery(self.clock.now(), LEASE_S, &full).await? else { break };
                tried += 1;
                *busy.entry(delivery.organisation.clone()).or_default() += 1;
                // A report takes its time, and so does a receiver.
                let service = self.clone();
                sending.spawn(async move { (delivery.organisation.clone(), service.send_leased(delivery).await) });
            }
            if sending.is_empty() {
                return Ok(tried);
            }
            // What becomes due meanwhile does not wait for who is slow.
            match tokio::time::timeout(LOOK, sending.join_next()).await {
                Ok(Some(Ok((organisation, sent)))) => {
                    if let Some(count) = busy.get_mut(&organisation) {
                        *count = count.saturating_sub(1);
                    }
                    // One that cannot be prepared is tried again, and breaks no other off.
                    if let Err(error) = sent {
                        tracing::error!(%error, "a delivery could not be prepared or written down");
                    }
                }
                Ok(Some(Err(error))) => tracing::error!(%error, "a delivery broke off and will be tried again"),
                Ok(None) | Err(_) => {}
            }
        }
    }

    /// Sends one thing at once, without waiting for anything else that is due.
    pub(super) async fn deliver_now(&self, id: &str) -> Result<(), Error> {
        // Somebody else may be sending it already.
        let Some(delivery) = self.store.lease_one(id, self.clock.now(), LEASE_S).await? else { return Ok(()) };
        self.send_leased(delivery).await
    }

    /// Sends what is leased, and writes down what the receiver said; nothing is sent where it ends or
    /// waits instead.
    async fn send_leased(&self, delivery: Delivery) -> Result<(), Error> {
        let Some(parcel) = self.prepared(delivery).await? else { return Ok(()) };
        let settings = self.settings.lookout.clone();
        let sent = tokio::task::spawn_blocking(move || (parcel.delivery.clone(), parcel.send(&settings))).await;
        let (delivery, answer) = sent.map_err(|error| Error::Fault(error.to_string()))?;
        self.answered(delivery, answer).await
    }

    /// What is to be sent; nothing where a delivery ends or waits instead.
    async fn prepared(&self, delivery: Delivery) -> Result<Option<Box<Parcel>>, Error> {
        match self.fate(&delivery).await? {
            Fate::Send(parcel) => return Ok(Some(parcel)),
            Fate::End(state, words) => self.settle_delivery(delivery, state, words).await?,
            Fate::Later(due) => {
                let mut tx = self.store.begin().await?;
                tx.save_delivery(&Delivery { due, ..delivery }).await?;
                tx.commit().await?;
            }
        }
        Ok(None)
    }

    /// What was muted and is not any more is told, where it goes on.
    pub(super) async fn wake_muted(&self) -> Result<(), Error> {
        let now = self.clock.now();
        for delivery in self.store.muted_of_open().await? {
            let mutes: Vec<Mute> = self.store.items(MUTE, Some(&delivery.organisation)).await?;
            let Some((_, parts)) = self.store.incident(&delivery.incident, None).await? else { continue };
            let goes_on = parts.iter().any(|part| part.until.is_none());
            if !goes_on || mutes.iter().any(|mute| mute.covers(&parts, now)) {
                continue;
            }
            let channels: Vec<Channel> = self.store.items(CHANNEL, Some(&delivery.organisation)).await?;
            let hours = channels.into_iter().find(|channel| channel.id == delivery.channel).and_then(|channel| channel.quiet);
            let due = hours.map_or(now, |hours| hours.shifted(now));
            let mut tx = self.store.begin().await?;
            tx.save_delivery(&Delivery { state: DeliveryState::Waiting, due, ..delivery }).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn fate(&self, delivery: &Delivery) -> Result<Fate, Error> {
        let now = self.clock.now();
        let channels: Vec<Channel> = self.store.items(CHANNEL, Some(&delivery.organisation)).await?;
        let Some(channel) = channels.into_iter().find(|channel| channel.id == delivery.channel) else {
            return Ok(Fate::End(DeliveryState::Cancelled, "the channel was taken off".into()));
        };
        let secret = match &channel.way {
            Way::Webhook { secret, .. } => self.vault.open_sealed(secret)?,
            Way::Mail { .. } => String::new(),
        };
        let mut parcel = Parcel {
            voice: self.voice(channel.language),
            channel,
            secret,
            incident: None,
            report: None,
            opening: None,
            now,
            delivery: Delivery { attempts: delivery.attempts + 1, ..delivery.clone() },
        };
        if delivery.phase == Phase::Report {
            parcel.report = self.report_named(&delivery.organisation, &delivery.incident).await?;
        }
        if matches!(delivery.phase, Phase::Test | Phase::Report) {
            return Ok(Fate::Send(Box::new(parcel)));
        }
        let Some((incident, parts)) = self.store.incident(&delivery.incident, None).await? else {
            return Ok(Fate::End(DeliveryState::Cancelled, "the incident is gone".into()));
        };
        let told = self.store.deliveries_about(&delivery.organisation, &incident.id).await?;
        let opening = told.into_iter().find(|it| it.channel == delivery.channel && it.phase == Phase::Open);
        if delivery.phase == Phase::Close {
            match opening.as_ref().map(|it| it.state) {
                Some(DeliveryState::Sent) => {}
                Some(DeliveryState::Waiting) => {
                    let due = opening.map_or(now, |it| it.due).max(now).plus_secs(1);
                    return Ok(Fate::Later(due));
                }
                _ => return Ok(Fate::End(DeliveryState::Cancelled, "its beginning was not told".into())),
            }
        } else if let Some(why) = self.not_told(delivery, &parts, now).await? {
            return Ok(why);
        }
        parcel.opening = opening.map(|it| it.id);
        parcel.incident = Some(incident);
        Ok(Fate::Send(Box::new(parcel)))
    }

    /// Why a beginning is not told: it is muted, or was over too soon for its alert.
    async fn not_told(&self, delivery: &Delivery, parts: &[Part], now: Timestamp) -> Result<Option<Fate>, Error> {
        // What was tried once, or is sent again by hand, is told.
        if delivery.outcome.tried.is_some() {
            return Ok(None);
        }
        let mutes: Vec<Mute> = self.store.items(MUTE, Some(&delivery.organisation)).await?;
        if let Some(mute) = mutes.iter().find(|mute| mute.covers(parts, now)) {
            return Ok(Some(Fate::End(DeliveryState::Muted, format!("{}: {}", mute.id, mute.reason))));
        }
        let alerts: Vec<Alert> = self.store.items(ALERT, Some(&delivery.organisation)).await?;
        let alert = alerts.iter().find(|alert| alert.id == delivery.outcome.alert);
        // Another alert may ask for the same.
        let asks = |alert: &Alert| alert.channels.contains(&delivery.channel) && alert.due(parts).is_some_and(|due| due <= now);
        if alert.is_none() && !alerts.iter().any(asks) {
            return Ok(Some(Fate::End(DeliveryState::Cancelled, "the alert was taken off".into())));
        }
        let too_short = alert.is_some_and(|alert| alert.minutes > 0 && alert.due(parts).is_none());
        Ok(too_short.then(|| Fate::End(DeliveryState::Cancelled, "it was over before it lasted long enough".into())))
    }

    async fn answered(&self, mut delivery: Delivery, answer: Answer) -> Result<(), Error> {
        delivery.outcome.tried = Some(self.clock.now());
        match answer {
            Answer::Taken(words) => self.settle_delivery(delivery, DeliveryState::Sent, words).await,
            Answer::Gone(words) => self.settle_delivery(delivery, DeliveryState::Failed, words).await,
            Answer::Failed(words) => {
                let pause = usize::try_from(delivery.attempts - 1).ok().and_then(|at| PAUSES_S.get(at));
                // A test is seen at once by who asked for it.
                let Some(pause) = pause.filter(|_| delivery.phase != Phase::Test) else {
                    return self.settle_delivery(delivery, DeliveryState::Failed, words).await;
                };
                delivery.due = self.clock.now().plus_secs(*pause);
                self.settle_delivery(delivery, DeliveryState::Waiting, words).await
            }
        }
    }

    async fn settle_delivery(&self, mut delivery: Delivery, state: DeliveryState, words: String) -> Result<(), Error> {
        delivery.state = state;
        delivery.outcome.answer = words;
        let mut tx = self.store.begin().await?;
        tx.save_delivery(&delivery).await?;
        tx.commit().await?;
        self.live.tell("deliveries", &delivery.organisation);
        self.live.tell(&delivery.incident, &delivery.organisation);
        Ok(())
    }
}

impl Parcel {
    fn send(&self, settings: &LookoutSettings) -> Answer {
        let told = Told {
            news: match (&self.report, &self.incident) {
                (Some(report), _) => News::Report(report),
                (None, Some(incident)) => News::Incident(incident, self.delivery.phase),
                (None, None) => News::Test,
            },
            channel: &self.channel,
            written: if self.delivery.phase == Phase::Test { self.now } else { self.delivery.outcome.created },
            voice: self.voice,
        };
        match (&self.channel.way, &settings.mail) {
            (Way::Webhook { url, .. }, _) => {
                let body = letter::body(&told, &settings.public_url).to_string();
                webhook::send(url, &self.secret, &self.delivery.id, self.now.secs(), &body, &settings.webhook_allow)
            }
            (Way::Mail { address }, Some(server)) => {
                let (subject, text) = (letter::subject(&told), letter::text(&told, &settings.public_url));
                let thread = self.opening.as_deref().filter(|id| *id != self.delivery.id);
                mail::send(server, &Letter { to: &address.to_string(), subject: &subject, text: &text, id: &self.delivery.id, thread })
            }
            (Way::Mail { .. }, None) => Answer::Failed("this portal sends no mail: its operator has not said by which server".into()),
        }
    }
}
