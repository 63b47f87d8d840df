//! An incident in one sentence, and what to do about it.

use super::{Family, Incident, Kind, Part};
use crate::{Asn, Prefix, Text, say};

fn name(asn: Option<Asn>) -> String {
    asn.map_or_else(|| "nobody".into(), |asn| asn.to_string())
}

fn names(all: &[Asn]) -> String {
    if all.is_empty() { "nobody".into() } else { all.iter().map(Asn::to_string).collect::<Vec<_>>().join(", ") }
}

/// What happened, in one sentence.
pub fn sentence(part: &Part) -> Text {
    let (prefix, of, by) = (part.prefix, part.expected.prefix, name(part.by));
    let origins = names(&part.expected.origins);
    match part.kind {
        Kind::OriginChange => {
            say!("incident.origin", "{by} originates {prefix}; it should come from {origins}.", by = by, prefix = prefix, origins = origins)
        }
        Kind::SubPrefix => say!(
            "incident.part",
            "{by} originates {prefix}, a part of {of}, which should come from {origins}.",
            by = by,
            prefix = prefix,
            of = of,
            origins = origins
        ),
        Kind::ForgedOrigin => say!(
            "incident.forged",
            "{prefix} seems to come from {origins} through {by}, which is not known to stand next to it.",
            by = by,
            prefix = prefix,
            origins = origins
        ),
        Kind::RouteLeak => {
            say!("incident.leak", "{by} passes on {prefix} to networks that should not hear it from there.", by = by, prefix = prefix)
        }
        Kind::Withdrawal => say!("incident.gone", "{prefix} cannot be reached: no vantage point has a route any more.", prefix = prefix),
        Kind::VisibilityLoss => {
            say!(
                "incident.fewer",
                "{prefix} cannot be reached from most places; vantage points that lost it: {n}.",
                prefix = prefix,
                n = part.vantages
            )
        }
        Kind::RpkiInvalid => {
            say!("incident.invalid", "The RPKI calls {prefix} from {by} invalid: networks that validate drop it.", prefix = prefix, by = by)
        }
        Kind::MoreSpecific => {
            say!("incident.longer", "{by} announces {prefix}, a longer part of {of} than is expected.", by = by, prefix = prefix, of = of)
        }
        Kind::PathChange => say!("incident.path", "The way to {prefix} became longer.", prefix = prefix),
        Kind::Suboptimal => say!("incident.suboptimal", "Traffic to {prefix} does not enter where it should.", prefix = prefix),
        Kind::PacketLoss => match &part.measured {
            Some(it) => say!(
                "incident.lossy",
                "{name} loses {now} % of its packets; {usual} % is usual.",
                name = it.connection.1,
                now = format!("{:.1}", it.now * 100.0),
                usual = format!("{:.1}", it.usual * 100.0)
            ),
            None => say!("incident.lossy_prefix", "More packets to {prefix} are lost than usual.", prefix = prefix),
        },
        Kind::LatencyRise => match &part.measured {
            Some(it) => say!(
                "incident.slow",
                "Packets of {name} take {now} ms; {usual} ms is usual at this hour.",
                name = it.connection.1,
                now = format!("{:.1}", it.now),
                usual = format!("{:.1}", it.usual)
            ),
            None => say!("incident.slow_prefix", "Packets to {prefix} take longer than usual.", prefix = prefix),
        },
    }
}

/// Longest prefix that most networks let in, in bits (RFC 7454 §6.1.3).
fn longest(prefix: Prefix) -> u8 {
    if prefix.is_ipv4() { 24 } else { 48 }
}

/// The two halves of a prefix, where most networks would let them in.
fn halves(prefix: Prefix) -> Option<(Prefix, Prefix)> {
    let length = prefix.length() + 1;
    if length > longest(prefix) {
        return None;
    }
    let mut parts = prefix.net().subnets(length).ok()?;
    Some((Prefix::covering(parts.next()?), Prefix::covering(parts.next()?)))
}

