//! Lines among which the reader of a page can choose.
//!
//! The SVG contains every line and every axis that a selection may need, and is styled by the page. The page's
//! script shows the selected lines and the narrowest axes that fit them. Attributes for the script:
//!
//! - an axis: `data-low`, `data-high`: its ends;
//! - a line: `data-line`: its index; `data-box`: the ends of its steps and its values, which its path draws
//!   from 0 to 1000 upwards; `data-last`, `data-lowest`: values as text.
//!
//! On a logarithmic scale, ends of values are logarithms to base 10.

use super::axis::{Axis, range};
use super::kinds::series::Series;
use super::number::short;
use super::panel::drawable;
use super::plane::{Plane, foot_label};
use super::stroke::pieces;
use super::svg::{escape, rect};
use std::fmt::Write;

/// The plot area and its margins, in pixels. Above the area there is space for mark labels.
const PLANE: (f64, f64, f64, f64) = (70.0, 64.0, 876.0, 300.0);
const SIZE: (f64, f64) = (960.0, 406.0);
/// The units of a path along its box.
const UNITS: f64 = 1000.0;

/// Lines over the steps of runs. The name of a series is shown when the pointer is over its line.
pub struct Selectable<'a> {
    /// The name of the values.
    pub name: &'a str,
    pub lines: &'a [Series],
    pub log: bool,
}

/// A line with its index among all.
struct Line<'a> {
    index: usize,
    name: &'a str,
    points: Vec<(f64, Option<f64>)>,
    steps: (f64, f64),
    values: (f64, f64),
}

impl Selectable<'_> {
    /// The SVG element; `None` if no line has a value to draw.
    pub fn svg(&self) -> Option<String> {
        let lines = self.lines.iter().enumerate();
        let lines: Vec<Line> =
            lines.filter_map(|(index, series)| Line::new(index, series, self.log)).collect();
        if lines.is_empty() {
            return None;
        }
        let (left, top, width, height) = PLANE;
        let mut svg = format!(
            "<svg viewBox=\"0 0 {} {}\" font-size=\"11\" role=\"img\" aria-label=\"{} by step\">\n",
            SIZE.0,
            SIZE.1,
            escape(self.name)
        );
        let mut plane = Plane::at((left, top), (width, height), Axis::even(&[]));
        rect(&mut svg, (left, top), (width, height), "class=\"plane\" fill=\"none\"", "");
        for axis in step_axes(&lines) {
            open(&mut svg, "x-axis", &axis);
            plane.draw_foot(&mut svg, &axis);
            svg.push_str("</g>\n");
        }
        let values: Vec<(f64, f64)> = lines.iter().map(|line| line.values).collect();
        for axis in Axis::of_choices(&values, self.log) {
            open(&mut svg, "y-axis", &axis);
            plane.y = axis;
            plane.draw(&mut svg, self.name);
            svg.push_str("</g>\n");
        }
        foot_label(&mut svg, "step", (left, width), plane.bottom() + 18.0);
        lines.iter().for_each(|line| line.draw(&mut svg, self.log));
        svg.push_str("</svg>");
        Some(svg)
    }
}

/// A group for an axis, hidden until it is selected.
fn open(svg: &mut String, class: &str, axis: &Axis) {
    let (low, high) = axis.ends();
    let _ = writeln!(svg, "<g class=\"{class}\" data-low=\"{low}\" data-high=\"{high}\" hidden>");
}

/// An axis for each length of the lines, rounded up to two digits.
fn step_axes(lines: &[Line]) -> Vec<Axis> {
    let rounded = |line: &Line| {
        let last = line.steps.1.max(1.0);
        let unit = 10f64.powf(last.log10().floor() - 1.0).max(1.0);
        ((last / unit).ceil() * unit) as u64
    };
    let mut lengths: Vec<u64> = lines.iter().map(rounded).collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths.into_iter().map(Axis::of_steps).collect()
}

