use super::*;
use peerage_domain::sighting::{Hop, Sight};
use proptest::prelude::*;
use std::io::Write;

const RRC15: &[u8] = include_bytes!("../../tests/recordings/rrc15-updates.20100227.1600.gz");
const UPDATES: &[u8] = include_bytes!("../../tests/recordings/frr-updates.mrt");
const TABLE: &[u8] = include_bytes!("../../tests/recordings/frr-table.mrt");
const RIS_LIVE: &[u8] = include_bytes!("../../tests/recordings/ris-live.jsonl");
const BIRD: &[u8] = include_bytes!("../../tests/bmp/bird-3.1.7_denyall-then-permit.bmp");
const YOUTUBE: &[u8] = include_bytes!("../../tests/bmp/yt2008-replay_bird-3.1.7.bmp");

fn gather(bytes: &[u8]) -> Result<(Tally, Vec<Sighting>), RecordingError> {
    let mut all = vec![];
    read(bytes, &Interest::in_all(), &mut |sighting| all.push(sighting)).map(|tally| (tally, all))
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let told = |sighting: &Sighting| {
        let who = &sighting.vantage;
        match &sighting.sight {
            Sight::Announced(prefix, route) => {
                let path: Vec<String> = route.path.iter().map(Hop::to_string).collect();
                format!("{} {who} A {prefix} {}", sighting.at, path.join(" "))
            }
            Sight::Withdrawn(prefix) => format!("{} {who} W {prefix}", sighting.at),
            Sight::WithdrawnEverywhere(prefix) => format!("{} W {prefix}", sighting.at),
            Sight::Lost => format!("{} {who} L", sighting.at),
            Sight::Silent(silent) => format!("{} {who} {}", sighting.at, if *silent { "S" } else { "H" }),
        }
    };
    gather(bytes).expect("a recording").1.iter().map(told).collect()
}

/// A file as a tool would have packed it.
fn packed<W: Write>(mut packer: W, bytes: &[u8]) -> W {
    packer.write_all(bytes).expect("packed");
    packer
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    packed(flate2::write::GzEncoder::new(vec![], flate2::Compression::fast()), bytes).finish().expect("packed")
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    packed(bzip2::write::BzEncoder::new(vec![], bzip2::Compression::fast()), bytes).finish().expect("packed")
}

