//! A heat map with its values as text.

use crate::plot::names::Names;
use crate::plot::number::short;
use crate::plot::panel::{Draw, Look, Room, drawable};
use crate::plot::plane::{LABEL, foot_label, nothing, side_label};
use crate::plot::shade::{Shade, Shades};
use crate::plot::svg::{INK, SIZE, Text, line, rect};
use crate::plot::text::{fitted, width};
use serde::Deserialize;

/// The minimum and maximum width of cells; between these they fit their names.
const WIDE_CELL: (f64, f64) = (64.0, 120.0);
const LONGEST_NAME: f64 = 150.0;
/// The colour bar: its distance, width, minimum height and number of steps.
const BAR: (f64, f64, f64, usize) = (14.0, 12.0, 64.0, 32);
const HATCH: &str = "stroke=\"#bbbbbb\" stroke-width=\"0.8\"";

/// A heat map: a cell's shade is its value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heat {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub x_label: String,
    #[serde(default)]
    pub y_label: String,
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    /// One list per row.
    pub values: Vec<Vec<Option<f64>>>,
    #[serde(default)]
    pub shades: Shades,
    /// The value in the middle of diverging shades; by default 0.
    #[serde(default)]
    pub center: Option<f64>,
    /// Whether the values are written in the cells.
    #[serde(default = "yes")]
    pub numbers: bool,
    /// The values of the first and the last shade; by default the minimum and the maximum, and those at the same
    /// distance from the centre for diverging shades.
    #[serde(default)]
    pub low: Option<f64>,
    #[serde(default)]
    pub high: Option<f64>,
    /// The number of decimals.
    #[serde(default = "one")]
    pub digits: usize,
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

/// A heat map with its shades.
struct Shaded<'a> {
    heat: &'a Heat,
    shades: Shades,
    low: f64,
    high: f64,
    center: f64,
    /// The labels of the bar's ends.
    ends: [String; 2],
}

impl Heat {
    fn value(&self, row: usize, column: usize) -> Option<f64> {
        self.values.get(row)?.get(column).copied().flatten().filter(drawable)
    }

    fn shown(&self) -> impl Iterator<Item = f64> {
        let cell =
            move |row| (0..self.columns.len()).filter_map(move |column| self.value(row, column));
        (0..self.rows.len()).flat_map(cell)
    }

    /// The shades that are drawn: grey in a grey figure.
    fn shades(&self, look: &Look) -> Shades {
        match self.shades {
            Shades::Sequential if look.palette.is_grey() => Shades::Grey,
            shades => shades,
        }
    }

    fn shaded(&self, look: &Look) -> Shaded<'_> {
        let least = self.shown().fold(f64::INFINITY, f64::min);
        let most = self.shown().fold(f64::NEG_INFINITY, f64::max);
        let given = |end: Option<f64>, else_| end.filter(drawable).unwrap_or(else_);
        let center = given(self.center, 0.0);
        let far = (most / 2.0 - center / 2.0).abs().max((least / 2.0 - center / 2.0).abs());
        let usual = match self.shades {
            Shades::Diverging => {
                ((center - 2.0 * far).max(-1e300), (center + 2.0 * far).min(1e300))
            }
            Shades::Sequential | Shades::Grey => (least, most),
        };
        let (low, high) = (given(self.low, usual.0), given(self.high, usual.1));
        let (low, high) = if low <= high { (low, high) } else { (high, low) };
        let sign = |beyond, sign| if beyond { sign } else { "" };
        let ends = [
            format!("{}{}", sign(least < low, "≤ "), self.written(low)),
            format!("{}{}", sign(most > high, "≥ "), self.written(high)),
        ];
        Shaded { heat: self, shades: self.shades(look), low, high, center, ends }
    }

    fn written(&self, value: f64) -> String {
        if value.abs() >= 1e7 {
            return short(value);
        }
        let text = format!("{value:.*}", self.digits.min(9));
        match text.strip_prefix('-') {
            Some(zero) if zero.chars().all(|c| "0.".contains(c)) => zero.to_string(),
            _ => text,
        }
    }

    /// The width of the numbers in cells; 0 without numbers.
    fn widest_number(&self, size: f64) -> f64 {
        if !self.numbers {
            return 0.0;
        }
        self.shown().map(|value| width(&self.written(value), size)).fold(0.0, f64::max)
    }

    fn row_names_width(&self) -> f64 {
        let longest = self.rows.iter().map(|name| width(name, SIZE)).fold(0.0, f64::max);
        longest.min(LONGEST_NAME) + 8.0 + if self.y_label.is_empty() { 0.0 } else { LABEL }
    }

    fn widest_cell(&self) -> f64 {
        let longest = self.columns.iter().map(|name| width(name, SIZE)).fold(0.0, f64::max);
        let number = self.widest_number(SIZE) + 8.0;
        number.max((longest + 10.0).clamp(WIDE_CELL.0, WIDE_CELL.1))
    }

    fn left(&self, cell: f64) -> f64 {
        let names = Names::new(self.columns.iter().map(String::as_str), cell);
        self.row_names_width().max(names.overhang(cell))
    }
}

