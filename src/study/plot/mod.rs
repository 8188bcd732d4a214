//! Charts: a description, a layout, and SVG output; and sparklines in text.
//!
//! An SVG has no external fonts, styles or scripts, and is deterministic for given values.

mod axis;
mod chart;
mod kinds;
mod names;
mod number;
mod panel;
mod plane;
#[cfg_attr(not(feature = "png"), path = "no_png.rs")]
mod png;
mod selectable;
mod shade;
mod spark;
mod stroke;
mod svg;
mod terminal;
mod text;

pub use axis::suits_logarithm;
pub use chart::Chart;
pub use kinds::Panel;
pub use kinds::bands::{Band, Bands, Span};
pub use kinds::lines::{Lines, Series};
pub use number::short;
pub use png::png;
pub(crate) use selectable::Selectable;
pub use shade::Shade;
pub use spark::spark;
pub use svg::escape;

#[cfg(test)]
mod tests;
