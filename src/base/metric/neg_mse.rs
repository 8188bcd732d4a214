use super::{Definition, Fits, Score, deviations};

/// The mean squared error times -1, so that higher is better (scikit-learn's `neg_mean_squared_error`), in
/// squared units of the labels.
pub(super) const METRIC: Definition = Definition {
    name: "neg_mse",
    fits: Fits::Numbers,
    range: (f64::NEG_INFINITY, 0.0),
    score: Score::Number(|texts| -deviations(texts, |difference| difference * difference)),
};
