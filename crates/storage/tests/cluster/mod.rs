//! A PostgreSQL cluster to throw away.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A cluster in a temporary directory; stopped and removed when dropped.
pub struct Cluster {
    dir: tempfile::TempDir,
    bin: PathBuf,
}

fn as_postgres(command: &Path) -> Command {
    // PostgreSQL refuses to run as root; Debian's package made a user for it.
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"));
    if is_root {
        let mut outer = Command::new("runuser");
        outer.args(["-u", "postgres", "--"]).arg(command);
        outer
    } else {
        Command::new(command)
    }
}

impl Cluster {
    /// With these options of the server; `None` when PostgreSQL is not installed.
    pub fn start(options: &str) -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let bin = versions.flatten().map(|v| v.path().join("bin")).max()?;
        let dir = tempfile::tempdir().expect("temporary directory");
        let open = Command::new("chmod").args(["777"]).arg(dir.path()).status();
        assert!(open.is_ok_and(|s| s.success()), "the cluster's directory must be open to its user");
        let data = dir.path().join("data");
        let run = |command: &mut Command| {
            let output = command.current_dir("/").stdin(Stdio::null()).output().expect("PostgreSQL's programs run");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        run(as_postgres(&bin.join("initdb")).args(["-A", "trust", "-U", "peerage", "-N", "-D"]).arg(&data));
        let options = format!("-c listen_addresses='' -c unix_socket_directories='{}' {options}", dir.path().display());
        let log = dir.path().join("log");
        run(as_postgres(&bin.join("pg_ctl"))
            .args(["-w", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(&log)
            .args(["-o", &options, "start"])
            .stdout(Stdio::null()));
        Some(Cluster { dir, bin })
    }

    pub fn url(&self) -> String {
        let socket = self.dir.path().to_string_lossy().replace('/', "%2F");
        format!("postgres://peerage@{socket}/postgres")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.dir.path().join("data");
        let _ = as_postgres(&self.bin.join("pg_ctl")).args(["-m", "immediate", "-D"]).arg(&data).arg("stop").stdout(Stdio::null()).status();
        let _ = as_postgres(Path::new("/bin/rm")).arg("-rf").arg(&data).status();
    }
}
