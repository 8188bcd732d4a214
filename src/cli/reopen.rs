//! Options of `compt resume` and `compt replay`.

use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct ResumeOptions {
    /// Folder of the run, or of several runs of one script
    #[arg(value_name = "RUN")]
    pub folder: PathBuf,

    /// Device to compute on: cpu, cuda, cuda:N or auto; by default the device of the run
    #[arg(long)]
    pub device: Option<String>,

    /// Finish the run from its config.json only; the rest of its script is not run
    #[arg(long)]
    pub no_script: bool,
}

#[derive(Args)]
pub struct ReplayOptions {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    pub folder: PathBuf,

    /// Last step to repeat; by default the last recorded step
    #[arg(long, value_name = "STEP", value_parser = clap::value_parser!(u64).range(1..))]
    pub to: Option<u64>,

    /// Device to compute on: cpu, cuda, cuda:N or auto; by default the device of the run
    #[arg(long)]
    pub device: Option<String>,
}
