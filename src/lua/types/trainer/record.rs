//! What a trainer leaves in its run's folder.

use super::build::Built;
use super::scores;
use crate::data::Split;
use crate::lua::session::Session;
use crate::nn::Named;
use crate::run::environment::environment;
use crate::run::{RunFolder, Start};
use crate::tensor::file;
use crate::train::Trainer;
use crate::train::composition::Selection;
use crate::train::evaluate::Scores;
use crate::train::report::StepReport;
use crate::{Error, Result};
use mlua::Lua;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How a run came to its end.
pub enum End<'a> {
    Complete,
    /// By Ctrl-C.
    Interrupted,
    Failed(&'a Error),
}

/// The record of one trainer; the folder is made when the first step is.
pub struct Record {
    out: Option<PathBuf>,
    folder: Option<RunFolder>,
    config: Value,
    script: Option<String>,
    seed: u64,
    result: Value,
}

impl Record {
    pub fn new(lua: &Lua, built: &Built) -> Self {
        let mut config = built.config.clone();
        let mut script = None;
        if let Some(session) = lua.app_data_ref::<Session>() {
            config["args"] = session.args.clone().into();
            script = session.script.as_ref().map(|script| script.source.clone());
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
        let seed = built.parts.settings.seed;
        Record { out: built.out.clone(), folder: None, config, script, seed, result }
    }

    /// The folder, once there is one.
    pub fn path(&self) -> Option<&Path> {
        self.folder.as_ref().map(RunFolder::path)
    }

    /// Makes the folder before the first step.
    pub fn begin(&mut self, trainer: &Trainer) -> Result<()> {
        if self.folder.is_some() {
            return Ok(());
        }
        let Some(out) = &self.out else { return Ok(()) };
        let start = Start {
            config: &self.config,
            environment: &environment(self.seed),
            script: self.script.as_deref(),
        };
        let mut folder = RunFolder::create(out, &start)?;
        folder.control(trainer.steps() + 1, trainer.parts().control.sources())?;
        self.folder = Some(folder);
        Ok(())
    }

    /// Notes a step; scores of the steps before are no longer the result's.
    pub fn step(&mut self, report: &StepReport) -> Result<()> {
        if let Value::Object(result) = &mut self.result {
            result.retain(|key, _| {
                !["scores", "average", "counts", "evaluations"].contains(&key.as_str())
            });
        }
        let Some(folder) = &mut self.folder else { return Ok(()) };
        let line = serde_json::to_value(report).map_err(|e| Error::new(e.to_string()))?;
        folder.metrics(&line)
    }

    /// Notes how the run ended, with its prompts and its result as they stand.
    pub fn finish(&mut self, trainer: &Trainer, end: End) -> Result<()> {
        self.result["interrupted"] = matches!(end, End::Interrupted).into();
        if let End::Failed(error) = end {
            self.result["error"] = error.to_string().into();
        }
        self.write(trainer)
    }

    /// Notes the scores of a whole composition on a split; those on the test rows are the result.
    pub fn scores(&mut self, trainer: &Trainer, found: &Scores) -> Result<()> {
        if found.split != Split::Test {
            return Ok(());
        }
        self.result["scores"] = scores::by_task(found);
        self.result["average"] = found.average().into();
        self.result["counts"] = scores::counts(found);
        self.write(trainer)
    }

    /// Notes the scores of another look at the test rows, and how they were looked at.
    pub fn look(&mut self, trainer: &Trainer, mut how: Value, found: &Scores) -> Result<()> {
        how["scores"] = scores::by_task(found);
        how["average"] = found.average().into();
        match self.result["evaluations"].as_array_mut() {
            Some(list) => list.push(how),
            None => self.result["evaluations"] = json!([how]),
        }
        self.write(trainer)
    }

    /// Writes the prompts and the result.
    fn write(&mut self, trainer: &Trainer) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let prompts = prompts(trainer)?;
        if !prompts.is_empty() {
            file::save(&folder.path().join("prompts.safetensors"), &prompts)?;
        }
        self.result["steps"] = trainer.steps().into();
        self.result["seconds"] = trainer.seconds().into();
        self.result["loss"] = trainer.last().map(|last| last.loss).into();
        if let Some(composition) = &trainer.parts().composition
            && let Some(gap) = composition.router_gap(trainer.temperature())?
        {
            self.result["router_gap"] = gap.into();
        }
        folder.result(&self.result)
    }
}

/// `target.<task>`: the composed prompts as inference uses them; `source.<i>` and
/// `private.<task>`: what they are made of; `router.logits`.
pub fn prompts(trainer: &Trainer) -> Result<Named> {
    let Some(composition) = &trainer.parts().composition else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    if let Some(targets) = trainer.prompts(Selection::default())? {
        for (i, task) in trainer.parts().task_names.iter().enumerate() {
            all.push((format!("target.{task}"), targets.vectors.f_get(i as i64)?));
        }
    }
    all.extend(composition.bank.materialise()?);
    if let Some(router) = &composition.router {
        all.extend(router.parameters());
    }
    Ok(all)
}
