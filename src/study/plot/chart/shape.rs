//! Shapes within SVG.

use super::super::xml::{escape, px};
use std::fmt::Write;

/// A straight line; `style` are its attributes.
pub fn line(body: &mut String, from: (f64, f64), to: (f64, f64), style: &str) {
    let (x1, y1, x2, y2) = (px(from.0), px(from.1), px(to.0), px(to.1));
    let _ = writeln!(body, r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {style}/>"#);
}

/// A rectangle at a place, of a width and a height; `tip` is shown where the mouse rests on it.
pub fn rect(body: &mut String, at: (f64, f64), size: (f64, f64), style: &str, tip: &str) {
    // The edges of neighbours meet.
    let (x, y) = (px(at.0), px(at.1));
    let (width, height) = (px(px(at.0 + size.0) - x), px(px(at.1 + size.1) - y));
    let _ = write!(body, r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" {style}"#);
    let _ = match tip {
        "" => writeln!(body, "/>"),
        tip => writeln!(body, "><title>{}</title></rect>", escape(tip)),
    };
}

pub fn circle(body: &mut String, at: (f64, f64), radius: f64, style: &str) {
    let (x, y) = (px(at.0), px(at.1));
    let _ = writeln!(body, r#"<circle cx="{x}" cy="{y}" r="{radius}" {style}/>"#);
}

/// A closed shape.
pub fn polygon(body: &mut String, points: &[(f64, f64)], style: &str) {
    let points: Vec<String> =
        points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect();
    let _ = writeln!(body, r#"<polygon points="{}" {style}/>"#, points.join(" "));
}
