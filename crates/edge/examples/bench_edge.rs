//! `cargo xtask bench edge`: what Peerage adds to what the daemon does by itself.
//!
//! The rival is BIRD's own reconfiguration of the same files, timed in the same run with the
//! same wait for the last route. Needs root, bird2, iproute2 and iputils-ping.

#[path = "../tests/lab/mod.rs"]
mod lab;

use lab::{Daemon, LAN, Lab, PARTNER, any, intent, now, pace, session, wait, with};
use peerage_edge::{
    Engine, Reveal,
    bird::{self, Dialect},
    intent::{RoutePolicy, Session},
    rollout::{Pace, roll_out},
};
use std::{
    fs,
    time::{Duration, Instant},
};

const ROUNDS: usize = 7;

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

fn accepted(lab: &Lab, session: &Session) -> u64 {
    lab.report(session).map_or(0, |report| report.accepted)
}

/// Waits for the last route, looking every millisecond.
fn until(lab: &Lab, session: &Session, count: u64) {
    while accepted(lab, session) != count {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn rendering() {
    let sessions: Vec<Session> = (0..10_000u32)
        .map(|n| Session { peering: format!("PR-{n}").parse().expect("name"), policy: RoutePolicy::Open(any()), ..session(true) })
        .collect();
    let it = intent(sessions);
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        let files = bird::render(&it, Dialect::V2, Reveal::Shown);
        assert_eq!(files.len(), 10_001);
        start.elapsed()
    });
    let time = median(times.collect());
    println!("render 10,000 sessions           {time:>10.1?}   {:.2} of the limit of 1 s", time.as_secs_f64());
}

/// A partner that announces so many /24s of 64.0.0.0/8.
fn partner(routes: u32) -> String {
    let all: String = (0..routes).map(|n| format!("route 64.{}.{}.0/24 blackhole; ", n >> 8, n & 255)).collect();
    format!(
        "protocol static many {{ ipv4; {all} }}\n{}",
        Lab::sessions(LAN, PARTNER, "").replace("RTS_STATIC", "RTS_STATIC && proto = \"many\"")
    )
}

fn provision() {
    let Some(lab) = Lab::new(Daemon::Bird, LAN, &partner(1)) else { return };
    let deny = session(true);
    let open = with(&deny, RoutePolicy::Open(any()));
    let start = Instant::now();
    assert!(roll_out(&*lab.edge, &intent(vec![deny.clone()]), &[&deny], pace(), now()).expect("taken").kept);
    let written = start.elapsed();
    wait("the session", || lab.is_up(&deny).then_some(()));
    wait("the route", || (lab.report(&deny)?.refused == 1).then_some(()));
    let up = start.elapsed();
    assert!(roll_out(&*lab.edge, &intent(vec![open.clone()]), &[&open], pace(), now()).expect("taken").kept);
    println!(
        "provision to Active, one session {:>10.1?}   deny-all written after {written:.1?}, up after {up:.1?} (BGP's own time)",
        start.elapsed()
    );
}

fn flip(routes: u32) {
    let Some(lab) = Lab::new(Daemon::Bird, LAN, &partner(routes)) else { return };
    let count = u64::from(routes);
    let deny = Session { max_prefixes: 200_000, ..session(true) };
    let open = with(&deny, RoutePolicy::Open(any()));
    let patient = Pace { settle: Duration::from_secs(60), undo_after: Duration::from_secs(120), ..Pace::default() };
    roll_out(&*lab.edge, &intent(vec![deny.clone()]), &[&deny], patient, now()).expect("taken");
    wait("the routes", || (lab.report(&deny)?.refused == count).then_some(()));
    // The same files for the rival.
    let configs = [&deny, &open].map(|it| {
        let dir = lab.path(if it.policy == RoutePolicy::DenyAll { "deny" } else { "open" });
        fs::create_dir(&dir).expect("folder");
        bird::write(&bird::render(&intent(vec![it.clone()]), Dialect::V2, Reveal::Shown), &dir).expect("written");
        let own = fs::read_to_string(&lab.edge.config).expect("file");
        let here = lab.edge.folder.join("current").display().to_string();
        let path = dir.join("bird.conf");
        fs::write(&path, own.replace(&here, &dir.display().to_string())).expect("written");
        path
    });
    let (mut bare, mut ours, mut whole) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        lab.edge_command(&format!("configure \"{}\"", configs[1].display()));
        until(&lab, &open, count);
        bare.push(start.elapsed());
        lab.edge_command(&format!("configure \"{}\"", configs[0].display()));
        until(&lab, &open, 0);

        let start = Instant::now();
        lab.edge.apply(&intent(vec![open.clone()]), Duration::from_secs(120)).expect("taken");
        until(&lab, &open, count);
        ours.push(start.elapsed());
        lab.edge.roll_back().expect("taken back");
        until(&lab, &open, 0);

        let start = Instant::now();
        let outcome = roll_out(&*lab.edge, &intent(vec![open.clone()]), &[&open], patient, now()).expect("taken");
        whole.push(start.elapsed());
        assert!(outcome.kept, "{:?}", outcome.findings);
        roll_out(&*lab.edge, &intent(vec![deny.clone()]), &[], patient, now()).expect("taken");
        until(&lab, &open, 0);
    }
    let (bare, ours, whole) = (median(bare), median(ours), median(whole));
    let ratio = |time: Duration| time.as_secs_f64() / bare.as_secs_f64();
    println!("flip of {routes:>6} routes, bare       {bare:>10.1?}   BIRD's own configure of the same files");
    println!("  checked, with a way back       {ours:>10.1?}   {:.2} of bare", ratio(ours));
    println!("  and every route compared       {whole:>10.1?}   {:.2} of bare", ratio(whole));
}

fn main() {
    rendering();
    provision();
    flip(1);
    flip(65_536);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default().trim().to_owned();
    println!("memory of this process at most   {peak:>10}");
}
