//! Driving FRR: commands through vtysh, the running configuration as the truth, and the
//! confirmed one in the router's own file.
//!
//! FRR has no trial configuration, so the way back is prepared before the way there: a file of
//! commands that undo the change, and a process of its own that runs it when the time is over.
//! It survives this process. `frr.conf` is written when the change is confirmed, in a marked
//! section; so whatever crashes, a router that starts again reads the last confirmed one.

use super::{
    config::{Config, files},
    plan::{cleaning, transition},
    read, render, vtysh,
};
use crate::{
    Engine, Fault, Files, Reveal, Settings, differences,
    glass::{Question, Target},
    intent::{RouterIntent, Session},
    kernel,
    state::{Dropped, Route, SessionReport, Table, Trouble},
};
use peerage_domain::{Prefix, Timestamp, peering::SessionState, service::Community};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    net::IpAddr,
    os::unix::{
        fs::{MetadataExt, OpenOptionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

/// Around what is Peerage's in `frr.conf`.
const BEGIN: &str = "! Peerage begins: everything up to its end is written anew with every change.";
const END: &str = "! Peerage ends.";
/// A change that waits for its confirmation is a file that begins like this.
const UNDO: &str = "undo-";
/// The files as people read them, of what was confirmed last.
const CURRENT: &str = "current";

/// One FRR, reached on this machine.
#[derive(Clone, Debug)]
pub struct Frr {
    /// The folder of the daemons' sockets, such as `/var/run/frr`.
    pub sockets: PathBuf,
    /// The router's own configuration, such as `/etc/frr/frr.conf`.
    pub config: PathBuf,
    /// The folder that is Peerage's own, such as `/var/lib/peerage/edge1`.
    pub folder: PathBuf,
}

fn file(path: &Path) -> impl Fn(io::Error) -> Fault + use<> {
    let path = path.display().to_string();
    move |error| Fault::File { path: path.clone(), why: error.to_string() }
}

/// Writes a file that may hold keys, whole or not at all.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), Fault> {
    use io::Write;
    let new = path.with_extension("new");
    let written = || -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        let mut out = options.write(true).create(true).truncate(true).mode(mode).open(&new)?;
        out.write_all(text.as_bytes())?;
        if let Ok(old) = fs::metadata(path) {
            out.set_permissions(old.permissions())?;
            // Another owner can be kept by root alone; the group is what lets the daemon read.
            if std::os::unix::fs::chown(&new, Some(old.uid()), Some(old.gid())).is_err() {
                std::os::unix::fs::chown(&new, None, Some(old.gid()))?;
            }
        }
        out.sync_all()?;
        fs::rename(&new, path)?;
        path.parent().map_or(Ok(()), |dir| fs::File::open(dir)?.sync_all())
    };
    written().map_err(file(path))
}

impl Frr {
    /// What is Peerage's of the running configuration.
    fn running(&self) -> Result<Config, Fault> {
        Ok(Config::read(&vtysh::show(&self.sockets, "show running-config")?))
    }

    /// What the router should run, under names that it does not use for something else.
    fn wanted(&self, intent: &RouterIntent, running: &Config) -> Result<Config, Fault> {
        intent.check()?;
        // Through text and back: both sides of a comparison are then written alike.
        let wanted = render::config(intent, Reveal::Shown);
        if let Some(asn) = running.asn.filter(|asn| *asn != intent.router.asn.0) {
            return Err(self.unready(&format!("the router runs as AS{asn}, not as {}", intent.router.asn)));
        }
        Ok(Config { asn: Some(intent.router.asn.0), ..Config::read(&wanted.text()) }.with_digests(running))
    }

    /// Without its module, FRR takes `match rpki invalid` for something that never matches.
    fn validates_origins(&self) -> Result<(), Fault> {
        match vtysh::show(&self.sockets, "show rpki cache-server") {
            Ok(caches) if caches.contains(':') || caches.contains("host") => Ok(()),
            Ok(_) => Err(self.unready("it has no RPKI cache. Add “rpki” with a “rpki cache HOST PORT preference 1”")),
            Err(Fault::Strange(_)) => Err(self.unready("bgpd runs without its RPKI module. Start it with “-M rpki”")),
            Err(fault) => Err(fault),
        }
    }

    fn unready(&self, why: &str) -> Fault {
        Fault::File { path: self.config.display().to_string(), why: why.to_owned() }
    }

