use super::macro_f1::{counts, f1};
use super::{Definition, Fits, Score};

/// F1 of the counts of all label words together (scikit-learn's `f1_score` with `average="micro"` and `labels`):
/// the accuracy, unless some texts are no label words, which count as missed only.
pub(super) const METRIC: Definition = Definition {
    name: "micro_f1",
    fits: Fits::Words,
    range: (0.0, 100.0),
    score: Score::Texts(|texts| {
        let mut all = [0; 3];
        for word in texts.words {
            all.iter_mut().zip(counts(texts, word)).for_each(|(sum, count)| *sum += count);
        }
        f1(all)
    }),
};
