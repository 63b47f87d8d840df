//! Whether a prefix gets the service: one rule after the other, by what the routers received.
//!
//! The rules are those of the reference service (peering-service-prefix-requirements,
//! peering-registered-prefix-requirements): received on every session, with the community, over
//! at most three ASNs none of which is private or repeated, from the registered origin. The
//! verdict is a function of the facts: the order in which they arrived does not matter.

mod rules;

use super::{Announcement, Community, KeyStanding, LearnedType, Role, Session, ValidationState};
use crate::{Asn, Finding, Prefix, Verdict, irr::Declared, rpki::Vrps};
use rules::{backup, community, irr, key, length, origin, overlap, prepended, primary, private, received, refused, rpki};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest AS path.
pub const LONGEST_PATH: usize = 3;

/// What one session says about the prefix.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// The session.
    pub session: &'a Session,
    /// Where it counts.
    pub role: Role,
    /// Whether what it receives is known.
    pub heard: bool,
    /// The route, where there is one.
    pub route: Option<&'a Announcement>,
}

/// How a key or its absence stands; none is needed for a prefix that the partner itself registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFact {
    /// Nothing to compare: the partner's own registration.
    NotNeeded,
    /// The customer gave none.
    Missing,
    /// It is of another provider than the connection's.
    OtherProvider,
    /// What it was for is not registered any more.
    Gone,
    /// It fits, and stands like this.
    Fits(KeyStanding),
}

/// What is known of route objects.
#[derive(Clone, Copy, Debug, Default)]
pub enum IrrFact<'a> {
    /// It is not asked.
    #[default]
    Unasked,
    /// It is being asked.
    Asking,
    /// It did not answer.
    Silent,
    /// What is declared.
    Declared(&'a Declared),
}

/// What is known of ROAs.
#[derive(Clone, Copy, Debug, Default)]
pub enum RpkiFact<'a> {
    /// It is not asked.
    #[default]
    Unasked,
    /// No source ever answered.
    Silent,
    /// What it says.
    Known(&'a Vrps),
}

/// A location of the provider, as far as it matters here.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Sessions of the prefix's family that are needed there.
    pub needed: usize,
}

/// Everything that a verdict depends on.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The prefix.
    pub prefix: Prefix,
    /// The provider's name.
    pub provider: &'a str,
    /// How the key stands.
    pub key: KeyFact,
    /// The ASNs that may originate it; empty when no registration says so.
    pub origins: &'a BTreeSet<Asn>,
    /// The community that is wanted.
    pub community: Community,
    /// The primary location; nothing for a registration, which is about one peering alone.
    pub primary: Option<Place<'a>>,
    /// The backup location, where there is one.
    pub backup: Option<Place<'a>>,
    /// Every session, of the prefix's family.
    pub seen: Vec<Seen<'a>>,
    /// A registered prefix of somebody else that overlaps this one.
    pub overlap: Option<Prefix>,
    /// What the IRR declares.
    pub irr: IrrFact<'a>,
    /// What the RPKI says.
    pub rpki: RpkiFact<'a>,
}

/// What was seen on one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The session.
    pub session: Session,
    /// Where it counts.
    pub role: Role,
    /// Whether what it receives is known.
    pub heard: bool,
    /// The route, where there is one.
    pub route: Option<Announcement>,
}

/// The answer for a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The state in the API.
    pub state: ValidationState,
    /// How it was learned.
    pub learned: LearnedType,
    /// Every rule, in the order of the list.
    pub findings: Vec<Finding>,
    /// What was seen on each session.
    pub evidence: Vec<Evidence>,
}

impl Judgement {
    /// The codes of what is not well, worst first.
    pub fn codes(&self) -> Vec<&str> {
        let mut bad: Vec<&Finding> = self.findings.iter().filter(|finding| finding.verdict != Verdict::Pass).collect();
        bad.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
        bad.into_iter().map(|finding| finding.code.as_str()).collect()
    }

    /// What matters most: the first finding with the worst verdict.
    pub fn first(&self) -> Option<&Finding> {
        let worst = Finding::overall(&self.findings);
        self.findings.iter().find(|finding| finding.verdict == worst)
    }
}

