//! A control's table, parsed once and evaluated at every step.

use super::view::ReadOnly;
use crate::failure::error_of;
use crate::options::kind;
use crate::{Error, Result};
use compt_core::train::both_choose;
use compt_core::train::control::{Setting, View};
use compt_core::train::knobs::{self, Each, Knob, Knobs};
use mlua::{AnyUserData, Function, Lua, ObjectLike, Table, Value};

/// The knobs that a control sets, each with its rule.
pub struct Rules {
    entries: Vec<Entry>,
    groups: Vec<String>,
    tasks: Vec<String>,
}

struct Entry {
    knob: &'static Knob,
    shape: Shape,
}

enum Shape {
    One(Rule),
    /// A rule for each group or task.
    Named(Vec<(String, Rule)>),
    /// A function that returns a table of values by name.
    Computed(Rule),
}

/// How one value is computed, and where that is written.
struct Rule {
    answer: Answer,
    place: String,
}

enum Answer {
    Constant(knobs::Value),
    Function(Function),
    /// A callable table.
    Schedule(Table),
}

/// The source of a control, to find the line of a knob.
struct Text<'a> {
    name: &'a str,
    text: &'a str,
}

impl Rules {
    /// Parses a control's table. `name` is used in messages; `text` is its source if it is a
    /// file.
    pub fn read(table: &Table, name: &str, text: &str, setting: &Setting) -> Result<Rules> {
        let text = Text { name, text };
        let mut rules = Rules {
            entries: Vec::new(),
            groups: setting.groups.clone(),
            tasks: setting.tasks.keys().cloned().collect(),
        };
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair.map_err(|e| error_of(&e))?;
            let key = key_name(&key).map_err(|e| e.at(name))?;
            let knob = Knob::named(&key).map_err(|e| e.at(text.place(&key)))?;
            if knob.each == Each::Task && setting.by_row {
                return Err(both_choose().at(text.place(&key)));
            }
            let shape = rules.shape(knob, value, &text)?;
            rules.entries.push(Entry { knob, shape });
        }
        rules.entries.sort_by_key(|entry| entry.knob.name);
        Ok(rules)
    }

    /// The settings for a view, each checked against its knob.
    pub fn knobs(&self, lua: &Lua, view: &View) -> Result<Knobs> {
        let seen = lua.create_userdata(ReadOnly(view.clone())).map_err(|e| error_of(&e))?;
        let knobs = self.knobs_at(view.step, &seen);
        // It holds the run's history: until Lua collects it, each step would have a copy of its own.
        seen.destroy().map_err(|e| error_of(&e))?;
        knobs
    }

    fn knobs_at(&self, step: u64, seen: &AnyUserData) -> Result<Knobs> {
        let mut knobs = Knobs::default();
        for Entry { knob, shape } in &self.entries {
            match shape {
                Shape::One(rule) => knobs.set(knob.name, rule.value(knob, step, seen)?),
                shape => self.by_name(&mut knobs, knob, shape, step, seen)?,
            }
        }
        Ok(knobs)
    }

    /// The text of each knob; `None` for a function.
    pub fn texts(&self) -> Vec<(String, Option<String>)> {
        let mut texts = Vec::new();
        for Entry { knob, shape } in &self.entries {
            match shape {
                Shape::One(rule) => texts.push((knob.name.to_string(), rule.text())),
                Shape::Named(rules) => texts.extend(
                    rules.iter().map(|(n, rule)| (format!("{}.{n}", knob.name), rule.text())),
                ),
                Shape::Computed(rule) => texts.push((knob.name.to_string(), rule.text())),
            }
        }
        texts
    }

    /// Like [`Rules::texts`], with functions described: `a function (study.lua:12)`.
    pub fn described(&self) -> Vec<(String, String)> {
        let function = |name: &str| match self.place(name).rsplit_once(": ") {
            Some((place, _)) if place.contains(':') => format!("a function ({place})"),
            _ => "a function".to_string(),
        };
        let texts = self.texts().into_iter();
        texts.map(|(name, text)| (name.clone(), text.unwrap_or_else(|| function(&name)))).collect()
    }

    /// The names of the chunks that define its functions.
    pub fn chunks(&self) -> Vec<String> {
        let rules = self.entries.iter().flat_map(|entry| match &entry.shape {
            Shape::One(rule) | Shape::Computed(rule) => vec![rule],
            Shape::Named(rules) => rules.iter().map(|(_, rule)| rule).collect(),
        });
        let chunk = |rule: &Rule| match &rule.answer {
            Answer::Function(function) => {
                let source = function.info().source?;
                Some(source.strip_prefix(['@', '=']).unwrap_or(&source).to_string())
            }
            _ => None,
        };
        rules.filter_map(chunk).collect()
    }

    /// The location where a knob is set.
    pub fn place(&self, full_name: &str) -> String {
        let (knob, name) = full_name.split_once('.').unwrap_or((full_name, ""));
        self.entries
            .iter()
            .filter(|entry| entry.knob.name == knob)
            .find_map(|entry| match &entry.shape {
                Shape::One(rule) | Shape::Computed(rule) => Some(rule.place.clone()),
                Shape::Named(rules) => {
                    rules.iter().find(|(n, _)| n == name).map(|(_, rule)| rule.place.clone())
                }
            })
            .unwrap_or_else(|| full_name.to_string())
    }

    fn shape(&self, knob: &Knob, value: Value, text: &Text) -> Result<Shape> {
        if knob.each == Each::Run {
            return Ok(Shape::One(Rule::new(value, knob, knob.name, text)?));
        }
        let table = match value {
            Value::Table(table) if !can_be_called(&table) => table,
            value @ (Value::Function(_) | Value::Table(_)) => {
                return Ok(Shape::Computed(Rule::new(value, knob, knob.name, text)?));
            }
            other => {
                let (each, known) = self.names(knob);
                let example = known.first().map_or("name", String::as_str);
                let got = kind(&other);
                return Err(Error::new(format!("expected one value for each {each}, got a {got}"))
                    .at(text.place(knob.name))
                    .hint(format!("for example {} = {{ {example} = ... }}", knob.name)));
            }
        };
        let mut rules = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair.map_err(|e| error_of(&e))?;
            let name = key_name(&key).map_err(|e| e.at(text.place(knob.name)))?;
            let full_name = format!("{}.{name}", knob.name);
            self.known(knob, &name).map_err(|e| e.at(text.place(&full_name)))?;
            rules.push((name, Rule::new(value, knob, &full_name, text)?));
        }
        rules.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Shape::Named(rules))
    }

    /// Sets a knob that has a value per group or task; nil from a function leaves it unset.
    fn by_name(
        &self,
        knobs: &mut Knobs,
        knob: &Knob,
        shape: &Shape,
        step: u64,
        view: &AnyUserData,
    ) -> Result<()> {
        let mut values: Vec<(String, knobs::Value)> = Vec::new();
        let place = match shape {
            Shape::Named(rules) => {
                for (name, rule) in rules {
                    values.push((name.clone(), rule.value(knob, step, view)?));
                }
                self.place(knob.name)
            }
            Shape::Computed(rule) | Shape::One(rule) => {
                let table = match rule.ask(step, view)? {
                    Value::Table(table) => table,
                    Value::Nil if knob.each == Each::Task => return Ok(()),
                    other => return Err(rule.refuse(step, wrong_answer(&other, "a table"))),
                };
                for pair in table.pairs::<Value, Value>() {
                    let (key, value) = pair.map_err(|e| error_of(&e))?;
                    let name = key_name(&key).map_err(|e| rule.refuse(step, e))?;
                    let value = self
                        .known(knob, &name)
                        .and_then(|()| checked(knob, &value).map_err(|e| e.at(&name)))
                        .map_err(|e| rule.refuse(step, e))?;
                    values.push((name, value));
                }
                rule.place.clone()
            }
        };
        if knob.each == Each::Task && values.iter().all(|v| v.1 == knobs::Value::Number(0.0)) {
            return Err(
                Error::new("no task has a weight above 0").at(format!("{place} at step {step}"))
            );
        }
        values.into_iter().for_each(|(name, v)| knobs.set(format!("{}.{name}", knob.name), v));
        Ok(())
    }

    fn names(&self, knob: &Knob) -> (&'static str, &[String]) {
        match knob.each {
            Each::Task => ("task", &self.tasks),
            _ => ("group", &self.groups),
        }
    }

    fn known(&self, knob: &Knob, name: &str) -> Result<()> {
        let (kind, known) = self.names(knob);
        if known.is_empty() || known.iter().any(|k| k == name) {
            return Ok(());
        }
        Err(Error::unknown(kind, name, known.iter().map(String::as_str)))
    }
}

