//! The session of the prompt, the kinds of inputs, and the printing of replies.

use super::transcript;
use compt_base::output;
use compt_lua::failure::Place;
use compt_lua::repl::show::Look;
use compt_lua::repl::{Repl, Reply};
use compt_study::watch::Watch;

/// A session and its output settings.
pub struct Prompt {
    pub repl: Repl,
    pub look: Look,
    /// Watches loaded scripts for changes, on a terminal.
    pub watch: Option<Watch>,
}

/// The outcome of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    More,
    Done,
    Failed,
    Interrupted,
    Quit,
}

/// The kinds of inputs.
pub enum Input<'i> {
    /// `?name`, or a name alone followed by `?`.
    Question(&'i str),
    /// `:name arguments`
    Command(&'i str),
    /// Lines copied from a prompt, `> ` before each input.
    Transcript(&'i str),
    Lua,
}

impl<'i> Input<'i> {
    pub fn of(input: &'i str) -> Self {
        let input = input.trim();
        let is_name = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_.:".contains(c))
        };
        if let Some(name) = input.strip_prefix('?') {
            return Input::Question(name.trim());
        }
        if let Some(name) = input.strip_suffix('?').filter(|name| is_name(name)) {
            return Input::Question(name);
        }
        if transcript::is_marked(input) {
            return Input::Transcript(input);
        }
        // No Lua statement begins with a colon except a label.
        match input.starts_with(':') && !input.starts_with("::") {
            true => Input::Command(input),
            false => Input::Lua,
        }
    }
}

impl Prompt {
    pub fn new(repl: Repl, look: Look) -> Self {
        Prompt { repl, look, watch: None }
    }

    /// Prints a reply.
    pub fn show(&self, reply: Reply) -> Answer {
        match reply {
            Reply::Incomplete => Answer::More,
            Reply::Done(text) => {
                if !text.is_empty() {
                    match self.look.colour {
                        true => output::coloured(text),
                        false => output::line(text),
                    }
                }
                Answer::Done
            }
            Reply::Failed(failure) => self.complain(&failure.to_string()),
            Reply::Interrupted(place) => {
                output::error(interrupted(place.as_ref()));
                Answer::Interrupted
            }
        }
    }

    /// Says what an input lacks that was ended before it was complete.
    pub fn unfinished(&self, input: &str) {
        if let Err(failure) = self.repl.code(input) {
            self.complain(&format!("the input is incomplete: {}", failure.message));
        }
    }

    pub fn complain(&self, text: &str) -> Answer {
        match self.look.colour {
            true => output::error_in("\x1b[31m", text, "\x1b[0m"),
            false => output::error(text),
        }
        Answer::Failed
    }
}

fn interrupted(place: Option<&Place>) -> String {
    match place {
        Some(place) => format!("interrupted at {place}"),
        None => "interrupted".to_string(),
    }
}
