//! What people say about incidents, and who wants to be told.

use super::{done, form_as, form_keeping, sender};
use crate::{
    rpc::{Failure, Flash, Typed},
    server::context::keep_typed,
};
use peerage_domain::incident::AlertForm;
use peerage_service::{
    Error,
    lookout::{ChannelForm, ExceptionForm, MuteForm},
};
use peerage_storage::deliveries::DeliveryState;

/// Days that an alert is tried on.
const TRY_DAYS: i64 = 30;

pub(crate) async fn acknowledge(id: String, note: String) -> Result<(), Failure> {
    form_keeping(Typed::new("acknowledge").with("note", &note), async |service, actor| {
        service.acknowledge(&actor, &id, &note).await?;
        done(sender(), tr!(done.acknowledged))
    })
    .await
}

pub(crate) async fn add_exception(
    prefix: String,
    what: String,
    value: String,
    reason: String,
    until: String,
    incident: String,
) -> Result<(), Failure> {
    let fields = [("prefix", &prefix), ("what", &what), ("value", &value), ("reason", &reason), ("until", &until)];
    let typed = fields.into_iter().fold(Typed::new("exception"), |typed, (name, value)| typed.with(name, value));
    form_keeping(typed, async |service, actor| {
        let form = ExceptionForm { prefix: prefix.clone(), what, value, reason, until, incident };
        let made = service.add_exception(&actor, &form).await?;
        done(sender(), tr!(done.excepted, prefix = made.prefix, until = crate::text::language().date(made.expires.plus_secs(-1))))
    })
    .await
}

pub(crate) async fn remove_exception(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.remove_exception(&actor, &id).await?;
        done(sender(), tr!(done.exception_removed))
    })
    .await
}

pub(crate) async fn save_alert(id: String, alert: AlertForm, go: String) -> Result<(), Failure> {
    let (chosen, told) = (alert.families.join(","), alert.channels.join(","));
    let fields = [
        ("name", &alert.name),
        ("families", &chosen),
        ("prefix", &alert.prefix),
        ("confidence", &alert.confidence),
        ("vantages", &alert.vantages),
        ("minutes", &alert.minutes),
        ("channels", &told),
    ];
    let typed = fields.into_iter().fold(Typed::new("alert"), |typed, (name, value)| typed.with(name, value));
    form_keeping(typed.clone(), async |service, actor| {
        if go == "try" {
            let fired = service.back_test(&actor, &alert, TRY_DAYS).await?;
            keep_typed(&typed).await.map_err(|failure| Error::Fault(failure.message))?;
            let last: Vec<String> = fired.iter().rev().take(5).map(|it| format!("{} ({})", it.incident, it.at.minute())).collect();
            let words = match fired.len() {
                0 => tr!(done.tried_none, days = TRY_DAYS),
                n => tr!(done.tried, days = TRY_DAYS, n = n, last = last.join(", ")),
            };
            return done("/alerts", words);
        }
        let kept = service.save_alert(&actor, &id, &alert).await?;
        done("/alerts", tr!(done.alert, name = kept.name))
    })
    .await
}

pub(crate) async fn remove_alert(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.remove_alert(&actor, &id).await?;
        done("/alerts", tr!(done.alert_removed))
    })
    .await
}

pub(crate) async fn add_channel(form: ChannelForm) -> Result<(), Failure> {
    let fields =
        [("name", &form.name), ("kind", &form.kind), ("target", &form.target), ("quiet", &form.quiet), ("language", &form.language)];
    let typed = fields.into_iter().fold(Typed::new("channel"), |typed, (name, value)| typed.with(name, value));
    form_keeping(typed, async |service, actor| {
        let (channel, secret) = service.add_channel(&actor, &form).await?;
        match secret {
            Some(value) => {
                let what = tr!(done.webhook, name = channel.name);
                Ok(("/alerts".into(), Some(Flash::Secret { what, value })))
            }
            None => done("/alerts", tr!(done.channel, name = channel.name)),
        }
    })
    .await
}

pub(crate) async fn remove_channel(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.remove_channel(&actor, &id).await?;
        done("/alerts", tr!(done.channel_removed))
    })
    .await
}

pub(crate) async fn test_channel(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let sent = service.test_channel(&actor, &id).await?;
        if sent.state == DeliveryState::Sent {
            return done("/alerts", tr!(done.tested, answer = sent.outcome.answer));
        }
        Err(Error::Refused(peerage_domain::say!("channel.test_failed", "It did not arrive: {why}", why = sent.outcome.answer)))
    })
    .await
}

pub(crate) async fn redeliver(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.redeliver(&actor, &id).await?;
        done(sender(), tr!(done.redelivered))
    })
    .await
}

pub(crate) async fn add_mute(prefix: String, family: String, reason: String, until: String) -> Result<(), Failure> {
    let fields = [("prefix", &prefix), ("family", &family), ("reason", &reason), ("until", &until)];
    let typed = fields.into_iter().fold(Typed::new("mute"), |typed, (name, value)| typed.with(name, value));
    form_keeping(typed, async |service, actor| {
        let made = service.add_mute(&actor, &MuteForm { prefix, family, reason, until }).await?;
        done("/alerts", tr!(done.muted, until = crate::text::language().date(made.expires.plus_secs(-1))))
    })
    .await
}

pub(crate) async fn remove_mute(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.remove_mute(&actor, &id).await?;
        done("/alerts", tr!(done.unmuted))
    })
    .await
}
