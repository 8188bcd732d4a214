//! What each row adds to a score.

use super::{Metric, Texts};
use crate::word::normal;
use std::collections::HashMap;

impl Metric {
    /// A value for each row whose mean is the score in percent: for accuracy 100 or 0. For other metrics it is
    /// the score, and n - 1 times what the score without the row is below the mean of these: the jackknife's
    /// pseudo-values (Quenouille 1956, Tukey 1958), as in Dorfman, Berbaum and Metz (1992), shifted so that
    /// their mean is the score itself. Arguments as for [`Metric::compute`].
    pub fn by_row(self, predictions: &[String], targets: &[String], words: &[String]) -> Vec<f64> {
        assert_eq!(predictions.len(), targets.len(), "one prediction a target");
        let texts = |texts: &[String]| texts.iter().map(|t| normal(t)).collect::<Vec<_>>();
        let (predictions, targets, words) = (texts(predictions), texts(targets), texts(words));
        let score = |predictions: &[String], targets: &[String]| {
            100.0 * (self.0.score)(&Texts { predictions, targets, words: &words })
        };
        if self.name() == "accuracy" {
            let right = predictions.iter().zip(&targets).map(|(p, t)| p == t);
            return right.map(|right| if right { 100.0 } else { 0.0 }).collect();
        }
        // Rows with the same answer and the same label leave the same rows behind.
        let mut known = HashMap::new();
        let mut without = Vec::with_capacity(targets.len());
        for (i, row) in predictions.iter().zip(&targets).enumerate() {
            without.push(*known.entry(row).or_insert_with(|| {
                let rest = |texts: &[String]| [&texts[..i], &texts[i + 1..]].concat();
                score(&rest(&predictions), &rest(&targets))
            }));
        }
        let count = without.len() as f64;
        let (whole, mean) = (score(&predictions, &targets), without.iter().sum::<f64>() / count);
        without.iter().map(|left| whole + (count - 1.0) * (mean - left)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &str) -> Vec<String> {
        list.split(' ').map(String::from).collect()
    }

    #[test]
    fn the_mean_is_the_score() {
        let (said, labels) = (texts("1 0 1 x 0 0 1 1"), texts("1 0 0 1 0 1 1 1"));
        for name in Metric::names() {
            let metric = Metric::parse(name).unwrap();
            let values = metric.by_row(&said, &labels, &texts("0 1"));
            let mean = values.iter().sum::<f64>() / 8.0;
            let score = metric.compute(&said, &labels, &texts("0 1"));
            assert!((mean - score).abs() < 1e-9, "{name}: {mean}, not {score}");
        }
    }

    #[test]
    fn rows_count_by_what_the_score_is_without_them() {
        let (said, labels) = (texts("1 0 1 0"), texts("1 0 0 1"));
        let accuracy = Metric::parse("accuracy").unwrap().by_row(&said, &labels, &texts("0 1"));
        assert_eq!(accuracy, [100.0, 100.0, 0.0, 0.0]);
        // F1 is 50; without the first row 0, without the second 50, without the third or the fourth 66.7.
        let f1 = Metric::parse("f1").unwrap().by_row(&said, &labels, &texts("0 1"));
        let mean = (0.0 + 50.0 + 2.0 * 200.0 / 3.0) / 4.0;
        let expected = [0.0, 50.0, 200.0 / 3.0, 200.0 / 3.0].map(|left| 50.0 + 3.0 * (mean - left));
        for (found, expected) in f1.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{f1:?}");
        }
    }
}
