//! Sessions that ran before the portal was there, and that are to be converted.

use crate::{
    Asn, AsnClass, Finding, Next, Prefix, Timestamp, Verdict,
    peering::Kind,
    say,
    session::{ConnectionAsk, ends},
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The sessions of one network at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegacySessions {
    /// Such as `LG-3`; empty before they are kept.
    pub id: String,
    /// Id of the operator's location.
    pub location: String,
    /// Direct or Exchange.
    pub kind: Kind,
    /// The network.
    pub asn: Asn,
    /// Its name, as far as it is known.
    pub peer_name: String,
    /// Where they were read: a router, a file.
    pub source: String,
    /// Id of the router that they were read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub router: Option<String>,
    /// When.
    pub read: Timestamp,
    /// The connections, as the form of a request would have them.
    pub connections: Vec<ConnectionAsk>,
    /// The peering that they were converted to.
    #[serde(default)]
    pub peering: Option<String>,
}

impl LegacySessions {
    /// What identifies the sessions, for lists.
    pub fn labels(&self) -> Vec<String> {
        let all = self.connections.iter().flat_map(|c| [(&c.peer_ipv4, &c.session_ipv4), (&c.peer_ipv6, &c.session_ipv6)]);
        // Where the peer's address is not given, the link tells it.
        let either = all.map(|(address, link)| if address.is_empty() { link } else { address });
        either.filter(|text| !text.is_empty()).cloned().collect()
    }

    /// The address space of the sessions; what is no address is left out.
    pub fn space(&self) -> Vec<Prefix> {
        let read = |text: String| text.parse().ok().or_else(|| Some(Prefix::covering(text.parse::<IpAddr>().ok()?.into())));
        self.labels().into_iter().filter_map(read).collect()
    }

    /// Whether they can be kept: who it is, that there is something to convert, and that it lies
    /// in the exchange's peering LAN, where one is known.
    pub fn judge(&self, lan: &[Prefix]) -> Finding {
        if self.asn.class() != AsnClass::Public {
            return Finding::fail(say!("legacy.asn", "{asn} is not a public ASN.", asn = self.asn));
        }
        if self.location.is_empty() {
            return Finding::fail(say!(
                "legacy.location",
                "The location is not one of the operator's. Write its id, such as LO-3, or its name."
            ));
        }
        let bad = self.connections.iter().flat_map(texts).find(|(text, is_prefix)| {
            let fine = if *is_prefix { text.parse::<Prefix>().is_ok() } else { text.parse::<IpAddr>().is_ok() };
            !fine
        });
        if let Some((text, _)) = bad {
            let text: String = text.chars().take(60).collect();
            return Finding::fail(match text.parse::<ipnet::IpNet>() {
                Ok(net) => say!(
                    "legacy.host",
                    "“{text}” is an address with a length. Write the address {address} alone, or the prefix without host bits.",
                    text = text,
                    address = net.addr()
                ),
                Err(_) => say!("legacy.address", "“{text}” is neither an address nor a prefix.", text = text),
            });
        }
        let limits = self.connections.iter().flat_map(|ask| [&ask.max_prefixes_ipv4, &ask.max_prefixes_ipv6]);
        if let Some(limit) = limits.into_iter().find(|text| !text.is_empty() && !text.parse::<u32>().is_ok_and(|n| n > 0)) {
            let limit: String = limit.chars().take(60).collect();
            return Finding::fail(say!("legacy.limit", "“{limit}” is not a number of prefixes.", limit = limit));
        }
        if self.labels().is_empty() {
            return Finding::fail(say!("legacy.nothing", "There is no address of a session."));
        }
        let elsewhere = |own: &Prefix| {
            let mut family = lan.iter().filter(|lan| lan.is_ipv4() == own.is_ipv4()).peekable();
            family.peek().is_some() && !family.any(|lan| lan.contains(*own))
        };
        if let Some(own) = self.space().into_iter().find(elsewhere) {
            return Finding::fail(say!(
                "legacy.outside",
                "{address} lies outside the peering LAN of {location}, {lan}.",
                address = own.network(),
                location = self.location,
                lan = lan.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ));
        }
        match &self.peering {
            Some(peering) => {
                Finding::new(Verdict::Warn, say!("legacy.converted", "Converted: {peering}.", peering = peering), Next::Nobody)
            }
            None => Finding::pass(say!("legacy.new", "new")),
        }
    }
}

/// The texts of a connection that have to be addresses, or, with `true`, prefixes.
fn texts(ask: &ConnectionAsk) -> Vec<(&str, bool)> {
    let all = [
        (ask.peer_ipv4.as_str(), false),
        (ask.peer_ipv6.as_str(), false),
        (ask.operator_ipv4.as_str(), false),
        (ask.operator_ipv6.as_str(), false),
        (ask.session_ipv4.as_str(), true),
        (ask.session_ipv6.as_str(), true),
    ];
    all.into_iter().filter(|(text, _)| !text.is_empty()).collect()
}

/// One session as a router has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The peer's ASN.
    pub asn: Asn,
    /// The peer's address.
    pub peer: IpAddr,
    /// The router's own, where it tells.
    pub local: Option<IpAddr>,
    /// Most prefixes that the router takes, where it has a limit.
    pub limit: Option<u32>,
}

