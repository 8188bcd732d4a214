//! A session at the prompt, apart from the terminal: inputs are evaluated one after the other, and
//! after any error the session continues with its earlier definitions.

pub mod assistant;
mod cells;
pub mod command;
mod compile;
pub mod complete;
pub mod context;
mod kept;
mod load;
mod named;
pub mod show;
mod survey;

#[cfg(test)]
mod tests;

use super::doc::Docs;
use super::failure::Failure;
use super::session::{Script, Session};
use super::sources::Place;
use super::types::LuaTrainer;
use super::{Runtime, habits, hook, lexer, rich, sources, text, torch};
pub use compile::is_incomplete;
use compile::{Compiled, compile, split_last};
use compt_base::files::source::sha256;
use compt_error::nearest;
use compt_study::interrupt;
pub use kept::{Moved, Trainers};
use mlua::{AnyUserData, Error, Function, Lua, MultiValue, ObjectLike};
use show::{Look, Shown};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A session and its inputs.
pub struct Repl {
    runtime: Runtime,
    docs: Rc<Docs>,
    /// Inputs as statements of a script; comments for those that failed.
    inputs: Vec<String>,
    /// The number of successful inputs.
    worked: usize,
    /// The values of `compt.args` of the last script.
    arguments: Vec<String>,
    evaluated: usize,
    /// The globals before the first input.
    given: BTreeSet<String>,
    /// Loaded files, with their texts.
    loaded: Vec<(PathBuf, String)>,
}

/// The result of an input.
#[derive(Debug)]
pub enum Reply {
    /// More lines are needed.
    Incomplete,
    /// Its values; empty if it has none.
    Done(Shown),
    Failed(Box<Failure>),
    /// Stopped by Ctrl-C, with the location.
    Interrupted(Option<Place>),
}

impl Repl {
    pub fn new(session: Session) -> mlua::Result<Self> {
        let runtime = Runtime::with_session(session)?;
        runtime.open_globals()?;
        torch::trace::start();
        let given = survey::globals(runtime.lua())?;
        let docs = Rc::new(Docs::load()?);
        Ok(Repl {
            runtime,
            docs,
            inputs: Vec::new(),
            worked: 0,
            arguments: Vec::new(),
            evaluated: 0,
            given,
            loaded: Vec::new(),
        })
    }

    pub fn lua(&self) -> &Lua {
        self.runtime.lua()
    }

    pub fn docs(&self) -> &Rc<Docs> {
        &self.docs
    }

    /// The inputs in order, as statements of a script; comments for those that failed.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The number of successful inputs.
    pub fn worked(&self) -> usize {
        self.worked
    }

    /// A script that reproduces the session's state, with comments where it cannot.
    pub fn script(&self) -> String {
        let options = self.lua().app_data_ref::<Session>().map(|session| kept::options(&session));
        let head = "local compt, torch = require \"compt\", require \"compt.torch\"\n";
        format!("{head}{}\n{}\n", options.unwrap_or_default(), self.inputs.join("\n"))
    }

    /// The progress of the session's trainers.
    pub fn trainers(&self) -> Trainers {
        Trainers::of(self.lua(), survey::globals(self.lua()).unwrap_or_default())
    }

    /// Records some code for a saved session: `done` if it completed.
    fn keep(
        &mut self,
        reply: &Reply,
        source: &str,
        before: &Trainers,
        done: impl FnOnce(&Self) -> String,
    ) {
        let what = match reply {
            Reply::Done(_) => {
                let done = kept::done(&done(self), &before.until(&self.trainers()));
                self.worked += 1;
                self.inputs.push(done);
                return;
            }
            Reply::Incomplete => return,
            Reply::Failed(_) => "it ended in an error",
            Reply::Interrupted(_) => "it was interrupted",
        };
        let moved = before.until(&self.trainers());
        self.inputs.push(kept::unfinished(what, source, &moved));
    }

    /// Evaluates an input: an expression, whose values are shown and whose first value becomes `_`,
    /// or statements.
    pub fn eval(&mut self, source: &str, look: Look) -> Reply {
        let compiled = compile(self.lua(), source, &self.next_name());
        self.eval_compiled(source, compiled, look)
    }

