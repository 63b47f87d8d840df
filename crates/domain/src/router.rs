//! The operator's routers, as the operator registers them.

use crate::{Prefix, Text, catalogue::Location, peering::Kind, say, special::special};
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

/// What a router runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// BIRD 2.0.12 or later.
    #[default]
    Bird2,
    /// BIRD 3.
    Bird3,
    /// FRR 8.4 or later.
    Frr,
    /// No router: sessions in the portal's memory.
    Memory,
}

impl EngineKind {
    /// Every kind that can be registered.
    pub const ALL: [EngineKind; 4] = [EngineKind::Bird2, EngineKind::Bird3, EngineKind::Frr, EngineKind::Memory];

    /// The word in forms.
    pub fn word(self) -> &'static str {
        match self {
            EngineKind::Bird2 => "bird2",
            EngineKind::Bird3 => "bird3",
            EngineKind::Frr => "frr",
            EngineKind::Memory => "memory",
        }
    }

    /// The name on pages.
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Bird2 => "BIRD 2",
            EngineKind::Bird3 => "BIRD 3",
            EngineKind::Frr => "FRR",
            EngineKind::Memory => "memory",
        }
    }

    /// The kind of a form's word.
    pub fn of(word: &str) -> Option<Self> {
        EngineKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A router of the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Router {
    /// Such as `RT-1`.
    pub id: String,
    /// Such as `edge1.fra`.
    pub name: String,
    /// Id of the location at which it stands.
    pub location: String,
    /// Ids of other locations that it serves, such as an exchange beside its facility.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// What it runs.
    pub engine: EngineKind,
    /// BGP identifier (RFC 6286).
    pub router_id: Ipv4Addr,
    /// Its addresses on the peering LAN; none at a facility.
    pub addresses: Vec<IpAddr>,
    /// What is announced to peers there.
    pub announce: Vec<Prefix>,
    /// Control socket of the daemon; the folder of FRR's sockets.
    pub socket: String,
    /// The daemon's own configuration file.
    pub config: String,
    /// The folder beside it that is Peerage's own.
    pub folder: String,
}

/// A router as it is typed into the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RouterForm {
    /// Name.
    pub name: String,
    /// Id of the location.
    pub location: String,
    /// Ids of other locations, parted by commas or blanks.
    pub others: String,
    /// Word of the engine.
    pub engine: String,
    /// BGP identifier.
    pub router_id: String,
    /// Addresses, parted by commas or blanks.
    pub addresses: String,
    /// Prefixes, parted by commas or blanks.
    pub announce: String,
    /// Control socket.
    pub socket: String,
    /// Configuration file.
    pub config: String,
    /// Folder.
    pub folder: String,
}

/// Whether an address is the network or broadcast address of an IPv4 LAN, or the anycast
/// address of an IPv6 one (RFC 4291 §2.6.1).
fn is_edge_of(lan: Prefix, address: IpAddr) -> bool {
    let broadcast = lan.is_ipv4() && lan.net().broadcast() == address;
    lan.contains_address(address) && (lan.network() == address || broadcast)
}

/// Whether a prefix has a length that is accepted on the Internet.
fn usable(prefix: Prefix) -> bool {
    let lengths = if prefix.is_ipv4() { 8..=24 } else { 16..=48 };
    lengths.contains(&prefix.length())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', ' ', '\n', '\t', '\r']).filter(|word| !word.is_empty())
}

impl Router {
    /// The ids of the locations that it serves.
    pub fn locations(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.location).chain(&self.others).map(String::as_str)
    }

    /// Whether connections at a location can run on it.
    pub fn serves(&self, location: &str) -> bool {
        self.locations().any(|id| id == location)
    }
}

