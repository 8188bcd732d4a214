//! A session at the prompt, apart from the terminal: inputs are evaluated one after the other, and
//! whatever they do, the session goes on with what was defined before.

pub mod complete;
pub mod context;
pub mod lexer;
mod load;
pub mod show;
pub mod survey;

#[cfg(test)]
mod tests;

use super::doc::Docs;
use super::failure::{Failure, Place};
use super::session::Session;
use super::{Runtime, hook, sources, torch};
use crate::interrupt;
use mlua::{Error, Function, Lua, MultiValue};
use show::Look;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A session and all that was typed in it.
pub struct Repl {
    runtime: Runtime,
    docs: Rc<Docs>,
    /// Inputs that worked, as a script would have them.
    inputs: Vec<String>,
    evaluated: usize,
    /// The globals there were before the first input.
    given: BTreeSet<String>,
}

/// What became of an input.
#[derive(Debug)]
pub enum Reply {
    /// More lines are needed.
    Incomplete,
    /// Its values as text; empty if it has none.
    Done(String),
    Failed(Box<Failure>),
    /// By Ctrl-C, where it was.
    Interrupted(Option<Place>),
}

impl Repl {
    pub fn new(session: Session) -> mlua::Result<Self> {
        let runtime = Runtime::with_session(session)?;
        runtime.open_globals()?;
        torch::trace::start();
        let given = survey::globals(runtime.lua())?;
        let docs = Rc::new(Docs::load()?);
        Ok(Repl { runtime, docs, inputs: Vec::new(), evaluated: 0, given })
    }

    pub fn lua(&self) -> &Lua {
        self.runtime.lua()
    }

    pub fn docs(&self) -> &Rc<Docs> {
        &self.docs
    }

    /// The inputs that worked, in order.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The globals there were before the first input.
    pub fn given(&self) -> &BTreeSet<String> {
        &self.given
    }

    /// Whether an input wants more lines.
    pub fn is_incomplete(&self, source: &str) -> bool {
        matches!(compile(self.lua(), source, "input"), Compiled::Incomplete)
    }

    /// Evaluates an input: an expression, whose values are shown and whose first is `_` from then
    /// on, or statements.
    pub fn eval(&mut self, source: &str, look: Look) -> Reply {
        let name = format!("input:{}", self.evaluated + 1);
        let (function, kept) = match compile(self.lua(), source, &name) {
            Compiled::Incomplete => return Reply::Incomplete,
            Compiled::Wrong(error) => {
                self.evaluated += 1;
                sources::record(self.lua(), &name, source);
                return self.failed(&error);
            }
            Compiled::Expression(f) => (f, format!("_ = {}\nprint(_)", source.trim())),
            Compiled::Statements(f) => (f, source.trim_end().to_string()),
        };
        self.evaluated += 1;
        sources::record(self.lua(), &name, source);
        let reply = self.call(&function, look);
        if matches!(reply, Reply::Done(_)) && !source.trim().is_empty() {
            self.inputs.push(kept);
        }
        reply
    }

    /// Runs a file in the session; with `keep_locals` its outermost locals become globals.
    pub fn load(&mut self, path: &str, text: &str, keep_locals: bool, look: Look) -> Reply {
        sources::record(self.lua(), path, text);
        let source = if keep_locals { load::without_locals(text) } else { text.to_string() };
        let source = super::runtime::without_shebang(&source);
        match self.lua().load(source).set_name(format!("@{path}")).into_function() {
            Ok(function) => {
                let reply = self.call(&function, look);
                if matches!(reply, Reply::Done(_)) {
                    self.inputs.push(format!("dofile({path:?})"));
                }
                reply
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Compiles an input to be called again and again, as the timers do.
    pub fn function(&self, source: &str) -> Result<Function, Box<Failure>> {
        match compile(self.lua(), source, "input") {
            Compiled::Expression(f) | Compiled::Statements(f) => Ok(f),
            Compiled::Wrong(error) => {
                sources::record(self.lua(), "input", source);
                Err(Box::new(Failure::in_state(self.lua(), &error)))
            }
            Compiled::Incomplete => {
                Err(Box::new(Failure::new(&Error::runtime("the code is incomplete"))))
            }
        }
    }

    /// Calls a function as an input is: Ctrl-C stops it, and its values are shown.
    pub fn call(&self, function: &Function, look: Look) -> Reply {
        interrupt::clear();
        let result = function.call::<MultiValue>(()).and_then(|values| {
            let shown = self.show(&values, look)?;
            if let Some(first) = values.front().filter(|first| !first.is_nil()) {
                self.lua().globals().raw_set("_", first)?;
            }
            Ok(shown)
        });
        let interrupted = interrupt::requested();
        interrupt::clear();
        let usual = hook::install(self.lua());
        match result.and_then(|shown| usual.map(|()| shown)) {
            Ok(shown) => Reply::Done(shown),
            Err(error) if interrupted => {
                Reply::Interrupted(Failure::in_state(self.lua(), &error).place)
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&self, error: &Error) -> Reply {
        Reply::Failed(Box::new(Failure::in_state(self.lua(), error)))
    }

    fn show(&self, values: &MultiValue, look: Look) -> mlua::Result<String> {
        // A call without a value shows nothing; `nil` alone is a value that was asked for.
        let last = values.iter().rposition(|value| !value.is_nil()).map_or(0, |at| at + 1);
        let shown = values.iter().take(last.max(usize::from(!values.is_empty())));
        let texts = shown.map(|value| show::value(value, look)).collect::<mlua::Result<Vec<_>>>()?;
        Ok(texts.join("\n"))
    }
}

enum Compiled {
    Expression(Function),
    Statements(Function),
    Incomplete,
    Wrong(Error),
}

/// An expression if it is one, else statements.
fn compile(lua: &Lua, source: &str, name: &str) -> Compiled {
    let compile = |source: String| lua.load(source).set_name(format!("={name}")).into_function();
    let incomplete =
        |error: &Error| matches!(error, Error::SyntaxError { incomplete_input: true, .. });
    let expression = compile(format!("return {}", source.strip_prefix('=').unwrap_or(source)));
    match (expression, compile(source.to_string())) {
        (Ok(f), Err(_)) => Compiled::Expression(f),
        // A call is both: its values are wanted. What is only white space or a comment is neither.
        (Ok(f), Ok(nothing)) => match lexer::tokens(source).iter().any(|t| t.is_code()) {
            true => Compiled::Expression(f),
            false => Compiled::Statements(nothing),
        },
        (Err(_), Ok(f)) => Compiled::Statements(f),
        // A quoted string ends with its line: more lines cannot close it.
        (Err(e), Err(s)) if (incomplete(&e) || incomplete(&s)) && !lexer::is_quote_open(source) => {
            Compiled::Incomplete
        }
        (Err(_), Err(error)) => Compiled::Wrong(error),
    }
}

/// The value of `_`, for tests.
#[cfg(test)]
fn last(lua: &Lua) -> mlua::Value {
    lua.globals().raw_get("_").unwrap_or(mlua::Value::Nil)
}