/// Puts the sessions of a router together: an IPv4 and an IPv6 session of one network are one
/// connection.
pub fn connections_of(kind: Kind, found: &[Found]) -> Vec<(Asn, Vec<ConnectionAsk>)> {
    let mut asns: Vec<Asn> = found.iter().map(|it| it.asn).collect();
    asns.sort();
    asns.dedup();
    asns.into_iter().map(|asn| (asn, paired(kind, found.iter().filter(|it| it.asn == asn)))).collect()
}

fn paired<'a>(kind: Kind, of: impl Iterator<Item = &'a Found>) -> Vec<ConnectionAsk> {
    let (v4, v6): (Vec<&Found>, Vec<&Found>) = of.partition(|it| it.peer.is_ipv4());
    (0..v4.len().max(v6.len()))
        .map(|at| {
            let mut ask = ConnectionAsk::default();
            let both = [v4.get(at), v6.get(at)].into_iter().flatten();
            both.for_each(|it| put(kind, it, &mut ask));
            ask
        })
        .collect()
}

fn put(kind: Kind, it: &Found, ask: &mut ConnectionAsk) {
    let v4 = it.peer.is_ipv4();
    let limit = if v4 { &mut ask.max_prefixes_ipv4 } else { &mut ask.max_prefixes_ipv6 };
    *limit = it.limit.map(|most| most.to_string()).unwrap_or_default();
    let link = (kind == Kind::Direct).then(|| link(it)).flatten();
    let conventional = link.is_some_and(|link| ends(link).is_some_and(|ends| ends.peer == it.peer && Some(ends.operator) == it.local));
    let (peer, operator, session) = if v4 {
        (&mut ask.peer_ipv4, &mut ask.operator_ipv4, &mut ask.session_ipv4)
    } else {
        (&mut ask.peer_ipv6, &mut ask.operator_ipv6, &mut ask.session_ipv6)
    };
    if let Some(link) = link {
        *session = link.to_string();
    }
    // On a link where each end is where it is expected, the link alone says it all.
    if !conventional {
        *peer = it.peer.to_string();
        if kind == Kind::Direct {
            *operator = it.local.map(|local| local.to_string()).unwrap_or_default();
        }
    }
}