impl RouterForm {
    /// The router that the form describes, or everything that is wrong with it.
    ///
    /// # Errors
    /// One sentence for each field that has to be mended.
    pub fn read(&self, id: &str, locations: &[Location], lan: &[Prefix]) -> Result<Router, Vec<Text>> {
        let location = locations.iter().find(|location| location.id == self.location);
        let mut wrong = vec![];
        let name = self.name.trim();
        let fine = (1..=40).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
        if !fine {
            wrong.push(say!(
                "router.name",
                "“{name}” is not a router's name. Use 1 to 40 letters, digits, dots and dashes, beginning with a letter.",
                name = name.chars().take(60).collect::<String>()
            ));
        }
        let Some(engine) = EngineKind::of(&self.engine) else {
            wrong.push(say!("router.engine", "Choose what the router runs."));
            return Err(wrong);
        };
        let router_id = self.router_id.trim().parse::<Ipv4Addr>().ok().filter(|id| !id.is_unspecified());
        if router_id.is_none() {
            wrong.push(say!(
                "router.router_id",
                "“{text}” is not a BGP identifier. Write it like an IPv4 address other than 0.0.0.0 (RFC 6286).",
                text = self.router_id.chars().take(40).collect::<String>()
            ));
        }
        let others = self.read_others(locations, &mut wrong);
        let addresses = self.read_addresses(locations, lan, &mut wrong);
        let announce = self.read_announce(&mut wrong);
        if location.is_none() {
            wrong.push(say!("router.location", "Choose the location at which the router stands."));
        }
        if engine != EngineKind::Memory {
            for (what, path) in [("socket", &self.socket), ("config", &self.config), ("folder", &self.folder)] {
                let path = path.trim();
                if what == "folder" && Path::new(path).is_absolute() && Path::new(path).components().count() <= 2 {
                    wrong.push(say!(
                        "router.shallow",
                        "{path} is no folder of Peerage's own. Give one inside another, such as /etc/bird/peerage.",
                        path = path
                    ));
                } else if !Path::new(path).is_absolute() || path.contains(['"', '\n']) {
                    wrong.push(say!("router.path", "Give the {what} as an absolute path.", what = what));
                }
            }
        }
        match (wrong.is_empty(), router_id, location) {
            (true, Some(router_id), Some(location)) => Ok(Router {
                id: id.to_owned(),
                name: name.to_owned(),
                location: location.id.clone(),
                others,
                engine,
                router_id,
                addresses,
                announce,
                socket: self.socket.trim().to_owned(),
                config: self.config.trim().to_owned(),
                folder: self.folder.trim().trim_end_matches('/').to_owned(),
            }),
            _ => Err(wrong),
        }
    }

    /// The ids of the other locations as they are written.
    pub fn other_ids(&self) -> impl Iterator<Item = &str> {
        words(&self.others)
    }

    fn read_others(&self, locations: &[Location], wrong: &mut Vec<Text>) -> Vec<String> {
        let mut others: Vec<String> = vec![];
        for id in self.other_ids() {
            if !locations.iter().any(|location| location.id == id) {
                let id: String = id.chars().take(40).collect();
                wrong.push(say!("router.other", "“{id}” is not a location of yours. Write ids, such as LO-3.", id = id));
            } else if id != self.location && !others.iter().any(|other| other == id) {
                others.push(id.to_owned());
            }
        }
        others
    }

    fn read_addresses(&self, locations: &[Location], lan: &[Prefix], wrong: &mut Vec<Text>) -> Vec<IpAddr> {
        let mut addresses: Vec<IpAddr> = vec![];
        for word in words(&self.addresses) {
            match word.parse::<IpAddr>() {
                Ok(address) if lan.iter().any(|lan| is_edge_of(*lan, address)) => wrong.push(say!(
                    "router.address_edge",
                    "{address} is the first or last address of the LAN, which no router has.",
                    address = address
                )),
                Ok(address) if lan.is_empty() || lan.iter().any(|lan| lan.contains_address(address)) => addresses.push(address),
                Ok(address) => wrong.push(say!(
                    "router.address_lan",
                    "{address} is not in the peering LAN {lan}.",
                    address = address,
                    lan = lan.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                )),
                Err(_) => {
                    wrong.push(say!("router.address", "“{text}” is not an IP address.", text = word.chars().take(60).collect::<String>()))
                }
            }
        }
        if addresses.is_empty() && wrong.is_empty() && locations.iter().any(|l| l.kind == Kind::Exchange) {
            wrong.push(say!("router.addresses", "Give the router's addresses on the peering LAN."));
        }
        addresses
    }