    fn next_name(&self) -> String {
        format!("input:{}", self.evaluated + 1)
    }

    fn eval_compiled(&mut self, source: &str, compiled: Compiled, look: Look) -> Reply {
        let name = self.next_name();
        let (function, is_expression) = match compiled {
            Compiled::Incomplete(_) => return Reply::Incomplete,
            Compiled::Wrong(error) => {
                self.evaluated += 1;
                sources::record(self.lua(), &name, source);
                return self.failed(&error);
            }
            Compiled::Expression(f) => (f, true),
            Compiled::Statements(f) => (f, false),
        };
        self.evaluated += 1;
        sources::record(self.lua(), &name, source);
        let before = self.trainers();
        let reply = self.call(&function, look);
        if !source.trim().is_empty() {
            let shown = if let Reply::Done(shown) = &reply { &*shown.text } else { "" };
            self.keep(&reply, source, &before, |repl| match split_last(repl.lua(), source) {
                Some((first, last)) if !is_expression && !repl.is_chunk(source) => {
                    kept::enclosed(&format!("{first}_ = {last}\nprint(_)"))
                }
                _ => kept::statement(repl.lua(), source, is_expression, shown),
            });
        }
        reply
    }

    fn is_chunk(&self, source: &str) -> bool {
        self.lua().load(source).into_function().is_ok()
    }

    /// Runs a script as `compt run` does, with values of `compt.args`; its globals remain.
    pub fn run(
        &mut self,
        path: &Path,
        text: &str,
        args: Vec<(String, serde_json::Value)>,
        look: Look,
    ) -> crate::Result<Reply> {
        let given = kept::arguments(&self.arguments, &args);
        self.arguments = args.iter().map(|(key, _)| key.clone()).collect();
        let (name, was) = (path.display().to_string(), sha256(text.as_bytes()));
        let beside = kept::beside(path);
        let kept =
            format!("-- {name} as it was then: SHA-256 {was}\n{beside}{given}dofile({name:?})");
        self.runtime.give_args(args).map_err(told)?;
        self.runtime.enter(Some(Script { path: path.to_path_buf(), source: text.to_string() }));
        let reply = self.file(path, text, text, kept, look);
        self.runtime.enter(None);
        Ok(reply)
    }

    /// Runs a script whose outermost locals become globals of the session.
    pub fn load(&mut self, path: &Path, text: &str, look: Look) -> Reply {
        self.loaded.retain(|(known, _)| known != path);
        self.loaded.push((path.to_path_buf(), text.to_string()));
        let source = load::without_locals(&text::code(text), &self.given);
        let kept = format!("{}{}", kept::beside(path), kept::enclosed(&source));
        self.file(path, text, &source, kept, look)
    }