impl Draw for Heat {
    fn check(&self) -> Result<(), String> {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        if self.values.len() != rows {
            return Err(format!("{rows} names of rows and {} rows of values", self.values.len()));
        }
        let (least, most) = (
            self.shown().fold(f64::INFINITY, f64::min),
            self.shown().fold(f64::NEG_INFINITY, f64::max),
        );
        let (low, high) = (self.low.unwrap_or(least), self.high.unwrap_or(most));
        if low > high && least <= most {
            return Err(format!("the first colour is at {low}, above the last, at {high}"));
        }
        if let Some(center) = self.center
            && (self.low.is_some_and(|low| center <= low)
                || self.high.is_some_and(|high| center >= high))
        {
            return Err(format!("center is {center}, which is not between low and high"));
        }
        for (name, row) in self.rows.iter().zip(&self.values) {
            if row.len() != columns {
                return Err(format!(
                    "{columns} names of columns and {} values in row {name:?}",
                    row.len()
                ));
            }
        }
        Ok(())
    }

    fn least_width(&self, look: &Look) -> f64 {
        if self.shown().next().is_none() {
            return 0.0;
        }
        let cell = (self.widest_number(look.small()) + 4.0).max(14.0);
        self.left(cell) + cell * self.columns.len() as f64 + self.shaded(look).bar_width()
    }

    fn most_width(&self) -> f64 {
        if self.shown().next().is_none() {
            return 0.0;
        }
        let cells = self.widest_cell() * self.columns.len() as f64;
        self.row_names_width() + cells + self.shaded(&Look::default()).bar_width()
    }

    fn draw(&self, body: &mut String, Room { width: room, look, .. }: Room) -> f64 {
        if self.shown().next().is_none() {
            return nothing(body, room);
        }
        let shaded = self.shaded(look);
        let columns = self.columns.len() as f64;
        let most = self.widest_cell();
        let cell = |left: f64| ((room - left - shaded.bar_width()) / columns).min(most);
        // Slanted names may need more space on the left, which reduces the width of the cells.
        let left = self.left(cell(self.row_names_width()));
        let left = self.left(cell(left));
        let wide = cell(left);
        let size = (wide, (wide * 0.6).clamp(22.0, 30.0));
        shaded.draw_cells(body, left, size, look.small());
        let bottom = self.rows.len() as f64 * size.1;
        let names = Names::new(self.columns.iter().map(String::as_str), wide);
        names.draw(body, (left, bottom), wide);
        side_label(body, &self.y_label, (0.0, bottom));
        let mut y = bottom + names.height();
        if !self.x_label.is_empty() {
            foot_label(body, &self.x_label, (left, columns * wide), y);
            y += LABEL;
        }
        y.max(shaded.draw_bar(body, left + columns * wide + BAR.0, bottom))
    }
}

