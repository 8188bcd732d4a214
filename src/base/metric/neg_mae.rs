use super::{Definition, Fits, Score, deviations};

/// The mean absolute error times -1, so that higher is better (scikit-learn's `neg_mean_absolute_error`), in
/// units of the labels.
pub(super) const METRIC: Definition = Definition {
    name: "neg_mae",
    fits: Fits::Numbers,
    range: (f64::NEG_INFINITY, 0.0),
    score: Score::Number(|texts| -deviations(texts, f64::abs)),
};
