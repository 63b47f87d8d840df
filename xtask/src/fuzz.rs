//! Fuzzing with libFuzzer: the targets of `fuzz/`, which `cargo fuzz` takes, too, each for a bounded
//! time, beginning from the recordings of the tests.

use crate::tools::{Outcome, cargo, root, run, target};
use std::process::Command;

/// Each target, and where what it begins with lies.
const TARGETS: [(&str, &[&str]); 4] = [
    ("recording", &["crates/feeds/tests/recordings", "crates/feeds/tests/bmp", "crates/watch/tests/incidents/youtube-2008"]),
    ("stream", &["crates/feeds/tests/bmp"]),
    ("json", &["crates/feeds/tests/rpki", "crates/service/demo", "crates/watch/tests/incidents/verizon-2019"]),
    ("text", &[]),
];

/// What `cargo fuzz build --sanitizer none` passes: coverage for libFuzzer, on a stable compiler.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

fn run_all(seconds: u64) -> Outcome {
    let folder = target().join("fuzz");
    let host = host()?;
    // A target of its own keeps build scripts free of the flags.
    let mut build = cargo();
    build.args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &host, "--target-dir"]).arg(&folder);
    run(build.env("RUSTFLAGS", FLAGS))?;
    for (name, seeds) in TARGETS {
        println!("== {name}, {seconds} s");
        let corpus = folder.join("corpus").join(name);
        std::fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
        let mut fuzzer = Command::new(folder.join(&host).join("release").join(name));
        fuzzer.arg(&corpus).args(seeds.iter().map(|seed| root().join(seed)));
        fuzzer.args([&format!("-max_total_time={seconds}"), "-max_len=65536", "-timeout=10", "-rss_limit_mb=1024"]);
        // A finding is kept where it can be read: as a test's input.
        fuzzer.arg(format!("-artifact_prefix={}/", folder.join("").display())).arg("-print_final_stats=1");
        run(fuzzer.current_dir(root()))?;
    }
    Ok(())
}

/// The compiler's own platform.
fn host() -> Result<String, String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| format!("rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    host.ok_or_else(|| "rustc -vV names no host".to_owned())
}

/// `cargo xtask fuzz [SECONDS]`
pub fn start(seconds: Option<&str>) -> Outcome {
    let seconds = seconds.unwrap_or("60").parse().map_err(|_| "fuzz takes a number of seconds for each target".to_owned())?;
    run_all(seconds)
}
