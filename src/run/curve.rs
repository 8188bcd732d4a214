//! Curves over the steps of a run, with no more points than a figure can show.

use serde_json::Value;

/// The numbers under a key (`loss`, `lr.router`) in the lines of `metrics.jsonl`, as means over so
/// many equal parts of the steps; parts without a number are left out.
pub fn thinned(lines: &[Value], key: &str, points: usize) -> Vec<(f64, f64)> {
    let all: Vec<(f64, f64)> = lines
        .iter()
        .filter_map(|line| Some((line["step"].as_f64()?, number(line, key)?)))
        .collect();
    let size = lines.len().div_ceil(points.max(1)).max(1);
    all.chunks(size)
        .map(|part| {
            let mean =
                |of: fn(&(f64, f64)) -> f64| part.iter().map(of).sum::<f64>() / part.len() as f64;
            (mean(|point| point.0), mean(|point| point.1))
        })
        .collect()
}

/// The number at the end of a path of names.
fn number(line: &Value, key: &str) -> Option<f64> {
    key.split('.').try_fold(line, |value, part| value.get(part))?.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_curve_has_means_of_its_parts() {
        let lines: Vec<Value> =
            (1..=6).map(|i| json!({ "step": i, "loss": i, "lr": { "router": 0.5 } })).collect();
        assert_eq!(thinned(&lines, "loss", 3), [(1.5, 1.5), (3.5, 3.5), (5.5, 5.5)]);
        assert_eq!(thinned(&lines, "loss", 100).len(), 6);
        assert_eq!(thinned(&lines, "lr.router", 1), [(3.5, 0.5)]);
        assert!(thinned(&lines, "temperature", 3).is_empty());
    }
}
