use super::{Definition, Fits, Score};
use crate::word::normal;

/// The fraction of predictions that equal a reference in the form in which label words are compared.
pub(super) const METRIC: Definition = Definition {
    name: "accuracy",
    fits: Fits::All,
    range: (0.0, 100.0),
    score: Score::Rows(|prediction, reference| match normal(prediction) == normal(reference) {
        true => 1.0,
        false => 0.0,
    }),
};
