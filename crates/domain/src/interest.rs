//! Which prefixes somebody wants to hear of, answered fast enough to be asked of every prefix of
//! the Internet's updates before anything else of them is read.

use crate::Prefix;
use std::net::IpAddr;

/// Bits of an IPv4 prefix that are looked at: no route on the Internet is longer.
const V4_BITS: u8 = 24;
/// Bits of an IPv6 prefix that are looked at: what registries allocate is hardly longer.
const V6_BITS: u8 = 32;
/// The IPv6 table has two to the power of this many bits, by a hash.
const V6_TABLE: u32 = 20;

/// A set of prefixes with a quick answer whether a route may be one of them or a part of one. The
/// answer may be yes for others, never no for these. Takes 2.1 MB, whatever it holds.
#[derive(Clone, Debug)]
pub struct Interest {
    /// A bit for each word of `v4` that is not empty: small enough to stay in the processor's
    /// cache, and mostly the answer.
    v4_words: Box<[u64]>,
    v4: Box<[u64]>,
    v6: Box<[u64]>,
}

fn table(bits: u32, set: bool) -> Box<[u64]> {
    vec![if set { u64::MAX } else { 0 }; 1 << (bits - 6)].into()
}

fn set(table: &mut [u64], at: usize) {
    table[at >> 6] |= 1 << (at & 63);
}

fn is_set(table: &[u64], at: usize) -> bool {
    table[at >> 6] >> (at & 63) & 1 == 1
}

fn hash(head: u32) -> usize {
    (head.wrapping_mul(0x9e37_79b9) >> (32 - V6_TABLE)) as usize
}

impl Interest {
    /// In everything.
    pub fn in_all() -> Self {
        Interest { v4_words: table(u32::from(V4_BITS) - 6, true), v4: table(u32::from(V4_BITS), true), v6: table(V6_TABLE, true) }
    }

    /// In some prefixes and their parts.
    pub fn of(prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        let words = table(u32::from(V4_BITS) - 6, false);
        let mut it = Interest { v4_words: words, v4: table(u32::from(V4_BITS), false), v6: table(V6_TABLE, false) };
        for prefix in prefixes {
            it.add(prefix);
        }
        it
    }

    fn add(&mut self, prefix: Prefix) {
        match prefix.network() {
            IpAddr::V4(net) => {
                let first = net.to_bits() >> (32 - V4_BITS);
                let count = 1u32 << V4_BITS.saturating_sub(prefix.length());
                for at in (first..first + count).map(|at| at as usize) {
                    set(&mut self.v4, at);
                    set(&mut self.v4_words, at >> 6);
                }
            }
            // A prefix this short covers more heads than the table has bits.
            IpAddr::V6(_) if u32::from(V6_BITS) >= u32::from(prefix.length()) + V6_TABLE => self.v6 = table(V6_TABLE, true),
            IpAddr::V6(net) => {
                let first = (net.to_bits() >> (128 - u32::from(V6_BITS))) as u32;
                let count = 1u32 << V6_BITS.saturating_sub(prefix.length());
                (first..=first + (count - 1)).for_each(|head| set(&mut self.v6, hash(head)));
            }
        }
    }

    /// Whether an IPv4 prefix may be meant, by its first 24 bits.
    pub fn may_be_v4(&self, head: u32) -> bool {
        let head = head as usize & ((1 << V4_BITS) - 1);
        is_set(&self.v4_words, head >> 6) && is_set(&self.v4, head)
    }

    /// Whether an IPv6 prefix may be meant, by its first 32 bits.
    pub fn may_be_v6(&self, head: u32) -> bool {
        is_set(&self.v6, hash(head))
    }

    /// Whether a prefix may be meant.
    pub fn may_be(&self, prefix: Prefix) -> bool {
        match prefix.network() {
            IpAddr::V4(net) => self.may_be_v4(net.to_bits() >> (32 - V4_BITS)),
            IpAddr::V6(net) => self.may_be_v6((net.to_bits() >> (128 - u32::from(V6_BITS))) as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ipnet::{Ipv4Net, Ipv6Net};
    use proptest::prelude::*;

    fn any_prefix() -> impl Strategy<Value = Prefix> {
        let v4 = (any::<u32>(), 0u8..=32).prop_map(|(bits, len)| Prefix::covering(Ipv4Net::new(bits.into(), len).expect("length").into()));
        let v6 =
            (any::<u128>(), 0u8..=128).prop_map(|(bits, len)| Prefix::covering(Ipv6Net::new(bits.into(), len).expect("length").into()));
        prop_oneof![v4, v6]
    }

    #[test]
    fn most_of_what_is_not_meant_is_told_apart() {
        let interest = Interest::of(["193.0.0.0/21", "2001:67c:2e8::/48"].map(|text| text.parse().expect(text)));
        let check = |text: &str, expected: bool| assert_eq!(interest.may_be(text.parse().expect(text)), expected, "{text}");
        check("193.0.0.0/21", true);
        check("193.0.7.128/25", true);
        check("193.0.8.0/24", false);
        check("2001:67c:2e8::/48", true);
        check("2001:67d::/32", false);
        assert!(Interest::in_all().may_be("2001:67d::/32".parse().expect("prefix")));
    }

    proptest! {
        #[test]
        fn no_part_of_what_is_meant_is_missed(all in prop::collection::vec(any_prefix(), 1..8), which in any::<prop::sample::Index>(), more in any_prefix()) {
            let interest = Interest::of(all.iter().copied());
            let whole = which.get(&all);
            prop_assert!(interest.may_be(*whole));
            if whole.contains(more) {
                prop_assert!(interest.may_be(more));
            }
        }
    }
}
