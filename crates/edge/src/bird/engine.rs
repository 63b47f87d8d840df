//! Driving BIRD: files beside its configuration, and its control socket.
//!
//! The folder holds two generations, `a` and `b`, and the link `current` to one of them, which
//! the operator's own `bird.conf` includes. The other one is written, tried from a copy of
//! `bird.conf` that includes it, and becomes `current` when it is confirmed. So whatever
//! crashes, a daemon that starts again reads the last confirmed configuration.

use super::{
    Dialect, MAIN,
    control::{Access, Control, Line},
    parse, render, session_text, write,
};
use crate::{
    Engine, Fault, Files, Reveal, Settings,
    glass::{Question, Target},
    intent::{RouterIntent, Session},
    kernel,
    state::{Dropped, Route, SessionReport, Table},
};
use peerage_domain::{Prefix, Timestamp};
use std::{
    collections::BTreeSet,
    fs, io,
    net::IpAddr,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

/// The link to the generation that runs.
const CURRENT: &str = "current";
/// The two generations.
const GENERATIONS: [&str; 2] = ["a", "b"];
/// The copy of `bird.conf` that includes the generation on trial.
const CANDIDATE: &str = "candidate.conf";
/// How often a long reconfiguration is asked after.
const POLL: Duration = Duration::from_millis(50);

/// One BIRD, reached on this machine (or over a forwarded socket and a shared folder).
#[derive(Clone, Debug)]
pub struct Bird {
    /// The control socket, such as `/run/bird/bird.ctl`.
    pub socket: PathBuf,
    /// The operator's own configuration, such as `/etc/bird/bird.conf`.
    pub config: PathBuf,
    /// The folder that is Peerage's own, such as `/etc/bird/peerage`.
    pub folder: PathBuf,
    /// The version's language.
    pub dialect: Dialect,
}

fn file(path: &Path) -> impl Fn(io::Error) -> Fault + use<> {
    let path = path.display().to_string();
    move |error| Fault::File { path: path.clone(), why: error.to_string() }
}

impl Bird {
    /// What the operator's own `bird.conf` has to include.
    fn include_line(&self) -> String {
        format!("include \"{}\";", self.here())
    }

    /// The generation that runs, by the link.
    fn generation(&self) -> Option<&'static str> {
        let target = fs::read_link(self.folder.join(CURRENT)).ok()?;
        GENERATIONS.into_iter().find(|name| target.as_os_str() == *name)
    }

    /// The generation that does not run.
    fn spare(&self) -> &'static str {
        if self.generation() == Some(GENERATIONS[0]) { GENERATIONS[1] } else { GENERATIONS[0] }
    }

    fn lay_down(&self, generation: &str, intent: &RouterIntent) -> Result<(), Fault> {
        let dir = self.folder.join(generation);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file(&dir)(error)),
            _ => {}
        }
        fs::create_dir_all(&dir).map_err(file(&dir))?;
        write(&self.render(intent, Reveal::Shown), &dir, 0o640).map_err(file(&dir))
    }

    /// Changes the link in one step.
    fn point_to(&self, generation: &str) -> Result<(), Fault> {
        let (new, current) = (self.folder.join("current.new"), self.folder.join(CURRENT));
        let _ = fs::remove_file(&new);
        symlink(generation, &new).and_then(|()| fs::rename(&new, &current)).map_err(file(&current))?;
        fs::File::open(&self.folder).and_then(|dir| dir.sync_all()).map_err(file(&self.folder))
    }

    /// Writes the spare generation and a `bird.conf` that includes it; gives that file.
    fn candidate(&self, intent: &RouterIntent) -> Result<PathBuf, Fault> {
        intent.check()?;
        let own = self.own()?;
        let spare = self.spare();
        let here = self.here();
        self.lay_down(spare, intent)?;
        let path = self.folder.join(CANDIDATE);
        let text = own.replace(&here, &self.folder.join(spare).join(MAIN).display().to_string());
        write(&Files::from([(CANDIDATE.to_owned(), text)]), &self.folder, 0o640).map_err(file(&path))?;
        Ok(path)
    }

    /// What the operator's own configuration includes.
    fn here(&self) -> String {
        self.folder.join(CURRENT).join(MAIN).display().to_string()
    }

    /// The operator's own configuration, which has to include Peerage's.
    fn own(&self) -> Result<String, Fault> {
        let own = fs::read_to_string(&self.config).map_err(file(&self.config))?;
        if own.contains(&self.here()) {
            return Ok(own);
        }
        let why = format!("it does not include Peerage's files. Add this line at its end: {}", self.include_line());
        Err(Fault::File { path: self.config.display().to_string(), why })
    }

    fn read(&self, command: &str) -> Result<Vec<Line>, Fault> {
        Control::connect(&self.socket, Access::Read)?.ask(command)
    }
}

/// Whether an answer of `configure status` says that a configuration waits for its confirmation.
fn waits(status: &[Line]) -> bool {
    status.iter().any(|line| line.code == 22)
}

