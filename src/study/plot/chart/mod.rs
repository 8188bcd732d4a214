//! Charts of results: lines with bands, heat maps and box plots, described by plain data.

mod boxes;
mod check;
mod heat;
mod layout;
mod lines;
mod marker;
mod names;
mod plane;
mod shade;
mod shape;
mod text;

use serde::Deserialize;

/// Panels side by side and below each other.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    pub title: String,
    /// Said below the title.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Panels side by side, at most 3: 1 for a single panel and 2 for several, unless said.
    #[serde(default)]
    pub columns: Option<usize>,
    pub panels: Vec<Panel>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Panel {
    Lines(Lines),
    Heat(Heat),
    Boxes(Boxes),
}

/// Lines over numbers, with bands about them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub x_label: String,
    #[serde(default)]
    pub y_label: String,
    /// Logarithmic axes, where all values are positive.
    #[serde(default)]
    pub x_log: bool,
    #[serde(default)]
    pub y_log: bool,
    pub series: Vec<Series>,
    /// Vertical dashed lines, each with its label.
    #[serde(default)]
    pub marks: Option<Vec<Mark>>,
}

/// A line: values by place, with a gap where there is none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    #[serde(default)]
    pub name: String,
    pub x: Vec<f64>,
    pub mean: Vec<Option<f64>>,
    /// The ends of the band, such as a confidence interval.
    #[serde(default)]
    pub low: Option<Vec<Option<f64>>>,
    #[serde(default)]
    pub high: Option<Vec<Option<f64>>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    pub x: f64,
    #[serde(default)]
    pub label: String,
}

/// A heat map: the darker a cell, the higher its value.
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
    /// A list for each row.
    pub values: Vec<Vec<Option<f64>>>,
    /// What the lightest and the darkest shade stand for: the lowest and the highest value, unless
    /// said.
    #[serde(default)]
    pub low: Option<f64>,
    #[serde(default)]
    pub high: Option<f64>,
    /// Digits behind the point.
    #[serde(default = "one")]
    pub digits: usize,
}

fn one() -> usize {
    1
}

/// Box plots: quartiles, whiskers to the furthest value within 1.5 interquartile ranges, the values
/// beyond as circles, and the mean as a diamond.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boxes {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub y_label: String,
    pub groups: Vec<Group>,
    /// Said below the names.
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    pub values: Vec<f64>,
}

/// A value that can be drawn.
fn drawable(x: &f64) -> bool {
    x.abs() <= 1e300
}

#[cfg(test)]
pub mod tests;
