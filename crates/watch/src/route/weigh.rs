//! Why a finding is believed: reasons with weights in percent points that add up to its
//! confidence. The weights are chosen so that every sum lies from 1 to 99.

use super::{
    Asns, Kind, Reason,
    judge::{FEW, Scene},
    path::{self, Impossible, Leak},
    table::Entry,
};
use peerage_domain::{Asn, AsnClass, Text, rpki::OriginState, say, sighting::Hop};
use std::collections::BTreeSet;

/// One finding of a prefix: the routes that show it.
pub(super) struct Weigh<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) by: Option<Asn>,
    pub(super) origin: Option<Asn>,
    pub(super) entries: &'a [&'a Entry],
}

fn reason(weight: i8, text: Text) -> Reason {
    Reason { weight, text }
}

fn name(asn: Option<Asn>) -> String {
    asn.map_or_else(|| "nobody".into(), |asn| asn.to_string())
}

fn names(all: &Asns) -> String {
    let all: Vec<String> = all.iter().map(Asn::to_string).collect();
    if all.is_empty() { "nobody".into() } else { all.join(", ") }
}

impl Weigh<'_> {
    pub(super) fn reasons(&self, kind: Kind) -> Vec<Reason> {
        let mut all = match kind {
            Kind::OriginChange | Kind::SubPrefix => self.foreign(kind),
            Kind::ForgedOrigin => self.forged(),
            Kind::RouteLeak => self.leaked(),
            Kind::RpkiInvalid => self.invalid(),
            _ => self.longer(),
        };
        all.extend(self.corroborated());
        all
    }

    fn state(&self) -> OriginState {
        self.scene.vrps.validate(self.scene.prefix, self.origin)
    }

    fn any(&self, holds: impl Fn(&Entry) -> bool) -> bool {
        self.entries.iter().any(|entry| holds(entry))
    }

    /// How many see it: from −11 to 10. Those of which nothing was heard for long do not count.
    fn corroborated(&self) -> Option<Reason> {
        let heard = |entry: &&Entry| !self.scene.vantages.is_silent(entry.vantage());
        let seen = self.entries.iter().copied().filter(heard).map(|entry| entry.vantage()).collect::<BTreeSet<_>>().len();
        let all = self.scene.held.iter().filter(heard).count().max(seen);
        if seen == 0 {
            return Some(reason(-11, say!("route.silent", "Who sees it was not heard of for an hour: it may be old.")));
        }
        let weight = match (seen, all) {
            (1, FEW..) => -8,
            (1, _) => return None,
            _ if seen * 2 >= all => 10,
            _ => 6,
        };
        Some(match weight {
            -8 => reason(weight, say!("route.alone", "Only one of {all} vantage points sees it.", all = all)),
            _ => reason(weight, say!("route.seen", "{seen} of {all} vantage points see it.", seen = seen, all = all)),
        })
    }

    /// From 1 to 97 with what corroborates.
    fn foreign(&self, kind: Kind) -> Vec<Reason> {
        let (prefix, expected) = (self.scene.prefix, self.scene.expected);
        let set = || self.entries[0].route.path.last().map_or_else(String::new, |set| format!("AS_SET {set}"));
        let (who, whom) = (self.origin.map_or_else(set, |asn| asn.to_string()), names(&expected.origins));
        let mut all = vec![match kind {
            Kind::OriginChange => {
                reason(52, say!("route.origin", "{who} originates {prefix}; expected is {whom}.", who = who, prefix = prefix, whom = whom))
            }
            _ => {
                let of = expected.prefix;
                let text = say!(
                    "route.part",
                    "{who} originates {prefix}, a part of {of}; expected is {whom}.",
                    who = who,
                    prefix = prefix,
                    of = of,
                    whom = whom
                );
                reason(57, text)
            }
        }];
        if prefix != expected.prefix {
            all.push(reason(5, say!("route.longer_wins", "The longer prefix wins wherever it is seen.")));
        }
        match self.state() {
            OriginState::Invalid => {
                let text =
                    say!("route.roa_other", "ROAs cover {prefix}, and none is of {who} (RFC 6811: invalid).", prefix = prefix, who = who);
                all.push(reason(25, text));
            }
            OriginState::Valid => {
                all.push(reason(-20, say!("route.roa_own", "A ROA allows {who} to originate it: it may be meant.", who = who)));
            }
            OriginState::NotFound => {}
        }
        let declared = self.origin.is_some_and(|origin| self.scene.objects.declare(prefix, origin));
        // Behind a ROA it says nothing more.
        if declared && self.state() != OriginState::Valid {
            let text = say!(
                "route.object",
                "The IRR has a route object of {who} for {prefix}: it may be meant, though many can write one.",
                who = who,
                prefix = prefix
            );
            all.push(reason(-10, text));
        }
        let through = |entry: &Entry| path::neighbour(&entry.route).filter(|asn| expected.origins.contains(asn));
        if let Some(asn) = self.entries.iter().find_map(|entry| through(entry)) {
            all.push(reason(
                -15,
                say!("route.through", "It comes through {asn}, which is expected: its customer, or the same organisation.", asn = asn),
            ));
        }
        if self.origin.is_some_and(|origin| origin.class() != AsnClass::Public) {
            all.push(reason(-5, say!("route.no_public", "{who} is no public ASN: rather a mistake than an attack.", who = who)));
        }
        all
    }

    /// From 30 to 85.
    fn forged(&self) -> Vec<Reason> {
        let expected = self.scene.expected;
        let known = expected.upstreams.as_ref().map(names).unwrap_or_default();
        let (who, origin) = (name(self.by), name(self.origin));
        let text =
            say!("route.forged", "{who} stands next to {origin}; known there are {known}.", who = who, origin = origin, known = known);
        let mut all = vec![reason(40, text)];
        if !expected.learned {
            all.push(reason(20, say!("route.declared", "The known ones are declared, not learned.")));
        }
        match self.entries.iter().find_map(|entry| path::impossible(&entry.route)) {
            Some(Impossible::Twice(asn)) => {
                all.push(reason(15, say!("route.twice", "The path cannot be: {asn} stands in it twice, with others between.", asn = asn)));
            }
            Some(Impossible::Nobody(asn)) => {
                all.push(reason(15, say!("route.nobody", "The path cannot be: no network has {asn}.", asn = asn)));
            }
            None => {}
        }
        all
    }

    /// From 25 to 95.
    fn leaked(&self) -> Vec<Reason> {
        let by = name(self.by);
        let leak = self.entries.iter().find_map(|entry| path::leak(&entry.route, self.scene.relations, self.scene.vrps));
        let mut all = vec![match leak {
            Some(Leak::Valley { to, from, .. }) => reason(
                60,
                say!(
                    "route.valley",
                    "{by} passes on to {to} what comes from {from}; neither is its customer (RFC 7908 §3.1).",
                    by = by,
                    to = to,
                    from = from
                ),
            ),
            Some(Leak::Attested { to, from, .. }) => reason(
                75,
                say!(
                    "route.attested",
                    "{from} and {to} attest their providers (ASPA), and {by} is none of them: it passes on what it should not.",
                    by = by,
                    to = to,
                    from = from
                ),
            ),
            Some(Leak::OnlyToCustomer { to, marked, .. }) => reason(
                75,
                say!(
                    "route.only_to_customer",
                    "{marked} marked it for customers only (RFC 9234), and {by} passes it on to {to}.",
                    marked = marked,
                    by = by,
                    to = to
                ),
            ),
            None => {
                let between = self.entries.iter().filter_map(|entry| path::detour(&entry.route)).map(|(_, n)| n).max().unwrap_or_default();
                reason(
                    40,
                    say!(
                        "route.detour",
                        "A longer part than expected comes over {by}, through {n} ASes that are not known to be next to the origin.",
                        by = by,
                        n = between
                    ),
                )
            }
        }];
        if self.scene.prefix != self.scene.expected.prefix && leak.is_none() {
            all.push(reason(5, say!("route.optimiser", "Its length points to a route optimiser.")));
        }
        if let Some(known) = self.scene.expected.upstreams.as_ref().filter(|known| !known.is_empty()) {
            let passes = |entry: &Entry| entry.route.path.iter().filter_map(Hop::asn).any(|asn| known.contains(&asn));
            if !self.any(passes) {
                all.push(reason(9, say!("route.no_known", "None of the known neighbours is on the path: {known}.", known = names(known))));
            }
        }
        all
    }

    /// From 60 to 85.
    fn invalid(&self) -> Vec<Reason> {
        let (prefix, origin) = (self.scene.prefix, name(self.origin));
        let allowed: Vec<String> =
            self.scene.vrps.covering(prefix).map(|vrp| format!("{} /{}-{}", vrp.asn, vrp.prefix.length(), vrp.max_length)).collect();
        let allowed = allowed.join(", ");
        let text = say!(
            "route.invalid",
            "{origin} is expected, but the RPKI calls {prefix} invalid; ROAs allow {allowed}.",
            origin = origin,
            prefix = prefix,
            allowed = allowed
        );
        vec![reason(75, text)]
    }

    /// From 25 to 85.
    fn longer(&self) -> Vec<Reason> {
        let (expected, prefix, origin) = (self.scene.expected, self.scene.prefix, name(self.origin));
        let text = say!(
            "route.more_specific",
            "{origin} announces {prefix}; the longest part of {of} that is expected is /{longest}.",
            origin = origin,
            prefix = prefix,
            of = expected.prefix,
            longest = expected.longest()
        );
        let mut all = vec![reason(55, text)];
        match self.state() {
            OriginState::Invalid => all.push(reason(20, say!("route.roa_shorter", "No ROA allows this length."))),
            OriginState::Valid => all.push(reason(-20, say!("route.roa_length", "A ROA allows this length."))),
            OriginState::NotFound => {}
        }
        all
    }
}

