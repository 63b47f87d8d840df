//! FRR's configuration as Peerage sees it: named lists and route maps, and neighbors. What
//! Peerage renders and what `show running-config` prints are read into the same form, so that
//! both can be compared and one can be made of the other.
//!
//! Peerage's objects begin with `pg_` (shared) or `pr_` (of a session). On the router each name
//! also ends with a digest of what it stands for: a changed object is a new one beside the old
//! one, and a session goes from one to the other in one step, never through a half-made filter.

use crate::{intent::is_session, render::Files};
use peerage_domain::Prefix;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    net::IpAddr,
};

/// The kinds of named objects, as their lines begin, in the order in which they are made.
pub(super) const KINDS: [&str; 7] = [
    "ip prefix-list",
    "ipv6 prefix-list",
    "bgp as-path access-list",
    "bgp community-list standard",
    "bgp large-community-list standard",
    "bgp large-community-list expanded",
    "route-map",
];
/// Route maps are blocks of lines; everything else is one line an entry.
const ROUTE_MAP: usize = 6;
/// Letters of a digest in a name.
const DIGEST: usize = 8;

/// A named object: its kind (a place in [`KINDS`]) and its name.
pub(super) type Key = (usize, String);

/// The part of a configuration that is Peerage's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Config {
    /// The ASN of `router bgp`, where there is one.
    pub asn: Option<u32>,
    /// What follows the name, one entry a line; the lines of a route map's entry are indented.
    pub objects: BTreeMap<Key, Vec<String>>,
    /// The neighbors.
    pub neighbors: BTreeMap<IpAddr, Neighbor>,
}

/// What follows `neighbor ADDRESS` in each line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Neighbor {
    /// In `router bgp` itself.
    pub general: Vec<String>,
    /// In the address family.
    pub family: Vec<String>,
}

impl Neighbor {
    /// The rest of the first general line that begins with a word.
    pub fn setting(&self, word: &str) -> Option<&str> {
        self.general.iter().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '))
    }

    /// The route map of a direction, `in` or `out`.
    pub fn route_map(&self, direction: &str) -> Option<&str> {
        self.family.iter().find_map(|line| line.strip_prefix("route-map ")?.strip_suffix(direction)?.strip_suffix(' '))
    }
}

/// Whether an object of this name is Peerage's.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("pg_") || name.starts_with("pr_")
}

/// A line that defines a named object, in parts: kind, name, rest.
fn definition(line: &str) -> Option<(usize, &str, &str)> {
    let kind = KINDS.iter().position(|kind| line.strip_prefix(kind).is_some_and(|rest| rest.starts_with(' ')))?;
    let rest = line[KINDS[kind].len()..].trim_start();
    let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((kind, name, rest))
}

