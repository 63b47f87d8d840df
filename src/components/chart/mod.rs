//! Charts: places what `peerage-charts` computed. Colours are classes.

mod anomalies;
mod budget;
mod cursor;
mod handoff;
mod heat;
mod latency;
mod multiples;
mod panel;
mod proof;
mod ribbon;
mod save;
mod spark;
mod states;
mod windows;
mod world;

pub use anomalies::{AllQuiet, Anomalies, AnomalyCalendar};
pub use budget::BudgetChart;
pub use cursor::ChartTime;
pub use handoff::HandoffLine;
pub use heat::Heat;
pub use latency::{LatencyChart, ms, series_anchor, series_words};
pub use multiples::Multiples;
pub use panel::LatencyPanel;
pub use proof::Proof;
pub use ribbon::PathRibbon;
pub use save::Save;
pub use spark::Spark;
pub use states::StatesDiagram;
pub use windows::{Windows, Zoom, window_in_url};
pub use world::WorldMap;
