//! Routes as they are seen from somewhere: by a collector's peer, by a router of the operator.

use crate::{Asn, Prefix, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// One element of an AS path (RFC 4271 §4.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Hop {
    /// An AS of an AS_SEQUENCE.
    Asn(Asn),
    /// An AS_SET (deprecated by RFC 9774).
    Set(Box<[Asn]>),
}

impl Hop {
    /// The AS, where it is one.
    pub fn asn(&self) -> Option<Asn> {
        match self {
            Hop::Asn(asn) => Some(*asn),
            Hop::Set(_) => None,
        }
    }

    /// Reads a path as routers print it, such as `64501 {64502 64503} 64504`, sets with blanks
    /// or commas; what is no number is left out.
    pub fn path(text: &str) -> Vec<Hop> {
        let mut hops = vec![];
        let mut set: Option<Vec<Asn>> = None;
        for word in text.replace('{', " { ").replace('}', " } ").split([' ', ',', '\t']) {
            match (word, word.parse().map(Asn)) {
                ("{", _) => set = Some(vec![]),
                ("}", _) => hops.extend(set.take().map(|set| Hop::Set(set.into()))),
                (_, Ok(asn)) => match &mut set {
                    Some(set) => set.push(asn),
                    None => hops.push(Hop::Asn(asn)),
                },
                (_, Err(_)) => {}
            }
        }
        hops
    }
}

/// From whom an AS of a path (nearest first) has the route, and to whom it passes it on.
pub fn around(path: &[Hop], by: Asn) -> (Option<Asn>, Option<Asn>) {
    let mut ases: Vec<Asn> = path.iter().filter_map(Hop::asn).collect();
    ases.dedup();
    let Some(at) = ases.iter().rposition(|asn| *asn == by) else { return (None, None) };
    (ases.get(at + 1).copied(), at.checked_sub(1).map(|to| ases[to]))
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hop::Asn(asn) => write!(f, "{}", asn.0),
            Hop::Set(all) => {
                let all: Vec<String> = all.iter().map(|asn| asn.0.to_string()).collect();
                write!(f, "{{{}}}", all.join(" "))
            }
        }
    }
}

/// From where a route is seen: one BGP session of a collector or router.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vantage {
    /// The collector, router or recording, such as `rrc15`.
    pub source: String,
    /// The peer's AS.
    pub asn: Asn,
    /// The peer's address, or what tells it from others of the same AS; may be empty.
    pub peer: String,
    /// Whether a withdrawal is believed: some daemons report withdrawals of routes that are still
    /// there when they report before policy (BMP, RFC 7854 §5).
    pub tells_withdrawals: bool,
}

impl fmt::Display for Vantage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [self.source.as_str(), &self.asn.to_string(), &self.peer];
        f.write_str(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
    }
}

/// A route of a prefix, as a vantage point has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeenRoute {
    /// The AS path, nearest first.
    pub path: Vec<Hop>,
    /// Who said that it goes to customers only (OTC, RFC 9234 §5).
    pub only_to_customer: Option<Asn>,
}

impl SeenRoute {
    /// The AS that originates it; none when the path is empty or ends in a set.
    pub fn origin(&self) -> Option<Asn> {
        self.path.last().and_then(Hop::asn)
    }

    /// The route as its vantage point means it: an empty path is of its own AS (RFC 4271 §5.1.2),
    /// as in a router's own table or over internal BGP.
    pub fn told_by(self: Arc<Self>, vantage: &Vantage) -> Arc<Self> {
        if !self.path.is_empty() {
            return self;
        }
        Arc::new(SeenRoute { path: vec![Hop::Asn(vantage.asn)], only_to_customer: self.only_to_customer })
    }

    /// The ASNs that may originate it: one, or those of the set at its end (an aggregate).
    pub fn origins(&self) -> &[Asn] {
        match self.path.last() {
            Some(Hop::Asn(asn)) => std::slice::from_ref(asn),
            Some(Hop::Set(all)) => all,
            None => &[],
        }
    }

    /// The ASNs of the path, each once where it is repeated, sets left out.
    pub fn ases(&self) -> Vec<Asn> {
        let mut ases: Vec<Asn> = self.path.iter().filter_map(Hop::asn).collect();
        ases.dedup();
        ases
    }
}

/// What a vantage point says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It has this route of a prefix.
    Announced(Prefix, Arc<SeenRoute>),
    /// It has no route of a prefix any more.
    Withdrawn(Prefix),
    /// Nobody has a route of a prefix any more; who says so does not matter.
    WithdrawnEverywhere(Prefix),
    /// Its session ended, or the recording has a gap: what it has is not known.
    Lost,
    /// Nothing was heard of it for long although nobody said that its session ended (true), or it
    /// is heard of again (false).
    Silent(bool),
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub vantage: Arc<Vantage>,
    /// What.
    pub sight: Sight,
}

/// What a vantage point had of a prefix from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteChange {
    /// Of which prefix.
    pub prefix: Prefix,
    /// Which one.
    pub vantage: Vantage,
    /// From when on.
    pub at: Timestamp,
    /// What it had.
    pub had: Had,
    /// The shortest path that it had until then with an origin that was expected, in ASNs.
    pub shortest: Option<u8>,
}

/// What a vantage point had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Had {
    /// This route.
    Route(SeenRoute),
    /// No route.
    Nothing,
    /// It is not known.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_as_of_a_path_has_neighbours() {
        let check = |path: &str, by: u32, from: Option<u32>, to: Option<u32>| {
            let (found_from, found_to) = around(&Hop::path(path), Asn(by));
            assert_eq!((found_from.map(|asn| asn.0), found_to.map(|asn| asn.0)), (from, to), "{path} {by}");
        };
        check("174 396531 396531 33154 3356", 396_531, Some(33154), Some(174));
        check("3491 17557", 17557, None, Some(3491));
        check("17557", 17557, None, None);
        check("174 3356", 1, None, None);
    }
}
