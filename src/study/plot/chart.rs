//! A chart: its title, its notes, and panels in rows.

use super::axis::Axis;
use super::kinds::Panel;
use super::layout::{Layout, Legend};
use super::legend::{self, Entry};
use super::panel::{Draw, Look, Room};
use super::svg::{ROW, SIZE, Text, document, px};
use super::text::wrapped;
use compt_base::shown::one_line;
use serde::Deserialize;
use std::fmt::Write;

/// The width of a single panel, and of panels in two and three columns.
const WIDTHS: [f64; 3] = [728.0, 480.0, 400.0];
/// The minimum width for titles and notes.
const NARROWEST: f64 = 260.0;
/// The margin around a chart for the screen, and around one for print.
const EDGES: (f64, f64) = (16.0, 3.0);
/// The space between panels, and between those with one value axis.
const GAPS: (f64, f64) = (28.0, 14.0);
/// The space between rows of panels.
const BETWEEN: f64 = 22.0;
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
    /// The largest number of columns, at most 3; fewer are used if the panels do not fit a given width. The default is 1 for a
    /// single panel and 2 for several.
    #[serde(default)]
    pub columns: Option<usize>,
    #[serde(default)]
    pub layout: Layout,
    pub panels: Vec<Panel>,
}

/// The columns of a chart and their widths.
struct Grid {
    columns: usize,
    /// The width of the first column and of the others.
    widths: (f64, f64),
    gap: f64,
    /// The width of all of them.
    inner: f64,
    /// The left margin of the plot areas of the first column.
    margin: f64,
    edge: f64,
}

impl Chart {
    /// Checks that related lists have the same length, and that the panels have enough space.
    ///
    /// # Errors
    /// Names the panel and the lists that differ; or the width that would be enough.
    pub fn check(&self) -> Result<(), String> {
        self.layout.check()?;
        for (i, panel) in self.panels.iter().enumerate() {
            let look = Look { palette: self.layout.palette.clone(), ..Look::default() };
            let checked = panel.as_draw().check().and_then(|()| panel.as_draw().check_look(&look));
            checked.map_err(|what| format!("panel {}: {what}", i + 1))?;
        }
        self.check_shared()?;
        self.grid(&self.look()).map(drop)
    }

    fn look(&self) -> Look {
        let layout = &self.layout;
        let (x, y) = layout.shared();
        let panels = || self.panels.iter().map(Panel::as_draw);
        let all = || panels().map(|panel| panel.values());
        let mut look = Look {
            palette: layout.palette.clone(),
            smallest: 6.0 / layout.unit(),
            height: layout.height.map(|mm| layout.units(mm)),
            x: if x { all().flat_map(|values| values.0).collect() } else { Vec::new() },
            y: if y { all().flat_map(|values| values.1).collect() } else { Vec::new() },
            x_axis: None,
            y_axis: None,
            tail: panels().map(|panel| panel.tail()).fold(0.0, f64::max),
        };
        let axes: Vec<_> = panels().map(|panel| panel.axes(&look)).collect();
        if x {
            look.x_axis = Axis::widest(axes.iter().filter_map(|axes| axes.0.clone()));
        }
        if y {
            look.y_axis = Axis::widest(axes.into_iter().filter_map(|axes| axes.1));
        }
        look
    }

    /// Checks that axes in common are of one kind: all logarithmic, or none.
    fn check_shared(&self) -> Result<(), String> {
        let look = Look::default();
        let (x, y) = self.layout.shared();
        let axes: Vec<_> = self.panels.iter().map(|panel| panel.as_draw().axes(&look)).collect();
        let mixed = |logs: Vec<bool>| logs.windows(2).any(|pair| pair[0] != pair[1]);
        let logs =
            |axes: Vec<Option<Axis>>| axes.into_iter().flatten().map(|axis| axis.log).collect();
        let (xs, ys): (Vec<Option<Axis>>, Vec<Option<Axis>>) = axes.into_iter().unzip();
        for (name, shared, logs) in [("x", x, logs(xs)), ("y", y, logs(ys))] {
            if shared && mixed(logs) {
                return Err(format!(
                    "panels that share the {name} axis must all be logarithmic or all linear; set `{name}_scale`"
                ));
            }
        }
        Ok(())
    }

