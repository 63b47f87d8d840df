//! Two routers in network namespaces, joined by a cable: the operator's edge, driven by
//! Peerage, and the partner's, which the test writes. Everything goes when the lab is dropped.
//! The tests of several crates use it.
#![allow(dead_code)]

mod by_hand;

use peerage_domain::{Asn, Prefix, Timestamp, rpki::RtrCache};
use peerage_edge::{
    Engine,
    bird::{Bird, Dialect},
    frr::Frr,
    intent::{Accept, RoutePolicy, Router, RouterIntent, Session},
    rollout::Pace,
    state::SessionReport,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

pub const EDGE: Asn = Asn(8075);
pub const PARTNER: Asn = Asn(6667);

/// The addresses of the cable's two ends.
#[derive(Clone, Copy, Debug)]
pub struct Cable {
    /// The edge's IPv4 address, the partner's, and the prefix length.
    pub v4: (&'static str, &'static str, u8),
    /// The same for IPv6.
    pub v6: (&'static str, &'static str, u8),
}

/// A peering LAN.
pub const LAN: Cable = Cable { v4: ("193.0.9.1", "193.0.9.2", 24), v6: ("2001:7f8:99::1", "2001:7f8:99::2", 64) };
/// A private interconnect: the peer has the first address.
pub const LINK: Cable = Cable { v4: ("193.0.13.1", "193.0.13.0", 31), v6: ("2a00:1450:13::1", "2a00:1450:13::", 127) };

/// What the edge runs; the partner always runs BIRD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    Bird,
    Frr,
}

