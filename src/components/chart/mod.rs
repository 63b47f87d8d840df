//! Charts: places what `peerage-charts` computed. Colours are classes.

mod handoff;
mod latency;
mod spark;
mod states;
mod world;

pub use handoff::HandoffLine;
pub use latency::{ChartTime, LatencyChart, Windows, ms};
pub use spark::Spark;
pub use states::StatesDiagram;
pub use world::WorldMap;
