use super::*;
use peerage_domain::{
    incident::Part,
    rpki::Vrp,
    sighting::{Hop, SeenRoute, Vantage},
};
use proptest::prelude::*;

const WATCHED: &str = r#"{"prefixes":[
    {"prefix":"193.0.0.0/21","origins":[3333],"upstreams":[3356,1299]},
    {"prefix":"2001:67c:2e8::/48","origins":[3333,2121]}]}"#;

fn watch() -> Watch {
    let vrp = Vrp { prefix: prefix("193.0.0.0/21"), max_length: 22, asn: Asn(3333) };
    Watch::new(Expectations::parse(WATCHED.as_bytes()).expect("expectations"), [vrp].into_iter().collect())
}

fn prefix(text: &str) -> Prefix {
    text.parse().expect(text)
}

fn vantage(number: u32, tells_withdrawals: bool) -> Arc<Vantage> {
    Arc::new(Vantage { source: "test".into(), asn: Asn(number), peer: String::new(), tells_withdrawals })
}

fn found(sightings: impl IntoIterator<Item = Sighting>) -> Vec<Finding> {
    found_by(watch(), sightings)
}

fn found_by(mut watch: Watch, sightings: impl IntoIterator<Item = Sighting>) -> Vec<Finding> {
    let mut all = vec![];
    for sighting in sightings {
        watch.take(sighting, &mut |finding| all.push(finding));
    }
    watch.settle(&mut |finding| all.push(finding));
    all
}

/// `1 A 193.0.0.0/21 2914 3356 3333`, `2 W 193.0.0.0/21 2914`, `3 L 2914`, each with its second;
/// who sees it is the first AS, and an exclamation mark says that its withdrawals are not believed.
fn story(text: &str) -> Vec<Sighting> {
    let read = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = Timestamp::from_secs(words[0].parse().expect("second"));
        let who = |word: &str| vantage(word.trim_end_matches('!').parse().expect("ASN"), !word.ends_with('!'));
        match words[1] {
            "A" => {
                let path = Hop::path(&words[3..].join(" ").replace('!', ""));
                let route = SeenRoute { path, only_to_customer: None };
                Sighting { at, vantage: who(words[3]), sight: Sight::Announced(prefix(words[2]), route.into()) }
            }
            "W" => Sighting { at, vantage: who(words[3]), sight: Sight::Withdrawn(prefix(words[2])) },
            "S" | "H" => Sighting { at, vantage: who(words[2]), sight: Sight::Silent(words[1] == "S") },
            _ => Sighting { at, vantage: who(words[2]), sight: Sight::Lost },
        }
    };
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(read).collect()
}

