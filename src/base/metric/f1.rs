use super::{Definition, Fits};

/// F1 of the positive class: the last label word.
pub(super) const METRIC: Definition = Definition {
    name: "f1",
    fits: Fits::Words,
    range: (0.0, 100.0),
    score: |texts| {
        let positive = texts.words.last().map_or("", String::as_str);
        f1(texts.predictions, texts.targets, positive)
    },
};

/// F1 of the class `positive`: 2 TP / (2 TP + FP + FN), 0 if no text is of that class (scikit-learn's
/// `f1_score`).
fn f1(predictions: &[String], targets: &[String], positive: &str) -> f64 {
    let count = |texts: &[String]| texts.iter().filter(|text| *text == positive).count();
    let both =
        predictions.iter().zip(targets).filter(|(p, t)| *p == positive && *t == positive).count();
    2.0 * both as f64 / (count(predictions) + count(targets)).max(1) as f64
}