/// The smallest link that holds both ends.
fn link(it: &Found) -> Option<Prefix> {
    let local = it.local?;
    let lengths = if it.peer.is_ipv4() { [31, 30] } else { [127, 126] };
    lengths.into_iter().find_map(|length| {
        let link = Prefix::covering(ipnet::IpNet::new(it.peer, length).ok()?);
        let host = |address: IpAddr| link.net().hosts().any(|host| host == address);
        (host(it.peer) && host(local)).then_some(link)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(asn: u32, peer: &str, local: &str) -> Found {
        Found { asn: Asn(asn), peer: peer.parse().expect(peer), local: local.parse().ok(), limit: Some(30) }
    }

    #[test]
    fn families_of_one_network_are_one_connection() {
        let all = [
            found(6667, "80.81.192.144", ""),
            found(6667, "2001:7f8::1a0b:0:1", ""),
            found(6667, "80.81.192.145", ""),
            found(719, "80.81.192.7", ""),
        ];
        let by_asn = connections_of(Kind::Exchange, &all);
        assert_eq!(by_asn.iter().map(|(asn, c)| (asn.0, c.len())).collect::<Vec<_>>(), [(719, 1), (6667, 2)]);
        assert_eq!((by_asn[1].1[0].peer_ipv4.as_str(), by_asn[1].1[0].peer_ipv6.as_str()), ("80.81.192.144", "2001:7f8::1a0b:0:1"));
        assert_eq!(by_asn[1].1[0].max_prefixes_ipv6, "30", "the router's limit");
        assert_eq!(by_asn[1].1[1].peer_ipv6, "");
    }

    #[test]
    fn links_are_found_from_their_ends() {
        let check = |peer: &str, local: &str, expected: (&str, &str, &str)| {
            let ask = &connections_of(Kind::Direct, &[found(6667, peer, local)])[0].1[0];
            let pick = |v4: &str, v6: &str| if v4.is_empty() { v6.to_owned() } else { v4.to_owned() };
            let is = (
                pick(&ask.session_ipv4, &ask.session_ipv6),
                pick(&ask.peer_ipv4, &ask.peer_ipv6),
                pick(&ask.operator_ipv4, &ask.operator_ipv6),
            );
            assert_eq!((is.0.as_str(), is.1.as_str(), is.2.as_str()), expected, "{peer} {local}");
        };
        check("193.0.9.0", "193.0.9.1", ("193.0.9.0/31", "", ""));
        check("193.0.9.1", "193.0.9.0", ("193.0.9.0/31", "193.0.9.1", "193.0.9.0"));
        check("193.0.9.1", "193.0.9.2", ("193.0.9.0/30", "", ""));
        check("2a00:1450::", "2a00:1450::1", ("2a00:1450::/127", "", ""));
        check("193.0.9.1", "193.0.9.9", ("", "193.0.9.1", "193.0.9.9"));
        check("193.0.9.1", "", ("", "193.0.9.1", ""));
    }

    #[test]
    fn each_family_is_told_by_its_address_or_its_link() {
        let all = [found(6667, "193.0.9.1", "193.0.9.0"), found(6667, "2a00:1450::", "2a00:1450::1")];
        let connections = connections_of(Kind::Direct, &all).remove(0).1;
        let it = LegacySessions {
            id: String::new(),
            location: "LO-1".into(),
            kind: Kind::Direct,
            asn: Asn(6667),
            peer_name: String::new(),
            source: String::new(),
            router: None,
            read: Timestamp::from_secs(0),
            connections,
            peering: None,
        };
        assert_eq!(it.labels(), ["193.0.9.1", "2a00:1450::/127"]);
        assert_eq!(it.space().len(), 2);
    }

    #[test]
    fn only_what_can_be_a_session_is_kept() {
        let it = LegacySessions {
            id: String::new(),
            location: "LO-1".into(),
            kind: Kind::Exchange,
            asn: Asn(6667),
            peer_name: "Elisa".into(),
            source: "edge1".into(),
            router: None,
            read: Timestamp::from_secs(0),
            connections: vec![ConnectionAsk { peer_ipv4: "80.81.192.144".into(), ..ConnectionAsk::default() }],
            peering: None,
        };
        let check = |it: LegacySessions, code: &str| assert_eq!(it.judge(&[]).code, code);
        check(it.clone(), "legacy.new");
        check(LegacySessions { asn: Asn(64512), ..it.clone() }, "legacy.asn");
        check(LegacySessions { location: String::new(), ..it.clone() }, "legacy.location");
        check(LegacySessions { connections: vec![], ..it.clone() }, "legacy.nothing");
        check(LegacySessions { peering: Some("PR-1".into()), ..it.clone() }, "legacy.converted");
        let odd = ConnectionAsk { peer_ipv4: "somewhere".into(), ..ConnectionAsk::default() };
        check(LegacySessions { connections: vec![odd], ..it }, "legacy.address");
    }
}
