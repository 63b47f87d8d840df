//! The rules for what partners type.
//!
//! Exchange addresses must lie in the peering LAN (PeeringDB `ixpfx`); Direct session
//! prefixes are point-to-point: /30 or /31 (RFC 3021) and /126 or /127 (RFC 6164).

use super::{
    AddressProvider, BANDWIDTH_MAX_MBPS, BANDWIDTH_STEP_MBPS, ConnectionAsk, ConnectionSpec, Endpoint, FieldFinding, MAX_PREFIXES, MD5_MAX,
    Occupant, Site, Taken, gigabits,
};
use crate::{
    Asn, Finding, Prefix, Verdict,
    peering::{DirectType, Kind},
    say,
};
use std::net::IpAddr;

/// Judges all connections of a request. Gives the accepted connections when no rule failed.
pub fn judge(kind: Kind, asks: &[ConnectionAsk], site: &Site, asn: Asn) -> (Vec<FieldFinding>, Option<Vec<ConnectionSpec>>) {
    let mut site = site.clone();
    let mut notes = vec![];
    let mut specs = vec![];
    for (index, ask) in asks.iter().enumerate() {
        let mut form = Form { ask, site: &site, asn, findings: vec![] };
        let spec = form.read(kind);
        notes.extend(form.findings.into_iter().map(|(field, finding)| FieldFinding { connection: index, field: field.into(), finding }));
        // Two connections of one request must not meet on the same address either.
        let by = Occupant::Connection(index + 1);
        site.taken.extend(spec.endpoint.space().into_iter().map(|space| Taken { space, asn, by: by.clone() }));
        specs.push(spec);
    }
    if asks.is_empty() {
        let finding = Finding::fail(say!("connection.none", "A peering needs at least one connection."));
        notes.push(FieldFinding { connection: 0, field: "connections".into(), finding });
    }
    let failed = notes.iter().any(|n| n.finding.verdict == Verdict::Fail);
    (notes, (!failed).then_some(specs))
}

pub(super) struct Form<'a> {
    pub(super) ask: &'a ConnectionAsk,
    pub(super) site: &'a Site,
    asn: Asn,
    findings: Vec<(&'static str, Finding)>,
}

