//! What somebody does at the router or at the other end of the cable, by hand.

use super::{Daemon, EDGE, Lab, PARTNER, ip};
use peerage_edge::intent::Session;
use std::fs;

impl Lab {
    /// Switches a session off, as somebody at the router does.
    pub fn switch_off(&self, session: &Session) {
        match self.daemon {
            Daemon::Bird => drop(self.birdc("edge.ctl", &format!("disable {}", session.symbol()))),
            Daemon::Frr => {
                let (bgp, line) = (format!("router bgp {}", EDGE.0), format!("neighbor {} shutdown", session.peer));
                assert!(self.vtysh(&["-c", "configure terminal", "-c", &bgp, "-c", &line]), "{line}");
            }
        }
    }

    /// Changes what a session may not announce, as somebody at the router does, and gives a word of it.
    pub fn edit_by_hand(&self, session: &Session) -> &'static str {
        match self.daemon {
            Daemon::Bird => {
                let file = self.path("peerage/current").join(format!("{}.conf", session.peering));
                let text = fs::read_to_string(&file).expect("file");
                fs::write(&file, text + "# a change by hand 203.0.113.0/24\n").expect("written");
            }
            Daemon::Frr => {
                let own = fs::read_to_string(self.config()).expect("frr.conf");
                let start = format!("ip prefix-list {}_protected_", session.symbol());
                let line = own.lines().find(|line| line.starts_with(&start)).expect("the list");
                let name = line.split(' ').nth(2).expect("its name");
                let line = format!("ip prefix-list {name} seq 999 permit 203.0.113.0/24");
                assert!(self.vtysh(&["-c", "configure terminal", "-c", &line]), "{line}");
            }
        }
        "203.0.113.0/24"
    }

    /// Has BIRD run a filter (`in` or `out`) that lets everything through, beside a route that should
    /// not leave, and puts the file back as it was.
    pub fn open_in_secret(&self, session: &Session, direction: &str) {
        let own = fs::read_to_string(self.config()).expect("edge.conf");
        fs::write(self.config(), own + "protocol static { ipv4; route 198.18.0.0/24 blackhole; }\n").expect("edge.conf");
        let file = self.path("peerage/current").join(format!("{}.conf", session.peering));
        let text = fs::read_to_string(&file).expect("file");
        let head = format!("filter {}_{direction}", session.symbol());
        let (before, after) = text.split_once(&head).expect("the filter");
        let (between, body) = after.split_once('{').expect("its body");
        fs::write(&file, format!("{before}{head}{between}{{ accept; {body}")).expect("written");
        let said = self.birdc("edge.ctl", "configure");
        assert!(said.contains("econfigur"), "{said}");
        fs::write(&file, text).expect("put back");
    }

    /// Gives FRR a neighbor that calls itself one of Peerage's.
    pub fn pretend(&self) {
        let bgp = format!("router bgp {}", EDGE.0);
        let lines = ["neighbor 193.0.9.77 remote-as 64999", "neighbor 193.0.9.77 description PR-77/1/v4"];
        assert!(self.vtysh(&["-c", "configure terminal", "-c", &bgp, "-c", lines[0], "-c", lines[1]]));
    }

    /// Sets the most prefixes of an IPv4 session, as somebody at the router does.
    pub fn limit_by_hand(&self, session: &Session, most: u32) {
        match self.daemon {
            Daemon::Bird => {
                let file = self.path("peerage/current").join(format!("{}.conf", session.peering));
                let text = fs::read_to_string(&file).expect("file");
                let (before, after) = (session.max_prefixes, most);
                let text = text.replacen(&format!("receive limit {before}"), &format!("receive limit {after}"), 1).replacen(
                    &format!("import limit {}", before * 4 / 5),
                    &format!("import limit {}", after * 4 / 5),
                    1,
                );
                fs::write(&file, text).expect("written");
            }
            Daemon::Frr => {
                let bgp = format!("router bgp {}", EDGE.0);
                let line = format!("neighbor {} maximum-prefix {most} 80", session.peer);
                let lines = ["-c", "configure terminal", "-c", &bgp, "-c", "address-family ipv4 unicast", "-c", &line];
                assert!(self.vtysh(&lines), "{line}");
            }
        }
    }

    /// Switches BFD on for a session, as somebody at the router does.
    pub fn bfd_by_hand(&self, session: &Session) {
        match self.daemon {
            Daemon::Bird => {
                let file = self.path("peerage/current").join(format!("{}.conf", session.peering));
                let text = fs::read_to_string(&file).expect("file");
                let (head, rest) = text.split_once(&format!("protocol bgp {}\n", session.symbol())).expect("the session");
                let rest = rest.replacen("  ipv", "  bfd on;\n  ipv", 1);
                fs::write(&file, format!("{head}protocol bgp {}\n{rest}", session.symbol())).expect("written");
            }
            Daemon::Frr => {
                let (bgp, line) = (format!("router bgp {}", EDGE.0), format!("neighbor {} bfd", session.peer));
                assert!(self.vtysh(&["-c", "configure terminal", "-c", &bgp, "-c", &line]), "{line}");
            }
        }
    }

    /// Adds an address at each end of the cable.
    pub fn add_addresses(&self, edge: &str, partner: &str) {
        let more = |address: &str| if address.contains(':') { " nodad" } else { "" };
        ip(&format!("-n {} addr add {edge} dev e0{}", self.namespace("edge"), more(edge)));
        ip(&format!("-n {} addr add {partner} dev p0{}", self.namespace("partner"), more(partner)));
    }

    /// Gives the partner other sessions.
    pub fn reconfigure_partner(&self, session: &str) {
        fs::write(self.path("partner.conf"), Self::partner_config(session)).expect("partner.conf");
        let said = self.partner("configure");
        assert!(said.contains("econfigur"), "{said}");
    }

    /// Gives the router a session in its own configuration, or takes it away.
    pub fn own_session(&self, there: bool) {
        let own = fs::read_to_string(self.config()).expect("file");
        match self.daemon {
            Daemon::Bird => {
                let both = [(self.cable.v4.0, self.cable.v4.1, 4), (self.cable.v6.0, self.cable.v6.1, 6)].map(|(local, peer, family)| {
                    format!(
                        "protocol bgp old_elisa_{family} {{ local {local} as {}; neighbor {peer} as {}; hold time 9; connect delay time 1; \
                         ipv{family} {{ import all; export none; }}; }}\n",
                        EDGE.0, PARTNER.0
                    )
                });
                let head = own.split("protocol bgp old").next().expect("head").to_owned();
                let text = if there { head + &both.concat() } else { head };
                fs::write(self.config(), text).expect("written");
                let said = self.birdc("edge.ctl", "configure");
                assert!(said.contains("econfigur"), "{said}");
            }
            Daemon::Frr => {
                let (bgp, peer) = (format!("router bgp {}", EDGE.0), self.cable.v4.1);
                let no = if there { "" } else { "no " };
                let line = format!("{no}neighbor {peer} remote-as {}", PARTNER.0);
                let mut lines = vec!["-c", "configure terminal", "-c", &bgp, "-c", &line];
                let (policy, active) = ("no bgp ebgp-requires-policy", format!("neighbor {peer} activate"));
                if there {
                    lines.extend(["-c", policy, "-c", "address-family ipv4 unicast", "-c", &active]);
                }
                assert!(self.vtysh(&lines), "{line}");
            }
        }
    }
}
