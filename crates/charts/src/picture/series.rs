//! One series over time.

use super::{INK, LINE, LOST, SERIES, SOFT, STRIP, Sheet, Words};
use crate::smoke::{Bucket, Frame, Smoke, smoke};

/// Space below the plot for the loss strip and the time axis.
const BELOW: f64 = 54.0;

/// The smoke chart as a file; `number` writes a number of the value axis, `label` says what stands below a
/// moment of the time axis.
pub fn file(frame: &Frame, buckets: &[Bucket], words: Words, number: impl Fn(f64) -> String, label: impl Fn(i64) -> String) -> String {
    let picture = smoke(frame, buckets);
    let (left, height) = (frame.left, frame.height);
    let mut sheet = Sheet::new(frame.width, height + BELOW, left, words);
    axes(&mut sheet, frame, &picture, height + 40.0, &number, label);
    bands(&mut sheet, &picture);
    strip(&mut sheet, frame, &picture, (height + 6.0, 14.0));
    sheet.text((left - 6.0, height + 17.0), "end", SOFT, words.loss);
    if let Some((x, y, ms)) = picture.last {
        sheet.text((x + 6.0, y + 4.0), "start", INK, &format!("{} ms", number((ms * 10.0).round() / 10.0)));
    }
    sheet.done()
}

/// Lines and labels of both axes; the labels of time stand at `below`.
pub(super) fn axes(
    sheet: &mut Sheet,
    frame: &Frame,
    picture: &Smoke,
    below: f64,
    number: impl Fn(f64) -> String,
    label: impl Fn(i64) -> String,
) {
    let (left, right) = (frame.left, frame.width - frame.right);
    for (y, value) in &picture.rows {
        sheet.add(format_args!("<path d=\"M{left},{y:.1}H{right}\" stroke=\"{LINE}\"/>"));
        sheet.text((left - 6.0, y + 4.0), "end", SOFT, &number(*value));
    }
    for (x, moment) in &picture.columns {
        sheet.add(format_args!("<path d=\"M{x:.1},8V{}\" stroke=\"{LINE}\"/>", frame.height));
        sheet.text((*x, below), "middle", SOFT, &label(*moment));
    }
}

/// Both bands and the median.
pub(super) fn bands(sheet: &mut Sheet, picture: &Smoke) {
    let [line, inner, outer] = SERIES;
    sheet.add(format_args!("<path d=\"{}\" fill=\"{outer}\"/>\n<path d=\"{}\" fill=\"{inner}\"/>\n", picture.outer, picture.inner));
    sheet.add(format_args!(
        "<path d=\"{}\" fill=\"none\" stroke=\"{line}\" stroke-width=\"1.8\" stroke-linejoin=\"round\"/>\n",
        picture.median
    ));
}

/// The strip of lost packets, from its top and as tall as said.
pub(super) fn strip(sheet: &mut Sheet, frame: &Frame, picture: &Smoke, (top, tall): (f64, f64)) {
    let width = frame.width - frame.right - frame.left;
    sheet.add(format_args!("<rect x=\"{}\" y=\"{top}\" width=\"{width}\" height=\"{tall}\" fill=\"{STRIP}\"/>\n", frame.left));
    for (x, width, share) in &picture.losses {
        let height = (share * tall).max(tall / 7.0);
        sheet.add(format_args!(
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{LOST}\"/>\n",
            top + tall - height
        ));
    }
}
