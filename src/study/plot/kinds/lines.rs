//! Lines with bands or error bars, and points.

use super::series::{Form, Point, Series, clipped};
use crate::plot::axis::Axis;
use crate::plot::legend::{Entry, Sample};
use crate::plot::panel::{Draw, Look, Room, Scale};
use crate::plot::plane::{Plane, margin, nothing};
use crate::plot::spots::{Spots, emptiest};
use crate::plot::stroke::{marker, path, pieces, reference, stroke, within};
use crate::plot::svg::{Text, line};
use crate::plot::terminal::{Canvas, rows, sign};
use crate::plot::text::width;
use compt_base::shown::one_line;
use serde::Deserialize;
use std::fmt::Write;

/// Half the width of the end of an error bar.
const CAP: f64 = 2.5;
/// The minimum width of the plot area.
const NARROWEST: f64 = 60.0;
/// How far a logarithmic axis reaches below the smallest mean for the ends of bands.
const BELOW: f64 = 10.0;

/// Lines over numbers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub x_label: String,
    #[serde(default)]
    pub y_label: String,
    #[serde(default)]
    pub x_axis: Scale,
    #[serde(default)]
    pub y_axis: Scale,
    /// The x axis is the steps of a run, from 1 to this one; by default it fits the data.
    #[serde(default)]
    pub steps: Option<u64>,
    /// The height of the plot area in units; by default it follows the width.
    #[serde(default)]
    pub height: Option<f64>,
    /// Points only, without lines between them.
    #[serde(default)]
    pub scatter: bool,
    /// How `low` and `high` of the series are drawn.
    #[serde(default)]
    pub spread: Spread,
    pub series: Vec<Series>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    #[default]
    Band,
    Bars,
}

/// Lines with their axes.
struct Placed<'a> {
    panel: &'a Lines,
    points: Vec<Vec<Point>>,
    x: Axis,
    plane: Plane,
    look: &'a Look,
}

impl Draw for Lines {
    fn check(&self) -> Result<(), String> {
        self.x_axis.check("x")?;
        self.y_axis.check("y")?;
        self.series.iter().try_for_each(|series| series.check(self.series.len()))
    }

    fn margin(&self, look: &Look) -> f64 {
        margin(&self.placed_axes(&self.points(), look).1, &self.y_label)
    }

    fn least_width(&self, look: &Look) -> f64 {
        self.margin(look) + NARROWEST
    }

    fn values(&self) -> (Vec<f64>, Vec<f64>) {
        let points = self.points();
        (points.iter().flatten().map(|point| point.x).collect(), self.heights(&points))
    }

    fn axes(&self, look: &Look) -> (Option<Axis>, Option<Axis>) {
        let (x, y) = self.placed_axes(&self.points(), look);
        (Some(x), Some(y))
    }

