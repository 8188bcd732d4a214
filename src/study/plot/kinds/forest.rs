//! A forest plot: effects with their intervals, one per row.

use crate::plot::axis::Axis;
use crate::plot::panel::{Draw, Look, Room, Scale, drawable};
use crate::plot::plane::{Plane, nothing};
use crate::plot::stroke::reference;
use crate::plot::svg::{INK, SIZE, Text, line, rect};
use crate::plot::text::{fitted, width};
use serde::Deserialize;

const ROW: f64 = 18.0;
const LONGEST_NAME: f64 = 170.0;
/// The minimum width of the plot area.
const NARROWEST: f64 = 90.0;
/// Half the side of the square at an effect.
const HALF: f64 = 3.2;

/// Effects against a baseline, which is the value 0.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forest {
    #[serde(default)]
    pub title: String,
    /// The label of the lower axis; by default `difference from` the baseline.
    #[serde(default)]
    pub x_label: String,
    #[serde(default)]
    pub x_axis: Scale,
    /// The name of the baseline.
    #[serde(default)]
    pub baseline: String,
    pub rows: Vec<Effect>,
    /// The number of decimals of the effects at the right.
    #[serde(default = "one")]
    pub digits: usize,
}

fn one() -> usize {
    1
}

/// An effect and its interval.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    pub name: String,
    #[serde(default)]
    pub effect: Option<f64>,
    #[serde(default)]
    pub low: Option<f64>,
    #[serde(default)]
    pub high: Option<f64>,
    /// A mark behind the numbers.
    #[serde(default)]
    pub mark: String,
}

impl Effect {
    fn effect(&self) -> Option<f64> {
        self.effect.filter(drawable)
    }

    fn ends(&self) -> Option<(f64, f64)> {
        Some((self.low.filter(drawable)?, self.high.filter(drawable)?))
    }

    fn written(&self, digits: usize) -> String {
        let digits = digits.min(9);
        let Some(effect) = self.effect() else { return "no value".into() };
        let ends = self
            .ends()
            .map_or(String::new(), |(low, high)| format!(" [{low:.digits$}, {high:.digits$}]"));
        format!("{effect:+.digits$}{ends}{}", self.mark)
    }
}

impl Draw for Forest {
    fn check(&self) -> Result<(), String> {
        match self.x_axis.log {
            true => Err("effects can be negative, which a logarithmic axis cannot show".into()),
            false => self.x_axis.check("x"),
        }
    }

    fn least_width(&self, look: &Look) -> f64 {
        self.margin(look) + NARROWEST + self.tail()
    }

    fn margin(&self, _look: &Look) -> f64 {
        let longest = self.rows.iter().map(|row| width(&row.name, SIZE)).fold(0.0, f64::max);
        longest.min(LONGEST_NAME) + 8.0
    }

    fn values(&self) -> (Vec<f64>, Vec<f64>) {
        (self.all().collect(), Vec::new())
    }

    fn axes(&self, look: &Look) -> (Option<Axis>, Option<Axis>) {
        (Some(self.axis(look)), None)
    }

    /// The width of the numbers at the right.
    fn tail(&self) -> f64 {
        let wide = |row: &Effect| width(&row.written(self.digits), SIZE);
        self.rows.iter().map(wide).fold(0.0, f64::max) + 14.0
    }

    fn draw(&self, body: &mut String, room: Room) -> f64 {
        if self.rows.iter().all(|row| row.effect().is_none()) {
            return nothing(body, room.width);
        }
        let x = room.look.x_axis.clone().unwrap_or_else(|| self.axis(room.look));
        let left = room.margin.max(self.margin(room.look));
        let size = (room.width - left - room.look.tail, self.rows.len() as f64 * ROW + 6.0);
        let plane = Plane::at((left, 0.0), size, Axis::even(&[])).with_sides(room.sides);
        let end = plane.draw_lower(body, &x, &self.label());
        let style = format!("stroke=\"{INK}\" stroke-width=\"0.8\"");
        line(body, (plane.left, plane.bottom()), (plane.right(), plane.bottom()), &style);
        let at = |value: f64| plane.left + plane.width * x.place(value).clamp(0.0, 1.0);
        if x.contains(0.0) {
            reference(body, (at(0.0), 0.0), (at(0.0), plane.bottom()));
        }
        for (i, row) in self.rows.iter().enumerate() {
            let y = 3.0 + (i as f64 + 0.5) * ROW;
            let name = fitted(&row.name, SIZE, LONGEST_NAME);
            Text::new(plane.left - 6.0, y + 4.0).anchor("end").write(body, &name);
            Text::new(plane.right() + 10.0, y + 4.0).write(body, &row.written(self.digits));
            if let Some((low, high)) = row.ends() {
                line(
                    body,
                    (at(low), y),
                    (at(high), y),
                    &format!("stroke=\"{INK}\" stroke-width=\"1.2\""),
                );
                for value in [low, high].into_iter().filter(|value| x.contains(*value)) {
                    line(body, (at(value), y - 3.0), (at(value), y + 3.0), &style);
                }
            }
            if let Some(effect) = row.effect().filter(|effect| x.contains(*effect)) {
                let style = format!("fill=\"{}\"", room.look.palette.colour(0));
                rect(body, (at(effect) - HALF, y - HALF), (2.0 * HALF, 2.0 * HALF), &style, "");
            }
        }
        end
    }
}

impl Forest {
    /// The effects, the ends of their intervals, and 0.
    fn all(&self) -> impl Iterator<Item = f64> {
        let row = |row: &Effect| {
            [row.effect(), row.ends().map(|ends| ends.0), row.ends().map(|ends| ends.1)]
        };
        self.rows.iter().flat_map(row).flatten().chain([0.0])
    }

    fn axis(&self, look: &Look) -> Axis {
        let all: Vec<f64> = self.all().chain(look.x.iter().copied()).collect();
        self.x_axis.applied(Axis::even(&all), &[])
    }

    /// The label of the lower axis.
    fn label(&self) -> String {
        match self.x_label.is_empty() && !self.baseline.is_empty() {
            true => format!("difference from {}", self.baseline),
            false => self.x_label.clone(),
        }
    }
}