impl Form<'_> {
    fn read(&mut self, kind: Kind) -> ConnectionSpec {
        let direct_type = if kind == Kind::Direct { self.ask.direct_type } else { DirectType::Edge };
        let endpoint = match (kind, direct_type, self.ask.address_provider) {
            (Kind::Exchange, ..) => self.exchange(),
            (Kind::Direct, DirectType::IxRs, _) => self.named(),
            // Voice peerings have the operator's addresses, always.
            (Kind::Direct, DirectType::Voice, _) => Endpoint::DirectOperatorAssigned { ipv4: None, ipv6: None },
            (Kind::Direct, DirectType::Edge, AddressProvider::Peer) if self.names_ends() => self.named(),
            (Kind::Direct, DirectType::Edge, AddressProvider::Peer) => self.direct(),
            (Kind::Direct, DirectType::Edge, AddressProvider::Operator) => {
                let note = say!("address.operator", "The operator assigns the addresses by hand; this takes longer.");
                self.say("address_provider", Finding::warn(note));
                Endpoint::DirectOperatorAssigned { ipv4: None, ipv6: None }
            }
        };
        // What was typed counts here, even when it was refused: one error is enough.
        let typed = |text: &str| !text.trim().is_empty();
        let (v4, v6) = match &endpoint {
            Endpoint::Exchange { .. } => (typed(&self.ask.peer_ipv4), typed(&self.ask.peer_ipv6)),
            Endpoint::Direct { .. } | Endpoint::Named { .. } => (typed(&self.ask.session_ipv4), typed(&self.ask.session_ipv6)),
            Endpoint::DirectOperatorAssigned { .. } => (true, typed(&self.ask.max_prefixes_ipv6)),
        };
        ConnectionSpec {
            endpoint,
            max_prefixes_ipv4: self.max_prefixes("max_prefixes_ipv4", v4),
            max_prefixes_ipv6: self.max_prefixes("max_prefixes_ipv6", v6),
            bandwidth_mbps: (kind == Kind::Direct).then(|| self.bandwidth()).flatten(),
            has_md5: self.ask.has_md5,
            gtsm: self.ask.gtsm,
            bfd: self.ask.bfd || direct_type == DirectType::Voice,
            role: self.ask.role,
            direct_type,
            peering_service: kind == Kind::Direct && (self.ask.peering_service || direct_type == DirectType::Voice),
            link_test: None,
        }
    }

    pub(super) fn say(&mut self, field: &'static str, finding: Finding) {
        self.findings.push((field, finding));
    }

    fn exchange(&mut self) -> Endpoint {
        let v4 = self.lan_address("peer_ipv4", &self.ask.peer_ipv4.clone(), true);
        let v6 = self.lan_address("peer_ipv6", &self.ask.peer_ipv6.clone(), false);
        let empty = self.ask.peer_ipv4.trim().is_empty() && self.ask.peer_ipv6.trim().is_empty();
        if empty {
            let finding = Finding::fail(say!("session.no_address", "Give your IPv4 or IPv6 address on the exchange, better both."));
            self.say("peer_ipv4", finding);
        }
        Endpoint::Exchange {
            ipv4: v4.and_then(|a| match a {
                IpAddr::V4(a) => Some(a),
                IpAddr::V6(_) => None,
            }),
            ipv6: v6.and_then(|a| match a {
                IpAddr::V6(a) => Some(a),
                IpAddr::V4(_) => None,
            }),
        }
    }

    fn lan_address(&mut self, field: &'static str, text: &str, want_v4: bool) -> Option<IpAddr> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let address = match text.parse::<IpAddr>() {
            Ok(address) if address.is_ipv4() == want_v4 => address,
            _ => {
                let sentence = say!("address.syntax", "“{input}” is not an {family} address.", input = text, family = family(want_v4));
                self.say(field, Finding::fail(sentence));
                return None;
            }
        };
        let finding = self.judge_lan_address(address);
        let good = finding.verdict != Verdict::Fail;
        self.say(field, finding);
        good.then_some(address)
    }

    fn judge_lan_address(&self, address: IpAddr) -> Finding {
        let lans: Vec<&Prefix> = self.site.lan.iter().filter(|lan| lan.is_ipv4() == address.is_ipv4()).collect();
        if lans.is_empty() {
            return Finding::new(
                Verdict::Unknown,
                say!("address.lan_unknown", "The exchange's peering LAN is not in the directory; the operator will check the address."),
                crate::Next::Operator,
            );
        }
        let Some(lan) = lans.iter().find(|lan| lan.contains_address(address)) else {
            let known: Vec<String> = lans.iter().map(ToString::to_string).collect();
            return Finding::fail(say!(
                "address.outside_lan",
                "{address} is not in the peering LAN {lan} of this exchange.",
                address = address,
                lan = known.join(", ")
            ));
        };
        if let (IpAddr::V4(a), ipnet::IpNet::V4(net)) = (address, lan.net())
            && (a == net.network() || a == net.broadcast())
        {
            return Finding::fail(say!(
                "address.not_host",
                "{address} is the network or broadcast address of {lan}, not a host.",
                address = address,
                lan = lan
            ));
        }
        if self.site.operator.contains(&address) {
            return Finding::fail(say!("address.operator_own", "{address} is the operator's own address. Give yours.", address = address));
        }
        self.judge_free(Prefix::covering(address.into())).unwrap_or_else(|| Finding::pass(say!("address.in_lan", "in {lan}", lan = lan)))
    }

    pub(super) fn judge_free(&self, space: Prefix) -> Option<Finding> {
        let taken = self.site.taken.iter().find(|t| t.space.overlaps(space))?;
        let space = if space.net().addr() == space.net().broadcast() { space.network().to_string() } else { space.to_string() };
        Some(if taken.asn == self.asn {
            Finding::fail(match &taken.by {
                Occupant::Peering(id) => {
                    say!("address.taken_own", "{space} is configured already, in {peering}.", space = space, peering = id)
                }
                Occupant::Connection(n) => {
                    say!("address.taken_here", "{space} is already used by connection {n} of this request.", space = space, n = n)
                }
            })
        } else {
            Finding::fail(say!(
                "address.taken",
                "{space} is already configured with a different ASN. If it is yours, ask the operator.",
                space = space
            ))
        })
    }

    fn max_prefixes(&mut self, field: &'static str, has_session: bool) -> Option<u32> {
        let v4 = field == "max_prefixes_ipv4";
        let text = if v4 { self.ask.max_prefixes_ipv4.trim() } else { self.ask.max_prefixes_ipv6.trim() };
        let (family, most) = (family(v4), if v4 { MAX_PREFIXES.0 } else { MAX_PREFIXES.1 });
        let finding = match (text.parse::<u32>(), text, has_session) {
            (_, "", false) => return None,
            (_, "", true) => {
                Finding::fail(say!("max_prefixes.missing", "Say how many {family} prefixes you will announce at most.", family = family))
            }
            (_, _, false) => {
                Finding::warn(say!("max_prefixes.no_session", "There is no {family} session; the number is not used.", family = family))
            }
            (Ok(n), _, true) if (1..=most).contains(&n) => return Some(n),
            _ => Finding::fail(say!("max_prefixes.range", "“{input}” is not a number from 1 to {most}.", input = text, most = most)),
        };
        self.say(field, finding);
        None
    }

    fn bandwidth(&mut self) -> Option<u32> {
        let text = self.ask.bandwidth_mbps.trim();
        let finding = match text.parse::<u32>() {
            Ok(n) if n > 0 && n % BANDWIDTH_STEP_MBPS == 0 && n <= BANDWIDTH_MAX_MBPS => {
                let most = self.site.offers_mbps.iter().max();
                match most {
                    Some(&most) if n > most => {
                        let (asked, most) = (gigabits(n), gigabits(most));
                        Finding::fail(say!(
                            "bandwidth.offer",
                            "{asked} is more than this location offers ({most}).",
                            asked = asked,
                            most = most
                        ))
                    }
                    _ => return Some(n),
                }
            }
            _ => Finding::fail(say!(
                "bandwidth.range",
                "“{input}” is not a bandwidth. Give Mb/s in steps of {step} up to {most}.",
                input = text,
                step = BANDWIDTH_STEP_MBPS,
                most = BANDWIDTH_MAX_MBPS
            )),
        };
        self.say("bandwidth_mbps", finding);
        None
    }
}