impl Shaded<'_> {
    fn shade(&self, value: f64) -> Shade {
        let share = |from: f64, to: f64| (value / 2.0 - from / 2.0) / (to / 2.0 - from / 2.0);
        let diverging = self.heat.shades == Shades::Diverging;
        let place = match diverging {
            true if value < self.center => 0.5 * share(self.low, self.center),
            true => 0.5 + 0.5 * share(self.center, self.high),
            false => share(self.low, self.high),
        };
        let usual = if diverging { 0.5 } else { 0.3 };
        let place = if self.low < self.high && place.is_finite() { place } else { usual };
        Shade::at(self.shades, place)
    }

    fn draw_cells(&self, body: &mut String, left: f64, (wide, high): (f64, f64), small: f64) {
        let fits = |size: f64| self.heat.widest_number(size) + 4.0 <= wide;
        let size = if fits(SIZE) { SIZE } else { small };
        for (row, name) in self.heat.rows.iter().enumerate() {
            let y = row as f64 * high;
            let baseline = y + high / 2.0 + 4.0;
            let shown = fitted(name, SIZE, LONGEST_NAME);
            Text::new(left - 6.0, baseline).anchor("end").write(body, &shown);
            for (column, other) in self.heat.columns.iter().enumerate() {
                let at = (left + column as f64 * wide, y);
                let Some(value) = self.heat.value(row, column) else {
                    let tip = format!("{name}, {other}: no value");
                    rect(body, at, (wide, high), "fill=\"#ffffff\" stroke=\"#dddddd\"", &tip);
                    hatch(body, at, (wide, high));
                    continue;
                };
                let (shade, text) = (self.shade(value), self.heat.written(value));
                let style = format!("fill=\"{}\" stroke=\"#ffffff\"", shade.hex());
                rect(body, at, (wide, high), &style, &format!("{name}, {other}: {text}"));
                if self.heat.numbers {
                    let number = Text::new(at.0 + wide / 2.0, baseline).anchor("middle");
                    number.size(size).fill(shade.ink()).write(body, &text);
                }
            }
        }
    }

    fn bar_width(&self) -> f64 {
        let ends = self.ends.iter().map(|text| width(text, SIZE)).fold(0.0, f64::max);
        BAR.0 + BAR.1 + 6.0 + ends
    }

    /// Draws the colour bar and the labels of its ends; returns its lower end.
    fn draw_bar(&self, body: &mut String, left: f64, height: f64) -> f64 {
        let (height, steps) = (height.clamp(BAR.2, 240.0), BAR.3);
        if self.low == self.high {
            return 0.0;
        }
        let step = height / steps as f64;
        for i in 0..steps {
            let share = 1.0 - i as f64 / (steps - 1) as f64;
            let shade = self.shade(self.low * (1.0 - share) + self.high * share).hex();
            // Each step overlaps the rest of the one before, so that there are no gaps.
            let top = i as f64 * step;
            rect(body, (left, top), (BAR.1, height - top), &format!("fill=\"{shade}\""), "");
        }
        let style = format!("fill=\"none\" stroke=\"{INK}\" stroke-width=\"0.6\"");
        rect(body, (left, 0.0), (BAR.1, height), &style, "");
        let x = left + BAR.1 + 5.0;
        Text::new(x, 9.0).write(body, &self.ends[1]);
        Text::new(x, height).write(body, &self.ends[0]);
        height
    }
}

/// Hatches a cell without a value.
fn hatch(body: &mut String, (x, y): (f64, f64), (wide, high): (f64, f64)) {
    let gap = 7.0;
    for i in 1..=((wide + high) / gap) as usize {
        // From the left or lower edge to the upper or right one.
        let reach = i as f64 * gap;
        let from = (x + (reach - high).max(0.0), y + reach.min(high));
        let to = (x + reach.min(wide), y + (reach - wide).max(0.0));
        line(body, from, to, HATCH);
    }
}
