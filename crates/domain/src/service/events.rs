//! What happened to a prefix between two looks, in the words of the reference service.

use super::{Announcement, Role, verdict::Evidence};
use crate::{Asn, telemetry::RouteEventKind};
use std::collections::BTreeSet;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// What.
    pub kind: RouteEventKind,
    /// The path it is about; empty for a withdrawal.
    pub path: Vec<Asn>,
    /// The sessions it was seen on, by the partner's addresses.
    pub sessions: Vec<String>,
}

/// The routes of one role.
struct Routes<'a>(Vec<(&'a Evidence, &'a Announcement)>);

impl<'a> Routes<'a> {
    fn of(role: Role, now: &'a [Evidence], before: &'a [Evidence]) -> Self {
        let route = |it: &'a Evidence| {
            // What a silent router received is taken to be what it received before.
            let earlier = || before.iter().find(|earlier| earlier.session.id == it.session.id)?.route.as_ref();
            let known = it.route.as_ref().or_else(|| (!it.heard && it.session.up != Some(false)).then(earlier).flatten());
            known.map(|route| (it, route))
        };
        Routes(now.iter().filter(|it| it.role == role).filter_map(route).collect())
    }

    /// The one that is preferred: the shortest, then the first by session.
    fn best(&self) -> Option<&'a Announcement> {
        self.0.iter().min_by_key(|(it, route)| (route.path.len(), &it.session.id)).map(|(_, route)| *route)
    }

    fn origins(&self) -> BTreeSet<Asn> {
        self.0.iter().filter_map(|(_, route)| route.origin).collect()
    }

    fn sessions(&self) -> Vec<String> {
        self.0.iter().map(|(it, _)| it.session.address.to_string()).collect()
    }
}

/// What happened between two looks at a prefix whose routes should come from `expected`.
pub fn happened(before: &[Evidence], now: &[Evidence], expected: &BTreeSet<Asn>) -> Vec<Happened> {
    use RouteEventKind as K;
    let of = |role| (Routes::of(role, before, &[]), Routes::of(role, now, before));
    let (primary_before, primary) = of(Role::Primary);
    let (backup_before, backup) = of(Role::Backup);
    let mut found = vec![];
    found.extend(came_or_went(&primary_before, &primary, K::PrefixAnnouncementEvent, K::PrefixWithdrawalEvent));
    found.extend(origin(&primary_before, &primary, expected, K::PrefixOriginAsChangeEvent));
    found.extend(came_or_went(&backup_before, &backup, K::PrefixBackupRouteAnnouncementEvent, K::PrefixBackupRouteWithdrawalEvent));
    found.extend(origin(&backup_before, &backup, expected, K::PrefixBackupRouteOriginAsChangeEvent));
    // Traffic enters by the primary location as long as there is a route.
    let active = |primary: &Routes<'_>, backup: &Routes<'_>| primary.best().or(backup.best()).map(|route| route.path.clone());
    let path = active(&primary, &backup);
    if path != active(&primary_before, &backup_before) {
        let sessions = if primary.0.is_empty() { backup.sessions() } else { primary.sessions() };
        found.extend(path.map(|path| Happened { kind: K::PrefixActivePath, path, sessions }));
    }
    let path = backup.best().map(|route| &route.path);
    if path != backup_before.best().map(|route| &route.path) {
        found.extend(path.map(|path| Happened { kind: K::PrefixBackupPath, path: path.clone(), sessions: backup.sessions() }));
    }
    found
}

fn came_or_went(before: &Routes, now: &Routes, came: RouteEventKind, went: RouteEventKind) -> Option<Happened> {
    match (before.best(), now.best()) {
        (None, Some(route)) => Some(Happened { kind: came, path: route.path.clone(), sessions: now.sessions() }),
        (Some(_), None) => Some(Happened { kind: went, path: vec![], sessions: before.sessions() }),
        _ => None,
    }
}