impl Engine for Bird {
    fn name(&self) -> &'static str {
        "BIRD"
    }

    fn is_real(&self) -> bool {
        true
    }

    /// An empty first generation, so that `bird.conf` can include it.
    fn prepare(&self, intent: &RouterIntent) -> Result<(), Fault> {
        let current = self.folder.join(CURRENT);
        if current.exists() {
            return Ok(());
        }
        let nothing = RouterIntent { sessions: vec![], ..intent.clone() };
        self.lay_down(GENERATIONS[0], &nothing)?;
        self.point_to(GENERATIONS[0])
    }

    fn setup(&self) -> Option<String> {
        Some(self.include_line())
    }

    fn ready(&self) -> Result<(), Fault> {
        self.own().map(drop)
    }

    fn render(&self, intent: &RouterIntent, reveal: Reveal) -> Files {
        render(intent, self.dialect, reveal)
    }

    fn written(&self) -> Result<Files, Fault> {
        let dir = self.folder.join(CURRENT);
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Files::new()),
            Err(error) => return Err(file(&dir)(error)),
        };
        let mut files = Files::new();
        for entry in entries {
            let entry = entry.map_err(file(&dir))?;
            let text = fs::read_to_string(entry.path()).map_err(file(&entry.path()))?;
            files.insert(entry.file_name().to_string_lossy().into_owned(), text);
        }
        Ok(files)
    }

    fn session_text(&self, files: &Files, symbol: &str) -> Option<String> {
        session_text(files, symbol)
    }

    fn settings(&self, files: &Files, symbol: &str) -> Option<Settings> {
        let text = session_text(files, symbol)?;
        let mut found = Settings::default();
        for line in text.lines().map(|line| line.trim().trim_end_matches(';')) {
            if let Some(rest) = line.strip_prefix("receive limit ") {
                found.max_prefixes = rest.split_whitespace().next().and_then(|number| number.parse().ok());
            } else if let Some(key) = line.strip_prefix("password \"") {
                found.md5 = key.strip_suffix('"').map(str::to_owned);
            }
            found.gtsm |= line == "ttl security on";
            found.bfd |= line == "bfd on";
        }
        Some(found)
    }

    fn check(&self, intent: &RouterIntent) -> Result<(), Fault> {
        let candidate = self.candidate(intent)?;
        let mut control = Control::connect(&self.socket, Access::Write)?;
        control.ask(&format!("configure check \"{}\"", candidate.display())).map(drop)
    }

    fn apply(&self, intent: &RouterIntent, undo_after: Duration) -> Result<(), Fault> {
        let candidate = self.candidate(intent)?;
        let mut control = Control::connect(&self.socket, Access::Write)?;
        control.ask(&format!("configure check \"{}\"", candidate.display()))?;
        let seconds = undo_after.as_secs().max(1);
        let mut answer = control.ask(&format!("configure \"{}\" timeout {seconds}", candidate.display()))?;
        // 4: it goes on in the background, because sessions are being taken down first.
        while answer.iter().any(|line| line.code == 4) {
            std::thread::sleep(POLL);
            answer = control.ask("configure status")?;
        }
        Ok(())
    }

    fn confirm(&self, _intent: &RouterIntent) -> Result<bool, Fault> {
        let mut control = Control::connect(&self.socket, Access::Write)?;
        let kept = control.ask("configure confirm")?.iter().any(|line| line.code == 18);
        if kept {
            self.point_to(self.spare())?;
        }
        Ok(kept)
    }

    fn roll_back(&self) -> Result<(), Fault> {
        let mut control = Control::connect(&self.socket, Access::Write)?;
        // Without anything to confirm, `undo` would take back what was confirmed last.
        if waits(&control.ask("configure status")?) {
            control.ask("configure undo")?;
        }
        Ok(())
    }

    fn sessions(&self, now: Timestamp) -> Result<Vec<SessionReport>, Fault> {
        let mut control = Control::connect(&self.socket, Access::Read)?;
        let offset = parse::clock_offset(&control.ask("show status")?, now);
        Ok(parse::protocols(&control.ask("show protocols all")?, offset))
    }

    fn routes(&self, session: &Session, table: Table) -> Result<Vec<Route>, Fault> {
        let symbol = session.symbol();
        let family = if session.is_ipv4() { 4 } else { 6 };
        let command = match table {
            Table::Received => format!("show route import table {symbol}.ipv{family} all"),
            Table::Refused => format!("show route all filtered protocol {symbol}"),
            Table::Accepted => format!("show route all protocol {symbol}"),
        };
        match self.read(&command) {
            // The table comes with the session and goes with it.
            Err(Fault::Strange(words)) if table == Table::Received && words.contains("No import table") => Ok(vec![]),
            answer => Ok(parse::routes(&answer?)),
        }
    }

    fn announced(&self, session: &Session) -> Result<Option<BTreeSet<Prefix>>, Fault> {
        let routes = parse::routes(&self.read(&format!("show route export {}", session.symbol()))?);
        Ok(Some(routes.into_iter().map(|route| route.prefix).collect()))
    }

    fn answer(&self, question: Question) -> Result<String, Fault> {
        let command = match question {
            Question::Route(Target::Address(address)) => format!("show route for {address} all"),
            Question::Route(Target::Prefix(prefix)) => format!("show route {prefix} all"),
            _ => return kernel::ask("bird", &self.socket, question),
        };
        match self.read(&command) {
            Ok(lines) => Ok(lines.into_iter().filter(|line| line.code != 0).map(|line| line.text + "\n").collect()),
            // BIRD calls a table without the route an error.
            Err(Fault::Strange(words)) if words.contains("Network not found") => Ok("Network not found\n".into()),
            Err(fault) => Err(fault),
        }
    }

    fn switch_on(&self, session: &Session) -> Result<(), Fault> {
        // Configuring anew does not undo `disable`.
        Control::connect(&self.socket, Access::Write)?.ask(&format!("enable {}", session.symbol())).map(drop)
    }

    fn watched(&self) -> Option<Vec<(IpAddr, bool)>> {
        self.read("show bfd sessions").ok().map(|lines| parse::watched(&lines))
    }

    fn dropped(&self) -> Option<Dropped> {
        kernel::dropped("bird", &self.socket)
    }
}
