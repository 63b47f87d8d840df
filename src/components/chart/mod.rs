//! Charts: places what `peerage-charts` computed. Colours are classes.

mod anomalies;
mod handoff;
mod heat;
mod latency;
mod panel;
mod ribbon;
mod spark;
mod states;
mod world;

pub use anomalies::{AllQuiet, Anomalies, AnomalyCalendar};
pub use handoff::HandoffLine;
pub use heat::Heat;
pub use latency::{ChartTime, LatencyChart, Windows, Zoom, ms, series_anchor, series_words, window_in_url};
pub use panel::LatencyPanel;
pub use ribbon::PathRibbon;
pub use spark::Spark;
pub use states::StatesDiagram;
pub use world::WorldMap;
