//! The commands of `compt prompts` and their options.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum PromptsCommand {
    /// List prompts
    #[command(after_help = LIST_EXAMPLES)]
    List(PromptsListOptions),
    /// Show the similarity of prompts, and the words nearest to them
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(PromptsCompareOptions),
    /// Write the weighted sum of prompts as a new prompt
    #[command(after_help = MERGE_EXAMPLES)]
    Merge {
        /// File to write
        #[arg(value_name = "OUT.safetensors")]
        out: PathBuf,

        /// Prompts with their weights
        #[arg(value_name = "RUN:NAME=WEIGHT", required = true)]
        parts: Vec<String>,

        /// Replace an existing file
        #[arg(long)]
        overwrite: bool,
    },
    /// Export prompts to a folder of peft
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportOptions),
    /// Import the prompts of a peft folder or a .npy file
    #[command(after_help = IMPORT_EXAMPLES)]
    Import {
        /// Folder of peft, or .npy file
        #[arg(value_name = "FROM")]
        from: PathBuf,

        /// File to write
        #[arg(value_name = "OUT.safetensors")]
        out: PathBuf,

        /// Replace an existing file
        #[arg(long)]
        overwrite: bool,
    },
}

#[derive(Args)]
pub struct ExportOptions {
    /// Prompt to export; without :NAME the prompts of all tasks, as one multi-task prompt
    #[arg(value_name = "RUN[:NAME]")]
    pub from: String,

    /// Folder to write
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// peft_type of a single prompt: PROMPT_TUNING or P_TUNING
    #[arg(long = "type", value_name = "TYPE", default_value = "PROMPT_TUNING")]
    pub kind: String,

    /// Also export prompts that were trained after the input; peft places them before it
    #[arg(long)]
    pub force: bool,

    /// Replace an existing adapter
    #[arg(long)]
    pub overwrite: bool,
}

const LIST_EXAMPLES: &str = "\
Examples:
  compt prompts list runs/ssum
  compt prompts list runs/* prompts/*.npy adapters/nli3 --json";

const COMPARE_EXAMPLES: &str = "\
Examples:
  compt prompts compare runs/ssum
  compt prompts compare runs/ssum:nli3 runs/pt:nli3 mrpc.npy
  compt prompts compare runs/ssum --backbone micro";

const MERGE_EXAMPLES: &str = "\
Examples:
  compt prompts merge both.safetensors runs/ssum:nli3=0.3 runs/ssum:nli2=0.7";

const EXPORT_EXAMPLES: &str = "\
Examples:
  compt prompts export runs/prepended:nli3 adapters/nli3     # trained before the input
  compt prompts export runs/pt:nli3 adapters/nli3 --force    # trained after it
  compt prompts export runs/pt adapters/all --force --overwrite

In Python: PeftModel.from_pretrained(model, 'adapters/nli3').";

const IMPORT_EXAMPLES: &str = "\
Examples:
  compt prompts import adapters/nli3 nli3.safetensors";

#[derive(Args)]
pub struct PromptsListOptions {
    /// Folders of runs, files of prompts, folders of peft
    #[arg(value_name = "RUN|FILE|DIR", required = true)]
    pub paths: Vec<String>,

    /// Print a list of JSON objects
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct PromptsCompareOptions {
    /// Runs or files: all prompts, or the prompt NAME
    #[arg(value_name = "RUN[:NAME]", required = true)]
    pub prompts: Vec<String>,

    /// Show the nearest words in the vocabulary of this backbone: a built-in name or a folder
    #[arg(long, value_name = "NAME_OR_FOLDER")]
    pub backbone: Option<String>,
}
