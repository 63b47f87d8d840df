//! `cargo xtask bench prefixes`: judging 100,000 registered prefixes that 8 sessions announce,
//! against one bare walk of the trie that holds the same routes.

use ipnet::{IpNet, Ipv4Net};
use peerage_domain::{
    Asn, Prefix,
    service::{
        Announcement, Community, KeyStanding, Role, Session, ValidationState,
        verdict::{KeyFact, RpkiFact},
    },
};
use peerage_watch::{Book, Coverage, Entry, Spot, Surroundings, View};
use prefix_trie::joint::JointPrefixMap;
use std::{
    collections::HashMap,
    hint::black_box,
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};

const PREFIXES: u32 = 100_000;
const SESSIONS: u8 = 8;

/// The median of seven.
fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..7)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[3]
}

fn prefix(n: u32) -> Prefix {
    let net = Ipv4Net::new(Ipv4Addr::from(0x1700_0000 + (n << 8)), 24).expect("a /24");
    Prefix::covering(IpNet::V4(net))
}

fn route(n: u32) -> Announcement {
    let origin = Asn(1000 + n % 500);
    Announcement { path: vec![Asn(13030), origin], origin: Some(origin), community: Some(true), refused: vec![] }
}

fn memory_mb() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

fn main() {
    let sessions: HashMap<String, Session> = (1..=SESSIONS)
        .map(|n| {
            let id = format!("PR-{n}/1/v4");
            let address = format!("193.0.13.{n}").parse().expect("address");
            (id.clone(), Session { id, address, router: format!("edge{n}"), location: "LO-1".into(), up: Some(true) })
        })
        .collect();
    let spot = |name: &str, needed| Some(Spot { name: name.into(), needed });
    let role = |n| if n <= SESSIONS / 2 { Role::Primary } else { Role::Backup };
    let coverage = Arc::new(Coverage {
        provider: "Init7".into(),
        asn: Asn(13030),
        primary: spot("Zurich", 2),
        backup: spot("Frankfurt", 1),
        sessions: (1..=SESSIONS).map(|n| (format!("PR-{n}/1/v4"), role(n))).collect(),
    });
    let before = memory_mb();
    let mut view = View::default();
    let filled = Instant::now();
    for id in sessions.keys() {
        view.replace(id, (0..PREFIXES).map(|n| (prefix(n), route(n))));
    }
    let filled = filled.elapsed();
    let view_mb = memory_mb() - before;
    let mut book = Book::default();
    let entry = |n: u32| Entry {
        prefix: prefix(n),
        coverage: coverage.clone(),
        key: KeyFact::Fits(KeyStanding::Good),
        origins: [Asn(1000 + n % 500)].into(),
        overlap: None,
    };
    book.replace((0..PREFIXES).map(|n| (format!("CN-1 {}", prefix(n)), entry(n))).collect());
    let around = Surroundings { sessions: &sessions, community: Community::of(Asn(8075)), rpki: RpkiFact::Unasked, irr: None };

    let mut bare: JointPrefixMap<IpNet, Vec<Arc<Announcement>>> = JointPrefixMap::new();
    for n in 0..PREFIXES {
        let shared = Arc::new(route(n));
        bare.insert(prefix(n).net(), vec![shared; usize::from(SESSIONS)]);
    }
    let walk = median(|| {
        black_box(bare.iter().map(|(_, all)| all.iter().map(|route| route.path.len()).sum::<usize>()).sum::<usize>());
    });
    let mut verified = 0;
    let all = median(|| {
        let good = |id: &&String| book.judge(id, &view, &around).is_some_and(|it| it.state == ValidationState::Verified);
        verified = black_box(book.ids().filter(good).count());
    });
    assert_eq!(verified, PREFIXES as usize, "everything is announced as it should be");
    let mut turn = 0;
    let one = median(|| {
        turn += 1;
        let (at, session) = (prefix(turn * 7), format!("PR-{}/1/v4", turn % 8 + 1));
        view.update(&session, at, None);
        let worst = book.about(&[at]).filter_map(|id| book.judge(id, &view, &around)).map(|it| it.state).max();
        assert_eq!(worst, Some(ValidationState::Failed));
    });
    println!("{PREFIXES} registered prefixes, {SESSIONS} sessions, {} routes; median of 7", view.len());
    println!("one bare walk of the same trie      {walk:?}");
    println!("judging every prefix by every rule  {all:?}  (limit 2 s; {:.0} x the walk)", all.as_secs_f64() / walk.as_secs_f64());
    println!("a withdrawal on one session, judged {one:?}  (limit 20 ms; {:.4} x the walk)", one.as_secs_f64() / walk.as_secs_f64());
    println!("taking in all routes                {filled:?}");
    println!("memory of the view                  {view_mb:.0} MB ({:.0} bytes a route)", view_mb * 1_048_576.0 / view.len() as f64);
}
