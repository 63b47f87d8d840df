//! What arrives by socket, cut anywhere: BMP, RTR, and messages of RIS Live.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peerage_domain::{Timestamp, interest::Interest};
use peerage_feeds::{
    bmp,
    recording::{Messages, Router},
    rtr,
};
use std::sync::LazyLock;

static ALL: LazyLock<Interest> = LazyLock::new(Interest::in_all);

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, bytes) = input;
    let (head, tail) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let mut stream = bmp::Stream::default();
    let _ = stream.take(head).and_then(|_| stream.take(tail));
    let mut router = Router::new("edge1");
    let mut hear = |part: &[u8]| router.take(part, Timestamp::default(), &ALL, &mut |_| ());
    let _ = hear(head).and_then(|_| hear(tail));
    let _ = Messages::default().take(bytes, &ALL, &mut |_| ());
    let mut client = rtr::Client::default();
    client.query();
    let _ = client.take(head).and_then(|_| client.take(tail));
});