/// Another origin than before, or, where there was no route, than is expected.
fn origin(before: &Routes, now: &Routes, expected: &BTreeSet<Asn>, kind: RouteEventKind) -> Option<Happened> {
    let (was, is) = (before.origins(), now.origins());
    let known = if was.is_empty() { expected } else { &was };
    if known.is_empty() {
        return None;
    }
    let (it, route) =
        now.0.iter().find(|(_, route)| route.origin.is_some_and(|origin| is.contains(&origin) && !known.contains(&origin)))?;
    Some(Happened { kind, path: route.path.clone(), sessions: vec![it.session.address.to_string()] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Session;

    /// `P1:13030 719` is a route on the first session at the primary location; `B2!` a silent
    /// router's session at the backup location.
    fn evidence(text: &str) -> Vec<Evidence> {
        text.split(',').filter(|part| !part.trim().is_empty()).map(|part| one(part.trim())).collect()
    }

    fn one(part: &str) -> Evidence {
        let (name, path) = part.split_once(':').unwrap_or((part, ""));
        let path: Vec<Asn> = path.split_whitespace().map(|n| n.parse().expect(n)).collect();
        let number = name[1..2].parse::<u8>().expect("number");
        let role = if name.starts_with('P') { Role::Primary } else { Role::Backup };
        Evidence {
            session: Session {
                id: name[..2].to_owned(),
                address: format!("193.0.13.{number}").parse().expect("address"),
                router: "edge".into(),
                location: "LO-1".into(),
                up: (!name.ends_with('!')).then_some(true),
            },
            role,
            heard: !name.ends_with('!'),
            route: (!path.is_empty()).then(|| Announcement { origin: path.last().copied(), path, ..Announcement::default() }),
        }
    }

    fn check(before: &str, now: &str, expected: &str) {
        let origins = [Asn(719)].into();
        let found = happened(&evidence(before), &evidence(now), &origins);
        let words: Vec<String> = found.iter().map(|it| format!("{:?}", it.kind)).collect();
        assert_eq!(words.join(" "), expected, "{before} -> {now}");
    }

    #[test]
    fn routes_come_and_go() {
        check("P1,B1", "P1:719,B1", "PrefixAnnouncementEvent PrefixActivePath");
        check("P1:719,B1", "P1:719,B1:13030 719", "PrefixBackupRouteAnnouncementEvent PrefixBackupPath");
        check("P1:719,B1:719", "P1,B1:719", "PrefixWithdrawalEvent");
        check("P1:719,B1:13030 719", "P1,B1:13030 719", "PrefixWithdrawalEvent PrefixActivePath");
        check("P1:719,B1:719", "P1:719,B1", "PrefixBackupRouteWithdrawalEvent");
        check("P1:719", "P1:719", "");
        check("", "", "");
    }

    #[test]
    fn one_of_two_sessions_is_enough() {
        check("P1:719,P2:719", "P1,P2:719", "");
        check("P1:719,P2:13030 719", "P1,P2:13030 719", "PrefixActivePath");
    }

    #[test]
    fn another_origin_is_an_event_on_any_session() {
        check("P1:719,P2:719", "P1:719,P2:13030 3303", "PrefixOriginAsChangeEvent");
        check("P1", "P1:3303", "PrefixAnnouncementEvent PrefixOriginAsChangeEvent PrefixActivePath");
        check("B1:719", "B1:3303", "PrefixBackupRouteOriginAsChangeEvent PrefixActivePath PrefixBackupPath");
        check("P1:3303", "P1:719", "PrefixOriginAsChangeEvent PrefixActivePath");
    }

    #[test]
    fn a_router_that_does_not_tell_is_no_withdrawal() {
        check("P1:719,B1:719", "P1!,B1:719", "");
        check("P1!,B1:719", "P1:719,B1:719", "PrefixAnnouncementEvent");
    }
}
