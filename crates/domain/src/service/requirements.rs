//! What a partner has to have at a location before customers can choose it there.
//!
//! Two connections on two routers (local redundancy), another location (geo-redundancy), Direct
//! connections of the same bandwidth with the service switched on: the reference service's
//! partner requirements (peering-service walkthrough, prerequisites), as data.

use crate::{Finding, Next, Verdict, peering::Kind, say, session::gigabits};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How much redundancy the operator wants of partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Requirements {
    /// Connections for the service at the location.
    pub connections: usize,
    /// Routers of the operator that they end on.
    pub routers: usize,
    /// Other locations with a connection for the service.
    pub other_locations: usize,
    /// Whether all connections of the service have the same bandwidth.
    pub same_bandwidth: bool,
}

impl Default for Requirements {
    fn default() -> Self {
        Requirements { connections: 2, routers: 2, other_locations: 1, same_bandwidth: true }
    }
}

/// A partner's connection, as it counts for the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Such as `PR-88/1`.
    pub id: String,
    /// Direct or Exchange.
    pub kind: Kind,
    /// Id of the location.
    pub location: String,
    /// What people call it.
    pub place: String,
    /// The router it ends on.
    pub router: Option<String>,
    /// Mb/s, where it is known.
    pub bandwidth_mbps: Option<u32>,
    /// Whether the partner switched the service on for it.
    pub service: bool,
    /// Whether it is Active.
    pub active: bool,
    /// Whether all of its sessions are Established; nothing while the router does not tell.
    pub up: Option<bool>,
}

impl Link {
    /// Whether customers' traffic can enter by it.
    pub fn carries(&self) -> bool {
        self.kind == Kind::Direct && self.service && self.active
    }
}

/// The checklist of a partner at a location. `links` are all of its connections anywhere.
pub fn judge(wanted: &Requirements, links: &[Link], location: &str, name: &str) -> Vec<Finding> {
    let here: Vec<&Link> = links.iter().filter(|link| link.location == location).collect();
    let carrying: Vec<&Link> = here.iter().copied().filter(|link| link.carries()).collect();
    let mut findings = vec![direct(&here, name)];
    if here.iter().any(|link| link.kind == Kind::Direct) {
        findings.push(switched(&here, &carrying));
    }
    if carrying.is_empty() {
        return findings;
    }
    findings.push(local(wanted, &carrying, name));
    findings.push(geographic(wanted, links, location));
    if wanted.same_bandwidth {
        findings.push(bandwidth(links));
    }
    findings.push(sessions(&carrying));
    findings
}

/// Whether customers can choose the partner: no requirement is missed.
pub fn is_met(findings: &[Finding]) -> bool {
    !findings.is_empty() && findings.iter().all(|finding| finding.verdict != Verdict::Fail)
}

fn ids<'a>(links: impl IntoIterator<Item = &'a &'a Link>) -> String {
    links.into_iter().map(|link| link.id.as_str()).collect::<Vec<_>>().join(", ")
}

fn direct(here: &[&Link], name: &str) -> Finding {
    let active: Vec<&Link> = here.iter().copied().filter(|link| link.kind == Kind::Direct && link.active).collect();
    if !active.is_empty() {
        return Finding::pass(say!("partner.direct", "Direct and Active: {links}.", links = ids(&active)));
    }
    Finding::fail(match here.iter().any(|link| link.kind == Kind::Direct) {
        true => say!("partner.not_active", "No Direct connection at {location} is Active yet.", location = name),
        false => say!("partner.no_direct", "Peering Service needs Direct connections. Request one at {location}.", location = name),
    })
}

fn switched(here: &[&Link], carrying: &[&Link]) -> Finding {
    let off: Vec<&Link> = here.iter().copied().filter(|link| link.kind == Kind::Direct && link.active && !link.service).collect();
    if carrying.is_empty() {
        return Finding::fail(say!("partner.off", "The service is switched on for no Active connection. Switch it on at the connection."));
    }
    if off.is_empty() {
        return Finding::pass(say!("partner.on", "The service is on for {links}.", links = ids(carrying)));
    }
    Finding::pass(say!("partner.partly_on", "The service is on for {links}, and off for {off}.", links = ids(carrying), off = ids(&off)))
}

fn local(wanted: &Requirements, carrying: &[&Link], name: &str) -> Finding {
    let routers: BTreeSet<&str> = carrying.iter().filter_map(|link| link.router.as_deref()).collect();
    if carrying.len() < wanted.connections {
        return Finding::fail(say!(
            "partner.few",
            "{have} connection for the service at {location}; {want} are needed, so that one may fail. Add a connection.",
            have = carrying.len(),
            want = wanted.connections,
            location = name
        ));
    }
    if routers.len() < wanted.routers {
        return Finding::new(
            Verdict::Fail,
            say!(
                "partner.one_router",
                "The connections end on {have} router of the operator; {want} are needed. The operator places one on another router.",
                have = routers.len(),
                want = wanted.routers
            ),
            Next::Operator,
        );
    }
    Finding::pass(say!(
        "partner.local",
        "{have} connections on {routers}: one may fail.",
        have = carrying.len(),
        routers = routers.into_iter().collect::<Vec<_>>().join(", ")
    ))
}

