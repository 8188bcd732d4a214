//! Predictions for rows of several tasks: sorted by length, encoded in batches, and decoded in
//! larger lots.

use super::batch::{Inputs, Placement, Prompts, Rows};
use super::composition::Selection;
use super::gather::gather;
use super::learner::{BatchContext, Learner};
use super::rows::Row;
use crate::Result;
use crate::backbone::{Backbone, Beams, Encoded, Generate, Generation, GroupCost, LoadedBackbone};
use crate::data::{FreeText, LabelWords, Split, TaskSet, TextDecoding, Tokenizer};
use crate::names;
use crate::tensor::upload::Upload;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::rc::Rc;

/// The approximate number of rows decoded together: a step reads all the decoder's weights for any number.
const LOT: usize = 256;

/// The decoding method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoding {
    /// The greedily decoded text; a row ends when it can no longer become an answer.
    Greedy,
    /// The greedily decoded text up to its end of sequence, or `max_new_tokens`.
    Full,
    /// The most probable of the task's label words (rank classification).
    Rank,
}

names!(Decoding, "decoding", Greedy = "greedy", Full = "full", Rank = "rank");

impl Decoding {
    /// The default of `max_new_tokens`.
    pub fn new_tokens(self) -> i64 {
        match self {
            Decoding::Full => 20,
            Decoding::Greedy | Decoding::Rank => 8,
        }
    }
}

/// The options of an evaluation.
#[derive(Debug, Clone)]
pub struct Evaluation {
    pub split: Split,
    /// Only the first `limit` rows of each task.
    pub limit: Option<usize>,
    pub decoding: Decoding,
    /// The maximum number of decoded tokens of a row of label words or numbers.
    pub max_new_tokens: i64,
    /// Replaces the decoding of tasks of free text.
    pub text: TextDecoding,
    /// The maximum number of positions in a batch.
    pub batch_tokens: usize,
    pub max_source: usize,
    pub placement: Placement,
}

impl Evaluation {
    /// The default of `batch_tokens`.
    pub const BATCH_TOKENS: usize = 8192;

    /// Greedy decoding of all rows of a split.
    pub fn of(split: Split, max_source: usize, placement: Placement) -> Evaluation {
        Evaluation {
            split,
            limit: None,
            decoding: Decoding::Greedy,
            max_new_tokens: Decoding::Greedy.new_tokens(),
            text: TextDecoding::default(),
            batch_tokens: Self::BATCH_TOKENS,
            max_source,
            placement,
        }
    }
}

/// The inputs of rows besides their tokens.
pub(super) enum RowInputs<'a> {
    Tokens,
    /// One prompt for each task of the set.
    Prompts(Prompts),
    /// Computed by a learner per batch, with a prompt of `positions`; if `apart`, only rows of one task
    /// share a batch.
    PerRow {
        learner: &'a dyn Learner,
        backbone: Rc<RefCell<LoadedBackbone>>,
        selection: Selection,
        positions: usize,
        apart: bool,
    },
}

/// An encoded batch, and the changed backbone that decodes it, if there is one.
pub(super) struct EncodedBatch {
    pub(super) encoded: Encoded,
    pub(super) model: Option<Box<dyn Backbone>>,
}

/// One row to predict.
pub(super) struct Item {
    pub(super) task: usize,
    pub(super) row: Row,
}

/// All inputs of predictions.
pub(super) struct Predictor<'a> {
    pub(super) model: &'a dyn Backbone,
    pub(super) tokenizer: &'a Tokenizer,
    pub(super) tasks: &'a TaskSet,
    /// The label words of each task; `None` if any number, or any text, is an answer.
    pub(super) known: &'a [Option<LabelWords>],
    pub(super) inputs: &'a RowInputs<'a>,
    pub(super) options: &'a Evaluation,
}

