//! The configuration of the other side, for the peer to take over, with its values filled in.
//!
//! Nothing is let in or announced without a policy (RFC 8212): each text names the peer's own
//! prefixes as one list that the peer replaces. Keys are never written: whoever gave the key
//! knows it, and a mark stands in its place.

use crate::intent::{Session, comment};
use peerage_domain::Asn;
use std::fmt::Write;

/// Stands where the key belongs.
const KEY: &str = "YOUR-MD5-KEY";
/// Stand where the peer's own prefixes belong: documentation space (RFC 5737, RFC 3849).
const OWN: [&str; 2] = ["192.0.2.0/24", "2001:db8::/32"];

/// A language that routers are configured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// BIRD 2.
    Bird2,
    /// BIRD 3.
    Bird3,
    /// FRRouting.
    Frr,
    /// Junos, as `set` commands.
    Junos,
    /// Cisco IOS XR.
    IosXr,
    /// Arista EOS.
    Eos,
    /// Nokia SR OS, MD-CLI.
    SrOs,
    /// OpenBGPD.
    OpenBgpd,
}

impl Language {
    /// Every language, in the order of the page.
    pub const ALL: [Language; 8] = [
        Language::Bird2,
        Language::Bird3,
        Language::Frr,
        Language::Junos,
        Language::IosXr,
        Language::Eos,
        Language::SrOs,
        Language::OpenBgpd,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Language::Bird2 => "BIRD 2",
            Language::Bird3 => "BIRD 3",
            Language::Frr => "FRR",
            Language::Junos => "Junos",
            Language::IosXr => "IOS XR",
            Language::Eos => "EOS",
            Language::SrOs => "SR OS",
            Language::OpenBgpd => "OpenBGPD",
        }
    }
}

/// The peer's side of the sessions of one connection.
#[derive(Clone, Copy, Debug)]
pub struct OtherSide<'a> {
    /// The sessions, as the operator has them.
    pub sessions: &'a [Session],
    /// The operator's ASN.
    pub operator: Asn,
    /// The operator's name, for comments and descriptions.
    pub name: &'a str,
}