/// One test on each daemon.
#[macro_export]
macro_rules! on_each_daemon {
    ($($name:ident)*) => {
        mod bird { $(#[test] fn $name() { super::$name($crate::lab::Daemon::Bird); })* }
        mod frr { $(#[test] fn $name() { super::$name($crate::lab::Daemon::Frr); })* }
    };
}

static LABS: AtomicU32 = AtomicU32::new(0);

pub struct Lab {
    dir: tempfile::TempDir,
    pub daemon: Daemon,
    pub edge: Box<dyn Engine>,
    cable: Cable,
    number: u32,
    helpers: Mutex<Vec<Child>>,
}

/// Waits until something is so, at most half a minute.
pub fn wait<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < until, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    Timestamp::from_millis(i64::try_from(since.as_millis()).expect("in range"))
}

pub fn pace() -> Pace {
    Pace { undo_after: Duration::from_secs(20), settle: Duration::from_secs(15), poll: Duration::from_millis(100) }
}

/// A process's memory by its name in `/proc/…/status`.
pub fn memory(process: &str, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

/// Where FRR has its daemons.
const FRR: &str = "/usr/lib/frr";

fn engine(daemon: Daemon, dir: &Path) -> Box<dyn Engine> {
    let at = |name: &str| dir.join(name);
    match daemon {
        Daemon::Bird => Box::new(Bird { socket: at("edge.ctl"), config: at("edge.conf"), folder: at("peerage"), dialect: Dialect::V2 }),
        Daemon::Frr => Box::new(Frr { sockets: at("sockets"), config: at("edge.conf"), folder: at("peerage") }),
    }
}

fn ip(args: &str) {
    let output = Command::new("ip").args(args.split_whitespace()).output().expect("ip runs");
    assert!(output.status.success(), "ip {args}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Lab {
    /// Builds the lab and starts both daemons; nothing, and says so, where that cannot be done.
    pub fn new(daemon: Daemon, cable: Cable, partner: &str) -> Option<Lab> {
        let has = |program: &str| ["/usr/sbin", "/usr/bin", "/sbin", "/bin", FRR].iter().any(|dir| Path::new(dir).join(program).exists());
        let is_root = fs::read_to_string("/proc/self/status").is_ok_and(|s| s.lines().any(|l| l.starts_with("Uid:\t0\t")));
        if !(is_root && has("bird") && has("ip") && has("ping")) {
            println!("SKIPPED: the test against {daemon:?} in network namespaces needs root, bird2, iproute2 and iputils-ping");
            return None;
        }
        if daemon == Daemon::Frr && !(has("bgpd") && has("zebra") && has("vtysh")) {
            println!("SKIPPED: the test against FRR needs frr");
            return None;
        }
        let probe = format!("pgx{}", std::process::id() * 100 % 1_000_000 + LABS.fetch_add(1, Ordering::Relaxed));
        let namespaces = Command::new("ip").args(["netns", "add", &probe]).output().is_ok_and(|output| output.status.success());
        if !namespaces {
            println!("SKIPPED: the test against {daemon:?} in network namespaces: this system gives none");
            return None;
        }
        ip(&format!("netns del {probe}"));
        let number = std::process::id() * 100 % 1_000_000 + LABS.fetch_add(1, Ordering::Relaxed);
        let dir = tempfile::tempdir().expect("temporary directory");
        let edge = engine(daemon, dir.path());
        let lab = Lab { dir, daemon, edge, cable, number, helpers: Mutex::default() };
        lab.wire();
        match daemon {
            Daemon::Bird => lab.set_up_bird(),
            Daemon::Frr => lab.set_up_frr(),
        }
        lab.start_edge();
        fs::write(lab.path("partner.conf"), Self::partner_config(partner)).expect("partner.conf");
        lab.start("partner");
        Some(lab)
    }

    fn set_up_bird(&self) {
        fs::create_dir(self.path("peerage")).expect("folder");
        self.edge.prepare(&intent(vec![])).expect("the folder is made ready");
        let own = format!(
            "router id 193.0.9.1;\nprotocol device {{}}\nprotocol bfd {{}}\nprotocol kernel {{ ipv4 {{ export all; }}; }}\n\
             protocol kernel {{ ipv6 {{ export all; }}; }}\nprotocol static {{ ipv4; route 13.64.0.0/11 blackhole; }}\n{}\n",
            self.edge.setup().expect("a line to include")
        );
        fs::write(self.config(), own).expect("edge.conf");
    }

    fn set_up_frr(&self) {
        use std::os::unix::fs::PermissionsExt;
        self.edge.prepare(&intent(vec![])).expect("the folder is made ready");
        let own = format!(
            "router bgp {}\n bgp router-id 193.0.9.1\n no bgp default ipv4-unicast\n no bgp network import-check\n \
             address-family ipv4 unicast\n  network 13.64.0.0/11\n exit-address-family\nexit\n",
            EDGE.0
        );
        fs::write(self.config(), own).expect("frr.conf");
        // The daemons run as their own user and make their sockets here.
        fs::set_permissions(self.dir.path(), fs::Permissions::from_mode(0o711)).expect("permissions");
        let sockets = self.path("sockets");
        fs::create_dir(&sockets).expect("folder");
        let owned = Command::new("chown").arg("frr:frrvty").arg(&sockets).status().expect("chown runs");
        assert!(owned.success(), "the daemons' folder is theirs");
        self.frr("zebra", &["-A", "127.0.0.1"]);
    }

    /// Starts one of FRR's daemons.
    fn frr(&self, name: &str, more: &[&str]) {
        let at = |file: &str| self.path("sockets").join(file).display().to_string();
        let status = Command::new("ip")
            .args(["netns", "exec", &self.namespace("edge"), &format!("{FRR}/{name}"), "-d", "-f", "/dev/null"])
            .args(["--vty_socket", &self.path("sockets").display().to_string(), "-i", &at(&format!("{name}.pid")), "-z", &at("zserv.api")])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("ip runs").success(), "{name} starts");
    }

    /// The router's own configuration.
    pub fn config(&self) -> PathBuf {
        self.path("edge.conf")
    }

    /// What a form asks for: socket, configuration, folder.
    pub fn paths(&self) -> [String; 3] {
        let socket = if self.daemon == Daemon::Bird { "edge.ctl" } else { "sockets" };
        [socket, "edge.conf", "peerage"].map(|name| self.path(name).display().to_string())
    }

    /// A partner that announces four routes and speaks BGP as `session` says.
    fn partner_config(session: &str) -> String {
        format!(
            "router id 193.0.9.2;\nprotocol device {{}}\nprotocol kernel {{ ipv4 {{ export where proto !~ \"own*\"; }}; }}\n\
             protocol static own4 {{ ipv4; route 193.10.0.0/24 blackhole; route 193.10.1.0/24 blackhole; route 193.10.2.0/25 blackhole; \
             route 192.168.7.0/24 blackhole; route 13.64.0.0/12 blackhole; }}\nprotocol static own6 {{ ipv6; route 2a00:1450:7::/48 blackhole; }}\n{session}\n"
        )
    }

    /// A well-behaved session of each family, with more in it.
    pub fn sessions(cable: Cable, asn: Asn, more: &str) -> String {
        let both = |name: &str, local: &str, neighbor: &str, family: u8| {
            format!(
                "protocol bgp {name} {{ local {local} as {}; neighbor {neighbor} as {}; hold time 9; connect delay time 1; connect retry time 2; \
                 error wait time 1,2; {more} ipv{family} {{ import all; export where source = RTS_STATIC; }}; }}\n",
                asn.0, EDGE.0
            )
        };
        both("up4", cable.v4.1, cable.v4.0, 4) + &both("up6", cable.v6.1, cable.v6.0, 6)
    }

    fn wire(&self) {
        let (e, p) = (self.namespace("edge"), self.namespace("partner"));
        for namespace in [&e, &p] {
            ip(&format!("netns add {namespace}"));
            ip(&format!("-n {namespace} link set lo up"));
        }
        ip(&format!("link add e0 netns {e} type veth peer name p0 netns {p}"));
        let Cable { v4, v6 } = self.cable;
        for (namespace, link, own4, own6) in [(&e, "e0", v4.0, v6.0), (&p, "p0", v4.1, v6.1)] {
            ip(&format!("-n {namespace} addr add {own4}/{} dev {link}", v4.2));
            ip(&format!("-n {namespace} addr add {own6}/{} dev {link} nodad", v6.2));
            ip(&format!("-n {namespace} link set {link} up"));
        }
        ip(&format!("-n {p} addr add 193.10.0.1/32 dev lo"));
    }

    pub fn namespace(&self, side: &str) -> String {
        format!("pg{}{}", side.chars().next().unwrap_or('x'), self.number)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn start(&self, side: &str) {
        let file = |extension: &str| self.path(&format!("{side}.{extension}")).display().to_string();
        let (config, socket, pid) = (file("conf"), file("ctl"), file("pid"));
        let status = Command::new("ip")
            .args(["netns", "exec", &self.namespace(side), "bird", "-c", &config, "-s", &socket, "-P", &pid])
            .stdin(Stdio::null())
            .status()
            .expect("ip runs");
        assert!(status.success(), "bird starts from {config}");
    }

    /// Starts the edge as the system does: with its own configuration.
    pub fn start_edge(&self) {
        match self.daemon {
            Daemon::Bird => self.start("edge"),
            Daemon::Frr => {
                let rpki = Path::new("/usr/share/doc/frr-rpki-rtrlib").exists();
                self.frr("bgpd", if rpki { &["-M", "bmp", "-M", "rpki"] } else { &["-M", "bmp"] });
                wait("bgpd", || self.vtysh(&["-c", "show version"]).then_some(()));
                assert!(self.vtysh(&["-f", &self.config().display().to_string()]), "FRR reads its configuration");
            }
        }
        wait("the edge answering", || self.edge.sessions(now()).ok());
    }

    fn vtysh(&self, arguments: &[&str]) -> bool {
        let mut command = Command::new("vtysh");
        command.arg("--vty_socket").arg(self.path("sockets")).args(["-d", "bgpd"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    /// Kills a daemon with SIGKILL and waits until it is gone.
    pub fn kill(&self, side: &str) {
        match (side, self.daemon) {
            ("edge", Daemon::Frr) => Self::kill_pid(&self.path("sockets/bgpd.pid")),
            _ => Self::kill_pid(&self.path(&format!("{side}.pid"))),
        }
    }

    fn kill_pid(file: &Path) {
        let Ok(pid) = fs::read_to_string(file) else { return };
        let pid = pid.trim();
        let _ = Command::new("kill").args(["-9", pid]).status();
        wait("the daemon's end", || fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |s| s.contains(") Z ")).then_some(()));
    }

    /// A line on the partner's control socket.
    pub fn partner(&self, command: &str) -> String {
        self.birdc("partner.ctl", command)
    }

    /// Has the edge, FRR, speak BMP, and gives where it connects to.
    pub fn monitor(&self) -> std::net::TcpListener {
        let namespace = fs::File::open(format!("/run/netns/{}", self.namespace("edge"))).expect("the namespace");
        // A socket stays in the namespace of the thread that made it.
        let made = std::thread::spawn(move || {
            nix::sched::setns(namespace, nix::sched::CloneFlags::CLONE_NEWNET).expect("another namespace");
            std::net::TcpListener::bind("127.0.0.1:11019").expect("a free port")
        });
        let listener = made.join().expect("a listener");
        let own = fs::read_to_string(self.config()).expect("frr.conf");
        let more = format!(
            "router bgp {}\n bmp targets peerage\n  bmp monitor ipv4 unicast pre-policy\n  bmp monitor ipv6 unicast pre-policy\n  \
             bmp connect 127.0.0.1 port 11019 min-retry 100 max-retry 500\n exit\nexit\n",
            EDGE.0
        );
        fs::write(self.config(), own + &more).expect("frr.conf");
        assert!(self.vtysh(&["-f", &self.config().display().to_string()]), "FRR speaks BMP");
        listener
    }

    /// Starts an RPKI cache in the edge's namespace; nothing, and says so, where there is none.
    pub fn start_cache(&self, vrps: &str) -> Option<RtrCache> {
        if !Path::new("/usr/bin/stayrtr").exists() || !Path::new("/usr/share/doc/frr-rpki-rtrlib").exists() {
            println!("SKIPPED: origin validation on the router needs stayrtr and frr-rpki-rtrlib");
            return None;
        }
        let file = self.path("vrps.json");
        fs::write(&file, vrps).expect("written");
        let mut cache = Command::new("ip");
        cache.args([
            "netns",
            "exec",
            &self.namespace("edge"),
            "stayrtr",
            "-bind",
            "127.0.0.1:3323",
            "-metrics.addr",
            "",
            "-checktime=false",
        ]);
        cache.args(["-protocol", "1", "-cache"]).arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.helpers.lock().expect("helpers").push(cache.spawn().expect("stayrtr starts"));
        let cache = RtrCache { host: "127.0.0.1".into(), port: 3323 };
        if self.daemon == Daemon::Frr {
            let own = fs::read_to_string(self.config()).expect("frr.conf");
            fs::write(self.config(), own + "rpki\n rpki polling_period 1\n rpki cache 127.0.0.1 3323 preference 1\nexit\n")
                .expect("frr.conf");
            assert!(self.vtysh(&["-f", &self.config().display().to_string()]), "FRR takes the cache");
        }
        Some(cache)
    }

    /// What FRR's own reload would change, by its own file.
    pub fn own_reload(&self) -> String {
        let program = Path::new(FRR).join("frr-reload.py");
        if self.daemon == Daemon::Bird || !program.exists() {
            return String::new();
        }
        let folder = self.path("sockets");
        let mut reload = Command::new(program);
        reload
            .args(["--test", "--stdout", "--daemon", "bgpd", "--vty_socket"])
            .arg(&folder)
            .arg("--rundir")
            .arg(&folder)
            .arg(self.config());
        let output = reload.stdin(Stdio::null()).output().expect("frr-reload.py runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        // The name is the system's; the rest is about how the program works.
        let noise = ["no rpki", "no hostname ", "20", "Lines To", "="];
        text.lines().filter(|line| !line.is_empty() && !noise.iter().any(|start| line.starts_with(start))).collect()
    }

    /// What the edge's daemon takes of the memory now.
    pub fn daemon_memory(&self) -> String {
        let file = if self.daemon == Daemon::Bird { "edge.pid" } else { "sockets/bgpd.pid" };
        memory(fs::read_to_string(self.path(file)).expect("pid").trim(), "VmRSS")
    }

    /// What the edge prints of one IPv4 route.
    pub fn edge_route(&self, prefix: &str) -> String {
        match self.daemon {
            Daemon::Bird => self.birdc("edge.ctl", &format!("show route all {prefix}")),
            Daemon::Frr => {
                let mut command = Command::new("vtysh");
                command.arg("--vty_socket").arg(self.path("sockets")).args([
                    "-d",
                    "bgpd",
                    "-c",
                    &format!("show bgp ipv4 unicast {prefix}"),
                ]);
                String::from_utf8_lossy(&command.output().expect("vtysh runs").stdout).into_owned()
            }
        }
    }

    pub fn birdc(&self, socket: &str, command: &str) -> String {
        let socket = self.path(socket).display().to_string();
        let output = Command::new("birdc").args(["-s", &socket, command]).output().expect("birdc runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Whether the partner's customer can be reached from the edge.
    pub fn reaches_customer(&self) -> bool {
        let ping = ["netns", "exec", &self.namespace("edge"), "ping", "-c", "1", "-W", "1", "193.10.0.1"];
        Command::new("ip").args(ping).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    pub fn report(&self, session: &Session) -> Option<SessionReport> {
        self.edge.sessions(now()).expect("the edge answers").into_iter().find(|report| report.symbol == session.symbol())
    }

    /// Names of the sessions that the edge runs.
    pub fn edge_sessions(&self) -> Vec<String> {
        self.edge.sessions(now()).expect("the edge answers").into_iter().map(|report| report.symbol).collect()
    }

    /// Opens everything of a peering for six seconds, as a portal does that dies then, and waits
    /// until that is over.
    pub fn open_without_confirming(&self, peering: &str) {
        let name = |s: Session| Session { peering: peering.parse().expect("name"), policy: RoutePolicy::Open(any()), ..s };
        let it = intent(vec![name(session(true)), name(session(false))]);
        wait("the routes", || (self.edge.routes(&it.sessions[0], peerage_edge::state::Table::Received).ok()?.len() == 5).then_some(()));
        self.edge.apply(&it, Duration::from_secs(6)).expect("applied");
        let accepted = || self.edge.routes(&it.sessions[0], peerage_edge::state::Table::Accepted).expect("routes").len();
        wait("the opening", || (accepted() == 2).then_some(()));
        wait("the router going back by itself", || (accepted() == 0).then_some(()));
    }

    pub fn is_up(&self, session: &Session) -> bool {
        self.report(session).is_some_and(|report| report.state == peerage_domain::peering::SessionState::Established)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for mut helper in self.helpers.lock().expect("helpers").drain(..) {
            let _ = helper.kill();
            let _ = helper.wait();
        }
        for side in ["edge", "partner"] {
            self.kill(side);
            Self::kill_pid(&self.path("sockets/zebra.pid"));
            let _ = Command::new("ip").args(["netns", "del", &self.namespace(side)]).status();
        }
    }
}

/// The session of a family, under deny-all.
pub fn session(v4: bool) -> Session {
    let ((local, peer, _), network) = if v4 { (LAN.v4, "193.0.9.0/24") } else { (LAN.v6, "2001:7f8:99::/64") };
    Session {
        peering: "PR-88".parse().expect("name"),
        connection: 1,
        peer_asn: PARTNER,
        peer_name: "Elisa".into(),
        approved_by: "Ada Novak".into(),
        approved_on: "2026-11-20".into(),
        local: local.parse().expect("address"),
        peer: peer.parse().expect("address"),
        network: network.parse().expect("prefix"),
        protect: vec!["13.64.0.0/11".parse().expect("prefix")],
        md5: None,
        gtsm: false,
        bfd: false,
        hold_time_s: 9,
        max_prefixes: 100,
        route_server: false,
        role: None,
        policy: RoutePolicy::DenyAll,
    }
}

/// Lets in what no rule refuses.
pub fn any() -> Accept {
    Accept { any: true, local_pref: Some(300), communities: vec![(8075, 1001)], ..Accept::default() }
}

pub fn intent(sessions: Vec<Session>) -> RouterIntent {
    let router = Router {
        name: "edge1.zrh".parse().expect("name"),
        asn: EDGE,
        router_id: LAN.v4.0.parse().expect("id"),
        announce: vec!["13.64.0.0/11".parse::<Prefix>().expect("prefix")],
        rpki: vec![],
    };
    RouterIntent { router, sessions }
}

pub fn with(session: &Session, policy: RoutePolicy) -> Session {
    Session { policy, ..session.clone() }
}