    fn entries(&self, _look: &Look) -> Vec<Entry> {
        let named = self.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty());
        let entry = |(at, series): (usize, &Series)| {
            let form = series.form.unwrap_or(self.usual());
            let empty = series.mean.iter().flatten().next().is_none();
            let sample = match form {
                Form::Reference => Sample::Reference,
                _ => Sample::Series {
                    index: self.index(at),
                    line: form != Form::Points,
                    marker: series.has_markers(self.usual()),
                },
            };
            let name = format!("{}{}", series.name, if empty { " (no values)" } else { "" });
            Entry { name, sample }
        };
        named.map(entry).collect()
    }

    fn draw(&self, body: &mut String, room: Room) -> f64 {
        match self.placed(room) {
            Some(placed) => placed.draw(body),
            None => nothing(body, room.width),
        }
    }

    fn corner(&self, room: Room, size: (f64, f64)) -> Option<(f64, f64)> {
        let placed = self.placed(room)?;
        let fits = size.0 + 8.0 < placed.plane.width && size.1 + 8.0 < placed.plane.height;
        fits.then(|| placed.emptiest_corner(size))
    }

    fn terminal(&self, columns: usize) -> Option<String> {
        let points = self.points();
        if !points.iter().flatten().any(|point| point.mean.is_some()) {
            return Some("no values".into());
        }
        let (x, y) = self.placed_axes(&points, &Look::default());
        let numbers = y.ticks.iter().map(|tick| tick.1.chars().count()).max().unwrap_or(0);
        let mut canvas = Canvas::new(columns.saturating_sub(numbers + 2).max(10));
        for (index, line) in points.iter().enumerate() {
            let inside = line.iter().filter(|point| x.contains(point.x));
            let means: Vec<_> = inside
                .map(|point| (point.x, point.mean.filter(|mean| y.contains(*mean))))
                .collect();
            for piece in pieces(&means) {
                let at: Vec<_> = piece.iter().map(|p| (x.place(p.0), y.place(p.1))).collect();
                match (self.series.len(), self.scatter) {
                    (1, true) => at.iter().for_each(|place| canvas.point(*place)),
                    (1, false) => {
                        canvas.point(at[0]);
                        at.windows(2).for_each(|ends| canvas.line(ends[0], ends[1]));
                    }
                    _ => at.iter().for_each(|place| canvas.sign(index, *place)),
                }
            }
        }
        let mut text = canvas.text(&x, &y, (&self.x_label, &self.y_label));
        let named = self.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty());
        let names = named.map(|(index, series)| match self.series.len() {
            1 => one_line(&series.name).into_owned(),
            _ => format!("{} {}", sign(index), one_line(&series.name)),
        });
        for row in rows(names, columns.saturating_sub(numbers + 2).max(10)) {
            text.push_str(&format!("\n{:numbers$}  {row}", ""));
        }
        Some(text)
    }
}

impl Lines {
    /// The lines with their axes; nothing without a value.
    fn placed<'a>(&'a self, room: Room<'a>) -> Option<Placed<'a>> {
        let points = self.points();
        points.iter().flatten().find(|point| point.mean.is_some())?;
        let (x, y) = self.placed_axes(&points, room.look);
        let given = self.height.filter(|height| (1.0..=1e4).contains(height));
        let height = given.unwrap_or(room.height);
        let plane = Plane::new(room, (6.0, height), y, &self.y_label);
        Some(Placed { panel: self, points, x, plane, look: room.look })
    }

    /// The form of series without one.
    fn usual(&self) -> Form {
        if self.scatter { Form::Points } else { Form::Line }
    }

    fn form(&self, at: usize) -> Form {
        self.series[at].form.unwrap_or(self.usual())
    }

    /// The index of the style of a series: lines for comparison have none.
    fn index(&self, at: usize) -> usize {
        let at = self.series[at].like.map_or(at, |like| like - 1);
        let before = self.series[..at].iter();
        before
            .filter(|series| series.form != Some(Form::Reference) && series.like.is_none())
            .count()
    }

    /// Whether the axes are logarithmic.
    fn log(&self) -> (bool, bool) {
        // A regression line may be negative where no point is.
        let own = || self.series.iter().filter(|series| series.like.is_none());
        let positive_x = own().flat_map(|series| &series.x).all(|x| *x > 0.0);
        let mut y = own().flat_map(|series| &series.mean).flatten();
        (
            self.x_axis.log && self.steps.is_none() && positive_x,
            self.y_axis.log && y.all(|y| *y > 0.0),
        )
    }

    /// The points of each line.
    fn points(&self) -> Vec<Vec<Point>> {
        let log = self.log();
        self.series.iter().map(|series| series.points(log)).collect()
    }

    /// The means of points, and the ends of their intervals that an axis includes.
    fn heights(&self, points: &[Vec<Point>]) -> Vec<f64> {
        let points = || points.iter().flatten();
        let means: Vec<f64> = points().filter_map(|point| point.mean).collect();
        let least = match self.log().1 {
            true => means.iter().copied().fold(f64::INFINITY, f64::min) / BELOW,
            false => f64::NEG_INFINITY,
        };
        let ends = points().flat_map(|point| [point.low, point.high]).flatten();
        ends.filter(|end| *end >= least).chain(means).collect()
    }

