//! The chart as a whole: the title, the notes, and the panels in rows.

use super::super::draw::{EDGE, ROW, document};
use super::super::xml::{Text, px};
use super::text::wrapped;
use super::{Chart, Panel};
use std::fmt::Write;

/// The width of a panel that stands alone, beside one and beside two others.
const WIDTHS: [f64; 3] = [728.0, 480.0, 400.0];
/// Room for titles and notes.
const NARROWEST: f64 = 260.0;
const GAP: f64 = 28.0;
const SIZE: f64 = 11.0;
const TITLE: f64 = 14.0;
/// Bold letters are wider.
const BOLD: f64 = 1.12;

impl Panel {
    fn title(&self) -> &str {
        match self {
            Panel::Lines(lines) => &lines.title,
            Panel::Heat(heat) => &heat.title,
            Panel::Boxes(boxes) => &boxes.title,
        }
    }

    /// It is not readable in less.
    fn least_width(&self) -> f64 {
        match self {
            Panel::Lines(_) => 0.0,
            Panel::Heat(heat) => heat.least_width(),
            Panel::Boxes(boxes) => boxes.least_width(),
        }
    }

    /// It has no use for more.
    fn most_width(&self) -> f64 {
        match self {
            Panel::Heat(heat) => heat.most_width(),
            _ => f64::INFINITY,
        }
    }

    /// Draws it within a width from (0, 0), and returns its height.
    fn draw(&self, body: &mut String, width: f64) -> f64 {
        match self {
            Panel::Lines(lines) => lines.draw(body, width),
            Panel::Heat(heat) => heat.draw(body, width),
            Panel::Boxes(boxes) => boxes.draw(body, width),
        }
    }
}

impl Chart {
    /// The chart as a whole SVG file: the same bytes for the same values.
    pub fn svg(&self) -> String {
        let usual = if self.panels.len() > 1 { 2 } else { 1 };
        let columns = self.columns.unwrap_or(usual).clamp(1, WIDTHS.len());
        let columns = columns.min(self.panels.len()).max(1);
        let least = self.panels.iter().map(Panel::least_width);
        let most = self.panels.iter().map(Panel::most_width).fold(NARROWEST, f64::max);
        let width = least.fold(WIDTHS[columns - 1].min(most), f64::max).ceil();
        let inner = columns as f64 * (width + GAP) - GAP;

        let mut body = String::new();
        let mut y = EDGE;
        for line in wrapped(&self.title, TITLE * BOLD, inner) {
            Text::new(EDGE, y + TITLE).bold().size(14).write(&mut body, &line);
            y += TITLE + 4.0;
        }
        for line in self.notes.iter().flat_map(|note| wrapped(note, SIZE, inner)) {
            Text::new(EDGE, y + 11.0).write(&mut body, &line);
            y += ROW;
        }
        y += 12.0;
        for row in self.panels.chunks(columns) {
            y = draw_row(&mut body, row, (y, width)) + 22.0;
        }
        y -= if self.panels.is_empty() { 12.0 } else { 22.0 };
        document(&self.title, (inner + 2.0 * EDGE, px(y + EDGE)), &body)
    }
}

/// Draws panels side by side below `top`, and returns where they end.
fn draw_row(body: &mut String, row: &[Panel], (top, width): (f64, f64)) -> f64 {
    let titles = row.iter().map(|panel| match panel.title() {
        "" => Vec::new(),
        title => wrapped(title, SIZE * BOLD, width),
    });
    let titles: Vec<Vec<String>> = titles.collect();
    let lines = titles.iter().map(Vec::len).max().unwrap_or_default();
    let panels_top = top + lines as f64 * ROW + 6.0;
    let mut end = panels_top;
    for (i, (panel, title)) in row.iter().zip(&titles).enumerate() {
        let left = EDGE + i as f64 * (width + GAP);
        for (line, text) in title.iter().enumerate() {
            Text::new(left, top + 11.0 + line as f64 * ROW).bold().write(body, text);
        }
        let _ = writeln!(body, "<g transform=\"translate({} {})\">", px(left), px(panels_top));
        end = end.max(panels_top + panel.draw(body, width));
        body.push_str("</g>\n");
    }
    end
}
