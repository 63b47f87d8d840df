//! Where traffic of a customer's prefix comes in, judged by where it should.

use peerage_domain::{incident::Reason, say};

/// A location at which the prefix is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The location, as people call it.
    pub name: String,
    /// Whether it is the approved primary or backup location.
    pub approved: bool,
    /// Length of the shortest path there, in ASNs, prepends counted.
    pub hops: usize,
}

/// The best way: an approved location before others, then the shortest path.
pub fn best(ways: &[Way]) -> Option<&Way> {
    ways.iter().min_by_key(|way| (!way.approved, way.hops, &way.name))
}

/// Why the ways that there are, are worse than they should be; nothing when they are not, or there
/// is none. `shortest` is the shortest path that was ever known, in ASNs; `approved` names the
/// approved locations.
pub fn worse(ways: &[Way], approved: &[String], shortest: usize) -> Vec<Reason> {
    let Some(best) = best(ways) else { return vec![] };
    let mut reasons = vec![];
    if !best.approved {
        let text = say!(
            "entrance.elsewhere",
            "It is announced at {here}, and not at {approved}.",
            here = best.name,
            approved = approved.join(", ")
        );
        reasons.push(Reason { weight: 70, text });
    }
    let growth = best.hops.saturating_sub(shortest);
    if growth > 0 {
        let text = say!("entrance.longer", "The shortest path is {now} ASNs long; it was {before}.", now = best.hops, before = shortest);
        reasons.push(Reason { weight: if best.approved { 55 } else { 15 }, text });
    }
    if let (true, [_, _, ..]) = (!reasons.is_empty(), ways) {
        reasons.push(Reason { weight: 10, text: say!("entrance.several", "{n} locations say the same.", n = ways.len()) });
    }
    reasons
}

/// Light in fibre: kilometres a millisecond.
const KM_MS: f64 = 200.0;

/// Shortest round-trip time that a distance allows, in milliseconds: there and back, as light goes in
/// fibre.
pub fn floor_ms(distance_km: f64) -> f64 {
    2.0 * distance_km / KM_MS
}

/// What speaks for a worse way in the round-trip times, medians in milliseconds: they rose by more
/// than a fifth and a millisecond, and are possible at all.
pub fn slower(before_ms: f64, now_ms: f64, floor_ms: f64) -> Option<Reason> {
    if now_ms <= before_ms * 1.2 + 1.0 || now_ms < floor_ms {
        return None;
    }
    let text = say!(
        "entrance.slower",
        "The median round-trip time rose from {before} to {now} ms; the distance alone takes {floor} ms.",
        before = format!("{before_ms:.1}"),
        now = format!("{now_ms:.1}"),
        floor = format!("{floor_ms:.1}")
    );
    Some(Reason { weight: 10, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(name: &str, approved: bool, hops: usize) -> Way {
        Way { name: name.into(), approved, hops }
    }

    #[test]
    fn a_slower_way_is_slower_than_it_was_and_than_light() {
        let check = |before: f64, now: f64, floor: f64, expected: bool| {
            assert_eq!(slower(before, now, floor).is_some(), expected, "{before} {now} {floor}");
        };
        check(12.0, 18.0, 4.0, true);
        check(12.0, 14.0, 4.0, false);
        check(0.5, 1.2, 0.1, false);
        check(12.0, 18.0, 20.0, false);
        assert_eq!(floor_ms(1000.0), 10.0);
    }

    #[test]
    fn traffic_that_enters_elsewhere_or_by_a_longer_path_is_told() {
        let check = |ways: &[Way], shortest: usize, expected: &[&str]| {
            let found = worse(ways, &["Zurich".into(), "Frankfurt".into()], shortest);
            assert_eq!(found.iter().map(|reason| reason.text.key()).collect::<Vec<_>>(), expected, "{ways:?}");
            let sum: i32 = found.iter().map(|reason| i32::from(reason.weight)).sum();
            assert!((0..=99).contains(&sum), "{sum}");
        };
        check(&[], 2, &[]);
        check(&[way("Zurich", true, 2)], 2, &[]);
        check(&[way("Zurich", true, 3), way("Paris", false, 3)], 2, &["entrance.longer", "entrance.several"]);
        check(&[way("Paris", false, 2)], 2, &["entrance.elsewhere"]);
        check(&[way("Paris", false, 4)], 2, &["entrance.elsewhere", "entrance.longer"]);
        check(&[way("Zurich", true, 3)], 2, &["entrance.longer"]);
    }
}
