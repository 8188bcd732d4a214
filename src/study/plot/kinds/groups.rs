//! Groups of values: boxes, violins or points, side by side.

use super::summary::{Summary, density};
use crate::plot::axis::Axis;
use crate::plot::names::Columns;
use crate::plot::panel::{Draw, Look, Room, Scale, drawable};
use crate::plot::plane::{Plane, margin, nothing};
use crate::plot::stroke::{path, within};
use crate::plot::svg::{INK, ROW, SIZE, Text, circle, line, polygon, rect};
use crate::plot::text::wrapped;
use serde::Deserialize;
use std::fmt::Write;

const WIDEST: f64 = 46.0;
const NARROWEST: f64 = 14.0;
/// The part of a column that a group fills.
const PART: f64 = 0.55;
/// The golden ratio less 1: its multiples spread evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Groups of values.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub x_label: String,
    #[serde(default)]
    pub y_label: String,
    #[serde(default)]
    pub y_axis: Scale,
    #[serde(default)]
    pub form: Form,
    pub groups: Vec<Group>,
    /// Text below the names.
    #[serde(default)]
    pub note: Option<String>,
}

/// How a group is drawn.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A box plot (Tukey 1977): quartiles, whiskers to the furthest value within 1.5 interquartile ranges, outliers as
    /// circles, and the mean as a diamond.
    #[default]
    Box,
    /// The kernel density to both sides (Hintze and Nelson 1998), with the quartiles; all are equally wide.
    Violin,
    /// The values, beside each other, and their mean as a line.
    Strip,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    pub values: Vec<f64>,
}

impl Draw for Groups {
    fn check(&self) -> Result<(), String> {
        self.y_axis.check("y")
    }

    fn least_width(&self, look: &Look) -> f64 {
        self.margin(look) + self.groups.len() as f64 * NARROWEST
    }

    fn margin(&self, look: &Look) -> f64 {
        margin(&self.axis(look), &self.y_label)
    }

    fn values(&self) -> (Vec<f64>, Vec<f64>) {
        (Vec::new(), self.all().chain(self.density_ends()).collect())
    }

    fn axes(&self, look: &Look) -> (Option<Axis>, Option<Axis>) {
        (None, Some(self.axis(look)))
    }

    fn draw(&self, body: &mut String, room: Room) -> f64 {
        let mut y = match self.all().next() {
            None => nothing(body, room.width) + 4.0,
            Some(_) => self.draw_groups(body, room),
        };
        let note = self.note.iter().filter(|note| !note.is_empty());
        for text in note.flat_map(|note| wrapped(note, SIZE, room.width)) {
            y += ROW;
            Text::new(0.0, y).write(body, &text);
        }
        y
    }
}

impl Groups {
    fn all(&self) -> impl Iterator<Item = f64> {
        self.groups.iter().flat_map(|group| group.values.iter().copied()).filter(drawable)
    }

    fn axis(&self, look: &Look) -> Axis {
        let values: Vec<f64> = self.all().collect();
        let all: Vec<f64> =
            self.all().chain(self.density_ends()).chain(look.y.iter().copied()).collect();
        let axis = if self.log() { Axis::logarithmic(&all) } else { Axis::even(&all) };
        let own = || self.y_axis.applied(axis, &values);
        look.y_axis.clone().unwrap_or_else(own)
    }

    /// Whether the axis is logarithmic, which it is if all values are positive.
    fn log(&self) -> bool {
        self.y_axis.log && self.all().all(|y| y > 0.0)
    }

    /// The density of a group, of logarithms on a logarithmic axis.
    fn density(&self, values: &[f64]) -> Option<Vec<(f64, f64)>> {
        match self.log() {
            true => {
                let logs: Vec<f64> = values.iter().map(|value| value.log10()).collect();
                let places = density(&logs)?.into_iter();
                Some(places.map(|(at, share)| (10f64.powf(at), share)).collect())
            }
            false => density(values),
        }
    }

    /// The ends of the densities that are drawn.
    fn density_ends(&self) -> impl Iterator<Item = f64> {
        let groups = self.groups.iter().filter(|_| self.form == Form::Violin);
        groups.filter_map(|group| self.density(&group.values)).flatten().map(|at| at.0)
    }

    fn draw_groups(&self, body: &mut String, room: Room) -> f64 {
        let named = self.groups.iter().map(|g| g.name.as_str());
        let mut plane = Plane::new(room, (6.0, room.height), self.axis(room.look), &self.y_label);
        let columns = Columns::new(named, &mut plane);
        plane.draw(body, &self.y_label);
        for (i, group) in self.groups.iter().enumerate() {
            let x = columns.middle(&plane, i);
            let width = (PART * columns.width).min(WIDEST);
            let column = Column { plane: &plane, x, width, colour: room.look.palette.colour(0) };
            match Summary::of(&group.values) {
                None => column.draw_nothing(body),
                Some(summary) => match self.form {
                    Form::Box => column.draw_box(body, &summary),
                    Form::Strip => column.draw_strip(body, &summary, &group.values),
                    Form::Violin => match self.density(&group.values) {
                        Some(density) => column.draw_violin(body, &summary, &density),
                        None => column.draw_strip(body, &summary, &group.values),
                    },
                },
            }
        }
        columns.draw(body, &plane, &self.x_label)
    }
}

