//! What a channel is told, in its language: the body of a webhook, subject and text of a mail.

use super::channels::Channel;
use crate::{reports::Report, voice::Voice};
use peerage_domain::{
    Text, Timestamp,
    incident::{Incident, advice, sentence},
    say,
    telemetry::Level,
};
use peerage_storage::deliveries::Phase;
use serde_json::{Value, json};

/// Of what is told.
pub(super) enum News<'a> {
    /// A week or a month.
    Report(&'a Report),
    /// That an incident began, or is over.
    Incident(&'a Incident, Phase),
    /// Whether something arrives.
    Test,
}

/// Everything that it takes to tell it.
pub(super) struct Told<'a> {
    /// Of what.
    pub(super) news: News<'a>,
    /// By which channel.
    pub(super) channel: &'a Channel,
    /// When it was written down that it is to be told.
    pub(super) written: Timestamp,
    /// In which language.
    pub(super) voice: Voice,
}

fn link(public_url: &str, incident: &Incident) -> String {
    format!("{}/incidents/{}", public_url.trim_end_matches('/'), incident.id)
}

/// The body of a webhook. Words for people are in the language of the channel, words for programs are not.
pub(super) fn body(told: &Told, public_url: &str) -> Value {
    let Told { channel, written, voice, .. } = told;
    let (incident, phase) = match &told.news {
        News::Report(report) => return json!({"type": "report.ready", "timestamp": written, "data": report.body(public_url, *voice)}),
        News::Test => return json!({"type": "channel.test", "timestamp": written, "data": {"channel": channel.id, "name": channel.name}}),
        News::Incident(incident, phase) => (incident, phase),
    };
    let part = &incident.worst;
    let (from, to) = part.around();
    let reasons: Vec<_> = part.reasons.iter().map(|it| json!({"weight": it.weight, "text": voice.say(&it.text)})).collect();
    json!({
        "type": if *phase == Phase::Open { "incident.opened" } else { "incident.closed" },
        "timestamp": written,
        "data": {
            "id": incident.id,
            "url": (!public_url.is_empty()).then(|| link(public_url, incident)),
            "sentence": voice.say(&sentence(part)),
            "level": incident.level(),
            "family": incident.family.word(),
            "type": part.kind.word(),
            "prefix": part.prefix,
            "prefixes": incident.prefixes,
            "expected": part.expected,
            "by": incident.by,
            "from": from,
            "to": to,
            "origin": part.origin,
            "path": part.path(),
            "confidence": incident.peak,
            "reasons": reasons,
            "vantage_points": incident.vantages,
            "opened": incident.opened,
            "closed": incident.closed,
            "measured": part.measured,
            "replay": incident.replay.as_ref().map(|replay| &replay.name),
        }
    })
}

/// What a mail is about.
pub(super) fn subject(told: &Told) -> String {
    let voice = told.voice;
    let (incident, phase) = match &told.news {
        News::Report(report) => return report.subject(voice),
        News::Test => return voice.say(&say!("mail.test_subject", "Test of the channel “{name}”", name = told.channel.name)),
        News::Incident(incident, phase) => (incident, phase),
    };
    let mut what = voice.say(&sentence(&incident.worst));
    if *phase == Phase::Close {
        what = voice.say(&say!("mail.over_subject", "Over: {what}", what = what));
    }
    if incident.replay.is_some() {
        what = voice.say(&say!("mail.replay_subject", "Replay: {what}", what = what));
    }
    format!("{what} [{}]", incident.id)
}

/// A mail's text.
pub(super) fn text(told: &Told, public_url: &str) -> String {
    let voice = told.voice;
    let (incident, phase) = match &told.news {
        News::Report(report) => return report.text(public_url, voice),
        News::Test => {
            let said = say!("mail.test", "This is a test of the channel “{name}”. Mail arrives.", name = told.channel.name);
            return voice.say(&said) + "\n";
        }
        News::Incident(incident, phase) => (incident, phase),
    };
    let part = &incident.worst;
    let mut lines = vec![voice.say(&sentence(part)), String::new()];
    if let Some(replay) = &incident.replay {
        lines.push(voice.say(&say!("mail.replay", "This is a replay of {name}: nothing happens now.", name = replay.name)));
    }
    lines.extend(facts(incident, voice));
    if *phase == Phase::Open {
        lines.push(String::new());
        lines.extend(part.reasons.iter().map(|it| format!("{:>+4}  {}", it.weight, voice.say(&it.text))));
        // What is over needs nobody to do anything.
        if incident.closed.is_none() {
            lines.push(String::new());
            lines.extend(advice(incident).iter().map(|it| format!("- {}", voice.say(it))));
        }
    }
    if !public_url.is_empty() {
        lines.extend([String::new(), link(public_url, incident)]);
    }
    lines.join("\n") + "\n"
}

/// What is known of an incident, a line each, values below each other.
fn facts(incident: &Incident, voice: Voice) -> Vec<String> {
    let part = &incident.worst;
    let (sure, n) = (incident.peak, incident.vantages);
    let seen = match part.measured {
        Some(_) => say!("mail.measured", "{sure} %, {n} series", sure = sure, n = n),
        None => say!("mail.seen", "{sure} %, vantage points: {n}", sure = sure, n = n),
    };
    let over = incident.closed.map(|closed| {
        let minutes = incident.lasted_s(closed) / 60;
        voice.say(&say!("mail.after", "{at}, after {minutes} min", at = closed, minutes = minutes))
    });
    let path: Vec<String> = part.path().iter().map(ToString::to_string).collect();
    let rows = [
        (say!("mail.level", "Level"), Some(voice.say(&level(incident.level())))),
        (say!("mail.confidence", "Confidence"), Some(voice.say(&seen))),
        (say!("mail.prefixes", "Prefixes"), Some(incident.prefixes.to_string())),
        (say!("mail.began", "Began"), Some(incident.opened.to_string())),
        (say!("mail.over", "Over"), over),
        (say!("mail.path", "Path"), (!path.is_empty()).then(|| path.join(" "))),
    ];
    let rows: Vec<(String, String)> = rows.into_iter().filter_map(|(label, value)| Some((voice.say(&label) + ":", value?))).collect();
    let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
    rows.into_iter().map(|(label, value)| format!("{label:width$}  {value}")).collect()
}

fn level(level: Level) -> Text {
    match level {
        Level::Information => say!("level.information", "Information"),
        Level::Warning => say!("level.warning", "Warning"),
        Level::Error => say!("level.error", "Error"),
        Level::Critical => say!("level.critical", "Critical"),
    }
}