impl Predictor<'_> {
    /// Items, by index, that are encoded together, the longest first.
    pub(super) fn batches(&self, items: &[Item]) -> Vec<Vec<usize>> {
        let apart = |&i: &usize| self.apart(items[i].task);
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|i| (apart(i), Reverse(self.length(&items[*i]))));
        let by_task = order.chunk_by(|a, b| apart(a) == apart(b));
        let mut batches = Vec::new();
        for mut rest in by_task {
            while let Some(&first) = rest.first() {
                let count =
                    (self.options.batch_tokens / self.length(&items[first])).clamp(1, rest.len());
                let (batch, later) = rest.split_at(count);
                batches.push(batch.to_vec());
                rest = later;
            }
        }
        batches
    }

    /// Batches that are decoded together: at most two full ones, because of memory.
    pub(super) fn lots<'b>(
        &self,
        items: &[Item],
        batches: &'b [Vec<usize>],
    ) -> Vec<&'b [Vec<usize>]> {
        if self.keeps_apart() {
            return batches.chunks(1).collect();
        }
        let positions = |batch: &[usize]| batch.iter().map(|&i| self.length(&items[i])).sum();
        let of = |batch: &[usize]| self.apart(items[batch[0]].task);
        let beams = |batch: &[usize]| self.beams(items[batch[0]].task);
        let mut lots = Vec::new();
        let (mut start, mut rows, mut total) = (0, 0, 0usize);
        for (i, batch) in batches.iter().enumerate() {
            let own: usize = positions(batch);
            let most = LOT / beams(batch);
            let is_full = rows + batch.len() > most || total + own > 2 * self.options.batch_tokens;
            if i > start && (is_full || of(batch) != of(&batches[start])) {
                lots.push(&batches[start..i]);
                (start, rows, total) = (i, 0, 0);
            }
            rows += batch.len();
            total += own;
        }
        if start < batches.len() {
            lots.push(&batches[start..]);
        }
        lots
    }

    /// How a task's free text is decoded; `None` for label words and numbers.
    pub(super) fn free_text(&self, task: usize) -> Option<FreeText> {
        let own = self.tasks.tasks[task].labels.free_text()?;
        Some(FreeText { decoding: self.options.text.or(own.decoding), ..*own })
    }

    fn beams(&self, task: usize) -> usize {
        let beams = self.free_text(task).and_then(|text| text.decoding.num_beams);
        beams.map_or(1, |beams| beams.max(1) as usize)
    }

    /// Tasks of the same number share batches and lots: 0, if their rows are decoded greedily to an end of their
    /// own.
    fn apart(&self, task: usize) -> usize {
        let shares = self.free_text(task).is_none_or(|text| {
            text.decoding.num_beams.unwrap_or(1) == 1
                && text.decoding.min_new_tokens.unwrap_or(0) == 0
        });
        if shares && !self.keeps_apart() { 0 } else { task + 1 }
    }

    /// The number of positions of a row, including its prompt.
    fn length(&self, item: &Item) -> usize {
        let prompt = match self.inputs {
            RowInputs::Tokens => 0,
            RowInputs::Prompts(prompts) => prompts.vectors.size()[1] as usize,
            RowInputs::PerRow { positions, .. } => *positions,
        };
        item.row.source.len() + prompt
    }

    /// Whether a batch contains rows of only one task: candidates are scored for a whole batch, and
    /// some backbones differ between tasks.
    fn keeps_apart(&self) -> bool {
        let apart = matches!(self.inputs, RowInputs::PerRow { apart: true, .. });
        apart || self.options.decoding == Decoding::Rank
    }

    /// The inputs of a batch besides its tokens.
    fn inputs_of(&self, items: &[Item], batch: &[usize], cost: GroupCost) -> Result<Inputs> {
        let tasks: Vec<usize> = batch.iter().map(|&i| items[i].task).collect();
        match self.inputs {
            RowInputs::Tokens => Ok(Inputs::default()),
            RowInputs::Prompts(p) => {
                let hidden = p.hidden.clone();
                let vectors = p.vectors.shallow_clone();
                let prompts = Some(Prompts { vectors, of_row: tasks, hidden });
                Ok(Inputs { prompts, ..Inputs::default() })
            }
            RowInputs::PerRow { learner, backbone, selection, .. } => {
                let rows = Rows {
                    backbone: backbone.clone(),
                    tasks,
                    sources: batch.iter().map(|&i| items[i].row.source.clone()).collect(),
                    targets: Vec::new(),
                    placement: self.options.placement,
                    cost,
                };
                learner.inputs(&rows, BatchContext::inference(*selection))
            }
        }
    }

    pub(super) fn encode(&self, items: &[Item], batch: &[usize]) -> Result<EncodedBatch> {
        let sources: Vec<&[i64]> = batch.iter().map(|&i| &items[i].row.source[..]).collect();
        let cost = self.model.group_cost();
        let inputs = self.inputs_of(items, batch, cost)?;
        let changed = self.model.changed(&inputs.changes)?;
        let model = changed.as_deref().unwrap_or(self.model);
        let form = (self.options.placement, cost);
        let (gathered, _) = gather(model, &sources, &inputs, form, Upload::default())?;
        let encoded = model.encode(&gathered.embeddings, gathered.layout, 0.0)?;
        Ok(EncodedBatch { encoded, model: changed })
    }

    /// The predicted texts of the rows of one lot, in its order.
    pub(super) fn predict(
        &self,
        items: &[Item],
        rows: &[usize],
        batches: Vec<EncodedBatch>,
    ) -> Result<Vec<String>> {
        let (encoded, mut models): (Vec<_>, Vec<_>) =
            batches.into_iter().map(|batch| (batch.encoded, batch.model)).unzip();
        let encoded = Encoded::join(encoded)?;
        // A batch with its own changed backbone is a lot of one batch.
        let own = models.pop().flatten();
        let model = own.as_deref().unwrap_or(self.model);
        let tasks: Vec<usize> = rows.iter().map(|&i| items[i].task).collect();
        match self.options.decoding {
            Decoding::Rank => self.rank(model, tasks[0], &encoded),
            Decoding::Greedy => {
                self.decode(model, &tasks, &encoded, |row, ids| self.hopeless(tasks[row], ids))
            }
            Decoding::Full => self.decode(model, &tasks, &encoded, |_, _| false),
        }
    }

    /// The task's label word that equals a decoded text, else the text itself.
    pub(super) fn as_label(&self, task: usize, text: String) -> String {
        let place = self.known[task].as_ref().and_then(|answers| answers.place(&text));
        place.map_or(text, |place| self.tasks.tasks[task].labels.words()[place].clone())
    }

    /// The decoded texts; `tasks` are those of the rows, which `apart` gives the same number.
    fn decode(
        &self,
        model: &dyn Backbone,
        tasks: &[usize],
        encoded: &Encoded,
        done: impl Fn(usize, &[i64]) -> bool,
    ) -> Result<Vec<String>> {
        let ids = self.decode_ids(model, tasks, encoded, done)?;
        ids.iter().map(|ids| self.tokenizer.decode(ids)).collect()
    }

    /// The same as token ids, with the end of sequence if there is one.
    pub(super) fn decode_ids(
        &self,
        model: &dyn Backbone,
        tasks: &[usize],
        encoded: &Encoded,
        done: impl Fn(usize, &[i64]) -> bool,
    ) -> Result<Vec<Vec<i64>>> {
        let limits: Vec<i64> = tasks.iter().map(|&task| self.limit(task)).collect();
        let text = self.free_text(tasks[0]).unwrap_or_default().decoding;
        let generation = Generation {
            max_new_tokens: limits.iter().copied().max().unwrap_or(1),
            min_new_tokens: text.min_new_tokens.unwrap_or(0),
        };
        match text.num_beams.unwrap_or(1) {
            1 => {
                let ended =
                    |row: usize, ids: &[i64]| ids.len() as i64 >= limits[row] || done(row, ids);
                model.greedy_until(encoded, generation, ended)
            }
            num_beams => {
                let default = Beams::default();
                let beams = Beams {
                    num_beams,
                    length_penalty: text.length_penalty.unwrap_or(default.length_penalty),
                    early_stopping: text.early_stopping.unwrap_or(default.early_stopping),
                };
                model.beam_search(encoded, generation, beams)
            }
        }
    }

    /// The maximum number of new tokens of a row: covers every answer of its own task (or of all tasks, whose
    /// words are kept by full decoding), independent of the other rows.
    fn limit(&self, task: usize) -> i64 {
        if let Some(text) = self.free_text(task) {
            return text.most_tokens();
        }
        let known = match self.options.decoding {
            Decoding::Full => self.known,
            Decoding::Greedy | Decoding::Rank => std::slice::from_ref(&self.known[task]),
        };
        let known = known.iter().flatten().flat_map(|answers| &answers.ids);
        let longest = known.map(Vec::len).max().unwrap_or(1);
        self.options.max_new_tokens.max(longest as i64)
    }

    /// Whether a text can no longer become one of the task's answers.
    pub(super) fn hopeless(&self, task: usize, tokens: &[i64]) -> bool {
        if self.free_text(task).is_some() {
            return false;
        }
        let Some(answers) = &self.known[task] else {
            return self.tokenizer.decode(tokens).is_ok_and(|text| !may_become_number(&text));
        };
        // Tokens that decoding skips do not distinguish a row from an answer.
        let seen: Vec<i64> =
            tokens.iter().copied().filter(|&id| !self.tokenizer.is_silent(id)).collect();
        !answers.may_follow(&seen)
    }

    /// The most probable answer of each row, all of one task.
    fn rank(&self, model: &dyn Backbone, task: usize, encoded: &Encoded) -> Result<Vec<String>> {
        let words = self.tasks.tasks[task].labels.all_texts();
        let candidates = self.tokenizer.encode_batch(&words)?;
        let scores = model.score(encoded, &candidates)?;
        let best = scores.iter().map(|of_row| {
            let best = (0..words.len()).max_by(|&a, &b| of_row[a].total_cmp(&of_row[b]));
            words[best.expect("a task has labels")].clone()
        });
        Ok(best.collect())
    }
}

/// Whether more characters could turn a text into a finite number.
fn may_become_number(text: &str) -> bool {
    text.trim().chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
}

#[cfg(test)]
mod tests {
    use super::may_become_number;

    #[test]
    fn a_text_is_given_up_once_no_number_begins_with_it() {
        for text in ["", "3", " 3.", "-1.5e-", "+"] {
            assert!(may_become_number(text), "{text}");
        }
        for text in ["a", "3 5", "3.0 or", "4,"] {
            assert!(!may_become_number(text), "{text}");
        }
    }
}
