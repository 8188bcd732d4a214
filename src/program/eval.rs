//! `compt eval RUN`: evaluates a run's last checkpoint with other masks, weights or decoding.

use crate::{FAILED, errors, run};
use clap::Args;
use compt_core::data::Split;
use compt_lua::reopen::{Aim, Opened, Rebuilt, Request, open};
use compt_study::interrupt;
use compt_study::run::{EvaluationOptions, table};
use serde_json::Value;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Options {
    /// The run's folder
    #[arg(value_name = "RUN")]
    folder: PathBuf,

    /// Whose rows: train, validation or test
    #[arg(long, default_value = "test")]
    split: String,

    /// One prompt only: src0, src1 ..., all_src, private or total
    #[arg(long, value_name = "PROMPT", conflicts_with = "without")]
    only: Option<String>,

    /// All but one prompt: src0, src1 ..., all_src or private
    #[arg(long, value_name = "PROMPT")]
    without: Option<String>,

    /// Weights of the sources that are left: renormalised, or as_learned
    #[arg(long, value_name = "RULE", default_value = "renormalised")]
    weights: String,

    /// How router weights are made comparable, in place of the run's own: softmax, softmax_sigmoid,
    /// sum, sigmoid or none
    #[arg(long, value_name = "NAME")]
    normalise: Option<String>,

    /// greedy, full, or rank: the most probable label word
    #[arg(long, default_value = "greedy")]
    decoding: String,

    /// Rows a task, at most
    #[arg(long, value_name = "ROWS")]
    limit: Option<usize>,

    /// A task; may be given again. By default all
    #[arg(long, value_name = "NAME")]
    task: Vec<String>,

    /// Where it computes, if not where it was recorded: cpu, cuda, cuda:N or auto
    #[arg(long)]
    device: Option<String>,

    /// The backbone, where it is no longer where the run found it: a folder or a model of the hub
    #[arg(long, value_name = "NAME")]
    backbone: Option<String>,

    /// Scores as JSON
    #[arg(long)]
    json: bool,
}

pub fn eval(options: &Options) -> ExitCode {
    if let Err(e) = interrupt::install() {
        return errors::refuse(&e.into());
    }
    let aim = match evaluation(options) {
        Ok(evaluation) => Aim::Evaluate(evaluation),
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
                    eprintln!("compt: the script ended before it came to {folder}");
                    return ExitCode::from(FAILED);
                }
                None => return code,
            }
        }
    };
    match options.json {
        true => println!("{}", found.1),
        false => println!("{}", found.0),
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
    let found = errors::guard(|| {
        rebuilt.with(|run| -> crate::Result<_> {
            run.begin()?;
            let found = run.evaluate(evaluation)?;
            Ok(found.map(|found| (table(&found), run.scores_json(&found))))
        })
    });
    errors::outcome(found)
}
