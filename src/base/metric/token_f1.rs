use super::squad::answer;
use super::{Definition, Fits, Score, common, harmonic};

/// F1 of the words that the normalised texts share: `f1_score` of SQuAD v1.1's evaluate script, the best of the
/// references. 0 if they share none, also if both are empty.
pub(super) const METRIC: Definition = Definition {
    name: "token_f1",
    fits: Fits::All,
    range: (0.0, 100.0),
    score: Score::Rows(|prediction, reference| {
        let (prediction, reference) = (answer(prediction), answer(reference));
        let said: Vec<&str> = prediction.split_whitespace().collect();
        let wanted: Vec<&str> = reference.split_whitespace().collect();
        harmonic(common(&said, &wanted), said.len(), wanted.len())
    }),
};
