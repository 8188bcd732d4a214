//! The record of a run in its folder. A write error does not stop the training: it is reported, the write is
//! retried, and records that are still missing at the end are reported again.

use super::scores;
use super::spec::{CheckpointSpec, Specification};
use crate::checkpoints::{Checkpoints, Saved};
use crate::environment::environment;
use crate::exchange::{self, Note};
use crate::history::{Columns, Trace};
use crate::{Error, Result};
use compt_base::data::Split;
use compt_base::data::predictions::{self, Predictions};
use compt_base::files::json::{read_json, remove_if_there};
use compt_base::{notice, stop};
use compt_core::nn::Named;
use compt_core::train::Trainer;
use compt_core::train::composition::Selection;
use compt_core::train::evaluate::Scores;
use compt_core::train::history::Evaluated;
use compt_core::train::report::StepReport;
use compt_study::interrupt;
use compt_study::records::events::Event;
use compt_study::records::folder::{PREDICTIONS, PROMPTS, Provenance, RESULT, RunFolder, Start};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How a run ended.
pub enum End<'a> {
    Complete,
    /// The control stopped it.
    Stopped,
    /// A signal such as Ctrl-C stopped it.
    Interrupted,
    Failed(&'a Error),
}

/// The subject of a write error.
const RECORD: &str = "the record";
const CHECKPOINT: &str = "the checkpoint";
const BEST: &str = "the best checkpoint";

/// The interval between checkpoints, unless it is set in steps.
const PAUSE: Duration = Duration::from_secs(60);

/// The record of one trainer. The folder is created before the first step.
pub struct Record {
    out: Option<PathBuf>,
    folder: Option<RunFolder>,
    specification: Value,
    provenance: Provenance,
    seed: u64,
    result: Value,
    checkpoints: CheckpointSpec,
    /// The step of the last checkpoint, and when it was written.
    saved: (u64, Instant),
    /// The score of the best checkpoint.
    best: Option<f64>,
    /// Current write errors, by subject.
    trouble: BTreeMap<&'static str, String>,
    trace: Trace,
}

impl Record {
    /// `out` is the folder to create; `None`: no record.
    pub fn new(
        specification: &Specification,
        provenance: Provenance,
        out: Option<PathBuf>,
    ) -> Self {
        let tasks = specification.tasks.as_ref();
        let result = json!({
            "method": specification.method.get("name"),
            "name": specification.name,
            "backbone": specification.backbone.name,
            "tasks": tasks.map(|tasks| &tasks.names),
            "shots": tasks.map(|tasks| tasks.shots),
            "per": tasks.map(|tasks| &tasks.per),
            "seed": specification.seed,
            "data_seed": tasks.map(|tasks| tasks.seed),
        });
        Record {
            out,
            folder: None,
            specification: specification.to_json(),
            provenance,
            seed: specification.seed,
            result,
            checkpoints: specification.checkpoints(),
            saved: (0, Instant::now()),
            best: None,
            trouble: BTreeMap::new(),
            trace: Trace::default(),
        }
    }

    /// The folder, if it exists yet.
    pub fn path(&self) -> Option<&Path> {
        self.folder.as_ref().map(RunFolder::path)
    }

    /// The specification, as in `config.json`.
    pub fn specification(&self) -> &Value {
        &self.specification
    }

    /// When checkpoints are written.
    pub fn checkpoints(&self) -> &CheckpointSpec {
        &self.checkpoints
    }

    /// Adds a key to `session.json`, which is written with the folder.
    pub fn annotate(&mut self, key: &str, value: Value) {
        if self.provenance.session.is_object() {
            self.provenance.session[key] = value;
        }
    }

    /// Stops recording.
    pub fn disable(&mut self) {
        self.out = None;
    }

    /// A description of the prompts.
    pub fn note(&self) -> Note {
        Note::of_run(&self.specification, &self.result)
    }

    /// Creates the folder, before the first step; `parts` are the versions of the files of user-defined parts.
    pub fn begin(&mut self, parts: Vec<Event>) -> Result<()> {
        if self.folder.is_some() {
            return Ok(());
        }
        let Some(out) = &self.out else { return Ok(()) };
        let start = Start {
            config: &self.specification,
            environment: &environment(self.seed),
            provenance: &self.provenance,
        };
        let mut folder = RunFolder::create(out, &start)?;
        let written = parts.iter().try_for_each(|event| folder.steered(event));
        interrupt::set_checkpoint(Some((folder.path(), None)));
        self.folder = Some(folder);
        self.tolerate(RECORD, written);
        self.saved.1 = Instant::now();
        Ok(())
    }

