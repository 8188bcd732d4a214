//! Bars of named places, with intervals.

use crate::plot::axis::Axis;
use crate::plot::legend::{Entry, Sample};
use crate::plot::names::Columns;
use crate::plot::number::short;
use crate::plot::panel::{Draw, Look, Room, Scale, drawable};
use crate::plot::plane::{Plane, margin, nothing};
use crate::plot::svg::{INK, line, rect};
use serde::Deserialize;

/// The part of a place that its bars fill.
const PART: f64 = 0.8;
const WIDEST: f64 = 60.0;
/// The minimum width of a bar.
const NARROWEST: f64 = 4.0;

/// Bars from 0: one for each place and series.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bars {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub x_label: String,
    #[serde(default)]
    pub y_label: String,
    #[serde(default)]
    pub y_axis: Scale,
    /// The names of the places.
    pub names: Vec<String>,
    pub series: Vec<BarSeries>,
}

/// The bars of one colour: a value for each place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarSeries {
    #[serde(default)]
    pub name: String,
    pub mean: Vec<Option<f64>>,
    /// The ends of the interval.
    #[serde(default)]
    pub low: Option<Vec<Option<f64>>>,
    #[serde(default)]
    pub high: Option<Vec<Option<f64>>>,
}

impl BarSeries {
    fn mean(&self, at: usize) -> Option<f64> {
        self.mean.get(at).copied().flatten().filter(drawable)
    }

    fn ends(&self, at: usize) -> Option<(f64, f64)> {
        let end = |list: &Option<Vec<Option<f64>>>| {
            list.as_ref()?.get(at).copied().flatten().filter(drawable)
        };
        Some((end(&self.low)?, end(&self.high)?))
    }
}

impl Draw for Bars {
    fn check(&self) -> Result<(), String> {
        if self.y_axis.log {
            return Err("bars start at 0, which a logarithmic axis does not have".into());
        }
        self.y_axis.check("y")?;
        let places = self.names.len();
        for BarSeries { name, mean, low, high } in &self.series {
            let lists = [("mean", Some(mean)), ("low", low.as_ref()), ("high", high.as_ref())];
            for (list, values) in lists {
                let count = values.map_or(places, Vec::len);
                if count != places {
                    return Err(format!("series {name:?} has {count} {list} for {places} names"));
                }
            }
        }
        Ok(())
    }

    fn check_look(&self, look: &Look) -> Result<(), String> {
        let (series, colours) = (self.series.len(), look.palette.count());
        match series <= colours {
            true => Ok(()),
            false => Err(format!(
                "{series} series of bars need as many colours, and the palette has {colours}"
            )),
        }
    }

    fn least_width(&self, look: &Look) -> f64 {
        let bars = (self.names.len() * self.series.len()) as f64;
        self.margin(look) + bars * NARROWEST / PART
    }

    fn margin(&self, look: &Look) -> f64 {
        margin(&self.axis(look), &self.y_label)
    }

    fn values(&self) -> (Vec<f64>, Vec<f64>) {
        (Vec::new(), self.all())
    }

    fn axes(&self, look: &Look) -> (Option<Axis>, Option<Axis>) {
        (None, Some(self.axis(look)))
    }

    fn entries(&self, look: &Look) -> Vec<Entry> {
        let named = self.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty());
        let entry = |(index, series): (usize, &BarSeries)| Entry {
            name: series.name.clone(),
            sample: Sample::Patch(look.palette.colour(index).to_string()),
        };
        named.map(entry).collect()
    }

    fn draw(&self, body: &mut String, room: Room) -> f64 {
        if !self.places().any(|(series, at)| series.mean(at).is_some()) {
            return nothing(body, room.width);
        }
        let named = self.names.iter().map(String::as_str);
        let mut plane = Plane::new(room, (6.0, room.height), self.axis(room.look), &self.y_label);
        let columns = Columns::new(named, &mut plane);
        plane.draw(body, &self.y_label);
        let bars = self.series.len() as f64;
        let wide = (PART * columns.width / bars).min(WIDEST);
        for (index, series) in self.series.iter().enumerate() {
            for (at, name) in self.names.iter().enumerate() {
                let middle = columns.middle(&plane, at);
                let left = middle + (index as f64 - bars / 2.0) * wide;
                let tip = if series.name.is_empty() {
                    name.clone()
                } else {
                    format!("{name}, {}", series.name)
                };
                let colour = room.look.palette.colour(index);
                Bar { plane: &plane, left, wide, colour }.draw(body, series, at, &tip);
            }
        }
        let zero = plane.y(0.0);
        if zero > plane.top && zero < plane.bottom() {
            let style = format!("stroke=\"{INK}\" stroke-width=\"0.8\"");
            line(body, (plane.left, zero), (plane.right(), zero), &style);
        }
        columns.draw(body, &plane, &self.x_label)
    }
}

impl Bars {
    fn places(&self) -> impl Iterator<Item = (&BarSeries, usize)> {
        let places = move |series| (0..self.names.len()).map(move |at| (series, at));
        self.series.iter().flat_map(places)
    }

    /// The values, the ends of their intervals, and 0.
    fn all(&self) -> Vec<f64> {
        let means = self.places().filter_map(|(series, at)| series.mean(at));
        let ends = self.places().filter_map(|(series, at)| series.ends(at));
        means.chain(ends.flat_map(|(low, high)| [low, high])).chain([0.0]).collect()
    }

    fn axis(&self, look: &Look) -> Axis {
        let means: Vec<f64> = self.places().filter_map(|(series, at)| series.mean(at)).collect();
        let all: Vec<f64> = self.all().into_iter().chain(look.y.iter().copied()).collect();
        let own = || self.y_axis.applied(Axis::even(&all), &means);
        look.y_axis.clone().unwrap_or_else(own)
    }
}

/// The place of a bar.
struct Bar<'a> {
    plane: &'a Plane,
    left: f64,
    wide: f64,
    colour: &'a str,
}

impl Bar<'_> {
    fn y(&self, value: f64) -> f64 {
        self.plane.y(value).clamp(self.plane.top, self.plane.bottom())
    }

    fn draw(&self, body: &mut String, series: &BarSeries, at: usize, tip: &str) {
        let Some(mean) = series.mean(at) else { return };
        let (zero, end) = (self.y(0.0), self.y(mean));
        let style = format!("fill=\"{}\" stroke=\"{INK}\" stroke-width=\"0.5\"", self.colour);
        let size = (self.wide, (zero - end).abs());
        rect(body, (self.left, zero.min(end)), size, &style, &format!("{tip}: {}", short(mean)));
        if let Some((low, high)) = series.ends(at) {
            let (x, half) = (self.left + self.wide / 2.0, (self.wide / 5.0).min(3.0));
            let style = format!("stroke=\"{INK}\" stroke-width=\"1.1\"");
            line(body, (x, self.y(low)), (x, self.y(high)), &style);
            for value in [low, high].into_iter().filter(|value| self.plane.y.contains(*value)) {
                let y = self.y(value);
                line(body, (x - half, y), (x + half, y), &style);
            }
        }
    }
}
