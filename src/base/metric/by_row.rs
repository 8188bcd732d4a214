//! What each row adds to a score.

use super::score::{Normal, Score, mean, sums};
use super::{Answers, Kind, Metric};
use std::collections::HashMap;

impl Metric {
    /// A value for each row whose mean is the score. For a score that is a mean over the rows, these are its
    /// values. For others it is the score, and n - 1 times what the score without the row is below the mean of
    /// these: the jackknife's pseudo-values (Quenouille 1956, Tukey 1958), as in Dorfman, Berbaum and Metz (1992),
    /// shifted so that their mean is the score itself. `None` for metrics of groups of rows and of the user.
    pub fn by_row(&self, answers: &Answers) -> Option<Vec<f64>> {
        let Kind::BuiltIn(definition) = &self.0 else { return None };
        match &definition.score {
            Score::Rows(_) => Some(definition.score.of_rows(answers)),
            Score::Sums(_, score) => {
                let counts = definition.score.counts(answers);
                let all = sums(&counts);
                let rest = |row: &Vec<f64>| -> Vec<f64> {
                    all.iter().zip(row).map(|(all, own)| all - own).collect()
                };
                let without: Vec<f64> =
                    counts.iter().map(|row| 100.0 * score(&rest(row))).collect();
                Some(pseudo_values(100.0 * score(&all), &without))
            }
            Score::Texts(score) => {
                let texts = Normal::of(answers);
                let of = |predictions: &[String], targets: &[String]| {
                    100.0 * texts.score_of(*score, predictions, targets)
                };
                Some(jackknife(&texts, of))
            }
            Score::Number(score) => {
                let texts = Normal::of(answers);
                Some(jackknife(&texts, |predictions, targets| {
                    texts.score_of(*score, predictions, targets)
                }))
            }
            Score::Groups(_) => None,
        }
    }
}

fn jackknife(texts: &Normal, score: impl Fn(&[String], &[String]) -> f64) -> Vec<f64> {
    let (predictions, targets) = (&texts.predictions, &texts.targets);
    // Rows with the same answer and the same label leave the same rows behind.
    let mut known = HashMap::new();
    let mut without = Vec::with_capacity(targets.len());
    for (i, row) in predictions.iter().zip(targets).enumerate() {
        without.push(*known.entry(row).or_insert_with(|| {
            let rest = |texts: &[String]| [&texts[..i], &texts[i + 1..]].concat();
            score(&rest(predictions), &rest(targets))
        }));
    }
    pseudo_values(score(predictions, targets), &without)
}

fn pseudo_values(whole: f64, without: &[f64]) -> Vec<f64> {
    let (count, mean) = (without.len() as f64, mean(without));
    without.iter().map(|left| whole + (count - 1.0) * (mean - left)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &str) -> Vec<String> {
        list.split(' ').map(String::from).collect()
    }

    fn by_row(name: &str, predictions: &[String], labels: &[String]) -> Option<Vec<f64>> {
        let references: Vec<Vec<String>> = labels.iter().map(|label| vec![label.clone()]).collect();
        let words = texts("0 1");
        let answers =
            Answers { predictions, references: &references, words: &words, groups: &[], rows: &[] };
        let metric = Metric::parse(name).unwrap();
        let values = metric.by_row(&answers)?;
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let score = metric.compute(&answers).unwrap()[0].1;
        assert!((mean - score).abs() < 1e-9, "{name}: {mean}, not {score}");
        Some(values)
    }

    #[test]
    fn the_mean_is_the_score() {
        let (said, labels) = (texts("1 0 1 x 0 0 1 1"), texts("1 0 0 1 0 1 1 1"));
        for name in Metric::names() {
            assert_eq!(by_row(name, &said, &labels).is_none(), name.starts_with("grouped"));
        }
        let said = ["the cat sat on a mat", "no", "it is a big dog today", ""].map(String::from);
        let labels = ["the cat sat on the mat", "yes", "it is a dog today", "?"].map(String::from);
        for name in ["bleu", "rougeL", "token_f1"] {
            by_row(name, &said, &labels).unwrap();
        }
    }

    #[test]
    fn rows_count_by_what_the_score_is_without_them() {
        let (said, labels) = (texts("1 0 1 0"), texts("1 0 0 1"));
        let accuracy = by_row("accuracy", &said, &labels).unwrap();
        assert_eq!(accuracy, [100.0, 100.0, 0.0, 0.0]);
        // F1 is 50; without the first row 0, without the second 50, without the third or the fourth 66.7.
        let f1 = by_row("f1", &said, &labels).unwrap();
        let mean = (0.0 + 50.0 + 2.0 * 200.0 / 3.0) / 4.0;
        let expected = [0.0, 50.0, 200.0 / 3.0, 200.0 / 3.0].map(|left| 50.0 + 3.0 * (mean - left));
        for (found, expected) in f1.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{f1:?}");
        }
    }
}
