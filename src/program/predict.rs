//! `compt predict RUN`: predictions for lines of standard input.

use super::{FAILED, errors};
use crate::Result;
use compt_base::data::{Form, Given, Input, Row};
use compt_base::output;
use compt_cli::predict::Options;
use compt_core::backbone::LoadedBackbone;
use compt_core::train::Answer;
use compt_core::train::batch::Placement;
use compt_core::train::prompt_predictor::PromptPredictor;
use compt_lua::trained::{self, Asking};
use compt_run::Specification;
use compt_run::exchange;
use serde_json::{Map, Value, json};
use std::io;
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
    let run = &options.run;
    trained::check_folder(run)?;
    let config = Specification::read(run)?;
    let (task, form) = trained::form(&config, options.task.as_deref(), Asking::Command)
        .map_err(|e| e.at(run.display()))?;
    let prompt = exchange::load(run)?.get(&task)?.value;
    let given = options.backbone.as_deref();
    let backbone = trained::backbone(&config, run, given, &options.device, Asking::Command)?;
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
    for (row, Answer { prediction, scores, cut }) in rows.iter_mut().zip(predictions) {
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
