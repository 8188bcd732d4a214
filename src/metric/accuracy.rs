/// The share of predictions that equal their target, white space around them aside.
pub fn accuracy(predictions: &[String], targets: &[String]) -> f64 {
    let right = predictions.iter().zip(targets).filter(|(p, t)| p.trim() == t.trim()).count();
    right as f64 / targets.len().max(1) as f64
}
