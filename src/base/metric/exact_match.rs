use super::squad::answer;
use super::{Definition, Fits, Score};

/// Whether the normalised texts are equal: `exact_match_score` of SQuAD v1.1's evaluate script, the best of the
/// references.
pub(super) const METRIC: Definition = Definition {
    name: "exact_match",
    fits: Fits::All,
    range: (0.0, 100.0),
    score: Score::Rows(|prediction, reference| match answer(prediction) == answer(reference) {
        true => 1.0,
        false => 0.0,
    }),
};
