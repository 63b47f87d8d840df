//! Charts as files of their own: SVG with its colours, words and numbers, to be put into a document
//! or opened by itself.

mod budget;
mod matrix;
mod multiples;
mod series;

pub use budget::budget;
pub use matrix::{Matrix, matrix};
pub use multiples::{Multiple, multiples};
pub use series::file;

use std::fmt::{Arguments, Write};

/// Space above the plot for the title and its sentence.
const ABOVE: f64 = 44.0;
const FONT: &str = "system-ui, sans-serif";
/// Colours of the light theme (`style/tokens.css`): text, soft text, lines, empty strips, lost packets.
const INK: &str = "#14202b";
const SOFT: &str = "#55636f";
const LINE: &str = "#e4e9ed";
const STRIP: &str = "#f1f4f6";
const LOST: &str = "#b3261e";
/// A series: its line, its inner and its outer band.
const SERIES: [&str; 3] = ["#1866a8", "#a9cbe8", "#d5e5f4"];

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

/// A picture that is being written.
struct Sheet(String);

impl Sheet {
    /// White paper with title and sentence at its top; what is added lies below them.
    fn new(width: f64, height: f64, left: f64, words: Words) -> Sheet {
        let (title, sentence) = (escaped(words.title), escaped(words.sentence));
        let mut sheet = Sheet(String::new());
        sheet.add(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{h}\" viewBox=\"0 0 {width} {h}\" role=\"img\" font-family=\"{FONT}\" font-size=\"11\">\n\
             <title>{title}</title>\n<desc>{sentence}</desc>\n<rect width=\"{width}\" height=\"{h}\" fill=\"#fff\"/>\n\
             <text x=\"{left}\" y=\"18\" font-size=\"14\" font-weight=\"600\" fill=\"{INK}\">{title}</text>\n\
             <text x=\"{left}\" y=\"35\" fill=\"{SOFT}\">{sentence}</text>\n<g transform=\"translate(0 {ABOVE})\">\n",
            h = height + ABOVE,
        ));
        sheet
    }

    fn add(&mut self, text: Arguments) {
        // Writing to a string cannot fail.
        let _ = self.0.write_fmt(text);
    }

    /// Words; `anchor` is `start`, `middle` or `end`.
    fn text(&mut self, (x, y): (f64, f64), anchor: &str, fill: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{text}</text>\n"));
    }

    fn done(mut self) -> String {
        self.0.push_str("</g>\n</svg>\n");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoke::{Bucket, Frame};

    const WORDS: Words = Words { title: "Oslo <1> & “2”", sentence: "Median 13.0 ms.", loss: "Loss" };
    const DAY: i64 = 86_400;

    fn frame(width: f64) -> Frame {
        Frame { width, height: 160.0, left: 44.0, right: 64.0, from: 0, to: DAY, step_s: 3600, at_least_ms: 1.0 }
    }

    fn buckets(base_ms: f64) -> Vec<Bucket> {
        let bucket = |n: i64| {
            let ms = base_ms + (n % 5) as f64 + if n > 16 { 6.0 } else { 0.0 };
            let quantiles = (n != 9).then_some([ms - 1.0, ms - 0.4, ms, ms + 0.6, ms + 2.5]);
            Bucket { time: n * 3600, quantiles, count: 60, lost: u64::from(n == 9) * 60 + u64::from(n == 17) * 6 }
        };
        (0..24).map(bucket).collect()
    }

    fn clock(t: i64) -> String {
        format!("{:02}:00", t / 3600)
    }

    /// Every kind of picture, with the words that are given.
    fn all(words: Words, name: &str) -> [(&'static str, String); 4] {
        let group = |base: f64| Multiple {
            name: name.into(),
            value: "13.0 ms".into(),
            buckets: buckets(base),
            earlier: vec![(0, base), (6 * 3600, base + 1.0)],
        };
        let names: Vec<String> = ["Mo", "Tu", name].map(str::to_owned).into();
        let values = [Some(2.0), Some(13.0), None, Some(82.0), Some(21.5), Some(9.0)];
        let table = Matrix { rows: &names, columns: &names[..2], values: &values, few: &[false, false, false, true, false, false] };
        let course: Vec<(i64, f64)> = (0..30).map(|day| (day * DAY, day as f64 / 24.0)).collect();
        [
            ("smoke", file(&frame(640.0), &buckets(12.0), words, |ms| ms.to_string(), clock)),
            (
                "multiples",
                multiples(
                    &Frame { right: 8.0, ..frame(280.0) },
                    6 * 3600,
                    &[group(12.0), group(20.0), group(5.0), group(9.0)],
                    words,
                    |ms| ms.to_string(),
                    clock,
                ),
            ),
            ("matrix", matrix(&table, words, |ms| format!("{ms:.1}"))),
            ("budget", budget(&course, 0, 30 * DAY, words, |percent| format!("{percent} %"), |t| format!("day {}", t / DAY))),
        ]
    }

    #[test]
    fn pictures_are_the_ones_on_record() {
        let golden = [
            include_str!("../../golden/smoke.svg"),
            include_str!("../../golden/multiples.svg"),
            include_str!("../../golden/matrix.svg"),
            include_str!("../../golden/budget.svg"),
        ];
        for ((name, found), golden) in all(WORDS, "Oslo <2>").into_iter().zip(golden) {
            assert!(found == golden, "golden/{name}.svg should be\n{found}");
        }
    }

    #[test]
    fn words_cannot_become_markup() {
        for (name, found) in all(Words { title: "<script>\"\u{0}", ..WORDS }, "<b>") {
            assert!(!found.contains("<script") && !found.contains("<b>") && !found.contains('\u{0}'), "{name}");
            assert_eq!((found.matches("<svg").count(), found.matches("</svg>").count()), (1, 1), "{name}");
        }
    }
}
