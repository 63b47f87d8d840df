//! `peerage watch replay` as one calls it.

use serde_json::Value;
use std::process::{Command, Output};

const INCIDENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/watch/tests/incidents");

fn replay(args: &[&str]) -> Output {
    let args = args.iter().map(|arg| arg.replace("@", INCIDENTS));
    Command::new(env!("CARGO_BIN_EXE_peerage")).args(["watch", "replay"]).args(args).output().expect("run")
}

fn lines(args: &[&str]) -> Vec<Value> {
    let output = replay(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

#[test]
fn a_finding_is_a_line_with_its_evidence() {
    let all = lines(&["--expect", "@/youtube-2008/expect.json", "@/youtube-2008/recording.json"]);
    let told: Vec<String> = all.iter().map(|it| format!("{} {} {}", it["time"], it["event"], it["type"]).replace('"', "")).collect();
    assert_eq!(
        told,
        [
            "2008-02-24T18:47:00Z open sub-prefix",
            "2008-02-24T20:07:00Z open more-specific",
            "2008-02-24T20:18:00Z open more-specific",
            "2008-02-24T20:18:00Z open more-specific",
            "2008-02-24T20:51:00Z update sub-prefix",
            "2008-02-24T21:01:00Z close sub-prefix",
            "2008-02-24T21:01:00Z close more-specific",
        ]
    );
    let first = &all[0];
    assert_eq!(first["prefix"], "208.65.153.0/24");
    assert_eq!(first["expected"], serde_json::json!({ "prefix": "208.65.152.0/22", "origins": [36561] }));
    assert_eq!((&first["origin"], &first["path"]), (&Value::from(17557), &serde_json::json!([3491, 17557])));
    assert_eq!(first["vantage_points"], serde_json::json!(["AS3491"]));
    let weights = first["reasons"].as_array().expect("reasons").iter().filter_map(|reason| reason["weight"].as_i64());
    assert_eq!(Some(weights.sum::<i64>()), first["confidence"].as_i64());
}

#[test]
fn several_files_are_one_recording() {
    let both = lines(&["--expect", "@/verizon-2019/expect.json", "@/youtube-2008/recording.json", "@/verizon-2019/recording.json"]);
    assert_eq!(both, lines(&["--expect", "@/verizon-2019/expect.json", "@/verizon-2019/recording.json"]));
    assert_eq!(both.len(), 8);
}

#[test]
fn the_parts_of_a_timeline_and_their_order_do_not_matter() {
    let whole = std::fs::read_to_string(format!("{INCIDENTS}/youtube-2008/recording.json")).expect("recording");
    let whole: Value = serde_json::from_str(&whole).expect("JSON");
    let events = whole["events"].as_array().expect("events");
    let dir = tempfile::tempdir().expect("folder");
    let keep = |name: &str, events: &[Value]| {
        let path = dir.path().join(name);
        std::fs::write(&path, serde_json::json!({ "events": events }).to_string()).expect("kept");
        path.display().to_string()
    };
    let expected = lines(&["--expect", "@/youtube-2008/expect.json", "@/youtube-2008/recording.json"]);
    for cut in 0..=events.len() {
        let (first, second) = (keep("first.json", &events[..cut]), keep("second.json", &events[cut..]));
        assert_eq!(lines(&["--expect", "@/youtube-2008/expect.json", &second, &first]), expected, "cut after {cut}");
    }
}

#[test]
fn findings_that_cannot_be_written_are_an_error() {
    let Ok(full) = std::fs::File::create("/dev/full") else { return };
    let args = ["--expect", "@/youtube-2008/expect.json", "@/youtube-2008/recording.json"].map(|arg| arg.replace("@", INCIDENTS));
    let output = Command::new(env!("CARGO_BIN_EXE_peerage")).args(["watch", "replay"]).args(args).stdout(full).output().expect("run");
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("cannot be written"));
}

#[test]
fn a_quiet_period_takes_the_place_of_expectations() {
    let (quiet, recording) = ("@/poisoned-learning/quiet.json", "@/poisoned-learning/recording.json");
    let learned = lines(&["--learn", quiet, "--", recording]);
    assert!(learned.iter().any(|it| it["type"] == "forged-origin") && learned.iter().any(|it| it["type"] == "sub-prefix"));
    assert_eq!(learned, lines(&["--learn", quiet, recording]), "the last name is what is replayed");
    assert_eq!(learned[0]["expected"]["learned"], true);
}

#[test]
fn what_is_wrong_is_said_in_a_line() {
    let check = |args: &[&str], words: &str| {
        let output = replay(args);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && output.stdout.is_empty(), "{args:?}");
        assert!(text.contains(words) && !text.contains("panicked"), "{args:?}: {text}");
    };
    check(&[], "--expect");
    check(&["--expect", "@/nothing.json", "@/youtube-2008/recording.json"], "nothing.json: No such file");
    check(&["--expect", "@/youtube-2008/recording.json", "@/youtube-2008/recording.json"], "missing field `prefixes`");
    check(&["--expect", "@/youtube-2008/expect.json", "@/README.md"], "README.md: it is none of MRT, BMP");
    check(&["--expect", "@/youtube-2008/expect.json", "--vrps", "@/README.md", "@/youtube-2008/recording.json"], "README.md");
    check(&["--learn", "@/youtube-2008/recording.json"], "name at least one FILE");
    check(&["--expect", "@/youtube-2008/expect.json", "--speed", "3", "@/youtube-2008/recording.json"], "possible values: max, 1, 10");
}
