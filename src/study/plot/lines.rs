//! A panel of lines over steps, with an axis of values and a legend.

use super::Line;
use super::axis::Axis;
use super::draw::{Frame, ROW, fitted, rule, width_of};
use super::xml::{Text, px};
use std::fmt::Write;

const HEIGHT: f64 = 105.0;
/// Colours that a colour-blind reader can tell apart, dark and light ones in turn; neighbours also
/// differ by their dashes.
pub const COLOURS: [&str; 8] =
    ["#0b3c6f", "#d55e00", "#00876c", "#cc79a7", "#5b4a9e", "#b8860b", "#3c9fd6", "#6e6e6e"];
const DASHES: [&str; 5] = ["", "7 3", "2 2", "9 3 2 3", "4 2"];
/// The piece of line in the legend.
pub const SAMPLE: f64 = 26.0;

pub struct Drawing<'a> {
    lines: &'a [Line],
    pub axis: Axis,
}

impl<'a> Drawing<'a> {
    pub fn new(lines: &'a [Line]) -> Drawing<'a> {
        let points = lines.iter().flat_map(|line| &line.points);
        let values = points.filter_map(|(_, y)| y.filter(|y| y.is_finite()));
        Drawing { lines, axis: Axis::of_values(values) }
    }

    fn named(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().enumerate().filter(|(_, line)| !line.name.is_empty())
    }

    pub fn height(&self) -> f64 {
        HEIGHT.max(self.named().count() as f64 * ROW)
    }

    pub fn labels_width(&self) -> f64 {
        self.axis.ticks.iter().map(|(_, label)| width_of(label)).fold(0.0, f64::max)
    }

    pub fn legend_width(&self) -> f64 {
        self.named().map(|(_, line)| SAMPLE + 20.0 + width_of(&line.name)).fold(0.0, f64::max)
    }

    pub fn draw(&self, body: &mut String, frame: &Frame) {
        for (value, label) in &self.axis.ticks {
            let y = self.y(frame, *value);
            rule(body, (frame.left, y), (frame.right(), y));
            Text::new(frame.left - 6.0, y + 4.0).anchor("end").write(body, label);
        }
        for (index, line) in self.lines.iter().enumerate() {
            let place = |(step, value)| (frame.x(step as f64), self.y(frame, value));
            let pieces = pieces(&line.points);
            let paths = pieces.iter().map(|piece| path(piece.iter().copied().map(place)));
            stroke(body, index, &paths.collect::<String>());
        }
        for (row, (index, line)) in self.named().enumerate() {
            let (x, y) = (frame.right() + 10.0, frame.top + (row as f64 + 0.5) * ROW);
            stroke(body, index, &path([(x, y), (x + SAMPLE, y)].into_iter()));
            let x = x + SAMPLE + 6.0;
            let name = fitted(&line.name, 160.0);
            Text::new(x, y + 4.0).write(body, &name);
        }
    }

    fn y(&self, frame: &Frame, value: f64) -> f64 {
        frame.bottom() - frame.height * self.axis.place(value)
    }
}

/// The parts of a line between its gaps.
pub fn pieces<X: Copy>(points: &[(X, Option<f64>)]) -> Vec<Vec<(X, f64)>> {
    let parts = points.split(|(_, y)| !y.is_some_and(f64::is_finite));
    let piece = |part: &[(X, Option<f64>)]| -> Vec<(X, f64)> {
        part.iter().filter_map(|(x, y)| Some((*x, (*y)?))).collect()
    };
    parts.filter(|part| !part.is_empty()).map(piece).collect()
}

/// A path through points; those within a level part are left out, and a lone one has a short line.
pub fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut points: Vec<(f64, f64)> = points.map(|(x, y)| (px(x), px(y))).collect();
    if let [(x, y)] = points[..] {
        points = vec![(px(x - 0.8), y), (px(x + 0.8), y)];
    }
    let level = |i: usize| {
        i > 0 && i + 1 < points.len() && [points[i - 1].1, points[i + 1].1] == [points[i].1; 2]
    };
    let kept = (0..points.len()).filter(|i| !level(*i)).map(|i| points[i]);
    let mut path = String::new();
    for (i, (x, y)) in kept.enumerate() {
        let letter = if i == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{letter}{x},{y}");
    }
    path
}

/// A path in the colour and the dashes of a line.
pub fn stroke(body: &mut String, index: usize, path: &str) {
    if path.is_empty() {
        return;
    }
    let colour = COLOURS[index % COLOURS.len()];
    let dash = match DASHES[index % DASHES.len()] {
        "" => String::new(),
        dash => format!(" stroke-dasharray=\"{dash}\""),
    };
    let _ = writeln!(
        body,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" \
         stroke-linejoin=\"round\"{dash}/>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_of_forty_lines_look_the_same() {
        let look = |i: usize| (COLOURS[i % COLOURS.len()], DASHES[i % DASHES.len()]);
        let looks: std::collections::BTreeSet<_> = (0..40).map(look).collect();
        assert_eq!(looks.len(), 40);
    }

    #[test]
    fn a_path_keeps_its_corners_and_lone_points() {
        let level = [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 5.0)];
        assert_eq!(path(level.into_iter()), "M0,1L2,1L3,5");
        assert_eq!(path([(4.0, 1.0)].into_iter()), "M3.2,1L4.8,1");
        assert_eq!(path(std::iter::empty()), "");
    }

    #[test]
    fn a_line_falls_into_pieces_at_its_gaps() {
        let points = [Some(1.0), None, None, Some(2.0), Some(f64::NAN), Some(3.0), Some(4.0)];
        let points: Vec<(u64, _)> = (1..).zip(points).collect();
        assert_eq!(pieces(&points), [vec![(1, 1.0)], vec![(4, 2.0)], vec![(6, 3.0), (7, 4.0)]]);
    }
}
