//! A batch as the functions of a method receive it.

use super::inputs;
use crate::call;
use crate::object::{self, Object};
use crate::torch::LuaTensor;
use crate::{Error, Result};
use compt_core::backbone::IGNORED;
use compt_core::compose::Isolation;
use compt_core::router::Rule;
use compt_core::train::batch::{Outputs, Rows};
use compt_core::train::learner::BatchContext;
use compt_core::train::pass::forward;
use mlua::{Function, Lua, Table, UserData, UserDataFields, UserDataMethods, Value};
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// `compt.Batch` in `stdlib/doc`.
#[derive(Clone)]
pub struct LuaBatch {
    rows: Rc<Rows>,
    context: BatchContext,
    names: Rc<Vec<String>>,
    sources: usize,
}

impl LuaBatch {
    pub fn new(rows: Rows, context: BatchContext, names: Rc<Vec<String>>, sources: usize) -> Self {
        LuaBatch { rows: Rc::new(rows), context, names, sources }
    }

    pub fn size(&self) -> usize {
        self.rows.tasks.len()
    }

    /// The number of tokens of the longest source.
    fn length(&self) -> usize {
        self.rows.sources.iter().map(Vec::len).max().unwrap_or(0)
    }

    pub fn device(&self) -> Device {
        self.rows.backbone.borrow().model.device()
    }

    fn need_rows(&self) -> Result<()> {
        match self.rows.sources.is_empty() {
            true => {
                Err(Error::new("this batch has a task but no rows, because a prompt is exported"))
            }
            false => Ok(()),
        }
    }

    /// `[B, L]`: 1 for a token, 0 for padding.
    fn mask(&self) -> Result<Tensor> {
        self.need_rows()?;
        self.rows.mask()
    }

    /// `[B, L, d]` float32: the embeddings of the tokens, zeros for padding.
    fn embeddings(&self) -> Result<Tensor> {
        self.need_rows()?;
        Ok(self.rows.embedded()?.embeddings)
    }

    /// Calls `f` for each task in the batch, and repeats its result for each row of the task. Parameters of
    /// other tasks are not used, and receive no gradient.
    fn each(&self, function: &Function) -> mlua::Result<Tensor> {
        let mut distinct = self.rows.tasks.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let values = distinct
            .iter()
            .map(|&task| Ok(function.call::<LuaTensor>(self.names[task].as_str())?.get()?));
        let values = values.collect::<mlua::Result<Vec<Tensor>>>()?;
        let stack = || -> Result<Tensor> {
            let stacked = Tensor::f_stack(&values, 0)?;
            if self.rows.tasks == distinct {
                return Ok(stacked);
            }
            let place = |task: &usize| distinct.partition_point(|t| t < task) as i64;
            let rows: Vec<i64> = self.rows.tasks.iter().map(place).collect();
            let rows = Tensor::f_from_slice(&rows)?.f_to_device(stacked.device())?;
            Ok(stacked.f_index_select(0, &rows)?)
        };
        Ok(stack()?)
    }

    /// The only task.
    fn task(&self) -> Result<String> {
        let first = self.rows.tasks.first().copied();
        match first.filter(|first| self.rows.tasks.iter().all(|task| task == first)) {
            Some(task) => Ok(self.names[task].clone()),
            None => Err(Error::new("this batch holds rows of several tasks")
                .hint("a method that changes the backbone for each task needs alone = true")),
        }
    }

    /// Which sources are used, if some are left out.
    fn kept(&self) -> Option<Vec<bool>> {
        let isolation = self.context.selection.isolation;
        let part = |source| isolation.keeps(source);
        (isolation != Isolation::Total).then(|| (0..self.sources).map(part).collect())
    }
}

impl Object for LuaBatch {
    const NAME: &'static str = "batch";
    const CLASS: &'static str = "compt.Batch";
    const MADE_BY: &'static str = "a trainer, for a method's functions";

    fn summary(&self, _: bool) -> mlua::Result<String> {
        Ok(format!("batch({} rows of up to {} tokens)", self.size(), self.length()))
    }
}

impl UserData for LuaBatch {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("size", |_, this| Ok(this.size()));
        fields.add_field_method_get("length", |_, this| {
            this.need_rows()?;
            Ok(this.length())
        });
        fields.add_field_method_get("tasks", |_, this| {
            let name = |task: &usize| this.names[*task].clone();
            Ok(this.rows.tasks.iter().map(name).collect::<Vec<_>>())
        });
        fields.add_field_method_get("task", |_, this| Ok(this.task()?));
        fields.add_field_method_get("training", |_, this| Ok(this.context.temperature.is_some()));
        fields.add_field_method_get("temperature", |_, this| Ok(this.context.temperature));
        fields.add_field_method_get("kept", |_, this| Ok(this.kept()));
        fields.add_field_method_get("private", |_, this| {
            use Isolation::*;
            Ok(!matches!(this.context.selection.isolation, Source(_) | AllSources))
        });
        fields.add_field_method_get("renormalised", |_, this| {
            Ok(this.context.selection.rule == Rule::Renormalised)
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        let mut methods = call::methods(methods);
        methods.add_method("each", |_, this, f: Function| Ok(LuaTensor::new(this.each(&f)?)));
        methods.add_method("mask", |_, this, ()| Ok(LuaTensor::new(this.mask()?)));
        methods.add_method("embeddings", |_, this, ()| Ok(LuaTensor::new(this.embeddings()?)));
        methods.add_method("forward", |lua, this, value: Value| {
            this.need_rows()?;
            let width = this.rows.backbone.borrow().model.model_config().d_model;
            let inputs = inputs::read(lua, value, (this.size(), width), this.device())?;
            outputs(lua, &forward(&this.rows, &inputs, this.context.dropout)?)
        });
    }
}

/// `compt.Outputs` in `stdlib/doc`.
pub fn outputs(lua: &Lua, out: &Outputs) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let mask = || -> Result<Tensor> { Ok(out.labels.f_ne(IGNORED)?.f_to_kind(Kind::Float)?) };
    table.set("loss", LuaTensor::new(out.losses.mean()?))?;
    let float = |tensor: &Tensor| -> Result<Tensor> { Ok(tensor.f_to_kind(Kind::Float)?) };
    table.set("logits", LuaTensor::new(float(&out.logits)?))?;
    table.set("states", LuaTensor::new(float(&out.states)?))?;
    table.set("mask", LuaTensor::new(mask()?))?;
    Ok(table)
}