    /// The change that waits for its confirmation.
    fn waiting(&self) -> Option<PathBuf> {
        let entries = fs::read_dir(&self.folder).ok()?.flatten().map(|entry| entry.path());
        let waits = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with(UNDO) && !name.contains('.')
        };
        entries.into_iter().find(waits)
    }

    /// Takes the change that waits; nothing when there is none, or its time came first.
    fn claim(&self) -> Result<Option<PathBuf>, Fault> {
        let Some(path) = self.waiting() else { return Ok(None) };
        let mine = path.with_extension("mine");
        match fs::rename(&path, &mine) {
            Ok(()) => Ok(Some(mine)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file(&path)(error)),
        }
    }

    fn execute(&self, script: &str) -> Result<(), Fault> {
        if script.is_empty() {
            return Ok(());
        }
        let path = self.folder.join("change.vtysh");
        write(&path, script, 0o600)?;
        let done = vtysh::execute(&self.sockets, &path);
        let _ = fs::remove_file(&path);
        done
    }

    /// Prepares the way back, and has it taken when the time is over.
    fn arm(&self, undo: &str, after: Duration) -> Result<(), Fault> {
        let stamp = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let path = self.folder.join(format!("{UNDO}{stamp}"));
        write(&path, undo, 0o600)?;
        let seconds = after.as_secs().max(1).to_string();
        let script = include_str!("undo.sh");
        let mut command = Command::new("sh");
        // The outer shell leaves at once, so that nobody has to wait for the inner one.
        command.args(["-c", "sh -c \"$1\" undo \"$2\" \"$3\" \"$4\" &", "undo", script, &seconds]).arg(&path).arg(&self.sockets);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let started = command.status().map_err(|error| Fault::Unreachable { what: "sh".into(), why: error.to_string() })?;
        if started.success() { Ok(()) } else { Err(Fault::Strange("the way back could not be prepared".into())) }
    }

    /// Writes what runs into the router's own file, and the files that people read.
    fn persist(&self, running: &Config, intent: &RouterIntent) -> Result<(), Fault> {
        let own = fs::read_to_string(&self.config).map_err(file(&self.config))?;
        let ours = running.text();
        let section = if ours.is_empty() { String::new() } else { format!("{BEGIN}\n{ours}{END}\n") };
        let text = without_ours(&own) + &section;
        if text != own {
            write(&self.config, &text, 0o640)?;
        }
        let current = self.folder.join(CURRENT);
        fs::create_dir_all(&current).map_err(file(&current))?;
        let files = self.render(intent, Reveal::Hidden);
        for entry in fs::read_dir(&current).map_err(file(&current))?.flatten() {
            if !files.contains_key(&*entry.file_name().to_string_lossy()) {
                fs::remove_file(entry.path()).map_err(file(&entry.path()))?;
            }
        }
        files.iter().try_for_each(|(name, text)| write(&current.join(name), text, 0o640))
    }

    /// The comments above each file, as they were confirmed.
    fn headers(&self) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.folder.join(CURRENT)).into_iter().flatten().flatten();
        let header = |entry: fs::DirEntry| {
            let text = fs::read_to_string(entry.path()).ok()?;
            let lines = text.lines().take_while(|line| line.starts_with('!')).map(|line| format!("{line}\n"));
            Some((entry.file_name().to_string_lossy().into_owned(), lines.collect()))
        };
        entries.filter_map(header).collect()
    }

    fn bgp(&self, session: &Session, what: &str) -> Result<String, Fault> {
        let family = super::config::family(session.peer);
        vtysh::show(&self.sockets, &format!("show bgp {family} neighbors {} {what}", session.peer))
    }

    /// Adds to a report what only another question tells.
    fn complete(&self, seen: read::Seen) -> Result<SessionReport, Fault> {
        let read::Seen { mut report, expects } = seen;
        let Some(peer) = report.peer else { return Ok(report) };
        if report.state == SessionState::Established {
            let family = super::config::family(peer);
            let counts = vtysh::show(&self.sockets, &format!("show bgp {family} neighbors {peer} prefix-counts json"))?;
            report.refused = read::received(&counts).saturating_sub(report.accepted);
        } else if report.trouble != Some(Trouble::PrefixLimit) {
            let told = read::refused_open(&vtysh::show(&self.sockets, &format!("show bgp neighbors {peer}"))?);
            if let Some(asn) = told.filter(|asn| Some(*asn) != expects) {
                report.trouble = Some(Trouble::PeerAsn(Some(asn)));
                report.last_error.get_or_insert_with(|| format!("OPEN Message Error/Bad Peer AS: {asn}"));
            }
        }
        Ok(report)
    }
}

