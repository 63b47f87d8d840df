//! What arrives by socket, cut anywhere: BMP and RTR.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peerage_feeds::{bmp, rtr};

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, bytes) = input;
    let (head, tail) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let mut stream = bmp::Stream::default();
    let _ = stream.take(head).and_then(|_| stream.take(tail));
    let mut client = rtr::Client::default();
    client.query();
    let _ = client.take(head).and_then(|_| client.take(tail));
});