impl OtherSide<'_> {
    /// The configuration in a language.
    pub fn render(&self, language: Language) -> String {
        match language {
            Language::Bird2 => self.bird(false),
            Language::Bird3 => self.bird(true),
            Language::Frr => self.frr(),
            Language::Junos => self.junos(),
            Language::IosXr => self.ios_xr(),
            Language::Eos => self.eos(),
            Language::SrOs => self.sr_os(),
            Language::OpenBgpd => self.openbgpd(),
        }
    }

    fn own(&self) -> Asn {
        self.sessions.first().map_or(Asn(0), |session| session.peer_asn)
    }

    /// A comment for the head: what this is, and what has to be replaced.
    fn head(&self, mark: &str) -> String {
        let id = self.sessions.first().map(|s| format!("{}, connection {}", s.peering, s.connection)).unwrap_or_default();
        format!(
            "{mark} {id}: {} with {} {}\n{mark} Replace {} by your own prefixes.\n",
            self.own(),
            self.title(),
            self.operator,
            OWN.join(" and ")
        )
    }

    /// The operator's name in characters that every router takes.
    fn title(&self) -> String {
        let plain: String = comment(self.name).chars().filter(|c| c.is_ascii_alphanumeric() || " .-".contains(*c)).take(40).collect();
        if plain.trim().is_empty() { "the operator".to_owned() } else { plain.trim().to_owned() }
    }

    fn bird(&self, v3: bool) -> String {
        let mut text = self.head("#");
        let asn = self.operator.0;
        for s in self.sessions {
            let v = family(s);
            let _ = write!(
                text,
                "\ndefine OWN{v} = [ {}+ ];\n\nprotocol bgp as{asn}_v{v} {{\n  description \"{} {}\";\n  local {} as {};\n  neighbor {} as {asn};\n  hold time {};\n",
                OWN[usize::from(v == 6)],
                self.title(),
                s.id(),
                s.peer,
                s.peer_asn.0,
                s.local,
                s.hold_time_s,
            );
            if s.md5.is_some() {
                text.push_str(if v3 { "  authentication md5;\n" } else { "" });
                let _ = writeln!(text, "  password \"{KEY}\";");
            }
            text.push_str(if s.gtsm { "  ttl security on;\n" } else { "" });
            text.push_str(if s.bfd { "  bfd on;  # needs: protocol bfd {}\n" } else { "" });
            if let Some(role) = s.role {
                let _ = writeln!(text, "  local role {};", role.other().bird());
            }
            text.push_str(if s.route_server { "  rs client;\n" } else { "" });
            let export =
                if s.route_server { "export all;  # your members' routes".to_owned() } else { format!("export where net ~ OWN{v};") };
            let _ =
                write!(text, "  ipv{v} {{\n    import all;  # your policy for what {} announces\n    {export}\n  }};\n}}\n", self.operator);
        }
        text
    }

    fn frr(&self) -> String {
        let mut text = self.head("!");
        let asn = self.operator.0;
        for s in self.sessions {
            let v = family(s);
            let ip = if v == 4 { "ip" } else { "ipv6" };
            let _ = writeln!(text, "{ip} prefix-list OWN{v} seq 10 permit {}", OWN[usize::from(v == 6)]);
        }
        for s in self.sessions {
            let v = family(s);
            let ip = if v == 4 { "ip" } else { "ipv6" };
            let _ = write!(
                text,
                "route-map TO-AS{asn}-V{v} permit 10\n match {ip} address prefix-list OWN{v}\nexit\nroute-map FROM-AS{asn}-V{v} permit 10\nexit\n"
            );
        }
        let _ = writeln!(text, "router bgp {}", self.own().0);
        for s in self.sessions {
            let n = s.local;
            let _ = write!(
                text,
                " neighbor {n} remote-as {asn}\n neighbor {n} description {} {}\n neighbor {n} timers {} {}\n",
                self.title(),
                s.id(),
                s.hold_time_s / 3,
                s.hold_time_s
            );
            if s.md5.is_some() {
                let _ = writeln!(text, " neighbor {n} password {KEY}");
            }
            if s.gtsm {
                let _ = writeln!(text, " neighbor {n} ttl-security hops 1");
            }
            if s.bfd {
                let _ = writeln!(text, " neighbor {n} bfd");
            }
            if let Some(role) = s.role {
                let _ = writeln!(text, " neighbor {n} local-role {}", role.other().frr());
            }
            let v = family(s);
            let _ = write!(
                text,
                " address-family ipv{v} unicast\n  neighbor {n} activate\n  neighbor {n} route-map FROM-AS{asn}-V{v} in\n  \
                 neighbor {n} route-map TO-AS{asn}-V{v} out\n exit-address-family\n"
            );
        }
        text.push_str("exit\n");
        text
    }

    fn junos(&self) -> String {
        let mut text = self.head("#");
        let asn = self.operator.0;
        for s in self.sessions {
            let v = family(s);
            let own = OWN[usize::from(v == 6)];
            let _ = write!(
                text,
                "set policy-options prefix-list OWN{v} {own}\n\
                 set policy-options policy-statement TO-AS{asn}-V{v} term own from prefix-list OWN{v}\n\
                 set policy-options policy-statement TO-AS{asn}-V{v} term own then accept\n\
                 set policy-options policy-statement TO-AS{asn}-V{v} term rest then reject\n\
                 set policy-options policy-statement FROM-AS{asn}-V{v} then accept\n"
            );
            let group = format!("set protocols bgp group AS{asn}-V{v}");
            let n = s.local;
            let _ = write!(
                text,
                "{group} type external\n{group} local-as {}\n{group} peer-as {asn}\n{group} hold-time {}\n{group} import FROM-AS{asn}-V{v}\n\
                 {group} export TO-AS{asn}-V{v}\n{group} neighbor {n} local-address {}\n{group} neighbor {n} description \"{} {}\"\n",
                s.peer_asn.0,
                s.hold_time_s,
                s.peer,
                self.title(),
                s.id()
            );
            if s.md5.is_some() {
                let _ = writeln!(text, "{group} neighbor {n} authentication-key \"{KEY}\"");
            }
            if s.gtsm {
                let _ = writeln!(text, "{group} neighbor {n} ttl 255");
            }
            if s.bfd {
                let _ = writeln!(text, "{group} neighbor {n} bfd-liveness-detection minimum-interval 300");
            }
        }
        text
    }

    fn ios_xr(&self) -> String {
        let mut text = self.head("!");
        let asn = self.operator.0;
        for s in self.sessions {
            let v = family(s);
            let _ = write!(
                text,
                "prefix-set OWN{v}\n  {}\nend-set\nroute-policy TO-AS{asn}-V{v}\n  if destination in OWN{v} then\n    pass\n  endif\nend-policy\n\
                 route-policy FROM-AS{asn}-V{v}\n  pass\nend-policy\n",
                OWN[usize::from(v == 6)]
            );
        }
        let _ = writeln!(text, "router bgp {}", self.own().0);
        for s in self.sessions {
            let v = family(s);
            let _ = write!(
                text,
                " neighbor {}\n  remote-as {asn}\n  description {} {}\n  timers {} {}\n",
                s.local,
                self.title(),
                s.id(),
                s.hold_time_s / 3,
                s.hold_time_s
            );
            if s.md5.is_some() {
                let _ = writeln!(text, "  password clear {KEY}");
            }
            text.push_str(if s.gtsm { "  ttl-security\n" } else { "" });
            text.push_str(if s.bfd { "  bfd fast-detect\n" } else { "" });
            let _ = write!(
                text,
                "  address-family ipv{v} unicast\n   route-policy FROM-AS{asn}-V{v} in\n   route-policy TO-AS{asn}-V{v} out\n  !\n !\n"
            );
        }
        text.push_str("!\n");
        text
    }

    fn eos(&self) -> String {
        let mut text = self.head("!");
        let asn = self.operator.0;
        for s in self.sessions {
            let v = family(s);
            let (ip, own) = if v == 4 { ("ip", OWN[0]) } else { ("ipv6", OWN[1]) };
            let list = if v == 4 {
                format!("ip prefix-list OWN4 seq 10 permit {own}\n")
            } else {
                format!("ipv6 prefix-list OWN6\n   seq 10 permit {own}\n")
            };
            let _ = write!(
                text,
                "{list}route-map TO-AS{asn}-V{v} permit 10\n   match {ip} address prefix-list OWN{v}\nroute-map FROM-AS{asn}-V{v} permit 10\n"
            );
        }
        let _ = writeln!(text, "router bgp {}", self.own().0);
        for s in self.sessions {
            let n = s.local;
            let _ = write!(
                text,
                "   neighbor {n} remote-as {asn}\n   neighbor {n} description {} {}\n   neighbor {n} timers {} {}\n",
                self.title(),
                s.id(),
                s.hold_time_s / 3,
                s.hold_time_s
            );
            if s.md5.is_some() {
                let _ = writeln!(text, "   neighbor {n} password 0 {KEY}");
            }
            if s.gtsm {
                let _ = writeln!(text, "   neighbor {n} ttl maximum-hops 1");
            }
            if s.bfd {
                let _ = writeln!(text, "   neighbor {n} bfd");
            }
            let v = family(s);
            let _ = write!(
                text,
                "   address-family ipv{v}\n      neighbor {n} activate\n      neighbor {n} route-map FROM-AS{asn}-V{v} in\n      \
                 neighbor {n} route-map TO-AS{asn}-V{v} out\n   exit\n"
            );
        }
        text
    }

    fn sr_os(&self) -> String {
        let mut text = self.head("#");
        let asn = self.operator.0;
        for s in self.sessions {
            let v = family(s);
            let own = OWN[usize::from(v == 6)];
            let _ = write!(
                text,
                "/configure policy-options prefix-list \"OWN{v}\" prefix {own} type exact\n\
                 /configure policy-options policy-statement \"TO-AS{asn}-V{v}\" entry 10 from prefix-list [\"OWN{v}\"]\n\
                 /configure policy-options policy-statement \"TO-AS{asn}-V{v}\" entry 10 action action-type accept\n\
                 /configure policy-options policy-statement \"TO-AS{asn}-V{v}\" default-action action-type reject\n\
                 /configure policy-options policy-statement \"FROM-AS{asn}-V{v}\" default-action action-type accept\n"
            );
            let group = format!("/configure router \"Base\" bgp group \"AS{asn}-V{v}\"");
            let neighbor = format!("/configure router \"Base\" bgp neighbor \"{}\"", s.local);
            let _ = write!(
                text,
                "{group} peer-as {asn}\n{group} hold-time seconds {}\n{group} family ipv{v} true\n{group} import policy [\"FROM-AS{asn}-V{v}\"]\n\
                 {group} export policy [\"TO-AS{asn}-V{v}\"]\n{neighbor} group \"AS{asn}-V{v}\"\n{neighbor} description \"{} {}\"\n{neighbor} local-address {}\n",
                s.hold_time_s,
                self.title(),
                s.id(),
                s.peer
            );
            if s.md5.is_some() {
                let _ = writeln!(text, "{neighbor} authentication-key \"{KEY}\"");
            }
            if s.gtsm {
                let _ = writeln!(text, "{neighbor} ttl-security 255");
            }
            if s.bfd {
                let _ = writeln!(text, "{neighbor} bfd-liveness true");
            }
        }
        text
    }

    fn openbgpd(&self) -> String {
        let mut text = self.head("#");
        let asn = self.operator.0;
        let _ = writeln!(text, "AS {}", self.own().0);
        for s in self.sessions {
            let v = family(s);
            let _ = write!(
                text,
                "prefix-set own{v} {{ {} }}\nneighbor {} {{\n  remote-as {asn}\n  descr \"{} {}\"\n  local-address {}\n  holdtime {}\n",
                OWN[usize::from(v == 6)],
                s.local,
                self.title(),
                s.id(),
                s.peer,
                s.hold_time_s
            );
            if s.md5.is_some() {
                let _ = writeln!(text, "  tcp md5sig password \"{KEY}\"");
            }
            text.push_str(if s.gtsm { "  ttl-security yes\n" } else { "" });
            let _ = writeln!(text, "}}\nallow from {}\nallow to {} prefix-set own{v}", s.local, s.local);
        }
        text
    }
}

fn family(session: &Session) -> u8 {
    if session.is_ipv4() { 4 } else { 6 }
}