pub(super) fn family(v4: bool) -> &'static str {
    if v4 { "IPv4" } else { "IPv6" }
}

/// Whether a text can be an MD5 key (RFC 2385): printable ASCII, not too long.
pub fn judge_md5(key: &str) -> Finding {
    if key.len() > MD5_MAX {
        return Finding::fail(say!("md5.length", "An MD5 key has at most {most} characters.", most = MD5_MAX));
    }
    if key.bytes().any(|b| !b.is_ascii_graphic() || b == b'"') {
        return Finding::fail(say!("md5.characters", "An MD5 key has printable ASCII characters only, no blanks or quotes."));
    }
    Finding::pass(say!("md5.ok", "ok"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn site() -> Site {
        let taken = |space: &str, asn, peering: &str| Taken {
            space: space.parse().expect(space),
            asn: Asn(asn),
            by: Occupant::Peering(peering.into()),
        };
        Site {
            lan: vec!["80.81.192.0/21".parse().expect("lan"), "2001:7f8::/64".parse().expect("lan")],
            operator: vec!["80.81.194.52".parse().expect("address")],
            taken: vec![taken("80.81.192.7/32", 3303, "PR-1"), taken("80.81.192.8/32", 6667, "PR-2"), taken("193.0.0.0/30", 3303, "PR-3")],
            offers_mbps: vec![10_000, 100_000],
            all_lans: vec!["80.81.192.0/21".parse().expect("lan")],
            own: vec!["184.104.0.0/15".parse().expect("own")],
        }
    }

    fn check(kind: Kind, ask: &ConnectionAsk, expected: &str) {
        let (notes, specs) = judge(kind, std::slice::from_ref(ask), &site(), Asn(6667));
        let codes: Vec<&str> = notes.iter().filter(|n| n.finding.verdict != Verdict::Pass).map(|n| n.finding.code.as_str()).collect();
        assert_eq!(codes.join(" "), expected, "{ask:?}");
        assert_eq!(specs.is_some(), !notes.iter().any(|n| n.finding.verdict == Verdict::Fail));
    }

    fn exchange(v4: &str, v6: &str) -> ConnectionAsk {
        ConnectionAsk {
            peer_ipv4: v4.into(),
            peer_ipv6: v6.into(),
            max_prefixes_ipv4: if v4.is_empty() { "" } else { "900" }.into(),
            max_prefixes_ipv6: if v6.is_empty() { "" } else { "200" }.into(),
            ..ConnectionAsk::default()
        }
    }

    fn direct(v4: &str, v6: &str, bandwidth: &str) -> ConnectionAsk {
        ConnectionAsk {
            session_ipv4: v4.into(),
            session_ipv6: v6.into(),
            max_prefixes_ipv4: if v4.is_empty() { "" } else { "900" }.into(),
            max_prefixes_ipv6: if v6.is_empty() { "" } else { "200" }.into(),
            bandwidth_mbps: bandwidth.into(),
            ..ConnectionAsk::default()
        }
    }

    #[test]
    fn exchange_addresses_lie_free_in_the_peering_lan() {
        check(Kind::Exchange, &exchange("80.81.192.144", "2001:7f8::1a0b:0:1"), "");
        check(Kind::Exchange, &exchange("", ""), "session.no_address");
        check(Kind::Exchange, &exchange("80.81.200.1", ""), "address.outside_lan");
        check(Kind::Exchange, &exchange("80.81.192.0", ""), "address.not_host");
        check(Kind::Exchange, &exchange("80.81.199.255", ""), "address.not_host");
        check(Kind::Exchange, &exchange("80.81.194.52", ""), "address.operator_own");
        check(Kind::Exchange, &exchange("80.81.192.7", ""), "address.taken");
        check(Kind::Exchange, &exchange("80.81.192.8", ""), "address.taken_own");
        check(Kind::Exchange, &exchange("2001:7f8::1", ""), "address.syntax");
    }

    #[test]
    fn direct_sessions_are_point_to_point() {
        check(Kind::Direct, &direct("193.0.9.0/31", "2a00:1450::/127", "100000"), "");
        check(Kind::Direct, &direct("193.0.9.0/30", "", "10000"), "");
        check(Kind::Direct, &direct("193.0.9.0/29", "", "10000"), "session.length");
        check(Kind::Direct, &direct("80.81.193.0/31", "", "10000"), "session.in_lan");
        check(Kind::Direct, &direct("184.104.1.0/30", "", "10000"), "session.operators");
        check(Kind::Direct, &direct("193.0.9.1/31", "", "10000"), "prefix.hostbits");
        check(Kind::Direct, &direct("10.0.0.0/31", "", "10000"), "session.reserved");
        check(Kind::Direct, &direct("193.0.0.2/31", "", "10000"), "address.taken");
        check(Kind::Direct, &direct("193.0.9.0/31", "", "15000"), "bandwidth.range");
        check(Kind::Direct, &direct("193.0.9.0/31", "", "200000"), "bandwidth.offer");
    }

    #[test]
    fn two_connections_do_not_share_an_address() {
        let ask = exchange("80.81.192.144", "");
        let (notes, specs) = judge(Kind::Exchange, &[ask.clone(), ask], &site(), Asn(6667));
        assert_eq!(specs, None);
        assert!(notes.iter().any(|n| n.connection == 1 && n.finding.code == "address.taken_here"));
        assert_eq!(judge(Kind::Exchange, &[], &site(), Asn(6667)).1, None);
    }

    #[test]
    fn a_route_server_has_a_lan_and_two_addresses_on_it() {
        let ask = |lan: &str, server: &str, operator: &str| ConnectionAsk {
            direct_type: DirectType::IxRs,
            peer_ipv4: server.into(),
            operator_ipv4: operator.into(),
            ..direct(lan, "", "10000")
        };
        check(Kind::Direct, &ask("193.0.22.0/24", "193.0.22.1", "193.0.22.2"), "");
        check(Kind::Direct, &ask("", "", ""), "route_server.none");
        check(Kind::Direct, &ask("10.0.0.0/24", "10.0.0.1", "10.0.0.2"), "route_server.lan");
        check(Kind::Direct, &ask("193.0.22.0/24", "193.0.23.1", "193.0.22.255"), "route_server.outside route_server.outside");
        check(Kind::Direct, &ask("193.0.22.0/24", "193.0.22.1", "193.0.22.1"), "route_server.same");
        check(Kind::Direct, &ask("193.0.22.0/24", "", "2001:7f8::1"), "address.syntax address.syntax");
        check(Kind::Direct, &ask("80.81.192.0/21", "80.81.192.7", "80.81.192.9"), "address.taken");
        check(Kind::Direct, &ask("", "193.0.22.1", ""), "session.network_missing route_server.none");
        // Two servers of an exchange meet one router of the operator.
        let two = [ask("193.0.22.0/24", "193.0.22.1", "193.0.22.9"), ask("193.0.22.0/24", "193.0.22.2", "193.0.22.9")];
        assert!(judge(Kind::Direct, &two, &site(), Asn(6667)).1.is_some());
        let same = [two[0].clone(), two[0].clone()];
        assert!(judge(Kind::Direct, &same, &site(), Asn(6667)).1.is_none());
    }

    #[test]
    fn a_link_from_before_may_have_its_ends_the_other_way_round() {
        let ask = |v4: (&str, &str, &str), v6: (&str, &str, &str)| ConnectionAsk {
            peer_ipv4: v4.1.into(),
            operator_ipv4: v4.2.into(),
            peer_ipv6: v6.1.into(),
            operator_ipv6: v6.2.into(),
            ..direct(v4.0, v6.0, "10000")
        };
        let (odd, none) = (("193.0.9.0/31", "193.0.9.1", "193.0.9.0"), ("", "", ""));
        check(Kind::Direct, &ask(odd, none), "");
        check(Kind::Direct, &ask(odd, ("2a00:1450::/127", "", "")), "");
        check(Kind::Direct, &ask(("193.0.9.0/24", "193.0.9.1", "193.0.9.2"), none), "session.length");
        check(Kind::Direct, &ask(("", "193.0.9.1", "193.0.9.0"), none), "session.network_missing route_server.none");
        let (_, specs) = judge(Kind::Direct, &[ask(odd, ("2a00:1450::/127", "", ""))], &site(), Asn(6667));
        let labels = specs.expect("accepted").remove(0).endpoint.labels();
        assert_eq!(labels, ["193.0.9.1 ↔ 193.0.9.0/31", "2a00:1450:: ↔ 2a00:1450::1/127"]);
    }

    #[test]
    fn voice_has_the_operators_addresses_and_bfd() {
        let ask = ConnectionAsk { direct_type: DirectType::Voice, max_prefixes_ipv4: "10".into(), ..direct("", "", "10000") };
        let (notes, specs) = judge(Kind::Direct, std::slice::from_ref(&ask), &site(), Asn(6667));
        let spec = specs.unwrap_or_else(|| panic!("{notes:?}")).remove(0);
        assert!(spec.bfd && spec.endpoint == Endpoint::DirectOperatorAssigned { ipv4: None, ipv6: None });
        let exchange = ConnectionAsk { direct_type: DirectType::Voice, ..exchange("80.81.192.144", "") };
        let spec = judge(Kind::Exchange, &[exchange], &site(), Asn(6667)).1.expect("accepted").remove(0);
        assert_eq!(spec.direct_type, DirectType::Edge, "an exchange has no types");
    }

    #[test]
    fn the_operator_can_assign_addresses() {
        let ask = ConnectionAsk { address_provider: AddressProvider::Operator, ..direct("", "", "10000") };
        let ask = ConnectionAsk { max_prefixes_ipv4: "10".into(), ..ask };
        check(Kind::Direct, &ask, "address.operator");
    }

    #[test]
    fn md5_keys_are_printable_and_short() {
        assert_eq!(judge_md5("s3cret!").verdict, Verdict::Pass);
        assert_eq!(judge_md5(&"x".repeat(81)).code, "md5.length");
        assert_eq!(judge_md5("a b").code, "md5.characters");
    }

    proptest! {
        #[test]
        fn any_form_is_answered_without_panic(texts in proptest::collection::vec("\\PC{0,20}", 6), direct: bool) {
            let ask = ConnectionAsk { peer_ipv4: texts[0].clone(), peer_ipv6: texts[1].clone(), session_ipv4: texts[2].clone(), session_ipv6: texts[3].clone(), max_prefixes_ipv4: texts[4].clone(), bandwidth_mbps: texts[5].clone(), ..ConnectionAsk::default() };
            let kind = if direct { Kind::Direct } else { Kind::Exchange };
            let _ = judge(kind, &[ask], &site(), Asn(6667));
        }
    }
}
