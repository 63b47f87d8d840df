//! Running programs, and installing those that are missing.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub type Outcome = Result<(), String>;

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// The folder for build results.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Cargo, with the same settings in every call, so that nothing is built twice.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a program and fails when it fails.
pub fn run(command: &mut Command) -> Outcome {
    let shown = format!("{command:?}").replace('"', "");
    let status = command.stdin(Stdio::null()).status().map_err(|error| format!("{shown}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("failed: {}", shown.chars().take(200).collect::<String>())) }
}

/// What a program prints; `None` when it is missing or fails.
pub fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Adds the WASM target when it is missing.
pub fn wasm_target() -> Outcome {
    let installed = output("rustc", &["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]);
    if installed.is_some_and(|dir| Path::new(&dir).is_dir()) {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
        .map_err(|error| format!("{error}; install the target wasm32-unknown-unknown for your Rust"))
}

/// Installs Debian packages where this is Debian and we are root; otherwise says which.
pub fn debian(packages: &[&str], probe: impl Fn() -> bool) -> Outcome {
    if probe() {
        return Ok(());
    }
    let wanted = packages.join(" ");
    let is_root = output("id", &["-u"]).as_deref() == Some("0");
    if !(is_root && Path::new("/etc/debian_version").exists()) {
        return Err(format!("install {wanted} (Debian names), then try again"));
    }
    println!("installing {wanted}");
    let apt = |args: &[&str]| {
        run(Command::new("apt-get")
            .args(["-qq", "-o", "Dpkg::Use-Pty=0"])
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null()))
    };
    apt(&["update"])?;
    // Tests start daemons themselves: nothing else is to start them.
    let policy = Path::new("/usr/sbin/policy-rc.d");
    let ours = !policy.exists() && write_executable(policy, "#!/bin/sh\nexit 101\n").is_ok();
    let installed = apt(&[&["install", "-y", "--no-install-recommends"], packages].concat());
    if ours {
        let _ = std::fs::remove_file(policy);
    }
    installed?;
    if probe() { Ok(()) } else { Err(format!("{wanted} was installed but cannot be found")) }
}

fn write_executable(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// Installs the npm packages of a folder as its lock file says.
pub fn npm(dir: &Path) -> Outcome {
    let stamp = dir.join("node_modules/.installed");
    let lock = std::fs::read_to_string(dir.join("package-lock.json")).map_err(|error| error.to_string())?;
    if std::fs::read_to_string(&stamp).is_ok_and(|done| done == lock) {
        return Ok(());
    }
    if output("npm", &["--version"]).is_none() {
        return Err("install Node.js with npm, then try again".to_owned());
    }
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(dir).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    std::fs::write(stamp, lock).map_err(|error| error.to_string())
}

/// Copies a file, making the folder.
pub fn copy(from: &Path, to: &Path) -> Outcome {
    if let Some(dir) = to.parent() {
        std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    }
    std::fs::copy(from, to).map(|_| ()).map_err(|error| format!("{}: {error}", from.display()))
}

/// Copies a folder with everything in it.
pub fn copy_dir(from: &Path, to: &Path) -> Outcome {
    let entries = std::fs::read_dir(from).map_err(|error| format!("{}: {error}", from.display()))?;
    for entry in entries.flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy_dir(&entry.path(), &target)? } else { copy(&entry.path(), &target)? }
    }
    Ok(())
}