fn check(text: &str, expected: &[&str]) {
    let told = |finding: &Finding| format!("{} {} {} {}", finding.at.secs(), finding.change, finding.kind, finding.prefix);
    assert_eq!(found(story(text)).iter().map(told).collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn what_is_expected_is_no_finding() {
    check("1 A 193.0.0.0/21 2914 3356 3333\n2 A 193.0.0.0/21 2914 1299 3333\n3 A 8.8.8.0/24 2914 15169", &[]);
}

#[test]
fn a_withdrawal_before_policy_is_not_believed_alone() {
    check("1 A 193.0.0.0/21 2914! 3356 3333\n2 W 193.0.0.0/21 2914!", &[]);
    check(
        "1 A 193.0.0.0/21 2914! 3356 3333\n1 A 193.0.0.0/21 6939 3356 3333\n2 W 193.0.0.0/21 2914!\n3 W 193.0.0.0/21 6939",
        &["3 open withdrawal 193.0.0.0/21"],
    );
}

#[test]
fn a_lost_session_is_neither_a_withdrawal_nor_its_end() {
    check("1 A 193.0.0.0/21 2914 3356 3333\n2 L 2914", &[]);
    check(
        "1 A 193.0.0.0/21 2914 3356 3333\n2 W 193.0.0.0/21 2914\n3 L 2914\n4 A 193.0.0.0/21 2914 3356 3333",
        &["2 open withdrawal 193.0.0.0/21", "4 close withdrawal 193.0.0.0/21"],
    );
}

#[test]
fn a_prefix_taken_by_another_is_not_called_lost_too() {
    let normal: String = (1..=5).map(|n| format!("1 A 193.0.0.0/21 {n} 3356 3333\n")).collect();
    let taken: String = (1..=4).map(|n| format!("2 A 193.0.0.0/21 {n} 1299 9121\n")).collect();
    let gone: String = (1..=4).map(|n| format!("3 W 193.0.0.0/21 {n}\n")).collect();
    check(
        &(normal + &taken + &gone),
        &["2 open origin-change 193.0.0.0/21", "3 close origin-change 193.0.0.0/21", "3 open visibility-loss 193.0.0.0/21"],
    );
}

#[test]
fn a_vantage_point_that_is_not_heard_of_says_little() {
    let normal: String = (1..=4).map(|n| format!("1 A 193.0.0.0/21 {n} 3356 3333\n")).collect();
    // What one still has does not keep the others from being believed.
    let gone = "2 W 193.0.0.0/21 1\n2 W 193.0.0.0/21 2\n2 W 193.0.0.0/21 3\n";
    let told = ["2 open visibility-loss 193.0.0.0/21", "9 close visibility-loss 193.0.0.0/21", "9 open withdrawal 193.0.0.0/21"];
    check(&format!("{normal}{gone}9 S 4\n"), &told);
    check(&format!("{normal}3 S 4\n{gone}").replace("2 W", "4 W"), &["4 open withdrawal 193.0.0.0/21"]);
    // When nobody is heard of, what they had counts.
    check(&format!("{normal}3 S 1\n3 S 2\n3 S 3\n3 S 4\n"), &[]);
    let weight = |more: &str| {
        let all = found(story(&format!("{normal}2 A 193.0.0.0/21 1 1299 9121\n{more}")));
        all.last().map(|finding| finding.evidence.confidence())
    };
    let (alone, silent) = (weight(""), weight("3 S 1\n"));
    assert!(silent < alone, "{silent:?} {alone:?}");
    let text = found(story(&format!("{normal}2 A 193.0.0.0/21 1 1299 9121\n3 S 1\n"))).pop().expect("told again");
    assert!(text.evidence.reasons.iter().any(|it| it.text.english().contains("not heard of for an hour")));
}

#[test]
fn what_a_vantage_point_told_before_what_is_known_is_no_news() {
    check(
        "10 A 193.0.0.0/21 1 3356 3333\n20 A 193.0.0.0/21 1 1299 9121\n20 A 193.0.0.0/21 2 3356 3333\n30 A 193.0.4.0/24 2 3356 9",
        &["20 open origin-change 193.0.0.0/21", "30 open sub-prefix 193.0.4.0/24"],
    );
    let mut late = story("20 A 193.0.0.0/21 1 1299 9121\n30 A 193.0.0.0/21 2 3356 3333");
    late.extend(story("10 A 193.0.0.0/21 1 3356 3333\n10 W 193.0.0.0/21 1\n25 W 193.0.0.0/21 1"));
    let told: Vec<_> = found(late).iter().map(|it| (it.at.secs(), it.change)).collect();
    assert_eq!(told, [(20, Change::Open), (30, Change::Close)], "the last of them is news");
}

#[test]
fn a_path_without_an_origin_has_none_that_is_expected() {
    check(
        "1 A 193.0.0.0/21 2914 {3333 9121}\n2 W 193.0.0.0/21 2914",
        &["1 open origin-change 193.0.0.0/21", "2 close origin-change 193.0.0.0/21"],
    );
}

#[test]
fn a_router_that_originates_a_prefix_itself_is_its_origin() {
    let told = |asn: u32| Sighting {
        at: Timestamp::from_secs(1),
        vantage: vantage(asn, true),
        sight: Sight::Announced(prefix("193.0.0.0/21"), SeenRoute::default().into()),
    };
    assert_eq!(found([told(3333)]), []);
    let all = found([told(9121)]);
    assert_eq!(all.iter().map(|finding| (finding.kind, finding.by)).collect::<Vec<_>>(), [(Kind::OriginChange, Some(Asn(9121)))]);
}

#[test]
fn a_route_object_of_the_new_origin_is_evidence() {
    let confidence = |objects: &[(&str, u32)]| {
        let mut watch = watch();
        watch.set_route_objects(Arc::new(objects.iter().map(|(of, origin)| (prefix(of), Asn(*origin))).collect()));
        let all = found_by(watch, story("1 A 193.0.0.0/21 2914 1299 9121"));
        all.last().map(|finding| finding.evidence.confidence()).expect("a finding")
    };
    let alone = confidence(&[]);
    assert_eq!(confidence(&[("193.0.0.0/21", 9121)]), alone - 10);
    assert_eq!(confidence(&[("193.0.0.0/21", 9122), ("193.0.0.0/20", 9121)]), alone, "another origin, another prefix");
}

#[test]
fn new_vrps_judge_what_is_known() {
    let (mut watch, mut all) = (watch(), vec![]);
    for sighting in story("1 A 193.0.0.0/21 2914 3356 3333") {
        watch.take(sighting, &mut |finding| all.push(finding));
    }
    watch.settle(&mut |finding| all.push(finding));
    assert!(all.is_empty());
    watch.set_vrps([Vrp { prefix: prefix("193.0.0.0/20"), max_length: 24, asn: Asn(1) }].into_iter().collect());
    watch.settle(&mut |finding| all.push(finding));
    assert_eq!(all.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [Kind::RpkiInvalid]);
}

prop_compose! {
    fn any_sighting()(second in 1i64..8, who in 1u32..7, what in 0usize..16) -> Sighting {
        const PREFIXES: [&str; 4] = ["193.0.0.0/21", "193.0.4.0/24", "2001:67c:2e8::/48", "2001:67c:2e8:1::/64"];
        const PATHS: [&str; 7] = [
            "3356 3333", "1299 3333", "1299 9121 3333", "3356 9121", "1299 9121 3356 3333", "3356 3333 3333 3333", "{3333 1}",
        ];
        let (at, vantage) = (Timestamp::from_secs(second), vantage(who, who > 1));
        let of = prefix(PREFIXES[(what + who as usize) % 4]);
        let sight = match what {
            0 => Sight::Lost,
            1..4 => Sight::Withdrawn(of),
            14 | 15 => Sight::Silent(what == 14),
            _ => {
                let path = Hop::path(&format!("{who} {}", PATHS[what % 7]));
                Sight::Announced(of, SeenRoute { path, only_to_customer: (what == 13).then_some(Asn(3356)) }.into())
            }
        };
        Sighting { at, vantage, sight }
    }
}

/// What lasts of a watch when its process dies: changes of routes, and what was told and is not over.
#[derive(Default)]
struct Kept {
    changes: Vec<RouteChange>,
    open: BTreeMap<(Prefix, Kind, Option<Asn>), Part>,
}

impl Kept {
    fn tell(&mut self, finding: &Finding) {
        let key = (finding.prefix, finding.kind, finding.by);
        if finding.change == Change::Close {
            self.open.remove(&key);
            return;
        }
        self.open.insert(key, finding.into());
    }

    /// The last two changes of each vantage point and prefix, in the order of time.
    fn last_two(&self) -> Vec<RouteChange> {
        let mut count: BTreeMap<(Prefix, Vantage), usize> = BTreeMap::new();
        let mut last: Vec<RouteChange> = vec![];
        for it in self.changes.iter().rev() {
            let seen = count.entry((it.prefix, it.vantage.clone())).or_default();
            *seen += 1;
            if *seen <= 2 {
                last.push(it.clone());
            }
        }
        last.reverse();
        last
    }
}

/// Has a watch take sightings, which dies and is put together again before each that `cuts` names.
/// Gives what was told to begin and to end.
fn lived(all: Vec<Sighting>, cuts: &[usize]) -> Vec<(Change, Kind, Prefix, Option<Asn>, Timestamp)> {
    let (mut now, mut kept, mut told) = (watch().with_moves(), Kept::default(), vec![]);
    let judged = |watch: &mut Watch, sighting: Option<Sighting>, kept: &mut Kept, told: &mut Vec<Finding>| {
        let mut give = |finding: Finding| {
            kept.tell(&finding);
            told.push(finding);
        };
        if let Some(sighting) = sighting {
            watch.take(sighting, &mut give);
        }
        watch.settle(&mut give);
        kept.changes.extend(watch.moves().into_iter().map(RouteChange::from));
    };
    for (at, sighting) in all.into_iter().enumerate() {
        if cuts.contains(&at) {
            now = watch().with_moves();
            now.pass(sighting.at);
            now.restore(kept.last_two());
            kept.open.values().for_each(|part| now.resume(part));
            judged(&mut now, None, &mut kept, &mut told);
        }
        judged(&mut now, Some(sighting), &mut kept, &mut told);
    }
    told.into_iter().filter(|it| it.change != Change::Update).map(|it| (it.change, it.kind, it.prefix, it.by, it.at)).collect()
}

proptest! {
    #[test]
    fn a_watch_that_dies_goes_on_where_it_was(
        mut all in prop::collection::vec(any_sighting(), 1..60), cuts in prop::collection::vec(0usize..60, 1..4),
    ) {
        // Who is silent is not kept: the feed says so again.
        all.retain(|sighting| !matches!(sighting.sight, Sight::Silent(_)));
        all.sort_by_key(|sighting| sighting.at);
        prop_assert_eq!(lived(all.clone(), &cuts), lived(all, &[]));
    }

    #[test]
    fn what_cannot_matter_need_not_be_judged(mut all in prop::collection::vec(any_sighting(), 0..60)) {
        all.sort_by_key(|sighting| sighting.at);
        prop_assert_eq!(found_by(watch(), all.clone()), found_by(watch().thorough(), all));
    }

    #[test]
    fn the_order_of_vantage_points_within_an_instant_does_not_matter(
        mut all in prop::collection::vec(any_sighting(), 0..60), turn in 0u32..7,
    ) {
        all.sort_by_key(|sighting| sighting.at);
        let mut other = all.clone();
        other.sort_by_key(|sighting| (sighting.at, (sighting.vantage.asn.0 + turn) % 7));
        prop_assert_eq!(found(all), found(other));
    }

    #[test]
    fn every_finding_is_opened_once_and_closed_once(mut all in prop::collection::vec(any_sighting(), 0..80)) {
        all.sort_by_key(|sighting| sighting.at);
        let mut open = BTreeMap::new();
        for finding in found(all) {
            let key = (finding.prefix, finding.kind, finding.by);
            match finding.change {
                Change::Open => prop_assert!(open.insert(key, finding.at).is_none()),
                Change::Update => prop_assert_eq!(open.get(&key), Some(&finding.since)),
                Change::Close => prop_assert_eq!(open.remove(&key), Some(finding.since)),
            }
        }
    }

    #[test]
    fn confidence_is_never_certain_and_never_nothing(all in prop::collection::vec(any_sighting(), 0..80)) {
        for finding in found(all) {
            prop_assert!((1..=99).contains(&finding.evidence.confidence()), "{finding:?}");
            prop_assert!(!finding.evidence.seen.is_empty());
        }
    }
}
