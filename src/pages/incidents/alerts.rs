//! `/alerts`: of what one wants to be told, by which way, and what was told.

use crate::{
    components::{Ago, Copy, Empty, Field, Icon, Post, action, family_name, live, load, typed_before},
    rpc::incidents::{
        AddChannel, AddMute, AlertsView, ChannelView, DeliveryView, Redeliver, RemoveAlert, RemoveChannel, RemoveMute, SaveAlert,
        TestChannel, read_alerts,
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Language, Timestamp,
    incident::{Alert, Family, Mute},
};

/// Alerts, channels, mutes and deliveries.
#[component]
pub fn AlertsPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| read_alerts());
    live(|| "deliveries".to_owned(), found);
    view! {
        <Title text=tr!(alerts.title)/>
        <div>
            <h1>{tr!(alerts.title)}</h1>
            <p class="sub">{tr!(alerts.sub)}</p>
        </div>
        {load(found, |view| view! { <Alerts view=view/> })}
    }
}

#[component]
fn Alerts(view: AlertsView) -> impl IntoView {
    let now = view.now;
    view! {
        {alerts_panel(&view)}
        {channels_panel(&view)}
        {mutes_panel(&view)}
        {log(view.deliveries, view.writable, now)}
    }
}

/// An alert as a sentence.
pub fn alert_words(alert: &Alert, channels: &[ChannelView]) -> String {
    let what = match alert.families.as_slice() {
        [] => tr!(alert.anything),
        some => some.iter().map(|family| family_name(*family)).collect::<Vec<_>>().join(", "),
    };
    let of = alert.prefix.map_or_else(|| tr!(alert.any_prefix), |prefix| prefix.to_string());
    let told: Vec<&str> =
        channels.iter().filter(|channel| alert.channels.contains(&channel.id)).map(|channel| channel.name.as_str()).collect();
    let mut words = tr!(alert.words, what = what, of = of);
    if alert.confidence > 0 {
        words += &tr!(alert.sure, n = alert.confidence);
    }
    if alert.vantages > 1 {
        words += &tr!(alert.seen, n = alert.vantages);
    }
    if alert.minutes > 0 {
        words += &tr!(alert.lasts, n = alert.minutes);
    }
    words + &tr!(alert.told, channels = told.join(", "))
}

fn alerts_panel(view: &AlertsView) -> impl IntoView + use<> {
    let channels = view.channels.clone();
    let rows = view
        .alerts
        .iter()
        .map(|alert| {
            let remove = view.writable.then(|| {
                let label = tr!(alerts.remove, name = alert.name.clone());
                view! { <Post to={action::<RemoveAlert>()} fields=vec![("id", alert.id.clone())] label=label class="btn sm stop"/> }
            });
            view! { <li class="line"><span><b>{alert.name.clone()}</b><br/>{alert_words(alert, &channels)}</span><span class="push"></span>{remove}</li> }
        })
        .collect_view();
    let none = view.alerts.is_empty().then(|| view! { <p class="pbody muted">{tr!(alerts.none)}</p> });
    let form = match (view.writable, channels.is_empty()) {
        (false, _) => ().into_any(),
        (true, true) => {
            view! { <Empty text=tr!(alerts.channel_first)><a class="btn" href="#h-channels">{tr!(alerts.channels)}</a></Empty> }.into_any()
        }
        (true, false) => alert_form(channels).into_any(),
    };
    view! {
        <section class="panel" aria-labelledby="h-alerts">
            <div class="phead"><h2 id="h-alerts">{tr!(alerts.n, n = view.alerts.len())}</h2></div>
            <ul class="lines">{rows}</ul>
            {none}
            {form}
        </section>
    }
}

