use super::{Definition, Fits, Score, Texts};

/// F1 of the positive class: the last label word.
pub(super) const METRIC: Definition = Definition {
    name: "f1",
    fits: Fits::Words,
    range: (0.0, 100.0),
    score: Score::Texts(|texts| {
        let positive = texts.words.last().map_or("", String::as_str);
        f1(texts, positive)
    }),
};

/// F1 of the class `positive`: 2 TP / (2 TP + FP + FN), 0 if no text is of that class. A text that is no label
/// word counts against the label of its row, as in T5's `f1_score_with_invalid`: as the positive class where
/// the label is another one.
fn f1(texts: &Texts, positive: &str) -> f64 {
    let said_positive =
        |prediction: &String, target: &String| match texts.words.contains(prediction) {
            true => prediction == positive,
            false => target != positive,
        };
    let (mut both, mut all) = (0, 0);
    for (prediction, target) in texts.predictions.iter().zip(texts.targets) {
        let (said, is) = (said_positive(prediction, target), target == positive);
        both += usize::from(said && is);
        all += usize::from(said) + usize::from(is);
    }
    2.0 * both as f64 / all.max(1) as f64
}