    /// The names that all panels have, if there are several panels.
    fn common(&self, look: &Look) -> Option<Vec<Entry>> {
        let mut all = self.panels.iter().map(|panel| panel.as_draw().entries(look));
        let first = all.next().filter(|first| self.panels.len() > 1 && !first.is_empty())?;
        // Lines with few points have markers, others none.
        let same = |entries: &Vec<Entry>| {
            entries.len() == first.len()
                && entries.iter().zip(&first).all(|(a, b)| a.key() == b.key())
        };
        let common = all.all(|entries| same(&entries));
        common.then_some(first)
    }

    fn grid(&self, look: &Look) -> Result<Grid, String> {
        let usual = if self.panels.len() > 1 { 2 } else { 1 };
        let asked = self.columns.unwrap_or(usual).clamp(1, WIDTHS.len());
        let most = asked.min(self.panels.len()).max(1);
        let Some(mm) = self.layout.width else {
            return Ok(self.grid_of(look, most, None));
        };
        let grids = (1..=most).rev().map(|columns| self.grid_of(look, columns, Some(mm)));
        let mut narrowest = None;
        for grid in grids {
            match self.lacking(look, &grid) {
                lacking if lacking <= 0.0 => return Ok(grid),
                lacking => narrowest = Some(lacking * grid.columns as f64),
            }
        }
        let more = narrowest.unwrap_or_default() * self.layout.unit() * 25.4 / 72.0;
        Err(format!(
            "the panels need a width of {:.0} mm at this font size, not {mm}; use a larger `width`, a smaller \
             `font_size`, shorter names, or fewer `digits` of a heat map (`numbers = false`)",
            (mm + more).ceil()
        ))
    }

    fn grid_of(&self, look: &Look, columns: usize, mm: Option<f64>) -> Grid {
        let panels = || self.panels.iter().map(Panel::as_draw);
        let printed = self.layout.is_printed();
        let edge = if printed { EDGES.1 } else { EDGES.0 };
        let one_axis = self.layout.shared().1 && columns > 1;
        let gap = if one_axis { GAPS.1 } else { GAPS.0 };
        let margin = match columns == 1 || one_axis {
            true => panels().map(|panel| panel.margin(look)).fold(0.0, f64::max),
            false => 0.0,
        };
        let legends = panels().map(|panel| panel.entries(look));
        let legends: Vec<Vec<Entry>> = legends.collect();
        let wide =
            |entries: &Vec<Entry>| legend::beside(entries, self.layout.legend, WIDTHS[columns - 1]);
        let beside = legends.iter().map(wide).fold(0.0, f64::max);
        let count = columns as f64;
        let inner = match mm {
            Some(mm) => self.layout.units(mm) - 2.0 * edge,
            None => {
                let least = panels().map(|panel| panel.least_width(look)).fold(0.0, f64::max);
                let most = panels().map(|panel| panel.most_width()).fold(NARROWEST, f64::max);
                let width = WIDTHS[columns - 1].min(most + beside).max(least + beside).ceil();
                count * (width + gap) - gap
            }
        };
        let extra = if one_axis { margin } else { 0.0 };
        let other = (inner - extra - (count - 1.0) * gap) / count;
        Grid { columns, widths: (other + extra, other), gap, inner, margin, edge }
    }

    /// The width that the narrowest panel lacks.
    fn lacking(&self, look: &Look, grid: &Grid) -> f64 {
        let panels = self.panels.iter().map(Panel::as_draw);
        let lacks = |panel: &dyn Draw| {
            let legend = legend::beside(&panel.entries(look), self.layout.legend, grid.widths.1);
            panel.least_width(look).max(60.0) + legend - grid.widths.1
        };
        panels.map(lacks).fold(0.0, f64::max)
    }