/// The form is a sentence with gaps.
fn alert_form(channels: Vec<ChannelView>) -> impl IntoView {
    let typed = typed_before("alert");
    let known = typed.get("name").is_some();
    let chosen = typed.get("families").unwrap_or_else(|| "hijack,leak,loss".into());
    let to = typed.get("channels").unwrap_or_default();
    let families = Family::ALL
        .into_iter()
        .enumerate()
        .map(|(at, family)| {
            let ticked = chosen.split(',').any(|word| word == family.word());
            view! { <label class="check"><input type="checkbox" name=format!("alert[families][{at}]") value=family.word() checked=ticked/>{family_name(family)}</label> }
        })
        .collect_view();
    let several = channels.len() > 1;
    let targets = channels
        .into_iter()
        .enumerate()
        .map(|(at, channel)| {
            let ticked = if known { to.split(',').any(|id| id == channel.id) } else { !several };
            view! { <label class="check"><input type="checkbox" name=format!("alert[channels][{at}]") value=channel.id checked=ticked/>{channel.name}</label> }
        })
        .collect_view();
    let number = |name: &str, default: &str| typed.get(name).unwrap_or_else(|| default.to_owned());
    let (confidence, vantages, minutes) = (number("confidence", "40"), number("vantages", "1"), number("minutes", "0"));
    let (prefix, name) = (typed.get("prefix"), typed.get("name"));
    view! {
        <form class="pbody form sentence" method="post" action={action::<SaveAlert>()} aria-label=tr!(alerts.new)>
            <fieldset class="row"><legend>{tr!(alerts.when)}</legend>{families}</fieldset>
            <div class="cols">
                <Field id="alert-prefix" label=tr!(alerts.prefix) help=tr!(alerts.prefix_help)>
                    <input id="alert-prefix" class="field mono" name="alert[prefix]" value=prefix autocomplete="off" spellcheck="false" aria-describedby="alert-prefix-help"/>
                </Field>
                <Field id="confidence" label=tr!(alerts.confidence)>
                    <input id="confidence" class="field" type="number" name="alert[confidence]" min="0" max="99" value=confidence/>
                </Field>
                <Field id="vantages" label=tr!(alerts.vantages)>
                    <input id="vantages" class="field" type="number" name="alert[vantages]" min="1" max="1000" value=vantages/>
                </Field>
                <Field id="minutes" label=tr!(alerts.minutes)>
                    <input id="minutes" class="field" type="number" name="alert[minutes]" min="0" max="1440" value=minutes/>
                </Field>
            </div>
            <fieldset class="row"><legend>{tr!(alerts.then)}</legend>{targets}</fieldset>
            <Field id="alert-name" label=tr!(alerts.name)>
                <input id="alert-name" class="field" name="alert[name]" maxlength="60" value=name autocomplete="off"/>
            </Field>
            <div class="row">
                <button class="btn main" type="submit" name="go" value="save">{tr!(alerts.save)}</button>
                <button class="btn" type="submit" name="go" value="try">{tr!(alerts.try_it)}</button>
            </div>
        </form>
    }
}

fn channels_panel(view: &AlertsView) -> impl IntoView + use<> {
    let writable = view.writable;
    let rows = view
        .channels
        .iter()
        .map(|channel| {
            let kind = if channel.mail { tr!(alerts.mail) } else { tr!(alerts.webhook) };
            let quiet = channel.quiet.clone().map(|hours| view! { <small>{tr!(alerts.quiet_words, hours = hours)}</small> });
            let acts = writable.then(|| {
                let id = vec![("id", channel.id.clone())];
                let (test, remove) = (tr!(alerts.test, name = channel.name.clone()), tr!(alerts.remove, name = channel.name.clone()));
                view! { <Post to={action::<TestChannel>()} fields=id.clone() label=test class="btn sm"/>" "<Post to={action::<RemoveChannel>()} fields=id label=remove class="btn sm stop"/> }
            });
            view! {
                <tr>
                    <td class="key" data-l=tr!(alerts.channel)><span>{channel.name.clone()}</span></td>
                    <td class="nowrap" data-l=tr!(alerts.kind)><span>{kind}<small lang=channel.language.code()>{channel.language.own_name()}</small>{quiet}</span></td>
                    <td class="mono wide" data-l=tr!(alerts.target)>{channel.target.clone()}</td>
                    <td class="acts">{acts}</td>
                </tr>
            }
        })
        .collect_view();
    let table = (!view.channels.is_empty()).then(|| {
        view! {
            <div class="scroll"><table class="tbl cards">
                <thead><tr><th scope="col">{tr!(alerts.channel)}</th><th scope="col">{tr!(alerts.kind)}</th><th scope="col">{tr!(alerts.target)}</th><th scope="col"><span class="visually-hidden">{tr!(probes.acts)}</span></th></tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        }
    });
    let form = writable.then(|| channel_form(view.mail));
    view! {
        <section class="panel" aria-labelledby="h-channels">
            <div class="phead"><h2 id="h-channels">{tr!(alerts.channels_n, n = view.channels.len())}</h2></div>
            {table}
            {form}
        </section>
    }
}

