//! Panels in a terminal: a line in Braille dots, several lines or points as signs, bars in block elements.

use super::axis::Axis;

/// The rows of a plot area.
pub const ROWS: usize = 14;
/// The signs of the lines of a panel that has several.
const SIGNS: [char; 8] = ['●', '+', '×', '○', '◆', '#', '▲', '*'];
/// Dots per character.
const ACROSS: usize = 2;
const DOWN: usize = 4;
/// The bits of the dots of a Braille character, by column and row.
const BITS: [[u8; DOWN]; ACROSS] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
/// Eighths of a block, from none to seven.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The plot area of a panel.
pub struct Canvas {
    columns: usize,
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    dots: u8,
    sign: Option<char>,
}

impl Canvas {
    pub fn new(columns: usize) -> Canvas {
        Canvas { columns, cells: vec![Cell::default(); columns * ROWS] }
    }

    /// Sets a dot at a place, from 0 at the left and lower ends to 1 at the right and upper ones.
    fn dot(&mut self, (x, y): (usize, usize)) {
        let cell = &mut self.cells[y / DOWN * self.columns + x / ACROSS];
        cell.dots |= BITS[x % ACROSS][y % DOWN];
    }

    fn at(&self, (x, y): (f64, f64), (across, down): (usize, usize)) -> (usize, usize) {
        let place = |share: f64, count: usize| (share.clamp(0.0, 1.0) * (count - 1) as f64).round();
        (place(x, across) as usize, place(1.0 - y, down) as usize)
    }

    /// A point in dots.
    pub fn point(&mut self, place: (f64, f64)) {
        let place = self.at(place, (self.columns * ACROSS, ROWS * DOWN));
        self.dot(place);
    }

    /// A straight line in dots.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let size = (self.columns * ACROSS, ROWS * DOWN);
        let ((x0, y0), (x1, y1)) = (self.at(from, size), self.at(to, size));
        let steps = x0.abs_diff(x1).max(y0.abs_diff(y1)).max(1);
        for i in 0..=steps {
            let between = |a: usize, b: usize| {
                (a as f64 + (b as f64 - a as f64) * i as f64 / steps as f64).round() as usize
            };
            self.dot((between(x0, x1), between(y0, y1)));
        }
    }

    /// The sign of a line.
    pub fn sign(&mut self, index: usize, place: (f64, f64)) {
        let (x, y) = self.at(place, (self.columns, ROWS));
        self.cells[y * self.columns + x].sign = Some(sign(index));
    }

    /// The rows of the plot area, from the top.
    fn rows(&self) -> impl Iterator<Item = String> {
        self.cells.chunks(self.columns).map(|row| {
            let text: String = row.iter().map(|cell| cell.shown()).collect();
            text.trim_end().to_string()
        })
    }

    /// The plot area with its axes and their labels.
    pub fn text(&self, x: &Axis, y: &Axis, labels: (&str, &str)) -> String {
        let mut numbers = vec![""; ROWS];
        for (value, text) in &y.ticks {
            let (_, row) = self.at((0.0, y.place(*value)), (1, ROWS));
            numbers[row] = text;
        }
        let width = numbers.iter().map(|text| text.chars().count()).max().unwrap_or(0);
        let mut lines: Vec<String> = labels_line(labels.1, width);
        for (number, row) in numbers.iter().zip(self.rows()) {
            let edge = if number.is_empty() { '│' } else { '┤' };
            lines.push(format!("{number:>width$} {edge}{row}"));
        }
        lines.push(format!("{:width$} └{}", "", "─".repeat(self.columns)));
        lines.push(format!("{:width$}  {}", "", self.feet(x)));
        if !labels.0.is_empty() {
            let room = (self.columns.saturating_sub(labels.0.chars().count())) / 2;
            lines.push(format!("{:width$}  {:room$}{}", "", "", labels.0));
        }
        lines.join("\n")
    }

    /// The numbers below the axis; those without room are left out.
    fn feet(&self, x: &Axis) -> String {
        let mut feet = String::new();
        let mut end = 0;
        for (value, text) in &x.ticks {
            let (column, _) = self.at((x.place(*value), 0.0), (self.columns, ROWS));
            let start = column.saturating_sub(text.chars().count() / 2);
            if end == 0 || start > end {
                feet.push_str(&" ".repeat(start - end));
                feet.push_str(text);
                end = start + text.chars().count();
            }
        }
        feet
    }
}

/// Names in rows of this many characters; longer ones are cut.
pub fn rows(names: impl Iterator<Item = String>, columns: usize) -> Vec<String> {
    const BETWEEN: &str = "   ";
    let mut rows: Vec<String> = Vec::new();
    for name in names {
        let name: String = match name.chars().count() > columns {
            true => name.chars().take(columns - 1).chain(['…']).collect(),
            false => name,
        };
        match rows.last_mut() {
            Some(row) if row.chars().count() + BETWEEN.len() + name.chars().count() <= columns => {
                row.push_str(BETWEEN);
                row.push_str(&name);
            }
            _ => rows.push(name),
        }
    }
    rows
}

/// The label above the numbers of the axis.
fn labels_line(label: &str, width: usize) -> Vec<String> {
    if label.is_empty() { Vec::new() } else { vec![format!("{:width$} {label}", "")] }
}

impl Cell {
    fn shown(self) -> char {
        match (self.sign, self.dots) {
            (Some(sign), _) => sign,
            (None, 0) => ' ',
            (None, dots) => char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' '),
        }
    }
}

/// The sign of the line with this index.
pub fn sign(index: usize) -> char {
    SIGNS[index % SIGNS.len()]
}

/// A bar of a share of a width, in eighths of a character.
pub fn bar(share: f64, width: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * (width * 8) as f64).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_climbs_from_corner_to_corner() {
        let mut canvas = Canvas::new(10);
        canvas.line((0.0, 0.0), (1.0, 1.0));
        let rows: Vec<String> = canvas.rows().collect();
        assert_eq!(rows.len(), ROWS);
        assert_eq!(rows[ROWS - 1].chars().next(), Some('⡜'), "{rows:?}");
        assert_eq!(rows[0].chars().count(), 10);
        assert_eq!(rows[0].chars().last(), Some('⡜'), "{rows:?}");
    }

    #[test]
    fn places_outside_stay_inside() {
        let mut canvas = Canvas::new(3);
        canvas.point((-5.0, 7.0));
        canvas.sign(1, (9.0, -9.0));
        let rows: Vec<String> = canvas.rows().collect();
        assert_eq!((rows[0].as_str(), rows[ROWS - 1].as_str()), ("⠁", "  +"));
    }

    #[test]
    fn bars_have_eighths() {
        assert_eq!(bar(1.0, 2), "██");
        assert_eq!(bar(0.5 + 1.0 / 16.0, 2), "█▏");
        assert_eq!(bar(0.0, 5), "");
    }

    #[test]
    fn axes_have_their_numbers() {
        let mut canvas = Canvas::new(20);
        let (x, y) = (Axis::of_places(&[1.0, 2.0], false), Axis::even(&[0.0, 1.0]));
        canvas.line((x.place(1.0), y.place(0.0)), (x.place(2.0), y.place(1.0)));
        let text = canvas.text(&x, &y, ("step", "loss"));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].trim(), "loss");
        assert!(lines[1].starts_with("  1 ┤") && lines[ROWS].starts_with("  0 ┤"), "{text}");
        assert!(lines[ROWS + 2].contains('1') && lines[ROWS + 2].contains('2'), "{text}");
        assert_eq!(lines[ROWS + 3].trim(), "step");
    }
}
