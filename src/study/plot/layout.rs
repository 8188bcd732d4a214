//! The size of a chart and its style.

use super::palette::Palette;
use super::svg::{FONTS, SIZE};
use serde::Deserialize;

/// The smallest and the largest font size, in points.
const FONT_SIZES: (f64, f64) = (6.0, 36.0);
/// Millimetres: a panel needs some space, and a page has an end.
const WIDTHS: (f64, f64) = (30.0, 2_000.0);
const HEIGHTS: (f64, f64) = (5.0, 2_000.0);
/// Points per pixel of CSS, and per millimetre.
const POINTS: f64 = 0.75;
const PER_MM: f64 = 72.0 / 25.4;
/// The font size of a chart with a given width, in points.
const PRINTED: f64 = 8.0;
/// Pixels per inch of PNG files: of a chart for the screen, and of one with a given width.
const DPI: (f64, f64) = (192.0, 300.0);

/// The size of a chart and its style. Charts are laid out in units of a font size of 11.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Layout {
    /// The width in millimetres; by default it suits the panels.
    pub width: Option<f64>,
    /// The height of each plot area in millimetres.
    pub height: Option<f64>,
    /// The font size in points; by default 8.25 (11 pixels), or 8 with a given width.
    pub font_size: Option<f64>,
    /// The font family.
    pub font: Option<String>,
    /// Pixels per inch of a PNG file; by default 192, or 300 with a given width.
    pub dpi: Option<f64>,
    pub palette: Palette,
    pub legend: Legend,
    /// Panels have the same axes, and labels at the edge only.
    pub share: Share,
}

/// Where names of lines are.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Legend {
    #[default]
    Below,
    Top,
    Right,
    /// In the emptiest corner of the plot area of lines; below other panels.
    Inside,
    None,
}

/// The axes that panels have in common.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    #[default]
    None,
    X,
    Y,
    Both,
}

impl Layout {
    /// Checks the numbers and the font.
    ///
    /// # Errors
    /// Names what is out of range.
    pub fn check(&self) -> Result<(), String> {
        let within =
            |name: &str, value: Option<f64>, (low, high): (f64, f64), unit: &str| match value
                .filter(|value| !(low..=high).contains(value))
            {
                Some(value) => Err(format!("{name} must be {low} to {high} {unit}, not {value}")),
                None => Ok(()),
            };
        within("width", self.width, WIDTHS, "mm")?;
        within("height", self.height, HEIGHTS, "mm")?;
        within("font_size", self.font_size, FONT_SIZES, "points")?;
        within("dpi", self.dpi, (36.0, 2_400.0), "pixels per inch")?;
        let odd = |c: char| !(c.is_alphanumeric() || " -_.".contains(c));
        match self.font.as_deref().filter(|font| font.trim().is_empty() || font.contains(odd)) {
            Some(font) => Err(format!("font must be the name of a family, not {font:?}")),
            None => Ok(()),
        }
    }

    /// The points of a unit.
    pub fn unit(&self) -> f64 {
        let printed = if self.width.is_some() { PRINTED } else { SIZE * POINTS };
        self.font_size.unwrap_or(printed) / SIZE
    }

    /// Units of a length in millimetres.
    pub fn units(&self, mm: f64) -> f64 {
        mm * PER_MM / self.unit()
    }

    /// Whether the size is in points, not in pixels of the screen.
    pub fn is_printed(&self) -> bool {
        self.width.is_some() || self.font_size.is_some()
    }

    /// The font families, most wanted first, as an attribute of SVG.
    pub fn families(&self) -> String {
        match self.font.as_deref() {
            None => FONTS.to_string(),
            Some(generic @ ("serif" | "sans-serif")) => generic.to_string(),
            Some(family) => format!("'{family}', {FONTS}"),
        }
    }

    /// The pixels of a PNG file per pixel of CSS.
    pub fn png_scale(&self) -> f64 {
        let usual = if self.width.is_some() { DPI.1 } else { DPI.0 };
        self.dpi.unwrap_or(usual) / (72.0 / POINTS)
    }

    /// The axes that panels have in common: x, y.
    pub fn shared(&self) -> (bool, bool) {
        let share = self.share;
        (matches!(share, Share::X | Share::Both), matches!(share, Share::Y | Share::Both))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_follow_the_font_size() {
        let column = Layout { width: Some(84.0), ..Layout::default() };
        // 84 mm are 238.1 points; a unit is 8 / 11 of a point.
        assert!((column.units(84.0) - 327.4).abs() < 0.1, "{}", column.units(84.0));
        assert_eq!(Layout::default().unit(), 0.75);
        assert!((column.png_scale() - 3.125).abs() < 1e-9);
    }

    #[test]
    fn sizes_have_limits() {
        let of = |json: &str| serde_json::from_str::<Layout>(json).unwrap().check();
        assert_eq!(of("{\"width\": 84, \"font\": \"Times New Roman\"}"), Ok(()));
        for (json, part) in [
            ("{\"width\": 1}", "width must be 30 to 2000 mm, not 1"),
            ("{\"font_size\": 5}", "font_size must be 6 to 36 points"),
            ("{\"height\": -2}", "height"),
            ("{\"dpi\": 1}", "dpi"),
            ("{\"font\": \"a' onload='b\"}", "font must be the name of a family"),
        ] {
            let why = of(json).unwrap_err();
            assert!(why.contains(part), "{json}: {why}");
        }
    }
}
