//! Text and numbers within SVG.

use std::fmt::Write;

/// A length in tenths of a pixel.
pub fn px(x: f64) -> f64 {
    // -0 is 0.
    (x * 10.0).round() / 10.0 + 0.0
}

/// A piece of text at a place.
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

    pub fn size(self, size: u32) -> Text {
        self.attribute("font-size", &size.to_string())
    }

    /// Which part of the text is at the place: `start`, `middle` or `end`.
    pub fn anchor(self, anchor: &str) -> Text {
        self.attribute("text-anchor", anchor)
    }

    /// Turned about its place, clockwise.
    pub fn turned(self, degrees: i32) -> Text {
        let about = format!("rotate({degrees} {} {})", px(self.x), px(self.y));
        self.attribute("transform", &about)
    }

    pub fn fill(self, colour: &str) -> Text {
        self.attribute("fill", colour)
    }

    /// Stands out from lines behind it.
    pub fn halo(self) -> Text {
        let halo = self.attribute("stroke", "#ffffff").attribute("stroke-width", "3");
        halo.attribute("paint-order", "stroke")
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

/// The text as XML may hold it, between tags and in attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML has no way to write these.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
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
