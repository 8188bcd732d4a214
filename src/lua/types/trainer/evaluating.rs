//! `trainer:evaluate(split, options)`

use super::how::{How, NEW_TOKENS};
use super::{LuaTrainer, scores};
use crate::Error;
use crate::Result;
use crate::options::Options;
use crate::session::Session;
use crate::types::index;
use compt_core::compose::Isolation;
use compt_core::data::Split;
use compt_core::router::{Normalisation, Rule};
use compt_core::train::composition::Selection;
use compt_core::train::evaluate::{Decoding, Evaluation};
use compt_study::interrupt::{self, Hold, Interrupted};
use compt_study::run::progress::Counter;
use mlua::{Lua, LuaSerdeExt, Table, Value};
use serde_json::json;

impl LuaTrainer {
    /// The evaluation that the session is for, if it is this run's; it ends the script.
    pub(super) fn evaluate_if_asked(&mut self, lua: &Lua) -> mlua::Result<()> {
        if !std::mem::take(&mut self.only_evaluated) {
            return Ok(());
        }
        let again = lua.app_data_ref::<Session>().and_then(|session| session.again.clone());
        let Some((again, (split, options))) =
            again.and_then(|again| Some((again.clone(), again.evaluation.clone()?)))
        else {
            return Ok(());
        };
        self.given.clear();
        let (split, options) = (lua.to_value(&split)?, lua.to_value(&options)?);
        let found = self.evaluate(lua, split, options)?;
        let text = Value::Table(found.clone()).to_string()?;
        let scores = json!({
            "split": lua.from_value::<serde_json::Value>(found.get("split")?)?,
            "steps": self.trainer.steps(),
            "average": found.get::<f64>("average")?,
            "scores": lua.from_value::<serde_json::Value>(found.get("scores")?)?,
            "counts": lua.from_value::<serde_json::Value>(found.get("counts")?)?,
        });
        *again.evaluated.borrow_mut() = Some((text, scores));
        interrupt::request();
        Err(mlua::Error::external(Interrupted))
    }

    pub(super) fn evaluate(
        &mut self,
        lua: &Lua,
        split: Value,
        options: Value,
    ) -> mlua::Result<Table> {
        const CALL: &str = "trainer:evaluate";
        let (split, options) = match (split, options) {
            (options @ Value::Table(_), Value::Nil) => (Split::Test, options),
            (Value::Nil, options) => (Split::Test, options),
            (split, options) => {
                let name: String = lua.unpack(split).map_err(|_| {
                    Error::new("expected a split: train, validation or test").at(CALL)
                })?;
                (Split::parse(&name).map_err(|e| e.at(CALL))?, options)
            }
        };
        let o = Options::new(CALL, options)?;
        let only: Option<String> = o.get(lua, "only")?;
        let without: Option<String> = o.get(lua, "without")?;
        let limit: Option<usize> = o.get(lua, "limit")?;
        let rule: String = o.get_or(lua, "weights", "renormalised".into())?;
        let normalise: Option<String> = o.get(lua, "normalise")?;
        let decoding: String = o.get_or(lua, "decoding", "greedy".into())?;
        let max_new_tokens: i64 = o.get_or(lua, "max_new_tokens", NEW_TOKENS)?;
        let batch_tokens: usize = o.get_or(lua, "batch_tokens", 8192)?;
        let names: Option<Vec<Value>> = o.get(lua, "tasks")?;
        o.finish()?;
        if limit == Some(0) || batch_tokens == 0 || max_new_tokens < 1 {
            return Err(Error::new(
                "'limit', 'batch_tokens' and 'max_new_tokens' must be at least 1",
            )
            .at(CALL)
            .into());
        }
        let sources = self.trainer.learner().map_or(0, |learner| learner.sources());
        let isolation = match (&only, &without) {
            (None, None) => Isolation::Total,
            (Some(only), None) => Isolation::only(only, sources)?,
            (None, Some(without)) => Isolation::without(without, sources)?,
            _ => return Err(Error::new("give 'only' or 'without', not both").at(CALL).into()),
        };
        let normalise = normalise.map(|name| Normalisation::parse(&name)).transpose()?;
        let selection =
            Selection { isolation, rule: Rule::parse(&rule)?, normalise, ..Selection::default() };
        let (max_source, placement) =
            (self.trainer.parts().settings.max_source, self.trainer.parts().settings.placement);
        let evaluation = Evaluation {
            split,
            limit,
            decoding: Decoding::parse(&decoding)?,
            max_new_tokens,
            batch_tokens,
            max_source,
            placement,
        };
        let all_names = self.trainer.parts().task_names.clone();
        let which: Vec<usize> = match &names {
            Some(names) => {
                names.iter().map(|n| index(n, "task", &all_names)).collect::<Result<_>>()?
            }
            None => self.trainer.all_tasks(),
        };
        self.refuse_behind("evaluates")?;
        let mut interrupted = false;
        let _hold = Hold::new();
        let (shown, mut counter) = (self.progress, None);
        let found = self.trainer.evaluate(&which, selection, &evaluation, &mut |done, total| {
            let counter = counter.get_or_insert_with(|| Counter::new("evaluate", total as u64));
            if shown {
                counter.at(done as u64);
            }
            interrupted = interrupt::requested();
            if interrupted { Err(Error::new("interrupted")) } else { Ok(()) }
        });
        if interrupted {
            return Err(mlua::Error::external(Interrupted));
        }
        drop(counter);
        let found = found.map_err(|e| e.at(CALL))?;
        if found.cut > 0 {
            eprintln!(
                "note: {} inputs to evaluate are longer than {max_source} tokens and are cut",
                found.cut
            );
        }
        let tasks = names.map(|_| which.iter().map(|&i| all_names[i].clone()).collect());
        let how =
            How { only, without, weights: rule, decoding, normalise, limit, max_new_tokens, tasks };
        self.record.answers(&how.file(split), &found);
        if how.is_usual() {
            self.record.scores(&self.trainer, &found);
        } else if split == Split::Test {
            self.record.look(&self.trainer, how.told(&found), &found);
        }
        scores::to_lua(lua, &found)
    }
}