    fn read_announce(&self, wrong: &mut Vec<Text>) -> Vec<Prefix> {
        let mut announce = vec![];
        for word in words(&self.announce) {
            match word.parse::<Prefix>() {
                Ok(prefix) if special(prefix).is_none() && usable(prefix) => announce.push(prefix),
                Ok(prefix) => wrong.push(say!(
                    "router.announce",
                    "{prefix} is nothing to announce: give public prefixes of /8 to /24, or /16 to /48 in IPv6.",
                    prefix = prefix
                )),
                Err(error) => wrong.push(error.text()),
            }
        }
        announce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> RouterForm {
        RouterForm {
            name: "edge1.zrh".into(),
            location: "LO-1".into(),
            others: String::new(),
            engine: "bird2".into(),
            router_id: "91.206.52.10".into(),
            addresses: "91.206.52.10, 2001:7f8:24::10".into(),
            announce: "13.64.0.0/11".into(),
            socket: "/run/bird/bird.ctl".into(),
            config: "/etc/bird/bird.conf".into(),
            folder: "/etc/bird/peerage/".into(),
        }
    }

    fn location() -> Location {
        Location {
            id: "LO-1".into(),
            kind: Kind::Exchange,
            source_id: 60,
            name: "SwissIX".into(),
            city: "Zurich".into(),
            country: "CH".into(),
            point: None,
            addresses: vec![],
            port_mbps: 0,
            offers_mbps: vec![],
            published: true,
            note: String::new(),
            partners: 0,
        }
    }

    fn lan() -> Vec<Prefix> {
        ["91.206.52.0/23", "2001:7f8:24::/64"].map(|p| p.parse().expect(p)).to_vec()
    }

    #[test]
    fn a_sound_form_is_a_router() {
        let router = form().read("RT-1", &[location()], &lan()).expect("sound");
        assert_eq!((router.addresses.len(), router.folder.as_str()), (2, "/etc/bird/peerage"));
    }

    #[test]
    fn one_router_serves_several_locations() {
        let facility = Location { id: "LO-2".into(), kind: Kind::Direct, ..location() };
        let it = RouterForm { others: "LO-2 LO-1, LO-2".into(), ..form() };
        let router = it.read("RT-1", &[location(), facility], &lan()).expect("sound");
        assert_eq!(router.others, ["LO-2"]);
        assert!(router.serves("LO-1") && router.serves("LO-2") && !router.serves("LO-3"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let check = |change: fn(&mut RouterForm), codes: &[&str]| {
            let mut it = form();
            change(&mut it);
            let wrong = it.read("RT-1", &[location()], &lan()).expect_err("wrong");
            assert_eq!(wrong.iter().map(Text::key).collect::<Vec<_>>(), codes);
        };
        check(|f| f.name = "1 edge".into(), &["router.name"]);
        check(|f| f.engine = "ios".into(), &["router.engine"]);
        check(|f| f.router_id = "0.0.0.0".into(), &["router.router_id"]);
        check(|f| f.addresses = "192.0.2.1 x".into(), &["router.address_lan", "router.address"]);
        check(|f| f.addresses = String::new(), &["router.addresses"]);
        check(|f| f.announce = "13.64.0.1/11".into(), &["prefix.hostbits"]);
        check(|f| f.announce = "10.0.0.0/8, 0.0.0.0/0, 13.64.0.0/25".into(), &["router.announce", "router.announce", "router.announce"]);
        check(|f| f.addresses = "91.206.52.0, 91.206.53.255".into(), &["router.address_edge", "router.address_edge"]);
        check(|f| f.socket = "bird.ctl".into(), &["router.path"]);
        check(|f| f.folder = "/etc".into(), &["router.shallow"]);
        check(|f| f.others = "LO-1, LO-77".into(), &["router.other"]);
        assert!(form().read("RT-1", &[], &[]).is_err());
    }
}
