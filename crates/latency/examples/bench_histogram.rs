//! `cargo xtask bench latency`, first part: which histogram. Ours (buckets as in DDSketch), beside
//! sketches-ddsketch (written by postcard) and hdrhistogram (two digits, compressed), on values as networks have them:
//! error of percentiles, bytes that are stored for an interval, time of a value and of a merge.

use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};
use peerage_latency::Histogram;
use std::{hint::black_box, time::Instant};

/// Percentiles that charts show.
const SHARES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// Numbers that look random, the same in every run (splitmix64, Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A kind of path: its name, and a round-trip time in ms.
type Path = (&'static str, fn(&mut Random) -> f64);

const PATHS: [Path; 3] = [
    ("metro, 0.4 ms and little jitter", |random| 0.4 + 0.02 * random.share()),
    ("continental, 12 ms with a long tail", |random| 12.0 - 1.5 * (1.0 - random.share()).ln()),
    ("two paths, 80 and 180 ms", |random| if random.share() < 0.7 { 80.0 + random.share() } else { 180.0 + 9.0 * random.share() }),
];

trait Candidate: Sized {
    const NAME: &'static str;
    fn of(values: &[f64]) -> Self;
    fn quantile(&self, share: f64) -> f64;
    fn bytes(&self) -> usize;
    fn merge(&mut self, other: &Self);
}

impl Candidate for Histogram {
    const NAME: &'static str = "ours";

    fn of(values: &[f64]) -> Self {
        let mut it = Histogram::default();
        values.iter().for_each(|value| it.record(*value));
        it
    }

    fn quantile(&self, share: f64) -> f64 {
        Histogram::quantile(self, share).unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        self.encode().len()
    }

    fn merge(&mut self, other: &Self) {
        Histogram::merge(self, other);
    }
}

impl Candidate for sketches_ddsketch::DDSketch {
    const NAME: &'static str = "sketches-ddsketch";

    fn of(values: &[f64]) -> Self {
        let mut it = Self::new(sketches_ddsketch::Config::new(0.01, 4096, 1e-3));
        values.iter().for_each(|value| it.add(*value));
        it
    }

    fn quantile(&self, share: f64) -> f64 {
        Self::quantile(self, share).ok().flatten().unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        postcard::to_stdvec(self).expect("written").len()
    }

    fn merge(&mut self, other: &Self) {
        Self::merge(self, other).expect("the same layout");
    }
}

/// In microseconds.
struct Hdr(hdrhistogram::Histogram<u64>);

impl Candidate for Hdr {
    const NAME: &'static str = "hdrhistogram";

    fn of(values: &[f64]) -> Self {
        let mut it = hdrhistogram::Histogram::new_with_bounds(1, 60_000_000, 2).expect("bounds");
        values.iter().for_each(|value| it.record((*value * 1000.0) as u64).expect("within the bounds"));
        Hdr(it)
    }

    fn quantile(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1000.0
    }

    fn bytes(&self) -> usize {
        let mut out = vec![];
        V2DeflateSerializer::new().serialize(&self.0, &mut out).expect("written");
        out.len()
    }

    fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("the same layout");
    }
}

fn measure<C: Candidate>(values: &[f64]) {
    const MERGES: usize = 2000;
    let begin = Instant::now();
    let histogram = black_box(C::of(values));
    let record = begin.elapsed().as_secs_f64() / values.len() as f64;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let exact = |share: f64| sorted[((share * sorted.len() as f64).ceil() as usize).max(1) - 1];
    let error = SHARES.map(|share| (histogram.quantile(share) / exact(share) - 1.0).abs()).into_iter().fold(0.0, f64::max);
    let begin = Instant::now();
    let mut sum = C::of(&[]);
    (0..MERGES).for_each(|_| sum.merge(black_box(&histogram)));
    let merge = begin.elapsed().as_secs_f64() / MERGES as f64;
    println!(
        "  {:<18} {:>6.2} % off  {:>6} bytes  {:>6.0} ns a value  {:>7.0} ns a merge",
        C::NAME,
        error * 100.0,
        histogram.bytes(),
        record * 1e9,
        merge * 1e9
    );
}

fn main() {
    for (name, path) in PATHS {
        for (interval, count) in [("a minute", 60), ("an hour", 3600), ("a day", 86_400)] {
            let mut random = Random(7);
            let values: Vec<f64> = (0..count).map(|_| path(&mut random)).collect();
            println!("{name}; {interval}, {count} values");
            measure::<Histogram>(&values);
            measure::<sketches_ddsketch::DDSketch>(&values);
            measure::<Hdr>(&values);
        }
    }
}
