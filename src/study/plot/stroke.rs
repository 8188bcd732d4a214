//! The style of lines: the colour, dashes and marker of each, by its index.

use super::panel::Look;
use super::svg::{circle, line, polygon, px};
use std::fmt::Write;

const DASHES: [&str; 5] = ["", "7 3", "2 2", "9 3 2 3", "4 2"];
/// The length of a line in a legend.
pub const SAMPLE: f64 = 26.0;
const RADIUS: f64 = 3.4;
const SIGNS: usize = 5;

/// The marker of the line with this index: filled and hollow ones alternate.
pub fn marker(body: &mut String, index: usize, (x, y): (f64, f64), look: &Look) {
    let colour = look.palette.colour(index);
    let fill = if index.is_multiple_of(2) { colour } else { "#ffffff" };
    let style = format!(r#"fill="{fill}" stroke="{colour}" stroke-width="1.4""#);
    let r = RADIUS;
    let at = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        points.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect()
    };
    let points = match index % SIGNS {
        0 => return circle(body, (x, y), r, &style),
        1 => at(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        2 => at(&[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]),
        3 => at(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
        _ => at(&[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)]),
    };
    polygon(body, &points, &style);
}

/// The parts of a line between its gaps.
pub fn pieces(points: &[(f64, Option<f64>)]) -> Vec<Vec<(f64, f64)>> {
    let parts = points.split(|(_, y)| !y.is_some_and(f64::is_finite));
    let piece = |part: &[(f64, Option<f64>)]| -> Vec<(f64, f64)> {
        part.iter().filter_map(|(x, y)| Some((*x, (*y)?))).collect()
    };
    parts.filter(|part| !part.is_empty()).map(piece).collect()
}

/// A path through points; points within a horizontal part are left out, and a single one becomes a short line.
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

/// The part of a shape within a rectangle (Sutherland and Hodgman 1974).
pub fn within(
    shape: &[(f64, f64)],
    [(left, top), (right, low)]: [(f64, f64); 2],
) -> Vec<(f64, f64)> {
    // How far a point is inside of each side.
    let sides: [&dyn Fn((f64, f64)) -> f64; 4] =
        [&|at| at.0 - left, &|at| right - at.0, &|at| at.1 - top, &|at| low - at.1];
    sides.into_iter().fold(shape.to_vec(), |shape, inside| {
        let mut kept = Vec::new();
        for (i, &to) in shape.iter().enumerate() {
            let from = shape[(i + shape.len() - 1) % shape.len()];
            let (before, after) = (inside(from), inside(to));
            if (before < 0.0) != (after < 0.0) {
                let share = before / (before - after);
                kept.push((from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1)));
            }
            if after >= 0.0 {
                kept.push(to);
            }
        }
        kept
    })
}

/// Draws a path in the style of the line with this index.
pub fn stroke(body: &mut String, index: usize, path: &str, look: &Look) {
    if path.is_empty() {
        return;
    }
    let colour = look.palette.colour(index);
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

/// Draws a line for comparison, such as a baseline.
pub fn reference(body: &mut String, from: (f64, f64), to: (f64, f64)) {
    line(body, from, to, r##"stroke="#777777" stroke-width="1" stroke-dasharray="5 4""##);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_of_forty_lines_look_the_same() {
        let palette = Look::default().palette;
        let look = |i: usize| (palette.colour(i).to_string(), DASHES[i % DASHES.len()]);
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
        let points: Vec<_> = (1..).map(f64::from).zip(points).collect();
        let pieces = pieces(&points);
        assert_eq!(pieces, [vec![(1.0, 1.0)], vec![(4.0, 2.0)], vec![(6.0, 3.0), (7.0, 4.0)]]);
    }

    #[test]
    fn shapes_are_cut_at_a_rectangle() {
        let area = [(0.0, 0.0), (10.0, 10.0)];
        let square = [(2.0, 2.0), (4.0, 2.0), (4.0, 4.0), (2.0, 4.0)];
        assert_eq!(within(&square, area), square);
        // A triangle whose tip is far above: its edge keeps its slope.
        let cut = within(&[(0.0, 10.0), (10.0, 10.0), (10.0, -90.0)], area);
        assert!(cut.contains(&(1.0, 0.0)) && cut.contains(&(10.0, 0.0)), "{cut:?}");
        assert!(within(&[(20.0, 20.0), (30.0, 20.0), (30.0, 30.0)], area).is_empty());
    }

    #[test]
    fn ten_lines_in_a_row_have_signs_of_their_own() {
        let sign = |index| {
            let mut body = String::new();
            marker(&mut body, index, (0.0, 0.0), &Look::default());
            // Without the colours.
            let filled = !body.contains("#ffffff");
            (body.split(" fill").next().unwrap_or_default().to_string(), filled)
        };
        let signs: std::collections::BTreeSet<_> = (0..10).map(sign).collect();
        assert_eq!(signs.len(), 10);
    }
}
