//! BIRD 2.0.12 and later, and BIRD 3.

mod render;

pub use render::{Dialect, MAIN, render};
