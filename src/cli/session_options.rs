//! The common options of scripts, the prompt and plans.

use crate::setting::parse_arg;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct SessionOptions {
    /// Set compt.args.KEY for the script: a number, true, false or a string (quotes force a string)
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_arg)]
    pub set: Vec<(String, serde_json::Value)>,

    /// Folder in which runs are recorded
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Device of tensors: cpu, cuda, cuda:N or auto
    #[arg(long, default_value = "auto")]
    pub device: String,

    /// Seed of all random generators
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    #[arg(value_parser = seed)]
    pub seed: u64,

    /// End the run if an edit of its control file is invalid; for unattended runs
    #[arg(long)]
    pub strict: bool,
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}
