//! Answers to new rows with a trained prompt.

use super::answer::{Answer, GeneratedText, as_text, bare};
use super::batch::{Placement, Prompts};
use super::predict::{Evaluation, Predictor, RowInputs};
use super::rows::answers;
use crate::backbone::LoadedBackbone;
use crate::data::{Form, LabelWords, Row, Split, TaskSet, TextDecoding};
use crate::{Error, Result};
use tch::Tensor;

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
        let task = bare(name, form.labels.clone());
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
    pub fn predict(&self, rows: &[Row]) -> std::result::Result<Vec<Answer>, (usize, Error)> {
        let source = |(index, row): (usize, &Row)| self.form.source(row).map_err(|e| (index, e));
        let sources: Vec<String> =
            rows.iter().enumerate().map(source).collect::<std::result::Result<_, _>>()?;
        self.answer(&sources).map_err(|e| (0, e))
    }

    /// The predictions of input texts, as one batch. Errors: those of the tokenizer and the model.
    pub fn answer(&self, sources: &[String]) -> Result<Vec<Answer>> {
        let tokenizer = self.backbone.need_tokenizer()?;
        let predictor = Predictor {
            model: &*self.backbone.model,
            tokenizer: &tokenizer,
            tasks: &self.tasks,
            known: &self.known,
            inputs: &self.inputs,
            options: &self.options,
        };
        tch::no_grad(|| predictor.answer(0, sources))
    }

    /// The texts that are generated for input texts, as one batch; `decoding` precedes that of the task. Errors: those
    /// of the tokenizer and the model.
    pub fn generate(
        &self,
        sources: &[String],
        decoding: TextDecoding,
    ) -> Result<Vec<GeneratedText>> {
        let tokenizer = self.backbone.need_tokenizer()?;
        let task = &self.tasks.tasks[0];
        let tasks = TaskSet::of(&task.name, vec![bare(&task.name, as_text(&task.labels))]);
        let predictor = Predictor {
            model: &*self.backbone.model,
            tokenizer: &tokenizer,
            tasks: &tasks,
            known: &[None],
            inputs: &self.inputs,
            options: &Evaluation { text: decoding, ..self.options.clone() },
        };
        tch::no_grad(|| predictor.generate(0, sources))
    }
}
