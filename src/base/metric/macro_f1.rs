use super::{Definition, Fits, Score, Texts};

/// The mean of the F1 scores of all label words (scikit-learn's `f1_score` with `average="macro"` and `labels`).
/// A text that is no label word counts against the label of its row only. A word that occurs nowhere has F1 0.
pub(super) const METRIC: Definition = Definition {
    name: "macro_f1",
    fits: Fits::Words,
    range: (0.0, 100.0),
    score: Score::Texts(|texts| {
        let all: f64 = texts.words.iter().map(|word| f1(counts(texts, word))).sum();
        all / texts.words.len().max(1) as f64
    }),
};

/// How often a word is predicted rightly, is predicted, and is the label.
pub(super) fn counts(texts: &Texts, word: &String) -> [usize; 3] {
    let mut counts = [0; 3];
    for (prediction, target) in texts.predictions.iter().zip(texts.targets) {
        let (said, is) = (prediction == word, target == word);
        counts[0] += usize::from(said && is);
        counts[1] += usize::from(said);
        counts[2] += usize::from(is);
    }
    counts
}

/// 2 TP / (2 TP + FP + FN); 0 without any.
pub(super) fn f1([both, said, are]: [usize; 3]) -> f64 {
    2.0 * both as f64 / (said + are).max(1) as f64
}
