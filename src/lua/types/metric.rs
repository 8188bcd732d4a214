//! `compt.metric`: metrics of the user, and the built-in ones as functions of texts.

use crate::call;
use crate::data;
use crate::failure::error_of;
use crate::options::{Options, kind};
use crate::{Error, Result};
use compt_base::metric::{Answers, Metric, Own};
use mlua::serde::SerializeOptions;
use mlua::{AnyUserData, Function, Lua, LuaSerdeExt, Table, Value, WeakLua};
use serde_json::{Map, Value as Json};
use std::rc::Rc;

/// The registry key of the metrics of `compt.metric.define`.
const DEFINED: &str = "compt.metric.defined";
const DEFINE: &str = "compt.metric.define";
const DECLARE: &str = "compt.metric.define(NAME, { scores = { \"main\", \"other\" }, compute = \
                       function ... }) names the numbers of a metric";
const SCORE: &str = "compt.metric.score";

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    lua.set_named_registry_value(DEFINED, lua.create_table()?)?;
    let table = lua.create_table()?;
    table.set("define", call::function(lua, DEFINE, define)?)?;
    table.set("score", call::function(lua, SCORE, score)?)?;
    compt.set("metric", table)
}

/// `define(name, metric)`: `metrics = { name }` of a task then selects it. The metric is
/// `f(predictions, references, rows) -> number`, or a table `{ scores, compute = f }` whose function returns a
/// number for each of `scores`.
fn define(lua: &Lua, (name, given): (String, Value)) -> mlua::Result<()> {
    let refuse = |what: String| Error::new(what).at(DEFINE);
    if name.trim().is_empty() {
        return Err(refuse("a metric needs a name".into()).into());
    }
    if Metric::names().any(|known| known == name) {
        let error = refuse(format!("'{name}' is a built-in metric"));
        return Err(error.hint("choose another name").into());
    }
    let (function, scores) = match given {
        Value::Function(function) => (function, vec![name.clone()]),
        Value::Table(_) => {
            let o = Options::new(DEFINE, given)?;
            let function: Function = o.need(lua, "compute")?;
            let scores: Vec<String> = o.need(lua, "scores")?;
            o.finish()?;
            (function, scores)
        }
        other => {
            let got = kind(&other);
            let what = format!("expected a function or a table {{ scores, compute }}, got a {got}");
            return Err(refuse(what).into());
        }
    };
    if scores.is_empty() || scores.iter().any(|score| score.trim().is_empty()) {
        return Err(refuse(
            "'scores' must list the names of its numbers, the main one first".into(),
        )
        .into());
    }
    if let Some(i) = (1..scores.len()).find(|&i| scores[..i].contains(&scores[i])) {
        return Err(refuse(format!("'scores' holds '{}' twice", scores[i])).into());
    }
    let info = function.info();
    let place = match (info.short_src, info.line_defined) {
        (Some(chunk), Some(line)) => format!("{chunk}:{line}"),
        _ => "a function of the host".to_string(),
    };
    let metric = InLua { lua: lua.weak(), name: name.clone(), scores, place, function };
    let metric = lua.create_any_userdata(Rc::new(metric))?;
    lua.named_registry_value::<Table>(DEFINED)?.set(name, metric)
}

/// A metric by its name: a built-in one, or one that was defined.
///
/// # Errors
/// An unknown name; the nearest known one is named.
pub fn named(lua: &Lua, name: &str) -> mlua::Result<Metric> {
    let defined: Table = lua.named_registry_value(DEFINED)?;
    if let Some(known) = defined.get::<Option<AnyUserData>>(name)? {
        return Ok(Metric::own(known.borrow::<Rc<InLua>>()?.clone()));
    }
    if let Ok(metric) = Metric::parse(name) {
        return Ok(metric);
    }
    let mut known: Vec<String> = Metric::names().map(String::from).collect();
    for pair in defined.pairs::<String, Value>() {
        known.push(pair?.0);
    }
    Err(Error::unknown("metric", name, known.iter().map(String::as_str)).into())
}

type ScoreArguments = (String, Vec<String>, Vec<Value>, Value);

