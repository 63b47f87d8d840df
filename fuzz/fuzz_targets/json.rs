//! Files of JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peerage_domain::Timestamp;
use peerage_feeds::{atlas, incident, ixf, peeringdb, vrp};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(all) = vrp::parse(bytes, Timestamp::default()) {
        let _ = vrp::Slurm::parse(bytes).map(|slurm| slurm.apply(all));
    }
    let _ = vrp::Slurm::parse(bytes);
    let _ = ixf::parse(bytes);
    for file in ["net.json", "fac.json", "ix.json", "ixlan.json", "ixpfx.json", "netfac.json", "netixlan.json"] {
        let _ = peeringdb::read(file, bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = incident::read(text);
        let _ = (atlas::is_result(text), atlas::measured(text));
    }
});