/// Where a line stands.
enum Place<'a> {
    Top,
    Map(&'a str),
    Bgp,
    Family(&'a str),
    Other,
}

impl Config {
    /// Reads a configuration, and keeps what is Peerage's.
    pub fn read(text: &str) -> Config {
        let mut config = Config::default();
        let mut place = Place::Top;
        for raw in text.lines() {
            let line = raw.trim();
            if line.is_empty() || line.starts_with('!') {
                continue;
            }
            place = match (place, raw.starts_with(' ')) {
                (Place::Family(_), _) if line == "exit-address-family" => Place::Bgp,
                (_, false) => config.top(line),
                (Place::Map(name), true) => {
                    config.objects.entry((ROUTE_MAP, name.to_owned())).or_default().push(format!(" {}", canonical(line)));
                    Place::Map(name)
                }
                (Place::Bgp | Place::Family(_), true) if line.starts_with("address-family ") => {
                    Place::Family(line.trim_start_matches("address-family "))
                }
                (Place::Bgp, true) => {
                    config.neighbor(line, None);
                    Place::Bgp
                }
                (Place::Family(family), true) => {
                    config.neighbor(line, Some(family));
                    Place::Family(family)
                }
                (place @ (Place::Top | Place::Other), true) => place,
            };
        }
        // A neighbor that calls itself one of Peerage's is shown and taken back like the others.
        let is_called_ours = |neighbor: &Neighbor| neighbor.setting("description").is_some_and(|id| is_session(&symbol(id)));
        config.neighbors.retain(|_, neighbor| neighbor.route_map("in").is_some_and(is_ours) || is_called_ours(neighbor));
        config.settle();
        config
    }

    /// A line at the left edge.
    fn top<'a>(&mut self, line: &'a str) -> Place<'a> {
        if let Some(rest) = line.strip_prefix("router bgp ") {
            if rest.contains(' ') {
                return Place::Other;
            }
            self.asn = rest.parse().ok();
            return Place::Bgp;
        }
        match definition(line) {
            Some((kind, name, rest)) if is_ours(name) => {
                self.objects.entry((kind, name.to_owned())).or_default().push(canonical(rest));
                if kind == ROUTE_MAP { Place::Map(name) } else { Place::Top }
            }
            Some((ROUTE_MAP, ..)) => Place::Other,
            _ => Place::Top,
        }
    }

    fn neighbor(&mut self, line: &str, family: Option<&str>) {
        let Some((address, rest)) = line.strip_prefix("neighbor ").and_then(|rest| rest.split_once(' ')) else { return };
        let Ok(address) = address.parse::<IpAddr>() else { return };
        let neighbor = self.neighbors.entry(address).or_default();
        match family {
            None => neighbor.general.push(canonical(rest)),
            Some(family) if family.starts_with(if address.is_ipv4() { "ipv4 unicast" } else { "ipv6 unicast" }) => {
                neighbor.family.push(canonical(rest));
            }
            Some(_) => {}
        }
    }

    /// Puts what has no order of its own into one: the lines within a route map's entry, and
    /// the settings of a neighbor.
    pub fn settle(&mut self) {
        for ((kind, _), lines) in &mut self.objects {
            if *kind == ROUTE_MAP {
                let mut at = 0;
                while at < lines.len() {
                    let end = lines[at + 1..].iter().position(|line| !line.starts_with(' ')).map_or(lines.len(), |n| at + 1 + n);
                    lines[at + 1..end].sort();
                    at = end;
                }
            }
        }
        for neighbor in self.neighbors.values_mut() {
            neighbor.general.sort_by_key(|line| (!line.starts_with("remote-as"), line.clone()));
            neighbor.family.sort_by_key(|line| (!line.starts_with("activate"), line.clone()));
        }
    }

    /// The same with other names; names that are not told stay.
    fn renamed(&self, new: &BTreeMap<String, String>) -> Config {
        let word = |word: &str| new.get(word).cloned().unwrap_or_else(|| word.to_owned());
        let lines = |all: &[String]| all.iter().map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" ")).collect();
        Config {
            asn: self.asn,
            objects: self.objects.iter().map(|((kind, name), all)| ((*kind, word(name)), lines(all))).collect(),
            neighbors: self
                .neighbors
                .iter()
                .map(|(at, n)| (*at, Neighbor { general: lines(&n.general), family: lines(&n.family) }))
                .collect(),
        }
    }

    /// The names of the objects that a name's lines mention.
    fn mentioned<'a>(&'a self, lines: &'a [String]) -> impl Iterator<Item = &'a str> {
        lines.iter().flat_map(|line| line.split(' ')).filter(|word| is_ours(word))
    }

    /// The same with a digest in each name. Names that the router has with another content, by
    /// somebody's hand, are not used.
    pub fn with_digests(&self, running: &Config) -> Config {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        // Lists mention nothing, shared maps mention lists, maps of sessions mention both: `pg_` sorts before `pr_`.
        let mut keys: Vec<&Key> = self.objects.keys().collect();
        keys.sort_by_key(|(kind, name)| (*kind == ROUTE_MAP, name.clone()));
        for key in keys {
            let one = Config { objects: [(key.clone(), self.objects[key].clone())].into(), ..Config::default() }.renamed(&names);
            let lines = &one.objects[key];
            let free = |name: &String| running.objects.get(&(key.0, name.clone())).is_none_or(|have| have == lines);
            let name = (0u32..).map(|salt| format!("{}_{}", key.1, digest(lines, salt))).find(free);
            names.insert(key.1.clone(), name.unwrap_or_default());
        }
        self.renamed(&names)
    }

    /// The same without the digests, as people read it. Objects that no neighbor uses are left
    /// out where another of that name is in use.
    pub fn without_digests(&self) -> Config {
        let used = self.used();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        let (first, last): (Vec<&Key>, Vec<&Key>) = self.objects.keys().partition(|key| used.contains(*key));
        let mut kept = Config { asn: self.asn, neighbors: self.neighbors.clone(), ..Config::default() };
        for key in first.into_iter().chain(last) {
            let plain = plain(&key.1);
            if taken.insert(plain) || used.contains(key) {
                names.insert(key.1.clone(), plain.to_owned());
                kept.objects.insert(key.clone(), self.objects[key].clone());
            }
        }
        kept.renamed(&names)
    }

    /// The objects that the neighbors use, and those that these use.
    pub fn used(&self) -> BTreeSet<Key> {
        let mut named: BTreeMap<&str, Vec<&Key>> = BTreeMap::new();
        self.objects.keys().for_each(|key| named.entry(&key.1).or_default().push(key));
        let mut found: BTreeSet<Key> = BTreeSet::new();
        let mut todo: Vec<&str> = self.neighbors.values().flat_map(|n| self.mentioned(&n.family)).collect();
        while let Some(name) = todo.pop() {
            for key in named.get(name).into_iter().flatten() {
                if found.insert((*key).clone()) {
                    todo.extend(self.mentioned(&self.objects[*key]));
                }
            }
        }
        found
    }

    /// Whether the neighbor's filter leaves the first ASN of paths open: a route server's.
    pub fn is_transparent(&self, neighbor: &Neighbor) -> bool {
        let map = neighbor.route_map("in").and_then(|name| self.objects.get(&(ROUTE_MAP, name.to_owned())));
        map.is_some_and(|lines| !self.mentioned(lines).any(|name| plain(name).ends_with("_first")))
    }

    /// The configuration as FRR reads it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (key, lines) in &self.objects {
            text.push_str(&define(key, lines));
        }
        if let Some(asn) = self.asn.filter(|_| !self.neighbors.is_empty()) {
            let _ = writeln!(text, "router bgp {asn}");
            for (address, neighbor) in &self.neighbors {
                for line in neighbor_lines(*address, neighbor) {
                    let _ = writeln!(text, "{line}");
                }
                if self.is_transparent(neighbor) {
                    let _ = writeln!(text, "{}", any_first_asn(*address));
                }
            }
            text.push_str("exit\n");
        }
        text
    }
}