impl<'a> Line<'a> {
    /// `None` without a value.
    fn new(index: usize, series: &'a Series, log: bool) -> Option<Line<'a>> {
        let drawn = |y: &f64| drawable(y) && (!log || *y > 0.0);
        let points = series.x.iter().copied().zip(series.mean.iter().map(|y| y.filter(drawn)));
        let points: Vec<(f64, Option<f64>)> = points.filter(|(x, _)| drawable(x)).collect();
        let values: Vec<f64> = points.iter().filter_map(|(_, y)| *y).collect();
        let steps: Vec<f64> = points.iter().map(|(x, _)| *x).collect();
        let (steps, ends) = (range(&steps), range(&values));
        (!values.is_empty()).then_some(Line {
            index,
            name: &series.name,
            points,
            steps,
            values: ends,
        })
    }

    fn draw(&self, svg: &mut String, log: bool) {
        let scaled = |y: f64| if log { y.log10() } else { y };
        let (low, high) = (scaled(self.values.0), scaled(self.values.1));
        let unit = |x: f64, (low, high): (f64, f64)| match low < high {
            true => ((x / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) * UNITS).round() as i64,
            false => 0,
        };
        let pieces = pieces(&self.points).into_iter().map(|piece| {
            let place = |(x, y)| (unit(x, self.steps), unit(scaled(y), (low, high)));
            relative(&piece.into_iter().map(place).collect::<Vec<_>>())
        });
        let path: String = pieces.collect();
        let (first, last) = self.steps;
        let end = self.points.iter().rev().find_map(|(_, y)| *y).unwrap_or_default();
        let _ = writeln!(
            svg,
            "<path class=\"line\" data-line=\"{}\" data-box=\"{first} {last} {low} {high}\" \
             data-last=\"{}\" data-lowest=\"{}\" d=\"{path}\" hidden><title>{}</title></path>",
            self.index,
            short(end),
            short(self.values.0),
            escape(self.name)
        );
    }
}

/// A path through points by relative coordinates; points within a straight part are left out.
fn relative(points: &[(i64, i64)]) -> String {
    let mut path = String::new();
    let (mut x, mut y) = (0, 0);
    for (i, &(next_x, next_y)) in points.iter().enumerate() {
        let straight = points.get(i + 1).is_some_and(|after| {
            (next_x - x) * (after.1 - next_y) == (next_y - y) * (after.0 - next_x)
        });
        if i > 0 && straight {
            continue;
        }
        let letter = if i == 0 { 'M' } else { 'l' };
        let _ = write!(path, "{letter}{} {}", next_x - x, next_y - y);
        (x, y) = (next_x, next_y);
    }
    if points.len() == 1 { path + "h0" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, mean: &[Option<f64>]) -> Series {
        let x = (1..=mean.len()).map(|step| step as f64).collect();
        Series { name: name.into(), x, mean: mean.to_vec(), ..Series::default() }
    }

    #[test]
    fn lines_are_drawn_in_their_own_boxes() {
        let values = [Some(4.0), Some(3.0), Some(2.0), None, Some(0.5)];
        let lines =
            [series("a<b", &values), series("none", &[None]), series("level", &[Some(2.0); 3])];
        let svg = |log| Selectable { name: "loss", lines: &lines, log }.svg().unwrap();
        let linear = svg(false);
        assert!(linear.contains(
            "data-line=\"0\" data-box=\"1 5 0.5 4\" data-last=\"0.5\" data-lowest=\"0.5\""
        ));
        assert!(
            linear
                .contains("d=\"M0 1000l250 -286l250 -285M1000 0h0\" hidden><title>a&lt;b</title>"),
            "{linear}"
        );
        assert!(linear.contains("data-box=\"1 3 2 2\""), "{linear}");
        assert!(linear.contains("d=\"M0 0l1000 0\""), "{linear}");
        assert!(!linear.contains("data-line=\"1\""), "{linear}");
        // Of 1 to 4 and 2: 0 to 4, 0 to 2. Of 3 and 5 steps: one each.
        assert_eq!((linear.matches("y-axis").count(), linear.matches("x-axis").count()), (2, 2));
        let log = svg(true);
        assert!(log.contains(&format!("data-box=\"1 5 {} {}\"", 0.5f64.log10(), 4f64.log10())));
        assert!(log.contains(&format!(
            "data-low=\"{}\" data-high=\"{}\"",
            0.5f64.log10(),
            5f64.log10()
        )));
        assert!(!log.contains("NaN") && !log.contains("inf"), "{log}");
    }

    #[test]
    fn without_a_value_to_draw_there_is_no_figure() {
        let lines = [series("a", &[Some(0.0), Some(-1.0), Some(f64::NAN), None])];
        let svg = |log| Selectable { name: "loss", lines: &lines, log }.svg();
        assert!(svg(false).is_some() && svg(true).is_none());
        assert!(Selectable { name: "loss", lines: &[], log: false }.svg().is_none());
    }
}
