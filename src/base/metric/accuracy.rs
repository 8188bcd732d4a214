use super::{Definition, Fits};

pub(super) const METRIC: Definition = Definition {
    name: "accuracy",
    fits: Fits::All,
    range: (0.0, 100.0),
    score: |texts| accuracy(texts.predictions, texts.targets),
};

/// The fraction of predictions that equal their target.
fn accuracy(predictions: &[String], targets: &[String]) -> f64 {
    let right = predictions.iter().zip(targets).filter(|(p, t)| p == t).count();
    right as f64 / targets.len().max(1) as f64
}
