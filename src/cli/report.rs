//! Options of `compt report`.

use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// Folders of runs, or folders that contain them
    #[arg(value_name = "RUN", required = true)]
    pub folders: Vec<PathBuf>,

    /// File to write
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "report.html",
        conflicts_with = "follow"
    )]
    pub out: PathBuf,

    /// Title of the page
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// Serve the page at 127.0.0.1 instead, and update it while runs train; Ctrl-C ends it
    #[arg(long)]
    pub follow: bool,

    /// Port of --follow; 0: any free one
    #[arg(long, value_name = "N", default_value_t = 0, requires = "follow")]
    pub port: u16,
}
