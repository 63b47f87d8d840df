//! What happened on sessions, as route events in the words of the reference service.

use peerage_domain::{
    Prefix, Timestamp,
    service::events,
    telemetry::{RouteEvent, RouteEventKind as K},
};

pub(super) fn route_event(prefix: Prefix, it: events::Happened, now: Timestamp) -> RouteEvent {
    let path = it.path.iter().map(|asn| asn.0.to_string()).collect::<Vec<_>>().join(" ");
    let on = it.sessions.join(", ");
    let summary = match it.kind {
        K::PrefixAnnouncementEvent => format!("{prefix} is announced at the primary location with the path {path}"),
        K::PrefixWithdrawalEvent => format!("{prefix} is not announced at the primary location any more"),
        K::PrefixBackupRouteAnnouncementEvent => format!("{prefix} is announced at the backup location with the path {path}"),
        K::PrefixBackupRouteWithdrawalEvent => format!("{prefix} is not announced at the backup location any more"),
        K::PrefixActivePath => format!("traffic to {prefix} goes by {path}"),
        K::PrefixBackupPath => format!("the backup route of {prefix} is {path}"),
        K::PrefixOriginAsChangeEvent => format!("{prefix} comes from another origin, by {path}"),
        K::PrefixBackupRouteOriginAsChangeEvent => format!("{prefix} comes from another origin at the backup location, by {path}"),
        // These are seen on the Internet, not on sessions.
        K::PrefixPartOriginAsChangeEvent
        | K::PrefixForgedPathEvent
        | K::PrefixRouteLeakEvent
        | K::PrefixVisibilityLossEvent
        | K::PrefixRpkiInvalidEvent
        | K::PrefixMoreSpecificEvent
        | K::PrefixPathChangeEvent
        | K::PrefixSuboptimalEvent
        | K::LatencyRiseEvent
        | K::PacketLossEvent
        | K::PrefixIncidentOverEvent => format!("{prefix}, by {path}"),
    };
    RouteEvent { time: now, kind: it.kind, prefix, path: it.path, summary, source: format!("sessions with {on}") }
}

pub(crate) fn event_id(organisation: &str, event: &RouteEvent) -> String {
    let path: Vec<String> = event.path.iter().map(ToString::to_string).collect();
    let key = format!("{organisation}|{}|{:?}|{}|{}", event.time.millis(), event.kind, event.prefix, path.join(" "));
    format!("EV-{}", &crate::secrets::token_hash(&key)[..12])
}
