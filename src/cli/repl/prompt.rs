//! One input after the other, and what is printed for each.

use super::commands;
use crate::cli::report;
use crate::lua::failure::Place;
use crate::lua::repl::lexer::tokens;
use crate::lua::repl::show::Look;
use crate::lua::repl::{Repl, Reply};
use crate::watch::Watch;
use std::io::Write;

/// A session and how it prints.
pub struct Prompt {
    pub repl: Repl,
    pub look: Look,
    /// Tells of scripts that change after they were loaded, where somebody sits there to be told.
    pub watch: Option<Watch>,
    /// Whether it was said that a local ends with its input.
    told_of_locals: bool,
}

/// What became of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    More,
    Done,
    Failed,
    Interrupted,
    Quit,
}

impl Prompt {
    pub fn new(repl: Repl, look: Look) -> Self {
        Prompt { repl, look, watch: None, told_of_locals: false }
    }

    /// Answers an input: a command, a question, or Lua.
    pub fn answer(&mut self, input: &str) -> Answer {
        let trimmed = input.trim();
        if let Some(name) = trimmed.strip_prefix('?').or(trimmed.strip_suffix('?')) {
            return self.describe(name.trim());
        }
        // No statement of Lua begins with a colon but a label.
        if trimmed.starts_with(':') && !trimmed.starts_with("::") {
            return commands::run(self, trimmed);
        }
        let reply = report::guard(|| self.repl.eval(input, self.look));
        self.tell_of_locals(input);
        reply.map_or(Answer::Failed, |reply| self.tell(reply))
    }

    /// Prints a reply.
    pub fn tell(&self, reply: Reply) -> Answer {
        match reply {
            Reply::Incomplete => Answer::More,
            Reply::Done(text) => {
                if !text.is_empty() {
                    println!("{text}");
                }
                let _ = std::io::stdout().flush();
                Answer::Done
            }
            Reply::Failed(failure) => self.complain(&failure.to_string()),
            Reply::Interrupted(place) => {
                eprintln!("{}", interrupted(place.as_ref()));
                Answer::Interrupted
            }
        }
    }

    pub fn complain(&self, text: &str) -> Answer {
        let _ = std::io::stdout().flush();
        match self.look.colour {
            true => eprintln!("\x1b[31m{text}\x1b[0m"),
            false => eprintln!("{text}"),
        }
        Answer::Failed
    }

    /// `?name`: the documentation of a name, or of what an expression is.
    fn describe(&self, name: &str) -> Answer {
        if name.is_empty() {
            println!("{}", commands::overview(self.repl.docs()));
            return Answer::Done;
        }
        let docs = self.repl.docs();
        let resolve = |text: &str| self.repl.name_of(text).and_then(|name| docs.find(&name));
        // A method is asked for with a dot as often as with a colon.
        let as_method = || {
            let (object, method) = name.rsplit_once('.')?;
            resolve(&format!("{object}:{method}"))
        };
        match resolve(name).or_else(as_method).or_else(|| docs.find(name)) {
            Some(entry) => {
                println!("{}", crate::lua::doc::describe(docs, entry, self.look.width.min(100)));
                Answer::Done
            }
            None => {
                let near = docs.nearest(name).map(|near| format!("; did you mean ?{near}"));
                self.complain(&format!("nothing is known of '{name}'{}", near.unwrap_or_default()))
            }
        }
    }

    /// Says once what surprises whoever types scripts at a prompt.
    fn tell_of_locals(&mut self, input: &str) {
        let first = tokens(input).into_iter().find(|token| token.is_code());
        let is_local = first.is_some_and(|token| token.text(input) == "local");
        if is_local && !input.trim().contains('\n') && !self.told_of_locals {
            self.told_of_locals = true;
            eprintln!("note: a local ends with its input; without `local` the name stays");
        }
    }
}

fn interrupted(place: Option<&Place>) -> String {
    match place {
        Some(place) => format!("interrupted at {place}"),
        None => "interrupted".to_string(),
    }
}
