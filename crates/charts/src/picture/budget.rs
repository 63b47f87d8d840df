//! How an error budget was spent.

use super::{LINE, LOST, SERIES, SOFT, Sheet, Words};
use crate::budget::spent;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 140.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;

/// The course of an error budget as a file: beginnings of days, and the shares spent by their ends.
pub fn budget(
    course: &[(i64, f64)],
    from: i64,
    to: i64,
    words: Words,
    percent: impl Fn(f64) -> String,
    label: impl Fn(i64) -> String,
) -> String {
    let picture = spent(course, from, to, (LEFT, WIDTH - RIGHT, HEIGHT));
    let mut sheet = Sheet::new(WIDTH, HEIGHT + 28.0, LEFT, words);
    for (y, value) in &picture.rows {
        sheet.add(format_args!("<path d=\"M{LEFT},{y:.1}H{}\" stroke=\"{LINE}\"/>", WIDTH - RIGHT));
        sheet.text((LEFT - 6.0, y + 4.0), "end", SOFT, &percent(*value));
    }
    let [line, _, area] = SERIES;
    sheet.add(format_args!("<path d=\"{}\" fill=\"{area}\"/>\n", picture.area));
    sheet.add(format_args!("<path d=\"{}\" fill=\"none\" stroke=\"{line}\" stroke-width=\"1.8\"/>\n", picture.line));
    sheet.add(format_args!("<path d=\"M{LEFT},{:.1}H{}\" stroke=\"{LOST}\" stroke-width=\"1.5\"/>\n", picture.gone_y, WIDTH - RIGHT));
    sheet.text((LEFT, HEIGHT + 18.0), "start", SOFT, &label(from));
    sheet.text((WIDTH - RIGHT, HEIGHT + 18.0), "end", SOFT, &label(to));
    sheet.done()
}
