//! What an AS path says about who passes a route on to whom.

use super::Relations;
use peerage_domain::{Asn, AsnClass, rpki::Vrps, sighting::SeenRoute};

/// Networks that buy transit from nobody, so that none of them is another's customer, with the
/// ASNs that some of them also use. From what the networks say of themselves and their peers
/// (collected in Wikipedia, “Tier 1 network”, and confirmed by the public route collectors); and
/// Hurricane Electric (6939), which peers with thousands and is no customer that passes things on.
const TRANSIT_FREE: [u32; 22] =
    [174, 209, 286, 701, 702, 703, 1239, 1299, 2828, 2914, 3257, 3320, 3356, 3549, 5511, 6453, 6461, 6762, 6830, 6939, 7018, 12956];

/// Whether a network buys transit from nobody.
pub(super) fn transit_free(asn: Asn) -> bool {
    TRANSIT_FREE.binary_search(&asn.0).is_ok()
}

/// How a path cannot come about when everybody passes on what they should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leak {
    /// Between two networks of which neither is a customer stands one that is: it passed on to
    /// one what it has from the other (RFC 7908 §3.1).
    Valley {
        /// To whom it was passed on.
        to: Asn,
        /// Who passed it on.
        by: Asn,
        /// From whom it came.
        from: Asn,
    },
    /// ASPAs contradict it: who passed it on is no provider of whom it came from, nor of whom it
    /// went to (draft-ietf-sidrops-aspa-verification).
    Attested {
        /// To whom it was passed on.
        to: Asn,
        /// Who passed it on.
        by: Asn,
        /// From whom it came.
        from: Asn,
    },
    /// Somebody said that it goes to customers only, and it went up again (RFC 9234 §5).
    OnlyToCustomer {
        /// To whom it was passed on.
        to: Asn,
        /// Who passed it on.
        by: Asn,
        /// Who said so.
        marked: Asn,
    },
}

impl Leak {
    /// Who passed it on.
    pub(super) fn by(self) -> Asn {
        match self {
            Leak::Valley { by, .. } | Leak::Attested { by, .. } | Leak::OnlyToCustomer { by, .. } => by,
        }
    }
}

/// What a route says whatever its prefix is; asked once for all prefixes of an UPDATE.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) origin: Option<Asn>,
    /// The AS next to the origin.
    pub(super) neighbour: Option<Asn>,
    pub(super) leak: Option<Leak>,
}

impl Facts {
    pub(super) fn of(route: &SeenRoute, relations: &Relations, vrps: &Vrps) -> Facts {
        let ases = route.ases();
        Facts { origin: route.origin(), neighbour: next_to_last(&ases), leak: leak_in(&ases, route.only_to_customer, relations, vrps) }
    }
}

/// The leak that a path shows, if it shows one: the one nearest to its origin.
pub(super) fn leak(route: &SeenRoute, relations: &Relations, vrps: &Vrps) -> Option<Leak> {
    leak_in(&route.ases(), route.only_to_customer, relations, vrps)
}

fn leak_in(ases: &[Asn], only_to_customer: Option<Asn>, relations: &Relations, vrps: &Vrps) -> Option<Leak> {
    if let Some(marked) = only_to_customer {
        // A mark is set by who sends to a customer or peer, or by who hears from a provider or
        // peer in the name of that one: the next network up may have it, not one beyond.
        let set = ases.iter().position(|asn| *asn == marked);
        let nearest =
            |set: usize| (0..ases.len()).rev().find(|top| transit_free(ases[*top]) && top + 1 + usize::from(transit_free(marked)) <= set);
        if let Some(top) = set.and_then(nearest) {
            return Some(Leak::OnlyToCustomer { to: ases[top], by: ases[top + 1], marked });
        }
    }
    // From the origin on: what once went down to a customer must not go up to a provider.
    let mut down: Option<Asn> = None;
    for pair in ases.windows(2).rev() {
        let (to, by) = (pair[0], pair[1]);
        if let Some(from) = down.filter(|_| relations.sells(to, by)) {
            return Some(Leak::Valley { to, by, from });
        }
        if relations.sells(by, to) {
            down = Some(by);
        }
    }
    contradicted(ases, vrps)
}

/// Where ASPAs say that a path went up, down, and up again, whoever hears it: the downstream rule of
/// draft-ietf-sidrops-aspa-verification, which holds for any neighbour.
fn contradicted(ases: &[Asn], vrps: &Vrps) -> Option<Leak> {
    if vrps.attesting() == 0 {
        return None;
    }
    // From the origin on, as the draft counts.
    let path: Vec<Asn> = ases.iter().rev().copied().collect();
    let is_no = |customer: Asn, provider: Asn| vrps.attests(customer, provider) == Some(false);
    let up = (1..path.len()).find(|at| is_no(path[at - 1], path[*at]))?;
    let down = (0..path.len() - 1).rfind(|at| is_no(path[at + 1], path[*at]))?;
    (up <= down).then(|| Leak::Attested { to: path[down + 1], by: path[up], from: path[up - 1] })
}

