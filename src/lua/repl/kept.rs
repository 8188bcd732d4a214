//! The contents of a saved session: a script that reproduces its state, with comments where it cannot.

use crate::lexer;
use crate::session::Session;
use crate::types::{LuaTrainer, steps_made};
use compt_run::steering::edits_taken;
use mlua::{AnyUserData, Lua};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::Path;

/// The progress of the session's trainers.
pub struct Trainers {
    /// The trainer of each name, and its steps.
    named: BTreeMap<String, (*const c_void, u64)>,
    /// The steps of all trainers, including dropped ones.
    made: u64,
    /// The versions of control files that they accepted during training.
    edits: u64,
}

/// What trainers did in the meantime.
#[derive(Debug, Default, PartialEq)]
pub struct Moved {
    /// Name, steps before, steps after.
    pub named: Vec<(String, u64, u64)>,
    /// Steps of trainers that had no name before.
    pub others: u64,
    pub edits: u64,
}

impl Trainers {
    pub fn of(lua: &Lua, names: impl IntoIterator<Item = String>) -> Trainers {
        let globals = lua.globals();
        let trainer = |name: String| {
            let object: AnyUserData = globals.raw_get(name.as_str()).ok()?;
            let steps = object.borrow::<LuaTrainer>().ok()?.steps();
            Some((name, (object.to_pointer(), steps)))
        };
        let named = names.into_iter().filter_map(trainer).collect();
        Trainers { named, made: steps_made(), edits: edits_taken() }
    }

    /// Whether no name holds a trainer.
    pub fn is_none(&self) -> bool {
        self.named.is_empty()
    }

    /// The difference between this state and a later one.
    pub fn until(&self, later: &Trainers) -> Moved {
        let mut moved = Moved::default();
        let mut known = Vec::new();
        for (name, (which, before)) in &self.named {
            let Some((_, after)) = later.named.get(name).filter(|now| now.0 == *which) else {
                continue;
            };
            if before != after && !known.contains(which) {
                moved.named.push((name.clone(), *before, *after));
                known.push(*which);
            }
        }
        moved.edits = later.edits - self.edits;
        let counted: u64 = moved.named.iter().map(|(_, a, b)| b.saturating_sub(*a)).sum();
        moved.others = (later.made - self.made).saturating_sub(counted);
        moved
    }
}

impl Moved {
    pub fn is_nothing(&self) -> bool {
        self.named.is_empty() && self.others == 0
    }

    /// A description for the user: `the trainer 't' made 35 steps, from step 10 to 45`.
    pub fn told(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        for (name, a, b) in &self.named {
            let steps = b.saturating_sub(*a);
            parts.push(format!("the trainer '{name}' made {steps} steps, from step {a} to {b}"));
        }
        if self.others > 0 {
            parts.push(format!("trainers without a name made {} steps", self.others));
        }
        parts.join("; ")
    }

    /// Lines of code that bring the trainers to that state.
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (name, before, after) in &self.named {
            lines.push(match before < after {
                true => format!("while {name}.steps < {after} do {name}:step() end"),
                false => format!("-- {name} went from step {before} to {after}: not repeated"),
            });
        }
        if self.others > 0 {
            lines.push(format!("-- {} steps of other trainers are not repeated", self.others));
        }
        lines
    }
}

/// A successful input as a statement of a script; `shown` is the printed text of its values.
pub fn statement(lua: &Lua, source: &str, is_expression: bool, shown: &str) -> String {
    let source = source.trim();
    let expression = source.strip_prefix('=').unwrap_or(source).trim();
    let is_call = lua.load(expression).into_function().is_ok();
    match () {
        () if is_expression && is_call && (shown.is_empty() || shown == "nil") => {
            expression.to_string()
        }
        () if is_expression && shown == "nil" => format!("print({expression})"),
        () if is_expression => format!("_ = {expression}\nprint(_)"),
        () => enclosed(source),
    }
}

/// Wraps statements so that others can follow: only a function may return in the middle, and locals end
/// with their input.
pub fn enclosed(source: &str) -> String {
    let has = |word: &str| lexer::tokens(source).iter().any(|token| token.text(source) == word);
    match (has("return"), has("local")) {
        (true, _) => format!(";(function()\n{source}\nend)()"),
        (false, true) => format!("do\n{source}\nend"),
        (false, false) => source.to_string(),
    }
}

