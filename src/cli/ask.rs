//! Confirmation before data is removed.

use crate::{Error, Result};
use std::io::{BufRead, IsTerminal, Write};

/// Asks on the terminal whether to proceed; an error if there is no terminal.
pub fn agreed(question: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::new("there is no terminal for the confirmation")
            .hint("use --yes to remove without confirmation"));
    }
    print!("{question} [y/N] ");
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes"))
}
