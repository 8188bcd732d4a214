//! The rectangle in which values are drawn, with the axis of values on its left.

use super::super::axis::Axis;
use super::super::draw::{GRID, INK, rule};
use super::super::xml::Text;
use super::shape::line;
use super::text::{fitted, width};

pub const SIZE: f64 = 11.0;
/// Room for a label beside or below its axis.
pub const LABEL: f64 = 18.0;

pub struct Plane {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub y: Axis,
}

impl Plane {
    /// Fills this width, right of the numbers and the label of the axis.
    pub fn new(room: f64, (top, height): (f64, f64), y: Axis, y_label: &str) -> Plane {
        let numbers = y.ticks.iter().map(|(_, text)| width(text, SIZE)).fold(0.0, f64::max);
        let left = numbers + 8.0 + if y_label.is_empty() { 0.0 } else { LABEL };
        Plane { left, top, width: room - left - 4.0, height, y }
    }

    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub fn y(&self, value: f64) -> f64 {
        self.bottom() - self.height * self.y.place(value)
    }

    /// The lines of the grid, the numbers and the label.
    pub fn draw(&self, body: &mut String, y_label: &str) {
        for (value, text) in &self.y.ticks {
            let y = self.y(*value);
            rule(body, (self.left, y), (self.right(), y));
            Text::new(self.left - 6.0, y + 4.0).anchor("end").write(body, text);
        }
        let style = format!("stroke=\"{INK}\" stroke-width=\"0.8\"");
        line(body, (self.left, self.top), (self.left, self.bottom()), &style);
        line(body, (self.left, self.bottom()), (self.right(), self.bottom()), &style);
        side_label(body, y_label, (self.top, self.height));
    }
}

/// The label left of everything, written upwards along a height.
pub fn side_label(body: &mut String, label: &str, (top, height): (f64, f64)) {
    if !label.is_empty() {
        let text = Text::new(10.0, top + height / 2.0).anchor("middle").turned(-90);
        text.write(body, &fitted(label, SIZE, height + 20.0));
    }
}

/// The label below everything, in the middle of a width.
pub fn foot_label(body: &mut String, label: &str, (left, width): (f64, f64), y: f64) {
    if !label.is_empty() {
        let text = Text::new(left + width / 2.0, y + 12.0).anchor("middle");
        text.write(body, &fitted(label, SIZE, width + 40.0));
    }
}

/// A panel without values, and its height.
pub fn nothing(body: &mut String, room: f64) -> f64 {
    const HEIGHT: f64 = 60.0;
    let style = format!("fill=\"none\" stroke=\"{GRID}\"");
    super::shape::rect(body, (0.0, 0.0), (room, HEIGHT), &style, "");
    Text::new(room / 2.0, HEIGHT / 2.0 + 4.0).anchor("middle").write(body, "no values");
    HEIGHT
}
