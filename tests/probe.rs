//! `peerage probe` as it is used: two agents in network namespaces, a line between them that takes
//! its time, and a portal that measures nothing itself. An hour goes by in a minute.

#[path = "probe/line.rs"]
mod line;

use line::{Line, Way};
use peerage_domain::{Asn, Timestamp, probe::TargetForm};
use peerage_latency::Histogram;
use peerage_service::{Actor, Clock, Service, demo, secrets::Vault};
use peerage_storage::Store;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const PEERAGE: &str = env!("CARGO_BIN_EXE_peerage");
/// The agents' addresses at the two ends of the line: inside of prefixes of the demo world.
const WEST: &str = "193.0.16.1";
const EAST: &str = "208.65.152.1";
/// How many times as fast as the system's the agents' clocks run.
const RATE: i64 = 60;
const SPAN_S: i64 = 3600;
const EVERY_S: i64 = 5;

static LABS: AtomicU32 = AtomicU32::new(0);

fn ip(args: &str) {
    let output = Command::new("ip").args(args.split_whitespace()).output().expect("ip runs");
    assert!(output.status.success(), "ip {args}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Namespaces: west, wire, east, and the portal that both reach.
struct Lab {
    dir: tempfile::TempDir,
    number: u32,
    children: BTreeMap<&'static str, Child>,
    clock: String,
}

impl Lab {
    /// Builds the namespaces; nothing, and says so, where that cannot be done.
    fn new() -> Option<Lab> {
        let is_root = fs::read_to_string("/proc/self/status").is_ok_and(|s| s.lines().any(|l| l.starts_with("Uid:\t0\t")));
        let number = std::process::id() * 10 % 100_000 + LABS.fetch_add(1, Ordering::Relaxed);
        let made =
            is_root && Command::new("ip").args(["netns", "add", &format!("pqx{number}")]).output().is_ok_and(|it| it.status.success());
        if !made {
            println!("SKIPPED: the test of probes in network namespaces needs root, iproute2, and a system that gives namespaces");
            return None;
        }
        ip(&format!("netns del pqx{number}"));
        let lab = Lab { dir: tempfile::tempdir().expect("folder"), number, children: BTreeMap::new(), clock: String::new() };
        let [west, wire, east, portal] = ["west", "line", "east", "portal"].map(|side| lab.namespace(side));
        for namespace in [&west, &wire, &east, &portal] {
            ip(&format!("netns add {namespace}"));
            ip(&format!("-n {namespace} link set lo up"));
        }
        for (end, own, other, far) in [(&west, WEST, "w", EAST), (&east, EAST, "e", WEST)] {
            ip(&format!("link add m0 netns {end} type veth peer name {other}0 netns {wire}"));
            ip(&format!("-n {end} addr add {own}/32 dev m0"));
            ip(&format!("-n {end} link set m0 up"));
            ip(&format!("-n {wire} link set {other}0 up"));
            ip(&format!("-n {end} route add {far}/32 dev m0"));
        }
        for (end, net) in [(&west, 1), (&east, 2)] {
            ip(&format!("link add p0 netns {end} type veth peer name p{net} netns {portal}"));
            ip(&format!("-n {end} addr add 10.99.{net}.2/30 dev p0"));
            ip(&format!("-n {portal} addr add 10.99.{net}.1/30 dev p{net}"));
            ip(&format!("-n {end} link set p0 up"));
            ip(&format!("-n {portal} link set p{net} up"));
        }
        Some(lab)
    }

    fn namespace(&self, side: &str) -> String {
        format!("pq{}{}", side.chars().next().unwrap_or('x'), self.number)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts the program in a namespace; its words go to a file.
    fn start(&mut self, side: &'static str, args: &[&str]) {
        let log = fs::File::options().create(true).append(true).open(self.path(&format!("{side}.log"))).expect("a log");
        let child = Command::new("ip")
            .args(["netns", "exec", &self.namespace(side), PEERAGE])
            .args(args)
            .env("PEERAGE_OPERATOR__ASN", demo::OPERATOR.0.to_string())
            .env("PEERAGE_OPERATOR__NAME", demo::OPERATOR_NAME)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .spawn()
            .expect("starts");
        self.children.insert(side, child);
    }

    fn start_portal(&mut self) {
        let data = self.path("data").display().to_string();
        self.start("portal", &["serve", "--data-dir", &data, "--listen", "0.0.0.0:3000"]);
    }

    fn start_agent(&mut self, side: &'static str) {
        let (state, clock) = (self.path(side).display().to_string(), self.clock.clone());
        self.start(side, &["probe", "--state", &state, "--clock", &clock]);
    }

    /// Ends a program without a word (SIGKILL).
    fn kill(&mut self, side: &str) {
        if let Some(mut child) = self.children.remove(side) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn enrol(&self, side: &str, code: &str) {
        let portal = if side == "west" { "http://10.99.1.1:3000" } else { "http://10.99.2.1:3000" };
        let state = self.path(side);
        wait_for("the portal takes a code", || {
            // The agent goes on to measure when it is enrolled: it is stopped as soon as it is.
            let mut child = Command::new("ip")
                .args(["netns", "exec", &self.namespace(side), PEERAGE, "probe", "--portal", portal, "--enrol", code])
                .args(["--clock", &self.clock, "--state"])
                .arg(&state)
                .stderr(Stdio::null())
                .spawn()
                .expect("starts");
            wait_for("the agent is enrolled or has given up", || {
                state.join("probe.json").exists() || child.try_wait().is_ok_and(|status| status.is_some())
            });
            let _ = child.kill();
            let _ = child.wait();
            state.join("probe.json").exists()
        });
    }

    /// How many batches wait on an agent's disk.
    fn batches(&self, side: &str) -> usize {
        let is_batch = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|kind| kind == "batch");
        fs::read_dir(self.path(side).join("batches")).map_or(0, |all| all.flatten().filter(is_batch).count())
    }

    fn logs(&self) -> String {
        ["portal", "west", "east"].map(|side| fs::read_to_string(self.path(&format!("{side}.log"))).unwrap_or_default()).join("\n---\n")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for side in ["west", "east", "portal"] {
            self.kill(side);
        }
        for side in ["west", "line", "east", "portal"] {
            let _ = Command::new("ip").args(["netns", "del", &self.namespace(side)]).status();
        }
    }
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn system_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64
}

/// The portal's use cases on its own database, while no portal runs.
async fn service(data: &Path, clock: Clock) -> Service {
    let store = Store::open(&format!("sqlite:{}", data.join("peerage.db").display())).await.expect("opens");
    Service::new(store, clock, demo::settings(), Vault::ephemeral().expect("random"))
}

async fn actor(service: &Service, email: &str) -> Actor {
    let person = service.store().person_by_email(email).await.expect("read").expect("known");
    service.actor(&person.id, None).await.expect("member")
}

/// Everything that was measured of a series by minute.
async fn minutes(service: &Service, series: &str, from: i64, to: i64) -> BTreeMap<i64, Histogram> {
    let operator = actor(service, "operator@demo.example").await;
    let (_, found) = service
        .latency_between(&operator, series, Timestamp::from_secs(from), Timestamp::from_secs(to), 600)
        .await
        .unwrap_or_else(|error| panic!("{series}: {error}"));
    found.into_iter().map(|it| (it.start, it.histogram)).collect()
}

fn target(subject: &str, address: &str, method: &str) -> TargetForm {
    TargetForm {
        subject: subject.into(),
        address: address.into(),
        method: method.into(),
        name: format!("{method} {address}"),
        every_s: EVERY_S.to_string(),
        ..TargetForm::default()
    }
}

#[test]
fn two_agents_measure_a_line_and_lose_nothing_while_they_and_the_portal_are_killed() {
    assert_eq!(Asn(8075), demo::OPERATOR);
    let Some(mut lab) = Lab::new() else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let data = lab.path("data");
    fs::create_dir_all(&data).expect("a folder");
    let (west_code, east_code) = runtime.block_on(async {
        let clock = Clock::held(Timestamp::from_millis(system_ms()));
        let service = service(&data, clock.clone()).await;
        service.build_demo(&clock, Timestamp::from_millis(system_ms())).await.expect("demo world");
        let operator = actor(&service, "operator@demo.example").await;
        let customer = actor(&service, "customer@demo.example").await;
        for (subject, address) in [("CN-1", WEST), ("CN-2", EAST)] {
            for method in ["tcp", "icmp"] {
                service.name_target(&customer, &target(subject, address, method)).await.expect("named");
            }
        }
        let west = service.add_probe(&operator, "West", "").await.expect("added").1;
        let east = service.add_probe(&operator, "East", "").await.expect("added").1;
        (west, east)
    });
    lab.start_portal();
    lab.clock = format!("{},{},{RATE}", system_ms() - SPAN_S * 1000, system_ms());
    lab.enrol("west", &west_code);
    lab.enrol("east", &east_code);

    let way = |ms: f64, lost_per_mille| Way { delay: Duration::from_secs_f64(ms / 1000.0), lost_per_mille };
    let line = Line::between(&lab.namespace("line"), "w0", "e0", way(36.0, 60), way(24.0, 60));
    // The hour begins now.
    let begun = system_ms();
    let first = begun / 1000 - SPAN_S;
    lab.clock = format!("{},{begun},{RATE}", first * 1000);
    lab.start_agent("west");
    lab.start_agent("east");
    let end = Instant::now() + Duration::from_secs((SPAN_S / RATE).unsigned_abs());
    let mut turns = ["west", "portal", "east", "portal"].into_iter().cycle();
    while Instant::now() + Duration::from_secs(6) < end {
        // The clock is what is waited for here: an agent is killed at some moment of the hour.
        std::thread::sleep(Duration::from_secs(5));
        let side = turns.next().expect("a turn");
        lab.kill(side);
        if side == "portal" {
            lab.start_portal();
        } else {
            lab.start_agent(side);
        }
    }
    std::thread::sleep(end.saturating_duration_since(Instant::now()));
    // The agents end; started once more they bring what still waits on their disks.
    lab.kill("west");
    lab.kill("east");
    let frozen = format!("{},{},1", (first + SPAN_S) * 1000, system_ms());
    lab.clock = frozen;
    lab.start_agent("west");
    lab.start_agent("east");
    wait_for("everything was brought", || lab.batches("west") + lab.batches("east") == 0);
    for side in ["west", "east", "portal"] {
        lab.kill(side);
    }
    let (lost, asked, delay) = (line.lost(), [line.asked(0), line.asked(1)], line.delay().as_secs_f64() * 1000.0);
    drop(line);

    runtime.block_on(async {
        let service = service(&data, Clock::held(Timestamp::from_millis(system_ms()))).await;
        let (from, to) = ((first / 60 + 2) * 60, (first + SPAN_S) / 60 * 60 - 120);
        for (series, asked) in [
            (format!("CN-2/West/tcp {EAST}"), asked[0][0]),
            (format!("CN-2/West/icmp {EAST}"), asked[0][1]),
            (format!("CN-1/East/tcp {WEST}"), asked[1][0]),
            (format!("CN-1/East/icmp {WEST}"), asked[1][1]),
        ] {
            let all = minutes(&service, &series, from, to).await;
            let missing: Vec<i64> = (from..to).step_by(60).filter(|minute| !all.contains_key(minute)).map(|at| (at - from) / 60).collect();
            assert!(missing.is_empty(), "{series}: minutes {missing:?} are missing\n{}", lab.logs());
            // What the line was asked is what is kept: nothing twice, and nothing lost but what an agent
            // still waited for, or had not closed, when it was killed.
            let kept: u64 =
                minutes(&service, &series, first - 60, first + SPAN_S + 300).await.values().map(|it| it.count() + it.lost()).sum();
            assert!(kept <= asked && asked - kept <= 40, "{series}: {kept} are kept of {asked}\n{}", lab.logs());
            let mut whole = Histogram::default();
            all.values().for_each(|it| whole.merge(it));
            let median = whole.quantile(0.5).expect("answers");
            println!(
                "{series}: {kept} of {asked}, {} answered, {} lost, median {median:.3} ms of {delay:.3} ms",
                whole.count(),
                whole.lost()
            );
            assert!((median - delay).abs() <= f64::max(delay * 0.02, 0.05), "{series}: {median} ms of {delay} ms");
            // Six of a hundred each way: a round trip is lost with 1 − 0.94².
            let (n, p) = ((whole.count() + whole.lost()) as f64, 1.0 - 0.94f64 * 0.94);
            let off = whole.lost() as f64 - n * p;
            assert!(off.abs() <= 5.0 * (n * p * (1.0 - p)).sqrt(), "{series}: {} of {n} lost, {lost} frames were", whole.lost());
        }
    });
}

#[test]
fn a_path_through_namespaces_is_found() {
    let Some(lab) = Lab::new() else { return };
    // West reaches east through the portal's machine: one hop between them.
    let (west, east, portal) = (lab.namespace("west"), lab.namespace("east"), lab.namespace("portal"));
    ip(&format!("netns exec {portal} sysctl -q -w net.ipv4.ip_forward=1"));
    ip(&format!("-n {west} route add 10.99.2.0/30 via 10.99.1.1"));
    ip(&format!("-n {east} route add 10.99.1.0/30 via 10.99.2.1"));
    let output = Command::new("ip").args(["netns", "exec", &west, PEERAGE, "probe", "trace", "10.99.2.2"]).output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let hops: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(hops, ["10.99.1.1", "10.99.2.2"], "{text}{}", String::from_utf8_lossy(&output.stderr));
    let far = Command::new("ip").args(["netns", "exec", &west, PEERAGE, "probe", "trace", "10.99.77.1"]).output().expect("runs");
    assert_eq!(far.status.code(), Some(2), "nobody knows the way: {}", String::from_utf8_lossy(&far.stderr));
}
