//! A chart: its title, its notes, and panels in rows.

use super::kinds::Panel;
use super::panel::Room;
use super::svg::{ROW, Text, document, px};
use super::text::wrapped;
use serde::Deserialize;
use std::fmt::Write;

/// The width of a single panel, and of panels in two and three columns.
const WIDTHS: [f64; 3] = [728.0, 480.0, 400.0];
/// The minimum width for titles and notes.
const NARROWEST: f64 = 260.0;
const EDGE: f64 = 16.0;
const GAP: f64 = 28.0;
const SIZE: f64 = 11.0;
const TITLE: f64 = 14.0;
/// The width factor of bold letters.
const BOLD: f64 = 1.12;

/// Panels in rows and columns.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    pub title: String,
    /// Lines of text below the title.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Lines of text below the panels.
    #[serde(default)]
    pub foot: Vec<String>,
    /// The number of columns, at most 3; the default is 1 for a single panel and 2 for several.
    #[serde(default)]
    pub columns: Option<usize>,
    pub panels: Vec<Panel>,
}

impl Chart {
    /// Checks that related lists have the same length.
    ///
    /// # Errors
    /// Names the panel and the lists that differ.
    pub fn check(&self) -> Result<(), String> {
        for (i, panel) in self.panels.iter().enumerate() {
            panel.as_draw().check().map_err(|what| format!("panel {}: {what}", i + 1))?;
        }
        Ok(())
    }

    /// The chart as a complete SVG file, deterministic for given values.
    pub fn svg(&self) -> String {
        let usual = if self.panels.len() > 1 { 2 } else { 1 };
        let columns = self.columns.unwrap_or(usual).clamp(1, WIDTHS.len());
        let columns = columns.min(self.panels.len()).max(1);
        let panels = || self.panels.iter().map(Panel::as_draw);
        let least = panels().map(|panel| panel.least_width());
        let most = panels().map(|panel| panel.most_width()).fold(NARROWEST, f64::max);
        let width = least.fold(WIDTHS[columns - 1].min(most), f64::max).ceil();
        let inner = columns as f64 * (width + GAP) - GAP;
        let margin = match columns {
            1 => panels().map(|panel| panel.margin()).fold(0.0, f64::max),
            _ => 0.0,
        };

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
            y = draw_row(&mut body, row, y, Room { width, margin }) + 22.0;
        }
        y -= if self.panels.is_empty() { 12.0 } else { 22.0 };
        if !self.foot.is_empty() {
            y += 14.0;
        }
        for line in self.foot.iter().flat_map(|line| wrapped(line, SIZE, inner)) {
            Text::new(EDGE, y + 11.0).write(&mut body, &line);
            y += ROW;
        }
        document(&self.title, (inner + 2.0 * EDGE, px(y + EDGE)), &body)
    }
}

impl Chart {
    /// The chart as text of this many columns, 20 to 1000: its panels below each other. Nothing if a panel has no such
    /// form.
    pub fn text(&self, columns: usize) -> Option<String> {
        let columns = columns.clamp(20, 1000);
        let mut parts = vec![self.title.clone()];
        for panel in &self.panels {
            parts.push(panel.title().to_string());
            parts.push(panel.as_draw().terminal(columns)?);
        }
        parts.extend(self.notes.iter().chain(&self.foot).cloned());
        parts.retain(|part| !part.is_empty());
        Some(parts.join("\n"))
    }
}

/// Draws a row of panels below `top`, and returns its lower end.
fn draw_row(body: &mut String, row: &[Panel], top: f64, room: Room) -> f64 {
    let titles = row.iter().map(|panel| match panel.title() {
        "" => Vec::new(),
        title => wrapped(title, SIZE * BOLD, room.width),
    });
    let titles: Vec<Vec<String>> = titles.collect();
    let lines = titles.iter().map(Vec::len).max().unwrap_or_default();
    let panels_top = top + lines as f64 * ROW + 6.0;
    let mut end = panels_top;
    for (i, (panel, title)) in row.iter().zip(&titles).enumerate() {
        let left = EDGE + i as f64 * (room.width + GAP);
        for (line, text) in title.iter().enumerate() {
            Text::new(left, top + 11.0 + line as f64 * ROW).bold().write(body, text);
        }
        let _ = writeln!(body, "<g transform=\"translate({} {})\">", px(left), px(panels_top));
        end = end.max(panels_top + panel.as_draw().draw(body, room));
        body.push_str("</g>\n");
    }
    end
}