/// A router's own configuration without what is Peerage's: the marked section, and, where
/// somebody had FRR write its configuration itself, the lines that came into it that way.
fn without_ours(own: &str) -> String {
    let ours = Config::read(own);
    let (mut kept, mut marked, mut map) = (String::new(), false, false);
    for line in own.lines() {
        if line == BEGIN {
            marked = true;
        }
        let defines = super::config::KINDS.iter().any(|kind| {
            let name = line.strip_prefix(kind).and_then(|rest| rest.trim_start().split(' ').next());
            name.is_some_and(super::config::is_ours)
        });
        if !line.starts_with(' ') && line != "exit" {
            map = defines && line.starts_with("route-map ");
        }
        let address = line.trim().strip_prefix("neighbor ").or_else(|| line.trim().strip_prefix("no neighbor "));
        let address = address.and_then(|rest| rest.split(' ').next()?.parse().ok());
        if !(marked || map || defines || address.is_some_and(|at| ours.neighbors.contains_key(&at))) {
            kept.push_str(line);
            kept.push('\n');
        }
        if line == END {
            marked = false;
        }
        if line == "exit" {
            map = false;
        }
    }
    kept
}

impl Engine for Frr {
    fn name(&self) -> &'static str {
        "FRR"
    }

    fn is_real(&self) -> bool {
        true
    }

    fn prepare(&self, _intent: &RouterIntent) -> Result<(), Fault> {
        fs::create_dir_all(&self.folder).map_err(file(&self.folder))
    }

    fn ready(&self) -> Result<(), Fault> {
        let text = fs::read_to_string(&self.config).map_err(file(&self.config))?;
        if text.lines().any(|line| line.trim() == "no bgp default ipv4-unicast") {
            return Ok(());
        }
        Err(self
            .unready("its “router bgp” has no line “no bgp default ipv4-unicast”. Add it, so that a session carries only what it should"))
    }

    fn setup(&self) -> Option<String> {
        Some("no bgp default ipv4-unicast".into())
    }

    fn render(&self, intent: &RouterIntent, reveal: Reveal) -> Files {
        render(intent, reveal)
    }

    fn written(&self) -> Result<Files, Fault> {
        let running = self.running()?;
        let mut headers = self.headers();
        let mut found = files(&running.without_digests(), &headers);
        if let Some(header) = headers.remove(super::MAIN) {
            found.entry(super::MAIN.into()).or_insert(header);
        }
        Ok(found)
    }

    fn session_text(&self, files: &Files, symbol: &str) -> Option<String> {
        let text: String = files.values().map(String::as_str).collect();
        let config = Config::read(&text);
        let is_it = |n: &&super::config::Neighbor| n.setting("description").is_some_and(|id| super::config::symbol(id) == symbol);
        config.neighbors.values().find(is_it).map(|neighbor| neighbor.general.join("\n"))
    }

    fn settings(&self, files: &Files, symbol: &str) -> Option<Settings> {
        let text: String = files.values().map(String::as_str).collect();
        let config = Config::read(&text);
        let is_it = |n: &&super::config::Neighbor| n.setting("description").is_some_and(|id| super::config::symbol(id) == symbol);
        let neighbor = config.neighbors.values().find(is_it)?;
        let limit = neighbor.family.iter().find_map(|line| line.strip_prefix("maximum-prefix "));
        Some(Settings {
            max_prefixes: limit.and_then(|rest| rest.split_whitespace().next()?.parse().ok()),
            gtsm: neighbor.setting("ttl-security").is_some(),
            bfd: neighbor.general.iter().any(|line| line == "bfd"),
            md5: neighbor.setting("password").map(str::to_owned),
        })
    }

    fn check(&self, intent: &RouterIntent) -> Result<(), Fault> {
        intent.check()?;
        super::parse(&self.render(intent, Reveal::Shown))
    }

    fn apply(&self, intent: &RouterIntent, undo_after: Duration) -> Result<(), Fault> {
        self.roll_back()?;
        if !intent.router.rpki.is_empty() {
            self.validates_origins()?;
        }
        let running = self.running()?;
        let wanted = self.wanted(intent, &running)?;
        let (there, back) = (transition(&running, &wanted), transition(&wanted, &running));
        self.arm(&back, undo_after)?;
        let done = self.execute(&there).and_then(|()| {
            let mut now = self.running()?;
            // What it ran before is still there.
            now.objects.retain(|key, _| wanted.objects.contains_key(key));
            let one = |config: &Config| Files::from([(super::MAIN.to_owned(), config.text())]);
            match differences(&one(&now), &one(&wanted)).pop() {
                None => Ok(()),
                Some(left) => Err(Fault::Strange(format!("it did not take over everything:\n{}", left.text))),
            }
        });
        if done.is_err() {
            self.roll_back()?;
        }
        done
    }

    fn confirm(&self, intent: &RouterIntent) -> Result<bool, Fault> {
        let Some(claimed) = self.claim()? else { return Ok(false) };
        self.execute(&cleaning(&self.running()?))?;
        self.persist(&self.running()?, intent)?;
        fs::remove_file(&claimed).map_err(file(&claimed))?;
        Ok(true)
    }

    fn roll_back(&self) -> Result<(), Fault> {
        let Some(claimed) = self.claim()? else { return Ok(()) };
        if fs::metadata(&claimed).is_ok_and(|data| data.len() > 0) {
            vtysh::execute(&self.sockets, &claimed)?;
        }
        self.execute(&cleaning(&self.running()?))?;
        fs::remove_file(&claimed).map_err(file(&claimed))
    }

    fn sessions(&self, now: Timestamp) -> Result<Vec<SessionReport>, Fault> {
        let seen = read::neighbors(&vtysh::show(&self.sockets, "show bgp neighbors json")?, now)?;
        seen.into_iter().map(|seen| self.complete(seen)).collect()
    }

    fn routes(&self, session: &Session, table: Table) -> Result<Vec<Route>, Fault> {
        match table {
            Table::Received => read::adjacent(&self.bgp(session, "received-routes json")?, false),
            Table::Refused => read::adjacent(&self.bgp(session, "filtered-routes json")?, true),
            Table::Accepted => read::accepted(&self.bgp(session, "routes json")?),
        }
    }

    fn announced(&self, session: &Session) -> Result<Option<BTreeSet<Prefix>>, Fault> {
        read::advertised(&self.bgp(session, "advertised-routes json")?).map(Some)
    }

    fn tagged(&self, session: &Session, community: Community) -> Result<Option<BTreeSet<Prefix>>, Fault> {
        // FRR 8.4 has no communities in the JSON of received routes; what it let in can be asked for
        // by community.
        let family = if session.is_ipv4() { "ipv4" } else { "ipv6" };
        let kind = match community {
            Community::Standard(..) => "community",
            Community::Large(..) => "large-community",
        };
        let text = vtysh::show(&self.sockets, &format!("show bgp {family} unicast {kind} {community} json"))?;
        read::of_peer(&text, session.peer).map(Some)
    }

    fn answer(&self, question: Question) -> Result<String, Fault> {
        let (target, family) = match question {
            Question::Route(target) => (target, if target.is_ipv4() { "ipv4" } else { "ipv6" }),
            _ => return kernel::ask("bgpd", &self.sockets.join("bgpd.vty"), question),
        };
        let target = match target {
            Target::Address(address) => address.to_string(),
            Target::Prefix(prefix) => prefix.to_string(),
        };
        match vtysh::show(&self.sockets, &format!("show bgp {family} unicast {target}")) {
            Err(Fault::Strange(words)) if words.contains("Network not in table") => Ok("Network not in table\n".into()),
            answer => answer,
        }
    }

    fn switch_on(&self, session: &Session) -> Result<(), Fault> {
        let Some(asn) = self.running()?.asn else { return Ok(()) };
        self.execute(&format!("router bgp {asn}\n no neighbor {} shutdown\nexit\n", session.peer))?;
        // A session that was closed by its limit waits for this.
        vtysh::show(&self.sockets, &format!("clear bgp {}", session.peer)).map(drop)
    }

    fn watched(&self) -> Option<Vec<(IpAddr, bool)>> {
        read::watched(&vtysh::show_bfd(&self.sockets).ok()?)
    }

    fn dropped(&self) -> Option<Dropped> {
        kernel::dropped("bgpd", &self.sockets.join("bgpd.vty"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_own_lines_stay_when_ours_go() {
        let own = "hostname edge1\nip prefix-list mine seq 5 permit any\nroute-map mine permit 10\nexit\nrouter bgp 8075\n no bgp default ipv4-unicast\n neighbor 10.0.0.1 remote-as 8075\n";
        let mixed = format!(
            "{own} neighbor 193.0.9.2 remote-as 6667\n address-family ipv4 unicast\n  neighbor 10.0.0.1 activate\n  neighbor 193.0.9.2 route-map pr_1_1_v4_in_0123abcd in\n exit-address-family\nexit\n\
             route-map pr_1_1_v4_in_0123abcd deny 10\n match as-path pg_x\nexit\nip prefix-list pg_x seq 5 permit any\n{BEGIN}\nip prefix-list pg_y seq 5 permit any\n{END}\n"
        );
        let left = without_ours(&mixed);
        assert_eq!(left, format!("{own} address-family ipv4 unicast\n  neighbor 10.0.0.1 activate\n exit-address-family\nexit\n"));
        assert_eq!(without_ours(&left), left);
        assert_eq!(super::super::config::plain("pr_1_1_v4_in_0123abcd"), "pr_1_1_v4_in");
    }
}
