//! Figures over the steps of a run: small multiples of lines and bands, as SVG and in a line of text;
//! and charts of results.
//!
//! A figure is text of its own: no fonts, styles or scripts from elsewhere, and the same bytes for
//! the same values.

mod axis;
mod bands;
mod chart;
mod draw;
mod lines;
mod number;
mod png;
mod spark;
mod xml;

pub use chart::Chart;
pub use number::short;
pub use png::png;
pub use spark::spark;

/// Panels one below the other over the same steps.
pub struct Figure {
    pub title: String,
    /// Said below the title, a line each.
    pub notes: Vec<String>,
    /// The steps run from 1 to this one.
    pub last_step: u64,
    pub panels: Vec<Panel>,
}

pub struct Panel {
    pub title: String,
    pub content: Content,
}

pub enum Content {
    /// Numbers, on one axis. It is logarithmic where all are positive and span more than a factor
    /// of 100.
    Lines(Vec<Line>),
    /// Words, a row for each band.
    Bands(Vec<Band>),
}

/// One line and its name in the legend.
pub struct Line {
    pub name: String,
    /// Values by step, in order; the line has a gap where there is none.
    pub points: Vec<(u64, Option<f64>)>,
}

/// One row of words.
pub struct Band {
    pub name: String,
    pub spans: Vec<Span>,
}

/// A word and the steps it holds for, both ends included.
pub struct Span {
    pub from: u64,
    pub to: u64,
    pub word: String,
}