impl Rule {
    /// `full_name` is the knob with its group or task: `lr.router`.
    fn new(value: Value, knob: &Knob, full_name: &str, text: &Text) -> Result<Rule> {
        let mut place = text.place(full_name);
        let answer = match value {
            Value::Function(function) => {
                let info = function.info();
                if let (Some(chunk), Some(line)) = (info.short_src, info.line_defined) {
                    place = format!("{chunk}:{line}: {full_name}");
                }
                Answer::Function(function)
            }
            Value::Table(table) if can_be_called(&table) => {
                let shown = Value::Table(table.clone()).to_string().map_err(|e| error_of(&e))?;
                place = format!("{place} = {shown}");
                Answer::Schedule(table)
            }
            other => match plain(&other) {
                Some(value) => Answer::Constant(value),
                None => {
                    let (got, noun) = (kind(&other), knob.kind.noun());
                    let wanted =
                        format!("expected {noun}, a schedule or a function of (step, view)");
                    return Err(Error::new(format!("{wanted}, got a {got}")).at(place));
                }
            },
        };
        Ok(Rule { answer, place })
    }

    /// The source text; `None` for a function.
    fn text(&self) -> Option<String> {
        match &self.answer {
            Answer::Constant(value) => Some(value.to_string()),
            Answer::Function(_) => None,
            Answer::Schedule(table) => Value::Table(table.clone()).to_string().ok(),
        }
    }

