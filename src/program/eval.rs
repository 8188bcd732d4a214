//! `compt eval RUN`: a run's last checkpoint evaluated again, under other masks, weights or decoding.

use super::{FAILED, errors, run};
use clap::Args;
use compt_lua::again;
use serde_json::{Map, Value, json};
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
    limit: Option<u64>,

    /// A task; may be given again. By default all
    #[arg(long, value_name = "NAME")]
    task: Vec<String>,

    /// Scores as JSON
    #[arg(long)]
    json: bool,
}

pub fn eval(options: &Options) -> ExitCode {
    let mut how = Map::from_iter([
        ("weights".to_string(), json!(options.weights)),
        ("decoding".to_string(), json!(options.decoding)),
    ]);
    let optional: [(&str, Value); 4] = [
        ("only", json!(options.only)),
        ("without", json!(options.without)),
        ("normalise", json!(options.normalise)),
        ("limit", json!(options.limit)),
    ];
    how.extend(optional.into_iter().filter(|o| !o.1.is_null()).map(|(k, v)| (k.to_string(), v)));
    if !options.task.is_empty() {
        how.insert("tasks".to_string(), json!(options.task));
    }
    let session = match again::evaluation(&options.folder, &options.split, how.into()) {
        Ok(session) => session,
        Err(e) => return errors::refuse(&e),
    };
    let again = session.again.clone();
    let code = run::script(session);
    let found = again.as_ref().and_then(|again| again.evaluated.borrow_mut().take());
    match found {
        Some((_, scores)) if options.json => println!("{scores}"),
        Some((text, _)) => println!("{text}"),
        None if code == ExitCode::SUCCESS => {
            let folder = options.folder.display();
            eprintln!("compt: the script ended before it came to {folder}");
            return ExitCode::from(FAILED);
        }
        None => return code,
    }
    ExitCode::SUCCESS
}
