//! Options of `compt eval`.

use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    pub folder: PathBuf,

    /// Split of the rows: train, validation or test
    #[arg(long, default_value = "test")]
    pub split: String,

    /// Use only this prompt: src0, src1 ..., all_src, private or total
    #[arg(long, value_name = "PROMPT", conflicts_with = "without")]
    pub only: Option<String>,

    /// Use all prompts except this one: src0, src1 ..., all_src or private
    #[arg(long, value_name = "PROMPT")]
    pub without: Option<String>,

    /// Router weights of the remaining source prompts: renormalised or as_learned
    #[arg(long, value_name = "RULE", default_value = "renormalised")]
    pub weights: String,

    /// Replace the normalisation of router weights: softmax, softmax_sigmoid, sum, sigmoid or none
    #[arg(long, value_name = "NAME")]
    pub normalise: Option<String>,

    /// Decoding: greedy, full (the whole text) or rank (the label word with the highest probability)
    #[arg(long, default_value = "greedy")]
    pub decoding: String,

    /// Maximum number of rows per task
    #[arg(long, value_name = "ROWS")]
    pub limit: Option<usize>,

    /// Task to evaluate; can be repeated. By default all
    #[arg(long, value_name = "NAME")]
    pub task: Vec<String>,

    /// Device to compute on: cpu, cuda, cuda:N or auto; by default the device of the run
    #[arg(long)]
    pub device: Option<String>,

    /// Backbone to use if that of the run was moved or renamed: a folder or a model of the hub
    #[arg(long, value_name = "NAME")]
    pub backbone: Option<String>,

    /// Print the scores as JSON
    #[arg(long)]
    pub json: bool,
}
