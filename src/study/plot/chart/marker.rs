//! The signs at the points of a line, another for each line.

use super::super::lines::COLOURS;
use super::shape::{circle, polygon};

const RADIUS: f64 = 3.4;
const SHAPES: usize = 5;

/// The sign of the line with this index: filled and hollow ones in turn.
pub fn marker(body: &mut String, index: usize, (x, y): (f64, f64)) {
    let colour = COLOURS[index % COLOURS.len()];
    let fill = if index.is_multiple_of(2) { colour } else { "#ffffff" };
    let style = format!(r#"fill="{fill}" stroke="{colour}" stroke-width="1.4""#);
    let r = RADIUS;
    let at = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        points.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect()
    };
    let points = match index % SHAPES {
        0 => return circle(body, (x, y), r, &style),
        1 => at(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        2 => at(&[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]),
        3 => at(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
        _ => at(&[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)]),
    };
    polygon(body, &points, &style);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_in_a_row_have_signs_of_their_own() {
        let sign = |index| {
            let mut body = String::new();
            marker(&mut body, index, (0.0, 0.0));
            // Without the colours.
            let filled = !body.contains("#ffffff");
            (body.split(" fill").next().unwrap_or_default().to_string(), filled)
        };
        let signs: std::collections::BTreeSet<_> = (0..10).map(sign).collect();
        assert_eq!(signs.len(), 10);
    }
}
