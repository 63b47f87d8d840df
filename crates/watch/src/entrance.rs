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
            "It is announced at {here}, and neither at {approved}.",
            here = best.name,
            approved = approved.join(" nor at ")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn way(name: &str, approved: bool, hops: usize) -> Way {
        Way { name: name.into(), approved, hops }
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
