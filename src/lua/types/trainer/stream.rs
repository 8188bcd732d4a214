//! Batches from a Lua function, step by step.

use crate::failure::error_of;
use crate::{Error, Result};
use compt_base::data::Tokenizer;
use compt_core::train::rows::Row;
use compt_core::train::{Batch, Batches};
use mlua::{Function, Table, Value, WeakLua};
use std::collections::BTreeMap;
use std::rc::Rc;

/// `stream(step)` returns { source = list, target = list } of texts, or of lists of ids that end
/// with `</s>`.
pub struct LuaStream {
    pub lua: WeakLua,
    pub function: Function,
    pub tokenizer: Option<Rc<Tokenizer>>,
}

impl LuaStream {
    fn column(&self, batch: &Table, key: &str) -> mlua::Result<Vec<Vec<i64>>> {
        let lua = self.lua.upgrade();
        let list: Vec<Value> = batch.get(key)?;
        list.into_iter()
            .map(|entry| match &entry {
                Value::String(text) => match &self.tokenizer {
                    Some(tokenizer) => Ok(tokenizer.encode(&text.to_str()?)?),
                    None => Err(Error::new("the backbone has no tokenizer for texts").into()),
                },
                _ => lua.unpack(entry),
            })
            .collect()
    }

    fn rows(&self, step: u64) -> mlua::Result<Vec<Row>> {
        let batch: Table = self.function.call(step)?;
        let (sources, targets) = (self.column(&batch, "source")?, self.column(&batch, "target")?);
        if sources.len() != targets.len() || sources.is_empty() {
            return Err(Error::new(format!(
                "{} sources and {} targets",
                sources.len(),
                targets.len()
            ))
            .hint("a batch has at least one row, and as many targets as sources")
            .into());
        }
        if sources.iter().chain(&targets).any(Vec::is_empty) {
            return Err(Error::new("a source or a target is empty").into());
        }
        let rows = sources.into_iter().zip(targets);
        Ok(rows.map(|(source, target)| Row { source, target }).collect())
    }
}

impl Batches for LuaStream {
    fn next_batch(
        &mut self,
        _stage: usize,
        step: u64,
        _weights: Option<&BTreeMap<String, f64>>,
    ) -> Result<Batch> {
        let rows = self.rows(step).map_err(|e| error_of(&e).at(format!("stream, step {step}")))?;
        Ok(Batch { tasks: vec![0; rows.len()], rows })
    }
}