#[test]
fn a_recording_is_known_by_what_is_in_it() {
    let check = |bytes: &[u8], form: Form, records: u64, sightings: usize| {
        for packed in [bytes.to_vec(), gzip(bytes), bzip2(bytes), gzip(&bzip2(bytes))] {
            let (tally, all) = gather(&packed).expect("a recording");
            assert_eq!((tally.form, tally.records, tally.unreadable, all.len()), (form, records, 0, sightings));
        }
    };
    check(UPDATES, Form::Mrt, 18, 2);
    check(TABLE, Form::Mrt, 3, 2);
    check(YOUTUBE, Form::Bmp, 12, 7);
    check(RIS_LIVE, Form::RisLive, 5, 11);
    check(br#" {"events":[[1,"A","10.0.0.0/8",[1]],[2,"W","10.0.0.0/8"]]}"#, Form::Incident, 2, 2);
    check(b"", Form::Empty, 0, 0);
    check(b"\n", Form::Empty, 0, 0);
    // A log that begins within a line, with a blank one, or after another kind of message.
    for before in ["\n", "\u{feff}", "{\"type\":\"pong\",\"data\":null}\n", "\"host\":\"rrc01\"}}\n"] {
        let (tally, all) = gather(&[before.as_bytes(), RIS_LIVE].concat()).expect("a recording");
        assert_eq!((tally.form, all.len()), (Form::RisLive, 11), "{before}");
    }
}

#[test]
fn a_collectors_file_has_what_its_publisher_counted() {
    let (tally, all) = gather(RRC15).expect("a recording");
    let announced = all.iter().filter(|sighting| matches!(sighting.sight, Sight::Announced(..))).count();
    let withdrawn = all.iter().filter(|sighting| matches!(sighting.sight, Sight::Withdrawn(_))).count();
    assert_eq!((tally.unreadable, announced, withdrawn), (0, 52_468, 1_318));
}

#[test]
fn each_source_says_who_saw_what() {
    assert_eq!(
        lines(UPDATES),
        [
            "2026-11-20T12:12:38.853Z AS64501 192.0.2.1 W 203.0.113.0/24",
            "2026-11-20T12:12:41.885Z AS64501 192.0.2.1 A 203.0.113.0/24 64501"
        ]
    );
    assert_eq!(lines(TABLE)[0], "2026-11-20T12:13:00Z AS64501 192.0.2.1 A 198.51.100.0/24 64501");
    assert_eq!(lines(YOUTUBE)[1], "2026-11-20T12:15:17.498Z pre-policy AS64501 192.0.2.7 A 208.65.153.0/24 64501 3491 17557");
    let live = lines(RIS_LIVE);
    assert_eq!(live[1], "2026-09-10T05:53:26.210Z rrc03.ripe.net AS13030 2001:7f8:1::a501:3030:1 W 2a12:ca42::/32");
    let again = String::from_utf8_lossy(RIS_LIVE).replace("29479", "13030").replace("195.208.209.55", "2001:7f8:1::a501:3030:1");
    let lost = lines(again.replace("rrc13", "rrc03").as_bytes());
    assert_eq!(lost.last().map(String::as_str), Some("2026-09-10T05:53:21.760Z rrc03.ripe.net AS13030 2001:7f8:1::a501:3030:1 L"));
    let bird = lines(BIRD);
    assert!(bird.iter().any(|line| line.contains("pre-policy") && line.contains(" A ")), "{bird:?}");
    assert!(bird.iter().any(|line| line.contains("post-policy") && line.contains(" W ")), "{bird:?}");
    assert!(bird.iter().any(|line| line.ends_with(" L")), "{bird:?}");
}

#[test]
fn instants_and_summaries_are_told_as_what_came_and_went() {
    let instants = br#"{"prefix":"10.0.0.0/8","start":9,"replay":{
        "-1":{"path_list":["1 2 3","1 4 3"]},"10":{"path_list":["1 2 3","5 2 3"]}}}"#;
    assert_eq!(
        lines(instants),
        [
            "1970-01-01T00:00:09Z AS1 A 10.0.0.0/8 1 2 3",
            "1970-01-01T00:00:09Z AS1 #2 A 10.0.0.0/8 1 4 3",
            "1970-01-01T00:00:10Z AS1 A 10.0.0.0/8 1 2 3",
            "1970-01-01T00:00:10Z AS5 A 10.0.0.0/8 5 2 3",
            "1970-01-01T00:00:10Z AS1 #2 W 10.0.0.0/8",
        ]
    );
    let summary = br#"{"common_path":[1,2],"victim_as":"3","start":1,"end":"1970-01-01T00:00:02Z","example":{"leaked":["10.0.0.0/9"]}}"#;
    assert_eq!(lines(summary), ["1970-01-01T00:00:01Z AS1 A 10.0.0.0/9 1 2 3", "1970-01-01T00:00:02Z W 10.0.0.0/9"]);
}

#[test]
fn what_cannot_be_read_is_counted_and_the_rest_is_read() {
    let check = |bytes: &[u8], records: u64, unreadable: u64, words: &str| {
        let (tally, _) = gather(bytes).expect("a recording");
        let fault = tally.fault.unwrap_or_default();
        assert_eq!((tally.records, tally.unreadable), (records, unreadable), "{fault}");
        assert!(fault.contains(words), "{fault}");
    };
    check(&YOUTUBE[..YOUTUBE.len() - 3], 11, 1, "ends within a message");
    check(&[YOUTUBE, b"GET / HTTP/1.1"].concat(), 12, 1, "BMP version 71");
    check(&[RIS_LIVE, b"\n{\"type\":\"ris_message\",\"data\":{}}\n{}x\n"].concat(), 5, 2, "missing field");
    let odd = br#"{"type":"ris_message","data":{"timestamp":1,"peer_asn":"1","type":"UPDATE","withdrawals":["10.0.0.0/99"]}}"#;
    check(&[RIS_LIVE, b"\n", odd].concat(), 5, 1, "is no prefix");
    check(&UPDATES[..UPDATES.len() - 3], 17, 1, "");
}