    fn placed_axes(&self, points: &[Vec<Point>], look: &Look) -> (Axis, Axis) {
        let shown = || points.iter().flatten();
        let places: Vec<f64> = shown().map(|point| point.x).chain(look.x.iter().copied()).collect();
        let log = self.log();
        let x = match (self.steps, self.scatter && !log.0) {
            (Some(steps), _) => Axis::of_steps(steps),
            (None, true) => Axis::even(&places),
            (None, false) => Axis::of_places(&places, log.0),
        };
        let means: Vec<f64> = shown().filter_map(|point| point.mean).collect();
        let all: Vec<f64> =
            self.heights(points).into_iter().chain(look.y.iter().copied()).collect();
        let y = if log.1 { Axis::logarithmic(&all) } else { Axis::even(&all) };
        let (x, y) = (self.x_axis.applied(x, &places), self.y_axis.applied(y, &means));
        (look.x_axis.clone().unwrap_or(x), look.y_axis.clone().unwrap_or(y))
    }
}

impl Placed<'_> {
    fn draw(self, body: &mut String) -> f64 {
        self.plane.draw(body, &self.panel.y_label);
        let end = self.plane.draw_lower(body, &self.x, &self.panel.x_label);
        let all = 0..self.points.len();
        for at in all.clone().filter(|at| self.panel.form(*at) == Form::Reference) {
            for ((x0, y0), (x1, y1)) in self.segments(at) {
                reference(body, self.at(x0, y0), self.at(x1, y1));
            }
        }
        if self.panel.spread == Spread::Band {
            all.clone().for_each(|at| self.draw_band(body, at));
        }
        for at in
            all.clone().filter(|at| !matches!(self.panel.form(*at), Form::Points | Form::Reference))
        {
            let path = self.path(at);
            stroke(body, self.panel.index(at), &path, self.look);
        }
        for at in all {
            if self.panel.spread == Spread::Bars {
                self.draw_bars(body, at);
            }
            self.draw_markers(body, at);
        }
        self.draw_labels(body);
        end
    }

    /// The corner of the plot area where a box of this size covers the fewest parts of lines and bands.
    fn emptiest_corner(&self, (width, height): (f64, f64)) -> (f64, f64) {
        const PARTS: usize = 24;
        let all = 0..self.points.len();
        let along = |((x0, y0), (x1, y1)): ((f64, f64), (f64, f64))| {
            (0..=PARTS).map(move |i| {
                let share = i as f64 / PARTS as f64;
                (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
            })
        };
        let lines = all.clone().flat_map(|at| self.segments(at)).flat_map(along);
        let markers = all.flat_map(|at| self.points[at].iter()).flat_map(|point| {
            let x = self.x.place(point.x);
            let ends = [point.low, point.mean, point.high].into_iter().flatten();
            ends.map(move |y| (x, y)).collect::<Vec<_>>()
        });
        let markers = markers.map(|(x, y)| (x, self.plane.y.place(y).clamp(0.0, 1.0)));
        let drawn: Vec<(f64, f64)> = lines.chain(markers).map(|(x, y)| self.at(x, y)).collect();
        emptiest(&drawn, self.plane.area(), (width, height))
    }

    /// A position of the picture from relative positions.
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.plane.left + self.plane.width * x, self.plane.bottom() - self.plane.height * y)
    }

    /// The straight lines of a series within the axes, by relative positions.
    fn segments(&self, at: usize) -> Vec<((f64, f64), (f64, f64))> {
        let pieces = pieces(&self.means(at));
        let pairs = pieces.iter().flat_map(|piece| piece.windows(2));
        let axes = (&self.x, &self.plane.y);
        pairs.filter_map(|pair| clipped(axes, pair[0], pair[1])).collect()
    }

    fn means(&self, at: usize) -> Vec<(f64, Option<f64>)> {
        self.points[at].iter().map(|point| (point.x, point.mean)).collect()
    }

    /// The path of a series within the axes.
    fn path(&self, at: usize) -> String {
        let axes = (&self.x, &self.plane.y);
        let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
        for piece in pieces(&self.means(at)) {
            if let [only] = piece[..] {
                parts.extend(clipped(axes, only, only).map(|(place, _)| vec![place]));
                continue;
            }
            let mut open = false;
            for pair in piece.windows(2) {
                let Some((from, to)) = clipped(axes, pair[0], pair[1]) else {
                    open = false;
                    continue;
                };
                match parts.last_mut().filter(|_| open) {
                    Some(part) => part.push(to),
                    None => parts.push(vec![from, to]),
                }
                // A line that leaves the plot area comes back elsewhere.
                open = to == (self.x.place(pair[1].0), self.plane.y.place(pair[1].1));
            }
        }
        let paths =
            parts.into_iter().map(|part| path(part.into_iter().map(|(x, y)| self.at(x, y))));
        paths.collect()
    }

    /// Draws the band of a series, cut at the ends of the axes.
    fn draw_band(&self, body: &mut String, at: usize) {
        let (x, y) = (&self.x, &self.plane.y);
        // Far beyond a limit, and for a logarithmic axis, a place is a large number.
        let inside = |value: f64| y.place(value).clamp(-1e4, 1e4);
        let ends = |point: &Point| Some((point.low?, point.high?));
        let points = &self.points[at];
        for part in points.split(|point| ends(point).is_none()).filter(|part| part.len() > 1) {
            let ends: Vec<_> = part.iter().filter_map(|p| Some((x.place(p.x), ends(p)?))).collect();
            let there = ends.iter().map(|(x, (low, _))| self.at(*x, inside(*low)));
            let back = ends.iter().rev().map(|(x, (_, high))| self.at(*x, inside(*high)));
            let shape: Vec<(f64, f64)> = there.chain(back).collect();
            let path = path(within(&shape, self.plane.area()).into_iter());
            if path.is_empty() {
                continue;
            }
            let colour = self.look.palette.colour(self.panel.index(at));
            let _ = writeln!(
                body,
                "<path d=\"{path}Z\" fill=\"{colour}\" fill-opacity=\"0.14\" stroke=\"none\"/>"
            );
        }
    }

    /// The points within the x axis.
    fn shown(&self, at: usize) -> impl Iterator<Item = &Point> {
        self.points[at].iter().filter(|point| self.x.contains(point.x))
    }

    fn draw_bars(&self, body: &mut String, at: usize) {
        let colour = self.look.palette.colour(self.panel.index(at));
        let style = format!("stroke=\"{colour}\" stroke-width=\"1.1\"");
        let axis = &self.plane.y;
        for point in self.shown(at) {
            let (Some(low), Some(high)) = (point.low, point.high) else { continue };
            let ends = [axis.place(low).max(0.0), axis.place(high).min(1.0)];
            if ends[0] > ends[1] {
                continue;
            }
            let [low_at, high_at] = ends.map(|y| self.at(self.x.place(point.x), y));
            line(body, low_at, high_at, &style);
            for ((x, y), value) in [(low_at, low), (high_at, high)] {
                if axis.contains(value) {
                    line(body, (x - CAP, y), (x + CAP, y), &style);
                }
            }
        }
    }

    /// The places of the markers of a series, with the indices of its points.
    fn markers(&self, at: usize) -> Vec<(usize, (f64, f64))> {
        if !self.panel.series[at].has_markers(self.panel.usual()) {
            return Vec::new();
        }
        let inside = |point: &&Point| point.mean.is_some_and(|mean| self.plane.y.contains(mean));
        let place = |point: &Point| {
            let y = self.plane.y.place(point.mean?);
            Some((point.index, self.at(self.x.place(point.x), y)))
        };
        self.shown(at).filter(inside).filter_map(place).collect()
    }

    fn draw_markers(&self, body: &mut String, at: usize) {
        for (_, place) in self.markers(at) {
            marker(body, self.panel.index(at), place, self.look);
        }
    }

    /// Writes the texts beside points, where they overlap no other one if possible.
    fn draw_labels(&self, body: &mut String) {
        let size = self.look.small();
        let mut spots = Spots::within(self.plane.left, self.plane.right());
        for (at, series) in self.panel.series.iter().enumerate() {
            let Some(labels) = &series.labels else { continue };
            for (index, place) in self.markers(at) {
                let Some(label) = labels.get(index).filter(|label| !label.is_empty()) else {
                    continue;
                };
                let (x, y) = spots.beside(place, (width(label, size), size));
                Text::new(x, y).size(size).write(body, label);
            }
        }
    }
}
