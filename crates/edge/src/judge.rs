//! What the policy makes of a route: the same rules as in the router's import filter.

use crate::{
    intent::{Registered, Session},
    reason::Reason,
    state::{Hop, Route},
};
use peerage_domain::{
    Asn, AsnClass,
    rpki::{OriginState, Vrps},
    special,
};

/// Longest AS path that is taken for real; the longest ones seen are shorter.
pub(crate) const LONGEST_PATH: u32 = 64;
/// Shortest and longest prefixes that are accepted, IPv4 and IPv6.
pub(crate) const LENGTHS: [(u8, u8); 2] = [(8, 24), (16, 48)];

/// Why the session's import filter refuses a route, in the order of the codes; empty when it
/// lets it in. Without `vrps`, origins are not validated.
pub fn judge(session: &Session, route: &Route, vrps: Option<&Vrps>) -> Vec<Reason> {
    let mut found = vec![];
    let mut refuse = |refused: bool, reason: Reason| {
        if refused {
            found.push(reason);
        }
    };
    let (shortest, longest) = LENGTHS[usize::from(!route.prefix.is_ipv4())];
    refuse(route.prefix.length() > longest, Reason::TooLong);
    refuse(route.prefix.length() < shortest, Reason::TooShort);
    refuse(special::ranges().any(|range| range.contains(route.prefix)), Reason::BogonPrefix);
    let asns = || {
        route.path.iter().flat_map(|hop| match hop {
            Hop::Asn(asn) => std::slice::from_ref(asn),
            Hop::Set(all) => all,
        })
    };
    refuse(asns().any(|asn| asn.class() != AsnClass::Public), Reason::BogonAsn);
    refuse(route.path_len() > LONGEST_PATH as usize, Reason::LongPath);
    refuse(route.path.is_empty(), Reason::EmptyPath);
    let foreign = |hop: &Hop| !session.route_server && *hop != Hop::Asn(session.peer_asn);
    refuse(route.path.first().is_some_and(foreign), Reason::FirstAsn);
    refuse(!route.next_hop.is_some_and(|hop| session.network.contains_address(hop)), Reason::NextHop);
    refuse(session.protected().iter().any(|own| own.contains(route.prefix)), Reason::Protected);
    let origin = vrps.map(|vrps| vrps.validate(route.prefix, route.origin()));
    refuse(origin == Some(OriginState::Invalid), Reason::RpkiInvalid);
    match session.policy.accept() {
        None => refuse(true, Reason::DenyAll),
        Some(accept) => {
            refuse(!accept.any && !accept.prefixes.iter().any(|it| covers(it, route)), Reason::NotRegistered);
            let origin = route.path.iter().rev().find_map(sequence);
            refuse(!accept.allows_origin(origin, session.peer_asn), Reason::Origin);
        }
    }
    // A set elsewhere than at the end is more than BIRD's filter language can see.
    refuse(matches!(route.path.last(), Some(Hop::Set(_))), Reason::AsSet);
    found.sort_by_key(|reason| reason.code());
    found
}

fn sequence(hop: &Hop) -> Option<Asn> {
    match hop {
        Hop::Asn(asn) => Some(*asn),
        Hop::Set(_) => None,
    }
}

fn covers(it: &Registered, route: &Route) -> bool {
    it.prefix.contains(route.prefix) && route.prefix.length() <= it.max_length.unwrap_or(it.prefix.length())
}
