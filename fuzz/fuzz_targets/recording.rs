//! Recordings of any kind: no panic, and what looks at prefixes first reads what the whole parser reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peerage_domain::{
    interest::Interest,
    sighting::{Sight, Sighting},
};
use peerage_feeds::recording;
use std::sync::LazyLock;

fn read(bytes: &[u8], interest: &Interest) -> Vec<Sighting> {
    let mut all = vec![];
    let _ = recording::read(bytes, interest, &mut |sighting| all.push(sighting));
    all
}

fuzz_target!(|bytes: &[u8]| {
    // What is packed would be unpacked again and again.
    if bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(b"BZh") {
        return;
    }
    static ALL: LazyLock<Interest> = LazyLock::new(Interest::in_all);
    let all = read(bytes, &ALL);
    let prefixes = all.iter().filter_map(|sighting| match sighting.sight {
        Sight::Announced(prefix, _) | Sight::Withdrawn(prefix) | Sight::WithdrawnEverywhere(prefix) => Some(prefix),
        Sight::Lost | Sight::Silent(_) => None,
    });
    let interest = Interest::of(prefixes.step_by(2));
    let mut whole = vec![];
    if recording::read_whole(bytes, &interest, &mut |sighting| whole.push(sighting)) {
        assert_eq!(read(bytes, &interest), whole);
    }
});