/// The place of a group.
struct Column<'a> {
    plane: &'a Plane,
    x: f64,
    width: f64,
    colour: &'a str,
}

impl Column<'_> {
    /// The height of a value, within the plot area.
    fn y(&self, value: f64) -> f64 {
        self.plane.y(value).clamp(self.plane.top, self.plane.bottom())
    }

    fn draw_nothing(&self, body: &mut String) {
        let y = self.plane.bottom() - 6.0;
        Text::new(self.x, y).anchor("middle").write(body, "–");
    }

    fn draw_box(&self, body: &mut String, summary: &Summary) {
        let (x, width) = (self.x, self.width);
        let thin = format!("stroke=\"{INK}\" stroke-width=\"1\"");
        let [lower, median, upper] = summary.quartiles.map(|value| self.y(value));
        let (left, right) = (x - width / 2.0, x + width / 2.0);
        for (end, side) in
            summary.whiskers.map(|value| self.y(value)).into_iter().zip([lower, upper])
        {
            if side != end {
                line(body, (x, side), (x, end), &thin);
            }
        }
        for value in summary.whiskers.iter().filter(|value| self.plane.y.contains(**value)) {
            let end = self.y(*value);
            line(body, (x - width / 4.0, end), (x + width / 4.0, end), &thin);
        }
        // Nothing is drawn of a box, whisker or median beyond the limits.
        if lower > upper {
            let style = format!("fill=\"{}\" fill-opacity=\"0.25\" {thin}", self.colour);
            rect(body, (left, upper), (width, lower - upper), &style, "");
        }
        if self.plane.y.contains(summary.quartiles[1]) {
            let thick = format!("stroke=\"{INK}\" stroke-width=\"2.4\"");
            line(body, (left, median), (right, median), &thick);
        }
        for value in summary.outliers.iter().filter(|value| self.plane.y.contains(**value)) {
            circle(body, (x, self.y(*value)), 2.6, &format!("fill=\"none\" {thin}"));
        }
        if self.plane.y.contains(summary.mean) {
            let (y, r) = (self.y(summary.mean), 4.2);
            let diamond = [(x, y - r), (x + r, y), (x, y + r), (x - r, y)];
            polygon(body, &diamond, &format!("fill=\"#ffffff\" {thin}"));
        }
    }

    fn draw_strip(&self, body: &mut String, summary: &Summary, values: &[f64]) {
        let style = format!("fill=\"{}\" fill-opacity=\"0.7\" stroke=\"none\"", self.colour);
        let shown =
            values.iter().copied().filter(|value| drawable(value) && self.plane.y.contains(*value));
        for (i, value) in shown.enumerate() {
            let beside = ((i as f64 * GOLDEN).fract() - 0.5) * self.width * 0.8;
            circle(body, (self.x + beside, self.y(value)), 2.4, &style);
        }
        if self.plane.y.contains(summary.mean) {
            let (y, half) = (self.y(summary.mean), self.width / 2.0);
            let style = format!("stroke=\"{INK}\" stroke-width=\"1.6\"");
            line(body, (self.x - half, y), (self.x + half, y), &style);
        }
    }

    fn draw_violin(&self, body: &mut String, summary: &Summary, density: &[(f64, f64)]) {
        let most = density.iter().map(|at| at.1).fold(f64::MIN_POSITIVE, f64::max);
        let half = |share: f64| self.width / 2.0 * share / most;
        let right = density.iter().map(|(at, share)| (self.x + half(*share), self.plane.y(*at)));
        let left =
            density.iter().rev().map(|(at, share)| (self.x - half(*share), self.plane.y(*at)));
        let shape: Vec<(f64, f64)> = right.chain(left).collect();
        let outline = path(within(&shape, self.plane.area()).into_iter());
        if !outline.is_empty() {
            let _ = writeln!(
                body,
                "<path d=\"{outline}Z\" fill=\"{}\" fill-opacity=\"0.25\" stroke=\"{INK}\" \
                 stroke-width=\"1\"/>",
                self.colour
            );
        }
        let [lower, median, upper] = summary.quartiles.map(|value| self.y(value));
        let thick = format!("stroke=\"{INK}\" stroke-width=\"4\"");
        if lower > upper {
            line(body, (self.x, lower), (self.x, upper), &thick);
        }
        if self.plane.y.contains(summary.quartiles[1]) {
            circle(body, (self.x, median), 2.2, &format!("fill=\"#ffffff\" stroke=\"{INK}\""));
        }
    }
}
