//! A chart as a file of its own: SVG with its colours, words and numbers, to be put into a document
//! or opened by itself.

use crate::smoke::{Bucket, Frame, smoke};
use std::fmt::Write;

/// Space above the plot for the title, and below it for the loss strip and the time axis.
const ABOVE: f64 = 44.0;
const BELOW: f64 = 54.0;
const FONT: &str = "system-ui, sans-serif";

/// What stands on a picture beside the data.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// What it shows.
    pub title: &'a str,
    /// In one sentence, what it says.
    pub sentence: &'a str,
    /// Beside the strip of lost packets.
    pub loss: &'a str,
}

/// A text as XML has it.
fn escaped(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
        out
    })
}

/// The smoke chart as a file; `label` says what stands below a moment of the time axis.
pub fn file(frame: &Frame, buckets: &[Bucket], words: Words, label: impl Fn(i64) -> String) -> String {
    let picture = smoke(frame, buckets);
    let (left, right, height) = (frame.left, frame.width - frame.right, frame.height);
    let (title, sentence, loss) = (escaped(words.title), escaped(words.sentence), escaped(words.loss));
    let mut out = String::new();
    let mut add = |text: std::fmt::Arguments| {
        // Writing to a string cannot fail.
        let _ = out.write_fmt(text);
    };
    add(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" font-family=\"{FONT}\" font-size=\"11\">\n\
         <title>{title}</title>\n<desc>{sentence}</desc>\n<rect width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>\n\
         <text x=\"{left}\" y=\"18\" font-size=\"14\" font-weight=\"600\" fill=\"#14202b\">{title}</text>\n\
         <text x=\"{left}\" y=\"35\" fill=\"#55636f\">{sentence}</text>\n<g transform=\"translate(0 {ABOVE})\">\n",
        w = frame.width,
        h = height + ABOVE + BELOW,
    ));
    for (y, ms) in &picture.rows {
        add(format_args!("<path d=\"M{left},{y:.1}H{right}\" stroke=\"#e4e9ed\"/>"));
        add(format_args!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#55636f\">{ms}</text>\n", left - 6.0, y + 4.0));
    }
    for (x, moment) in &picture.columns {
        add(format_args!("<path d=\"M{x:.1},8V{height}\" stroke=\"#e4e9ed\"/>"));
        let label = escaped(&label(*moment));
        add(format_args!("<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#55636f\">{label}</text>\n", height + 40.0));
    }
    add(format_args!("<path d=\"{}\" fill=\"#d5e5f4\"/>\n<path d=\"{}\" fill=\"#a9cbe8\"/>\n", picture.outer, picture.inner));
    add(format_args!("<path d=\"{}\" fill=\"none\" stroke=\"#1866a8\" stroke-width=\"1.8\" stroke-linejoin=\"round\"/>\n", picture.median));
    add(format_args!("<rect x=\"{left}\" y=\"{}\" width=\"{}\" height=\"14\" fill=\"#f1f4f6\"/>", height + 6.0, right - left));
    add(format_args!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#55636f\">{loss}</text>\n", left - 6.0, height + 17.0));
    for (x, width, share) in &picture.losses {
        let tall = (share * 14.0).max(2.0);
        add(format_args!(
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{tall:.1}\" fill=\"#b3261e\"/>",
            height + 20.0 - tall
        ));
    }
    if let Some((x, y, ms)) = picture.last {
        add(format_args!("<text x=\"{:.1}\" y=\"{:.1}\" font-weight=\"600\" fill=\"#14202b\">{ms:.1} ms</text>\n", x + 6.0, y + 4.0));
    }
    add(format_args!("</g>\n</svg>\n"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Frame, Vec<Bucket>) {
        let frame = Frame { width: 640.0, height: 160.0, left: 44.0, right: 64.0, from: 0, to: 86_400, step_s: 3600, at_least_ms: 1.0 };
        let bucket = |n: i64| {
            let ms = 12.0 + (n % 5) as f64 + if n > 16 { 6.0 } else { 0.0 };
            let quantiles = (n != 9).then_some([ms - 1.0, ms - 0.4, ms, ms + 0.6, ms + 2.5]);
            Bucket { time: n * 3600, quantiles, count: 60, lost: u64::from(n == 9) * 60 + u64::from(n == 17) * 6 }
        };
        (frame, (0..24).map(bucket).collect())
    }

    const WORDS: Words = Words { title: "Oslo <1> & “2”", sentence: "Median 13.0 ms.", loss: "Loss" };

    #[test]
    fn the_picture_is_the_one_on_record() {
        let (frame, buckets) = sample();
        let found = file(&frame, &buckets, WORDS, |t| format!("{:02}:00", t / 3600));
        assert_eq!(found, include_str!("../golden/smoke.svg"));
    }

    #[test]
    fn words_cannot_become_markup() {
        let (frame, buckets) = sample();
        let found = file(&frame, &buckets, Words { title: "<script>\"\u{0}", ..WORDS }, |_| "<b>".into());
        assert!(!found.contains("<script") && !found.contains("<b>") && !found.contains('\u{0}'));
        assert_eq!(found.matches("<svg").count(), 1);
    }
}
