//! The IANA special-purpose address registries, as far as they forbid a registration.
//!
//! Sources: <https://www.iana.org/assignments/iana-ipv4-special-registry> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry> (RFC 6890, RFC 8190),
//! the multicast ranges (RFC 5771, RFC 4291) and the unicast range that the
//! registries delegate from (2000::/3, RFC 3587).

use crate::Prefix;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};

/// One row of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Special {
    /// What the range is for, as a noun phrase that fits behind "is".
    pub purpose: &'static str,
    /// The document that says so.
    pub source: &'static str,
}

type V4 = ([u8; 4], u8, &'static str, &'static str);
type V6 = ([u16; 8], u8, &'static str, &'static str);

#[rustfmt::skip]
const IPV4: &[V4] = &[
    ([0, 0, 0, 0],       8, "“this network” space", "RFC 791"),
    ([10, 0, 0, 0],      8, "private address space", "RFC 1918"),
    ([100, 64, 0, 0],   10, "shared address space for carrier-grade NAT", "RFC 6598"),
    ([127, 0, 0, 0],     8, "loopback space", "RFC 1122"),
    ([169, 254, 0, 0],  16, "link-local space", "RFC 3927"),
    ([172, 16, 0, 0],   12, "private address space", "RFC 1918"),
    ([192, 0, 0, 0],    24, "reserved for IETF protocols", "RFC 6890"),
    ([192, 0, 2, 0],    24, "documentation space (TEST-NET-1)", "RFC 5737"),
    ([192, 31, 196, 0], 24, "AS112 service space", "RFC 7535"),
    ([192, 52, 193, 0], 24, "AMT service space", "RFC 7450"),
    ([192, 88, 99, 0],  24, "deprecated 6to4 relay space", "RFC 7526"),
    ([192, 168, 0, 0],  16, "private address space", "RFC 1918"),
    ([192, 175, 48, 0], 24, "AS112 service space", "RFC 7534"),
    ([198, 18, 0, 0],   15, "benchmarking space", "RFC 2544"),
    ([198, 51, 100, 0], 24, "documentation space (TEST-NET-2)", "RFC 5737"),
    ([203, 0, 113, 0],  24, "documentation space (TEST-NET-3)", "RFC 5737"),
    ([224, 0, 0, 0],     4, "multicast space", "RFC 5771"),
    ([240, 0, 0, 0],     4, "reserved space", "RFC 1112"),
];

#[rustfmt::skip]
const IPV6: &[V6] = &[
    ([0, 0, 0, 0, 0, 0xffff, 0, 0],       96, "IPv4-mapped space", "RFC 4291"),
    ([0x64, 0xff9b, 0, 0, 0, 0, 0, 0],    96, "IPv4/IPv6 translation space", "RFC 6052"),
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0],    48, "local IPv4/IPv6 translation space", "RFC 8215"),
    ([0x100, 0, 0, 0, 0, 0, 0, 0],        64, "discard-only space", "RFC 6666"),
    ([0x100, 0, 0, 1, 0, 0, 0, 0],        64, "dummy prefix space", "RFC 9780"),
    ([0, 0, 0, 0, 0, 0, 0, 0],             8, "reserved space", "RFC 4291"),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0],       23, "reserved for IETF protocols", "RFC 2928"),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0],   32, "documentation space", "RFC 3849"),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0],       16, "6to4 space", "RFC 3056"),
    ([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, "AS112 service space", "RFC 7534"),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0],       20, "documentation space", "RFC 9637"),
    ([0x5f00, 0, 0, 0, 0, 0, 0, 0],       16, "segment routing SID space", "RFC 9602"),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0],        7, "unique local space", "RFC 4193"),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0],       10, "link-local space", "RFC 4291"),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0],       10, "deprecated site-local space", "RFC 3879"),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0],        8, "multicast space", "RFC 4291"),
];

/// The registry row that `prefix` lies in or covers, with the range.
///
/// An IPv6 prefix outside of 2000::/3 is always special: nothing else is
/// global unicast space (RFC 3587).
pub fn special(prefix: Prefix) -> Option<(Prefix, Special)> {
    let row = match prefix.net() {
        IpNet::V4(_) => IPV4.iter().find_map(|&(bytes, length, purpose, source)| {
            let range = Ipv4Net::new(Ipv4Addr::from(bytes), length).ok()?;
            hit(prefix, IpNet::V4(range), purpose, source)
        }),
        IpNet::V6(_) => IPV6.iter().find_map(|&(words, length, purpose, source)| {
            let range = Ipv6Net::new(Ipv6Addr::from(words), length).ok()?;
            hit(prefix, IpNet::V6(range), purpose, source)
        }),
    };
    row.or_else(|| outside_global_unicast(prefix))
}

/// Every range of the registries, for filters on routers.
pub fn ranges() -> impl Iterator<Item = Prefix> {
    let v4 = IPV4.iter().filter_map(|&(bytes, length, ..)| Ipv4Net::new(Ipv4Addr::from(bytes), length).ok()).map(IpNet::V4);
    let v6 = IPV6.iter().filter_map(|&(words, length, ..)| Ipv6Net::new(Ipv6Addr::from(words), length).ok()).map(IpNet::V6);
    v4.chain(v6).map(Prefix::covering)
}

fn hit(prefix: Prefix, range: IpNet, purpose: &'static str, source: &'static str) -> Option<(Prefix, Special)> {
    let range = Prefix::covering(range);
    range.overlaps(prefix).then_some((range, Special { purpose, source }))
}

fn outside_global_unicast(prefix: Prefix) -> Option<(Prefix, Special)> {
    let IpNet::V6(net) = prefix.net() else { return None };
    let first = net.network().segments()[0];
    let global = (0x2000..0x4000).contains(&first) && net.prefix_len() >= 3;
    (!global).then_some((prefix, Special { purpose: "outside of the global unicast space 2000::/3", source: "RFC 3587" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prefix: &str, source: Option<&str>) {
        let found = special(prefix.parse().expect(prefix));
        assert_eq!(found.map(|(_, s)| s.source), source, "{prefix}");
    }

    #[test]
    fn both_registries_are_known() {
        check("10.1.0.0/16", Some("RFC 1918"));
        check("172.31.255.0/24", Some("RFC 1918"));
        check("172.32.0.0/16", None);
        check("100.127.0.0/16", Some("RFC 6598"));
        check("203.0.113.0/24", Some("RFC 5737"));
        check("0.0.0.0/0", Some("RFC 791"));
        check("193.10.0.0/16", None);
        check("::ffff:10.0.0.0/104", Some("RFC 4291"));
        check("2001:db8:5::/48", Some("RFC 3849"));
        check("3fff:abc::/32", Some("RFC 9637"));
        check("fd00::/16", Some("RFC 4193"));
        check("4000::/16", Some("RFC 3587"));
        check("::/0", Some("RFC 4291"));
        check("2a00:1450::/32", None);
    }

    #[test]
    fn a_prefix_that_covers_a_special_range_is_special_too() {
        check("192.0.0.0/8", Some("RFC 6890"));
        check("2001::/16", Some("RFC 2928"));
    }
}