/// FRR 10 refuses paths that do not begin with the neighbor's ASN unless it is told not to; the
/// versions before do not print that they were told. So this line is given and never compared.
pub(super) fn any_first_asn(address: IpAddr) -> String {
    format!(" no neighbor {address} enforce-first-as")
}

/// A neighbor's lines within `router bgp`.
fn neighbor_lines(address: IpAddr, neighbor: &Neighbor) -> Vec<String> {
    let mut lines: Vec<String> = neighbor.general.iter().map(|line| format!(" neighbor {address} {line}")).collect();
    lines.push(format!(" address-family {}", family(address)));
    lines.extend(neighbor.family.iter().map(|line| format!("  neighbor {address} {line}")));
    lines.push(" exit-address-family".into());
    lines
}

/// The address family of a neighbor.
pub(super) fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "ipv4 unicast" } else { "ipv6 unicast" }
}

/// The lines that define an object.
pub(super) fn define((kind, name): &Key, lines: &[String]) -> String {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with(' ') {
            let _ = writeln!(text, "{line}");
        } else {
            let _ = writeln!(text, "{} {name} {line}", KINDS[*kind]);
        }
        let ends = lines.get(at + 1).is_none_or(|next| !next.starts_with(' '));
        if *kind == ROUTE_MAP && ends {
            text.push_str("exit\n");
        }
    }
    text
}

/// Takes an object away.
pub(super) fn undefine((kind, name): &Key) -> String {
    format!("no {} {name}\n", KINDS[*kind])
}

/// A name without its digest.
pub(super) fn plain(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((plain, end)) if end.len() == DIGEST && end.bytes().all(|b| b.is_ascii_hexdigit()) => plain,
        _ => name,
    }
}

fn digest(lines: &[String], salt: u32) -> String {
    let mut hash = Sha256::new();
    lines.iter().for_each(|line| hash.update(format!("{line}\n")));
    hash.update(salt.to_be_bytes());
    let mut text = String::new();
    hash.finalize().iter().take(DIGEST / 2).for_each(|byte| {
        let _ = write!(text, "{byte:02x}");
    });
    text
}

/// A line with single blanks, and prefixes written in one way.
fn canonical(line: &str) -> String {
    let word = |word: &str| match word.contains('/') {
        true => word.parse::<Prefix>().map_or_else(|_| word.to_owned(), |prefix| prefix.to_string()),
        false => word.to_owned(),
    };
    // A regular expression may hold blanks of its own; it is a line's end.
    line.split(' ').filter(|part| !part.is_empty()).map(word).collect::<Vec<_>>().join(" ")
}

/// A configuration as files: one a peering, and one of what they share. `headers` stand above.
pub(super) fn files(config: &Config, headers: &BTreeMap<String, String>) -> Files {
    let mut parts: BTreeMap<String, Config> = BTreeMap::new();
    let mut peerings: BTreeMap<String, String> = BTreeMap::new();
    for (address, neighbor) in &config.neighbors {
        let id = neighbor.setting("description").unwrap_or_default();
        let name = id.split('/').next().unwrap_or_default();
        let file = if name.is_empty() { "other.conf".to_owned() } else { format!("{name}.conf") };
        peerings.insert(symbol(id), file.clone());
        parts.entry(file).or_default().neighbors.insert(*address, neighbor.clone());
    }
    for (key, lines) in &config.objects {
        // `pr_88_1_v4_in`, with or without a digest, belongs to `pr_88_1_v4`.
        let name = plain(&key.1);
        let owner = name.rsplit_once('_').and_then(|(symbol, _)| peerings.get(symbol));
        let file = match owner {
            Some(file) => file.clone(),
            None if key.1.starts_with("pg_") => super::MAIN.to_owned(),
            None => "other.conf".to_owned(),
        };
        parts.entry(file).or_default().objects.insert(key.clone(), lines.clone());
    }
    let text = |(name, part): (String, Config)| {
        let text = headers.get(&name).cloned().unwrap_or_default() + &Config { asn: config.asn, ..part }.text();
        (name, text)
    };
    parts.into_iter().map(text).collect()
}

/// The symbol of a session's id: `pr_88_1_v4` of `PR-88/1/v4`.
pub(super) fn symbol(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}
