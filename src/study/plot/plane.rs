//! The plot area of values, with the value axis on its left.

use super::axis::Axis;
use super::panel::Room;
use super::svg::{GRID, INK, SIZE, Text, line, rect, rule};
use super::text::{fitted, width};

/// The space for a label beside or below its axis.
pub const LABEL: f64 = 18.0;

/// The space at the left of a plot area without numbers.
const BARE: f64 = 4.0;

pub struct Plane {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub y: Axis,
    /// Whether numbers and labels of the value axis and of the lower axis are drawn.
    sides: (bool, bool),
}

impl Plane {
    /// Fills the space right of the numbers and the label of the axis.
    pub fn new(room: Room, (top, height): (f64, f64), y: Axis, y_label: &str) -> Plane {
        let left = match room.sides.0 {
            true => room.margin.max(margin(&y, y_label)),
            false => BARE,
        };
        Plane { left, top, width: room.width - left - 4.0, height, y, sides: room.sides }
    }

    /// A plot area at a place of its own.
    pub fn at((left, top): (f64, f64), (width, height): (f64, f64), y: Axis) -> Plane {
        Plane { left, top, width, height, y, sides: (true, true) }
    }

    /// With numbers and labels on these sides only.
    pub fn with_sides(self, sides: (bool, bool)) -> Plane {
        Plane { sides, ..self }
    }

    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The plot area: its left and upper corner, and the right and lower one.
    pub fn area(&self) -> [(f64, f64); 2] {
        [(self.left, self.top), (self.right(), self.bottom())]
    }

    pub fn y(&self, value: f64) -> f64 {
        self.bottom() - self.height * self.y.place(value)
    }

    /// Draws the grid lines, the numbers and the label.
    pub fn draw(&self, body: &mut String, y_label: &str) {
        let mut last = f64::INFINITY;
        for (value, text) in &self.y.ticks {
            let y = self.y(*value);
            rule(body, (self.left, y), (self.right(), y));
            // Numbers that would overlap are left out.
            if self.sides.0 && (y - last).abs() >= SIZE {
                last = y;
                Text::new(self.left - 6.0, y + 4.0).anchor("end").write(body, text);
            }
        }
        let style = format!("stroke=\"{INK}\" stroke-width=\"0.8\"");
        line(body, (self.left, self.top), (self.left, self.bottom()), &style);
        line(body, (self.left, self.bottom()), (self.right(), self.bottom()), &style);
        if self.sides.0 {
            side_label(body, y_label, (self.top, self.height));
        }
    }

    /// Draws the ticks and the label of the lower axis; returns its lower end.
    pub fn draw_lower(&self, body: &mut String, x: &Axis, label: &str) -> f64 {
        self.draw_foot(body, x);
        let y = self.bottom() + if self.sides.1 { 18.0 } else { 6.0 };
        if label.is_empty() || !self.sides.1 {
            return y;
        }
        foot_label(body, label, (self.left, self.width), y);
        y + LABEL
    }

    /// Draws the ticks of the lower axis; overlapping numbers are left out.
    pub fn draw_foot(&self, body: &mut String, x: &Axis) {
        let bottom = self.bottom();
        let mut end = f64::NEG_INFINITY;
        for (place, text) in &x.ticks {
            let x = self.left + self.width * x.place(*place);
            line(body, (x, self.top), (x, bottom), &format!("stroke=\"{GRID}\""));
            line(body, (x, bottom), (x, bottom + 4.0), &format!("stroke=\"{INK}\""));
            let half = width(text, SIZE) / 2.0;
            // The last number stays within the panel.
            let x = x.min(self.right() + 4.0 - half);
            if self.sides.1 && x - half >= end + 4.0 {
                Text::new(x, bottom + 15.0).anchor("middle").write(body, text);
                end = x + half;
            }
        }
    }
}

/// The space for the numbers and the label of an axis.
pub fn margin(y: &Axis, y_label: &str) -> f64 {
    let numbers = y.ticks.iter().map(|(_, text)| width(text, SIZE)).fold(0.0, f64::max);
    numbers + 8.0 + if y_label.is_empty() { 0.0 } else { LABEL }
}

/// Draws the label on the left, rotated, along a height.
pub fn side_label(body: &mut String, label: &str, (top, height): (f64, f64)) {
    if !label.is_empty() {
        let text = Text::new(10.0, top + height / 2.0).anchor("middle").turned(-90);
        text.write(body, &fitted(label, SIZE, height + 20.0));
    }
}

/// Draws the label at the bottom, centred in a width.
pub fn foot_label(body: &mut String, label: &str, (left, width): (f64, f64), y: f64) {
    if !label.is_empty() {
        let text = Text::new(left + width / 2.0, y + 12.0).anchor("middle");
        text.write(body, &fitted(label, SIZE, width + 2.0 * left.min(6.0)));
    }
}

/// Draws a panel without values and returns its height.
pub fn nothing(body: &mut String, room: f64) -> f64 {
    const HEIGHT: f64 = 60.0;
    let style = format!("fill=\"none\" stroke=\"{GRID}\"");
    rect(body, (0.0, 0.0), (room, HEIGHT), &style, "");
    Text::new(room / 2.0, HEIGHT / 2.0 + 4.0).anchor("middle").write(body, "no values");
    HEIGHT
}
