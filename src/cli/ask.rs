//! Confirmation before data is removed.

use crate::{Error, Result, errors};
use compt_base::output;
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

/// Whether to proceed: with `yes`, or if the user agrees. Otherwise the exit code.
pub fn confirmed(yes: bool, question: &str) -> std::result::Result<(), ExitCode> {
    match yes || agreed(question).map_err(|e| errors::refuse(&e))? {
        true => Ok(()),
        false => {
            output::line("nothing was removed");
            Err(ExitCode::SUCCESS)
        }
    }
}

/// Asks on the terminal; an error if there is no terminal.
fn agreed(question: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::new("there is no terminal for the confirmation")
            .hint("use --yes to remove without confirmation"));
    }
    output::text(format!("{question} [y/N] "));
    if !output::is_whole() {
        return Err(Error::new("the question cannot be shown: standard output cannot be written"));
    }
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes"))
}
