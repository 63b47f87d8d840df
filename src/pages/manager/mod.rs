//! What managers see.

mod latency;
mod report;

pub use latency::LatencyPage;
pub use report::ReportPage;
