//! Text and shapes of SVG.

use super::layout::Layout;
use std::fmt::Write;

/// Common fonts of similar width.
pub const FONTS: &str = "Helvetica, Arial, 'Liberation Sans', sans-serif";
pub const INK: &str = "#222222";
pub const GRID: &str = "#dddddd";
/// The font size, in units of the layout.
pub const SIZE: f64 = 11.0;
/// The height of a line of text.
pub const ROW: f64 = 15.0;

/// A length rounded to tenths of a pixel.
pub fn px(x: f64) -> f64 {
    // -0 is 0.
    (x * 10.0).round() / 10.0 + 0.0
}

/// A text at a position.
pub struct Text {
    x: f64,
    y: f64,
    attributes: String,
}

impl Text {
    pub fn new(x: f64, y: f64) -> Text {
        Text { x, y, attributes: String::new() }
    }

    pub fn bold(self) -> Text {
        self.attribute("font-weight", "bold")
    }

    pub fn size(self, size: f64) -> Text {
        self.attribute("font-size", &px(size).to_string())
    }

    /// Which part of the text is at the position: `start`, `middle` or `end`.
    pub fn anchor(self, anchor: &str) -> Text {
        self.attribute("text-anchor", anchor)
    }

    /// Rotates the text about its position, clockwise.
    pub fn turned(self, degrees: i32) -> Text {
        let about = format!("rotate({degrees} {} {})", px(self.x), px(self.y));
        self.attribute("transform", &about)
    }

    pub fn fill(self, colour: &str) -> Text {
        self.attribute("fill", colour)
    }

    fn attribute(mut self, name: &str, value: &str) -> Text {
        let _ = write!(self.attributes, " {name}=\"{value}\"");
        self
    }

    pub fn write(self, body: &mut String, text: &str) {
        let (x, y, text) = (px(self.x), px(self.y), escape(text));
        let _ = writeln!(body, "<text x=\"{x}\" y=\"{y}\"{}>{text}</text>", self.attributes);
    }
}

/// Escapes a text for XML, between tags and in attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML cannot represent these characters.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A complete SVG file of this width and height in units of the layout.
pub fn document(title: &str, layout: &Layout, (width, height): (f64, f64), body: &str) -> String {
    let points = |units: f64| format!("{}pt", px(units * layout.unit()));
    let (across, down) = match layout.is_printed() {
        true => (points(width), points(height)),
        false => (width.to_string(), height.to_string()),
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{across}\" height=\"{down}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{}\" font-size=\"{SIZE}\" \
         fill=\"{INK}\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
        layout.families(),
        escape(title)
    )
}

/// A line of the grid.
pub fn rule(body: &mut String, from: (f64, f64), to: (f64, f64)) {
    line(body, from, to, &format!("stroke=\"{GRID}\""));
}

/// A straight line; `style` are its attributes.
pub fn line(body: &mut String, from: (f64, f64), to: (f64, f64), style: &str) {
    let (x1, y1, x2, y2) = (px(from.0), px(from.1), px(to.0), px(to.1));
    let _ = writeln!(body, r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {style}/>"#);
}

/// A rectangle with a position and a size; `tip` is its tooltip.
pub fn rect(body: &mut String, at: (f64, f64), size: (f64, f64), style: &str, tip: &str) {
    // Rounded so that the edges of neighbours meet.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_is_markup() {
        assert_eq!(escape("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
        assert_eq!(escape("a\0b\nc\u{ffff}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(escape("Ä µ"), "Ä µ");
    }
}
