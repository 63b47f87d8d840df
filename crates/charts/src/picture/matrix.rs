//! A heat matrix, with its values in the cells.

use super::{SOFT, Sheet, Words};
use crate::heat::{SHADES, shades};

/// Fills of the shades, and which of them need light ink (`style/tokens.css`, `--heat-1` to `--heat-9`).
const FILLS: [&str; SHADES as usize] = ["#f0f6fb", "#deebf6", "#c6deef", "#a6cce5", "#80b5d8", "#3476ac", "#27679e", "#174e82", "#0b3460"];
const DARK_FROM: u8 = 6;
/// Size of a cell, and space at the left for names.
const CELL: (f64, f64) = (52.0, 22.0);
const LEFT: f64 = 150.0;
/// Most characters of a name.
const NAME: usize = 24;

/// What it shows.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// Names of the rows.
    pub rows: &'a [String],
    /// Names of the columns.
    pub columns: &'a [String],
    /// Values, a row after another.
    pub values: &'a [Option<f64>],
    /// Which of them rest on few samples.
    pub few: &'a [bool],
}

/// A heat matrix as a file: one path for each shade. Cells with few samples have a dashed border.
pub fn matrix(it: &Matrix, words: Words, number: impl Fn(f64) -> String) -> String {
    let across = it.columns.len().max(1);
    let (wide, tall) = CELL;
    let short = |name: &str| name.chars().take(NAME).collect::<String>();
    let mut sheet = Sheet::new(LEFT + wide * across as f64 + 16.0, 24.0 + tall * it.rows.len() as f64 + 12.0, 16.0, words);
    for (at, name) in it.columns.iter().enumerate() {
        sheet.text((LEFT + wide * (at as f64 + 0.5), 14.0), "middle", SOFT, &short(name));
    }
    for (at, name) in it.rows.iter().enumerate() {
        sheet.text((LEFT - 8.0, 24.0 + tall * (at as f64 + 0.5) + 4.0), "end", SOFT, &short(name));
    }
    let place = |at: usize| (LEFT + wide * (at % across) as f64, 24.0 + tall * (at / across) as f64);
    let shade = shades(it.values);
    for class in 1..=SHADES {
        let cells = shade.iter().enumerate().filter(|(_, shade)| **shade == Some(class)).map(|(at, _)| place(at));
        let path: String = cells.map(|(x, y)| format!("M{:.1},{:.1}h{w}v{}h-{w}z", x + 1.0, y + 1.0, tall - 2.0, w = wide - 2.0)).collect();
        if !path.is_empty() {
            sheet.add(format_args!("<path d=\"{path}\" fill=\"{}\"/>\n", FILLS[usize::from(class - 1)]));
        }
    }
    for (at, value) in it.values.iter().enumerate() {
        let (x, y) = place(at);
        let ink = if shade[at].is_some_and(|shade| shade >= DARK_FROM) { "#ffffff" } else { "#16202c" };
        let text = value.map_or_else(|| "–".to_owned(), &number);
        sheet.text((x + wide / 2.0, y + tall / 2.0 + 4.0), "middle", ink, &text);
        if it.few.get(at).copied().unwrap_or_default() {
            sheet.add(format_args!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{SOFT}\" stroke-dasharray=\"3 2\"/>\n",
                x + 2.0,
                y + 2.0,
                wide - 4.0,
                tall - 4.0
            ));
        }
    }
    sheet.done()
}
