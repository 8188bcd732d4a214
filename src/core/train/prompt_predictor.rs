//! Predicting new rows with a trained prompt.

use super::batch::{Placement, Prompts};
use super::predict::{Evaluation, Item, Predictor, RowInputs};
use super::rows::{answers, tokenize};
use crate::backbone::LoadedBackbone;
use crate::data::{Example, Form, LabelWords, Prefix, Remarks, Row, Split, Task, TaskSet};
use crate::{Error, Result};
use std::collections::BTreeMap;
use tch::Tensor;

/// The prediction of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPrediction {
    /// The decoded text, as in an evaluation: a label word if it is one.
    pub prediction: String,
    /// The probability of each label word among the label words; empty for numbers and free text.
    pub scores: Vec<(String, f64)>,
    /// Whether the input was longer than the limit and was truncated.
    pub cut: bool,
}

/// A task's prompt, and the conversion of its rows to text.
pub struct PromptPredictor<'a> {
    backbone: &'a LoadedBackbone,
    form: Form,
    tasks: TaskSet,
    known: [Option<LabelWords>; 1],
    inputs: RowInputs<'static>,
    options: Evaluation,
}

impl<'a> PromptPredictor<'a> {
    /// `prompt` is `[m, d]`; inputs longer than `max_source` tokens are truncated.
    ///
    /// A prompt of another width than the backbone's, a backbone without a tokenizer, or label words
    /// that its tokenizer cannot distinguish, are errors.
    pub fn new(
        backbone: &'a LoadedBackbone,
        name: &str,
        form: Form,
        prompt: &Tensor,
        max_source: usize,
        placement: Placement,
    ) -> Result<PromptPredictor<'a>> {
        let d = backbone.model.model_config().d_model;
        if prompt.dim() != 2 || prompt.size()[1] != d {
            return Err(Error::new(format!(
                "the prompt is {:?}, the backbone needs [m, {d}]",
                prompt.size()
            )));
        }
        let task = Task {
            name: name.to_string(),
            form: None,
            prefix: Prefix { text: name.to_string(), is_applied: false },
            labels: form.labels.clone(),
            metrics: Vec::new(),
            origins: BTreeMap::new(),
            remarks: Remarks::default(),
            train: Vec::new(),
            validation: Vec::new(),
            test: Vec::new(),
        };
        let tokenizer = backbone.need_tokenizer()?;
        Ok(PromptPredictor {
            backbone,
            form,
            known: [answers(&tokenizer, &task)?],
            tasks: TaskSet::of(name, vec![task]),
            inputs: RowInputs::Prompts(Prompts {
                vectors: prompt.f_to_device(backbone.model.device())?.f_unsqueeze(0)?,
                of_row: Vec::new(),
                hidden: vec![Vec::new()],
            }),
            options: Evaluation::of(Split::Test, max_source, placement),
        })
    }

    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The predictions of rows, in their order; an error has the index of its row.
    pub fn predict(&self, rows: &[Row]) -> std::result::Result<Vec<RowPrediction>, (usize, Error)> {
        let example = |(index, row): (usize, &Row)| {
            let source = self.form.source(row).map_err(|e| (index, e))?;
            Ok(Example { index, source, ..Example::default() })
        };
        let examples: Vec<Example> =
            rows.iter().enumerate().map(example).collect::<std::result::Result<_, _>>()?;
        tch::no_grad(|| self.predict_examples(&examples)).map_err(|e| (0, e))
    }

    fn predict_examples(&self, examples: &[Example]) -> Result<Vec<RowPrediction>> {
        let tokenizer = self.backbone.need_tokenizer()?;
        let mut items = Vec::new();
        let mut cuts = Vec::new();
        for example in examples {
            let example = std::slice::from_ref(example);
            let (rows, cut) = tokenize(&tokenizer, example, self.options.max_source, None)?;
            items.extend(rows.into_iter().map(|row| Item { task: 0, row }));
            cuts.push(cut.sources > 0);
        }
        let predictor = Predictor {
            model: &*self.backbone.model,
            tokenizer: &tokenizer,
            tasks: &self.tasks,
            known: &self.known,
            inputs: &self.inputs,
            options: &self.options,
        };
        let words = self.form.labels.words();
        let predicted = predictor.predict_with_scores(&items, 0)?.into_iter().zip(cuts);
        Ok(predicted
            .map(|((prediction, scores), cut)| RowPrediction {
                prediction,
                scores: words.iter().cloned().zip(probabilities(&scores)).collect(),
                cut,
            })
            .collect())
    }
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
