//! What a trainer leaves in its run's folder.

use super::build::Built;
use super::scores;
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
        let session = lua.app_data_ref::<Session>();
        let script = session.and_then(|s| s.script.as_ref().map(|script| script.source.clone()));
        let config = built.config.clone();
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

    pub fn step(&mut self, report: &StepReport) -> Result<()> {
        let Some(folder) = &mut self.folder else { return Ok(()) };
        let line = serde_json::to_value(report).map_err(|e| Error::new(e.to_string()))?;
        folder.metrics(&line)
    }

    /// Writes the prompts and the result as they stand.
    pub fn finish(&mut self, trainer: &Trainer, interrupted: bool) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let prompts = prompts(trainer)?;
        if !prompts.is_empty() {
            file::save(&folder.path().join("prompts.safetensors"), &prompts)?;
        }
        self.result["steps"] = trainer.steps().into();
        self.result["seconds"] = trainer.seconds().into();
        self.result["loss"] = trainer.last().map(|last| last.loss).into();
        self.result["interrupted"] = interrupted.into();
        if let Some(composition) = &trainer.parts().composition
            && let Some(gap) = composition.router_gap(trainer.temperature())?
        {
            self.result["router_gap"] = gap.into();
        }
        folder.result(&self.result)
    }

    /// Notes the scores of a whole composition on a split; those on the test rows are the result.
    pub fn scores(&mut self, found: &Scores) -> Result<()> {
        if found.split != crate::data::Split::Test {
            return Ok(());
        }
        self.result["scores"] = scores::by_task(found);
        self.result["average"] = found.average().into();
        self.result["counts"] = scores::counts(found);
        match &self.folder {
            Some(folder) => folder.result(&self.result),
            None => Ok(()),
        }
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
