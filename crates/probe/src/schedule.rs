//! When which target is measured.
//!
//! Time is cut into slots as long as a target's interval, and each slot has one measurement at a
//! moment that looks random (RFC 2330 §11.1 on why regular ones mislead). The moment depends on
//! nothing but the probe, the target and the slot: an agent that starts again neither measures
//! twice in a slot nor needs to remember what it did.

use peerage_domain::{Timestamp, probe::Target};

/// A target's place in the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The number of the slot since 1970.
    pub number: i64,
    /// When its measurement is due.
    pub due: Timestamp,
}

/// FNV-1a: the same on every machine and in every version.
fn hash(parts: [&[u8]; 3]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for octet in parts.iter().flat_map(|part| part.iter().chain(&[0xff])) {
        hash = (hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    // Its low bits are weak: the finaliser of MurmurHash3.
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

fn slot(probe: &str, target: &Target, number: i64) -> Slot {
    let every_ms = i64::from(target.every_s.max(1)) * 1000;
    let offset = hash([probe.as_bytes(), target.id.as_bytes(), &number.to_be_bytes()]) % every_ms.unsigned_abs();
    Slot { number, due: Timestamp::from_millis(number * every_ms + i64::try_from(offset).unwrap_or(0)) }
}

/// The first slot whose measurement is due after a moment.
pub fn after(probe: &str, target: &Target, now: Timestamp) -> Slot {
    let every_ms = i64::from(target.every_s.max(1)) * 1000;
    let here = slot(probe, target, now.millis().div_euclid(every_ms));
    if here.due > now { here } else { slot(probe, target, here.number + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::probe::Method;
    use proptest::prelude::*;

    fn target(id: &str, every_s: u32) -> Target {
        Target { id: id.into(), addresses: vec![], method: Method::Icmp, every_s }
    }

    #[test]
    fn targets_and_probes_do_not_march_in_step() {
        let at = Timestamp::from_secs(1_800_000_000);
        let offset = |probe: &str, id: &str| after(probe, &target(id, 60), at).due;
        let all = [offset("PB-1", "TG-1"), offset("PB-1", "TG-2"), offset("PB-2", "TG-1")];
        assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2], "{all:?}");
    }

    proptest! {
        #[test]
        fn each_slot_is_measured_once_however_often_the_agent_starts(
            every in 5u32..600, from in 0i64..4_000_000_000, pauses in prop::collection::vec(0i64..40_000, 1..60),
        ) {
            let target = target("TG-1", every);
            let mut now = Timestamp::from_secs(from);
            let mut last = after("PB-1", &target, now);
            for pause in pauses {
                // Begun anew at any moment before the measurement is due, it comes to the same.
                let left = (last.due.millis() - now.millis() - 1).max(0);
                let again = Timestamp::from_millis(now.millis() + pause.min(left));
                prop_assert_eq!(after("PB-1", &target, again), last);
                now = last.due;
                let next = after("PB-1", &target, now);
                prop_assert_eq!(next.number, last.number + 1);
                prop_assert!(next.due > last.due);
                last = next;
            }
        }

        #[test]
        fn moments_are_spread_over_the_slot(every in 5u32..600, from in 0i64..4_000_000_000) {
            let target = target("TG-1", every);
            let mut now = Timestamp::from_secs(from);
            let mut sum = 0.0;
            for _ in 0..400 {
                let slot = after("PB-1", &target, now);
                let share = slot.due.millis().rem_euclid(i64::from(every) * 1000) as f64 / (f64::from(every) * 1000.0);
                sum += share;
                now = slot.due;
            }
            // The mean of 400 even draws lies within six standard deviations of a half.
            prop_assert!((sum / 400.0 - 0.5).abs() < 6.0 * (1.0f64 / 12.0 / 400.0).sqrt());
        }
    }
}
