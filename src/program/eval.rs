//! `compt eval RUN`: evaluates a run's last checkpoint with other masks, weights or decoding.

use crate::{FAILED, errors, run};
use compt_base::data::Split;
use compt_base::output;
use compt_cli::eval::Options;
use compt_lua::reopen::{Aim, Opened, Rebuilt, Request, open};
use compt_run::{EvaluationOptions, table};
use compt_study::interrupt;
use serde_json::Value;
use std::process::ExitCode;

pub fn eval(options: &Options) -> ExitCode {
    if let Err(e) = interrupt::install() {
        return errors::refuse(&e.into());
    }
    let aim = match evaluation(options) {
        Ok(evaluation) => Aim::Evaluate(Box::new(evaluation)),
        Err(e) => return errors::refuse(&e),
    };
    let (device, backbone) = (options.device.clone(), options.backbone.clone());
    let request = Request { run: &options.folder, aim: aim.clone(), device, backbone };
    let found = match errors::guard(|| open(&request)) {
        None => return ExitCode::from(FAILED),
        Some(Err(e)) => return errors::refuse(&e),
        Some(Ok(Opened::Rebuilt(rebuilt))) => match evaluate(&rebuilt, &aim) {
            Ok(found) => found,
            Err(code) => return code,
        },
        Some(Ok(Opened::Script(session))) => {
            let again = session.again.clone();
            let code = run::script(*session);
            match again.and_then(|again| again.evaluated.borrow_mut().take()) {
                Some(found) => found,
                None if code == ExitCode::SUCCESS => {
                    let folder = options.folder.display();
                    output::error(format!("compt: the script ended before it came to {folder}"));
                    return ExitCode::from(FAILED);
                }
                None => return code,
            }
        }
    };
    match options.json {
        true => output::json(found.1),
        false => output::line(found.0),
    }
    ExitCode::SUCCESS
}

fn evaluation(options: &Options) -> crate::Result<EvaluationOptions> {
    Ok(EvaluationOptions {
        split: Split::parse(&options.split)?,
        only: options.only.clone(),
        without: options.without.clone(),
        weights: options.weights.clone(),
        normalise: options.normalise.clone(),
        decoding: options.decoding.clone(),
        limit: options.limit,
        tasks: (!options.task.is_empty()).then(|| options.task.clone()),
        ..EvaluationOptions::default()
    })
}

/// The scores as a table and as JSON.
fn evaluate(rebuilt: &Rebuilt, aim: &Aim) -> Result<(String, Value), ExitCode> {
    let Aim::Evaluate(evaluation) = aim else { unreachable!("it is an evaluation") };
    errors::outcome(errors::guard(|| rebuilt.with(|run| run.begin()).map(Some)))?;
    rebuilt.with(|run| run.check_evaluation(evaluation)).map_err(|e| errors::refuse(&e))?;
    let found = errors::guard(|| {
        rebuilt.with(|run| -> crate::Result<_> {
            let found = run.evaluate(evaluation)?;
            Ok(found.map(|found| (table(&found), run.scores_json(&found))))
        })
    });
    errors::outcome(found)
}
