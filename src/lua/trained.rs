//! The recorded prompts of a run: what answers new rows without the run's data and code.

use super::types::backbone_named;
use crate::{Error, Result};
use compt_base::data::Form;
use compt_base::files::json::read_json;
use compt_base::output;
use compt_core::backbone::LoadedBackbone;
use compt_core::tensor::device;
use compt_error::Context;
use compt_run::Specification;
use compt_run::checkpoints::Checkpoints;
use compt_run::spec::BackboneSpec;
use compt_study::records::folder::{CONFIG, PROMPTS, RESULT, SESSION, runs_in};
use serde_json::Value;
use std::path::Path;

/// Who asks: messages name its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    Command,
    Script,
}

impl Asking {
    fn option(self, name: &str) -> String {
        match self {
            Asking::Command => format!("--{name}"),
            Asking::Script => format!("'{name}'"),
        }
    }
}

/// Refuses a folder that is not that of a run.
pub fn check_folder(run: &Path) -> Result<()> {
    if run.join(CONFIG).is_file() {
        return Ok(());
    }
    let error = Error::new("this is not the folder of a run").at(run.display());
    Err(match &runs_in(run)[..] {
        [] => error.hint("the folder of a run has config.json and prompts.safetensors"),
        runs => error.hint(format!("there are runs in it: {}", runs.join(", "))),
    })
}

/// The name and the form of a task of a run; without `task`, those of its only task.
///
/// # Errors
/// The task is unknown; the run has several tasks, or none whose form is recorded.
pub fn form(config: &Specification, task: Option<&str>, asking: Asking) -> Result<(String, Form)> {
    let forms = config.tasks.as_ref().and_then(|tasks| tasks.forms.as_ref());
    let forms: Vec<(&String, &Value)> = forms.into_iter().flatten().collect();
    let names: Vec<&str> = forms.iter().map(|(name, _)| name.as_str()).collect();
    let all = config.tasks.as_ref().map_or(Vec::new(), |tasks| tasks.names.clone());
    let name = match (task, &names[..]) {
        (_, []) => {
            return Err(Error::new(
                "the run has no recorded task whose rows can be converted to text",
            ));
        }
        (Some(name), _) => name.to_string(),
        (None, [only]) if all.len() <= 1 => only.to_string(),
        (None, _) => {
            let hint = match asking {
                Asking::Command => format!("specify one: --task {}", all.join(", --task ")),
                Asking::Script => format!("set 'task' to one of: {}", all.join(", ")),
            };
            return Err(Error::new("the run has several tasks").hint(hint));
        }
    };
    let known = forms.iter().find(|form| *form.0 == name);
    let (_, form) = known.ok_or_else(|| match all.contains(&name) {
        true => Error::new(format!("a function of the script makes the text of task '{name}'"))
            .hint("the trainer of the script predicts its rows: trainer:predict"),
        false => Error::unknown("task", &name, names.iter().copied()),
    })?;
    let form = serde_json::from_value((*form).clone())
        .map_err(|e| Error::new(format!("the task's form cannot be read: {e}")))?;
    Ok((name, form))
}

/// The backbone of a run, or its replacement, on a device.
///
/// # Errors
/// It is missing, or has other weights; for a replacement, other weights are only told.
pub fn backbone(
    config: &Specification,
    run: &Path,
    replacement: Option<&str>,
    on: &str,
    asking: Asking,
) -> Result<LoadedBackbone> {
    let recorded = &config.backbone;
    let name = replacement.map_or_else(|| recorded_name(recorded, run), absolute);
    let device = device::parse(on).at(asking.option("device"))?;
    let option = asking.option("backbone");
    let place = |e: Error| match replacement {
        Some(_) => e,
        None => Error::new(format!("the backbone of the run is missing: {e}"))
            .hint(format!("specify it with {option}")),
    };
    let backbone = backbone_named(&name, &recorded.dtype, device, false).map_err(place)?;
    let (was, is) = (recorded.fingerprint.as_deref(), backbone.fingerprint()?);
    if was.is_some() && was != is.as_deref() {
        let what = "its weights are not those the prompts were trained with";
        if replacement.is_none() {
            return Err(Error::new(what).at(&name).hint(format!(
                "specify them with {option}; for the value of {option} this is only a note"
            )));
        }
        output::error(format!("note: {name}: {what}"));
    }
    Ok(backbone)
}

/// The name of a model; that of a folder from the root, since it is read again from another working folder.
fn absolute(name: &str) -> String {
    match Path::new(name).is_dir() {
        true => std::path::absolute(name).map_or(name.into(), |path| path.display().to_string()),
        false => name.to_string(),
    }
}

/// A model on the Hub with its commit; a folder relative to the folder in which the run was started.
fn recorded_name(recorded: &BackboneSpec, run: &Path) -> String {
    let name = recorded.name.clone();
    if let Some(commit) = &recorded.revision {
        return format!("{name}@{commit}");
    }
    let session = read_json(&run.join(SESSION)).unwrap_or_default();
    match session["folder"].as_str().map(|folder| Path::new(folder).join(&name)) {
        Some(there) if there.is_dir() => there.display().to_string(),
        _ => name,
    }
}

/// Whether the recorded prompts are those of the newest checkpoint: a run that goes on writes them at its end.
pub fn has_current_prompts(run: &Path) -> bool {
    let made = read_json(&run.join(RESULT)).ok().and_then(|result| result["steps"].as_u64());
    let saved = Checkpoints::of(run, 1).last_step();
    run.join(PROMPTS).is_file() && (saved.is_none() || saved == made)
}
