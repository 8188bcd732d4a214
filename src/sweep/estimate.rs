//! How long a cell may take, by those that took their time before.

use super::cell::CELL;
use crate::run::files::read_json;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

/// What finished cells took.
#[derive(Debug, Default)]
pub struct Estimate(Vec<(Map<String, Value>, f64)>);

impl Estimate {
    /// Of the finished cells below a folder, whatever they were made of.
    pub fn of(out: &Path) -> Estimate {
        let folders = fs::read_dir(out).into_iter().flatten().flatten();
        let took = folders.filter_map(|folder| {
            let record = read_json(&folder.path().join(CELL)).ok()?;
            let finished = record["outcome"] == "finished";
            Some((record["settings"].as_object()?.clone(), record["seconds"].as_f64()?))
                .filter(|_| finished)
        });
        Estimate(took.collect())
    }

    pub fn add(&mut self, settings: &Map<String, Value>, seconds: f64) {
        self.0.push((settings.clone(), seconds));
    }

    /// Seconds for a cell of these settings: the mean of those that share most of them.
    pub fn seconds(&self, settings: &Map<String, Value>) -> Option<f64> {
        let alike = |other: &Map<String, Value>| {
            settings.iter().filter(|(key, value)| other.get(*key) == Some(value)).count()
        };
        let most = self.0.iter().map(|(other, _)| alike(other)).max()?;
        let nearest: Vec<f64> =
            self.0.iter().filter(|(other, _)| alike(other) == most).map(|took| took.1).collect();
        Some(nearest.iter().sum::<f64>() / nearest.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_nearest_cells_tell() {
        let settings = |shots: u64, seed: u64| {
            json!({ "shots": shots, "seed": seed }).as_object().unwrap().clone()
        };
        let mut estimate = Estimate::default();
        assert_eq!(estimate.seconds(&settings(8, 1)), None);
        estimate.add(&settings(8, 1), 4.0);
        estimate.add(&settings(8, 2), 6.0);
        estimate.add(&settings(16, 1), 11.0);
        assert_eq!(estimate.seconds(&settings(8, 3)), Some(5.0));
        assert_eq!(estimate.seconds(&settings(16, 1)), Some(11.0));
        assert_eq!(estimate.seconds(&settings(32, 9)), Some(7.0));
    }
}
