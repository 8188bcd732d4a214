//! A critical-difference diagram (Demšar 2006): mean ranks on a line, and bars over those that do not differ.

use crate::plot::panel::{Draw, Look, Room, drawable};
use crate::plot::plane::nothing;
use crate::plot::svg::{INK, SIZE, Text, line};
use crate::plot::text::{fitted, width};
use serde::Deserialize;

/// The distance of names, and of bars.
const STEP: f64 = 15.0;
const BAR: f64 = 7.0;
/// The height of the numbers above the line.
const HEAD: f64 = 46.0;
const LONGEST_NAME: f64 = 170.0;
const NARROWEST: f64 = 90.0;

/// Mean ranks; the first rank is the best one, at the left.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranks {
    #[serde(default)]
    pub title: String,
    pub names: Vec<String>,
    pub ranks: Vec<f64>,
    /// Mean ranks that differ by less are joined by a bar.
    pub critical: f64,
}

impl Draw for Ranks {
    fn check(&self) -> Result<(), String> {
        let (names, ranks) = (self.names.len(), self.ranks.len());
        if names != ranks {
            return Err(format!("{names} names and {ranks} ranks"));
        }
        match self.ranks.iter().find(|rank| !(1.0..=names as f64).contains(*rank)) {
            Some(rank) => Err(format!("a mean rank of {names} names is 1 to {names}, not {rank}")),
            None if self.critical >= 0.0 && drawable(&self.critical) => Ok(()),
            None => {
                Err(format!("the critical difference must be 0 or more, not {}", self.critical))
            }
        }
    }

    fn least_width(&self, _look: &Look) -> f64 {
        NARROWEST + 2.0 * self.side()
    }

    fn draw(&self, body: &mut String, room: Room) -> f64 {
        let order = self.order();
        if order.len() < 2 {
            return nothing(body, room.width);
        }
        let side = self.side();
        let (left, span) = (side, room.width - 2.0 * side);
        let last = self.ranks.len() as f64;
        let at = |rank: f64| left + span * (rank - 1.0) / (last - 1.0);
        let thin = format!("stroke=\"{INK}\" stroke-width=\"0.8\"");
        let thick = format!("stroke=\"{INK}\" stroke-width=\"3\"");
        self.draw_critical(body, left, span / (last - 1.0), &thin);
        line(body, (left, HEAD), (left + span, HEAD), &thin);
        let numbers = (1..=self.ranks.len()).filter(|rank| {
            let every = (last / (span / 18.0)).ceil().max(1.0) as usize;
            (rank - 1) % every == 0
        });
        for rank in numbers {
            let x = at(rank as f64);
            line(body, (x, HEAD - 4.0), (x, HEAD), &thin);
            Text::new(x, HEAD - 7.0).anchor("middle").write(body, &rank.to_string());
        }
        let groups = self.groups(&order);
        for (i, (from, to)) in groups.iter().enumerate() {
            let y = HEAD + 6.0 + i as f64 * BAR;
            line(body, (at(*from) - 2.0, y), (at(*to) + 2.0, y), &thick);
        }
        let top = HEAD + 10.0 + groups.len() as f64 * BAR;
        let half = order.len().div_ceil(2);
        for (place, &i) in order.iter().enumerate() {
            let (first, row) =
                (place < half, if place < half { place } else { order.len() - 1 - place });
            let (x, y) = (at(self.ranks[i]), top + (row as f64 + 0.5) * STEP);
            let end = if first { left - 4.0 } else { left + span + 4.0 };
            line(body, (x, HEAD), (x, y), &thin);
            line(body, (x, y), (end, y), &thin);
            let text =
                format!("{} {:.2}", fitted(&self.names[i], SIZE, LONGEST_NAME), self.ranks[i]);
            let (x, anchor) = if first { (end - 3.0, "end") } else { (end + 3.0, "start") };
            Text::new(x, y + 4.0).anchor(anchor).write(body, &text);
        }
        top + half as f64 * STEP + 4.0
    }
}

impl Ranks {
    /// The indices by rank.
    fn order(&self) -> Vec<usize> {
        let count = self.names.len().min(self.ranks.len());
        let mut order: Vec<usize> = (0..count).filter(|i| drawable(&self.ranks[*i])).collect();
        order.sort_by(|a, b| self.ranks[*a].total_cmp(&self.ranks[*b]));
        order
    }

    /// The longest ranges of ranks that differ by less than the critical difference.
    fn groups(&self, order: &[usize]) -> Vec<(f64, f64)> {
        let ranks: Vec<f64> = order.iter().map(|i| self.ranks[*i]).collect();
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for first in 0..ranks.len() {
            let within = |rank: &&f64| **rank - ranks[first] < self.critical;
            let last = first + ranks[first..].iter().take_while(within).count().max(1) - 1;
            if last > first && groups.last().is_none_or(|group| group.1 < last) {
                groups.push((first, last));
            }
        }
        groups.into_iter().map(|(first, last)| (ranks[first], ranks[last])).collect()
    }

    /// The space of names at each side.
    fn side(&self) -> f64 {
        let longest = self.names.iter().map(|name| width(name, SIZE)).fold(0.0, f64::max);
        longest.min(LONGEST_NAME) + width(" 10.00", SIZE) + 8.0
    }

    /// Draws the critical difference as a length.
    fn draw_critical(&self, body: &mut String, left: f64, unit: f64, style: &str) {
        let text = format!("CD = {:.2}", self.critical);
        Text::new(left, 10.0).write(body, &text);
        // A longer one than the axis joins all names.
        if self.critical > self.ranks.len() as f64 - 1.0 {
            return;
        }
        let end = left + unit * self.critical;
        line(body, (left, 17.0), (end, 17.0), style);
        for x in [left, end] {
            line(body, (x, 14.0), (x, 20.0), style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_not_differ_are_joined() {
        let names = ["a", "b", "c", "d"].map(String::from).to_vec();
        let ranks = vec![3.5, 1.2, 2.0, 3.3];
        let diagram = Ranks { title: String::new(), names, ranks, critical: 1.4 };
        assert_eq!(diagram.check(), Ok(()));
        let groups = diagram.groups(&diagram.order());
        assert_eq!(groups, [(1.2, 2.0), (2.0, 3.3), (3.3, 3.5)]);
        let apart = Ranks { critical: 0.1, ..diagram.clone() };
        assert!(apart.groups(&apart.order()).is_empty());
        assert!(Ranks { ranks: vec![0.5; 4], ..diagram }.check().unwrap_err().contains("1 to 4"));
    }
}