/// From 40 to 90.
pub(super) fn lost(kind: Kind, gone: usize, all: usize) -> Vec<Reason> {
    let mut reasons = vec![match kind {
        Kind::Withdrawal => reason(60, say!("route.gone", "No vantage point has a route any more; {all} had one.", all = all)),
        _ => reason(60, say!("route.fewer", "{gone} of {all} vantage points lost it.", gone = gone, all = all)),
    }];
    match all {
        1 => reasons.push(reason(-20, say!("route.one_watches", "Only one vantage point watches."))),
        2..FEW => reasons.push(reason(10, say!("route.some_watch", "{all} vantage points say the same.", all = all))),
        _ => reasons.push(reason(30, say!("route.many_watch", "{all} vantage points watch: it is not one of them that fails.", all = all))),
    }
    reasons
}

/// From 50 to 75.
pub(super) fn grown(grown: &[&Entry], all: usize) -> Vec<Reason> {
    let most = grown.iter().map(|entry| entry.growth()).max().unwrap_or_default();
    let text = say!(
        "route.grown",
        "The path is longer by up to {most} ASNs at {n} of {all} vantage points.",
        most = most,
        n = grown.len(),
        all = all
    );
    let mut reasons = vec![reason(50, text)];
    let prepended = |entry: &&&Entry| {
        let mut path = entry.route.path.iter().rev();
        let origin = path.next();
        path.next() == origin
    };
    if grown.iter().filter(prepended).count() * 2 >= grown.len() {
        reasons.push(reason(15, say!("route.prepended", "The origin prepends itself.")));
    }
    if grown.len() >= 2 {
        reasons.push(reason(10, say!("route.several", "Several vantage points see it.")));
    }
    reasons
}
