//! `cargo xtask bench watch [FILE]`: updates through decoding, look-up and detectors, beside what
//! bgpkit-parser takes to parse the same bytes without looking at them. The same updates are read
//! as MRT, as the BMP of a router that has these peers, and as RIS Live.
//!
//! Without a FILE, the recorded quarter hour of RIS rrc15 in `crates/feeds/tests` is taken. A file
//! is unpacked first and read from memory; one core. Watched are prefixes of the file as many as
//! the Internet has of them (a million), the rest is made up among those that the file lacks.

use bgpkit_parser::{
    BgpkitParser, Elementor,
    parser::bmp::{messages::BmpMessageBody, parse_bmp_msg},
};
use bytes::Bytes;
use ipnet::Ipv4Net;
use peerage_domain::{
    Asn, Prefix, Timestamp,
    interest::Interest,
    rpki::Vrps,
    sighting::{Hop, SeenRoute, Sight, Sighting, Vantage},
};
use peerage_feeds::recording;
use peerage_watch::route::{Expectation, Expectations, Terms, Watch};
use std::{collections::BTreeMap, fmt::Write as _, hint::black_box, io::Read, sync::Arc, time::Instant};

const RUNS: usize = 9;
const RECORDED: &[u8] = include_bytes!("../../feeds/tests/recordings/rrc15-updates.20100227.1600.gz");
/// About how many prefixes an UPDATE has, as in the recorded file: they share a path.
const BY_UPDATE: usize = 8;
/// About how many prefixes the Internet has.
const INTERNET: usize = 1_000_000;

fn main() {
    if let Some(watched) = std::env::args().nth(2).filter(|_| std::env::args().nth(1).as_deref() == Some("--memory")) {
        return memory(watched.parse().expect("a number"));
    }
    let packed = std::env::args().nth(1).map_or_else(|| RECORDED.to_vec(), |path| std::fs::read(path).expect("FILE"));
    let mut bytes = vec![];
    if flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut bytes).is_err() {
        bytes = packed;
    }
    let sightings = all(&bytes);
    let mut lines = String::new();
    sightings.iter().take(200_000).for_each(|sighting| message(&mut lines, sighting));
    let messages = lines.lines().count();
    let bmp = bmp(&bytes);
    let mb = |bytes: &[u8]| bytes.len() as f64 / 1e6;
    println!(
        "{} elements in {:.1} MB of MRT and {:.1} MB of BMP; {messages} RIS Live messages of one prefix each",
        sightings.len(),
        mb(&bytes),
        mb(&bmp)
    );
    println!("median of {RUNS} runs, one core\n");

    let parse = || BgpkitParser::from_reader(&bytes[..]).into_elem_iter().map(black_box).count();
    let elements = bmp_elements(&bmp);
    let parse_bmp = || bmp_elements(black_box(&bmp));
    let values = || lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).map(black_box).count();
    for watched in [1_000, 100_000, INTERNET] {
        let expectations = expectations(&sightings, watched);
        let interest = Interest::of(expectations.iter().map(|it| it.prefix));
        println!("\n{watched} watched prefixes, {} bytes each beside {:.1} MB", of_child(watched) / watched, fixed() as f64 / 1e6);
        let mut findings = 0;
        let fresh = || Watch::new(expectations.clone(), Vrps::default());
        let (rival, mrt) = pairs(parse, fresh, |watch| findings = through(&bytes, watch, &interest));
        report("MRT to findings", sightings.len(), mrt, rival, "bgpkit-parser's parse only", findings);
        // As in a portal that has run for a while: what vantage points have is known.
        let warm = || {
            let mut watch = fresh();
            through(&bytes, &mut watch, &interest);
            watch
        };
        let (rival, mrt) = pairs(parse, warm, |watch| findings = through(&bytes, watch, &interest));
        report("the same once more", sightings.len(), mrt, rival, "bgpkit-parser's parse only", findings);
        let (rival, told) = pairs(parse_bmp, fresh, |watch| findings = by_router(&bmp, watch, &interest));
        report("BMP to findings", elements, told, rival, "bgpkit-parser's parse only", findings);
        let warm = || {
            let mut watch = fresh();
            by_router(&bmp, &mut watch, &interest);
            watch
        };
        let (rival, told) = pairs(parse_bmp, warm, |watch| findings = by_router(&bmp, watch, &interest));
        report("the same once more", elements, told, rival, "bgpkit-parser's parse only", findings);
        let (rival, live) = pairs(values, fresh, |watch| findings = through(lines.as_bytes(), watch, &interest));
        report("RIS Live to findings", messages, live, rival, "serde_json to values only", findings);
    }
}

