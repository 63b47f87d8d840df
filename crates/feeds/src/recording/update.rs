//! An UPDATE (RFC 4271 §4.3, RFC 4760) as what it says of each prefix.

use bgpkit_parser::models::{AsPath, AsPathSegment, Attributes, BgpUpdateMessage, NetworkPrefix, Nlri, Safi};
use peerage_domain::{
    Asn, Prefix,
    sighting::{Hop, SeenRoute, Sight},
};
use std::sync::Arc;

/// What an UPDATE says, withdrawals first: a prefix in both is announced (RFC 4271 §4.3). The
/// number is the path's, where the session carries several (RFC 7911).
pub(super) fn sights(update: &BgpUpdateMessage, give: &mut dyn FnMut(Option<u32>, Sight)) {
    let unicast = |nlri: &&Nlri| nlri.safi == Safi::Unicast;
    let gone = update.attributes.get_unreachable_nlri().filter(unicast).map_or(&[][..], |nlri| &nlri.prefixes);
    for net in update.withdrawn_prefixes.iter().chain(gone) {
        give(net.path_id, Sight::Withdrawn(prefix(net)));
    }
    let come = update.attributes.get_reachable_nlri().filter(unicast).map_or(&[][..], |nlri| &nlri.prefixes);
    if update.announced_prefixes.is_empty() && come.is_empty() {
        return;
    }
    let route = Arc::new(route(&update.attributes));
    for net in update.announced_prefixes.iter().chain(come) {
        give(net.path_id, Sight::Announced(prefix(net), route.clone()));
    }
}

pub(super) fn prefix(net: &NetworkPrefix) -> Prefix {
    Prefix::covering(net.prefix)
}

/// A route's path, with the ASNs of four octets where the session speaks two (RFC 6793 §4.2.3).
pub(super) fn route(attributes: &Attributes) -> SeenRoute {
    SeenRoute {
        path: attributes.effective_as_path().map(path).unwrap_or_default(),
        only_to_customer: attributes.only_to_customer().map(|asn| Asn(asn.to_u32())),
    }
}

/// Confederations are somebody's inner affairs (RFC 5065 §4) and left out.
fn path(path: AsPath) -> Vec<Hop> {
    let mut hops = vec![];
    for segment in path.into_segments_iter() {
        match segment {
            AsPathSegment::AsSequence(all) => hops.extend(all.iter().map(|asn| Hop::Asn(Asn(asn.to_u32())))),
            AsPathSegment::AsSet(all) => hops.push(Hop::Set(all.iter().map(|asn| Asn(asn.to_u32())).collect())),
            AsPathSegment::ConfedSequence(_) | AsPathSegment::ConfedSet(_) => {}
        }
    }
    hops
}
