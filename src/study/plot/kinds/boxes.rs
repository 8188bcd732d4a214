//! Box plots of groups of values.

use crate::plot::axis::Axis;
use crate::plot::names::Names;
use crate::plot::panel::{Draw, Room, drawable};
use crate::plot::plane::{Plane, SIZE, nothing};
use crate::plot::svg::{INK, ROW, Text, circle, line, polygon, rect};
use crate::plot::text::wrapped;
use serde::Deserialize;

const HEIGHT: f64 = 230.0;
const FILL: &str = "#c6dbef";
const WIDEST_BOX: f64 = 46.0;
const NARROWEST: f64 = 14.0;
/// The maximum length of whiskers in interquartile ranges.
const REACH: f64 = 1.5;

/// Box plots (Tukey 1977): quartiles, whiskers to the furthest value within 1.5 interquartile ranges, outliers
/// as circles, and the mean as a diamond.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boxes {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub y_label: String,
    pub groups: Vec<Group>,
    /// Text below the names.
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    pub values: Vec<f64>,
}

/// The statistics of a box plot.
#[derive(Debug, PartialEq)]
struct Summary {
    quartiles: [f64; 3],
    whiskers: [f64; 2],
    outliers: Vec<f64>,
    mean: f64,
}

impl Summary {
    /// `None` without values.
    fn of(values: &[f64]) -> Option<Summary> {
        let mut values: Vec<f64> = values.iter().copied().filter(drawable).collect();
        values.sort_by(f64::total_cmp);
        if values.is_empty() {
            return None;
        }
        let quartiles = [0.25, 0.5, 0.75].map(|share| quantile(&values, share));
        let reach = REACH * (quartiles[2] - quartiles[0]);
        let (least, most) = (quartiles[0] - reach, quartiles[2] + reach);
        let within = || values.iter().copied().filter(|x| (least..=most).contains(x));
        // An interpolated quartile can be outside of all values within reach.
        let whiskers =
            [within().fold(quartiles[0], f64::min), within().fold(quartiles[2], f64::max)];
        let count = values.len() as f64;
        Some(Summary {
            quartiles,
            whiskers,
            outliers: values.iter().copied().filter(|x| !(least..=most).contains(x)).collect(),
            mean: values.iter().map(|x| x / count).sum(),
        })
    }
}

/// The quantile of sorted values by linear interpolation, as `numpy.quantile`.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

impl Draw for Boxes {
    fn least_width(&self) -> f64 {
        60.0 + self.groups.len() as f64 * NARROWEST
    }

    fn draw(&self, body: &mut String, Room { width: room, .. }: Room) -> f64 {
        let values: Vec<f64> = self.values().collect();
        let mut y = match values.is_empty() {
            true => nothing(body, room) + 4.0,
            false => self.draw_groups(body, room, Axis::even(&values)),
        };
        let note = self.note.iter().filter(|note| !note.is_empty());
        for text in note.flat_map(|note| wrapped(note, SIZE, room)) {
            y += ROW;
            Text::new(0.0, y).write(body, &text);
        }
        y
    }
}

impl Boxes {
    fn values(&self) -> impl Iterator<Item = f64> {
        self.groups.iter().flat_map(|group| group.values.iter().copied()).filter(drawable)
    }

    fn draw_groups(&self, body: &mut String, room: f64, axis: Axis) -> f64 {
        let names = |column| Names::new(self.groups.iter().map(|g| g.name.as_str()), column);
        let mut plane =
            Plane::new(Room { width: room, margin: 0.0 }, (6.0, HEIGHT), axis, &self.y_label);
        let count = self.groups.len() as f64;
        let column = plane.width / count;
        // Slanted names may extend beyond the numbers of the axis.
        let beyond = (names(column).overhang(column) - plane.left).max(0.0);
        (plane.left, plane.width) = (plane.left + beyond, plane.width - beyond);
        let column = plane.width / count;
        plane.draw(body, &self.y_label);
        for (i, group) in self.groups.iter().enumerate() {
            let x = plane.left + (i as f64 + 0.5) * column;
            match Summary::of(&group.values) {
                Some(summary) => summary.draw(body, &plane, x, (0.55 * column).min(WIDEST_BOX)),
                None => {
                    let y = plane.bottom() - 6.0;
                    Text::new(x, y).anchor("middle").write(body, "–");
                }
            }
        }
        names(column).draw(body, (plane.left, plane.bottom()), column);
        plane.bottom() + names(column).height()
    }
}

impl Summary {
    fn draw(&self, body: &mut String, plane: &Plane, x: f64, width: f64) {
        let thin = format!("stroke=\"{INK}\" stroke-width=\"1\"");
        let [lower, median, upper] = self.quartiles.map(|value| plane.y(value));
        let (left, right) = (x - width / 2.0, x + width / 2.0);
        for (end, side) in self.whiskers.map(|value| plane.y(value)).into_iter().zip([lower, upper])
        {
            line(body, (x, side), (x, end), &thin);
            line(body, (x - width / 4.0, end), (x + width / 4.0, end), &thin);
        }
        let style = format!("fill=\"{FILL}\" {thin}");
        rect(body, (left, upper), (width, lower - upper), &style, "");
        line(
            body,
            (left, median),
            (right, median),
            &format!("stroke=\"{INK}\" stroke-width=\"2.4\""),
        );
        for value in &self.outliers {
            circle(body, (x, plane.y(*value)), 2.6, &format!("fill=\"none\" {thin}"));
        }
        let (y, r) = (plane.y(self.mean), 4.2);
        let diamond = [(x, y - r), (x + r, y), (x, y + r), (x - r, y)];
        polygon(body, &diamond, &format!("fill=\"#ffffff\" {thin}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_those_of_numpy() {
        // numpy.quantile([1, 2, 4, 8, 20], [.25, .5, .75]) and of [1, 2, 3, 4].
        let summary = Summary::of(&[20.0, 1.0, 4.0, 8.0, 2.0]).unwrap();
        assert_eq!(summary.quartiles, [2.0, 4.0, 8.0]);
        assert_eq!(summary.whiskers, [1.0, 8.0]);
        assert_eq!((summary.outliers, summary.mean), (vec![20.0], 7.0));
        let even = Summary::of(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(even.quartiles, [1.75, 2.5, 3.25]);
        assert_eq!((even.whiskers, even.outliers), ([1.0, 4.0], vec![]));
    }

    #[test]
    fn few_values_have_a_box_too() {
        let one = Summary::of(&[3.0, f64::NAN]).unwrap();
        assert_eq!((one.quartiles, one.whiskers), ([3.0; 3], [3.0; 2]));
        assert_eq!(Summary::of(&[f64::INFINITY]), None);
        let far = Summary::of(&[0.0, 10.0, 10.0, 10.0]).unwrap();
        assert_eq!((far.whiskers, far.outliers), ([7.5, 10.0], vec![0.0]));
    }
}
