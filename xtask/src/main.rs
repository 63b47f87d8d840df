//! `cargo xtask run | test | check | site | dist | fuzz | bench`: everything a developer does.
//!
//! Each command installs what it is missing, or says in one line what to install.

mod fuzz;
mod site;
mod tests;
mod tools;

use std::{path::PathBuf, process::ExitCode};
use tools::{Outcome, cargo, root, run};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.first().map(String::as_str) {
        Some("run") => serve(&args[1..]),
        Some("test") => tests::all(),
        Some("e2e") => tests::browser(&args[1..]),
        Some("check") => tests::check(),
        Some("site") => site::build(site::Profile::Dev),
        Some("dist") => dist(),
        Some("fuzz") => fuzz::start(args.get(1).map(String::as_str)),
        Some("bench") => bench(args.get(1).map(String::as_str), args.get(2..).unwrap_or_default()),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

const USAGE: &str = "usage: cargo xtask COMMAND
  run [ARGS]   build everything and serve the demo world on http://127.0.0.1:3000
  test         everything: format, lints, unit, storage, HTTP, tidy, browser
  check        format, lints for both targets, documentation
  e2e [ARGS]   the browser tests alone
  site         the browser's files alone
  dist         a release in dist/: the program and its site folder
  fuzz [SECONDS]  every parser with wrong bytes, each target so long (default 60)
  bench NAME   a benchmark: prefixes, edge, latency, frames, watch [FILE], live";

/// Builds browser and server and starts the demo world.
fn serve(args: &[String]) -> Outcome {
    site::build_with_server()?;
    let mut program = std::process::Command::new(tools::target().join("debug/peerage"));
    program.args(["serve", "--demo", "--data-dir"]).arg(tools::target().join("demo-world")).args(args);
    run(program.current_dir(root()))
}

/// One folder: `dist/peerage` and `dist/site` with hashed, compressed files.
fn dist() -> Outcome {
    site::build(site::Profile::Release)?;
    run(cargo().args(["build", "--release", "--features", "ssr", "--bin", "peerage"]))?;
    let dist: PathBuf = root().join("dist");
    let _ = std::fs::remove_dir_all(&dist);
    tools::copy_dir(&site::dir(site::Profile::Release), &dist.join("site"))?;
    for file in ["LICENSE", "README.md"] {
        tools::copy(&root().join(file), &dist.join(file))?;
    }
    tools::copy(&tools::target().join("release/peerage"), &dist.join("peerage"))?;
    println!("dist/peerage and dist/site are ready: dist/peerage serve --data-dir DIR");
    Ok(())
}

fn bench(name: Option<&str>, args: &[String]) -> Outcome {
    match name {
        Some("prefixes") => {
            run(cargo().args(["run", "--release", "--package", "peerage-domain", "--example", "bench_prefixes"]))?;
            run(cargo().args(["run", "--release", "--package", "peerage-watch", "--example", "bench_service"]))
        }
        Some("edge") => run(cargo().args(["run", "--release", "--package", "peerage-edge", "--example", "bench_edge"])),
        Some("watch") => {
            let example = ["run", "--release", "--package", "peerage-watch", "--example", "bench_watch", "--"];
            run(cargo().args(example).args(args))
        }
        Some("latency") => {
            run(cargo().args(["run", "--release", "--package", "peerage-latency", "--example", "bench_histogram"]))?;
            run(cargo().args(["run", "--release", "--features", "ssr", "--example", "bench_latency"]))?;
            tests::frames()
        }
        Some("frames") => tests::frames(),
        Some("live") => tests::live(),
        _ => Err("benchmarks: prefixes, edge, latency, frames, watch, live".to_owned()),
    }
}