fn channel_form(mail: bool) -> impl IntoView {
    let typed = typed_before("channel");
    let is_mail = typed.get("kind").as_deref() == Some("mail");
    let (name, target, quiet) = (typed.get("name"), typed.get("target"), typed.get("quiet"));
    let help = if mail { tr!(alerts.target_help) } else { tr!(alerts.target_webhook) };
    let chosen = typed.get("language").and_then(|code| Language::of(&code)).unwrap_or_else(crate::text::language);
    let languages: Vec<_> = Language::ALL
        .into_iter()
        .map(|it| view! { <option value=it.code() lang=it.code() selected=it == chosen>{it.own_name()}</option> })
        .collect();
    let mail_choice = mail.then(|| view! { <option value="mail" selected=is_mail>{tr!(alerts.mail)}</option> });
    view! {
        <form class="pbody form" method="post" action={action::<AddChannel>()} aria-label=tr!(alerts.new_channel)>
            <div class="cols">
                <Field id="channel-name" label=tr!(alerts.channel_name)>
                    <input id="channel-name" class="field" name="name" maxlength="60" value=name autocomplete="off"/>
                </Field>
                <Field id="channel-kind" label=tr!(alerts.kind)>
                    <select id="channel-kind" class="field" name="kind"><option value="webhook">{tr!(alerts.webhook)}</option>{mail_choice}</select>
                </Field>
                <Field id="channel-target" label=tr!(alerts.target) help=help>
                    <input id="channel-target" class="field mono" name="target" maxlength="500" value=target autocomplete="off" spellcheck="false" aria-describedby="channel-target-help"/>
                </Field>
                <Field id="channel-language" label=tr!(alerts.language)>
                    <select id="channel-language" class="field" name="language">{languages}</select>
                </Field>
                <Field id="channel-quiet" label=tr!(alerts.quiet) help=tr!(alerts.quiet_help)>
                    <input id="channel-quiet" class="field" name="quiet" maxlength="20" value=quiet autocomplete="off" aria-describedby="channel-quiet-help"/>
                </Field>
            </div>
            <div class="row"><button class="btn" type="submit">{tr!(alerts.add_channel)}</button></div>
        </form>
    }
}

fn mute_words(mute: &Mute) -> String {
    let what = mute.family.map_or_else(|| tr!(alert.anything), family_name);
    let of = mute.prefix.map_or_else(|| tr!(alert.any_prefix), |prefix| prefix.to_string());
    tr!(
        mute.words,
        what = what,
        of = of,
        until = crate::text::language().date(mute.expires.plus_secs(-1)),
        reason = mute.reason.clone(),
        who = mute.author.clone()
    )
}

fn mutes_panel(view: &AlertsView) -> impl IntoView + use<> {
    let rows = view
        .mutes
        .iter()
        .map(|mute| {
            let remove = view.writable.then(|| {
                let label = tr!(mute.end, id = mute.id.clone());
                view! { <Post to={action::<RemoveMute>()} fields=vec![("id", mute.id.clone())] label=label class="btn sm"/> }
            });
            view! { <li class="line"><span>{mute_words(mute)}</span><span class="push"></span>{remove}</li> }
        })
        .collect_view();
    let form = view.writable.then(|| {
        let typed = typed_before("mute");
        let chosen = typed.get("family").unwrap_or_default();
        let families: Vec<_> = Family::ALL
            .into_iter()
            .map(|family| view! { <option value=family.word() selected=chosen == family.word()>{family_name(family)}</option> })
            .collect();
        let (prefix, reason) = (typed.get("prefix"), typed.get("reason"));
        let until = typed.get("until").unwrap_or_else(|| view.now.plus_secs(86_400).iso_date());
        view! {
            <form class="pbody form" method="post" action={action::<AddMute>()} aria-label=tr!(mute.new)>
                <div class="cols">
                    <Field id="mute-prefix" label=tr!(mute.prefix) help=tr!(alerts.prefix_help)>
                        <input id="mute-prefix" class="field mono" name="prefix" value=prefix autocomplete="off" spellcheck="false" aria-describedby="mute-prefix-help"/>
                    </Field>
                    <Field id="mute-family" label=tr!(mute.family)>
                        <select id="mute-family" class="field" name="family"><option value="">{tr!(alert.anything)}</option>{families}</select>
                    </Field>
                    <Field id="mute-reason" label=tr!(meant.reason)>
                        <input id="mute-reason" class="field" name="reason" maxlength="500" value=reason autocomplete="off"/>
                    </Field>
                    <Field id="mute-until" label=tr!(meant.until)>
                        <input id="mute-until" class="field" type="date" name="until" value=until/>
                    </Field>
                </div>
                <div class="row"><button class="btn" type="submit">{tr!(mute.act)}</button></div>
            </form>
        }
    });
    view! {
        <section class="panel" aria-labelledby="h-mutes">
            <div class="phead"><h2 id="h-mutes">{tr!(mute.n, n = view.mutes.len())}</h2><p>{tr!(mute.help)}</p></div>
            <ul class="lines">{rows}</ul>
            {form}
        </section>
    }
}

