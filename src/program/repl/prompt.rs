//! One input after the other, and what is printed for each.

use super::commands;
use crate::errors;
use compt_lua::failure::Place;
use compt_lua::repl::lexer::tokens;
use compt_lua::repl::show::Look;
use compt_lua::repl::{Repl, Reply};
use compt_study::watch::Watch;
use std::io::Write;

/// A session and how it prints.
pub struct Prompt {
    pub repl: Repl,
    pub look: Look,
    /// Tells of scripts that change after they were loaded, where somebody sits there to be told.
    pub watch: Option<Watch>,
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

/// What an input is.
pub enum Input<'i> {
    /// `?name`, or a name alone followed by `?`.
    Question(&'i str),
    /// `:name arguments`
    Command(&'i str),
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
        // No statement of Lua begins with a colon but a label.
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

    /// Answers an input: a command, a question, or Lua.
    pub fn answer(&mut self, input: &str) -> Answer {
        errors::guard(|| self.do_answer(input)).unwrap_or(Answer::Failed)
    }

    fn do_answer(&mut self, input: &str) -> Answer {
        match Input::of(input) {
            Input::Question(name) if name.starts_with(':') => commands::run(self, ":help"),
            Input::Question(name) => self.describe(name),
            Input::Command(command) => commands::run(self, command),
            Input::Lua => {
                let reply = self.repl.eval(input, self.look);
                self.tell_of_surprises(input.trim(), &reply);
                self.tell(reply)
            }
        }
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
                println!("{}", compt_lua::doc::describe(docs, entry, self.look.width.min(100)));
                Answer::Done
            }
            None => self.describe_other(name),
        }
    }

    /// A field, or a name that several entries end in.
    fn describe_other(&self, name: &str) -> Answer {
        let docs = self.repl.docs();
        let field = name.rsplit_once('.').and_then(|(object, field)| {
            let class = self.repl.name_of(object).unwrap_or_else(|| object.to_string());
            docs.fields(&class).into_iter().find(|known| known.name == field)
        });
        if let Some(field) = field {
            println!("{}: {}", field.shown(), field.text);
            return Answer::Done;
        }
        let ends =
            |full: &&str| full.strip_suffix(name).is_some_and(|head| head.ends_with(['.', ':']));
        let several: Vec<&str> = docs.names().filter(ends).collect();
        if !several.is_empty() {
            println!("{}", several.iter().map(|n| format!("?{n}")).collect::<Vec<_>>().join("\n"));
            return Answer::Done;
        }
        let near = docs.nearest(name).map(|near| format!("; did you mean ?{near}"));
        self.complain(&format!("nothing is known of '{name}'{}", near.unwrap_or_default()))
    }

    /// Says what surprises whoever types scripts at a prompt, or is at one for the first time.
    fn tell_of_surprises(&self, input: &str, reply: &Reply) {
        let first = tokens(input).into_iter().find(|token| token.is_code());
        if first.is_some_and(|token| token.text(input) == "local") && !input.contains('\n') {
            eprintln!("note: a local ends with its input; without `local` the name stays");
        }
        if !matches!(reply, Reply::Done(text) if text == "nil") {
            return;
        }
        if ["exit", "quit", "help"].contains(&input) {
            eprintln!("note: Ctrl-D or :quit leaves, :help lists the commands");
        } else if let Some(near) = self.repl.nearest_global(input) {
            eprintln!("note: there is no '{input}'; did you mean '{near}'?");
        }
    }
}

fn interrupted(place: Option<&Place>) -> String {
    match place {
        Some(place) => format!("interrupted at {place}"),
        None => "interrupted".to_string(),
    }
}
