//! `trainer:evaluate(split, options)`

use super::LuaTrainer;
use crate::Error;
use crate::hook;
use crate::options::Options;
use crate::rich::{self, html};
use crate::session::{again, refuse_trials, trial};
use crate::types::index;
use crate::types::task_text::beams;
use compt_base::data::Split;
use compt_core::train::evaluate::Scores;
use compt_run::{COLUMNS, EvaluationOptions, by_task, counts, lines, table};
use compt_study::interrupt::Interrupted;
use mlua::{Lua, LuaSerdeExt, Table, Value};

/// The name of the method in messages.
pub const CALL: &str = "trainer:evaluate";

impl LuaTrainer {
    /// Makes the evaluation of the session, if it is for this run, and ends the script.
    pub(super) fn evaluate_if_asked(&mut self, lua: &Lua) -> mlua::Result<()> {
        if !self.run.take_evaluated() {
            return Ok(());
        }
        let again = again(lua);
        let Some((again, options)) = again.as_ref().and_then(|a| Some((a, a.evaluation.as_ref()?)))
        else {
            return Ok(());
        };
        let found = self.scores(CALL, options)?;
        *again.evaluated.borrow_mut() = Some((table(&found), self.run.scores_json(&found)));
        Err(hook::stop(lua))
    }

    /// `call` is the method's name for the user.
    pub fn evaluate(
        &mut self,
        lua: &Lua,
        call: &str,
        split: Value,
        options: Value,
    ) -> mlua::Result<Table> {
        let (split, options) = match (split, options) {
            (options @ Value::Table(_), Value::Nil) => (Split::Test, options),
            (Value::Nil, options) => (Split::Test, options),
            (split, options) => {
                let name: String = lua.unpack(split).map_err(|_| {
                    Error::new("expected a split: train, validation or test").at(call)
                })?;
                (Split::parse(&name).map_err(|e| e.at(call))?, options)
            }
        };
        if split == Split::Test && trial(lua).is_some() {
            let what = "a trial of compt.search does not look at test rows: the choice is made without them";
            let hint = "t:evaluate \"validation\" in the trial; after the search, evaluate the chosen settings on test rows";
            return Err(refuse_trials(lua, Error::new(what).at(call).hint(hint)));
        }
        let o = Options::new(call, options)?;
        let default = EvaluationOptions::default();
        let all = &self.run.trainer().parts().task_names;
        let tasks: Option<Vec<Value>> = o.get(lua, "tasks")?;
        let name = |task: &Value| Ok(all[index(task, "task", all)?].clone());
        let options = EvaluationOptions {
            split,
            only: o.get(lua, "only")?,
            without: o.get(lua, "without")?,
            weights: o.get_or(lua, "weights", default.weights)?,
            normalise: o.get(lua, "normalise")?,
            decoding: o.get_or(lua, "decoding", default.decoding)?,
            limit: o.get(lua, "limit")?,
            max_new_tokens: o.get(lua, "max_new_tokens")?,
            text: beams(lua, &o)?,
            batch_tokens: o.get_or(lua, "batch_tokens", default.batch_tokens)?,
            tasks: tasks
                .map(|tasks| tasks.iter().map(name).collect::<crate::Result<_>>())
                .transpose()?,
        };
        o.finish()?;
        to_lua(lua, &self.scores(call, &options)?)
    }

    fn scores(&mut self, call: &str, options: &EvaluationOptions) -> mlua::Result<Scores> {
        match self.run.evaluate(options).map_err(|e| e.at(call))? {
            Some(found) => Ok(found),
            None => Err(mlua::Error::external(Interrupted)),
        }
    }
}

/// { split, scores = { task = { metric = percent } }, counts = { task = rows }, average,
/// predictions = { task = { { source, label, prediction } } } }, which prints itself as a table.
fn to_lua(lua: &Lua, scores: &Scores) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.set("split", scores.split.name())?;
    out.set("average", scores.average())?;
    out.set("scores", lua.to_value(&by_task(scores))?)?;
    out.set("counts", lua.to_value(&counts(scores))?)?;
    let predictions = lua.create_table()?;
    for task in &scores.tasks {
        let rows = lua.create_table()?;
        for p in &task.predictions {
            let row = lua.create_table()?;
            row.set("source", p.source.as_str())?;
            row.set("label", p.label.as_str())?;
            row.set("prediction", p.prediction.as_str())?;
            if !p.references.is_empty() {
                row.set("references", p.references.as_slice())?;
            }
            rows.raw_push(row)?;
        }
        predictions.set(task.task.as_str(), rows)?;
    }
    out.set("predictions", predictions)?;
    let html =
        html::table("", &COLUMNS, &lines(scores).into_iter().map(Vec::from).collect::<Vec<_>>(), 2);
    rich::printed(lua, &out, table(scores), html)?;
    Ok(out)
}
