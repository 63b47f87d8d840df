//! The words and marks of incidents that several pages use.

use crate::{components::Icon, text::say};
use leptos::prelude::*;
use peerage_domain::{
    Asn, Prefix, Timestamp,
    incident::{Allow, Family, Incident, Kind, Turn},
    sighting::Hop,
    telemetry::{Level, RouteEvent},
};

/// How much something matters: shape, word and colour.
#[component]
pub fn LevelMark(
    /// The level.
    level: Level,
) -> impl IntoView {
    let (class, icon, word) = match level {
        Level::Information => ("unknown", "clock", tr!(level.information)),
        Level::Warning => ("warn", "warn", tr!(level.warning)),
        Level::Error => ("fail", "fail", tr!(level.error)),
        Level::Critical => ("fail", "fail", tr!(level.critical)),
    };
    view! { <span class=format!("st {class}")><Icon name=icon/>{word}</span> }
}

/// What happened to a route: in the reader's language where the portal says it, else as the source does.
pub fn event_words(event: &RouteEvent) -> String {
    event.text.as_ref().map_or_else(|| event.summary.clone(), say)
}

/// Whether it goes on.
#[component]
pub fn IncidentState(
    /// The incident.
    incident: Incident,
) -> impl IntoView {
    let (class, icon, word) = match incident.closed {
        Some(_) => ("pass", "tick", tr!(incident_page.over)),
        None if incident.quiet => ("now", "clock", tr!(incident_page.quiet)),
        None => ("fail", "fail", tr!(incident_page.open)),
    };
    view! { <span class=format!("st {class}")><Icon name=icon/>{word}</span> }
}

/// A family as people call it.
pub fn family_name(family: Family) -> String {
    match family {
        Family::Hijack => tr!(family.hijack),
        Family::Leak => tr!(family.leak),
        Family::Loss => tr!(family.loss),
        Family::Rpki => tr!(family.rpki),
        Family::Announcement => tr!(family.announcement),
        Family::Path => tr!(family.path),
        Family::Latency => tr!(family.latency),
    }
}

/// A kind as people call it.
pub fn kind_name(kind: Kind) -> String {
    match kind {
        Kind::OriginChange => tr!(kind.origin),
        Kind::SubPrefix => tr!(kind.part),
        Kind::ForgedOrigin => tr!(kind.forged),
        Kind::RouteLeak => tr!(kind.leak),
        Kind::Withdrawal => tr!(kind.gone),
        Kind::VisibilityLoss => tr!(kind.fewer),
        Kind::RpkiInvalid => tr!(kind.invalid),
        Kind::MoreSpecific => tr!(kind.longer),
        Kind::PathChange => tr!(kind.path),
        Kind::Suboptimal => tr!(kind.suboptimal),
        Kind::PacketLoss => tr!(kind.packet_loss),
        Kind::LatencyRise => tr!(kind.latency_rise),
    }
}

/// What an exception allows, as people call it.
pub fn allow_name(allow: Allow) -> String {
    match allow {
        Allow::Origin(asn) => tr!(allow.origin, asn = asn),
        Allow::Upstream(asn) => tr!(allow.upstream, asn = asn),
        Allow::Length(length) => tr!(allow.length, length = length),
        Allow::Kind(kind) => tr!(allow.kind, kind = kind_name(kind)),
    }
}

/// A line of an incident's history.
pub fn turn_words(turn: &Turn) -> String {
    match turn {
        Turn::Began { kind, confidence, vantages, .. } if kind.family() == Family::Latency => {
            tr!(turn.slow_began, kind = kind_name(*kind), confidence = confidence, n = vantages)
        }
        Turn::Changed { kind, confidence, vantages, .. } if kind.family() == Family::Latency => {
            tr!(turn.slow_changed, kind = kind_name(*kind), confidence = confidence, n = vantages)
        }
        Turn::Ended { kind, .. } if kind.family() == Family::Latency => tr!(turn.slow_ended, kind = kind_name(*kind)),
        Turn::Began { prefix, kind, confidence, vantages } => {
            tr!(turn.began, prefix = prefix, kind = kind_name(*kind), confidence = confidence, n = vantages)
        }
        Turn::Changed { prefix, confidence, vantages, .. } => {
            tr!(turn.changed, prefix = prefix, confidence = confidence, n = vantages)
        }
        Turn::Ended { prefix, kind } => tr!(turn.ended, prefix = prefix, kind = kind_name(*kind)),
        Turn::Acknowledged { note } if note.is_empty() => tr!(turn.acknowledged),
        Turn::Acknowledged { note } => tr!(turn.acknowledged_note, note = note),
        Turn::Closed => tr!(turn.closed),
        Turn::Excepted { allow, reason } => tr!(turn.excepted, allow = allow_name(*allow), reason = reason),
    }
}

/// Seconds as people say them.
pub fn duration(seconds: i64) -> String {
    crate::text::language().age(Timestamp::from_secs(0), Timestamp::from_secs(seconds))
}

/// A prefix as it stands in an address.
pub fn prefix_in_path(prefix: Prefix) -> String {
    prefix.to_string().replace('/', "_")
}

/// A path, AS by AS; those that `is_odd` finds are marked, the last one is the origin.
#[component]
pub fn PathLine(
    /// The path, nearest AS first.
    hops: Vec<Hop>,
    /// Those that were not there before.
    odd: Vec<Hop>,
    /// Who may originate it.
    origins: Vec<Asn>,
) -> impl IntoView {
    if hops.is_empty() {
        return view! { <p class="muted">{tr!(path.none)}</p> }.into_any();
    }
    let last = hops.len() - 1;
    let items = hops
        .into_iter()
        .enumerate()
        .map(|(at, hop)| {
            let own = hop.asn().is_some_and(|asn| origins.contains(&asn));
            let (class, word) = match (at == last, own, odd.contains(&hop)) {
                (true, true, _) => ("hop own", Some(tr!(path.origin))),
                (true, false, _) => ("hop odd", Some(tr!(path.other_origin))),
                (false, _, true) => ("hop odd", Some(tr!(path.new))),
                _ => ("hop", None),
            };
            view! { <li class=class><span class="mono">{hop.to_string()}</span>{word.map(|word| view! { <small>{word}</small> })}</li> }
        })
        .collect_view();
    view! { <ol class="path">{items}</ol> }.into_any()
}
