//! What managers see.

mod latency;

pub use latency::LatencyPage;
