//! Lines with bands, and the legend below.

use crate::plot::axis::Axis;
use crate::plot::panel::{Draw, Room, drawable};
use crate::plot::plane::{LABEL, Plane, foot_label, margin, nothing};
use crate::plot::stroke::{SAMPLE, colour, marker, path, pieces, stroke};
use crate::plot::svg::line;
use crate::plot::terminal::{Canvas, sign};
use serde::Deserialize;
use std::fmt::Write;

const HEIGHT: f64 = 230.0;
/// A line with at most this many points has markers.
const FEW: usize = 15;
/// The distance between lines with markers at the same x value.
const APART: f64 = 6.0;

/// Lines over numbers, with bands.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub x_label: String,
    #[serde(default)]
    pub y_label: String,
    /// Logarithmic axes, used if all values are positive.
    #[serde(default)]
    pub x_log: bool,
    #[serde(default)]
    pub y_log: bool,
    /// The x axis is the steps of a run, from 1 to this one; by default it fits the data.
    #[serde(default)]
    pub steps: Option<u64>,
    /// The height of the plot area in pixels; by default 230.
    #[serde(default)]
    pub height: Option<f64>,
    /// Points only, without lines between them.
    #[serde(default)]
    pub scatter: bool,
    pub series: Vec<Series>,
}

/// A line: values by x, with a gap at missing ones.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    #[serde(default)]
    pub name: String,
    pub x: Vec<f64>,
    pub mean: Vec<Option<f64>>,
    /// The ends of the band, such as a confidence interval.
    #[serde(default)]
    pub low: Option<Vec<Option<f64>>>,
    #[serde(default)]
    pub high: Option<Vec<Option<f64>>>,
}

/// A point and the ends of its band.
#[derive(Clone, Copy)]
struct Point {
    x: f64,
    mean: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

impl Series {
    fn points(&self, log: (bool, bool)) -> Vec<Point> {
        let at = |values: Option<&Vec<Option<f64>>>, i: usize| {
            let value = values.and_then(|values| values.get(i).copied().flatten());
            value.filter(|y| drawable(y) && (!log.1 || *y > 0.0))
        };
        let points = self.x.iter().enumerate().map(|(i, &x)| Point {
            x,
            mean: at(Some(&self.mean), i),
            low: at(self.low.as_ref(), i),
            high: at(self.high.as_ref(), i),
        });
        let mut points: Vec<Point> =
            points.filter(|point| drawable(&point.x) && (!log.0 || point.x > 0.0)).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        points
    }

    fn check(&self) -> Result<(), String> {
        let lists =
            [("mean", Some(&self.mean)), ("low", self.low.as_ref()), ("high", self.high.as_ref())];
        let (name, places) = (&self.name, self.x.len());
        for (list, values) in lists {
            let count = values.map_or(places, Vec::len);
            if count != places {
                return Err(format!("series {name:?} has {places} x and {count} {list}"));
            }
        }
        match self.low.is_some() == self.high.is_some() {
            true => Ok(()),
            false => Err(format!("series {name:?} has one of low and high")),
        }
    }
}

/// Lines with their axes.
struct Placed<'a> {
    lines: Vec<Line<'a>>,
    x: Axis,
    plane: Plane,
}

struct Line<'a> {
    name: &'a str,
    points: Vec<Point>,
    /// The horizontal offset of the line.
    beside: f64,
    scatter: bool,
}

impl Line<'_> {
    fn has_signs(&self) -> bool {
        self.scatter || self.points.len() <= FEW
    }
}

impl Draw for Lines {
    fn check(&self) -> Result<(), String> {
        self.series.iter().try_for_each(Series::check)
    }

    fn margin(&self) -> f64 {
        margin(&self.y_axis(&self.points()), &self.y_label)
    }

    fn draw(&self, body: &mut String, room: Room) -> f64 {
        let points = self.points();
        if !points.iter().flatten().any(|point| point.mean.is_some()) {
            return nothing(body, room.width);
        }
        let places: Vec<f64> = points.iter().flatten().map(|point| point.x).collect();
        let x = self.x_axis(&points);
        let height = self.height.filter(|height| (1.0..=1e4).contains(height)).unwrap_or(HEIGHT);
        let plane = Plane::new(room, (6.0, height), self.y_axis(&points), &self.y_label);
        let named = self.series.iter().map(|series| series.name.as_str());
        let scatter = self.scatter;
        let lines =
            named.zip(points).map(|(name, points)| Line { name, points, beside: 0.0, scatter });
        let mut placed = Placed { lines: lines.collect(), x, plane };
        if !scatter {
            placed.stand_apart(&places);
        }
        placed.draw(body, self)
    }

    fn terminal(&self, columns: usize) -> Option<String> {
        let points = self.points();
        if !points.iter().flatten().any(|point| point.mean.is_some()) {
            return Some("no values".into());
        }
        let (x, y) = (self.x_axis(&points), self.y_axis(&points));
        let numbers = y.ticks.iter().map(|tick| tick.1.chars().count()).max().unwrap_or(0);
        let mut canvas = Canvas::new(columns.saturating_sub(numbers + 2).max(10));
        for (index, line) in points.iter().enumerate() {
            let means: Vec<_> = line.iter().map(|point| (point.x, point.mean)).collect();
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
            1 => series.name.clone(),
            _ => format!("{} {}", sign(index), series.name),
        });
        let names: Vec<String> = names.collect();
        if !names.is_empty() {
            text.push_str(&format!("\n{:numbers$}  {}", "", names.join("   ")));
        }
        Some(text)
    }
}

