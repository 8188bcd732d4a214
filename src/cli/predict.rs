//! Options of `compt predict`.

use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// Folder of the run
    pub run: PathBuf,

    /// Task whose prompt is used; optional if the run has one task
    #[arg(long, value_name = "NAME")]
    pub task: Option<String>,

    /// Backbone to use if that of the run was moved or renamed: a folder or a model of the hub
    #[arg(long, value_name = "NAME")]
    pub backbone: Option<String>,

    /// Device to compute on: cpu, cuda, cuda:N or auto
    #[arg(long, default_value = "auto")]
    pub device: String,

    /// Number of lines in a batch
    #[arg(long, value_name = "N", default_value_t = 32)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub batch: u16,
}