fn geographic(wanted: &Requirements, links: &[Link], location: &str) -> Finding {
    let others: BTreeMap<&str, &str> = links
        .iter()
        .filter(|link| link.carries() && link.location != location)
        .map(|link| (link.location.as_str(), link.place.as_str()))
        .collect();
    if others.len() < wanted.other_locations {
        return Finding::fail(say!(
            "partner.one_location",
            "{have} other location with a connection for the service; {want} is needed, for customers' backup.",
            have = others.len(),
            want = wanted.other_locations
        ));
    }
    Finding::pass(say!("partner.geographic", "Also at {others}.", others = others.into_values().collect::<Vec<_>>().join(", ")))
}

fn bandwidth(links: &[Link]) -> Finding {
    let carrying: Vec<&Link> = links.iter().filter(|link| link.carries()).collect();
    let speeds: BTreeSet<u32> = carrying.iter().filter_map(|link| link.bandwidth_mbps).collect();
    let shown = speeds.iter().map(|mbps| gigabits(*mbps)).collect::<Vec<_>>().join(", ");
    if speeds.len() > 1 {
        return Finding::fail(say!(
            "partner.bandwidth_differs",
            "The connections for the service have different bandwidths ({speeds}). Primary, backup and redundant ones need the same.",
            speeds = shown
        ));
    }
    Finding::pass(say!("partner.bandwidth", "All have {speeds}.", speeds = if shown.is_empty() { "-".to_owned() } else { shown }))
}

fn sessions(carrying: &[&Link]) -> Finding {
    let of = |up: Option<bool>| carrying.iter().copied().filter(|link| link.up == up).collect::<Vec<_>>();
    let (down, silent) = (of(Some(false)), of(None));
    if !down.is_empty() {
        return Finding::warn(say!("partner.down", "A session is down on {links}.", links = ids(&down)));
    }
    if !silent.is_empty() {
        let text = say!("partner.silent", "The operator's router does not tell how the sessions of {links} do.", links = ids(&silent));
        return Finding::new(Verdict::Unknown, text, Next::Operator);
    }
    Finding::pass(say!("partner.up", "All sessions are Established."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(id: &str, location: &str, router: &str) -> Link {
        Link {
            id: id.into(),
            kind: Kind::Direct,
            location: location.into(),
            place: location.into(),
            router: Some(router.into()),
            bandwidth_mbps: Some(10_000),
            service: true,
            active: true,
            up: Some(true),
        }
    }

    fn links() -> Vec<Link> {
        vec![link("PR-1/1", "LO-1", "edge1.zrh"), link("PR-1/2", "LO-1", "edge2.zrh"), link("PR-2/1", "LO-2", "edge1.fra")]
    }

    fn check(change: fn(&mut Vec<Link>), expected: &str) {
        let mut all = links();
        change(&mut all);
        let findings = judge(&Requirements::default(), &all, "LO-1", "Zurich");
        let bad: Vec<&str> = findings.iter().filter(|f| f.verdict != Verdict::Pass).map(|f| f.code.as_str()).collect();
        assert_eq!(bad.join(" "), expected);
        assert_eq!(is_met(&findings), !findings.iter().any(|f| f.verdict == Verdict::Fail));
    }

    #[test]
    fn two_connections_on_two_routers_and_another_location_are_needed() {
        check(|_| {}, "");
        check(|all| all.clear(), "partner.no_direct");
        check(|all| all.truncate(1), "partner.few partner.one_location");
        check(|all| all[1].router = all[0].router.clone(), "partner.one_router");
        check(|all| drop(all.pop()), "partner.one_location");
        check(|all| all[2].service = false, "partner.one_location");
    }

    #[test]
    fn only_direct_connections_that_are_active_and_switched_on_count() {
        check(|all| all[..2].iter_mut().for_each(|l| l.kind = Kind::Exchange), "partner.no_direct");
        check(|all| all[..2].iter_mut().for_each(|l| l.active = false), "partner.not_active partner.off");
        check(|all| all[..2].iter_mut().for_each(|l| l.service = false), "partner.off");
        check(|all| all[1].service = false, "partner.few");
        check(|all| all[2].bandwidth_mbps = Some(100_000), "partner.bandwidth_differs");
    }

    #[test]
    fn a_session_that_is_down_is_no_reason_to_leave_the_directory() {
        check(|all| all[0].up = Some(false), "partner.down");
        check(|all| all[0].up = None, "partner.silent");
    }
}
