//! A histogram: bars between the edges of bins.

use crate::plot::axis::Axis;
use crate::plot::number::short;
use crate::plot::panel::{Draw, Look, Room, drawable};
use crate::plot::plane::{Plane, margin, nothing};
use crate::plot::svg::{INK, rect};
use crate::plot::terminal::bar;
use serde::Deserialize;

/// The number of values in each bin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Histogram {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub x_label: String,
    #[serde(default)]
    pub y_label: String,
    /// The ends of the bins in rising order, one more than counts.
    pub edges: Vec<f64>,
    pub counts: Vec<f64>,
}

impl Histogram {
    fn y_axis(&self, look: &Look) -> Axis {
        let counts: Vec<f64> = self.bins().map(|bin| bin.1).chain(look.y.iter().copied()).collect();
        look.y_axis.clone().unwrap_or_else(|| Axis::even(&counts))
    }

    fn x_axis(&self, look: &Look) -> Axis {
        Axis::of_places(&self.ends().chain(look.x.iter().copied()).collect::<Vec<f64>>(), false)
    }

    /// The ends of the bins.
    fn ends(&self) -> impl Iterator<Item = f64> {
        self.bins().flat_map(|((low, high), _)| [low, high])
    }

    /// The ends and the counts of the bins that can be drawn.
    fn bins(&self) -> impl Iterator<Item = ((f64, f64), f64)> {
        let ends = self.edges.windows(2).map(|ends| (ends[0], ends[1]));
        ends.zip(self.counts.iter().copied()).filter(|((low, high), count)| {
            low < high && [low, high, count].into_iter().all(drawable) && *count >= 0.0
        })
    }
}

impl Draw for Histogram {
    fn check(&self) -> Result<(), String> {
        let (edges, counts) = (self.edges.len(), self.counts.len());
        match edges == counts + 1 || edges + counts == 0 {
            true if self.edges.windows(2).all(|ends| ends[0] < ends[1]) => Ok(()),
            true => Err("the edges do not rise".into()),
            false => Err(format!("{counts} counts need {} edges, not {edges}", counts + 1)),
        }
    }

    fn margin(&self, look: &Look) -> f64 {
        margin(&self.y_axis(look), &self.y_label)
    }

    fn values(&self) -> (Vec<f64>, Vec<f64>) {
        (self.ends().collect(), self.bins().map(|bin| bin.1).collect())
    }

    fn axes(&self, look: &Look) -> (Option<Axis>, Option<Axis>) {
        (Some(self.x_axis(look)), Some(self.y_axis(look)))
    }

    fn draw(&self, body: &mut String, room: Room) -> f64 {
        if self.bins().next().is_none() {
            return nothing(body, room.width);
        }
        let x = room.look.x_axis.clone().unwrap_or_else(|| self.x_axis(room.look));
        let plane = Plane::new(room, (6.0, room.height), self.y_axis(room.look), &self.y_label);
        plane.draw(body, &self.y_label);
        let end = plane.draw_lower(body, &x, &self.x_label);
        let style = format!(
            "fill=\"{}\" fill-opacity=\"0.5\" stroke=\"{INK}\" stroke-width=\"0.6\"",
            room.look.palette.colour(0)
        );
        for ((low, high), count) in self.bins().filter(|(_, count)| *count > 0.0) {
            let at = |value: f64| plane.left + plane.width * x.place(value);
            let top = plane.y(count);
            let tip = format!("{} to {}: {}", short(low), short(high), short(count));
            rect(body, (at(low), top), (at(high) - at(low), plane.bottom() - top), &style, &tip);
        }
        end
    }

    /// One row per bin.
    fn terminal(&self, columns: usize) -> Option<String> {
        if self.bins().next().is_none() {
            return Some("no values".into());
        }
        let most = self.bins().map(|bin| bin.1).fold(f64::MIN_POSITIVE, f64::max);
        let names: Vec<String> = self
            .bins()
            .map(|((low, high), _)| format!("{} to {}", short(low), short(high)))
            .collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let room = columns.saturating_sub(width + 10).max(10);
        let rows = self.bins().zip(&names).map(|((_, count), name)| {
            format!("{name:>width$} │{} {}", bar(count / most, room), short(count))
        });
        Some(rows.collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(edges: &[f64], counts: &[f64]) -> Histogram {
        let text = String::new;
        let (edges, counts) = (edges.to_vec(), counts.to_vec());
        Histogram { title: text(), x_label: text(), y_label: text(), edges, counts }
    }

    #[test]
    fn every_bin_is_a_bar() {
        let bars = bars(&[0.0, 1.0, 2.0], &[1.0, 4.0]);
        assert_eq!(bars.check(), Ok(()));
        let text = bars.terminal(40).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("0 to 1 │█") && lines[0].ends_with(" 1"), "{text}");
        assert_eq!(lines[1].matches('█').count(), 4 * lines[0].matches('█').count());
        let mut body = String::new();
        let look = Look::default();
        bars.draw(
            &mut body,
            Room { width: 400.0, margin: 0.0, height: 230.0, sides: (true, true), look: &look },
        );
        assert_eq!(body.matches("fill-opacity").count(), 2);
    }

    #[test]
    fn edges_and_counts_belong_together() {
        assert!(bars(&[0.0, 1.0], &[1.0, 2.0]).check().unwrap_err().contains("3 edges"));
        assert!(bars(&[1.0, 0.0], &[1.0]).check().unwrap_err().contains("do not rise"));
        assert_eq!(bars(&[], &[]).check(), Ok(()));
    }
}
