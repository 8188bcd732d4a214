//! The interface of all kinds of panels.

use super::axis::Axis;
use super::legend::Entry;
use super::palette::Palette;
use super::svg::SIZE;
use serde::Deserialize;

/// The ratio of a plot area's height to the width of its panel, and the limits of the height.
const RATIO: f64 = 0.6;
const HEIGHTS: (f64, f64) = (110.0, 230.0);

/// A value that can be drawn.
pub fn drawable(x: &f64) -> bool {
    x.abs() <= 1e300
}

/// What all panels of a chart have in common.
#[derive(Default)]
pub struct Look {
    pub palette: Palette,
    /// The smallest font size of 6 points or more; at most the usual one.
    pub smallest: f64,
    /// The height of plot areas, if it is given.
    pub height: Option<f64>,
    /// Values that the axes of every panel include.
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    /// The axes that panels have in common.
    pub x_axis: Option<Axis>,
    pub y_axis: Option<Axis>,
    /// The space at the right of plot areas that some panel needs.
    pub tail: f64,
}

impl Look {
    /// The height of the plot areas of panels of this width.
    pub fn height(&self, width: f64) -> f64 {
        self.height.unwrap_or((RATIO * width).clamp(HEIGHTS.0, HEIGHTS.1))
    }

    /// A small font size, which is 9 where that is not below 6 points.
    pub fn small(&self) -> f64 {
        self.smallest.clamp(9.0, SIZE)
    }
}

/// The area of a panel: from (0, 0), with this width.
#[derive(Clone, Copy)]
pub struct Room<'a> {
    pub width: f64,
    /// The minimum left margin of the plot area, so that panels in a column line up.
    pub margin: f64,
    /// The height of the plot area.
    pub height: f64,
    /// Whether the numbers and labels of the value axis and of the lower axis are drawn.
    pub sides: (bool, bool),
    pub look: &'a Look,
}

/// A kind of panel. `kinds` lists all of them.
pub trait Draw {
    /// Checks that related lists have the same length.
    ///
    /// # Errors
    /// Names the lists that differ. Such a panel can still be drawn; values without a partner are left out.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Checks that the palette has enough colours.
    ///
    /// # Errors
    /// Names the number of colours that are needed.
    fn check_look(&self, _look: &Look) -> Result<(), String> {
        Ok(())
    }

    /// The minimum readable width.
    fn least_width(&self, _look: &Look) -> f64 {
        0.0
    }

    /// The maximum useful width.
    fn most_width(&self) -> f64 {
        f64::INFINITY
    }

    /// The left margin that it needs, if it can be aligned with the panels above and below.
    fn margin(&self, _look: &Look) -> f64 {
        0.0
    }

    /// The names of its lines or groups, for the legend.
    fn entries(&self, _look: &Look) -> Vec<Entry> {
        Vec::new()
    }

    /// The place for a box of this size where it covers least, if the kind has a plot area with space.
    fn corner(&self, _room: Room, _size: (f64, f64)) -> Option<(f64, f64)> {
        None
    }

    /// The values along its lower axis and along its value axis, for axes that panels share.
    fn values(&self) -> (Vec<f64>, Vec<f64>) {
        (Vec::new(), Vec::new())
    }

    /// Its lower axis and its value axis, if it has such.
    fn axes(&self, _look: &Look) -> (Option<Axis>, Option<Axis>) {
        (None, None)
    }

    /// The space at the right of its plot area.
    fn tail(&self) -> f64 {
        0.0
    }

    /// The panel as text of this many columns; nothing if the kind has no such form.
    fn terminal(&self, _columns: usize) -> Option<String> {
        None
    }

    /// Writes the panel as SVG, without its legend, and returns its height.
    fn draw(&self, body: &mut String, room: Room) -> f64;
}

/// How an axis is given.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scale {
    /// Logarithmic, used if all values are positive.
    pub log: bool,
    pub limits: Option<[f64; 2]>,
    pub ticks: Option<Vec<f64>>,
    /// The ends of what the quantity can be.
    pub bounds: [Option<f64>; 2],
}

impl Scale {
    /// Checks limits and ticks.
    ///
    /// # Errors
    /// Says what is wrong with the axis of this name.
    pub fn check(&self, name: &str) -> Result<(), String> {
        if let Some([low, high]) = self.limits {
            if !(drawable(&low) && drawable(&high) && low < high) {
                return Err(format!("{name}_limits must rise, from {low} to {high} they do not"));
            }
            if self.log && low <= 0.0 {
                return Err(format!(
                    "{name}_limits of a logarithmic axis must be above 0, not {low}"
                ));
            }
        }
        match self
            .ticks
            .iter()
            .flatten()
            .find(|tick| !drawable(tick) || (self.log && **tick <= 0.0))
        {
            Some(tick) => Err(format!("{name}_ticks: {tick} has no place on the axis")),
            None => Ok(()),
        }
    }

    /// The axis with the limits, ticks and bounds that were given in place of its own.
    pub fn applied(&self, axis: Axis, values: &[f64]) -> Axis {
        let axis = match self.limits {
            Some([low, high]) => Axis::between(low, high, axis.log),
            None => axis.within(self.bounds, values),
        };
        match &self.ticks {
            Some(ticks) => axis.with_ticks(ticks),
            None => axis,
        }
    }
}
