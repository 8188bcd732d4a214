//! The curves of a run: every number that it recorded over its steps.

use crate::records::catalog::Entry;
use compt_base::notice;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Numbers of a step that are no curve.
const LEFT_OUT: [&str; 4] = ["step", "attempt", "epoch", "tasks"];
/// The fewest and the most points of a curve, and how many all runs share for one value.
const FEWEST: usize = 60;
const MOST: usize = 400;
const SHARED: usize = 40_000;

/// The number of points of a curve on a page of this many runs.
pub fn points(runs: usize) -> usize {
    (SHARED / runs.max(1)).clamp(FEWEST, MOST)
}

/// `[{ size, x, y }]` of the steps and of the evaluations on validation rows: `y` by name, in which a missing value is
/// null. A point is the mean of `size` lines of the record.
pub fn curves(entry: &Entry, points: usize) -> Vec<Value> {
    let lines = |read: crate::Result<Vec<Value>>| {
        read.unwrap_or_else(|e| {
            notice::say_once(&format!("note: the curves of a run are omitted: {e}"));
            Vec::new()
        })
    };
    let steps = curve(&lines(entry.metrics()), points, |line, found| {
        for (key, value) in line.as_object().into_iter().flatten() {
            if LEFT_OUT.contains(&key.as_str()) {
                continue;
            }
            let below = value.as_object().into_iter().flatten();
            found(key.clone(), value);
            below.for_each(|(name, value)| found(format!("{key}.{name}"), value));
        }
    });
    let evaluations = curve(&lines(entry.evaluations()), points, |line, found| {
        found("validation".into(), &line["average"]);
        let scores = line["scores"].as_object().into_iter().flatten();
        scores.for_each(|(task, score)| found(format!("validation.{task}"), score));
    });
    [steps, evaluations].into_iter().flatten().collect()
}

type Found<'a> = &'a mut dyn FnMut(String, &Value);

/// The means of equal parts of some lines; `None` without a number.
fn curve(lines: &[Value], points: usize, read: impl Fn(&Value, Found)) -> Option<Value> {
    let size = lines.len().div_ceil(points).max(1);
    let (mut x, mut sums) = (Vec::new(), BTreeMap::<String, Vec<(f64, f64)>>::new());
    let count = lines.len().div_ceil(size);
    for (place, part) in lines.chunks(size).enumerate() {
        let steps = part.iter().filter_map(|line| line["step"].as_f64());
        x.push(rounded(steps.sum::<f64>() / part.len() as f64, 6));
        for line in part {
            read(line, &mut |name, value| {
                let Some(number) = value.as_f64() else { return };
                let sum = &mut sums.entry(name).or_insert_with(|| vec![(0.0, 0.0); count])[place];
                *sum = (sum.0 + number, sum.1 + 1.0);
            });
        }
    }
    let mean = |(sum, n): (f64, f64)| (n > 0.0).then(|| rounded(sum / n, 4));
    let y: Map<String, Value> = sums
        .into_iter()
        .map(|(name, sums)| (name, sums.into_iter().map(mean).collect::<Vec<_>>().into()))
        .collect();
    (!y.is_empty()).then(|| json!({ "size": size, "x": x, "y": y }))
}

/// A number with this many significant digits; a whole one is written without a point.
fn rounded(x: f64, digits: usize) -> Value {
    let x: f64 = format!("{x:.*e}", digits - 1).parse().unwrap_or(x);
    if x.fract() == 0.0 && x.abs() < 1e15 { (x as i64).into() } else { x.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_the_mean_of_a_part_and_a_missing_number_moves_no_other() {
        let loss = [Some(1.0), None, None, None, Some(5.0), Some(6.0)];
        let lines: Vec<Value> = loss
            .iter()
            .enumerate()
            .map(|(i, loss)| json!({ "step": i + 1, "loss": loss, "lr": { "a": 1.0 / 3.0 } }))
            .collect();
        let read = |line: &Value, found: Found| {
            found("loss".into(), &line["loss"]);
            found("lr.a".into(), &line["lr"]["a"]);
        };
        let found = curve(&lines, 3, read).unwrap();
        let y = json!({ "loss": [1, null, 5.5], "lr.a": [0.3333, 0.3333, 0.3333] });
        assert_eq!(found, json!({ "size": 2, "x": [1.5, 3.5, 5.5], "y": y }));
        assert_eq!(curve(&lines, 400, read).unwrap()["x"], json!([1, 2, 3, 4, 5, 6]));
        assert!(curve(&[json!({ "step": 1 })], 3, read).is_none());
    }

    #[test]
    fn many_runs_have_curves_of_fewer_points() {
        assert_eq!([1, 200, 10_000].map(points), [MOST, 200, FEWEST]);
    }
}
