//! An UPDATE (RFC 4271 §4.3, RFC 4760) as what it says of each prefix.

use bgpkit_parser::models::{AsPath, AsPathSegment, Attributes, BgpUpdateMessage, NetworkPrefix, Nlri, Safi};
use peerage_domain::{
    Asn, Prefix,
    interest::Interest,
    sighting::{Hop, SeenRoute, Sight},
};
use std::sync::Arc;

/// What an UPDATE says of prefixes of interest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) withdrawn: Vec<Prefix>,
    pub(super) announced: Vec<Prefix>,
    /// The route of what is announced.
    pub(super) route: Arc<SeenRoute>,
}

impl Said {
    /// Each sight, withdrawals first: a prefix in both is announced (RFC 4271 §4.3).
    pub(super) fn sights(self) -> impl Iterator<Item = Sight> {
        let route = self.route;
        let announced = self.announced.into_iter().map(move |prefix| Sight::Announced(prefix, route.clone()));
        self.withdrawn.into_iter().map(Sight::Withdrawn).chain(announced)
    }
}

/// The same of what the whole parser read; the number is the path's, where the session carries
/// several (RFC 7911).
pub(super) fn sights(update: &BgpUpdateMessage, interest: &Interest, give: &mut dyn FnMut(Option<u32>, Sight)) {
    let wanted = |net: &&NetworkPrefix| interest.may_be(prefix(net));
    let unicast = |nlri: &&Nlri| nlri.safi == Safi::Unicast;
    let gone = update.attributes.get_unreachable_nlri().filter(unicast).map_or(&[][..], |nlri| &nlri.prefixes);
    for net in update.withdrawn_prefixes.iter().chain(gone).filter(wanted) {
        give(net.path_id, Sight::Withdrawn(prefix(net)));
    }
    let come = update.attributes.get_reachable_nlri().filter(unicast).map_or(&[][..], |nlri| &nlri.prefixes);
    let mut known = None;
    for net in update.announced_prefixes.iter().chain(come).filter(wanted) {
        let route = known.get_or_insert_with(|| Arc::new(route(&update.attributes)));
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