/// Judges a prefix.
pub fn judge(facts: &Facts) -> Judgement {
    let mut seen = facts.seen.clone();
    seen.sort_by(|a, b| (a.role, &a.session.id).cmp(&(b.role, &b.session.id)));
    let facts = &Facts { seen, ..facts.clone() };
    let mut findings: Vec<Finding> = [key(facts), overlap(facts), primary(facts), backup(facts)].into_iter().flatten().collect();
    if !facts.seen.is_empty() {
        findings.push(received(facts));
    }
    if facts.seen.iter().any(|seen| seen.route.is_some()) {
        findings.extend([community(facts), length(facts), private(facts), prepended(facts), origin(facts), refused(facts)]);
    }
    findings.extend(rpki(facts));
    findings.extend(irr(facts));
    let learned = match facts.key {
        _ if facts.seen.iter().all(|seen| seen.route.is_none()) => LearnedType::None,
        KeyFact::NotNeeded => LearnedType::ViaSession,
        _ => LearnedType::ViaServiceProvider,
    };
    let evidence = facts.seen.iter().map(|seen| Evidence {
        session: seen.session.clone(),
        role: seen.role,
        heard: seen.heard,
        route: seen.route.cloned(),
    });
    Judgement { state: state(&findings), learned, evidence: evidence.collect(), findings }
}