    fn ask(&self, step: u64, view: &AnyUserData) -> Result<Value> {
        let answer = match &self.answer {
            Answer::Constant(_) => return Ok(Value::Nil),
            Answer::Function(function) => function.call::<Value>((step, view)),
            Answer::Schedule(table) => table.call::<Value>((step, view)),
        };
        answer.map_err(|e| self.refuse(step, error_of(&e)))
    }

    fn value(&self, knob: &Knob, step: u64, view: &AnyUserData) -> Result<knobs::Value> {
        let value = match &self.answer {
            Answer::Constant(value) => knob.check(value.clone()),
            _ => checked(knob, &self.ask(step, view)?),
        };
        value.map_err(|e| self.refuse(step, e))
    }

    fn refuse(&self, step: u64, error: Error) -> Error {
        error.at(format!("{} at step {step}", self.place))
    }
}

impl Text<'_> {
    /// `control.lua:3: lr.router`, with the line of the knob if it can be found.
    fn place(&self, full_name: &str) -> String {
        let name = full_name.rsplit('.').next().unwrap_or(full_name);
        match self.text.lines().position(|line| sets(line, name)) {
            Some(index) => format!("{}:{}: {full_name}", self.name, index + 1),
            None => format!("{}: {full_name}", self.name),
        }
    }
}

/// Whether a line of Lua contains `name =` before any comment.
fn sets(line: &str, name: &str) -> bool {
    let line = line.split("--").next().unwrap_or(line);
    line.match_indices(name).any(|(start, _)| {
        let after = line[start + name.len()..].trim_start();
        !line[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.')
            && after.starts_with('=')
            && !after.starts_with("==")
    })
}

fn can_be_called(table: &Table) -> bool {
    table.metatable().is_some_and(|m| m.raw_get::<Value>("__call").is_ok_and(|c| !c.is_nil()))
}

fn key_name(key: &Value) -> Result<String> {
    match key {
        Value::String(name) => Ok(name.to_string_lossy()),
        other => {
            let shown = other.to_string().unwrap_or_else(|_| kind(other));
            Err(Error::new(format!("expected names as keys, got {shown}")))
        }
    }
}

fn checked(knob: &Knob, value: &Value) -> Result<knobs::Value> {
    match plain(value) {
        Some(value) => knob.check(value),
        None => Err(wrong_answer(value, knob.kind.noun())),
    }
}

/// Converts a Lua value to a knob value.
fn plain(value: &Value) -> Option<knobs::Value> {
    Some(match value {
        Value::Boolean(flag) => knobs::Value::Flag(*flag),
        Value::Integer(i) => knobs::Value::Number(*i as f64),
        Value::Number(x) => knobs::Value::Number(*x),
        Value::String(word) => knobs::Value::Word(word.to_string_lossy()),
        _ => return None,
    })
}

fn wrong_answer(value: &Value, wanted: &str) -> Error {
    Error::new(format!("expected {wanted}, got {}", kind(value)))
}
