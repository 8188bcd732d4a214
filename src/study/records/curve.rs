//! Curves over the steps of a run, reduced to the number of points that a figure can show.

use serde_json::Value;

/// The values of a key (`loss`, `lr.router`) in the lines of `metrics.jsonl`, averaged over `points` equal
/// parts of the steps: the mean step of each part, and the mean of its values, or `None` if it has
/// none.
pub fn thinned(lines: &[Value], key: &str, points: usize) -> Vec<(f64, Option<f64>)> {
    let size = lines.len().div_ceil(points.max(1)).max(1);
    let parts = lines.chunks(size);
    parts.map(|part| (mean(part, "step").unwrap_or(0.0), mean(part, key))).collect()
}

/// The mean of the values at a path of keys.
fn mean(lines: &[Value], key: &str) -> Option<f64> {
    let number =
        |line| key.split('.').try_fold(line, |value: &Value, part| value.get(part))?.as_f64();
    let numbers: Vec<f64> = lines.iter().filter_map(number).collect();
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
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
    fn a_step_without_a_number_moves_no_other() {
        let loss = [Some(1.0), None, None, None, Some(5.0), Some(6.0)];
        let lines: Vec<Value> =
            loss.iter().enumerate().map(|(i, x)| json!({ "step": i + 1, "loss": x })).collect();
        let found = thinned(&lines, "loss", 3);
        assert_eq!(found, [(1.5, Some(1.0)), (3.5, None), (5.5, Some(5.5))]);
    }
}