    /// Opens the folder of a run that is resumed after the trainer's current step. Recorded events end at
    /// attempt `steered`.
    ///
    /// # Errors
    /// Another process writes to the folder, or a record cannot be opened.
    pub fn resume(&mut self, path: &Path, trainer: &Trainer, steered: u64) -> Result<()> {
        let mut folder = RunFolder::open(path)?;
        folder.back_to(trainer.steps())?;
        folder.steered_until(steered)?;
        if let Ok(result) = read_json(&path.join(RESULT)) {
            self.result = result;
        }
        self.best = self.best_of(trainer);
        interrupt::set_checkpoint(Some((folder.path(), Some(trainer.steps()).filter(|n| *n > 0))));
        self.folder = Some(folder);
        self.saved = (trainer.steps(), Instant::now());
        Ok(())
    }

    /// Where the numbers of the steps are.
    pub fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    /// For a checkpoint, see [`Trace::to_json`].
    pub fn trace_json(&self) -> Value {
        self.trace.to_json()
    }

    /// For a checkpoint outside of the folder, see [`Trace::to_json_with`].
    pub fn trace_apart(&self, step: u64) -> Value {
        self.trace.to_json_with(self.path(), step)
    }

    /// The numbers of the steps up to this one. Errors: a record cannot be read.
    pub fn columns(&self, until: u64) -> Result<Columns> {
        self.trace.columns(self.path(), until)
    }

    fn best_of(&self, trainer: &Trainer) -> Option<f64> {
        let scores = trainer.at().history.evaluations.iter().map(|e| self.score(e));
        scores.flatten().reduce(f64::max)
    }

    /// Records the control events of a step, and the step; scores of earlier steps are removed from the
    /// result.
    pub fn step(&mut self, trainer: &Trainer, report: &StepReport, events: &[Event]) {
        if let Value::Object(result) = &mut self.result {
            result.retain(|key, _| {
                !["scores", "average", "counts", "evaluations"].contains(&key.as_str())
            });
        }
        if !report.rolled_back.is_empty() {
            self.best = self.best_of(trainer);
        }
        let Some(folder) = &mut self.folder else {
            if let Ok(line) = serde_json::to_value(report) {
                self.trace.push(&line);
            }
            return;
        };
        // Failed writes stay pending, in the folder's order.
        let mut written =
            events.iter().map(|event| folder.steered(event)).fold(Ok(()), Result::and);
        if !report.rolled_back.is_empty() {
            written = written.and(folder.back_to(report.step - 1));
        }
        let line = serde_json::to_value(report).map_err(|e| Error::new(e.to_string()));
        written = written.and(line.and_then(|line| folder.metrics(&line)));
        written = written.and(folder.catch_up());
        self.tolerate(RECORD, written);
    }

    /// Records the scores of an evaluation during training. Returns the score if it is the best so far.
    pub fn evaluated(&mut self, found: &Evaluated) -> Option<f64> {
        if let Some(folder) = &mut self.folder {
            let line = serde_json::to_value(found).map_err(|e| Error::new(e.to_string()));
            let written = line.and_then(|line| folder.evaluation(&line));
            self.tolerate(RECORD, written);
        }
        self.score(found).filter(|score| self.best.is_none_or(|best| *score > best))
    }

    /// The score that selects the best checkpoint.
    fn score(&self, found: &Evaluated) -> Option<f64> {
        match self.checkpoints.best.as_str() {
            "average" => Some(found.average),
            task => found.scores.get(task).copied(),
        }
    }

    /// Whether a checkpoint is due.
    pub fn is_due(&self, step: u64) -> bool {
        self.folder.is_some()
            && match self.checkpoints.every {
                0 => self.saved.1.elapsed() >= PAUSE,
                every => step.is_multiple_of(every),
            }
    }

    /// Whether steps were made since the last checkpoint.
    pub fn is_unsaved(&self, step: u64) -> bool {
        self.folder.is_some() && self.saved.0 != step
    }

    /// Writes the checkpoint of this step, or the best checkpoint, after the records that it
    /// relies on.
    pub fn checkpoint(&mut self, step: u64, saved: &Saved, best: Option<f64>) {
        let Some(folder) = &mut self.folder else { return };
        let checkpoints = Checkpoints::of(folder.path(), self.checkpoints.keep);
        let written = folder.sync().and_then(|()| match best {
            Some(_) => checkpoints.save_best(saved),
            None => checkpoints.save(step, saved),
        });
        match (best, &written) {
            (Some(_), Ok(())) => self.best = best,
            (None, Ok(())) => {
                self.saved.0 = step;
                interrupt::set_checkpoint(Some((folder.path(), Some(step))));
            }
            _ => {}
        }
        self.saved.1 = Instant::now();
        self.tolerate(if best.is_some() { BEST } else { CHECKPOINT }, written);
    }

