//! Options of `compt report`.

use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// Folders of runs, or folders that contain them
    #[arg(value_name = "RUN", required = true)]
    pub folders: Vec<PathBuf>,

    /// File to write
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    pub out: PathBuf,

    /// Title of the page
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
}
