//! `compt prompts`: prompts on disk.

mod compare;
mod list;
mod named;

use super::errors;
use crate::{Error, Result};
use compt_base::output;
use compt_cli::prompts::{ExportOptions, PromptsCommand};
use compt_run::exchange::peft::{self, Export, PeftType};
use compt_run::exchange::{self, merge};
use named::{named, one};
use std::path::Path;
use std::process::ExitCode;

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
                Error::new(format!("'{part}' is not a prompt with a weight"))
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
    output::line(format!(
        "{}: {} [{}, {}]",
        out.display(),
        merged.name,
        merged.length(),
        merged.d_model()
    ));
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
        output::line(format!(
            "{folder}: {}, task ids in this order: {}",
            all.len(),
            tasks.join(", ")
        ));
        return Ok(());
    }
    let prompt = prompts.pick(name)?;
    peft::write(&options.folder, &prompt, kind, how)?;
    output::line(format!("{folder}: {} [{}, {}]", prompt.name, prompt.length(), prompt.d_model()));
    Ok(())
}

fn import(from: &Path, out: &Path) -> Result<()> {
    check_ending(out)?;
    let prompts = exchange::load(from)?.all()?;
    exchange::save(out, &prompts)?;
    let names: Vec<&str> = prompts.iter().map(|prompt| prompt.name.as_str()).collect();
    output::line(format!("{}: {}", out.display(), names.join(", ")));
    Ok(())
}

/// Refuses to overwrite a file by accident.
fn check_free(out: &Path, overwrite: bool) -> Result<()> {
    match out.exists() && !overwrite {
        true => Err(Error::new("the file exists already")
            .at(out.display())
            .hint("--overwrite replaces it")),
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