/// The record of a completed input, with comments for what cannot be repeated.
pub fn done(statement: &str, moved: &Moved) -> String {
    match moved.edits {
        0 => statement.to_string(),
        edits => format!(
            "-- {edits} edits of control files were applied while this ran: not \
             repeated\n{statement}"
        ),
    }
}

/// The record of an input that failed: comments, and the steps that were made.
pub fn unfinished(what: &str, source: &str, moved: &Moved) -> String {
    let mut lines = vec![format!(
        "-- {what}; except for steps of named trainers, its effects are not repeated:"
    )];
    lines.extend(source.trim().lines().map(|line| format!("--   {line}")));
    lines.extend(moved.lines());
    lines.join("\n")
}

/// The record of code that a timer called repeatedly.
pub fn timed(source: &str, is_statement: bool, calls: u64, moved: &Moved) -> String {
    let statement = match is_statement {
        true => enclosed(source),
        false => format!("local _ = {}", source.trim_start_matches('=')),
    };
    let source = source.replace('\n', " ");
    match moved.is_nothing() {
        true => format!("-- :timeit {source} made {calls} calls, which are not repeated"),
        false => {
            let told = moved.told();
            format!("-- :timeit {source}: {told}\nfor _ = 1, {calls} do\n{statement}\nend")
        }
    }
}

/// The `require` path after a file was run.
pub fn beside(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let line = |folder: &Path| {
        let entries = format!("{0}/?.lua;{0}/?/init.lua;", folder.display());
        format!("package.path = {entries:?} .. package.path\n")
    };
    folder.map_or(String::new(), line)
}

/// The values of `compt.args`, which replace the earlier ones.
pub fn arguments(before: &[String], now: &[(String, Value)]) -> String {
    let gone = before.iter().filter(|key| !now.iter().any(|(name, _)| name == *key));
    let gone = gone.map(|key| format!("compt.args[{key:?}] = nil\n"));
    let given = now.iter().map(|(key, value)| match value {
        Value::String(text) => format!("compt.args[{key:?}] = {text:?}\n"),
        value => format!("compt.args[{key:?}] = {value}\n"),
    });
    gone.chain(given).collect()
}

/// The options with which a script must be run to have this session's settings; empty for the defaults.
pub fn options(session: &Session) -> String {
    let mut options = Vec::new();
    if session.seed != 0 {
        options.push(format!("--seed {}", session.seed));
    }
    if session.device != "auto" {
        options.push(format!("--device {}", session.device));
    }
    if session.strict {
        options.push("--strict".to_string());
    }
    for (key, value) in &session.args {
        let value = value.as_str().map_or(value.to_string(), String::from);
        options.push(format!("--set '{key}={}'", value.replace('\'', r"'\''")));
    }
    match options.is_empty() {
        true => String::new(),
        false => {
            format!("-- from a session with {}: run it with the same options\n", options.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_stopped_is_said_and_its_steps_are_made() {
        let moved =
            Moved { named: vec![("t".into(), 3, 57), ("u".into(), 9, 2)], others: 4, edits: 0 };
        assert_eq!(
            unfinished("interrupted", "t:run()\nu:load 'x' ", &moved),
            "-- interrupted; except for steps of named trainers, its effects are not repeated:\n\
             --   t:run()\n--   u:load 'x'\nwhile t.steps < 57 do t:step() end\n\
             -- u went from step 9 to 2: not repeated\n-- 4 steps of other trainers are not repeated"
        );
        let one = Moved { named: vec![("t".into(), 1, 8)], others: 0, edits: 0 };
        assert_eq!(
            timed("t:step()", true, 7, &one),
            "-- :timeit t:step(): the trainer 't' made 7 steps, from step 1 to 8\nfor _ = 1, 7 do\nt:step()\nend"
        );
        assert!(
            timed("1 + 1", false, 9, &Moved::default())
                .starts_with("-- :timeit 1 + 1 made 9 calls")
        );
    }

    #[test]
    fn arguments_of_one_script_are_not_the_next_one_s() {
        let now = [("b".to_string(), json!(2)), ("c".to_string(), json!("x \"y\""))];
        assert_eq!(
            arguments(&["a".into(), "b".into()], &now),
            "compt.args[\"a\"] = nil\ncompt.args[\"b\"] = 2\ncompt.args[\"c\"] = \"x \\\"y\\\"\"\n"
        );
    }
}
