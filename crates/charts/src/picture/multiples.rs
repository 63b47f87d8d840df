//! Several series beside each other, all with the same axes.

use super::{
    INK, SOFT, Sheet, Words,
    series::{axes, bands, strip},
};
use crate::smoke::{Bucket, Frame, other_line, smoke};

/// Pictures in a row, and space between them and around each.
const COLUMNS: usize = 3;
const GAP: f64 = 16.0;
/// Space above a picture for its name, and below it for the loss strip and the time axis.
const NAME: f64 = 20.0;
const BELOW: f64 = 34.0;

/// One of them.
pub struct Multiple {
    /// What it shows.
    pub name: String,
    /// Its value in words.
    pub value: String,
    /// Its intervals.
    pub buckets: Vec<Bucket>,
    /// Medians of the time before, moved into this one.
    pub earlier: Vec<(i64, f64)>,
}

/// Small multiples as a file. `frame` is that of each picture, `earlier_step_s` the length of the intervals
/// of the time before.
pub fn multiples(
    frame: &Frame,
    earlier_step_s: i64,
    all: &[Multiple],
    words: Words,
    number: impl Fn(f64) -> String,
    label: impl Fn(i64) -> String,
) -> String {
    let tall = NAME + frame.height + BELOW;
    let columns = all.len().clamp(1, COLUMNS);
    let rows = all.len().div_ceil(columns);
    let (width, height) = (columns as f64 * (frame.width + GAP) + GAP, rows as f64 * (tall + GAP));
    let mut sheet = Sheet::new(width, height, GAP, words);
    let top = all.iter().flat_map(|it| &it.buckets).filter_map(|it| it.quantiles.map(|q| q[4])).fold(frame.at_least_ms, f64::max);
    let frame = &Frame { at_least_ms: top, ..*frame };
    for (at, it) in all.iter().enumerate() {
        let (x, y) = ((at % columns) as f64 * (frame.width + GAP) + GAP, (at / columns) as f64 * (tall + GAP));
        let picture = smoke(frame, &it.buckets);
        let right = frame.width - frame.right;
        sheet.add(format_args!("<g transform=\"translate({x} {y})\">\n<g font-size=\"12\" font-weight=\"600\">"));
        sheet.text((frame.left, 14.0), "start", INK, &it.name);
        sheet.text((right, 14.0), "end", INK, &it.value);
        sheet.add(format_args!("</g>\n<g transform=\"translate(0 {NAME})\">\n"));
        axes(&mut sheet, frame, &picture, frame.height + 28.0, &number, &label);
        bands(&mut sheet, &picture);
        let earlier = other_line(frame, picture.top_ms, earlier_step_s, &it.earlier);
        sheet.add(format_args!("<path d=\"{earlier}\" fill=\"none\" stroke=\"{SOFT}\" stroke-dasharray=\"3 3\"/>\n"));
        strip(&mut sheet, frame, &picture, (frame.height + 4.0, 8.0));
        sheet.add(format_args!("</g>\n</g>\n"));
    }
    sheet.done()
}
