//! The names of the lines of a panel, each after a sample.

use super::layout::Legend;
use super::panel::Look;
use super::stroke::{SAMPLE, marker, path, stroke};
use super::svg::{INK, ROW, SIZE, Text, rect};
use super::text::{fitted, width};

/// The space between a sample and its name, and between names of a row.
const BEFORE: f64 = 6.0;
const BETWEEN: f64 = 16.0;
/// The size of a patch.
const PATCH: f64 = 12.0;
/// The maximum share of the width for names at the right.
const RIGHT: f64 = 0.4;

/// A name, and how its sample looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub name: String,
    pub sample: Sample,
}

/// The sample of a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// The line, the marker, or both of the series with this index.
    Series { index: usize, line: bool, marker: bool },
    /// A filled patch of this colour.
    Patch(String),
    /// A thin grey line.
    Reference,
}

impl Sample {
    fn width(&self) -> f64 {
        if matches!(self, Sample::Patch(_)) { PATCH } else { SAMPLE }
    }

    fn draw(&self, body: &mut String, (x, y): (f64, f64), look: &Look) {
        match self {
            Sample::Series { index, line, marker: sign } => {
                if *line {
                    stroke(body, *index, &path([(x, y), (x + SAMPLE, y)].into_iter()), look);
                }
                if *sign {
                    marker(body, *index, (x + SAMPLE / 2.0, y), look);
                }
            }
            Sample::Patch(colour) => {
                let style = format!("fill=\"{colour}\" stroke=\"{INK}\" stroke-width=\"0.4\"");
                rect(body, (x, y - PATCH / 2.0), (PATCH, PATCH - 2.0), &style, "");
            }
            Sample::Reference => super::stroke::reference(body, (x, y), (x + SAMPLE, y)),
        }
    }
}

impl Entry {
    /// The name and the colour.
    pub fn key(&self) -> (&str, String) {
        let colour = match &self.sample {
            Sample::Series { index, .. } => index.to_string(),
            Sample::Patch(colour) => colour.clone(),
            Sample::Reference => String::new(),
        };
        (&self.name, colour)
    }

    fn width(&self) -> f64 {
        self.sample.width() + BEFORE + width(&self.name, SIZE)
    }
}

/// The width of names at the right of a panel of this width; 0 for other positions.
pub fn beside(entries: &[Entry], legend: Legend, room: f64) -> f64 {
    if legend != Legend::Right || entries.is_empty() {
        return 0.0;
    }
    let longest = entries.iter().map(Entry::width).fold(0.0, f64::max);
    longest.min(room * RIGHT) + BETWEEN
}

/// The size of a box of names.
pub fn size(entries: &[Entry]) -> (f64, f64) {
    let longest = entries.iter().map(Entry::width).fold(0.0, f64::max);
    (longest + 2.0 * BEFORE, entries.len() as f64 * (ROW + 1.0) + BEFORE)
}

/// Draws names in a column on a white ground.
pub fn boxed(body: &mut String, entries: &[Entry], (left, top): (f64, f64), look: &Look) {
    let (width, height) = size(entries);
    rect(body, (left, top), (width, height), "fill=\"#ffffff\" fill-opacity=\"0.85\"", "");
    let half = BEFORE / 2.0;
    column(body, entries, (left + BEFORE, top + half), width - 2.0 * BEFORE, look);
}

/// Where a row of names starts: at the plot area, or further left if all of them fit into one row from there.
pub fn left_of(entries: &[Entry], plot: f64, room: f64) -> f64 {
    let wide = entries.iter().map(Entry::width).sum::<f64>();
    let gaps = BETWEEN * entries.len().saturating_sub(1) as f64;
    let from = room - wide - gaps;
    if (0.0..plot).contains(&from) { from } else { plot }
}

/// Draws the names in rows of this width; returns the lower end.
pub fn rows(
    body: &mut String,
    entries: &[Entry],
    (left, top): (f64, f64),
    room: f64,
    look: &Look,
) -> f64 {
    let (mut x, mut y, mut end) = (left, top, top);
    for entry in entries {
        let before = entry.sample.width() + BEFORE;
        let name = fitted(&entry.name, SIZE, room - before);
        let needed = before + width(&name, SIZE);
        if x > left && x + needed > left + room {
            (x, y) = (left, y + ROW + 1.0);
        }
        let middle = y + ROW / 2.0;
        entry.sample.draw(body, (x, middle), look);
        Text::new(x + before, middle + 4.0).write(body, &name);
        x += needed + BETWEEN;
        end = y + ROW;
    }
    end
}

/// Draws the names in a column; returns the lower end.
pub fn column(
    body: &mut String,
    entries: &[Entry],
    (left, top): (f64, f64),
    room: f64,
    look: &Look,
) -> f64 {
    for (i, entry) in entries.iter().enumerate() {
        let middle = top + i as f64 * (ROW + 1.0) + ROW / 2.0;
        let before = entry.sample.width() + BEFORE;
        entry.sample.draw(body, (left, middle), look);
        let name = fitted(&entry.name, SIZE, room - before);
        Text::new(left + before, middle + 4.0).write(body, &name);
    }
    top + entries.len() as f64 * (ROW + 1.0)
}
