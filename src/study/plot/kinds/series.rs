//! A line or a set of points of a panel.

use crate::plot::axis::Axis;
use crate::plot::panel::drawable;
use serde::Deserialize;

/// A line with at most this many points has markers.
const FEW: usize = 15;

/// A line: values by x, with a gap at missing ones.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    #[serde(default)]
    pub name: String,
    pub x: Vec<f64>,
    pub mean: Vec<Option<f64>>,
    /// The ends of the band or the error bars, such as a confidence interval.
    #[serde(default)]
    pub low: Option<Vec<Option<f64>>>,
    #[serde(default)]
    pub high: Option<Vec<Option<f64>>>,
    #[serde(default)]
    pub form: Option<Form>,
    /// The index of the series whose colour it has, from 1; by default its own.
    #[serde(default)]
    pub like: Option<usize>,
    /// A text beside each point.
    #[serde(default)]
    pub labels: Option<Vec<String>>,
}

/// What is drawn of a series.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A line, with markers if it has few points.
    #[default]
    Line,
    /// A line without markers.
    Curve,
    /// Markers without a line.
    Points,
    /// A thin grey line for comparison.
    Reference,
}

/// A point and the ends of its band.
#[derive(Clone, Copy)]
pub struct Point {
    pub x: f64,
    pub mean: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Its index among the points that were given.
    pub index: usize,
}

impl Series {
    /// The points in the order of x; those that a logarithmic axis cannot show have gaps.
    pub fn points(&self, log: (bool, bool)) -> Vec<Point> {
        let at = |values: Option<&Vec<Option<f64>>>, i: usize| {
            values.and_then(|values| values.get(i).copied().flatten()).filter(drawable)
        };
        // The lower end of a band on a logarithmic axis can be infinitely far away.
        let low =
            |low: Option<f64>| low.map(|low| if log.1 { low.max(f64::MIN_POSITIVE) } else { low });
        let shown = |y: Option<f64>| y.filter(|y| !log.1 || *y > 0.0);
        let points = self.x.iter().enumerate().map(|(index, &x)| Point {
            x,
            mean: shown(at(Some(&self.mean), index)),
            low: low(at(self.low.as_ref(), index)),
            high: shown(at(self.high.as_ref(), index)),
            index,
        });
        let mut points: Vec<Point> =
            points.filter(|point| drawable(&point.x) && (!log.0 || point.x > 0.0)).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        points
    }

    /// Whether it has markers, if this is the form of series without one.
    pub fn has_markers(&self, usual: Form) -> bool {
        match self.form.unwrap_or(usual) {
            Form::Line => self.x.len() <= FEW,
            Form::Points => true,
            Form::Curve | Form::Reference => false,
        }
    }

    /// Checks that its lists have the same length.
    pub fn check(&self, count: usize) -> Result<(), String> {
        let lists = [
            ("mean", Some(self.mean.len())),
            ("low", self.low.as_ref().map(Vec::len)),
            ("high", self.high.as_ref().map(Vec::len)),
            ("labels", self.labels.as_ref().map(Vec::len)),
        ];
        let (name, places) = (&self.name, self.x.len());
        for (list, length) in lists {
            let length = length.unwrap_or(places);
            if length != places {
                return Err(format!("series {name:?} has {places} x and {length} {list}"));
            }
        }
        if self.like.is_some_and(|like| like == 0 || like > count) {
            return Err(format!("series {name:?} is like one that is not there"));
        }
        match self.low.is_some() == self.high.is_some() {
            true => Ok(()),
            false => Err(format!("series {name:?} has one of low and high")),
        }
    }
}

/// The part of a straight line within two axes (Liang and Barsky 1984), by relative positions.
pub fn clipped(
    (x, y): (&Axis, &Axis),
    from: (f64, f64),
    to: (f64, f64),
) -> Option<((f64, f64), (f64, f64))> {
    let place = |(at, value): (f64, f64)| (x.place(at), y.place(value));
    let ((x0, y0), (x1, y1)) = (place(from), place(to));
    let (mut start, mut end) = (0.0f64, 1.0f64);
    for (step, room) in [(x0 - x1, x0), (x1 - x0, 1.0 - x0), (y0 - y1, y0), (y1 - y0, 1.0 - y0)] {
        // A point on the edge may be beyond it by rounding.
        let room = if room.abs() < 1e-9 { 0.0 } else { room };
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            start = start.max(room / step);
        } else {
            end = end.min(room / step);
        }
    }
    let at = |share: f64| (x0 + share * (x1 - x0), y0 + share * (y1 - y0));
    (start <= end).then(|| (at(start), at(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_limits() {
        let axes = (&Axis::between(0.0, 10.0, false), &Axis::between(0.0, 1.0, false));
        let inside = clipped(axes, (2.0, 0.5), (4.0, 0.75)).unwrap();
        assert_eq!(inside, ((0.2, 0.5), (0.4, 0.75)));
        let ((x0, y0), (x1, y1)) = clipped(axes, (0.0, 0.0), (10.0, 2.0)).unwrap();
        assert!((x0, y0) == (0.0, 0.0) && (x1 - 0.5).abs() < 1e-12 && (y1 - 1.0).abs() < 1e-12);
        assert!(clipped(axes, (0.0, 2.0), (10.0, 3.0)).is_none());
        assert!(clipped(axes, (11.0, 0.5), (12.0, 0.5)).is_none());
    }
}
