//! `cargo xtask bench edge`: what Peerage adds to what the daemon does by itself.
//!
//! The rival is the daemon's own reconfiguration of the same files, timed in the same run with
//! the same wait for the last route: `configure` of BIRD, `frr-reload.py` of FRR. Needs root,
//! bird2, frr, frr-pythontools, iproute2 and iputils-ping.

#[path = "../tests/lab/mod.rs"]
mod lab;

use lab::{Daemon, LAN, Lab, PARTNER, any, intent, now, pace, session, wait, with};
use peerage_edge::{
    Reveal,
    bird::{self, Dialect},
    frr,
    intent::{RoutePolicy, Session},
    rollout::{Pace, roll_out},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
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
        .map(|n| Session {
            peering: format!("PR-{n}").parse().expect("name"),
            peer: std::net::Ipv4Addr::from_bits(0xC100_0000 + n).into(),
            policy: RoutePolicy::Open(any()),
            ..session(true)
        })
        .collect();
    let it = intent(sessions);
    for daemon in [Daemon::Bird, Daemon::Frr] {
        let times = (0..ROUNDS).map(|_| {
            let start = Instant::now();
            let files = match daemon {
                Daemon::Bird => bird::render(&it, Dialect::V2, Reveal::Shown),
                Daemon::Frr => frr::render(&it, Reveal::Shown),
            };
            assert_eq!(files.len(), 10_001);
            start.elapsed()
        });
        let time = median(times.collect());
        println!("{daemon:?}: render 10,000 sessions     {time:>10.1?}   {:.2} of the limit of 1 s", time.as_secs_f64());
    }
}

/// A partner that announces so many /24s of 64.0.0.0/8.
fn partner(routes: u32) -> String {
    let all: String = (0..routes).map(|n| format!("route 64.{}.{}.0/24 blackhole; ", n >> 8, n & 255)).collect();
    format!(
        "protocol static many {{ ipv4; {all} }}\n{}",
        Lab::sessions(LAN, PARTNER, "").replace("RTS_STATIC", "RTS_STATIC && proto = \"many\"")
    )
}

fn provision(daemon: Daemon) {
    let Some(lab) = Lab::new(daemon, LAN, &partner(1)) else { return };
    let deny = session(true);
    let open = with(&deny, RoutePolicy::Open(any()));
    let start = Instant::now();
    assert!(roll_out(&*lab.edge, &intent(vec![deny.clone()]), &[&deny], None, pace(), now()).expect("taken").kept);
    let written = start.elapsed();
    wait("the session", || lab.is_up(&deny).then_some(()));
    wait("the route", || (lab.report(&deny)?.refused == 1).then_some(()));
    let up = start.elapsed();
    assert!(roll_out(&*lab.edge, &intent(vec![open.clone()]), &[&open], None, pace(), now()).expect("taken").kept);
    println!(
        "{daemon:?}: provision to Active, one   {:>10.1?}   deny-all written after {written:.1?}, up after {up:.1?} (BGP's own time)",
        start.elapsed()
    );
}

/// The daemon's own way to a configuration.
fn bare(lab: &Lab, config: &Path) {
    match lab.daemon {
        Daemon::Bird => drop(lab.birdc("edge.ctl", &format!("configure \"{}\"", config.display()))),
        Daemon::Frr => {
            let folder = lab.path("sockets");
            let mut reload = Command::new("/usr/lib/frr/frr-reload.py");
            reload.args(["--reload", "--daemon", "bgpd", "--log-level", "error", "--vty_socket"]).arg(&folder);
            reload.arg("--rundir").arg(&folder).arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            assert!(reload.status().is_ok_and(|status| status.success()), "frr-reload.py (package frr-pythontools) works");
        }
    }
}

/// The files of a configuration for the rival, in a folder of their own.
fn rivals(lab: &Lab, it: &Session, name: &str) -> PathBuf {
    let dir = lab.path(name);
    fs::create_dir(&dir).expect("folder");
    let (path, own) = (dir.join("own.conf"), fs::read_to_string(lab.config()).expect("file"));
    match lab.daemon {
        Daemon::Bird => {
            bird::write(&bird::render(&intent(vec![it.clone()]), Dialect::V2, Reveal::Shown), &dir, 0o640).expect("written");
            let here = lab.path("peerage/current").display().to_string();
            fs::write(&path, own.replace(&here, &dir.display().to_string())).expect("written");
        }
        // What Peerage confirmed stands in the router's own file.
        Daemon::Frr => fs::write(&path, own).expect("written"),
    }
    path
}

fn flip(daemon: Daemon, routes: u32) {
    let Some(lab) = Lab::new(daemon, LAN, &partner(routes)) else { return };
    let count = u64::from(routes);
    let deny = Session { max_prefixes: 200_000, ..session(true) };
    let open = with(&deny, RoutePolicy::Open(any()));
    let patient = Pace { settle: Duration::from_secs(60), undo_after: Duration::from_secs(120), ..Pace::default() };
    let run = |it: &Session| {
        let outcome = roll_out(&*lab.edge, &intent(vec![it.clone()]), &[it], None, patient, now()).expect("taken");
        assert!(outcome.kept, "{:?}", outcome.findings);
    };
    run(&deny);
    wait("the routes", || (lab.report(&deny)?.refused == count).then_some(()));
    run(&open);
    let opened = rivals(&lab, &open, "open");
    run(&deny);
    let denied = rivals(&lab, &deny, "deny");
    let (mut theirs, mut ours, mut whole) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        bare(&lab, &opened);
        until(&lab, &open, count);
        theirs.push(start.elapsed());
        bare(&lab, &denied);
        until(&lab, &open, 0);

        let start = Instant::now();
        lab.edge.apply(&intent(vec![open.clone()]), Duration::from_secs(120)).expect("taken");
        until(&lab, &open, count);
        ours.push(start.elapsed());
        lab.edge.roll_back().expect("taken back");
        until(&lab, &open, 0);

        let start = Instant::now();
        run(&open);
        whole.push(start.elapsed());
        run(&deny);
        until(&lab, &open, 0);
    }
    let (theirs, ours, whole) = (median(theirs), median(ours), median(whole));
    let ratio = |time: Duration| time.as_secs_f64() / theirs.as_secs_f64();
    println!("{daemon:?}: flip of {routes:>6} routes, bare {theirs:>10.1?}   the daemon's own reconfiguration of the same files");
    println!("  checked, with a way back       {ours:>10.1?}   {:.2} of bare", ratio(ours));
    println!("  and every route compared       {whole:>10.1?}   {:.2} of bare", ratio(whole));
    println!("  memory of the daemon           {:>10}", lab.daemon_memory());
}

fn main() {
    rendering();
    for daemon in [Daemon::Bird, Daemon::Frr] {
        provision(daemon);
        flip(daemon, 1);
        flip(daemon, 65_536);
    }
    println!("memory of this process at most   {:>10}", lab::memory("self", "VmHWM"));
}