    /// Runs `source`, the original or modified text of a file; `kept` is the statement for a saved session.
    fn file(&mut self, path: &Path, text: &str, source: &str, kept: String, look: Look) -> Reply {
        let name = path.display().to_string();
        if let Err(error) = self.runtime.look_beside(path) {
            return self.failed(&error);
        }
        sources::record(self.lua(), &name, text);
        match self.lua().load(text::code(source)).set_name(format!("@{name}")).into_function() {
            Ok(function) => {
                let before = self.trainers();
                let reply = self.call(&function, look);
                self.keep(&reply, &format!("the file {name}"), &before, |_| kept);
                reply
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Reloads loaded files that have changed, and makes the session's trainers check their
    /// control files. Returns a line for each.
    pub fn reload(&mut self, look: Look) -> Vec<Reply> {
        let mut replies = Vec::new();
        for (path, before) in self.loaded.clone() {
            match text::read(&path) {
                Ok(text) if text != before => {
                    let reply = self.load(&path, &text, look);
                    let done = Reply::Done(format!("{}: reloaded", path.display()).into());
                    replies.push(if matches!(reply, Reply::Done(_)) { done } else { reply });
                }
                _ => {}
            }
        }
        let names = survey::globals(self.lua()).unwrap_or_default();
        if !Trainers::of(self.lua(), names.clone()).is_none() {
            self.inputs.push("-- :reload: trainers checked their control files".to_string());
        }
        for name in names {
            let value: mlua::Result<AnyUserData> = self.lua().globals().raw_get(name.as_str());
            let Ok(trainer) = value else { continue };
            if !trainer.is::<LuaTrainer>() {
                continue;
            }
            match trainer.call_method::<Option<String>>("reload", ()) {
                Ok(Some(told)) => replies.push(Reply::Done(format!("{name}: {told}").into())),
                Ok(None) => {}
                Err(error) => replies.push(self.failed(&error)),
            }
        }
        replies
    }

    /// Deletes globals of the session, all of them if none is named, and frees their memory.
    pub fn forget(&mut self, names: &[String]) -> crate::Result<()> {
        let own: BTreeSet<String> =
            survey::globals(self.lua()).map_err(told)?.difference(&self.given).cloned().collect();
        let known: Vec<&str> = own.iter().map(String::as_str).collect();
        if let Some(unknown) = names.iter().find(|name| !own.contains(*name)) {
            return Err(crate::Error::unknown("name", unknown, known));
        }
        let dropped: Vec<&str> = match names {
            [] => known,
            names => names.iter().map(String::as_str).chain(["_"]).collect(),
        };
        let globals = self.lua().globals();
        dropped.iter().try_for_each(|name| globals.raw_set(*name, mlua::Nil)).map_err(told)?;
        let gone = format!("{} = nil\ncollectgarbage()", dropped.join(", "));
        self.inputs.extend((!dropped.is_empty()).then_some(gone));
        // Objects with finalizers are freed in the second collection.
        self.lua().gc_collect().and_then(|()| self.lua().gc_collect()).map_err(told)
    }

    /// Whether an input needs more lines.
    pub fn is_incomplete(&self, source: &str) -> bool {
        is_incomplete(self.lua(), source)
    }

    /// Whether an input is complete and valid.
    pub fn compiles(&self, source: &str) -> bool {
        let compiled = compile(self.lua(), source, "input");
        matches!(compiled, Compiled::Expression(_) | Compiled::Statements(_))
    }

    /// Compiles an input for repeated runs, as the timers need.
    pub fn code(&self, source: &str) -> Result<Code, Box<Failure>> {
        sources::record(self.lua(), "input", source);
        let code =
            |function, is_expression| Code { function, source: source.into(), is_expression };
        match compile(self.lua(), source, "input") {
            Compiled::Expression(f) => Ok(code(f, true)),
            Compiled::Statements(f) => Ok(code(f, false)),
            Compiled::Wrong(error) => Err(Box::new(Failure::in_state(self.lua(), &error))),
            Compiled::Incomplete(error) => Err(Box::new(Failure::new(&error))),
        }
    }

    /// Runs code once, as an input.
    pub fn once(&mut self, code: &Code, look: Look) -> Reply {
        let before = self.trainers();
        let reply = self.call(&code.function, look);
        let shown = if let Reply::Done(shown) = &reply { &*shown.text } else { "" };
        let kept =
            |repl: &Self| kept::statement(repl.lua(), &code.source, code.is_expression, shown);
        self.keep(&reply, &code.source, &before, kept);
        reply
    }

    /// Runs code `count` times without showing values, for a timer.
    pub fn often(&self, code: &Code, count: u64) -> Reply {
        let repeat = "local f, n = ... return function() for _ = 1, n do f() end end";
        let chunk = self.lua().load(repeat).set_name("=timeit");
        match chunk.call::<Function>((&code.function, count)) {
            Ok(function) => self.call(&function, Look::PLAIN),
            Err(error) => self.failed(&error),
        }
    }

    /// Records that a timer called code, or was stopped. Returns what
    /// trainers did in the meantime.
    pub fn timed(&mut self, code: &Code, calls: Option<u64>, before: &Trainers) -> Moved {
        let moved = before.until(&self.trainers());
        self.inputs.push(match calls {
            Some(calls) => {
                let is_statement = self.lua().load(&code.source).into_function().is_ok();
                kept::timed(&code.source, is_statement, calls, &moved)
            }
            None => kept::unfinished(":timeit was stopped", &code.source, &moved),
        });
        moved
    }

    /// The session's own globals, one per line, with their values.
    pub fn variables(&self, look: Look) -> Reply {
        interrupt::clear();
        self.ended(survey::variables(self.lua(), &self.given, look).map(Shown::from))
    }

    /// The live tensors and their bytes, by device and by the place of their creation.
    pub fn memory(&self) -> Reply {
        interrupt::clear();
        self.ended(survey::memory(self.lua()).map(Shown::from))
    }

    /// What a name alone that is nil may have meant: a habit from Python, or the global with the nearest name.
    pub fn meant(&self, name: &str) -> Option<String> {
        match habits::of_name("global", name) {
            Some(instead) => Some(instead.to_string()),
            None => self.nearest_global(name).map(|near| format!("did you mean '{near}'?")),
        }
    }

    fn nearest_global(&self, name: &str) -> Option<String> {
        let code: Vec<_> = lexer::tokens(name).into_iter().filter(|t| t.is_code()).collect();
        let [only] = code[..] else { return None };
        let names = survey::globals(self.lua()).ok()?;
        let known: Vec<&str> = names.iter().map(String::as_str).chain(["compt", "torch"]).collect();
        let is_name = only.kind == lexer::Kind::Name && !known.contains(&name);
        let near = nearest(name, &known).filter(|_| is_name)?;
        // Half of the letters being equal is too weak for a name alone.
        (name.len() > 2 && near.len().abs_diff(name.len()) <= 2).then(|| near.to_string())
    }

    /// Whether an input compares a tensor with a number by `==` or `~=`, which Lua answers without the tensor.
    pub fn compares_by_identity(&self, source: &str) -> bool {
        context::Context::new(source).compares_by_identity(self.lua(), &self.docs)
    }

    /// The documented name that an expression refers to, without evaluating it.
    pub fn name_of(&self, expression: &str) -> Option<String> {
        let context = context::Context::new(expression);
        context.resolve(self.lua(), &self.docs, 0, context.tokens.len()).name
    }

    /// Calls a function as an input is called: Ctrl-C stops it, and its values are shown.
    fn call(&self, function: &Function, look: Look) -> Reply {
        interrupt::clear();
        let result = function.call::<MultiValue>(()).and_then(|values| {
            let shown = self.show(&values, look)?;
            if let Some(first) = values.front().filter(|first| !first.is_nil()) {
                self.lua().globals().raw_set("_", first)?;
            }
            Ok(shown)
        });
        self.ended(result)
    }

    /// Converts a result to a reply, and prepares for the next input.
    fn ended(&self, result: mlua::Result<Shown>) -> Reply {
        let interrupted = interrupt::requested();
        interrupt::clear();
        let usual = hook::install(self.lua());
        match result.and_then(|shown| usual.map(|()| shown)) {
            // A pcall may have swallowed the interrupt: the session must still stop here.
            Ok(_) if interrupted => Reply::Interrupted(None),
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

    fn show(&self, values: &MultiValue, look: Look) -> mlua::Result<Shown> {
        // A call without a value shows nothing; a single `nil` is a value and is shown.
        let last = values.iter().rposition(|value| !value.is_nil()).map_or(0, |at| at + 1);
        let shown = values.iter().take(last.max(usize::from(!values.is_empty())));
        let shown =
            shown.map(|value| rich::shown(value, look)).collect::<mlua::Result<Vec<_>>>()?;
        Ok(rich::joined(shown))
    }
}

/// A compiled input.
pub struct Code {
    function: Function,
    source: String,
    is_expression: bool,
}

fn told(error: Error) -> crate::Error {
    crate::Error::new(Failure::new(&error).message)
}

/// The value of `_`, for tests.
#[cfg(test)]
fn last(lua: &Lua) -> mlua::Value {
    lua.globals().raw_get("_").unwrap_or(mlua::Value::Nil)
}
