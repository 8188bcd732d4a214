//! The figure as a whole: the title, the panels one below the other, the axis of steps.

use super::axis::Axis;
use super::xml::{Text, escape, px};
use super::{Content, Figure, Panel, bands, lines};
use std::fmt::Write;

const WIDTH: f64 = 760.0;
pub const EDGE: f64 = 16.0;
/// Fonts that are found nearly everywhere, all about as wide.
const FONTS: &str = "Helvetica, Arial, 'Liberation Sans', sans-serif";
pub const INK: &str = "#222222";
pub const GRID: &str = "#dddddd";
/// A line of text, and the mean width of a character in it.
pub const ROW: f64 = 15.0;
const CHARACTER: f64 = 6.2;

/// The rectangle in which a panel's values are drawn, and its steps.
pub struct Frame<'a> {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub steps: &'a Axis,
}

impl Frame<'_> {
    pub fn x(&self, step: f64) -> f64 {
        self.left + self.width * self.steps.place(step)
    }

    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// How much room a text needs.
pub fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER
}

/// The text, cut where it is longer than fits.
pub fn fitted(text: &str, width: f64) -> String {
    let most = (width / CHARACTER) as usize;
    match text.chars().count() > most {
        true => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        false => text.to_string(),
    }
}

impl Figure {
    /// The figure as a whole SVG file.
    pub fn svg(&self) -> String {
        let steps = Axis::of_steps(self.last_step);
        let parts: Vec<Part> = self.panels.iter().map(Part::new).collect();
        let widest = |of: fn(&Part) -> f64| parts.iter().map(of).fold(0.0, f64::max);
        let left = EDGE + widest(|part| part.labels_width()).clamp(30.0, 160.0) + 8.0;
        let legend = widest(|part| part.legend_width()).clamp(0.0, 200.0);
        let width = WIDTH - left - legend - EDGE;

        let mut body = String::new();
        let mut y = EDGE + 14.0;
        Text::new(EDGE, y).bold().size(14).write(&mut body, &self.title);
        for note in &self.notes {
            y += ROW;
            Text::new(EDGE, y).write(&mut body, &fitted(note, WIDTH - 2.0 * EDGE));
        }
        let mut end = y;
        for (panel, part) in self.panels.iter().zip(&parts) {
            y += 30.0;
            let log = if part.is_log() { " (logarithmic)" } else { "" };
            Text::new(left, y).bold().write(&mut body, &format!("{}{log}", panel.title));
            let frame = Frame { left, top: y + 8.0, width, height: part.height(), steps: &steps };
            step_axis(&mut body, &frame);
            match part {
                Part::Lines(drawing) => drawing.draw(&mut body, &frame),
                Part::Bands(drawing) => drawing.draw(&mut body, &frame),
            }
            y = (frame.top + part.legend_height()).max(frame.bottom() + ROW);
            end = frame.bottom() + 12.0;
        }
        if !self.panels.is_empty() {
            Text::new(left + width + 10.0, end).write(&mut body, "step");
        }
        document(&self.title, (WIDTH, px(y + EDGE)), &body)
    }
}

/// A whole SVG file of this width and height.
pub fn document(title: &str, (width, height): (f64, f64), body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\" font-size=\"11\" \
         fill=\"{INK}\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
        escape(title)
    )
}

/// A panel, ready to be drawn.
enum Part<'a> {
    Lines(lines::Drawing<'a>),
    Bands(bands::Drawing<'a>),
}

impl<'a> Part<'a> {
    fn new(panel: &'a Panel) -> Part<'a> {
        match &panel.content {
            Content::Lines(lines) => Part::Lines(lines::Drawing::new(lines)),
            Content::Bands(bands) => Part::Bands(bands::Drawing::new(bands)),
        }
    }

    fn is_log(&self) -> bool {
        matches!(self, Part::Lines(drawing) if drawing.axis.log)
    }

    fn height(&self) -> f64 {
        match self {
            Part::Lines(drawing) => drawing.height(),
            Part::Bands(drawing) => drawing.height(),
        }
    }

    fn legend_height(&self) -> f64 {
        match self {
            Part::Lines(drawing) => drawing.height(),
            Part::Bands(drawing) => drawing.legend_height(),
        }
    }

    /// Room for what is written left of the frame.
    fn labels_width(&self) -> f64 {
        match self {
            Part::Lines(drawing) => drawing.labels_width(),
            Part::Bands(drawing) => drawing.labels_width(),
        }
    }

    /// Room for what is written right of it.
    fn legend_width(&self) -> f64 {
        match self {
            Part::Lines(drawing) => drawing.legend_width(),
            Part::Bands(drawing) => drawing.legend_width(),
        }
    }
}

fn step_axis(body: &mut String, frame: &Frame) {
    for (step, label) in &frame.steps.ticks {
        let x = frame.x(*step);
        rule(body, (x, frame.top), (x, frame.bottom()));
        Text::new(x, frame.bottom() + 12.0).anchor("middle").write(body, label);
    }
}

/// A line of the grid.
pub fn rule(body: &mut String, from: (f64, f64), to: (f64, f64)) {
    let (x1, y1, x2, y2) = (px(from.0), px(from.1), px(to.0), px(to.1));
    let _ = writeln!(body, r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{GRID}"/>"#);
}

#[cfg(test)]
mod tests {
    use super::super::{Band, Line, Span};
    use super::*;

    fn figure() -> Figure {
        let points = |f: fn(u64) -> Option<f64>| (1..=100).map(|step| (step, f(step))).collect();
        let lines = vec![
            Line { name: "a<b".into(), points: points(|step| Some(step as f64)) },
            Line { name: "c".into(), points: points(|step| (step % 50 > 1).then_some(7.0)) },
        ];
        let span = |from, to, word: &str| Span { from, to, word: word.into() };
        let spans = vec![span(1, 60, "softmax"), span(61, 100, "sum")];
        Figure {
            title: "x & y".into(),
            notes: vec!["a note".into()],
            last_step: 100,
            panels: vec![
                Panel { title: "lr".into(), content: Content::Lines(lines) },
                Panel {
                    title: "normalise".into(),
                    content: Content::Bands(vec![Band { name: "".into(), spans }]),
                },
            ],
        }
    }

    #[test]
    fn names_are_escaped_and_the_bytes_are_always_the_same() {
        let svg = figure().svg();
        assert_eq!(svg, figure().svg());
        for part in ["<title>x &amp; y</title>", ">a&lt;b<", ">a note<", ">softmax<", ">step<"] {
            assert!(svg.contains(part), "no {part} in {svg}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("a<b"), "{svg}");
    }

    #[test]
    fn a_line_is_cut_where_values_are_missing_and_level_parts_are_short() {
        let svg = figure().svg();
        // Two runs of level values, of two points each, and no others.
        let path = svg.lines().find(|l| l.starts_with("<path") && l.matches('M').count() == 2);
        assert_eq!(path.expect(&svg).matches('L').count(), 2);
    }

    #[test]
    fn an_empty_figure_is_one_too() {
        let svg = Figure { panels: Vec::new(), ..figure() }.svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(fitted("router", 100.0), "router");
        assert_eq!(fitted(&"x".repeat(40), 5.0 * CHARACTER + 0.1), "xxxx…");
    }
}
