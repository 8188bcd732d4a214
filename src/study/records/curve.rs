//! Curves over the steps of a run, reduced to the number of points that a figure can show.

use super::catalog::Entry;
use compt_error::Result;
use serde_json::Value;
use std::collections::BTreeSet;

/// The first parts of names in `evaluations.jsonl` and `result.json`.
const VALIDATION: &str = "validation";
const WEIGHTS: &str = "weights";
const TEST: &str = "test";

/// The recorded values of a name over the steps of a run: `loss`, `lr.router` of `metrics.jsonl`, averaged over `points`
/// equal parts of the steps; `validation` and `weights.TASK.src0` of each evaluation on validation rows (`validation.TASK` for
/// one task); `test` and `test.TASK`, one value at the last step. `None` where a part has no value. Errors: a record is
/// damaged.
pub fn recorded(entry: &Entry, name: &str, points: usize) -> Result<Vec<(f64, Option<f64>)>> {
    let (family, rest) = name.split_once('.').unwrap_or((name, ""));
    let at = |line: &Value, value| Some((line["step"].as_f64()?, value));
    match family {
        VALIDATION => {
            let key = if rest.is_empty() { "average".into() } else { format!("scores.{rest}") };
            let lines = entry.evaluations()?;
            Ok(lines.iter().filter_map(|line| at(line, number(line, &key))).collect())
        }
        WEIGHTS => {
            let lines = entry.evaluations()?;
            Ok(lines.iter().filter_map(|line| at(line, number(line, name))).collect())
        }
        TEST => {
            let (result, scores) = (entry.result(), entry.scores());
            let value = match rest {
                "" => entry.average,
                task => scores[task].as_object().and_then(|all| all.values().next()?.as_f64()),
            };
            // A run that made no step has its scores at 0.
            let step = result["steps"].as_f64().unwrap_or(0.0);
            Ok(value.map(|y| (step, Some(y))).into_iter().collect())
        }
        _ => Ok(thinned(&entry.metrics()?, name, points)),
    }
}

/// The names of all values that a run has recorded over its steps, sorted. Errors: a record is damaged.
pub fn names(entry: &Entry) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for line in entry.metrics()? {
        add(&mut names, "", &line);
    }
    for line in entry.evaluations()? {
        add(&mut names, VALIDATION, &line["scores"]);
        add(&mut names, WEIGHTS, &line[WEIGHTS]);
        if line["average"].is_number() {
            names.insert(VALIDATION.to_string());
        }
    }
    names.remove("step");
    if entry.average.is_some() {
        names.insert(TEST.to_string());
        let scores = entry.scores();
        names.extend(
            scores
                .as_object()
                .into_iter()
                .flat_map(|all| all.keys())
                .map(|task| format!("{TEST}.{task}")),
        );
    }
    Ok(names.into_iter().collect())
}

/// Adds the names of the numbers below a value.
fn add(names: &mut BTreeSet<String>, prefix: &str, value: &Value) {
    match value {
        Value::Number(_) if !names.contains(prefix) => {
            names.insert(prefix.to_string());
        }
        Value::Object(map) => {
            for (key, value) in map {
                let dot = if prefix.is_empty() { "" } else { "." };
                add(names, &format!("{prefix}{dot}{key}"), value);
            }
        }
        _ => {}
    }
}

/// The values of a name in the lines of `metrics.jsonl`, averaged over `points` equal
/// parts of the steps: the mean step of each part, and the mean of its values, or `None` if it has
/// none.
pub fn thinned(lines: &[Value], key: &str, points: usize) -> Vec<(f64, Option<f64>)> {
    let size = lines.len().div_ceil(points.max(1)).max(1);
    let parts = lines.chunks(size);
    parts.map(|part| (mean(part, "step").unwrap_or(0.0), mean(part, key))).collect()
}

/// The mean of the values of a name.
fn mean(lines: &[Value], key: &str) -> Option<f64> {
    let numbers: Vec<f64> = lines.iter().filter_map(|line| number(line, key)).collect();
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// The number of a name such as `task_losses.nli3`; names of tasks may have dots.
fn number(value: &Value, name: &str) -> Option<f64> {
    if let Some(found) = value.get(name) {
        return found.as_f64();
    }
    let mut dots = name.match_indices('.');
    dots.find_map(|(dot, _)| number(value.get(&name[..dot])?, &name[dot + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_curve_has_means_of_its_parts() {
        let lines: Vec<Value> =
            (1..=6).map(|i| json!({ "step": i, "loss": i, "lr": { "router": 0.5 } })).collect();
        let loss = thinned(&lines, "loss", 3);
        assert_eq!(loss, [(1.5, Some(1.5)), (3.5, Some(3.5)), (5.5, Some(5.5))]);
        assert_eq!(thinned(&lines, "loss", 100).len(), 6);
        assert_eq!(thinned(&lines, "lr.router", 1), [(3.5, Some(0.5))]);
    }

    #[test]
    fn names_of_tasks_may_have_dots() {
        let line = json!({ "step": 1, "task_losses": { "a.b": 2.0, "a": 3.0 }, "weights": { "a.b": { "src0": 0.5 } } });
        let at = |name| number(&line, name);
        assert_eq!((at("task_losses.a.b"), at("task_losses.a")), (Some(2.0), Some(3.0)));
        assert_eq!(
            (at("weights.a.b.src0"), at("weights.a.b"), at("none.a")),
            (Some(0.5), None, None)
        );
        let mut names = BTreeSet::new();
        add(&mut names, "", &line);
        let found: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(found, ["step", "task_losses.a", "task_losses.a.b", "weights.a.b.src0"]);
    }

    #[test]
    fn a_step_without_a_number_moves_no_other() {
        let loss = [Some(1.0), None, None, None, Some(5.0), Some(6.0)];
        let lines: Vec<Value> =
            loss.iter().enumerate().map(|(i, x)| json!({ "step": i + 1, "loss": x })).collect();
        let found = thinned(&lines, "loss", 3);
        assert_eq!(found, [(1.5, Some(1.0)), (3.5, None), (5.5, Some(5.5))]);
    }
}
