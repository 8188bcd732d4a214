//! Estimates the time of a cell from finished cells.

use crate::records::folder::CELL;
use compt_base::files::json::read_json;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// Sums and counts of the seconds of similar cells.
#[derive(Debug, Default)]
pub struct Estimate(HashMap<String, (f64, u32)>);

impl Estimate {
    /// From all finished cells below a folder.
    pub fn of(out: &Path) -> Estimate {
        let mut estimate = Estimate::default();
        for folder in fs::read_dir(out).into_iter().flatten().flatten() {
            let Ok(record) = read_json(&folder.path().join(CELL)) else { continue };
            let took = record["settings"].as_object().zip(record["seconds"].as_f64());
            if let (Some((settings, seconds)), true) = (took, record["outcome"] == "finished") {
                estimate.add(settings, seconds);
            }
        }
        estimate
    }

    pub fn add(&mut self, settings: &Map<String, Value>, seconds: f64) {
        for key in alike(settings) {
            let (sum, count) = self.0.entry(key).or_default();
            *sum += seconds;
            *count += 1;
        }
    }

    /// Whether a cell that differs only in the seed is finished.
    pub(crate) fn knows(&self, settings: &Map<String, Value>) -> bool {
        self.0.contains_key(&alike(settings)[0])
    }

    /// The estimate in seconds: the mean of the cells that differ only in the seed, else of
    /// those with its method, else of all.
    pub fn seconds(&self, settings: &Map<String, Value>) -> Option<f64> {
        let (sum, count) = alike(settings).iter().find_map(|key| self.0.get(key))?;
        Some(sum / f64::from(*count))
    }
}

/// The keys of similar cells, the most similar first.
fn alike(settings: &Map<String, Value>) -> [String; 3] {
    let mut most = settings.clone();
    most.remove("seed");
    [format!("{}", Value::Object(most)), format!("method {:?}", settings.get("method")), "".into()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_nearest_cells_tell() {
        let settings = |method: &str, shots: u64, seed: u64| {
            let all = json!({ "method": method, "shots": shots, "seed": seed });
            all.as_object().unwrap().clone()
        };
        let mut estimate = Estimate::default();
        assert_eq!(estimate.seconds(&settings("a", 8, 1)), None);
        estimate.add(&settings("a", 8, 1), 4.0);
        estimate.add(&settings("a", 8, 2), 6.0);
        estimate.add(&settings("b", 16, 1), 11.0);
        assert_eq!(estimate.seconds(&settings("a", 8, 3)), Some(5.0));
        assert_eq!(estimate.seconds(&settings("b", 32, 1)), Some(11.0));
        assert_eq!(estimate.seconds(&settings("c", 8, 9)), Some(7.0));
    }
}
