//! `compt prompts`: prompts on disk.

mod compare;
mod list;
mod named;

use super::errors;
use crate::{Error, Result};
use clap::{Args, Subcommand};
use compt_study::exchange::peft::{self, Export, PeftType};
use compt_study::exchange::{self, merge};
use named::{named, one};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum PromptsCommand {
    /// Show what prompts there are
    #[command(after_help = LIST_EXAMPLES)]
    List(list::PromptsListOptions),
    /// Show how alike prompts are, and which words they are near
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(compare::PromptsCompareOptions),
    /// Write the weighted sum of prompts as one
    #[command(after_help = MERGE_EXAMPLES)]
    Merge {
        /// The file to write
        #[arg(value_name = "OUT.safetensors")]
        out: PathBuf,

        /// A prompt and its weight
        #[arg(value_name = "RUN:NAME=WEIGHT", required = true)]
        parts: Vec<String>,

        /// In the place of a file that is there
        #[arg(long)]
        overwrite: bool,
    },
    /// Write a folder that peft reads
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportOptions),
    /// Write what a folder of peft, or a .npy file, holds as a file of compt
    #[command(after_help = IMPORT_EXAMPLES)]
    Import {
        /// The folder, or the .npy file
        #[arg(value_name = "FROM")]
        from: PathBuf,

        /// The file to write
        #[arg(value_name = "OUT.safetensors")]
        out: PathBuf,

        /// In the place of a file that is there
        #[arg(long)]
        overwrite: bool,
    },
}

#[derive(Args)]
pub struct ExportOptions {
    /// The prompt; without :NAME all tasks' prompts, as one multi-task prompt
    #[arg(value_name = "RUN[:NAME]")]
    from: String,

    /// The folder to write
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// What peft takes one prompt for: PROMPT_TUNING or P_TUNING
    #[arg(long = "type", value_name = "TYPE", default_value = "PROMPT_TUNING")]
    kind: String,

    /// Prompts that were trained behind the input, too; peft puts them before it
    #[arg(long)]
    force: bool,

    /// In the place of an adapter that is there
    #[arg(long)]
    overwrite: bool,
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
  compt prompts export runs/prepended:nli3 adapters/nli3    # trained before the input
  compt prompts export runs/pt:nli3 adapters/nli3 --force    # trained behind it
  compt prompts export runs/pt adapters/all --force --overwrite

peft reads it with PeftModel.from_pretrained(model, 'adapters/nli3').";

const IMPORT_EXAMPLES: &str = "\
Examples:
  compt prompts import adapters/nli3 nli3.safetensors";

pub fn prompts(command: &PromptsCommand) -> ExitCode {
    let done = match command {
        PromptsCommand::List(options) => list::list(options),
        PromptsCommand::Compare(options) => compare::compare(options),
        PromptsCommand::Merge { out, parts, overwrite } => {
            check_free(out, *overwrite).and_then(|()| merge(out, parts))
        }
        PromptsCommand::Export(options) => export(options),
        PromptsCommand::Import { from, out, overwrite } => {
            check_free(out, *overwrite).and_then(|()| import(from, out))
        }
    };
    errors::exit(done)
}

fn merge(out: &Path, parts: &[String]) -> Result<()> {
    check_ending(out)?;
    let parts = parts
        .iter()
        .map(|part| {
            let wrong = || {
                Error::new(format!("'{part}' names no prompt with a weight"))
                    .hint("write RUN:NAME=WEIGHT, as runs/ssum:nli3=0.5")
            };
            let (name, weight) = part.rsplit_once('=').ok_or_else(wrong)?;
            let weight: f64 = weight.parse().map_err(|_| wrong())?;
            Ok((one(name)?, weight))
        })
        .collect::<Result<Vec<_>>>()?;
    let name = out.file_stem().unwrap_or_default().to_string_lossy();
    let merged = merge::merge(&name, &parts)?;
    exchange::save(out, std::slice::from_ref(&merged))?;
    println!("{}: {} [{}, {}]", out.display(), merged.name, merged.length(), merged.d_model());
    Ok(())
}

fn export(options: &ExportOptions) -> Result<()> {
    let how = Export { force: options.force, overwrite: options.overwrite };
    let kind = PeftType::of_one(&options.kind).map_err(|e| e.at("--type"))?;
    let (prompts, name) = named(&options.from)?;
    let tasks = prompts.tasks();
    let folder = options.folder.display();
    if name.is_none() && tasks.len() > 1 {
        let all = tasks.iter().map(|task| prompts.get(task)).collect::<Result<Vec<_>>>()?;
        peft::write_all(&options.folder, &all, how)?;
        println!("{folder}: {}, task ids in this order: {}", all.len(), tasks.join(", "));
        return Ok(());
    }
    let prompt = prompts.pick(name)?;
    peft::write(&options.folder, &prompt, kind, how)?;
    println!("{folder}: {} [{}, {}]", prompt.name, prompt.length(), prompt.d_model());
    Ok(())
}

fn import(from: &Path, out: &Path) -> Result<()> {
    check_ending(out)?;
    let prompts = exchange::load(from)?.all()?;
    exchange::save(out, &prompts)?;
    let names: Vec<&str> = prompts.iter().map(|prompt| prompt.name.as_str()).collect();
    println!("{}: {}", out.display(), names.join(", "));
    Ok(())
}

/// Refuses to overwrite a file by accident.
fn check_free(out: &Path, overwrite: bool) -> Result<()> {
    match out.exists() && !overwrite {
        true => Err(Error::new("there is a file already")
            .at(out.display())
            .hint("--overwrite writes in its place")),
        false => Ok(()),
    }
}

/// Checks the file name's extension, by which the file is read again.
fn check_ending(out: &Path) -> Result<()> {
    match out.extension().is_some_and(|ending| ending == "safetensors") {
        true => Ok(()),
        false => Err(Error::new("the file to write must end in .safetensors").at(out.display())),
    }
}
