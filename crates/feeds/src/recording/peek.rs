//! Looks at the prefixes of a BGP message before anything else of it is read, and reads the rest
//! of a plain UPDATE itself where one of them is of interest.
//!
//! Whatever is not plain is left to the whole parser: what this reads, that reads the same.

use super::update::Said;
use ipnet::{Ipv4Net, Ipv6Net};
use peerage_domain::{
    Asn, Prefix,
    interest::Interest,
    sighting::{Hop, SeenRoute},
};

/// Marker, length, type (RFC 4271 §4.1).
const HEADER: usize = 19;
const UPDATE: u8 = 2;
const AS_PATH: u8 = 2;
const MP_REACH: u8 = 14;
const MP_UNREACH: u8 = 15;
const AS4_PATH: u8 = 17;
const ONLY_TO_CUSTOMER: u8 = 35;
/// The length of an attribute takes two octets (RFC 4271 §4.3).
const EXTENDED: u8 = 0x10;

/// What a look at a message comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Peeked {
    /// Nothing of it is of interest.
    Nothing,
    /// All of it that is.
    Said(Said),
    /// The whole parser has to read it.
    NotPlain,
}

/// Octets that are read in order; none is given behind the end.
#[derive(Clone, Copy)]
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn number(&mut self, octets: usize) -> Option<usize> {
        Some(self.take(octets)?.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)))
    }
}

/// Looks at a BGP message of a session whose ASNs have so many octets.
pub(super) fn peek(message: &[u8], asn_octets: usize, add_path: bool, interest: &Interest) -> Peeked {
    match parts(message, add_path, interest) {
        None => Peeked::NotPlain,
        Some(parts) if !parts.is_of_interest() => Peeked::Nothing,
        // Which path of several it is, the whole parser tells.
        Some(_) if add_path => Peeked::NotPlain,
        Some(parts) => parts.said(asn_octets).map_or(Peeked::NotPlain, Peeked::Said),
    }
}

/// Who marked a plain UPDATE for customers only (RFC 9234 §5).
pub(super) fn only_to_customer(message: &[u8]) -> Option<Asn> {
    let octets = parts(message, false, &Interest::of([]))?.only_to_customer?;
    (octets.len() == 4).then(|| Octets(octets).number(4)).flatten().map(|asn| Asn(asn as u32))
}

/// The prefixes of interest, and the attributes that matter, unread.
#[derive(Default)]
struct Parts<'a> {
    withdrawn: Vec<Prefix>,
    announced: Vec<Prefix>,
    /// The same of MP_UNREACH_NLRI and MP_REACH_NLRI, which come behind the others.
    more: [Option<Vec<Prefix>>; 2],
    path: Option<&'a [u8]>,
    only_to_customer: Option<&'a [u8]>,
    four_octets: bool,
}

impl Parts<'_> {
    fn is_of_interest(&self) -> bool {
        !self.withdrawn.is_empty() || !self.announced.is_empty() || self.more.iter().flatten().any(|all| !all.is_empty())
    }

    fn said(self, asn_octets: usize) -> Option<Said> {
        if self.four_octets {
            return None;
        }
        let path = match self.path {
            Some(octets) => path(Octets(octets), asn_octets)?,
            None => vec![],
        };
        let only_to_customer = match self.only_to_customer {
            Some(octets) if octets.len() == 4 => Some(Asn(Octets(octets).number(4)? as u32)),
            Some(_) => return None,
            None => None,
        };
        let [unreach, reach] = self.more;
        let (mut withdrawn, mut announced) = (self.withdrawn, self.announced);
        withdrawn.extend(unreach.into_iter().flatten());
        announced.extend(reach.into_iter().flatten());
        Some(Said { withdrawn, announced, route: SeenRoute { path, only_to_customer }.into() })
    }
}

/// Nothing where the message is not plain.
fn parts<'a>(message: &'a [u8], add_path: bool, interest: &Interest) -> Option<Parts<'a>> {
    let mut message = Octets(message);
    let header = message.take(HEADER)?;
    let length = usize::from(header[16]) << 8 | usize::from(header[17]);
    if header[..16] != [0xff; 16] || length != HEADER + message.0.len() {
        return None;
    }
    let mut parts = Parts::default();
    if header[HEADER - 1] != UPDATE {
        return Some(parts);
    }
    let withdrawn = message.number(2)?;
    v4(message.take(withdrawn)?, add_path, interest, &mut parts.withdrawn)?;
    let attributes = message.number(2)?;
    in_attributes(Octets(message.take(attributes)?), add_path, interest, &mut parts)?;
    v4(message.0, add_path, interest, &mut parts.announced)?;
    Some(parts)
}

