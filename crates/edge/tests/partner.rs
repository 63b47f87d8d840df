//! The configuration that partners take over is read by the daemons that it is for, where
//! those are free.

mod lab;

use lab::session;
use peerage_domain::Asn;
use peerage_edge::{
    intent::{BgpRole, Session},
    partner::{Language, OtherSide},
};
use std::{path::Path, process::Command};

fn both() -> Vec<Session> {
    [true, false]
        .map(|v4| Session {
            md5: Some("s3cret-key".to_owned().try_into().expect("key")),
            gtsm: true,
            role: Some(BgpRole::Peer),
            ..session(v4)
        })
        .to_vec()
}

fn render(language: Language) -> String {
    let sessions = both();
    OtherSide { sessions: &sessions, operator: Asn(8075), name: "Evil \"net\"\n{}; Ünïcode" }.render(language)
}

/// Has a program read the configuration; says so where it is not installed.
fn read_by(program: &str, arguments: &[&str], text: &str) {
    if !Path::new(program).exists() {
        println!("SKIPPED: {program} is not here");
        return;
    }
    let dir = tempfile::tempdir().expect("temporary directory");
    let file = dir.path().join("side.conf");
    std::fs::write(&file, text).expect("written");
    // OpenBGPD insists on a file that nobody else can read.
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("permissions");
    let output = Command::new(program).args(arguments).arg(&file).output().expect("runs");
    let words = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} refuses:\n{words}\n{text}");
}

#[test]
fn bird_reads_the_side_for_bird() {
    let own = "router id 192.0.2.9;\nprotocol device {}\n";
    read_by("/usr/sbin/bird", &["-p", "-c"], &(own.to_owned() + &render(Language::Bird2)));
}

#[test]
fn frr_reads_the_side_for_frr() {
    read_by("/usr/bin/vtysh", &["-C", "-f"], &render(Language::Frr));
}

#[test]
fn openbgpd_reads_the_side_for_openbgpd() {
    read_by("/usr/sbin/bgpd", &["-n", "-f"], &("router-id 192.0.2.9\n".to_owned() + &render(Language::OpenBgpd)));
}

#[test]
fn every_side_names_both_ends_and_no_key() {
    for language in Language::ALL {
        let text = render(language);
        for session in both() {
            assert!(text.contains(&session.local.to_string()), "{}: {text}", language.name());
        }
        assert!(text.contains("8075") && text.contains("6667") && text.contains("192.0.2.0/24"), "{}", language.name());
        assert!(text.contains("YOUR-MD5-KEY") && !text.contains("s3cret-key"), "{}", language.name());
        assert!(!text.contains("\"net\"") && text.is_ascii(), "{}: names stay harmless", language.name());
    }
}
