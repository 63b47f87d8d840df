//! What happened on sessions, as route events in the words of the reference service.

use peerage_domain::{
    Prefix, Timestamp, say,
    service::events,
    telemetry::{RouteEvent, RouteEventKind as K},
};

pub(super) fn route_event(prefix: Prefix, it: events::Happened, now: Timestamp) -> RouteEvent {
    let path = it.path.iter().map(|asn| asn.0.to_string()).collect::<Vec<_>>().join(" ");
    let on = it.sessions.join(", ");
    let text = match it.kind {
        K::PrefixAnnouncementEvent => {
            say!("happened.announced", "{prefix} is announced at the primary location with the path {path}", prefix = prefix, path = path)
        }
        K::PrefixWithdrawalEvent => {
            say!("happened.withdrawn", "{prefix} is not announced at the primary location any more", prefix = prefix)
        }
        K::PrefixBackupRouteAnnouncementEvent => {
            say!(
                "happened.backup_announced",
                "{prefix} is announced at the backup location with the path {path}",
                prefix = prefix,
                path = path
            )
        }
        K::PrefixBackupRouteWithdrawalEvent => {
            say!("happened.backup_withdrawn", "{prefix} is not announced at the backup location any more", prefix = prefix)
        }
        K::PrefixActivePath => say!("happened.active", "traffic to {prefix} goes by {path}", prefix = prefix, path = path),
        K::PrefixBackupPath => say!("happened.backup", "the backup route of {prefix} is {path}", prefix = prefix, path = path),
        K::PrefixOriginAsChangeEvent => {
            say!("happened.origin", "{prefix} comes from another origin, by {path}", prefix = prefix, path = path)
        }
        K::PrefixBackupRouteOriginAsChangeEvent => say!(
            "happened.backup_origin",
            "{prefix} comes from another origin at the backup location, by {path}",
            prefix = prefix,
            path = path
        ),
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
        | K::PrefixIncidentOverEvent => say!("happened.other", "{prefix}, by {path}", prefix = prefix, path = path),
    };
    RouteEvent {
        time: now,
        kind: it.kind,
        prefix,
        path: it.path,
        summary: text.to_string(),
        text: Some(text),
        source: format!("sessions with {on}"),
    }
}

pub(crate) fn event_id(organisation: &str, event: &RouteEvent) -> String {
    let path: Vec<String> = event.path.iter().map(ToString::to_string).collect();
    let key = format!("{organisation}|{}|{:?}|{}|{}", event.time.millis(), event.kind, event.prefix, path.join(" "));
    format!("EV-{}", &crate::secrets::token_hash(&key)[..12])
}
