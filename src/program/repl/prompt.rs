//! The session of the prompt, the kinds of inputs, and the printing of replies.

use super::transcript;
use compt_base::output;
use compt_lua::failure::{Failure, Place};
use compt_lua::repl::show::{Look, Shown};
use compt_lua::repl::{Repl, Reply};
use compt_study::watch::Watch;
use std::rc::Rc;

/// Where the results of inputs are shown: the other output of a session goes to standard output and standard error.
pub trait Face {
    /// The values of an input.
    fn values(&self, shown: &Shown);

    /// What went wrong.
    fn complain(&self, text: &str);

    /// An error in Lua.
    fn failed(&self, failure: &Failure) {
        self.complain(&failure.to_string());
    }

    /// An interrupt stopped the input, and where.
    fn interrupted(&self, place: Option<&Place>);
}

/// A terminal, or a pipe.
struct Plain {
    colour: bool,
}

impl Face for Plain {
    fn values(&self, shown: &Shown) {
        match self.colour {
            true => output::coloured(&shown.text),
            false => output::line(&shown.text),
        }
    }

    fn complain(&self, text: &str) {
        match self.colour {
            true => output::error_in("\x1b[31m", text, "\x1b[0m"),
            false => output::error(text),
        }
    }

    fn interrupted(&self, place: Option<&Place>) {
        output::error(interrupted(place));
    }
}

/// A session and its output settings.
pub struct Prompt {
    pub repl: Repl,
    pub look: Look,
    face: Rc<dyn Face>,
    /// Whether inputs are cells, which show the values of their last expression.
    in_cells: bool,
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
        let face = Rc::new(Plain { colour: look.colour });
        Prompt { repl, look, face, in_cells: false, watch: None }
    }

    /// The session of a notebook.
    pub fn of_cells(repl: Repl, look: Look, face: Rc<dyn Face>) -> Self {
        Prompt { repl, look, face, in_cells: true, watch: None }
    }

    pub fn in_cells(&self) -> bool {
        self.in_cells
    }

    /// Prints a reply.
    pub fn show(&self, reply: Reply) -> Answer {
        match reply {
            Reply::Incomplete => Answer::More,
            Reply::Done(shown) => {
                if !shown.text.is_empty() {
                    self.face.values(&shown);
                }
                Answer::Done
            }
            Reply::Failed(failure) => {
                self.face.failed(&failure);
                Answer::Failed
            }
            Reply::Interrupted(place) => {
                self.face.interrupted(place.as_ref());
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
        self.face.complain(text);
        Answer::Failed
    }
}

pub fn interrupted(place: Option<&Place>) -> String {
    match place {
        Some(place) => format!("interrupted at {place}"),
        None => "interrupted".to_string(),
    }
}
