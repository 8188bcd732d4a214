use super::{Definition, Fits, Score};

pub(super) const METRIC: Definition = Definition {
    name: "matthews",
    fits: Fits::Words,
    range: (-100.0, 100.0),
    score: Score::Texts(|texts| matthews(texts.predictions, texts.targets, texts.words)),
};

/// The Matthews correlation coefficient for any number of classes (Gorodkin 2004), as in scikit-learn.
///
/// Texts outside `words` form another class that is never right. If all predictions, or all targets,
/// are of one class the score is 0.
fn matthews(predictions: &[String], targets: &[String], words: &[String]) -> f64 {
    let class = |text: &String| words.iter().position(|word| word == text).unwrap_or(words.len());
    let mut predicted = vec![0.0; words.len() + 1];
    let mut wanted = vec![0.0; words.len() + 1];
    let mut right = 0.0;
    for (p, t) in predictions.iter().map(class).zip(targets.iter().map(class)) {
        predicted[p] += 1.0;
        wanted[t] += 1.0;
        right += f64::from(p == t);
    }
    let rows = targets.len() as f64;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let spread =
        (rows * rows - dot(&predicted, &predicted)) * (rows * rows - dot(&wanted, &wanted));
    if spread == 0.0 {
        return 0.0;
    }
    (right * rows - dot(&predicted, &wanted)) / spread.sqrt()
}
