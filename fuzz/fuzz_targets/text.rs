//! What people type, and what the IRR answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peerage_domain::{
    Asn, Prefix, Timestamp,
    incident::Hours,
    prefixes::{self, Known},
    service::{Community, Key, registration},
    sighting::Hop,
};
use peerage_feeds::{irr, legacy_csv, rpsl, samples, sightings};

fuzz_target!(|text: &str| {
    let _ = irr::answer(text.as_bytes());
    irr::asns(text).count();
    irr::prefixes(text).count();
    let _ = (legacy_csv::parse(text), sightings::read(text), text.parse::<Hours>());
    prefixes::judge(&prefixes::entries(text), &Known::default());
    registration::read(text, Asn(64500), &Known::default());
    let _ = samples::read(text.as_bytes(), &mut |_, _| ());
    let _ = samples::prometheus::read(text);
    let _ = rpsl::read(text.as_bytes(), &mut |_, _| ());
    Hop::path(text);
    let _ = (text.parse::<Prefix>(), text.parse::<Asn>(), text.parse::<Timestamp>(), text.parse::<Key>(), text.parse::<Community>());
});