    /// The chart as a complete SVG file, deterministic for given values.
    ///
    /// # Errors
    /// Those of [`Chart::check`].
    pub fn svg(&self) -> Result<String, String> {
        self.check()?;
        let look = self.look();
        let grid = self.grid(&look)?;
        let common = self.common(&look);
        let legend = match (&common, self.layout.legend) {
            (Some(_), Legend::Inside) => Legend::Inside,
            (Some(_), _) => Legend::None,
            (None, own) => own,
        };
        let shares_names = common.is_some();
        let sheet = Sheet { chart: self, look, grid, legend, shares_names };
        let mut body = String::new();
        let mut y = sheet.draw_head(&mut body);
        let common = common.unwrap_or_default();
        if self.layout.legend == Legend::Top && !common.is_empty() {
            y = sheet.draw_legend(&mut body, &common, y) + 6.0;
        }
        for index in 0..self.panels.len().div_ceil(sheet.grid.columns) {
            y = sheet.draw_row(&mut body, index, y) + BETWEEN;
        }
        y -= if self.panels.is_empty() { 0.0 } else { BETWEEN };
        if matches!(self.layout.legend, Legend::Below | Legend::Right) && !common.is_empty() {
            y = sheet.draw_legend(&mut body, &common, y + 8.0);
        }
        y = sheet.draw_foot(&mut body, y);
        let (width, edge) = (sheet.grid.inner, sheet.grid.edge);
        Ok(document(&self.title, &self.layout, (px(width + 2.0 * edge), px(y + edge)), &body))
    }

    /// The chart as text of this many columns, 20 to 1000: its panels below each other. Nothing if a panel has no such
    /// form.
    pub fn text(&self, columns: usize) -> Option<String> {
        let columns = columns.clamp(20, 1000);
        let mut parts = vec![one_line(&self.title).into_owned()];
        for panel in &self.panels {
            parts.push(one_line(panel.title()).into_owned());
            parts.push(panel.as_draw().terminal(columns)?);
        }
        parts.extend(self.notes.iter().chain(&self.foot).cloned());
        parts.retain(|part| !part.is_empty());
        Some(parts.join("\n"))
    }
}

/// A chart that is laid out.
struct Sheet<'a> {
    chart: &'a Chart,
    look: Look,
    grid: Grid,
    /// Where the names of each panel are.
    legend: Legend,
    /// Whether all panels have the same names.
    shares_names: bool,
}

