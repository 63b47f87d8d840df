//! Charts: places what `peerage-charts` computed. Colours are classes.

mod anomalies;
mod budget;
mod handoff;
mod heat;
mod latency;
mod multiples;
mod panel;
mod proof;
mod ribbon;
mod spark;
mod states;
mod world;

pub use anomalies::{AllQuiet, Anomalies, AnomalyCalendar};
pub use budget::BudgetChart;
pub use handoff::HandoffLine;
pub use heat::Heat;
pub use latency::{ChartTime, LatencyChart, Windows, Zoom, ms, series_anchor, series_words, window_in_url};
pub use multiples::Multiples;
pub use panel::LatencyPanel;
pub use proof::Proof;
pub use ribbon::PathRibbon;
pub use spark::Spark;
pub use states::StatesDiagram;
pub use world::WorldMap;