    /// Reports a write error once, and reports when the write succeeds again.
    fn tolerate(&mut self, what: &'static str, written: Result<()>) {
        match written {
            Ok(()) => {
                if self.trouble.remove(what).is_some() {
                    notice::say(&format!("note: {what} can be written again"));
                }
            }
            Err(e) => {
                let trouble = e.to_string();
                if self.trouble.get(what) != Some(&trouble) {
                    notice::say(&format!(
                        "warning: {what} cannot be written: {trouble}\n  training continues; \
                         writing is tried again, and earlier checkpoints are intact"
                    ));
                }
                self.trouble.insert(what, trouble);
            }
        }
    }

    /// Records how the run ended, with its current prompts and result.
    ///
    /// Returns a description of the records that could not be written, if any.
    pub fn finish(&mut self, trainer: &Trainer, end: End) -> Option<String> {
        self.result["interrupted"] = matches!(end, End::Interrupted).into();
        self.result["stopped"] = matches!(end, End::Stopped).into();
        if let Value::Object(result) = &mut self.result {
            result.remove("error");
        }
        if let End::Failed(error) = end {
            self.result["error"] = error.to_string().into();
        }
        let written = self.write(trainer);
        self.tolerate(RECORD, written);
        interrupt::set_checkpoint(None);
        let (missing, trouble) = self.trouble.first_key_value()?;
        let path = self.path()?.display();
        Some(format!("the run in {path} is not completely recorded: {missing}: {trouble}"))
    }

    /// Records the scores of the full composition on a split; those of the test rows are the result.
    pub fn scores(&mut self, trainer: &Trainer, found: &Scores) {
        if found.split != Split::Test {
            return;
        }
        self.result["scores"] = scores::by_task(found);
        self.result["average"] = found.average().into();
        self.result["counts"] = scores::counts(found);
        let written = self.write(trainer);
        self.tolerate(RECORD, written);
    }

    /// Stores the predictions of an evaluation.
    pub fn answers(&mut self, name: &str, found: &Scores) {
        let Some(folder) = &self.folder else { return };
        let path = folder.path().join(PREDICTIONS).join(format!("{name}.jsonl.gz"));
        let tasks: Vec<Predictions> = found.tasks.iter().map(scores::predictions).collect();
        let written = predictions::write(&path, &tasks);
        self.tolerate(RECORD, written);
    }

    /// Records the scores of another evaluation of the test rows, with its options.
    pub fn look(&mut self, trainer: &Trainer, mut how: Value, found: &Scores) {
        let same = |before: &Value| {
            let asked = how.as_object().into_iter().flatten();
            asked.into_iter().all(|(key, value)| before[key] == *value)
        };
        let mut looks = self.result["evaluations"].as_array().cloned().unwrap_or_default();
        looks.retain(|before| !same(before));
        how["scores"] = scores::by_task(found);
        how["average"] = found.average().into();
        looks.push(how);
        self.result["evaluations"] = looks.into();
        let written = self.write(trainer);
        self.tolerate(RECORD, written);
    }

    /// Writes the pending records, the prompts and the result.
    fn write(&mut self, trainer: &Trainer) -> Result<()> {
        let note = self.note();
        let Some(folder) = &mut self.folder else { return Ok(()) };
        folder.catch_up()?;
        match prompts(trainer) {
            Ok(prompts) if !prompts.is_empty() => {
                exchange::from_run(folder.path(), &prompts, &note)?;
            }
            // A signal waits, and the operator does not return.
            Err(e) if stop::take_broken_off() => {
                remove_if_there(&folder.path().join(PROMPTS))?;
                notice::say(&format!(
                    "warning: {PROMPTS} is not written: {e}; the checkpoint has the parameters"
                ));
            }
            // The prompts of an earlier stage are not those of the run.
            found => found.and_then(|_| remove_if_there(&folder.path().join(PROMPTS)))?,
        }
        self.result["steps"] = trainer.steps().into();
        self.result["seconds"] = trainer.at().seconds.into();
        self.result["loss"] = trainer.last().map(|last| last.loss).into();
        self.result["skipped"] = trainer.at().skipped.0.into();
        self.result["rollbacks"] = trainer.at().rollbacks.into();
        if let Some(composition) = trainer.composition()
            && let Some(gap) = composition.router_gap(trainer.temperature())?
        {
            self.result["router_gap"] = gap.into();
        }
        folder.result(&self.result)
    }
}

/// `target.<task>`: the composed prompts as inference uses them, if there is one per task, (length, d_model);
/// `source.<i>` and `private.<task>`: their components; `router.logits`. Errors: those of libtorch.
pub fn prompts(trainer: &Trainer) -> Result<Named> {
    let mut all = Vec::new();
    if let Some(targets) = trainer.prompts(Selection::default())? {
        for i in trainer.all_tasks() {
            let name = format!("target.{}", trainer.parts().task_names[i]);
            all.push((name, targets.vectors.f_get(i as i64)?));
        }
    }
    let Some(composition) = trainer.composition() else { return Ok(all) };
    all.extend(composition.bank.materialise()?);
    if let Some(router) = &composition.router {
        all.extend(router.parameters());
    }
    Ok(all)
}
