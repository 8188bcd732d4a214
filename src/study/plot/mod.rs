//! Charts: a description, a layout, and SVG output; and sparklines in text.
//!
//! An SVG has no external fonts, styles or scripts, and is deterministic for given values.

mod axis;
mod chart;
mod kinds;
mod layout;
mod legend;
mod names;
mod number;
mod palette;
mod panel;
#[cfg_attr(not(feature = "pictures"), path = "no_picture.rs")]
mod picture;
mod plane;
mod shade;
mod spark;
mod spots;
mod stroke;
mod svg;
mod terminal;
mod text;

pub use axis::suits_logarithm;
pub use chart::Chart;
pub use kinds::Panel;
pub use kinds::bands::{Band, Bands, Span};
pub use kinds::lines::Lines;
pub use kinds::series::Series;
pub use layout::Layout;
pub use number::short;
pub use panel::Scale;
pub use picture::{pdf, png};
pub use shade::{Shade, Shades};
pub use spark::spark;
pub use svg::escape;

#[cfg(test)]
mod tests;
