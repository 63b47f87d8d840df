//! The letter of authorization as a PDF.
//!
//! The font is DejaVu Sans, beside this file with its licence: names of networks and places are
//! written in many alphabets.

use krilla::{
    Document,
    color::rgb,
    geom::{PathBuilder, Point},
    metadata::Metadata,
    page::PageSettings,
    paint::{Fill, Stroke},
    surface::Surface,
    text::{Font, TextDirection},
};
use peerage_domain::Language;
use peerage_service::{Error, loa::Letter};

const FONT: &[u8] = include_bytes!("fonts/DejaVuSans.ttf");
/// A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
/// Space to the left and right, in points.
const MARGIN: f32 = 64.0;
/// Width of a line, in ems.
const LINE: f32 = 44.0;
/// Size of the text, in points.
const SIZE: f32 = 10.5;

/// The letter of a connection.
///
/// # Errors
/// When the document cannot be made.
pub fn pdf(letter: &Letter) -> Result<Vec<u8>, Error> {
    let fault = |what: &str| Error::Fault(format!("letter of authorization: {what}"));
    let font = Font::new(FONT.to_vec().into(), 0).ok_or_else(|| fault("the font cannot be read"))?;
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(format!("Letter of authorization {}", letter.number)).language("en".into()));
    let mut page = document.start_page_with(PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| fault("the page has no size"))?);
    {
        let mut sheet = Sheet { surface: page.surface(), font, y: 92.0 };
        write(letter, &mut sheet);
        sheet.surface.finish();
    }
    page.finish();
    document.finish().map_err(|error| fault(&format!("{error:?}")))
}

fn write(letter: &Letter, sheet: &mut Sheet) {
    let (operator, asn) = &letter.operator;
    let (peer, peer_asn) = &letter.peer;
    sheet.line(operator, SIZE, 14.0);
    sheet.line(&asn.to_string(), SIZE, 34.0);
    sheet.line("Letter of authorization", 20.0, 16.0);
    sheet.line("and connecting facility assignment (LOA-CFA)", SIZE, 18.0);
    sheet.rule();
    for (name, value) in [
        ("Number", letter.number.as_str()),
        ("Issued", &Language::En.date(letter.loa.issued)),
        ("Valid until", &Language::En.date(letter.loa.valid_until())),
        ("Issued by", &letter.issued_by),
        ("Facility", &letter.place),
        ("Bandwidth", &letter.bandwidth),
    ] {
        if !value.is_empty() {
            sheet.pair(name, value);
        }
    }
    sheet.rule();
    sheet.text(&format!(
        "{operator} ({asn}) authorizes {peer} ({peer_asn}), and whom it orders to act for it, to order and install one \
         cross-connect at {} to this demarcation point of {operator}:",
        letter.place
    ));
    sheet.text(&letter.loa.demarcation);
    sheet.text(&format!(
        "{peer} bears the charges of the facility for the cross-connect. This letter allows nothing else, and ends on {} \
         unless the order was placed before.",
        Language::En.date(letter.loa.valid_until())
    ));
    sheet.text(&format!("The order should name {}. The cross-connect is accepted when the link is up on both sides.", letter.number));
}

struct Sheet<'a> {
    surface: Surface<'a>,
    font: Font,
    y: f32,
}

impl Sheet<'_> {
    fn put(&mut self, x: f32, text: &str, size: f32) {
        self.surface.set_fill(Some(Fill { paint: rgb::Color::new(20, 24, 31).into(), ..Fill::default() }));
        self.surface.set_stroke(None);
        self.surface.draw_text(Point::from_xy(x, self.y), self.font.clone(), size, text, false, TextDirection::Auto);
    }

    fn line(&mut self, text: &str, size: f32, after: f32) {
        self.put(MARGIN, text, size);
        self.y += after;
    }

    fn pair(&mut self, name: &str, value: &str) {
        self.put(MARGIN, name, SIZE);
        for line in wrapped(value, LINE - 12.0) {
            self.put(MARGIN + 120.0, &line, SIZE);
            self.y += 16.0;
        }
    }

    fn text(&mut self, text: &str) {
        for line in wrapped(text, LINE) {
            self.line(&line, SIZE, 16.0);
        }
        self.y += 10.0;
    }

    fn rule(&mut self) {
        let mut path = PathBuilder::new();
        path.move_to(MARGIN, self.y);
        path.line_to(PAGE.0 - MARGIN, self.y);
        if let Some(path) = path.finish() {
            self.surface.set_fill(None);
            self.surface.set_stroke(Some(Stroke { paint: rgb::Color::new(15, 108, 92).into(), ..Stroke::default() }));
            self.surface.draw_path(&path);
        }
        self.y += 24.0;
    }
}

/// At least the width of a character of DejaVu Sans, in ems.
fn width(c: char) -> f32 {
    match c {
        'i' | 'j' | 'l' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' => 0.36,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 1.0,
        c if c.is_lowercase() || c.is_ascii_digit() => 0.66,
        c if c < '\u{1100}' => 0.85,
        _ => 1.0,
    }
}

/// Lines of at most so many ems; words that are longer are broken.
fn wrapped(text: &str, most: f32) -> Vec<String> {
    let mut lines: Vec<(String, f32)> = vec![];
    for word in text.split_whitespace() {
        let wide: f32 = word.chars().map(width).sum();
        match lines.last_mut() {
            Some((line, so_far)) if *so_far + width(' ') + wide <= most => {
                line.push(' ');
                *so_far += width(' ');
            }
            _ => lines.push(Default::default()),
        }
        for c in word.chars() {
            match lines.last_mut() {
                Some((line, so_far)) if *so_far + width(c) <= most => {
                    line.push(c);
                    *so_far += width(c);
                }
                _ => lines.push((c.to_string(), width(c))),
            }
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::{Asn, Timestamp, peering::Loa};

    fn letter(demarcation: &str) -> Letter {
        Letter {
            number: "PR-88/1".into(),
            operator: ("Operator".into(), Asn(8075)),
            peer: ("Žluťoučký Łódź Ελλάδα Київ".into(), Asn(6667)),
            place: "Test facility, Zürich".into(),
            bandwidth: "100G".into(),
            loa: Loa { demarcation: demarcation.into(), issued: Timestamp::from_secs(1_795_000_000), acknowledged: None },
            issued_by: "Ada Novak".into(),
        }
    }

    #[test]
    fn a_letter_is_a_pdf_whatever_is_typed() {
        for demarcation in ["Cage 12, rack 4, panel A, ports 3 and 4", "", &"x".repeat(500), "日本語 \u{202e}abc\u{0}"] {
            let bytes = pdf(&letter(demarcation)).expect("a document");
            assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 3000, "{demarcation}");
        }
    }

    #[test]
    fn lines_are_broken_between_words_or_in_long_ones() {
        assert_eq!(wrapped("one two three", 5.5), ["one two", "three"]);
        assert_eq!(wrapped("WWWWW kl", 4.0), ["WWWW", "W kl"]);
        assert_eq!(wrapped("  ", 4.0), [""; 0]);
    }
}
