/// The share of predictions that equal their target.
pub fn accuracy(predictions: &[String], targets: &[String]) -> f64 {
    let right = predictions.iter().zip(targets).filter(|(p, t)| p == t).count();
    right as f64 / targets.len().max(1) as f64
}