#[test]
fn what_is_no_recording_is_refused() {
    let check = |bytes: &[u8], words: &str| {
        let error = gather(bytes).expect_err("no recording").to_string();
        assert!(error.contains(words), "{error}");
    };
    check(b"<!doctype html><html></html>", "none of MRT, BMP");
    check(b"{}", "neither “events”");
    check(b"{", "not JSON");
    check(&gzip(RRC15)[..40], "");
    check(&gzip(&gzip(&gzip(UPDATES))), "none of MRT");
    check(&[3, 0, 0, 0, 6, 0], "no record of it can be read as BMP");
}

/// What is of interest of everything that the whole parser reads.
fn wholly_read(bytes: &[u8], interest: &Interest) -> Vec<Sighting> {
    let mut all = vec![];
    let mut unpacked = vec![];
    if io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes), &mut unpacked).is_err() {
        unpacked = bytes.to_vec();
    }
    if read_whole(&unpacked, interest, &mut |sighting| all.push(sighting)) { all } else { filtered(bytes, interest) }
}

/// What is of interest of everything that a recording says.
fn filtered(bytes: &[u8], interest: &Interest) -> Vec<Sighting> {
    let mut known = std::collections::BTreeSet::new();
    let mut all = gather(bytes).map(|(_, all)| all).unwrap_or_default();
    all.retain(|sighting| match &sighting.sight {
        Sight::Announced(prefix, _) | Sight::Withdrawn(prefix) | Sight::WithdrawnEverywhere(prefix) => {
            let wanted = interest.may_be(*prefix);
            if wanted {
                known.insert(sighting.vantage.clone());
            }
            wanted
        }
        Sight::Lost | Sight::Silent(_) => known.contains(&sighting.vantage),
    });
    all
}

/// The same without reading what is of no interest.
fn looked_at(bytes: &[u8], interest: &Interest) -> Vec<Sighting> {
    let mut all = vec![];
    let _ = read(bytes, interest, &mut |sighting| all.push(sighting));
    all
}

/// Some of the prefixes that a recording speaks of.
fn some_of(bytes: &[u8], step: usize) -> Interest {
    let of = |sighting: Sighting| match sighting.sight {
        Sight::Announced(prefix, _) | Sight::Withdrawn(prefix) | Sight::WithdrawnEverywhere(prefix) => Some(prefix),
        Sight::Lost | Sight::Silent(_) => None,
    };
    Interest::of(gather(bytes).map(|(_, all)| all).unwrap_or_default().into_iter().filter_map(of).step_by(step))
}

/// The first records of the collector's file.
fn collected() -> Vec<u8> {
    let mut some = vec![0; 20_000];
    io::Read::read_exact(&mut flate2::read::MultiGzDecoder::new(RRC15), &mut some).expect("unpacked");
    some
}

/// A message of RIS Live.
fn live(at: i64, peer: u8, rest: &str) -> String {
    format!(
        r#"{{"type":"ris_message","data":{{"timestamp":{at}.5,"peer":"192.0.2.{peer}","peer_asn":"{peer}","host":"rrc00","type":{rest}}}}}"#
    ) + "\n"
}

