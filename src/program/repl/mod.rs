//! `compt repl`: the prompt, with or without a terminal.

mod answer;
mod commands;
mod editor;
pub mod history;
mod paint;
pub mod prompt;
mod timing;
mod transcript;

use super::{FAILED, errors, run};
use compt_base::output;
use compt_lua::lexer;
use compt_lua::repl::Repl;
use compt_lua::repl::show::Look;
use compt_lua::session::Session;
use compt_lua::text;
use compt_study::interrupt;
use prompt::{Answer, Prompt};
use std::io::{BufRead, IsTerminal, stdin, stdout};
use std::process::ExitCode;

/// Reads and evaluates inputs until the end of the input.
pub fn repl(session: Session) -> ExitCode {
    if let Err(e) = run::check(&session) {
        return errors::refuse(&e);
    }
    let repl = match Repl::new(session) {
        Ok(repl) => repl,
        Err(e) => return errors::failed(&compt_lua::failure::Failure::new(&e)),
    };
    match is_terminal() {
        true => editor::interactive(repl),
        false => piped(Prompt::new(repl, Look::PLAIN)),
    }
}

/// Whether standard input and output are terminals.
pub fn is_terminal() -> bool {
    stdin().is_terminal() && stdout().is_terminal()
}

/// Inputs from a pipe or a file: no prompts, no colours; the exit code is that of the last input.
fn piped(mut prompt: Prompt) -> ExitCode {
    let mut input = String::new();
    let mut code = ExitCode::SUCCESS;
    let mut is_transcript = false;
    for line in stdin().lock().lines() {
        let Ok(line) = line else {
            output::error("compt: the input is not UTF-8 text");
            return ExitCode::from(FAILED);
        };
        let line = text::without_mark(line.trim_end_matches('\r'));
        match input.is_empty() && transcript::is_marked(line) {
            true => is_transcript = true,
            false if input.is_empty() && is_transcript => {
                transcript::note_outputs();
                continue;
            }
            false => {}
        }
        input = if input.is_empty() { line.to_string() } else { format!("{input}\n{line}") };
        let tokens = lexer::tokens(&input);
        if tokens.iter().all(|token| !token.is_code()) {
            // There was nothing to evaluate, unless a long comment is still open.
            if !tokens.iter().any(|token| token.open) {
                input.clear();
            }
            continue;
        }
        let answer = prompt.answer(&input);
        if interrupt::leaving() {
            return ExitCode::from(interrupt::exit_code());
        }
        match answer {
            Answer::More => continue,
            Answer::Done => code = ExitCode::SUCCESS,
            Answer::Failed => code = ExitCode::from(FAILED),
            Answer::Interrupted => return ExitCode::from(interrupt::exit_code()),
            Answer::Quit => return ExitCode::SUCCESS,
        }
        input.clear();
    }
    if !input.is_empty() {
        output::error(format!(
            "compt: the input ends in the middle of: {}",
            input.lines().next().unwrap_or("")
        ));
        return ExitCode::from(FAILED);
    }
    code
}
