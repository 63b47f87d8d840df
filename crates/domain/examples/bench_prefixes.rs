//! `cargo xtask bench prefixes`: judging 10,000 entries against reading them alone.

use peerage_domain::{
    Prefix,
    prefixes::{Known, entries, judge},
};
use std::time::{Duration, Instant};

fn best(mut work: impl FnMut()) -> Duration {
    let once = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..20).map(|_| once(&mut work)).min().unwrap_or_default()
}

fn main() {
    let lines: Vec<String> = (0..10_000u32).map(|n| format!("{}.{}.{}.0/24", 100 + n / 65_536, n / 256 % 256, n % 256)).collect();
    let text = lines.join("\n");
    let read = best(|| {
        std::hint::black_box(text.lines().filter_map(|line| line.parse::<Prefix>().ok()).count());
    });
    let judged = best(|| {
        std::hint::black_box(judge(&entries(&text), &Known::default()).len());
    });
    println!("reading 10,000 prefixes alone   {read:?}");
    println!("judging them by every rule      {judged:?}");
    println!("ratio                           {:.1}", judged.as_secs_f64() / read.as_secs_f64());
}