/// A delivery in words.
pub(super) fn delivery_words(it: &DeliveryView) -> String {
    let what = match it.phase.as_str() {
        "open" => tr!(delivery.open),
        "close" => tr!(delivery.close),
        "report" => tr!(delivery.report),
        _ => tr!(delivery.test),
    };
    let channel = it.channel.clone();
    match it.state.as_str() {
        "sent" => tr!(delivery.sent, channel = channel, what = what, answer = it.answer.clone()),
        "failed" => tr!(delivery.failed, channel = channel, what = what, answer = it.answer.clone()),
        "cancelled" => tr!(delivery.cancelled, channel = channel, what = what, answer = it.answer.clone()),
        "muted" => tr!(delivery.muted, channel = channel, what = what, answer = it.answer.clone()),
        _ if it.attempts > 0 => tr!(delivery.again, channel = channel, what = what, due = it.due.minute(), answer = it.answer.clone()),
        _ => tr!(delivery.waiting, channel = channel, what = what, due = it.due.minute()),
    }
}

fn log(all: Vec<DeliveryView>, writable: bool, now: Timestamp) -> impl IntoView {
    let count = all.len();
    let rows = all
        .into_iter()
        .map(|it| {
            let (class, icon) = match it.state.as_str() {
                "sent" => ("pass", "tick"),
                "failed" => ("fail", "fail"),
                "waiting" => ("now", "clock"),
                _ => ("unknown", "unknown"),
            };
            let again = (writable && matches!(it.state.as_str(), "sent" | "failed")).then(|| {
                let label = tr!(delivery.redeliver, id = it.id.clone());
                view! { <Post to={action::<Redeliver>()} fields=vec![("id", it.id.clone())] label=label class="btn sm"/> }
            });
            let incident = match it.phase.as_str() {
                "test" => view! { <span class="muted">{it.incident.clone()}</span> }.into_any(),
                "report" => view! { <a href=format!("/reports/{}", it.incident.replace(' ', "/"))>{it.incident.clone()}</a> }.into_any(),
                _ => view! { <a href=format!("/incidents/{}", it.incident)>{it.incident.clone()}</a> }.into_any(),
            };
            let at = it.tried.unwrap_or(it.due);
            view! {
                <tr>
                    <td class="key nowrap" data-l=tr!(delivery.id)><Copy text=it.id.clone()/></td>
                    <td class="v" data-l=tr!(delivery.state)><span class=format!("st {class}")><Icon name=icon/><Ago at=at now=now/></span></td>
                    <td data-l=tr!(delivery.incident)>{incident}</td>
                    <td data-l=tr!(delivery.what)>{delivery_words(&it)}</td>
                    <td class="acts">{again}</td>
                </tr>
            }
        })
        .collect_view();
    (count > 0).then(|| {
        view! {
            <section class="panel" aria-labelledby="h-log">
                <div class="phead"><h2 id="h-log">{tr!(delivery.title)}</h2></div>
                <div class="scroll"><table class="tbl cards">
                    <thead><tr>
                        <th scope="col">{tr!(delivery.id)}</th><th scope="col">{tr!(delivery.state)}</th><th scope="col">{tr!(delivery.incident)}</th>
                        <th scope="col">{tr!(delivery.what)}</th><th scope="col"><span class="visually-hidden">{tr!(probes.acts)}</span></th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table></div>
            </section>
        }
    })
}
