//! `compt predict RUN`: predictions for lines of standard input.

use super::{FAILED, errors};
use crate::{Error, Result};
use compt_base::data::{Form, Given, Input, Row};
use compt_base::files::json::read_json;
use compt_base::output;
use compt_cli::predict::Options;
use compt_core::backbone::LoadedBackbone;
use compt_core::tensor::device;
use compt_core::train::batch::Placement;
use compt_core::train::prompt_predictor::{PromptPredictor, RowPrediction};
use compt_error::Context;
use compt_lua::backbone_named;
use compt_run::Specification;
use compt_run::exchange;
use compt_run::spec::BackboneSpec;
use compt_study::records::folder::{CONFIG, SESSION, runs_in};
use serde_json::{Map, Value, json};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use tch::Tensor;

pub fn predict(options: &Options) -> ExitCode {
    let parts = match parts(options) {
        Ok(parts) => parts,
        Err(e) => return errors::refuse(&e),
    };
    let predictor = match parts.predictor() {
        Ok(predictor) => predictor,
        Err(e) => return errors::refuse(&e),
    };
    let answer = || {
        let input = Input::new(Box::new(io::stdin().lock()))?;
        pass(&predictor, input, usize::from(options.batch))
    };
    match answer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            errors::refuse(&e);
            ExitCode::from(FAILED)
        }
    }
}

/// What a predictor is made of.
struct Parts {
    config: Specification,
    task: String,
    form: Form,
    prompt: Tensor,
    backbone: LoadedBackbone,
}

impl Parts {
    fn predictor(&self) -> Result<PromptPredictor<'_>> {
        let Parts { config, task, form, prompt, backbone } = self;
        let placement = Placement::parse(&config.placement)?;
        PromptPredictor::new(
            backbone,
            task,
            form.clone(),
            prompt,
            config.max_source_length,
            placement,
        )
    }
}

/// The run's prompt for the task, and its backbone.
fn parts(options: &Options) -> Result<Parts> {
    if !options.run.join(CONFIG).is_file() {
        let error = Error::new("this is not the folder of a run").at(options.run.display());
        return Err(match &runs_in(&options.run)[..] {
            [] => error.hint("the folder of a run has config.json and prompts.safetensors"),
            runs => error.hint(format!("there are runs in it: {}", runs.join(", "))),
        });
    }
    let config = Specification::read(&options.run)?;
    let (task, form) = form(&config, options).map_err(|e| e.at(options.run.display()))?;
    let prompt = exchange::load(&options.run)?.get(&task)?.value;
    let backbone = backbone(&config, options)?;
    Ok(Parts { config, task, form, prompt, backbone })
}

/// Predicts lines as they arrive, `batch` at a time.
fn pass(predictor: &PromptPredictor, mut input: Input, batch: usize) -> Result<()> {
    let mut waiting: Vec<(usize, Row)> = Vec::new();
    // If the output cannot be written, the rest of the input is not read.
    while output::is_whole() {
        let row = match input.read() {
            Ok(None) => return tell(predictor, waiting),
            Ok(Some((number, given))) => row(predictor.form(), given)
                .map(|row| row.map(|row| (number, row)))
                .map_err(|e| e.at(format!("line {number} of the input"))),
            Err(e) => Err(e),
        };
        match row {
            Ok(row) => waiting.extend(row),
            // Rows before an invalid line are predicted.
            Err(e) => {
                tell(predictor, waiting)?;
                return Err(e);
            }
        }
        if waiting.len() == batch {
            tell(predictor, std::mem::take(&mut waiting))?;
        }
    }
    Ok(())
}

/// Converts an input to a row. Empty lines of JSON Lines are skipped; empty lines of text are predicted, so
/// that output lines match input lines.
fn row(form: &Form, given: Given) -> Result<Option<Row>> {
    match given {
        Given::Row(row) => Ok(Some(row)),
        Given::Text(line) if line.trim().is_empty() => Ok(form.row(&line).ok()),
        Given::Text(line) => form.row(&line).map(Some),
    }
}

/// Prints each row with its prediction and scores, as JSON Lines.
fn tell(predictor: &PromptPredictor, rows: Vec<(usize, Row)>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let (numbers, mut rows): (Vec<usize>, Vec<Row>) = rows.into_iter().unzip();
    let predictions = match predictor.predict(&rows) {
        Ok(predictions) => predictions,
        Err((i, e)) => {
            let before = numbers.iter().copied().zip(rows).take(i).collect();
            tell(predictor, before)?;
            return Err(e.at(format!("line {} of the input", numbers[i])));
        }
    };
    for (row, RowPrediction { prediction, scores, cut }) in rows.iter_mut().zip(predictions) {
        row.insert("prediction".into(), prediction.into());
        if !scores.is_empty() {
            let scores: Map<String, Value> =
                scores.into_iter().map(|(word, share)| (word, json!(share))).collect();
            row.insert("scores".into(), scores.into());
        }
        if cut {
            row.insert("cut".into(), true.into());
        }
        output::json(Value::from(std::mem::take(row)));
    }
    Ok(())
}

fn form(config: &Specification, options: &Options) -> Result<(String, Form)> {
    let forms = config.tasks.as_ref().and_then(|tasks| tasks.forms.as_ref());
    let forms: Vec<(&String, &Value)> = forms.into_iter().flatten().collect();
    let names: Vec<&str> = forms.iter().map(|(name, _)| name.as_str()).collect();
    let name = match (&options.task, &names[..]) {
        (_, []) => {
            return Err(Error::new(
                "the run has no recorded task whose rows can be converted to text",
            ));
        }
        (Some(name), _) => name.clone(),
        (None, [only]) => only.to_string(),
        (None, _) => {
            return Err(Error::new("the run has several tasks")
                .hint(format!("specify one: --task {}", names.join(", --task "))));
        }
    };
    let known = forms.iter().find(|form| *form.0 == name);
    let (_, form) = known.ok_or_else(|| Error::unknown("task", &name, names.iter().copied()))?;
    let form = serde_json::from_value((*form).clone())
        .map_err(|e| Error::new(format!("the task's form cannot be read: {e}")))?;
    Ok((name, form))
}

/// The backbone of the run, or its replacement.
fn backbone(config: &Specification, options: &Options) -> Result<LoadedBackbone> {
    let recorded = &config.backbone;
    let name = match &options.backbone {
        Some(name) => name.clone(),
        None => recorded_name(recorded, &options.run),
    };
    let dtype = &recorded.dtype;
    let device = device::parse(&options.device).at("--device")?;
    let place = |e: Error| match options.backbone {
        Some(_) => e,
        None => Error::new(format!("the backbone of the run is missing: {e}"))
            .hint("specify it with --backbone"),
    };
    let backbone = backbone_named(&name, dtype, device, false).map_err(place)?;
    let (was, is) = (recorded.fingerprint.as_deref(), backbone.fingerprint()?);
    if was.is_some() && was != is.as_deref() {
        let what = "its weights are not those the prompts were trained with";
        if options.backbone.is_none() {
            return Err(Error::new(what).at(&name).hint(
                "specify them with --backbone; for the value of --backbone this is only a note",
            ));
        }
        output::error(format!("note: {name}: {what}"));
    }
    Ok(backbone)
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
