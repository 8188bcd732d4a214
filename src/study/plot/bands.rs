//! A panel of words over steps: a row for each name, and each word in its own shade.

use super::Band;
use super::draw::{Frame, INK, ROW, fitted, width_of};
use super::xml::{Text, escape, px};
use std::fmt::Write;

const HEIGHT: f64 = 20.0;
/// Light enough for black text on them, and of different lightness.
const SHADES: [&str; 6] = ["#9ecae1", "#fdd9a0", "#7fbf9b", "#e6a5b8", "#d8d4ec", "#b0b0b0"];
/// The patch of a word in the legend.
const PATCH: f64 = 12.0;

pub struct Drawing<'a> {
    bands: &'a [Band],
    /// In the order in which they come first.
    words: Vec<&'a str>,
}

impl<'a> Drawing<'a> {
    pub fn new(bands: &'a [Band]) -> Drawing<'a> {
        let mut words = Vec::new();
        for span in bands.iter().flat_map(|band| &band.spans) {
            if !words.contains(&span.word.as_str()) {
                words.push(span.word.as_str());
            }
        }
        Drawing { bands, words }
    }

    pub fn height(&self) -> f64 {
        self.bands.len() as f64 * HEIGHT
    }

    pub fn legend_height(&self) -> f64 {
        self.words.len() as f64 * ROW
    }

    pub fn labels_width(&self) -> f64 {
        self.bands.iter().map(|band| width_of(&band.name)).fold(0.0, f64::max)
    }

    pub fn legend_width(&self) -> f64 {
        self.words.iter().map(|word| PATCH + 20.0 + width_of(word)).fold(0.0, f64::max)
    }

    pub fn draw(&self, body: &mut String, frame: &Frame) {
        for (row, band) in self.bands.iter().enumerate() {
            let y = frame.top + row as f64 * HEIGHT;
            let name = fitted(&band.name, frame.left - 16.0);
            Text::new(frame.left - 6.0, y + 14.0).anchor("end").write(body, &name);
            for span in &band.spans {
                let x = frame.x(span.from as f64 - 0.5);
                let width = (frame.x(span.to as f64 + 0.5) - x).max(1.0);
                let tip = format!("{}, steps {} to {}", span.word, span.from, span.to);
                self.patch(body, &span.word, (x, y + 2.0, width, HEIGHT - 4.0), Some(&tip));
                if width_of(&span.word) + 8.0 < width {
                    Text::new(x + width / 2.0, y + 14.0).anchor("middle").write(body, &span.word);
                }
            }
        }
        for (row, word) in self.words.iter().enumerate() {
            let (x, y) = (frame.right() + 10.0, frame.top + row as f64 * ROW);
            self.patch(body, word, (x, y + 2.0, PATCH, PATCH - 2.0), None);
            Text::new(x + PATCH + 6.0, y + 11.0).write(body, &fitted(word, 174.0));
        }
    }

    fn patch(&self, body: &mut String, word: &str, place: (f64, f64, f64, f64), tip: Option<&str>) {
        let index = self.words.iter().position(|known| *known == word).unwrap_or_default();
        let shade = SHADES[index % SHADES.len()];
        let (x, y, width, height) = (px(place.0), px(place.1), px(place.2), px(place.3));
        let tip = tip.map_or(String::new(), |tip| format!("<title>{}</title>", escape(tip)));
        let _ = writeln!(
            body,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{shade}\" \
             stroke=\"{INK}\" stroke-width=\"0.4\">{tip}</rect>"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::Span;
    use super::*;

    #[test]
    fn words_keep_the_order_in_which_they_come() {
        let span = |from, word: &str| Span { from, to: from, word: word.into() };
        let spans = vec![span(1, "sum"), span(2, "softmax"), span(3, "sum")];
        let bands = [Band { name: "a".into(), spans }];
        let drawing = Drawing::new(&bands);
        assert_eq!(drawing.words, ["sum", "softmax"]);
        let mut body = String::new();
        drawing.patch(&mut body, "softmax", (0.0, 0.0, 1.0, 1.0), None);
        assert!(body.contains(SHADES[1]), "{body}");
    }
}
