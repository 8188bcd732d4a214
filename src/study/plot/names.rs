//! Names below columns: horizontal if each fits its column, else slanted.

use super::plane::{LABEL, Plane, foot_label};
use super::svg::{SIZE, Text};
use super::text::{fitted, width};

/// The maximum space of a name.
const LONGEST: f64 = 150.0;
/// The slope of the slanted names, 45 degrees.
const SLOPE: f64 = std::f64::consts::FRAC_1_SQRT_2;

pub struct Names {
    names: Vec<String>,
    slanted: bool,
}

impl Names {
    pub fn new<'a>(names: impl Iterator<Item = &'a str>, column: f64) -> Names {
        let names: Vec<String> = names.map(|name| fitted(name, SIZE, LONGEST)).collect();
        let slanted = names.iter().any(|name| width(name, SIZE) + 8.0 > column);
        Names { names, slanted }
    }

    pub fn height(&self) -> f64 {
        match self.slanted {
            true => self.longest() * SLOPE + 16.0,
            false => 20.0,
        }
    }

    /// The extent of the names beyond the left side of the first column.
    pub fn overhang(&self, column: f64) -> f64 {
        let reach = |(i, name)| width(name, SIZE) * SLOPE + 4.0 - (i as f64 + 0.5) * column;
        match self.slanted {
            true => {
                self.names.iter().map(String::as_str).enumerate().map(reach).fold(0.0, f64::max)
            }
            false => 0.0,
        }
    }

    /// Writes each name below the middle of its column.
    pub fn draw(&self, body: &mut String, (left, top): (f64, f64), column: f64) {
        for (i, name) in self.names.iter().enumerate() {
            let x = left + (i as f64 + 0.5) * column;
            let text = match self.slanted {
                true => Text::new(x + 4.0, top + 12.0).anchor("end").turned(-45),
                false => Text::new(x, top + 14.0).anchor("middle"),
            };
            text.write(body, name);
        }
    }

    fn longest(&self) -> f64 {
        self.names.iter().map(|name| width(name, SIZE)).fold(0.0, f64::max)
    }
}

/// Columns of equal width in a plot area, with their names below.
pub struct Columns {
    names: Names,
    pub width: f64,
}

impl Columns {
    /// Slanted names that extend beyond the numbers of the value axis narrow the plot area.
    pub fn new<'a>(names: impl Iterator<Item = &'a str> + Clone, plane: &mut Plane) -> Columns {
        let count = names.clone().count() as f64;
        let slanted = Names::new(names.clone(), plane.width / count);
        let beyond = (slanted.overhang(plane.width / count) - plane.left).max(0.0);
        (plane.left, plane.width) = (plane.left + beyond, plane.width - beyond);
        let width = plane.width / count;
        Columns { names: Names::new(names, width), width }
    }

    /// The middle of the column with this index.
    pub fn middle(&self, plane: &Plane, index: usize) -> f64 {
        plane.left + (index as f64 + 0.5) * self.width
    }

    /// Writes the names and the label below the plot area; returns the lower end.
    pub fn draw(&self, body: &mut String, plane: &Plane, label: &str) -> f64 {
        self.names.draw(body, (plane.left, plane.bottom()), self.width);
        let y = plane.bottom() + self.names.height();
        if label.is_empty() {
            return y;
        }
        foot_label(body, label, (plane.left, plane.width), y);
        y + LABEL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_slant_only_where_they_do_not_fit() {
        let names = || ["nli", "acceptability"].into_iter();
        let level = Names::new(names(), 120.0);
        assert!(!level.slanted && level.overhang(120.0) == 0.0);
        let slanted = Names::new(names(), 40.0);
        assert!(slanted.slanted && slanted.height() > 50.0);
        let mut body = String::new();
        slanted.draw(&mut body, (0.0, 0.0), 40.0);
        assert!(body.contains("rotate(-45 64 12)"), "{body}");
    }
}