fn seconds<T>(run: impl FnOnce() -> T) -> f64 {
    let begin = Instant::now();
    black_box(run());
    begin.elapsed().as_secs_f64()
}

/// Seconds of a rival and of ours, run in turn so that both have the same machine; the pair whose
/// ratio lies in the middle. What ours needs is prepared, and dropped, outside of the time.
fn pairs<T>(rival: impl Fn() -> usize, prepare: impl Fn() -> T, mut run: impl FnMut(&mut T)) -> (f64, f64) {
    let mut all: Vec<(f64, f64)> = (0..RUNS)
        .map(|_| {
            let mut prepared = prepare();
            (seconds(&rival), seconds(|| run(&mut prepared)))
        })
        .collect();
    all.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    all[RUNS / 2]
}

fn report(what: &str, count: usize, ours: f64, rival: f64, name: &str, findings: usize) {
    let rate = |seconds: f64| count as f64 / seconds / 1e6;
    println!("{what:<22} {:>6.2} M/s, {:>5.2} x {name} ({:.2} M/s); {findings} findings", rate(ours), rival / ours, rate(rival));
}

/// Memory of this process in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096
}

/// What a watch takes that expects so many prefixes and has two routes of each with their paths,
/// told by a process that does nothing else.
fn memory(watched: usize) {
    let before = resident();
    let watch = watch_of(watched);
    let spent = resident().saturating_sub(before);
    println!("{spent}");
    drop(watch);
}

fn of_child(watched: usize) -> usize {
    let me = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(me).args(["--memory", &watched.to_string()]).output().expect("run");
    String::from_utf8_lossy(&output.stdout).trim().parse::<usize>().unwrap_or_default().saturating_sub(fixed())
}

/// What does not grow with the prefixes.
fn fixed() -> usize {
    size_of::<Interest>() + (1 << 24) / 8 + (1 << 20) / 8 + (8 << 16)
}

fn watch_of(watched: usize) -> (Watch, Interest) {
    let mut watch = Watch::new(expectations(&[], watched), Vrps::default());
    let interest = watch.interest();
    for peer in ["192.0.2.1", "192.0.2.2"] {
        let vantage = Arc::new(Vantage { source: String::new(), asn: Asn(64500), peer: peer.into(), tells_withdrawals: true });
        let mut route = Arc::default();
        for number in 0..watched {
            if number % BY_UPDATE == 0 {
                route = Arc::new(SeenRoute { path: Hop::path("64500 3356 1299 64501"), only_to_customer: None });
            }
            let sight = Sight::Announced(nth(number), route.clone());
            watch.take(Sighting { at: Timestamp::from_secs(1), vantage: vantage.clone(), sight }, &mut |_| {});
        }
    }
    watch.settle(&mut |_| {});
    (watch, interest)
}

fn all(bytes: &[u8]) -> Vec<Sighting> {
    let mut all = vec![];
    recording::read(bytes, &Interest::in_all(), &mut |sighting| all.push(sighting)).expect("a recording");
    all
}

/// Everything from bytes to findings, which are counted.
fn through(bytes: &[u8], watch: &mut Watch, interest: &Interest) -> usize {
    let mut findings = 0;
    recording::read(bytes, interest, &mut |sighting| watch.take(sighting, &mut |_| findings += 1)).expect("a recording");
    watch.settle(&mut |_| findings += 1);
    findings
}

/// The same as a router tells it: in parts, as they come from a socket.
fn by_router(bytes: &[u8], watch: &mut Watch, interest: &Interest) -> usize {
    const PART: usize = 64 << 10;
    let (mut router, mut findings) = (recording::Router::new("r1"), 0);
    for (number, part) in bytes.chunks(PART).enumerate() {
        let at = Timestamp::from_millis(number as i64);
        router.take(part, at, interest, &mut |sighting| watch.take(sighting, &mut |_| findings += 1)).expect("BMP");
    }
    watch.settle(&mut |_| findings += 1);
    findings
}

/// What bgpkit-parser finds in BMP.
fn bmp_elements(bytes: &[u8]) -> usize {
    let (mut rest, mut count) = (Bytes::copy_from_slice(bytes), 0);
    while !rest.is_empty() {
        let message = parse_bmp_msg(&mut rest).expect("BMP");
        if let (Some(header), BmpMessageBody::RouteMonitoring(routes)) = (message.per_peer_header, message.message_body) {
            let elements = Elementor::bgp_to_elems_iter(routes.bgp_message, header.timestamp, &header.peer_ip, &header.peer_asn);
            count += elements.into_iter().flatten().map(black_box).count();
        }
    }
    count
}