impl Lines {
    /// Whether the axes are logarithmic.
    fn log(&self) -> (bool, bool) {
        let positive_x = self.series.iter().flat_map(|series| &series.x).all(|x| *x > 0.0);
        let mut y = self.series.iter().flat_map(|series| &series.mean).flatten();
        (self.x_log && self.steps.is_none() && positive_x, self.y_log && y.all(|y| *y > 0.0))
    }

    /// The points of each line.
    fn points(&self) -> Vec<Vec<Point>> {
        let log = self.log();
        self.series.iter().map(|series| series.points(log)).collect()
    }

    fn x_axis(&self, points: &[Vec<Point>]) -> Axis {
        let places: Vec<f64> = points.iter().flatten().map(|point| point.x).collect();
        match (self.steps, self.scatter && !self.log().0) {
            (Some(steps), _) => Axis::of_steps(steps),
            (None, true) => Axis::even(&places),
            (None, false) => Axis::of_places(&places, self.log().0),
        }
    }

    fn y_axis(&self, points: &[Vec<Point>]) -> Axis {
        let values = points.iter().flatten().flat_map(|p| [p.mean, p.low, p.high]).flatten();
        let values: Vec<f64> = values.collect();
        if self.log().1 { Axis::logarithmic(&values) } else { Axis::even(&values) }
    }
}

impl Placed<'_> {
    /// Offsets lines with markers, so that their error bars do not overlap.
    fn stand_apart(&mut self, places: &[f64]) {
        let mut xs: Vec<f64> = places.iter().map(|x| self.x.place(*x) * self.plane.width).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        let gap = xs.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        let lines: Vec<&mut Line> = self.lines.iter_mut().filter(|line| line.has_signs()).collect();
        let count = lines.len() as f64;
        let apart = APART.min(0.4 * gap / count);
        for (i, line) in lines.into_iter().enumerate() {
            line.beside = (i as f64 - (count - 1.0) / 2.0) * apart;
        }
    }

    fn draw(self, body: &mut String, panel: &Lines) -> f64 {
        self.plane.draw(body, &panel.y_label);
        self.plane.draw_foot(body, &self.x);
        for (index, line) in self.lines.iter().enumerate() {
            self.draw_band(body, index, line);
        }
        for (index, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.scatter) {
            let means: Vec<_> = line.points.iter().map(|point| (point.x, point.mean)).collect();
            let place = |(x, y)| (self.x(x) + line.beside, self.plane.y(y));
            let paths = pieces(&means).into_iter().map(|piece| path(piece.into_iter().map(place)));
            stroke(body, index, &paths.collect::<String>());
        }
        for (index, line) in self.lines.iter().enumerate().filter(|(_, line)| line.has_signs()) {
            self.draw_signs(body, index, line);
        }
        let mut y = self.plane.bottom() + 18.0;
        if !panel.x_label.is_empty() {
            foot_label(body, &panel.x_label, (self.plane.left, self.plane.width), y);
            y += LABEL;
        }
        self.draw_legend(body, y + 4.0)
    }

    fn x(&self, x: f64) -> f64 {
        self.plane.left + self.plane.width * self.x.place(x)
    }

    fn draw_band(&self, body: &mut String, index: usize, line: &Line) {
        let ends = |point: &Point| Some((point.low?, point.high?));
        let place = |x, y| (self.x(x) + line.beside, self.plane.y(y));
        for part in line.points.split(|point| ends(point).is_none()).filter(|part| part.len() > 1) {
            let ends: Vec<_> = part.iter().filter_map(|p| Some((p.x, ends(p)?))).collect();
            let there = ends.iter().map(|(x, (low, _))| place(*x, *low));
            let back = ends.iter().rev().map(|(x, (_, high))| place(*x, *high));
            let (path, colour) = (path(there.chain(back)), colour(index));
            let _ = writeln!(
                body,
                "<path d=\"{path}Z\" fill=\"{colour}\" fill-opacity=\"0.14\" stroke=\"none\"/>"
            );
        }
    }

    /// Draws error bars, and markers at the points.
    fn draw_signs(&self, body: &mut String, index: usize, of: &Line) {
        let colour = colour(index);
        let style = format!("stroke=\"{colour}\" stroke-width=\"1.1\"");
        for point in &of.points {
            let x = self.x(point.x) + of.beside;
            if let (Some(low), Some(high)) = (point.low, point.high) {
                let (low, high) = (self.plane.y(low), self.plane.y(high));
                line(body, (x, low), (x, high), &style);
                for y in [low, high] {
                    line(body, (x - 2.5, y), (x + 2.5, y), &style);
                }
            }
            if let Some(mean) = point.mean {
                marker(body, index, (x, self.plane.y(mean)));
            }
        }
    }

    /// Draws names in rows below the plot area; returns the lower end.
    fn draw_legend(&self, body: &mut String, top: f64) -> f64 {
        let named = self.lines.iter().enumerate().filter(|(_, line)| !line.name.is_empty());
        let names = named.map(|(index, line)| {
            let empty = line.points.iter().all(|point| point.mean.is_none());
            (index, format!("{}{}", line.name, if empty { " (no values)" } else { "" }))
        });
        let sample = |body: &mut String, index: usize, (x, y): (f64, f64)| {
            if !self.lines[index].scatter {
                stroke(body, index, &path([(x, y), (x + SAMPLE, y)].into_iter()));
            }
            if self.lines[index].has_signs() {
                marker(body, index, (x + SAMPLE / 2.0, y));
            }
        };
        self.plane.draw_legend(body, top, names, (SAMPLE, sample))
    }
}
