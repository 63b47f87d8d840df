//! Every test, in the order of what fails fastest.

use crate::{
    site::{self, Profile},
    tools::{self, Outcome, cargo, root, run},
};
use std::{path::Path, process::Command, time::Instant};

/// Where Debian puts its browser.
const CHROMIUM: &str = "/usr/bin/chromium";

/// FRR's module for origin validation.
const FRR_RPKI: &str = "/usr/share/doc/frr-rpki-rtrlib";

/// `cargo xtask test`
pub fn all() -> Outcome {
    let start = Instant::now();
    tools::wasm_target()?;
    tools::debian(&["chromium"], || Path::new(CHROMIUM).exists())?;
    tools::debian(&["postgresql"], || Path::new("/usr/lib/postgresql").is_dir())?;
    let lab = ["/usr/sbin/bird", "/usr/lib/frr/bgpd", "/usr/lib/frr/frr-reload.py", FRR_RPKI, "/usr/bin/ip", "/usr/bin/ping"];
    if let Err(missing) = tools::debian(&["bird2", "frr", "frr-pythontools", "frr-rpki-rtrlib", "iproute2", "iputils-ping"], || {
        lab.iter().all(|path| Path::new(path).exists())
    }) {
        println!("SKIPPED: the tests against BIRD and FRR in network namespaces; {missing}");
    }
    if let Err(missing) = tools::debian(&["stayrtr"], || Path::new("/usr/bin/stayrtr").exists()) {
        println!("SKIPPED: the tests against an RPKI cache; {missing}");
    }
    if let Err(missing) = tools::debian(&["openbgpd"], || Path::new("/usr/sbin/bgpd").exists()) {
        println!("SKIPPED: having OpenBGPD read what is generated for partners; {missing}");
    }
    check()?;
    println!("== unit, property, storage and HTTP tests");
    run(cargo().args(["test", "--workspace", "--features", "peerage/ssr", "--quiet"]))?;
    browser(&[])?;
    println!("everything passed in {} min {} s", start.elapsed().as_secs() / 60, start.elapsed().as_secs() % 60);
    Ok(())
}

/// Format, lints for both targets, documentation.
pub fn check() -> Outcome {
    println!("== format, lints, documentation");
    tools::wasm_target()?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    let strict = ["--", "-D", "warnings"];
    run(cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--features", "peerage/ssr"]).args(strict))?;
    run(cargo()
        .args(["clippy", "--quiet", "--lib", "--target", "wasm32-unknown-unknown", "--no-default-features", "--features", "hydrate"])
        .args(strict))?;
    run(cargo()
        .args(["doc", "--quiet", "--workspace", "--no-deps", "--features", "peerage/ssr", "--lib"])
        .env("RUSTDOCFLAGS", "-D warnings"))
}

/// The stories in a real browser, against the real program.
pub fn browser(args: &[String]) -> Outcome {
    println!("== browser tests");
    tools::debian(&["chromium"], || Path::new(CHROMIUM).exists())?;
    let dir = root().join("end2end");
    tools::npm(&dir)?;
    site::build_with_server()?;
    let program = tools::target().join("debug/peerage");
    run(Command::new(dir.join("node_modules/.bin/playwright"))
        .arg("test")
        .args(args)
        .current_dir(&dir)
        .env("PEERAGE", program)
        .env("PEERAGE_SITE_DIR", site::dir(Profile::Dev))
        .env("CHROMIUM", CHROMIUM))
}

/// How long a finding takes to the page of a browser, in the development build.
pub fn live() -> Outcome {
    tools::debian(&["chromium"], || Path::new(CHROMIUM).exists())?;
    let dir = root().join("end2end");
    tools::npm(&dir)?;
    site::build_with_server()?;
    let mut node = Command::new("node");
    node.arg("bench/live.js").current_dir(&dir).env("PEERAGE", tools::target().join("debug/peerage"));
    run(node.env("PEERAGE_SITE_DIR", site::dir(Profile::Dev)).env("CHROMIUM", CHROMIUM))
}

/// How smoothly charts are panned and zoomed in a browser, in the release build.
pub fn frames() -> Outcome {
    tools::debian(&["chromium"], || Path::new(CHROMIUM).exists())?;
    let dir = root().join("end2end");
    tools::npm(&dir)?;
    site::build(Profile::Release)?;
    run(cargo().args(["build", "--release", "--features", "ssr", "--bin", "peerage"]))?;
    let mut node = Command::new("node");
    node.arg("bench/frames.js").current_dir(&dir).env("PEERAGE", tools::target().join("release/peerage"));
    run(node.env("PEERAGE_SITE_DIR", site::dir(Profile::Release)).env("CHROMIUM", CHROMIUM))
}
