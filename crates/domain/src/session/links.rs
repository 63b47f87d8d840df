//! The rules for the ends of Direct sessions: links of two addresses, and networks on which both
//! ends are named.

use super::{
    Endpoint, Ends, ends,
    rules::{Form, family},
};
use crate::{Finding, Prefix, Verdict, peering::DirectType, say, special::special};
use std::net::IpAddr;

impl Form<'_> {
    pub(super) fn direct(&mut self) -> Endpoint {
        let v4 = self.link("session_ipv4", &self.ask.session_ipv4.clone(), true);
        let v6 = self.link("session_ipv6", &self.ask.session_ipv6.clone(), false);
        if self.ask.session_ipv4.trim().is_empty() && self.ask.session_ipv6.trim().is_empty() {
            let finding =
                Finding::fail(say!("session.none", "Give an IPv4 or IPv6 prefix for the session, or let the operator assign one."));
            self.say("session_ipv4", finding);
        }
        Endpoint::Direct { ipv4: v4, ipv6: v6 }
    }

    fn prefix(&mut self, field: &'static str, text: &str) -> Option<Prefix> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match text.parse::<Prefix>() {
            Ok(prefix) => Some(prefix),
            Err(error) => {
                let finding = Finding::fail(&error);
                let fix = error.fix().map(|fix| fix.to_string());
                self.say(field, Finding { fix: fix.map(|replacement| crate::Fix { replacement }), ..finding });
                None
            }
        }
    }

    /// Whether both ends of a link are given, as for links from before the portal.
    pub(super) fn names_ends(&self) -> bool {
        [&self.ask.operator_ipv4, &self.ask.operator_ipv6].into_iter().any(|text| !text.trim().is_empty())
    }

    /// A network, and both addresses on it.
    pub(super) fn named(&mut self) -> Endpoint {
        let v4 = self.lan_ends(true);
        let v6 = self.lan_ends(false);
        if self.ask.session_ipv4.trim().is_empty() && self.ask.session_ipv6.trim().is_empty() {
            let text = say!("route_server.none", "Give an IPv4 or IPv6 network with both addresses on it.");
            self.say("session_ipv4", Finding::fail(text));
        }
        Endpoint::Named { ipv4: v4, ipv6: v6 }
    }

    fn lan_ends(&mut self, v4: bool) -> Option<Ends> {
        let ask = self.ask;
        let (lan, server, operator) = if v4 {
            (("session_ipv4", &ask.session_ipv4), ("peer_ipv4", &ask.peer_ipv4), ("operator_ipv4", &ask.operator_ipv4))
        } else {
            (("session_ipv6", &ask.session_ipv6), ("peer_ipv6", &ask.peer_ipv6), ("operator_ipv6", &ask.operator_ipv6))
        };
        let given = [server.1, operator.1].into_iter().any(|text| !text.trim().is_empty());
        if lan.1.trim().is_empty() {
            if given {
                let text =
                    say!("session.network_missing", "Give the network in which the two {family} addresses lie.", family = family(v4));
                self.say(lan.0, Finding::fail(text));
            }
            return None;
        }
        let exchange = ask.direct_type == DirectType::IxRs;
        if !exchange && !given {
            // Each end is where it is expected.
            return ends(self.link(lan.0, lan.1, v4)?);
        }
        let network = if exchange { self.lan(lan.0, lan.1, v4) } else { self.link(lan.0, lan.1, v4) };
        let (peer, operator) = (self.end(server, network, v4, exchange), self.end(operator, network, v4, false));
        let ends = Ends { network: network?, peer: peer?, operator: operator? };
        if ends.peer == ends.operator {
            self.say(server.0, Finding::fail(say!("route_server.same", "The two ends of a session have different addresses.")));
            return None;
        }
        Some(ends)
    }

    /// The LAN of an exchange.
    fn lan(&mut self, field: &'static str, text: &str, v4: bool) -> Option<Prefix> {
        let network = self.prefix(field, text)?;
        let lengths = if v4 { 16..=29 } else { 48..=125 };
        if network.is_ipv4() == v4 && lengths.contains(&network.length()) && special(network).is_none() {
            return Some(network);
        }
        let text = say!("route_server.lan", "{prefix} is not a public {family} peering LAN.", prefix = network, family = family(v4));
        self.say(field, Finding::fail(text));
        None
    }

    /// One end on a network; `alone` when nobody else may meet it there.
    fn end(&mut self, (field, text): (&'static str, &String), network: Option<Prefix>, v4: bool, alone: bool) -> Option<IpAddr> {
        let text = text.trim();
        let finding = match (text.parse::<IpAddr>().ok().filter(|address| address.is_ipv4() == v4), network) {
            (None, _) => Finding::fail(say!("address.syntax", "“{input}” is not an {family} address.", input = text, family = family(v4))),
            (Some(address), Some(network)) if !is_host(network, address) => {
                Finding::fail(say!("route_server.outside", "{address} is no host of {lan}.", address = address, lan = network))
            }
            (Some(address), _) => match self.judge_free(Prefix::covering(address.into())).filter(|_| alone) {
                Some(taken) => taken,
                None => return Some(address),
            },
        };
        self.say(field, finding);
        None
    }

    fn link(&mut self, field: &'static str, text: &str, want_v4: bool) -> Option<Prefix> {
        let prefix = self.prefix(field, text)?;
        let finding = self.judge_link(prefix, want_v4);
        let good = finding.verdict != Verdict::Fail;
        self.say(field, finding);
        good.then_some(prefix)
    }

    fn judge_link(&self, prefix: Prefix, want_v4: bool) -> Finding {
        let (lengths, source) = if want_v4 { ([30, 31], "RFC 3021") } else { ([126, 127], "RFC 6164") };
        if prefix.is_ipv4() != want_v4 || !lengths.contains(&prefix.length()) {
            return Finding::fail(say!(
                "session.length",
                "{prefix} must be an {family} prefix of /{shorter} or /{longer} ({source}).",
                prefix = prefix,
                family = family(want_v4),
                shorter = lengths[0],
                longer = lengths[1],
                source = source
            ));
        }
        if let Some((_, row)) = special(prefix) {
            return Finding::fail(say!(
                "session.reserved",
                "{prefix} is {purpose} ({source}). Give public space, so that traceroutes can be read.",
                prefix = prefix,
                purpose = row.purpose,
                source = row.source
            ));
        }
        if let Some(own) = self.site.own.iter().find(|own| own.overlaps(prefix)) {
            return Finding::fail(say!(
                "session.operators",
                "{prefix} lies in {own}, the operator's own space. Give yours, or let the operator assign addresses.",
                prefix = prefix,
                own = own
            ));
        }
        if let Some(lan) = self.site.all_lans.iter().find(|lan| lan.overlaps(prefix)) {
            return Finding::fail(say!(
                "session.in_lan",
                "{prefix} lies in {lan}, the peering LAN of an exchange. Give space of its own.",
                prefix = prefix,
                lan = lan
            ));
        }
        self.judge_free(prefix).unwrap_or_else(|| {
            let (peer, operator) = ends(prefix).map(|ends| (ends.peer.to_string(), ends.operator.to_string())).unwrap_or_default();
            Finding::pass(say!("session.link", "peer {peer}, operator {operator}", peer = peer, operator = operator))
        })
    }
}

/// Whether an address can be a host's on a network: not its first or last one, where the
/// network is larger than a link.
fn is_host(network: Prefix, address: IpAddr) -> bool {
    let link = network.length() >= if network.is_ipv4() { 31 } else { 127 };
    let edge = address == network.network() || network.is_ipv4() && address == network.net().broadcast();
    network.contains_address(address) && (link || !edge)
}