/// The UPDATEs of a collector (RFC 6396 §4.4) as a router would report them after its policy
/// (RFC 7854 §4.6).
fn bmp(mrt: &[u8]) -> Vec<u8> {
    const UPDATE: u8 = 2;
    let (mut rest, mut all) = (mrt, vec![]);
    while let Some((header, behind)) = rest.split_at_checked(12) {
        let length = u32::from_be_bytes(header[8..12].try_into().expect("length")) as usize;
        let (body, behind) = behind.split_at(length.min(behind.len()));
        rest = behind;
        let (micros, body) = if header[5] == 17 { body.split_at(4) } else { (&[0; 4][..], body) };
        let asn_octets = if header[7] == 4 { 4 } else { 2 };
        let is_v6 = body[asn_octets * 2 + 3] == 2;
        let address = &body[asn_octets * 2 + 4..][..if is_v6 { 16 } else { 4 }];
        let message = &body[asn_octets * 2 + 4 + 2 * address.len()..];
        if !matches!(header[7], 1 | 4) || message.get(18) != Some(&UPDATE) {
            continue;
        }
        let flags = 0x40 | if is_v6 { 0x80 } else { 0 } | if asn_octets == 2 { 0x20 } else { 0 };
        all.push(3);
        all.extend((48 + message.len() as u32).to_be_bytes());
        all.extend([0, 0, flags]);
        all.extend([0; 8]);
        all.extend(&[0; 16][address.len()..]);
        all.extend(address);
        all.extend(&[0; 4][asn_octets..]);
        all.extend(&body[..asn_octets]);
        all.extend([192, 0, 2, 1]);
        all.extend(&header[..4]);
        all.extend(micros);
        all.extend(message);
    }
    all
}

/// As many prefixes of the file as there would be among so many of the Internet, with the origin
/// that is seen first; the rest is where the file has nothing.
fn expectations(sightings: &[Sighting], watched: usize) -> Expectations {
    let mut known: BTreeMap<Prefix, Asn> = BTreeMap::new();
    for sighting in sightings {
        if let Sight::Announced(prefix, route) = &sighting.sight
            && let Some(origin) = route.origin()
            // A default route would have everything as its part.
            && prefix.length() >= 8
        {
            known.entry(*prefix).or_insert(origin);
        }
    }
    let every = (INTERNET / watched).max(1);
    let mut all = Expectations::default();
    let expect = |prefix, origin| {
        Expectation::of(prefix, Terms { origins: [origin].into_iter().collect(), max_length: Some(24), ..Terms::default() })
    };
    for (prefix, origin) in known.iter().step_by(every).take(watched) {
        all.insert(expect(*prefix, *origin));
    }
    for prefix in (0..).map(nth).filter(|prefix| !known.contains_key(prefix)) {
        if all.len() >= watched {
            break;
        }
        all.insert(expect(prefix, Asn(64501)));
    }
    all
}

/// One /24 after another, spread over the addresses that are used.
fn nth(number: usize) -> Prefix {
    let net = (number as u32).wrapping_mul(2_654_435_761) % (222 << 16) + (1 << 16);
    Prefix::covering(Ipv4Net::new((net << 8).into(), 24).expect("length").into())
}

/// A sighting as RIS Live would tell it.
fn message(lines: &mut String, sighting: &Sighting) {
    let (vantage, at) = (&sighting.vantage, sighting.at.millis() as f64 / 1000.0);
    let said = match &sighting.sight {
        Sight::Announced(prefix, route) => {
            let path: Vec<String> = route.path.iter().filter_map(Hop::asn).map(|asn| asn.0.to_string()).collect();
            let next_hop = &vantage.peer;
            format!(
                "\"path\":[{}],\"community\":[[3356,3],[3356,22]],\"origin\":\"IGP\",\"announcements\":[{{\"next_hop\":\"{next_hop}\",\"prefixes\":[\"{prefix}\"]}}],\"withdrawals\":[]",
                path.join(",")
            )
        }
        Sight::Withdrawn(prefix) => format!("\"withdrawals\":[\"{prefix}\"]"),
        Sight::WithdrawnEverywhere(_) | Sight::Lost | Sight::Silent(_) => return,
    };
    let _ = writeln!(
        lines,
        "{{\"type\":\"ris_message\",\"data\":{{\"timestamp\":{at:.3},\"peer\":\"{}\",\"peer_asn\":\"{}\",\"id\":\"{}-01a089e0bb060006\",\"host\":\"rrc15.ripe.net\",\"type\":\"UPDATE\",{said}}}}}",
        vantage.peer, vantage.asn.0, vantage.peer
    );
}