fn in_attributes<'a>(mut attributes: Octets<'a>, add_path: bool, interest: &Interest, parts: &mut Parts<'a>) -> Option<()> {
    while !attributes.0.is_empty() {
        let (flags, kind) = (attributes.number(1)? as u8, attributes.number(1)? as u8);
        let length = attributes.number(if flags & EXTENDED != 0 { 2 } else { 1 })?;
        let value = attributes.take(length)?;
        let twice = match kind {
            AS_PATH => parts.path.replace(value).is_some(),
            ONLY_TO_CUSTOMER => parts.only_to_customer.replace(value).is_some(),
            AS4_PATH => std::mem::replace(&mut parts.four_octets, true),
            MP_UNREACH | MP_REACH => {
                let found = multiprotocol(Octets(value), kind == MP_REACH, add_path, interest)?;
                parts.more[usize::from(kind == MP_REACH)].replace(found).is_some()
            }
            _ => false,
        };
        if twice {
            return None;
        }
    }
    Some(())
}

/// Prefixes of other families, and IPv4 ones of those who write them there (RFC 4760 §3, §4).
fn multiprotocol(mut value: Octets, reach: bool, add_path: bool, interest: &Interest) -> Option<Vec<Prefix>> {
    let (family, safi) = (value.number(2)?, value.number(1)?);
    let mut found = vec![];
    if reach {
        let next_hop = value.number(1)?;
        let usual = matches!((family, next_hop), (1, 4) | (2, 16 | 32));
        value.take(next_hop + 1)?;
        if safi == 1 && !usual {
            return None;
        }
    }
    match (family, safi) {
        (1, 1) => v4(value.0, add_path, interest, &mut found)?,
        (2, 1) => v6(value.0, add_path, interest, &mut found)?,
        _ => {}
    }
    Some(found)
}

fn v4(octets: &[u8], add_path: bool, interest: &Interest, found: &mut Vec<Prefix>) -> Option<()> {
    each::<4>(octets, add_path, |bits, net| {
        let net = u32::from_be_bytes(net) & (u32::MAX << (32 - bits));
        if interest.may_be_v4(net >> 8) {
            found.push(Prefix::covering(Ipv4Net::new(net.into(), bits).ok()?.into()));
        }
        Some(())
    })
}

fn v6(octets: &[u8], add_path: bool, interest: &Interest, found: &mut Vec<Prefix>) -> Option<()> {
    each::<16>(octets, add_path, |bits, net| {
        let net = u128::from_be_bytes(net) & (u128::MAX << (128 - bits));
        if interest.may_be_v6((net >> 96) as u32) {
            found.push(Prefix::covering(Ipv6Net::new(net.into(), bits).ok()?.into()));
        }
        Some(())
    })
}

/// Each prefix: a length in bits and as many octets as that takes; bits behind the length may be
/// anything. A length of nothing is left to
/// the parser: it is a default route, or the begin of a path's number that nobody announced (RFC 7911).
fn each<const LONGEST: usize>(octets: &[u8], add_path: bool, mut take: impl FnMut(u8, [u8; LONGEST]) -> Option<()>) -> Option<()> {
    let mut octets = Octets(octets);
    while !octets.0.is_empty() {
        if add_path {
            octets.take(4)?;
        }
        let bits = octets.number(1)?;
        if bits == 0 || bits > LONGEST * 8 {
            return None;
        }
        // What stands behind it is taken along where there is enough, which is faster than a copy of
        // each length.
        let behind = octets.0.first_chunk().copied();
        let written = octets.take(bits.div_ceil(8))?;
        let net = behind.unwrap_or_else(|| {
            let mut net = [0; LONGEST];
            net[..written.len()].copy_from_slice(written);
            net
        });
        take(bits as u8, net)?;
    }
    Some(())
}

/// An AS_PATH (RFC 4271 §4.3, RFC 5065 §3), confederations left out.
fn path(mut octets: Octets, asn_octets: usize) -> Option<Vec<Hop>> {
    let mut hops = vec![];
    while !octets.0.is_empty() {
        let (kind, count) = (octets.number(1)?, octets.number(1)?);
        let asns = octets.take(count * asn_octets)?;
        let asns = asns.chunks_exact(asn_octets).map(|asn| Asn(asn.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet))));
        match kind {
            1 => hops.push(Hop::Set(asns.collect())),
            2 => hops.extend(asns.map(Hop::Asn)),
            3 | 4 => {}
            _ => return None,
        }
    }
    Some(hops)
}

/// Whether a prefix in front of other octets may be meant.
pub(super) fn may_be_prefix(octets: &[u8], is_v6: bool, interest: &Interest) -> bool {
    let prefix = octets.first().and_then(|bits| octets.get(..1 + usize::from(*bits).div_ceil(8)));
    let mut found = vec![];
    let read =
        prefix.and_then(|prefix| if is_v6 { v6(prefix, false, interest, &mut found) } else { v4(prefix, false, interest, &mut found) });
    read.is_none() || !found.is_empty()
}