#[test]
fn a_peer_that_keeps_nothing_alive_any_more_is_silent_until_it_is_heard_of() {
    let announced = r#""UPDATE","path":[1,2],"announcements":[{"next_hop":"192.0.2.1","prefixes":["193.0.0.0/21"]}]"#;
    let mut log: String = (1..=3).map(|peer| live(0, peer, announced)).collect();
    for minute in 1..=130 {
        log += &live(minute * 60, 1, r#""KEEPALIVE""#);
        if !(5..=120).contains(&minute) {
            log += &live(minute * 60, 2, r#""KEEPALIVE""#);
        }
    }
    // The feed itself was away: that says nothing of anybody.
    log += &live(30_000, 1, r#""KEEPALIVE""#);
    let told: Vec<String> = lines(log.as_bytes()).into_iter().skip(3).collect();
    let who = "rrc00 AS2 192.0.2.2";
    assert_eq!(told, [format!("1970-01-01T01:05:00.500Z {who} S"), format!("1970-01-01T02:01:00.500Z {who} H")]);
}

#[test]
fn the_mark_for_customers_only_is_read_from_the_message_itself() {
    // OTC of AS 64502 (attribute 35) before an announcement of 193.0.0.0/21.
    let body = "0000001440010100400206020100000001C023040000FBF615C10000";
    let raw = format!("{}{:04X}02{body}", "FF".repeat(16), 19 + body.len() / 2);
    let check = |raw: &str, marked: Option<u32>| {
        let rest = format!(r#""UPDATE","path":[1],"announcements":[{{"next_hop":"192.0.2.1","prefixes":["193.0.0.0/21"]}}],"raw":"{raw}""#);
        let (_, all) = gather(live(0, 1, &rest).as_bytes()).expect("a recording");
        let Sight::Announced(_, route) = &all[0].sight else { panic!("{all:?}") };
        assert_eq!(route.only_to_customer.map(|asn| asn.0), marked, "{raw}");
    };
    check(&raw, Some(64502));
    check(&raw.replace("C023", "C024"), None);
    check("FFFF", None);
    check("xyz", None);
    check("", None);
}

#[test]
fn looking_at_prefixes_first_comes_to_the_same() {
    for bytes in [RRC15, UPDATES, TABLE, YOUTUBE, BIRD, RIS_LIVE] {
        for step in [1, 2, 700] {
            let interest = some_of(bytes, step);
            let found = looked_at(bytes, &interest);
            assert_eq!(found, wholly_read(bytes, &interest));
            assert_eq!(found, filtered(bytes, &interest));
            assert!(!found.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), head in 0usize..5) {
        let heads: [&[u8]; 5] = [b"", &UPDATES[..12], &YOUTUBE[..48], b"{\"type\":\"ris_message\",\"data\":", &[0x1f, 0x8b, 8, 0]];
        let _ = gather(&[heads[head], &bytes].concat());
    }

    #[test]
    fn one_changed_byte_is_answered_without_panic(which in 0usize..4, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = [UPDATES, TABLE, BIRD, RIS_LIVE][which].to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = gather(&bytes);
    }

    #[test]
    fn looking_at_prefixes_first_comes_to_the_same_when_bytes_are_wrong(
        which in 0usize..6, wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), step in 1usize..4,
    ) {
        let some = collected();
        let whole = [UPDATES, TABLE, BIRD, YOUTUBE, RIS_LIVE, &some][which];
        let mut bytes = whole.to_vec();
        for (at, byte) in wrong {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let interest = some_of(whole, step);
        prop_assert_eq!(looked_at(&bytes, &interest), wholly_read(&bytes, &interest));
        prop_assert_eq!(looked_at(&bytes, &interest), filtered(&bytes, &interest));
    }

    #[test]
    fn a_recording_cut_in_two_tells_the_same(cut in 0usize..18) {
        // Behind whole records only: MRT is 12 octets and a length each (RFC 6396 §2).
        let mut at = 0;
        for _ in 0..cut {
            at += 12 + u32::from_be_bytes(UPDATES[at + 8..at + 12].try_into().expect("length")) as usize;
        }
        let halves = [&UPDATES[..at], &UPDATES[at..]].map(|half| gather(half).expect("a recording").1);
        prop_assert_eq!(halves.concat(), gather(UPDATES).expect("a recording").1);
    }
}
