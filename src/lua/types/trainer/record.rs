//! What a trainer leaves in its run's folder. A folder that cannot be written to does not stop the
//! training: it is told, what waits is tried again, and what is missing at the end is told again.

use super::build::{Built, Saving};
use super::scores;
use crate::session::Session;
use crate::{Error, Result};
use compt_core::data::Split;
use compt_core::data::predictions::{self, Predictions};
use compt_core::files::json::{read_json, remove_if_there};
use compt_core::nn::Named;
use compt_core::notice;
use compt_core::train::Trainer;
use compt_core::train::composition::Selection;
use compt_core::train::evaluate::Scores;
use compt_core::train::history::Evaluated;
use compt_core::train::report::StepReport;
use compt_study::exchange::{self, Note};
use compt_study::run::checkpoints::{Checkpoints, Saved};
use compt_study::run::environment::environment;
use compt_study::run::folder::{PREDICTIONS, PROMPTS, RESULT, RunFolder, Start};
use compt_study::run::steering::Event;
use mlua::Lua;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How a run came to its end.
pub enum End<'a> {
    Complete,
    /// Its control said so.
    Stopped,
    /// By Ctrl-C or another signal.
    Interrupted,
    Failed(&'a Error),
}

/// What trouble is about.
const RECORD: &str = "the record";
const CHECKPOINT: &str = "the checkpoint";
const BEST: &str = "the best checkpoint";

/// Between two checkpoints, unless steps are counted.
const PAUSE: Duration = Duration::from_secs(60);

/// The record of one trainer; the folder is made when the first step is.
pub struct Record {
    out: Option<PathBuf>,
    folder: Option<RunFolder>,
    config: Value,
    script: Option<String>,
    session: Value,
    seed: u64,
    result: Value,
    saving: Saving,
    /// The step of the last checkpoint, and when it was written.
    saved: (u64, Instant),
    /// The best score there was a checkpoint of.
    best: Option<f64>,
    /// What cannot be written at the moment, by what it is.
    trouble: BTreeMap<&'static str, String>,
}

impl Record {
    pub fn new(lua: &Lua, built: &Built) -> Self {
        let mut config = built.config.clone();
        let (mut script, mut session_record) = (None, Value::Null);
        if let Some(session) = lua.app_data_ref::<Session>() {
            config["args"] = session.args.clone().into();
            script = session.script.as_ref().map(|script| script.source.clone());
            session_record = session.record();
            session_record["trainer"] = built.number.into();
        }
        let result = json!({
            "method": config["method"]["name"],
            "name": config["name"],
            "backbone": config["backbone"]["name"],
            "tasks": config["tasks"]["names"],
            "shots": config["tasks"]["shots"],
            "per": config["tasks"]["per"],
            "seed": config["seed"],
            "data_seed": config["tasks"]["seed"],
        });
        Record {
            out: built.out.clone(),
            folder: None,
            config,
            script,
            session: session_record,
            seed: built.parts.settings.seed,
            result,
            saving: built.saving.clone(),
            saved: (0, Instant::now()),
            best: None,
            trouble: BTreeMap::new(),
        }
    }

    /// The folder, once there is one.
    pub fn path(&self) -> Option<&Path> {
        self.folder.as_ref().map(RunFolder::path)
    }

    /// Every setting as it was resolved.
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// Nothing is recorded.
    pub fn nowhere(&mut self) {
        self.out = None;
    }

    /// What is known of the prompts.
    pub fn note(&self) -> Note {
        Note::of_run(&self.config, &self.result)
    }

    /// Makes the folder before the first step.
    pub fn begin(&mut self) -> Result<()> {
        if self.folder.is_some() {
            return Ok(());
        }
        let Some(out) = &self.out else { return Ok(()) };
        let start = Start {
            config: &self.config,
            environment: &environment(self.seed),
            script: self.script.as_deref(),
            session: &self.session,
        };
        self.folder = Some(RunFolder::create(out, &start)?);
        self.saved.1 = Instant::now();
        Ok(())
    }

    /// Takes the folder of a run that is gone on with after this step; it was steered until the
    /// attempt `steered`.
    pub fn go_on(&mut self, path: &Path, trainer: &Trainer, steered: u64) -> Result<()> {
        let mut folder = RunFolder::open(path)?;
        folder.back_to(trainer.steps())?;
        folder.steered_until(steered)?;
        if let Ok(result) = read_json(&path.join(RESULT)) {
            self.result = result;
        }
        self.best = self.best_of(trainer);
        self.folder = Some(folder);
        self.saved = (trainer.steps(), Instant::now());
        Ok(())
    }

    fn best_of(&self, trainer: &Trainer) -> Option<f64> {
        let scores = trainer.at().history.evaluations.iter().map(|e| self.score(e));
        scores.flatten().reduce(f64::max)
    }

