//! Words over the steps of a run: one row per name, and one shade per word.

use crate::plot::axis::Axis;
use crate::plot::legend::{Entry, Sample};
use crate::plot::panel::{Draw, Look, Room};
use crate::plot::plane::{Plane, nothing};
use crate::plot::svg::{INK, SIZE, Text, rect};
use crate::plot::text::{fitted, width};
use serde::Deserialize;

const HEIGHT: f64 = 20.0;
const LONGEST_NAME: f64 = 150.0;
/// Light enough for black text, and of different lightness.
const SHADES: [&str; 6] = ["#9ecae1", "#fdd9a0", "#7fbf9b", "#e6a5b8", "#d8d4ec", "#b0b0b0"];

/// The words and their step ranges.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub x_label: String,
    /// The x axis is the steps of a run, from 1 to this one.
    pub steps: u64,
    pub bands: Vec<Band>,
}

/// One row of words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    #[serde(default)]
    pub name: String,
    pub spans: Vec<Span>,
}

/// A word and its step range, both ends included.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    pub from: u64,
    pub to: u64,
    pub word: String,
}

impl Draw for Bands {
    fn check(&self) -> Result<(), String> {
        for band in &self.bands {
            for Span { from, to, word } in &band.spans {
                if !(1 <= *from && from <= to && *to <= self.steps) {
                    let (name, last) = (&band.name, self.steps);
                    return Err(format!(
                        "band {name:?} has {word:?} in steps {from} to {to} of 1 to {last}"
                    ));
                }
            }
        }
        Ok(())
    }

    fn margin(&self, _look: &Look) -> f64 {
        let longest = self.bands.iter().map(|band| width(&band.name, SIZE)).fold(0.0, f64::max);
        longest.min(LONGEST_NAME) + 10.0
    }

    fn entries(&self, _look: &Look) -> Vec<Entry> {
        let words = self.words();
        let entry = |(index, word): (usize, &&str)| Entry {
            name: word.to_string(),
            sample: Sample::Patch(SHADES[index % SHADES.len()].to_string()),
        };
        words.iter().enumerate().map(entry).collect()
    }

    fn draw(&self, body: &mut String, room: Room) -> f64 {
        if self.bands.is_empty() {
            return nothing(body, room.width);
        }
        let x = Axis::of_steps(self.steps);
        let left = room.margin.max(self.margin(room.look));
        let height = self.bands.len() as f64 * HEIGHT;
        let y = Axis::even(&[]);
        let plane = Plane::at((left, 0.0), (room.width - left - 4.0, height), y);
        let end = plane.draw_lower(body, &x, &self.x_label);
        let words = self.words();
        for (row, band) in self.bands.iter().enumerate() {
            let y = row as f64 * HEIGHT;
            let name = fitted(&band.name, SIZE, LONGEST_NAME);
            Text::new(plane.left - 6.0, y + 14.0).anchor("end").write(body, &name);
            for span in &band.spans {
                let at = |step: f64| plane.left + plane.width * x.place(step).clamp(0.0, 1.0);
                let left = at(span.from as f64 - 0.5);
                let wide = (at(span.to as f64 + 0.5) - left).max(1.0);
                let tip = format!("{}, steps {} to {}", span.word, span.from, span.to);
                let style = style(&words, &span.word);
                rect(body, (left, y + 2.0), (wide, HEIGHT - 4.0), &style, &tip);
                if width(&span.word, SIZE) + 8.0 < wide {
                    let text = Text::new(left + wide / 2.0, y + 14.0).anchor("middle");
                    text.write(body, &span.word);
                }
            }
        }
        end
    }
}

impl Bands {
    /// The words in the order of their first appearance.
    fn words(&self) -> Vec<&str> {
        let mut words = Vec::new();
        for span in self.bands.iter().flat_map(|band| &band.spans) {
            if !words.contains(&span.word.as_str()) {
                words.push(span.word.as_str());
            }
        }
        words
    }
}

fn style(words: &[&str], word: &str) -> String {
    let index = words.iter().position(|known| *known == word).unwrap_or_default();
    format!("fill=\"{}\" stroke=\"{INK}\" stroke-width=\"0.4\"", SHADES[index % SHADES.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_the_order_in_which_they_come() {
        let span = |from, word: &str| Span { from, to: from, word: word.into() };
        let spans = vec![span(1, "sum"), span(2, "softmax"), span(3, "sum")];
        let bands = vec![Band { name: "a".into(), spans }];
        let bands = Bands { title: String::new(), x_label: String::new(), steps: 3, bands };
        assert_eq!(bands.words(), ["sum", "softmax"]);
        assert!(style(&bands.words(), "softmax").contains(SHADES[1]));
        assert_eq!(bands.check(), Ok(()));
        let short = Bands { steps: 2, ..bands };
        let what = "band \"a\" has \"sum\" in steps 3 to 3 of 1 to 2";
        assert_eq!(short.check(), Err(what.into()));
    }
}