/// The AS next to the origin.
pub(super) fn neighbour(route: &SeenRoute) -> Option<Asn> {
    next_to_last(&route.ases())
}

fn next_to_last(ases: &[Asn]) -> Option<Asn> {
    ases.len().checked_sub(2).map(|at| ases[at])
}

/// The ASes between the origin and the nearest network that buys from nobody, when that is two or
/// more: who is next to that network, and how many there are.
pub(super) fn detour(route: &SeenRoute) -> Option<(Asn, usize)> {
    let ases = route.ases();
    let top = ases.iter().rposition(|asn| transit_free(*asn))?;
    let between = ases.len().checked_sub(top + 2).filter(|between| *between >= 2)?;
    Some((ases[top + 1], between))
}

/// How a path cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Impossible {
    /// An AS stands in it twice, with others between.
    Twice(Asn),
    /// An AS that no network has.
    Nobody(Asn),
}

/// What makes a path impossible; its origin is what is expected, whoever that is.
pub(super) fn impossible(route: &SeenRoute) -> Option<Impossible> {
    let ases = route.ases();
    let before = &ases[..ases.len().saturating_sub(1)];
    let unknown = |asn: &&Asn| matches!(asn.class(), AsnClass::Reserved | AsnClass::Trans | AsnClass::Documentation);
    let twice = (0..before.len()).find(|&at| ases[at + 1..].contains(&ases[at])).map(|at| Impossible::Twice(ases[at]));
    twice.or_else(|| before.iter().find(unknown).map(|asn| Impossible::Nobody(*asn)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::sighting::Hop;

    fn route(path: &str, marked: Option<u32>) -> SeenRoute {
        SeenRoute { path: Hop::path(path), only_to_customer: marked.map(Asn) }
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(TRANSIT_FREE.is_sorted());
    }

    #[test]
    fn valleys_and_marks_show_who_leaks() {
        let check = |path: &str, marked: Option<u32>, by: Option<u32>| {
            assert_eq!(
                leak(&route(path, marked), &Relations::default(), &Vrps::default()).map(|leak| leak.by().0),
                by,
                "{path} {marked:?}"
            );
        };
        check("64500 1299 3356 64501", None, None);
        check("64500 1299 64502 3356 64501", None, Some(64502));
        check("64500 1299 1299 64502 64502 64503 3356 64501", None, Some(64502));
        check("64500 64501", None, None);
        check("", None, None);
        // To a customer, and on to its customers.
        check("64500 64501 1299 64502", Some(1299), None);
        // A peer of the one that set it.
        check("64500 3356 1299 64502", Some(1299), None);
        // Up again from a customer or peer.
        check("64500 3356 64501 1299 64502", Some(1299), Some(64501));
        check("64500 3356 64501 64502 64503", Some(64502), Some(64501));
        check("64500 3356 64502 64503", Some(64502), Some(64502));
    }

    #[test]
    fn attested_providers_show_who_leaks() {
        let aspa = |customer: u32, providers: &[u32]| peerage_domain::rpki::Aspa {
            customer: Asn(customer),
            providers: providers.iter().map(|asn| Asn(*asn)).collect(),
        };
        // 30 buys from 20 and 21, 40 from 30; 21 buys from 10.
        let vrps = Vrps::default().with_aspas([aspa(40, &[30]), aspa(30, &[20, 21]), aspa(20, &[10]), aspa(21, &[10])]);
        let check = |path: &str, by: Option<u32>| {
            assert_eq!(leak(&route(path, None), &Relations::default(), &vrps).map(|leak| leak.by().0), by, "{path}");
        };
        check("10 20 30 40", None);
        check("40 30 20 10", None);
        check("21 10 20 30", None);
        // Peers at the top.
        check("50 21 20 30 40", None);
        // 30 passes on to one provider what comes from the other.
        check("50 21 30 20 60", Some(30));
        check("21 30 20", Some(30));
        check("50 60", None);
    }

    #[test]
    fn what_no_path_can_have() {
        use Impossible::{Nobody, Twice};
        let check = |path: &str, expected| assert_eq!(impossible(&route(path, None)), expected, "{path}");
        check("", None);
        check("3356 2914 13335", None);
        check("3356 2914 2914 13335", None);
        check("3356 2914 64500", None);
        check("3356 2914 3356 13335", Some(Twice(Asn(3356))));
        check("3356 23456 13335", Some(Nobody(Asn(23456))));
    }
}