    /// Notes what steered a step, and the step; scores of the steps before are no longer the
    /// result's.
    pub fn step(&mut self, trainer: &Trainer, report: &StepReport, events: &[Event]) {
        if let Value::Object(result) = &mut self.result {
            result.retain(|key, _| {
                !["scores", "average", "counts", "evaluations"].contains(&key.as_str())
            });
        }
        if !report.rolled_back.is_empty() {
            self.best = self.best_of(trainer);
        }
        let Some(folder) = &mut self.folder else { return };
        // Whatever cannot be written waits in the folder's order.
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

    /// Notes the scores of an evaluation while training. Gives theirs if it is the best so far.
    pub fn evaluated(&mut self, found: &Evaluated) -> Option<f64> {
        if let Some(folder) = &mut self.folder {
            let line = serde_json::to_value(found).map_err(|e| Error::new(e.to_string()));
            let written = line.and_then(|line| folder.evaluation(&line));
            self.tolerate(RECORD, written);
        }
        self.score(found).filter(|score| self.best.is_none_or(|best| *score > best))
    }

    /// The score by which the best checkpoint is chosen.
    fn score(&self, found: &Evaluated) -> Option<f64> {
        match self.saving.best.as_str() {
            "average" => Some(found.average),
            task => found.scores.get(task).copied(),
        }
    }

    /// Whether a checkpoint is due.
    pub fn is_due(&self, step: u64) -> bool {
        self.folder.is_some()
            && match self.saving.every {
                0 => self.saved.1.elapsed() >= PAUSE,
                every => step.is_multiple_of(every),
            }
    }

    /// Whether steps were made since the last checkpoint.
    pub fn is_unsaved(&self, step: u64) -> bool {
        self.folder.is_some() && self.saved.0 != step
    }

    /// Writes a checkpoint of this step, or that of the best score, with what it relies on before
    /// it.
    pub fn checkpoint(&mut self, step: u64, saved: &Saved, best: Option<f64>) {
        let Some(folder) = &mut self.folder else { return };
        let checkpoints = Checkpoints::of(folder.path(), self.saving.keep);
        let written = folder.sync().and_then(|()| match best {
            Some(_) => checkpoints.save_best(saved),
            None => checkpoints.save(step, saved),
        });
        match (best, &written) {
            (Some(_), Ok(())) => self.best = best,
            (None, Ok(())) => self.saved.0 = step,
            _ => {}
        }
        self.saved.1 = Instant::now();
        self.tolerate(if best.is_some() { BEST } else { CHECKPOINT }, written);
    }

    /// Tells of what cannot be written, once, and when it can be again.
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
                        "warning: {what} cannot be written: {trouble}\n  the run goes on; it is \
                         tried again, and checkpoints written before are whole"
                    ));
                }
                self.trouble.insert(what, trouble);
            }
        }
    }

    /// Notes how the run ended, with its prompts and its result as they stand.
    pub fn finish(&mut self, lua: &Lua, trainer: &Trainer, end: End) {
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
        self.tell_unrecorded(lua);
    }

    /// Makes the session end with an error where something is not on the disk.
    fn tell_unrecorded(&self, lua: &Lua) {
        let (Some((missing, trouble)), Some(path)) = (self.trouble.first_key_value(), self.path())
        else {
            return;
        };
        if let Some(mut session) = lua.app_data_mut::<Session>() {
            let what = format!(
                "the run in {} is not wholly recorded: {missing}: {trouble}",
                path.display()
            );
            session.unrecorded.push(what);
        }
    }

    /// Notes the scores of a whole composition on a split; those on the test rows are the result.
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

    /// Keeps the single answers of an evaluation.
    pub fn answers(&mut self, name: &str, found: &Scores) {
        let Some(folder) = &self.folder else { return };
        let path = folder.path().join(PREDICTIONS).join(format!("{name}.jsonl.gz"));
        let tasks: Vec<Predictions> = found.tasks.iter().map(scores::answered).collect();
        let written = predictions::write(&path, &tasks);
        self.tolerate(RECORD, written);
    }

    /// Notes the scores of another look at the test rows, and how they were looked at.
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

    /// Writes what waits, the prompts and the result.
    fn write(&mut self, trainer: &Trainer) -> Result<()> {
        let note = self.note();
        let Some(folder) = &mut self.folder else { return Ok(()) };
        folder.catch_up()?;
        let prompts = prompts(trainer)?;
        match prompts.is_empty() {
            false => exchange::from_run(folder.path(), &prompts, &note)?,
            // Those of an earlier stage are not the run's.
            true => remove_if_there(&folder.path().join(PROMPTS))?,
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

/// `target.<task>`: the composed prompts as inference uses them, where it uses one a task; `source.<i>` and
/// `private.<task>`: what they are made of; `router.logits`.
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
