//! `peerage latency summarize` as one calls it.

use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    process::{Command, Output},
};

fn summarize(text: &str, args: &[&str]) -> Output {
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("samples");
    std::fs::write(&path, text).expect("kept");
    Command::new(env!("CARGO_BIN_EXE_peerage")).args(["latency", "summarize"]).args(args).arg(path).output().expect("run")
}

fn lines(text: &str, args: &[&str]) -> Vec<Value> {
    let output = summarize(text, args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

/// Values of two series, one each second for two hours; each tenth packet of the second is lost.
fn two_hours() -> String {
    let mut text = "time,series,rtt_ms\n".to_owned();
    for second in 0..7200u32 {
        let ms = 10.0 + f64::from(second % 1000) / 100.0;
        let _ = writeln!(text, "{},a,{ms}", 1_795_183_200 + second);
        let _ = match second % 10 {
            0 => writeln!(text, "{},b,", 1_795_183_200 + second),
            _ => writeln!(text, "{},b,{}", 1_795_183_200 + second, ms * 2.0),
        };
    }
    text
}

#[test]
fn a_group_is_a_line_with_its_percentiles() {
    let all = lines(&two_hours(), &["--q", "5,50,95"]);
    let counts: Vec<_> = all.iter().map(|it| json!([it["series"], it["n"], it["lost"]])).collect();
    assert_eq!(counts, [json!(["a", 7200, 0]), json!(["b", 6480, 720])]);
    // Values from 10 to 20 ms in equal shares.
    for (q, exact) in [("5", 10.5), ("50", 15.0), ("95", 19.5)] {
        let (a, b) = (all[0]["q"][q].as_f64().expect("a value"), all[1]["q"][q].as_f64().expect("a value"));
        assert!((a / exact - 1.0).abs() < 0.0105 && (b / exact / 2.0 - 1.0).abs() < 0.0125, "{q}: {a} {b}");
    }
}

#[test]
fn groups_are_made_by_series_and_intervals() {
    let by = |by: &str| lines(&two_hours(), &["--by", by, "--q", "50"]);
    let hours = by("series,hour");
    assert_eq!(hours.len(), 4);
    assert_eq!(hours[1], json!({"series": "a", "hour": "2026-11-20T15:00:00Z", "n": 3600, "lost": 0, "q": hours[1]["q"]}));
    assert_eq!(by("hour").len(), 2);
    assert_eq!(by("hour")[0].get("series"), None);
    assert_eq!(by("series,10min").len(), 24);
    assert_eq!(by("day")[0]["n"], 13_680);
    // Together they are the whole.
    let merged: u64 = by("minute").iter().filter_map(|it| it["n"].as_u64()).sum();
    assert_eq!(merged, 13_680);
}

#[test]
fn what_is_refused_is_told_and_the_rest_is_summed_up() {
    let output = summarize("1,a,5\n2,a,-5\n3,a,\n3,a,\n", &[]);
    assert!(output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("1 refused") && told.contains("line 2: rtt_ms -5 is not a round-trip time"), "{told}");
    assert!(told.contains("the first is line 4"), "{told}");
    let line: Value = serde_json::from_slice(&output.stdout).expect("a line");
    assert_eq!((&line["n"], &line["lost"]), (&json!(1), &json!(2)));
    let lost = lines("1,a,\n", &["--q", "50"]);
    assert_eq!(lost[0]["q"], json!({"50": null}));
}

#[test]
fn what_cannot_be_used_is_answered_with_its_reason() {
    let check = |text: &str, args: &[&str], words: &str| {
        let output = summarize(text, args);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(words), "{text} {args:?}: {told}");
    };
    check("hello\n", &[], "no line of it can be read as CSV");
    check("1,a,5\n", &["--q", "150"], "no percentile from 0 to 100");
    check("1,a,5\n", &["--by", "week"], "possible values");
    check("1,a,5\n", &["/nowhere"], "/nowhere: No such file");
}