/// What to do, first things first.
pub fn advice(incident: &Incident) -> Vec<Text> {
    let part = &incident.worst;
    match incident.family {
        Family::Hijack => against_hijack(part),
        Family::Leak => vec![
            say!("advice.leak_ask", "Ask {by} to stop it: its contacts stand in PeeringDB.", by = name(part.by)),
            say!(
                "advice.leak_up",
                "Ask the network that takes it from {by} to filter what {by} passes on (RFC 7454 §6).",
                by = name(part.by)
            ),
            say!("advice.leak_otc", "Have your sessions use roles (RFC 9234): routes are then marked, and the next leak stops by itself."),
        ],
        Family::Loss => vec![
            say!("advice.loss_session", "Look at the connection's sessions: is the prefix still announced there?"),
            say!(
                "advice.loss_provider",
                "Ask your provider whether it withdrew {prefix}, and from where it hears it.",
                prefix = part.prefix
            ),
            say!("advice.loss_backup", "With a backup location, look whether traffic enters there."),
        ],
        Family::Rpki => vec![
            say!(
                "advice.rpki_roa",
                "Correct the ROA of {prefix}: it has to name {by} and allow /{length}.",
                prefix = part.expected.prefix,
                by = name(part.by),
                length = part.prefix.length()
            ),
            say!("advice.rpki_wait", "A new ROA is seen by most networks within an hour."),
        ],
        Family::Announcement => vec![
            say!("advice.longer_meant", "If it is meant, say so below: until when, and why."),
            say!("advice.longer_stop", "If not, withdraw {prefix} on the router that announces it.", prefix = part.prefix),
        ],
        Family::Path => vec![
            say!("advice.path_provider", "Ask your provider why the way changed: maintenance, a lost session, prepending?"),
            say!("advice.path_latency", "Look below whether latency changed; a longer way is not always slower."),
        ],
        Family::Latency => vec![
            say!(
                "advice.slow_routes",
                "Look whether the way changed at the same time: a session that went down, a path that grew, another entrance."
            ),
            say!(
                "advice.slow_trace",
                "Have a probe trace the way, and compare it with an earlier one: the hop where time is lost says whose network it is."
            ),
            say!(
                "advice.slow_provider",
                "Show your provider the chart on this page: it has the moment at which it began, and what is usual."
            ),
        ],
    }
}

fn against_hijack(part: &Part) -> Vec<Text> {
    let mut all = vec![say!(
        "advice.hijack_ask",
        "Ask {by} to withdraw {prefix}: its contacts stand in PeeringDB.",
        by = name(part.by),
        prefix = part.prefix
    )];
    match halves(part.prefix) {
        Some((first, second)) => all.push(say!(
            "advice.hijack_halves",
            "Announce {first} and {second} until it is gone: the longer prefix wins wherever it is seen.",
            first = first,
            second = second
        )),
        None => all.push(say!(
            "advice.hijack_same",
            "Announce {prefix} yourself until it is gone; longer parts are let in by few networks.",
            prefix = part.prefix
        )),
    }
    let covered = part.reasons.iter().any(|reason| reason.text.key() == "route.roa_other");
    if !covered && part.kind != Kind::ForgedOrigin {
        all.push(say!(
            "advice.hijack_roa",
            "Make a ROA for {prefix}: networks that validate drop what others announce.",
            prefix = part.expected.prefix
        ));
    }
    all.push(say!("advice.hijack_meant", "If it is meant, such as an anycast or DDoS provider, say so below: until when, and why."));
    all
}

#[cfg(test)]
mod tests {
    use super::{super::tests::part, *};

    #[test]
    fn every_kind_has_a_sentence_and_something_to_do() {
        for kind in Kind::ALL {
            let part = part("208.65.153.0/24", kind, 17557, 0, None);
            let incident = Incident::begun("IN-1".into(), &part, None);
            assert!(sentence(&part).english().contains("208.65.153.0/24"), "{kind}");
            assert!(advice(&incident).len() >= 2, "{kind}");
        }
    }

    #[test]
    fn halves_are_advised_where_networks_let_them_in() {
        let check = |prefix: &str, expected: Option<(&str, &str)>| {
            let found = halves(prefix.parse().expect("prefix")).map(|(a, b)| (a.to_string(), b.to_string()));
            assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())), "{prefix}");
        };
        check("208.65.152.0/22", Some(("208.65.152.0/23", "208.65.154.0/23")));
        check("208.65.153.0/24", None);
        check("2001:db8::/32", Some(("2001:db8::/33", "2001:db8:8000::/33")));
        check("2001:db8::/48", None);
    }
}
