//! Options of `compt plot-control`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, value_parser};
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// Control file
    pub file: PathBuf,

    /// Number of steps of the run
    #[arg(long, value_name = "N", default_value_t = 240)]
    #[arg(value_parser = value_parser!(u64).range(1..=MOST_STEPS))]
    pub steps: u64,

    /// Number of epochs
    #[arg(long, value_name = "N", conflicts_with = "steps_per_epoch")]
    #[arg(value_parser = value_parser!(u64).range(1..=MOST_STEPS))]
    pub epochs: Option<u64>,

    /// Steps per epoch [default: the steps divided by 30]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = value_parser!(u64).range(1..=MOST_STEPS))]
    pub steps_per_epoch: Option<u64>,

    /// Tasks that the control can name, with 16 rows each; by default any
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub tasks: Vec<String>,

    /// Parameter groups that the control can name
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    #[arg(default_value = "router,source,private,operator")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub groups: Vec<String>,

    /// SVG file to write; with `-` only the SVG is printed [default: the name of the control with
    /// .svg, in the current folder]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Width of the text in characters [default: width of the terminal, or 80]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = value_parser!(u16).range(40..=1000))]
    pub width: Option<u16>,
}

/// The maximum number of steps on an axis.
const MOST_STEPS: u64 = 1_000_000_000;
