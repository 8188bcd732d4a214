use super::{Definition, Fits, Score};

pub(super) const METRIC: Definition = Definition {
    name: "pearson",
    fits: Fits::Numbers,
    range: (-100.0, 100.0),
    score: Score::Texts(|texts| pearson(&texts.predicted_numbers(), &texts.target_numbers())),
};

/// Pearson's correlation coefficient; 0 if one input is constant (SciPy returns NaN).
pub(super) fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let (dx, dy) = (deviations(x), deviations(y));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(p, q)| p * q).sum::<f64>();
    let r = dot(&dx, &dy) / (dot(&dx, &dx).sqrt() * dot(&dy, &dy).sqrt());
    if r.is_finite() { r.clamp(-1.0, 1.0) } else { 0.0 }
}

/// Differences from the mean; exact zeros for equal values, even if the mean is rounded.
fn deviations(values: &[f64]) -> Vec<f64> {
    let constant = values.windows(2).all(|pair| pair[0] == pair[1]);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|v| if constant { 0.0 } else { v - mean }).collect()
}
