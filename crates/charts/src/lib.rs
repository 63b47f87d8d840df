//! Charts as numbers and text: data in, SVG coordinates and path strings out.
//!
//! Pages only place what is computed here, so the server and the browser draw the
//! same picture, and a test can look at it without either.
//!
//! No I/O, no colours: a colour is a meaning that the style sheet knows.
#![warn(missing_docs)]

pub mod budget;
pub mod calendar;
pub mod handoff;
pub mod heat;
pub mod map;
pub mod picture;
pub mod ribbon;
pub mod scale;
pub mod smoke;
pub mod states;

/// Writes a coordinate with at most one decimal, so that pictures stay small and equal.
pub fn coordinate(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    match (tenths.abs() / 10, tenths.abs() % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, tenth) => format!("{sign}{whole}.{tenth}"),
    }
}