/// `score(name, predictions, references, options)`: the number, or the numbers by name.
fn score(lua: &Lua, (name, predictions, given, options): ScoreArguments) -> mlua::Result<Value> {
    let o = Options::new(SCORE, options)?;
    let words: Vec<String> = o.get_or(lua, "labels", Vec::new())?;
    let groups: Vec<Value> = o.get_or(lua, "groups", Vec::new())?;
    let rows: Option<Vec<Table>> = o.get(lua, "rows")?;
    o.finish()?;
    let error = |what: String| -> mlua::Error { Error::new(what).at(SCORE).into() };
    let texts = |value: &Value| -> mlua::Result<Vec<String>> {
        let texts: Vec<String> = match value {
            Value::Table(list) => list.sequence_values().collect::<mlua::Result<_>>()?,
            value => vec![lua.unpack(value.clone())?],
        };
        match texts.is_empty() {
            true => Err(error("a row has no reference".into())),
            false => Ok(texts),
        }
    };
    let references = given.iter().map(texts).collect::<mlua::Result<Vec<_>>>()?;
    let groups = groups.iter().map(Value::to_string).collect::<mlua::Result<Vec<_>>>()?;
    let metric = named(lua, &name)?;
    let plain = |row: &Table| match data::plain(&Value::Table(row.clone())) {
        Ok(Json::Object(row)) => Ok(row),
        Ok(_) => Ok(Map::new()),
        Err(e) => Err(e.at("rows").at(SCORE)),
    };
    let rows = match rows {
        Some(rows) => rows.iter().map(plain).collect::<Result<_>>()?,
        None => vec![Map::new(); predictions.len()],
    };
    let count = predictions.len();
    let lists = [("references", references.len()), ("rows", rows.len()), ("groups", groups.len())];
    if let Some((list, other)) =
        lists.into_iter().find(|(list, other)| *other != count && (*list != "groups" || *other > 0))
    {
        return Err(error(format!("there are {count} predictions and {other} {list}")));
    }
    if metric.needs_groups() && groups.is_empty() {
        return Err(error(format!("the metric '{name}' needs 'groups'")));
    }
    let answers = Answers {
        predictions: &predictions,
        references: &references,
        words: &words,
        groups: &groups,
        rows: &rows,
    };
    let found = metric.compute(&answers).map_err(|e| e.at(SCORE))?;
    match &found[..] {
        [(score, value)] if *score == name => Ok(Value::Number(*value)),
        _ => Ok(Value::Table(lua.create_table_from(found)?)),
    }
}

/// A metric written in Lua.
struct InLua {
    lua: WeakLua,
    name: String,
    scores: Vec<String>,
    place: String,
    function: Function,
}

impl Own for InLua {
    fn name(&self) -> &str {
        &self.name
    }

    fn scores(&self) -> &[String] {
        &self.scores
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn compute(&self, answers: &Answers) -> Result<Vec<f64>> {
        let lua = self.lua.upgrade();
        let arguments = self.arguments(&lua, answers).map_err(|e| error_of(&e))?;
        let returned: Value = self.function.call(arguments).map_err(|e| error_of(&e))?;
        self.numbers(&returned)
    }
}

impl InLua {
    /// Predictions, references of each row, and rows.
    fn arguments(&self, lua: &Lua, answers: &Answers) -> mlua::Result<(Table, Table, Table)> {
        let predictions = lua.create_sequence_from(answers.predictions.iter().cloned())?;
        let references = lua.create_sequence_from(answers.references.iter().cloned())?;
        let rows = lua.create_table()?;
        let strict = lua.create_table()?;
        let unknown = lua.create_function(|_, (row, name): (Table, Value)| {
            let pairs = row.pairs::<String, Value>();
            let mut known = pairs.map(|pair| Ok(pair?.0)).collect::<mlua::Result<Vec<_>>>()?;
            known.sort();
            let name = name.to_string()?;
            let error = Error::new(format!("the row has no column '{name}'")).hint(format!(
                "it has {}; 'keep' of the task lists the columns that its metrics read",
                known.join(", ")
            ));
            Err::<Value, _>(error.into())
        })?;
        strict.set("__index", unknown)?;
        // A column that is null is false: nil would be an unknown one.
        let options = SerializeOptions::new().set_array_metatable(false);
        for row in answers.rows {
            let table = lua.create_table()?;
            for (column, value) in row {
                match value {
                    Json::Null => table.set(column.as_str(), false)?,
                    value => table.set(column.as_str(), lua.to_value_with(value, options)?)?,
                }
            }
            table.set_metatable(Some(strict.clone()))?;
            rows.raw_push(table)?;
        }
        Ok((predictions, references, rows))
    }

    fn numbers(&self, returned: &Value) -> Result<Vec<f64>> {
        let wrong = |what: String| Err(Error::new(what));
        let number = |value: &Value| match value {
            Value::Integer(i) => Some(*i as f64),
            Value::Number(x) => Some(*x),
            _ => None,
        };
        if self.scores == [self.name.as_str()] && !returned.is_table() {
            return match number(returned) {
                Some(x) => Ok(vec![x]),
                None => wrong(format!("it returned a {}, not a number", kind(returned))),
            };
        }
        let Value::Table(table) = returned else {
            let wanted = self.scores.join(", ");
            let got = kind(returned);
            return wrong(format!("it returned a {got}, not a table of its scores {wanted}"));
        };
        for pair in table.pairs::<Value, Value>() {
            let (key, _) = pair.map_err(|e| error_of(&e))?;
            let key = key.to_string().map_err(|e| error_of(&e))?;
            if !self.scores.contains(&key) {
                let what = format!("it returned a score '{key}' that is not declared");
                return Err(Error::new(what).hint(DECLARE));
            }
        }
        let score = |score: &String| {
            let value: Value = table.get(score.as_str()).map_err(|e| error_of(&e))?;
            number(&value)
                .ok_or_else(|| Error::new(format!("it returned no number for its score '{score}'")))
        };
        self.scores.iter().map(score).collect()
    }
}