/// A broken rule is certain whatever else is unknown; without one, what is unknown comes first.
fn state(findings: &[Finding]) -> ValidationState {
    let any = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
    if any(Verdict::Fail) {
        ValidationState::Failed
    } else if any(Verdict::Unknown) {
        ValidationState::Unknown
    } else if any(Verdict::Warn) {
        ValidationState::Warning
    } else {
        ValidationState::Verified
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPERATOR: Asn = Asn(8075);

    fn session(number: u8, role: Role) -> Session {
        Session {
            id: format!("PR-{number}/1/v4"),
            address: format!("193.0.13.{number}").parse().expect("address"),
            router: format!("edge{number}"),
            location: if role == Role::Primary { "LO-1" } else { "LO-2" }.into(),
            up: Some(true),
        }
    }

    /// Two sessions at the primary, two at the backup location; all announce.
    struct World {
        sessions: Vec<(Session, Role, bool, Option<Announcement>)>,
        key: KeyFact,
        backup: bool,
        origins: BTreeSet<Asn>,
        overlap: Option<Prefix>,
        vrps: Option<Vrps>,
        declared: Option<Declared>,
    }

    fn world() -> World {
        let route = Announcement { path: vec![Asn(13030), Asn(719)], origin: Some(Asn(719)), community: Some(true), refused: vec![] };
        let roles = [Role::Primary, Role::Primary, Role::Backup, Role::Backup];
        let of = |(n, role): (usize, Role)| (session(n as u8 + 1, role), role, true, Some(route.clone()));
        World {
            sessions: roles.into_iter().enumerate().map(of).collect(),
            key: KeyFact::Fits(KeyStanding::Good),
            backup: true,
            origins: [Asn(719)].into(),
            overlap: None,
            vrps: None,
            declared: None,
        }
    }

    fn judged(world: &World) -> Judgement {
        let place = |name, needed| Place { name, needed };
        judge(&Facts {
            prefix: "193.10.0.0/24".parse().expect("prefix"),
            provider: "Init7",
            key: world.key,
            origins: &world.origins,
            community: Community::of(OPERATOR),
            primary: Some(place("Zurich", 2)),
            backup: world.backup.then(|| place("Frankfurt", 1)),
            seen: world
                .sessions
                .iter()
                .map(|(session, role, heard, route)| Seen { session, role: *role, heard: *heard, route: route.as_ref() })
                .collect(),
            overlap: world.overlap,
            irr: world.declared.as_ref().map_or(IrrFact::Unasked, IrrFact::Declared),
            rpki: world.vrps.as_ref().map_or(RpkiFact::Unasked, RpkiFact::Known),
        })
    }

    fn check(change: impl Fn(&mut World), state: ValidationState, codes: &str) {
        let mut it = world();
        change(&mut it);
        let judgement = judged(&it);
        assert_eq!((judgement.state, judgement.codes().join(" ").as_str()), (state, codes), "{judgement:?}");
    }

    fn route(world: &mut World, at: usize) -> &mut Announcement {
        world.sessions[at].3.as_mut().expect("announced")
    }

    use ValidationState::*;

    #[test]
    fn a_prefix_that_is_announced_well_everywhere_is_verified() {
        check(|_| {}, Verified, "");
        check(|w| w.backup = false, Verified, "");
        assert_eq!(judged(&world()).learned, LearnedType::ViaServiceProvider);
    }

    #[test]
    fn it_has_to_be_received_on_every_session() {
        check(|w| w.sessions[2].3 = None, Failed, "service.not_received");
        check(|w| w.sessions[1].0.up = Some(false), Failed, "service.session_down");
        check(|w| (w.sessions[1].0.up, w.sessions[2].3) = (Some(false), None), Failed, "service.not_received_down");
        let mut it = world();
        it.sessions.iter_mut().for_each(|s| s.3 = None);
        let judgement = judged(&it);
        assert_eq!(judgement.codes(), ["service.not_received"], "there is no route to find fault with");
        let text = judgement.first().expect("finding").sentence.to_string();
        assert!(text.contains("193.0.13.1, 193.0.13.2, 193.0.13.3, 193.0.13.4"), "{text}");
        assert_eq!(judgement.learned, LearnedType::None);
    }

    #[test]
    fn a_router_that_does_not_tell_is_never_a_fail() {
        check(|w| (w.sessions[0].2, w.sessions[0].3) = (false, None), Unknown, "service.silent");
        check(|w| w.sessions.iter_mut().for_each(|s| (s.0.up, s.2, s.3) = (None, false, None)), Unknown, "service.silent");
        check(|w| route(w, 0).community = None, Unknown, "service.community_untold");
    }

    #[test]
    fn what_is_wrong_with_a_route_is_named() {
        check(|w| route(w, 3).community = Some(false), Failed, "service.community");
        check(|w| route(w, 0).path = [13030, 3303, 6667, 719].map(Asn).to_vec(), Failed, "service.path_long");
        check(|w| route(w, 0).path = [13030, 64512, 719].map(Asn).to_vec(), Failed, "service.private_asn");
        check(|w| route(w, 0).path = [13030, 719, 719].map(Asn).to_vec(), Failed, "service.prepended");
        check(|w| route(w, 0).origin = Some(Asn(3303)), Failed, "service.origin_other");
        check(|w| route(w, 0).origin = None, Failed, "service.origin_other");
        check(|w| route(w, 0).refused = vec![crate::service::KeyError.text()], Failed, "service.refused");
        check(|w| w.overlap = "193.10.0.0/16".parse().ok(), Failed, "service.overlap");
    }

    #[test]
    fn the_provider_needs_sessions_at_both_locations() {
        check(|w| drop(w.sessions.remove(0)), Failed, "service.primary_sessions");
        check(|w| w.sessions[1].0.router = w.sessions[0].0.router.clone(), Failed, "service.primary_sessions");
        check(|w| w.sessions.truncate(2), Failed, "service.backup_sessions");
        check(|w| w.sessions.clear(), Failed, "service.primary_sessions service.backup_sessions");
    }

    #[test]
    fn the_key_binds_the_prefix_to_its_provider() {
        check(|w| w.key = KeyFact::Missing, Failed, "service.key_missing");
        check(|w| w.key = KeyFact::OtherProvider, Failed, "service.key_provider");
        check(|w| w.key = KeyFact::Gone, Failed, "service.key_gone");
        check(|w| w.key = KeyFact::Fits(KeyStanding::Revoked), Failed, "service.key_revoked");
        check(|w| w.key = KeyFact::Fits(KeyStanding::Expired), Verified, "");
        check(|w| w.key = KeyFact::Fits(KeyStanding::Replaced), Verified, "");
        check(|w| (w.key, w.origins) = (KeyFact::Missing, BTreeSet::new()), Failed, "service.key_missing service.origin_unknown");
    }

    #[test]
    fn registries_are_evidence() {
        let vrp = |asn| -> Vrps {
            [crate::rpki::Vrp { prefix: "193.10.0.0/24".parse().expect("prefix"), max_length: 24, asn: Asn(asn) }].into_iter().collect()
        };
        check(|w| w.vrps = Some(vrp(719)), Verified, "");
        check(|w| w.vrps = Some(Vrps::default()), Verified, "");
        check(|w| w.vrps = Some(vrp(1)), Failed, "service.rpki_invalid");
        check(|w| w.declared = Some(Declared::default()), Warning, "service.irr_missing");
        let declared = || Declared { set: "AS719".into(), routes: [("193.10.0.0/24".parse().expect("prefix"), [Asn(719)].into())].into() };
        check(|w| w.declared = Some(declared()), Verified, "");
    }

    proptest! {
        #[test]
        fn the_verdict_does_not_depend_on_the_order_of_facts(order in Just((0..4usize).collect::<Vec<_>>()).prop_shuffle(), lost in prop::collection::vec(any::<(bool, bool, bool)>(), 4)) {
            let mut it = world();
            for (session, (up, heard, there)) in it.sessions.iter_mut().zip(lost) {
                (session.0.up, session.2) = (Some(up), heard);
                if !there || !heard || !up { session.3 = None; }
            }
            let wanted = judged(&it);
            it.sessions = order.into_iter().map(|at| it.sessions[at].clone()).collect();
            prop_assert_eq!(judged(&it), wanted);
        }
    }
}
