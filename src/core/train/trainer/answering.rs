//! Answers of the current prompts to new rows.

use super::Trainer;
use crate::Result;
use crate::backbone::LoadedBackbone;
use crate::data::{LabelWords, TaskSet, TextDecoding};
use crate::train::answer::{Answer, GeneratedText, as_text, bare};
use crate::train::composition::Selection;
use crate::train::predict::{Evaluation, Predictor, RowInputs};
use crate::train::rows::answers;

/// The input texts of new rows of one task.
pub struct NewRows<'a> {
    /// The index of the task.
    pub task: usize,
    pub sources: &'a [String],
    /// The number of rows in a batch.
    pub batch: usize,
}

/// What answers a batch of input texts of a task.
type Batch<T> = fn(&Predictor, usize, &[String]) -> Result<Vec<T>>;

impl Trainer {
    /// The predictions of new rows, in their order. `progress` is called with the number of finished rows and the
    /// total. Errors: those of an evaluation, or `progress` fails.
    pub fn predict(
        &self,
        rows: &NewRows,
        selection: Selection,
        options: &Evaluation,
        progress: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<Vec<Answer>> {
        let (tasks, _) = self.answerable(selection)?;
        let bare = tasks.tasks.iter().map(|task| bare(&task.name, task.labels.clone()));
        let tasks = TaskSet::of(&tasks.name, bare.collect());
        self.answer(
            rows,
            selection,
            (&tasks, options),
            |p, task, rows| p.answer(task, rows),
            progress,
        )
    }

    /// The texts that are generated for new rows, in their order; `decoding` precedes that of the task. Errors: as in
    /// `predict`.
    pub fn generate(
        &self,
        rows: &NewRows,
        selection: Selection,
        (options, decoding): (&Evaluation, TextDecoding),
        progress: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<Vec<GeneratedText>> {
        let (tasks, _) = self.answerable(selection)?;
        let bare = tasks.tasks.iter().map(|task| bare(&task.name, as_text(&task.labels)));
        let tasks = TaskSet::of(&tasks.name, bare.collect());
        let options = Evaluation { text: decoding, ..options.clone() };
        self.answer(
            rows,
            selection,
            (&tasks, &options),
            |p, task, rows| p.generate(task, rows),
            progress,
        )
    }

    fn answer<T>(
        &self,
        rows: &NewRows,
        selection: Selection,
        about: (&TaskSet, &Evaluation),
        batch: Batch<T>,
        progress: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<Vec<T>> {
        let (_, selection) = self.answerable(selection)?;
        let backbone = self.parts.backbone_of(self.learner(), &[rows.task]);
        backbone.borrow_mut().model.refresh()?;
        let inputs = match self.parts.own_backbones(self.learner()) {
            true => RowInputs::Tokens,
            false => self.row_inputs(selection)?,
        };
        let backbone = backbone.borrow();
        in_batches(&backbone, (about, &inputs), rows, batch, progress)
    }
}

fn in_batches<T>(
    backbone: &LoadedBackbone,
    ((tasks, options), inputs): ((&TaskSet, &Evaluation), &RowInputs),
    rows: &NewRows,
    batch: Batch<T>,
    progress: &mut dyn FnMut(usize, usize) -> Result<()>,
) -> Result<Vec<T>> {
    let tokenizer = backbone.need_tokenizer()?;
    let known: Vec<Option<LabelWords>> =
        tasks.tasks.iter().map(|task| answers(&tokenizer, task)).collect::<Result<_>>()?;
    let predictor = Predictor {
        model: &*backbone.model,
        tokenizer: &tokenizer,
        tasks,
        known: &known,
        inputs,
        options,
    };
    let mut found = Vec::with_capacity(rows.sources.len());
    for sources in rows.sources.chunks(rows.batch.max(1)) {
        progress(found.len(), rows.sources.len())?;
        found.extend(tch::no_grad(|| batch(&predictor, rows.task, sources))?);
    }
    progress(found.len(), rows.sources.len())?;
    Ok(found)
}