impl Sheet<'_> {
    /// Draws the title and the notes, and returns their lower end.
    fn draw_head(&self, body: &mut String) -> f64 {
        let (left, width) = (self.grid.edge, self.grid.inner);
        let mut y = self.grid.edge;
        if !self.chart.title.trim().is_empty() {
            for line in wrapped(&self.chart.title, TITLE * BOLD, width) {
                Text::new(left, y + TITLE).bold().size(TITLE).write(body, &line);
                y += TITLE + 4.0;
            }
        }
        for line in self.chart.notes.iter().flat_map(|note| wrapped(note, SIZE, width)) {
            Text::new(left, y + 11.0).write(body, &line);
            y += ROW;
        }
        if y > self.grid.edge { y + 12.0 } else { y }
    }

    /// Draws the lines below the panels, and returns their lower end.
    fn draw_foot(&self, body: &mut String, end: f64) -> f64 {
        let lines = self.chart.foot.iter().flat_map(|line| wrapped(line, SIZE, self.grid.inner));
        let mut y = if self.chart.foot.is_empty() { end } else { end + 14.0 };
        for line in lines {
            Text::new(self.grid.edge, y + 11.0).write(body, &line);
            y += ROW;
        }
        y
    }

    /// Draws names that all panels have, and returns their lower end.
    fn draw_legend(&self, body: &mut String, entries: &[Entry], top: f64) -> f64 {
        legend::rows(body, entries, (self.grid.edge, top), self.grid.inner, &self.look)
    }

    /// Draws a row of panels below `top`, and returns its lower end.
    fn draw_row(&self, body: &mut String, index: usize, top: f64) -> f64 {
        let Grid { columns, widths, gap, margin, edge, .. } = self.grid;
        let (one_x, one_y) = self.chart.layout.shared();
        let first = index * columns;
        let row = self.chart.panels[first..].iter().take(columns);
        let wide = |i: usize| if i == 0 { widths.0 } else { widths.1 };
        let titles = row.clone().enumerate().map(|(i, panel)| match panel.title() {
            "" => Vec::new(),
            title => wrapped(title, SIZE * BOLD, wide(i)),
        });
        let titles: Vec<Vec<String>> = titles.collect();
        let lines = titles.iter().map(Vec::len).max().unwrap_or_default();
        let panels_top = top + lines as f64 * ROW + if lines > 0 { 6.0 } else { 0.0 };
        let mut end = panels_top;
        let mut left = edge;
        for (i, (panel, title)) in row.zip(&titles).enumerate() {
            let indent = if one_y && i == 0 { margin } else { 0.0 };
            for (line, text) in title.iter().enumerate() {
                let y = top + 11.0 + line as f64 * ROW;
                Text::new(left + indent, y).bold().write(body, text);
            }
            let is_lowest = first + i + columns >= self.chart.panels.len();
            let room = Room {
                width: wide(i),
                // The same in all columns, of which the first may be wider by its numbers.
                height: self.look.height(widths.1),
                margin: if i == 0 { margin } else { 0.0 },
                sides: (i == 0 || !one_y, is_lowest || !one_x),
                look: &self.look,
            };
            // Names that all panels have are in the first one.
            let named = self.legend != Legend::Inside || !self.shares_names || first + i == 0;
            let legend = if named { self.legend } else { Legend::None };
            let _ = writeln!(body, "<g transform=\"translate({} {})\">", px(left), px(panels_top));
            end = end.max(panels_top + draw_panel(body, panel.as_draw(), room, legend));
            body.push_str("</g>\n");
            left += wide(i) + gap;
        }
        end
    }
}

/// Draws a panel with its legend and returns its height.
fn draw_panel(body: &mut String, panel: &dyn Draw, room: Room, legend: Legend) -> f64 {
    let entries = panel.entries(room.look);
    let left = room.margin.max(panel.margin(room.look));
    match legend {
        _ if entries.is_empty() => panel.draw(body, room),
        Legend::None => panel.draw(body, room),
        Legend::Below => {
            let end = panel.draw(body, room);
            let left = legend::left_of(&entries, left, room.width);
            legend::rows(body, &entries, (left, end + 4.0), room.width - left, room.look)
        }
        Legend::Top => {
            let top = legend::rows(body, &entries, (left, 0.0), room.width - left, room.look) + 6.0;
            let _ = writeln!(body, "<g transform=\"translate(0 {})\">", px(top));
            let end = top + panel.draw(body, room);
            body.push_str("</g>\n");
            end
        }
        Legend::Inside => {
            let end = panel.draw(body, room);
            match panel.corner(room, legend::size(&entries)) {
                Some(at) => {
                    legend::boxed(body, &entries, at, room.look);
                    end
                }
                None => {
                    legend::rows(body, &entries, (left, end + 4.0), room.width - left, room.look)
                }
            }
        }
        Legend::Right => {
            let beside = legend::beside(&entries, legend, room.width);
            let width = room.width - beside;
            let end = panel.draw(body, Room { width, ..room });
            let at = (width + 12.0, 4.0);
            end.max(legend::column(body, &entries, at, beside - 12.0, room.look))
        }
    }
}
