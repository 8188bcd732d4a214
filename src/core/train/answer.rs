//! Answers to rows of one task: predictions with the probabilities of the label words, and generated texts with their
//! scores.

use super::predict::{EncodedBatch, Item, Predictor};
use super::rows::tokenize;
use crate::Result;
use crate::backbone::{Beams, Generate};
use crate::data::{Example, Labels, Prefix, Remarks, Task};
use std::collections::BTreeMap;

/// The prediction of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The decoded text, as in an evaluation: a label word if it is one.
    pub prediction: String,
    /// The probability of each label word among the label words; empty for numbers and free text.
    pub scores: Vec<(String, f64)>,
    /// Whether the input was longer than the limit and was truncated.
    pub cut: bool,
}

/// The text that was generated for one row.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneratedText {
    pub text: String,
    /// The log-probability of its tokens, divided by their number to the power of the length penalty: the
    /// `sequences_scores` of `generate` in transformers. Without beams the penalty is 1.
    pub score: f64,
    /// The number of tokens, with the end of sequence if there is one.
    pub tokens: usize,
    /// Whether the input was longer than the limit and was truncated.
    pub cut: bool,
}

impl Predictor<'_> {
    /// The predictions of input texts, as one batch. Errors: those of the tokenizer and the model.
    pub(super) fn answer(&self, task: usize, sources: &[String]) -> Result<Vec<Answer>> {
        let (items, cut) = self.items(task, sources)?;
        let batch: Vec<usize> = (0..items.len()).collect();
        let EncodedBatch { encoded, model } = self.encode(&items, &batch)?;
        let model = model.as_deref().unwrap_or(self.model);
        let words = self.tasks.tasks[task].labels.words();
        let scores = match words {
            [] => vec![Vec::new(); items.len()],
            words => model.score(&encoded, &self.tokenizer.encode_batch(words)?)?,
        };
        let tasks = vec![task; items.len()];
        let ids =
            self.decode_ids(model, &tasks, &encoded, |row, ids| self.hopeless(tasks[row], ids))?;
        ids.iter()
            .zip(scores.iter().zip(cut))
            .map(|(ids, (scores, cut))| {
                Ok(Answer {
                    prediction: self.as_label(task, self.tokenizer.decode(ids)?),
                    scores: words.iter().cloned().zip(probabilities(scores)).collect(),
                    cut,
                })
            })
            .collect()
    }

    /// The texts that are generated for input texts, as one batch, with the decoding of the task's free text.
    /// Errors: those of the tokenizer and the model.
    pub(super) fn generate(&self, task: usize, sources: &[String]) -> Result<Vec<GeneratedText>> {
        let (items, cut) = self.items(task, sources)?;
        let batch: Vec<usize> = (0..items.len()).collect();
        let EncodedBatch { encoded, model } = self.encode(&items, &batch)?;
        let model = model.as_deref().unwrap_or(self.model);
        let ids = self.decode_ids(model, &vec![task; items.len()], &encoded, |_, _| false)?;
        let sums = model.score_rows(&encoded, &ids)?;
        let decoding = self.free_text(task).unwrap_or_default().decoding;
        let penalty = match decoding.num_beams.unwrap_or(1) {
            1 => 1.0,
            _ => decoding.length_penalty.unwrap_or(Beams::default().length_penalty),
        };
        ids.iter()
            .zip(sums.into_iter().zip(cut))
            .map(|(ids, (sum, cut))| {
                Ok(GeneratedText {
                    text: self.tokenizer.decode(ids)?,
                    score: sum / (ids.len() as f64).powf(penalty),
                    tokens: ids.len(),
                    cut,
                })
            })
            .collect()
    }

    /// Input texts as rows, and which of them were truncated.
    fn items(&self, task: usize, sources: &[String]) -> Result<(Vec<Item>, Vec<bool>)> {
        let (mut items, mut cuts) = (Vec::new(), Vec::new());
        for source in sources {
            let example = Example { source: source.clone(), ..Example::default() };
            let most = self.options.max_source;
            let (rows, cut) = tokenize(self.tokenizer, &[example], most, None)?;
            items.extend(rows.into_iter().map(|row| Item { task, row }));
            cuts.push(cut.sources > 0);
        }
        Ok((items, cuts))
    }
}

/// A task without rows.
pub(super) fn bare(name: &str, labels: Labels) -> Task {
    Task {
        name: name.to_string(),
        form: None,
        prefix: Prefix { text: name.to_string(), is_applied: false },
        labels,
        metrics: Vec::new(),
        origins: BTreeMap::new(),
        remarks: Remarks::default(),
        train: Vec::new(),
        validation: Vec::new(),
        test: Vec::new(),
    }
}

/// The labels of a task whose texts are generated: free text with the decoding of the task, if it is one.
pub(super) fn as_text(labels: &Labels) -> Labels {
    Labels::Text(labels.free_text().copied().unwrap_or_default())
}

/// Log-probabilities normalised to probabilities.
fn probabilities(scores: &[f64]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
    let total: f64 = shares.iter().sum();
    shares.iter().map(|share| share / total).collect()
}

#[cfg(test)]
mod tests {
    use super::probabilities;

    #[test]
    fn scores_become_shares_of_one() {
        let shares = probabilities(&[-1000.0, -1000.0 + 3f64.ln()]);
        assert!((shares[0] - 0.25).abs() < 1e-12 && (shares[1] - 0.75).abs() < 1e-12);
        assert!(probabilities(&[]).is_empty());
    }
}
