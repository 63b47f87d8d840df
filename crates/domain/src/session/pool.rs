//! The next free link of a pool of address space.

use crate::Prefix;
use ipnet::IpNet;
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The space for link tests: addresses that nobody routes (RFC 3927 §2.1 leaves out the first
/// and the last 256).
pub const LINK_TEST: [&str; 2] = ["169.254.1.0/24", "169.254.128.0/18"];

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn prefix(number: u128, length: u8, v4: bool) -> Option<Prefix> {
    let address: IpAddr = if v4 { Ipv4Addr::from(u32::try_from(number).ok()?).into() } else { Ipv6Addr::from(number).into() };
    Some(Prefix::covering(IpNet::new(address, length).ok()?))
}

/// The lowest link of this length that lies in one of the pools and meets nothing that is
/// taken. `None` when the pools of that family are full.
pub fn next_free(pools: &[Prefix], taken: &[Prefix], v4: bool, length: u8) -> Option<Prefix> {
    let bits: u8 = if v4 { 32 } else { 128 };
    let step = 1u128.checked_shl(u32::from(bits.checked_sub(length)?))?;
    let span = |it: Prefix| {
        let first = number(it.network());
        let last = number(it.net().broadcast());
        (first, last)
    };
    let busy: BTreeSet<(u128, u128)> = taken.iter().filter(|it| it.is_ipv4() == v4).map(|it| span(*it)).collect();
    for pool in pools.iter().filter(|pool| pool.is_ipv4() == v4 && pool.length() <= length) {
        let (mut at, last) = span(*pool);
        // Everything that is taken, from the lowest; each can only move the candidate up.
        for (from, to) in &busy {
            if *from > at + (step - 1) {
                break;
            }
            if *to >= at {
                at = (to / step + 1).checked_mul(step)?;
            }
        }
        if at + (step - 1) <= last {
            return prefix(at, length, v4);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(texts: &[&str]) -> Vec<Prefix> {
        texts.iter().map(|text| text.parse().expect(text)).collect()
    }

    fn check(pools: &[&str], taken: &[&str], length: u8, expected: Option<&str>) {
        let v4 = pools[0].contains('.');
        let found = next_free(&all(pools), &all(taken), v4, length).map(|it| it.to_string());
        assert_eq!(found.as_deref(), expected, "{pools:?} {taken:?}");
    }

    #[test]
    fn the_lowest_free_link_is_given() {
        check(&["193.0.9.0/29"], &[], 31, Some("193.0.9.0/31"));
        check(&["193.0.9.0/29"], &["193.0.9.0/31"], 31, Some("193.0.9.2/31"));
        check(&["193.0.9.0/29"], &["193.0.9.1/32", "193.0.9.4/30"], 31, Some("193.0.9.2/31"));
        check(&["193.0.9.0/29"], &["193.0.9.0/31"], 30, Some("193.0.9.4/30"));
        check(&["193.0.9.0/31"], &["193.0.9.0/24"], 31, None);
        check(&["193.0.9.0/31", "193.0.10.0/31"], &["193.0.9.0/24"], 31, Some("193.0.10.0/31"));
        check(&["2a00:1450::/64"], &["2a00:1450::/127", "193.0.9.0/31"], 127, Some("2a00:1450::2/127"));
        check(&["193.0.9.0/31"], &[], 30, None);
        check(&["255.255.255.254/31"], &["255.255.255.254/31"], 31, None);
    }

    proptest! {
        #[test]
        fn a_link_lies_in_the_pool_and_meets_nothing(taken in proptest::collection::vec((0u32..64, 26u8..=32), 0..20), length in 26u8..=31) {
            let pool: Prefix = "193.0.9.0/26".parse().expect("pool");
            let base = u32::from(Ipv4Addr::new(193, 0, 9, 0));
            let taken: Vec<Prefix> = taken.into_iter().filter_map(|(at, length)| {
                let net = IpNet::new(Ipv4Addr::from(base + at).into(), length).ok()?;
                Some(Prefix::covering(net))
            }).collect();
            let free = |it: &Prefix| !taken.iter().any(|t| t.overlaps(*it));
            match next_free(&[pool], &taken, true, length) {
                Some(found) => prop_assert!(pool.contains(found) && found.length() == length && free(&found)),
                None => {
                    let step = 1u32 << (32 - length);
                    let any = (0..64).step_by(step as usize).filter_map(|at| prefix((base + at).into(), length, true)).any(|it| free(&it));
                    prop_assert!(!any, "something was free");
                }
            }
        }
    }
}
